import { expect, it } from 'vitest'
import { nameProblem } from './name-problem.ts'

const board = { model: '', serial: null, architecture: 'aarch64' } as const
const kit = {
  hostname: 'hearth-7f3a',
  claimed: true,
  serverName: null,
  timezone: 'UTC',
  currency: 'EUR',
  language: 'en',
  caFingerprint: '1f2e3d4c'.padEnd(64, '0'),
  caWords: '',
  board,
}
const announced = (announcedAs?: string) => ({
  addresses: [],
  onLink: [],
  resolvers: [],
  ...(announcedAs && { announcedAs }),
})

it('says that the name is taken, where the kit is found, and another name', () => {
  const problem = nameProblem(kit, announced('hearth-7f3a-2'))
  expect(problem?.id).toBe('network.name-taken')
  expect(problem?.what).toContain('hearth-7f3a-2.local')
  expect(problem?.facts).toEqual({ hostname: 'hearth-7f3a', taken: 'hearth-7f3a-2', proposed: 'hearth-1f2e' })
})

it.each(['hearth-7f3a', undefined, 'kitchen', 'hearth-7f3a-x', 'hearth-7f3a-2.evil', 'hearth-7f3a-'])(
  'has nothing to say when Avahi says %s',
  (name) => {
    expect(nameProblem(kit, announced(name))).toBeNull()
  },
)

it.each([
  ['hearth-3456', 'hearth-3457'],
  ['hearth-3456', 'hearth-3458'],
  ['hearth-9999', 'hearth-10000'],
  ['hearth-0456', 'hearth-0456-2'],
])('knows that %s goes by %s, as Avahi counts up', (hostname, name) => {
  expect(nameProblem({ ...kit, hostname }, announced(name))?.facts?.taken).toBe(name)
})

it.each([
  ['hearth-3456', 'hearth-3455'],
  ['hearth-3456', 'hearth-9999'],
  ['hearth-3456', 'hearth-03457'],
  ['hearth-7f3a', 'hearth-7f3a-1'],
])('does not take %s for renamed where Avahi still says %s', (hostname, name) => {
  expect(nameProblem({ ...kit, hostname }, announced(name))).toBeNull()
})

it('proposes a name that is another, keeps a name the household chose, and is never too long', () => {
  const proposed = (hostname: string) => nameProblem({ ...kit, hostname }, announced(`${hostname}-2`))?.facts?.proposed
  expect(proposed('hearth-1f2e')).toBe('hearth-3d4c')
  expect(proposed('kitchen')).toBe('kitchen-1f2e')
  expect(String(proposed('a'.repeat(60)))).toHaveLength(63)
})
