//! What is asked of the file, in SQL.

use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params, params_from_iter};
use waxwing_core::Millis;
use waxwing_media::MediaId;
use waxwing_mms::MmState;

use super::model::{Change, Entry, FLAG_LEN, FLAGS, FlagChange, NewEntry, Query, Quota, Totals, Whose};
use super::writer::Effects;
use super::{MailboxError, error};

/// Separates keywords that are told in one text; no keyword has it.
const SEPARATOR: char = '\u{1f}';

const COLUMNS: &str = "m.number, m.since_ms, e.token, e.media, e.headers, e.message_id, e.size, e.sender, e.subject, e.date, e.state, \
                       e.may_adapt, e.locked, coalesce(e.origin, ''), e.stored_ms, e.expires_ms, \
                       (SELECT group_concat(word, char(31)) FROM flag WHERE entry = e.id)";

/// What a statement failed with, or why it was not made.
pub(super) enum Failed {
    Sqlite(rusqlite::Error),
    Refused(MailboxError),
}

impl From<rusqlite::Error> for Failed {
    fn from(e: rusqlite::Error) -> Failed {
        Failed::Sqlite(e)
    }
}

impl From<error::MailboxError> for Failed {
    fn from(e: MailboxError) -> Failed {
        Failed::Refused(e)
    }
}

type Result<T> = std::result::Result<T, Failed>;

/// Keeps a message, if the mailbox has room for it. Gives its token: of a waiting message that is kept already, the one that it has.
pub(super) fn add(conn: &Connection, new: NewEntry, token: String, quota: Quota) -> Result<(String, Effects)> {
    let Whose { number, since } = &new.whose;
    let mailbox = match mailbox(conn, &new.whose)? {
        Some((id, _)) => id,
        None => {
            conn.prepare_cached("INSERT INTO mailbox (number, since_ms) VALUES (?, ?)")?.execute(params![number, int(*since)])?;
            conn.last_insert_rowid()
        }
    };
    let pins = vec![new.content];
    let known = "SELECT id, token FROM entry WHERE mailbox = ? AND origin = ?";
    let known = conn.prepare_cached(known)?.query_row(params![mailbox, new.origin], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
    if let Some((row, token)) = known {
        set_flags(conn, row, &new.flags)?;
        return Ok((token, Effects { pins, ..Effects::default() }));
    }
    let content = pins.first().map_or((*MediaId::of(&[]).as_bytes(), 0), |pin| (*pin.id().as_bytes(), pin.len()));
    let (media, size) = (MediaId::from_bytes(content.0), content.1);
    let grown = "UPDATE mailbox SET messages = messages + 1, octets = octets + ?2
                 WHERE id = ?1 AND messages < ?3 AND octets + ?2 <= ?4";
    let grown = conn.prepare_cached(grown)?.execute(params![mailbox, int(size), int(quota.messages), int(quota.octets)])?;
    if grown == 0 {
        return Err(MailboxError::Full { messages: quota.messages, octets: quota.octets }.into());
    }
    let insert = "INSERT INTO entry (mailbox, token, media, headers, message_id, size, sender, subject, date, state, may_adapt, locked,
                                     origin, stored_ms, expires_ms)
                  VALUES (:mailbox, :token, :media, :headers, :message_id, :size, :sender, :subject, :date, :state, :may_adapt, :locked,
                          nullif(:origin, ''), :stored, :expires)";
    conn.prepare_cached(insert)?.execute(named_params! {
        ":mailbox": mailbox,
        ":token": token,
        ":media": &media.as_bytes()[..],
        ":headers": new.headers,
        ":message_id": new.message_id,
        ":size": int(size),
        ":sender": new.from,
        ":subject": new.subject,
        ":date": int(new.date),
        ":state": new.state.code(),
        ":may_adapt": new.may_adapt,
        ":locked": new.locked,
        ":origin": new.origin,
        ":stored": int(new.now),
        ":expires": new.expires.map(int),
    })?;
    let row = conn.last_insert_rowid();
    set_flags(conn, row, &new.flags)?;
    Ok((token, Effects { holds: vec![(row, media)], pins, ..Effects::default() }))
}

/// Changes an entry. False where there is none, or `only_from` forbids it.
pub(super) fn change(conn: &Connection, whose: &Whose, token: &str, change: &Change) -> Result<bool> {
    let found =
        "SELECT e.id, e.state FROM entry e JOIN mailbox m ON m.id = e.mailbox WHERE e.token = ? AND m.number = ? AND m.since_ms = ?";
    let found = conn.prepare_cached(found)?.query_row(params![token, whose.number, int(whose.since)], |r| Ok((r.get(0)?, r.get(1)?)));
    let Some((row, state)): Option<(i64, u8)> = found.optional()? else { return Ok(false) };
    if change.only_from.is_some_and(|only| only.code() != state) {
        return Ok(false);
    }
    if let Some(state) = change.state {
        conn.prepare_cached("UPDATE entry SET state = ? WHERE id = ?")?.execute(params![state.code(), row])?;
    }
    set_flags(conn, row, &change.flags)?;
    Ok(true)
}

