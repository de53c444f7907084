import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { filledLog, leafText, makeWitness } from '#agent/ledger/log/log-fixture.ts'
import { consistencyProof, inclusionProof } from '#agent/ledger/log/merkle.ts'
import { formatSignerKey, formatVerifierKey, makeSigner, parseNote, verifierOf } from '#agent/ledger/log/note.ts'
import type { PublicLog } from '#agent/ledger/log/public-log.ts'
import { readFolder } from '#agent/ledger/log/source.ts'
import { verifyLog } from '#agent/ledger/log/verify.ts'
import { cacheFolder, ensureFolder } from '#images/build/context.ts'
import { testRoot } from './kit/root.ts'

/*
 * Go's own packages for notes and tiled logs (test/public-log) read what our code writes, and write what it reads.
 * Debian 13's Go builds the program; the two modules it needs are pinned by hash in go.sum and kept in the cache.
 */
const size = 600
const witness = makeWitness('witness.example')
let folder: string
let log: PublicLog
let program: string
let said: Proofs
/** How to run a program of the test root: the suite may itself run in it. */
let enter: string[] = []

beforeAll(async () => {
  if (!existsSync('/usr/lib/go-1.24')) enter = ['/usr/sbin/chroot', await testRoot()]
  folder = mkdtempSync(path.join(tmpdir(), 'public-log-'))
  program = path.join(folder, 'public-log')
  build()
  log = filledLog({ folder: path.join(folder, 'ours'), secret: path.join(folder, 'secret') }, size - 3)
  for (let index = size - 3; index < size; index += 1) log.append(index, leafText(index))
  const { text } = parseNote(log.checkpoint, 'checkpoint')
  log.acceptCosignatures(witness.cosign(text, 1_790_000_000), [witness.vkey], null)
  said = proofs()
})

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

function build(): void {
  const kept = ensureFolder(path.join(cacheFolder(), 'go'))
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOCACHE: path.join(kept, 'build'),
    GOMODCACHE: path.join(kept, 'modules'),
    GOFLAGS: `${process.env.GOFLAGS ?? ''} -mod=readonly -modcacherw -buildvcs=false`.trim(),
    GOTOOLCHAIN: 'local',
    ...authorities(kept),
  }
  const words = ['-C', path.resolve(import.meta.dirname, 'public-log'), 'build', '-o', program]
  const { status, stderr } = run('go', words, { env })
  if (status === 0) return
  throw new Error(`test/public-log cannot be built:\n${stderr}If its modules cannot be fetched, set GOPROXY.`)
}

/** The authorities this machine trusts, where the test root cannot see them: some networks have one of their own. */
function authorities(kept: string): NodeJS.ProcessEnv {
  const own = process.env.SSL_CERT_FILE ?? '/etc/ssl/certs/ca-certificates.crt'
  if (enter.length === 0 || !existsSync(own)) return {}
  const copy = path.join(kept, 'authorities.pem')
  copyFileSync(own, copy)
  return { SSL_CERT_FILE: copy }
}

interface RunOptions {
  env?: NodeJS.ProcessEnv
  input?: string
}

function run(name: string, words: string[], options: RunOptions = {}) {
  const [first = '', ...rest] = [...enter, name, ...words]
  const { status, stdout, stderr, error } = spawnSync(first, rest, { encoding: 'utf8', ...options })
  if (error) throw error
  return { status, stdout, stderr }
}

