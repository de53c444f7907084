import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { chooseAccelerator } from '#images/emulator/accelerator.ts'
import { built } from '../kit/kit.ts'
import { handshake, request } from '../kit/web.ts'
import { figure, hostFacts, median, type Report } from './figure.ts'
import { claimedKit, startAgain, startFloor } from './guests.ts'

const rounds = 5
/** The emulator accepts before the guest does, and tries there ever more seldom: so each try of ours is short. */
const tryMs = 700

/** Power-on to the owner's home page with this kit's figures, and to the floor's port 80, in turns, each from a stopped machine. */
export async function boot(log: (line: string) => void): Promise<Report> {
  const { tools } = await built('kit-x86')
  log('bench boot: claiming a kit')
  const { cookie } = await claimedKit()
  const first = await startFloor()
  await until(async () => (await plain(first.port)) === 200, 300)
  await first.guest.powerOff()
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 1; round <= rounds; round++) {
    let started = Date.now()
    const floor = await startFloor({ again: true, commands: false })
    await until(async () => (await plain(floor.port)) === 200, 300)
    theirs.push((Date.now() - started) / 1000)
    await floor.guest.powerOff()

    started = Date.now()
    const kit = await startAgain(false)
    // The port is opened first, then the page asked for once and waited for, as a browser does.
    await until(async () => (await handshake(kit.ports.dashboard, 'localhost', tryMs)) === 'accepted', 300)
    await until(() => showsFigures(kit.ports.dashboard, cookie), 60)
    ours.push((Date.now() - started) / 1000)
    await kit.guest.powerOff()
    log(`bench boot: round ${round}: kit ${ours.at(-1)?.toFixed(1)} s, floor ${theirs.at(-1)?.toFixed(1)} s`)
  }
  const baseline = { name: 'floor, port 80', value: median(theirs) }
  return {
    bench: 'boot',
    host: hostFacts(await chooseAccelerator(tools)),
    figures: [figure('dashboard-ready', median(ours), 's', { of: 'ratio', max: 1.3 }, baseline)],
  }
}

/** The home page counts when it has the people and the space of this kit on it. */
async function showsFigures(port: number, cookie: string): Promise<boolean> {
  try {
    const { status, body } = await request('https', { port }, '/', {
      headers: { cookie, host: `localhost:${port}` },
      servername: 'localhost',
    })
    return status === 200 && /1\s+person/.test(body) && /\d\s*[GM]B/.test(body)
  } catch {
    return false
  }
}

function plain(port: number): Promise<number> {
  return new Promise((resolve) => {
    const call = http.get({ host: '127.0.0.1', port, path: '/', timeout: tryMs, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => resolve(0))
  })
}

async function until(test: () => Promise<boolean>, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`not ready within ${seconds} s`)
    await sleep(50)
  }
}
