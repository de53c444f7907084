import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Idle } from './idle.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('leaves after the last request has been over for long enough, never during one', () => {
  const leave = vi.fn()
  const idle = new Idle(1000, leave)
  idle.start()
  vi.advanceTimersByTime(900)
  idle.begin()
  vi.advanceTimersByTime(60_000)
  expect(leave).not.toHaveBeenCalled()
  idle.end()
  vi.advanceTimersByTime(999)
  expect(leave).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(leave).toHaveBeenCalledOnce()
})

test('leaves when nobody ever came', () => {
  const leave = vi.fn()
  new Idle(1000, leave).start()
  vi.advanceTimersByTime(1000)
  expect(leave).toHaveBeenCalledOnce()
})
