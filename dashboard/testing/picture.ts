/**
 * The README's picture: `node dashboard/testing/picture.ts docs/pictures/home.png`. Three pages on a phone, of a Raspberry
 * Pi 4 without a plug: the real agent estimates its power from the board's published figures, and costs follow from that.
 * Needs Debian's Chromium.
 */
import type { Page } from 'playwright-core'
import { openChromium } from './chromium.ts'
import { ownerPassword } from './kit.ts'
import { startScene } from './try.ts'

const [, , file] = process.argv
if (!file) throw new Error('Say where the picture goes: node dashboard/testing/picture.ts FILE.png')

const origin = 'http://localhost:8080'
const phone = { width: 360, height: 640 }
const margin = 12
const pages = ['/', '/power', '/costs']

async function picturesOf(page: Page): Promise<string[]> {
  await page.goto(`${origin}/sign-in`)
  await page.fill('#password', ownerPassword)
  await page.click('main button')
  await page.waitForURL(`${origin}/`)
  const pictures: string[] = []
  for (const address of pages) {
    await page.goto(origin + address)
    pictures.push((await page.screenshot()).toString('base64'))
  }
  return pictures
}

const { stop } = await startScene('picture', 8080)
const browser = await openChromium()
try {
  const context = await browser.newContext({ timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', viewport: phone })
  const pictures = await picturesOf(await context.newPage())
  const side = await browser.newPage({
    viewport: { width: pages.length * (phone.width + 2 * margin), height: phone.height + 2 * margin },
  })
  const images = pictures.map((picture) => `<img alt="" src="data:image/png;base64,${picture}">`).join('')
  await side.setContent(`<style>body{margin:0;display:flex;background:#d9cec0}img{margin:${margin}px}</style>${images}`)
  await side.screenshot({ path: file })
} finally {
  await browser.close()
  await stop()
}
