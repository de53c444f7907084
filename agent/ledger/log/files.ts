import { existsSync } from 'node:fs'
import path from 'node:path'
import { checkpointFile, keyFile } from './read-log.ts'
import { successionFile } from './succession.ts'
import { tilePath, tilesSince } from './tiles.ts'

/**
 * Files in the folder of a log of `size` leaves that whoever has it with `oldSize` lacks or has in an older form, in the
 * order in which to publish them: the checkpoint last.
 */
export function filesSince(folder: string, oldSize: number, size: number): string[] {
  const succession = existsSync(path.join(folder, successionFile)) ? [successionFile] : []
  return [...tilesSince(oldSize, size).map(tilePath), keyFile, ...succession, checkpointFile]
}
