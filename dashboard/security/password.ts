import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { Words } from '../words/index.ts'

/** A password as it is kept: the parameters travel with the hash, so they can be raised later. */
export interface PasswordHash {
  kind: 'scrypt'
  n: number
  r: number
  p: number
  /** base64 */
  salt: string
  hash: string
}

/** 32 MiB and about a third of a second on a Raspberry Pi 4. */
const parameters = { n: 2 ** 15, r: 8, p: 1 }
const hashBytes = 32

export const passwordLength = { least: 10, most: 256 }

function derive(password: string, salt: Buffer, { n, r, p }: typeof parameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, hashBytes, { N: n, r, p, maxmem: 256 * n * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

/** Hashes with a fresh salt. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, parameters)
  return { kind: 'scrypt', ...parameters, salt: salt.toString('base64'), hash: hash.toString('base64') }
}

/** Compares in constant time. */
export async function passwordMatches(password: string, kept: PasswordHash): Promise<boolean> {
  const hash = await derive(password, Buffer.from(kept.salt, 'base64'), kept)
  const expected = Buffer.from(kept.hash, 'base64')
  return hash.length === expected.length && timingSafeEqual(hash, expected)
}

/** What is wrong with a new password typed twice, by field name; an empty object when nothing is. */
export function checkNewPassword(words: Words, password: string, again: string): Record<string, string> {
  const { least, most } = passwordLength
  const given = [...password].length
  if (given === 0) return { password: words.mistakes.required }
  if (given < least) return { password: words.mistakes.passwordShort(least, given) }
  if (password.length > most) return { password: words.mistakes.passwordLong }
  return password === again ? {} : { again: words.mistakes.passwordDiffers }
}
