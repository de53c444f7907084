import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { decodeAnswers, encodeQuery, type Question, recordTypes } from './dns.ts'
import { guarded, type Io, MediaError } from './io.ts'
import { type Kit, KitList, service } from './kits.ts'

/** One network to ask on. */
export interface Place {
  readonly family: 'udp4' | 'udp6'
  /** Multicast group, or a single responder. */
  readonly address: string
  readonly port: number
  /** What `setMulticastInterface` takes; null: no multicast. */
  readonly through: string | null
}

const usage = `hearth find    list the kits on this network
  --json       as JSON`

/** `hearth find`; resolves with 0 when there is a kit, 1 when there is none. */
export function find(argv: string[], io: Io, places: () => Place[] = lanPlaces): Promise<number> {
  return guarded(io, 'find', async () => {
    const { values } = parseArgs({
      args: argv,
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) {
      io.print(usage)
      return 0
    }
    io.progress('Asking the network for kits (3 s) …')
    const kits = await searchKits(places(), 3000)
    if (values.json) io.print(JSON.stringify(kits, null, 2))
    else if (kits.length) for (const line of table(kits)) io.print(line)
    else
      io.print(
        'No kit answered. It may need two minutes after power-on; it must be on the same network as this computer.',
      )
    return kits.length ? 0 : 1
  })
}

/** Every network of this machine but the loopback, over IPv4 and IPv6. */
export function lanPlaces(): Place[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) => {
    const here = (addresses ?? []).filter(({ internal }) => !internal)
    const v4 = here.filter(({ family }) => family === 'IPv4').map(({ address }) => address)
    const v6 = here.some(({ family }) => family === 'IPv6') ? [`::%${name}`] : []
    return [
      ...v4.map((through) => ({ family: 'udp4', address: '224.0.0.251', port: 5353, through }) as const),
      ...v6.map((through) => ({ family: 'udp6', address: `ff02::fb%${name}`, port: 5353, through }) as const),
    ]
  })
}

/**
 * Asks each place twice, then about what was left unsaid, and gathers answers. From a port of its own, so that responders
 * answer directly and nothing of the system's own multicast DNS is disturbed.
 * @throws MediaError when there is no network to ask on
 */
export async function searchKits(places: readonly Place[], milliseconds: number): Promise<Kit[]> {
  const list = new KitList()
  const asked: Asked[] = []
  try {
    for (const place of places) {
      const opened = await openPlace(place, list).catch(() => null)
      if (opened) asked.push(opened)
    }
    if (asked.length === 0)
      throw new MediaError('there is no network to look for kits on', 'connect this computer to the network of the kit')
    const browse = [{ name: service, type: recordTypes.PTR }]
    for (const each of asked) each.send(browse)
    const step = milliseconds / 6
    for (let round = 1; round < 6; round++) {
      await wait(step)
      const questions = round === 2 ? [...browse, ...list.missing()] : list.missing()
      // A packet of twenty questions always fits.
      for (let at = 0; at < questions.length; at += 20)
        for (const each of asked) each.send(questions.slice(at, at + 20))
    }
    await wait(step)
    return list.kits()
  } finally {
    for (const each of asked) each.socket.close()
  }
}

interface Asked {
  socket: Socket
  send(questions: readonly Question[]): void
}

async function openPlace(place: Place, list: KitList): Promise<Asked> {
  const socket = createSocket({ type: place.family })
  socket.on('message', (message: Buffer, sender: RemoteInfo) => {
    // Responders answer from the port they were asked at; others did not hear the question.
    if (sender.port !== place.port) return
    try {
      list.take(decodeAnswers(message), sender.address)
    } catch {
      // Malformed, or made to do harm: as if it had not come.
    }
  })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, () => resolve())
    })
    if (place.through !== null) {
      socket.setMulticastInterface(place.through)
      socket.setMulticastTTL(255)
    }
  } catch (error) {
    socket.close()
    throw error
  }
  socket.removeAllListeners('error')
  // A network that went away only makes its own answers stay out.
  socket.on('error', () => {})
  return { socket, send: (questions) => socket.send(encodeQuery(questions), place.port, place.address, () => {}) }
}

function table(kits: readonly Kit[]): string[] {
  const state = { true: 'claimed', false: 'not claimed yet', null: 'state unknown' }
  const rows = kits.map(({ name, addresses, version, claimed, host, port }) => [
    name,
    addresses.join(', '),
    version ?? 'version unknown',
    state[`${claimed}`],
    host && port ? `https://${host}:${port}/` : '',
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
