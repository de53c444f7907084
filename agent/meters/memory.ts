import path from 'node:path'
import { readText } from './files.ts'

/** Total and available memory in bytes from /proc/meminfo; zeros where it cannot be read. */
export function readMemory(proc: string): { total: number; available: number } {
  const text = readText(path.join(proc, 'meminfo')) ?? ''
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024
  return { total: bytes('MemTotal'), available: bytes('MemAvailable') }
}
