/*
 * A machine of a test network that takes and gives as many bytes as a caller asks: the first line of a connection is
 * `UP DOWN`, then come UP bytes, and DOWN bytes go back. Prints `ready` once it listens.
 *
 *   node transfer.ts PORT
 */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

const chunk = Buffer.alloc(64 * 1024)

async function give(socket: Socket, bytes: number) {
  for (let left = bytes; left > 0; left -= chunk.length) {
    if (!socket.write(left >= chunk.length ? chunk : chunk.subarray(0, left))) await once(socket, 'drain')
  }
  socket.end()
}

const server = createServer((socket) => {
  let asked: { up: number; down: number } | null = null
  let head = ''
  let taken = 0
  socket.on('error', () => {})
  socket.on('data', (data) => {
    taken += data.length
    if (!asked) {
      head += data.toString('latin1')
      const line = /^(\d+) (\d+)\n/.exec(head)
      if (!line) return
      asked = { up: Number(line[1]), down: Number(line[2]) }
      taken -= line[0].length
    }
    if (taken === asked.up) void give(socket, asked.down).catch(() => {})
  })
})
server.listen(Number(process.argv[2]), '::')
await once(server, 'listening')
console.log('ready')
