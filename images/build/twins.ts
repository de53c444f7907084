import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'
import type { Lock } from '../lock/lock.ts'
import { type BuildContext, ensureFolder, hashTree } from './context.ts'
import { elfMachine } from './elf.ts'
import { fetchVersions } from './packages.ts'
import { stage } from './stage.ts'
import { type Tools, toolsId } from './tools.ts'

/** Where the twins are seen in the root that is being built; interpreter.c has the same. */
export const twinsMount = '/.hearth-twins'

const interpreterSource = path.join(import.meta.dirname, 'twin/interpreter.c')

/**
 * Programs whose answer depends on the architecture they were built for, and programs that load PAM modules by absolute
 * path: these always run emulated.
 */
const alwaysEmulated = new Set([
  ...['dpkg', 'ldconfig', 'iconvconfig', 'localedef', 'uname', 'arch', 'lscpu', 'setarch', 'getconf'],
  ...['runuser', 'su', 'chfn', 'chsh', 'login', 'passwd', 'chpasswd', 'newusers'],
])

const programFolders = [
  ...['usr/bin', 'usr/sbin', 'usr/lib/systemd', 'usr/lib/udev', 'usr/lib/openssh', 'usr/lib/initramfs-tools/bin'],
  ...['usr/lib/dbus-1.0', 'usr/libexec', 'usr/lib/klibc/bin'],
]

/**
 * For each arm64 package the amd64 one of the same version, unpacked side by side (nothing is configured: programs run
 * from there, while their files are the arm64 root's), and a map of the programs that may stand in for their arm64 twins.
 * Packages that amd64 does not have in that version are left out; their programs run emulated.
 *
 * @returns folder with `root`, `map`, `qemu-aarch64` and `interpreter`
 */
export async function nativeTwins(context: BuildContext, tools: Tools, lock: Lock): Promise<string> {
  const wanted = lock.packages.filter((entry) => entry.architecture === 'arm64' && !entry.name.startsWith('linux-'))
  const inputs = {
    code: hashTree(import.meta.filename),
    interpreter: hashTree(interpreterSource),
    tools: toolsId(tools),
    packages: wanted.map(({ name, version }) => [name, version]),
  }
  return stage(context, 'twins-arm64', inputs, async (output) => {
    const debs = await fetchVersions(context, tools, lock.suite, 'amd64', wanted)
    const root = ensureFolder(path.join(output, 'root'))
    // Programs are found through these links, as in any merged root.
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
      ensureFolder(path.join(root, 'usr', name))
      symlinkSync(`usr/${name}`, path.join(root, name))
    }
    for (const deb of debs) {
      await tools.run('sh', [
        '-c',
        'dpkg-deb --fsys-tarfile "$1" | tar --extract --directory "$2" --keep-directory-symlink --no-same-owner',
        'sh',
        deb,
        root,
      ])
    }
    const count = await mapPrograms(tools, root, path.join(output, 'map'))
    copyFileSync(path.join(tools.root, 'usr/bin/qemu-aarch64'), path.join(output, 'qemu-aarch64'))
    await compileInterpreter(tools, path.join(output, 'interpreter'))
    context.log(
      `twins: ${count} programs of ${debs.length} packages (${wanted.length - debs.length} packages have none)`,
    )
  })
}

/** Links every program that its own libraries suffice for. @returns how many */
async function mapPrograms(tools: Tools, root: string, map: string): Promise<number> {
  const programs = programFolders.flatMap((folder) =>
    (existsSync(path.join(root, folder)) ? readdirSync(path.join(root, folder)) : [])
      .filter((name) => !alwaysEmulated.has(name))
      .map((name) => path.join(folder, name))
      .filter((name) => lstatSync(path.join(root, name)).isFile() && elfMachine(path.join(root, name)) === 'x86-64'),
  )
  // In a root of their own, so that no library of the tools root is taken for one of theirs.
  const whole = await tools.run('sh', ['-c', completeScript, 'sh', root], {
    input: programs.map((name) => `${name}\n`).join(''),
  })
  const complete = new Set(whole.stdout.split('\n'))
  const mapped = programs.filter((name) => complete.has(name))
  for (const name of mapped) {
    mkdirSync(path.dirname(path.join(map, name)), { recursive: true })
    symlinkSync(path.join(twinsMount, 'root', name), path.join(map, name))
  }
  return mapped.length
}

/** Prints those of the programs on standard input whose libraries are all among the twins'. */
const completeScript = `loader=/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
while read -r program; do
  chroot "$1" $loader --library-path "\${loader%/*}/systemd" --list "/$program" >/dev/null 2>&1 && echo "$program"
done; true`

async function compileInterpreter(tools: Tools, output: string): Promise<void> {
  // The compiler is asked for a file of its own, so that a failure leaves nothing that looks like a program.
  const partial = `${output}.partial`
  await tools.run('tcc', ['-nostdlib', '-static', '-Wall', '-Werror', '-o', partial, interpreterSource])
  chmodSync(partial, 0o755)
  renameSync(partial, output)
}

/** Names of x86-64 programs and libraries below a folder, links not followed. */
export function foreignFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => elfMachine(file) === 'x86-64')
}

/** @throws when a program of the builder got into what is built for another architecture */
export function assertNoForeignFiles(folder: string, what: string): void {
  const found = foreignFiles(folder)
  if (found.length > 0) {
    const names = found.slice(0, 5).map((file) => path.relative(folder, file))
    throw new Error(
      `${what} holds ${found.length} x86-64 files, e.g. ${names.join(', ')}: programs of the builder leaked in. Nothing was kept; please report this.`,
    )
  }
}
