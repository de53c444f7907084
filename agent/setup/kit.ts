import type { KitFacts } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { readJson, writeDurably } from './files.ts'
import { isHostname, isServerHost, isServerName, knownLanguage, type Language } from './names.ts'

/**
 * The kit's public facts; null before the first set-up.
 * @throws BadFileError when the file is damaged
 */
export function readKit(paths: KitPaths): Promise<KitFacts | null> {
  return readJson(paths.kit, asKitFacts)
}

/** Replaces the kit's public facts. */
export function writeKit(paths: KitPaths, facts: KitFacts): Promise<void> {
  return writeDurably(paths.kit, `${JSON.stringify(asKitFacts(facts), null, 2)}\n`)
}

/** The household's language, for words that the set-up and the helper write; English while it is not known. */
export async function householdLanguage(paths: KitPaths): Promise<Language> {
  return knownLanguage((await readKit(paths))?.language ?? 'en') ?? 'en'
}

function asKitFacts(value: unknown): KitFacts {
  const facts = (value ?? {}) as KitFacts
  const wrong = [
    isHostname(String(facts.hostname)) ? null : 'hostname',
    facts.serverName === null || isServerName(String(facts.serverName)) ? null : 'serverName',
    facts.formerNames === undefined || isHostList(facts.formerNames) ? null : 'formerNames',
    typeof facts.claimed === 'boolean' ? null : 'claimed',
    ...(['timezone', 'currency', 'language', 'caFingerprint', 'caWords'] as const).map((key) =>
      typeof facts[key] === 'string' ? null : key,
    ),
    typeof facts.board?.model === 'string' ? null : 'board',
  ].filter((field) => field !== null)
  if (wrong.length > 0) throw new Error(`is not the facts of a kit: ${wrong.join(', ')}`)
  return facts
}

function isHostList(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && isServerHost(name))
}
