import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Replaces a file so that a power cut leaves either the old or the new one, whole: write, fsync, rename, fsync folder. */
export function writeDurably(file: string, content: string, mode: number): void {
  const fresh = `${file}.new`
  const descriptor = openSync(fresh, 'w', mode)
  try {
    writeFileSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(fresh, file)
  const folder = openSync(path.dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Gives a file that cannot be read a name of its own, so that nothing is overwritten. @returns the new name */
export function putAside(file: string): string {
  const aside = damagedName(file)
  renameSync(file, aside)
  return path.basename(aside)
}

/** Keeps what is in a file that cannot be read under another name; the file stays until it is written over. */
export function copyAside(file: string): void {
  const aside = damagedName(file)
  copyFileSync(file, aside)
  const descriptor = openSync(aside, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function damagedName(file: string): string {
  const wanted = `${file}.damaged`
  let aside = wanted
  for (let number = 2; existsSync(aside); number += 1) aside = `${wanted}-${number}`
  return aside
}

/**
 * Whether small files can be written in a folder; the reason if not, else null. A full disk counts as writable: there is
 * nothing wrong with it that room would not cure.
 */
export function dataWriteError(folder: string): string | null {
  try {
    writeDurably(path.join(folder, 'probe'), '', 0o600)
    return null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOSPC' || code === 'EDQUOT' ? null : message
  }
}
