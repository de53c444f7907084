import { type Form, parseLocalTime } from '../input.ts'

/** 2020-01-01: no device's clock is set before that, so an earlier time is a mistake. */
const earliest = 1_577_836_800

/** Seconds since 1970: the device's own clock where the script sent it, else what was typed. Null when neither is sound. */
export function timeFromForm(form: Form, timezone: string): number | null {
  const device = form.text('deviceSeconds')
  const seconds = /^\d{9,11}$/.test(device) ? Number(device) : parseLocalTime(form.text('time'), timezone)
  return seconds !== null && seconds >= earliest ? seconds : null
}
