import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { $ } from 'zx'
import type { Lock } from '../lock/lock.ts'
import { withArm64Programs } from './binfmt.ts'
import type { BuildContext } from './context.ts'
import type { Tools } from './tools.ts'
import { assertNoForeignFiles, nativeTwins, twinsMount } from './twins.ts'

/** How programs of a root are run on this machine while it is being made. */
export interface Runner {
  /** What mmdebstrap needs so that the root's programs run from the first maintainer script on. */
  mmdebstrapOptions: string[]
  /** Runs `work` while programs of a finished root can be run by chroot. */
  around: <T>(root: string, work: () => Promise<T>) => Promise<T>
  /** @throws when a program of this machine got into the folder */
  check: (folder: string, what: string) => void
}

const hostArchitecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

/** On a machine of the root's own architecture there is nothing to do. */
const native: Runner = { mmdebstrapOptions: [], around: (_, work) => work(), check: () => undefined }

/** All programs emulated: the interpreter is QEMU itself, and the root needs nothing. */
const emulated: Runner = { ...native, mmdebstrapOptions: ['--skip=check/qemu'], check: assertNoForeignFiles }

/**
 * Runs `work` with a runner for roots of the lock's architecture. An arm64 root on an x86-64 machine is built with native
 * twins of its programs; where they cannot be had, or `HEARTH_TWINS=no` forbids them, all is emulated, which gives the
 * same root after five to ten times the time.
 */
export async function withRunner<T>(
  context: BuildContext,
  tools: Tools,
  lock: Lock,
  work: (runner: Runner) => Promise<T>,
): Promise<T> {
  if (lock.architecture === hostArchitecture) return work(native)
  if (lock.architecture === 'amd64')
    throw new Error('An x86-64 image cannot be built on an arm64 machine. Build it on an x86-64 machine.')
  const twins = process.env.HEARTH_TWINS === 'no' ? null : await twinsIfPossible(context, tools, lock)
  if (twins) return withArm64Programs(path.join(twins, 'interpreter'), () => work(twinRunner(twins)), context.log)
  context.log('twins: none, so every arm64 program runs emulated: the root takes five to ten times as long')
  return withArm64Programs(path.join(tools.root, 'usr/bin/qemu-aarch64'), () => work(emulated), context.log)
}

async function twinsIfPossible(context: BuildContext, tools: Tools, lock: Lock): Promise<string | null> {
  try {
    return await nativeTwins(context, tools, lock)
  } catch (error) {
    context.log(`twins: cannot be made: ${(error as Error).message.split('\n')[0]}`)
    return null
  }
}

/** perl looks for its own compiled modules by absolute path, so the twin finds its own there. */
const perl = 'usr/lib/x86_64-linux-gnu/perl-base'

function twinRunner(twins: string): Runner {
  const mount = `set -e; mkdir -p "$1${twinsMount}" "$1/${perl}"
mount --bind -o ro "${twins}" "$1${twinsMount}"; mount --bind -o ro "${twins}/root/${perl}" "$1/${perl}"`
  const unmount = `set -e; umount "$1/${perl}" "$1${twinsMount}"
rmdir "$1${twinsMount}" "$1/${perl}" "$1/${path.dirname(perl)}"`
  return {
    mmdebstrapOptions: ['--skip=check/qemu', `--extract-hook=${mount}`, `--customize-hook=${unmount}`],
    around: async (root, work) => {
      const places: [string, string][] = [
        [twins, path.join(root, twinsMount)],
        [path.join(twins, 'root', perl), path.join(root, perl)],
      ]
      const mounted: string[] = []
      try {
        for (const [source, target] of places) {
          mkdirSync(target, { recursive: true })
          await $`mount --bind -o ro ${source} ${target}`.quiet()
          mounted.push(target)
        }
        return await work()
      } finally {
        for (const target of mounted.reverse()) await $`umount ${target}`.quiet()
        for (const name of [twinsMount, perl, path.dirname(perl)])
          if (existsSync(path.join(root, name))) rmdirSync(path.join(root, name))
      }
    },
    check: assertNoForeignFiles,
  }
}
