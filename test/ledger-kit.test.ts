import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Bill, HourlyReading, Summary } from '#agent/api.ts'
import type { Entry } from '#agent/ledger/entry.ts'
import { Journal, type Party } from '#agent/ledger/journal.ts'
import { Ledger } from '#agent/ledger/ledger.ts'
import { meteredDays } from '#agent/ledger/metered-days.ts'
import { machineOf, publishedModel } from '#agent/meters/power-model.ts'
import { committed } from '#agent/publish/commitment.ts'
import { checkProof, proveEntry } from '#agent/publish/prove.ts'
import type { Report } from '#agent/publish/report.ts'
import { addresses, HomeNetwork, port } from './kit/home-network.ts'
import { complaints, type Kit, settled, startKit } from './kit/kit.ts'
import { transferScript } from './kit/transfer-script.ts'

// One kit on a network of its own, in three starts: with a card that cuts and joins segments, with one that does not, and
// after its power was pulled. Each test goes on where the one before it stopped.

const mebibyte = 1024 ** 2
/** The agent's cycle, and some more for a guest that is slow. */
const cycleMs = 75_000
const agentFolder = '/data/hearth/agent'

let network: HomeNetwork
let kit: Kit
let began: number
/** Where copies of the kit's databases are put. */
let copies: string

beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('test/ledger-kit.test.ts needs root: run it by `hearth test`, as root')
  copies = mkdtempSync(path.join(tmpdir(), 'ledger-kit-'))
  network = await HomeNetwork.make()
  began = Date.now()
  await start(true, false)
}, 900_000)

afterAll(async () => {
  await kit?.guest.powerOff()
  network?.remove()
  rmSync(copies, { recursive: true, force: true })
})

describe('what a household enters', () => {
  it('is taken on the command line', async () => {
    for (const line of [
      'work 1.5 --who "Ada Brandnewname" --activity moderation',
      'work 2 --who "Ada Brandnewname" --activity care',
      'donation 20 --who Bob',
      'work 0.5 --who Bob --activity care',
    ])
      await kit.guest.run(`hearth ledger add ${line}`)
    expect(await kit.guest.run('hearth ledger show')).toMatch(/20 \w+ +donation, Bob/)
  })
})

describe('known transfers agree with both ends’ interfaces', () => {
  it('with offloads', { timeout: 900_000 }, async () => {
    await agreeOn(
      { neighbour: { up: 10 * mebibyte, down: 60 * mebibyte }, far: { up: 40 * mebibyte, down: 10 * mebibyte } },
      'with offloads',
    )
  })
})

describe('a known load', () => {
  it('moves the model as published, and belongs to what made it', { timeout: 900_000 }, async () => {
    await kit.guest.run(
      'systemd-run --quiet --unit=burn --property=RuntimeMaxSec=300 sh -c "while :; do :; done" && sleep 1 && systemctl is-active burn',
    )
    await sleep(cycleMs) // the cycle under way has some of the time before in it
    const busyBefore = await processors()
    const before = await readings()
    const servicesBefore = await services()
    await sleep(2 * cycleMs)
    const after = await readings()
    const busyAfter = await processors()
    const servicesAfter = await services()
    await kit.guest.run('systemctl stop burn', { allowFailure: true })

    const seconds = after.seconds - before.seconds
    expect(seconds, 'two cycles were noted').toBeGreaterThan(100)
    const load = (after.cpuSeconds - before.cpuSeconds) / seconds
    const own = (busyAfter.busy - busyBefore.busy) / (busyAfter.total - busyBefore.total)
    expect(load, `the guest’s own /proc/stat says ${own.toFixed(3)}`).toBeCloseTo(own, 1)
    expect(load, 'one of two processors is busy').toBeGreaterThan(0.45)

    const model = publishedModel(
      machineOf({ deviceTree: '', product: '', cpu: '', virtual: true, architecture: 'x64' }),
    )
    const expected = model.watts(load)
    const watts = (name: 'energyWh' | 'energyLowWh' | 'energyHighWh') => ((after[name] - before[name]) * 3600) / seconds
    for (const [name, bound] of [
      ['energyWh', 'value'],
      ['energyLowWh', 'low'],
      ['energyHighWh', 'high'],
    ] as const)
      expect(
        Math.abs(watts(name) / expected[bound] - 1),
        `${name}: ${watts(name)} W, published ${expected[bound]} W`,
      ).toBeLessThan(0.02)

    const grown = (id: string) => (servicesAfter[id] ?? 0) - (servicesBefore[id] ?? 0)
    expect(grown('system') / seconds, 'the loop belongs to no service of ours').toBeGreaterThan(0.8)
    expect(grown('server') + grown('web') + grown('agent'), 'idle services').toBeLessThan(grown('system') / 4)
  })
})

