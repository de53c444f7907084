import { Refusal } from './refusal.ts'

/** Returns the value as its type, or throws a Refusal that names the argument. */
export type Check<T> = (value: unknown, name: string) => T

type Checks<T> = { [Key in keyof T]-?: Check<T[Key]> }
type Required<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] }
type Optional<T> = { [Key in keyof T as undefined extends T[Key] ? Key : never]-?: T[Key] }

/** An object with these keys and no others. Keys the caller wrote never become keys of the result. */
export function object<T extends object>(required: Checks<Required<T>>, optional?: Checks<Optional<T>>): Check<T> {
  const checks = { ...required, ...optional } as Record<string, Check<unknown>>
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, 'must be an object')
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(checks, key)) throw wrong(name, `has an unknown key '${key.slice(0, 40)}'`)
    }
    const result: Record<string, unknown> = {}
    for (const [key, check] of Object.entries(checks)) {
      if (Object.hasOwn(value, key)) result[key] = check((value as Record<string, unknown>)[key], `${name}.${key}`)
      else if (Object.hasOwn(required, key)) throw wrong(`${name}.${key}`, 'is missing')
    }
    return result as T
  }
}

/** Text of 1 to `longest` characters without control characters; `fits` decides the rest, `what` says what it must be. */
export function text(longest: number, what: string, fits: (text: string) => boolean = () => true): Check<string> {
  return (value, name) => {
    if (typeof value !== 'string') throw wrong(name, 'must be text')
    const sound = value.length > 0 && value.length <= longest && value.isWellFormed() && !/\p{Cc}/u.test(value)
    if (!sound || !fits(value)) throw wrong(name, `must be ${what}`)
    return value
  }
}

export function oneOf<T extends string>(values: readonly T[]): Check<T> {
  return (value, name) => {
    const found = values.find((possible) => possible === value)
    if (found === undefined) throw wrong(name, `must be one of ${values.join(', ')}`)
    return found
  }
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): Check<number> {
  return (value, name) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value
    throw wrong(name, `must be a whole number from ${least} to ${most}`)
  }
}

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, name) => (value === null ? null : check(value, name))
}

function wrong(name: string, problem: string): Refusal {
  return new Refusal({
    code: 'arguments.wrong',
    message: `${name} ${problem}.`,
    next: 'Correct the value and send it again.',
  })
}
