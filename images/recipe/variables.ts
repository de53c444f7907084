import { type Problem, RecipeError } from './problem.ts'
import { nearest } from './shape.ts'

export type VariableValue = string | number | boolean

export interface VariableDeclaration {
  readonly description: string
  readonly type: 'string' | 'integer' | 'boolean'
  readonly default: VariableValue
  /** Anchored at both ends; null when any value of the type will do. */
  readonly pattern: RegExp | null
}

/** Null when the value fits its declaration, else what is wrong and what to write. */
export function checkVariable(declared: VariableDeclaration, value: unknown): { message: string; next: string } | null {
  const fits =
    declared.type === 'integer'
      ? Number.isSafeInteger(value)
      : typeof value === (declared.type === 'string' ? 'string' : 'boolean')
  if (!fits) {
    const quote = declared.type === 'string' ? '; put it in quotes' : ''
    return {
      message: `expected ${typeWords[declared.type]}, found ${JSON.stringify(value)}`,
      next: `write ${typeWords[declared.type]}${quote}`,
    }
  }
  if (declared.pattern && !declared.pattern.test(String(value)))
    return {
      message: `${JSON.stringify(value)} does not match the pattern ${declared.pattern.source}`,
      next: `${declared.description}: write a value of that pattern`,
    }
  return null
}

const typeWords = { string: 'text', integer: 'a whole number', boolean: 'true or false' }

/**
 * Puts values in place of every `@NAME@` of a layer's `.in` file. `@@` gives one `@`; an `@` that begins no name in
 * capitals (as in `user@host`) stays as it is.
 * @param file named in problems
 * @throws RecipeError naming file, line and column of every unknown or unclosed variable
 */
export function substitute(text: string, variables: Readonly<Record<string, VariableValue>>, file: string): string {
  const problems: Problem[] = []
  const report = (offset: number, message: string, next: string) => {
    const before = text.slice(0, offset).split('\n')
    const line = before.length
    const column = (before.at(-1)?.length ?? 0) + 1
    problems.push({ file, line, column, message, next, excerpt: text.split('\n')[line - 1] ?? '' })
  }
  const result = text.replace(
    /@@|@([A-Z][A-Z0-9_]*)(@?)/g,
    (whole, name: string | undefined, close: string, offset: number) => {
      if (name === undefined) return '@'
      if (!close) {
        report(offset, `"@${name}" is not closed`, `write "@${name}@", or "@@${name}" for the text itself`)
        return whole
      }
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined
      if (value === undefined) {
        const meant = nearest(name, Object.keys(variables))
        report(
          offset,
          `no layer declares the variable "${name}"`,
          meant ? `did you mean "@${meant}@"?` : 'declare it in a layer.yaml',
        )
        return whole
      }
      return String(value)
    },
  )
  if (problems.length) throw new RecipeError(problems)
  return result
}
