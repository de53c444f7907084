import { afterEach, describe, expect, it } from 'vitest'
import { findInputSensor } from './hwmon.ts'
import { findPowerSensor } from './power-sensor.ts'
import { hwmonChip, inputIna219, laptopRapl, makeSysTree, type SysTree, type Tree } from './power-trees.ts'

const power = 'class/hwmon/hwmon1/power1_input'
let tree: SysTree
afterEach(() => tree?.remove())

function sensorOf(...files: Tree[]) {
  tree = makeSysTree(...files)
  return findInputSensor(tree.sys)
}

describe('a chip at the machine’s input', () => {
  it('is read at its own boundary, and counted at the wall', () => {
    const watch = sensorOf(inputIna219)?.watch()
    const reading = watch?.()
    expect(reading).toMatchObject({ source: 'ina219@1', boundary: 'dc-input', watts: { value: 3 } })
    const { low = 0, value = 0, high = 0 } = reading?.wall ?? {}
    expect(value).toBeCloseTo(3.75)
    expect(low).toBeLessThan(3.2)
    expect(high).toBeGreaterThan(4.2)
    expect(reading?.packageWatts).toBeUndefined()
  })

  it('that changes between two looks has both within its interval', () => {
    const watch = sensorOf(inputIna219)?.watch()
    tree.write(power, '6000000\n')
    const { low = 9, value, high = 0 } = watch?.()?.watts ?? {}
    expect(low).toBeLessThan(3)
    expect(value).toBeCloseTo(4.5)
    expect(high).toBeGreaterThan(6)
  })

  it.each(['', 'nonsense\n', '-3000000\n', '0\n', '1e999\n', '900000000000\n'])('that says %j says nothing', (text) => {
    const watch = sensorOf(inputIna219)?.watch()
    tree.write(power, text)
    expect(watch?.()).toBeNull()
    tree.write(power, '3000000\n')
    expect(watch?.()).toBeNull() // one end is still missing
    expect(watch?.()?.watts.value).toBe(3)
  })

  it.each([
    ['there is none', {}],
    ['the chip is of another kind', hwmonChip(1, 'ina3221', { power1_input: 3_000_000 })],
    ['the chip shows no power', hwmonChip(1, 'ina226', { in1_input: 5000 })],
    ['there are several, on inner rails', { ...inputIna219, ...hwmonChip(2, 'ina226', { power1_input: 900_000 }) }],
  ])('is not believed where %s', (_what, files) => {
    expect(sensorOf(files)).toBeNull()
  })

  it('comes before the processor’s counters, which come before nothing', () => {
    const clock = () => 0
    tree = makeSysTree(inputIna219, laptopRapl)
    expect(findPowerSensor(tree.sys, clock)?.watch()()?.source).toBe('ina219@1')
    tree.remove()
    tree = makeSysTree(laptopRapl)
    expect(findPowerSensor(tree.sys, clock)).not.toBeNull()
    tree.remove()
    tree = makeSysTree()
    expect(findPowerSensor(tree.sys, clock)).toBeNull()
  })
})
