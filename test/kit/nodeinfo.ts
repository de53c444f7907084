type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 0

/**
 * What keeps a document from being NodeInfo 2.0 or 2.1. These are rules written after the published schemas, not the schemas
 * themselves: what has no faults here is valid there. They are stricter in one thing: the kit has no services, so it must
 * name none.
 */
export function nodeInfoFaults(info: Json): string[] {
  const faults: string[] = []
  const need = (held: boolean, text: string) => {
    if (!held) faults.push(text)
  }
  /** An object with these keys and no others, as far as it is one; `needed` of them must be there. */
  const part = (name: string, value: unknown, needed: string[], possible: string[] = []): Json => {
    need(isObject(value), `${name} is no object`)
    const found = isObject(value) ? value : {}
    for (const key of needed) need(key in found, `${name}.${key} is missing`)
    for (const key of Object.keys(found)) need([...needed, ...possible].includes(key), `${name}.${key} is not allowed`)
    return found
  }
  const keys = ['version', 'software', 'protocols', 'services', 'openRegistrations', 'usage', 'metadata']
  part('document', info, keys)
  need(info.version === '2.0' || info.version === '2.1', `version ${info.version}`)

  const links = info.version === '2.1' ? ['repository', 'homepage'] : []
  const software = part('software', info.software, ['name', 'version'], links)
  need(/^[a-z0-9-]+$/.test(String(software.name)), `software.name ${software.name}`)
  for (const [key, value] of Object.entries(software)) need(typeof value === 'string', `software.${key} is no text`)

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
  for (const name of Array.isArray(info.protocols) ? info.protocols : [])
    need(protocols.includes(name), `protocol ${name}`)

  const ways = ['inbound', 'outbound']
  const services = part('services', info.services, ways)
  for (const way of ways)
    need(Array.isArray(services[way]) && services[way].length === 0, `services.${way} is no empty list`)
  need(typeof info.openRegistrations === 'boolean', 'openRegistrations is neither true nor false')

  const counts = ['localPosts', 'localComments']
  const usage = part('usage', info.usage, ['users'], counts)
  for (const key of counts) need(!(key in usage) || isCount(usage[key]), `usage.${key} is no whole number`)
  const users = part('usage.users', usage.users, [], ['total', 'activeHalfyear', 'activeMonth'])
  for (const [key, value] of Object.entries(users)) need(isCount(value), `usage.users.${key} is no whole number`)
  need(isObject(info.metadata), 'metadata is no object')
  return faults
}
