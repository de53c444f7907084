import { existsSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { folderNames } from './folder-names.ts'

/**
 * The folder in /sys of the card or disk that holds a folder: the whole one, not the partition. Null where there is none
 * (a file system in memory), or more than one (an array).
 */
export function blockDeviceOf(sys: string, folder: string): string | null {
  try {
    return wholeDisk(deviceUnder(sys, folder))
  } catch {
    return null
  }
}

/** The folder in /sys of what a folder's file system lies on: a partition, as a rule. @throws Error where there is none */
export function deviceUnder(sys: string, folder: string): string {
  return realpathSync(path.join(sys, 'dev/block', deviceNumber(statSync(folder).dev)))
}

/** Linux' own packing of the two numbers. */
function deviceNumber(dev: number): string {
  const major = (dev >>> 8) & 0xfff
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00)
  return `${major}:${minor}`
}

/** Partitions lie below their disk; encryption and volumes name what they lie over. */
function wholeDisk(device: string): string | null {
  if (existsSync(path.join(device, 'partition'))) return path.dirname(device)
  const [below, ...others] = folderNames(path.join(device, 'slaves'))
  if (below === undefined) return device
  return others.length > 0 ? null : wholeDisk(realpathSync(path.join(device, 'slaves', below)))
}
