import { describe, expect, it } from 'vitest'
import { ConfigRefused, parseConfig } from './config.ts'

const read = (text: string) => parseConfig(text, 'ledger-agent.yaml')

describe('the configuration of a server that is no kit', () => {
  it('needs nothing', () => {
    for (const text of ['', '# nothing\n', 'name:\nserver:\n']) {
      expect(read(text)).toMatchObject({ currency: null, nodeinfo: null, server: [], media: [] })
      expect(read(text).name).not.toBe('')
      expect(read(text).timezone).not.toBe('')
    }
  })

  it('takes all there is', () => {
    const config = read(
      [
        'name: garden.example',
        'timezone: Europe/Berlin',
        'currency: EUR',
        'nodeinfo: http://127.0.0.1:3000/nodeinfo/2.0',
        'server: [/var/lib/mastodon/, /srv/media, /srv/media/old, /srv/media]',
        'media: /srv/media/*/files',
      ].join('\n'),
    )
    expect(config).toMatchObject({
      name: 'garden.example',
      timezone: 'Europe/Berlin',
      currency: 'EUR',
      server: ['/var/lib/mastodon', '/srv/media'],
      media: ['/srv/media/*/files'],
    })
    expect(config.nodeinfo?.href).toBe('http://127.0.0.1:3000/nodeinfo/2.0')
  })

  it.each([
    ['1:1: There is no setting “nmae”. Use name, timezone', 'nmae: x'],
    ['1:7: name: “Garden.Example” cannot be used.', 'name: Garden.Example'],
    ['2:11: timezone: “Berlin” cannot be used.', '\ntimezone: Berlin'],
    ['1:11: currency: “euro” cannot be used.', 'currency: euro'],
    ['1:11: nodeinfo: “https://garden.example/nodeinfo/2.0” cannot', 'nodeinfo: https://garden.example/nodeinfo/2.0'],
    ['1:10: server: “var” is no folder', 'server: [var]'],
    ['2:5: server: “/srv/../etc” is no folder', 'server:\n  - /srv/../etc'],
    ['1:1: This is no list of settings.', 'just words'],
    ['1:14: This is not YAML', 'server: [/srv'],
  ])('refuses, with place and next step: %s', (message, text) => {
    const wrong = (() => {
      try {
        return read(text)
      } catch (error) {
        return error
      }
    })()
    expect(wrong).toBeInstanceOf(ConfigRefused)
    expect((wrong as Error).message).toContain(`ledger-agent.yaml:${message}`)
  })

  it('names everything that is wrong at once', () => {
    expect(() => read('name: A\ncurrency: x\n')).toThrow(/:1:7: name[^\n]*\n[^\n]*:2:11: currency/)
  })
})
