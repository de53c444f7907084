import { access, writeFile } from 'node:fs/promises'
import type { ReleaseFacts } from '../api.ts'
import { readJson } from '../setup/files.ts'
import { mustRun } from '../setup/run.ts'
import { Refusal } from './refusal.ts'
import type { World } from './world.ts'

/** A browser's clock further ahead than this is broken, not a kit kept in a drawer. */
const mostYearsAfterBuild = 25

/**
 * Sets the clock to what the owner's browser says.
 * @throws Refusal once a time server has set it, and for a time the kit's own release rules out
 */
export async function confirmClock(
  { paths, run }: World,
  { epochSeconds }: { epochSeconds: number },
): Promise<{ clock: number }> {
  if (await exists(paths.clockTrusted))
    throw new Refusal({
      code: 'clock.trusted',
      message: 'The clock was set by a time server.',
      next: 'Nothing needs to be done.',
    })
  const built = await readJson(paths.release, buildSeconds)
  if (built === null) throw new Error(`${paths.release} is missing`)
  if (epochSeconds < built || epochSeconds > built + mostYearsAfterBuild * 365 * 86_400)
    throw new Refusal({
      code: 'clock.impossible',
      message: "The browser's time is before this system was built, or decades after.",
      next: 'Set the clock of the phone or computer you are using, then load the page again.',
    })
  await mustRun(run, 'date', ['--utc', `--set=@${epochSeconds}`])
  await writeFile(paths.clockConfirmed, `${epochSeconds}\n`)
  return { clock: epochSeconds }
}

function buildSeconds(value: unknown): number {
  const milliseconds = Date.parse((value as ReleaseFacts | null)?.builtAt ?? '')
  if (Number.isNaN(milliseconds)) throw new Error('has no builtAt date')
  return milliseconds / 1000
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
