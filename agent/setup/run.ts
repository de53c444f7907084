import { spawn } from 'node:child_process'

export interface RunOptions {
  /** Written to standard input; the only way to hand over a secret. */
  input?: string
  /** Milliseconds until the command is killed; one minute unless told. */
  timeoutMs?: number
  /** Added to a bare environment of PATH and LANG. */
  env?: Record<string, string>
}

export interface RunResult {
  stdout: string
  stderr: string
  code: number
}

export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>

/** A command that could not be started, was killed, took too long, or failed where it must not. */
export class CommandError extends Error {
  override name = 'CommandError'
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const outputLimit = 8 * 1024 * 1024

/**
 * Runs a command without a shell and returns what it said, whatever its exit code.
 * @throws CommandError when it does not start, is ended by a signal, or takes too long
 */
export const run: Run = (command, args, { input = '', timeoutMs = 60_000, env = {} } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { PATH: path, LANG: 'C.UTF-8', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    let size = 0
    const collect = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      size += chunk.length
      if (size > outputLimit) child.kill('SIGKILL')
      else output[stream].push(chunk)
    }
    child.stdout.on('data', collect('stdout'))
    child.stderr.on('data', collect('stderr'))
    // A command that ends without reading its input is judged by its exit code, not by the broken pipe.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', (cause) =>
      reject(new CommandError(`${command} could not be started: ${cause.message}`, { cause })),
    )
    child.on('close', (code, signal) => {
      if (code === null) {
        reject(new CommandError(`${command} was ended by ${signal} (more than ${timeoutMs} ms, or too much output)`))
        return
      }
      const text = (stream: Buffer[]) => Buffer.concat(stream).toString('utf8')
      resolve({ stdout: text(output.stdout), stderr: text(output.stderr), code })
    })
  })

/**
 * Runs a command that must succeed and returns its standard output.
 * @throws CommandError with the last line it wrote to standard error
 */
export async function mustRun(
  run: Run,
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const { stdout, stderr, code } = await run(command, args, options)
  if (code !== 0)
    throw new CommandError(`${command} ${args[0] ?? ''} failed (${code}): ${stderr.trim().split('\n').at(-1)}`)
  return stdout
}
