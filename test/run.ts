import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { buildImage } from '#images/build/build.ts'
import { repoRoot } from '#images/build/context.ts'

interface Suite {
  name: string
  about: string
  files?: string[]
  /** Only with --all or by name. */
  long?: boolean
}

/** In the order they run: what fails fastest first. `files` are vitest's, relative to test/. */
const suites: Suite[] = [
  { name: 'check', about: 'types and style' },
  { name: 'unit', about: 'tests beside the code' },
  {
    name: 'network',
    about: 'firewall and moving to a disk, in namespaces and on loop devices',
    files: ['firewall.test.ts', 'move.test.ts'],
  },
  { name: 'kit-x86', about: 'the x86 kit: boot, claim in Chromium, post, restart', files: ['kit-x86.test.ts'] },
  {
    name: 'first-boot',
    about: 'power pulled during first boot; a seed; little memory; legacy BIOS',
    files: ['first-boot.test.ts'],
  },
  { name: 'kit-rpi', about: 'the Raspberry Pi image, through U-Boot and GRUB', files: ['kit-rpi.test.ts'] },
  { name: 'reproducible', about: 'the same image twice, byte for byte', files: ['reproducible.test.ts'], long: true },
]

interface Result {
  name: string
  passed: number
  failed: number
  seconds: number
}

/**
 * `hearth test [SUITE…] [--all]`. Prints the time of each suite and ends with `N passed, N failed`.
 * With --all, suites that passed on this commit are not run again, and the results are kept in docs/tested.md.
 */
export async function run(args: string[], log: (line: string) => void): Promise<number> {
  const all = args.includes('--all')
  const named = args.filter((word) => !word.startsWith('--'))
  const unknown = named.find((name) => !suites.some((suite) => suite.name === name))
  if (unknown)
    throw new Error(`There is no suite “${unknown}”. There are: ${suites.map(({ name }) => name).join(', ')}.`)
  const chosen = suites.filter((suite) => (named.length > 0 ? named.includes(suite.name) : all || !suite.long))
  const results: Result[] = []
  for (const suite of chosen) {
    log(`test: ${suite.name}: ${suite.about}`)
    const started = Date.now()
    const counts = await runSuite(suite, log)
    const seconds = (Date.now() - started) / 1000
    results.push({ name: suite.name, ...counts, seconds })
    log(`test: ${suite.name}: ${counts.passed} passed, ${counts.failed} failed in ${seconds.toFixed(0)} s`)
  }
  for (const { name, passed, failed, seconds } of results) {
    log(
      `${name.padEnd(14)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${seconds.toFixed(0).padStart(6)} s`,
    )
  }
  const sum = (pick: (result: Result) => number) => results.reduce((total, result) => total + pick(result), 0)
  console.log(`${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed`)
  return sum(({ failed }) => failed) === 0 ? 0 : 1
}

async function runSuite(suite: Suite, log: (line: string) => void): Promise<{ passed: number; failed: number }> {
  if (suite.name === 'check') {
    const commands = [
      ['tsc', '--noEmit'],
      ['biome', 'check', '--error-on-warnings', '.'],
    ]
    let failed = 0
    for (const [program = '', ...words] of commands) if ((await command(program, words)) !== 0) failed++
    return { passed: commands.length - failed, failed }
  }
  if (suite.name === 'unit') return vitest(['--config', 'vitest.config.ts'])
  if (suite.name.startsWith('kit-') || suite.name === 'first-boot') {
    // Built here, where progress can be seen, and not within a test's time limit.
    await buildImage({ recipe: suite.name === 'kit-rpi' ? 'kit-rpi' : 'kit-x86', log })
  }
  return vitest(['--config', 'test/vitest.config.ts', ...(suite.files ?? [])])
}

async function vitest(words: string[]): Promise<{ passed: number; failed: number }> {
  const report = path.join(os.tmpdir(), `hearth-test-${process.pid}.json`)
  writeFileSync(report, '')
  const status = await command('vitest', [
    'run',
    ...words,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  try {
    const { numPassedTests, numFailedTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8'))
    if (numTotalTests === 0) return { passed: 0, failed: 1 }
    // A file that could not be loaded has no failed test, but a status.
    return { passed: numPassedTests, failed: Math.max(numFailedTests, status === 0 ? 0 : 1) }
  } catch {
    return { passed: 0, failed: 1 }
  } finally {
    rmSync(report, { force: true })
  }
}

function command(program: string, words: string[]): Promise<number> {
  const bin = path.join(repoRoot, 'node_modules/.bin')
  const child = spawn(process.execPath, [path.join(bin, program), ...words], {
    cwd: repoRoot,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, FORCE_COLOR: '0' },
  })
  return new Promise((resolve) => child.on('exit', (status) => resolve(status ?? 1)))
}
