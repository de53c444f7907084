import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { confirmationOf, currentEntries } from '#agent/ledger/corrections.ts'
import type { Entry } from '#agent/ledger/entry.ts'
import { MemberPasswords } from './security/member-passwords.ts'
import { Browser } from './testing/browser.ts'
import { Refused } from './testing/helper-server.ts'
import { makeTestKit, ownerPassword, type TestKit } from './testing/kit.ts'

let kit: TestKit
let owner: Browser
let ada: Browser
let ben: Browser
beforeAll(async () => {
  kit = await makeTestKit()
  kit.helper.people.push({ id: 'ada', name: 'Ada Lovelace' }, { id: 'ben', name: 'Ben <b>' })
  await kit.startAgent()
  owner = new Browser(kit.app)
  await owner.signIn(ownerPassword)
  ada = await member('ada')
  ben = await member('ben')
})
afterAll(() => kit.stop())

async function member(name: string): Promise<Browser> {
  const browser = new Browser(kit.app)
  expect((await browser.signIn(kit.helper.password, name)).headers.location).toBe('/my')
  await browser.get('/my')
  return browser
}

const partyOf = async (account: string) =>
  (await kit.services.agent.parties()).find((party) => party.account === account)

describe('the sign-in', () => {
  test.each(['ada', 'ADA', '@ada', '@ada@our-house.example', ' ada '])('knows %j', async (name) => {
    const browser = new Browser(kit.app)
    const response = await browser.signIn(kit.helper.password, name)
    expect([response.statusCode, response.headers.location]).toEqual([303, '/my'])
    expect(response.headers['set-cookie']).toContain('Max-Age=1209600')
    expect((await browser.get('/sign-in')).headers.location).toBe('/my')
  })

  test.each([
    ['a wrong password', 'ada', 'wrong'],
    ['no password', 'ada', ''],
    ['the owner’s password', 'ada', ownerPassword],
    ['a name nobody has', 'eve', 'kV9+tQ/2mZ4x'],
    ['a name that is a path', '../ada', 'kV9+tQ/2mZ4x'],
    ['a member’s password without a name', '', 'kV9+tQ/2mZ4x'],
    ['a password of several lines', 'ada', 'kV9\n+tQ'],
    ['a password that is too long', 'ada', 'x'.repeat(300)],
  ])('refuses %s', async (_what, name, password) => {
    const slowed = await makeTestKit() // another throttle
    try {
      slowed.helper.people.push({ id: 'ada', name: 'Ada' })
      const browser = new Browser(slowed.app)
      const response = await browser.signIn(password, name)
      expect(response.statusCode).toBe(422)
      expect(response.body).toContain('id="password-mistake"')
      expect(response.body).not.toContain('kV9')
      expect((await browser.get('/my')).headers.location).toBe('/sign-in')
    } finally {
      await slowed.stop()
    }
  })

  test('of a member does not make guesses of the owner’s password free', async () => {
    const slowed = await makeTestKit()
    try {
      slowed.helper.people.push({ id: 'ada', name: 'Ada' })
      const guesser = new Browser(slowed.app)
      const codes = []
      for (let round = 0; round < 6; round++) {
        await guesser.get('/sign-in')
        codes.push((await guesser.post('/sign-in', { name: '', password: `guess ${round}` })).statusCode)
        const own = new Browser(slowed.app)
        await own.signIn(slowed.helper.password, 'ada')
      }
      expect(codes).toEqual([422, 422, 422, 422, 422, 429])
    } finally {
      await slowed.stop()
    }
  })

  test('leaves nothing of when somebody came', async () => {
    const before = await readFile(`${kit.root.paths.dashboardData}/sessions.json`, 'utf8')
    await ada.get('/my')
    await ada.get('/my/hours')
    expect(await readFile(`${kit.root.paths.dashboardData}/sessions.json`, 'utf8')).toBe(before)
    const theirs = Object.values(JSON.parse(before)).filter((session) => Object.hasOwn(session as object, 'account'))
    for (const session of theirs) expect(Object.keys(session as object).sort()).toEqual(['account', 'ends', 'tag'])
  })

  test('asks the helper for nothing that its audit log would show', () => {
    const verbs = new Set(kit.helper.calls.map(({ verb }) => verb))
    expect([...verbs].sort()).toEqual(['person.check', 'person.tag'])
  })
})

