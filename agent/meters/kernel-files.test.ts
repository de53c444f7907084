import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { readCpuTimes, utilisation } from './cpu.ts'
import { readMemory } from './memory.ts'
import { machineOf, readHardware } from './power-model.ts'
import { readSpace } from './storage.ts'
import { findTemperatureSensor, readTemperature } from './temperature.ts'

let kit: KitRoot
beforeEach(async () => {
  kit = await makeKitRoot()
})
afterEach(() => kit.remove())

describe('the kernel’s files', () => {
  it('give the processors’ time, guests not twice and waiting as idle', async () => {
    await kit.write('proc/stat', 'cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 1 1 1 1\n')
    expect(readCpuTimes(kit.paths.proc)).toEqual({ busy: 81, total: 531 })
  })

  it('give utilisation as a share, and none when counters run backwards', () => {
    expect(utilisation({ busy: 10, total: 100 }, { busy: 60, total: 200 })).toBe(0.5)
    expect(utilisation({ busy: 60, total: 200 }, { busy: 10, total: 100 })).toBeNull()
    expect(utilisation({ busy: 60, total: 200 }, { busy: 60, total: 200 })).toBeNull()
    expect(utilisation({ busy: 60, total: 200 }, { busy: 59, total: 300 })).toBe(0)
  })

  it.each(['', 'cpu', 'cpu  a b c d e', 'intr 1 2 3'])('that say %j give no time', async (text) => {
    await kit.write('proc/stat', text)
    expect(readCpuTimes(kit.paths.proc)).toBeNull()
  })

  it('give memory in bytes', () => {
    expect(readMemory(kit.paths.proc)).toEqual({ total: 949_444 * 1024, available: 700_000 * 1024 })
  })

  it('give the processor’s temperature', () => {
    const figure = readTemperature(findTemperatureSensor(kit.paths.sys), '')
    expect(figure).toMatchObject({ value: 48.312, unit: '°C', source: 'sysfs:cpu-thermal' })
  })

  it.each(['0', '999000', '-274000', 'hot', ''])('that say %j give no temperature', async (text) => {
    await kit.write('sys/class/thermal/thermal_zone0/temp', text)
    expect(findTemperatureSensor(kit.paths.sys)).toBeNull()
  })

  it('prefer the processor to a battery, and fall back to hwmon', async () => {
    await kit.write('sys/class/thermal/thermal_zone0/type', 'acpitz')
    await kit.write('sys/class/hwmon/hwmon0/name', 'nvme')
    await kit.write('sys/class/hwmon/hwmon0/temp1_input', '30000')
    await kit.write('sys/class/hwmon/hwmon1/name', 'coretemp')
    await kit.write('sys/class/hwmon/hwmon1/temp1_input', '51000')
    expect(readTemperature(findTemperatureSensor(kit.paths.sys), '')).toMatchObject({
      value: 51,
      source: 'sysfs:coretemp',
    })
  })

  it('name the board, and tell a virtual machine', async () => {
    expect(machineOf(readHardware(kit.paths)).label).toBe('Raspberry Pi 4 Model B')
    await kit.write('sys/firmware/devicetree/base/model', '')
    await kit.write('proc/cpuinfo', 'model name\t: QEMU TCG CPU\nflags\t\t: fpu hypervisor lm\n')
    expect(machineOf(readHardware(kit.paths)).label).toBe('virtual machine')
  })

  it('give the room on a disk', () => {
    const { size, free } = readSpace(kit.root)
    expect(free).toBeGreaterThan(0)
    expect(size).toBeGreaterThan(free)
  })
})
