//! The file: its tables, and how it is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::MailboxError;

/// The version of the tables.
const VERSION: i64 = 1;
/// How long a statement waits for another process that holds the file (a backup, somebody's sqlite3).
const BUSY: Duration = Duration::from_secs(10);

/// `mailbox` has the sums of its entries, so that a quota costs one row to look at. Numbers of entries are never used again: contents are
/// kept for them. `origin` makes that a waiting message is kept once, however often a phone asks for it.
const TABLES: &str = "
CREATE TABLE mailbox (
  id       INTEGER PRIMARY KEY,
  number   TEXT    NOT NULL,
  since_ms INTEGER NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0,
  octets   INTEGER NOT NULL DEFAULT 0,
  UNIQUE (number, since_ms)
) STRICT;
CREATE TABLE entry (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mailbox    INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  token      TEXT    NOT NULL UNIQUE,
  media      BLOB    NOT NULL,
  headers    BLOB    NOT NULL,
  message_id TEXT    NOT NULL,
  size       INTEGER NOT NULL,
  sender     TEXT    NOT NULL,
  subject    TEXT    NOT NULL,
  date       INTEGER NOT NULL,
  state      INTEGER NOT NULL,
  may_adapt  INTEGER NOT NULL,
  locked     INTEGER NOT NULL,
  origin     TEXT,
  stored_ms  INTEGER NOT NULL,
  expires_ms INTEGER
) STRICT;
CREATE INDEX entry_mailbox ON entry (mailbox, id);
CREATE INDEX entry_expires ON entry (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE UNIQUE INDEX entry_origin ON entry (mailbox, origin) WHERE origin IS NOT NULL;
CREATE TABLE flag (
  entry INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
  word  TEXT    NOT NULL COLLATE NOCASE,
  PRIMARY KEY (entry, word)
) STRICT, WITHOUT ROWID;
";

/// Opens the file for writing; makes it where it is not there.
pub(super) fn open(path: &Path) -> Result<Connection, MailboxError> {
    let fail = |e| MailboxError::sqlite("opening", path, e);
    let mut conn = Connection::open(path).map_err(fail)?;
    only_ours(path)?;
    tune(&conn).map_err(fail)?;
    conn.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
    conn.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(fail)?;
    let found: i64 = conn.query_row("SELECT user_version FROM pragma_user_version", [], |r| r.get(0)).map_err(fail)?;
    if found > VERSION {
        return Err(MailboxError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    if found == 0 {
        let tx = conn.transaction().map_err(fail)?;
        tx.execute_batch(TABLES).map_err(fail)?;
        tx.pragma_update(None, "user_version", VERSION).map_err(fail)?;
        tx.commit().map_err(fail)?;
    }
    Ok(conn)
}

/// Opens it for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection, MailboxError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = Connection::open_with_flags(path, flags).and_then(|conn| tune(&conn).map(|()| conn));
    open.map_err(|e| MailboxError::sqlite("opening", path, e))
}

fn tune(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(32);
    conn.pragma_update(None, "temp_store", "MEMORY")
}

/// Messages are nobody else's business.
fn only_ours(path: &Path) -> Result<(), MailboxError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let ours = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, ours).map_err(|e| MailboxError::io("restricting", path, e))?;
    }
    Ok(())
}
