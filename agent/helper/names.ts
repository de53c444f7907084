import path from 'node:path'
import type { KitFacts, NetworkFacts } from '../api.ts'
import { readJson, readText, removeDurably, writeDurably } from '../setup/files.ts'
import { setHostname } from '../setup/identity.ts'
import { readKit, writeKit } from '../setup/kit.ts'
import { serverHostOf, takenName } from '../setup/names.ts'
import { mustRun } from '../setup/run.ts'
import { changeServerName } from '../setup/server.ts'
import { ensureCertificates } from '../setup/tls.ts'
import { dashboardAddress, webFiles, writeListeners } from '../setup/web.ts'
import type { World } from './world.ts'

/**
 * The kit's public facts.
 * @throws when the first set-up has not written them yet
 */
export async function kitFacts({ paths }: World): Promise<KitFacts> {
  const kit = await readKit(paths)
  if (kit === null) throw new Error(`${paths.kit} is missing: the first set-up is not done`)
  return kit
}

/** Replaces some of the kit's facts and returns them all. */
export async function changeKit(world: World, changes: Partial<KitFacts>): Promise<KitFacts> {
  const kit = { ...(await kitFacts(world)), ...changes }
  await writeKit(world.paths, kit)
  return kit
}

/**
 * Makes the certificates name the kit as it is called and addressed now.
 * @returns whether they changed
 */
async function refreshCertificates(world: World): Promise<boolean> {
  const { paths, run } = world
  const { hostname, serverName, caFingerprint } = await kitFacts(world)
  const network = await networkFacts(world)
  const names = { hostname, takenName: takenName(hostname, network?.announcedAs), serverName }
  const made = await ensureCertificates(paths, { ...names, addresses: network?.addresses ?? [] }, run)
  // The authority is made anew only where its file was lost.
  if (made.caFingerprint !== caFingerprint)
    await changeKit(world, { caFingerprint: made.caFingerprint, caWords: made.caWords })
  return made.changed
}

/** The agent's regular call: certificates that name all addresses, read by nginx, and a plain page that leads here. */
export async function refreshTls(world: World): Promise<{ changed: boolean }> {
  const changed = await refreshCertificates(world)
  if (changed || !(await plainPageLeadsHere(world))) await publishCertificates(world)
  return { changed }
}

async function plainPageLeadsHere(world: World): Promise<boolean> {
  const page = await readText(webFiles(world.paths).plainPage)
  return page?.includes(dashboardAddress(await reachedAs(world))) ?? false
}

/** The name on the home network that leads to this kit, also where another device has its own. */
async function reachedAs(world: World): Promise<string> {
  const { hostname } = await kitFacts(world)
  return takenName(hostname, (await networkFacts(world))?.announcedAs) ?? hostname
}

function networkFacts({ paths }: World): Promise<NetworkFacts | null> {
  return readJson(paths.network, (value) => value as NetworkFacts)
}

/** What the kit and its server are called. */
export type Names = Pick<KitFacts, 'hostname' | 'serverName'>

/**
 * Gives kit and server their names, and everything that follows from them: a server on trial is called after the kit. What
 * is wanted is noted first, so that after a power cut `resumeNames` goes on.
 * @returns the people that the server kept
 * @throws when the server cannot take its name; kit and server then keep the old ones
 */
export async function setNames(world: World, names: Names): Promise<{ people: string[] }> {
  const { paths, run } = world
  const { hostname, serverName } = names
  const before = await kitFacts(world)
  await writeDurably(noteFile(world), JSON.stringify(names), { mode: 0o600 })
  let kept: { people: string[] }
  try {
    kept = await changeServerName(paths, serverHostOf(names), run)
  } catch (error) {
    await removeDurably(noteFile(world))
    throw error
  }
  await setHostname(paths, hostname, serverName)
  await changeKit(world, { ...names, ...formerNames(before, names) })
  await refreshCertificates(world)
  await publishCertificates(world)
  if (hostname !== before.hostname) await mustRun(run, 'systemctl', ['try-restart', 'avahi-daemon.service'])
  await refreshNetwork(world)
  await removeDurably(noteFile(world))
  if (hostname !== before.hostname) await tellRouter(world, hostname)
  return kept
}

/**
 * Has the router hear the new name at once. networkd sends the name that the machine had when a link was configured, also
 * when it renews. Only a changed configuration makes it ask anew, for the address that it has and keeps meanwhile
 * (`networkctl reconfigure` would give it back first, and cut who is connected).
 */
async function tellRouter({ paths, run, log }: World, hostname: string): Promise<void> {
  try {
    for (const network of ['80-wired.network', '70-wireless.network'])
      await writeDurably(
        path.join(paths.root, 'run/systemd/network', `${network}.d`, 'hostname.conf'),
        `[DHCPv4]\nHostname=${hostname}\n`,
      )
    await mustRun(run, 'networkctl', ['reload'])
  } catch (error) {
    // The kit has its name all the same; the router hears of it at the next start.
    log(`the router was not told the name ${hostname}: ${error instanceof Error ? error.message : error}`)
  }
}

/** What the server was called before: by that the ledger knows what it exported then for its own. */
function formerNames(before: KitFacts, names: Names): Pick<KitFacts, 'formerNames'> {
  const former = new Set([...(before.formerNames ?? []), serverHostOf(before)])
  former.delete(serverHostOf(names))
  return former.size > 0 ? { formerNames: [...former] } : {}
}

/** Finishes a change of names that a power cut interrupted. */
export async function resumeNames(world: World): Promise<void> {
  const names = await readJson(noteFile(world), (value) => value as Names)
  if (names !== null) await setNames(world, names)
}

function noteFile({ paths }: World): string {
  return path.join(paths.setup, 'names.json')
}

/** Firewall, console and what is announced follow the kit's facts. */
export async function refreshNetwork({ run }: World): Promise<void> {
  await mustRun(run, 'systemctl', ['start', 'hearth-network.service'])
}

async function publishCertificates(world: World): Promise<void> {
  await writeListeners(world.paths, await kitFacts(world), { reachedAs: await reachedAs(world) })
  await mustRun(world.run, 'systemctl', ['reload-or-restart', 'nginx.service'])
}
