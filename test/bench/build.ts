import { appendFileSync, cpSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { $ } from 'zx'
import { type Built, buildImage } from '#images/build/build.ts'
import { withRunner } from '#images/build/foreign.ts'
import { baseRoot, bootFiles } from '#images/build/root.ts'
import { figure, hostFacts, median, type Report } from './figure.ts'

/** Bytes of the image for Raspberry Pi 4 that Home Assistant OS publishes, compressed. */
const homeAssistantOs = 265_425_852

/** The image's size, a rebuild after one changed file, and the arm64 root beside the amd64 root, both from nothing. */
export async function build(log: (line: string) => void): Promise<Report> {
  const x86 = await buildImage({ recipe: 'kit-x86', log })
  const rpi = await buildImage({ recipe: 'kit-rpi', log })
  const amd64 = await rootSeconds(x86, log)
  const arm64 = await rootSeconds(rpi, log)
  const again = await rebuildSeconds(x86, log)
  const packed = path.join(rpi.context.cache, 'bench-image.zst')
  await rpi.tools.run('zstd', ['-19', '-T0', '-q', '-f', rpi.image, '-o', packed])
  const { size } = statSync(packed)
  rmSync(packed)
  return {
    bench: 'build',
    host: hostFacts('tcg'),
    figures: [
      figure(
        'image-rpi',
        size / 1e6,
        'MB',
        { of: 'value', max: 200 },
        { name: 'Home Assistant OS, published', value: homeAssistantOs / 1e6 },
      ),
      figure('rebuild-x86', again, 's', { of: 'value', max: 20 }),
      figure('arm64-build', arm64.root, 's', { of: 'ratio', max: 1.6 }, { name: 'amd64 root', value: amd64.root }),
      figure(
        'arm64-build-and-twins',
        arm64.all,
        's',
        { of: 'ratio', max: 1.6 },
        { name: 'amd64 root', value: amd64.all },
      ),
    ],
  }
}

/**
 * Packages and initramfs of a recipe installed from nothing but the package folder, the tools root at hand.
 * `all` counts the native twins in, which are made once for a set of packages.
 */
async function rootSeconds(built: Built, log: (line: string) => void): Promise<{ root: number; all: number }> {
  const cache = path.join(built.context.cache, 'bench')
  rmSync(cache, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  const context = { ...built.context, cache, log }
  const began = Date.now()
  let root = 0
  try {
    await withRunner(context, built.tools, built.pool.lock, async (runner) => {
      const started = Date.now()
      const base = await baseRoot(context, built.tools, built.recipe, built.pool, runner)
      await bootFiles(context, built.tools, base, built.recipe, runner)
      root = (Date.now() - started) / 1000
    })
    return { root, all: (Date.now() - began) / 1000 }
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
}

/** The whole command, in a copy of the sources, after a line was added to one file of a layer; median of three. */
async function rebuildSeconds({ context }: Built, log: (line: string) => void): Promise<number> {
  const copy = path.join(context.cache, 'bench-sources')
  rmSync(copy, { recursive: true, force: true })
  try {
    for (const name of ['agent', 'bin', 'dashboard', 'images', 'package.json', 'package-lock.json']) {
      cpSync(path.join(context.repo, name), path.join(copy, name), { recursive: true, verbatimSymlinks: true })
    }
    symlinkSync(path.join(context.repo, 'node_modules'), path.join(copy, 'node_modules'))
    // In a mount namespace of its own, as typed by hand: mounts left in this one would keep the folder from going.
    const env = { ...process.env, HEARTH_NAMESPACE: '', SOURCE_DATE_EPOCH: String(context.epoch) }
    const seconds: number[] = []
    for (let round = 0; round <= 3; round++) {
      const started = Date.now()
      await $({ cwd: copy, env })`${process.execPath} bin/hearth.ts build kit-x86 --raw`.quiet()
      // The first only proves that the copy builds.
      if (round > 0) seconds.push((Date.now() - started) / 1000)
      log(`bench build: rebuild ${round}: ${((Date.now() - started) / 1000).toFixed(1)} s`)
      appendFileSync(path.join(copy, 'images/layers/base/files/etc/fstab'), `# round ${round} of ${started}\n`)
    }
    return median(seconds)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
