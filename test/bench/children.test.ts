import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ChildrenWatch, proveCounting } from './children.ts'

it('counts a process that came and went, and none where there was none', async () => {
  const idle = new ChildrenWatch(process.pid)
  await sleep(20)
  expect(idle.stop()).toBe(0)
  const watch = new ChildrenWatch(process.pid)
  execFileSync('true') // nobody can look meanwhile
  expect(watch.stop()).toBe(1)
  await proveCounting()
})

it('counts each that is seen, of another process and while it runs', async () => {
  const parent = spawn('sh', ['-c', 'read go; sleep 1 & sleep 1 & wait'])
  try {
    const watch = new ChildrenWatch(parent.pid as number)
    parent.stdin.write('go\n')
    await sleep(300)
    expect(watch.stop()).toBe(2)
  } finally {
    parent.kill('SIGTERM')
    await once(parent, 'exit')
  }
})

it('says when the process is gone', async () => {
  const gone = spawn('true')
  await once(gone, 'exit')
  expect(() => new ChildrenWatch(gone.pid as number)).toThrow('ENOENT')
})
