/**
 * What the agent publishes to the dashboard over its Unix socket, and the public facts of a kit that the set-up and the
 * helper write to files. Types only: this file is the contract.
 */

/** A figure that never travels without its uncertainty and origin. `low ≤ value ≤ high`, all in `unit`. */
export interface Figure {
  value: number
  low: number
  high: number
  unit: string
  /** Machine-readable origin with the version of its method, e.g. `shelly-gen2@1`, `model:rpi-4b@1`; `sysfs`. */
  source: string
  /** When it was read; RFC 3339, UTC. */
  at: string
}

/**
 * `measured`: at a plug; `derived`: from a sensor elsewhere (RAPL, INA2xx); `modelled`: from the load, by the household's
 * own readings or published tables.
 */
export type PowerClass = 'measured' | 'derived' | 'modelled'
export type PowerBoundary = 'wall' | 'dc-input' | 'package'

export interface PowerFigure extends Figure {
  unit: 'W'
  class: PowerClass
  boundary: PowerBoundary
  /** What the model takes this machine for, e.g. `Raspberry Pi 4 Model B`; absent when measured or derived. */
  model?: string
}

/** Kinds of smart plug that can be asked what goes through them. */
export type PlugKind = 'shelly-gen1' | 'shelly-gen2' | 'tasmota'

/** What a meter at the wall showed while the processors were so busy: typed in, or taken from a plug for a while. */
export interface CalibrationReading {
  /** Watts; `low ≤ watts ≤ high`. */
  watts: number
  low: number
  high: number
  /** Mean utilisation of all processors at the time, 0..1. */
  utilisation: number
  /** Mean power of package and memory by the processor's own counters at the time, in W; where it has such. */
  packageWatts?: number
  /** RFC 3339, UTC. */
  at: string
  /** Only readings at the wall can be compared with what is to be known. */
  boundary: 'wall'
}

/** Public facts of the kit; root writes them to `kitPaths().kit`, everybody may read them. */
export interface KitFacts {
  /** `hearth-` and four characters of the board's serial, without `.local`. */
  hostname: string
  claimed: boolean
  /** Permanent name of the Fediverse server; null while it runs as a trial. */
  serverName: string | null
  timezone: string
  /** Set once at the claim; ISO 4217. */
  currency: string
  /** BCP 47 language of the household, e.g. `en`, `de`. */
  language: string
  /** SHA-256 of the kit's CA certificate (DER), lower-case hex. */
  caFingerprint: string
  /** The first 44 bits of the fingerprint as four words, as shown on console, plain page and claim page. */
  caWords: string
  board: { model: string; serial: string | null; architecture: 'x86_64' | 'aarch64' }
}

export interface ReleaseFacts {
  version: string
  recipe: string
  architecture: 'x86_64' | 'aarch64'
  /** RFC 3339, UTC: the date the image counts as built (SOURCE_DATE_EPOCH). */
  builtAt: string
}

/** `kitPaths().boot`, written by the initramfs. */
export interface BootFacts {
  slot: 'A' | 'B' | null
  /** `ok`: the data partition; `unreadable`: a tmpfs stands in, and only a page that says so is served. */
  data: 'ok' | 'unreadable'
  /** No slot had a try left, so GRUB began again with the last good one. */
  rescue: boolean
  /** What was wrong at this start. */
  problems: Problem[]
}

/** Something that is wrong, in plain words, with the next step. `kitPaths().problems` holds a list of them. */
export interface Problem {
  /** Stable id, e.g. `seed.unknown-key`, `disk.full`. */
  id: string
  /** File and line where there is one: `hearth.yaml:12`. */
  where?: string
  what: string
  next: string
  /** What the dashboard needs to say it in the household's language. */
  facts?: Record<string, string | number>
}

/** `kitPaths().network`. */
export interface NetworkFacts {
  /** Addresses without prefix length, IPv4 first; no loopback. */
  addresses: string[]
  /** On-link prefixes in CIDR form. */
  onLink: string[]
  resolvers: string[]
  /**
   * The host name that Avahi goes by, without `.local`: `hearth-7f3a-2` where another device has `hearth-7f3a`. Absent
   * while Avahi does not answer.
   */
  announcedAs?: string
}

