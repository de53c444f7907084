import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { readText } from '../setup/files.ts'
import { mustRun, type Run } from '../setup/run.ts'
import { blank, copyRaw, dropCache, type Partition, readTable, usedBytes, writeTable } from './media.ts'
import type { MoveProgress } from './protocol.ts'
import { Refusal } from './refusal.ts'
import { firstDifference } from './trees.ts'

/** What writes to the data partition and stands still from the copy on, until the kit starts from its new disk. */
const writers = [
  'hearth-agent.socket',
  'hearth-agent-public.socket',
  'hearth-agent.service',
  'hearth-publish.path',
  'hearth-publish.service',
  'snac2.service',
]
/** Firmware starts from these: they are written last, so that a half-made disk is never started. */
const startingParts = ['esp', 'bios']
/** GRUB's first sector, up to the partition table. */
const bootCodeBytes = 440
const hour = 3_600_000

/** Copies the running kit to an internal disk. One at a time; how far it is stands in `/run/hearth/move.json`. */
export class Move {
  readonly #paths: KitPaths
  readonly #run: Run
  readonly #log: (line: string) => void
  #work: Promise<void> | null = null
  #progress: MoveProgress = { state: 'copying', step: 'table', disk: '', doneBytes: 0, totalBytes: 0, problem: null }
  #said: Promise<void> = Promise.resolve()
  #saidAt = 0

  constructor(paths: KitPaths, run: Run, log: (line: string) => void) {
    this.#paths = paths
    this.#run = run
    this.#log = log
  }

  get running(): boolean {
    return this.#work !== null
  }

  /** Settles when the copy that runs, if any, has ended. */
  async finished(): Promise<void> {
    await this.#work
  }

