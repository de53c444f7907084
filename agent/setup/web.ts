import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { KitFacts } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { isMissing, removeDurably, writeDurably } from './files.ts'
import { knownLanguage } from './names.ts'
import { dashboardListener, type Ports, plainListener, type Sites, serverListeners } from './nginx.ts'
import { plainPage, startingPage } from './pages.ts'
import { readCertificate, tlsFiles } from './tls.ts'

/** The kit's ports; a test takes others. */
export const kitPorts: Ports = { http: 80, plain: 8081, server: 443, dashboard: 8443 }

/** The files that hold the listeners, one each, in `paths.nginx`. */
const listenerFiles = ['dashboard.conf', 'plain.conf', 'server.conf'] as const

/** Where the static files of the home listeners lie. */
export function webFiles(paths: KitPaths) {
  const at = (...parts: string[]) => path.join(paths.web, ...parts)
  return {
    plainPage: at('plain', 'index.html'),
    /** The authority's certificate, as /ca.crt. */
    authority: at('plain', 'ca.crt'),
    startingPage: at('starting', 'index.html'),
    /**
     * The kit's own certificates in PEM, without keys: what the Fediverse server must trust beside the public
     * authorities to deliver between its own people.
     */
    own: at('own.crt'),
  }
}

export interface ListenerOptions {
  ports?: Ports
  /** The name on the home network that leads to this kit, without `.local`; its own unless another device has it. */
  reachedAs?: string
}

/** Where the dashboard is, for a kit called `hostname` on the home network. */
export function dashboardAddress(hostname: string, { dashboard }: Ports = kitPorts): string {
  return `https://${hostname}.local:${dashboard}/`
}

/**
 * Writes nginx' listeners and the pages it serves itself, from the kit's facts and certificates
 * (docs/architecture.md, "Listeners"). nginx must be reloaded afterwards. Can be repeated at any time.
 * @throws when the certificates are missing
 */
export async function writeListeners(
  paths: KitPaths,
  facts: KitFacts,
  { ports = kitPorts, reachedAs = facts.hostname }: ListenerOptions = {},
): Promise<void> {
  const tls = tlsFiles(paths)
  const authority = await readCertificate(tls.ca)
  if (authority === null) throw new Error(`${tls.ca} is missing or damaged: make the certificates first`)
  const server = facts.serverName === null ? null : await readCertificate(tls.server)
  if (facts.serverName !== null && server === null)
    throw new Error(`${tls.server} is missing or damaged: make the certificates first`)

  const files = webFiles(paths)
  const language = knownLanguage(facts.language) ?? 'en'
  const page = plainPage({
    language,
    hostname: facts.hostname,
    dashboard: dashboardAddress(reachedAs, ports),
    caFingerprint: facts.caFingerprint,
    caWords: facts.caWords,
  })
  await writeDurably(files.plainPage, page.html)
  await writeDurably(files.authority, authority.toString())
  await writeDurably(files.own, authority.toString() + (server?.toString() ?? ''))
  const starting = startingPage(language)
  await writeDurably(files.startingPage, starting.html)

  const sites: Sites = {
    ports,
    hostname: facts.hostname,
    serverName: facts.serverName,
    kitCertificate: tls.kit,
    serverCertificate: tls.server,
    plainRoot: path.dirname(files.plainPage),
    plainPolicy: page.policy,
    startingRoot: path.dirname(files.startingPage),
    startingPolicy: starting.policy,
    snacSocket: paths.snacSocket,
    dashboardSocket: paths.dashboardSocket,
    publishSocket: paths.publishSocket,
  }
  const listeners = { dashboard: dashboardListener(sites), plain: plainListener(sites), server: serverListeners(sites) }
  for (const [name, text] of Object.entries(listeners)) await writeDurably(path.join(paths.nginx, `${name}.conf`), text)
  await removeOthers(paths)
}

/** An earlier release may have had other listeners. */
async function removeOthers(paths: KitPaths): Promise<void> {
  const names = await readdir(paths.nginx).catch((error) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const name of names)
    if (name.endsWith('.conf') && !listenerFiles.some((file) => file === name))
      await removeDurably(path.join(paths.nginx, name))
}
