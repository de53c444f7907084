import type { CalibrationReading } from '../api.ts'
import { calibratedModel } from './calibration.ts'
import { type MachineType, measuredPairs, type PowerPair, powerPairs } from './power-pairs.ts'
import { mean, median, type Range } from './prediction.ts'

/** The interval is meant to hold nine cases of ten. */
const misses = 0.1
/** The interval that is beaten: so much around the same prediction, whatever is known. */
const constantError = 0.3

/** How well full load is predicted from one idle reading. Errors and widths are shares of the measured full load. */
export interface Score {
  /** Pairs that were predicted. */
  pairs: number
  /** Mean absolute error. */
  error: number
  /** Share of the pairs within their interval. */
  coverage: number
  /** Median width of the intervals. */
  width: number
  /**
   * Mean interval score (Gneiting and Raftery 2007) at 90 per cent: the width, and twenty times what lies outside. Smaller
   * is better.
   */
  intervalScore: number
  /** The same for a constant ±30 per cent around the same predictions. */
  constantScore: number
  /** `intervalScore` over `constantScore`. */
  ratio: number
}

export interface ModelScore {
  /** Types with at least two measured pairs: each pair is predicted from the others, without itself. */
  known: Score
  /** Every pair is predicted without any of its type. */
  unknown: Score
}

/** Scores the calibrated model by leaving out; what is left out has no part in the prediction. */
export function scoreModel(pairs: readonly PowerPair[] = powerPairs): ModelScore {
  const measured = measuredPairs(pairs)
  const ofType = (type: MachineType) => measured.filter((pair) => pair.type === type)
  const known = measured.filter(({ type }) => ofType(type).length > 1)
  return {
    known: score(known, (pair) =>
      predictFull(
        pair,
        pair.type,
        measured.filter((other) => other !== pair),
      ),
    ),
    unknown: score(measured, (pair) =>
      predictFull(
        pair,
        null,
        measured.filter(({ type }) => type !== pair.type),
      ),
    ),
  }
}

/** Full load of a machine that was read once, idle, by a meter without error. */
function predictFull({ idle }: PowerPair, type: MachineType | null, pairs: readonly PowerPair[]): Range {
  const reading: CalibrationReading = {
    watts: idle,
    low: idle,
    high: idle,
    utilisation: 0,
    at: '1970-01-01T00:00:00Z',
    boundary: 'wall',
  }
  const model = calibratedModel({ id: 'scored', label: '', type }, [reading], pairs)
  if (!model) throw new Error('one reading makes a model')
  return model.watts(1)
}

function score(pairs: readonly PowerPair[], predict: (pair: PowerPair) => Range): Score {
  const cases = pairs.map((pair) => ({ full: pair.full, predicted: predict(pair) }))
  const constant = ({ value }: Range) => ({
    low: value * (1 - constantError),
    value,
    high: value * (1 + constantError),
  })
  const intervalScore = mean(cases.map(({ full, predicted }) => intervalLoss(predicted, full)))
  const constantScore = mean(cases.map(({ full, predicted }) => intervalLoss(constant(predicted), full)))
  return {
    pairs: cases.length,
    error: mean(cases.map(({ full, predicted }) => Math.abs(predicted.value - full) / full)),
    coverage: mean(cases.map(({ full, predicted }) => Number(predicted.low <= full && full <= predicted.high))),
    width: median(cases.map(({ full, predicted }) => (predicted.high - predicted.low) / full)),
    intervalScore,
    constantScore,
    ratio: intervalScore / constantScore,
  }
}

function intervalLoss({ low, high }: Range, full: number): number {
  const outside = Math.max(0, low - full, full - high)
  return (high - low + (2 / misses) * outside) / full
}
