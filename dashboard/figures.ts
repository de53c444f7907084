import type { HealthCheck, LiveFigures, MoneyRange, PowerClass, PowerFigure, Problem, Summary } from '#agent/api.ts'
import type { Part } from './html.ts'
import { problemInWords } from './refusals.ts'
import type { Visit } from './visit.ts'

/** `about 0.70, 0.55–0.90 EUR, estimated`; a sum without uncertainty, `0.78 EUR`, is just said. */
export function aboutMoney({ words, format }: Visit, range: MoneyRange, powerClass?: PowerClass | null): string {
  const { value, span, currency, below } = format.moneyParts(range)
  if (below !== null) return words.money.lessThan(below, currency)
  if (span === null) return words.money.exact(value, currency)
  if (!powerClass) return words.money.aboutPlain(value, span, currency)
  return words.money.about(value, span, currency, words.classes[powerClass])
}

export function isFromPlug({ source }: PowerFigure): boolean {
  return /^(shelly|tasmota)/.test(source)
}

/** Machine-readable origin of a power figure in words. */
export function sourceInWords({ words }: Visit, figure: PowerFigure): string {
  const { sources } = words.power
  if (isFromPlug(figure)) {
    if (figure.source.includes('/less-others')) return sources.plugLess
    return figure.source.includes('/with-others') ? sources.plugWith : sources.plug
  }
  if (figure.source.startsWith('calibrated')) return sources.calibrated
  if (figure.source.startsWith('model')) return sources.model
  if (figure.source.startsWith('rapl') || figure.source.includes('powercap')) return sources.rapl
  if (figure.source.startsWith('hwmon') || figure.source.startsWith('ina')) return sources.hwmon
  return sources.other(figure.source)
}

/** Free space in a sentence; a kit that is still empty does not say `2.6 GB of 2.6 GB`. */
export function spaceLeft(
  { format }: Visit,
  { free, size }: { free: number; size: number },
  say: { some: (free: string, size: string) => string; all: (size: string) => string },
): string {
  const [freeText, sizeText] = [format.bytes(free), format.bytes(size)]
  return freeText === sizeText ? say.all(sizeText) : say.some(freeText, sizeText)
}

/** The live figures as the texts that stand on a page, by the name of the place they go to. */
export function liveTexts({ words, format }: Visit, live: LiveFigures): Record<string, string> {
  return {
    watts: format.watts(live.power.value),
    range: words.power.range(...format.wattsEnds(live.power.low, live.power.high)),
    class: words.classes[live.power.class],
    cpu: format.percent(live.cpu.value),
    memory: format.bytes(live.memory.available),
    ...(live.temperature && { temperature: format.celsius(live.temperature.value) }),
    at: format.time(live.power.at),
  }
}

export interface Trouble {
  what: Part
  where?: string
  next: Part
  grave: boolean
}

/** Everything that needs somebody, worst first. A check that only repeats a listed problem is left out. */
export function troublesOf(visit: Visit, summary: Pick<Summary, 'health' | 'problems'>): Trouble[] {
  const fromProblems = summary.problems.map((problem) => troubleOfProblem(visit, problem))
  const told = new Set(summary.problems.map((problem) => problem.id.split('.')[0]))
  if (summary.problems.length > 0) told.add('setup') // that check only says that there are problems
  const fromChecks = summary.health
    .filter((check) => check.state !== 'well' && !told.has(checkTopics[check.id]))
    .map((check) => troubleOfCheck(visit, check))
  return [...fromProblems, ...fromChecks].sort((a, b) => Number(b.grave) - Number(a.grave))
}

/** First part of the ids of problems that say the same as a check, in more detail. */
const checkTopics: Record<HealthCheck['id'], string> = {
  server: 'server',
  web: 'web',
  data: 'data',
  space: 'disk',
  memory: 'memory',
  clock: 'clock',
  temperature: 'temperature',
  setup: 'setup',
  network: 'network',
}

function troubleOfProblem(visit: Visit, problem: Problem): Trouble {
  return {
    ...problemInWords(visit, problem),
    grave: true,
    ...(problem.where === undefined ? {} : { where: problem.where }),
  }
}

function troubleOfCheck({ words }: Visit, check: HealthCheck): Trouble {
  const { wrong, next } = words.checks[check.id]
  return { what: wrong, next, grave: check.state === 'unwell' }
}
