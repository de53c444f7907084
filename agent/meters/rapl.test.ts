import { rmSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { CalibrationReading } from '../api.ts'
import { laptopRapl, makeSysTree, raplZone, type SysTree, serverRapl, type Tree } from './power-trees.ts'
import { findRapl, mostWattsPerDomain, raplDifference } from './rapl.ts'

let tree: SysTree
let now = 0
afterEach(() => tree?.remove())

const energyOf = (zone: string) => `class/powercap/${zone}/energy_uj`

function rapl(files: Tree) {
  tree = makeSysTree(files)
  now = 0
  return findRapl(tree.sys, () => now)
}

describe('the processor’s energy counters', () => {
  it('of a laptop are package and memory, never what is within them or around them', () => {
    const power = rapl(laptopRapl)?.watch()
    now += 60_000
    tree.write(energyOf('intel-rapl:0'), `${1_000_000 + 120_000_000}\n`)
    tree.write(energyOf('intel-rapl:0:0'), `${500_000 + 90_000_000}\n`)
    tree.write(energyOf('intel-rapl:0:2'), `${200_000 + 30_000_000}\n`)
    tree.write(energyOf('intel-rapl:1'), `${5_000_000 + 600_000_000}\n`)
    tree.write(energyOf('intel-rapl-mmio:0'), `${1_000_000 + 120_000_000}\n`)
    tree.write(energyOf('intel-rapl-mmio:0:0'), `${200_000 + 30_000_000}\n`)
    expect(power?.()?.packageWatts).toBeCloseTo(2.5)
  })

  it('of a server are summed over both sockets, across a return to zero', () => {
    const power = rapl(serverRapl)?.watch()
    now += 60_000
    tree.write(energyOf('intel-rapl:0'), `${10_000_000 + 1_200_000_000}\n`)
    tree.write(energyOf('intel-rapl:0:0'), `${20_000_000 + 60_000_000}\n`)
    tree.write(energyOf('intel-rapl:1'), `${30_000_000 + 2_400_000_000}\n`)
    tree.write(energyOf('intel-rapl:1:0'), `${40_000_000 + 120_000_000}\n`)
    expect(power?.()?.packageWatts).toBeCloseTo(63)
    now += 60_000
    tree.write(energyOf('intel-rapl:1'), '1000000000\n') // wrapped would be a kilowatt: it was reset
    expect(power?.()).toBeNull()
  })

  it('are mapped to the wall with a wide interval, and say so', () => {
    const power = rapl(laptopRapl)?.watch()
    now += 60_000
    tree.write(energyOf('intel-rapl:0'), `${1_000_000 + 120_000_000}\n`)
    const reading = power?.()
    expect(reading).toMatchObject({ source: 'rapl@1', boundary: 'wall' })
    const { low = 0, value = 0, high = 0 } = reading?.wall ?? {}
    expect(low).toBeGreaterThan(2)
    expect(high - low).toBeGreaterThan(value)
  })

  it('are narrowed by a reading at the wall, most where it was taken', () => {
    const sensor = rapl(laptopRapl)
    const reading: CalibrationReading = {
      watts: 9,
      low: 8.6,
      high: 9.4,
      utilisation: 0.02,
      packageWatts: 2,
      at: '2026-11-24T10:00:00Z',
      boundary: 'wall',
    }
    const { packageWatts: _none, ...elsewhere } = { ...reading, watts: 70 } // taken before there were counters
    sensor?.useCalibration([reading, elsewhere])
    const power = sensor?.watch()
    now += 60_000
    tree.write(energyOf('intel-rapl:0'), `${1_000_000 + 120_000_000}\n`)
    expect(power?.()).toMatchObject({ source: 'calibrated:rapl@1', wall: { low: 8.6, value: 9, high: 9.4 } })
    now += 60_000
    tree.write(energyOf('intel-rapl:0'), `${1_000_000 + 720_000_000}\n`)
    const busy = power?.()?.wall
    expect(busy?.value).toBeCloseTo(9 + 8 * 1.375)
    expect(busy?.low).toBeLessThan(18)
    expect(busy?.high).toBeGreaterThan(25)
    sensor?.useCalibration([])
    now += 60_000
    tree.write(energyOf('intel-rapl:0'), `${1_000_000 + 840_000_000}\n`)
    expect(power?.()?.source).toBe('rapl@1')
  })

  it('are watched by each on its own', () => {
    const sensor = rapl(laptopRapl)
    const [minute, stream] = [sensor?.watch(), sensor?.watch()]
    now += 30_000
    tree.write(energyOf('intel-rapl:0'), `${1_000_000 + 30_000_000}\n`)
    expect(stream?.()?.packageWatts).toBeCloseTo(1)
    now += 30_000
    tree.write(energyOf('intel-rapl:0'), `${1_000_000 + 120_000_000}\n`)
    expect(stream?.()?.packageWatts).toBeCloseTo(3)
    expect(minute?.()?.packageWatts).toBeCloseTo(2)
  })

  it('cannot tell what passed while they may have returned to zero more than once', () => {
    const power = rapl(laptopRapl)?.watch()
    now += 20 * 60_000
    tree.write(energyOf('intel-rapl:0'), '2000000\n')
    expect(power?.()).toBeNull()
    now += 60_000
    tree.write(energyOf('intel-rapl:0'), '62000000\n')
    expect(power?.()?.packageWatts).toBeCloseTo(1)
  })

  it('that stand still, vanish or say nonsense say nothing, until they are well again', () => {
    const power = rapl(laptopRapl)?.watch()
    now += 60_000
    expect(power?.()).toBeNull()
    for (const nonsense of ['', 'NaN\n', '1e12\n', '0x10\n', '99999999999999999999\n']) {
      now += 60_000
      tree.write(energyOf('intel-rapl:0'), nonsense)
      expect(power?.()).toBeNull()
    }
    rmSync(path.join(tree.sys, energyOf('intel-rapl:0')))
    now += 60_000
    expect(power?.()).toBeNull()
    tree.write(energyOf('intel-rapl:0'), '10000000\n')
    now += 60_000
    expect(power?.()).toBeNull()
    tree.write(energyOf('intel-rapl:0'), '70000000\n')
    now += 60_000
    expect(power?.()?.packageWatts).toBeCloseTo(1)
  })

  it('say nothing while one of them may not be read', () => {
    const { [energyOf('intel-rapl:0:2')]: memory, ...rest } = laptopRapl
    const power = rapl(rest)?.watch()
    now += 60_000
    tree.write(energyOf('intel-rapl:0'), '61000000\n')
    expect(power?.()).toBeNull()
    tree.write(energyOf('intel-rapl:0:2'), memory as string)
    now += 60_000
    expect(power?.()).toBeNull()
    tree.write(energyOf('intel-rapl:0'), '121000000\n')
    now += 60_000
    expect(power?.()?.packageWatts).toBeCloseTo(1)
  })

  it.each([
    ['there are none', {}],
    ['there is only psys', raplZone('intel-rapl:1', 'psys', 1)],
    ['there is only memory', raplZone('intel-rapl:0', 'dram', 1)],
    ['it is not said when they return to zero', raplZone('intel-rapl:0', 'package-0', 1, 0)],
  ])('are not used where %s', (_what, files) => {
    expect(rapl(files)).toBeNull()
  })
})

describe('the difference of a counter', () => {
  const ranges = fc.integer({ min: 65_000_000_000, max: 262_143_328_850 })

  it('is what flowed, wherever it began, over one return to zero', () => {
    fc.assert(
      fc.property(
        ranges,
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.double({ min: 0, max: mostWattsPerDomain, noNaN: true }),
        fc.integer({ min: 1, max: 240 }),
        (range, part, watts, seconds) => {
          const before = Math.floor(part * range)
          const flowed = Math.floor(watts * seconds * 1e6)
          const difference = raplDifference(before, (before + flowed) % range, range, seconds)
          expect(difference).toBeCloseTo(flowed / 1e6, 5)
        },
      ),
    )
  })

  it('is never more than a processor can draw, and never less than nothing, whatever the counter says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 53), max: 2 ** 53 }),
        fc.integer({ min: -(2 ** 53), max: 2 ** 53 }),
        ranges,
        fc.integer({ min: 1, max: 10_000 }),
        (before, now, range, seconds) => {
          const difference = raplDifference(before, now, range, seconds)
          if (difference === null) return
          expect(difference).toBeGreaterThanOrEqual(0)
          expect(difference).toBeLessThanOrEqual(mostWattsPerDomain * seconds)
        },
      ),
    )
  })
})
