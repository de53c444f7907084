import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml'
import { isTimeZone } from '../costs/calendar.ts'
import { isCurrency } from '../costs/currency.ts'

/** What the owner of a server that is no kit says of it: /etc/hearth/ledger-agent.yaml. */
export interface HostConfig {
  /** The server's name, as in its addresses. */
  name: string
  timezone: string
  /** ISO 4217; null: not said yet. */
  currency: string | null
  /** The server's NodeInfo on the loopback; null: nobody can be asked how many people there are. */
  nodeinfo: URL | null
  /** Folders of the server: absolute paths, none within another. */
  server: string[]
  /** What of them is media: absolute paths, `*` for any one name. */
  media: string[]
}

/** A configuration that cannot be used; each line of the message names a place and what to write. */
export class ConfigRefused extends Error {
  override name = 'ConfigRefused'
}

const keys = ['name', 'timezone', 'currency', 'nodeinfo', 'server', 'media'] as const
type Key = (typeof keys)[number]

const mostFolders = 64

/** @throws ConfigRefused, or the file system's own error */
export function readConfig(file: string): HostConfig {
  return parseConfig(readFileSync(file, 'utf8'), file)
}

/** @throws ConfigRefused */
export function parseConfig(text: string, file: string): HostConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const problems: string[] = []
  const tell = (offset: number | undefined, what: string, next: string) => {
    const { line, col } = lines.linePos(offset ?? 0)
    problems.push(`${file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${what} ${next}`)
  }
  for (const { message, pos } of document.errors)
    tell(pos[0], `This is not YAML (${message}).`, 'Write lines such as `name: garden.example`.')
  if (problems.length > 0) throw new ConfigRefused(problems.join('\n'))

  const given = new Map<Key, ParsedNode>()
  const root = document.contents as ParsedNode | null
  if (root && !isMap(root) && !(isScalar(root) && root.value === null))
    tell(root.range[0], 'This is no list of settings.', 'Write lines such as `name: garden.example`.')
  if (isMap(root))
    for (const { key, value } of root.items as { key: ParsedNode; value: ParsedNode | null }[]) {
      const known = keys.find((each) => isScalar(key) && each === key.value)
      if (!known)
        tell(key.range[0], `There is no setting “${isScalar(key) ? key.value : '…'}”.`, `Use ${keys.join(', ')}.`)
      else if (value && !(isScalar(value) && value.value === null)) given.set(known, value)
    }

  const word = (key: Key, isRight: (text: string) => boolean, next: string): string | null => {
    const node = given.get(key)
    if (!node) return null
    const value = isScalar(node) ? String(node.source ?? node.value) : ''
    if (isRight(value)) return value
    tell(node.range[0], `${key}: “${value}” cannot be used.`, next)
    return null
  }
  const folders = (key: 'server' | 'media', form: RegExp, next: string): string[] => {
    const node = given.get(key)
    if (!node) return []
    const items = isSeq(node) ? (node.items as ParsedNode[]) : [node]
    if (items.length > mostFolders)
      tell(node.range[0], `${key}: more than ${mostFolders} folders.`, 'Name the folders above them.')
    return items.flatMap((item) => {
      const value = isScalar(item) ? String(item.value) : ''
      if (form.test(value) && !value.split('/').includes('..')) return [value.replace(/\/+$/, '')]
      tell(item.range[0], `${key}: “${value}” is no folder that can be used.`, next)
      return []
    })
  }

  const config: HostConfig = {
    name: word('name', isHostName, 'Write a host name in small letters, such as garden.example.') ?? ownName(),
    timezone:
      word('timezone', isTimeZone, 'Write one such as Europe/Berlin.') ??
      Intl.DateTimeFormat().resolvedOptions().timeZone,
    currency: word('currency', isCurrency, 'Write three letters such as EUR.'),
    nodeinfo: URL.parse(
      word('nodeinfo', isLoopback, 'Write one on this machine, such as http://127.0.0.1:3000/nodeinfo/2.0.') ?? '',
    ),
    server: withoutInner(folders('server', /^\/[^*]+$/, 'Write a whole path such as /var/lib/snac.')),
    media: folders('media', /^\/.+$/, 'Write a whole path such as /var/lib/snac/user/*/static.'),
  }
  if (problems.length > 0) throw new ConfigRefused(problems.join('\n'))
  return config
}

function isHostName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text)
}

/** This machine's name, where it can stand in an entry. */
function ownName(): string {
  const name = hostname().toLowerCase()
  return isHostName(name) ? name : 'localhost'
}

function isLoopback(text: string): boolean {
  const url = URL.parse(text)
  return url?.protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname) && !url.username
}

function withoutInner(folders: string[]): string[] {
  return folders.filter(
    (folder, index) =>
      !folders.some((other, place) => (folder === other ? place < index : folder.startsWith(`${other}/`))),
  )
}
