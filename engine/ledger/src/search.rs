//! Searching one day file.
//!
//! The condition that narrows most decides the index; all others are computed as a column of each row, not as a `WHERE`. So rows come in
//! order, one by one, hits or not, the time is looked at between them, and a search that took too long knows exactly where it stopped.

use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use waxwing_core::{Address, Kind, MsgId, State};

use crate::query::{LONG_PREFIX, NumberQuery, PageKey, Query, Side};
use crate::record::{EventKind, EventRecord, MessageRecord, kind_name, part_states_of, state_or_unknown};
use crate::schema::UNUSUAL;

/// Rows between two looks at the clock.
const ROWS: usize = 256;

const COLUMNS: &str = "id, kind, account, door, source, source_ton, source_npi, destination, destination_ton, destination_npi, text, data_coding, octets, \
                       reference, submitted_from, priority, accepted_ms, expires_ms, due_ms, sent_ms, done_ms, connector, state, error, reason, attempts, \
                       parts, part_states, remote_id";
const ID: usize = 0;
const ACCEPTED: usize = 16;
const HIT: usize = 29;

/// One statement, with its parameters.
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

/// The statements for a query: two where a number may be on either side.
pub(crate) fn plans(q: &Query) -> Vec<Plan> {
    match q.number.as_ref().filter(|n| by_index(n)) {
        Some(n) if n.side == Side::Any => vec![plan(q, Some("destination")), plan(q, Some("source"))],
        Some(n) => vec![plan(q, Some(if n.side == Side::Source { "source" } else { "destination" }))],
        None => vec![plan(q, None)],
    }
}

fn by_index(n: &NumberQuery) -> bool {
    !n.prefix || n.digits.chars().count() >= LONG_PREFIX
}

