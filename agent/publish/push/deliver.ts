import type { Inbox, Outbox } from '../outbox.ts'
import { sendCost } from '../wire.ts'
import { type Grant, OverGrant } from './grant.ts'
import { httpSender } from './http-put.ts'
import type { LineOptions } from './line.ts'
import { isBeginning, type LocalLog, packParcel, type Sender } from './parcel.ts'
import { publicSource, publishedHead } from './published.ts'
import { s3Sender } from './s3.ts'
import { sftpSender } from './sftp.ts'
import type { SshKey } from './ssh-key.ts'
import { PlaceTrouble } from './trouble.ts'

export type Addressee = Outbox['collectors'][number]
/** What the inbox says of a collector, but for its id and the bytes. */
export type Outcome = Omit<Inbox['collectors'][number], 'id' | 'bytes'>

export interface Means extends LineOptions {
  /** Null where no collector takes files by SFTP. */
  sshKey: SshKey | null
}

/**
 * Sends a collector what it lacks: first looks what it has, and sends nothing where that is no beginning of the log here.
 * Rejects with `PlaceTrouble` or `OverGrant`.
 */
export async function deliver(
  collector: Addressee,
  outbox: Outbox,
  log: LocalLog,
  grant: Grant,
  means: Means,
): Promise<Outcome> {
  const published = await publishedHead(publicSource(collector, outbox.origin, grant, means), log.key)
  if (published.state === 'foreign' || (published.state === 'head' && !isBeginning(published.checkpoint, log)))
    return conflict(published.text, published.state)
  const isHead = published.state === 'head'
  const have = isHead ? published.checkpoint.size : published.state === 'unknown' ? collector.known : 0
  const files = packParcel(outbox, log, Math.min(have, outbox.size), isHead && published.text === log.text)
  const cost = sendCost(
    collector.place.kind,
    files.map(({ content }) => content.length),
  )
  // Rather nothing than half of it.
  if (cost > grant.left) throw new OverGrant(`${cost} bytes are more than the ${grant.left} that are left`)
  const sender = senderTo(collector, grant, means)
  try {
    await sender.send(files)
  } finally {
    sender.close()
  }
  return { outcome: 'sent', size: outbox.size, ...(isHead && { checkpoint: published.text }) }
}

function senderTo({ place }: Addressee, grant: Grant, means: Means): Sender {
  switch (place.kind) {
    case 'http':
      return httpSender(place, grant, means)
    case 's3':
      return s3Sender(place, grant, means)
    case 'sftp':
      if (!means.sshKey)
        throw new PlaceTrouble(
          'place.no-key',
          {},
          'The kit could not make its key for SFTP.',
          'Look into the log of hearth-publish.',
        )
      return sftpSender(place, grant, { ...means, keyFile: means.sshKey.file, publicKey: means.sshKey.publicKey })
  }
}

function conflict(checkpoint: string, state: 'head' | 'foreign'): Outcome {
  const problem =
    state === 'head'
      ? {
          what: 'It has leaves of this log that the kit lacks, or other ones.',
          next: 'Nothing was sent. This kit was put back, or another one has its key: say which on the page of the public report.',
          code: 'place.conflict',
        }
      : {
          what: 'It has a log of this name that another key signed.',
          next: 'Nothing was sent. Ask whoever runs the collector who wrote it.',
          code: 'place.foreign',
        }
  return { outcome: 'conflict', checkpoint, problem }
}
