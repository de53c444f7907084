import { describe, expect, test } from 'vitest'
import { type ImagerFiles, readImager } from './imager.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxyl0UTcp3cTbNGEyTDcNuZtWQlGG5MyS5rmVYxrhrA anna@laptop'
const psk = '0f'.repeat(32)

const read = (files: Partial<Record<keyof ImagerFiles, string>>) =>
  readImager(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])))

/** As Raspberry Pi Imager 2 writes them. */
const userData = `#cloud-config
hostname: garden
manage_etc_hosts: true
packages:
- avahi-daemon
apt:
  conf: |
    Acquire {
      Check-Date "false";
    };
timezone: Europe/Berlin
keyboard:
  model: pc105
  layout: "de"
enable_ssh: true
users:
- name: pi
  groups: users,adm,sudo
  shell: /bin/bash
  lock_passwd: false
  passwd: $5$salt$hash
  ssh_authorized_keys:
    - ${key}
  sudo: ALL=(ALL) NOPASSWD:ALL
ssh_pwauth: true
runcmd:
  - [ rfkill, unblock, wifi ]
`
const network = `network:
  version: 2
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: "DE"
      access-points:
        "Home \\"5G\\"":
          password: "${psk}"
      optional: true
`

describe('Raspberry Pi Imager', () => {
  test('what version 2 writes', () => {
    const { values, problems, ignored } = read({
      'user-data': userData,
      'network-config': network,
      'meta-data': 'instance_id: x\n',
    })
    expect(problems).toEqual([])
    expect(values).toEqual({
      name: 'garden',
      timezone: 'Europe/Berlin',
      sshKeys: [key],
      wifi: { country: 'DE', ssid: 'Home "5G"', password: psk, security: 'wpa2/wpa3' },
    })
    expect(ignored).toEqual([
      'user-data: packages',
      'user-data: apt',
      'user-data: keyboard',
      'user-data: enable_ssh',
      'user-data: the account with a password (a kit has none; an SSH key lets you in as root)',
      'user-data: ssh_pwauth',
      'user-data: runcmd',
    ])
  })

  test('what is not taken is listed, down to a fixed address of a Wi-Fi card', () => {
    const fixed = network
      .replace('dhcp4: true', 'dhcp4: false\n      addresses: [192.168.1.7/24]\n      gateway4: 192.168.1.1')
      .replace('version: 2', 'version: 2\n  renderer: NetworkManager')
      .replace(
        /( +)password:.*\n/,
        (line, indent) => `${line}${indent}hidden: true\n${indent}bssid: 02:00:00:00:00:01\n`,
      )
    const { values, ignored } = read({ 'network-config': fixed, 'user-data': 'users: pi\n' })
    expect(values.wifi).toMatchObject({ ssid: 'Home "5G"', password: psk })
    expect(ignored).toEqual([
      'user-data: the account (a kit has none; an SSH key lets you in as root)',
      'network-config: renderer',
      'network-config: dhcp4 of wlan0',
      'network-config: addresses of wlan0',
      'network-config: gateway4 of wlan0',
      'network-config: bssid of the Wi-Fi',
    ])
    expect(read({ 'network-config': network }).ignored).toEqual([])
  })

  test('what version 1 writes: the country is on the kernel’s line', () => {
    const older = `version: 2\nwifis:\n  renderer: networkd\n  wlan0:\n    dhcp4: true\n    optional: true\n    access-points:\n      "Home":\n        password: "${psk}"\n`
    const cmdline = 'console=serial0,115200 rootwait cfg80211.ieee80211_regdom=GB\n'
    expect(read({ 'network-config': older, 'cmdline.txt': cmdline }).values.wifi).toMatchObject({
      country: 'GB',
      ssid: 'Home',
    })
    expect(read({ 'network-config': older }).problems).toMatchObject([
      { id: 'seed.imager-no-country', where: 'network-config:9:9' },
    ])
  })

  test('locale and keys at the top', () => {
    const text = `#cloud-config\nlocale: de_DE.UTF-8\nssh_authorized_keys:\n- ${key}\n`
    expect(read({ 'user-data': text }).values).toEqual({ language: 'de', sshKeys: [key] })
  })

  test('an open Wi-Fi', () => {
    const open = network.replace(/:\n +password: .*\n/, ': {}\n')
    expect(read({ 'network-config': open }).values.wifi).toMatchObject({ password: null, security: 'open' })
  })

  test('nothing, comments, and nonsense', () => {
    expect(read({})).toEqual({ values: {}, problems: [], ignored: [] })
    expect(read({ 'user-data': '#cloud-config\n', 'network-config': '# none\n' })).toEqual({
      values: {},
      problems: [],
      ignored: [],
    })
    expect(
      read({ 'user-data': 'hostname: a b\nusers: pi\ntimezone: [x\n', 'network-config': 'wifis: [1, 2]\n' }).values,
    ).toEqual({})
    expect(read({ 'network-config': 'wifis:\n  wlan0:\n    access-points: {}\n' }).values).toEqual({})
  })

  test('no secret is repeated', () => {
    const { problems, ignored } = read({
      'user-data': userData.replace('garden', '-'),
      'network-config': network.replace('DE', 'XX'),
    })
    expect(problems).toHaveLength(2)
    expect(JSON.stringify([problems, ignored])).not.toMatch(/0f0f|\$5\$|AAAA/)
  })
})
