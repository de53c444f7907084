import { readFileSync, statSync } from 'node:fs'
import { parseLogKey } from '../../ledger/log/note.ts'
import type { Outbox } from '../outbox.ts'

const maximumBytes = 256 * 1024
const mostAddressees = 32

/** Reads what the agent asks for; null if there is nothing. @throws Error for what is no outbox */
export function readOutbox(file: string): Outbox | null {
  let text: string
  try {
    if (statSync(file).size > maximumBytes) throw new Error(`${file} is larger than ${maximumBytes} bytes`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return checkOutbox(JSON.parse(text))
}

function checkOutbox(value: unknown): Outbox {
  const outbox = value as Outbox
  const need = (held: boolean, field: string) => {
    if (!held) throw new Error(`${field} of the outbox cannot be used`)
  }
  const isCount = (number: unknown) => Number.isSafeInteger(number) && Number(number) >= 0
  need(outbox?.version === 1, 'version')
  need(isCount(outbox.number), 'number')
  need(outbox.task === 'push' || outbox.task === 'compare', 'task')
  need(typeof outbox.folder === 'string' && /^([1-9]\d{0,8}\/)?$/.test(outbox.folder), 'folder')
  need(isCount(outbox.size) && typeof outbox.root === 'string', 'size')
  for (const list of [outbox.collectors, outbox.witnesses])
    need(Array.isArray(list) && list.length <= mostAddressees && list.every(({ grant }) => isCount(grant)), 'lists')
  for (const { id, place, publicUrl, known } of outbox.collectors) {
    need(typeof id === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(id), 'id')
    need(['http', 's3', 'sftp'].includes(place?.kind) && typeof publicUrl === 'string' && isCount(known), 'collectors')
    for (const field of Object.values(place)) need(['string', 'number'].includes(typeof field), 'place')
  }
  for (const { url, key, known } of outbox.witnesses)
    need(typeof url === 'string' && typeof key === 'string' && (known === undefined || isCount(known)), 'witnesses')
  // An outbox that asks nobody names no log.
  if (outbox.collectors.length > 0 || outbox.witnesses.length > 0)
    need(parseLogKey(outbox.key, 'key of the outbox').name === outbox.origin, 'origin')
  return outbox
}
