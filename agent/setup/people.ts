import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { matchesSnac } from '../servers/snac-password.ts'
import { readJson, readText, syncFolder } from './files.ts'
import { householdLanguage } from './kit.ts'
import type { Language } from './names.ts'
import { type Run, run as realRun } from './run.ts'
import { languageFile } from './server-words.ts'
import { freshSnacFolder, makeSnacFolder, peopleIds, snac, syncTree, writeSnacFile } from './snac.ts'

export interface Person {
  /** Letters, digits and `_`. */
  id: string
  /** As shown beside posts. */
  name: string
}

/** A request about a person that cannot be met, in words for the page. */
export class PersonError extends Error {
  override name = 'PersonError'
  readonly code: 'bad-id' | 'reserved' | 'bad-name' | 'exists' | 'missing' | 'failed'
  readonly next: string
  /** The account that was asked for; empty where it is about none. */
  readonly id: string

  constructor(code: PersonError['code'], message: string, next: string, id = '') {
    super(message)
    this.code = code
    this.next = next
    this.id = id
  }
}

/** Paths of the server that a person's page would hide, and the account that snac gives a meaning. */
const reservedIds = new Set(['api', 'authorize_interaction', 'oauth', 'relay', 'share', 'users', 'admin', 'root'])

/** The people with an account, sorted by id. Whoever's profile is unreadable is listed by id. */
export async function listPeople(paths: KitPaths): Promise<Person[]> {
  const ids = await peopleIds(paths.snac)
  return Promise.all(ids.map(async (id) => ({ id, name: await nameOf(paths.snac, id) })))
}

/**
 * Makes an account. It is made beside the server's tree and moved into it whole, so that after a power cut it is either
 * there with its keys or not at all.
 * @returns the first password, made by snac; shown once, kept nowhere
 * @throws PersonError
 */
export async function addPerson(paths: KitPaths, { id, name }: Person, run: Run = realRun): Promise<string> {
  checkId(id)
  checkName(name)
  if (reservedIds.has(id.toLowerCase()))
    throw new PersonError('reserved', `'${id}' is an address the server needs itself`, 'Choose another short name.', id)
  // Addresses differ in more than case, or people write to the wrong one.
  if ((await peopleIds(paths.snac)).some((other) => other.toLowerCase() === id.toLowerCase()))
    throw new PersonError('exists', `There already is an account '${id}'`, 'Choose another short name.', id)
  return inWorkshop(paths, async (workshop) => {
    const { stdout, stderr } = await snac(run, ['adduser', workshop, id])
    const password = /^User password is (\S+)$/m.exec(stdout + stderr)?.[1]
    const folder = path.join(workshop, 'user', id)
    const profile = await readProfile(workshop, id)
    const key = await readText(path.join(folder, 'key.json'))
    if (password === undefined || profile === null || key === null)
      throw failed(`The account '${id}' could not be made`)
    await writeProfile(workshop, id, { ...profile, name, ...webLanguage(await householdLanguage(paths)) })
    await syncTree(run, workshop)
    await rename(folder, path.join(paths.snac, 'user', id))
    await syncFolder(path.join(paths.snac, 'user'))
    return password
  })
}

/**
 * Gives a person a new password. snac makes it on a copy of the profile, which then replaces the profile whole.
 * @returns the password; shown once, kept nowhere
 * @throws PersonError
 */
export async function resetPassword(paths: KitPaths, id: string, run: Run = realRun): Promise<string> {
  await checkThere(paths, id)
  return inWorkshop(paths, async (workshop) => {
    const before = await readText(profileFile(paths.snac, id))
    if (before === null) throw failed(`The profile of '${id}' is missing`)
    await makeSnacFolder(path.join(workshop, 'user', id))
    for (const file of ['user.json', 'key.json'])
      await writeSnacFile(
        path.join(workshop, 'user', id, file),
        (await readText(path.join(paths.snac, 'user', id, file))) ?? '',
      )
    const { stdout, stderr } = await snac(run, ['resetpwd', workshop, id])
    const password = /^New password for user \S+ is (\S+)$/m.exec(stdout + stderr)?.[1]
    const after = await readText(profileFile(workshop, id))
    if (password === undefined || after === null || after === before || (await readProfile(workshop, id)) === null)
      throw failed(`The password of '${id}' could not be changed`)
    await writeSnacFile(profileFile(paths.snac, id), after)
    return password
  })
}