describe('after a restart, with a card that does nothing for the processor', () => {
  it('the ledger is as it was, and the time it was off is a gap', { timeout: 900_000 }, async () => {
    const shown = await kit.guest.run('hearth ledger show')
    const { seconds } = await totals()
    const gapBefore = await gap()
    await kit.guest.powerOff()
    const off = Date.now()
    await sleep(20_000)
    await start(false, true)
    expect(await kit.guest.run('hearth ledger show')).toBe(shown)
    expect((await totals()).seconds, 'a clean stop writes everything').toBeGreaterThan(seconds - 2)
    const grown = (await gap()) - gapBefore
    expect(grown, 'the gap holds the time off').toBeGreaterThanOrEqual(20)
    expect(grown, 'and no more than off, start and the minute that is under way').toBeLessThan(
      (Date.now() - off) / 1000 + 60,
    )
  })

  it('known transfers agree without offloads', { timeout: 900_000 }, async () => {
    await agreeOn(
      { neighbour: { up: 5 * mebibyte, down: 40 * mebibyte }, far: { up: 25 * mebibyte, down: 8 * mebibyte } },
      'without offloads',
    )
  })
})

describe('a clock that leaps', () => {
  it('years forwards and years back loses no second and notes none twice', { timeout: 900_000 }, async () => {
    const before = await totals()
    for (const years of [3, -2]) {
      await kit.guest.run(`date -s @$(( ${Math.floor(Date.now() / 1000)} + ${years} * 31557600 ))`)
      await sleep(cycleMs)
    }
    await setClock()
    await sleep(cycleMs)
    const after = await totals()
    const passed = after.uptime - before.uptime
    // In all hours of all years; the agent was started once between, to look at its database.
    const noted = after.seconds - before.seconds
    expect(noted, `${noted} s were noted in ${passed} s`).toBeLessThan(passed + 1)
    expect(noted, `${noted} s were noted in ${passed} s`).toBeGreaterThan(passed - 60)
    expect(await kit.guest.run('hearth ledger show'), 'the ledger answers').toMatch(/donation, Bob/)
  })
})

describe('power pulled in the middle', () => {
  it('loses no acknowledged entry, and nothing that was written', { timeout: 900_000 }, async () => {
    const before = await totals()
    // Not waited for: it never ends.
    void kit.guest
      .run(
        'i=0; while [ $i -lt 200 ]; do i=$((i+1)); hearth ledger add donation $i --who Bob --note "cut $i" >/dev/null && echo "acknowledged $i" >/dev/ttyS0; done',
        { timeoutSeconds: 240, allowFailure: true },
      )
      .catch(() => '')
    await kit.guest.waitForSerial(/acknowledged 3\r?\n/, 240)
    kit.guest.pullPlug()
    expect(await kit.guest.ended(30), 'QEMU is gone').toBe(true)
    const acknowledged = [...kit.guest.serial().matchAll(/acknowledged (\d+)\r?\n/g)].map(
      ([, number]) => `cut ${number}`,
    )
    await start(false, true)
    const { entries } = JSON.parse(await askAgent('GET', '/v1/entries?kind=donation')) as { entries: Entry[] }
    const cut = entries.flatMap(({ note = '' }) => (note.startsWith('cut ') ? [note] : []))
    expect(cut, 'every gift that was acknowledged').toEqual(expect.arrayContaining(acknowledged))
    expect(new Set(cut).size, 'none twice').toBe(cut.length)
    expect((await totals()).seconds, 'readings that were written').toBeGreaterThan(before.seconds - 2)
    const { problems } = JSON.parse(await askAgent('GET', '/v1/summary')) as Summary
    const damage = problems.filter(({ id }) => /^(ledger|journal)\./.test(id))
    expect(damage, 'no database was damaged').toEqual([])
  })
})

