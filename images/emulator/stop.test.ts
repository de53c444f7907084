import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, expect, it } from 'vitest'

let child: ChildProcessByStdio<null, Readable, null> | null = null
afterEach(() => {
  child?.kill('SIGKILL')
})

/** Runs `body` with a `guest` that takes a moment to shut down, sends a signal at each `now`, and tells how it ended. */
async function run(body: string, signal: NodeJS.Signals = 'SIGINT'): Promise<{ code: number | null; said: string[] }> {
  const program = `import { Stop } from ${JSON.stringify(path.join(import.meta.dirname, 'stop.ts'))}
    import { setTimeout as sleep } from 'node:timers/promises'
    const say = (text) => console.log(text)
    const guest = { runs: false, hangs: false, async powerOff() {
      if (!this.runs) return
      await sleep(this.hangs ? 60_000 : 30)
      if (this.runs) say('off')
      this.runs = false
    } }
    const boot = async () => { while (guest.runs) await sleep(5); throw new Error('QEMU ended') }
    const stop = new Stop(guest, say)
    ${body}`
  const started = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = started
  const said: string[] = []
  started.stdout.on('data', (chunk) => {
    for (const line of String(chunk).split('\n').filter(Boolean)) {
      if (line === 'now') started.kill(signal)
      else said.push(line.replace(/ \(.*/, ''))
    }
  })
  const [code] = await once(started, 'close')
  return { code, said }
}

const asked = 'up: shutting the kit down …'
const exit = 'process.exit((await served) ? 0 : 130)'

it('Ctrl-C while the guest starts shuts it down, and nothing else is said', async () => {
  const body = `guest.runs = true; const served = stop.unlessAsked(boot); say('now'); ${exit}`
  expect(await run(body)).toEqual({ code: 130, said: [asked, 'off'] })
})

it('Ctrl-C before the guest is there shuts it down once it is', async () => {
  const body = `const served = stop.unlessAsked(async () => {
    say('now'); await sleep(200); guest.runs = true; await boot()
  }); ${exit}`
  expect(await run(body)).toEqual({ code: 130, said: [asked, 'off'] })
})

it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM', 'SIGHUP'])(
  '%s after it served shuts it down in good order',
  async (signal) => {
    const body = `guest.runs = true; const served = stop.unlessAsked(async () => undefined); await served
    say('now'); while (guest.runs) await sleep(5); ${exit}`
    expect(await run(body, signal)).toEqual({ code: 0, said: [asked, 'off'] })
  },
)

it('a second Ctrl-C does not wait for a guest that hangs', async () => {
  const body = `guest.runs = guest.hangs = true; const served = stop.unlessAsked(boot)
    say('now'); await sleep(200); say('now'); ${exit}`
  expect(await run(body)).toEqual({ code: 130, said: [asked, 'up: cutting the kit’s power'] })
})

it('what goes wrong without Ctrl-C is told', async () => {
  const body = `const served = stop.unlessAsked(boot).catch((error) => { say(error.message); return false }); ${exit}`
  expect(await run(body)).toEqual({ code: 130, said: ['QEMU ended'] })
})
