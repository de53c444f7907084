import type { ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { ensureFolder } from '../build/context.ts'
import type { Tools } from '../build/tools.ts'
import { CommandChannel, commandCredentials } from './channel.ts'
import { Qmp } from './qmp.ts'
import { spawnGuest } from './spawn.ts'

export type Machine = 'x86-uefi' | 'x86-bios' | 'arm64-virt' | 'raspi3b'

export interface GuestOptions {
  machine: Machine
  /** Raw image; never written to: the guest writes to `disk.qcow2` in its folder. */
  image: string
  /** Holds disk, logs and sockets of this guest; the same folder again continues with the same disk. */
  folder: string
  /** MiB. */
  memory?: number
  /** Port on 127.0.0.1 → port of the guest. */
  forwards?: Record<number, number>
  /** Gives a root shell to tests, by a credential from the emulator; the image knows nothing of it. */
  commands?: boolean
  /** Bytes the disk is enlarged to, as a card is larger than the image. */
  diskSize?: number
  /** More disks, as QEMU arguments after the first. */
  extra?: string[]
  accelerator?: 'kvm' | 'tcg'
  /** Shows the disk to the guest as a removable stick on USB. */
  asStick?: boolean
  /** A machine without any network device. */
  offline?: boolean
  /** A second network device, on a cable to another guest: the socket both know, and which end this guest is. */
  cable?: { socket: string; end: 'first' | 'second' }
  /**
   * In place of the usual network: a tap device in a network namespace (its file) that the caller made, and nothing is
   * forwarded. Without offloads every frame on it is as on a cable.
   */
  tap?: { namespace: string; device: string; offloads: boolean }
}

/** Of a card that neither cuts nor joins segments, nor counts checksums. */
const noOffloads = [
  'csum',
  'gso',
  'host_tso4',
  'host_tso6',
  'host_ecn',
  'host_ufo',
  'guest_csum',
  'guest_tso4',
  'guest_tso6',
  'guest_ecn',
  'guest_ufo',
  'mrg_rxbuf',
]
  .map((feature) => `,${feature}=off`)
  .join('')

/** A kit in QEMU. The constructor does nothing; `start` and `stop` do. The guest reaches nothing outside (`restrict=on`). */
export class Guest {
  readonly options: GuestOptions
  readonly serialLog: string
  #tools: Tools
  #process: ChildProcess | null = null
  #qmp: Qmp | null = null
  #channel: CommandChannel | null = null

  constructor(tools: Tools, options: GuestOptions) {
    this.#tools = tools
    this.options = options
    this.serialLog = path.join(options.folder, 'serial.log')
  }

  get disk(): string {
    return path.join(this.options.folder, 'disk.qcow2')
  }

  async start(): Promise<void> {
    const { folder, image, diskSize } = this.options
    ensureFolder(folder)
    if (!existsSync(this.disk)) {
      const size = diskSize ?? statSync(image).size
      await this.#tools.run('qemu-img', [
        'create',
        '-q',
        '-f',
        'qcow2',
        '-F',
        'raw',
        '-b',
        image,
        this.disk,
        String(size),
      ])
    }
    for (const name of ['qmp.sock', 'commands.sock']) rmSync(path.join(folder, name), { force: true })
    writeFileSync(this.serialLog, '')
    const [program, args] = this.#commandLine()
    const errors = openSync(path.join(folder, 'qemu.log'), 'w')
    const confined = ['/usr/sbin/chroot', this.#tools.root, program, ...args]
    const { tap } = this.options
    const [command = '', ...words] = tap ? ['nsenter', `--net=${tap.namespace}`, ...confined] : confined
    this.#process = spawnGuest(command, words, ['ignore', errors, errors])
    running.add(this)
    this.#process.on('exit', () => running.delete(this))
    this.#qmp = await Qmp.connect(path.join(folder, 'qmp.sock'), () => this.assertRunning())
    if (this.options.commands) this.#channel = new CommandChannel(path.join(folder, 'commands.sock'))
  }

  /** @throws with QEMU's last words when it has ended */
  assertRunning(): void {
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null) {
      throw new Error(
        `QEMU ended: ${readFileSync(path.join(this.options.folder, 'qemu.log'), 'utf8').trim() || 'no message'}`,
      )
    }
  }

  get isRunning(): boolean {
    return this.#process !== null && this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Runs a line of shell as root in the guest. Throws when its status is not 0, unless `allowFailure`. */
  async run(command: string, options: { timeoutSeconds?: number; allowFailure?: boolean } = {}): Promise<string> {
    if (!this.#channel) throw new Error('This guest was started without commands.')
    const { status, output } = await this.#channel.run(command, options.timeoutSeconds ?? 120)
    if (status !== 0 && !options.allowFailure)
      throw new Error(`In the guest, “${command}” ended with ${status}:\n${output}`)
    return output
  }

  /** Waits until the command channel answers: the guest has reached multi-user.target or is about to. */
  async ready(timeoutSeconds = 300): Promise<void> {
    await this.#channel?.ready(timeoutSeconds, () => this.assertRunning())
  }

  serial(): string {
    return readFileSync(this.serialLog, 'utf8')
  }

  /** Waits for a line of the serial console. @returns the match @throws with the last lines after the time is over */
  async waitForSerial(pattern: RegExp, timeoutSeconds: number): Promise<RegExpMatchArray> {
    const end = Date.now() + timeoutSeconds * 1000
    for (;;) {
      const match = this.serial().match(pattern)
      if (match) return match
      this.assertRunning()
      if (Date.now() > end)
        throw new Error(
          `No ${pattern} on the console within ${timeoutSeconds} s. Last lines:\n${this.serial().split('\n').slice(-25).join('\n')}`,
        )
      await sleep(200)
    }
  }

  /** Asks the guest to power off as a person would with the button, and waits. */
  async powerOff(timeoutSeconds = 90): Promise<void> {
    if (!this.isRunning) return
    // Pressed again as a person would: a guest that is still starting does not hear it.
    for (const end = Date.now() + timeoutSeconds * 1000; this.isRunning && Date.now() < end; ) {
      await this.#qmp?.execute('system_powerdown').catch(() => undefined)
      await this.#ended(10)
    }
    if (this.isRunning) this.pullPlug()
    await this.#ended(10)
    this.#close()
  }

  /** Power gone from one moment to the next. */
  pullPlug(): void {
    this.#close()
    const pid = this.#process?.pid
    if (pid && this.isRunning) process.kill(pid, 'SIGKILL')
  }

  #close(): void {
    this.#channel?.close()
    this.#qmp?.close()
  }

  /** The reset button. */
  async reset(): Promise<void> {
    await this.#qmp?.execute('system_reset')
  }

  async ended(timeoutSeconds: number): Promise<boolean> {
    return this.#ended(timeoutSeconds)
  }

  async qmp(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return this.#qmp?.execute(command, args)
  }

  /** Resident set of QEMU and its pid, for those who need to look at it. */
  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  async #ended(timeoutSeconds: number): Promise<boolean> {
    const end = Date.now() + timeoutSeconds * 1000
    while (this.isRunning && Date.now() < end) await sleep(100)
    return !this.isRunning
  }

  #commandLine(): [string, string[]] {
    const {
      machine,
      folder,
      memory,
      forwards = {},
      extra = [],
      accelerator = 'tcg',
      commands,
      asStick,
      offline,
      cable,
      tap,
    } = this.options
    const forward = Object.entries(forwards)
      .map(([host, guest]) => `,hostfwd=tcp:127.0.0.1:${host}-:${guest}`)
      .join('')
    const common = [
      '-display',
      'none',
      '-nodefaults',
      '-no-user-config',
      '-chardev',
      // Several serial lines of one machine may write to it.
      `file,id=console,mux=on,path=${this.serialLog}`,
      '-qmp',
      `unix:${folder}/qmp.sock,server=on,wait=off`,
    ]
    const accel = accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi'
    const lan = tap ? `tap,id=lan,ifname=${tap.device},script=no,downscript=no` : `user,id=lan,restrict=on${forward}`
    const card = `virtio-net-pci,netdev=lan,romfile=${tap?.offloads === false ? noOffloads : ''}`
    const network = offline ? [] : ['-netdev', lan, '-device', card]
    if (cable) {
      const [server, last] = cable.end === 'first' ? ['on', '01'] : ['off', '02']
      network.push('-netdev', `stream,id=cable,server=${server},addr.type=unix,addr.path=${cable.socket}`)
      network.push('-device', `virtio-net-pci,netdev=cable,romfile=,mac=52:54:00:aa:bb:${last}`)
    }
    const drive = ['-drive', `if=none,id=system,format=qcow2,file=${this.disk},cache=writeback,discard=unmap`]
    const channel = commands
      ? [
          '-device',
          'virtio-serial-pci',
          '-chardev',
          `socket,id=commands,path=${folder}/commands.sock,server=on,wait=off`,
          '-device',
          'virtserialport,chardev=commands,name=hearth.test',
          ...commandCredentials(),
        ]
      : []
    if (machine === 'raspi3b') {
      return [
        'qemu-system-aarch64',
        [
          '-M',
          'raspi3b',
          '-accel',
          accel,
          ...common,
          '-serial',
          'null',
          '-serial',
          'chardev:console',
          '-drive',
          `if=sd,format=qcow2,file=${this.disk}`,
          ...extra,
        ],
      ]
    }
    const disk = asStick
      ? ['-device', 'qemu-xhci,id=usb', '-device', 'usb-storage,bus=usb.0,drive=system,removable=on,serial=STICK1']
      : ['-device', 'virtio-blk-pci,drive=system,bootindex=1']
    const shared = [
      ...common,
      '-serial',
      'chardev:console',
      '-device',
      'virtio-rng-pci',
      ...drive,
      ...disk,
      ...network,
      ...channel,
      ...extra,
    ]
    if (machine === 'arm64-virt') {
      return [
        'qemu-system-aarch64',
        [
          '-M',
          'virt',
          '-accel',
          accel,
          '-cpu',
          'cortex-a72',
          '-smp',
          '2',
          '-m',
          String(memory ?? 1024),
          ...this.#firmware('AAVMF/AAVMF_CODE.no-secboot.fd', 'AAVMF/AAVMF_VARS.fd'),
          // The image's console is ttyS1, the boards' second serial line; this machine's own line is ttyAMA0, where
          // firmware and GRUB write.
          '-chardev',
          'null,id=first',
          '-device',
          'pci-serial,chardev=first',
          '-device',
          'pci-serial,chardev=console',
          ...shared,
        ],
      ]
    }
    const firmware = machine === 'x86-uefi' ? this.#firmware('OVMF/OVMF_CODE_4M.fd', 'OVMF/OVMF_VARS_4M.fd') : []
    const cpu = accelerator === 'kvm' ? 'host' : 'Nehalem'
    return [
      'qemu-system-x86_64',
      ['-M', 'q35', '-accel', accel, '-cpu', cpu, '-smp', '2', '-m', String(memory ?? 1024), ...firmware, ...shared],
    ]
  }

  #firmware(code: string, variables: string): string[] {
    const own = path.join(this.options.folder, 'firmware-variables.fd')
    if (!existsSync(own)) copyFileSync(path.join(this.#tools.root, 'usr/share', variables), own)
    return [
      '-drive',
      `if=pflash,format=raw,readonly=on,file=/usr/share/${code}`,
      '-drive',
      `if=pflash,format=raw,file=${own}`,
    ]
  }
}

const running = new Set<Guest>()
// A test that fails or is interrupted must not leave guests behind.
process.on('exit', () => {
  for (const guest of running) guest.pullPlug()
})

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** The wanted port if it is free on 127.0.0.1, else one that is. */
export async function freePort(wanted = 0): Promise<number> {
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const probe = net.createServer()
      probe.once('error', reject)
      probe.listen(port, '127.0.0.1', () => {
        const { port: got } = probe.address() as net.AddressInfo
        probe.close(() => resolve(got))
      })
    })
  return listen(wanted).catch(() => listen(0))
}
