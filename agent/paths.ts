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
    agentData: at('data/hearth/agent'),
    dashboardData: at('data/hearth/dashboard'),
    snac: at('data/snac'),
    etc: at('data/etc'),
    agentSocket: at('run/hearth/agent.sock'),
    dashboardSocket: at('run/hearth/dashboard.sock'),
    helperSocket: (caller: 'dashboard' | 'agent') => at(`run/hearth/helper-${caller}.sock`),
    snacSocket: at('run/snac2/snac.sock'),
    counters: at('run/hearth/counters.json'),
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
