import { expect, test } from 'vitest'
import type { Caller } from './protocol.ts'
import { Refusal } from './refusal.ts'
import { verbs } from './verbs.ts'

const finish = {
  code: 'ABCD-EFGH-JKMN',
  language: 'de',
  timezone: 'Europe/Berlin',
  currency: 'EUR',
  serverName: null,
  person: { id: 'anna', name: 'Anna Öhm' },
}

test.each<[Caller, string, unknown]>([
  ['dashboard', 'claim.check', { code: 'abcd efgh jkmn' }],
  ['dashboard', 'claim.finish', finish],
  ['dashboard', 'claim.finish', { ...finish, serverName: 'home.example.org', timezone: 'UTC', currency: 'CHF' }],
  ['dashboard', 'clock.confirm', { epochSeconds: 1_795_000_000 }],
  ['dashboard', 'kit.settings', {}],
  ['dashboard', 'kit.settings', { language: 'fr' }],
  ['dashboard', 'kit.rename', { hostname: 'hearth-7f3b' }],
  ['dashboard', 'kit.restart', {}],
  ['dashboard', 'person.remove', { id: 'anna_2' }],
  ['dashboard', 'service.log', { name: 'server', lines: 200 }],
  ['dashboard', 'disk.move', { name: 'nvme0n1', confirm: 'sda' }],
  ['agent', 'slot.good', {}],
  ['agent', 'person.list', {}],
])('%s may say %s %j', (caller, verb, args) => {
  expect(verbs[caller][verb]?.check(args, 'args')).toEqual(args)
})

test.each<[string, unknown, RegExp]>([
  ['claim.check', { code: '' }, /args\.code must be a claim code/],
  ['claim.check', { code: 'x'.repeat(300) }, /args\.code/],
  ['claim.check', { code: 12345678 }, /must be text/],
  ['claim.check', { code: ['A'] }, /must be text/],
  ['claim.check', {}, /args\.code is missing/],
  ['claim.check', Object.create({ code: 'ABCDEFGH' }), /args\.code is missing/],
  ['claim.check', null, /must be an object/],
  ['claim.check', { code: 'A', hasOwnProperty: 1 }, /unknown key/],
  ['claim.finish', { ...finish, serverName: undefined }, /serverName must be text/],
  ['claim.finish', { ...finish, serverName: 'localhost' }, /public name/],
  ['claim.finish', { ...finish, serverName: 'kit.local' }, /public name/],
  ['claim.finish', { ...finish, serverName: '192.168.1.1' }, /public name/],
  ['claim.finish', { ...finish, serverName: 'example.org/../x' }, /public name/],
  ['claim.finish', { ...finish, timezone: '../../etc/shadow' }, /time zone/],
  ['claim.finish', { ...finish, timezone: 'Europe/Atlantis' }, /time zone/],
  ['claim.finish', { ...finish, currency: 'eur' }, /currency/],
  ['claim.finish', { ...finish, currency: 'XQQ' }, /currency/],
  ['claim.finish', { ...finish, language: 'tlh' }, /one of en, de, fr/],
  ['claim.finish', { ...finish, person: { id: 'anna; reboot', name: 'A' } }, /args\.person\.id/],
  ['claim.finish', { ...finish, person: { id: '-rf', name: 'A' } }, /args\.person\.id/],
  ['claim.finish', { ...finish, person: { id: 'anna', name: 'A\nB' } }, /args\.person\.name/],
  ['claim.finish', { ...finish, person: { id: 'anna', name: '\ud800' } }, /args\.person\.name/],
  ['claim.finish', { ...finish, person: { id: 'anna', name: 'A', admin: true } }, /unknown key 'admin'/],
  ['clock.confirm', { epochSeconds: 1.5 }, /whole number/],
  ['clock.confirm', { epochSeconds: Number.NaN }, /whole number/],
  ['clock.confirm', { epochSeconds: '1795000000' }, /whole number/],
  ['clock.confirm', { epochSeconds: -1 }, /whole number/],
  ['kit.settings', { hostname: 'x' }, /unknown key/],
  ['kit.settings', { language: null }, /one of/],
  ['kit.rename', { hostname: 'Hearth' }, /host name/],
  ['kit.rename', { hostname: '-hearth' }, /host name/],
  ['kit.rename', { hostname: 'a'.repeat(64) }, /host name/],
  ['kit.restart', { when: 'now' }, /unknown key/],
  ['person.remove', { id: '../anna' }, /letters, digits/],
  ['service.restart', { name: 'sshd.service' }, /one of server/],
  ['service.restart', { name: '__proto__' }, /one of server/],
  ['service.log', { name: 'server', lines: 0 }, /from 1 to 1000/],
  ['service.log', { name: 'server', lines: 1e9 }, /from 1 to 1000/],
  ['disk.move', { name: '../sda', confirm: '../sda' }, /name of a disk/],
])('refuses %s %j', (verb, args, message) => {
  const check = () => verbs.dashboard[verb]?.check(args, 'args')
  expect(check).toThrow(Refusal)
  expect(check).toThrow(message)
})

test('no key of the caller reaches the prototype of what was checked', () => {
  const args = JSON.parse('{"code":"ABCDEFGH","__proto__":{"polluted":true}}')
  expect(() => verbs.dashboard['claim.check']?.check(args, 'args')).toThrow(/unknown key '__proto__'/)
  expect(Object.prototype).not.toHaveProperty('polluted')
})

test('only what tells that a person is here leaves no line in the audit log', () => {
  const all = Object.entries({ ...verbs.dashboard, ...verbs.agent })
  expect(all.filter(([, { audited }]) => !audited).map(([name]) => name)).toEqual(['person.check', 'person.tag'])
})

test('every verb that takes a code or password keeps it out of the audit log', () => {
  const secretsOf: Record<string, string[]> = { 'person.check': ['id', 'password'], 'person.tag': ['id'] }
  for (const [name, { secrets }] of Object.entries(verbs.dashboard))
    expect(secrets, name).toEqual(name.startsWith('claim.') ? ['code'] : (secretsOf[name] ?? []))
})
