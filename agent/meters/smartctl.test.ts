import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSmartReply } from './smartctl.ts'

const reply = (name: string) =>
  readSmartReply(JSON.parse(readFileSync(path.join(import.meta.dirname, 'testdata/smartctl', `${name}.json`), 'utf8')))
const used = (low: number, value: number, high: number) => ({
  low: expect.closeTo(low, 9),
  value: expect.closeTo(value, 9),
  high: expect.closeTo(high, 9),
})

describe('a disk’s reply', () => {
  it.each([
    ['nvme', 'KXG60ZNV512G TOSHIBA', used(0.03, 0.04, 0.05), 'smartctl:nvme@1', 5_578_530 * 512_000],
    ['nvme-new', 'Samsung SSD 970 EVO Plus 250GB', used(0, 0, 0.01), 'smartctl:nvme@1', 1_969_459 * 512_000],
    ['sata-samsung', 'SAMSUNG MZ7WD240HAFV-00003', used(0.08, 0.09, 0.1), 'smartctl:177@1', 216_456_537_880 * 512],
    // Calls its count “LBAs”, and means 32 MiB: the attribute that says so counts.
    ['sata-intel', 'SSDSCKJB240G7R', used(0, 0, 0.01), 'smartctl:245@1', 129_493 * 32 * 1024 ** 2],
    // The standard’s page before the maker’s own attributes.
    ['sata-devstat', 'EXAMPLE SATA SSD 480GB', used(0.01, 0.02, 0.03), 'smartctl:devstat@1', 8_589_934_592 * 512],
  ])('of %s tells wear and bytes written', (name, model, wear, source, written) => {
    expect(reply(name)).toEqual({ model, isRotating: false, wear: { used: wear, source }, written })
  })

  it('of a disk that turns tells no wear: its attribute 231 is a temperature', () => {
    expect(reply('sata-hdd')).toEqual({ model: 'WDC WD20EFRX-68EUZN0', isRotating: true, wear: null, written: null })
  })

  it('of a stick whose bridge is not known is none', () => {
    expect(reply('usb-unknown')).toBeNull()
  })

  it.each([255, 256, -1, 4.5, '4', null])(
    'with %j per cent used is taken only where that can be',
    (percentage_used) => {
      const wear = readSmartReply({ nvme_smart_health_information_log: { percentage_used } })?.wear ?? null
      expect(wear?.used.value ?? null).toBe(percentage_used === 255 ? 2.55 : null)
    },
  )

  it('that is anything at all breaks nothing', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void readSmartReply(value)))
    const shaped = fc.record({
      table: fc.array(fc.record({ id: fc.jsonValue(), name: fc.jsonValue(), raw: fc.jsonValue() })),
    })
    fc.assert(fc.property(shaped, (ata_smart_attributes) => void readSmartReply({ ata_smart_attributes })))
  })
})
