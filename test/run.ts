import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { $ } from 'zx'
import { buildImage } from '#images/build/build.ts'
import { cacheFolder, ensureFolder, repoRoot } from '#images/build/context.ts'
import { testRoot } from './kit/root.ts'

interface Suite {
  name: string
  about: string
  files?: string[]
  /** Only with --all or by name. */
  long?: boolean
}

/** In the order they run: what fails fastest first. `files` are vitest's, relative to test/. */
const suites: Suite[] = [
  { name: 'check', about: 'types and style' },
  { name: 'unit', about: 'tests beside the code' },
  {
    name: 'build',
    about: 'what a build makes of full disks, of damaged or missing packages, and of a mirror that moved on',
    files: ['build.test.ts'],
  },
  {
    name: 'network',
    about: 'firewall and moving to a disk, in namespaces and on loop devices',
    files: ['firewall.test.ts', 'move.test.ts'],
  },
  {
    name: 'ledger',
    about: 'accounting programs read the exports; a Go program reads the public log',
    files: ['accounting.test.ts', 'public-log.test.ts'],
  },
  {
    name: 'agent-deb',
    about: 'the ledger agent as a package on plain Debian: installed, run, counting, purged',
    files: ['agent-deb.test.ts'],
  },
  { name: 'kit-x86', about: 'the x86 kit: boot, claim in Chromium, post, restart', files: ['kit-x86.test.ts'] },
  {
    name: 'ledger-kit',
    about: 'the booted kit’s figures: known transfers and load, clock jumps, power pulled, a person erased',
    files: ['ledger-kit.test.ts'],
    long: true,
  },
  {
    name: 'first-boot',
    about: 'power pulled during first boot; a seed; little memory; legacy BIOS; a full disk; rescue; data lost',
    files: ['first-boot.test.ts'],
  },
  { name: 'kit-rpi', about: 'the Raspberry Pi image, through U-Boot and GRUB', files: ['kit-rpi.test.ts'] },
  {
    name: 'first-boot-long',
    about: 'moving from a stick to a disk; Wi-Fi; repairs; power pulled at fifteen random moments',
    files: ['first-boot-long.test.ts'],
    long: true,
  },
  {
    name: 'two-kits',
    about: 'two kits of the same name on one network',
    files: ['two-kits.test.ts'],
    long: true,
  },
  {
    name: 'up',
    about: 'hearth up at a terminal: address and claim code, Ctrl-C, and again',
    files: ['up.test.ts'],
    long: true,
  },
  { name: 'reproducible', about: 'the same image twice, byte for byte', files: ['reproducible.test.ts'], long: true },
]

interface Counts {
  passed: number
  failed: number
  skipped: number
}

interface Result extends Counts {
  name: string
  seconds: number
}

/**
 * `hearth test [SUITE…] [--all]`. Prints the time of each suite and ends with `N passed, N failed`, and how many were
 * skipped, if any.
 * With --all, suites that passed on this commit are not run again, and the results are kept in docs/tested.md.
 */
export async function run(args: string[], log: (line: string) => void): Promise<number> {
  const all = args.includes('--all')
  const named = args.filter((word) => !word.startsWith('--'))
  const unknown = named.find((name) => !suites.some((suite) => suite.name === name))
  if (unknown)
    throw new Error(`There is no suite “${unknown}”. There are: ${suites.map(({ name }) => name).join(', ')}.`)
  const chosen = suites.filter((suite) => (named.length > 0 ? named.includes(suite.name) : all || !suite.long))
  const results: Result[] = []
  const kept = all ? keptResults(await commitName()) : null
  for (const suite of chosen) {
    const before = kept?.find(suite.name)
    if (before) {
      log(`test: ${suite.name}: passed before on this commit, not run again`)
      results.push(before)
      continue
    }
    log(`test: ${suite.name}: ${suite.about}`)
    const started = Date.now()
    const counts = await runSuite(suite, log)
    const seconds = (Date.now() - started) / 1000
    const result = { name: suite.name, ...counts, seconds }
    results.push(result)
    if (counts.failed === 0) kept?.keep(result)
    log(`test: ${suite.name}: ${inWords(counts)} in ${seconds.toFixed(0)} s`)
  }
  for (const { name, passed, failed, skipped, seconds } of results) {
    const columns = [`${passed}`.padStart(5), 'passed', `${failed}`.padStart(4), 'failed', `${skipped}`.padStart(4)]
    log(`${name.padEnd(15)} ${columns.join(' ')} skipped ${seconds.toFixed(0).padStart(6)} s`)
  }
  if (kept && named.length === 0) writeTested(kept.commit, results)
  const sum = (kind: keyof Counts) => results.reduce((total, result) => total + result[kind], 0)
  console.log(inWords({ passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }))
  return sum('failed') === 0 ? 0 : 1
}

