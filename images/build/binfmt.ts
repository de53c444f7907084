import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { $ } from 'zx'

const folder = '/proc/sys/fs/binfmt_misc'
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const prefix = 'hearth-arm64-'

/** ELF, 64 bit, little-endian, program or position-independent program, for AArch64. */
const magic = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`
const mask = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`

/**
 * Lets this machine's kernel run arm64 programs by `interpreter` while `work` runs. The registration holds for the whole
 * machine, so it is always taken back; one of the machine's own (an installed qemu-user) is not touched and comes to
 * its right again.
 *
 * The flags: P hands over the name the program was called by; F opens the interpreter now, so that it need not be in the
 * roots where the programs are.
 */
export async function withArm64Programs<T>(
  interpreter: string,
  work: () => Promise<T>,
  log: (line: string) => void,
): Promise<T> {
  await mountBinfmt()
  await awaitTurn(log)
  const name = `${prefix}${process.pid}`
  const entry = path.join(folder, name)
  if (!existsSync(entry)) writeFileSync(path.join(folder, 'register'), `:${name}:M::${magic}:${mask}:${interpreter}:PF`)
  const release = () => {
    if (existsSync(entry)) writeFileSync(entry, '-1')
  }
  process.once('exit', release)
  // Ctrl-C or a kill ends the process in order, so that `release` runs.
  const end = () => process.exit(130)
  for (const signal of signals) process.once(signal, end)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    for (const signal of signals) process.off(signal, end)
    release()
  }
}

async function mountBinfmt(): Promise<void> {
  if (existsSync(path.join(folder, 'register'))) return
  const mounted = await $`mount -t binfmt_misc binfmt_misc ${folder}`.quiet().nothrow()
  if (mounted.exitCode !== 0) {
    throw new Error(
      `This machine's kernel cannot be taught to run arm64 programs (binfmt_misc): ${mounted.stderr.trim()} Build on a machine whose kernel has it, or on an arm64 machine.`,
    )
  }
}

/**
 * Waits until no other build has its interpreter registered: the newest is used for all programs, and would not find its
 * files in the other build's root. What a killed build left registered is taken back.
 */
async function awaitTurn(log: (line: string) => void): Promise<void> {
  for (let told = false; ; told = true) {
    const others = readdirSync(folder)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .filter((pid) => pid !== String(process.pid))
    for (const pid of others.filter((each) => !existsSync(`/proc/${each}`))) {
      writeFileSync(path.join(folder, `${prefix}${pid}`), '-1')
    }
    const running = others.find((pid) => existsSync(`/proc/${pid}`))
    if (!running) return
    if (!told) log(`twins: waiting for the arm64 build of process ${running}: only one at a time can run on a machine`)
    await sleep(1000)
  }
}
