import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { syncContent, syncFolder } from '../publish/files.ts'
import { type BuildContext, ensureFolder, sha256 } from './context.ts'

const kept = 4
/** Outputs are used for as long as a suite of guests runs, whoever builds something else meanwhile. */
const keptInUse = 12
const inUseMs = 2 * 3600_000

/**
 * One step of a build with declared inputs and one output, kept by the hash of its inputs.
 *
 * `build` makes a file or folder at the path it is given; only when it has returned and what it wrote is on the disk does
 * the output get its final name, so a cut or a full disk never leaves a half-made output that a later build takes for
 * whole.
 *
 * @returns the path of the output, and whether it had to be made
 */
export async function stage(
  context: BuildContext,
  name: string,
  inputs: Record<string, unknown>,
  build: (output: string) => Promise<void>,
): Promise<string> {
  const folder = ensureFolder(path.join(context.cache, 'stages', name))
  const output = path.join(folder, sha256(JSON.stringify(inputs)).slice(0, 24))
  if (existsSync(output)) {
    const now = new Date()
    utimesSync(output, now, now)
    return output
  }
  const partial = `${output}.partial-${process.pid}`
  const started = Date.now()
  context.log(`${name} … (about ${expectedSeconds(folder, name)} s)`)
  try {
    await build(partial)
    await syncContent(partial)
    if (existsSync(output)) rmSync(partial, { recursive: true, force: true })
    else renameSync(partial, output)
    await syncFolder(folder)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw error
  }
  const seconds = (Date.now() - started) / 1000
  context.log(`${name} done in ${seconds.toFixed(1)} s`)
  writeFileSync(`${folder}.seconds`, seconds.toFixed(0))
  forgetOld(folder, output)
  return output
}

/** What a stage takes on two cores, for the first time; later it is what it took here. */
const usualSeconds: Record<string, number> = {
  tools: 60,
  'test-root': 80,
  'base-amd64': 30,
  'base-arm64': 60,
  'initramfs-amd64': 25,
}

function expectedSeconds(folder: string, name: string): number {
  const file = `${folder}.seconds`
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : (usualSeconds[name] ?? 10)
}

/**
 * Removes all but the outputs used last, and what a killed build left half made. What was used a short while ago may be
 * the disk of a guest that will start again. An output that something is mounted in stays: removing it would reach
 * through to this machine's own folders.
 */
function forgetOld(folder: string, current: string): void {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  const remove = (entry: string) => {
    if (!mounts.some((target) => `${target}/`.startsWith(`${entry}/`))) rmSync(entry, { recursive: true, force: true })
  }
  const entries = readdirSync(folder).map((name) => path.join(folder, name))
  const isPartial = (entry: string) => entry.includes('.partial-')
  for (const entry of entries.filter(isPartial)) {
    // A build has more than one of them, such as `….partial-7021.work`.
    const pid = /\.partial-(\d+)/.exec(entry)?.[1]
    if (!existsSync(`/proc/${pid}`)) remove(entry)
  }
  const byUse = entries
    .filter((entry) => !isPartial(entry) && entry !== current)
    .map((entry) => ({ entry, usedAt: statSync(entry).mtimeMs }))
    .sort((a, b) => b.usedAt - a.usedAt)
  for (const [index, { entry, usedAt }] of byUse.entries()) {
    const stays = index < kept - 1 || (index < keptInUse - 1 && Date.now() - usedAt < inUseMs)
    if (!stays) remove(entry)
  }
}
