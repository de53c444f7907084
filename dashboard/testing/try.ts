/**
 * A dashboard to look at: `node dashboard/testing/try.ts [claim|trouble]` serves a temporary kit with a year of readings
 * on http://localhost:8080. The real agent runs on it; a stand-in takes the helper's place, and two small listeners that
 * of the web and Fediverse servers.
 */

import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { makeTestKit, ownerPassword, type TestKit } from './kit.ts'
import { addReadings, addSteadyReadings } from './readings.ts'

export type Scene = 'well' | 'claim' | 'trouble' | 'move' | 'picture'

/** Serves a scene on a loopback port until stopped. */
export async function startScene(scene: Scene, port: number): Promise<{ kit: TestKit; stop(): Promise<void> }> {
  const claimed = scene !== 'claim' && scene !== 'move'
  const kit = await makeTestKit({
    kit: {
      claimed,
      ...(claimed ? {} : { timezone: 'UTC' }),
      ...(scene === 'picture' ? { serverName: 'our-house.example' } : {}),
    },
    clockTrusted: claimed,
    problems:
      scene === 'trouble'
        ? [
            {
              id: 'seed.unknown-key',
              where: 'hearth.yaml:12',
              what: 'The seed has a key “wifi.contry” that nobody knows.',
              next: 'Write “country” instead and put the card back.',
            },
          ]
        : [],
  })
  const neighbours = await startNeighbours(kit, scene)
  if (scene === 'move') {
    kit.helper.disks = [
      {
        name: 'nvme0n1',
        model: 'Samsung SSD 970 EVO 500GB',
        serial: 'S4EVNX0M',
        size: 500_107_862_016,
        content: [{ fileSystem: 'ntfs', label: 'Windows', size: 499_000_000_000 }],
      },
    ]
  }
  kit.helper.people.push(...(claimed ? people : []))
  await kit.startAgent()
  if (claimed) {
    const ledger = path.join(kit.root.paths.agentData, 'ledger.db')
    // What is shown to everybody is what the agent says of this board, and nothing that was made up.
    if (scene === 'picture') addSteadyReadings(ledger, 45 * 24, (await kit.services.agent.summary()).power)
    else addReadings(ledger, 390 * 24)
    const settings = await kit.services.agent.settings()
    await kit.services.agent.saveSettings({ ...settings, pricePerKwh: '0.32', hardware: { price: '84.00', years: 7 } })
    await kit.services.agent.tellPeople(people.length)
    await addCounts(kit)
  }
  await kit.app.listen({ host: '127.0.0.1', port })
  const stop = async () => {
    await kit.stop()
    for (const server of neighbours) server.close()
  }
  return { kit, stop }
}

/** What the space was used for on the days before, as counted at night. */
async function addCounts({ services }: TestKit): Promise<void> {
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)
  for (let back = 40; back >= 0; back--) {
    const use = { server: 2_400 - 31 * back, media: 1_900 - 29 * back, ledger: 6, system: 180 + back }
    for (const [purpose, megabytes] of Object.entries(use)) {
      await services.agent.recordEntry({
        kind: 'storage',
        period: { from: day(back), to: day(back - 1) },
        amounts: [{ value: String(megabytes * 1e6), unit: 'B' }],
        source: 'measured',
        purpose,
        audience: 'owner',
        external: { system: 'hearth-meter', id: `${day(back)}/storage/${purpose}` },
      })
    }
  }
}

const people = [
  { id: 'ada', name: 'Ada Lovelace' },
  { id: 'ben', name: 'Benjamin' },
  { id: 'cleo', name: 'Cléo & <family>' },
]

/** What the agent's health checks ask: nginx's two ports and the Fediverse server. */
async function startNeighbours({ root }: TestKit, scene: Scene): Promise<Server[]> {
  const nodeInfo = { software: { name: 'snac' }, usage: { users: { total: people.length }, localPosts: 41 } }
  await mkdir(path.dirname(root.paths.snacSocket), { recursive: true })
  const servers: [Server, string | number][] = [
    [createServer((_request, response) => response.end('plain')), 8081],
    [createServer((_request, response) => response.end('home')), 8443],
  ]
  if (scene !== 'trouble') {
    const snac = createServer((_request, response) => response.end(JSON.stringify(nodeInfo)))
    servers.push([snac, root.paths.snacSocket])
  }
  for (const [server, at] of servers) await new Promise<void>((resolve) => server.listen(at, () => resolve()))
  return servers.map(([server]) => server)
}

if (import.meta.main) {
  const scene = (process.argv[2] ?? 'well') as Scene
  const { kit } = await startScene(scene, 8080)
  console.log(`http://localhost:8080  password: ${ownerPassword}  claim code: ${kit.helper.code}`)
}
