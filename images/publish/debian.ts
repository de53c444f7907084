import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { Lock } from '../lock/lock.ts'
import { parseControl } from './control.ts'
import { licencesOf, spdxOf } from './licence-names.ts'
import { PublishError } from './problem.ts'

/** A Debian package whose content is in an image. */
export interface DebianPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** Name of the source package, where it is known. */
  readonly source: string | null
  readonly homepage: string | null
  /** Of the .deb. */
  readonly sha256: string
  /** Names as the copyright file gives them; null when it is not machine-readable. */
  readonly licences: readonly string[] | null
  /** SPDX expression, where every name has one. */
  readonly spdx: string | null
  /** The whole copyright file; null when there is none. */
  readonly copyright: string | null
}

/** A package of the lock that was only unpacked, e.g. the firmware on the boot partition. */
export interface Unpacked {
  readonly name: string
  /** Where it was unpacked to; its copyright file is read from there. */
  readonly folder: string
}

/**
 * The packages installed in a root and those only unpacked, each with the sum of its .deb from the lock.
 * @throws PublishError when one is not in the lock, at its version
 */
export function readDebian(root: string, lock: Lock, unpacked: readonly Unpacked[]): DebianPackage[] {
  const locked = new Map(lock.packages.map((each) => [each.name, each]))
  const own = readStatus(root).map((found): DebianPackage => {
    const entry = locked.get(found.name)
    if (!entry || entry.version !== found.version)
      throw new PublishError(
        `${found.name} ${found.version} is in the image, but the lock has ${entry ? entry.version : 'no such package'}`,
        'build again from the locked packages, or make the lock anew with `hearth lock`',
      )
    return { ...found, sha256: entry.sha256 }
  })
  const alone = unpacked.map(({ name, folder }): DebianPackage => {
    const entry = locked.get(name)
    if (!entry)
      throw new PublishError(
        `${name} was unpacked into the image, but is not in the lock`,
        'make the lock anew with `hearth lock`',
      )
    const { version, architecture, sha256 } = entry
    const alone = { name, version, architecture, sha256, source: null, homepage: null, ...readCopyright(folder, name) }
    const sibling = alone.copyright === null && own.find((each) => each.name === documentedIn(folder, name))
    if (!sibling) return alone
    return { ...alone, licences: sibling.licences, spdx: sibling.spdx, copyright: sibling.copyright }
  })
  const known = new Set(own.map(({ name }) => name))
  return [...own, ...alone.filter(({ name }) => !known.has(name))].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function readStatus(root: string): Omit<DebianPackage, 'sha256'>[] {
  const file = path.join(root, 'var/lib/dpkg/status')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new PublishError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      'give the root as it is before it is sealed',
    )
  }
  const installed = parseControl(text).filter((each) => each.get('status') === 'install ok installed')
  if (installed.length === 0)
    throw new PublishError(`${file} names no installed package`, 'give the root of a Debian system')
  return installed.map((each) => {
    const [name, version, architecture] = [each.get('package'), each.get('version'), each.get('architecture')]
    if (!name || !version || !architecture || !/^[a-z0-9][a-z0-9+.-]+$/.test(name))
      throw new PublishError(
        `${file} has an entry without name, version or architecture`,
        'the root is damaged: build it again',
      )
    return {
      name,
      version,
      architecture,
      source: each.get('source')?.split(' ')[0] ?? name,
      homepage: each.get('homepage') ?? null,
      ...readCopyright(root, name),
    }
  })
}

/** The package whose documentation a package links to in place of its own, as packages of one source do. */
function documentedIn(root: string, name: string): string | null {
  try {
    return path.basename(readlinkSync(path.join(root, 'usr/share/doc', name)))
  } catch {
    return null
  }
}

/** Follows links, which lead from package to package, but never out of the root. */
function readCopyright(root: string, name: string): Pick<DebianPackage, 'copyright' | 'licences' | 'spdx'> {
  try {
    const file = realpathSync(path.join(root, 'usr/share/doc', name, 'copyright'))
    if (!file.startsWith(`${realpathSync(root)}/`)) throw new Error('leads out of the root')
    const copyright = readFileSync(file, 'utf8')
    const licences = licencesOf(copyright)
    return { copyright, licences, spdx: licences && spdxOf(licences) }
  } catch {
    return { copyright: null, licences: null, spdx: null }
  }
}
