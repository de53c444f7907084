import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Problem } from '../api.ts'
import { lookAfterNetwork } from './offline.ts'
import type { Run, RunResult } from './run.ts'
import { makeSetupRoot, type SetupRoot } from './setup-fixture.ts'
import { writeWifi } from './wifi.ts'

let kit: SetupRoot
/** What a command says in place of the fixture's answer. */
let answers: Record<string, () => Promise<string> | string>
beforeEach(async () => {
  kit = await makeSetupRoot()
  answers = {}
  await mkdir(kit.paths.setup, { recursive: true })
  await kit.write('sys/class/net/wlan0/phy80211/name', 'phy0\n')
  await kit.write('sys/class/net/wlan0/device/uevent', '')
  await writeFile(medium('hearth.yaml'), '# The kit has read this file.\r\n')
  await network([])
  await writeWifi(kit.paths, { country: 'DE', ssid: 'Home', password: 'mistyped words', security: 'wpa2' })
})
afterEach(() => kit.remove())

const run: Run = async (command, args, options): Promise<RunResult> => {
  const line = [command, ...args].join(' ')
  const found = Object.entries(answers).find(([part]) => line.includes(part))
  if (found === undefined) return kit.run(command, args, options)
  kit.calls.push(line)
  return { stdout: await found[1](), stderr: '', code: 0 }
}
const medium = (name: string) => path.join(kit.medium, name)
const text = (file: string) => readFile(file, 'utf8')
const network = (addresses: string[]) => kit.write('run/hearth/network.json', { addresses, onLink: [], resolvers: [] })
const problems = async () => JSON.parse(await text(kit.paths.problems)) as Problem[]
const ids = async () => (await problems()).map(({ id }) => id)
const supplicant = () => text(path.join(kit.paths.etc, 'wpa/wpa_supplicant.conf'))
const unfinished = () => existsSync(path.join(kit.paths.setup, 'offline'))
const waiting = () => existsSync(path.join(kit.root, 'run/hearth/offline'))
const look = () => lookAfterNetwork(kit.paths, run, 0)
const wifi = "wifi:\n  country: DE\n  ssid: Home\n  password: 'the right words'\n"

