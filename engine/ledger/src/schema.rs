//! The tables of a day file. They are a public interface, described in docs/reference/ledger.md: columns may be added, their meaning
//! never changes; what breaks a reader raises [`VERSION`].

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::LedgerError;

/// `PRAGMA user_version` of a day file.
pub const VERSION: i64 = 3;

/// Marks the file as ours (`PRAGMA application_id`): "WXLG".
pub(crate) const APPLICATION: i32 = 0x5758_4C47;

/// A slice is as many numbers in a row: 2 to the power of this. Within a day's file every index begins with the slice, so that what is
/// written to is always the last small piece of it: an index over a whole day would have each new row go to another page of a hundred
/// thousand, and be written anew with every batch.
pub(crate) const SLICE_BITS: u32 = 16;

/// States that the index on states has: those that somebody has to look into. A query must repeat this condition word for word for SQLite
/// to use that index.
pub(crate) const FAILED: &str = "state IN ('expired', 'deleted', 'undeliverable', 'rejected', 'unknown', 'skipped', 'failed')";

const TABLES: &str = "
CREATE TABLE message (
  id              INTEGER PRIMARY KEY,
  kind            TEXT    NOT NULL,
  account         TEXT    NOT NULL,
  door            TEXT    NOT NULL,
  source          TEXT    NOT NULL,
  source_ton      INTEGER NOT NULL,
  source_npi      INTEGER NOT NULL,
  destination     TEXT    NOT NULL,
  destination_ton INTEGER NOT NULL,
  destination_npi INTEGER NOT NULL,
  text            TEXT,
  data_coding     INTEGER NOT NULL,
  octets          INTEGER NOT NULL,
  reference       TEXT    NOT NULL,
  service_type    TEXT    NOT NULL,
  submitted_from  TEXT    NOT NULL,
  priority        INTEGER NOT NULL,
  accepted_ms     INTEGER NOT NULL,
  expires_ms      INTEGER NOT NULL,
  due_ms          INTEGER,
  sent_ms         INTEGER,
  done_ms         INTEGER,
  connector       TEXT    NOT NULL,
  state           TEXT    NOT NULL,
  error           TEXT    NOT NULL,
  reason          TEXT    NOT NULL,
  attempts        INTEGER NOT NULL,
  parts           INTEGER NOT NULL,
  part_states     TEXT    NOT NULL,
  remote_id       TEXT    NOT NULL,
  history         TEXT    NOT NULL,
  slice           INTEGER AS (id >> 16) VIRTUAL,
  handset         TEXT    AS (CASE kind WHEN 'mo' THEN source ELSE destination END) VIRTUAL
);
CREATE INDEX message_handset ON message (slice, handset);
CREATE INDEX message_account ON message (slice, account);
CREATE INDEX message_failed  ON message (slice, state)
  WHERE state IN ('expired', 'deleted', 'undeliverable', 'rejected', 'unknown', 'skipped', 'failed');
CREATE TABLE slice (
  slice   INTEGER PRIMARY KEY,
  from_ms INTEGER NOT NULL,
  to_ms   INTEGER NOT NULL
);
CREATE TABLE service (
  slice  INTEGER NOT NULL,
  number TEXT    NOT NULL,
  PRIMARY KEY (slice, number)
) WITHOUT ROWID;
CREATE TABLE receipt (
  id      INTEGER PRIMARY KEY,
  message INTEGER NOT NULL
);
CREATE TABLE counter (
  slice        INTEGER NOT NULL,
  kind         TEXT    NOT NULL,
  account      TEXT    NOT NULL,
  connector    TEXT    NOT NULL,
  state        TEXT    NOT NULL,
  service_type TEXT    NOT NULL,
  messages     INTEGER NOT NULL,
  parts        INTEGER NOT NULL,
  sent         INTEGER NOT NULL,
  PRIMARY KEY (slice, kind, account, connector, state, service_type)
) WITHOUT ROWID;
CREATE TABLE position (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  segment  INTEGER NOT NULL,
  offset   INTEGER NOT NULL
);
INSERT INTO position VALUES (1, 0, 0);
CREATE VIEW event AS
  SELECT m.id AS message, e.key + 1 AS seq, e.value ->> 0 AS at_ms, e.value ->> 1 AS kind, e.value ->> 2 AS connector, e.value ->> 3 AS part,
         e.value ->> 4 AS state, e.value ->> 5 AS code, e.value ->> 6 AS words FROM message m, json_each(m.history) e;
CREATE VIEW life AS
  SELECT id AS message, 0 AS seq, accepted_ms AS at_ms, 'accepted' AS kind, '' AS connector, NULL AS part, NULL AS state,
         door AS code, submitted_from AS words FROM message
  UNION ALL
  SELECT message, seq, at_ms, kind, connector, part, state, code, words FROM event;
";

/// How long a statement waits for another process that holds the file (a backup, somebody's sqlite3).
pub(crate) const BUSY: Duration = Duration::from_secs(10);

/// Opens a day file for writing; makes it where it is not there.
pub(crate) fn open_day(path: &Path) -> Result<Connection, LedgerError> {
    let fail = |e| LedgerError::sqlite("opening", path, e);
    let mut conn = Connection::open(path).map_err(fail)?;
    tune(&conn, "NORMAL").map_err(fail)?;
    // Small checkpoints: while the disk is busy with ours, the spool's sync waits, and whoever wants to submit a message with it.
    conn.pragma_update(None, "wal_autocheckpoint", 512).map_err(fail)?;
    // KiB: the pages of a batch and of the slices that it touches, which would be read again and again otherwise.
    conn.pragma_update(None, "cache_size", -8_192).map_err(fail)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20).map_err(fail)?;
    create(&mut conn, path, VERSION, TABLES)?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(conn)
}

/// Opens a file of this version for reading only.
pub(crate) fn open_reader(path: &Path, version: i64) -> Result<Connection, LedgerError> {
    let fail = |e| LedgerError::sqlite("opening", path, e);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(fail)?;
    conn.busy_timeout(BUSY).map_err(fail)?;
    check_version(&conn, path, version)?;
    Ok(conn)
}

/// The settings that every file of ours is written with.
pub(crate) fn tune(conn: &Connection, synchronous: &str) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY)?;
    // What a statement may have to take back is kept in memory: in a file, it costs a write for each page that a statement touches.
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", synchronous)
}

/// Makes the tables of an empty file, or checks that an existing one is ours.
pub(crate) fn create(conn: &mut Connection, path: &Path, version: i64, tables: &str) -> Result<(), LedgerError> {
    let fail = |e| LedgerError::sqlite("creating the tables of", path, e);
    let empty: bool = conn.query_row("SELECT count(*) = 0 FROM sqlite_master", [], |r| r.get(0)).map_err(fail)?;
    if !empty {
        return check_version(conn, path, version);
    }
    let tx = conn.transaction().map_err(fail)?;
    tx.execute_batch(tables).map_err(fail)?;
    tx.pragma_update(None, "user_version", version).map_err(fail)?;
    tx.pragma_update(None, "application_id", APPLICATION).map_err(fail)?;
    tx.commit().map_err(fail)
}

fn check_version(conn: &Connection, path: &Path, known: i64) -> Result<(), LedgerError> {
    let found: i64 = conn
        .query_row("SELECT user_version FROM pragma_user_version", [], |r| r.get(0))
        .map_err(|e| LedgerError::sqlite("opening", path, e))?;
    match found {
        found if found > known => Err(LedgerError::Newer { path: path.to_owned(), found, known }),
        found if found < known => Err(LedgerError::Older { path: path.to_owned(), found, known }),
        _ => Ok(()),
    }
}
