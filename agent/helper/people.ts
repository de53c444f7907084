import {
  addPerson,
  checkPassword,
  keptPassword,
  listPeople,
  PersonError,
  removePerson,
  resetPassword,
} from '../setup/people.ts'
import { passwordTag } from './password-tag.ts'
import type { DashboardVerbs } from './protocol.ts'
import { Refusal } from './refusal.ts'
import type { World } from './world.ts'

type Result<Verb extends keyof DashboardVerbs> = Promise<DashboardVerbs[Verb]['result']>

export async function people({ paths }: World): Result<'person.list'> {
  return { people: await listPeople(paths) }
}

/** @throws Refusal when the id is taken or not one */
export async function add({ paths, run }: World, person: { id: string; name: string }): Result<'person.add'> {
  return { password: await refusing(addPerson(paths, person, run)) }
}

/** @throws Refusal when there is no such person */
export async function reset({ paths, run }: World, { id }: { id: string }): Result<'person.reset'> {
  return { password: await refusing(resetPassword(paths, id, run)) }
}

/** @throws Refusal when there is no such person */
export async function remove({ paths, run }: World, { id }: { id: string }): Result<'person.remove'> {
  await refusing(removePerson(paths, id, run))
  return {}
}

/** Whether somebody knows the password of an account: how people sign in to the dashboard. */
export async function check(
  { paths }: World,
  { id, password }: { id: string; password: string },
): Result<'person.check'> {
  const right = await checkPassword(paths, id, password)
  if (right === null) return { person: null }
  return { person: { ...right.person, tag: await passwordTag(paths, right.kept) } }
}

/** By what the dashboard sees that a password was changed, on the server's own pages or anywhere else. */
export async function tag({ paths }: World, { id }: { id: string }): Result<'person.tag'> {
  const kept = await keptPassword(paths, id)
  return { tag: kept === null ? null : await passwordTag(paths, kept) }
}

/** A person's error is for the page. */
async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (!(cause instanceof PersonError)) throw cause
    const { code, message, next, id } = cause
    throw new Refusal({ code: `person.${code}`, message, next, facts: { id } }, { cause })
  }
}
