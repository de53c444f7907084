import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type KitPaths, kitPaths } from '../paths.ts'
import { checkClaim, claimCode, createClaim, endClaim } from './claim.ts'
import { hashClaim, isClaimHash } from './claim-hash.ts'

let paths: KitPaths
beforeEach(async () => {
  paths = kitPaths(await mkdtemp(path.join(os.tmpdir(), 'hearth-claim-')))
})

const madeCode = async () => (await createClaim(paths)) ?? ''

describe('createClaim', () => {
  test('makes a grouped code of sixty bits that is nowhere in the claim file', async () => {
    const code = await madeCode()
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/)
    expect(await readFile(paths.claim, 'utf8')).not.toContain(code)
    expect(((await stat(paths.claim)).mode & 0o777).toString(8)).toBe('600')
    expect(((await stat(path.join(paths.setup, 'claim-code'))).mode & 0o777).toString(8)).toBe('600')
  })

  test('returns the same code when it is repeated', async () => {
    const code = await madeCode()
    expect(await madeCode()).toBe(code)
    expect(await claimCode(paths)).toBe(code)
    expect((await checkClaim(paths, code)).right).toBe(true)
  })

  test('takes the hash of a code from a seed and keeps no code', async () => {
    expect(await createClaim(paths, { hash: await hashClaim('seed-code-9') })).toBeNull()
    expect(await claimCode(paths)).toBeNull()
    expect((await checkClaim(paths, 'SEEDCODE9')).right).toBe(true)
  })

  test('two kits have different codes', async () => {
    const other = kitPaths(await mkdtemp(path.join(os.tmpdir(), 'hearth-claim-')))
    expect(await createClaim(other)).not.toBe(await madeCode())
  })
})

describe('checkClaim', () => {
  test('accepts a code however it was typed', async () => {
    await createClaim(paths, { hash: await hashClaim('K0Q1-3XFD-10TR') })
    for (const typed of ['K0Q1-3XFD-10TR', ' k0q13xfd10tr\n', 'KOQI 3XFD lOTR', 'koql–3xfd—1oTR', 'K0Q1.3XFD_10TR'])
      expect(await checkClaim(paths, typed)).toEqual({ right: true, retryAfterSeconds: 0 })
  })

  test('wrong codes wait longer and longer, at most half a minute, and the right one is always accepted', async () => {
    const code = await madeCode()
    const waits: number[] = []
    for (let i = 0; i < 11; i++) waits.push((await checkClaim(paths, 'AAAA-BBBB-CCCC')).retryAfterSeconds)
    expect(waits).toEqual([1, 1, 1, 2, 4, 8, 16, 30, 30, 30, 30])
    expect(await checkClaim(paths, code)).toEqual({ right: true, retryAfterSeconds: 0 })
  })

  test('slows guesses sent at once', async () => {
    await madeCode()
    await writeFile(paths.claim, (await readFile(paths.claim, 'utf8')).replace('"failures":0', '"failures":9'))
    const start = performance.now()
    await Promise.all(Array.from({ length: 4 }, (_, i) => checkClaim(paths, `AAAABBBBCCC${i}`)))
    expect(performance.now() - start).toBeGreaterThan(1000)
  })

  test('what cannot be a code is wrong and counts as nothing', async () => {
    await madeCode()
    const before = await readFile(paths.claim, 'utf8')
    for (const typed of ['', '----', 'ABC', 'ÄÖÜÄÖÜÄÖÜ', 'U'.repeat(12), '0'.repeat(65), 'x'.repeat(1e6)])
      expect((await checkClaim(paths, typed)).right).toBe(false)
    expect(await readFile(paths.claim, 'utf8')).toBe(before)
  })

  test('after the claim every code is wrong', async () => {
    const code = await madeCode()
    await endClaim(paths)
    await endClaim(paths)
    expect((await checkClaim(paths, code)).right).toBe(false)
    expect(await claimCode(paths)).toBeNull()
  })

  test.each(['', '{', '{"hash":1,"failures":0}', '{"hash":"scrypt$1$1$1$a$b","failures":0}', 'null'])(
    'says which file is broken: %j',
    async (content) => {
      await madeCode()
      await writeFile(paths.claim, content)
      await expect(checkClaim(paths, 'AAAA-BBBB-CCCC')).rejects.toThrow('claim.json')
    },
  )
})

describe('isClaimHash', () => {
  test('accepts what hashClaim makes', async () => expect(isClaimHash(await hashClaim('ABCD-EFGH'))).toBe(true))

  const [salt, hash] = ['a'.repeat(22), 'b'.repeat(43)]
  test.each([
    'secret',
    `scrypt$16384$8$1$${salt}`,
    `scrypt$16383$8$1$${salt}$${hash}`,
    `scrypt$4194304$8$1$${salt}$${hash}`,
    `scrypt$16384$99$1$${salt}$${hash}`,
    `scrypt$0$8$1$${salt}$${hash}`,
  ])('refuses %s', (text) => expect(isClaimHash(text)).toBe(false))
})