describe('the databases, looked at from outside', () => {
  let folder: string

  it('are whole', { timeout: 300_000 }, async () => {
    folder = await copyOut('before')
    for (const name of ['ledger.db', 'journal.db']) {
      const database = new DatabaseSync(path.join(folder, name))
      expect(database.prepare('PRAGMA integrity_check').all(), name).toEqual([{ integrity_check: 'ok' }])
      database.close()
    }
  })

  it('have no hour twice, none with more seconds than it has, and nothing below zero', () => {
    const database = new DatabaseSync(path.join(folder, 'ledger.db'), { readOnly: true })
    const rows = database.prepare('SELECT * FROM readings').all() as Record<string, number>[]
    database.close()
    expect(rows.length).toBeGreaterThan(2)
    for (const row of rows) {
      const below = Object.entries(row).filter(([, value]) => value < 0)
      expect(below, new Date((row.hour ?? 0) * 1000).toISOString()).toEqual([])
    }
    const byHour = Map.groupBy(rows, ({ hour }) => hour)
    for (const [hour, parts] of byHour) {
      const seconds = parts.reduce((sum, row) => sum + (row.seconds ?? 0), 0)
      expect(seconds, new Date((hour ?? 0) * 1000).toISOString()).toBeLessThanOrEqual(3601)
    }
    const all = rows.reduce((sum, row) => sum + (row.seconds ?? 0), 0)
    const elapsed = (Date.now() - began) / 1000
    expect(all, `${all} s were read in ${elapsed} s`).toBeLessThan(elapsed)
    expect(
      new Set(rows.map(({ hour }) => new Date((hour ?? 0) * 1000).getUTCFullYear())).size,
      'years',
    ).toBeGreaterThan(1)
  })

  it('give each day once, and all of its energy', () => {
    const now = Date.now() + 3 * 86_400_000
    const ledger = new Ledger(folder, () => now)
    const clock = { now: () => now, trusted: () => true }
    const journal = new Journal({ folder, clock })
    const input = { now, zone: 'UTC', instance: 'hearth.example', since: ledger.firstHour() ?? now }
    const { drafts } = meteredDays({ ...input, readings: ({ start, end }) => ledger.entries(start, end) })
    journal.recordAll(drafts)
    journal.recordAll(drafts)
    const days = journal.entries({ kind: 'power' })
    expect(days.length).toBeGreaterThanOrEqual(1)
    expect(new Set(days.map(({ period }) => period.from)).size, 'no day twice').toBe(days.length)
    const entered = days.reduce((sum, { amounts }) => sum + Number(amounts[0]?.value), 0)
    const firstDay = Math.floor(input.since / 86_400_000) * 86_400_000
    const read = ledger.entries(firstDay, now - 86_400_000).reduce((sum, { energy }) => sum + energy, 0) / 1e9
    expect(entered).toBeCloseTo(read, 6)
    ledger.stop()
    journal.stop()
  })
})

