import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, readlink } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import {
  ensureMachineId,
  hostsText,
  keptHostname,
  proposeHostname,
  readBoard,
  setHostname,
  setTimezone,
} from './identity.ts'
import { run } from './run.ts'
import { publicKey, setUpSsh } from './ssh.ts'
import { supplicantText, writeWifi } from './wifi.ts'

let kit: KitRoot
beforeEach(async () => {
  kit = await makeKitRoot()
  await kit.write('proc/sys/kernel/hostname', 'localhost')
})
afterEach(() => kit.remove())

describe('the board', () => {
  test('a Raspberry Pi', async () => {
    await kit.write('sys/firmware/devicetree/base/serial-number', '100000001c2d7f3a\0')
    const board = await readBoard(kit.paths)
    expect(board).toEqual({
      model: 'Raspberry Pi 4 Model B Rev 1.4',
      serial: '100000001c2d7f3a',
      architecture: 'aarch64',
    })
    expect(await proposeHostname(kit.paths, board)).toBe('hearth-7f3a')
  })

  test('a PC', async () => {
    await run('rm', ['-r', path.join(kit.paths.sys, 'firmware')])
    await kit.write('sys/class/dmi/id/sys_vendor', 'LENOVO\n')
    await kit.write('sys/class/dmi/id/product_name', '10MRS02800\n')
    await kit.write('sys/class/dmi/id/product_serial', 'PC0X9ZQ1\n')
    const board = await readBoard(kit.paths)
    expect(board).toMatchObject({ model: 'LENOVO 10MRS02800', serial: 'PC0X9ZQ1' })
    expect(await proposeHostname(kit.paths, board)).toBe('hearth-9zq1')
  })

  test.each([
    '',
    'To be filled by O.E.M.',
    'Default string',
    'System Serial Number',
    '0000000000',
    'None',
    'Not Specified',
    '123456789',
    'N/A',
  ])('a serial %j is none: the network address stands in, wired before wireless', async (serial) => {
    await kit.write('sys/class/dmi/id/product_serial', `${serial}\n`)
    await kit.write('sys/class/net/docker0/address', '02:42:00:00:00:01\n')
    await kit.write('sys/class/net/a-wlan/address', '52:54:00:aa:bb:cc\n')
    await kit.write('sys/class/net/a-wlan/device/uevent', '')
    await kit.write('sys/class/net/a-wlan/wireless/x', '')
    await kit.write('sys/class/net/eth0/address', '52:54:00:12:34:5E\n')
    const board = await readBoard(kit.paths)
    expect(board.serial).toBeNull()
    expect(await proposeHostname(kit.paths, board)).toBe('hearth-345e')
  })

  test('a board without any number gets a random name', async () => {
    await run('rm', ['-r', path.join(kit.paths.sys, 'class/net')])
    expect(await proposeHostname(kit.paths, { model: 'x', serial: null, architecture: 'x86_64' })).toMatch(
      /^hearth-[0-9a-f]{4}$/,
    )
  })
})

describe('names', () => {
  test('the kit finds itself, also by the server’s name', async () => {
    await setHostname(kit.paths, 'garden', 'social.example.org')
    expect(await keptHostname(kit.paths)).toBe('garden')
    expect(await readFile(path.join(kit.paths.etc, 'hosts'), 'utf8')).toBe(hostsText('garden', 'social.example.org'))
    expect(hostsText('garden', 'social.example.org')).toContain('127.0.1.1\tgarden.local garden social.example.org\n')
    expect(await readFile(path.join(kit.paths.proc, 'sys/kernel/hostname'), 'utf8')).toBe('garden')
  })

  test('a kept name that is none is not used', async () => {
    await kit.write('data/etc/hostname', 'bad name\n')
    expect(await keptHostname(kit.paths)).toBeNull()
  })

  test('the machine id is made where it is missing, and kept', async () => {
    const made = await ensureMachineId(kit.paths)
    expect(made).toMatch(/^[0-9a-f]{32}$/)
    expect(await ensureMachineId(kit.paths)).toBe(made)
    await kit.write('data/etc/machine-id', 'uninitialized\n')
    expect(await ensureMachineId(kit.paths)).not.toBe(made)
  })

  test('time zones', async () => {
    await setTimezone(kit.paths, 'Europe/Berlin')
    await setTimezone(kit.paths, 'Europe/Paris')
    expect(await readlink(path.join(kit.paths.etc, 'localtime'))).toBe('/usr/share/zoneinfo/Europe/Paris')
    await expect(setTimezone(kit.paths, '../../etc/shadow')).rejects.toThrow('no time zone')
  })
})

