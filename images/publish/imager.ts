import type { Board } from '../recipe/index.ts'
import { PublishError } from './problem.ts'

export interface Published {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly boards: readonly Board[]
  /** Seconds since 1970. */
  readonly epoch: number
  /** Where the files will lie, ending in a slash; empty: beside the list. */
  readonly baseUrl: string
  readonly raw: { readonly size: number; readonly sha256: string }
  readonly download: { readonly name: string; readonly size: number; readonly sha256: string }
  readonly bmap: string
}

/** A house with a fire in it, small enough to need no file of its own. */
const icon =
  "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40'><path d='M20 4 4 18v18h32V18z' fill='%23274060'/><path d='M20 17c5 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-4 3-7l2 3z' fill='%23f2a541'/></svg>"

/** A list for Raspberry Pi Imager (`--repo os_list.json`) with this one image. */
export function imagerList(image: Published): string {
  const notes = image.boards.filter(({ experimental }) => experimental).map(({ name }) => name)
  const description = notes.length ? `${image.description} (experimental on ${notes.join(', ')})` : image.description
  const entry = {
    name: `Commonhearth ${image.version} (${image.name})`,
    description,
    icon,
    url: `${image.baseUrl}${image.download.name}`,
    extract_size: image.raw.size,
    extract_sha256: image.raw.sha256,
    image_download_size: image.download.size,
    image_download_sha256: image.download.sha256,
    release_date: new Date(image.epoch * 1000).toISOString().slice(0, 10),
    // Imager 1.x takes a missing one for `systemd`, and its customisation then silently does nothing.
    init_format: 'cloudinit',
    devices: [...new Set(image.boards.map(({ name }) => deviceTag(name)))].sort(),
    bmap_url: `${image.baseUrl}${image.bmap}`,
  }
  return `${JSON.stringify({ os_list: [entry] }, null, 2)}\n`
}

/** Imager knows boards by families; the Zero 2 W is one of the Pi 3's, the 400 one of the Pi 4's. */
function deviceTag(board: string): string {
  if (/\b(5|500|CM5)\b/.test(board)) return 'pi5-64bit'
  if (/\b(4|4B|400|CM4)\b/.test(board)) return 'pi4-64bit'
  if (/\b(3|3A\+?|3B\+?|CM3\+?)(?=\s|$|\b)/.test(board) || /\bZero 2 ?W\b/.test(board)) return 'pi3-64bit'
  throw new PublishError(
    `Raspberry Pi Imager has no family for the board "${board}"`,
    'name it as its maker does, e.g. Raspberry Pi 4',
  )
}
