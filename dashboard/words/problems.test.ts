import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadWords } from './index.ts'

const agent = path.resolve(import.meta.dirname, '../../agent')
const sources = ['setup', 'helper', 'publish'].flatMap((folder) =>
  globSync(`${folder}/**/*.ts`, { cwd: agent })
    .filter((file) => !/(\.test|fixture|testing)/.test(file))
    .map((file) => ({ file, text: readFileSync(path.join(agent, file), 'utf8') })),
)

/** Facts of a code stand so many lines around it; or where its file, or one that passes it on, gives them to any code. */
const linesAround = { before: 3, after: 12 }
const givenToAny = /const facts = .*|PlaceTrouble\(\s*code,[^}]*\}/g

/** Every code a pattern finds, with the places where it is given, each cut to what belongs to it. */
function codesIn(files: RegExp, pattern: RegExp, prefix = ''): [code: string, places: string[]][] {
  const looked = sources.filter(({ file }) => files.test(file))
  const added = looked.flatMap(({ text }) => text.match(/\{ \.\.\.facts, .*/g) ?? [])
  const found = looked.flatMap(({ text }) => {
    const lines = text.split('\n')
    return [...text.matchAll(pattern)].map(({ 0: whole, 1: code, index }) => {
      const line = text.slice(0, index + whole.length).split('\n').length - 1
      const around = lines.slice(Math.max(0, line - linesAround.before), line + linesAround.after + 1)
      const place = [...around, ...(text.match(givenToAny) ?? []), ...added].join('\n')
      return { code: `${prefix}${code}`, place }
    })
  })
  return [...Map.groupBy(found, ({ code }) => code)].map(([code, each]) => [code, each.map(({ place }) => place)])
}

const codes = new Map([
  ...codesIn(/^publish\/(push|reach)/, /'((?:place|witness)\.[a-z0-9-]+)'/g),
  ...codesIn(/^setup\/(seed|imager)/, /(?:seedProblem|\.problem)\(\s*'([a-z-]+)'/g, 'seed.'),
  ...codesIn(/^setup\/setup/, /name: '([a-z]+)',\s*(?:dependsOn: 'seed',\s*)?trouble:/g, 'setup.'),
  ...codesIn(/^setup\/network-problem/, /id: '(network\.[a-z-]+)'/g),
  ...codesIn(/^setup\/people/, /PersonError\(\s*'([a-z-]+)'/g, 'person.'),
  ...codesIn(/^helper\//, /code: '((?:claim|clock|disk|helper|arguments)\.[a-z-]+)'/g),
])
// What the dashboard has words of its own for, whatever the helper says.
for (const code of ['helper.unreachable', 'helper.timeout', 'helper.nonsense']) codes.delete(code)

test('the sources have the codes that are looked for', () => {
  for (const code of [
    'place.slow',
    'place.at-home',
    'witness.ahead',
    'seed.quote',
    'seed.wifi-no-password',
    'seed.imager-no-country',
    'setup.medium',
    'setup.names',
    'network.wifi-refused',
    'person.reserved',
    'person.failed',
    'disk.move-failed',
    'helper.failed',
  ])
    expect([...codes.keys()]).toContain(code)
  expect(codes.size).toBeGreaterThan(90)
})

describe.each(['de', 'fr'] as const)('in %s', (language) => {
  test.each([...codes])('%s has words, made of facts that stand beside it', async (code, places) => {
    const { problems } = await loadWords(language)
    const named: string[] = []
    const facts = new Proxy({} as Record<string, string>, {
      get: (_, name) => {
        named.push(String(name))
        return `‹${String(name)}›`
      },
    })
    const said = problems[code]?.(facts)
    expect(said, code).toBeDefined()
    for (const text of [said?.what, said?.next]) expect(text).toMatch(/[.?!:…'”»›]$/)
    // `seed.two-files` and the like: a fact that nobody gives would read “undefined”.
    for (const name of named)
      for (const place of places) expect(place, `${code}: ${name}`).toMatch(new RegExp(`\\b${name}\\b`))
  })
})

test.each(['en', 'de', 'fr'] as const)('in %s, who has no network reads what to write where', async (language) => {
  expect((await loadWords(language)).checks.network.next).toMatch(/hearth\.yaml.*hearth-example\.yaml/)
})