/// `number` is the column that the number is looked for in by its index.
fn plan(q: &Query, number: Option<&str>) -> Plan {
    let mut b = Builder::default();
    let mut drive = String::new();
    if let (Some(column), Some(n)) = (number, &q.number) {
        drive = if n.prefix {
            let (lo, hi) = (b.text(&n.digits), b.text(&after_prefix(&n.digits)));
            format!("{column} >= {lo} AND {column} < {hi} AND ")
        } else {
            format!("{column} = {} AND ", b.text(&n.digits))
        };
    } else if let Some(n) = &q.number {
        let p = b.text(&n.digits);
        let begins = |c: &str| format!("substr({c}, 1, length({p})) = {p}");
        match n.side {
            Side::Any => b.hit(format!("({} OR {})", begins("destination"), begins("source"))),
            Side::Source => b.hit(begins("source")),
            Side::Destination => b.hit(begins("destination")),
        }
    }
    let equal = |b: &mut Builder, drive: &mut String, column: &str, value: &str, also: &str| {
        let p = b.text(value);
        if drive.is_empty() {
            *drive = format!("{column} = {p} AND {also}");
        } else {
            b.hit(format!("{column} = {p}"));
        }
    };
    if let Some(s) = q.state {
        if matches!(s, State::Delivered | State::Sent) {
            let p = b.text(s.name());
            b.hit(format!("state = {p}"));
        } else {
            equal(&mut b, &mut drive, "state", s.name(), &format!("{UNUSUAL} AND "));
        }
    }
    if let Some(a) = &q.account {
        equal(&mut b, &mut drive, "account", a, "");
    }
    if let Some(c) = &q.connector {
        equal(&mut b, &mut drive, "connector", c, "");
    }
    if let Some(k) = q.kind {
        let p = b.text(kind_name(k));
        b.hit(format!("kind = {p}"));
    }
    if let Some(t) = &q.text {
        let p = b.text(&format!("%{}%", t.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")));
        b.hit(format!("text IS NOT NULL AND text LIKE {p} ESCAPE '\\'"));
    }
    if let Some(r) = &q.remote_id {
        let p = b.text(r);
        b.hit(format!("instr(',' || remote_id || ',', ',' || {p} || ',') > 0"));
    }
    // Time bounds always: they are the second column of every index. Behind a prefix the index is not in the order of time: `+` keeps
    // SQLite from going through all times instead.
    let at = if number.is_some() && q.number.as_ref().is_some_and(|n| n.prefix) { "+accepted_ms" } else { "accepted_ms" };
    let from = b.number(q.from.unwrap_or(0));
    let mut bounds = format!("{at} >= {from}");
    if let Some(to) = q.to {
        let p = b.number(to);
        bounds.push_str(&format!(" AND {at} < {p}"));
    }
    if let Some(key) = q.after {
        let (time, id) = (b.number(key.accepted), b.number(key.id.0));
        bounds.push_str(&format!(" AND ({at}, id) < ({time}, {id})"));
    }
    let hit = if b.hits.is_empty() { "1".to_owned() } else { b.hits.join(" AND ") };
    let sql = format!("SELECT {COLUMNS}, ({hit}) FROM message WHERE {drive}{bounds} ORDER BY {at} DESC, id DESC");
    Plan { sql, params: b.params }
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

/// Searches one file for at most `limit` messages.
pub(crate) fn search(conn: &Connection, q: &Query, limit: usize, deadline: Instant) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    for p in plans(q) {
        let one = run(conn, &p, limit, deadline)?;
        found.messages.extend(one.messages);
        found.stopped = found.stopped.max(one.stopped);
    }
    found.messages.sort_unstable_by_key(|m| std::cmp::Reverse(key(m)));
    found.messages.dedup_by_key(|m| m.id);
    // Behind the place where one statement stopped the other's results have gaps between them.
    if let Some(stopped) = found.stopped {
        found.messages.retain(|m| key(m) >= stopped);
    }
    if found.messages.len() > limit {
        found.messages.truncate(limit);
        found.stopped = None;
    }
    Ok(found)
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

/// `+` keeps SQLite from choosing another index than that on recipients.
pub(crate) const QUEUED: &str = "SELECT id FROM message WHERE destination = ?1 AND +source = ?2 AND +account = ?3 AND +state = 'queued' \
                                 AND +kind = 'mt' ORDER BY accepted_ms, id LIMIT ?4";

/// Messages of an account that are queued between two numbers, oldest first.
pub(crate) fn queued(conn: &Connection, account: &str, source: &str, destination: &str, limit: usize) -> rusqlite::Result<Vec<MsgId>> {
    let mut stmt = conn.prepare_cached(QUEUED)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = stmt.query_map((destination, source, account, limit), |r| Ok(MsgId(millis(r, 0)?)))?;
    rows.collect()
}

fn message(r: &Row<'_>) -> rusqlite::Result<MessageRecord> {
    let time = |at| Ok::<_, rusqlite::Error>(r.get::<_, Option<i64>>(at)?.map(i64::cast_unsigned));
    Ok(MessageRecord {
        id: MsgId(millis(r, ID)?),
        kind: if r.get_ref(1)?.as_str()? == "mo" { Kind::Mo } else { Kind::Mt },
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
    use super::*;
    use crate::schema;

    /// How SQLite goes about a statement.
    fn explain(conn: &Connection, sql: &str, params: &[Value]) -> String {
        let mut stmt = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = stmt.query_map(params_from_iter(params), |r| r.get::<_, String>(3)).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
    }

    #[test]
    fn every_search_goes_by_an_index_in_its_order() {
        let dir = tempfile::tempdir().unwrap();
        let conn = schema::open_day(&dir.path().join("2026-11-22.db")).unwrap();
        let number = |s: &str, side| Some(NumberQuery { side, ..NumberQuery::parse(s) });
        let (account, connector) = (Some("shop".to_owned()), Some("a".to_owned()));
        let base = Query { from: Some(1), to: Some(9), after: Some(PageKey { accepted: 5, id: MsgId(5) }), ..Query::default() };
        for (q, index) in [
            (Query::default(), "message_time"),
            (Query { kind: Some(Kind::Mo), text: Some("x".into()), ..Query::default() }, "message_time"),
            (Query { number: number("+447778001210", Side::Destination), ..Query::default() }, "message_destination"),
            (Query { number: number("+447778001210", Side::Source), account: account.clone(), ..Query::default() }, "message_source"),
            (Query { number: number("+44*", Side::Any), ..Query::default() }, "message_time"),
            (
                Query { state: Some(State::Failed), account: account.clone(), connector: connector.clone(), ..Query::default() },
                "message_state",
            ),
            (Query { state: Some(State::Delivered), account: account.clone(), ..Query::default() }, "message_account"),
            (Query { state: Some(State::Sent), ..Query::default() }, "message_time"),
            (Query { account, connector: connector.clone(), ..Query::default() }, "message_account"),
            (Query { connector, ..Query::default() }, "message_connector"),
        ] {
            for q in [q.clone(), Query { from: base.from, to: base.to, after: base.after, ..q }] {
                for p in plans(&q) {
                    let how = explain(&conn, &p.sql, &p.params);
                    let is_bound = q.from.is_none() || how.contains("accepted_ms>? AND accepted_ms<?");
                    assert!(how.contains(&format!("USING INDEX {index} ")) && is_bound, "{q:?}: {how}");
                    assert!(!how.contains("TEMP B-TREE"), "{q:?} is sorted: {how}");
                }
            }
        }
        // A long prefix is sorted, since a range of numbers is not in the order of time.
        let q = Query { number: number("+44777800*", Side::Any), ..base };
        let how: Vec<String> = plans(&q).iter().map(|p| explain(&conn, &p.sql, &p.params)).collect();
        assert!(how[0].contains("USING INDEX message_destination (destination>? AND destination<?)"), "{how:?}");
        assert!(how[1].contains("USING INDEX message_source (source>? AND source<?)"), "{how:?}");
    }

    #[test]
    fn lookups_go_by_their_keys() {
        let dir = tempfile::tempdir().unwrap();
        let conn = schema::open_day(&dir.path().join("2026-11-22.db")).unwrap();
        let text = |s: &str| Value::Text(s.to_owned());
        let how = explain(&conn, QUEUED, &[text("a"), text("b"), text("c"), Value::Integer(1)]);
        assert!(how.contains("USING INDEX message_destination (destination=?)") && !how.contains("TEMP B-TREE"), "{how}");
        let how = explain(&conn, "SELECT * FROM life WHERE message = ?1 ORDER BY seq", &[Value::Integer(1)]);
        assert!(how.contains("message USING INTEGER PRIMARY KEY") && how.contains("event USING PRIMARY KEY (message=?)"), "{how}");
        let ids = "SELECT (SELECT min(id) FROM message), (SELECT max(id) FROM message)";
        assert!(!explain(&conn, ids, &[]).contains("SCAN message USING"), "the range of ids is read off both ends");
    }
}
