import { expect, it } from 'vitest'
import { buildOptions } from './command.ts'

it('reads what to build, from which packages, and where it will be offered', () => {
  expect(buildOptions(['kit-x86'])).toEqual({ recipe: 'kit-x86', packages: null, baseUrl: '', raw: false })
  expect(buildOptions(['--packages', '/kept', 'kit-rpi', '--url', 'https://kits.example/rpi'])).toEqual({
    recipe: 'kit-rpi',
    packages: '/kept',
    baseUrl: 'https://kits.example/rpi/',
    raw: false,
  })
  expect(buildOptions(['kit-rpi', '--url', 'http://192.168.1.2:8000']).baseUrl).toBe('http://192.168.1.2:8000/')
})

it.each([
  [[], 'Say which one recipe'],
  [['kit-x86', 'kit-rpi'], 'Say which one recipe'],
  [['kit-x86', '--package', '/kept'], "Unknown option '--package'"],
  [['kit-x86', '--packages'], 'argument missing'],
  [['kit-rpi', '--url', 'kits.example'], 'such as https://example.org/kits/, not “kits.example”'],
  [['kit-rpi', '--url', 'file:///srv/kits/'], 'such as https://example.org/kits/'],
  [['kit-rpi', '--url', 'https://kits.example/?list'], 'such as https://example.org/kits/'],
  [['kit-rpi', '--url', 'https://kits.example/', '--raw'], 'Give one of the two'],
])('%j is refused: %s', (args, said) => {
  expect(() => buildOptions(args)).toThrow(said)
})