describe('erasing a person', () => {
  it('leaves every other proof valid, and nothing of the person', { timeout: 300_000 }, async () => {
    const before = await copyOut('to-prove')
    const journal = new Journal({ folder: before, clock: { now: Date.now, trusted: () => true } })
    const leaves = journal.leaves()
    const commitment = { from: 1, to: leaves.length, filling: Buffer.alloc(32).toString('base64') }
    const report = { entries: committed(leaves, commitment) } as Report
    const entries = journal.entries()
    const proofs = entries.map((entry) => proveEntry(entry, journal.salt(entry.id) as Buffer, leaves, commitment))
    const ada = journal.parties().find(({ name }) => name.startsWith('Ada')) as Party
    journal.stop()
    const about = entries.filter(({ party }) => party === ada.id).map(({ id }) => id)
    expect(about).toHaveLength(2)

    const { erased } = JSON.parse(await askAgent('POST', '/v1/parties/erase', { id: ada.id })) as { erased: number }
    expect(erased).toBe(2)
    const after = await copyOut('erased')
    const left = new Journal({ folder: after, clock: { now: Date.now, trusted: () => true } })
    expect(committed(left.leaves(), commitment), 'the root').toEqual(report.entries)
    for (const proof of proofs.filter(({ entry }) => !about.includes(entry.id))) {
      expect(checkProof(proof, report), `entry ${proof.entry.sequence}`).toBe(true)
      const salt = left.salt(proof.entry.id) as Buffer
      const anew = proveEntry(left.entry(proof.entry.id) as Entry, salt, left.leaves(), commitment)
      expect(checkProof(anew, report), `entry ${proof.entry.sequence}, proved anew`).toBe(true)
    }
    for (const id of about) expect([left.entry(id), left.salt(id)]).toEqual([null, null])
    left.stop()
    expect(readFileSync(path.join(after, 'journal.db')).includes('Brandnewname'), 'the name in the file').toBe(false)
    expect(await kit.guest.run('hearth ledger show')).not.toContain('Ada')
  })
})

/** Starts the kit, gives it its addresses, and says that its clock is right. */
async function start(offloads: boolean, again: boolean): Promise<void> {
  kit = await startKit('ledger-kit', { again, tap: network.tap(offloads) })
  expect(await settled(kit.guest, 600), await complaints(kit.guest)).toBe('running')
  const lines = ['[Match]', 'Type=ether', 'Kind=!*', '[Network]', 'DHCP=no', 'IPv6AcceptRA=no']
  const own = [...addresses.kit.map((address) => `Address=${address}`), `Gateway=${addresses.router}`]
  const file = Buffer.from(`${[...lines, ...own].join('\n')}\n`).toString('base64')
  await kit.guest.run(
    `mkdir -p /run/systemd/network && echo ${file} | base64 -d >/run/systemd/network/10-test.network && networkctl reload`,
  )
  await vi.waitFor(
    async () => {
      const facts = await kit.guest.run('cat /run/hearth/network.json', { allowFailure: true })
      expect(facts).toMatch(/192\.168\.7\.0\/24.*fd07::\/64/)
    },
    { timeout: 120_000, interval: 2000 },
  )
  await setClock()
  // The rest of the start, and what waited for the counters meanwhile, is not part of what is compared.
  await kit.guest.run('systemctl start hearth-counters.service')
  await sleep(cycleMs)
}

/** As a person at the dashboard would confirm it. */
async function setClock(): Promise<void> {
  await kit.guest.run(`date -s @${Math.floor(Date.now() / 1000)} && touch /run/hearth/clock-confirmed`)
}

type Bytes = { up: number; down: number }

