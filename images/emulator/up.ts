import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { buildImage } from '../build/build.ts'
import { chooseAccelerator } from './accelerator.ts'
import { freePort, Guest, sleep } from './guest.ts'
import { Stop } from './stop.ts'

type Log = (line: string) => void

/**
 * `hearth up [--fresh] [--name NAME]`: builds the x86 kit where needed, starts it, and stays until Ctrl-C. The kit's disk
 * is kept in the cache and goes on where it was, unless the image changed or `--fresh` is asked for.
 *
 * @returns 0 when the kit was shut down after it served, 130 when Ctrl-C came before
 */
export async function up(args: string[], log: Log): Promise<number> {
  const { fresh, name } = upOptions(args)
  const built = await buildImage({ recipe: 'kit-x86', log })
  const folder = path.join(built.context.cache, name === null ? 'up' : `up-${name}`)
  const mark = path.join(folder, 'image')
  const changed = !existsSync(mark) || readFileSync(mark, 'utf8') !== built.image
  if (changed && existsSync(path.join(folder, 'disk.qcow2')))
    log('up: the image is new, so the kit starts from it as from a new card')
  if (fresh || changed) rmSync(folder, { recursive: true, force: true })

  const accelerator = await chooseAccelerator(built.tools)
  log(
    `up: starting the kit in QEMU (${accelerator === 'kvm' ? 'KVM' : 'no KVM here, so emulated: about half a minute'})`,
  )
  const dashboard = await freePort(8443)
  const server = await freePort(8444)
  const plain = await freePort(8080)
  const guest = new Guest(built.tools, {
    machine: 'x86-uefi',
    image: built.image,
    folder,
    diskSize: 4 * 1024 ** 3,
    forwards: { [dashboard]: 8443, [server]: 443, [plain]: 80 },
    accelerator,
  })
  const stop = new Stop(guest, log)
  const served = await stop.unlessAsked(async () => {
    await guest.start()
    writeFileSync(mark, built.image)
    const started = Date.now()
    const shown = await guest.waitForSerial(/Dashboard: \S+/, 240)
    for (; !(await answers(dashboard)); await sleep(250)) guest.assertRunning()
    log(`up: the kit serves (${((Date.now() - started) / 1000).toFixed(0)} s). Its console says: ${shown[0]}`)
    const code = guest.serial().match(/Claim code: (\S+)/)?.[1]
    log('')
    log(`  Dashboard    https://localhost:${dashboard}/`)
    if (code) log(`  Claim code   ${code}`)
    log(`  Plain page   http://localhost:${plain}/`)
    log(`  Server       https://localhost:${server}/`)
    log('')
    log(`Ctrl-C shuts the kit down; make up again goes on where it was. Its console: ${guest.serialLog}`)
  })
  while (guest.isRunning) await sleep(300)
  log('up: the kit is off')
  return served ? 0 : 130
}

/** @throws with what is wrong */
export function upOptions(args: string[]): { fresh: boolean; name: string | null } {
  const { values } = parseArgs({ args, options: { fresh: { type: 'boolean' }, name: { type: 'string' } } })
  const name = values.name ?? null
  if (name !== null && !/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new Error(`--name is the name of another kit to keep, of small letters and digits, not “${name}”.`)
  return { fresh: values.fresh ?? false, name }
}

/** Whether the kit behind the forwarded port completes a TLS handshake: QEMU itself accepts any connection. */
async function answers(port: number): Promise<boolean> {
  const { connect } = await import('node:tls')
  return new Promise((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      timeout: 2000,
      servername: 'localhost',
    })
    const end = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.once('secureConnect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
