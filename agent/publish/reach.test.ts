import { describe, expect, it } from 'vitest'
import { unreachable } from './reach.ts'

describe('what hearth-publish reaches', () => {
  it.each([
    'https://collector.example/gardens/',
    'https://203.0.113.7/',
    'https://fdp.example/',
    'https://10.example/',
    'http://127.0.0.1:8080/',
    'http://localhost/',
  ])('%s', (address) => {
    expect(unreachable(address)).toBeNull()
  })

  it.each([
    ['http://collector.example/', 'no https address'],
    ['ftp://collector.example/', 'no https address'],
    ['https://collector.example:8443/', 'port 8443'],
    ['https://nas/', 'a machine at home'],
    ['https://nas.local/', 'a machine at home'],
    ['https://nas.home.arpa/', 'a machine at home'],
    ['https://192.168.1.2/', 'a machine at home'],
    ['https://172.20.0.1/', 'a machine at home'],
    ['https://100.64.0.1/', 'a machine at home'],
    ['https://[fd00::1]/', 'a machine at home'],
    ['https://[fe80::1]/', 'a machine at home'],
    ['https://[::ffff:10.0.0.1]/', 'a machine at home'],
    ['nonsense', 'not an address'],
  ])('not %s: %s', (address, reason) => {
    expect(`${unreachable(address)?.what}`.replace('it is not an https', 'no https')).toContain(reason)
    expect(unreachable(address)?.next).not.toBe('')
  })

  it('SFTP on its usual port alone', () => {
    expect(unreachable({ host: 'files.example', port: 22 })).toBeNull()
    expect(unreachable({ host: 'files.example', port: 2222 })?.what).toBe('the kit does not reach port 2222')
    expect(unreachable({ host: '10.0.0.1', port: 22 })?.what).toContain('a machine at home')
    expect(unreachable({ host: '127.0.0.1', port: 2222 })).toBeNull()
  })
})
