//! One day's file, as the projection writes it.
//!
//! Each file remembers how far in the feed it has everything that concerns it, in the same transaction as the rows: after a crash the
//! feed is read again from an older place, and each file skips what it has.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use waxwing_core::{Kind, MsgId, State};
use waxwing_spool::Cursor;

use crate::life::{Content, Fixed, Live, NewEvent};
use crate::record::{kind_name, part_states_of, part_states_text, state_or_unknown};
use crate::{Day, LedgerError, schema};

/// A counter's key: kind, account, connector, state.
pub(crate) type CounterKey = (Kind, Arc<str>, Arc<str>, State);

/// What a batch does to one file.
#[derive(Default)]
pub(crate) struct Work {
    /// Messages of another log whose numbers are used again.
    pub(crate) displaced: Vec<MsgId>,
    pub(crate) inserts: Vec<(MsgId, Fixed, Content, Live)>,
    pub(crate) updates: Vec<Update>,
    pub(crate) receipts: Vec<(MsgId, MsgId)>,
    pub(crate) events: Vec<(MsgId, NewEvent)>,
    /// Messages and parts to add.
    pub(crate) counters: HashMap<CounterKey, (i64, i64)>,
}

/// A row that was there before.
pub(crate) struct Update {
    pub(crate) id: MsgId,
    pub(crate) live: Live,
    pub(crate) content: Option<Content>,
    /// The connector is another one: its index has to be changed.
    pub(crate) moved: bool,
    /// The state is another one: its index has to be changed.
    pub(crate) entered: bool,
}

/// A day's file, open for writing.
pub(crate) struct DayFile {
    conn: Connection,
    path: PathBuf,
    /// It has everything up to here.
    pub(crate) position: Cursor,
    next_seq: i64,
}

const LOAD: &str = "SELECT kind, account, connector, state, error, reason, expires_ms, due_ms, sent_ms, done_ms, attempts, parts, part_states, \
                    remote_id FROM message WHERE id = ?1";
const INSERT: &str = "INSERT OR REPLACE INTO message (id, kind, account, door, source, source_ton, source_npi, destination, destination_ton, \
                      destination_npi, text, data_coding, octets, reference, submitted_from, priority, accepted_ms, expires_ms, due_ms, sent_ms, \
                      done_ms, connector, state, error, reason, attempts, parts, part_states, remote_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
                      ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)";
/// Columns without an index; the indexed ones are written only where they changed.
const UPDATE: &str = "UPDATE message SET error = ?2, reason = ?3, expires_ms = ?4, due_ms = ?5, sent_ms = ?6, done_ms = ?7, attempts = ?8, parts = ?9, \
                      part_states = ?10, remote_id = ?11 WHERE id = ?1";
const UPDATE_STATE: &str = "UPDATE message SET error = ?2, reason = ?3, expires_ms = ?4, due_ms = ?5, sent_ms = ?6, done_ms = ?7, attempts = ?8, \
                            parts = ?9, part_states = ?10, remote_id = ?11, state = ?12 WHERE id = ?1";
const UPDATE_CONNECTOR: &str = "UPDATE message SET connector = ?2 WHERE id = ?1";
const UPDATE_CONTENT: &str = "UPDATE message SET text = ?2, data_coding = ?3, octets = ?4 WHERE id = ?1";
const INSERT_EVENT: &str = "INSERT OR REPLACE INTO event (message, seq, at_ms, kind, connector, part, state, code, words) \
                            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const INSERT_RECEIPT: &str = "INSERT OR REPLACE INTO receipt (id, message) VALUES (?1, ?2)";
const COUNT: &str = "INSERT INTO counter (kind, account, connector, state, messages, parts) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                     ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, parts = parts + excluded.parts";

