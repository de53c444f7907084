import type { Socket } from 'node:net'
import { Refusal } from './refusal.ts'

export const longestLine = 64 * 1024

/**
 * The first line of a connection, without its end. What comes after it is not read.
 * @throws Refusal when it is too long, does not end, takes longer than `milliseconds`, or is not UTF-8
 */
export function readLine(socket: Socket, milliseconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (finish: () => void) => {
      clearTimeout(timer)
      socket.off('data', take).off('end', end).off('error', end)
      socket.pause()
      finish()
    }
    const refuse = (code: string, message: string) =>
      settle(() => reject(new Refusal({ code, message, next: 'Send one line of JSON, ended by a newline.' })))
    const take = (chunk: Buffer) => {
      const newline = chunk.indexOf(0x0a)
      length += newline < 0 ? chunk.length : newline
      if (length >= longestLine) return refuse('line.long', `The line is longer than ${longestLine} bytes.`)
      chunks.push(newline < 0 ? chunk : chunk.subarray(0, newline))
      if (newline < 0) return
      const text = decode(Buffer.concat(chunks))
      if (text === null) refuse('line.encoding', 'The line is not UTF-8.')
      else settle(() => resolve(text))
    }
    const end = () => refuse('line.cut', 'The line ended before its newline.')
    const timer = setTimeout(() => refuse('line.slow', `No line came within ${milliseconds / 1000} s.`), milliseconds)
    socket.on('data', take).on('end', end).on('error', end)
  })
}

function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
