import { rmSync } from 'node:fs'
import path from 'node:path'
import { chooseAccelerator } from '#images/emulator/accelerator.ts'
import { freePort, Guest } from '#images/emulator/guest.ts'
import { claimKit, type Household } from '../kit/household.ts'
import { built, type Kit, settled, startKit } from '../kit/kit.ts'
import { floorImage } from './floor.ts'

/** MiB, the same for both. */
export const memory = 2048

export async function startFloor(
  options: { again?: boolean; commands?: boolean } = {},
): Promise<{ guest: Guest; port: number }> {
  const kitBuild = await built('kit-x86')
  const image = await floorImage(kitBuild)
  const folder = path.join(kitBuild.context.cache, 'test/bench-floor')
  if (!options.again) rmSync(folder, { recursive: true, force: true })
  const port = await freePort()
  const guest = new Guest(kitBuild.tools, {
    machine: 'x86-uefi',
    image,
    folder,
    memory,
    diskSize: 4 * 1024 ** 3,
    forwards: { [port]: 80 },
    commands: options.commands ?? true,
    accelerator: await chooseAccelerator(kitBuild.tools),
  })
  await guest.start()
  return { guest, port }
}

/** A kit that a household has claimed, off again: what is measured is a kit in use, not one being set up. */
export async function claimedKit(): Promise<Household> {
  const kit = await startKit('bench-kit', { memory })
  await settled(kit.guest)
  await kit.guest.waitForSerial(/Claim code: \S+/, 120)
  const household = await claimKit(kit)
  await kit.guest.run('sync')
  await kit.guest.powerOff()
  return household
}

export function startAgain(commands = true): Promise<Kit> {
  return startKit('bench-kit', { again: true, memory, commands })
}
