/**
 * What the agent publishes to the dashboard over its Unix socket, and the public facts of a kit that the set-up and the
 * helper write to files. Types only: this file is the contract.
 */
import type { Report as PublicReport, Withheld } from './publish/report.ts'

export type { PublicReport, Withheld }

/** A figure that never travels without its uncertainty and origin. `low ≤ value ≤ high`, all in `unit`. */
export interface Figure {
  value: number
  low: number
  high: number
  unit: string
  /**
   * Machine-readable origin with the version of its method, e.g. `shelly-gen2@1`, `model:rpi-4b@1`; `sysfs`. At a plug
   * that feeds something else, too, `shelly-gen2@1/less-others@1`, or `…/with-others@1` where nobody knows how much.
   */
  source: string
  /** When it was read; RFC 3339, UTC. */
  at: string
}

/**
 * `measured`: at a plug; `derived`: from a sensor elsewhere (RAPL, INA2xx), or at a plug that feeds something else, too;
 * `modelled`: from the load, by the household's own readings or published tables.
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

/** What hangs on the plug besides the server. */
export interface OtherLoad {
  /** In a few words; may be empty. */
  name: string
  /** What it draws; null: nobody knows, so nothing can be taken off what the plug measures. */
  watts: { low: number; high: number } | null
}

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
  /** Host names the server had before, those of its trial too, oldest first. Absent where it never had another. */
  formerNames?: string[]
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

/** `kitPaths().counters`: byte totals since the machine started, by nftables named counter. */
export interface CountersFile {
  /** RFC 3339, UTC. */
  at: string
  /** Identifies the life of the counters; another value means they started from zero. */
  epoch: string
  counters: Record<string, { bytes: number; packets: number }>
  /** Totals of all interfaces but the loopback at the same moment, in bytes since each was there. */
  interfaces?: Record<string, { in: number; out: number }>
}

export interface StorageUse {
  /** Bytes of the data partition. */
  size: number
  free: number
  /**
   * Bytes by owner; `media` is part of `server`, and there is no `backups` where there are none. Counted once a day; null
   * until the first count.
   */
  use: { server: number; media: number; ledger: number; system: number; backups?: number } | null
  at: string
  /** Bytes that come to it in thirty days, below zero where it shrinks; absent while too few days were read. */
  growth?: number
  /** Day the partition is full at its present pace, RFC 3339; absent while that is not known or far away. */
  fullOn?: string
  /** Cards and disks of the machine, the one with the kit's data first. */
  wear?: DiskWear[]
}

/** How far a card or disk is worn, and for how long it will do, as far as it tells. */
export interface DiskWear {
  /** The kernel's name, e.g. `mmcblk0`. */
  name: string
  /** Empty where it does not say. */
  model: string
  /** `usb`: a stick, or a disk in a box; `hdd` turns, and wears by age, not by what is written. */
  kind: 'sd' | 'emmc' | 'nvme' | 'ssd' | 'hdd' | 'usb' | 'virtual'
  holdsData: boolean
  /** Share of its life that is used up; null: the device does not tell. */
  used: { low: number; value: number; high: number; source: string } | null
  /** Bytes ever written, as the device counts them; null: it does not tell. */
  writtenByDevice: number | null
  /** Bytes the kit has written since it began to count, and a day at present; null before the first count. */
  written: { bytes: number; since: string; perDay: number | null } | null
  /** Years it lasts at the present pace; a bound that is null is open. Null: not known. */
  yearsLeft: { low: number; value: number | null; high: number | null } | null
  /**
   * What its wear costs a month at the present pace, of the price the household gave; beside it what the bill has for it.
   * No line of any bill: the price is on it once, by age. Null: not known.
   */
  cost: { wear: MoneyRange; billed: Money } | null
}

/**
 * What bytes are for. `server`: the server's own virtual host (port 443), whoever asked, refused handshakes included;
 * `fetch`: connections the Fediverse server opened itself; `dashboard`: its virtual host (8443); `plain`: the plain page
 * and the way from it (80, 8081); `publish`: hearth-publish; `other`: all the rest.
 */
export type TrafficService = 'server' | 'fetch' | 'dashboard' | 'plain' | 'publish' | 'other'

export interface TrafficTotals {
  /** RFC 3339 start of the period (UTC) that the totals cover. */
  since: string
  lan: { in: number; out: number }
  wan: { in: number; out: number }
  /** Adds up to `lan` and `wan`. */
  services: Record<TrafficService, { in: number; out: number }>
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
  /** The numbers it was computed from; none where it was entered. */
  basis: Record<string, string>
}

/** Services whose processor time is told apart (meters/services.ts); `system` is what belongs to none of them. */
export type MeteredService = 'server' | 'web' | 'dashboard' | 'agent' | 'system'

