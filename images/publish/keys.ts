import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, realpathSync, unlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

/** A key that cannot be used; the message names the file and what to do. */
export class KeyError extends Error {
  override name = 'KeyError'
}

/** The public half of a key, whichever half is given. */
export function publicPart(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

/** First 16 hexadecimal digits of the SHA-256 of the public key: how a key is called in messages. */
export function fingerprint(key: KeyObject): string {
  const spki = publicPart(key).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex').slice(0, 16)
}

/** Where this clone's own development key lies: outside the repository, another one for each clone. */
export function developmentKeyFile(clone: string, env: NodeJS.ProcessEnv = process.env): string {
  const config = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : path.join(homedir(), '.config')
  const name = createHash('sha256').update(realpathSync(clone)).digest('hex').slice(0, 16)
  return path.join(config, 'hearth', 'keys', `${name}.pem`)
}

/** The clone's development key, or null when none was made yet. */
export function readDevelopmentKey(clone: string, env?: NodeJS.ProcessEnv): KeyObject | null {
  const file = developmentKeyFile(clone, env)
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below, in the same words as for a key of another kind.
  }
  throw new KeyError(`${file} is no Ed25519 private key; move it away and a new one is made`)
}

/** The clone's development key, made now if it is not there. Two builds at once end up with the same key. */
export function developmentKey(clone: string, env?: NodeJS.ProcessEnv): KeyObject {
  const existing = readDevelopmentKey(clone, env)
  if (existing) return existing
  const file = developmentKeyFile(clone, env)
  const folder = path.dirname(file)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const { privateKey } = generateKeyPairSync('ed25519')
  const partial = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(partial, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(partial, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(partial)
  }
  return readDevelopmentKey(clone, env) ?? privateKey
}

/** A public key in PEM; an Ed25519 private key will do too. @throws KeyError */
export function readPublicKey(file: string): KeyObject {
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (error) {
    throw new KeyError(`${file} cannot be read: ${(error as Error).message}`)
  }
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below.
  }
  throw new KeyError(`${file} is no Ed25519 public key in PEM; give the SHA256SUMS.pub of whoever published the image`)
}
