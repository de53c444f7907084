import { randomBytes, scrypt } from 'node:crypto'

/** A code from a seed may be shorter than ours, but not below forty bits. */
const fewestSymbols = 8
const mostSymbols = 64

const cost = { N: 16384, r: 8, p: 1 }
const memoryLimit = 64 * 1024 * 1024

/** The salted hash of a code, as a seed's `claim-hash` carries it. */
export async function hashClaim(code: string): Promise<string> {
  const tidy = tidyCode(code)
  if (tidy === null) throw new Error(`a claim code has ${fewestSymbols} to ${mostSymbols} letters and digits`)
  const salt = randomBytes(16)
  const hash = await deriveClaim(tidy, salt, cost, 32)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Whether a text is a hash that this kit can check. */
export function isClaimHash(text: string): boolean {
  try {
    parseClaimHash(text)
    return true
  } catch {
    return false
  }
}

/** Upper case without separators and with what people mix up put right; null when it cannot be a code. */
export function tidyCode(code: string): string | null {
  if (code.length > 4 * mostSymbols) return null
  const tidy = code
    .toUpperCase()
    .replace(/[\s\p{Dash}_.]/gu, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  const possible = tidy.length >= fewestSymbols && tidy.length <= mostSymbols && /^[0-9A-HJKMNP-TV-Z]+$/.test(tidy)
  return possible ? tidy : null
}

/**
 * Parts of a stored hash.
 * @throws when it is none, or costs more than a kit can spend
 */
export function parseClaimHash(text: string) {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,128})\$([\w-]{22,128})$/.exec(text.trim())
  if (!match) throw new Error('is not a claim hash; it looks like scrypt$16384$8$1$SALT$HASH')
  const [N, r, p] = match.slice(1, 4).map(Number) as [number, number, number]
  const powerOfTwo = (N & (N - 1)) === 0
  if (!powerOfTwo || N < 1024 || r < 1 || p < 1 || p > 4 || 128 * N * r > memoryLimit / 2)
    throw new Error('is a claim hash with costs this kit does not accept; use N=16384, r=8, p=1')
  return { N, r, p, salt: Buffer.from(match[4] ?? '', 'base64url'), hash: Buffer.from(match[5] ?? '', 'base64url') }
}

/** The scrypt hash of a tidied code. */
export function deriveClaim(code: string, salt: Buffer, { N, r, p }: typeof cost, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(code, salt, length, { N, r, p, maxmem: memoryLimit }, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  )
}
