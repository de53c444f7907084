/**
 * Pictures of every page, and axe on each: `node dashboard/testing/screenshots.ts FOLDER`. Needs Debian's Chromium. Ends
 * with status 1 when axe finds anything or Home does not fit a phone.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { openChromium } from './chromium.ts'
import { ownerPassword, type TestKit } from './kit.ts'
import { type Scene, startScene } from './try.ts'

const folder = process.argv[2]
if (!folder) throw new Error('Say where the pictures go: node dashboard/testing/screenshots.ts FOLDER')
await mkdir(folder, { recursive: true })

const origin = 'http://localhost:8080'
const sizes = { phone: { width: 360, height: 640 }, desktop: { width: 1280, height: 800 } }
const faults: string[] = []

const browser = await openChromium()

/** One page in all four looks; axe once for each colour scheme, since sizes change no colours. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({
        path: path.join(folder as string, `${name}-${size}-${colorScheme}.png`),
        fullPage: size === 'phone',
      })
      const { violations } = await new AxeBuilder({ page }).analyze()
      for (const { id, nodes } of violations) {
        faults.push(`${name} ${size} ${colorScheme}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
      }
    }
    const scrollWidth = await page.evaluate<number>('document.documentElement.scrollWidth')
    if (scrollWidth > viewport.width) faults.push(`${name} ${size}: ${scrollWidth} px wide`)
  }
}

async function withScene(scene: Scene, work: (page: Page, kit: TestKit) => Promise<void>): Promise<void> {
  const { kit, stop } = await startScene(scene, 8080)
  const context = await browser.newContext({ timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of 4')) faults.push(`console: ${message.text()}`)
  })
  try {
    await work(page, kit)
  } finally {
    await context.close()
    await stop()
  }
}

/** The pages of costs, with prices in detail. */
async function shootCosts(page: Page, kit: TestKit): Promise<void> {
  await page.goto(`${origin}/costs/tariffs`)
  await shoot(page, 'tariffs-first')
  await page.click('#two summary')
  await page.fill('#two-cheap', '0.21')
  await page.fill('#two-other', '0.34')
  await page.fill('#two-standing', '2.40')
  await page.click('#two button')
  await shoot(page, 'tariffs-preview')
  await page.click('button[value=save]')
  const settings = await kit.services.agent.settings()
  if (settings.tariffs === null) throw new Error('The prices were not stored')
  const { items, fees } = settings.tariffs
  await kit.services.agent.saveSettings({
    ...settings,
    tariffs: {
      ...settings.tariffs,
      items: [...items, { kind: 'disk', name: 'backups', price: '99', bought: '2026-03-02', years: 5 }],
      fees: [...fees, { kind: 'domain', amount: '12', per: 'year', from: '2026-01-01' }],
    },
  })
  await page.goto(`${origin}/costs/tariffs`)
  await shoot(page, 'tariffs')
  await page.click('#bands summary')
  await page.fill('#bands-name-1', 'day')
  await page.fill('#bands-price-1', '0,30')
  await page.fill('#bands-hours-1', '6-22')
  await page.fill('#bands-name-2', 'night')
  await page.fill('#bands-price-2', '32')
  await page.click('#bands button')
  await shoot(page, 'tariffs-mistakes')
  await page.goto(`${origin}/costs`)
  await shoot(page, 'costs-detail')
  for (const summary of await page.locator('summary').all()) await summary.click()
  await shoot(page, 'costs-unfolded')
  await page.click('a[rel=prev]')
  await shoot(page, 'costs-before')
  await page.goto(`${origin}/costs/what-if`)
  await page.click('#people summary')
  await page.click('#people button')
  await shoot(page, 'what-if')
  await page.goto(`${origin}/settings#price`)
  await shoot(page, 'settings-prices')
  for (const language of ['de', 'fr', 'en']) {
    await kit.helper.handlers['kit.settings']({ language })
    if (language === 'en') return
    for (const name of ['costs', 'costs/tariffs', 'costs/what-if']) {
      await page.goto(`${origin}/${name}`)
      for (const summary of await page.locator('summary').all()) await summary.click()
      await shoot(page, `${name.replace('/', '-')}-${language}`)
    }
  }
}

