import { rename } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { ServiceMeter } from './services.ts'

let kit: KitRoot
beforeEach(async () => {
  kit = await makeKitRoot()
})
afterEach(() => kit.remove())

const group = (unit: string) => `sys/fs/cgroup/system.slice/${unit}`
/** As kernel 6.12 writes the file. */
const spent = (unit: string, seconds: number) =>
  kit.write(
    `${group(unit)}/cpu.stat`,
    `usage_usec ${Math.round(seconds * 1e6)}\nuser_usec 1\nsystem_usec 1\nnice_usec 0\ncore_sched.force_idle_usec 0\n`,
  )
/** Moved away, not deleted: a file system may give a deleted folder's number to the next, which the kernel's never does. */
const ends = (unit: string) => rename(path.join(kit.root, group(unit)), path.join(kit.root, `${unit}.ended`))

describe('processor time of services', () => {
  it('is what their control groups counted, and the rest is the system’s', async () => {
    await spent('snac2.service', 100)
    await spent('nginx.service', 10)
    await spent('hearth-agent.service', 5)
    const services = new ServiceMeter(kit.paths.sys)
    await spent('snac2.service', 102.5)
    await spent('nginx.service', 10.25)
    await spent('hearth-agent.service', 5.01)
    expect(services.advance(6)).toEqual({
      server: 2.5,
      web: 0.25,
      dashboard: 0,
      agent: expect.closeTo(0.01, 6),
      system: expect.closeTo(3.24, 6),
    })
    expect(services.advance(0)).toEqual({ server: 0, web: 0, dashboard: 0, agent: 0, system: 0 })
  })

  it('counts a unit that came, or started anew, from zero, and none that is gone', async () => {
    await spent('snac2.service', 100)
    const services = new ServiceMeter(kit.paths.sys)
    await spent('hearth-dashboard.service', 1.5) // woken by its socket
    await spent('snac2.service', 0.5) // fell: it was restarted
    expect(services.advance(10)).toMatchObject({ server: 0.5, dashboard: 1.5, system: 8 })
    await ends('snac2.service')
    await spent('snac2.service', 3) // restarted, and busier since than before
    await ends('hearth-dashboard.service')
    expect(services.advance(10)).toMatchObject({ server: 3, dashboard: 0, system: 7 })
  })

  it('adds up the units of a service', async () => {
    const services = new ServiceMeter(kit.paths.sys)
    await spent('hearth-agent.service', 1)
    await spent('hearth-publish.service', 0.5)
    expect(services.advance(2)?.agent).toBe(1.5)
  })

  it('is never less than nothing for the system, whose clock is coarser', async () => {
    const services = new ServiceMeter(kit.paths.sys)
    await spent('snac2.service', 0.5)
    expect(services.advance(0.4)).toMatchObject({ server: 0.5, system: 0 })
  })

  it.each(['', 'usage_usec', 'usage_usec -5', 'usage_usec many', 'user_usec 7'])(
    'takes a group that says %j for one that does not run',
    async (text) => {
      const services = new ServiceMeter(kit.paths.sys)
      await kit.write(`${group('snac2.service')}/cpu.stat`, `${text}\n`)
      expect(services.advance(1)).toMatchObject({ server: 0, system: 1 })
    },
  )

  it('is not told where there are no control groups of systemd’s', () => {
    expect(new ServiceMeter(kit.paths.sys).advance(5)).toBeNull()
  })
})
