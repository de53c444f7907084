import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('one group takes turns, groups do not wait for each other, a failure holds nobody up', async () => {
  const turns = new Turns()
  const events: string[] = []
  const task = (name: string, milliseconds: number) => async () => {
    events.push(`${name} begins`)
    await sleep(milliseconds)
    events.push(`${name} ends`)
    if (name === 'first') throw new Error('first failed')
  }
  const first = turns.take('kit', task('first', 60))
  const second = turns.take('kit', task('second', 1))
  const other = turns.take('disks', task('other', 1))
  await expect(first).rejects.toThrow('first failed')
  await Promise.all([second, other])
  expect(events).toEqual(['first begins', 'other begins', 'other ends', 'first ends', 'second begins', 'second ends'])
})
