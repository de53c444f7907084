import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { callHelper, HelperRefusal } from './client.ts'

let kit: KitRoot
let socketPath: string
let helper: Server | null = null
const open = new Set<Socket>()

beforeEach(async () => {
  kit = await makeKitRoot()
  socketPath = kit.paths.helperSocket('agent')
})
afterEach(async () => {
  for (const socket of open) socket.destroy()
  helper?.close()
  helper = null
  await kit.remove()
})

/** A helper that gets one line and answers with these pieces, then hangs up if told to. */
async function helperThat(answer: (line: string, socket: Socket) => void): Promise<void> {
  const listening = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => answer(chunk.toString(), socket))
  })
  helper = listening
  await new Promise<void>((resolve) => listening.listen(socketPath, resolve))
}

describe('the helper’s client', () => {
  it('sends one line and reads one line, in however many pieces', async () => {
    let heard = ''
    await helperThat((line, socket) => {
      heard = line
      socket.write('{"ok":true,"res')
      setTimeout(() => socket.write('ult":{"slot":"B"}}\n'), 20)
    })
    expect(await callHelper(socketPath, 'slot.good', {})).toEqual({ slot: 'B' })
    expect(heard).toBe('{"verb":"slot.good","args":{}}\n')
  })

  it('passes a refusal on', async () => {
    await helperThat((_line, socket) =>
      socket.end('{"ok":false,"error":{"code":"slot.none","message":"No slot.","next":"Nothing."}}\n'),
    )
    await expect(callHelper(socketPath, 'slot.good', {})).rejects.toMatchObject({ code: 'slot.none', next: 'Nothing.' })
  })

  it.each([
    ['text', 'hello\n'],
    ['null', 'null\n'],
    ['no result', '{"ok":true}\n'],
    ['a refusal without a reason', '{"ok":false,"error":{}}\n'],
    ['half a line', '{"ok":true,"result":{}'],
    ['nothing', ''],
  ])('does not take %s for an answer', async (_what, text) => {
    await helperThat((_line, socket) => socket.end(text))
    await expect(callHelper(socketPath, 'slot.good', {})).rejects.toMatchObject({ code: 'helper.nonsense' })
  })

  it('does not listen to an endless line', async () => {
    await helperThat((_line, socket) => socket.write('x'.repeat(100_000)))
    await expect(callHelper(socketPath, 'slot.good', {}, { timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'helper.nonsense',
    })
  })

  it('says that nobody answers, or not in time', async () => {
    await expect(callHelper(socketPath, 'slot.good', {})).rejects.toMatchObject({ code: 'helper.unreachable' })
    await helperThat(() => {})
    const late = callHelper(socketPath, 'slot.good', {}, { timeoutMs: 100 })
    await expect(late).rejects.toBeInstanceOf(HelperRefusal)
    await expect(late).rejects.toMatchObject({ code: 'helper.timeout' })
  })
})
