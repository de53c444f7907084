import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { PublishError } from './problem.ts'

/** An npm package whose code is in the kit's programs, or that carries the Node.js binary. */
export interface NpmPackage {
  readonly name: string
  readonly version: string
  /** Of the package archive, in hexadecimal. */
  readonly sha512: string
  /** As the package says. */
  readonly licence: string | null
  /** Its licence file, where it is installed; null when it has none. */
  readonly text: string | null
}

interface LockEntry {
  version?: string
  integrity?: string
  license?: string
  dev?: boolean
  optional?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

/**
 * The npm packages of a kit from package-lock.json: the ones named and the binary of Node.js.
 * @param bundled paths or names below node_modules that the bundler took; null: every dependency that is not for development
 * @throws PublishError
 */
export function readNpm(
  repository: string,
  architecture: 'amd64' | 'arm64',
  bundled: readonly string[] | null,
): NpmPackage[] {
  const file = path.join(repository, 'package-lock.json')
  let packages: Record<string, LockEntry>
  try {
    packages = (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockEntry> }).packages ?? {}
  } catch (error) {
    throw new PublishError(`${file} cannot be read: ${(error as Error).message}`, 'run `npm install`')
  }
  const node = `node_modules/node-linux-${architecture === 'amd64' ? 'x64' : 'arm64'}`
  const wanted = bundled
    ? bundled.map((name) => `node_modules/${name}`)
    : Object.keys(packages).filter((at) => at !== '' && !packages[at]?.dev && !packages[at]?.optional)
  return [...new Set([...wanted, node])].sort().map((at) => {
    const entry = packages[at]
    const sha512 = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(entry?.integrity ?? '')?.[1]
    if (!entry?.version || !sha512)
      throw new PublishError(`package-lock.json does not pin ${at} by version and hash`, 'run `npm install`')
    return {
      name: at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version,
      sha512: Buffer.from(sha512, 'base64').toString('hex'),
      licence: entry.license ?? null,
      text: readLicence(path.join(repository, at)),
    }
  })
}

function readLicence(folder: string): string | null {
  try {
    const name = readdirSync(folder)
      .filter((each) => /^(licen[cs]e|copying)(\.|$)/i.test(each))
      .sort()[0]
    return name ? readFileSync(path.join(folder, name), 'utf8') : null
  } catch {
    return null
  }
}
