import { hostname } from 'node:os'
import path from 'node:path'
import type { KitFacts } from '../api.ts'
import { readText, type SystemTrees } from '../meters/files.ts'
import type { KitPaths } from '../paths.ts'
import { KitFiles } from '../service/facts.ts'
import type { HostConfig } from './config.ts'

/** What a kit's set-up would have written: taken from the configuration, and from the machine itself. */
export class HostFacts extends KitFiles {
  readonly #config: HostConfig
  readonly #trees: SystemTrees

  constructor(paths: KitPaths, trees: SystemTrees, config: HostConfig) {
    super(paths)
    this.#config = config
    this.#trees = trees
  }

  override kit(): KitFacts {
    const { name, timezone, currency } = this.#config
    const model = ['firmware/devicetree/base/model', 'class/dmi/id/product_name']
      .map((file) => readText(path.join(this.#trees.sys, file))?.replaceAll('\0', '').trim())
      .find(Boolean)
    return {
      hostname: hostname(),
      claimed: true,
      serverName: name,
      timezone,
      currency: currency ?? 'XXX', // ISO 4217: no currency
      language: 'en',
      caFingerprint: '',
      caWords: '',
      board: { model: model ?? '', serial: null, architecture: process.arch === 'arm64' ? 'aarch64' : 'x86_64' },
    }
  }
}
