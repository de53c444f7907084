/**
 * What keeps a document from being NodeInfo 2.0 or 2.1; the rules are those of the published schemas: which keys there
 * must be, no others at the top, and the closed lists of protocols and services.
 */
export function nodeInfoFaults(info: Record<string, unknown>): string[] {
  const faults: string[] = []
  const need = (held: boolean, text: string) => {
    if (!held) faults.push(text)
  }
  const keys = ['version', 'software', 'protocols', 'services', 'openRegistrations', 'usage', 'metadata']
  for (const key of keys) need(key in info, `${key} is missing`)
  for (const key of Object.keys(info)) need(keys.includes(key), `${key} is not allowed`)
  need(info.version === '2.0' || info.version === '2.1', `version ${info.version}`)
  const software = (info.software ?? {}) as Record<string, unknown>
  need(typeof software.name === 'string' && /^[a-z0-9-]+$/.test(software.name), `software.name ${software.name}`)
  need(typeof software.version === 'string', 'software.version is no text')
  const allowed = ['name', 'version', ...(info.version === '2.1' ? ['repository', 'homepage'] : [])]
  for (const key of Object.keys(software)) need(allowed.includes(key), `software.${key} is not allowed`)
  const protocols = [
    'activitypub',
    'buddycloud',
    'dfrn',
    'diaspora',
    'libertree',
    'ostatus',
    'pumpio',
    'tent',
    'xmpp',
    'zot',
  ]
  need(Array.isArray(info.protocols) && info.protocols.length > 0, 'protocols is no list with something in it')
  for (const name of (info.protocols ?? []) as string[]) need(protocols.includes(name), `protocol ${name}`)
  const services = (info.services ?? {}) as Record<string, unknown>
  for (const way of ['inbound', 'outbound']) need(Array.isArray(services[way]), `services.${way} is no list`)
  need(typeof info.openRegistrations === 'boolean', 'openRegistrations is neither true nor false')
  const usage = (info.usage ?? {}) as Record<string, Record<string, unknown>>
  need(typeof usage.users === 'object', 'usage.users is missing')
  for (const [key, value] of Object.entries(usage.users ?? {})) {
    need(['total', 'activeHalfyear', 'activeMonth'].includes(key), `usage.users.${key} is not allowed`)
    need(Number.isInteger(value) && Number(value) >= 0, `usage.users.${key} is no whole number`)
  }
  need(typeof info.metadata === 'object', 'metadata is no object')
  return faults
}
