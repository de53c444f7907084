import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Whether a password is the one that snac keeps: `NONCE:` and the SHA-1, in hex, of `NONCE:ID:PASSWORD` (`hash_password`
 * in its source; the same from its first release to 2.96). Compares in constant time.
 *
 * snac itself is not asked: over HTTP it notes each sign-in with its time (`lastlog.txt`), hands out a token, and counts
 * wrong passwords against whoever comes from the same address.
 */
export function matchesSnac(id: string, password: string, kept: string): boolean {
  const [nonce = ''] = kept.split(':', 1)
  const hash = createHash('sha1').update(`${nonce}:${id}:${password}`).digest('hex')
  const [given, expected] = [Buffer.from(`${nonce}:${hash}`), Buffer.from(kept)]
  return given.length === expected.length && timingSafeEqual(given, expected)
}