/** Charts over each length of time, one with a value picked by the keyboard; and the drawing without scripts. */
async function shootHistory(page: Page): Promise<void> {
  for (const name of ['power', 'traffic', 'storage', 'costs']) {
    for (const step of name === 'storage' ? ['day', 'month'] : ['hour', 'day', 'month', 'year']) {
      await page.goto(`${origin}/${name}?step=${step}#history`)
      await shoot(page, `history-${name}-${step}`)
    }
  }
  await page.goto(`${origin}/power?step=day`)
  await page.focus('.canvas')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  const [value, readout] = await Promise.all([
    page.getAttribute('.canvas', 'aria-valuetext'),
    page.textContent('.readout'),
  ])
  if (!value || !readout || readout.replace(/\s/g, '') !== value.replace('. ', '').replace(/\s/g, ''))
    faults.push(`The chart says “${value}” and shows “${readout}”`)
  await page.locator('#history details summary').click()
  await shoot(page, 'history-picked')
  const plain = await browser.newContext({
    javaScriptEnabled: false,
    storageState: await page.context().storageState(),
  })
  const drawn = await plain.newPage()
  await drawn.goto(`${origin}/power?step=day`)
  if (!(await drawn.locator('#history svg').isVisible())) faults.push('Without scripts there is no drawing')
  await drawn.screenshot({ path: path.join(folder as string, 'history-drawn.png'), fullPage: true })
  await plain.close()
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`${origin}/sign-in`)
  await page.fill('#password', ownerPassword)
  await page.click('main button')
  await page.waitForURL(`${origin}/`)
}

async function signInAs(page: Page, name: string, password: string): Promise<void> {
  await page.context().clearCookies()
  await page.goto(`${origin}/sign-in`)
  await page.fill('#name', name)
  await page.fill('#password', password)
  await page.click('main button')
  await page.waitForURL(`${origin}/my`)
}

/** The pages of people with an account, and what the owner sees of them. */
async function shootMembers(page: Page, kit: TestKit): Promise<void> {
  const { agent } = kit.services
  const enter = (party: string, source: string, hours: string, audience: 'party' | 'members') =>
    agent.recordEntry({
      kind: 'work',
      party,
      period: { from: '2026-11-02', to: '2026-11-03' },
      amounts: [{ value: hours, unit: 'h' }],
      activity: 'moderation',
      engagement: 'volunteer',
      purpose: 'reports of the weekend',
      source,
      audience,
    })
  const [ada, ben] = [await agent.memberParty('ada', 'Ada Lovelace'), await agent.memberParty('ben', 'Benjamin')]
  await enter(ada.id, 'typed', '2', 'party')
  await enter(ada.id, 'typed-by-person', '1.5', 'members')
  await enter(ben.id, 'typed-by-person', '3', 'members')
  await enter((await agent.addParty('Benjamin')).id, 'typed', '4', 'party')
  await signInAs(page, 'ada', kit.helper.password)
  for (const language of ['de', 'fr', 'en']) {
    await kit.helper.handlers['kit.settings']({ language })
    for (const name of ['my', 'my/hours', 'my/data', 'my/data/erase']) {
      await page.goto(`${origin}/${name}`)
      for (const summary of await page.locator('summary').all()) await summary.click()
      await shoot(page, `${name.replaceAll('/', '-')}-${language}`)
    }
  }
  await page.goto(`${origin}/settings`)
  await shoot(page, 'my-closed')
  await page.context().clearCookies()
  await page.goto(`${origin}/sign-in`)
  await page.fill('#name', 'ada')
  await page.fill('#password', 'not it')
  await page.click('main button')
  await shoot(page, 'sign-in-wrong')
  await page.context().clearCookies()
  await signIn(page)
  for (const name of ['costs/shares', 'people']) {
    await page.goto(`${origin}/${name}`)
    await shoot(page, `members-${name.replace('/', '-')}`)
  }
}

