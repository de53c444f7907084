import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditLog } from './audit.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'audit-'))
})
afterEach(() => rm(folder, { recursive: true }))

const entry = { caller: 'agent', verb: 'slot.good', args: {}, outcome: 'ok', milliseconds: 3 } as const

test('keeps entries in order, also when many come at once', async () => {
  const log = new AuditLog(path.join(folder, 'deep/audit.log'))
  await Promise.all(Array.from({ length: 50 }, (_, milliseconds) => log.append({ ...entry, milliseconds })))
  const lines = (await readFile(path.join(folder, 'deep/audit.log'), 'utf8')).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).milliseconds)).toEqual(Array.from({ length: 50 }, (_, index) => index))
})

test('begins a new file before it grows too large, and keeps the one before', async () => {
  const file = path.join(folder, 'audit.log')
  const log = new AuditLog(file, 1000)
  for (let milliseconds = 0; milliseconds < 30; milliseconds++) await log.append({ ...entry, milliseconds })
  const [now, before] = [await readFile(file, 'utf8'), await readFile(`${file}.1`, 'utf8')]
  expect(now.length).toBeLessThanOrEqual(1000)
  expect(before.length).toBeLessThanOrEqual(1000)
  const kept = (before + now)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).milliseconds as number)
  expect(kept.at(-1)).toBe(29)
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 30 - kept.length + index))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('says so when it cannot be written, and goes on with the next', async () => {
  const log = new AuditLog(path.join(folder, 'audit.log'), 1000)
  await log.append(entry)
  const blocked = new AuditLog(path.join(folder, 'audit.log', 'below-a-file'))
  await expect(blocked.append(entry)).rejects.toThrow()
  await expect(log.append(entry)).resolves.toBeUndefined()
})
