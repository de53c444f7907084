import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'
import { quietChromium } from '#dashboard/testing/chromium.ts'
import { repoRoot } from '#images/build/context.ts'
import type { Kit } from './kit.ts'
import { testRoot } from './root.ts'

/** Debian 13's Chromium, from the test root, that takes every name and port of a kit for those forwarded to it. */
export async function openBrowser({ ports }: Pick<Kit, 'ports'>): Promise<Browser> {
  const listeners = { 80: ports.plain, 443: ports.server, 8443: ports.dashboard }
  const rules = Object.entries(listeners).flatMap(([port, forwarded]) =>
    ['*.local', '*.example'].map((name) => `MAP ${name}:${port} 127.0.0.1:${forwarded}`),
  )
  const root = await testRoot()
  const program = path.join(root, 'usr/local/bin/chromium-outside')
  writeFileSync(program, `#!/bin/sh\nexec /usr/sbin/chroot ${root} /usr/bin/chromium "$@"\n`)
  chmodSync(program, 0o755)
  return chromium.launch({
    executablePath: program,
    args: [...quietChromium, `--host-resolver-rules=${[...rules, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'].join(', ')}`],
  })
}

/** What axe finds on a page, one line each; none is the goal. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 100)).join(' | ')}`)
}

/** Pictures of a page at phone and desktop width, in out/screenshots. */
export async function shoot(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries({
    phone: { width: 360, height: 640 },
    desktop: { width: 1280, height: 800 },
  })) {
    await page.setViewportSize(viewport)
    await page.screenshot({
      path: path.join(repoRoot, 'out/screenshots', `${name}-${size}.png`),
      fullPage: size === 'phone',
    })
  }
}
