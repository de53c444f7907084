/*
 * A machine of a test network: answers TCP on every port a test asks for, and DNS for a name that turns from a public to
 * a home address after its first answer. Prints `ready` once it listens.
 *
 *   node peer.ts NAME_SERVER_ADDRESS|-
 */
import dgram from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const [nameServer = '-'] = process.argv.slice(2)
const turning = ['8.8.4.4', '192.168.7.3']

for (const port of [22, 53, 80, 443, 8081, 8443, 9000]) {
  const server = createServer((socket) => socket.end(port === 8081 ? 'plain' : 'listener'))
  server.listen(port, '::')
  await once(server, 'listening')
}
if (nameServer !== '-') {
  const socket = dgram.createSocket('udp4')
  socket.on('message', (query, { port, address }) => socket.send(answer(query), port, address))
  socket.bind(53, nameServer)
  await once(socket, 'listening')
}
console.log('ready')

/** The query with one A record, valid for no time at all. */
function answer(query: Buffer): Buffer {
  const address = turning.length > 1 ? turning.shift() : turning[0]
  const end = query.indexOf(0, 12) + 5
  const header = Buffer.from([query.readUInt8(0), query.readUInt8(1), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...(address ?? '').split('.').map(Number)])
  return Buffer.concat([header, query.subarray(12, end), record])
}