/** `kitPaths().counters`: byte totals since the rules were loaded, by nftables named counter. */
export interface CountersFile {
  /** RFC 3339, UTC. */
  at: string
  /** Identifies the life of the counters; another value means they started from zero. */
  epoch: string
  counters: Record<string, { bytes: number; packets: number }>
}

export interface StorageUse {
  /** Bytes of the data partition. */
  size: number
  free: number
  /** Bytes by owner; `media` is part of `server`. Counted once a day; null until the first count. */
  use: { server: number; media: number; ledger: number; system: number } | null
  at: string
  /** Day the partition is full at its present pace, RFC 3339; absent while that is not known or far away. */
  fullOn?: string
}

export interface TrafficTotals {
  /** RFC 3339 start of the period (UTC) that the totals cover. */
  since: string
  lan: { in: number; out: number }
  wan: { in: number; out: number }
  /** Bytes that went through the interfaces while nothing said whether the other end was near or far. */
  unknown: { in: number; out: number }
  /** Seconds of the period without a reading. */
  gapSeconds: number
}

export interface Money {
  /** Exact decimal, e.g. `0.096`. */
  amount: string
  currency: string
}

export interface MoneyRange {
  value: Money
  low: Money
  high: Money
}

export interface CostLine {
  /** `power` with idle and fixed part, `hardware` with card and disk, `domain` with relay. */
  kind: 'power' | 'internet' | 'hardware' | 'domain'
  range: MoneyRange
  /** In one sentence and numbers, how it was computed, for the "how" fold: parts for the dashboard's own wording. */
  basis: Record<string, string>
}

export interface Costs {
  /** Calendar month in the household's zone, `2026-11`. */
  month: string
  /** So far this month: exactly the sum of `lines`. */
  soFar: MoneyRange
  /** Expected for the whole month, from the mean of the hours covered. */
  expected: MoneyRange
  perDay: MoneyRange
  /** What counts, so far this month; a price the household has not given has no line. */
  lines: CostLine[]
  /** The bill so far, which says of every line what it is. */
  bill: Bill
  people: number
  /** `expected` divided by the people; null while nobody has an account. */
  perPerson: MoneyRange | null
  /** Share of the month's hours so far that have a reading, 0..1. */
  covered: number
  /** Worst class that went into the power line; the present one while nothing was read this month. */
  powerClass: PowerClass
}

export type Weekday = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'

/** Something that counts from a day until the next of its list begins, or `to`; days such as `2026-11-24`. */
export interface Dated {
  from: string
  /** The first day it counts no longer. */
  to?: string
}

/** A price for some hours of the week, in the household's zone. */
export interface PriceBand {
  name: string
  /** All-in price of a kWh; below zero where the household is paid for using it. */
  perKwh: string
  /** From and to such as `22:00` and `24:00`; a night is two of them. */
  times: { days: Weekday[]; from: string; to: string }[]
}

/** All-in prices of a kWh; bands give every minute of the week exactly one. */
export type PowerPrices = { kind: 'flat'; perKwh: string } | { kind: 'time-of-use'; bands: PriceBand[] }

export interface PowerTariff extends Dated {
  prices: PowerPrices
  /** The server's part of what the contract costs whatever is used. */
  standingPerMonth?: string
}

/** A share of the internet bill, or a price for each GB (10⁹ bytes) to and from the internet. */
export type InternetTariff = Dated & ({ kind: 'monthly'; perMonth: string } | { kind: 'per-gb'; perGb: string })

/** Something bought, spread evenly over the days of its life. */
export interface CostItem {
  kind: 'hardware' | 'card' | 'disk'
  /** Tells two of a kind apart. */
  name?: string
  price: string
  /** Null where nobody knows: every month counts the same then, without an end. */
  bought: string | null
  years: number
}

export interface Fee extends Dated {
  kind: 'domain' | 'relay'
  /** Tells two of a kind apart; a fee lasts until the next of its kind and name begins. */
  name?: string
  amount: string
  per: 'month' | 'year'
}

