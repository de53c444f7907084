import { boot } from './boot.ts'
import { build } from './build.ts'
import type { Report } from './figure.ts'
import { idle } from './idle.ts'
import { ledger } from './ledger.ts'

const benches: Record<string, (log: (line: string) => void) => Promise<Report>> = { idle, boot, build, ledger }

/** `hearth bench idle|boot|build|ledger [--json]`: with --json the report and nothing else on standard output. */
export async function run(args: string[], log: (line: string) => void): Promise<number> {
  const name = args.find((word) => !word.startsWith('--')) ?? ''
  const bench = benches[name]
  if (!bench) throw new Error(`Say which: hearth bench ${Object.keys(benches).join('|')} [--json].`)
  const json = args.includes('--json')
  const report = await bench(json ? (line) => console.error(line) : log)
  if (json) console.log(JSON.stringify(report, null, 2))
  else for (const line of lines(report)) console.log(line)
  return 0
}

function lines({ figures }: Report): string[] {
  return figures.map(({ name, value, unit, baseline, ratio, goal, met }) => {
    const beside = baseline ? `${baseline.name} ${baseline.value} ${unit}, ratio ${ratio}` : ''
    const bound = goal.max === undefined ? (goal.min === undefined ? null : `≥ ${goal.min}`) : `≤ ${goal.max}`
    return (
      `${name.padEnd(20)} ${value} ${unit}`.padEnd(40) +
      beside.padEnd(40) +
      (bound === null ? '' : `goal ${goal.of} ${bound}: ${met ? 'met' : 'missed'}`)
    )
  })
}
