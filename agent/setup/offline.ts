import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KitPaths } from '../paths.ts'
import { removeDurably, writeDurably } from './files.ts'
import { isOnline, networkProblem } from './network-problem.ts'
import { showOffline } from './problems.ts'
import type { Run } from './run.ts'
import { takeLaterSeed, writeMediumProblems } from './seed-store.ts'
import { useWifi } from './wifi.ts'

/** An access point that takes its time, and its router's answer. */
const patienceMs = 60_000

/**
 * The way back for a kit that has no network: takes a new Wi-Fi from the medium, and says there, on the console and on the
 * dashboard what is wrong. Once the network is well, takes that away again.
 *
 * Two files lead back here. `setup/offline` stands from before the medium is touched until nothing of this is on it any
 * more: the next start goes on, also after a power cut. `/run/hearth/offline` is there while the kit waits for a network:
 * network-changed starts this again as soon as there is one.
 */
export async function lookAfterNetwork(paths: KitPaths, run: Run, waitMs = patienceMs): Promise<void> {
  const waiting = path.join(path.dirname(paths.network), 'offline')
  const unfinished = path.join(paths.setup, 'offline')
  await mkdir(path.dirname(waiting), { recursive: true })
  await rm(waiting, { force: true })
  await writeDurably(unfinished, '', { mode: 0o600 })

  // What fails is told at the end: screen and dashboard do without the medium, and who gave a Wi-Fi is to read that it is
  // not used.
  let trouble: unknown = null
  const attempt = <T>(job: Promise<T>): Promise<T | null> =>
    job.catch((error) => {
      trouble ??= error
      return null
    })

  const seed = await attempt(takeLaterSeed(paths, run))
  if (seed?.values.wifi) {
    await attempt(useWifi(paths, run))
    await untilOnline(paths, waitMs)
  }
  for (;;) {
    const network = await networkProblem(paths, run)
    const { problems, kept } = await showOffline(paths, network, seed?.problems ?? null)
    await attempt(writeMediumProblems(paths, run, problems))
    if (network === null) {
      if (trouble === null && problems.length <= kept.length) await removeDurably(unfinished)
      break
    }
    await writeFile(waiting, '')
    // Whoever saw the network come before that file was there did not start this again.
    if (!(await isOnline(paths))) break
    await rm(waiting)
  }
  if (trouble !== null) throw trouble
}

async function untilOnline(paths: KitPaths, waitMs: number): Promise<void> {
  const end = Date.now() + waitMs
  while (!(await isOnline(paths)) && Date.now() < end) await sleep(Math.min(1000, waitMs))
}
