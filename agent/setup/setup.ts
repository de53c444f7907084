import { chmod, chown } from 'node:fs/promises'
import path from 'node:path'
import type { KitFacts, NetworkFacts, Problem } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { claimCode, createClaim } from './claim.ts'
import { makeFolder, readJson, writeDurably } from './files.ts'
import { growData } from './grow.ts'
import { ensureMachineId, keptHostname, proposeHostname, readBoard, setHostname, setTimezone } from './identity.ts'
import { type FailedStep, runSteps, type Step } from './journal.ts'
import { readKit, writeKit } from './kit.ts'
import { showProblems } from './problems.ts'
import type { Run } from './run.ts'
import type { SeedValues } from './seed.ts'
import { storedSeed, takeSeed, writeMedium } from './seed-store.ts'
import { ensureServer } from './server.ts'
import { setUpSsh } from './ssh.ts'
import { ensureCertificates } from './tls.ts'
import { writeListeners } from './web.ts'
import { writeWifi } from './wifi.ts'

/** What the household has not chosen yet; the claim asks for all three. */
const defaults = { language: 'en', timezone: 'Etc/UTC', currency: 'EUR' } as const

const agentUser = 950
const dashboardUser = 951
const publishUser = 953

/**
 * The first set-up of a kit: everything it needs to serve and to be claimed. Runs until every step is done, over as many
 * starts as it takes; then `setup/complete` keeps the unit from starting again.
 * @returns the steps that failed at this start
 */
export async function setUp(paths: KitPaths, run: Run): Promise<FailedStep[]> {
  await makeFolder(paths.setup, 0o700)
  const claimed = (await readKit(paths))?.claimed ?? false
  // What the seed decides is the household's from the claim on.
  const steps = setupSteps(paths, run).filter((step) => !(claimed && step.dependsOn === 'seed'))
  const failed = await runSteps(paths, steps)
  const problems = await setupProblems(paths, failed)
  await showProblems(paths, problems)
  // Last, so that what failed before is on the medium too; a medium that cannot be written stops nothing else.
  const last = await runSteps(paths, [mediumStep(paths, run, problems)])
  failed.push(...last)
  if (last.length > 0) await showProblems(paths, await setupProblems(paths, failed))
  if (failed.length === 0) await writeDurably(path.join(paths.setup, 'complete'), '')
  return failed
}

function setupSteps(paths: KitPaths, run: Run): Step[] {
  const seed = async (): Promise<SeedValues> => (await storedSeed(paths))?.values ?? {}
  return [
    {
      name: 'space',
      trouble: {
        what: 'The data partition could not be grown to the end of the medium.',
        next: 'Restart the kit; if this stays, use another card or disk.',
      },
      run: async () => {
        await growData(paths, run)
      },
    },
    {
      name: 'seed',
      trouble: {
        what: 'The medium with the seed could not be read.',
        next: 'Restart the kit, or write the image again.',
      },
      run: () => takeSeed(paths, run),
    },
    {
      name: 'names',
      dependsOn: 'seed',
      trouble: { what: 'The kit could not take its name.', next: 'Restart the kit.' },
      run: async () => {
        const { name } = await seed()
        const board = await readBoard(paths)
        const hostname = name ?? (await keptHostname(paths)) ?? (await proposeHostname(paths, board))
        await ensureMachineId(paths)
        await setHostname(paths, hostname, null)
        await setTimezone(paths, (await seed()).timezone ?? defaults.timezone)
      },
    },
    {
      name: 'ssh',
      dependsOn: 'seed',
      trouble: { what: 'SSH could not be set up.', next: 'Restart the kit.' },
      run: async () => setUpSsh(paths, (await seed()).sshKeys ?? [], run),
    },
    {
      name: 'wifi',
      dependsOn: 'seed',
      trouble: { what: 'Wi-Fi could not be set up.', next: 'Use a cable, or restart the kit.' },
      run: async () => {
        const { wifi } = await seed()
        if (wifi) await writeWifi(paths, wifi)
      },
    },
    {
      name: 'certificates',
      dependsOn: 'seed',
      trouble: { what: 'The kit could not make its certificates.', next: 'Restart the kit.' },
      run: () => makeFacts(paths, run, seed),
    },
    {
      name: 'claim',
      dependsOn: 'seed',
      trouble: { what: 'The kit could not make its claim code.', next: 'Restart the kit.' },
      run: async () => {
        const { claimHash } = await seed()
        await createClaim(paths, claimHash === undefined ? {} : { hash: claimHash })
      },
    },
    {
      name: 'folders',
      trouble: { what: 'Agent and dashboard have no place for their data.', next: 'Restart the kit.' },
      run: async () => {
        await ownFolder(paths.agentData, agentUser)
        await ownFolder(paths.dashboardData, dashboardUser)
        // What the agent writes there hearth-publish can read, and the other way round.
        await ownFolder(paths.publish, agentUser, publishUser, 0o2750)
        await ownFolder(path.dirname(paths.inbox), publishUser, agentUser, 0o2750)
        await ownFolder(paths.publishOwn, publishUser)
      },
    },
    {
      name: 'server',
      dependsOn: 'seed',
      trouble: { what: 'The Fediverse server could not be set up.', next: 'Restart the kit.' },
      run: async () => {
        const { hostname, language } = await factsOf(paths)
        await ensureServer(paths, { host: `${hostname}.local`, language }, run)
      },
    },
    {
      name: 'web',
      dependsOn: 'seed',
      trouble: { what: 'The web server could not be set up.', next: 'Restart the kit.' },
      run: async () => writeListeners(paths, await factsOf(paths)),
    },
  ]
}

function mediumStep(paths: KitPaths, run: Run, problems: readonly Problem[]): Step {
  return {
    name: 'medium',
    trouble: {
      what: 'The files on the medium could not be brought up to date: a password may still stand in the seed file.',
      next: 'Remove hearth.yaml, user-data and network-config from it on another computer.',
    },
    run: async () => writeMedium(paths, run, await claimCode(paths), problems),
  }
}

/** Certificates and the kit's public facts, which carry their fingerprint. */
async function makeFacts(paths: KitPaths, run: Run, seed: () => Promise<SeedValues>): Promise<void> {
  const hostname = await keptHostname(paths)
  if (hostname === null) throw new Error(`${paths.etc}/hostname is missing`)
  const addresses = (await readJson(paths.network, (value) => (value as NetworkFacts).addresses)) ?? []
  const { caFingerprint, caWords } = await ensureCertificates(paths, { hostname, serverName: null, addresses }, run)
  const { language = defaults.language, timezone = defaults.timezone } = await seed()
  const facts: KitFacts = {
    hostname,
    claimed: false,
    serverName: null,
    timezone,
    currency: defaults.currency,
    language,
    caFingerprint,
    caWords,
    board: await readBoard(paths),
  }
  await writeKit(paths, facts)
}

async function factsOf(paths: KitPaths): Promise<KitFacts> {
  const facts = await readKit(paths)
  if (facts === null) throw new Error(`${paths.kit} is missing`)
  return facts
}

async function setupProblems(paths: KitPaths, failed: readonly FailedStep[]): Promise<Problem[]> {
  const seed = await storedSeed(paths).catch(() => null)
  return [...(seed?.problems ?? []), ...failed.map(({ step }) => ({ id: `setup.${step.name}`, ...step.trouble }))]
}

async function ownFolder(folder: string, uid: number, gid = uid, mode = 0o700): Promise<void> {
  await makeFolder(folder, 0o700)
  if (process.getuid?.() === 0) await chown(folder, uid, gid)
  await chmod(folder, mode) // after chown, which takes the set-group bit away
}
