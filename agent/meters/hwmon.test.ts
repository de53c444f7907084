import { afterEach, describe, expect, it } from 'vitest'
import { findInputSensor } from './hwmon.ts'
import { type Hardware, machineOf, publishedModel } from './power-model.ts'
import { powerPairs } from './power-pairs.ts'
import { findPowerSensor } from './power-sensor.ts'
import { hwmonChip, inputIna219, laptopRapl, makeSysTree, type SysTree, type Tree } from './power-trees.ts'

const power = 'class/hwmon/hwmon1/power1_input'
const pi4 = { deviceTree: 'Raspberry Pi 4 Model B Rev 1.4' } as Hardware
const model = publishedModel(machineOf(pi4))
let tree: SysTree
afterEach(() => tree?.remove())

function sensorOf(...files: Tree[]) {
  tree = makeSysTree(...files)
  return findInputSensor(tree.sys)
}

describe('a chip at the machine’s input', () => {
  it('is read at its own boundary, and counted at the wall', () => {
    const watch = sensorOf(inputIna219)?.watch()
    const reading = watch?.(0, model)
    expect(reading).toMatchObject({ source: 'ina219@2', boundary: 'dc-input', watts: { value: 3 } })
    const { low = 0, value = 0, high = 0 } = reading?.wall ?? {}
    expect(value).toBeCloseTo(3.75)
    expect(low).toBeLessThan(3.2)
    expect(high).toBeGreaterThan(4.2)
    expect(reading?.packageWatts).toBeUndefined()
  })

  it('that changes between two looks has both within its interval', () => {
    const watch = sensorOf(inputIna219)?.watch()
    tree.write(power, '6000000\n')
    const { low = 9, value, high = 0 } = watch?.(0.5, model)?.watts ?? {}
    expect(low).toBeLessThan(3)
    expect(value).toBeCloseTo(4.5)
    expect(high).toBeGreaterThan(6)
  })

  /** What it says of a time at whose ends it showed so many watts, while the processors were so busy. */
  function between(before: number, after: number, utilisation: number) {
    const watch = sensorOf(hwmonChip(1, 'ina219', { power1_input: Math.round(before * 1e6) }))?.watch()
    tree.write(power, `${Math.round(after * 1e6)}\n`)
    const watts = watch?.(utilisation, model)?.watts ?? { low: Number.NaN, value: Number.NaN, high: Number.NaN }
    tree.remove()
    return watts
  }

  // Boards of which somebody measured both ends, through a minute whose load came in any way between the looks.
  const boards = powerPairs.filter(({ type }) => type === 'rpi-4b')
  it.each(boards)(
    'that misses bursts, or meets nothing else, has the mean of a board of $idle to $full W within its interval',
    (board) => {
      for (const utilisation of [0, 0.1, 0.5, 0.9, 1]) {
        const mean = board.idle + (board.full - board.idle) * utilisation
        for (const before of [board.idle, board.full])
          for (const after of [board.idle, board.full]) {
            const { low, high } = between(before, after, utilisation)
            expect([low <= mean, mean <= high], `${before} and ${after} W at ${utilisation}`).toEqual([true, true])
          }
      }
    },
  )

  it('says no more than it must: nothing was added while nothing ran, nothing taken while all ran', () => {
    expect(between(3, 3, 0).high).toBeCloseTo(3.2)
    expect(between(6, 6, 1).low).toBeCloseTo(5.65)
    // Nor less than the board's model.
    expect(between(3, 3, 0).low).toBeCloseTo(model.watts(0).low * 0.7)
    // Unless the chip itself said less.
    expect(between(0.5, 0.5, 0).low).toBe(0)
  })

  it.each(['', 'nonsense\n', '-3000000\n', '0\n', '1e999\n', '900000000000\n'])('that says %j says nothing', (text) => {
    const watch = sensorOf(inputIna219)?.watch()
    tree.write(power, text)
    expect(watch?.(0, model)).toBeNull()
    tree.write(power, '3000000\n')
    expect(watch?.(0, model)).toBeNull() // one end is still missing
    expect(watch?.(0, model)?.watts.value).toBe(3)
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
    expect(findPowerSensor(tree.sys, clock)?.watch()(0, model)?.source).toBe('ina219@2')
    tree.remove()
    tree = makeSysTree(laptopRapl)
    expect(findPowerSensor(tree.sys, clock)).not.toBeNull()
    tree.remove()
    tree = makeSysTree()
    expect(findPowerSensor(tree.sys, clock)).toBeNull()
  })
})
