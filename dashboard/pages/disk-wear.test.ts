import { describe, expect, it } from 'vitest'
import type { DiskWear } from '#agent/api.ts'
import { makeFormat } from '../format.ts'
import type { Visit } from '../visit.ts'
import { type Language, languages, loadWords } from '../words/index.ts'
import { diskWear } from './disk-wear.ts'

const visitIn = async (language: Language) =>
  ({ language, words: await loadWords(language), format: makeFormat(language, 'Europe/Berlin') }) as Visit
const money = (amount: string) => ({ amount, currency: 'EUR' })
const nvme: DiskWear = {
  name: 'nvme0n1',
  model: 'A <disk>',
  kind: 'nvme',
  holdsData: true,
  used: { low: 0.03, value: 0.04, high: 0.05, source: 'smartctl:nvme@1' },
  writtenByDevice: 2.86e12,
  written: { bytes: 3e11, since: '2026-11-01T00:00:00Z', perDay: 1e10 },
  yearsLeft: { low: 8.2, value: 14.4, high: 29.5 },
  cost: { wear: { value: money('0.29'), low: money('0.2'), high: money('0.4') }, billed: money('2') },
}
const silent: DiskWear = {
  ...nvme,
  name: 'mmcblk0',
  model: 'SR64G',
  kind: 'sd',
  used: null,
  writtenByDevice: null,
  written: { bytes: 3e9, since: '2026-11-01T00:00:00Z', perDay: null },
  yearsLeft: null,
  cost: null,
}
const shown = async (disks: DiskWear[], language: Language = 'en') =>
  String(diskWear(await visitIn(language), disks)).replaceAll('\u00a0', ' ')

describe('the wear of disks', () => {
  it('is told with its bounds, how long it lasts, and what it costs beside the bill', async () => {
    const text = await shown([nvme])
    expect(text).toContain('A &lt;disk&gt;')
    expect(text).toMatch(/4% <small>between 3% and 5%, as the disk says/)
    expect(text).toContain('2.9 TB')
    expect(text).toContain('300 GB, lately 10 GB a day')
    expect(text).toContain('about 14 years, 8.2 to 30')
    expect(text).toContain('0.29')
    expect(text).toContain('On the bill it has 2.00 EUR a month')
  })

  it('is not made up where a card does not tell', async () => {
    const text = await shown([silent])
    expect(text).toContain('not told by the device')
    expect(text).toContain('3 GB')
    expect(text).not.toMatch(/a day|Lasts|%/)
  })

  it.each([
    [{ low: 42, value: 60, high: null }, 'more than 30 years'],
    [{ low: 12.4, value: null, high: null }, 'at least 12 years'],
    [{ low: 0, value: 0, high: 0 }, 'its promised life is over'],
  ])('%j is %s', async (yearsLeft, words) => {
    expect(await shown([{ ...nvme, yearsLeft }])).toContain(words)
  })

  it('says nothing where no disk is known', async () => {
    expect(diskWear(await visitIn('en'), [])).toBeNull()
    expect(diskWear(await visitIn('en'), undefined)).toBeNull()
  })

  it('has words for every kind in every language', async () => {
    const kinds = ['sd', 'emmc', 'nvme', 'ssd', 'hdd', 'usb', 'virtual'] as const
    for (const language of Object.keys(languages) as Language[]) {
      const text = await shown([...kinds.map((kind) => ({ ...silent, kind })), nvme], language)
      expect(text).not.toMatch(/undefined|\bNaN\b|\[object/)
    }
  })
})