/// Deletes entries. Tells of each whether it was there.
pub(super) fn delete(conn: &Connection, whose: &Whose, tokens: &[String]) -> Result<(Vec<bool>, Effects)> {
    let Some((mailbox, _)) = mailbox(conn, whose)? else { return Ok((vec![false; tokens.len()], Effects::default())) };
    let mut effects = Effects::default();
    let mut find = conn.prepare_cached("SELECT id, mailbox, media, size FROM entry WHERE token = ? AND mailbox = ?")?;
    let mut done = Vec::with_capacity(tokens.len());
    for token in tokens {
        let found = find.query_row(params![token, mailbox], doomed).optional()?;
        done.push(found.is_some());
        found.into_iter().try_for_each(|d| remove(conn, &d, &mut effects))?;
    }
    Ok((done, effects))
}

/// Deletes entries whose time is over, at most so many. Gives their number.
pub(super) fn expire(conn: &Connection, now: Millis, most: u64) -> Result<(usize, Effects)> {
    let over = "SELECT id, mailbox, media, size FROM entry WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?";
    remove_all(conn, over, [int(now), int(most)])
}

/// Deletes entries of a mailbox, at most so many, and the mailbox when it is empty. Gives the number of entries.
pub(super) fn clear(conn: &Connection, mailbox: i64, most: u64) -> Result<(usize, Effects)> {
    let (count, effects) = remove_all(conn, "SELECT id, mailbox, media, size FROM entry WHERE mailbox = ? LIMIT ?", [mailbox, int(most)])?;
    if (count as u64) < most {
        conn.prepare_cached("DELETE FROM mailbox WHERE id = ?")?.execute([mailbox])?;
    }
    Ok((count, effects))
}

