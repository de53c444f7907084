import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { LogError } from './error.ts'

/** Where the files of a log are read from. */
export interface LogSource {
  /** The folder or address, as it is shown. */
  name: string
  /**
   * Reads a file by its path within the log, such as `tile/0/000.p/7`; null if it is not there.
   * Rejects with `LogError` if it cannot be read or has more than `maximumBytes`.
   */
  read(file: string, maximumBytes: number): Promise<Buffer | null>
}

/** A log in a folder. */
export function readFolder(folder: string): LogSource {
  return {
    name: folder,
    read: async (file, maximumBytes) => {
      try {
        const handle = await open(path.join(folder, file), constants.O_RDONLY | constants.O_NONBLOCK)
        try {
          const stat = await handle.stat()
          if (!stat.isFile()) throw new LogError('unreadable', file, 'is not a file', 'Check the folder.')
          if (stat.size > maximumBytes) throw tooLarge(file, maximumBytes)
          const bytes = await handle.readFile()
          if (bytes.length > maximumBytes) throw tooLarge(file, maximumBytes)
          return bytes
        } finally {
          await handle.close()
        }
      } catch (error) {
        if (error instanceof LogError) throw error
        const { code, message } = error as NodeJS.ErrnoException
        if (code === 'ENOENT' || code === 'ENOTDIR') return null
        throw new LogError('unreadable', file, `cannot be read: ${message}`, 'Check the folder and who may read it.')
      }
    },
  }
}

export interface UrlOptions {
  /** Longest wait for one file, milliseconds. */
  timeoutMs?: number
  /** And for all of them, from now on. */
  totalMs?: number
}

const maximumRedirects = 3

/**
 * A log on a web server, by HTTPS; from this machine itself (loopback) by HTTP, too. Redirects are followed on the same
 * server only. @throws LogError if the address cannot be one
 */
export function readUrl(address: string, { timeoutMs = 30_000, totalMs = 600_000 }: UrlOptions = {}): LogSource {
  const base = baseOf(address)
  const end = AbortSignal.timeout(totalMs)
  return {
    name: base.href,
    read: async (file, maximumBytes) => {
      const signal = AbortSignal.any([end, AbortSignal.timeout(timeoutMs)])
      try {
        const response = await get(new URL(file, base), file, signal)
        if (response.status === 404 || response.status === 410) {
          await response.body?.cancel()
          return null
        }
        if (response.status !== 200) {
          await response.body?.cancel()
          throw unfetched(file, `the server answered ${response.status}`, response.status)
        }
        return await bodyOf(response, file, maximumBytes)
      } catch (error) {
        if (error instanceof LogError) throw error
        throw unfetched(
          file,
          signal.aborted ? `no answer within ${(end.aborted ? totalMs : timeoutMs) / 1000} s` : reasonOf(error),
        )
      }
    },
  }
}

function baseOf(address: string): URL {
  const url = URL.parse(address)
  const refuse = (what: string) =>
    new LogError('refused', address, what, 'Write one such as https://example.org/ledger/.')
  if (!url) throw refuse('is not an address')
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) throw refuse('is not an https address')
  if (url.username || url.password || url.search || url.hash) throw refuse('has more than server and path')
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

async function get(url: URL, file: string, signal: AbortSignal): Promise<Response> {
  let target = url
  for (let redirects = 0; redirects <= maximumRedirects; redirects += 1) {
    const response = await fetch(target, { redirect: 'manual', signal })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || location === null) return response
    await response.body?.cancel()
    const next = URL.parse(location, target.href)
    if (next?.origin !== url.origin) throw unfetched(file, 'the server sends to another one')
    target = next
  }
  throw unfetched(file, 'the server redirects again and again')
}

async function bodyOf(response: Response, file: string, maximumBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    // Leaving the loop closes the connection.
    if (length > maximumBytes) throw tooLarge(file, maximumBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error && cause.message !== '' ? cause.message : message
}

function tooLarge(file: string, maximumBytes: number): LogError {
  return new LogError(
    'malformed',
    file,
    `is larger than ${maximumBytes} bytes`,
    'It is no file of a log; tell whoever runs it.',
  )
}

function unfetched(file: string, what: string, status: number | null = null): LogError {
  return new LogError(
    'unreadable',
    file,
    `cannot be fetched: ${what}`,
    'Check the address, and try again later.',
    status,
  )
}