describe('every route', () => {
  test('of the owner’s is closed to members and to who did not sign in, and members’ to all others', async () => {
    const nobody = new Browser(kit.app)
    await nobody.get('/sign-in')
    const closed = kit.app.doors.filter(({ access }) => access === 'owner')
    expect(closed.length).toBeGreaterThan(50)
    const entries = await kit.services.agent.entries()
    const calls = kit.helper.calls.length
    for (const { method, url } of closed) {
      const address = url.replaceAll(/:\w+/g, 'ada')
      const ask = (browser: Browser) => (method === 'POST' ? browser.post(address, {}) : browser.get(address))
      await ada.get('/my')
      const member = await ask(ada)
      if (url === '/') expect([member.statusCode, member.headers.location], url).toEqual([303, '/my'])
      else expect(member.statusCode, `${method} ${url}`).toBe(403)
      expect(member.body, url).not.toContain('href="/settings"')
      const guest = await ask(nobody)
      expect([guest.statusCode, guest.headers.location], `${method} ${url}`).toEqual([303, '/sign-in'])
    }
    for (const { method, url } of kit.app.doors.filter(({ access }) => access === 'member')) {
      const address = url.replaceAll(/:\w+/g, 'ada')
      const ask = (browser: Browser) => (method === 'POST' ? browser.post(address, {}) : browser.get(address))
      await owner.get('/settings')
      const response = await ask(owner)
      expect([response.statusCode, response.headers.location], url).toEqual(
        method === 'POST' ? [403, undefined] : [303, '/'],
      )
      expect((await ask(nobody)).headers.location, url).toBe('/sign-in')
    }
    expect(kit.helper.calls.slice(calls).filter(({ verb }) => verb !== 'person.tag')).toEqual([])
    expect(await kit.services.agent.entries()).toEqual(entries)
  })

  test('is open only where that is meant', () => {
    const open = kit.app.doors.filter(({ access, method }) => access !== 'owner' && method !== 'HEAD')
    const by = (wanted: string) =>
      open.filter(({ access }) => access === wanted).map(({ method, url }) => `${method} ${url}`)
    expect(by('person')).toEqual(['POST /sign-out', 'POST /sign-out/everywhere'])
    expect(by('guest')).toEqual(['GET /sign-in', 'POST /sign-in'])
    expect(by('everybody').every((route) => route.startsWith('GET /assets/'))).toBe(true)
    expect(by('member').every((route) => /^(GET|POST) \/my(\/|$)/.test(route))).toBe(true)
    expect(by('newcomer').every((route) => /^(GET|POST) \/claim/.test(route))).toBe(true)
  })

  test('has a page that says so to a member', async () => {
    const { body } = await ada.get('/settings')
    expect(body).toContain('for the owner of the server')
    expect(body).toContain('href="/my/hours"')
    expect((await ada.get('/nowhere')).statusCode).toBe(403)
  })
})

