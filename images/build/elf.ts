import { closeSync, openSync, readSync } from 'node:fs'

const machines: Record<number, 'x86-64' | 'arm64'> = { 62: 'x86-64', 183: 'arm64' }

/** For which machine a file is built; null when it is no 64-bit ELF file for one of the two. */
export function elfMachine(file: string): 'x86-64' | 'arm64' | null {
  const header = Buffer.alloc(20)
  const fd = openSync(file, 'r')
  try {
    if (readSync(fd, header, 0, 20, 0) < 20) return null
  } finally {
    closeSync(fd)
  }
  const isElf64 = header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2
  return isElf64 ? (machines[header.readUInt16LE(18)] ?? null) : null
}
