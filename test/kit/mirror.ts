import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Mirrors } from '#images/build/context.ts'
import type { Tools } from '#images/build/tools.ts'

export interface TinyPackage {
  name: string
  version: string
  /** Lines for its control file. */
  more?: string
  /** Bytes of a file in it. */
  size?: number
}

/** A Debian mirror in a folder, with packages made on the spot; like Debian's it has one version of each. */
export class TinyMirror {
  readonly #tools: Tools
  readonly #folder: string

  /** @param folder below the cache, where the tools see it */
  constructor(tools: Tools, folder: string) {
    this.#tools = tools
    this.#folder = folder
  }

  get mirrors(): Mirrors {
    // By apt's “copy”, which brings files as from afar; by “file” it would use them where they are.
    return { main: `copy:${this.#folder}`, security: null, unsigned: true }
  }

  /** Has these packages from now on, and no others. */
  async offer(packages: readonly TinyPackage[]): Promise<void> {
    this.close()
    mkdirSync(path.join(this.#folder, 'pool'), { recursive: true })
    for (const each of packages) await makeDeb(this.#tools, path.join(this.#folder, 'pool'), each)
    for (const suite of ['trixie', 'trixie-updates', 'trixie-backports']) {
      const indexed = await this.#inFolder('apt-ftparchive packages pool')
      const dist = path.join(this.#folder, 'dists', suite)
      for (const component of ['main', 'non-free-firmware']) {
        const index = path.join(dist, component, 'binary-amd64/Packages')
        mkdirSync(path.dirname(index), { recursive: true })
        writeFileSync(index, suite === 'trixie' && component === 'main' ? indexed : '')
      }
      const facts = { Codename: suite, Suite: suite, Components: 'main non-free-firmware', Architectures: 'amd64' }
      const options = Object.entries(facts).map(([key, value]) => `-o 'APT::FTPArchive::Release::${key}=${value}'`)
      const release = path.join(this.#folder, 'Release')
      writeFileSync(release, await this.#inFolder(`apt-ftparchive ${options.join(' ')} release dists/${suite}`))
      renameSync(release, path.join(dist, 'Release'))
    }
  }

  /** Nobody answers any more. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #inFolder(command: string): Promise<string> {
    return (await this.#tools.run('sh', ['-c', `cd "$1" && ${command}`, 'sh', this.#folder])).stdout
  }
}

async function makeDeb(tools: Tools, folder: string, { name, version, more, size }: TinyPackage): Promise<void> {
  const root = path.join(folder, name)
  mkdirSync(path.join(root, 'DEBIAN'), { recursive: true })
  const lines = [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: amd64',
    'Maintainer: nobody <nobody@localhost>',
    ...(more ? [more] : []),
    'Description: of a test',
  ]
  writeFileSync(path.join(root, 'DEBIAN/control'), `${lines.join('\n')}\n`)
  if (size) writeFileSync(path.join(root, 'filler'), Buffer.alloc(size, name))
  await tools.run('dpkg-deb', [
    '--root-owner-group',
    '-Znone',
    '--build',
    root,
    `${folder}/${name}_${version}_amd64.deb`,
  ])
  rmSync(root, { recursive: true })
}
