import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSeed } from './seed.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxyl0UTcp3cTbNGEyTDcNuZtWQlGG5MyS5rmVYxrhrA anna@laptop'
const seed = (text: string) => readSeed(Buffer.from(text))
const where = (text: string) => seed(text).problems.map((problem) => `${problem.id} ${problem.where}`)

describe('a good seed', () => {
  test('the example says nothing as it is, and everything with its lines enabled', async () => {
    const example = await readFile(path.join(import.meta.dirname, 'hearth-example.yaml'), 'utf8')
    expect(seed(example)).toEqual({ values: {}, problems: [], ignored: [] })
    // A line of prose is `# text`; a line to enable is `#key` or, below wifi, `#  key`.
    const enabled = example.replace(/^#(?=[a-z]| {2})/gm, '')
    const { values, problems } = seed(enabled)
    expect(problems).toEqual([])
    expect(values).toEqual({
      name: 'garden-house',
      wifi: { country: 'DE', ssid: 'Name of your Wi-Fi', password: 'its password', security: 'wpa2/wpa3' },
      language: 'en',
      timezone: 'Europe/Berlin',
      sshKeys: [expect.stringMatching(/^ssh-ed25519 .* you@your-computer$/)],
      claimHash: expect.stringMatching(/^scrypt\$/),
    })
  })

  test('texts are what stands in the file', () => {
    const { values, problems } = seed(`name: 0123\nwifi: {country: NO, ssid: yes, password: 01234567}\n`)
    expect(problems).toEqual([])
    expect(values).toEqual({
      name: '0123',
      wifi: { country: 'NO', ssid: 'yes', password: '01234567', security: 'wpa2/wpa3' },
    })
  })

  test('names and languages are tidied', () => {
    expect(seed('name: Garden.local\nlanguage: de_AT.UTF-8\n').values).toEqual({ name: 'garden', language: 'de' })
  })

  test('several SSH keys, each once', () => {
    expect(seed(`ssh-key:\n  - ${key}\n  - ${key}\n`).values.sshKeys).toEqual([key])
  })

  test('open, WPA2 with a computed key, WPA3', () => {
    const wifi = (rest: string) => seed(`wifi:\n  country: DE\n  ssid: Home\n${rest}`).values.wifi
    expect(wifi('  security: open\n')).toMatchObject({ password: null, security: 'open' })
    expect(wifi(`  password: ${'aB'.repeat(32)}\n`)).toMatchObject({ password: 'aB'.repeat(32) })
    expect(wifi('  password: "a # b: c"\n  security: WPA3\n')).toMatchObject({ password: 'a # b: c', security: 'wpa3' })
  })
})

describe('any computer’s text', () => {
  const text = 'name: garden\r\nlanguage: de\r\n'
  const utf16 = Buffer.from(text, 'utf16le')
  test.each([
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 without a mark', utf16],
    ['big-endian UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['old Macintosh line ends', Buffer.from(text.replaceAll('\r\n', '\r'))],
    ['no last line end', Buffer.from(text.trimEnd())],
  ])('%s', (_, bytes) => {
    expect(readSeed(bytes)).toEqual({ values: { name: 'garden', language: 'de' }, problems: [], ignored: [] })
  })

  test('another encoding is refused with its line', () => {
    const { values, problems } = readSeed(Buffer.from('name: garden\nwifi: {ssid: Caf\xe9}\n', 'latin1'))
    expect(values).toEqual({})
    expect(problems).toMatchObject([{ id: 'seed.encoding', where: 'hearth.yaml:2:1' }])
  })
})

describe('a damaged file', () => {
  test('empty, or comments only', () => {
    for (const text of ['', '\n\n', '# nothing\n', '---\n', '\ufeff'])
      expect(seed(text)).toMatchObject({ values: {}, problems: [] })
  })

  test('half-written: what the medium never got is zeros', () => {
    const { problems } = readSeed(Buffer.concat([Buffer.from('name: garden\nlangua'), Buffer.alloc(4096)]))
    expect(problems).toMatchObject([{ id: 'seed.half-written', where: 'hearth.yaml:2:1' }])
  })

  test('cut in a quotation: what stands above is used', () => {
    const { values, problems } = seed('name: garden\nlanguage: de\nwifi:\n  country: DE\n  ssid: "Ho')
    expect(values).toEqual({ name: 'garden', language: 'de' })
    expect(problems).toMatchObject([{ id: 'seed.quote', what: expect.stringContaining('quotation mark') }])
  })

  test('a file of any size', () => {
    expect(readSeed(Buffer.alloc(64 * 1024 + 1, '#')).problems).toMatchObject([{ id: 'seed.too-big' }])
    expect(readSeed(Buffer.alloc(64 * 1024, '#')).problems).toEqual([])
  })

  test('a bomb of references is not followed', () => {
    const lines = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`),
    ]
    const start = performance.now()
    const { values, problems } = seed(`${lines.join('\n')}\nname: *a\n`)
    expect(performance.now() - start).toBeLessThan(1000)
    expect(values).toEqual({})
    expect(problems.length).toBeGreaterThan(0)
  })

  test('nesting without end', () => {
    const start = performance.now()
    expect(seed(`name: ${'['.repeat(30_000)}`).values).toEqual({})
    expect(seed(`wifi: ${'{a: '.repeat(2000)}`).values).toEqual({})
    expect(performance.now() - start).toBeLessThan(4000)
  })

  test.each([
    ['wifi:\n\tcountry: DE\n', 'seed.tab hearth.yaml:2:1'],
    ['name garden\n', 'seed.no-lines hearth.yaml:1:1'],
    ['- name: garden\n', 'seed.no-lines hearth.yaml:1:1'],
    ['{"name"', 'seed.incomplete hearth.yaml:1:8'],
  ])('%j', (text, expected) => {
    expect(where(text)[0]).toBe(expected)
    expect(seed(text).values).toEqual({})
  })

  test('random bytes never throw', () => {
    let state = 1
    const random = () => {
      state = (state * 48271) % 2147483647
      return state
    }
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(Array.from({ length: random() % 200 }, () => random() & (i % 2 ? 0x7f : 0xff)))
      for (const problem of readSeed(bytes).problems)
        expect(problem).toMatchObject({ what: expect.any(String), next: expect.any(String) })
    }
  })

  test('every beginning of a good seed is read without a throw', () => {
    const whole = `name: garden\nwifi:\n  country: DE\n  ssid: "Home: #1"\n  password: 'it''s long'\nssh-key: ${key}\n`
    for (let length = 0; length <= whole.length; length++) readSeed(Buffer.from(whole.slice(0, length)))
    expect(seed(whole).values.wifi).toEqual({
      country: 'DE',
      ssid: 'Home: #1',
      password: "it's long",
      security: 'wpa2/wpa3',
    })
  })
})

describe('wrong values', () => {
  test.each([
    ['nmae: garden', 'seed.unknown-key', 'hearth.yaml:1:1', '“name”'],
    ['hostname: garden', 'seed.unknown-key', 'hearth.yaml:1:1', '“name”'],
    ['# x\n\nssh_authorized_keys: []', 'seed.unknown-key', 'hearth.yaml:3:1', '“ssh-key”'],
    ['colour: red', 'seed.unknown-key', 'hearth.yaml:1:1', 'name, wifi, language'],
    [
      'wifi:\n  country: DE\n  ssdi: a\n  ssid: b\n  password: 12345678',
      'seed.unknown-key',
      'hearth.yaml:3:3',
      '“ssid”',
    ],
    ['name: a\nname: b', 'seed.duplicate', 'hearth.yaml:2:1', 'Remove one'],
    ['name:', 'seed.empty', 'hearth.yaml:1:6', '#'],
    ['name: [a]', 'seed.not-text', 'hearth.yaml:1:7', 'hearth-example.yaml'],
    ['name: my kit', 'seed.name', 'hearth.yaml:1:7', 'hyphens'],
    ['name: |\n  a\n  b', 'seed.control', 'hearth.yaml:1:7', 'one line'],
    ['name: *kit', 'seed.reference', 'hearth.yaml:1:7', 'quotation marks'],
    ['language: klingon', 'seed.language', 'hearth.yaml:1:11', 'en, de, fr'],
    ['timezone: Europe/Berlni', 'seed.timezone', 'hearth.yaml:1:11', 'Europe/Berlin'],
    ['timezone: ../../etc/shadow', 'seed.timezone', 'hearth.yaml:1:11', ''],
    ['ssh-key: AAAAC3Nza', 'seed.ssh-key', 'hearth.yaml:1:10', '.pub'],
    [`ssh-key: command="rm -rf /" ${key}`, 'seed.ssh-key', 'hearth.yaml:1:10', '.pub'],
    ['ssh-key: "-----BEGIN OPENSSH PRIVATE KEY-----"', 'seed.private-key', 'hearth.yaml:1:10', 'new pair'],
    ['claim-hash: K7QM-3XFD', 'seed.claim-hash', 'hearth.yaml:1:13', 'hearth claim-hash'],
    ['wifi: Home', 'seed.wifi', 'hearth.yaml:1:7', 'hearth-example.yaml'],
    ['wifi:\n  country: XX\n  ssid: a\n  password: 12345678', 'seed.wifi-country', 'hearth.yaml:2:12', 'two letters'],
    [
      'wifi:\n  country: Germany\n  ssid: a\n  password: 12345678',
      'seed.wifi-country',
      'hearth.yaml:2:12',
      'two letters',
    ],
    ['wifi:\n  country: DE\n  password: 12345678', 'seed.wifi-no-ssid', 'hearth.yaml:2:3', 'ssid:'],
    [`wifi:\n  country: DE\n  ssid: ${'ü'.repeat(17)}\n  password: 12345678`, 'seed.wifi-ssid', 'hearth.yaml:3:9', ''],
    ['wifi:\n  country: DE\n  ssid: a', 'seed.wifi-no-password', 'hearth.yaml:2:3', 'security: open'],
    ['wifi:\n  country: DE\n  ssid: a\n  password: short', 'seed.wifi-length', 'hearth.yaml:4:13', 'router'],
    ['wifi:\n  country: DE\n  ssid: a\n  password: passwörtlich', 'seed.wifi-character', 'hearth.yaml:4:13', ''],
    ['wifi:\n  country: DE\n  ssid: a\n  password: abc #d', 'seed.wifi-length', 'hearth.yaml:4:13', '#'],
    [
      'wifi:\n  country: DE\n  ssid: a\n  password: 12345678\n  security: wep',
      'seed.wifi-security',
      'hearth.yaml:5:13',
      'wpa2',
    ],
    [
      `wifi:\n  country: DE\n  ssid: a\n  password: ${'ab'.repeat(32)}\n  security: wpa3`,
      'seed.wifi-computed',
      'hearth.yaml:4:13',
      'Write the password',
    ],
  ])('%j', (text, id, place, next) => {
    const { problems } = seed(`${text}\n`)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ id, where: place })
    expect(problems[0]?.next).toContain(next)
  })

  test('what its words need in another language stands beside the English', () => {
    const factsOf = (text: string) => seed(text).problems.map(({ facts }) => facts)
    expect(factsOf('nmae: garden\ncolour: red\n')).toEqual([
      { key: 'nmae', meant: 'name', known: expect.stringContaining('wifi') },
      { key: 'colour', meant: '', known: expect.stringContaining('wifi') },
    ])
    expect(factsOf('timezone: Europe/Berlni\n')).toEqual([{ text: 'Europe/Berlni', meant: 'Europe/Berlin' }])
    expect(factsOf('wifi:\n  country: DE\n  ssid: a\n  password: short\n')).toEqual([{ length: 5 }])
    expect(factsOf('wifi: Home\n')).toEqual([undefined])
  })

  test('one wrong line costs nothing else', () => {
    const { values } = seed(`name: not a name\nlanguage: de\ncolour: red\nssh-key: ${key}\n`)
    expect(values).toEqual({ language: 'de', sshKeys: [key] })
  })

  test('no secret is repeated in a problem', () => {
    const text =
      'wifi:\n  country: DE\n  ssid: a\n  password: geheim\nclaim-hash: sehrgeheim\nssh-key: BEGIN PRIVATE KEY geheim\n'
    expect(JSON.stringify(seed(text).problems)).not.toContain('geheim')
  })
})