describe('a member', () => {
  test('sees their own line and nobody else’s', async () => {
    expect((await ada.get('/my')).body).toContain('has not entered any prices yet')
    const settings = await kit.services.agent.settings()
    await kit.services.agent.saveSettings({ ...settings, hardware: { price: '84.00', years: 7 } })
    await kit.services.agent.tellPeople(2, ['ada', 'ben'])
    const { body } = await ada.get('/my')
    expect(body).toMatch(/class="big">0\.50\sEUR/)
    expect(body).toContain('Divided among 2 people')
    expect(body).toContain('never a measure of use')
    expect(body).toContain('counted at night')
    expect(body).not.toMatch(/ben|Ben/)
  })

  test('enters hours, corrects and withdraws them', async () => {
    await ada.get('/my/hours')
    const fields = {
      day: '2026-10-05',
      start: '09:15',
      amount: '1,5',
      activity: 'care',
      engagement: 'volunteer',
      purpose: 'a <backup>',
    }
    for (const [name, value] of [
      ['day', '2026-02-30'],
      ['day', '2999-01-01'],
      ['amount', '25'],
      ['amount', 'two'],
      ['amount', '1,234'],
      ['amount', '1.234'],
      ['start', '9 o’clock'],
    ] as const) {
      const back = await ada.post('/my/hours', { ...fields, [name]: value })
      expect(back.statusCode, value).toBe(422)
      expect(back.body).toContain(`id="work-${name}-mistake"`)
    }
    expect((await ada.post('/my/hours', fields)).headers.location).toBe('/my/hours')
    const page = await ada.get('/my/hours')
    expect(page.body).toContain('a &lt;backup&gt;')
    expect(page.body).toContain('from 09:15')
    const [entry] = await kit.services.agent.entries({ kind: 'work' })
    expect(entry).toMatchObject({
      party: (await partyOf('ada'))?.id,
      source: 'typed-by-person',
      audience: 'party',
      start: '09:15',
      amounts: [{ value: '1.5', unit: 'h' }],
    })
    for (const amount of ['x', '1,234', '25', '0'])
      expect((await ada.post(`/my/hours/${entry?.id}`, { action: 'correct', amount })).statusCode).toBe(422)
    expect((await ada.post(`/my/hours/${entry?.id}`, { action: 'correct', amount: '2' })).statusCode).toBe(303)
    expect((await ada.get('/my/hours')).body).toMatch(/2 h <del>1\.50 h<\/del>/)
    expect((await ada.post(`/my/hours/${entry?.id}`, { action: 'withdraw' })).statusCode).toBe(303)
    expect((await owner.get('/costs/ledger?month=2026-10')).body).toContain('entered by the person')
  })

  test('cannot touch or see what is another’s', async () => {
    const [entry] = await kit.services.agent.entries({ kind: 'work' })
    expect((await ben.get('/my/hours')).body).not.toContain('backup')
    expect((await ben.get(`/my/hours/${entry?.id}`)).statusCode).toBe(404)
    for (const what of ['', '/answer', '/confirm'])
      expect(
        (await ben.post(`/my/hours/${entry?.id}${what}`, { action: 'withdraw', answer: 'acceptance' })).statusCode,
      ).toBe(404)
    // Nor confirm or answer their own, or what is no entry.
    for (const id of [entry?.id, 'x', crypto.randomUUID()])
      for (const what of ['answer', 'confirm'])
        expect((await ada.post(`/my/hours/${id}/${what}`, { answer: 'acceptance' })).statusCode).toBe(404)
  })

  test('lets others confirm hours by showing them, and one of these does', async () => {
    await ada.get('/my/hours')
    await ada.post('/my/hours', {
      day: '2026-10-06',
      amount: '3',
      activity: 'moderation',
      engagement: 'paid',
      purpose: 'reports',
      open: 'yes',
    })
    const shown = await ben.get('/my/hours')
    expect(shown.body).toContain('Ada Lovelace')
    expect(shown.body).toContain('reports')
    expect(shown.body.slice(shown.body.indexOf('Ada Lovelace'))).not.toContain('paid')
    const { toConfirm } = await kit.services.agent.memberHours((await partyOf('ben'))?.id as string)
    expect((await ben.post(`/my/hours/${toConfirm[0]?.id}/confirm`, {})).statusCode).toBe(303)
    expect((await ben.get('/my/hours')).body).not.toContain('reports')
    expect((await ada.get('/my/hours')).body).toContain('confirmed by Ben &lt;b&gt;')
    const [confirmation] = await kit.services.agent.entries({ kind: 'confirmation' })
    expect(confirmation).toMatchObject({ party: (await partyOf('ben'))?.id, source: 'typed-by-person' })
  })

  test('is asked whether hours that the owner entered for them are right, and may contest them', async () => {
    await owner.get('/costs/ledger')
    const enter = (amount: string) =>
      owner.post('/costs/ledger', {
        kind: 'work',
        day: '2026-10-07',
        amount,
        who: 'ada lovelace',
        activity: 'help',
        engagement: 'volunteer',
        purpose: '',
      })
    await enter('4')
    expect((await ada.get('/my')).body).toContain('entered hours for you')
    const [line] = (await kit.services.agent.memberHours((await partyOf('ada'))?.id as string)).own.filter(
      ({ needsAnswer }) => needsAnswer,
    )
    await ada.get('/my/hours')
    expect((await ada.post(`/my/hours/${line?.id}`, { action: 'withdraw' })).statusCode).toBe(404)
    expect((await ada.post(`/my/hours/${line?.id}/answer`, { answer: 'maybe' })).statusCode).toBe(404)
    await ada.post(`/my/hours/${line?.id}/answer`, { answer: 'objection', note: 'it was two' })
    expect((await ada.get('/my')).body).not.toContain('entered hours for you')
    expect((await owner.get('/costs/ledger?month=2026-10')).body).toContain('the person says it is wrong: it was two')
    await owner.get(`/costs/ledger/${line?.id}`)
    await owner.post(`/costs/ledger/${line?.id}`, { action: 'correct', amount: '2', note: 'two it was' })
    // What the owner corrects stays contested until the person says that it is right now.
    expect((await owner.get('/costs/ledger?month=2026-10')).body).toContain('corrected since, and in no report')
    const again = await ada.get('/my/hours')
    expect(again.body).toContain('corrected: two it was')
    expect(again.body).toContain('You said that this is wrong: it was two')
    await ada.post(`/my/hours/${line?.id}/answer`, { answer: 'acceptance' })
    expect((await ada.get('/my')).body).not.toContain('entered hours for you')
    expect((await owner.get('/costs/ledger?month=2026-10')).body).toContain('the person says it is right')
    expect((await owner.get('/costs/ledger?month=2026-10')).body).not.toContain('in no report')
  })

  test('is told what the owner says they confirmed, and whose only where these show it, and says whether it is right', async () => {
    const mine = await partyOf('ben')
    const work = (await kit.services.agent.entries({ kind: 'work' })).filter(({ party }) => party !== mine?.id)
    const open = work.find(({ audience }) => audience === 'members') as Entry
    const closed = work.find(({ audience }) => audience === 'party') as Entry
    for (const entry of [open, closed]) await kit.services.agent.recordEntry(confirmationOf(entry, mine?.id))
    expect((await ben.get('/my')).body).toContain('entered 2 times that you confirmed')
    const { body } = await ben.get('/my/hours')
    expect(body).toContain('You confirmed hours of somebody else')
    expect(body).toMatch(/Ada Lovelace · 3 h · Moderation · reports/)
    expect(body).toContain('does not show them to others')
    const { toAnswer } = await kit.services.agent.memberHours(mine?.id as string)
    const address = (at: number) => `/my/hours/${toAnswer[at]?.id}/answer`
    expect((await ada.post(address(0), { answer: 'acceptance' })).statusCode).toBe(404)
    await ben.post(address(0), { answer: 'acceptance' })
    await ben.get('/my/hours')
    await ben.post(address(1), { answer: 'objection', note: 'never' })
    expect((await ben.get('/my')).body).not.toContain('that you confirmed')
    expect((await ben.get('/my/hours')).body).not.toContain('You confirmed hours')
    expect((await ben.post(address(1), { answer: 'acceptance' })).statusCode).toBe(404)
    const answers = (await kit.services.agent.entries()).filter(({ party }) => party === mine?.id).slice(-2)
    expect(answers.map(({ kind, source }) => [kind, source])).toEqual([
      ['acceptance', 'typed-by-person'],
      ['objection', 'typed-by-person'],
    ])
    const lines = currentEntries(await kit.services.agent.entries())
    expect(lines.find(({ entry }) => entry.id === closed.id)?.confirmedBy).toEqual([])
  })

  test('sees who entered a confirmation of their hours', async () => {
    const entry = (await kit.services.agent.entries({ kind: 'work' })).findLast(
      ({ source }) => source === 'typed',
    ) as Entry
    const { id } = await kit.services.agent.addParty('Zoe')
    await kit.services.agent.recordEntry(confirmationOf(entry, id))
    expect((await ada.get('/my/hours')).body).toContain('confirmed by Zoe, entered by the owner')
    expect((await owner.get('/costs/ledger?month=2026-10')).body).toContain('confirmed by Zoe, entered by the owner')
    await kit.services.agent.eraseParty(id)
  })

  test('finds at their first sign-in what was entered for them before', async () => {
    kit.helper.people.push({ id: 'dora', name: 'Dora D.' })
    const enter = async (who: string) => {
      await owner.get('/costs/ledger')
      const work = { kind: 'work', day: '2026-10-09', amount: '1', who, activity: 'help', engagement: 'volunteer' }
      expect((await owner.post('/costs/ledger', work)).statusCode).toBe(303)
    }
    await enter('Dora')
    await enter('dora d.')
    const dora = await member('dora')
    expect((await dora.get('/my')).body).toContain('entered hours for you 2 times')
    expect((await kit.services.agent.parties()).filter(({ name }) => /dora/i.test(name))).toHaveLength(1)
    kit.helper.people.pop()
  })

  test('takes their own entries along, without what only the owner sees', async () => {
    const { headers, body } = await ada.get('/my/data/export?format=json')
    expect(headers['content-disposition']).toBe('attachment; filename="ledger-ada.json"')
    const id = (await partyOf('ada'))?.id
    const entries = JSON.parse(body) as { party: string; sequence?: number }[]
    expect(entries.length).toBeGreaterThan(5)
    for (const entry of entries) expect([entry.party, entry.sequence]).toEqual([id, undefined])
    const csv = await ada.get('/my/data/export?format=csv')
    expect(csv.body).toContain('Ada Lovelace')
    expect(csv.body).not.toContain('Ben')
    for (const format of ['', 'hledger', 'constructor', '__proto__'])
      expect((await ada.get(`/my/data/export?format=${format}`)).statusCode).toBe(404)
  })

  test('says what may be told of them, and who they are elsewhere', async () => {
    expect((await partyOf('ada'))?.consents).toBeUndefined()
    await ada.get('/my/data')
    expect((await ada.post('/my/data/consents', { 'consent-hours': 'yes' })).body).toContain('Saved.')
    expect((await partyOf('ada'))?.consents).toEqual(['hours'])
    expect((await ada.get('/my/data')).body).toMatch(/id="consent-hours"[^>]* checked/)
    await ada.post('/my/data/consents', {})
    expect((await partyOf('ada'))?.consents).toBeUndefined()
    const wrong = await ada.post('/my/data/actor', { actor: 'javascript:alert(1)' })
    expect(wrong.statusCode).toBe(422)
    expect(wrong.body).toContain('id="actor-mistake"')
    await ada.post('/my/data/actor', { actor: 'https://social.example/users/ada' })
    expect((await partyOf('ada'))?.actor).toBe('https://social.example/users/ada')
    await ada.post('/my/data/actor', { actor: '' })
    expect((await partyOf('ada'))?.actor).toBeUndefined()
    expect((await partyOf('ben'))?.consents).toBeUndefined()
  })
})

