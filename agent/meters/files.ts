import { existsSync, readFileSync } from 'node:fs'
import type { KitPaths } from '../paths.ts'

/** Where the kernel's own files are read: below the root where it has them, else the machine's. */
export interface SystemTrees {
  proc: string
  sys: string
}

/** A folder of development or of a test may bring its own /proc and /sys; without them the real ones are read. */
export function systemTrees(paths: KitPaths): SystemTrees {
  return {
    proc: existsSync(paths.proc) ? paths.proc : '/proc',
    sys: existsSync(paths.sys) ? paths.sys : '/sys',
  }
}

/**
 * The text of a small file, or null where there is none or it cannot be read. Synchronous on purpose: /proc and /sys
 * answer from memory, and without the thread pool the daemon stays one thread.
 */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** The whole number a kernel file consists of, or null. */
export function readInteger(file: string): number | null {
  const text = readText(file)?.trim()
  return text && /^-?\d{1,19}$/.test(text) ? Number(text) : null
}
