import type { BootFacts } from '../api.ts'
import { readJson } from '../setup/files.ts'
import { mustRun } from '../setup/run.ts'
import { Refusal } from './refusal.ts'
import type { World } from './world.ts'

const bootEnvironment = '/usr/lib/hearth/boot-env'

/**
 * This start went well: GRUB counts the running slot's tries from 0 again.
 * @throws Refusal when it is not known which slot runs
 */
export async function slotIsGood({ paths, run }: World): Promise<{ slot: 'A' | 'B' }> {
  const slot = await readJson(paths.boot, (value) => (value as BootFacts | null)?.slot)
  if (slot !== 'A' && slot !== 'B')
    throw new Refusal({
      code: 'slot.unknown',
      message: 'The kit was not started from one of its two slots.',
      next: 'Start it from its own boot menu.',
    })
  await mustRun(run, bootEnvironment, ['set', `${slot}_TRY=0`])
  return { slot }
}
