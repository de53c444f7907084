import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KitPaths } from '../paths.ts'
import { readJson, readText, removeDurably, writeDurably } from './files.ts'

/** Crockford's base 32: no I, L, O or U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Sixty bits in three groups of four. */
const symbols = 12
/** A code from a seed may be shorter, but not below forty bits. */
const fewestSymbols = 8
const mostSymbols = 64

const cost = { N: 16384, r: 8, p: 1 }
const memoryLimit = 64 * 1024 * 1024

/** A slow check for everybody, once somebody guesses: four a second, 4,000 years for forty bits. */
const guessingAfter = 5
const guessingMilliseconds = 250
const longestWaitSeconds = 30
/** From here on the wait no longer grows, so the count is not written any more. */
const mostFailures = 10

interface ClaimFile {
  /** `scrypt$N$r$p$SALT$HASH`, salt and hash in base64url. */
  hash: string
  failures: number
}

export interface ClaimAnswer {
  right: boolean
  /** How long the page asks to wait before another try; 0 when right. */
  retryAfterSeconds: number
}

/**
 * Makes the kit's claim code, or takes the hash of one that came with the seed. Repeating it returns the same code.
 * The code itself is kept beside its hash (root, 0600) until the claim, so that the console can show it at each start.
 * @returns the code, `null` when a hash was given
 */
export async function createClaim(paths: KitPaths, { hash }: { hash?: string } = {}): Promise<string | null> {
  if (hash !== undefined) {
    parseHash(hash)
    await removeDurably(codeFile(paths))
    await writeClaim(paths, { hash, failures: 0 })
    return null
  }
  const kept = await claimCode(paths)
  const code = kept ?? newCode()
  if (kept === null) await writeDurably(codeFile(paths), `${code}\n`, { mode: 0o600 })
  await writeClaim(paths, { hash: await hashClaim(code), failures: 0 })
  return code
}

/** The code the kit made, for console and CLAIM-CODE.txt; null when it came as a hash, or after the claim. */
export async function claimCode(paths: KitPaths): Promise<string | null> {
  const text = await readText(codeFile(paths))
  return text === null || tidyCode(text) === null ? null : text.trim()
}

let checks: Promise<unknown> = Promise.resolve()

/**
 * Compares a code, however it was typed, with the kit's. Checks run one after the other. The right code is accepted at
 * any time: guessing makes every check slower and asks for longer and longer waits, but nobody can lock the owner out.
 * After the claim every code is wrong.
 */
export function checkClaim(paths: KitPaths, code: string): Promise<ClaimAnswer> {
  const answer = checks.then(() => checkOne(paths, code))
  checks = answer.catch(() => {})
  return answer
}

/** The claim is done: the code and its hash are gone for good. */
export async function endClaim(paths: KitPaths): Promise<void> {
  await removeDurably(codeFile(paths))
  await removeDurably(paths.claim)
}

/** The salted hash of a code, as a seed's `claim-hash` carries it. */
export async function hashClaim(code: string): Promise<string> {
  const tidy = tidyCode(code)
  if (tidy === null) throw new Error(`a claim code has ${fewestSymbols} to ${mostSymbols} letters and digits`)
  const salt = randomBytes(16)
  const hash = await derive(tidy, salt, cost, 32)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Whether a text is a hash that this kit can check. */
export function isClaimHash(text: string): boolean {
  try {
    parseHash(text)
    return true
  } catch {
    return false
  }
}

async function checkOne(paths: KitPaths, code: string): Promise<ClaimAnswer> {
  const claim = await readJson(paths.claim, asClaimFile)
  const tidy = tidyCode(code)
  if (claim === null || tidy === null) return { right: false, retryAfterSeconds: 0 }
  if (claim.failures >= guessingAfter) await sleep(guessingMilliseconds)
  const { salt, hash, ...stored } = parseHash(claim.hash)
  if (timingSafeEqual(await derive(tidy, salt, stored, hash.length), hash)) return { right: true, retryAfterSeconds: 0 }
  const failures = Math.min(claim.failures + 1, mostFailures)
  if (failures !== claim.failures) await writeClaim(paths, { ...claim, failures })
  return { right: false, retryAfterSeconds: Math.min(2 ** Math.max(failures - 3, 0), longestWaitSeconds) }
}

/** Upper case without separators and with what people mix up put right; null when it cannot be a code. */
function tidyCode(code: string): string | null {
  if (code.length > 4 * mostSymbols) return null
  const tidy = code
    .toUpperCase()
    .replace(/[\s\p{Dash}_.]/gu, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  const possible = tidy.length >= fewestSymbols && tidy.length <= mostSymbols && /^[0-9A-HJKMNP-TV-Z]+$/.test(tidy)
  return possible ? tidy : null
}

function newCode(): string {
  const code = Array.from(randomBytes(symbols), (byte) => alphabet[byte & 31]).join('')
  return code.replace(/(.{4})(?=.)/g, '$1-')
}

function parseHash(text: string) {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,128})\$([\w-]{22,128})$/.exec(text.trim())
  if (!match) throw new Error('is not a claim hash; it looks like scrypt$16384$8$1$SALT$HASH')
  const [N, r, p] = match.slice(1, 4).map(Number) as [number, number, number]
  const powerOfTwo = (N & (N - 1)) === 0
  if (!powerOfTwo || N < 1024 || r < 1 || p < 1 || p > 4 || 128 * N * r > memoryLimit / 2)
    throw new Error('is a claim hash with costs this kit does not accept; use N=16384, r=8, p=1')
  return { N, r, p, salt: Buffer.from(match[4] ?? '', 'base64url'), hash: Buffer.from(match[5] ?? '', 'base64url') }
}

function derive(code: string, salt: Buffer, { N, r, p }: typeof cost, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(code, salt, length, { N, r, p, maxmem: memoryLimit }, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  )
}

function asClaimFile(value: unknown): ClaimFile {
  const { hash, failures } = (value ?? {}) as Record<string, unknown>
  if (typeof hash !== 'string' || !Number.isSafeInteger(failures)) throw new Error('is not a claim file')
  parseHash(hash)
  return { hash, failures: failures as number }
}

function writeClaim(paths: KitPaths, claim: ClaimFile): Promise<void> {
  return writeDurably(paths.claim, `${JSON.stringify(claim)}\n`, { mode: 0o600 })
}

function codeFile(paths: KitPaths): string {
  return path.join(paths.setup, 'claim-code')
}
