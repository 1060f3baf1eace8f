//! The one file beside the day files: how far the feed has been stored durably, and the counters of days that were deleted.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use waxwing_spool::Cursor;

use crate::stats::DayCount;
use crate::{Day, LedgerError, files, schema};

/// Its name in the ledger's folder.
pub(crate) const FILE: &str = "totals.db";

/// `PRAGMA user_version` of the file.
pub(crate) const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE position (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  segment INTEGER NOT NULL,
  offset  INTEGER NOT NULL
);
CREATE TABLE daily (
  day       TEXT    NOT NULL,
  kind      TEXT    NOT NULL,
  account   TEXT    NOT NULL,
  connector TEXT    NOT NULL,
  state     TEXT    NOT NULL,
  messages  INTEGER NOT NULL,
  parts     INTEGER NOT NULL,
  sent      INTEGER NOT NULL,
  PRIMARY KEY (day, kind, account, connector, state)
) WITHOUT ROWID;
";

/// The file, open for writing.
pub(crate) struct Totals {
    conn: Connection,
    path: PathBuf,
}

impl Totals {
    /// Opens it, or makes it; a damaged one is moved aside.
    pub(crate) fn open(folder: &Path) -> Result<Totals, LedgerError> {
        let path = folder.join(FILE);
        match Totals::try_open(&path) {
            Err(e) if e.is_damage() => {
                let aside = files::set_aside(&path)?;
                tracing::error!(
                    file = %path.display(), moved_to = %aside.display(),
                    "damaged and moved aside; the counters of days that were deleted before are lost: {e}"
                );
                Totals::try_open(&path)
            }
            other => other,
        }
    }

    fn try_open(path: &Path) -> Result<Totals, LedgerError> {
        let fail = |e| LedgerError::sqlite("opening", path, e);
        let mut conn = Connection::open(path).map_err(fail)?;
        schema::tune(&conn, "FULL").map_err(fail)?;
        schema::create(&mut conn, path, VERSION, TABLES)?;
        Ok(Totals { conn, path: path.to_owned() })
    }

    /// Up to where everything is durable in the day files; `None` if nothing was ever stored.
    pub(crate) fn position(&self) -> Result<Option<Cursor>, LedgerError> {
        let row = self.conn.query_row("SELECT segment, offset FROM position", [], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)));
        match row {
            Ok((segment, offset)) => Ok(Some(Cursor { segment: segment.cast_unsigned(), offset: offset.cast_unsigned() })),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(e) => Err(self.error(e)),
        }
    }

    /// Sets [`Totals::position`], durably.
    pub(crate) fn set_position(&self, at: Cursor) -> Result<(), LedgerError> {
        let mut stmt = self.conn.prepare_cached("INSERT OR REPLACE INTO position VALUES (1, ?1, ?2)").map_err(|e| self.error(e))?;
        stmt.execute([at.segment.cast_signed(), at.offset.cast_signed()]).map_err(|e| self.error(e))?;
        Ok(())
    }

    /// Keeps the counters of a day that is about to be deleted. May be repeated.
    pub(crate) fn keep(&mut self, day: Day, counters: &[DayCount]) -> Result<(), LedgerError> {
        let path = &self.path;
        let fail = |e| LedgerError::sqlite("writing", path, e);
        let tx = self.conn.transaction().map_err(fail)?;
        {
            let mut stmt = tx.prepare_cached("INSERT OR REPLACE INTO daily VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)").map_err(fail)?;
            let day = day.to_string();
            for c in counters {
                let kind = crate::record::kind_name(c.kind);
                let [messages, parts, sent] = [c.messages, c.parts, c.sent].map(u64::cast_signed);
                stmt.execute(params![day, kind, c.account, c.connector, c.state.name(), messages, parts, sent]).map_err(fail)?;
            }
        }
        tx.commit().map_err(fail)
    }

    fn error(&self, e: rusqlite::Error) -> LedgerError {
        LedgerError::sqlite("using", &self.path, e)
    }
}
