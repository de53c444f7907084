import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { judgeMedia, type Machine, readMachine } from './devices.ts'

/** Name, verdict and reasons of every medium of a recorded machine. */
function judge(name: string): Record<string, string> {
  const file = path.join(import.meta.dirname, 'testdata/machines', `${name}.json`)
  const machine = JSON.parse(readFileSync(file, 'utf8')) as Machine
  return Object.fromEntries(judgeMedia(machine).map((each) => [each.name, [each.verdict, ...each.reasons].join('; ')]))
}

describe('which media are offered', () => {
  it('on a laptop: the stick, not the SSD in use, not the disk it runs from, not the empty reader', () => {
    expect(judge('laptop')).toEqual({
      nvme0n1: 'refused; nvme0n1p1 is mounted on /boot/efi; holds the running system; is an internal disk (nvme)',
      sda: 'offered',
      sdb: 'refused; sdb1 is mounted on /media/ann/My Photos',
      sdc: 'refused; has no medium in it',
    })
  })

  it('on a Raspberry Pi: the second card and the stick, not the card it runs from', () => {
    expect(judge('pi')).toEqual({
      mmcblk0: 'refused; mmcblk0p1 is mounted on /boot/firmware; holds the running system',
      mmcblk1: 'offered',
      sda: 'offered',
    })
  })

  it('on a RAID: neither its members nor a stray one on USB', () => {
    expect(judge('raid')).toEqual({
      sda: 'refused; holds the running system; md0 (RAID) is open on it; is an internal disk (sata); sda1 is marked as part of a RAID',
      sdb: 'refused; holds the running system; md0 (RAID) is open on it; is an internal disk (sata); sdb1 is marked as part of a RAID',
      sdc: 'internal; sdc1 is marked as part of a RAID',
    })
  })

  it('on LVM: the free internal disk only with its serial number', () => {
    const verdicts = judge('lvm')
    expect(verdicts.sda).toMatch(/^refused; .*holds the running system.*dm-1 is in use as swap/)
    expect(verdicts.sdb).toBe('internal; sdb1 is marked as part of an LVM volume group')
    expect(verdicts.sdc).toBe('internal; is an internal disk (sata)')
  })

  it('with encryption: not what is open, also under btrfs, whose mounts name no device number', () => {
    const verdicts = judge('encrypted')
    expect(verdicts.nvme0n1).toMatch(/^refused; .*holds the running system/)
    expect(verdicts.sda).toBe('refused; dm-1 (encrypted) is open on it')
    expect(verdicts.sdb).toBe('offered')
  })

  it('on a live system: not its stick, nor a stick that a loop device lies on', () => {
    expect(judge('live')).toEqual({
      loop0: 'refused; loop0 is mounted on /run/live/rootfs; is a loop device',
      loop1: 'internal; is a loop device',
      loop2: 'internal; is a loop device',
      sda: 'refused; sda1 is mounted on /run/live/medium',
      sdb: 'refused; sdb is open as loop2',
      vda: 'internal; is an internal disk',
    })
  })

  it('reads the machine it runs on', async () => {
    const media = judgeMedia(await readMachine())
    for (const medium of media)
      expect(medium).toMatchObject({ path: expect.stringMatching(/^\/dev\//), size: expect.any(Number) })
  })
})
