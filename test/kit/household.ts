import https from 'node:https'
import type { Kit } from './kit.ts'

export const ownerPassword = 'a long word for the owner'
export const firstPerson = { id: 'anna', name: 'Anna of the Garden House' }

export interface Household {
  /** Cookie header of the owner's session; it outlives restarts. */
  cookie: string
  /** The owner's, signed in. */
  browser: FormBrowser
  personPassword: string
  /** The page that the claim ended with. */
  lastPage: string
}

/** The claim code that the kit's console shows. */
export function shownCode(kit: Kit): string {
  const code = /Claim code: (\S+)/.exec(kit.guest.serial())?.[1]
  if (!code) throw new Error('The console shows no claim code.')
  return code
}

/** Claims a kit as a browser without scripts would: the code, by default the console's, then the form. */
export function claimKit(kit: Kit, code = shownCode(kit)): Promise<Household> {
  return claimAs(new FormBrowser(kit.ports.dashboard), code)
}

export async function claimAs(visitor: FormBrowser, code: string): Promise<Household> {
  await visitor.get('/claim')
  await visitor.post('/claim', { code })
  const now = new Date()
  const done = await visitor.post('/claim/finish', {
    code,
    language: 'en',
    timezone: 'Europe/Berlin',
    currency: 'EUR',
    price: '0.32',
    password: ownerPassword,
    again: ownerPassword,
    naming: 'trial',
    serverName: '',
    personId: firstPerson.id,
    personName: firstPerson.name,
    time: '',
    epoch: String(Math.floor(now.getTime() / 1000)),
  })
  const personPassword = /id="person-password">([^<]+)</.exec(done)?.[1]
  if (!personPassword) throw new Error(`The claim did not end with a password:\n${textOf(done)}`)
  return { cookie: visitor.cookie, browser: visitor, personPassword, lastPage: done }
}

/** The words of a page, without its markup. */
export function textOf(page: string): string {
  return page
    .replace(/<style[\s\S]*?<\/style>|<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, 2000)
}

/** Keeps cookies and sends forms with the token of the last page. */
export class FormBrowser {
  readonly #port: number
  readonly #host: string
  readonly #from: string | undefined
  readonly #cookies = new Map<string, string>()
  #token = ''

  /** @param options the name the kit is called by, also in the handshake; and the address of this machine to ask from */
  constructor(port: number, { host = 'localhost', from }: { host?: string; from?: string } = {}) {
    this.#port = port
    this.#host = host
    this.#from = from
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  get(address: string): Promise<string> {
    return this.#send('GET', address)
  }

  post(address: string, fields: Record<string, string>): Promise<string> {
    return this.#send('POST', address, new URLSearchParams({ csrf: this.#token, ...fields }).toString())
  }

  /** Opens the stream of live figures, as a page left open on a phone does. @returns closes it */
  watch(): Promise<() => void> {
    const headers = { host: this.#authority, cookie: this.cookie }
    return new Promise((resolve, reject) => {
      const call = https.get(
        { host: '127.0.0.1', port: this.#port, path: '/live', headers, rejectUnauthorized: false, agent: false },
        (response) => {
          response.once('data', () => resolve(() => call.destroy()))
          response.on('error', () => undefined)
        },
      )
      call.on('error', reject)
    })
  }

  get #authority(): string {
    return `${this.#host}:${this.#port}`
  }

  #send(method: string, address: string, body = ''): Promise<string> {
    const origin = `https://${this.#authority}`
    const form = method === 'POST' ? { origin, 'content-type': 'application/x-www-form-urlencoded' } : {}
    const headers = {
      ...form,
      cookie: this.cookie,
      host: this.#authority,
      'content-length': Buffer.byteLength(body),
    }
    return new Promise((resolve, reject) => {
      const call = https.request(
        {
          host: '127.0.0.1',
          port: this.#port,
          ...(this.#from !== undefined && { localAddress: this.#from }),
          servername: this.#host,
          method,
          path: address,
          headers,
          rejectUnauthorized: false,
          timeout: 240_000,
          agent: false,
        },
        (response) => {
          for (const line of response.headers['set-cookie'] ?? []) {
            const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
            this.#cookies.set(name, value)
          }
          let page = ''
          response.setEncoding('utf8')
          response.on('data', (chunk) => {
            page += chunk
          })
          response.on('end', () => {
            this.#token = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? this.#token
            resolve(page)
          })
        },
      )
      call.on('timeout', () => call.destroy(new Error(`no answer to ${method} ${address}`)))
      call.on('error', reject)
      call.end(body)
    })
  }
}
