import { chown, link, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { isMissing, readJson, readText, syncFolder, writeDurably } from './files.ts'
import { householdLanguage } from './kit.ts'
import { isServerHost, knownLanguage, type Language } from './names.ts'
import { CommandError, mustRun, type Run, run as realRun } from './run.ts'
import { greeting, languageFile, trialAnnouncement, trialStyle } from './server-words.ts'
import { initTree, makeSnacFolder, peopleIds, snacOwner, syncTree, writeSnacFile } from './snac.ts'

export {
  addPerson,
  checkPassword,
  keptPassword,
  listPeople,
  type Person,
  PersonError,
  removePerson,
  resetPassword,
} from './people.ts'

/*
 * snac2 as the kit's Fediverse server.
 *
 * It stands at the root of its name (no prefix): https://NAME/anna. It listens on a Unix socket only.
 *
 * snac has no switch for federation. During a trial its HTTP client gets a proxy that does not exist for every host but
 * its own (`server.env`, read by the unit): each attempt ends at once, with no packet sent. Its own host is left out because
 * snac delivers between its own people over HTTPS, too. Incoming messages fail as well, since snac cannot fetch their
 * sender's key. The trial's name ends in .local, so nobody outside could follow it anyway.
 */

/** What an account and the instance keep when the server's name changes: nothing in it names a post or the old address. */
const keptOfPerson = ['user.json', 'user_o.json', 'key.json', 'static', 'muted', 'import'] as const
const keptOfServer = ['block', 'filter_reject.txt', 'emojis.json'] as const
/** What snac expects in a person's folder beside what is kept. */
const foldersOfPerson = ['followers', 'following', 'hidden', 'history', 'private', 'public', 'queue'] as const

export interface ServerOptions {
  /** `hearth-xxxx.local` or the permanent name. */
  host: string
  language: string
}

/**
 * Makes the Fediverse server's tree if there is none, or if nobody is on it and it has another host, and sets what depends
 * on host and language. Once people are there, only `changeServerName` changes the host. Can be repeated at any time.
 */
export async function ensureServer(paths: KitPaths, options: ServerOptions, run: Run = realRun): Promise<void> {
  await recover(paths)
  const host = await serverHost(paths)
  const unused = host !== options.host && (await peopleIds(paths.snac)).length === 0
  if (host === null || unused) {
    const tree = `${paths.snac}.new`
    await makeTree(paths, tree, options, run)
    await rm(paths.snac, { recursive: true, force: true })
    await rename(tree, paths.snac)
    await syncFolder(path.dirname(paths.snac))
  } else await refreshServerWords(paths, options.language)
  await writeEnvironment(paths, (await serverHost(paths)) ?? options.host)
}

/** Brings the words on the server's pages into the household's language; cheap when they are. Needs no restart. */
export async function refreshServerWords(paths: KitPaths, language: string): Promise<void> {
  const host = await serverHost(paths)
  if (host !== null) await writeWords(paths, paths.snac, knownLanguage(language) ?? 'en', host)
}

/** The host the server runs under; null when there is no whole tree. */
export async function serverHost(paths: KitPaths): Promise<string | null> {
  const config = await readServerConfig(paths.snac)
  return typeof config?.host === 'string' ? config.host : null
}

/**
 * Gives the server another name: people (with passwords and profiles), uploads and block lists are kept, addresses,
 * posts, followers and sign-ins of apps start afresh. The server is stopped for a moment. The old tree stays whole until the new one
 * has taken its place; a power cut leaves one of the two, and calling again finishes.
 * @returns what was kept, for the page that says so
 * @throws when the name is no public name nor HOST.local, or the new tree could not be made; the old one is then in place
 */
export async function changeServerName(
  paths: KitPaths,
  name: string,
  run: Run = realRun,
): Promise<{ people: string[] }> {
  if (!isServerHost(name)) throw new Error(`'${name}' is not a name a server can have`)
  await recover(paths)
  const people = await peopleIds(paths.snac)
  if ((await serverHost(paths)) === name) await refreshServerWords(paths, await householdLanguage(paths))
  else {
    await mustRun(run, 'systemctl', ['stop', 'snac2.service'])
    try {
      const tree = `${paths.snac}.new`
      await makeTree(paths, tree, { host: name, language: await householdLanguage(paths) }, run)
      await carryOver(paths.snac, tree, people)
      await syncTree(run, tree)
      await exchange(tree, paths.snac, run)
      await rm(tree, { recursive: true, force: true })
      await writeEnvironment(paths, name)
    } finally {
      await mustRun(run, 'systemctl', ['start', 'snac2.service'])
    }
  }
  return { people }
}

/** A tree with its words and settings, not yet in place. */
async function makeTree(paths: KitPaths, tree: string, { host, language }: ServerOptions, run: Run): Promise<void> {
  const speech = knownLanguage(language) ?? 'en'
  await initTree(run, paths, tree, host)
  const config = await readServerConfig(tree)
  if (config?.host !== host) throw new CommandError(`snac init made no usable ${tree}/server.json`)
  await writeSnacFile(path.join(tree, 'server.json'), JSON.stringify({ ...config, title: host }, null, 4))
  await writeWords(paths, tree, speech, host)
  await syncTree(run, tree)
}

const noticeMark = '/* Trial notice, written by the kit. */'

/**
 * The household's words on the server's pages, where they differ from what is there. That a trial is one is said on each
 * page: signed-in people get an announcement, everybody a line above the page.
 */
async function writeWords(paths: KitPaths, tree: string, language: Language, host: string): Promise<void> {
  const trial = host.endsWith('.local')
  const style = ((await readText(path.join(tree, 'style.css'))) ?? '').split(noticeMark)[0]?.trimEnd() ?? ''
  const files: [string, string][] = [
    ['greeting.html', greeting(language, trial)],
    ['style.css', trial ? `${style}\n${noticeMark}\n${trialStyle(language)}` : `${style}\n`],
  ]
  if (trial) files.push(['announcement.txt', trialAnnouncement(language)])
  for (const translated of ['de', 'fr'] as const) {
    const name = `${languageFile(translated)}.po`
    const text = await readText(path.join(paths.serverLanguages, name))
    if (text !== null) files.push([path.join('lang', name), text])
  }
  for (const [name, text] of files) {
    const file = path.join(tree, name)
    if ((await readText(file)) !== text) await writeSnacFile(file, text)
  }
}

async function carryOver(from: string, to: string, people: readonly string[]): Promise<void> {
  const [oldHost, newHost] = [(await readServerConfig(from))?.host, (await readServerConfig(to))?.host]
  for (const name of keptOfServer) await linkTree(path.join(from, name), path.join(to, name))
  for (const id of people) {
    const [before, after] = [path.join(from, 'user', id), path.join(to, 'user', id)]
    await makeSnacFolder(after)
    for (const name of foldersOfPerson) await makeSnacFolder(path.join(after, name))
    for (const name of keptOfPerson) await linkTree(path.join(before, name), path.join(after, name))
    const profile = await readText(path.join(before, 'user.json'))
    if (profile === null) throw new Error(`${before}/user.json is missing`)
    // Pictures of the profile are addresses on the server's own name.
    await writeSnacFile(path.join(after, 'user.json'), profile.replaceAll(`https://${oldHost}/`, `https://${newHost}/`))
  }
}

/** Hard-links a file or folder of files into the new tree: no space, no time, and the old tree stays whole. */
async function linkTree(from: string, to: string): Promise<void> {
  let kind: Awaited<ReturnType<typeof stat>>
  try {
    kind = await stat(from)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  if (!kind.isDirectory()) {
    await rm(to, { force: true })
    await link(from, to)
    // Whatever put it there (a restored copy, an administrator): the server must be able to read it.
    await chown(to, snacOwner.uid, snacOwner.gid)
    return
  }
  await makeSnacFolder(to)
  for (const name of await readdir(from)) await linkTree(path.join(from, name), path.join(to, name))
}

/** Swaps two trees in one step; where the system's `mv` is too old for that, in two, which `recover` completes. */
async function exchange(fresh: string, current: string, run: Run): Promise<void> {
  const { code } = await run('mv', ['--exchange', '-T', fresh, current])
  if (code !== 0) {
    const old = `${current}.old`
    await rm(old, { recursive: true, force: true })
    await rename(current, old)
    await rename(fresh, current)
    await rename(old, fresh)
  }
  await syncFolder(path.dirname(current))
}

/** Puts the old tree back if a power cut came between two renames. */
async function recover(paths: KitPaths): Promise<void> {
  const old = `${paths.snac}.old`
  if ((await serverHost(paths)) === null && (await readServerConfig(old)) !== null) {
    await rename(old, paths.snac)
    await syncFolder(path.dirname(paths.snac))
  }
  for (const leftover of [old, `${paths.snac}.new`, `${paths.snac}.new.init`])
    await rm(leftover, { recursive: true, force: true })
}

function readServerConfig(tree: string) {
  return readJson(path.join(tree, 'server.json'), (value) => value as { host?: unknown })
}

async function writeEnvironment(paths: KitPaths, host: string): Promise<void> {
  const lines = host.endsWith('.local')
    ? [
        '# A trial does not federate: no host but its own is asked.',
        'https_proxy=off://',
        'http_proxy=off://',
        `no_proxy=${host}`,
      ]
    : ['# The server has its permanent name and federates.']
  await writeDurably(paths.serverEnvironment, `${lines.join('\n')}\n`)
}
