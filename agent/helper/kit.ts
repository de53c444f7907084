import { setTimezone } from '../setup/identity.ts'
import { mustRun } from '../setup/run.ts'
import { refreshServerWords } from '../setup/server.ts'
import { changeKit, kitFacts, setNames } from './names.ts'
import type { DashboardVerbs } from './protocol.ts'
import type { World } from './world.ts'

type Settings = DashboardVerbs['kit.settings']['args']

/** Language, time zone and currency of the household; the server's pages speak the language, too. */
export async function changeSettings(world: World, settings: Settings): Promise<Record<never, never>> {
  const { paths } = world
  if (settings.timezone !== undefined) await setTimezone(paths, settings.timezone)
  await changeKit(world, settings)
  if (settings.language !== undefined) await refreshServerWords(paths, settings.language)
  return {}
}

/**
 * Gives the kit another name on the home network. A server on trial is called after the kit and follows; its people stay,
 * its posts begin afresh.
 */
export async function renameKit(world: World, { hostname }: { hostname: string }): Promise<{ hostname: string }> {
  const { serverName } = await kitFacts(world)
  await setNames(world, { hostname, serverName })
  return { hostname }
}

/** The server's permanent name, in place of its trial's or an earlier one. */
export async function nameServer(
  world: World,
  { name }: { name: string },
): Promise<{ kept: string[]; restarted: string[] }> {
  const { hostname } = await kitFacts(world)
  const { people } = await setNames(world, { hostname, serverName: name })
  return { kept: people, restarted: ['server', 'web'] }
}

export async function restartKit({ move, run }: World): Promise<Record<never, never>> {
  move.assertNotRunning()
  await mustRun(run, 'systemctl', ['--no-block', 'reboot'])
  return {}
}

export async function powerOff({ move, run }: World): Promise<Record<never, never>> {
  move.assertNotRunning()
  await mustRun(run, 'systemctl', ['--no-block', 'poweroff'])
  return {}
}
