import { isIP } from 'node:net'
import type { Trouble } from '../api.ts'

/**
 * Where hearth-publish gets to: the public internet by HTTPS on port 443 and SFTP on port 22; the firewall refuses it
 * everything else. A machine at home is no collector: what it has, nobody else can read. This machine itself (loopback)
 * may be asked by HTTP and on any port: for tests; on a kit the firewall refuses that, too.
 * @returns null where nothing is wrong
 */
export function unreachable(address: string | { host: string; port: number }): Trouble | null {
  if (typeof address !== 'string') return address.port === 22 ? elsewhere(address.host) : otherPort(address, 22)
  const url = URL.parse(address)
  if (!url)
    return {
      what: 'it is not an address',
      next: 'Write one such as https://example.org/ledger/.',
      code: 'place.no-address',
    }
  if (isLoopback(url.hostname) && /^https?:$/.test(url.protocol)) return null
  if (url.protocol !== 'https:')
    return { what: 'it is not an https address', next: 'Write one that begins with https://.', code: 'place.no-https' }
  if (url.port !== '') return otherPort({ host: url.hostname, port: Number(url.port) }, 443)
  return elsewhere(url.hostname)
}

function otherPort({ host, port }: { host: string; port: number }, usual: number): Trouble | null {
  if (isLoopback(host)) return null
  return {
    what: `the kit does not reach port ${port}`,
    next: `Name a server that answers on port ${usual}.`,
    code: 'place.port',
    facts: { port, usual },
  }
}

/** Names and addresses that can only mean a machine at home; what is not seen here the firewall refuses. */
function elsewhere(host: string): Trouble | null {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  const isHome =
    isIP(bare) === 0
      ? !bare.includes('.') || /\.(local|localhost|lan|home|internal|home\.arpa)\.?$/.test(bare)
      : /^(0|10|127)\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^169\.254\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^f[cd]|^fe[89ab]|^::/.test(
          bare,
        )
  if (!isHome || isLoopback(host)) return null
  return {
    what: `${host} is a machine at home`,
    next: 'Name one on the internet: what only the home can read is not published.',
    code: 'place.at-home',
    facts: { host },
  }
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)
}
