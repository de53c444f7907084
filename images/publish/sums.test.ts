import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestFile } from './files.ts'
import { developmentKey, developmentKeyFile, fingerprint, readDevelopmentKey, readPublicKey } from './keys.ts'
import { verifySums, writeSums } from './sums.ts'

let folder: string
const ours = generateKeyPairSync('ed25519').privateKey
const theirs = generateKeyPairSync('ed25519').privateKey
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hearth-sums-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function signed(): Promise<void> {
  writeFileSync(path.join(folder, 'kit.img'), 'image')
  const { sha256 } = await digestFile(path.join(folder, 'kit.img'))
  await writeSums(folder, new Map([['kit.img', sha256]]), ours)
}

describe('the sums of a publication', () => {
  it('are read by sha256sum and signed as openssl expects', async () => {
    await signed()
    expect(execFileSync('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })).toBe(
      'kit.img: OK\n',
    )
    const check = [
      '-verify',
      '-pubin',
      '-inkey',
      'SHA256SUMS.pub',
      '-rawin',
      '-in',
      'SHA256SUMS',
      '-sigfile',
      'SHA256SUMS.sig',
    ]
    expect(execFileSync('openssl', ['pkeyutl', ...check], { cwd: folder, encoding: 'utf8' })).toContain(
      'Verified Successfully',
    )
  })

  it('are proved by a given key, and by a known one', async () => {
    await signed()
    expect(await verifySums(folder, createPublicKey(ours), [])).toMatchObject({
      signature: 'valid',
      signedBy: fingerprint(ours),
    })
    expect(await verifySums(folder, null, [theirs, ours])).toMatchObject({ signature: 'valid' })
  })

  it('are reported when signed by a stranger or not at all', async () => {
    await signed()
    expect(await verifySums(folder, null, [theirs])).toMatchObject({
      signature: 'unknown',
      signedBy: fingerprint(ours),
    })
    rmSync(path.join(folder, 'SHA256SUMS.sig'))
    rmSync(path.join(folder, 'SHA256SUMS.pub'))
    expect(await verifySums(folder, null, [ours])).toMatchObject({ signature: 'absent', signedBy: null })
    rmSync(path.join(folder, 'SHA256SUMS'))
    expect(await verifySums(folder, null, [ours])).toBeNull()
    await expect(verifySums(folder, ours, [])).rejects.toThrow('there is no')
  })

  it('are refused when altered, cut, or signed by another than the given key', async () => {
    await signed()
    await expect(verifySums(folder, theirs, [])).rejects.toThrow('is not what the key')
    const file = path.join(folder, 'SHA256SUMS')
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    )
    await expect(verifySums(folder, null, [ours])).rejects.toThrow('is not what the key')
    for (const bad of [
      text.trimEnd(),
      `${text}${text}`,
      'x\n',
      '',
      text.replace('kit.img', '../kit.img'),
      'y'.repeat(2 ** 21),
    ]) {
      writeFileSync(file, bad)
      await expect(verifySums(folder, null, [theirs])).rejects.toThrow(/SHA256SUMS/)
    }
    writeFileSync(file, text)
    truncateSync(path.join(folder, 'SHA256SUMS.sig'), 20)
    await expect(verifySums(folder, ours, [])).rejects.toThrow('is not what the key')
    rmSync(path.join(folder, 'SHA256SUMS.sig'))
    await expect(verifySums(folder, ours, [])).rejects.toThrow('SHA256SUMS.sig is missing')
  })
})

describe('the development key', () => {
  it('is made once for each clone, outside of it, for its owner only', () => {
    const env = { XDG_CONFIG_HOME: path.join(folder, 'config') }
    const clones = ['one', 'two'].map((name) => path.join(folder, name))
    for (const clone of clones) mkdirSync(clone)
    const [one, two] = clones as [string, string]
    expect(readDevelopmentKey(one, env)).toBeNull()
    const key = developmentKey(one, env)
    expect(fingerprint(developmentKey(one, env))).toBe(fingerprint(key))
    expect(fingerprint(developmentKey(two, env))).not.toBe(fingerprint(key))
    expect(statSync(developmentKeyFile(one, env)).mode & 0o777).toBe(0o600)
    expect(developmentKeyFile(one, env).startsWith(env.XDG_CONFIG_HOME)).toBe(true)
    expect(fingerprint(readPublicKey(developmentKeyFile(one, env)))).toBe(fingerprint(key))
  })

  it('is refused when it is damaged, and never written over', () => {
    const env = { XDG_CONFIG_HOME: folder }
    developmentKey(folder, env)
    writeFileSync(developmentKeyFile(folder, env), 'half a k')
    expect(() => developmentKey(folder, env)).toThrow('is no Ed25519 private key')
    expect(readFileSync(developmentKeyFile(folder, env), 'utf8')).toBe('half a k')
    expect(() => readPublicKey(path.join(folder, 'none'))).toThrow('cannot be read')
  })
})
