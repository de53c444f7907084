import { access } from 'node:fs/promises'
import type { KitFacts, NetworkFacts } from '#agent/api.ts'
import { AgentClient } from '#agent/client.ts'
import { callHelper } from '#agent/helper/client.ts'
import type { DashboardVerbs } from '#agent/helper/protocol.ts'
import type { KitPaths } from '#agent/paths.ts'
import { readJson } from './files.ts'
import { FairTurns } from './security/fair-turns.ts'
import { MemberPasswords } from './security/member-passwords.ts'
import { Owner } from './security/owner.ts'
import { Sessions } from './security/sessions.ts'
import { Throttle } from './security/throttle.ts'

export type AskHelper = <Verb extends keyof DashboardVerbs>(
  verb: Verb,
  args: DashboardVerbs[Verb]['args'],
) => Promise<DashboardVerbs[Verb]['result']>

/** Everything the pages stand on. */
export interface Services {
  paths: KitPaths
  agent: AgentClient
  /** Rejects with `HelperRefusal`. */
  helper: AskHelper
  owner: Owner
  sessions: Sessions
  memberPasswords: MemberPasswords
  signInThrottle: Throttle
  /** In which claim codes are checked. */
  claimTurns: FairTurns
  /** The kit's public facts; null while the first set-up has not written them. */
  readKit(): Promise<KitFacts | null>
  /** What the kit knows of its network; null while it knows nothing. */
  readNetwork(): Promise<NetworkFacts | null>
  /** Whether the clock came from the network or was confirmed by the owner. */
  isClockTrusted(): Promise<boolean>
}

/** Adding an account or naming the server restarts it, which takes long on the smallest boards. */
const helperTimeoutMs = 180_000

export function makeServices(paths: KitPaths): Services {
  const exists = (file: string) =>
    access(file).then(
      () => true,
      () => false,
    )
  const helper: AskHelper = (verb, args) =>
    callHelper(paths.helperSocket('dashboard'), verb, args, { timeoutMs: helperTimeoutMs })
  return {
    paths,
    agent: new AgentClient(paths.agentSocket),
    helper,
    owner: new Owner(paths.dashboardData),
    sessions: new Sessions(paths.dashboardData),
    memberPasswords: new MemberPasswords(async (id) => (await helper('person.tag', { id })).tag),
    signInThrottle: new Throttle(),
    claimTurns: new FairTurns(),
    readKit: () => readJson<KitFacts>(paths.kit),
    // No page depends on it.
    readNetwork: () => readJson<NetworkFacts>(paths.network).catch(() => null),
    isClockTrusted: async () => (await exists(paths.clockTrusted)) || (await exists(paths.clockConfirmed)),
  }
}
