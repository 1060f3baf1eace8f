//! Searching one day file.
//!
//! Slice by slice, the newest first: the counters tell which slices have what is asked for at all, and within a slice the condition that
//! narrows most decides the index. All other conditions are computed as a column of each row, not as a `WHERE`: so rows come in order, one
//! by one, hits or not, the time is looked at between them, and a search that took too long knows exactly where it stopped.

use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use waxwing_core::{Address, MsgId, State};

use crate::query::{LONG_PREFIX, NumberQuery, PageKey, Query, Side};
use crate::record::{EventKind, EventRecord, MessageRecord, kind_name, kind_named, part_states_of, state_or_unknown};
use crate::schema::{FAILED, SLICE_BITS};

/// Rows between two looks at the clock.
const ROWS: usize = 256;

const COLUMNS: &str = "id, kind, account, door, source, source_ton, source_npi, destination, destination_ton, destination_npi, text, data_coding, octets, \
                       reference, submitted_from, priority, accepted_ms, expires_ms, due_ms, sent_ms, done_ms, connector, state, error, reason, attempts, \
                       parts, part_states, remote_id, service_type";
const ID: usize = 0;
const ACCEPTED: usize = 16;
const HIT: usize = 30;

/// One statement, with its parameters; the first two are the lowest number to look at and the one behind the highest, both of one slice.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) sql: String,
    pub(crate) params: Vec<Value>,
}

/// What a search of one file found, newest first.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) messages: Vec<MessageRecord>,
    /// Set where time ran out: everything newer than this was looked at.
    pub(crate) stopped: Option<PageKey>,
}

/// What decides which rows of a slice are looked at.
#[derive(Clone, Copy, PartialEq)]
enum Drive {
    /// The handset's number.
    Handset,
    /// All rows: the number asked for is the other side's.
    Service,
    /// The most telling of the other conditions.
    Other,
}

/// The numbers of a slice that are looked at: from the first, before the second.
type Range = (u64, u64);

fn by_index(n: &NumberQuery) -> bool {
    !n.prefix || n.digits.chars().count() >= LONG_PREFIX
}

