import { open, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type BlockMap, mappedBytes } from './block-map.ts'
import { parseBmap } from './bmap.ts'
import { checkImage, readBmap } from './companions.ts'
import { openImage, rawBytes } from './image-file.ts'
import { bytesInWords, guarded, type Io, MediaError, Progress } from './io.ts'
import { compareRanges, RangeCheck } from './writer.ts'

const usage = `hearth verify FILE|DEVICE    check an image, or a medium that an image was written to
  --bmap FILE        block map to compare with; a device needs it
  --key FILE         public key that must have signed the image`

/** `hearth verify`; resolves with the exit status. Reads only. */
export function verify(argv: string[], io: Io): Promise<number> {
  return guarded(io, 'verify', async () => {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { bmap: { type: 'string' }, key: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    const [named] = positionals
    if (values.help || !named || positionals.length > 1) {
      io.print(usage)
      return values.help ? 0 : 2
    }
    const facts = await stat(named).catch(() => null)
    const map = facts?.isBlockDevice()
      ? await verifyDevice(named, values.bmap ?? null, io)
      : await verifyImage(named, { keyFile: values.key ?? null, bmapFile: values.bmap ?? null }, io)
    io.print(
      `${named}: ${bytesInWords(mappedBytes(map))} of ${bytesInWords(map.imageSize)} compared, all as published.`,
    )
    return 0
  })
}

async function verifyDevice(device: string, bmapFile: string | null, io: Io): Promise<BlockMap> {
  if (bmapFile === null)
    throw new MediaError('a device is compared with a block map', 'add --bmap with the .bmap file beside the image')
  const map = parseBmap((await readBmap(bmapFile)).toString('utf8'))
  const handle = await open(device).catch((error: NodeJS.ErrnoException) => {
    throw new MediaError(
      `${device} cannot be read (${error.code})`,
      error.code === 'EACCES' ? 'run the command with sudo' : 'check its name',
    )
  })
  try {
    await compareRanges(map, handle, 'Comparing', io)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    throw new MediaError(
      `${device} ${error.message}`,
      `${error.next}; a medium that has been started once, or has a seed, differs rightly`,
    )
  } finally {
    await handle.close()
  }
  return map
}

async function verifyImage(
  file: string,
  choices: { keyFile: string | null; bmapFile: string | null },
  io: Io,
): Promise<BlockMap> {
  const image = await openImage(file)
  try {
    const map = await checkImage(image, choices, io)
    const progress = new Progress(io, 'Comparing', map.imageSize)
    const check = new RangeCheck(map)
    let position = 0
    for await (const chunk of rawBytes(image)) {
      check.take(chunk, position)
      position += chunk.length
      progress.add(chunk.length)
      if (position > map.imageSize) break
    }
    if (position !== map.imageSize)
      throw new MediaError(
        `${file} does not unpack to the ${map.imageSize} bytes its block map says`,
        'download both again',
      )
    return map
  } finally {
    await image.handle.close()
  }
}