/** Moves bytes to both machines at once, and compares what the agent says of them with what both ends counted. */
async function agreeOn(bytes: { neighbour: Bytes; far: Bytes }, how: string): Promise<void> {
  const script = Buffer.from(transferScript).toString('base64')
  const move = (host: string, { up, down }: Bytes) =>
    `/usr/lib/hearth/node -e "$(echo ${script} | base64 -d)" ${host} ${port} ${up} ${down}`
  const ends = () => ({ neighbour: network.counters('neighbour'), far: network.counters('far') })
  const [before, endsBefore, cardBefore] = [await readings(), ends(), await card()]
  const came = await kit.guest.run(
    `${move(addresses.neighbour, bytes.neighbour)} >/run/near & ${move(addresses.far, bytes.far)} >/run/far; wait; cat /run/near /run/far`,
    { timeoutSeconds: 600 },
  )
  expect(came.split('\n').map(Number), 'what the guest received').toEqual([bytes.neighbour.down, bytes.far.down])
  const [endsAfter, cardAfter] = [ends(), await card()]
  const moved = { in: cardAfter.in - cardBefore.in, out: cardAfter.out - cardBefore.out }
  expect(moved.in).toBeGreaterThan(bytes.neighbour.down + bytes.far.down)

  await kit.guest.run('systemctl start hearth-counters.service')
  const grown = async () => difference(before, await readings())
  const told = async () => {
    const { lanIn, wanIn, lanOut, wanOut } = await grown()
    return lanIn + wanIn + lanOut + wanOut
  }
  await expect
    .poll(told, { timeout: 2 * cycleMs, interval: 5000, message: `${how}: the agent has noted the transfers` })
    .toBeGreaterThan((moved.in + moved.out) * 0.995)
  const got = await grown()
  const sent = (machine: 'neighbour' | 'far') => endsAfter[machine].sent - endsBefore[machine].sent
  const received = (machine: 'neighbour' | 'far') => endsAfter[machine].received - endsBefore[machine].received
  const compared = [
    ['in from near', got.lanIn, sent('neighbour')],
    ['in from far', got.wanIn, sent('far')],
    ['out to near', got.lanOut, received('neighbour')],
    ['out to far', got.wanOut, received('far')],
    ['in, on the kit’s own card', got.lanIn + got.wanIn + got.unknownIn, moved.in],
    ['out, on the kit’s own card', got.lanOut + got.wanOut + got.unknownOut, moved.out],
  ] as const
  const off = compared.map(([what, agent, end]) => ({ what, agent, end, percent: (agent / end - 1) * 100 }))
  const table = off.map(({ what, agent, end, percent }) => `${what}: ${agent} of ${end} B, ${percent.toFixed(2)} %`)
  console.log(`${how}:\n  ${table.join('\n  ')}`)
  const wrong = off.filter(({ percent }) => !(Math.abs(percent) <= 0.5)).map(({ what }) => what)
  expect(wrong, `${how}, more than 0.5 % off:\n${table.join('\n')}`).toEqual([])
}

type Sums = Record<
  | 'seconds'
  | 'cpuSeconds'
  | 'energyWh'
  | 'energyLowWh'
  | 'energyHighWh'
  | 'lanIn'
  | 'lanOut'
  | 'wanIn'
  | 'wanOut'
  | 'unknownIn'
  | 'unknownOut',
  number
>

/** What the agent has noted in the last two days, written or not. */
async function readings(): Promise<Sums> {
  const { readings: hours } = JSON.parse(await askAgent('GET', '/v1/readings?hours=48')) as {
    readings: HourlyReading[]
  }
  const sum = (of: (hour: HourlyReading) => number) => hours.reduce((total, hour) => total + of(hour), 0)
  return {
    seconds: sum(({ secondsCovered }) => secondsCovered),
    cpuSeconds: sum(({ cpu, secondsCovered }) => cpu * secondsCovered),
    energyWh: sum(({ energyWh }) => energyWh),
    energyLowWh: sum(({ energyLowWh }) => energyLowWh),
    energyHighWh: sum(({ energyHighWh }) => energyHighWh),
    lanIn: sum(({ lanIn }) => lanIn),
    lanOut: sum(({ lanOut }) => lanOut),
    wanIn: sum(({ wanIn }) => wanIn),
    wanOut: sum(({ wanOut }) => wanOut),
    unknownIn: sum(({ unknownIn }) => unknownIn),
    unknownOut: sum(({ unknownOut }) => unknownOut),
  }
}

