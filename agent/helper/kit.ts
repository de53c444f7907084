import { rename, symlink } from 'node:fs/promises'
import path from 'node:path'
import { makeFolder, removeDurably, syncFolder, writeDurably } from '../setup/files.ts'
import { mustRun } from '../setup/run.ts'
import { changeServerName } from '../setup/server.ts'
import { applyNames, changeKit, kitFacts } from './names.ts'
import type { DashboardVerbs } from './protocol.ts'
import type { World } from './world.ts'

type Settings = DashboardVerbs['kit.settings']['args']

/** Language, time zone and currency of the household. */
export async function changeSettings(world: World, settings: Settings): Promise<Record<never, never>> {
  if (settings.timezone !== undefined) await setTimezone(world, settings.timezone)
  await changeKit(world, settings)
  return {}
}

/** `/etc/localtime` of the slot is a link to the one set here. */
export async function setTimezone({ paths }: World, timezone: string): Promise<void> {
  const link = path.join(paths.etc, 'localtime')
  const beside = `${link}.new`
  await makeFolder(paths.etc)
  await removeDurably(beside)
  await symlink(`/usr/share/zoneinfo/${timezone}`, beside)
  await rename(beside, link)
  await syncFolder(paths.etc)
}

/**
 * Gives the kit another name on the home network. A server on trial is called after the kit and follows; its people stay,
 * its posts begin afresh.
 */
export async function renameKit(world: World, { hostname }: { hostname: string }): Promise<{ hostname: string }> {
  const { paths, run } = world
  const { serverName } = await kitFacts(world)
  await writeDurably(path.join(paths.etc, 'hostname'), `${hostname}\n`)
  await writeDurably(path.join(paths.etc, 'hosts'), hosts(hostname))
  await mustRun(run, 'hostname', [hostname])
  await changeKit(world, { hostname })
  if (serverName === null) await changeServerName(paths, `${hostname}.local`, run)
  await applyNames(world)
  await mustRun(run, 'systemctl', ['restart', 'avahi-daemon.service'])
  return { hostname }
}

/** The server's permanent name, in place of its trial's or an earlier one. */
export async function nameServer(
  world: World,
  { name }: { name: string },
): Promise<{ kept: string[]; restarted: string[] }> {
  const { people } = await changeServerName(world.paths, name, world.run)
  await changeKit(world, { serverName: name })
  await applyNames(world)
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

function hosts(hostname: string): string {
  return `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}.local ${hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n`
}
