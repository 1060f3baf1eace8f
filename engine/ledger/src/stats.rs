//! Counters: how many messages of which kind, account, connector and state a day has. Kept in the transaction that changes the messages,
//! so that they are exact without counting rows.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use waxwing_core::{Counts, Kind, LifeCounts, Millis, State, day_and_month};

use crate::Day;
use crate::record::{kind_named, state_or_unknown};

/// Messages of one day that have these four things in common. Every message is counted exactly once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// The day they were accepted on.
    pub day: Day,
    /// [`Kind::Mt`], [`Kind::Mo`] or [`Kind::Mms`].
    pub kind: Kind,
    /// Their account, empty = nobody's.
    pub account: String,
    /// Their connector, empty = none.
    pub connector: String,
    /// Their state as of now.
    pub state: State,
    /// How many.
    pub messages: u64,
    /// How many parts they have in all.
    pub parts: u64,
    /// How many of them a connector has sent.
    pub sent: u64,
}

/// The counters of one day file.
pub(crate) fn read_counters(conn: &Connection, day: Day) -> rusqlite::Result<Vec<DayCount>> {
    let mut stmt = conn.prepare_cached(
        "SELECT kind, account, connector, state, sum(messages), sum(parts), sum(sent) FROM counter WHERE messages > 0 GROUP BY 1, 2, 3, 4",
    )?;
    let rows = stmt.query_map([], |r| read_count(r, day, 0))?;
    rows.collect()
}

/// The counters of deleted days, from the file beside the day files.
pub(crate) fn read_kept(conn: &Connection, from: Day, to: Day) -> rusqlite::Result<Vec<DayCount>> {
    let mut stmt =
        conn.prepare_cached("SELECT day, kind, account, connector, state, messages, parts, sent FROM daily WHERE day BETWEEN ?1 AND ?2")?;
    let rows = stmt.query_map([from.to_string(), to.to_string()], |r| {
        let day: String = r.get(0)?;
        read_count(r, day.parse().unwrap_or(from), 1)
    })?;
    rows.collect()
}

fn read_count(r: &Row<'_>, day: Day, at: usize) -> rusqlite::Result<DayCount> {
    Ok(DayCount {
        day,
        kind: kind_named(r.get_ref(at)?.as_str()?),
        account: r.get(at + 1)?,
        connector: r.get(at + 2)?,
        state: state_or_unknown(r.get_ref(at + 3)?.as_str()?),
        messages: r.get::<_, i64>(at + 4)?.cast_unsigned(),
        parts: r.get::<_, i64>(at + 5)?.cast_unsigned(),
        sent: r.get::<_, i64>(at + 6)?.cast_unsigned(),
    })
}

/// What a day's file says of an account's messages of a time, and of one service_type if one is named: slices that lie within it by their
/// counters, the two or three at its ends row by row.
pub(crate) fn counts(
    conn: &Connection,
    account: &str,
    (from, to): (Millis, Millis),
    service: Option<&str>,
) -> rusqlite::Result<LifeCounts> {
    const WITHIN: &str = "SELECT kind, state, sum(messages), sum(sent) FROM counter WHERE account = ?1 AND (?2 IS NULL OR service_type = ?2) \
        AND messages > 0 AND slice IN (SELECT slice FROM slice WHERE from_ms >= ?3 AND to_ms < ?4) GROUP BY 1, 2";
    const AT_ITS_ENDS: &str = "SELECT kind, state, count(*), count(sent_ms) FROM message WHERE account = ?1 AND (?2 IS NULL OR service_type = ?2) \
        AND slice IN (SELECT slice FROM slice WHERE to_ms >= ?3 AND from_ms < ?4 AND NOT (from_ms >= ?3 AND to_ms < ?4)) \
        AND accepted_ms >= ?3 AND accepted_ms < ?4 GROUP BY 1, 2";
    let mut counts = LifeCounts::default();
    for sql in [WITHIN, AT_ITS_ENDS] {
        let mut stmt = conn.prepare_cached(sql)?;
        let mut rows = stmt.query((account, service, from.cast_signed(), to.cast_signed()))?;
        while let Some(r) = rows.next()? {
            let kind = kind_named(r.get_ref(0)?.as_str()?);
            let (messages, sent) = (r.get::<_, i64>(2)?.cast_unsigned(), r.get::<_, i64>(3)?.cast_unsigned());
            add(&mut counts, kind, state_or_unknown(r.get_ref(1)?.as_str()?), messages, sent);
        }
    }
    Ok(counts)
}

/// Counts messages of one kind and state, of which so many were sent.
pub(crate) fn add(counts: &mut LifeCounts, kind: Kind, state: State, messages: u64, sent: u64) {
    let rest = messages.saturating_sub(sent);
    match (kind, state) {
        (Kind::Mo, State::Delivered) => counts.mo_delivered += messages,
        (Kind::Mo, State::Queued) => counts.mo_waiting += messages,
        (Kind::Mo, _) => counts.mo_failed += messages,
        (_, State::Queued) => counts.mt_waiting += rest,
        _ => counts.mt_failed += rest,
    }
    if kind != Kind::Mo {
        counts.mt_messages += messages;
        counts.mt_recipients += messages;
        counts.mt_sent += sent;
    }
}

/// What accounts have submitted in the day and month of `now`, from the counters of that month.
pub(crate) fn usage(counts: &[DayCount], now: Millis) -> Vec<(String, Counts)> {
    let (day, month) = day_and_month(now);
    let mut accounts: BTreeMap<&str, Counts> = BTreeMap::new();
    for c in counts.iter().filter(|c| c.kind != Kind::Mo && day_and_month(c.day.start()).1 == month) {
        let u = accounts.entry(&c.account).or_insert(Counts { day, today: 0, month, this_month: 0 });
        u.this_month += c.messages;
        if u64::from(c.day.0) == day {
            u.today += c.messages;
        }
    }
    accounts.into_iter().map(|(name, c)| (name.to_owned(), c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_of_the_day_and_month_and_of_what_was_submitted() {
        let count = |day: &str, kind, account: &str, state, messages| DayCount {
            day: day.parse().unwrap_or(Day(0)),
            kind,
            account: account.to_owned(),
            connector: String::new(),
            state,
            messages,
            parts: messages,
            sent: messages,
        };
        let counts = [
            count("2026-10-31", Kind::Mt, "shop", State::Delivered, 1000),
            count("2026-11-01", Kind::Mt, "shop", State::Delivered, 100),
            count("2026-11-22", Kind::Mt, "shop", State::Delivered, 7),
            count("2026-11-22", Kind::Mt, "shop", State::Failed, 3),
            count("2026-11-22", Kind::Mo, "shop", State::Delivered, 50),
            count("2026-11-02", Kind::Mt, "other", State::Queued, 1),
        ];
        let now = "2026-11-22".parse().unwrap_or(Day(0)).start() + 5;
        let (day, month) = day_and_month(now);
        let want =
            [("other", 0, 1), ("shop", 10, 110)].map(|(n, today, this_month)| (n.to_owned(), Counts { day, today, month, this_month }));
        assert_eq!(usage(&counts, now), want);
    }
}
