import type { KitFacts, NetworkFacts, Problem } from '../api.ts'
import { otherHostname, takenName } from '../setup/names.ts'

/** Another device on the network has the kit's name: the kit goes by a numbered one until the owner chooses. */
export function nameProblem({ hostname, caFingerprint }: KitFacts, { announcedAs }: NetworkFacts): Problem | null {
  const taken = takenName(hostname, announcedAs)
  if (taken === null) return null
  const proposed = otherHostname(hostname, caFingerprint)
  return {
    id: 'network.name-taken',
    what: `Another device on this network is called ${hostname}.local, so this kit is found as ${taken}.local.`,
    next: `Give the kit another name in the settings, for example ${proposed}.`,
    facts: { hostname, taken, proposed },
  }
}
