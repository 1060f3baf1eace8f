//! One day's file, as the projection writes it.
//!
//! Each file remembers how far in the feed it has everything that concerns it, in the same transaction as the rows: after a crash the
//! feed is read again from an older place, and each file skips what it has.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use rusqlite::{Connection, OptionalExtension, Statement, params};
use waxwing_core::{Kind, MsgId, State};
use waxwing_spool::Cursor;

use crate::batch::Slot;
use crate::life::Live;
use crate::record::{kind_name, kind_named, part_states_of, part_states_text, state_or_unknown};
use crate::{Day, LedgerError, schema};

/// A counter's key: slice, kind, account, connector, state, service_type.
pub(crate) type CounterKey = (u64, Kind, Arc<str>, Arc<str>, State, Option<Arc<str>>);

/// What is added to a counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addition {
    pub(crate) messages: i64,
    pub(crate) parts: i64,
    pub(crate) sent: i64,
}

/// What a batch does to one file.
#[derive(Default)]
pub(crate) struct Work {
    /// Numbers of another log that are used again.
    pub(crate) displaced: Vec<MsgId>,
    /// New and changed messages.
    pub(crate) messages: Vec<(MsgId, Box<Slot>)>,
    /// Receipts to submitters that are still on their way, with the messages that they are about.
    pub(crate) receipts: Vec<(MsgId, MsgId)>,
    /// What to add to them.
    pub(crate) counters: HashMap<CounterKey, Addition>,
}

/// A day's file, open for writing.
pub(crate) struct DayFile {
    conn: Connection,
    path: PathBuf,
    /// It has everything up to here.
    pub(crate) position: Cursor,
    /// A transaction is open: from the first look at a row to the end of the batch, so that not every look is one of its own.
    in_transaction: bool,
    /// Entries of the table `service` that are known to be there.
    services: Services,
}

/// By slice.
type Services = HashMap<u64, HashSet<Box<str>>>;

/// Entries of `service` that are remembered, each slice, and slices.
const SERVICES: usize = 10_000;
const SLICES: usize = 8;

const LOAD: &str = "SELECT kind, account, connector, state, error, reason, expires_ms, due_ms, sent_ms, done_ms, attempts, parts, part_states, \
                    remote_id, history, service_type FROM message WHERE id = ?1";
const INSERT: &str = "INSERT INTO message (id, kind, account, door, source, source_ton, source_npi, destination, destination_ton, \
                      destination_npi, text, data_coding, octets, reference, submitted_from, priority, accepted_ms, expires_ms, due_ms, sent_ms, \
                      done_ms, connector, state, error, reason, attempts, parts, part_states, remote_id, history, service_type) VALUES (?1, ?2, ?3, ?4, ?5, \
                      ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31)";
const UPDATE: &str = "UPDATE message SET error = ?2, reason = ?3, expires_ms = ?4, due_ms = ?5, sent_ms = ?6, done_ms = ?7, attempts = ?8, parts = ?9, \
                      part_states = ?10, remote_id = ?11, connector = ?12, state = ?13, history = ?14 WHERE id = ?1";
const UPDATE_CONTENT: &str = "UPDATE message SET text = ?2, data_coding = ?3, octets = ?4 WHERE id = ?1";
const INSERT_RECEIPT: &str = "INSERT INTO receipt (id, message) VALUES (?1, ?2)";
const INSERT_SERVICE: &str = "INSERT OR IGNORE INTO service (slice, number) VALUES (?1, ?2)";
const WIDEN_SLICE: &str = "INSERT INTO slice (slice, from_ms, to_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET \
                           from_ms = min(from_ms, excluded.from_ms), to_ms = max(to_ms, excluded.to_ms)";
const COUNT: &str = "INSERT INTO counter (slice, kind, account, connector, state, service_type, messages, parts, sent) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, \
                     parts = parts + excluded.parts, sent = sent + excluded.sent";
