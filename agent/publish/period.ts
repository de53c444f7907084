import { dayNumber, monthNamed } from '../costs/calendar.ts'

/** Whether days are a whole calendar month, or a week from Monday to Sunday; null: neither. */
export function kindOfPeriod(from: string, to: string): 'month' | 'week' | null {
  const [first, end] = [dayNumber(from), dayNumber(to)]
  if (Number.isNaN(first) || Number.isNaN(end)) return null
  const month = monthNamed(from.slice(0, 7), 'UTC')
  if (first === month.firstDay && end === month.endDay) return 'month'
  const isMonday = (first + 3) % 7 === 0 // 1970-01-01 was a Thursday
  return isMonday && end === first + 7 ? 'week' : null
}