  /**
   * After a copy, and while one runs, a change of the kit's data would be lost.
   * @throws Refusal
   */
  async assertDataMayChange(): Promise<void> {
    this.assertNotRunning()
    if ((await this.#lastState()) !== 'done') return
    throw new Refusal({
      code: 'disk.moved',
      message: 'The kit has moved to its internal disk.',
      next: 'Switch the kit off, take the stick out, and switch it on again.',
    })
  }

  /** @throws Refusal while a copy runs */
  assertNotRunning(): void {
    if (!this.running) return
    throw new Refusal({
      code: 'disk.moving',
      message: 'The kit is moving to its internal disk.',
      next: 'Wait until it is done.',
    })
  }

  /** Starts again what a helper that died in the middle of a copy left standing still. */
  async recover(): Promise<void> {
    if ((await this.#lastState()) === 'copying') await this.#giveUp(null, 'the helper was ended during a copy')
  }

  /** Starts the copy and returns. `from` and `to` are kernel names of disks that were checked (disks.ts). */
  start(from: string, to: string): void {
    this.#progress = { state: 'copying', step: 'table', disk: to, doneBytes: 0, totalBytes: 0, problem: null }
    this.#work = this.#move(`/dev/${from}`, `/dev/${to}`)
      .then(() => this.#say({ state: 'done', step: 'done' }))
      .catch((error) => this.#giveUp(`/dev/${to}`, error))
      .catch((error) => this.#log(`move: ${error}`))
      .finally(() => {
        this.#work = null
      })
  }

  async #move(from: string, to: string): Promise<void> {
    const run = this.#run
    const source = await readTable(run, from)
    const data = this.#data
    const used = await usedBytes(data)
    const sizes = source.slice(0, -1).map(({ size }) => size * 512)
    await this.#say({ totalBytes: used + sizes.reduce((sum, size) => sum + size, 0) })

    await blank(to)
    await writeTable(run, to, source)
    const target = await readTable(run, to)
    const [dataPart] = target.slice(-1) as [Partition]
    for (const name of startingParts) await blank(partition(target, name).node)

    await this.#say({ step: 'slots' })
    for (const { node, size, name } of source.slice(0, -1)) {
      if (!startingParts.includes(name)) await this.#copyPart(node, partition(target, name).node, size * 512)
    }

    await this.#say({ step: 'data' })
    await mustRun(run, 'systemctl', ['stop', ...writers])
    await mustRun(run, 'mkfs.ext4', ['-q', '-F', '-m', '1', '-L', 'hearth-data', dataPart.node], { timeoutMs: hour })
    await this.#copyData(data, dataPart.node, used)

    await this.#say({ step: 'start' })
    for (const name of startingParts) {
      const { node, size } = partition(source, name)
      await this.#copyPart(node, partition(target, name).node, size * 512)
    }
    await copyRaw(run, from, to, bootCodeBytes)
  }

  async #lastState(): Promise<MoveProgress['state'] | null> {
    const text = await readText(this.#paths.move)
    return text === null ? null : (JSON.parse(text) as MoveProgress).state
  }

  get #data(): string {
    return path.join(this.#paths.root, 'data')
  }

  async #copyPart(from: string, to: string, bytes: number): Promise<void> {
    await copyRaw(this.#run, from, to, bytes, (copied) => {
      this.#saySometimes({ doneBytes: this.#progress.doneBytes + copied })
    })
  }

  /** Files keep owners, times and shared names; then the disk is read back and compared. */
  async #copyData(data: string, device: string, used: number): Promise<void> {
    const run = this.#run
    const mounted = path.join(this.#paths.root, 'run/hearth/moved-data')
    const before = this.#progress.doneBytes
    await mkdir(mounted, { recursive: true })
    await mustRun(run, 'mount', ['-t', 'ext4', '-o', 'noatime', device, mounted])
    const empty = await usedBytes(mounted)
    const watch = setInterval(async () => {
      const copied = await usedBytes(mounted).catch(() => empty)
      this.#saySometimes({ doneBytes: before + Math.min(copied - empty, used) })
    }, 2000)
    try {
      await mustRun(run, 'cp', ['--archive', '--one-file-system', `${data}/.`, mounted], { timeoutMs: 12 * hour })
    } finally {
      clearInterval(watch)
      await mustRun(run, 'umount', [mounted], { timeoutMs: hour })
    }
    await this.#say({ step: 'check', doneBytes: before + used })
    await dropCache(run, device)
    await mustRun(run, 'mount', ['-t', 'ext4', '-o', 'ro', device, mounted])
    try {
      const difference = await firstDifference(data, mounted, stillChanges)
      if (difference !== null) throw new Error(`${difference} was not copied right`)
    } finally {
      await mustRun(run, 'umount', [mounted])
    }
  }

  /** The old medium goes on as before, and nothing starts from the new one. */
  async #giveUp(to: string | null, cause: unknown): Promise<void> {
    this.#log(`move: ${cause instanceof Error ? cause.stack : cause}`)
    if (to !== null) await blank(to).catch((error) => this.#log(`move: ${to} could not be blanked: ${error}`))
    await this.#say({
      state: 'failed',
      problem: {
        code: 'disk.move-failed',
        message: 'The kit could not be copied to the disk. It goes on from the medium it was started from.',
        next: 'Try again. If it stays so, the disk may be worn out: try another.',
      },
    })
    await mustRun(this.#run, 'systemctl', ['start', ...writers])
  }

  #saySometimes(change: Partial<MoveProgress>): void {
    Object.assign(this.#progress, change)
    if (Date.now() - this.#saidAt >= 1000) void this.#say({})
  }

  /** Settles when it is written. Progress that cannot be written does not stop the copy. */
  #say(change: Partial<MoveProgress>): Promise<void> {
    Object.assign(this.#progress, change)
    this.#saidAt = Date.now()
    const text = `${JSON.stringify(this.#progress)}\n`
    const beside = `${this.#paths.move}.new`
    this.#said = this.#said
      .then(() => writeFile(beside, text))
      .then(() => rename(beside, this.#paths.move))
      .catch((error) => this.#log(`move: ${this.#paths.move} could not be written: ${error}`))
    return this.#said
  }
}

/** Written by what goes on while the rest stands still, or by the copy itself. */
function stillChanges(relative: string): boolean {
  return relative.startsWith('hearth/audit.log') || relative.startsWith('hearth/timesync/') || relative === 'lost+found'
}

function partition(table: readonly Partition[], name: string): Partition {
  const found = table.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`the disk has no partition ${name}`)
  return found
}