describe('SSH', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxyl0UTcp3cTbNGEyTDcNuZtWQlGG5MyS5rmVYxrhrA anna@laptop'
  const file = (name: string) => path.join(kit.paths.etc, 'ssh', name)

  test('a public key', () => {
    expect(publicKey(` ${key}  `)).toBe(key)
    expect(publicKey(key.replace('anna@laptop', 'Anna Öhm, laptop'))).toContain('Anna Öhm, laptop')
    for (const wrong of [
      '',
      'ssh-ed25519',
      key.replace('AAAAC3', 'AAAAD3'),
      key.slice(0, 40),
      key.replace('ed25519', 'dss'),
      `no-pty ${key}`,
    ])
      expect(publicKey(wrong)).toBeNull()
  })

  test.skipIf(!existsSync('/usr/bin/ssh-keygen'))('with a key, sshd has all it needs; without, nothing', async () => {
    await setUpSsh(kit.paths, [], run)
    expect(existsSync(file('authorized_keys'))).toBe(false)
    expect(existsSync(file('ssh_host_ed25519_key'))).toBe(false)
    await setUpSsh(kit.paths, [key], run)
    const hostKey = await readFile(file('ssh_host_ed25519_key'), 'utf8')
    expect(execFileSync('ssh-keygen', ['-l', '-f', file('ssh_host_ed25519_key.pub')]).toString()).toContain('ED25519')
    await setUpSsh(kit.paths, [key], run)
    expect(await readFile(file('ssh_host_ed25519_key'), 'utf8')).toBe(hostKey)
    await setUpSsh(kit.paths, [], run)
    expect(existsSync(file('authorized_keys'))).toBe(false)
  })
})

describe('Wi-Fi', () => {
  const wifi = { country: 'DE', ssid: 'Café "x"\n}', password: 'pass"word#', security: 'wpa2/wpa3' } as const

  test('the name of the network cannot become anything else', () => {
    const text = supplicantText(wifi)
    expect(text).toContain(`ssid=${Buffer.from(wifi.ssid).toString('hex')}\n`)
    expect(text).toContain('country=DE\n')
    expect(text).toContain('key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE\n')
    expect(text).toContain(`sae_password=${Buffer.from(wifi.password).toString('hex')}\n`)
    expect(text.replace('sae_password', '')).not.toContain('pass')
  })

  test('the key of WPA2 is the one of the standard', () => {
    // IEEE 802.11, annex J.4.
    const text = supplicantText({ country: 'DE', ssid: 'IEEE', password: 'password', security: 'wpa2' })
    expect(text).toContain('psk=f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e\n')
  })

  test('WPA3 alone demands protected frames; a computed key is for WPA2 only; open has no key', () => {
    expect(supplicantText({ ...wifi, security: 'wpa3' })).toMatch(/key_mgmt=SAE\n\tieee80211w=2\n/)
    const computed = supplicantText({ ...wifi, password: 'AB'.repeat(32) })
    expect(computed).toContain(`psk=${'ab'.repeat(32)}\n`)
    expect(computed).not.toContain('SAE')
    expect(supplicantText({ ...wifi, password: null, security: 'open' })).toMatch(/key_mgmt=NONE\n\}/)
  })

  test('the password is root’s alone', async () => {
    await writeWifi(kit.paths, wifi)
    const { stdout } = await run('stat', ['-c', '%a', path.join(kit.paths.etc, 'wpa/wpa_supplicant.conf')])
    expect(stdout).toBe('600\n')
    expect(await readFile(path.join(kit.paths.etc, 'network/70-wireless.network'), 'utf8')).toContain('Type=wlan')
  })
})