describe('the owner', () => {
  test('sees everybody’s share, and the columns add up', async () => {
    const settings = await kit.services.agent.settings()
    await kit.services.agent.saveSettings({ ...settings, hardware: { price: '84.01', years: 7 }, sharing: 'equal' })
    kit.helper.people.push({ id: 'cleo', name: 'Cléo' })
    const { body } = await owner.get('/costs/shares')
    for (const name of ['Ada Lovelace', 'Ben &lt;b&gt;', 'Cléo']) expect(body).toContain(name)
    const { bills } = await kit.services.agent.shares()
    expect(bills.map(({ state }) => state)).toEqual(['so-far', 'expected'])
    for (const { total, shares } of bills) {
      const cents = shares.map(({ range }) => Math.round(Number(range.value.amount) * 100))
      expect(cents).toHaveLength(3)
      expect(cents.reduce((sum, each) => sum + each, 0)).toBe(Math.round(Number(total.value.amount) * 100))
    }
    await owner.post('/costs/shares', { rule: 'storage' })
    expect((await kit.services.agent.settings()).sharing).toBe('storage')
    expect((await ada.get('/my')).body).toContain('own uploads, with what all share')
    expect((await owner.post('/costs/shares', { rule: 'by-looks' })).statusCode).toBe(404)
    expect((await owner.get('/costs/shares?month=2026-10')).statusCode).toBe(200)
  })

  test('alone joins a name the ledger knows to a person who signed in', async () => {
    const known = await kit.services.agent.addParty('Ben <b>')
    await kit.services.agent.recordEntry({
      kind: 'work',
      party: known.id,
      period: { from: '2026-10-08', to: '2026-10-09' },
      amounts: [{ value: '7', unit: 'h' }],
      source: 'typed',
      audience: 'party',
      purpose: 'from before',
    })
    expect((await ben.get('/my/hours')).body).not.toContain('from before')
    const { body } = await owner.get('/people')
    expect(body).toContain('Are they one person?')
    const into = (await partyOf('ben'))?.id as string
    expect((await owner.post('/people/join', { party: known.id, into: 'x' })).statusCode).toBe(404)
    expect((await owner.post('/people/join', { party: into, into: known.id })).statusCode).toBe(422)
    await owner.get('/people')
    expect((await owner.post('/people/join', { party: known.id, into })).statusCode).toBe(303)
    expect((await owner.get('/people')).body).not.toContain('Are they one person?')
    const hours = await ben.get('/my/hours')
    expect(hours.body).toContain('from before')
    expect(hours.body).toContain('is it right?')
  })

  test('erases a name that only the ledger knows, and nobody who has an account', async () => {
    const { id } = await kit.services.agent.addParty('Somebody')
    await owner.get(`/people/erase/${id}`)
    expect((await owner.post(`/people/erase/${(await partyOf('ada'))?.id}`, {})).statusCode).toBe(404)
    expect((await owner.post(`/people/erase/${id}`, {})).statusCode).toBe(303)
    expect((await kit.services.agent.parties()).map((party) => party.id)).not.toContain(id)
  })

  test('reads in the household’s language why somebody could not be added', async () => {
    const add = kit.helper.handlers['person.add']
    await kit.helper.handlers['kit.settings']({ language: 'de' })
    kit.helper.handlers['person.add'] = ({ id }) => {
      throw new Refused('person.reserved', 'It is an address the server needs itself', 'Choose another.', { id })
    }
    try {
      await owner.get('/people')
      const { statusCode, body } = await owner.post('/people', { id: 'oauth', name: 'O. Auth' })
      expect(statusCode).toBe(422)
      expect(body).toContain('„oauth“ ist eine Adresse, die der Server selbst braucht.')
      expect(body).not.toContain('Choose another.')
    } finally {
      kit.helper.handlers['person.add'] = add
      await kit.helper.handlers['kit.settings']({ language: 'en' })
    }
  })

  test('ends a person’s sessions with a new password, and takes the account from the party with its end', async () => {
    const cleo = await member('cleo')
    const before = await partyOf('cleo')
    await owner.get('/people/cleo/reset')
    await owner.post('/people/cleo/reset', {})
    expect((await cleo.get('/my')).headers.location).toBe('/sign-in')
    await cleo.signIn(kit.helper.password, 'cleo')
    await owner.get('/people/cleo/remove')
    await owner.post('/people/cleo/remove', { confirm: 'cleo' })
    expect((await cleo.get('/my')).headers.location).toBe('/sign-in')
    expect(await partyOf('cleo')).toBeUndefined()
    expect((await kit.services.agent.parties()).map(({ id }) => id)).toContain(before?.id)
    kit.helper.people.push({ id: 'cleo', name: 'Another Cléo' })
    await member('cleo')
    expect((await partyOf('cleo'))?.id).not.toBe(before?.id)
  })
})

