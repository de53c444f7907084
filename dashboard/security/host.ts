import { isIP } from 'node:net'

/**
 * Whether a Host header names this kit: its own `.local` name (with the `-2` that avahi adds on a conflict), localhost,
 * or any literal address. Everything else is another site's name pointed at us (DNS rebinding).
 */
export function isOwnHost(header: string | undefined, hostname: string | null): boolean {
  const host = hostOf(header)
  if (host === null) return false
  if (host === 'localhost' || isIP(host) !== 0) return true
  if (hostname === null) return false
  const own = hostname.toLowerCase()
  if (!host.endsWith('.local') || !host.startsWith(own)) return false
  return /^(-\d{1,2})?\.local$/.test(host.slice(own.length))
}

/** Host without port and brackets, lower case; null when there is none or it is malformed. */
function hostOf(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? '')
  if (!match) return null
  return (match[1] ?? match[2] ?? '').toLowerCase().replace(/\.$/, '')
}