/** The public report: a trial; then switched on, with a collector that was sent nothing yet. */
async function shootReport(page: Page, kit: TestKit): Promise<void> {
  await signIn(page)
  await page.goto(`${origin}/costs/public`)
  await shoot(page, 'report-trial')
  const facts = await kit.services.readKit()
  await kit.root.write('data/hearth/kit.json', { ...facts, serverName: 'hearth.example' })
  await page.goto(`${origin}/costs/public`)
  await page.click('form[action$="/on"] button')
  await page.click('#http summary')
  await page.fill('#http-url', 'http://192.168.1.5/')
  await page.fill('#http-publicUrl', 'https://collector.example/')
  await page.click('#http button')
  await shoot(page, 'report-mistake')
  await page.fill('#http-url', 'https://collector.example/put/')
  await page.click('#http button')
  for (const language of ['de', 'fr', 'en']) {
    await kit.helper.handlers['kit.settings']({ language })
    await page.goto(`${origin}/costs/public`)
    await shoot(page, `report-${language}`)
    for (const summary of await page.locator('summary').all()) await summary.click()
    await shoot(page, `report-unfolded-${language}`)
  }
}

await withScene('well', async (page, kit) => {
  await page.goto(`${origin}/`)
  await shoot(page, 'sign-in')
  await signIn(page)
  await page.setViewportSize(sizes.phone)
  for (const language of ['de', 'fr', 'en']) {
    await kit.helper.handlers['kit.settings']({ language })
    await page.goto(`${origin}/`)
    const height = await page.evaluate<number>('document.documentElement.scrollHeight')
    if (height > sizes.phone.height) faults.push(`Home (${language}) is ${height} px high on a phone`)
    await page.screenshot({ path: path.join(folder, `home-${language}.png`) })
  }
  await shoot(page, 'home')
  for (const name of ['power', 'storage', 'traffic', 'costs', 'people', 'diagnosis', 'settings']) {
    await page.goto(`${origin}/${name}`)
    await shoot(page, name)
  }
  await page.goto(`${origin}/power/calibrate`)
  await shoot(page, 'calibrate')
  for (const [kind, amount, who] of [
    ['donation', '20', 'Ada Lovelace'],
    ['bill', '31,40', ''],
    ['work', '1,5', 'Benjamin'],
  ]) {
    await page.goto(`${origin}/costs/ledger`)
    await page.locator(`details:has(#${kind}-amount) summary`).click()
    await page.fill(`#${kind}-amount`, amount as string)
    await page.fill(`#${kind}-who`, who as string)
    await page.locator(`details:has(#${kind}-amount) button`).click()
  }
  await shoot(page, 'ledger')
  await page.click('.cards a')
  await shoot(page, 'ledger-correct')
  await page.goto(`${origin}/power`)
  await page.click('#history details summary')
  await shoot(page, 'power-table')
  await shootHistory(page)
  await shootCosts(page, kit)
  await page.goto(`${origin}/diagnosis/server/log`)
  await shoot(page, 'log')
  await page.goto(`${origin}/people/ada/remove`)
  await shoot(page, 'remove')
  await page.goto(`${origin}/nowhere`)
  await shoot(page, 'not-found')
})

await withScene('well', shootMembers)
await withScene('well', shootReport)

await withScene('trouble', async (page) => {
  await signIn(page)
  await shoot(page, 'trouble')
  await page.goto(`${origin}/diagnosis`)
  await shoot(page, 'trouble-diagnosis')
})

await withScene('move', async (page) => {
  await page.goto(`${origin}/`)
  await page.fill('#code', 'abcd efgh jklm')
  await page.click('main button')
  await shoot(page, 'move')
})

await withScene('claim', async (page) => {
  await page.goto(`${origin}/`)
  await shoot(page, 'claim-code')
  await page.fill('#code', 'WRONG')
  await page.click('main button')
  await shoot(page, 'claim-wrong')
  await page.fill('#code', 'abcd efgh jklm')
  await page.click('main button')
  await shoot(page, 'claim-form')
  await page.click('main button')
  await shoot(page, 'claim-mistakes')
  await page.fill('#price', '0,32')
  await page.fill('#password', ownerPassword)
  await page.fill('#again', ownerPassword)
  await page.check('#naming-trial')
  await page.fill('#personId', 'ada')
  await page.fill('#personName', 'Ada Lovelace')
  await page.selectOption('#language', 'de')
  await page.click('main button')
  await page.waitForSelector('#person-password')
  await shoot(page, 'claim-done')
  await page.click('main a.button')
  await shoot(page, 'home-first')
})

await browser.close()
for (const fault of faults) console.error(fault)
console.log(faults.length === 0 ? 'No faults.' : `${faults.length} faults.`)
process.exitCode = faults.length === 0 ? 0 : 1
