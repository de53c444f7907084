import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { countedUse, countUse, spaceFolder } from './storage.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'host-storage-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const at = (...parts: string[]) => path.join(root, ...parts)
function write(kilobytes: number, ...parts: string[]): void {
  mkdirSync(path.dirname(at(...parts)), { recursive: true })
  writeFileSync(at(...parts), Buffer.alloc(kilobytes * 1024, 1))
}

it('counts what belongs to whom; what has two names counts once, what is a link nowhere', async () => {
  write(400, 'server/user/ada/static/cat.jpg')
  write(100, 'server/user/ada/post.json')
  write(80, 'elsewhere/other')
  write(200, 'ledger/journal.db')
  linkSync(at('server/user/ada/static/cat.jpg'), at('server/user/ada/static/same-cat.jpg'))
  symlinkSync(at('elsewhere'), at('server/elsewhere'))
  symlinkSync(at('server'), at('link'))
  const told: string[] = []
  const config = { server: [at('link'), at('gone')], media: [at('link/user/*/static')] }
  const use = await countUse(config, at('ledger'), (line) => told.push(line))
  // Folders have a few kilobytes of their own.
  const near = (kilobytes: number) => expect.toSatisfy((bytes: number) => Math.abs(bytes / 1024 - kilobytes) < 40)
  expect(use).toEqual({ server: near(500), media: near(400), ledger: near(200), system: expect.any(Number) })
  expect(use.system).toBeGreaterThan(0)
  expect(told).toEqual([`${at('gone')} is not there, and counts as nothing.`])
})

it('watches the file system of the first folder that is there', () => {
  expect(spaceFolder({ server: [at('gone'), root] }, at('ledger'))).toBe(root)
  expect(spaceFolder({ server: [] }, at('ledger'))).toBe(at('ledger'))
})

it('passes on what was counted lately, and says what to do where nothing was', async () => {
  const file = at('storage.json')
  await expect(countedUse(file, 0)).rejects.toThrow('systemctl start hearth-ledger-storage')
  const use = { server: 1, media: 2, ledger: 3, system: 4 }
  writeFileSync(file, JSON.stringify({ at: '2026-11-24T03:11:00Z', use }))
  expect(await countedUse(file, Date.parse('2026-11-25T03:00:00Z'))).toEqual(use)
  await expect(countedUse(file, Date.parse('2026-11-27T03:00:00Z'))).rejects.toThrow('is of 2026-11-24')
})
