import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { isMissing } from './files.ts'

export interface Interface {
  name: string
  wireless: boolean
}

/** The real network interfaces, those that stand for a device, by their names. */
export async function networkInterfaces(paths: KitPaths): Promise<Interface[]> {
  const folder = path.join(paths.sys, 'class/net')
  const found: Interface[] = []
  for (const name of (await readdir(folder).catch(orNothing)).sort()) {
    const inside = await readdir(path.join(folder, name)).catch(orNothing)
    if (inside.includes('device'))
      found.push({ name, wireless: inside.includes('wireless') || inside.includes('phy80211') })
  }
  return found
}

function orNothing(error: unknown): string[] {
  if (isMissing(error)) return []
  throw error
}
