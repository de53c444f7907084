import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { KitFacts } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { run } from './run.ts'
import { ensureCertificates } from './tls.ts'
import { webFiles, writeListeners } from './web.ts'

/** The nginx of this machine, if it has one. */
export const nginx = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find((file) => existsSync(file))
if (!nginx)
  console.warn('nginx is not installed: its listeners are written but not tried (apt-get install nginx-light)')

/** Answers every request with what it was asked. */
export const echo: RequestListener = (request: IncomingMessage, response) => {
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
  })
  request.on('end', () => {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ url: request.url, method: request.method, headers: request.headers, size }))
  })
}

function listenAt(socket: string, answer: RequestListener): Promise<Server> {
  const server = createServer(answer)
  return new Promise((resolve) => server.listen(socket, () => resolve(server)))
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<net.Server>((resolve) => {
          const server = net.createServer().listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** A kit root with a real nginx on free ports of this machine, as the slot's nginx.conf starts it. */
export class Web {
  readonly kit: KitRoot
  readonly ports: { http: number; plain: number; server: number; dashboard: number }
  readonly #upstreams: Server[] = []
  #process: ChildProcess | null = null

  static async make(facts: Partial<KitFacts>): Promise<Web> {
    const kit = await makeKitRoot({ kit: facts })
    const [http, plain, server, dashboard] = (await freePorts(4)) as [number, number, number, number]
    return new Web(kit, { http, plain, server, dashboard })
  }

  constructor(kit: KitRoot, ports: Web['ports']) {
    this.kit = kit
    this.ports = ports
  }

  get paths(): KitPaths {
    return this.kit.paths
  }

  /** What answers in the places of the Fediverse server and the dashboard. */
  async start(snac: RequestListener = echo, dashboard: RequestListener = echo): Promise<void> {
    const facts = JSON.parse(await readFile(this.paths.kit, 'utf8')) as KitFacts
    const made = await ensureCertificates(this.paths, { ...facts, addresses: ['127.0.0.1'] }, run)
    await writeListeners(this.paths, { ...facts, ...made }, { ports: this.ports })
    for (const [socket, answer] of [
      [this.paths.snacSocket, snac],
      [this.paths.dashboardSocket, dashboard],
    ] as const) {
      await mkdir(path.dirname(socket), { recursive: true })
      this.#upstreams.push(await listenAt(socket, answer))
    }
    const root = this.kit.root
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${root}/tmp-${name};`,
    )
    await writeFile(
      path.join(root, 'nginx.conf'),
      `${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1; pid ${root}/nginx.pid; error_log ${root}/error.log;
       daemon off; events { worker_connections 512; }
       http { access_log off; ${temporary.join(' ')} include ${this.paths.nginx}/*.conf; }`,
    )
    const check = await run(nginx as string, [
      '-t',
      '-c',
      path.join(root, 'nginx.conf'),
      '-e',
      path.join(root, 'error.log'),
    ])
    expect(check.stderr).toContain('test is successful')
    expect(check.stderr).not.toContain('[warn]')
    this.#process = spawn(nginx as string, ['-c', path.join(root, 'nginx.conf'), '-e', path.join(root, 'error.log')], {
      stdio: 'ignore',
    })
    for (let tries = 0; (await this.curl(`http://127.0.0.1:${this.ports.plain}/`)).status === 0; tries++) {
      if (tries > 50) throw new Error('nginx did not start')
      await sleep(100)
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process?.once('exit', resolve))
    if (this.#process?.kill('SIGTERM')) await ended
    for (const upstream of this.#upstreams) upstream.close()
    await this.kit.remove()
  }

  /** Asks with the kit's authority trusted; status 0 when there was no answer. */
  async curl(url: string, ...options: string[]) {
    const trust = existsSync(webFiles(this.paths).own) ? ['--cacert', webFiles(this.paths).own] : []
    const args = ['-sS', '-m', '5', '-i', '-H', 'Expect:', ...trust, ...options, url]
    const { stdout, stderr, code } = await run('curl', args)
    const [head = '', ...body] = stdout.split('\r\n\r\n')
    const status = Number(/^HTTP\/[\d.]+ (\d+)/.exec(head)?.[1] ?? 0)
    return { status, head: head.toLowerCase(), body: body.join('\r\n\r\n'), code, stderr }
  }

  /** As though DNS or mDNS had the name. */
  named(name: string, port: number, pathname = '/', ...options: string[]) {
    return this.curl(`https://${name}:${port}${pathname}`, '--resolve', `${name}:${port}:127.0.0.1`, ...options)
  }

  handshake(...options: string[]) {
    return run('openssl', ['s_client', '-connect', `127.0.0.1:${this.ports.server}`, '-brief', ...options])
  }
}
