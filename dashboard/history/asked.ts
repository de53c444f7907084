import type { HistoryStep } from '#agent/api.ts'
import { dayNumber } from '#agent/costs/calendar.ts'
import { monthOf } from '../months.ts'

/** What of a history is asked for; `of` null: the last two days, the present month or year, or all years. */
export interface Asked {
  step: HistoryStep
  of: string | null
}

export interface AskedQuery {
  step?: string
  of?: string
}

const isOf: Record<HistoryStep, (text: string) => boolean> = {
  hour: (text) => /^20/.test(text) && !Number.isNaN(dayNumber(text)),
  day: (text) => monthOf(text) !== null,
  month: (text) => /^20\d{2}$/.test(text),
  year: () => false,
}

/** What an address asks for; `fallback` where it asks for nothing there is. */
export function askedOf({ step, of }: AskedQuery, steps: readonly HistoryStep[], fallback: Asked): Asked {
  const known = steps.find((each) => each === step)
  if (known === undefined) return fallback
  return { step: known, of: of !== undefined && isOf[known](of) ? of : null }
}

/** The address of a page at a part of its history. */
export function addressOf(path: string, { step, of }: Asked): string {
  return `${path}?${new URLSearchParams({ step, ...(of === null ? {} : { of }) })}`
}
