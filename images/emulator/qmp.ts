import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The few words of QEMU's machine protocol that we use. */
export class Qmp {
  #socket: net.Socket
  #waiting: ((answer: { return?: unknown; error?: { desc: string } }) => void)[] = []
  #text = ''

  private constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#read(chunk.toString()))
    socket.on('error', () => undefined)
  }

  /** @param alive throws when QEMU has ended, with its message */
  static async connect(file: string, alive: () => void, timeoutSeconds = 20): Promise<Qmp> {
    const end = Date.now() + timeoutSeconds * 1000
    for (;;) {
      try {
        const qmp = new Qmp(await open(file))
        await qmp.execute('qmp_capabilities')
        return qmp
      } catch (error) {
        alive()
        if (Date.now() > end) throw error
        await sleep(100)
      }
    }
  }

  execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((answer) =>
        answer.error ? reject(new Error(`QEMU: ${answer.error.desc}`)) : resolve(answer.return),
      )
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: string): void {
    this.#text += chunk
    const lines = this.#text.split('\n')
    this.#text = lines.pop() ?? ''
    for (const line of lines.filter((entry) => entry.trim())) {
      const message = JSON.parse(line)
      if ('return' in message || 'error' in message) this.#waiting.shift()?.(message)
    }
  }
}

export function open(file: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(file)
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}
