import { DatabaseSync } from 'node:sqlite'

/**
 * Hours until now as the agent would have written them to its `ledger.db`, with two gaps: six hours yesterday, and some
 * days a month ago. The first weeks are measured, the rest is estimated.
 */
export function addReadings(file: string, hours: number): void {
  const database = new DatabaseSync(file, { timeout: 5000 })
  const insert = database.prepare(
    `INSERT OR REPLACE INTO readings (hour, trusted, energy, energyLow, energyHigh, classRank, seconds, cpuSeconds,
     lanIn, lanOut, wanIn, wanOut, unknownIn, unknownOut) VALUES (?, 1, ?, ?, ?, ?, 3600, 360, ?, ?, ?, ?, 0, 0)`,
  )
  const hour = Math.floor(Date.now() / 3_600_000) * 3600
  database.exec('BEGIN')
  for (let back = 1; back <= hours; back++) {
    if ((back >= 20 && back < 26) || (back >= 720 && back < 820)) continue
    const evening = Math.max(0, Math.sin(((back + 3) / 24) * 2 * Math.PI))
    const energy = Math.round((2.7 + evening * 0.9 + (back % 5) * 0.06) * 1e6)
    const bytes = Math.round((4 + evening * 40 + (back % 7)) * 1e6)
    const isMeasured = back > hours - 500
    const [low, high] = isMeasured ? [0.98, 1.02] : [0.72, 1.3]
    insert.run(
      hour - back * 3600,
      energy,
      Math.round(energy * low),
      Math.round(energy * high),
      isMeasured ? 0 : 2,
      bytes * 2,
      bytes * 3,
      bytes,
      bytes >> 1,
    )
  }
  database.exec('COMMIT')
  database.close()
}
