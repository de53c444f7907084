import type { FastifyInstance, LightMyRequestResponse } from 'fastify'

const host = 'hearth-7f3a.local:8443'

/** A browser without scripts, over `inject`: keeps cookies and sends forms with the token of the last page. */
export class Browser {
  readonly cookies = new Map<string, string>()
  /** Every header a test wants to add or replace. */
  headers: Record<string, string> = {}
  #token = ''
  readonly #app: FastifyInstance

  constructor(app: FastifyInstance) {
    this.#app = app
  }

  async get(url: string): Promise<LightMyRequestResponse> {
    return this.#keep(await this.#app.inject({ method: 'GET', url, headers: this.#headers() }))
  }

  async post(url: string, fields: Record<string, string>): Promise<LightMyRequestResponse> {
    const payload = new URLSearchParams({ csrf: this.#token, ...fields }).toString()
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      origin: `https://${host}`,
      ...this.#headers(),
    }
    return this.#keep(await this.#app.inject({ method: 'POST', url, payload, headers }))
  }

  /** Without a name as the owner. */
  async signIn(password: string, name = ''): Promise<LightMyRequestResponse> {
    await this.get('/sign-in')
    return this.post('/sign-in', { name, password })
  }

  #headers(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return { host, ...(cookie ? { cookie } : {}), ...this.headers }
  }

  #keep(response: LightMyRequestResponse): LightMyRequestResponse {
    for (const { name, value } of response.cookies) this.cookies.set(name, value)
    this.#token = /name="csrf" value="([^"]+)"/.exec(response.body)?.[1] ?? this.#token
    return response
  }
}
