import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Tools } from '../build/tools.ts'

/**
 * Whether KVM really runs code here: /dev/kvm may be there and not work. A firmware is run under it,
 * with the processor guests get, and must come to the end of its work: some machines start it and hang, or stop at a
 * register they do not allow.
 */
export async function chooseAccelerator(tools: Tools): Promise<'kvm' | 'tcg'> {
  if (!existsSync('/dev/kvm')) return 'tcg'
  const args = [
    '-accel',
    'kvm',
    '-cpu',
    'host',
    '-smp',
    '2',
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
    const timer = setTimeout(() => end('tcg'), 10_000)
    let text = ''
    qemu.stdout.on('data', (chunk) => {
      text += String(chunk)
      if (text.includes('No bootable device')) end('kvm')
    })
    qemu.on('exit', () => end('tcg'))
    qemu.on('error', () => end('tcg'))
  })
}
