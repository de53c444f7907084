import { isIP, isIPv6 } from 'node:net'
import type { NetworkFacts } from '#agent/api.ts'
import { takenName } from '#agent/setup/names.ts'

/**
 * Whether a Host header names this kit: its own `.local` name, one that Avahi gives it where another device has that,
 * localhost, or any literal address. Everything else is another site's name pointed at us (DNS rebinding).
 */
export function isOwnHost(header: string | undefined, hostname: string | null): boolean {
  const host = hostOf(header)
  if (host === null) return false
  if (host === 'localhost' || isIP(host) !== 0) return true
  if (hostname === null || !host.endsWith('.local')) return false
  const name = host.slice(0, -'.local'.length)
  return name === hostname || takenName(hostname, name) !== null
}

/**
 * Where this kit's dashboard is: under the name it goes by on the network; while nobody knows that, under its address.
 * Null when there is neither yet.
 */
export function ownAddress(hostname: string | null, network: NetworkFacts | null): string | null {
  const announced = network?.announcedAs
  const known = hostname === null || announced === hostname ? hostname : takenName(hostname, announced)
  const address = network?.addresses[0]
  if (known === null && address !== undefined) return at(isIPv6(address) ? `[${address}]` : address)
  const name = known ?? hostname
  return name === null ? null : at(`${name}.local`)
}

function at(host: string): string {
  return `https://${host}:8443/`
}

/** Host without port and brackets, lower case; null when there is none or it is malformed. */
function hostOf(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? '')
  if (!match) return null
  return (match[1] ?? match[2] ?? '').toLowerCase().replace(/\.$/, '')
}
