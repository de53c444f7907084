/** The value of a cookie, or null. Only our own cookies are read, whose values need no decoding. */
export function readCookie(header: string | undefined, name: string): string | null {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return null
}

/** `__Host-` cookies: this host only, TLS only, out of scripts' reach. Without `maxAge` it ends with the browser. */
export function cookieHeader(name: string, value: string, maxAge?: number): string {
  const life = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Strict${life}`
}
