import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { digestFile } from '../publish/files.ts'
import { readDevelopmentKey, readPublicKey } from '../publish/keys.ts'
import { verifySums } from '../publish/sums.ts'
import type { BlockMap } from './block-map.ts'
import { maximumBmapBytes, parseBmap } from './bmap.ts'
import { assertDisk, type ImageFile, rawBytes } from './image-file.ts'
import { bytesInWords, type Io, MediaError, Progress } from './io.ts'

const clone = path.join(import.meta.dirname, '../..')

/** Where to look for what belongs to an image; null: beside it. */
export interface Choices {
  readonly keyFile: string | null
  readonly bmapFile: string | null
}

/**
 * Proves an image by the sums and signature beside it and gives its block map; without one, the image is read through
 * once and everything counts as mapped. Says what could not be checked.
 * @throws MediaError, SumsError, KeyError, BmapError
 */
export async function checkImage(image: ImageFile, choices: Choices, io: Io): Promise<BlockMap> {
  const sums = await checkSums(image, choices, io)
  const bmapFile = choices.bmapFile ?? (await findBmap(image.file))
  if (!bmapFile) return mapWhole(image, io)
  const text = await readBmap(bmapFile)
  const expected = sums?.get(path.basename(bmapFile))
  if (
    expected &&
    path.dirname(path.resolve(bmapFile)) === path.dirname(path.resolve(image.file)) &&
    expected !== sha256(text)
  )
    throw new MediaError(`${bmapFile} is not the one that SHA256SUMS names`, 'download image and block map again')
  const map = parseBmap(text.toString('utf8'))
  if (image.packing === 'none' && image.size !== map.imageSize)
    throw new MediaError(
      `${image.file} has ${image.size} bytes, but its block map says ${map.imageSize}: it is cut short or another image`,
      'download it again',
    )
  return map
}

/** Reads a block map file as text, bounded. */
export async function readBmap(file: string): Promise<Buffer> {
  const facts = await stat(file).catch(() => null)
  if (!facts?.isFile()) throw new MediaError(`there is no block map ${file}`, 'check its name')
  if (facts.size > maximumBmapBytes) throw new MediaError(`${file} is too large for a block map`, 'download it again')
  return readFile(file)
}

async function checkSums(image: ImageFile, { keyFile }: Choices, io: Io): Promise<ReadonlyMap<string, string> | null> {
  const development = readDevelopmentKey(clone, io.env)
  const key = keyFile === null ? null : readPublicKey(keyFile)
  const sums = await verifySums(path.dirname(image.file), key, development ? [development] : [])
  if (!sums) {
    io.complain('note: no SHA256SUMS beside the image, so only damage in transit can be noticed')
    return null
  }
  const name = path.basename(image.file)
  const expected = sums.files.get(name)
  if (!expected)
    throw new MediaError(
      `SHA256SUMS beside the image does not name ${name}`,
      'keep the image in the folder it was published in',
    )
  if ((await digestFile(image.handle)).sha256 !== expected)
    throw new MediaError(
      `${image.file} is not the one that SHA256SUMS names: it is cut short or was altered`,
      'download it again',
    )
  if (sums.signature === 'valid') io.print(`${name}: sum right, signed by the key ${sums.signedBy}`)
  else if (sums.signature === 'absent') io.complain(`note: ${name} has the right sum, but the sums are not signed`)
  else
    io.complain(
      `note: ${name} has the right sum; signed by ${sums.signedBy ?? 'a key'} that nothing here vouches for; --key FILE checks it`,
    )
  return sums.files
}

/** `NAME.bmap` or `NAME.img.bmap` beside `NAME.img*`. */
async function findBmap(image: string): Promise<string | null> {
  const stem = image.replace(/\.img(\.zst|\.xz)?$/, '')
  for (const candidate of [`${stem}.bmap`, `${stem}.img.bmap`, `${image}.bmap`]) {
    if ((await stat(candidate).catch(() => null))?.isFile()) return candidate
  }
  return null
}

/** Nothing unpacks to more than this; it stops an archive made to fill a disk. */
const maximumImageBytes = 1024 ** 4

async function mapWhole(image: ImageFile, io: Io): Promise<BlockMap> {
  io.complain('note: no block map beside the image, so all of it will be written')
  const progress = new Progress(io, 'Reading the image', image.packing === 'none' ? image.size : 0)
  const hash = createHash('sha256')
  let imageSize = 0
  for await (const chunk of rawBytes(image)) {
    if (imageSize === 0) assertDisk(chunk, image.file)
    hash.update(chunk)
    imageSize += chunk.length
    if (imageSize > maximumImageBytes)
      throw new MediaError(`${image.file} unpacks to more than ${bytesInWords(maximumImageBytes)}`, 'download it again')
    progress.add(chunk.length)
  }
  const size = 4096
  if (imageSize === 0) throw new MediaError(`${image.file} is empty`, 'download it again')
  return {
    imageSize,
    blockSize: size,
    ranges: [{ first: 0, last: Math.ceil(imageSize / size) - 1, sha256: hash.digest('hex') }],
  }
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
