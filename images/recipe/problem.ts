/** One thing that is wrong in a recipe, a layer or one of a layer's files, with what to do about it. */
export interface Problem {
  file: string
  /** From 1. */
  line: number
  /** From 1, in UTF-16 code units. */
  column: number
  message: string
  /** What to write instead. */
  next: string
  /** The line of the file as it stands, where it is fit to be shown. */
  excerpt?: string
}

/** Everything that is wrong with a recipe and its layers. The message prints all problems as a compiler would. */
export class RecipeError extends Error {
  override name = 'RecipeError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** `file:line:column: message`, the line with a caret below it, and the next step. */
export function formatProblem(problem: Problem): string {
  const lines = [`${problem.file}:${problem.line}:${problem.column}: ${problem.message}`]
  if (problem.excerpt !== undefined) {
    const number = String(problem.line).padStart(5)
    lines.push(`${number} | ${problem.excerpt}`, `      | ${' '.repeat(problem.column - 1)}^`)
  }
  if (problem.next) lines.push(`      → ${problem.next}`)
  return lines.join('\n')
}
