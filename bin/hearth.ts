#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import os from 'node:os'
import process from 'node:process'
import { text } from 'node:stream/consumers'

interface Verb {
  usage: string
  about: string
  /** Mounts and chroots: runs in a mount namespace of its own, so that nothing stays mounted whatever happens. */
  builds?: boolean
  run: (args: string[]) => Promise<number>
}

const started = Date.now()
const log = (line: string) =>
  console.log(line === '' ? '' : `[${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s] ${line}`)

const verbs: Record<string, Verb> = {
  up: {
    usage: 'up [--fresh] [--name NAME]',
    about:
      'build the x86 kit and run it in the emulator (--fresh: from a new card; --name: a kit beside the usual one)',
    builds: true,
    run: async (args) => (await import('#images/emulator/up.ts')).up(args, log),
  },
  build: {
    usage: 'build RECIPE [--packages DIR] [--url URL] [--raw] | build agent',
    about: 'build an image and all that is published beside it (--raw: only the image); the ledger agent as .deb',
    builds: true,
    run: async (args) => (await import('#images/build/command.ts')).build(args, log),
  },
  lock: {
    usage: 'lock RECIPE',
    about: 'take the mirror’s present packages into the recipe’s lock file',
    builds: true,
    run: async (args) => (await import('#images/build/command.ts')).lock(args, log),
  },
  flash: {
    usage: 'flash IMAGE [DEVICE|FILE] [--seed FILE]',
    about: 'write an image to a card, stick, disk or file, and read it back',
    run: async (args) => (await media()).flash(args, (await media()).terminalIo()),
  },
  verify: {
    usage: 'verify FILE|DEVICE [--bmap FILE]',
    about: 'compare a medium with its image’s block map',
    run: async (args) => (await media()).verify(args, (await media()).terminalIo()),
  },
  find: {
    usage: 'find',
    about: 'list the kits on this network',
    run: async (args) => (await media()).find(args, (await media()).terminalIo()),
  },
  'claim-hash': {
    usage: 'claim-hash',
    about: 'hash a claim code of your own for a seed (reads the code from standard input)',
    run: async () => {
      const { hashClaim } = await import('#agent/setup/claim-hash.ts')
      console.log(await hashClaim((await text(process.stdin)).trim()))
      return 0
    },
  },
  ledger: {
    usage: 'ledger show|add|correct|confirm|export|import|verify …',
    about: 'a kit’s ledger, or a copy of it; check a public log (hearth ledger help)',
    run: async (args) =>
      (await import('#agent/ledger/command/command.ts')).ledgerCommand(args, console.log, console.error),
  },
  test: {
    usage: 'test [SUITE…] [--all]',
    about: 'run the tests: checks, units, then booted kits (--all: the long ones too)',
    builds: true,
    run: async (args) => (await import('../test/run.ts')).run(args, log),
  },
  bench: {
    usage: 'bench idle|boot|build|ledger [--json]',
    about: 'measure, beside what the figures are compared with',
    builds: true,
    run: async (args) => (await import('../test/bench/run.ts')).run(args, log),
  },
}

const media = () => import('#images/media/index.ts')

async function main(argv: string[]): Promise<number> {
  const [name = 'help', ...args] = argv
  const verb = verbs[name]
  if (!verb) {
    const known = Object.values(verbs).map(({ usage, about }) => `  hearth ${usage.padEnd(64)} ${about}`)
    console.log(['hearth: builds, runs and looks after Commonhearth kits', '', ...known].join('\n'))
    return name === 'help' || name === '--help' ? 0 : 2
  }
  if (verb.builds && process.env.HEARTH_NAMESPACE !== '1') return inOwnNamespace(argv)
  return verb.run(args)
}

/** Runs the same command in a mount namespace of its own. */
function inOwnNamespace(argv: string[]): number {
  if (process.getuid?.() !== 0) {
    console.error('hearth: this needs root, to mount and chroot. Run it with sudo, or as root.')
    return 1
  }
  // Ctrl-C goes to the whole group: the inner process ends in good order, this one waits for it. Where this one is ended
  // alone, the inner one is asked to end too.
  process.on('SIGINT', () => undefined)
  const self = [process.execPath, ...process.execArgv, import.meta.filename]
  const inner = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', '--', 'setpriv', '--pdeathsig', 'TERM', '--', ...self, ...argv],
    {
      stdio: 'inherit',
      env: { ...process.env, HEARTH_NAMESPACE: '1' },
    },
  )
  if (inner.error) throw inner.error
  if (inner.signal === 'SIGINT') console.error('hearth: interrupted')
  return inner.status ?? 128 + os.constants.signals[inner.signal as NodeJS.Signals]
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error) => {
    console.error(process.env.HEARTH_DEBUG ? error : `hearth: ${error.message ?? error}`)
    if (error.stderr) console.error(String(error.stderr).split('\n').slice(-30).join('\n'))
    process.exit(1)
  },
)
