import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { deliver } from '#images/build/build.ts'
import { writeSeed } from '#images/media/seed.ts'
import { built } from './kit.ts'

/** A copy of the image with a seed on its FAT partition, as `hearth flash IMAGE FILE --seed` makes it. */
export async function seededImage(name: string, seed: string): Promise<string> {
  const { image, context } = await built('kit-x86')
  const folder = path.join(context.cache, 'test', 'seeds')
  mkdirSync(folder, { recursive: true })
  const [copy, file] = [path.join(folder, `${name}.img`), path.join(folder, `${name}.yaml`)]
  rmSync(copy, { force: true })
  await deliver(image, copy)
  writeFileSync(file, seed)
  await writeSeed(file, Buffer.from(seed), copy)
  return copy
}
