import { expect, it } from 'vitest'
import { hidePowerManager } from './raspi.ts'

it('a device tree keeps its length when the power manager is hidden, and one without is refused', () => {
  const tree = Buffer.from('\xd0\x0d\xfe\xedbrcm,bcm2835-pm\0brcm,bcm2835-pm-wdt\0brcm,bcm2835-pl\0\xff', 'latin1')
  const hidden = hidePowerManager(tree)
  expect(hidden.length).toBe(tree.length)
  expect(hidden.toString('latin1')).toBe('\xd0\x0d\xfe\xednone,bcm2835-pm\0none,bcm2835-pm-wdt\0brcm,bcm2835-pl\0\xff')
  expect(() => hidePowerManager(Buffer.from('something else'))).toThrow('brcm,bcm2835-pm')
})