describe('a session', () => {
  /** A kit of its own whose dashboard thinks that so many seconds have passed when told. */
  async function withMembers(work: (slow: TestKit, pass: (seconds: number) => void) => Promise<void>) {
    const slow = await makeTestKit()
    try {
      slow.helper.people.push({ id: 'ada', name: 'Ada' }, { id: 'ben', name: 'Ben' })
      await slow.startAgent()
      let ahead = 0
      const begun = performance.now() / 1000
      slow.services.memberPasswords = new MemberPasswords(
        async (id) => (await slow.services.helper('person.tag', { id })).tag,
        () => begun + ahead,
      )
      await work(slow, (seconds) => {
        ahead += seconds
      })
    } finally {
      await slow.stop()
    }
  }
  async function signedIn(slow: TestKit, name: string): Promise<Browser> {
    const browser = new Browser(slow.app)
    await browser.signIn(name === '' ? ownerPassword : slow.helper.password, name)
    expect((await browser.get(name === '' ? '/settings' : '/my/data')).statusCode).toBe(200)
    return browser
  }

  test('of a member ends soon after they changed the password elsewhere, on that device and every other', () =>
    withMembers(async (slow, pass) => {
      const [phone, desk, other] = [
        await signedIn(slow, 'ada'),
        await signedIn(slow, 'ada'),
        await signedIn(slow, 'ben'),
      ]
      slow.helper.changePassword('ada')
      pass(180)
      for (const browser of [phone, desk]) {
        const response = await browser.get('/my')
        expect([response.statusCode, response.headers.location]).toEqual([303, '/sign-in?done=password'])
      }
      expect((await phone.get('/sign-in?done=password')).body).toContain('another password now')
      expect((await other.get('/my')).statusCode).toBe(200)
      // Who signs in with the new one stays, and the old cookie is good for nothing.
      await signedIn(slow, 'ada')
      expect((await desk.get('/my')).headers.location).toBe('/sign-in')
    }))

  test('of a member is looked at for a form as well, and rarely', () =>
    withMembers(async (slow, pass) => {
      const browser = await signedIn(slow, 'ada')
      for (let visit = 0; visit < 5; visit++) await browser.get('/my')
      expect(slow.helper.called('person.tag')).toHaveLength(1)
      slow.helper.changePassword('ada')
      pass(180)
      const response = await browser.post('/my/data/actor', { actor: 'https://social.example/users/eve' })
      expect(response.headers.location).toBe('/sign-in?done=password')
      expect(JSON.stringify(await slow.services.agent.parties())).not.toContain('eve')
    }))

  test('of a member whose password no longer counts ends no others', () =>
    withMembers(async (slow, pass) => {
      const stolen = await signedIn(slow, 'ada')
      slow.helper.changePassword('ada')
      const own = await signedIn(slow, 'ada')
      pass(180)
      const response = await stolen.post('/sign-out/everywhere', {})
      expect(response.headers.location).toBe('/sign-in?done=password')
      expect((await own.get('/my')).statusCode).toBe(200)
    }))

  test('of an account that is gone ends, and one that nobody can judge shows nothing', () =>
    withMembers(async (slow, pass) => {
      const [ada, ben] = [await signedIn(slow, 'ada'), await signedIn(slow, 'ben')]
      slow.helper.people.splice(0, 1)
      pass(180)
      expect((await ada.get('/my')).headers.location).toBe('/sign-in?done=password')
      await slow.helper.stop()
      expect((await ben.get('/my')).statusCode).toBe(502)
      expect((await ben.post('/sign-out', {})).headers.location).toBe('/sign-in?done=signed-out')
      await slow.helper.start()
    }))

  test('ends at once with a password that the owner sets anew', () =>
    withMembers(async (slow) => {
      const [owner, ada] = [await signedIn(slow, ''), await signedIn(slow, 'ada')]
      await owner.get('/people/ada/reset')
      await owner.post('/people/ada/reset', {})
      expect((await ada.get('/my')).headers.location).toBe('/sign-in')
    }))

  test.each([
    ['ada', '/my/data'],
    ['', '/settings'],
  ])('of %j ends everywhere when they say so, and nobody else’s', (name, page) =>
    withMembers(async (slow) => {
      const [here, there, other] = [
        await signedIn(slow, name),
        await signedIn(slow, name),
        await signedIn(slow, name === '' ? 'ada' : ''),
      ]
      expect((await here.get(page)).body).toContain('action="/sign-out/everywhere"')
      expect((await here.post('/sign-out/everywhere', { csrf: 'made-up' })).statusCode).toBe(403)
      expect((await there.get(page)).statusCode).toBe(200)
      await here.get(page)
      const response = await here.post('/sign-out/everywhere', {})
      expect(response.headers.location).toBe('/sign-in?done=everywhere')
      expect(response.headers['set-cookie']).toContain('Max-Age=0')
      expect((await here.get('/sign-in?done=everywhere')).body).toContain('on all devices')
      for (const browser of [here, there]) expect((await browser.get(page)).headers.location).toBe('/sign-in')
      expect((await other.get(name === '' ? '/my' : '/settings')).statusCode).toBe(200)
    }),
  )

  test('of the owner ends on every other device with a new owner’s password', () =>
    withMembers(async (slow) => {
      const [here, there] = [await signedIn(slow, ''), await signedIn(slow, '')]
      await here.get('/settings')
      const [password, again] = ['another horse battery', 'another horse battery']
      expect((await here.post('/settings/password', { present: ownerPassword, password, again })).statusCode).toBe(200)
      expect((await here.get('/settings')).statusCode).toBe(200)
      expect((await there.get('/settings')).headers.location).toBe('/sign-in')
    }))
})

