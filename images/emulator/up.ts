import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { buildImage } from '../build/build.ts'
import { chooseAccelerator } from './accelerator.ts'
import { freePort, Guest, sleep } from './guest.ts'

/**
 * `hearth up`: builds the x86 kit where needed, starts it, and stays until Ctrl-C. The kit's disk is kept in the cache
 * and goes on where it was, unless the image changed or `fresh` is asked for.
 */
export async function up(options: { fresh: boolean; log: (line: string) => void }): Promise<number> {
  const { log } = options
  const built = await buildImage({ recipe: 'kit-x86', log })
  const folder = path.join(built.context.cache, 'up')
  const mark = path.join(folder, 'image')
  const changed = !existsSync(mark) || readFileSync(mark, 'utf8') !== built.image
  if (changed && existsSync(path.join(folder, 'disk.qcow2')))
    log('up: the image is new, so the kit starts from it as from a new card')
  if (options.fresh || changed) rmSync(folder, { recursive: true, force: true })

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
  await guest.start()
  writeFileSync(mark, built.image)
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    log('up: shutting the kit down …')
    await guest.powerOff()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)

  const started = Date.now()
  const shown = await guest.waitForSerial(/Dashboard: \S+/, 240)
  while (!stopping && !(await answers(dashboard))) await sleep(250)
  log(`up: the kit serves (${((Date.now() - started) / 1000).toFixed(0)} s). Its console says: ${shown[0]}`)
  const code = guest.serial().match(/Claim code: (\S+)/)?.[1]
  log('')
  log(`  Dashboard    https://localhost:${dashboard}/`)
  if (code) log(`  Claim code   ${code}`)
  log(`  Plain page   http://localhost:${plain}/`)
  log(`  Server       https://localhost:${server}/`)
  log('')
  log(`Ctrl-C shuts the kit down; make up again goes on where it was. Its console: ${guest.serialLog}`)
  while (guest.isRunning) await sleep(300)
  log('up: the kit is off')
  return 0
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
