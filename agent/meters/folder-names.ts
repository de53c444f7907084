import { readdirSync } from 'node:fs'

/** Names in a folder, in order; none where there is no such folder. */
export function folderNames(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
