/**
 * hearth-publish: sends what the agent has put into the outbox, and answers in the inbox. Started by hearth-publish.path
 * when the outbox changes; the one program of ours that reaches the internet, and it holds nothing that is not to be
 * published. `HEARTH_ROOT` moves the whole kit below another folder (development).
 */
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { kitPaths } from '../../paths.ts'
import { writeDurably } from '../../service/durable.ts'
import { answerOutbox } from './answer.ts'
import { readOutbox } from './outbox-file.ts'

/** Authorities of the system, not those that came with Node. */
const authorities = process.env.SSL_CERT_FILE ?? '/etc/ssl/certs/ca-certificates.crt'
/** The outbox may change while this works, which starts nothing: it is looked at again, but not for ever. */
const mostRounds = 5

const paths = kitPaths(process.env.HEARTH_ROOT ?? '/')
const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
tls.setDefaultCACertificates(readFileSync(authorities, 'utf8').match(certificate) ?? [])

for (let round = 0; round < mostRounds; round += 1) {
  const outbox = readOutbox(paths.outbox)
  if (!outbox || outbox.number === answered()) break
  const inbox = await answerOutbox(outbox, paths)
  writeDurably(paths.inbox, `${JSON.stringify(inbox)}\n`, 0o640)
  const outcomes = inbox.collectors.map(({ id, outcome }) => `${id} ${outcome}`)
  const signatures = inbox.witnesses.map(({ key, block }) => `${key.split('+')[0]} ${block ? 'signed' : 'failed'}`)
  console.log(`outbox ${outbox.number}: ${[...outcomes, ...signatures].join(', ') || 'nobody was to be asked'}`)
}

/** Number of the outbox that was answered last: what is sent twice would be more than was granted. */
function answered(): number | null {
  try {
    return JSON.parse(readFileSync(paths.inbox, 'utf8')).number
  } catch {
    return null
  }
}
