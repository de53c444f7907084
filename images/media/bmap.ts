import { createHash } from 'node:crypto'
import { type BlockMap, type MappedRange, mappedBytes } from './block-map.ts'

/** A block map file that cannot be trusted; the message says where and why. */
export class BmapError extends Error {
  override name = 'BmapError'
}

/** Larger files are refused; a map of 100,000 ranges has 10 MiB. */
export const maximumBmapBytes = 16 * 1024 * 1024

/** The map as XML in the format 2.0 that `bmaptool` reads. */
export function formatBmap(map: BlockMap): string {
  const blocks = Math.ceil(map.imageSize / map.blockSize)
  const mapped = map.ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const ranges = map.ranges.map(({ first, last, sha256 }) => {
    const span = first === last ? `${first}` : `${first}-${last}`
    return `        <Range chksum="${sha256}"> ${span} </Range>\n`
  })
  const text = `<?xml version="1.0" ?>
<!-- ${mappedBytes(map)} of ${map.imageSize} bytes must be written; bmaptool and hearth flash leave the rest out. -->
<bmap version="2.0">
    <ImageSize> ${map.imageSize} </ImageSize>
    <BlockSize> ${map.blockSize} </BlockSize>
    <BlocksCount> ${blocks} </BlocksCount>
    <MappedBlocksCount> ${mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> ${'0'.repeat(64)} </BmapFileChecksum>
    <BlockMap>
${ranges.join('')}    </BlockMap>
</bmap>
`
  return text.replace('0'.repeat(64), sha256(text))
}

/**
 * Reads a block map strictly: format 2, SHA-256, its own checksum right, ranges ascending and inside the image.
 * @throws BmapError
 */
export function parseBmap(text: string): BlockMap {
  if (text.length > maximumBmapBytes) fail('is larger than 16 MiB')
  const { fields, ranges } = readElements(text)
  const version = fields.get('version') ?? ''
  if (!/^2\.[0-9]+$/.test(version)) fail(`has format "${shown(version)}"; only 2.x is read`)
  const kind = fields.get('ChecksumType')
  if (kind !== 'sha256') fail(`has checksums of type "${shown(kind ?? '')}"; only sha256 is read`)
  const own = fields.get('BmapFileChecksum') ?? ''
  if (!/^[0-9a-f]{64}$/.test(own)) fail('lacks its own checksum')
  if (sha256(text.replace(own, '0'.repeat(64))) !== own)
    fail('does not match its own checksum: it was altered or cut short')

  const map: BlockMap = {
    imageSize: wholeNumber(fields, 'ImageSize', 2 ** 50),
    blockSize: wholeNumber(fields, 'BlockSize', 2 ** 20),
    ranges,
  }
  if (map.blockSize < 512 || (map.blockSize & (map.blockSize - 1)) !== 0)
    fail('has a block size that is no power of two')
  const blocks = wholeNumber(fields, 'BlocksCount', 2 ** 50)
  if (blocks !== Math.ceil(map.imageSize / map.blockSize)) fail('counts other blocks than its image has')
  let next = 0
  let mapped = 0
  for (const { first, last } of ranges) {
    if (first < next || last < first || last >= blocks)
      fail(`has a range ${first}-${last} out of order or outside of the image`)
    mapped += last - first + 1
    next = last + 1
  }
  if (mapped !== wholeNumber(fields, 'MappedBlocksCount', 2 ** 50))
    fail('counts other mapped blocks than its ranges have')
  return map
}

/** One tag, comment or declaration after optional text; nothing else that XML knows is let through. */
const TOKEN = /([^<]*)<(?:!--(?:(?!--)[\s\S])*--|\?xml[^<>]*\?|(\/?)([A-Za-z]+)((?:\s+[a-z]+="[^"<>&]*")*)\s*)>/gy

function readElements(text: string): { fields: Map<string, string>; ranges: MappedRange[] } {
  const fields = new Map<string, string>()
  const ranges: MappedRange[] = []
  const stack: string[] = []
  let attributes = ''
  let body = ''
  let end = 0
  TOKEN.lastIndex = 0
  for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
    end = TOKEN.lastIndex
    const [, before = '', closing, name, given = ''] = token
    body += before
    if (name === undefined) continue
    if (!closing) {
      if (body.trim() !== '') fail(`has stray text before <${shown(name)}>`)
      stack.push(name)
      const place = stack.join('>')
      if (place === 'bmap') fields.set('version', /\bversion="([^"]*)"/.exec(given)?.[1] ?? '')
      else if (!/^bmap>([A-Z][A-Za-z]*|BlockMap>Range)$/.test(place))
        fail(`has <${shown(name)}> where it does not belong`)
      attributes = given
    } else {
      const place = stack.join('>')
      if (stack.pop() !== name) fail(`closes <${shown(name)}>, which is not open`)
      if (place === 'bmap>BlockMap>Range') ranges.push(range(body.trim(), attributes))
      else if (stack.length === 1 && name !== 'BlockMap') {
        if (fields.has(name)) fail(`has <${shown(name)}> twice`)
        fields.set(name, body.trim())
      } else if (body.trim() !== '') fail(`has stray text in <${shown(name)}>`)
    }
    body = ''
  }
  if (stack.length || !fields.has('version')) fail('is cut short or no block map')
  if (text.slice(end).trim() !== '') fail('has something after its end that is not understood')
  return { fields, ranges }
}

function range(body: string, attributes: string): MappedRange {
  const span = /^([0-9]{1,15})(?:\s*-\s*([0-9]{1,15}))?$/.exec(body) ?? fail(`has a range "${shown(body)}"`)
  const checksum = /\bchksum="([0-9a-f]{64})"/.exec(attributes) ?? fail(`has no SHA-256 for the range ${shown(body)}`)
  return { first: Number(span[1]), last: Number(span[2] ?? span[1]), sha256: checksum[1] as string }
}

function wholeNumber(fields: ReadonlyMap<string, string>, name: string, most: number): number {
  const text = fields.get(name) ?? fail(`lacks <${name}>`)
  const value = Number(text)
  if (!/^[0-9]{1,16}$/.test(text) || value > most) fail(`has "${shown(text)}" for <${name}>`)
  return value
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const shown = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)

function fail(why: string): never {
  throw new BmapError(`the block map ${why}`)
}
