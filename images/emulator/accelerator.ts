import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Tools } from '../build/tools.ts'

/**
 * Whether KVM really runs code here: /dev/kvm may be there and not work. A firmware is started under it and must say its
 * name within five seconds.
 */
export async function chooseAccelerator(tools: Tools): Promise<'kvm' | 'tcg'> {
  if (!existsSync('/dev/kvm')) return 'tcg'
  const args = [
    '-accel',
    'kvm',
    '-M',
    'q35',
    '-m',
    '64',
    '-display',
    'none',
    '-nodefaults',
    '-chardev',
    'stdio,id=log',
    '-device',
    'isa-debugcon,iobase=0x402,chardev=log',
  ]
  const qemu = spawn('/usr/sbin/chroot', [tools.root, 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return new Promise((resolve) => {
    const end = (result: 'kvm' | 'tcg') => {
      clearTimeout(timer)
      qemu.kill('SIGKILL')
      resolve(result)
    }
    const timer = setTimeout(() => end('tcg'), 5000)
    let text = ''
    qemu.stdout.on('data', (chunk) => {
      text += String(chunk)
      if (text.includes('SeaBIOS')) end('kvm')
    })
    qemu.on('exit', () => end('tcg'))
    qemu.on('error', () => end('tcg'))
  })
}
