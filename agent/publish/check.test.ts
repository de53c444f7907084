import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash } from '../ledger/log/merkle.ts'
import { checkReport, forms, powerBoundaries, powerClasses, treeSizes } from './check.ts'
import { moneyKinds, type Report, ReportRefused, reportBytes } from './report.ts'

type Json = Record<string, unknown>
const read = (name: string) => JSON.parse(readFileSync(path.join(import.meta.dirname, name), 'utf8'))
const schema: Json = read('report.schema.json')
const valid: { name: string; leaf: string; report: Report }[] = read('testdata/valid.json')
/** `seenBy`: the schema, and with it the checker; or the checker alone. */
const invalid: { name: string; at: string; seenBy: 'schema' | 'checker'; report: unknown }[] =
  read('testdata/invalid.json')

/** Where the checker knows more than a schema can say. */
const beyondSchema = ['period', 'period.from', 'period.to', 'power', 'entries']

/** What `checkReport` says: the place of the mistake, or null. */
function refusedAt(report: unknown): string | null {
  try {
    checkReport(report)
    return null
  } catch (error) {
    if (error instanceof ReportRefused) return error.field
    throw error
  }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const types: Record<string, (value: unknown) => boolean> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
}
const size = (value: unknown) => (isObject(value) ? Object.keys(value).length : Number.NaN)
const members = (value: unknown) => (isObject(value) ? Object.entries(value) : [])
const items = (value: unknown) => (Array.isArray(value) ? value : [])
const silent = () => true

/** The keywords that the published schema uses, by the specification; a comparison with NaN is false: not broken. */
const keywords: Record<string, (rule: never, value: unknown, all: Json) => boolean> = {
  $schema: silent,
  $id: silent,
  $defs: silent,
  title: silent,
  description: silent,
  $ref: (rule: string, value) => fits((schema.$defs as Json)[rule.replace('#/$defs/', '')] as Json, value),
  type: (rule: string, value) => (types[rule] as (value: unknown) => boolean)(value),
  enum: (rule: unknown[], value) => rule.includes(value),
  pattern: (rule: string, value) => typeof value !== 'string' || new RegExp(rule, 'u').test(value),
  minimum: (rule: number, value) => !(Number(value) < rule),
  maximum: (rule: number, value) => !(Number(value) > rule),
  required: (rule: string[], value) => !isObject(value) || rule.every((name) => Object.hasOwn(value, name)),
  properties: (rule: Record<string, Json>, value) =>
    members(value).every(([name, each]) => !Object.hasOwn(rule, name) || fits(rule[name] as Json, each)),
  additionalProperties: (rule: false | Json, value, all) =>
    members(value).every(
      ([name, each]) => Object.hasOwn((all.properties ?? {}) as Json, name) || (rule !== false && fits(rule, each)),
    ),
  propertyNames: (rule: Json, value) => members(value).every(([name]) => fits(rule, name)),
  minProperties: (rule: number, value) => !(size(value) < rule),
  dependentRequired: (rule: Record<string, string[]>, value) =>
    Object.entries(rule).every(
      ([name, needed]) => !isObject(value) || !(name in value) || needed.every((each) => each in value),
    ),
  items: (rule: Json, value) => items(value).every((each) => fits(rule, each)),
  minItems: (rule: number, value) => !Array.isArray(value) || value.length >= rule,
  maxItems: (rule: number, value) => items(value).length <= rule,
  uniqueItems: (_: true, value) => new Set(items(value)).size === items(value).length,
}

function fits(rules: Json, value: unknown): boolean {
  return Object.entries(rules).every(([keyword, rule]) => {
    const check = keywords[keyword]
    if (!check) throw new Error(`The test does not know the schema's keyword ${keyword}`)
    return check(rule as never, value, rules)
  })
}

describe('published vectors', () => {
  it.each(valid)('are valid: $name', ({ report, leaf }) => {
    expect(refusedAt(report)).toBeNull()
    expect(fits(schema, report)).toBe(true)
    expect(leafHash(reportBytes(report)).toString('base64')).toBe(leaf)
  })

  it.each(invalid)('are invalid: $name', ({ report, at, seenBy }) => {
    expect(refusedAt(report)).toBe(at)
    expect(fits(schema, report)).toBe(seenBy === 'checker')
  })

  it('say what is wrong, and what to write', () => {
    expect(() => checkReport({ ...valid[0]?.report, people: '4' })).toThrow(
      expect.objectContaining({ message: 'people: “4” cannot be used.', next: 'Write 5 or more, or leave it out.' }),
    )
  })
})