impl DayFile {
    /// Opens a day's file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<DayFile, LedgerError> {
        let conn = schema::open_day(path)?;
        let fail = |e| LedgerError::sqlite("reading", path, e);
        let (segment, offset, next_seq): (i64, i64, i64) = conn
            .query_row("SELECT segment, offset, next_seq FROM position", [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
            .map_err(fail)?;
        let position = Cursor { segment: segment.cast_unsigned(), offset: offset.cast_unsigned() };
        Ok(DayFile { conn, path: path.to_owned(), position, next_seq })
    }

    /// Lowest and highest id of the messages and receipts in it.
    pub(crate) fn range(&self) -> Result<Option<(MsgId, MsgId)>, LedgerError> {
        let sql = "SELECT min(lo), max(hi) FROM (SELECT (SELECT min(id) FROM message) AS lo, (SELECT max(id) FROM message) AS hi \
                   UNION ALL SELECT (SELECT min(id) FROM receipt), (SELECT max(id) FROM receipt))";
        let (lo, hi): (Option<i64>, Option<i64>) =
            self.conn.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).map_err(|e| self.error(e))?;
        Ok(lo.zip(hi).map(|(lo, hi)| (MsgId(lo.cast_unsigned()), MsgId(hi.cast_unsigned()))))
    }

    /// What may change about a message, if it is here.
    pub(crate) fn load(&self, id: MsgId) -> Result<Option<Live>, LedgerError> {
        let mut stmt = self.conn.prepare_cached(LOAD).map_err(|e| self.error(e))?;
        stmt.query_row([id.0.cast_signed()], |r| {
            let kind = if r.get_ref(0)?.as_str()? == "mo" { Kind::Mo } else { Kind::Mt };
            Ok(Live {
                kind,
                account: r.get(1)?,
                connector: r.get(2)?,
                state: state_or_unknown(r.get_ref(3)?.as_str()?),
                error: r.get(4)?,
                reason: r.get(5)?,
                expires: r.get::<_, i64>(6)?.cast_unsigned(),
                due: r.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned),
                sent: r.get::<_, Option<i64>>(8)?.map(i64::cast_unsigned),
                done: r.get::<_, Option<i64>>(9)?.map(i64::cast_unsigned),
                attempts: r.get(10)?,
                parts: r.get(11)?,
                part_states: part_states_of(r.get_ref(12)?.as_str()?),
                remote_id: r.get(13)?,
            })
        })
        .optional()
        .map_err(|e| self.error(e))
    }

    /// The message that a receipt is about, if the receipt was accepted on this day.
    pub(crate) fn receipt_parent(&self, id: MsgId) -> Result<Option<MsgId>, LedgerError> {
        let mut stmt = self.conn.prepare_cached("SELECT message FROM receipt WHERE id = ?1").map_err(|e| self.error(e))?;
        let parent: Option<i64> = stmt.query_row([id.0.cast_signed()], |r| r.get(0)).optional().map_err(|e| self.error(e))?;
        Ok(parent.map(|p| MsgId(p.cast_unsigned())))
    }

    /// Writes what a batch does to it, together with the batch's end.
    pub(crate) fn write(&mut self, work: &Work, upto: Cursor) -> Result<(), LedgerError> {
        let mut seq = self.next_seq;
        let path = &self.path;
        let fail = |e| LedgerError::sqlite("writing", path, e);
        let tx = self.conn.transaction().map_err(fail)?;
        write_rows(&tx, work, &mut seq).map_err(fail)?;
        tx.prepare_cached("UPDATE position SET segment = ?1, offset = ?2, next_seq = ?3")
            .and_then(|mut s| s.execute(params![upto.segment.cast_signed(), upto.offset.cast_signed(), seq]))
            .map_err(fail)?;
        tx.commit().map_err(fail)?;
        self.next_seq = seq;
        self.position = upto;
        Ok(())
    }

    /// Makes everything that was written durable. SQLite leaves that to its checkpoints in this mode; the feed may be told that its
    /// records are no longer needed only after this.
    pub(crate) fn sync(&self) -> Result<(), LedgerError> {
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        let wal = PathBuf::from(wal);
        match File::open(&wal) {
            Ok(f) => f.sync_data().map_err(|e| LedgerError::io("syncing", &wal, e)),
            // All of it is in the file itself, synced by the checkpoint that removed the write-ahead log.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(LedgerError::io("opening", &wal, e)),
        }
    }

    /// Every counter of the day: kind, account, connector, state, messages, parts.
    pub(crate) fn counters(&self) -> Result<Vec<crate::DayCount>, LedgerError> {
        crate::stats::read_counters(&self.conn, day_of(&self.path)).map_err(|e| self.error(e))
    }

    /// Whether SQLite finds nothing wrong with it. Reads the whole file.
    pub(crate) fn is_sound(&self) -> bool {
        let words: rusqlite::Result<String> = self.conn.query_row("PRAGMA quick_check(1)", [], |r| r.get(0));
        words.is_ok_and(|w| w == "ok")
    }

    fn error(&self, e: rusqlite::Error) -> LedgerError {
        LedgerError::sqlite("reading", &self.path, e)
    }
}