/** What the household pays for, in exact decimals of one currency. An empty list is not counted. */
export interface Tariffs {
  version: 1
  currency: string
  timezone: string
  power: PowerTariff[]
  internet: InternetTariff[]
  items: CostItem[]
  fees: Fee[]
}

/**
 * `power`: energy above idle, a line for each price; `idle`: what the machine needs for being there; `standing`: the
 * fixed part of the power contract.
 */
export type BillLineKind =
  | 'power'
  | 'idle'
  | 'standing'
  | 'internet'
  | 'hardware'
  | 'card'
  | 'disk'
  | 'domain'
  | 'relay'

export interface BillLine {
  /** Unique within the month: `power/night`, `idle`, `disk/backups`; `@` and a day where a price changed in it. */
  id: string
  kind: BillLineKind
  /** The name the household gave it. */
  name?: string
  range: MoneyRange
  /** The numbers it was computed from. */
  basis: Record<string, string>
}

/** What part of the energy above idle went to a service, by its share of processor time. */
export interface ServiceShare {
  id: string
  cpuSeconds: number
  range: MoneyRange
}

/** A month's costs. The lines add up to the total to the last digit, and so do their lows and highs. */
export interface Bill {
  month: string
  /** First day, and the day after the last. */
  period: { from: string; to: string }
  /**
   * `so-far`: until now; `expected`: the whole month, if it goes on as it did; both in 10⁻¹² of the currency. `closed`:
   * the whole month, rounded to the currency's smallest coin.
   */
  state: 'so-far' | 'expected' | 'closed'
  currency: string
  lines: BillLine[]
  total: MoneyRange
  /**
   * Time without a reading is stated here and not billed (it is only in what is expected). Whole seconds: of the month
   * so far, of these with a reading, and of these without a price for power.
   */
  coverage: { seconds: number; coveredSeconds: number; unpricedSeconds: number }
  /** Worst class of the energy read; null while nothing was read. */
  powerClass: PowerClass | null
  /** Adds up to the `power` lines; empty where no processor time is known. */
  services: ServiceShare[]
}

/** `equal`: all in equal parts. `storage`: card and disk by own bytes, shared bytes in equal parts, the rest equal. */
export type SharingRule = { kind: 'equal' } | { kind: 'storage'; sharedBytes: number }

/** A person's share of a bill: the outcome of a rule, never a measurement of use. */
export interface PersonShare {
  person: string
  range: MoneyRange
  /** Adds up to `range`: what came in equal parts, and what by bytes. */
  parts: { by: 'equal' | 'bytes'; range: MoneyRange }[]
}

/** A question of the kind "what if": another price, other people, another disk. */
export type Change =
  | { kind: 'price'; perKwh: string }
  /** Traffic and the energy above idle are taken to grow with them; all energy stays where idle is not known. */
  | { kind: 'people'; people: number }
  /** `watts`: what it needs all the time. */
  | { kind: 'disk'; price: string; years: number; watts: number }

export interface MonthlyCost {
  people: number
  perMonth: MoneyRange
  /** Null while nobody has an account. */
  perPerson: MoneyRange | null
}

export interface WhatIf {
  before: MonthlyCost
  after: MonthlyCost
}

/** What this month is expected to cost as it is, and with other prices. */
export interface BillPreview {
  before: MoneyRange
  after: MoneyRange
}

/** One private, hourly reading (SQLite); shown as a chart on the power and traffic pages. */
export interface HourlyReading {
  /** Start of the hour, RFC 3339 UTC. */
  hour: string
  /** Watt-hours at the wall within the seconds covered; what was read at another boundary was mapped to it. */
  energyWh: number
  energyLowWh: number
  energyHighWh: number
  class: PowerClass
  secondsCovered: number
  /** Mean utilisation of all processors, 0..1. */
  cpu: number
  lanIn: number
  lanOut: number
  wanIn: number
  wanOut: number
  unknownIn: number
  unknownOut: number
  /** False while the clock could not be trusted when it was written. */
  clockTrusted: boolean
}

export type CheckState = 'well' | 'attention' | 'unwell'