describe('schema and checker', () => {
  it('have the same patterns and words', () => {
    const at = (...names: string[]) => names.reduce((found: unknown, name) => (found as Json)[name], schema)
    const hours = ['properties', 'hours', 'properties', 'activities', 'propertyNames', 'pattern']
    const inPower = ['properties', 'power', 'properties']
    expect({
      instance: at('properties', 'instance', 'pattern'),
      day: at('$defs', 'day', 'pattern'),
      figure: at('$defs', 'figure', 'pattern'),
      share: at('properties', 'covered', 'pattern'),
      people: at('properties', 'people', 'pattern'),
      days: at('properties', 'storage', 'properties', 'days', 'pattern'),
      method: at(...inPower, 'methods', 'items', 'pattern'),
      activity: at(...hours),
      currency: at('$defs', 'amounts', 'propertyNames', 'pattern'),
      hash: at('properties', 'entries', 'properties', 'root', 'pattern'),
    }).toEqual(Object.fromEntries(Object.entries(forms).map(([name, form]) => [name, form.source.replace('\\/', '/')])))
    expect(at(...inPower, 'class', 'enum')).toEqual(powerClasses)
    expect(at(...inPower, 'boundary', 'enum')).toEqual(powerBoundaries)
    expect(at('properties', 'entries', 'properties', 'size', 'enum')).toEqual(treeSizes)
    expect(Object.keys(at('properties', 'money', 'properties') as Json)).toEqual([...moneyKinds])
  })

  it('describe every field', () => {
    const bare: string[] = []
    const look = (rules: Json, name: string) => {
      if (rules.description === undefined && rules.$ref === undefined) bare.push(name)
      for (const [each, more] of Object.entries((rules.properties ?? {}) as Record<string, Json>)) {
        if (more.description === undefined) bare.push(`${name}.${each}`)
        look(more, `${name}.${each}`)
      }
    }
    look(schema, 'report')
    expect(bare).toEqual([])
  })

  it('agree on reports that were changed at any place', () => {
    const values = fc.constantFrom<unknown>(
      ...[
        undefined,
        null,
        true,
        0,
        1,
        5,
        1.5,
        -1,
        '',
        '0',
        '1',
        '2.3',
        '2.31',
        '12',
        '007',
        '1e3',
        'kWh',
        'wall',
        'EUR',
      ],
      ...[{}, [], ['energy@1'], ['energy@1', 'energy@1'], { in: '1', out: '2' }, { EUR: '1' }, { from: 1, to: 2 }],
      ...['2026-11-01', '2026-12-01', '2026-11-31', 'constructor', Number.MAX_SAFE_INTEGER, 2 ** 53],
    )
    const names = fc.constantFrom('version', 'people', 'value', 'unit', 'toString', '__proto__', 'x', 'total', 'work')
    const step = fc.record({ depth: fc.nat(3), which: fc.nat(20), name: fc.option(names), value: values })
    const change = (report: Json, { depth, which, name, value }: { depth: number; which: number } & Json) => {
      let target = report
      for (let level = 0; level < depth; level += 1) {
        const inner = Object.values(target).filter(isObject)
        if (inner.length === 0) break
        target = inner[which % inner.length] as Json
      }
      const place = typeof name === 'string' ? name : (Object.keys(target)[which % size(target)] ?? 'x')
      if (value === undefined) delete target[place]
      else Object.defineProperty(target, place, { value, enumerable: true, configurable: true, writable: true })
    }
    let refused = 0
    fc.assert(
      fc.property(fc.constantFrom(...valid), fc.array(step, { minLength: 1, maxLength: 3 }), ({ report }, steps) => {
        const changed: Json = structuredClone(report) as unknown as Json
        for (const each of steps) change(changed, each)
        const at = refusedAt(changed)
        if (at !== null) refused += 1
        if (fits(schema, changed)) expect([null, ...beyondSchema]).toContain(at)
        else expect(at).not.toBeNull()
      }),
      { numRuns: 1000 },
    )
    expect(refused).toBeGreaterThan(300)
  })
})
