import path from 'node:path'

/**
 * Where everything lives on a kit (docs/architecture.md). One table, so that the agent, the helper, the set-up and the
 * dashboard cannot disagree.
 *
 * `root` is '/' on a kit. Tests and development pass a folder of their own and get the same tree below it.
 */
export function kitPaths(root = '/') {
  const at = (...parts: string[]) => path.join(root, ...parts)
  return {
    root,
    kit: at('data/hearth/kit.json'),
    release: at('usr/lib/hearth/release.json'),
    setup: at('data/hearth/setup'),
    claim: at('data/hearth/setup/claim.json'),
    tls: at('data/hearth/tls'),
    nginx: at('data/hearth/nginx'),
    /** Static pages that nginx serves: `plain/` on port 8081, `starting/` in front of the dashboard. */
    web: at('data/hearth/web'),
    /** Environment of the Fediverse server: whether it may federate. */
    serverEnvironment: at('data/hearth/server.env'),
    /** The Fediverse server's own translations (.po), part of the slot. */
    serverLanguages: at('usr/lib/hearth/server-languages'),
    audit: at('data/hearth/audit.log'),
    /** Secret of the helper, by which it names passwords without telling them (agent/helper/password-tag.ts). */
    passwordTagKey: at('data/hearth/password-tag.key'),
    agentData: at('data/hearth/agent'),
    /** What the agent publishes, and hears of it; `answer/` is written by hearth-publish (agent/publish/outbox.ts). */
    publish: at('data/hearth/publish'),
    publicLog: at('data/hearth/publish/log'),
    outbox: at('data/hearth/publish/outbox.json'),
    inbox: at('data/hearth/publish/answer/inbox.json'),
    /** What hearth-publish has for itself alone: its key for SFTP. */
    publishOwn: at('data/hearth/publish/own'),
    dashboardData: at('data/hearth/dashboard'),
    /** Backups that lie on the kit itself; there are none yet. */
    backups: at('data/hearth/backups'),
    snac: at('data/snac'),
    etc: at('data/etc'),
    agentSocket: at('run/hearth/agent.sock'),
    dashboardSocket: at('run/hearth/dashboard.sock'),
    /** Where nginx asks for the public log and its announcement. */
    publishSocket: at('run/hearth/publish.sock'),
    helperSocket: (caller: 'dashboard' | 'agent') => at(`run/hearth/helper-${caller}.sock`),
    snacSocket: at('run/snac2/snac.sock'),
    counters: at('run/hearth/counters.json'),
    /** What disks tell of their wear, asked by root once a day. */
    wear: at('run/hearth/wear.json'),
    boot: at('run/hearth/boot.json'),
    problems: at('run/hearth/problems.json'),
    network: at('run/hearth/network.json'),
    move: at('run/hearth/move.json'),
    proc: at('proc'),
    sys: at('sys'),
    clockTrusted: at('run/systemd/timesync/synchronized'),
    clockConfirmed: at('run/hearth/clock-confirmed'),
  }
}

export type KitPaths = ReturnType<typeof kitPaths>