/** Every leaf in the whole tree, some in smaller ones, and every size with the whole and the next one. */
function proofs() {
  const base64 = (hashes: Buffer[]) => hashes.map((hash) => hash.toString('base64'))
  const sizes = [1, 2, 3, 255, 256, 257, 511, 512, 513, size]
  const inclusion = (index: number, of: number) => ({
    index,
    size: of,
    proof: base64(inclusionProof(log.hashes.slice(0, of), index)),
  })
  const consistency = (oldSize: number, of: number) => ({
    oldSize,
    size: of,
    proof: base64(consistencyProof(log.hashes.slice(0, of), oldSize)),
  })
  return {
    inclusion: [
      ...log.hashes.map((_, index) => inclusion(index, size)),
      ...sizes.flatMap((of) => [inclusion(0, of), inclusion(of - 1, of)]),
    ],
    consistency: [
      ...log.hashes.map((_, index) => consistency(index + 1, size)),
      ...sizes.flatMap((of, at) => sizes.slice(0, at).map((oldSize) => consistency(oldSize, of))),
    ],
  }
}

type Proofs = ReturnType<typeof proofs>

function check(of: string, claims: Proofs, vkey = formatVerifierKey(log.key), by = witness.vkey) {
  const file = path.join(folder, 'proofs.json')
  writeFileSync(file, JSON.stringify(claims))
  return run(program, ['check', of, vkey, by, file])
}

describe('Go reads our log', () => {
  test('checkpoint, cosignature, every tile and entry, and every proof', () => {
    const answer = check(path.join(folder, 'ours'), said)
    expect(answer).toMatchObject({ status: 0, stderr: '' })
    expect(answer.stdout).toBe(
      `${size} leaves, ${said.inclusion.length} inclusion and ${said.consistency.length} consistency proofs\n`,
    )
  })

  test('and refuses it once a bit of any file is changed', () => {
    for (const file of log.filesSince(0).filter((each) => each !== 'key')) {
      const copy = path.join(folder, 'altered')
      cpSync(path.join(folder, 'ours'), copy, { recursive: true })
      const bytes = readFileSync(path.join(copy, file))
      bytes[Math.floor(bytes.length / 3)] = (bytes[Math.floor(bytes.length / 3)] as number) ^ 1
      writeFileSync(path.join(copy, file), bytes)
      expect(check(copy, { inclusion: [], consistency: [] }).status, file).toBe(1)
      rmSync(copy, { recursive: true })
    }
  })

  test('and refuses proofs of something else, and keys of others', () => {
    const ours = path.join(folder, 'ours')
    const [leaf] = said.inclusion
    const [beginning] = said.consistency
    if (!leaf || !beginning) throw new Error('no proofs')
    const answer = (claims: Proofs) => check(ours, claims).stderr
    expect(answer({ inclusion: [{ ...leaf, index: 1 }], consistency: [] })).toContain('inclusion of 1 in 600')
    expect(answer({ inclusion: [], consistency: [{ ...beginning, oldSize: 2 }] })).toContain('consistency of 2')
    const none = { inclusion: [], consistency: [] }
    expect(check(ours, none, formatVerifierKey(makeSigner(log.key.name).verifier)).status).toBe(1)
    expect(check(ours, none, formatVerifierKey(log.key), makeWitness('witness.example').vkey).status).toBe(1)
  })
})

describe('we read what Go wrote', () => {
  test('a cosignature', () => {
    const signer = makeSigner('go.example/witness')
    const { stdout, stderr, status } = run(program, ['cosign', formatSignerKey(signer)], { input: log.checkpoint })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const vkey = formatVerifierKey(verifierOf(signer.verifier.name, 'cosignature', signer.verifier.publicKey))
    expect(log.acceptCosignatures(stdout, [vkey], Date.now())).toEqual({
      accepted: ['go.example/witness'],
      refused: [],
    })
  })

  test.each([1, 255, 256, 257, 600, 66_000])('a log of %i leaves', async (leaves) => {
    const made = path.join(folder, `go-${leaves}`)
    mkdirSync(made)
    const { stdout, stderr } = run(program, ['make', made, 'go.example/log', String(leaves)])
    expect(stderr).toBe('')
    const report = await verifyLog(readFolder(made), { key: stdout.trim(), limits: { leaves: 70_000 } })
    expect(report).toMatchObject({ ok: true, problems: [], checkpoint: { origin: 'go.example/log', size: leaves } })
  })
})
