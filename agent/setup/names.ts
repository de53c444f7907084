/** Names that reach configuration files, certificates and commands: checked here, once. */

/** A host name on the home network, without `.local`: lower-case letters, digits and inner hyphens, at most 63. */
export function isHostname(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
}

/**
 * What Avahi calls a kit whose own name another device has; null when it goes by its own. Avahi puts a number behind the
 * name, or counts up the one it ends in: `hearth-7f3a` becomes `hearth-7f3a-2`, but `hearth-3456` becomes `hearth-3457`.
 * console.awk has the same rule.
 */
export function takenName(hostname: string, announcedAs: string | undefined): string | null {
  if (announcedAs === undefined || !isHostname(announcedAs)) return null
  const [, stem = hostname, own = '1'] = /^(.*)-([1-9]\d*)$/.exec(hostname) ?? []
  const number = announcedAs.startsWith(`${stem}-`) ? announcedAs.slice(stem.length + 1) : ''
  const more = /^[1-9]\d*$/.test(number) ? Number(number) - Number(own) : 0
  return more >= 1 && more < 100 ? announcedAs : null
}

/**
 * Another name for a kit whose own is taken: four characters of its authority's fingerprint, which no other kit has, even
 * where boards share a serial.
 */
export function otherHostname(hostname: string, caFingerprint: string): string {
  const sign = caFingerprint.slice(0, 4)
  const stem = /^hearth-[a-z0-9]{4}$/.test(hostname) ? 'hearth' : hostname.slice(0, 63 - 1 - sign.length)
  const proposed = `${stem}-${sign}`
  return proposed === hostname ? `${stem}-${caFingerprint.slice(4, 8)}` : proposed
}

/** A public DNS name in lower case (punycode), with a dot, that is no address and not of the home network. */
export function isServerName(text: string): boolean {
  const labels = text.split('.')
  if (text.length > 253 || labels.length < 2 || !labels.every(isHostname)) return false
  const top = labels.at(-1) ?? ''
  return (
    /^(?:[a-z]{2,63}|xn--[a-z0-9-]+)$/.test(top) && !['local', 'localhost', 'localdomain', 'internal'].includes(top)
  )
}

/** What the server is called: by its permanent name, or after the kit while it is on trial. */
export function serverHostOf({ hostname, serverName }: { hostname: string; serverName: string | null }): string {
  return serverName ?? `${hostname}.local`
}

/** Whether a text is a host name that a server can have, permanently or on trial. */
export function isServerHost(text: string): boolean {
  return isServerName(text) || (text.endsWith('.local') && isHostname(text.slice(0, -'.local'.length)))
}

/** A BCP 47 language of the household that the kit has words for, or null. `de-AT` and `de_DE.UTF-8` are German. */
export function knownLanguage(text: string): Language | null {
  const primary = text.toLowerCase().split(/[-_.@]/)[0]
  return languages.find((language) => language === primary) ?? null
}

export const languages = ['en', 'de', 'fr'] as const
export type Language = (typeof languages)[number]

/** Whether a text is a time zone this system knows, e.g. `Europe/Berlin`. */
export function isTimezone(text: string): boolean {
  if (!/^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+){0,2}$/.test(text)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}
