import { rmSync } from 'node:fs'
import path from 'node:path'
import { type Built, buildImage } from '#images/build/build.ts'
import { ensureFolder } from '#images/build/context.ts'
import { chooseAccelerator } from '#images/emulator/accelerator.ts'
import { freePort, Guest, type GuestOptions } from '#images/emulator/guest.ts'

const builds = new Map<string, Promise<Built>>()

/** The image of a recipe; `hearth test` has built it, so this takes no time. */
export function built(recipe: string): Promise<Built> {
  const known = builds.get(recipe) ?? buildImage({ recipe, log: (line) => console.error(line) })
  builds.set(recipe, known)
  return known
}

export interface Kit {
  guest: Guest
  /** Ports on 127.0.0.1 of the kit's three listeners, and of SSH. */
  ports: { plain: number; server: number; dashboard: number; ssh: number }
}

/**
 * Starts a kit from the untouched image, as from a new card, with a command channel for the test.
 * @param name folder of this kit; a kit of the same name before it is thrown away unless `again`
 * @param options `image`: another one than the recipe's, such as one with a seed
 */
export async function startKit(
  name: string,
  options: Partial<Omit<GuestOptions, 'folder' | 'forwards'>> & { recipe?: string; again?: boolean } = {},
): Promise<Kit> {
  const { recipe = 'kit-x86', again = false, ...rest } = options
  const { image, tools, context } = await built(recipe)
  const folder = path.join(context.cache, 'test', name)
  if (!again) rmSync(folder, { recursive: true, force: true })
  ensureFolder(folder)
  const [plain, server, dashboard, ssh] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const guest = new Guest(tools, {
    machine: 'x86-uefi',
    diskSize: 4 * 1024 ** 3,
    commands: true,
    accelerator: await chooseAccelerator(tools),
    image,
    ...rest,
    folder,
    forwards: { [plain]: 80, [server]: 443, [dashboard]: 8443, [ssh]: 22 },
  })
  await guest.start()
  return { guest, ports: { plain, server, dashboard, ssh } }
}

/** Waits until systemd has started everything; the state is `running` when no unit failed. */
export async function settled(guest: Guest, timeoutSeconds = 300): Promise<string> {
  await guest.ready(timeoutSeconds)
  return guest.run('systemctl is-system-running --wait', { timeoutSeconds, allowFailure: true })
}

/** What a test about a broken boot needs to see. */
export async function complaints(guest: Guest): Promise<string> {
  return guest.run(
    'systemctl --failed --no-legend --plain; for u in $(systemctl --failed --no-legend --plain | cut -d" " -f1); do journalctl -b -u $u -n 15 --no-pager; done',
    { allowFailure: true },
  )
}
