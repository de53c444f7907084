import { AgentRefusal } from '#agent/client.ts'
import { HelperRefusal } from '#agent/helper/client.ts'
import type { DashboardVerbs } from '#agent/helper/protocol.ts'
import type { Services } from '../services.ts'

/** Everything the household chose, checked. */
export interface ClaimChoices {
  code: string
  language: string
  timezone: string
  currency: string
  pricePerKwh: string | null
  password: string
  serverName: string | null
  person: { id: string; name: string }
  /** Seconds since 1970 by the browser; null when the clock needs no help or nothing was given. */
  epochSeconds: number | null
}

export type ClaimOutcome =
  | { kind: 'done'; personPassword: string; agentSkipped: boolean; clockSkipped: boolean }
  | { kind: 'wrong-code'; retryAfterSeconds: number }
  | { kind: 'already-claimed' }

/**
 * Whether the code is the kit's. A check is slow, and slower while somebody guesses, so each address waits for its own.
 * Rejects with `TooMany` when the address has asked too much already.
 */
export function checkCode(
  { claimTurns, helper }: Services,
  code: string,
  address: string,
): Promise<DashboardVerbs['claim.check']['result']> {
  return claimTurns.take(address, () => helper('claim.check', { code }))
}

/** One claim at a time, so that a second one cannot replace the owner's password after the first has won. */
let turn: Promise<unknown> = Promise.resolve()

/**
 * Applies the claim. The helper's `claim.finish` is the one step that makes the kit claimed and uses the code up; all
 * before it can be done again:
 *
 * 1. the code is checked, before the one turn of all claims, in which no guesser is: without it nothing is written;
 * 2. the clock is set, if it has to be;
 * 3. the owner's password is written. It means nothing while the kit is unclaimed, since every page leads to the claim;
 * 4. the agent gets prices and currency;
 * 5. `claim.finish`.
 *
 * A cut before 5 leaves an unclaimed kit: whoever has the code starts again and overwrites 3 and 4; nobody else can. A
 * cut within 5 is the helper's to repeat: the code stays good until all is applied. A cut after 5, before the answer was
 * seen, leaves a claimed kit whose owner can sign in, and gives the first person a new password on the People page. The
 * other order, password last, could leave a claimed kit that nobody can enter.
 */
export async function applyClaim(services: Services, choices: ClaimChoices, address: string): Promise<ClaimOutcome> {
  const { right, retryAfterSeconds } = await checkCode(services, choices.code, address)
  if (!right)
    return (await isClaimed(services)) ? { kind: 'already-claimed' } : { kind: 'wrong-code', retryAfterSeconds }
  const outcome = turn.then(() => apply(services, choices))
  turn = outcome.catch(() => undefined)
  return outcome
}

async function apply(services: Services, choices: ClaimChoices): Promise<ClaimOutcome> {
  const { helper, owner } = services
  // Somebody else's claim may have come first.
  if (await isClaimed(services)) return { kind: 'already-claimed' }
  const { code, language, timezone, currency, serverName, person } = choices
  const clockSkipped = !(await setClock(services, choices.epochSeconds))
  await owner.setPassword(choices.password)
  const agentSkipped = !(await storePrices(services, choices))
  const { personPassword } = await helper('claim.finish', { code, language, timezone, currency, serverName, person })
  await services.agent.tellPeople(1, [person.id]).catch(() => undefined) // it counts for itself before long
  return { kind: 'done', personPassword, agentSkipped, clockSkipped }
}

async function isClaimed({ readKit }: Services): Promise<boolean> {
  return (await readKit())?.claimed === true
}

/** False when the clock should have been set and was not: a claim must not fail because of that. */
async function setClock({ helper }: Services, epochSeconds: number | null): Promise<boolean> {
  if (epochSeconds === null) return true
  try {
    await helper('clock.confirm', { epochSeconds })
    return true
  } catch (error) {
    if (!(error instanceof HelperRefusal)) throw error
    console.error(`claim: ${error.code}: ${error.message}`)
    return false
  }
}

/** False when the agent does not answer: the household can enter its price later, but must be able to claim now. */
async function storePrices({ agent }: Services, choices: ClaimChoices): Promise<boolean> {
  const { timezone, currency, pricePerKwh } = choices
  try {
    await agent.saveSettings({ ...(await agent.settings()), timezone, currency, pricePerKwh })
    return true
  } catch (error) {
    if (!(error instanceof AgentRefusal)) throw error
    console.error(`claim: ${error.code}: ${error.message}`)
    return false
  }
}