/** One named health check. Words are the dashboard's: `id` is the key, `facts` fill the sentence. */
export interface HealthCheck {
  id: 'server' | 'web' | 'data' | 'space' | 'memory' | 'clock' | 'temperature' | 'setup' | 'network'
  state: CheckState
  facts: Record<string, string | number>
  /** Whether this check may stop a slot from being kept (judged on the kit alone). */
  keepsSlot: boolean
}

/** What the live stream sends. */
export interface LiveFigures {
  power: PowerFigure
  cpu: Figure
  memory: { total: number; available: number }
  temperature: Figure | null
}

export interface Summary {
  kit: KitFacts
  release: ReleaseFacts
  boot: BootFacts
  health: HealthCheck[]
  problems: Problem[]
  clockTrusted: boolean
  power: PowerFigure
  /** Utilisation of all processors, 0..1; unit `1`. */
  cpu: Figure
  /** Celsius (unit `°C`); null where the board has no sensor. */
  temperature: Figure | null
  memory: { total: number; available: number }
  storage: StorageUse
  traffic: { month: TrafficTotals; day: TrafficTotals }
  costs: Costs
  /** Accounts and posts on the Fediverse server; null until it said so for the first time. */
  people: number | null
  posts: number | null
  network: NetworkFacts
  uptimeSeconds: number
}

/** What the owner may set; kept by the agent in `settings.json`. */
export interface AgentSettings {
  currency: string
  /** All-in price of a kWh, exact decimal, in `currency`; null until the household has given it. */
  pricePerKwh: string | null
  timezone: string
  plug: { kind: PlugKind; address: string } | null
  /** The household's own readings at the wall, which make the estimate better. */
  calibration: CalibrationReading[]
  /** Share of the internet bill that counts, per month; null: not counted. */
  internetPerMonth: string | null
  hardware: { price: string; years: number } | null
  domainPerYear: string | null
  /** Prices in detail, with their dates; they stand in place of the four simple ones. Null: not given. */
  tariffs: Tariffs | null
}

/**
 * HTTP over `kitPaths().agentSocket`. Every answer is JSON; an error is `{ error: { code, message, next } }` with a 4xx
 * or 5xx status.
 *
 * | Request | Answer |
 * |---|---|
 * | GET /v1/summary | Summary |
 * | GET /v1/readings?hours=N (1..9600) | { readings: HourlyReading[] }, oldest first; missing hours are gaps |
 * | GET /v1/settings | AgentSettings |
 * | PUT /v1/settings | AgentSettings as stored; 422 with the field named |
 * | POST /v1/plug/test { address } | { power: PowerFigure, device: string, kind: PlugKind } or 422 with the reason |
 * | POST /v1/calibration { watts } or { from: 'plug' } | AgentSettings with a reading more; 422 where the plug was read for less than ten minutes |
 * | GET /v1/live | Server-Sent Events, one `data: LiveFigures` every 5 s while connected |
 * | GET /v1/bill?month=M | Bill: closed where the month is over, else so far |
 * | POST /v1/bill/preview { tariffs: Tariffs } | BillPreview; 422 with the field named; nothing is stored |
 * | POST /v1/what-if Change | WhatIf; 422 with the field named |
 * | GET /v1/entries?from=DAY&to=DAY&kind=K&party=ID | { entries: Entry[] } (ledger/entry.ts), as recorded; every filter may be left out |
 * | POST /v1/entries EntryDraft without `instance` | Entry as recorded; 422 with the field named; 503 while the journal cannot be written |
 * | GET /v1/export?format=F&month=M | { text, mediaType, extension }; F is hledger, ledger, beancount, csv or json, without M everything |
 * | GET /v1/parties | { parties: Party[] } |
 * | POST /v1/parties { name } | Party |
 * | POST /v1/parties/erase { id } | { erased: number }; the name and the content of the entries about it are gone |
 * | POST /v1/people { count } | 204; the dashboard tells how many accounts there are after it changed them |
 */
export interface AgentError {
  /** `field` names the setting that was refused, e.g. `hardware.price`. */
  error: { code: string; message: string; next: string; field?: string }
}
