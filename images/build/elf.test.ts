import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { elfMachine } from './elf.ts'
import { assertNoForeignFiles } from './twins.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'hearth-elf-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The first 20 bytes of a program. */
function header(machine: number, bits = 2): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write('\x7fELF', 'latin1')
  bytes[4] = bits
  bytes.writeUInt16LE(machine, 18)
  return bytes
}
const [x86, arm64] = [header(62), header(183)]

describe('the machine of a program', () => {
  it('is read from its header', () => {
    const cases: [string, Buffer, ReturnType<typeof elfMachine>][] = [
      ['x86', x86, 'x86-64'],
      ['arm64', arm64, 'arm64'],
      ['riscv', header(243), null],
      ['32-bit', header(62, 1), null],
      ['script', Buffer.from('#!/bin/sh\necho hello there\n'), null],
      ['short', x86.subarray(0, 19), null],
      ['empty', Buffer.alloc(0), null],
    ]
    for (const [name, bytes, machine] of cases) {
      writeFileSync(path.join(folder, name), bytes)
      expect(elfMachine(path.join(folder, name)), name).toBe(machine)
    }
    expect(elfMachine(process.execPath)).toBe(process.arch === 'arm64' ? 'arm64' : 'x86-64')
  })
})

describe('the gate of an arm64 root', () => {
  const root = path.join(folder, 'root')
  beforeEach(() => {
    rmSync(root, { recursive: true, force: true })
    mkdirSync(path.join(root, 'usr/bin'), { recursive: true })
    writeFileSync(path.join(root, 'usr/bin/good'), arm64)
  })

  it('lets a root of arm64 programs pass, whatever links of it lead to', () => {
    writeFileSync(path.join(folder, 'outside'), x86)
    symlinkSync(path.join(folder, 'outside'), path.join(root, 'usr/bin/link'))
    expect(() => assertNoForeignFiles(root, 'The root')).not.toThrow()
  })

  it('names the programs of the builder that leaked in', () => {
    writeFileSync(path.join(root, 'usr/bin/bad'), x86)
    expect(() => assertNoForeignFiles(root, 'The initramfs')).toThrow(
      'The initramfs holds 1 x86-64 files, e.g. usr/bin/bad',
    )
  })
})
