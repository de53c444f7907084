import { closeSync, openSync, readSync } from 'node:fs'

/** Bytes of a raw image. */
export function bytesAt(image: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const fd = openSync(image, 'r')
  try {
    readSync(fd, bytes, 0, length, offset)
  } finally {
    closeSync(fd)
  }
  return bytes
}

/** Label, and names and sizes in the root folder, of a FAT32 file system in an image. */
export function fat32(image: string, start: number): { label: string; files: Map<string, number> } {
  const boot = bytesAt(image, start, 512)
  const [clusterSize, reserved] = [(boot[13] as number) * 512, boot.readUInt16LE(14) * 512]
  const fatSize = boot.readUInt32LE(36) * 512
  const fat = bytesAt(image, start + reserved, fatSize)
  const data = start + reserved + (boot[16] as number) * fatSize
  const files = new Map<string, number>()
  let long = ''
  for (
    let cluster = boot.readUInt32LE(44);
    cluster < 0x0ffffff8;
    cluster = fat.readUInt32LE(cluster * 4) & 0x0fffffff
  ) {
    const folder = bytesAt(image, data + (cluster - 2) * clusterSize, clusterSize)
    for (let at = 0; at < clusterSize && folder[at] !== 0; at += 32) {
      const entry = folder.subarray(at, at + 32)
      if (entry[11] === 0x0f) {
        const part = Buffer.concat([entry.subarray(1, 11), entry.subarray(14, 26), entry.subarray(28, 32)])
        long = `${part.toString('utf16le').split('\0')[0]}${long}`
        continue
      }
      const short = `${entry.toString('latin1', 0, 8).trimEnd()}.${entry.toString('latin1', 8, 11).trimEnd()}`
      // Windows' flags for a short name in small letters.
      files.set(
        long || ((entry[12] as number) & 0x18 ? short.toLowerCase() : short).replace(/\.$/, ''),
        entry.readUInt32LE(28),
      )
      long = ''
    }
  }
  return { label: boot.toString('latin1', 71, 82).trimEnd(), files }
}
