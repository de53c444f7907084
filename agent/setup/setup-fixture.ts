import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { type Run, type RunResult, run as realRun } from './run.ts'

export interface SetupRoot extends KitRoot {
  /** What the FAT partition holds. */
  medium: string
  /** The real commands, except those that would touch this machine: they answer as on a kit. */
  run: Run
  /** Commands that were run, with their arguments. */
  calls: string[]
}

const answer = (stdout = ''): Promise<RunResult> => Promise.resolve({ stdout, stderr: '', code: 0 })

/**
 * For tests: a kit as the initramfs leaves it at its very first start, on a disk of 2 GiB of which the image took 512 MiB.
 * The disk is a sparse file with a real table; the medium is a folder.
 */
export async function makeSetupRoot(): Promise<SetupRoot> {
  const kit = await makeKitRoot({ clockTrusted: false })
  await chmod(kit.root, 0o755)
  const calls: string[] = []
  await kit.write('proc/self/mountinfo', '36 25 254:8 / /data rw,noatime - ext4 /dev/root rw\n')
  await kit.write('proc/sys/kernel/hostname', 'localhost')
  await kit.write('sys/firmware/devicetree/base/serial-number', '100000001c2d7f3a\0')
  await writeDisk(kit)
  const medium = path.join(kit.root, 'run/hearth/medium')
  await mkdir(medium, { recursive: true })
  await mkdir(path.join(kit.root, 'run/snac2'), { recursive: true })
  // As at the first start, nothing is known yet.
  await realRun('rm', ['-rf', kit.paths.kit, kit.paths.network, kit.paths.agentData, kit.paths.dashboardData])
  return { ...kit, medium, calls, run: fixtureRun(kit.root, calls) }
}

/** The commands of a fixture; for a process of its own that continues on the same root. */
export function fixtureRun(root: string, calls: string[] = []): Run {
  return (command, args, options) => {
    calls.push([command, ...args].join(' '))
    switch (command) {
      case 'blkid':
        return answer(
          args.includes(path.join(root, 'dev/vda4')) ? 'DEVNAME=x\nLABEL=HEARTH\nTYPE=vfat\n' : 'DEVNAME=x\n',
        )
      case 'mount':
      case 'umount':
      case 'partx':
      case 'resize2fs':
      case 'systemctl':
      case 'networkctl':
      case 'wpa_cli':
        return answer()
      default:
        return realRun(command, args, options)
    }
  }
}

async function writeDisk(kit: KitRoot): Promise<void> {
  const disk = path.join(kit.root, 'dev/vda')
  await mkdir(path.dirname(disk), { recursive: true })
  await writeFile(disk, '')
  await truncate(disk, 512 * 1024 * 1024)
  const sizes = [2048, 8192, 8192, 65536, 2048, 131072, 131072, 262144]
  let start = 2048
  const lines = sizes.map((size, index) => {
    const line = `start=${start}, size=${size}`
    start += size
    return { line, start: start - size, size, name: `vda${index + 1}` }
  })
  await realRun('sfdisk', ['--quiet', disk], { input: `label: gpt\n${lines.map(({ line }) => line).join('\n')}\n` })
  await truncate(disk, 2 * 1024 * 1024 * 1024)
  const block = 'sys/devices/vda'
  await kit.write(`${block}/size`, '4194304\n')
  for (const [index, partition] of lines.entries()) {
    await kit.write(`${block}/${partition.name}/partition`, `${index + 1}\n`)
    await kit.write(`${block}/${partition.name}/start`, `${partition.start}\n`)
    await kit.write(`${block}/${partition.name}/size`, `${partition.size}\n`)
  }
  for (const folder of ['sys/dev/block', 'sys/class/block'])
    await mkdir(path.join(kit.root, folder), { recursive: true })
  await symlink('../../devices/vda/vda8', path.join(kit.root, 'sys/dev/block/254:8'))
  await symlink('../../devices/vda', path.join(kit.root, 'sys/class/block/vda'))
  for (const { name } of lines) await symlink(`../../devices/vda/${name}`, path.join(kit.root, 'sys/class/block', name))
}