function inWords({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** The commit the tests run on; with changes that are not committed there is nothing to go on with. */
async function commitName(): Promise<string> {
  const git = (...words: string[]) => $({ cwd: repoRoot })`git ${words}`.quiet().nothrow()
  const commit = (await git('rev-parse', '--short=12', 'HEAD')).stdout.trim()
  const changed = (await git('status', '--porcelain')).stdout.trim() !== ''
  return changed ? `${commit} with changes of ${new Date().toISOString()}` : commit
}

/** Suites that passed on a commit, kept in the cache, so that a long run can be taken up again. */
function keptResults(commit: string) {
  const file = path.join(ensureFolder(path.join(cacheFolder(), 'test')), 'passed.json')
  const read = (): Record<string, Result[]> => {
    try {
      return JSON.parse(readFileSync(file, 'utf8'))
    } catch {
      return {}
    }
  }
  return {
    commit,
    find: (name: string) => read()[commit]?.find((result) => result.name === name),
    keep: (result: Result) => writeFileSync(file, JSON.stringify({ [commit]: [...(read()[commit] ?? []), result] })),
  }
}

/** docs/tested.md between its marks: what ran last, where, and how it ended. The rest of the page is written by hand. */
function writeTested(commit: string, results: Result[]): void {
  const file = path.join(repoRoot, 'docs/tested.md')
  const rows = results.map(
    ({ name, passed, failed, skipped, seconds }) =>
      `| ${name} | ${passed} | ${failed} | ${skipped} | ${seconds.toFixed(0)} |`,
  )
  const table = ['| Suite | Passed | Failed | Skipped | Seconds |', '|---|---|---|---|---|', ...rows].join('\n')
  const where = `${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, ${(os.totalmem() / 1024 ** 3).toFixed(0)} GiB`
  const text = `<!-- results -->\nCommit ${commit}, ${new Date().toISOString().slice(0, 10)}, on ${where}.\n\n${table}\n<!-- end -->`
  writeFileSync(file, readFileSync(file, 'utf8').replace(/<!-- results -->[\s\S]*<!-- end -->/, text))
}

async function runSuite(suite: Suite, log: (line: string) => void): Promise<Counts> {
  if (suite.name === 'check') {
    const commands = [
      ['tsc', '--noEmit'],
      ['biome', 'check', '--error-on-warnings', '.'],
    ]
    let failed = 0
    for (const [program = '', ...words] of commands) if ((await command(program, words)) !== 0) failed++
    return { passed: commands.length - failed, failed, skipped: 0 }
  }
  if (suite.name === 'unit') return vitest(['--config', 'vitest.config.ts'], await testRoot())
  if (/^(kit-|first-boot|ledger-kit|up$)/.test(suite.name)) {
    // Built here, where progress can be seen, and not within a test's time limit.
    await buildImage({ recipe: suite.name === 'kit-rpi' ? 'kit-rpi' : 'kit-x86', log })
  }
  const inRoot = suite.name === 'network' ? await testRoot() : null
  return vitest(['--config', 'test/vitest.config.ts', ...(suite.files ?? [])], inRoot)
}

/** @param root a folder to run in by chroot, so that tests find the programs they need whatever this machine has */
async function vitest(words: string[], root: string | null): Promise<Counts> {
  const report = path.join(os.tmpdir(), `hearth-test-${process.pid}.json`)
  writeFileSync(report, '')
  // Booted kits take minutes: each test is told as it ends.
  const told = words.includes('test/vitest.config.ts') ? 'verbose' : 'default'
  const reporters = [`--reporter=${told}`, '--reporter=json', `--outputFile.json=${report}`]
  const status = await command('vitest', ['run', ...words, ...reporters], root)
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numTotalTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    if (numTotalTests === 0) return { passed: 0, failed: 1, skipped: 0 }
    // A file that could not be loaded has no failed test, but a status.
    return {
      passed: numPassedTests,
      failed: Math.max(numFailedTests, status === 0 ? 0 : 1),
      skipped: numPendingTests + numTodoTests,
    }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(report, { force: true })
  }
}

function command(program: string, words: string[], root: string | null = null): Promise<number> {
  const bin = path.join(repoRoot, 'node_modules/.bin')
  const outer = process.env.PATH
  const env = {
    ...process.env,
    PATH: root ? `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` : `${bin}:${outer}`,
    FORCE_COLOR: '0',
  }
  const call = [process.execPath, path.join(bin, program), ...words]
  const inside = root ? ['/usr/sbin/chroot', root, 'env', '--chdir', repoRoot, ...call] : call
  // Whatever ends this process ends the tests, and they their guests.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...inside], { cwd: repoRoot, stdio: 'inherit', env })
  return new Promise((resolve) => child.on('exit', (status) => resolve(status ?? 1)))
}
