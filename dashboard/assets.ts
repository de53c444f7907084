import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { AssetLinks } from './layout.ts'

const files = {
  style: { name: 'style.css', type: 'text/css; charset=utf-8' },
  script: { name: 'page.js', type: 'text/javascript; charset=utf-8' },
  icon: { name: 'icon.svg', type: 'image/svg+xml' },
  plot: { name: 'uPlot.iife.min.js', type: 'text/javascript; charset=utf-8' },
  chart: { name: 'chart.js', type: 'text/javascript; charset=utf-8' },
}

/** Where npm puts uPlot; an image has it beside our own files. */
const library = path.join(import.meta.dirname, '../node_modules/uplot/dist')

/** Serves the few small files from memory, under addresses that change with their content. */
export function addAssets(app: FastifyInstance, folder: string): AssetLinks {
  const link = ({ name, type }: { name: string; type: string }): string => {
    const own = path.join(folder, name)
    const content = readFileSync(existsSync(own) ? own : path.join(library, name))
    const version = createHash('sha256').update(content).digest('hex').slice(0, 12)
    const address = `/assets/${version}/${name}`
    app.get(address, { config: { access: 'everybody' } }, (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(content),
    )
    return address
  }
  return {
    style: link(files.style),
    script: link(files.script),
    icon: link(files.icon),
    plot: link(files.plot),
    chart: link(files.chart),
  }
}
