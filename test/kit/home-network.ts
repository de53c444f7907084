import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { GuestOptions } from '#images/emulator/guest.ts'
import { testRoot } from './root.ts'

/** What the kit and the two machines are called by. */
export const addresses = {
  kit: ['192.168.7.2/24', 'fd07::2/64'],
  router: '192.168.7.1',
  neighbour: 'fd07::3',
  far: '203.0.113.2',
} as const
export const port = 9100

type Machine = 'neighbour' | 'far'

/**
 * A home network in namespaces: the kit on a tap, a neighbour on the same switch, and a router with a machine of the
 * internet behind it. Needs root; nothing leaves the machine.
 */
export class HomeNetwork {
  readonly #root: string
  readonly #names: Record<'router' | Machine, string>
  #peers: ChildProcess[] = []

  private constructor(root: string) {
    const name = (machine: string) => `ledger-${machine}-${process.pid}`
    this.#root = root
    this.#names = { router: name('router'), neighbour: name('neighbour'), far: name('far') }
  }

  static async make(): Promise<HomeNetwork> {
    const network = new HomeNetwork(await testRoot())
    try {
      network.#build()
      for (const machine of ['neighbour', 'far'] as const) await network.#listen(machine)
      return network
    } catch (error) {
      network.remove()
      throw error
    }
  }

  /** The kit's end of the cable. */
  tap(offloads: boolean): NonNullable<GuestOptions['tap']> {
    // A sender that hands out long segments would count fewer headers than go over a cable without offloads.
    for (const machine of ['neighbour', 'far'] as const)
      this.#ip('-n', this.#names[machine], 'link', 'set', 'eth0', 'gso_max_segs', offloads ? '65535' : '1')
    return { namespace: path.join(this.#root, 'run/netns', this.#names.router), device: 'kit', offloads }
  }

  /** Bytes a machine has sent to and received from the kit's side, by its own interface's counters. */
  counters(machine: Machine): { sent: number; received: number } {
    const text = this.#ip('-n', this.#names[machine], '-json', '-statistics', 'link', 'show', 'dev', 'eth0')
    const [{ stats64 }] = JSON.parse(text)
    return { sent: stats64.tx.bytes, received: stats64.rx.bytes }
  }

  remove(): void {
    for (const peer of this.#peers) peer.kill()
    for (const name of Object.values(this.#names))
      spawnSync('/usr/sbin/chroot', [this.#root, 'ip', 'netns', 'delete', name])
  }

  #build(): void {
    const { router, neighbour, far } = this.#names
    for (const name of Object.values(this.#names)) {
      this.#ip('netns', 'add', name)
      this.#ip('-n', name, 'link', 'set', 'lo', 'up')
    }
    this.#ip('-n', router, 'link', 'add', 'switch', 'type', 'bridge')
    this.#ip('-n', router, 'tuntap', 'add', 'kit', 'mode', 'tap', 'vnet_hdr')
    this.#ip('-n', router, 'link', 'set', 'kit', 'master', 'switch', 'up')
    for (const [name, end] of [
      [neighbour, 'home'],
      [far, 'wan'],
    ] as const) {
      this.#ip('-n', router, 'link', 'add', end, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
      this.#ip('-n', router, 'link', 'set', end, 'up')
      this.#ip('-n', name, 'link', 'set', 'eth0', 'up')
    }
    this.#ip('-n', router, 'link', 'set', 'home', 'master', 'switch')
    this.#ip('-n', router, 'link', 'set', 'switch', 'up')
    this.#ip('-n', router, 'address', 'add', `${addresses.router}/24`, 'dev', 'switch')
    this.#ip('-n', router, 'address', 'add', '203.0.113.1/24', 'dev', 'wan')
    this.#ip('-n', neighbour, 'address', 'add', `${addresses.neighbour}/64`, 'dev', 'eth0', 'nodad')
    this.#ip('-n', far, 'address', 'add', `${addresses.far}/24`, 'dev', 'eth0')
    this.#ip('-n', far, 'route', 'add', 'default', 'via', '203.0.113.1')
    this.#ip('netns', 'exec', router, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward')
  }

  async #listen(machine: Machine): Promise<void> {
    const program = [process.execPath, path.resolve('test/network/transfer.ts'), String(port)]
    const words = [this.#root, 'ip', 'netns', 'exec', this.#names[machine], ...program]
    const peer = spawn('/usr/sbin/chroot', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#peers.push(peer)
    await once(peer.stdout, 'data')
  }

  #ip(...words: string[]): string {
    return execFileSync('/usr/sbin/chroot', [this.#root, 'ip', ...words], { encoding: 'utf8' })
  }
}