const UNCOUNT: &str = "DELETE FROM counter WHERE slice = ?1 AND kind = ?2 AND account = ?3 AND connector = ?4 AND state = ?5 \
                       AND service_type = ?6 AND messages <= 0";

/// The slice that a number belongs to.
pub(crate) fn slice_of(id: MsgId) -> u64 {
    id.0 >> schema::SLICE_BITS
}

impl DayFile {
    /// Opens a day's file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<DayFile, LedgerError> {
        let conn = schema::open_day(path)?;
        let fail = |e| LedgerError::sqlite("reading", path, e);
        let (segment, offset): (i64, i64) =
            conn.query_row("SELECT segment, offset FROM position", [], |r| Ok((r.get(0)?, r.get(1)?))).map_err(fail)?;
        let position = Cursor { segment: segment.cast_unsigned(), offset: offset.cast_unsigned() };
        Ok(DayFile { conn, path: path.to_owned(), position, in_transaction: false, services: Services::default() })
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
    pub(crate) fn load(&mut self, id: MsgId) -> Result<Option<Live>, LedgerError> {
        self.begin()?;
        let mut stmt = self.conn.prepare_cached(LOAD).map_err(|e| self.error(e))?;
        stmt.query_row([id.0.cast_signed()], |r| {
            let kind = kind_named(r.get_ref(0)?.as_str()?);
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
                history: r.get::<_, String>(14)?.into(),
                service_type: Some(r.get_ref(15)?.as_str()?).filter(|s| !s.is_empty()).map(Arc::from),
            })
        })
        .optional()
        .map_err(|e| self.error(e))
    }

    /// The message that a receipt is about, if the receipt was accepted on this day.
    pub(crate) fn receipt_parent(&mut self, id: MsgId) -> Result<Option<MsgId>, LedgerError> {
        self.begin()?;
        let mut stmt = self.conn.prepare_cached("SELECT message FROM receipt WHERE id = ?1").map_err(|e| self.error(e))?;
        let parent: Option<i64> = stmt.query_row([id.0.cast_signed()], |r| r.get(0)).optional().map_err(|e| self.error(e))?;
        Ok(parent.map(|p| MsgId(p.cast_unsigned())))
    }

    /// Writes what a batch does to it, together with the batch's end.
    pub(crate) fn write(&mut self, work: &Work, upto: Cursor) -> Result<(), LedgerError> {
        self.begin()?;
        let done = write_rows(&self.conn, work, &mut self.services).and_then(|()| {
            let mut position = self.conn.prepare_cached("UPDATE position SET segment = ?1, offset = ?2")?;
            position.execute(params![upto.segment.cast_signed(), upto.offset.cast_signed()])?;
            self.conn.execute_batch("COMMIT")
        });
        if let Err(e) = done {
            self.forget();
            return Err(LedgerError::sqlite("writing", &self.path, e));
        }
        self.in_transaction = false;
        self.position = upto;
        Ok(())
    }

    /// Ends a transaction in which nothing was written, or takes back what was.
    pub(crate) fn forget(&mut self) {
        if self.in_transaction {
            // Fails only where the error that led here has ended the transaction already.
            let _ = self.conn.execute_batch("ROLLBACK");
            self.in_transaction = false;
            self.services.clear();
        }
    }

    fn begin(&mut self) -> Result<(), LedgerError> {
        if !self.in_transaction {
            self.conn.execute_batch("BEGIN").map_err(|e| self.error(e))?;
            self.in_transaction = true;
        }
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

    /// Every counter of the day.
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

fn write_rows(conn: &Connection, work: &Work, services: &mut Services) -> rusqlite::Result<()> {
    for id in &work.displaced {
        conn.prepare_cached("DELETE FROM message WHERE id = ?1")?.execute([id.0.cast_signed()])?;
        conn.prepare_cached("DELETE FROM receipt WHERE id = ?1")?.execute([id.0.cast_signed()])?;
    }
    let mut insert = conn.prepare_cached(INSERT)?;
    let mut update = conn.prepare_cached(UPDATE)?;
    let mut slices: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for (id, slot) in &work.messages {
        let (live, content) = (&slot.live, slot.content.as_ref());
        let Some(fixed) = &slot.born else {
            write_update(&mut update, *id, live)?;
            if let Some(c) = content {
                let content = params![id.0.cast_signed(), c.text, c.data_coding, c.octets.cast_signed()];
                conn.prepare_cached(UPDATE_CONTENT)?.execute(content)?;
            }
            continue;
        };
        let (source, destination) = (fixed.source.as_text(), fixed.destination.as_text());
        let slice = slice_of(*id);
        let times = slices.entry(slice).or_insert((fixed.accepted, fixed.accepted));
        *times = (times.0.min(fixed.accepted), times.1.max(fixed.accepted));
        keep_service(conn, services, slice, if live.kind == Kind::Mo { &destination } else { &source })?;
        insert.execute(params![
            id.0.cast_signed(),
            kind_name(live.kind),
            live.account,
            fixed.door.name(),
            source,
            fixed.source.ton,
            fixed.source.npi,
            destination,
            fixed.destination.ton,
            fixed.destination.npi,
            content.and_then(|c| c.text.as_deref()),
            content.map_or(0, |c| c.data_coding),
            content.map_or(0, |c| c.octets.cast_signed()),
            fixed.reference,
            fixed.submitted_from,
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
            live.history.as_str(),
            live.service_type.as_deref().unwrap_or_default(),
        ])?;
    }
    let mut receipt = conn.prepare_cached(INSERT_RECEIPT)?;
    for (id, message) in &work.receipts {
        receipt.execute([id.0.cast_signed(), message.0.cast_signed()])?;
    }
    let mut widen = conn.prepare_cached(WIDEN_SLICE)?;
    for (slice, (from, to)) in slices {
        widen.execute([slice.cast_signed(), from.cast_signed(), to.cast_signed()])?;
    }
    let mut count = conn.prepare_cached(COUNT)?;
    for ((slice, kind, account, connector, state, service), n) in work.counters.iter().filter(|(_, n)| **n != Addition::default()) {
        let (slice, kind, state) = (slice.cast_signed(), kind_name(*kind), state.name());
        let service = service.as_deref().unwrap_or_default();
        count.execute(params![slice, kind, account, connector, state, service, n.messages, n.parts, n.sent])?;
        if n.messages < 0 {
            conn.prepare_cached(UNCOUNT)?.execute(params![slice, kind, account, connector, state, service])?;
        }
    }
    Ok(())
}

/// Notes that a slice has a sender (or, of received messages, a recipient) that is no handset: few, as a rule, and no index of their own
/// is kept for them.
fn keep_service(conn: &Connection, services: &mut Services, slice: u64, number: &str) -> rusqlite::Result<()> {
    if !services.contains_key(&slice) && services.len() >= SLICES {
        services.clear();
    }
    let known = services.entry(slice).or_default();
    if known.contains(number) {
        return Ok(());
    }
    conn.prepare_cached(INSERT_SERVICE)?.execute(params![slice.cast_signed(), number])?;
    if known.len() >= SERVICES {
        known.clear();
    }
    known.insert(Box::from(number));
    Ok(())
}

fn write_update(update: &mut Statement<'_>, id: MsgId, l: &Live) -> rusqlite::Result<usize> {
    update.execute(params![
        id.0.cast_signed(),
        l.error,
        l.reason,
        l.expires.cast_signed(),
        l.due.map(u64::cast_signed),
        l.sent.map(u64::cast_signed),
        l.done.map(u64::cast_signed),
        l.attempts,
        l.parts,
        part_states_text(&l.part_states),
        l.remote_id,
        l.connector,
        l.state.name(),
        l.history.as_str(),
    ])
}
