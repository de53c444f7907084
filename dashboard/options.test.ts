import { describe, expect, test } from 'vitest'
import { readOptions } from './options.ts'

describe('readOptions', () => {
  test('a socket passed by systemd is the third descriptor, and idling ends', () => {
    const options = readOptions({ LISTEN_FDS: '1', LISTEN_PID: '42' }, 42)
    expect(options).toMatchObject({ listen: { fd: 3 }, idleMilliseconds: 300_000 })
    expect(options.paths.kit).toBe('/data/hearth/kit.json')
  })

  test('in development a port and a root of its own', () => {
    const options = readOptions({ PORT: '8080', HEARTH_ROOT: '/tmp/kit' })
    expect(options).toMatchObject({ listen: { port: 8080 }, idleMilliseconds: null })
    expect(options.paths.kit).toBe('/tmp/kit/data/hearth/kit.json')
  })

  test.each([
    [{}, /PORT/],
    [{ PORT: '0' }, /PORT/],
    [{ PORT: '80x' }, /PORT/],
    [{ LISTEN_FDS: '2' }, /one socket/],
    [{ LISTEN_FDS: '1', LISTEN_PID: '1' }, /another process/],
  ])('%j is refused', (environment, message) => {
    expect(() => readOptions(environment, 42)).toThrow(message)
  })
})
