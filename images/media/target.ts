import { constants } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { judgeMedia, type Machine, type Medium, readMachine, runningSystem } from './devices.ts'
import { bytesInWords, type Io, MediaError } from './io.ts'

/** Where an image is to go. */
export type Target =
  | { readonly kind: 'disk'; readonly path: string; readonly name: string; readonly medium: Medium }
  | { readonly kind: 'file'; readonly path: string; readonly name: string; readonly exists: boolean }

export interface Permission {
  /** `--internal`: an internal disk is meant. */
  readonly internal: boolean
  /** `--serial`, for scripts; null: ask. */
  readonly serial: string | null
  /** `--yes`, for scripts; null: ask. */
  readonly yes: string | null
}

/** Finds out what the person named: a whole disk, or a regular file, there or not. @throws MediaError */
export async function findTarget(named: string): Promise<Target> {
  const given = named.includes('/') || (await stat(named).catch(() => null)) ? named : await deviceNamed(named)
  const facts = await stat(given).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new MediaError(`${given} cannot be looked at (${error.code})`, 'check its name')
  })
  const real = facts ? await realpath(given) : path.resolve(given)
  const name = path.basename(real)
  if (!facts) {
    if (real.startsWith('/dev/'))
      throw new MediaError(`there is no device ${given}`, '`hearth flash IMAGE` without a device lists what is there')
    return { kind: 'file', path: real, name, exists: false }
  }
  if (facts.isFile()) return { kind: 'file', path: real, name, exists: true }
  if (!facts.isBlockDevice()) throw new MediaError(`${given} is neither a disk nor a regular file`, 'give one of these')

  const machine = await askMachine()
  const medium = judgeMedia(machine).find((each) => each.name === name || each.path === real)
  if (medium) return { kind: 'disk', path: real, name: medium.name, medium }
  const whole = machine.blockDevices.find(({ children }) => children?.some(({ kname }) => kname === name))
  throw new MediaError(
    `${given} is ${whole ? 'a partition' : 'no whole disk'}`,
    whole ? `give the whole disk, /dev/${whole.kname}` : '`hearth flash IMAGE` without a device lists what is there',
  )
}

/** `sdb` may stand for /dev/sdb, unless there is a file of that name. */
async function deviceNamed(name: string): Promise<string> {
  const device = path.join('/dev', name)
  return (await stat(device).catch(() => null))?.isBlockDevice() ? device : name
}

/** Shows the target and has the person confirm it. @throws MediaError when it must not be, or is not, confirmed */
export async function confirmTarget(target: Target, permission: Permission, io: Io): Promise<void> {
  if (target.kind === 'file') {
    if (target.exists)
      await typed(io, target.name, permission.yes, `Type ${target.name} to write over that file: `, '--yes')
    return
  }
  const { medium } = target
  for (const line of describeMedium(medium)) io.print(line)
  if (medium.verdict === 'refused')
    throw new MediaError(
      `${medium.name} ${medium.reasons.join('; ')}`,
      medium.reasons.includes(runningSystem)
        ? 'choose another medium'
        : 'eject or unmount it first, or choose another medium',
    )
  if (medium.verdict === 'internal') {
    if (!permission.internal)
      throw new MediaError(
        `${medium.name} ${medium.reasons.join('; ')}`,
        'if you mean it, add --internal and have its serial number ready',
      )
    if (medium.serial === null)
      throw new MediaError(
        `${medium.name} has no serial number that could be typed`,
        'write to a medium on USB or to a card',
      )
    await typed(
      io,
      medium.serial,
      permission.serial,
      'Everything on this disk will be lost. Type its serial number: ',
      '--serial',
    )
  }
  await typed(io, medium.name, permission.yes, `Type ${medium.name} to overwrite it: `, '--yes')
}

async function typed(io: Io, expected: string, given: string | null, question: string, option: string): Promise<void> {
  const answer = given ?? (await io.ask(question))
  if (answer === null)
    throw new MediaError('nobody is there to confirm it', `in a script, add ${option} with what would have to be typed`)
  if (answer !== expected) throw new MediaError(`"${answer}" is not what had to be typed; nothing was written`, '')
}

/** Two or more lines: name, size, model and serial number; what is on it. */
export function describeMedium({ name, size, model, serial, content }: Medium): string[] {
  const first = `${name}  ${bytesInWords(size)}  ${model}${serial ? `  serial ${serial}` : ''}`
  const rest = content.map(
    (part) => `    ${bytesInWords(part.size)}  ${part.fileSystem}${part.label ? `  "${part.label}"` : ''}`,
  )
  return [first, ...rest].map((line) => line.replace(/\p{C}/gu, '?'))
}

/**
 * Opens a target for one writer. A disk is claimed from the kernel, which refuses when anything on it is mounted or open,
 * whatever was seen before; it must still be the medium that was confirmed.
 * @throws MediaError
 */
export async function openTarget(target: Target): Promise<FileHandle> {
  const flags = target.kind === 'disk' ? constants.O_RDWR | constants.O_EXCL : constants.O_RDWR | constants.O_CREAT
  const handle = await open(target.path, flags, 0o644).catch((error: NodeJS.ErrnoException) => {
    const [message, next] = openWords[error.code ?? ''] ?? [`cannot be opened (${error.code})`, 'try again']
    throw new MediaError(`${target.path} ${message}`, next)
  })
  if (target.kind === 'file') return handle
  try {
    const now = judgeMedia(await askMachine()).find(({ name }) => name === target.name)
    const same =
      now && now.size === target.medium.size && now.serial === target.medium.serial && now.model === target.medium.model
    if (!same)
      throw new MediaError(`${target.name} is another medium now than the one that was confirmed`, 'start again')
    if (now.verdict === 'refused') throw new MediaError(`${now.name} ${now.reasons.join('; ')}`, 'start again')
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

const openWords: Record<string, [message: string, next: string]> = {
  EBUSY: ['is in use', 'unmount what is on it; a file manager may have done so by itself'],
  EACCES: ['may not be written by you', 'run the command with sudo'],
  EPERM: ['may not be written by you', 'run the command with sudo'],
  EROFS: ['is write-protected', 'move the slider of the card, or choose another medium'],
  ENOMEDIUM: ['has no medium in it', 'put the card in'],
  EISDIR: ['is a folder', 'give a file in it'],
}

/** What is offered first, then what is not and why; for `hearth flash IMAGE` without a device. */
export async function listMedia(io: Io): Promise<void> {
  const media = judgeMedia(await askMachine()).filter(({ size }) => size > 0)
  const offered = media.filter(({ verdict }) => verdict === 'offered')
  io.print(
    offered.length ? 'Media to flash:' : 'No medium on USB, no card: put one in, or wait until it is recognised.',
  )
  for (const line of offered.flatMap(describeMedium)) io.print(`  ${line}`)
  const others = media.filter(({ verdict }) => verdict !== 'offered')
  if (others.length) io.print('Not offered:')
  for (const medium of others) io.print(`  ${describeMedium(medium)[0]}: ${medium.reasons.join('; ')}`)
}

async function askMachine(): Promise<Machine> {
  return readMachine().catch((error: Error) => {
    throw new MediaError(
      `the disks of this machine cannot be listed: ${error.message}`,
      'flash to a file, or use Raspberry Pi Imager',
    )
  })
}
