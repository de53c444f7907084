import type { KitFacts, NetworkFacts } from '../api.ts'
import { readJson } from '../setup/files.ts'
import { readKit, writeKit } from '../setup/kit.ts'
import { mustRun } from '../setup/run.ts'
import { ensureCertificates } from '../setup/tls.ts'
import { writeListeners } from '../setup/web.ts'
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
  const addresses = (await readJson(paths.network, (value) => value as NetworkFacts))?.addresses ?? []
  const made = await ensureCertificates(paths, { hostname, serverName, addresses }, run)
  // The authority is made anew only where its file was lost.
  if (made.caFingerprint !== caFingerprint)
    await changeKit(world, { caFingerprint: made.caFingerprint, caWords: made.caWords })
  return made.changed
}

/** The agent's regular call: certificates that name all addresses, read by nginx. */
export async function refreshTls(world: World): Promise<{ changed: boolean }> {
  const changed = await refreshCertificates(world)
  if (changed) await publishCertificates(world)
  return { changed }
}

/** After a change of names: certificates, listeners, firewall and console follow. Can be repeated. */
export async function applyNames(world: World): Promise<void> {
  await refreshCertificates(world)
  await publishCertificates(world)
  await refreshNetwork(world)
}

/** Firewall and console follow the kit's facts. */
export async function refreshNetwork({ run }: World): Promise<void> {
  await mustRun(run, 'systemctl', ['start', 'hearth-network.service'])
}

async function publishCertificates(world: World): Promise<void> {
  await writeListeners(world.paths, await kitFacts(world))
  await mustRun(world.run, 'systemctl', ['reload-or-restart', 'nginx.service'])
}
