import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { type BuildContext, ensureFolder, sha256 } from './context.ts'

const kept = 4

/**
 * One step of a build with declared inputs and one output, kept by the hash of its inputs.
 *
 * `build` makes a file or folder at the path it is given; only when it has returned does the output get its final name,
 * so a cut or a full disk never leaves a half-made output that a later build takes for whole.
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
  context.log(`${name} …`)
  try {
    await build(partial)
    if (existsSync(output)) rmSync(partial, { recursive: true, force: true })
    else renameSync(partial, output)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw error
  }
  context.log(`${name} done in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  forgetOld(folder, output)
  return output
}

/** Removes all but the outputs used last, and what a killed build left half made. */
function forgetOld(folder: string, current: string): void {
  const entries = readdirSync(folder).map((name) => path.join(folder, name))
  const [partial, whole] = [
    entries.filter((e) => e.includes('.partial-')),
    entries.filter((e) => !e.includes('.partial-')),
  ]
  for (const entry of partial)
    if (!existsSync(`/proc/${entry.split('.partial-')[1]}`)) rmSync(entry, { recursive: true, force: true })
  const byUse = whole.filter((e) => e !== current).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  for (const entry of byUse.slice(kept - 1)) rmSync(entry, { recursive: true, force: true })
}
