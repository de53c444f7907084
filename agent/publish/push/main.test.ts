import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filledLog } from '../../ledger/log/log-fixture.ts'
import type { PublicLog } from '../../ledger/log/public-log.ts'
import { type KitRoot, makeKitRoot } from '../../testing/kit-root.ts'
import { logOrigin } from '../log-address.ts'
import type { Inbox, Outbox } from '../outbox.ts'
import { makeSecureHost, outboxOf, runPublish } from './push-fixture.ts'

let kit: KitRoot
let log: PublicLog
let authorities: string

beforeEach(async () => {
  kit = await makeKitRoot()
  const { publish, publicLog, inbox, agentData } = kit.paths
  mkdirSync(publish, { recursive: true })
  mkdirSync(path.dirname(inbox), { recursive: true })
  log = filledLog(
    { folder: publicLog, secret: path.join(agentData, 'public-log.json') },
    3,
    logOrigin('garden.example'),
  )
  authorities = path.join(kit.root, 'authorities.pem')
  writeFileSync(authorities, '')
})
afterEach(() => kit.remove())

const run = () => runPublish(kit.root, authorities)
const write = (outbox: Outbox) => writeFileSync(kit.paths.outbox, JSON.stringify(outbox))
const inbox = (): Inbox => JSON.parse(readFileSync(kit.paths.inbox, 'utf8'))

describe('hearth-publish as a program', () => {
  it('sends by HTTPS to whom the system’s authorities vouch for, and answers once', async () => {
    const there = await makeSecureHost(kit.root)
    const collectors: Outbox['collectors'] = [
      { id: 'c1', place: { kind: 'http', url: there.url }, publicUrl: there.url, known: 0, grant: 100_000 },
    ]
    try {
      write(outboxOf(log, { collectors }))
      expect((await run()).status).toBe(0)
      // Nobody vouches for it yet.
      expect(inbox()).toMatchObject({ number: 7, collectors: [{ outcome: 'failed' }] })
      expect(inbox().collectors[0]?.problem?.what).toContain('no certificate that can be trusted')

      authorities = there.certificate
      write(outboxOf(log, { collectors, number: 8 }))
      const { text, status } = await run()
      expect(text).toBe('outbox 8: c1 sent\n')
      expect(status).toBe(0)
      expect(inbox()).toMatchObject({ number: 8, collectors: [{ outcome: 'sent', size: 3 }] })
      expect(inbox().collectors[0]?.checkpoint).toBeUndefined()

      there.files.clear()
      expect((await run()).text).toBe('')
      expect(there.files.size).toBe(0)

      // What is there is looked at by HTTPS as well.
      write(outboxOf(log, { collectors, number: 9 }))
      await run()
      write(outboxOf(log, { collectors, number: 10 }))
      await run()
      expect(inbox().collectors[0]?.checkpoint).toBe(log.checkpoint)
      write(outboxOf(log, { collectors, number: 11, task: 'compare', size: 2 }))
      await run()
      expect(inbox().collectors[0]).toMatchObject({ outcome: 'compared', size: 3, copy: 'copy-c1' })
    } finally {
      there.close()
    }
  })

  it('has nothing to do without an outbox, and answers one that asks nobody', async () => {
    expect(await run()).toEqual({ status: 0, text: '' })
    write(outboxOf(log, { number: 3, origin: '', key: '', size: 0 }))
    expect(await run()).toEqual({ status: 0, text: 'outbox 3: nobody was to be asked\n' })
    expect(inbox()).toMatchObject({ number: 3, collectors: [], witnesses: [] })
  })

  it('says what is wrong with an outbox that it cannot use, and leaves the answer as it was', async () => {
    writeFileSync(kit.paths.outbox, '{"version":2}')
    const { status, text } = await run()
    expect(status).toBe(1)
    expect(text).toContain('version of the outbox cannot be used')
    expect(existsSync(kit.paths.inbox)).toBe(false)
  })
})