test('a member erases themselves in two steps, and is signed out everywhere', async () => {
  const phone = await member('ben')
  const { id } = (await partyOf('ben')) as { id: string }
  const page = await ben.get('/my/data/erase')
  expect(page.body).toContain('deleted for good')
  expect((await ben.post('/my/data/erase', { confirm: 'yes' })).statusCode).toBe(422)
  expect(await kit.services.agent.entries({ party: id })).not.toEqual([])
  const done = await ben.post('/my/data/erase', { confirm: 'ben' })
  expect(done.headers.location).toBe('/sign-in?done=erased')
  expect((await ben.get('/sign-in?done=erased')).body).toContain('is erased')
  expect(JSON.stringify(await kit.services.agent.entries())).not.toContain(id)
  expect(await partyOf('ben')).toBeUndefined()
  for (const browser of [ben, phone]) expect((await browser.get('/my')).headers.location).toBe('/sign-in')
  // What Ben confirmed is erased with him: Ada's hours are as they were before.
  const { body } = await ada.get('/my/hours')
  expect(body).toContain('reports')
  expect(body).not.toMatch(/Ben|confirmed by/)
})

test.each(['de', 'fr', 'en'])('all pages speak %s', async (language) => {
  await kit.helper.handlers['kit.settings']({ language })
  for (const [browser, address] of [
    [ada, '/my'],
    [ada, '/my/hours'],
    [ada, '/my/data'],
    [ada, '/my/data/erase'],
    [owner, '/costs/shares'],
    [owner, '/people'],
  ] as const) {
    const { statusCode, body } = await browser.get(address)
    expect([statusCode, address]).toEqual([200, address])
    expect(body).toContain(`<html lang="${language}">`)
    expect(body).not.toMatch(/undefined|\[object|=>/)
  }
})