fn plan(q: &Query, drive: Drive, range: Range) -> Plan {
    let mut b = Builder::default();
    let (lo, hi) = (b.number(range.0), b.number(range.1));
    // The slice as a constant: SQLite knows nothing of how it follows from the number.
    let slice = format!("slice = {}", range.0 >> SLICE_BITS);
    let mut narrow = String::new();
    if let Some(n) = &q.number {
        let p = b.text(&n.digits);
        let is = |c: &str| if n.prefix { format!("substr({c}, 1, length({p})) = {p}") } else { format!("{c} = {p}") };
        b.hit(match n.side {
            Side::Any => format!("({} OR {})", is("destination"), is("source")),
            Side::Source => is("source"),
            Side::Destination => is("destination"),
        });
        if drive == Drive::Handset {
            narrow = if n.prefix {
                let behind = b.text(&after_prefix(&n.digits));
                format!("{slice} AND handset >= {p} AND handset < {behind} AND ")
            } else {
                format!("{slice} AND handset = {p} AND ")
            };
        }
    }
    let mut equal = |b: &mut Builder, column: &str, value: &str, also: Option<&str>| {
        let p = b.text(value);
        match also {
            Some(also) if narrow.is_empty() && drive == Drive::Other => narrow = format!("{slice} AND {column} = {p} AND {also}"),
            _ => b.hit(format!("{column} = {p}")),
        }
    };
    if let Some(s) = q.state {
        equal(&mut b, "state", s.name(), is_failure(s).then_some(&format!("{FAILED} AND ")));
    }
    if let Some(a) = &q.account {
        equal(&mut b, "account", a, Some(""));
    }
    if let Some(c) = &q.connector {
        equal(&mut b, "connector", c, None);
    }
    if let Some(k) = q.kind {
        equal(&mut b, "kind", kind_name(k), None);
    }
    if let Some(t) = &q.text {
        let p = b.text(&format!("%{}%", t.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")));
        b.hit(format!("text IS NOT NULL AND text LIKE {p} ESCAPE '\\'"));
    }
    if let Some(r) = &q.remote_id {
        let p = b.text(r);
        b.hit(format!("instr(',' || remote_id || ',', ',' || {p} || ',') > 0"));
    }
    if let Some(r) = &q.reference {
        let p = b.text(r);
        b.hit(has_word(&p));
    }
    if let Some(from) = q.from {
        let p = b.number(from);
        b.hit(format!("accepted_ms >= {p}"));
    }
    if let Some(to) = q.to {
        let p = b.number(to);
        b.hit(format!("accepted_ms < {p}"));
    }
    let hit = if b.hits.is_empty() { "1".to_owned() } else { b.hits.join(" AND ") };
    let sql = format!("SELECT {COLUMNS}, ({hit}) FROM message WHERE {narrow}id >= {lo} AND id < {hi} ORDER BY id DESC");
    Plan { sql, params: b.params }
}

/// Whether a reference is that of the parameter, or has it among its words.
fn has_word(parameter: &str) -> String {
    format!("instr(' ' || reference || ' ', ' ' || {parameter} || ' ') > 0")
}

fn is_failure(s: State) -> bool {
    s.is_final() && !matches!(s, State::Delivered | State::Sent)
}

/// The first text behind all that begin with `prefix`: a character higher than any address has.
fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

/// Collects parameters and conditions.
#[derive(Default)]
struct Builder {
    params: Vec<Value>,
    hits: Vec<String>,
}

impl Builder {
    fn text(&mut self, s: &str) -> String {
        self.params.push(Value::Text(s.to_owned()));
        format!("?{}", self.params.len())
    }

    fn number(&mut self, n: u64) -> String {
        self.params.push(Value::Integer(i64::try_from(n).unwrap_or(i64::MAX)));
        format!("?{}", self.params.len())
    }

    fn hit(&mut self, condition: String) {
        self.hits.push(condition);
    }
}

/// A slice, with the times of its messages.
struct Slice {
    number: u64,
    from: u64,
    to: u64,
}

/// Searches one file for at most `limit` messages with a number below `before`.
pub(crate) fn search(conn: &Connection, q: &Query, before: Option<MsgId>, limit: usize, deadline: Instant) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    let mut slices = slices(conn, q, before)?.into_iter().peekable();
    while let Some(slice) = slices.next() {
        let first = slice.number << SLICE_BITS;
        let end = (first.saturating_add(1 << SLICE_BITS)).min(before.map_or(u64::MAX, |id| id.0));
        let mut drives = Vec::new();
        if has(conn, q, slice.number)? {
            match q.number.as_ref().filter(|n| by_index(n)) {
                Some(n) => {
                    drives.push(Drive::Handset);
                    if has_service(conn, n, slice.number)? {
                        drives.push(Drive::Service);
                    }
                }
                None => drives.push(Drive::Other),
            }
        }
        let mut messages = Vec::new();
        let mut stopped: Option<PageKey> = None;
        for drive in drives {
            let one = run(conn, &plan(q, drive, (first, end)), limit - found.messages.len(), deadline)?;
            messages.extend(one.messages);
            stopped = one.stopped.into_iter().chain(stopped).max_by_key(|k| k.id);
        }
        messages.sort_unstable_by_key(|m| std::cmp::Reverse(m.id));
        messages.dedup_by_key(|m| m.id);
        // Behind the place where one statement stopped the other's results have gaps between them.
        if let Some(stopped) = stopped {
            messages.retain(|m| m.id >= stopped.id);
        }
        found.messages.extend(messages);
        if found.messages.len() >= limit {
            found.messages.truncate(limit);
            return Ok(found);
        }
        if stopped.is_none() && slices.peek().is_some() && Instant::now() >= deadline {
            stopped = Some(PageKey { accepted: slice.from, id: MsgId(first) });
        }
        if stopped.is_some() {
            found.stopped = stopped;
            return Ok(found);
        }
    }
    Ok(found)
}

/// The slices in which something may be found, the newest first.
fn slices(conn: &Connection, q: &Query, before: Option<MsgId>) -> rusqlite::Result<Vec<Slice>> {
    let mut stmt = conn.prepare_cached("SELECT slice, from_ms, to_ms FROM slice ORDER BY slice DESC")?;
    let rows = stmt.query_map([], |r| Ok(Slice { number: millis(r, 0)?, from: millis(r, 1)?, to: millis(r, 2)? }))?;
    let mut slices = rows.collect::<rusqlite::Result<Vec<Slice>>>()?;
    slices.retain(|s| {
        q.from.is_none_or(|t| s.to >= t) && q.to.is_none_or(|t| s.from < t) && before.is_none_or(|id| s.number << SLICE_BITS < id.0)
    });
    Ok(slices)
}

/// Whether a slice has messages of this account, connector, state and kind.
fn has(conn: &Connection, q: &Query, slice: u64) -> rusqlite::Result<bool> {
    let (kind, state) = (q.kind.map(kind_name), q.state.map(State::name));
    if kind.is_none() && state.is_none() && q.account.is_none() && q.connector.is_none() {
        return Ok(true);
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM counter WHERE slice = ?1 AND messages > 0 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR account = ?3) \
               AND (?4 IS NULL OR connector = ?4) AND (?5 IS NULL OR state = ?5))";
    conn.prepare_cached(sql)?.query_row((slice.cast_signed(), kind, &q.account, &q.connector, state), |r| r.get(0))
}

