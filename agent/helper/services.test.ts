import { expect, test } from 'vitest'
import { kitPaths } from '../paths.ts'
import { serviceUnits } from './protocol.ts'
import { listServices, restartService, serviceLog } from './services.ts'
import { makeWorld } from './testing/world.ts'

const paths = kitPaths('/nowhere')

// As systemd 257 prints it.
const shown = `MemoryCurrent=12009472
Id=snac2.service
ActiveState=active
ActiveEnterTimestamp=@1795000000

MemoryCurrent=[not set]
Id=ssh.service
ActiveState=inactive
ActiveEnterTimestamp=

MemoryCurrent=18446744073709551615
Id=nginx.service
ActiveState=failed
ActiveEnterTimestamp=@1795000000
`

test('services as systemd sees them; what it does not say is not made up', async () => {
  const world = makeWorld(paths, () => shown)
  const { services } = await listServices(world)
  expect(services).toHaveLength(Object.keys(serviceUnits).length)
  const byName = Object.fromEntries(services.map((service) => [service.name, service]))
  expect(byName.server).toEqual({ name: 'server', active: true, since: '2026-11-18T11:06:40.000Z', memory: 12009472 })
  expect(byName.ssh).toEqual({ name: 'ssh', active: false, since: null, memory: null })
  expect(byName.web).toEqual({ name: 'web', active: false, since: null, memory: null })
  expect(byName.clock).toEqual({ name: 'clock', active: false, since: null, memory: null })
})

test('restarts the one unit behind a name', async () => {
  const world = makeWorld(paths)
  await restartService(world, { name: 'names' })
  expect(world.commands).toEqual(['systemctl restart avahi-daemon.service'])
  const failing = makeWorld(paths, () => ({ code: 1, stderr: 'Job failed.\n' }))
  await expect(restartService(failing, { name: 'web' })).rejects.toThrow(/Job failed/)
})

test('a log fits into an answer, newest lines kept, control characters gone', async () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `line ${index} \u001b[31m${'"'.repeat(600)}`)
  const world = makeWorld(paths, () => `${lines.join('\n')}\n`)
  const log = await serviceLog(world, { name: 'server', lines: 1000 })
  expect(world.commands[0]).toContain('--lines=1000 --unit=snac2.service')
  expect(JSON.stringify(log).length).toBeLessThan(40_000)
  expect(log.lines.at(-1)).toMatch(/^line 999 {2}\[31m"/)
  expect(log.lines.join('')).not.toContain('\u001b')
})
