import { type Audience, type Entry, entryFields } from './entry.ts'

/** From who sees least to who sees most. */
const viewers: readonly Audience[] = ['public', 'members', 'party', 'owner']

/**
 * What of an entry somebody may see, by the table of its fields; null where the whole entry is not for them. Fields that
 * are not known here go by the entry's own audience. `party` is the person the entry is about.
 */
export function visibleTo(viewer: Audience, entry: Entry): Entry | null {
  const sees = (audience: Audience) => viewers.indexOf(audience) <= viewers.indexOf(viewer)
  if (!sees(entry.audience)) return null
  const fields = Object.entries(entry).filter(([name]) => {
    const { audience } = Object.hasOwn(entryFields, name) ? entryFields[name as keyof Entry] : entry
    return sees(audience)
  })
  return Object.fromEntries(fields) as unknown as Entry
}