fn day_of(path: &Path) -> Day {
    path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok()).unwrap_or(Day(0))
}

fn write_rows(tx: &Transaction<'_>, work: &Work, seq: &mut i64) -> rusqlite::Result<()> {
    for id in &work.displaced {
        tx.prepare_cached("DELETE FROM event WHERE message = ?1")?.execute([id.0.cast_signed()])?;
    }
    let mut insert = tx.prepare_cached(INSERT)?;
    for (id, fixed, content, live) in &work.inserts {
        let m = &fixed.message;
        insert.execute(params![
            id.0.cast_signed(),
            kind_name(live.kind),
            live.account,
            m.door().name(),
            m.source.as_text(),
            m.source.ton,
            m.source.npi,
            m.destination.as_text(),
            m.destination.ton,
            m.destination.npi,
            content.text,
            content.data_coding,
            content.octets.cast_signed(),
            m.reference,
            m.submitted_from,
            fixed.priority,
            fixed.accepted.cast_signed(),
            live.expires.cast_signed(),
            live.due.map(u64::cast_signed),
            live.sent.map(u64::cast_signed),
            live.done.map(u64::cast_signed),
            live.connector,
            live.state.name(),
            live.error,
            live.reason,
            live.attempts,
            live.parts,
            part_states_text(&live.part_states),
            live.remote_id,
        ])?;
    }
    for u in &work.updates {
        write_update(tx, u)?;
    }
    let mut receipt = tx.prepare_cached(INSERT_RECEIPT)?;
    for (id, message) in &work.receipts {
        receipt.execute([id.0.cast_signed(), message.0.cast_signed()])?;
    }
    let mut event = tx.prepare_cached(INSERT_EVENT)?;
    for (id, e) in &work.events {
        let (kind, state) = (e.kind.name(), e.state.map(State::name));
        event.execute(params![id.0.cast_signed(), *seq, e.at.cast_signed(), kind, e.connector, e.part, state, e.code, e.words])?;
        *seq += 1;
    }
    let mut count = tx.prepare_cached(COUNT)?;
    for ((kind, account, connector, state), (messages, parts)) in work.counters.iter().filter(|(_, n)| **n != (0, 0)) {
        count.execute(params![kind_name(*kind), account, connector, state.name(), messages, parts])?;
    }
    if work.counters.values().any(|(messages, _)| *messages < 0) {
        tx.prepare_cached("DELETE FROM counter WHERE messages <= 0")?.execute([])?;
    }
    Ok(())
}

fn write_update(tx: &Transaction<'_>, u: &Update) -> rusqlite::Result<()> {
    let l = &u.live;
    let (id, expires) = (u.id.0.cast_signed(), l.expires.cast_signed());
    let (due, sent, done) = (l.due.map(u64::cast_signed), l.sent.map(u64::cast_signed), l.done.map(u64::cast_signed));
    let states = part_states_text(&l.part_states);
    if u.entered {
        tx.prepare_cached(UPDATE_STATE)?.execute(params![
            id,
            l.error,
            l.reason,
            expires,
            due,
            sent,
            done,
            l.attempts,
            l.parts,
            states,
            l.remote_id,
            l.state.name()
        ])?;
    } else {
        tx.prepare_cached(UPDATE)?.execute(params![
            id,
            l.error,
            l.reason,
            expires,
            due,
            sent,
            done,
            l.attempts,
            l.parts,
            states,
            l.remote_id
        ])?;
    }
    if u.moved {
        tx.prepare_cached(UPDATE_CONNECTOR)?.execute(params![id, l.connector])?;
    }
    if let Some(c) = &u.content {
        tx.prepare_cached(UPDATE_CONTENT)?.execute(params![id, c.text, c.data_coding, c.octets.cast_signed()])?;
    }
    Ok(())
}