/** What part of the energy above idle went to a service, by its share of processor time. */
export interface ServiceShare {
  /** A `MeteredService`. */
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
   * the whole month as it was entered in the ledger, rounded to the currency's smallest coin, with corrections since.
   * `computed`: a month that is over and was not entered, rounded likewise, by the prices of today.
   */
  state: 'so-far' | 'expected' | 'closed' | 'computed'
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
  /** Adds up to the `power` lines; empty where no processor time is known, or not that of all hours any more. */
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

/** A month's bill as it is divided, in coins. */
export interface SharedBill {
  state: Bill['state']
  total: MoneyRange
  lines: Pick<BillLine, 'id' | 'kind' | 'name' | 'range'>[]
  powerClass: PowerClass | null
  /** By account. Everybody's add up to the total; a member is given their own alone. */
  shares: PersonShare[]
}

/** Who is to bear how much of a month, by the household's rule. */
export interface Shares {
  month: string
  rule: SharingRule['kind']
  /** Among how many it is divided. */
  people: number
  /** The closed or computed one of a month that is over, else the one so far and the one expected. */
  bills: SharedBill[]
  /** Bytes of each account's own uploads and of all else the server has, as last counted; null before the first count. */
  uploads: { own: Record<string, number>; shared: number; at: string } | null
}

/** Hours that somebody worked, as they count now. */
export interface HoursLine {
  /** The entry's id. */
  id: string
  /** `2026-11-24`. */
  day: string
  /** Time of day at which it began: `14:30`. */
  start?: string
  /** Null: erased. */
  who: string | null
  /** Exact decimal; null: withdrawn. */
  hours: string | null
  /** What was entered at first, where it was corrected. */
  before: string | null
  activity?: string
  engagement?: 'paid' | 'volunteer'
  purpose?: string
  /** Everybody on the server may see and confirm them. */
  isOpen: boolean
  /** Entered by the owner, not by the person. */
  byOwner: boolean
  /** The owner had the last word, and the person has not said whether it is right. */
  needsAnswer: boolean
  /** Why they were corrected last. */
  why?: string
  /** The person says that they are wrong, and how; until they say otherwise, whatever was corrected since. */
  objection?: string
  confirmedBy: HoursConfirmer[]
}

/** Who confirmed hours. */
export interface HoursConfirmer {
  /** `owner-for-person`: the owner entered it in this person's name, who has not said that it is right. */
  by: 'person' | 'owner' | 'owner-for-person'
  /** Null: erased, or the owner as such. */
  name: string | null
}

/** That a person confirmed hours of somebody else, as the owner entered it in their name. */
export interface NamedConfirmation {
  /** The confirmation's id. */
  id: string
  /** Day of the hours. */
  day: string
  /** The hours; absent where their person does not let others see them. */
  of?: Pick<HoursLine, 'who' | 'hours' | 'activity' | 'purpose'>
}

export interface MemberHours {
  own: HoursLine[]
  /** Hours of others that this person may confirm. */
  toConfirm: Omit<HoursLine, 'start' | 'engagement' | 'why' | 'objection'>[]
  /** What the owner entered as confirmed by this person, who has not said whether that is right. */
  toAnswer: NamedConfirmation[]
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

/** How long the parts of a history are, in the household's zone. */
export type HistoryStep = 'hour' | 'day' | 'month' | 'year'

/** Energy at the wall within the time read. Lows and highs are the sums of lows and highs. */
export interface EnergyUse {
  wattHours: number
  lowWattHours: number
  highWattHours: number
  /** The worst that went into it. */
  class: PowerClass
  /** What was read at another boundary was mapped to the wall. */
  boundary: 'wall'
}

export interface StepCost {
  total: MoneyRange
  /** Of it energy, with the fixed part of its contract. */
  electricity: MoneyRange
  /** `entered`: as it stands in the ledger; `so-far`: until now; `computed`: by the prices of today. */
  state: 'entered' | 'so-far' | 'computed'
  /**
   * What is missing: what some of the time cost that was read. Its hours are deleted by now and nothing was entered for
   * it, or it had no price.
   */
  incomplete: boolean
}

/** A part of a history. What is null was not read, counted or priced: a gap, never zero. */
export interface HistoryPart {
  /** `2026-11-24` of a day, `2026-11` of a month, `2026` of a year; of an hour its start. */
  name: string
  /** RFC 3339, UTC. */
  start: string
  end: string
  /** Seconds of it since the kit began to read, until now; and of these with a reading of energy. */
  seconds: number
  coveredSeconds: number
  energy: EnergyUse | null
  traffic: Pick<TrafficTotals, 'lan' | 'wan' | 'unknown'> | null
  /** As last counted in it; not counted by the hour. */
  storage: StorageUse['use']
  cost: StepCost | null
  /** False while the clock could not be trusted when some of it was written. */
  clockTrusted: boolean
}

/** Power, traffic, space and cost over a time, in parts. */
export interface History {
  step: HistoryStep
  /** The day, month or year it is of; null: the last two days by the hour, or all years. */
  of: string | null
  /** All of that time, also what is still to come; RFC 3339, UTC. */
  start: string
  end: string
  /** Since the kit began to read until now, oldest first, without holes; days from the first of that month. */
  parts: HistoryPart[]
  whole: HistoryPart
  /** What can be asked for before and after this; null: nothing is there. */
  earlier: string | null
  later: string | null
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
  /** `others`: what else hangs on it, taken off what it measures; absent: the household was not asked. */
  plug: { kind: PlugKind; address: string; others?: OtherLoad | 'nothing' } | null
  /** The household's own readings at the wall, which make the estimate better. */
  calibration: CalibrationReading[]
  /** Share of the internet bill that counts, per month; null: not counted. */
  internetPerMonth: string | null
  hardware: { price: string; years: number } | null
  domainPerYear: string | null
  /**
   * The simple prices by their days: one that is changed counts from that day on. The agent keeps them; what it is given
   * here counts for nothing. Absent: each has counted since ever.
   */
  typedPrices?: TypedPrice[]
  /** Prices in detail, with their dates; they stand in place of the four simple ones. Null: not given. */
  tariffs: Tariffs | null
  /** How a month is divided among the people of the server. */
  sharing: SharingRule['kind']
}

/** A simple price as it was typed: for electricity a kWh, for the internet a month, for the domain a year. */
export interface TypedPrice {
  of: 'power' | 'internet' | 'domain'
  /** Exact decimal; null: none from then on. */
  amount: string | null
  /** First day it counts. */
  from: string
  /** The day it was typed: until that is over it can be typed again in its place. */
  typed: string
}

/** What became of the entries of an export. */
export interface Imported {
  added: number
  /** Here already, or erased here: not taken again. */
  present: number
  /** References in the whole ledger that lead to entries which are not here. */
  loose: number
}

/** What the owner chose to show in public. */
export interface PublishingChoice {
  every: 'month' | 'week'
  /** First day that may be in a report, such as `2026-11-01`. */
  from: string
  /** The household agrees that its bills and purchases may be told. */
  household: boolean
}

/** What others would see of a month or week. */
export interface PublishingPreview {
  disclosure: PublishingChoice
  /** `due`: this is what comes next; `over`: it waits for a week; `running`: with the figures so far. */
  state: 'due' | 'over' | 'running'
  /** When it may be published, RFC 3339. */
  publishedFrom: string
  report: PublicReport
  withheld: Withheld[]
  /** Comes back with switching on, to say that this was seen. */
  seen: string
}

/** What went wrong, and what to do. */
export interface Trouble {
  what: string
  next: string
  /** Which of the known troubles it is, such as `place.slow`: by this the dashboard has it in the household's language. */
  code?: string
  /** What its words need. */
  facts?: Record<string, string | number>
}

/** How publishing stands. Secrets of collectors are never in it. */
export interface PublishingState {
  on: boolean
  /** A server on trial has no name under which it could publish. */
  trial: boolean
  /** Null: it was never switched on. */
  disclosure: PublishingChoice | null
  people: number
  leastPeopleForWeeks: number
  /** First days of months that may be chosen to begin with, newest first. */
  beginnings: string[]
  /** Board and card both changed: nothing is signed before the owner says what happened. */
  question: 'moved-or-copied' | null
  /** Why nothing can be added to the log, in English; null: nothing stands against it. */
  trouble: string | null
  /** Whether another log can be started in place of this one. */
  canRenew: boolean
  /** What was noted of what is published is damaged, and can be taken from the logs. */
  canRepair: boolean
  /** Collectors are asked what they have, before anything is signed. */
  looking: boolean
  log: { origin: string; address: string; key: string; size: number; root: string } | null
  /** Logs before it; `continued`: they say themselves that it goes on. */
  earlierLogs: { key: string; size: number; continued: boolean }[]
  /** `lost`: published from here, but its entries are not here any more; `noted`: about to go into the log. */
  reports: { period: { from: string; to: string }; state: 'published' | 'noted' | 'lost'; withheld: Withheld[] }[]
  collectors: {
    id: string
    kind: 'http' | 'sftp' | 's3'
    /** Where it takes files, and where everybody can read them. */
    place: string
    publicUrl: string
    /** Of this log there; null: there is none yet. */
    address: string | null
    /** Leaves it has; null: not known. */
    has: number | null
    /** Last answer, RFC 3339. */
    at: string | null
    problem: Trouble | null
  }[]
  witnesses: {
    url: string
    key: string /** Leaves it signed last. */
    signed: number | null
    at: string | null
    problem: Trouble | null
  }[]
  /** For collectors by SFTP: what their authorized_keys must have; null until there is one. */
  sshKey: string | null
  /** Bytes that may be sent now, and what was sent and arrived since counting began (publish/allowance.ts). */
  budget: {
    left: number
    since: string
    sent: number
    visits: number
    refused: number
    arrived: number
    refusing: number
  }
}

/**
 * HTTP over `kitPaths().agentSocket`. Every answer is JSON; an error is `{ error: { code, message, next } }` with a 4xx
 * or 5xx status.
 *
 * | Request | Answer |
 * |---|---|
 * | GET /v1/summary | Summary |
 * | GET /v1/readings?hours=N (1..9600) | { readings: HourlyReading[] }, oldest first; missing hours are gaps |
 * | GET /v1/history?step=S&of=NAME | History; S is hour (of a day, or the last two), day (of a month), month (of a year) or year; without NAME the present one |
 * | GET /v1/settings | AgentSettings |
 * | PUT /v1/settings | AgentSettings as stored; 422 with the field named |
 * | POST /v1/plug/test { address } | { power: PowerFigure, device: string, kind: PlugKind } or 422 with the reason |
 * | POST /v1/calibration { watts } or { from: 'plug' } | AgentSettings with a reading more; 422 where the plug was read for less than ten minutes |
 * | GET /v1/live | Server-Sent Events, one `data: LiveFigures` every 5 s while connected |
 * | GET /v1/bill?month=M | Bill: closed where the month is over, else so far |
 * | POST /v1/bill/preview { tariffs: Tariffs } | BillPreview; 422 with the field named; nothing is stored |
 * | POST /v1/what-if Change | WhatIf; 422 with the field named |
 * | GET /v1/entries?from=DAY&to=DAY&kind=K&party=ID | { entries: Entry[] } (ledger/entry.ts), as recorded; every filter may be left out |
 * | POST /v1/entries EntryDraft without `instance` | Entry as recorded; 422 with the field named, also for hours and money that nobody can have meant (`checkTyped`); 503 while the journal cannot be written |
 * | GET /v1/export?format=F&month=M | { text, mediaType, extension }; F is hledger, ledger, beancount, csv or json, without M everything |
 * | GET /v1/parties | { parties: Party[] } |
 * | POST /v1/parties { name } | Party |
 * | POST /v1/parties/erase { id } | { erased: number }; the name and the content of the entries about it are gone |
 * | POST /v1/import JSON export | Imported; 422 with line and field where it is wrong: then nothing was taken |
 * | POST /v1/parties/change { id, actor?, consents? } | Party; what is left out stays, an empty actor is none |
 * | POST /v1/parties/join { id, into } | 204; a party entered by hand is the person of another, who has an account |
 * | POST /v1/parties/leave { account } | 204; the account was removed, its party stays |
 * | GET /v1/people | { accounts: Account[] } (ledger/typed-entry.ts): which there are, as far as is known; names where the helper tells them |
 * | POST /v1/people { count, accounts? } | 204; the dashboard tells which accounts there are after it changed them |
 * | GET /v1/shares?month=M | Shares: everybody's, for the owner; without M of the present month |
 * | POST /v1/members { account, name } | Party of the account; made if there is none |
 * | GET /v1/members/share?account=A | Shares with A's own part alone |
 * | GET /v1/members/hours?party=ID | MemberHours |
 * | GET /v1/members/export?format=F&party=ID | as /v1/export, of what is about one person |
 * | GET /v1/publishing | PublishingState |
 * | GET /v1/publishing/preview?every=E&from=DAY&household=yes | PublishingPreview; 422 where that cannot be chosen |
 * | POST /v1/publishing/on PublishingChoice and `seen` | PublishingState; 422 `publishing.outdated` where the preview is another by now |
 * | POST /v1/publishing/off | PublishingState; what is published stays |
 * | POST /v1/publishing/collectors { place, publicUrl } | PublishingState (publish/outbox.ts says what a place is) |
 * | POST /v1/publishing/collectors/remove { id } | PublishingState |
 * | POST /v1/publishing/witnesses { url, key } | PublishingState |
 * | POST /v1/publishing/witnesses/remove { key } | PublishingState |
 * | POST /v1/publishing/hardware { answer: 'moved' or 'copied' } | PublishingState |
 * | POST /v1/publishing/renew | PublishingState; another log is started under a new key |
 * | POST /v1/publishing/repair | PublishingState; what was published is taken from the logs, where what was noted is damaged |
 * | GET /v1/proof?id=ID | ProofFile (publish/proof-file.ts): shows one entry to whoever is given it |
 */
export interface AgentError {
  /** `field` names the setting that was refused, e.g. `hardware.price`. */
  error: { code: string; message: string; next: string; field?: string }
}