/// Whether a slice has messages whose sender (or, received ones, recipient) is such a number.
fn has_service(conn: &Connection, n: &NumberQuery, slice: u64) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM service WHERE slice = ?1 AND number >= ?2 AND number < ?3)";
    // The first text behind a number is the number with the lowest character after it.
    let end = if n.prefix { after_prefix(&n.digits) } else { format!("{}\u{0}", n.digits) };
    conn.prepare_cached(sql)?.query_row((slice.cast_signed(), &n.digits, end), |r| r.get(0))
}

/// A message's place in the order.
pub(crate) fn key(m: &MessageRecord) -> PageKey {
    PageKey { accepted: m.accepted, id: m.id }
}

fn run(conn: &Connection, p: &Plan, limit: usize, deadline: Instant) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    let mut stmt = conn.prepare_cached(&p.sql)?;
    let mut rows = stmt.query(params_from_iter(&p.params))?;
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        if row.get::<_, bool>(HIT)? {
            found.messages.push(message(row)?);
            if found.messages.len() >= limit {
                break;
            }
        }
        seen += 1;
        if seen % ROWS == 0 && Instant::now() >= deadline {
            found.stopped = Some(PageKey { accepted: millis(row, ACCEPTED)?, id: MsgId(millis(row, ID)?) });
            break;
        }
    }
    Ok(found)
}

/// One message.
pub(crate) fn get(conn: &Connection, id: MsgId) -> rusqlite::Result<Option<MessageRecord>> {
    let mut stmt = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE id = ?1"))?;
    let mut rows = stmt.query([id.0.cast_signed()])?;
    rows.next()?.map(message).transpose()
}

/// Everything that happened to a message, oldest first.
pub(crate) fn events(conn: &Connection, id: MsgId) -> rusqlite::Result<Vec<EventRecord>> {
    let sql = "SELECT at_ms, kind, connector, part, state, code, words FROM life WHERE message = ?1 ORDER BY seq";
    let mut stmt = conn.prepare_cached(sql)?;
    let rows = stmt.query_map([id.0.cast_signed()], |r| {
        Ok(EventRecord {
            at: millis(r, 0)?,
            kind: EventKind::from_name(r.get_ref(1)?.as_str()?),
            connector: r.get(2)?,
            part: r.get(3)?,
            state: r.get::<_, Option<String>>(4)?.as_deref().map(state_or_unknown),
            code: r.get(5)?,
            words: r.get(6)?,
        })
    })?;
    rows.collect()
}

/// `+` keeps SQLite from choosing another index than that on handsets.
pub(crate) const QUEUED: &str = "SELECT id FROM message WHERE slice IN (SELECT slice FROM slice) AND handset = ?1 AND +source = ?2 AND +account = ?3 \
                                 AND +state = 'queued' AND +kind = 'mt' ORDER BY id LIMIT ?4";

/// Messages of an account that are queued between two numbers, oldest first.
pub(crate) fn queued(conn: &Connection, account: &str, source: &str, destination: &str, limit: usize) -> rusqlite::Result<Vec<MsgId>> {
    let mut stmt = conn.prepare_cached(QUEUED)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = stmt.query_map((destination, source, account, limit), |r| Ok(MsgId(millis(r, 0)?)))?;
    rows.collect()
}

