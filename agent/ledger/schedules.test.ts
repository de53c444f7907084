import { describe, expect, it, vi } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { type Job, type RunMemory, Schedules } from './schedules.ts'

class Memory implements RunMemory {
  readonly notes = new Map<string, unknown>()

  note(name: string, value: unknown): void {
    this.notes.set(name, value)
  }

  noted<Value>(name: string): Value | null {
    return (this.notes.get(name) as Value | undefined) ?? null
  }
}

function daily(memory: Memory, clock: FakeClock, run: () => Promise<void> | void, failures: string[] = []): Schedules {
  const job: Job = { name: 'daily', at: '41 3 * * *', every: 86_400, run }
  return new Schedules(
    [job],
    memory,
    () => clock.now(),
    (name) => failures.push(name),
  )
}

describe('schedules', () => {
  it('catch up what a power cut skipped, once', async () => {
    const memory = new Memory()
    const clock = new FakeClock('2026-11-01T12:00:00Z')
    let runs = 0
    const count = () => {
      runs += 1
    }
    await daily(memory, clock, count).catchUp() // never ran
    await daily(memory, clock, count).catchUp() // another start, at once
    expect(runs).toBe(1)
    clock.pass(86_399)
    await daily(memory, clock, count).catchUp()
    expect(runs).toBe(1)
    clock.pass(3 * 86_400) // off for three days
    await daily(memory, clock, count).catchUp()
    expect(runs).toBe(2)
  })

  it('run again when the last run lies in the future, since the clock was wrong then', async () => {
    const memory = new Memory()
    const clock = new FakeClock('2036-11-01T12:00:00Z')
    let runs = 0
    const schedules = daily(memory, clock, () => {
      runs += 1
    })
    await schedules.catchUp()
    clock.set('2026-11-01T12:00:00Z')
    await schedules.catchUp()
    await schedules.catchUp()
    expect(runs).toBe(2)
  })

  it('report a job that fails, and try it again', async () => {
    const memory = new Memory()
    const clock = new FakeClock('2026-11-01T12:00:00Z')
    const failures: string[] = []
    let runs = 0
    const schedules = daily(
      memory,
      clock,
      () => {
        runs += 1
        if (runs === 1) throw new Error('no')
      },
      failures,
    )
    await schedules.catchUp()
    await schedules.catchUp()
    await schedules.catchUp()
    expect([runs, failures]).toEqual([2, ['daily']])
  })

  it('let a job that is due wait until it is ready, and try every ten minutes', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-11-01T12:01:00Z') })
    try {
      const memory = new Memory()
      let [runs, isReady] = [0, false]
      const run = () => {
        runs += 1
      }
      const job: Job = { name: 'night', at: '51 3 * * *', every: 86_400, ready: () => isReady, run }
      const schedules = new Schedules([job], memory, Date.now, () => {})
      schedules.start()
      await schedules.catchUp()
      await vi.advanceTimersByTimeAsync(15 * 60_000)
      expect([runs, memory.noted('ran:night')]).toEqual([0, null])
      isReady = true
      await vi.advanceTimersByTimeAsync(10 * 60_000)
      expect(runs).toBe(1)
      expect(memory.noted('ran:night')).not.toBeNull()
      await vi.advanceTimersByTimeAsync(30 * 60_000)
      expect(runs).toBe(1)
      await schedules.stop()
    } finally {
      vi.useRealTimers()
    }
  })

  it('do not start a job while it runs', async () => {
    const clock = new FakeClock('2026-11-01T12:00:00Z')
    let runs = 0
    let finish = () => {}
    const schedules = daily(new Memory(), clock, () => {
      runs += 1
      return new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    const first = schedules.catchUp()
    await schedules.catchUp()
    finish()
    await first
    expect(runs).toBe(1)
  })

  it('run by the clock', async () => {
    let ran = () => {}
    const done = new Promise<void>((resolve) => {
      ran = resolve
    })
    const memory = new Memory()
    const job: Job = { name: 'often', at: '* * * * * *', every: 1, run: () => ran() }
    const schedules = new Schedules([job], memory, Date.now, () => {})
    schedules.start()
    await done
    await schedules.stop()
    expect(Date.now() - (memory.noted<number>('ran:often') ?? 0)).toBeLessThan(5000)
  })
})
