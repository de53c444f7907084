import { setTimeout as sleep } from 'node:timers/promises'
import { chooseAccelerator } from '#images/emulator/accelerator.ts'
import type { Guest } from '#images/emulator/guest.ts'
import { built, settled } from '../kit/kit.ts'
import { figure, hostFacts, median, type Report } from './figure.ts'
import { claimedKit, startAgain, startFloor } from './guests.ts'

/** Long enough for what happens every ten minutes to happen. */
const minutes = 11
const settleSeconds = 150

interface Reading {
  /** MB (1,000,000 bytes): MemTotal − MemAvailable, median of six. */
  ram: number
  /** MB that programs and the kernel hold: memory that is neither free nor a cache it can drop, median of six. */
  held: number
  /** Share of all processors, percent. */
  cpu: number
  /** KB (1,000 bytes) a minute on all disks. */
  writes: number
}

/**
 * A claimed kit and the floor side by side, both left alone: memory, processor, writes, and what the agent starts. Each
 * server has one person, for it looks for a person's work often, and for nobody's seldom.
 */
export async function idle(log: (line: string) => void): Promise<Report> {
  const { tools } = await built('kit-x86')
  log('bench idle: claiming a kit')
  await claimedKit()
  const kit = await startAgain()
  const floor = await startFloor()
  try {
    await Promise.all([settled(kit.guest), settled(floor.guest)])
    await floor.guest.run(
      'runuser -u debian-snac -- snac adduser /var/lib/snac2 ada && systemctl restart snac2.service',
    )
    log(`bench idle: both are up; ${settleSeconds} s to settle, then ${minutes} minutes of looking`)
    await sleep(settleSeconds * 1000)
    await watchForks(kit.guest)
    const [ours, theirs] = await Promise.all([read(kit.guest), read(floor.guest)])
    const children = await countForks(kit.guest)
    const besideFloor = (name: string, quantity: keyof Reading, unit: string, max: number) =>
      figure(name, ours[quantity], unit, { of: 'ratio', max }, { name: 'floor', value: theirs[quantity] })
    return {
      bench: 'idle',
      host: hostFacts(await chooseAccelerator(tools)),
      figures: [
        besideFloor('idle-ram', 'ram', 'MB', 1.15),
        // Beside it, as the first also counts what the kernel keeps free for itself.
        besideFloor('idle-ram-held', 'held', 'MB', 1.15),
        besideFloor('idle-cpu', 'cpu', '%', 1.5),
        besideFloor('idle-writes', 'writes', 'KB/min', 1.5),
        figure('children-per-cycle', children / minutes, 'processes', { of: 'value', max: 0 }),
      ],
    }
  } finally {
    await Promise.all([kit.guest.powerOff(), floor.guest.powerOff()])
  }
}

async function read(guest: Guest): Promise<Reading> {
  const counters = async () => {
    const stat = await guest.run('head -1 /proc/stat; cat /proc/diskstats')
    const ticks = (stat.split('\n')[0] ?? '').trim().split(/\s+/).slice(1).map(Number)
    const idleTicks = (ticks[3] ?? 0) + (ticks[4] ?? 0)
    const disks = stat
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
    const sectors = disks
      .filter(([, , name = '']) => /^(vd|sd|nvme\d+n)[a-z0-9]$/.test(name))
      .reduce((sum, fields) => sum + Number(fields[9]), 0)
    return { all: ticks.slice(0, 8).reduce((sum, value) => sum + value, 0), idleTicks, sectors, at: Date.now() }
  }
  const ram: number[] = []
  const held: number[] = []
  const before = await counters()
  for (let sample = 0; sample < 6; sample++) {
    await sleep((minutes * 60_000) / 6)
    const memory = await guest.run('cat /proc/meminfo')
    const kib = (name: string) => Number(memory.match(new RegExp(`^${name}: +(\\d+) kB$`, 'm'))?.[1])
    ram.push(((kib('MemTotal') - kib('MemAvailable')) * 1024) / 1e6)
    const droppable = kib('Buffers') + kib('Cached') - kib('Shmem') + kib('SReclaimable')
    held.push(((kib('MemTotal') - kib('MemFree') - droppable) * 1024) / 1e6)
  }
  const after = await counters()
  const busy = 1 - (after.idleTicks - before.idleTicks) / (after.all - before.all)
  return {
    ram: median(ram),
    held: median(held),
    cpu: busy * 100,
    writes: ((after.sectors - before.sectors) * 512) / 1000 / ((after.at - before.at) / 60_000),
  }
}

const tracing = '/sys/kernel/tracing/instances/hearth'

/** Lets the kernel note each process the agent's threads start. */
async function watchForks(guest: Guest): Promise<void> {
  await guest.run(
    `mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing; mkdir -p ${tracing}; echo > ${tracing}/trace; echo 1 > ${tracing}/events/sched/sched_process_fork/enable`,
  )
}

/** Processes and threads that the agent started since. @throws where the kernel noted not even those of this command */
async function countForks(guest: Guest): Promise<number> {
  const ofThreads = (threads: string) =>
    `threads=$(${threads} | tr '\\n' '|'); grep sched_process_fork ${tracing}/trace | grep -cE "pid=(\${threads%|}) child" || true`
  const [ownText, agentText] = await Promise.all([
    guest.run(ofThreads('echo $$')),
    guest.run(ofThreads('ls /proc/$(systemctl show -p MainPID --value hearth-agent)/task')),
  ])
  if (!(Number(ownText) > 0)) throw new Error(`The kernel does not note who starts processes: “${ownText}”.`)
  return Number(agentText)
}