/// Who needs which content, in the order of their numbers, behind this one.
pub(super) fn owners(conn: &Connection, after: i64, most: u64) -> Result<Vec<(i64, MediaId)>> {
    let mut all = conn.prepare_cached("SELECT id, media FROM entry WHERE id > ? ORDER BY id LIMIT ?")?;
    let rows = all.query_map([after, int(most)], |r| Ok((r.get(0)?, media(r, 1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Mailboxes, in the order of their numbers, behind this one.
pub(super) fn mailboxes(conn: &Connection, after: i64, most: u64) -> Result<Vec<(i64, Whose)>> {
    let mut all = conn.prepare_cached("SELECT id, number, since_ms FROM mailbox WHERE id > ? ORDER BY id LIMIT ?")?;
    let rows = all.query_map([after, int(most)], |r| Ok((r.get(0)?, Whose { number: r.get(1)?, since: unsigned(r, 2)? })))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How much a mailbox holds; one that is not there holds nothing.
pub(super) fn totals(conn: &Connection, whose: &Whose) -> Result<Totals> {
    Ok(mailbox(conn, whose)?.map(|(_, totals)| totals).unwrap_or_default())
}

/// The entry of a token, whosever it is.
pub(super) fn by_token(conn: &Connection, token: &str) -> Result<Option<Entry>> {
    let text = format!("SELECT {COLUMNS} FROM entry e JOIN mailbox m ON m.id = e.mailbox WHERE e.token = ?");
    Ok(conn.prepare_cached(&text)?.query_row([token], entry).optional()?)
}

/// The messages of a mailbox that are looked for.
pub(super) fn select(conn: &Connection, whose: &Whose, query: &Query) -> Result<Vec<Entry>> {
    let mut text = format!("SELECT {COLUMNS} FROM entry e JOIN mailbox m ON m.id = e.mailbox WHERE m.number = ? AND m.since_ms = ?");
    let mut values = vec![Value::Text(whose.number.clone()), Value::Integer(int(whose.since))];
    if !query.tokens.is_empty() {
        let _ = write!(text, " AND e.token IN ({})", marks(query.tokens.len()));
        values.extend(query.tokens.iter().cloned().map(Value::Text));
    }
    if !query.states.is_empty() {
        let _ = write!(text, " AND e.state IN ({})", marks(query.states.len()));
        values.extend(query.states.iter().map(|s| Value::Integer(s.code().into())));
    }
    if !query.flags.is_empty() {
        let _ = write!(text, " AND EXISTS (SELECT 1 FROM flag f WHERE f.entry = e.id AND f.word IN ({}))", marks(query.flags.len()));
        values.extend(query.flags.iter().cloned().map(Value::Text));
    }
    text.push_str(" ORDER BY e.id DESC LIMIT ? OFFSET ?");
    values.extend([Value::Integer(int(query.limit)), Value::Integer(int(query.start))]);
    let mut found = conn.prepare_cached(&text)?;
    let rows = found.query_map(params_from_iter(values), entry)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn mailbox(conn: &Connection, whose: &Whose) -> rusqlite::Result<Option<(i64, Totals)>> {
    let found = "SELECT id, messages, octets FROM mailbox WHERE number = ? AND since_ms = ?";
    let row = |r: &Row<'_>| Ok((r.get(0)?, Totals { messages: unsigned(r, 1)?, octets: unsigned(r, 2)? }));
    conn.prepare_cached(found)?.query_row(params![whose.number, int(whose.since)], row).optional()
}

fn set_flags(conn: &Connection, row: i64, changes: &[FlagChange]) -> Result<()> {
    let too_many = || MailboxError::Flags(FLAGS, FLAG_LEN);
    for change in changes {
        match change {
            FlagChange::Add(word) if word.is_empty() || word.len() > FLAG_LEN || word.contains(char::is_control) => {
                return Err(too_many().into());
            }
            FlagChange::Add(word) => {
                conn.prepare_cached("INSERT OR IGNORE INTO flag (entry, word) VALUES (?, ?)")?.execute(params![row, word])?;
            }
            FlagChange::Remove(word) => {
                conn.prepare_cached("DELETE FROM flag WHERE entry = ? AND word = ?")?.execute(params![row, word])?;
            }
        }
    }
    if !changes.is_empty() {
        let count: usize = conn.prepare_cached("SELECT count(*) FROM flag WHERE entry = ?")?.query_row([row], |r| r.get(0))?;
        if count > FLAGS {
            return Err(too_many().into());
        }
    }
    Ok(())
}

/// An entry that is to go.
struct Doomed {
    row: i64,
    mailbox: i64,
    media: MediaId,
    size: i64,
}

fn doomed(r: &Row<'_>) -> rusqlite::Result<Doomed> {
    Ok(Doomed { row: r.get(0)?, mailbox: r.get(1)?, media: media(r, 2)?, size: r.get(3)? })
}

fn remove_all(conn: &Connection, which: &str, values: [i64; 2]) -> Result<(usize, Effects)> {
    let all: Vec<Doomed> = conn.prepare_cached(which)?.query_map(values, doomed)?.collect::<rusqlite::Result<_>>()?;
    let mut effects = Effects::default();
    all.iter().try_for_each(|d| remove(conn, d, &mut effects))?;
    Ok((all.len(), effects))
}

fn remove(conn: &Connection, doomed: &Doomed, effects: &mut Effects) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM entry WHERE id = ?")?.execute([doomed.row])?;
    let less = "UPDATE mailbox SET messages = messages - 1, octets = octets - ? WHERE id = ?";
    conn.prepare_cached(less)?.execute([doomed.size, doomed.mailbox])?;
    effects.releases.push((doomed.row, doomed.media));
    Ok(())
}

fn entry(r: &Row<'_>) -> rusqlite::Result<Entry> {
    let flags: Option<String> = r.get(16)?;
    let mut flags: Vec<String> = flags.iter().flat_map(|f| f.split(SEPARATOR)).map(str::to_owned).collect();
    flags.sort();
    let expires: Option<i64> = r.get(15)?;
    Ok(Entry {
        whose: Whose { number: r.get(0)?, since: unsigned(r, 1)? },
        token: r.get(2)?,
        media: media(r, 3)?,
        headers: r.get::<_, Vec<u8>>(4)?.into(),
        message_id: r.get(5)?,
        size: unsigned(r, 6)?,
        from: r.get(7)?,
        subject: r.get(8)?,
        date: unsigned(r, 9)?,
        state: MmState::from_code(r.get(10)?),
        flags,
        may_adapt: r.get(11)?,
        locked: r.get(12)?,
        origin: r.get(13)?,
        stored: unsigned(r, 14)?,
        expires: expires.map(i64::cast_unsigned),
    })
}

fn media(r: &Row<'_>, column: usize) -> rusqlite::Result<MediaId> {
    Ok(MediaId::from_bytes(r.get(column)?))
}

fn unsigned(r: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(r.get::<_, i64>(column)?.cast_unsigned())
}

/// SQLite's integers are signed; nothing here comes near the end.
fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
