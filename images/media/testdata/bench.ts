import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { mapImage } from '../block-map.ts'
import { formatBmap } from '../bmap.ts'
import type { Io } from '../io.ts'

export const MiB = 1024 * 1024

/** A folder of its own, loop devices and mounts for one test, all undone by `clean`, also after a failure. */
export class Bench {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'hearth-media-'))
  readonly #undo: (() => void)[] = []

  at(...parts: string[]): string {
    return path.join(this.folder, ...parts)
  }

  /** @param file backs the device */
  loop(file: string, ...options: string[]): string {
    const device = execFileSync('losetup', ['-f', '--show', ...options, file], { encoding: 'utf8' }).trim()
    this.#undo.push(() => {
      spawnSync('partx', ['-d', device])
      spawnSync('losetup', ['-d', device])
    })
    return device
  }

  mount(source: string, folder: string, ...options: string[]): void {
    mkdirSync(folder, { recursive: true })
    execFileSync('mount', [...options, source, folder])
    this.#undo.push(() => spawnSync('umount', [folder]))
  }

  clean(): void {
    for (const undo of this.#undo.reverse()) undo()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /**
   * Publishes `disk.img` of 12 MiB as .img, .img.zst, .img.xz with block map and sums: an MBR, a FAT labelled HEARTH from
   * 1 to 5 MiB, a hole to 8 MiB, then data.
   */
  async publish(): Promise<Buffer> {
    published ??= await makePublication()
    for (const [name, bytes] of published) writeFileSync(this.at(name), bytes)
    return published.get('disk.img') as Buffer
  }

  /** Makes the publication's files in this folder. */
  async make(): Promise<void> {
    const image = Buffer.alloc(12 * MiB)
    image.writeUInt16LE(0xaa55, 510)
    image[446 + 4] = 0x0c
    image.writeUInt32LE(2048, 446 + 8)
    image.writeUInt32LE(8192, 446 + 12)
    const fat = this.at('fat')
    writeFileSync(fat, Buffer.alloc(4 * MiB))
    execFileSync('mkfs.vfat', ['-n', 'HEARTH', fat], { stdio: 'ignore' })
    readFileSync(fat).copy(image, MiB)
    rmSync(fat)
    for (let at = 8 * MiB; at < image.length; at += 4) image.writeUInt32LE((at * 2654435761) >>> 0, at)

    writeFileSync(this.at('disk.img'), image)
    writeFileSync(this.at('disk.img.zst'), zstdCompressSync(image))
    execFileSync('xz', ['-k', '-1', this.at('disk.img')])
    const map = await mapImage(this.at('disk.img'), [{ start: 0, end: 6 * MiB }])
    writeFileSync(this.at('disk.bmap'), formatBmap(map))
    this.sum()
  }

  /** Makes SHA256SUMS for what lies there now. */
  sum(): void {
    const names = ['disk.img', 'disk.img.zst', 'disk.img.xz', 'disk.bmap']
    const lines = names.map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(this.at(name)))
          .digest('hex')}  ${name}\n`,
    )
    writeFileSync(this.at('SHA256SUMS'), lines.join(''))
  }

  /** An Io that records what is said and answers with `answers` in turn. */
  io(...answers: string[]): Io & { said: string[]; all(): string } {
    const said: string[] = []
    return {
      said,
      all: () => said.join('\n'),
      print: (line) => said.push(line),
      complain: (line) => said.push(line),
      progress() {},
      ask: async (question) => {
        said.push(question)
        return answers.shift() ?? null
      },
      interrupted: new AbortController().signal,
      env: { XDG_CONFIG_HOME: this.at('config') },
    }
  }
}

let published: Map<string, Buffer> | null = null

async function makePublication(): Promise<Map<string, Buffer>> {
  const bench = new Bench()
  try {
    await bench.make()
    return new Map(readdirSync(bench.folder).map((name) => [name, readFileSync(bench.at(name))]))
  } finally {
    bench.clean()
  }
}

const probe = () => {
  if (process.getuid?.() !== 0) return false
  const found = spawnSync('losetup', ['-f'])
  return found.status === 0
}
/** Whether loop devices can be made here: root, and a kernel that has them. */
export const loopsWork = probe()
