import type net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from './qmp.ts'

const shell = `until [ -e /dev/virtio-ports/hearth.test ]; do sleep 0.5; done
exec 3<>/dev/virtio-ports/hearth.test
while read -r id code <&3; do
  ( eval "$(echo "$code" | base64 -d)" ) </dev/null >&3 2>&1
  echo "@@END $id $?" >&3
done`

const unit = `[Unit]
Description=Commands of the emulator
DefaultDependencies=no
After=sysinit.target
[Service]
ExecStart=/bin/sh -c 'eval "$(echo ${Buffer.from(shell).toString('base64')} | base64 -d)"'
Restart=always
RestartSec=1
StandardOutput=null
`

/**
 * Arguments that give the guest a unit with a root shell on a virtual serial port, by systemd's credentials in the
 * firmware tables. So the untouched image can be tested: whoever owns the (virtual) hardware is root anyway.
 */
export function commandCredentials(): string[] {
  const credential = (name: string, text: string) => [
    '-smbios',
    `type=11,value=io.systemd.credential.binary:${name}=${Buffer.from(text).toString('base64')}`,
  ]
  return [
    ...credential('systemd.extra-unit.hearth-test.service', unit),
    ...credential('systemd.unit-dropin.sysinit.target~hearth', '[Unit]\nUpholds=hearth-test.service\n'),
  ]
}

/** The tests' end of the command channel: one command at a time, answered by its output and status. */
export class CommandChannel {
  #file: string
  #socket: net.Socket | null = null
  #text = ''
  #busy: Promise<unknown> = Promise.resolve()
  #count = 0

  constructor(file: string) {
    this.#file = file
  }

  async ready(timeoutSeconds: number, alive: () => void): Promise<void> {
    const end = Date.now() + timeoutSeconds * 1000
    for (;;) {
      alive()
      try {
        await this.#run('true', 2)
        return
      } catch (error) {
        if (Date.now() > end)
          throw new Error(
            `The guest's command channel did not answer within ${timeoutSeconds} s: ${(error as Error).message}`,
          )
        await sleep(300)
      }
    }
  }

  /** @param command shell; it is sent encoded, so any characters go */
  run(command: string, timeoutSeconds: number): Promise<{ status: number; output: string }> {
    const turn = this.#busy.then(() => this.#run(command, timeoutSeconds))
    this.#busy = turn.catch(() => undefined)
    return turn
  }

  async #run(command: string, timeoutSeconds: number): Promise<{ status: number; output: string }> {
    this.#socket ??= await this.#open()
    this.#text = ''
    const id = ++this.#count
    this.#socket.write(`${id} ${Buffer.from(command).toString('base64')}\n`)
    const match = await this.#until(new RegExp(`([\\s\\S]*)@@END ${id} (\\d+)\\n`), timeoutSeconds * 1000, command)
    // Late answers of commands that were given up stand before this one's.
    const output = (match[1] ?? '').split(/@@END \d+ \d+\n/).at(-1) ?? ''
    return { status: Number(match[2]), output: output.trim() }
  }

  async #open(): Promise<net.Socket> {
    const socket = await open(this.#file)
    socket.on('data', (chunk) => {
      this.#text += chunk.toString()
    })
    socket.on('error', () => undefined)
    return socket
  }

  async #until(pattern: RegExp, milliseconds: number, what: string): Promise<RegExpMatchArray> {
    const end = Date.now() + milliseconds
    for (;;) {
      const match = this.#text.match(pattern)
      if (match) return match
      if (Date.now() > end)
        throw new Error(
          `${what}: no answer within ${Math.round(milliseconds / 1000)} s. So far: ${this.#text.slice(-500)}`,
        )
      await sleep(20)
    }
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = null
  }
}
