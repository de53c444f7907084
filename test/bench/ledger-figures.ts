import { type Figure, figure } from './figure.ts'

/** A small server: what it sends and gets on the internet side in a month. Larger ones have a smaller share. */
export const wanPerMonth = 1e9
export const networks = [10, 1000, 100_000] as const

/** What `hearth bench ledger` measured. */
export interface Measured {
  /** Processor milliseconds of one sampling cycle, with the firewall's counters and all services. */
  cycle: number
  /** Processes that the agent started in more than one cycle. */
  children: number
  /** MB that the agent alone has in memory. */
  memory: number
  /** MB on the card of a year of entries and readings, of ten people and six services. */
  year: number
  /** Milliseconds of the agent's answer to what the page of a month asks. */
  month: number
  /** Seconds to check a year's public log, one report a week. */
  verify: number
  published: Published
  power: {
    /** Mean error of boards whose type is known, and of types that are not, as a share. */
    known: { error: number }
    unknown: { error: number; width: number; coverage: number; intervalScore: number; constantScore: number }
  }
}

/** Bytes on the line in a month, both ways. */
export interface Published {
  /** A kit and its collector, the mean of the first year. */
  year: number
  /** The same, the mean of the first ten years of one log. */
  decade: number
  /** One aggregator that fetches NodeInfo from one kit once a day. */
  aggregated: number
  /** One reader of a collector who looks at the newest reports of so many kits. */
  view: (instances: number) => number
}

/** The figures by the names that the issue has for them; docs/developers.md says what each means. */
export function ledgerFigures(measured: Measured): Figure[] {
  const { cycle, children, memory, year, month, verify, published } = measured
  const { known, unknown } = measured.power
  return [
    figure('sampling-cpu', cycle, 'ms', { of: 'value', max: 1 }),
    figure('children', children, 'processes', { of: 'value', max: 0 }),
    figure('agent-memory', memory, 'MB', { of: 'value', max: 15 }),
    figure('year-size', year, 'MB', { of: 'value', max: 10 }),
    figure('month-view', month, 'ms', { of: 'value', max: 50 }),
    figure('verify-year', verify, 's', { of: 'value', max: 2 }),
    ...publishedFigures(published),
    figure('power-after-one-reading', known.error * 100, '%', { of: 'value', max: 10 }),
    figure('power-coverage', unknown.coverage * 100, '%', { of: 'value', min: 90 }),
    figure(
      'power-interval-score',
      unknown.intervalScore,
      'of the power',
      { of: 'ratio', max: 1 },
      { name: 'constant ±30 %', value: unknown.constantScore },
    ),
    // Printed, not judged.
    figure('power-unknown-error', unknown.error * 100, '%', { of: 'value' }),
    figure('power-unknown-width', unknown.width * 100, '% of the power', { of: 'value' }),
  ]
}

function publishedFigures({ year, decade, aggregated, view }: Published): Figure[] {
  const baseline = (value: number) => ({ name: 'one aggregator fetching NodeInfo daily', value })
  const share = (bytes: number) => (bytes / wanPerMonth) * 100
  const lessThanAggregator = { of: 'ratio', max: 1 } as const
  return [
    figure('published-per-month', year, 'B', lessThanAggregator, baseline(aggregated)),
    figure('published-per-month-decade', decade, 'B', lessThanAggregator, baseline(aggregated)),
    figure('published-share-of-wan', share(year), '%', { of: 'value', max: 0.1 }, baseline(share(aggregated))),
    ...networks.map((instances) =>
      figure(
        `published-per-month-${instances}`,
        instances * year + view(instances),
        'B',
        lessThanAggregator,
        baseline(instances * aggregated),
      ),
    ),
  ]
}