function difference(before: Sums, after: Sums): Sums {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name as keyof Sums]]),
  ) as Sums
}

/** Seconds with a reading in all hours there are, whatever their year, after the agent has written what it holds. */
async function totals(): Promise<{ seconds: number; uptime: number }> {
  const folder = await copyOut('totals')
  const ledger = new Ledger(folder, Date.now)
  const seconds = ledger.entries(0, Date.parse('2100-01-01T00:00:00Z')).reduce((sum, hour) => sum + hour.seconds, 0)
  ledger.stop()
  return { seconds, uptime: Number((await kit.guest.run('cat /proc/uptime')).split(' ')[0]) }
}

/** Seconds of this month without a reading, as the pages show it. */
async function gap(): Promise<number> {
  const { traffic } = JSON.parse(await askAgent('GET', '/v1/summary')) as Summary
  return traffic.month.gapSeconds
}

/** Processor seconds by service this month. */
async function services(): Promise<Record<string, number>> {
  const month = new Date().toISOString().slice(0, 7)
  const bill = JSON.parse(await askAgent('GET', `/v1/bill?month=${month}`)) as Bill
  return Object.fromEntries(bill.services.map(({ id, cpuSeconds }) => [id, cpuSeconds]))
}

async function processors(): Promise<{ busy: number; total: number }> {
  const line = (await kit.guest.run('head -1 /proc/stat')).split(/\s+/).slice(1, 9).map(Number)
  const total = line.reduce((sum, ticks) => sum + ticks, 0)
  return { busy: total - (line[3] ?? 0) - (line[4] ?? 0), total }
}

/** Bytes through the kit's card. */
async function card(): Promise<{ in: number; out: number }> {
  const files = 'cat /sys/class/net/e*/statistics/rx_bytes /sys/class/net/e*/statistics/tx_bytes'
  const [received, sent, ...more] = (await kit.guest.run(files)).split('\n').map(Number)
  expect(more, 'the kit has one card').toEqual([])
  return { in: received ?? 0, out: sent ?? 0 }
}

/** Asks the agent on its socket, as the dashboard does. @returns the body @throws with it where the answer is no */
function askAgent(method: string, address: string, body?: object): Promise<string> {
  const script = `
const [method, address, body] = process.argv.slice(1)
const call = require("node:http").request({ socketPath: "/run/hearth/agent.sock", method, path: address }, (answer) => {
  answer.pipe(process.stdout)
  answer.on("end", () => { process.exitCode = answer.statusCode < 300 ? 0 : 1 })
})
call.on("error", (error) => { console.error(error.message); process.exitCode = 1 })
call.end(body)
`
  const encoded = Buffer.from(script).toString('base64')
  const sent = Buffer.from(body === undefined ? '' : JSON.stringify(body)).toString('base64')
  return kit.guest.run(
    `/usr/lib/hearth/node -e "$(echo ${encoded} | base64 -d)" ${method} '${address}' "$(echo ${sent} | base64 -d)"`,
  )
}

/** The kit's databases as they lie on its data partition, after a clean stop of the agent, which then goes on. */
async function copyOut(name: string): Promise<string> {
  const folder = path.join(copies, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  await kit.guest.run('systemctl stop hearth-agent.socket hearth-agent.service')
  try {
    for (const file of ['ledger.db', 'journal.db']) {
      const text = await kit.guest.run(`base64 -w 0 ${agentFolder}/${file}`)
      writeFileSync(path.join(folder, file), Buffer.from(text, 'base64'))
    }
  } finally {
    await kit.guest.run('systemctl start hearth-agent.socket hearth-agent.service && hearth ledger show >/dev/null')
  }
  return folder
}
