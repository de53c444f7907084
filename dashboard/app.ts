import fastify, { type FastifyInstance } from 'fastify'
import { addAssets } from './assets.ts'
import { addErrors } from './errors.ts'
import { Idle } from './idle.ts'
import { layout, type PageParts } from './layout.ts'
import type { DashboardOptions } from './options.ts'
import { addCalibration } from './pages/calibration.ts'
import { addClaim } from './pages/claim.ts'
import { addCosts } from './pages/costs.ts'
import { addDiagnosis } from './pages/diagnosis.ts'
import { addHome } from './pages/home.ts'
import { addLedger } from './pages/ledger.ts'
import { addLive } from './pages/live.ts'
import { addMyData } from './pages/my-data.ts'
import { addMyHours } from './pages/my-hours.ts'
import { addMyLine } from './pages/my-line.ts'
import { addPeople } from './pages/people.ts'
import { addPower } from './pages/power.ts'
import { addPublicReport } from './pages/public-report.ts'
import { addSettings } from './pages/settings.ts'
import { addShares } from './pages/shares.ts'
import { addSignIn } from './pages/sign-in.ts'
import { addStorage } from './pages/storage.ts'
import { addTariffs } from './pages/tariffs.ts'
import { addTraffic } from './pages/traffic.ts'
import { addWhatIf } from './pages/what-if.ts'
import { type Access, addGuard } from './security/guard.ts'
import { addSecurityHeaders } from './security/headers.ts'
import { makeServices, type Services } from './services.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route there is, and who may see it. */
    doors: { method: string; url: string; access: Access }[]
  }
  interface FastifyReply {
    /** Sends a page in the visitor's language. */
    page(parts: PageParts): FastifyReply
  }
}

const largestForm = 16 * 1024

/** Forms are read by hand, so Fastify's schema compilers (half of its code and start-up time) are never loaded. */
function noSchemas(): never {
  throw new Error('The dashboard has no JSON schemas: read the form with formOf instead')
}

/** Puts all parts together; nothing listens yet, so tests can inject requests. */
export function buildApp(options: Pick<DashboardOptions, 'paths' | 'assets'>, services: Services): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: largestForm,
    routerOptions: { maxParamLength: 64 },
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  })

  app.decorate('doors', [])
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const each of [method].flat()) app.doors.push({ method: each, url, access: config?.access ?? 'owner' })
  })
  addSecurityHeaders(app)
  const assets = addAssets(app, options.assets)
  app.decorateReply('page', function page(parts) {
    return this.type('text/html; charset=utf-8').send(String(layout(this.request.visit, assets, parts)))
  })

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(body as string)),
  )
  addGuard(app, services)
  addErrors(app)

  addClaim(app, services)
  addSignIn(app, services)
  addHome(app, services)
  addPower(app, services)
  addCalibration(app, services)
  addStorage(app, services)
  addTraffic(app, services)
  addCosts(app, services)
  addTariffs(app, services)
  addWhatIf(app, services)
  addLedger(app, services)
  addPublicReport(app, services)
  addShares(app, services)
  addPeople(app, services)
  addDiagnosis(app, services)
  addSettings(app, services)
  addLive(app, services)
  addMyLine(app, services)
  addMyHours(app, services)
  addMyData(app, services)
  return app
}

/** The program: listens, and leaves when nobody needs it. */
export class Dashboard {
  readonly #options: DashboardOptions
  #app: FastifyInstance | null = null
  #idle: Idle | null = null

  constructor(options: DashboardOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const app = buildApp(this.#options, makeServices(this.#options.paths))
    this.#app = app
    if (this.#options.idleMilliseconds !== null) this.#leaveWhenIdle(app, this.#options.idleMilliseconds)
    const { listen } = this.#options
    if ('port' in listen) {
      await app.listen({ host: '127.0.0.1', port: listen.port })
      return
    }
    await app.ready()
    await new Promise<void>((resolve, reject) => {
      app.server.once('error', reject)
      app.server.listen({ fd: listen.fd }, resolve)
    })
  }

  /** Lets requests under way finish. systemd keeps the socket, so whoever comes next starts the dashboard again. */
  async stop(): Promise<void> {
    this.#idle?.stop()
    await this.#app?.close()
  }

  #leaveWhenIdle(app: FastifyInstance, milliseconds: number): void {
    const idle = new Idle(milliseconds, () => void this.stop())
    this.#idle = idle
    // On the bare server, so that streams count as long as they are open.
    app.server.on('request', (_request, response) => {
      idle.begin()
      response.once('close', () => idle.end())
    })
    idle.start()
  }
}
