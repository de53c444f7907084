import path from 'node:path'
import { type KitPaths, kitPaths } from '../paths.ts'

export interface HostPaths extends KitPaths {
  config: string
  /** Bytes by owner, as `hearth-ledger-storage` counted them. */
  storage: string
}

/** Where things live on a server that is no kit, by the file system standard. */
export function hostPaths(root = '/'): HostPaths {
  const at = (...parts: string[]) => path.join(root, ...parts)
  const agentData = at('var/lib/hearth/agent')
  const publish = path.join(agentData, 'publish')
  return {
    ...kitPaths(root),
    agentData,
    publish,
    publicLog: path.join(publish, 'log'),
    outbox: path.join(publish, 'outbox.json'),
    inbox: path.join(publish, 'answer/inbox.json'),
    config: at('etc/hearth/ledger-agent.yaml'),
    storage: at('run/hearth/storage.json'),
  }
}
