import { statfsSync } from 'node:fs'

/** Size and free bytes of the file system that holds `folder`; free is what an ordinary user may still write. */
export function readSpace(folder: string): { size: number; free: number } {
  const { bsize, blocks, bavail } = statfsSync(folder)
  return { size: blocks * bsize, free: bavail * bsize }
}