/// Messages of an account accepted in a time, both ends included, whose reference has that word, oldest first. Adds them to `found`; false
/// where it stopped, because there were as many as asked for or time ran out.
pub(crate) fn referenced(
    conn: &Connection,
    account: &str,
    word: &str,
    time: (u64, u64),
    found: &mut Vec<MsgId>,
    limit: usize,
    deadline: Instant,
) -> rusqlite::Result<bool> {
    let all = Query { account: Some(account.to_owned()), from: Some(time.0), to: Some(time.1.saturating_add(1)), ..Query::default() };
    for slice in slices(conn, &all, None)?.iter().rev() {
        if !has(conn, &all, slice.number)? {
            continue;
        }
        let range = (first_at(conn, slice.number, time.0)?, first_at(conn, slice.number, time.1.saturating_add(1))?);
        let mut stmt = conn.prepare_cached(&referenced_sql(slice.number))?;
        let mut rows = stmt.query((range.0.cast_signed(), range.1.cast_signed(), word, account))?;
        let mut seen = 0;
        while let Some(row) = rows.next()? {
            if row.get::<_, bool>(1)? {
                found.push(MsgId(millis(row, 0)?));
            }
            seen += 1;
            if found.len() >= limit || (seen % ROWS == 0 && Instant::now() >= deadline) {
                return Ok(false);
            }
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
    }
    Ok(true)
}

fn referenced_sql(slice: u64) -> String {
    format!("SELECT id, {} FROM message WHERE slice = {slice} AND account = ?4 AND id >= ?1 AND id < ?2 ORDER BY id", has_word("?3"))
}

/// The first number of a slice whose message was accepted at that time or later, by halving: numbers rise with time.
fn first_at(conn: &Connection, slice: u64, time: u64) -> rusqlite::Result<u64> {
    let (mut lo, mut hi) = (slice << SLICE_BITS, slice.saturating_add(1) << SLICE_BITS);
    let mut stmt = conn.prepare_cached("SELECT accepted_ms FROM message WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1")?;
    while lo < hi {
        let middle = lo + (hi - lo) / 2;
        let accepted: Option<i64> = stmt.query_row([middle.cast_signed(), hi.cast_signed()], |r| r.get(0)).optional()?;
        if accepted.is_some_and(|at| at.cast_unsigned() < time) {
            lo = middle + 1;
        } else {
            hi = middle;
        }
    }
    Ok(lo)
}

fn message(r: &Row<'_>) -> rusqlite::Result<MessageRecord> {
    let time = |at| Ok::<_, rusqlite::Error>(r.get::<_, Option<i64>>(at)?.map(i64::cast_unsigned));
    Ok(MessageRecord {
        id: MsgId(millis(r, ID)?),
        kind: kind_named(r.get_ref(1)?.as_str()?),
        account: r.get(2)?,
        door: r.get(3)?,
        source: address(r, 4)?,
        destination: address(r, 7)?,
        text: r.get(10)?,
        data_coding: r.get(11)?,
        octets: millis(r, 12)?,
        reference: r.get(13)?,
        submitted_from: r.get(14)?,
        priority: r.get(15)?,
        accepted: millis(r, ACCEPTED)?,
        expires: millis(r, 17)?,
        due: time(18)?,
        sent: time(19)?,
        done: time(20)?,
        connector: r.get(21)?,
        state: state_or_unknown(r.get_ref(22)?.as_str()?),
        error: r.get(23)?,
        reason: r.get(24)?,
        attempts: r.get(25)?,
        parts: r.get(26)?,
        part_states: part_states_of(r.get_ref(27)?.as_str()?),
        remote_id: r.get(28)?,
        service_type: r.get(29)?,
    })
}

/// An address from its three columns. Characters up to U+00FF go back to the Latin-1 octets that they were read from.
fn address(r: &Row<'_>, at: usize) -> rusqlite::Result<Address> {
    let text: String = r.get(at)?;
    let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    Ok(Address { octets: latin.unwrap_or_else(|| text.into_bytes()).into(), ton: r.get(at + 1)?, npi: r.get(at + 2)? })
}

fn millis(r: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(r.get::<_, i64>(at)?.cast_unsigned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use waxwing_core::Kind;

    use super::*;
    use crate::schema;

    /// How SQLite goes about a statement.
    fn explain(conn: &Connection, sql: &str, params: &[Value]) -> String {
        let mut stmt = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = stmt.query_map(params_from_iter(params), |r| r.get::<_, String>(3)).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
    }

    const RANGE: Range = (5 << SLICE_BITS, (5 << SLICE_BITS) + 77);

    #[test]
    fn every_search_goes_by_an_index_in_its_order() {
        let dir = tempfile::tempdir().unwrap();
        let conn = schema::open_day(&dir.path().join("2026-11-22.db")).unwrap();
        let number = |s: &str, side| Some(NumberQuery { side, ..NumberQuery::parse(s) });
        let (account, connector) = (Some("shop".to_owned()), Some("a".to_owned()));
        let rows = "INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
        let by_handset = "INDEX message_handset (slice=? AND handset=? AND rowid>? AND rowid<?)";
        let by_account = "INDEX message_account (slice=? AND account=? AND rowid>? AND rowid<?)";
        for (q, drive, how) in [
            (Query::default(), Drive::Other, rows),
            (Query { kind: Some(Kind::Mo), text: Some("x".into()), ..Query::default() }, Drive::Other, rows),
            (Query { number: number("+447778001210", Side::Destination), ..Query::default() }, Drive::Handset, by_handset),
            (
                Query { number: number("+447778001210", Side::Source), account: account.clone(), ..Query::default() },
                Drive::Handset,
                by_handset,
            ),
            (Query { number: number("12345", Side::Any), account: account.clone(), ..Query::default() }, Drive::Service, rows),
            (Query { number: number("+44*", Side::Any), ..Query::default() }, Drive::Other, rows),
            (
                Query { state: Some(State::Failed), account: account.clone(), connector: connector.clone(), ..Query::default() },
                Drive::Other,
                "INDEX message_failed (slice=? AND state=? AND rowid>? AND rowid<?)",
            ),
            (Query { state: Some(State::Delivered), account: account.clone(), ..Query::default() }, Drive::Other, by_account),
            (Query { state: Some(State::Sent), from: Some(1), to: Some(9), ..Query::default() }, Drive::Other, rows),
            (Query { account, connector: connector.clone(), ..Query::default() }, Drive::Other, by_account),
            (Query { connector, ..Query::default() }, Drive::Other, rows),
        ] {
            let p = plan(&q, drive, RANGE);
            let said = explain(&conn, &p.sql, &p.params);
            assert!(said.contains(how), "{q:?}: {said}");
            assert!(!said.contains("TEMP B-TREE"), "{q:?} is sorted: {said}");
        }
        // A long prefix is sorted, since a range of numbers is not in the order of time.
        let p = plan(&Query { number: number("+44777800*", Side::Any), ..Query::default() }, Drive::Handset, RANGE);
        let said = explain(&conn, &p.sql, &p.params);
        assert!(said.contains("USING INDEX message_handset (slice=? AND handset>? AND handset<?)"), "{said}");
    }

    #[test]
    fn every_failure_is_in_the_index_on_failures() {
        for s in (0..).map_while(|n| State::try_from(n).ok()) {
            assert_eq!(FAILED.contains(&format!("'{}'", s.name())), is_failure(s), "{s:?}");
        }
    }

    #[test]
    fn lookups_go_by_their_keys() {
        let dir = tempfile::tempdir().unwrap();
        let conn = schema::open_day(&dir.path().join("2026-11-22.db")).unwrap();
        let text = |s: &str| Value::Text(s.to_owned());
        let how = explain(&conn, QUEUED, &[text("a"), text("b"), text("c"), Value::Integer(1)]);
        assert!(how.contains("USING INDEX message_handset (slice=? AND handset=?)"), "{how}");
        let how = explain(&conn, "SELECT * FROM life WHERE message = ?1 ORDER BY seq", &[Value::Integer(1)]);
        assert!(how.contains("message USING INTEGER PRIMARY KEY") && how.contains("m USING INTEGER PRIMARY KEY"), "{how}");
        let params = [Value::Integer(1), Value::Integer(2), text("a"), text("b")];
        let how = explain(&conn, &referenced_sql(5), &params);
        assert!(how.contains("INDEX message_account (slice=? AND account=? AND rowid>? AND rowid<?)"), "{how}");
        let ids = "SELECT (SELECT min(id) FROM message), (SELECT max(id) FROM message)";
        assert!(!explain(&conn, ids, &[]).contains("SCAN message USING"), "the range of ids is read off both ends");
    }
}
