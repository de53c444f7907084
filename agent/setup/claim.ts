import { randomBytes, timingSafeEqual } from 'node:crypto'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KitPaths } from '../paths.ts'
import { deriveClaim, hashClaim, parseClaimHash, tidyCode } from './claim-hash.ts'
import { readJson, readText, removeDurably, writeDurably } from './files.ts'

/** Crockford's base 32: no I, L, O or U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Sixty bits in three groups of four. */
const symbols = 12
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
    parseClaimHash(hash)
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

async function checkOne(paths: KitPaths, code: string): Promise<ClaimAnswer> {
  const claim = await readJson(paths.claim, asClaimFile)
  const tidy = tidyCode(code)
  if (claim === null || tidy === null) return { right: false, retryAfterSeconds: 0 }
  if (claim.failures >= guessingAfter) await sleep(guessingMilliseconds)
  const { salt, hash, ...stored } = parseClaimHash(claim.hash)
  if (timingSafeEqual(await deriveClaim(tidy, salt, stored, hash.length), hash))
    return { right: true, retryAfterSeconds: 0 }
  const failures = Math.min(claim.failures + 1, mostFailures)
  if (failures !== claim.failures) await writeClaim(paths, { ...claim, failures })
  return { right: false, retryAfterSeconds: Math.min(2 ** Math.max(failures - 3, 0), longestWaitSeconds) }
}

function newCode(): string {
  const code = Array.from(randomBytes(symbols), (byte) => alphabet[byte & 31]).join('')
  return code.replace(/(.{4})(?=.)/g, '$1-')
}

function asClaimFile(value: unknown): ClaimFile {
  const { hash, failures } = (value ?? {}) as Record<string, unknown>
  if (typeof hash !== 'string' || !Number.isSafeInteger(failures)) throw new Error('is not a claim file')
  parseClaimHash(hash)
  return { hash, failures: failures as number }
}

function writeClaim(paths: KitPaths, claim: ClaimFile): Promise<void> {
  return writeDurably(paths.claim, `${JSON.stringify(claim)}\n`, { mode: 0o600 })
}

function codeFile(paths: KitPaths): string {
  return path.join(paths.setup, 'claim-code')
}
