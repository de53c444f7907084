/** The history of the readings' database, `ledger.db`. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE readings (
    hour INTEGER NOT NULL,                -- seconds since 1970, a full hour
    trusted INTEGER NOT NULL,             -- 0: the clock could not be trusted
    energy INTEGER NOT NULL,              -- microwatt-hours
    energyLow INTEGER NOT NULL,
    energyHigh INTEGER NOT NULL,
    classRank INTEGER NOT NULL,           -- 0 measured, 1 derived, 2 modelled
    seconds REAL NOT NULL,                -- with a reading
    cpuSeconds REAL NOT NULL,
    lanIn INTEGER NOT NULL,               -- bytes, as all that follow
    lanOut INTEGER NOT NULL,
    wanIn INTEGER NOT NULL,
    wanOut INTEGER NOT NULL,
    unknownIn INTEGER NOT NULL,
    unknownOut INTEGER NOT NULL,
    PRIMARY KEY (hour, trusted)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE notes (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL                   -- JSON
  ) STRICT, WITHOUT ROWID;
  `,
]
