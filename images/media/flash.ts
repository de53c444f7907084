import { execFile } from 'node:child_process'
import { type FileHandle, stat } from 'node:fs/promises'
import { parseArgs, promisify } from 'node:util'
import { type BlockMap, mappedBytes } from './block-map.ts'
import { type Choices, checkImage } from './companions.ts'
import { type ImageFile, openImage, rawBytes } from './image-file.ts'
import { bytesInWords, guarded, type Io, MediaError } from './io.ts'
import { readSeed, writeSeed } from './seed.ts'
import { confirmTarget, findTarget, listMedia, openTarget, type Permission, type Target } from './target.ts'
import { compareRanges, writeImage } from './writer.ts'

const run = promisify(execFile)

const usage = `hearth flash IMAGE [DEVICE|FILE]    write an image to a card, a stick or a file, and read it back
  Without a device, lists the media to flash.
  --seed FILE        put this seed on it as hearth.yaml
  --key FILE         public key that must have signed the image
  --bmap FILE        block map, where it does not lie beside the image
  --internal         allow an internal disk; its serial number must be typed
  --yes NAME         for scripts: the device's name (or file's), instead of typing it
  --serial SERIAL    for scripts: the serial number, with --internal`

/** `hearth flash`; resolves with the exit status. */
export function flash(argv: string[], io: Io): Promise<number> {
  return guarded(io, 'flash', async () => {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        seed: { type: 'string' },
        key: { type: 'string' },
        bmap: { type: 'string' },
        internal: { type: 'boolean' },
        yes: { type: 'string' },
        serial: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    const [imageFile, targetName] = positionals
    if (values.help || !imageFile || positionals.length > 2) {
      io.print(usage)
      return values.help ? 0 : 2
    }
    const image = await openImage(imageFile)
    try {
      if (!targetName) {
        await listMedia(io)
        return 2
      }
      const choices = { keyFile: values.key ?? null, bmapFile: values.bmap ?? null }
      const permission = { internal: values.internal ?? false, serial: values.serial ?? null, yes: values.yes ?? null }
      await flashImage(image, targetName, choices, permission, values.seed ?? null, io)
      return 0
    } finally {
      await image.handle.close()
    }
  })
}

async function flashImage(
  image: ImageFile,
  targetName: string,
  choices: Choices,
  permission: Permission,
  seedFile: string | null,
  io: Io,
): Promise<void> {
  const target = await findTarget(targetName)
  // Everything that can be found wrong without touching the target comes first.
  if (target.kind === 'disk' && target.medium.verdict === 'refused') await confirmTarget(target, permission, io)
  const seed = seedFile === null ? null : await readSeed(seedFile)
  const map = await checkImage(image, choices, io)
  await checkRoom(target, image, map)
  await confirmTarget(target, permission, io)

  const began = performance.now()
  const handle = await openTarget(target)
  try {
    await write(image, map, target, handle, io)
    await dropCache(target, io)
    await compareRanges(map, handle, 'Reading back', io).catch((error: unknown) => {
      if (error instanceof MediaError) throw new MediaError(`${target.name} ${error.message}`, error.next)
      throw error
    })
    // While the disk is claimed, no file manager can mount the partition under the seed.
    if (seedFile !== null && seed) await writeSeed(seedFile, seed, target.path)
  } finally {
    await handle.close()
  }
  await announcePartitions(target, io)
  const seconds = Math.round((performance.now() - began) / 1000)
  io.print(
    `${target.name}: ${bytesInWords(mappedBytes(map))} written and read back in ${seconds} s${seed ? ', seed added' : ''}.`,
  )
}

/** The target must hold the image and must not be the image. */
async function checkRoom(target: Target, image: ImageFile, map: BlockMap): Promise<void> {
  if (target.kind === 'disk') {
    if (target.medium.size < map.imageSize)
      throw new MediaError(
        `${target.name} has ${bytesInWords(target.medium.size)}, the image needs ${bytesInWords(map.imageSize)}`,
        'use a larger medium',
      )
    return
  }
  if (!target.exists) return
  const [from, to] = await Promise.all([image.handle.stat(), stat(target.path)])
  if (from.dev === to.dev && from.ino === to.ino)
    throw new MediaError('image and target are the same file', 'give another target')
}

async function write(image: ImageFile, map: BlockMap, target: Target, handle: FileHandle, io: Io): Promise<void> {
  const size = target.kind === 'disk' ? target.medium.size : await sizeFile(handle, map.imageSize)
  try {
    await writeImage(rawBytes(image), map, handle, size, io)
  } catch (error) {
    io.complain(`${target.name} now holds a part of the image without a partition table; it will not start.`)
    throw error
  }
}

/** A file target gets the image's size, and keeps its own where it is larger, as a card would. */
async function sizeFile(handle: FileHandle, imageSize: number): Promise<number> {
  const { size } = await handle.stat()
  if (size >= imageSize) return size
  await handle.truncate(imageSize)
  return imageSize
}

/** What is read back must come from the medium, not from memory. */
async function dropCache(target: Target, io: Io): Promise<void> {
  if (target.kind !== 'disk') return
  await run('blockdev', ['--flushbufs', target.path]).catch((error: Error) => {
    io.complain(
      `note: the memory's copy could not be dropped, so reading back proves less (${error.message.split('\n')[0]})`,
    )
  })
}

/** The kernel still knows the old partitions. Not being able to tell it does no harm: it reads them when next plugged in. */
async function announcePartitions(target: Target, io: Io): Promise<void> {
  if (target.kind !== 'disk') return
  await run('partx', ['-u', target.path]).catch(() => {
    io.complain(`note: the partitions show up only when ${target.name} is plugged in again`)
  })
}