/**
 * Whose account this is the name and the password of, and what the server keeps of the password; null where they do not
 * fit. The name may be written in any case, as no two accounts differ in that alone.
 */
export async function checkPassword(
  paths: KitPaths,
  name: string,
  password: string,
): Promise<{ person: Person; kept: string } | null> {
  const id = (await peopleIds(paths.snac)).find((each) => each.toLowerCase() === name.toLowerCase())
  const kept = id === undefined ? null : await keptPassword(paths, id)
  if (id === undefined || kept === null || !matchesSnac(id, password, kept)) return null
  return { person: { id, name: await nameOf(paths.snac, id) }, kept }
}

/**
 * What the server keeps of a person's password, which is another text after each change; null: there is no such person, or
 * no password. Never for the page.
 */
export async function keptPassword(paths: KitPaths, id: string): Promise<string | null> {
  if (!(await peopleIds(paths.snac)).includes(id)) return null
  const profile = await readProfile(paths.snac, id)
  return typeof profile?.passwd === 'string' ? profile.passwd : null
}

/**
 * Removes an account with its posts. snac tells followed servers first; what it leaves behind is removed here.
 * @throws PersonError
 */
export async function removePerson(paths: KitPaths, id: string, run: Run = realRun): Promise<void> {
  await checkThere(paths, id)
  await snac(run, ['deluser', paths.snac, id])
  await rm(path.join(paths.snac, 'user', id), { recursive: true, force: true })
  await syncTree(run, paths.snac)
}

/** A bare tree of the same server beside the real one, for one job. */
async function inWorkshop<T>(paths: KitPaths, job: (workshop: string) => Promise<T>): Promise<T> {
  const workshop = `${paths.snac}.work`
  const config = await readText(path.join(paths.snac, 'server.json'))
  if (config === null) throw failed('The server is not set up')
  try {
    await freshSnacFolder(workshop)
    await makeSnacFolder(path.join(workshop, 'user'))
    await writeSnacFile(path.join(workshop, 'server.json'), config)
    return await job(workshop)
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

function checkId(id: string): void {
  if (!/^[A-Za-z0-9_]{1,30}$/.test(id))
    throw new PersonError(
      'bad-id',
      `'${id.slice(0, 40)}' cannot be an address`,
      'Use 1 to 30 letters, digits or _.',
      id.slice(0, 40),
    )
}

function checkName(name: string): void {
  if (name.length > 100 || /\p{Cc}/u.test(name) || name.trim() === '')
    throw new PersonError('bad-name', 'That name cannot be shown', 'Use 1 to 100 characters, without line breaks.')
}

async function checkThere(paths: KitPaths, id: string): Promise<void> {
  checkId(id)
  if (!(await peopleIds(paths.snac)).includes(id))
    throw new PersonError('missing', `There is no account '${id}'`, 'Reload the list of people.', id)
}

function failed(message: string): PersonError {
  return new PersonError('failed', message, 'Look at the log of the server, and whether there is space left.')
}

async function nameOf(tree: string, id: string): Promise<string> {
  const name = (await readProfile(tree, id).catch(() => null))?.name
  return typeof name === 'string' && name !== '' ? name : id
}

function profileFile(tree: string, id: string): string {
  return path.join(tree, 'user', id, 'user.json')
}

function readProfile(tree: string, id: string): Promise<Record<string, unknown> | null> {
  return readJson(profileFile(tree, id), (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('is not a profile')
    return value as Record<string, unknown>
  })
}

function writeProfile(tree: string, id: string, profile: Record<string, unknown>): Promise<void> {
  return writeSnacFile(profileFile(tree, id), JSON.stringify(profile, null, 4))
}

function webLanguage(language: Language): Record<string, string> {
  return language === 'en' ? {} : { web_ui_lang: languageFile(language) }
}
