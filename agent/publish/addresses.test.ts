import { describe, expect, it } from 'vitest'
import { makeWitness } from '../ledger/log/log-fixture.ts'
import { checkCollector, checkWitness, placeShown } from './addresses.ts'
import { PublishingRefused } from './refused.ts'

const publicUrl = 'https://collector.example/gardens/'
const http = { kind: 'http', url: 'https://collector.example/put/', user: 'ada', password: 'pass word' }
const sftp = {
  kind: 'sftp',
  host: 'files.example',
  port: 22,
  user: 'ada',
  path: 'public/gardens',
  hostKey: `ssh-ed25519 ${'A'.repeat(68)}`,
}
const s3 = {
  kind: 's3',
  endpoint: 'https://s3.example/',
  region: 'eu-central-1',
  bucket: 'gardens',
  prefix: 'log/',
  keyId: 'AKIA',
  secret: 'tell/nobody+',
}

describe('collectors', () => {
  it('are taken as they were typed, under an id of their own', () => {
    for (const place of [http, { kind: 'http', url: http.url }, sftp, s3]) {
      const { id, ...collector } = checkCollector({ place, publicUrl })
      expect(collector).toEqual({ place, publicUrl })
      expect(id).toMatch(/^[0-9a-f-]{36}$/)
    }
    expect([http, sftp, s3].map((place) => placeShown(place as never))).toEqual([
      'https://collector.example/put/',
      'ada@files.example:public/gardens',
      'https://s3.example/gardens/log/',
    ])
  })

  const wrong: [string, object, string][] = [
    ['no kind', { ...http, kind: 'ftp' }, 'kind'],
    ['no https', { ...http, url: 'http://collector.example/' }, 'url'],
    ['a password in the address', { ...http, url: 'https://ada:tell@collector.example/' }, 'url'],
    ['a query', { ...http, url: 'https://collector.example/?a=b' }, 'url'],
    ['a machine at home', { ...http, url: 'https://nas.local/' }, 'url'],
    ['a field more', { ...http, token: 'x' }, 'token'],
    ['an option in place of a host', { ...sftp, host: '-oProxyCommand=x' }, 'host'],
    ['an option in place of a user', { ...sftp, user: '-l' }, 'user'],
    ['a path of two lines', { ...sftp, path: 'a\nput b' }, 'path'],
    ['a port as text', { ...sftp, port: '22' }, 'port'],
    ['no key of the server', { ...sftp, hostKey: 'ssh-dss AAAA' }, 'hostKey'],
    ['a bucket with a slash', { ...s3, bucket: 'a/b' }, 'bucket'],
    ['a folder that leads out', { ...s3, prefix: '/../' }, 'prefix'],
    ['no secret', { ...s3, secret: '' }, 'secret'],
  ]
  it.each(wrong)('are refused with %s', (_what, place, field) => {
    const refused = () => checkCollector({ place, publicUrl })
    expect(refused).toThrow(expect.objectContaining({ field, next: expect.any(String) }))
    expect(refused).toThrow(expect.not.objectContaining({ message: expect.stringMatching(/tell|pass word/) }))
    expect(refused).toThrow(PublishingRefused)
  })

  it('need an address that everybody can read', () => {
    for (const url of ['', 'collector', 'http://collector.example/', 'https://192.168.1.2/', 3, null])
      expect(() => checkCollector({ place: http, publicUrl: url })).toThrow(
        expect.objectContaining({ field: 'publicUrl' }),
      )
  })
})

describe('witnesses', () => {
  it('are an address and the key of a witness', () => {
    const { vkey } = makeWitness('witness.example')
    expect(checkWitness({ url: 'https://witness.example/log/', key: ` ${vkey} ` })).toEqual({
      url: 'https://witness.example/log',
      key: vkey,
    })
    expect(() => checkWitness({ url: 'https://witness.example/', key: vkey.slice(0, -4) })).toThrow(/key/)
    expect(() => checkWitness({ url: 'ftp://witness.example/', key: vkey })).toThrow(/url/)
  })
})
