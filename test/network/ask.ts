/*
 * Connects as a user and prints what the other end says, or nothing if it cannot be reached within a second.
 *
 *   node ask.ts ADDRESS|NAME PORT UID NAME_SERVER [SOURCE_ADDRESS]
 */
import { Resolver } from 'node:dns/promises'
import { connect, isIP } from 'node:net'

const [host, port, uid, nameServer, source] = process.argv.slice(2) as [string, string, string, string, string?]
process.setgid?.(Number(uid))
process.setuid?.(Number(uid))

const socket = connect({
  host: isIP(host) ? host : await lookUp(host),
  port: Number(port),
  ...(source === undefined ? {} : { localAddress: source }),
})
socket.setTimeout(1000, () => socket.destroy())
socket.on('error', () => {})
socket.pipe(process.stdout)

async function lookUp(name: string): Promise<string> {
  const resolver = new Resolver({ timeout: 1000, tries: 1 })
  resolver.setServers([nameServer])
  const [address] = await resolver.resolve4(name)
  return address as string
}
