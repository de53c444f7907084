import os from 'node:os'

/** What one benchmark prints with --json. */
export interface Report {
  bench: string
  host: { cpus: number; model: string; memory: number; kernel: string; accelerator: 'kvm' | 'tcg' }
  figures: Figure[]
}

export interface Figure {
  name: string
  value: number
  unit: string
  baseline?: { name: string; value: number }
  /** value over baseline */
  ratio?: number
  goal: Goal
  met: boolean
}

export interface Goal {
  of: 'value' | 'ratio'
  max?: number
  min?: number
}

/** A figure with its goal judged. Numbers keep four significant digits. */
export function figure(
  name: string,
  value: number,
  unit: string,
  goal: Goal,
  baseline?: { name: string; value: number },
): Figure {
  const ratio = baseline ? round(value / baseline.value) : undefined
  const judged = goal.of === 'ratio' ? (ratio ?? Number.NaN) : value
  const met = judged <= (goal.max ?? Number.POSITIVE_INFINITY) && judged >= (goal.min ?? Number.NEGATIVE_INFINITY)
  return {
    name,
    value: round(value),
    unit,
    ...(baseline && ratio !== undefined ? { baseline: { ...baseline, value: round(baseline.value) }, ratio } : {}),
    goal,
    met,
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]]
  return (low + high) / 2
}

export function hostFacts(accelerator: 'kvm' | 'tcg'): Report['host'] {
  const [cpu] = os.cpus()
  return {
    cpus: os.cpus().length,
    model: cpu?.model ?? 'unknown',
    memory: os.totalmem(),
    kernel: os.release(),
    accelerator,
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}
