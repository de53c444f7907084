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
  `
  ALTER TABLE readings ADD COLUMN cpuServer REAL NOT NULL DEFAULT 0;       -- processor seconds by service
  ALTER TABLE readings ADD COLUMN cpuWeb REAL NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN cpuDashboard REAL NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN cpuAgent REAL NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN cpuSystem REAL NOT NULL DEFAULT 0;       -- what belongs to none of them
  ALTER TABLE readings ADD COLUMN serverIn INTEGER NOT NULL DEFAULT 0;     -- of the bytes above, those of a service
  ALTER TABLE readings ADD COLUMN serverOut INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN fetchIn INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN fetchOut INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN dashboardIn INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN dashboardOut INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN plainIn INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN plainOut INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN publishIn INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN publishOut INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE readings ADD COLUMN written INTEGER NOT NULL DEFAULT 0;      -- bytes, to the medium of the kit's data
  `,
]
