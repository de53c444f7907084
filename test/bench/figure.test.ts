import { expect, it } from 'vitest'
import { figure, median } from './figure.ts'

it('judges a ratio against its baseline', () => {
  expect(figure('idle-ram', 180, 'MB', { of: 'ratio', max: 1.15 }, { name: 'floor', value: 160 })).toMatchObject({
    ratio: 1.125,
    met: true,
  })
  expect(figure('idle-ram', 200, 'MB', { of: 'ratio', max: 1.15 }, { name: 'floor', value: 160 })).toMatchObject({
    ratio: 1.25,
    met: false,
  })
})

it('judges a value, and a missing baseline never as met', () => {
  expect(figure('image-rpi', 210, 'MB', { of: 'value', max: 200 }).met).toBe(false)
  expect(figure('idle-ram', 1, 'MB', { of: 'ratio', max: 1.15 }).met).toBe(false)
})

it('takes the middle', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})
