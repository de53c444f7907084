import path from 'node:path'
import { deviceUnder } from '../meters/block-device.ts'
import { readText } from '../meters/files.ts'
import type { KitPaths } from '../paths.ts'

/** What a kit runs on: serial of its board, and id of the card or disk that its data are on. Null: it does not tell. */
export interface Hardware {
  board: string | null
  medium: string | null
}

/** What may stand for a medium, the surest first: registers of a card, world-wide names, serials. */
const idFiles = ['device/cid', 'wwid', 'device/wwid', 'serial', 'device/serial']

/** @param board `KitFacts.board.serial` */
export function readHardware(paths: Pick<KitPaths, 'agentData' | 'sys'>, board: string | null): Hardware {
  return { board: told(board), medium: mediumOf(paths) }
}

/**
 * `all`: everything that can be compared is another; then this may be a copy, beside which the first kit goes on.
 * What is not told, then or now, is not compared.
 */
export function hardwareChange(noted: Hardware, now: Hardware): 'none' | 'part' | 'all' {
  const compared = (['board', 'medium'] as const).filter((name) => noted[name] !== null && now[name] !== null)
  const changed = compared.filter((name) => noted[name] !== now[name])
  if (changed.length === 0) return 'none'
  return changed.length === compared.length ? 'all' : 'part'
}

/** The id of the block device under a folder: its own, its disk's, or that of the USB stick around it. */
function mediumOf({ agentData, sys }: Pick<KitPaths, 'agentData' | 'sys'>): string | null {
  let folder: string
  try {
    folder = deviceUnder(sys, agentData)
  } catch {
    return null // no block device, as a memory file system
  }
  // Above a USB device stand hubs and controllers, which have serials of their own.
  const end = path.join(sys, '/')
  while (folder.startsWith(end) && !/^usb\d+$/.test(path.basename(folder))) {
    for (const file of idFiles) {
      const id = told(readText(path.join(folder, file)))
      if (id !== null) return id
    }
    folder = path.dirname(folder)
  }
  return null
}

function told(text: string | null): string | null {
  const id = text?.trim().slice(0, 200) ?? ''
  return /[^0\s]/.test(id) ? id : null
}
