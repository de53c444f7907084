import { checkClaim, endClaim } from '../setup/claim.ts'
import { removeClaimFile } from '../setup/seed-store.ts'
import { changeSettings } from './kit.ts'
import { changeKit, kitFacts, refreshNetwork, setNames } from './names.ts'
import * as people from './people.ts'
import type { DashboardVerbs } from './protocol.ts'
import { Refusal } from './refusal.ts'
import type { World } from './world.ts'

type Choices = DashboardVerbs['claim.finish']['args']

export function check({ paths }: World, { code }: { code: string }): Promise<DashboardVerbs['claim.check']['result']> {
  return checkClaim(paths, code)
}

/**
 * Applies the household's choices and uses the code up. Each step can be repeated, and the code is accepted until the last
 * one, so that after a cut the same call goes on; the person's password is then another one.
 * @throws Refusal for a wrong code, or a person that cannot be made
 */
export async function finish(world: World, choices: Choices): Promise<DashboardVerbs['claim.finish']['result']> {
  const { code, language, timezone, currency, serverName, person } = choices
  const { paths } = world
  const { right, retryAfterSeconds } = await checkClaim(paths, code)
  if (!right)
    throw new Refusal({
      code: 'claim.wrong',
      message: 'The claim code is not right, or the kit is already claimed.',
      next: retryAfterSeconds > 0 ? `Wait ${retryAfterSeconds} s and try again.` : 'Check the code and try again.',
      facts: { seconds: retryAfterSeconds },
    })
  await changeSettings(world, { language, timezone, currency })
  const { hostname } = await kitFacts(world)
  await setNames(world, { hostname, serverName })
  const personPassword = await firstPassword(world, person)
  await changeKit(world, { claimed: true })
  await endClaim(paths)
  await forgetCode(world)
  return { personPassword }
}

/** The code no longer opens anything: failing to take it off the medium and the screen must not cost the password. */
async function forgetCode(world: World): Promise<void> {
  for (const task of [() => removeClaimFile(world.paths, world.run), () => refreshNetwork(world)]) {
    await task().catch((error) => world.log(`the used claim code is still shown: ${error}`))
  }
}

/** The person may be there already: then a cut came after it was made, and its password was never shown. */
async function firstPassword(world: World, person: Choices['person']): Promise<string> {
  const { people: present } = await people.people(world)
  if (present.some(({ id }) => id === person.id)) return (await people.reset(world, person)).password
  return (await people.add(world, person)).password
}