describe('a new Wi-Fi on the medium', () => {
  test('is used, and its password goes from the medium', async () => {
    await writeFile(medium('hearth.yaml'), wifi)
    answers = { 'restart hearth-wifi@wlan0.service': () => network(['192.168.1.20']).then(() => '') }
    await look()
    expect(await supplicant()).toContain(`sae_password=${Buffer.from('the right words').toString('hex')}\n`)
    expect(await text(path.join(kit.paths.etc, 'network/70-wireless.network'))).toContain('Type=wlan')
    const commands = kit.calls.filter((line) => /^(?:networkctl|systemctl) /.test(line))
    expect(commands).toEqual(['networkctl reload', 'systemctl restart hearth-wifi@wlan0.service'])
    const note = await text(medium('hearth.yaml'))
    expect(note).toContain('#   wifi: Home (DE, wpa2/wpa3)\r\n')
    expect(note).not.toContain('right words')
    expect(existsSync(medium('PROBLEMS.txt'))).toBe(false)
    expect(await problems()).toEqual([])
    expect([unfinished(), waiting()]).toEqual([false, false])
  })

  test('is found beside the note of the first start, under the name an editor gave it', async () => {
    await writeFile(medium('hearth.yaml.txt'), wifi)
    await look()
    expect(await supplicant()).toContain(Buffer.from('the right words').toString('hex'))
    expect(await text(medium('hearth.yaml.txt'))).not.toContain('right words')
  })

  test('is all that is taken: the rest is told, with its place', async () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxyl0UTcp3cTbNGEyTDcNuZtWQlGG5MyS5rmVYxrhrA anna'
    const hash = 'scrypt$16384$8$1$E0vEYAIOz1tu9Q1I0ynYBQ$AV6xxKMPkrIJeN3Fv57X8uXHHk9nYrYAMY2CnXbo9pA'
    await writeFile(medium('hearth.yaml'), `name: other\nssh-key: ${key}\nclaim-hash: ${hash}\n${wifi}`)
    const kept = [path.join(kit.paths.etc, 'hostname'), path.join(kit.paths.etc, 'ssh'), kit.paths.claim]
    answers = { 'restart hearth-wifi@wlan0.service': () => network(['192.168.1.20']).then(() => '') }
    await look()
    for (const file of kept) expect(existsSync(file), file).toBe(false)
    expect(await problems()).toMatchObject(
      ['name', 'ssh-key', 'claim-hash'].map((name, index) => ({
        id: 'seed.not-taken',
        where: `hearth.yaml:${index + 1}:1`,
        facts: { key: name },
      })),
    )
    const note = await text(medium('hearth.yaml'))
    expect(note).toMatch(/Ignored:\r\n# {3}name: .*dashboard/)
    expect(note).not.toMatch(/AAAA|scrypt/)
    expect(await text(medium('PROBLEMS.txt'))).toContain('hearth.yaml:1:1')
    // Until the next start, which finds nothing of that any more.
    expect(unfinished()).toBe(true)
    await writeFile(kit.paths.problems, '[]')
    await look()
    expect(existsSync(medium('PROBLEMS.txt'))).toBe(false)
    expect(unfinished()).toBe(false)
  })

  test.each(['networkctl', 'systemctl'])('that %s does not go over to is told all the same', async (command) => {
    await writeFile(medium('hearth.yaml'), `name: other\n${wifi}`)
    const broken: Run = (name, args, options) =>
      name === command
        ? Promise.resolve({ stdout: '', stderr: `${command} did not answer`, code: 1 })
        : run(name, args, options)
    await expect(lookAfterNetwork(kit.paths, broken, 0)).rejects.toThrow(`${command} did not answer`)
    expect(await ids()).toEqual(['seed.not-taken', 'network.wifi'])
    expect(await text(medium('PROBLEMS.txt'))).toMatch(/hearth\.yaml:1:1[\s\S]*Wi-Fi “Home”/)
    expect([unfinished(), waiting()]).toEqual([true, true])
  })

  test('with a mistake changes nothing, and the mistake is told', async () => {
    await writeFile(medium('hearth.yaml'), 'wifi:\n  country: DE\n  ssid: Home\n  password: short\n')
    const before = await supplicant()
    await look()
    expect(await supplicant()).toBe(before)
    expect(kit.calls.join('\n')).not.toMatch(/systemctl|networkctl/)
    expect(await ids()).toEqual(['seed.wifi-length', 'network.wifi'])
    expect(await text(medium('PROBLEMS.txt'))).toMatch(/hearth\.yaml:4:13\r\n {2}The password has 5 characters/)
  })

  test('comes before what was wrong with the first seed, while nobody has claimed the kit', async () => {
    const first = { id: 'seed.wifi-no-country', where: 'hearth.yaml:3:3', what: 'x', next: 'y' }
    const step = { id: 'setup.ssh', what: 'x', next: 'y' }
    await kit.write('run/hearth/problems.json', [first, step])
    await kit.write('data/hearth/setup/problems.json', [first, step])
    await look()
    expect(await ids()).toEqual(['seed.wifi-no-country', 'setup.ssh', 'network.wifi'])
    await writeFile(medium('hearth.yaml'), wifi)
    await network(['192.168.1.20'])
    await look()
    expect(await ids()).toEqual(['setup.ssh'])
    expect(JSON.parse(await text(path.join(kit.paths.setup, 'problems.json')))).toEqual([step])
    expect(await text(medium('PROBLEMS.txt'))).not.toContain('hearth.yaml:3')
    expect(unfinished()).toBe(false)
  })

  test.each(['mount', 'umount', 'networkctl', 'systemctl'])(
    'is not lost, nor left on the medium, by a cut at %s',
    async (command) => {
      await writeFile(medium('hearth.yaml'), wifi)
      const dying: Run = (name, args, options) => {
        if (name === command) throw new Error('power cut')
        return run(name, args, options)
      }
      await expect(lookAfterNetwork(kit.paths, dying, 0)).rejects.toThrow('power cut')
      // The next start looks again, whether it has a network or not.
      expect(unfinished()).toBe(true)
      await network(['192.168.1.20'])
      await look()
      expect(await supplicant()).toContain(Buffer.from('the right words').toString('hex'))
      expect(await text(medium('hearth.yaml'))).not.toContain('right words')
      expect(unfinished()).toBe(false)
    },
  )
})

