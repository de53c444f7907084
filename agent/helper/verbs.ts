import { isHostname, isServerName, isTimezone, languages } from '../setup/names.ts'
import { type Check, object, oneOf, orNull, text, whole } from './arguments.ts'
import * as claim from './claim.ts'
import { confirmClock } from './clock.ts'
import { listDisks, moveToDisk } from './disks.ts'
import { changeSettings, nameServer, powerOff, renameKit, restartKit } from './kit.ts'
import { refreshTls } from './names.ts'
import * as people from './people.ts'
import type { AgentVerbs, Caller, DashboardVerbs } from './protocol.ts'
import { listServices, restartService, serviceLog, serviceNames } from './services.ts'
import { slotIsGood } from './slot.ts'
import { storageUse } from './storage.ts'
import type { World } from './world.ts'

/** One verb, its types forgotten: what `check` lets through is what `run` takes. */
export interface Verb {
  check: Check<object>
  /** Calls of one group run one after the other. */
  group: string
  /** Arguments that never reach the audit log. */
  secrets: readonly string[]
  /** Whether each call is written to the audit log. */
  audited: boolean
  run(world: World, args: object): Promise<object>
}

export type VerbTable = Readonly<Record<string, Verb>>

interface Options<Args> {
  group: string
  secrets?: readonly (keyof Args & string)[]
  /** Refused while the kit is being copied to another disk, and after: the change would be lost. */
  changesData?: boolean
  /** False where a line would tell when somebody was here, and nothing is changed. */
  audited?: boolean
}

function verb<Args extends object, Result extends object>(
  check: Check<Args>,
  run: (world: World, args: Args) => Promise<Result>,
  { group, secrets = [], changesData = false, audited = true }: Options<Args>,
): Verb {
  return {
    check,
    group,
    secrets,
    audited,
    async run(world, args) {
      if (changesData) await world.move.assertDataMayChange()
      return run(world, args as Args)
    },
  }
}

const nothing = object<Record<never, never>>({})
const code = text(256, 'a claim code')
const language = oneOf(languages)
const timezone = text(64, 'a time zone such as Europe/Berlin', isTimezone)
const currency = text(3, 'a currency such as EUR', isCurrency)
const hostname = text(63, 'a host name: a to z, 0 to 9 and inner hyphens', isHostname)
const serverName = text(253, 'a public name such as example.org', isServerName)
const personId = text(30, '1 to 30 letters, digits or _', (id) => /^[A-Za-z0-9_]+$/.test(id))
const person = object<{ id: string; name: string }>({ id: personId, name: text(100, '1 to 100 characters') })
const password = text(256, 'a password of 1 to 256 characters')
const onePerson = object<{ id: string }>({ id: personId })
const diskName = text(32, 'the name of a disk', (name) => /^[a-z0-9]+$/.test(name))
const service = oneOf(serviceNames)
const earliest = Date.UTC(2020, 0) / 1000
const latest = Date.UTC(2100, 0) / 1000

const dashboard: Record<keyof DashboardVerbs, Verb> = {
  'claim.check': verb(object<{ code: string }>({ code }), claim.check, { group: 'claim', secrets: ['code'] }),
  'claim.finish': verb(
    object<DashboardVerbs['claim.finish']['args']>({
      code,
      language,
      timezone,
      currency,
      serverName: orNull(serverName),
      person,
    }),
    claim.finish,
    { group: 'kit', secrets: ['code'], changesData: true },
  ),
  'clock.confirm': verb(object<{ epochSeconds: number }>({ epochSeconds: whole(earliest, latest) }), confirmClock, {
    group: 'clock',
  }),
  'kit.settings': verb(
    object<DashboardVerbs['kit.settings']['args']>({}, { language, timezone, currency }),
    changeSettings,
    { group: 'kit', changesData: true },
  ),
  'kit.rename': verb(object<{ hostname: string }>({ hostname }), renameKit, { group: 'kit', changesData: true }),
  'kit.restart': verb(nothing, restartKit, { group: 'kit' }),
  'kit.poweroff': verb(nothing, powerOff, { group: 'kit' }),
  'server.name': verb(object<{ name: string }>({ name: serverName }), nameServer, { group: 'kit', changesData: true }),
  'person.list': verb(nothing, people.people, { group: 'kit' }),
  'person.add': verb(person, people.add, { group: 'kit', changesData: true }),
  'person.reset': verb(onePerson, people.reset, { group: 'kit', changesData: true }),
  'person.remove': verb(onePerson, people.remove, { group: 'kit', changesData: true }),
  'person.check': verb(object<{ id: string; password: string }>({ id: personId, password }), people.check, {
    group: 'passwords',
    secrets: ['id', 'password'],
    audited: false,
  }),
  'person.tag': verb(onePerson, people.tag, { group: 'passwords', secrets: ['id'], audited: false }),
  'service.list': verb(nothing, listServices, { group: 'services' }),
  'service.restart': verb(object<{ name: (typeof serviceNames)[number] }>({ name: service }), restartService, {
    group: 'services',
    changesData: true,
  }),
  'service.log': verb(
    object<DashboardVerbs['service.log']['args']>({ name: service, lines: whole(1, 1000) }),
    serviceLog,
    { group: 'services' },
  ),
  'disk.list': verb(nothing, listDisks, { group: 'disks' }),
  'disk.move': verb(object<{ name: string; confirm: string }>({ name: diskName, confirm: diskName }), moveToDisk, {
    group: 'kit',
  }),
}

const agent: Record<keyof AgentVerbs, Verb> = {
  'storage.use': verb(nothing, storageUse, { group: 'storage' }),
  'person.list': verb(nothing, people.people, { group: 'kit' }),
  'slot.good': verb(nothing, slotIsGood, { group: 'slot', changesData: true }),
  'tls.refresh': verb(nothing, refreshTls, { group: 'kit', changesData: true }),
}

/** Everything the helper does, by who may ask for it. */
export const verbs: Record<Caller, VerbTable> = { dashboard, agent }

function isCurrency(code: string): boolean {
  return Intl.supportedValuesOf('currency').includes(code)
}
