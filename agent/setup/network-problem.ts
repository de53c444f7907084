import type { NetworkFacts, Problem } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { readJson } from './files.ts'
import { networkInterfaces } from './interfaces.ts'
import { CommandError, type Run } from './run.ts'
import { keptSsid } from './wifi.ts'

/** Whether the kit has an address, as network-changed saw it last. */
export async function isOnline(paths: KitPaths): Promise<boolean> {
  const facts = await readJson(paths.network, (value) => value as Partial<NetworkFacts> | null).catch(() => null)
  return (facts?.addresses?.length ?? 0) > 0
}

const writeAnew =
  'Write name and password in hearth.yaml on the card, as hearth-example.yaml shows, and start the kit without a cable.'

/** What keeps the kit from having an address, as far as can be known; null when it has one. */
export async function networkProblem(paths: KitPaths, run: Run): Promise<Problem | null> {
  if (await isOnline(paths)) return null
  const interfaces = await networkInterfaces(paths)
  const radio = interfaces.find(({ wireless }) => wireless)
  const ssid = await keptSsid(paths)
  if (interfaces.length === 0)
    return {
      id: 'network.no-adapter',
      what: 'The kit has no network connector or Wi-Fi that it can use.',
      next: 'Plug in a USB network adapter.',
    }
  if (ssid === null)
    return {
      id: 'network.no-cable',
      what: 'The kit has no network: no cable that answers, and no Wi-Fi was given.',
      next: `Check the cable at both ends. For Wi-Fi: ${lowered(writeAnew)}`,
    }
  const facts = { ssid }
  if (radio === undefined)
    return {
      id: 'network.no-radio',
      what: `The kit should use the Wi-Fi “${ssid}”, but has no Wi-Fi that it can use.`,
      next: 'Plug in a cable, or a USB network adapter.',
      facts,
    }
  switch (await wifiTrouble(run, radio.name, ssid)) {
    case 'refused':
      return {
        id: 'network.wifi-refused',
        what: `The Wi-Fi “${ssid}” does not let the kit in. Most likely its password is another one.`,
        next: writeAnew,
        facts,
      }
    case 'unseen':
      return {
        id: 'network.wifi-unseen',
        what: `The kit does not find the Wi-Fi “${ssid}”.`,
        next: `Look whether it is on, near enough and offers 2.4 GHz, which some boards need. If its name is another one: ${lowered(writeAnew)}`,
        facts,
      }
    case 'unknown':
      return {
        id: 'network.wifi',
        what: `The kit gets no address from the Wi-Fi “${ssid}”.`,
        next: `Restart the router. If name or password changed: ${lowered(writeAnew)}`,
        facts,
      }
  }
}

/** What wpa_supplicant knows. Its answers come to a socket, which must lie where both can see it: /tmp is another for each. */
async function wifiTrouble(run: Run, name: string, ssid: string): Promise<'refused' | 'unseen' | 'unknown'> {
  const folder = '/run/wpa_supplicant'
  const ask = async (question: string): Promise<string> => {
    try {
      const { stdout } = await run('wpa_cli', ['-p', folder, '-s', folder, '-i', name, question], { timeoutMs: 10_000 })
      return stdout
    } catch (error) {
      if (error instanceof CommandError) return ''
      throw error
    }
  }
  // It says so from the first refusal until it gets in.
  if ((await ask('list_networks')).includes('[TEMP-DISABLED]')) return 'refused'
  const [head = '', ...found] = (await ask('scan_results')).trimEnd().split('\n')
  if (!head.startsWith('bssid')) return 'unknown'
  return found.some((line) => plainSsid(line.split('\t')[4] ?? '') === ssid) ? 'unknown' : 'unseen'
}

/** A name as wpa_cli writes it: `\"`, `\\` and, for bytes that are not ASCII, `\xc3`. */
function plainSsid(written: string): string {
  const bytes = written.replace(/\\(x[0-9a-f]{2}|.)/g, (_all, escaped: string) =>
    escaped.length === 3 ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16)) : (controls[escaped] ?? escaped),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const controls: Record<string, string> = { n: '\n', r: '\r', t: '\t', e: '\u001b' }

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
