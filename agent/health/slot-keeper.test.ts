import { describe, expect, it, vi } from 'vitest'
import type { HealthCheck } from '../api.ts'
import { SlotKeeper, type SlotKeeperOptions } from './slot-keeper.ts'

const check = (state: HealthCheck['state']): HealthCheck[] => [{ id: 'server', state, facts: {}, keepsSlot: true }]

function keeper(options: Partial<SlotKeeperOptions>): { keeper: SlotKeeper; confirm: ReturnType<typeof vi.fn> } {
  const confirm = vi.fn(async () => {})
  return {
    keeper: new SlotKeeper({
      slot: () => 'A',
      health: async () => check('well'),
      confirm,
      report: () => {},
      ...options,
    }),
    confirm,
  }
}

describe('the slot keeper', () => {
  it('confirms the slot once, as soon as the kit is well, and rests', async () => {
    vi.useFakeTimers()
    let looks = 0
    const health = async () => check(++looks < 3 ? 'unwell' : 'well')
    const { keeper: slotKeeper, confirm } = keeper({ health })
    slotKeeper.start()
    await vi.advanceTimersByTimeAsync(30_000 + 60_000)
    expect(confirm).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(60 * 60_000)
    expect(confirm).toHaveBeenCalledTimes(1)
    expect(looks).toBe(3)
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('tries again when the helper or a check fails, and reports it', async () => {
    vi.useFakeTimers()
    const reports: unknown[] = []
    const confirm = vi.fn(async () => {
      if (confirm.mock.calls.length < 2) throw new Error('helper is busy')
    })
    const { keeper: slotKeeper } = keeper({ confirm, report: (error) => reports.push(error) })
    slotKeeper.start()
    await vi.advanceTimersByTimeAsync(60 * 60_000)
    expect([confirm.mock.calls.length, reports.length]).toEqual([2, 1])
    vi.useRealTimers()
  })

  it('has nothing to do where there is no slot, and stops when told', async () => {
    vi.useFakeTimers()
    const { keeper: outside, confirm } = keeper({ slot: () => null })
    outside.start()
    await vi.advanceTimersByTimeAsync(60 * 60_000)
    expect(confirm).not.toHaveBeenCalled()

    const stopped = keeper({ health: async () => check('unwell') })
    stopped.keeper.start()
    await vi.advanceTimersByTimeAsync(20_000)
    stopped.keeper.stop()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })
})
