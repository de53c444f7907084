import type { History, HistoryPart } from '#agent/api.ts'
import type { Visit } from '../visit.ts'
import type { Asked } from './asked.ts'

/** What a history is of, as people write it. */
export function periodName({ words, format }: Visit, { step, of, start }: History): string {
  if (step === 'year') return words.history.allYears
  if (of === null) return words.history.lastHours
  return step === 'hour' ? format.day(start) : step === 'day' ? format.month(start) : of
}

/** The names of its parts: long ones, and short ones for below a chart. */
export function partNames({ format }: Visit, { step, parts }: History): { long: string; short: string }[] {
  if (step !== 'hour') {
    return parts.map(({ name, start }) => {
      if (step === 'day') return { long: format.weekdayAndDay(start), short: format.dayOfMonth(start) }
      return step === 'month'
        ? { long: format.month(start), short: format.shortMonth(start) }
        : { long: name, short: name }
    })
  }
  const plain = parts.map(({ start }) => format.weekdayAndTime(start))
  const isTwice = (name: string) => plain.indexOf(name) !== plain.lastIndexOf(name)
  return parts.map(({ start }, index) => {
    const name = plain[index] as string
    return { long: isTwice(name) ? format.weekdayTimeAndOffset(start) : name, short: format.time(start) }
  })
}

/** What a part consists of; null for an hour. */
export function within({ step }: History, { name }: HistoryPart): Asked | null {
  if (step === 'hour') return null
  return { step: step === 'day' ? 'hour' : step === 'month' ? 'day' : 'month', of: name }
}

/** Less of a part than this without a reading is not worth a word. */
const notableSeconds = 900
const notableShare = 0.02

/** Whether a part was read for some of its time only. */
export function isPartial({ seconds, coveredSeconds }: HistoryPart): boolean {
  const missing = seconds - coveredSeconds
  return coveredSeconds > 0 && missing >= Math.max(notableSeconds, seconds * notableShare)
}

/** For how long a part was read. */
export function readText({ words, format }: Visit, part: HistoryPart): string {
  if (part.seconds === 0) return '–'
  if (part.coveredSeconds === 0) return words.history.notRead
  return isPartial(part) ? format.duration(part.coveredSeconds) : words.history.readAll
}
