import { createHash, type KeyObject } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Lock } from '../lock/lock.ts'
import { mapImage, zerosThatMatter } from '../media/block-map.ts'
import { formatBmap } from '../media/bmap.ts'
import type { Recipe } from '../recipe/index.ts'
import { readDebian, type Unpacked } from './debian.ts'
import { digestFile, syncContent, syncFolder, writeWhole } from './files.ts'
import { imagerList } from './imager.ts'
import { licencesText } from './licences.ts'
import { readNpm } from './npm.ts'
import { PublishError } from './problem.ts'
import { spdxDocument } from './spdx.ts'
import { writeSums } from './sums.ts'

export interface PublishRequest {
  /** The raw image. */
  readonly image: string
  /** Root of its system, with /var/lib/dpkg and /usr/share/doc: as it is before it is sealed. */
  readonly root: string
  /** Packages of the lock whose files were taken without installing them. */
  readonly unpacked: readonly Unpacked[]
  readonly recipe: Recipe
  readonly version: string
  readonly lock: Lock
  readonly lockState: 'exact' | 'drifted'
  /** Programs of the builder that shape the image, by package. */
  readonly tools: Readonly<Record<string, string>>
  /** Holds package-lock.json and node_modules. */
  readonly repository: string
  /** npm packages whose code the bundler took; null: every one that is not for development. */
  readonly bundled: readonly string[] | null
  /** A folder for this image alone; it is replaced as a whole. */
  readonly out: string
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  readonly epoch: number
  readonly key: KeyObject
  /** Where the files will be offered, ending in a slash; empty: links in os_list.json stay relative. */
  readonly baseUrl: string
  /** Runs a program of the builder's tools; rejects when it fails. */
  readonly run: (program: string, args: string[]) => PromiseLike<unknown>
  readonly log: (line: string) => void
}

export interface PublishedFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
}

/** manifest.json */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly architecture: 'amd64' | 'arm64'
  readonly suite: string
  /** RFC 3339, UTC. */
  readonly builtAt: string
  readonly lock: 'exact' | 'drifted'
  /** Versions of the builder's programs that shaped the image: other ones may give other bytes from the same packages. */
  readonly tools: Readonly<Record<string, string>>
  readonly packages: number
  /** SHA-256 over name, version, architecture and hash of every Debian package. */
  readonly packagesHash: string
  readonly image: { readonly size: number; readonly sha256: string }
  readonly files: readonly PublishedFile[]
}

/**
 * Makes everything that is published beside an image, in OUT.partial, and puts it in OUT's place when all of it is on the
 * disk. The same request gives the same bytes; only the signature depends on the key.
 * @throws PublishError; OUT is then as it was
 */
export async function publish(request: PublishRequest): Promise<Manifest> {
  const { out, log, recipe } = request
  const partial = `${out}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  try {
    const manifest = await fill(partial, request)
    await replaceFolder(partial, out)
    log(`publish: ${recipe.name} ${request.version}, ${manifest.files.length} files`)
    return manifest
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

async function fill(folder: string, request: PublishRequest): Promise<Manifest> {
  const { recipe, version, epoch, image, log } = request
  const at = (name: string) => path.join(folder, name)
  const names = { zst: `${recipe.name}.img.zst`, xz: `${recipe.name}.img.xz`, bmap: `${recipe.name}.bmap` }

  // What can be found wrong at once comes before the minutes of packing.
  const debian = readDebian(request.root, request.lock, request.unpacked)
  const npm = readNpm(request.repository, recipe.architecture, request.bundled)
  const raw = await digestFile(image)
  if (raw.size !== recipe.disk.size)
    throw new PublishError(`${image} has ${raw.size} bytes, its recipe ${recipe.disk.size}`, 'build the image again')
  const title = `${recipe.name} ${version}`
  await writeWhole(
    at('sbom.spdx.json'),
    spdxDocument({ name: recipe.name, version, suite: recipe.suite, epoch, sha256: raw.sha256 }, debian, npm),
  )
  await writeWhole(at('licences.txt'), licencesText(title, debian, npm, request.root))
  await writeWhole(at(names.bmap), formatBmap(await mapImage(image, zerosThatMatter(recipe.disk))))

  log('publish: packing the image (a minute or two)')
  await pack(request, at(names.zst), at(names.xz))
  const download = { name: names.xz, ...(await digestFile(at(names.xz))) }
  if (recipe.boards.length > 0) {
    const { name, description, boards } = recipe
    const { baseUrl } = request
    await writeWhole(
      at('os_list.json'),
      imagerList({ name, version, description, boards, epoch, baseUrl, raw, download, bmap: names.bmap }),
    )
  }

  const files: PublishedFile[] = []
  for (const name of (await readdir(folder)).sort()) files.push({ name, ...(await digestFile(at(name))) })
  const manifest: Manifest = {
    name: recipe.name,
    version,
    description: recipe.description,
    architecture: recipe.architecture,
    suite: recipe.suite,
    builtAt: `${new Date(epoch * 1000).toISOString().slice(0, 19)}Z`,
    lock: request.lockState,
    tools: request.tools,
    packages: debian.length,
    packagesHash: packagesHash(debian),
    image: raw,
    files,
  }
  await writeWhole(at('manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const sums = new Map(
    [...files, { name: 'manifest.json', ...(await digestFile(at('manifest.json'))) }].map((each) => [
      each.name,
      each.sha256,
    ]),
  )
  await writeSums(folder, sums, request.key)
  return manifest
}

/** The slot is compressed already, so high levels would cost minutes and gain nothing. Threads are fixed: they show in the bytes. */
async function pack({ run, image }: PublishRequest, zst: string, xz: string): Promise<void> {
  await run('zstd', ['--quiet', '--force', '-12', '-T2', '--check', image, '-o', zst])
  await run('sh', [
    '-c',
    'exec xz --stdout --threads=2 --block-size=64MiB -0 --check=crc64 -- "$1" > "$2"',
    'sh',
    image,
    xz,
  ])
  for (const file of [zst, xz]) await syncContent(file)
}

/** A folder cannot be renamed over a full one: for a moment the old one stands aside. */
async function replaceFolder(made: string, place: string): Promise<void> {
  const old = `${place}.old`
  await rm(old, { recursive: true, force: true })
  await syncFolder(made)
  await rename(place, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rename(made, place)
  await syncFolder(path.dirname(place))
  await rm(old, { recursive: true, force: true })
}

function packagesHash(
  packages: readonly { name: string; version: string; architecture: string; sha256: string }[],
): string {
  const hash = createHash('sha256')
  for (const { name, version, architecture, sha256 } of packages)
    hash.update(`${name} ${version} ${architecture} ${sha256}\n`)
  return hash.digest('hex')
}