describe('what is wrong with the network', () => {
  const listed = (flags: string) => `network id / ssid / bssid / flags\n0\tHome\tany\t${flags}\n`
  const heard = (...ssids: string[]) =>
    `bssid / frequency / signal level / flags / ssid\n${ssids.map((ssid) => `02:00:00:00:01:00\t2412\t-30\t[WPA2-PSK-CCMP][ESS]\t${ssid}\n`).join('')}`

  test.each<[string, string, string, string]>([
    ['network.wifi-refused', 'Home', listed('[TEMP-DISABLED]'), heard('Home')],
    ['network.wifi-unseen', 'Home', listed(''), heard('Other', 'Home 2')],
    ['network.wifi', 'Home', listed('[CURRENT]'), heard('Other', 'Home')],
    ['network.wifi', 'Café "Ö" \\ #7', listed(''), heard('Caf\\xc3\\xa9 \\"\\xc3\\x96\\" \\\\ #7')],
    ['network.wifi', 'Home', '', ''],
  ])('%s, for %s', async (id, ssid, list, scan) => {
    await writeWifi(kit.paths, { country: 'DE', ssid, password: 'some words', security: 'wpa2' })
    answers = { list_networks: () => list, scan_results: () => scan }
    await look()
    expect(await problems()).toMatchObject([{ id, facts: { ssid } }])
    const said = await text(medium('PROBLEMS.txt'))
    expect(said).toContain(`Wi-Fi “${ssid}”`)
    expect(said).toContain('hearth.yaml')
    expect(said).not.toContain('some words')
    expect([unfinished(), waiting()]).toEqual([true, true])
  })

  test('no Wi-Fi was given', async () => {
    await kit.run('rm', [path.join(kit.paths.etc, 'wpa/wpa_supplicant.conf')])
    await look()
    expect(await ids()).toEqual(['network.no-cable'])
  })

  test('a Wi-Fi was given, and there is no radio; or nothing at all', async () => {
    await kit.run('rm', ['-r', path.join(kit.paths.sys, 'class/net/wlan0')])
    await look()
    expect(await ids()).toEqual(['network.no-radio'])
    await kit.run('rm', ['-r', path.join(kit.paths.sys, 'class/net/eth0')])
    await look()
    expect(await ids()).toEqual(['network.no-adapter'])
  })

  test('is taken away when the network is well again, beside what others found', async () => {
    await kit.write('run/hearth/problems.json', [{ id: 'disk.full', what: 'x', next: 'y' }])
    await look()
    expect(await ids()).toEqual(['disk.full', 'network.wifi'])
    expect(await text(medium('PROBLEMS.txt'))).not.toContain('  x\r\n')
    await network(['192.168.1.20'])
    await look()
    expect(await ids()).toEqual(['disk.full'])
    expect(existsSync(medium('PROBLEMS.txt'))).toBe(false)
    expect([unfinished(), waiting()]).toEqual([false, false])
  })

  test('that ends while it is written down is not left there', async () => {
    let asked = 0
    answers = { scan_results: () => (asked++ === 0 ? network(['192.168.1.20']) : Promise.resolve()).then(() => '') }
    await look()
    expect(await problems()).toEqual([])
    expect(existsSync(medium('PROBLEMS.txt'))).toBe(false)
    expect([unfinished(), waiting()]).toEqual([false, false])
  })

  test('is on the screen also where the medium cannot be read', async () => {
    const broken: Run = (command, args, options) =>
      command === 'mount'
        ? Promise.resolve({ stdout: '', stderr: 'bad superblock', code: 32 })
        : run(command, args, options)
    await expect(lookAfterNetwork(kit.paths, broken, 0)).rejects.toThrow('bad superblock')
    expect(await ids()).toEqual(['network.wifi'])
    expect([unfinished(), waiting()]).toEqual([true, true])
  })
})
