//! The message centre's subscribers in the accounts file: there may be hundreds of thousands, so they are found by [`Directory`]
//! in memory and have a revision of their own, apart from the accounts'.

use rusqlite::{Connection, OptionalExtension, Row, params};
use waxwing_core::{Millis, Secret};

use super::directory::Directory;
use super::subscriber::{Subscriber, SubscriberChange, SubscriberError, check, check_number};
use super::{AccountError, AccountStore, stored_password};
use crate::LedgerError;

/// Most subscribers of a page.
const MAX_PAGE: usize = 1000;
/// Deleted numbers that are remembered. A directory that has missed more than so many is built anew.
const REMEMBERED: i64 = 10_000;

const TABLES: &str = "
CREATE TABLE subscriber (
  number      TEXT    PRIMARY KEY,
  alias       TEXT    UNIQUE COLLATE NOCASE,
  password    TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  may_send    INTEGER NOT NULL,
  may_receive INTEGER NOT NULL,
  max_size    INTEGER,
  web_link    INTEGER NOT NULL,
  created_ms  INTEGER NOT NULL,
  changed_ms  INTEGER NOT NULL,
  revision    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX subscriber_changed ON subscriber (revision);
CREATE TABLE subscriber_gone (
  number   TEXT    PRIMARY KEY,
  revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX subscriber_gone_when ON subscriber_gone (revision);
CREATE TABLE subscriber_revision (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  number    INTEGER NOT NULL,
  gone_from INTEGER NOT NULL
);
INSERT INTO subscriber_revision VALUES (1, 0, 0);
";

/// Which subscribers are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriberQuery {
    /// Only those whose number begins so (with or without `+`), or, where it is not digits alone, whose alias or name does, in any case of
    /// the ASCII letters; empty = all.
    pub prefix: String,
    /// Only those whose number comes after this one: the `next` of the page before.
    pub after: String,
    /// At most so many, 1 to 1000.
    pub limit: usize,
}

/// Some subscribers, by number (as text).
#[derive(Clone, Debug, Default)]
pub struct SubscriberPage {
    /// They.
    pub subscribers: Vec<Subscriber>,
    /// Give it as `after` for those that follow, if any do.
    pub next: Option<Box<str>>,
}

/// Every method reads or writes the file, and blocks for that: call it from a blocking thread. Numbers are international digits without `+`,
/// as [`subscriber_number`] makes them.
impl AccountStore {
    /// A number that rises with every change of a subscriber, by this process or, once [`AccountStore::refresh`] has looked, another.
    pub fn subscriber_revision(&self) -> tokio::sync::watch::Receiver<u64> {
        self.subscribers.subscribe()
    }

    /// The subscribers in memory, kept in agreement with the file: at once with changes by this process, and with those by others whenever
    /// [`AccountStore::refresh`] is called. The first call reads them all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn directory(&self) -> Result<std::sync::Arc<Directory>, LedgerError> {
        let conn = self.conn.lock();
        if let Some(directory) = self.directory.get() {
            return Ok(directory.clone());
        }
        let directory = std::sync::Arc::new(Directory::default());
        directory.follow(&conn).map_err(|e| self.error(e))?;
        // The connection is locked: nobody else sets it in the meantime.
        Ok(self.directory.get_or_init(|| directory).clone())
    }

    /// Makes a subscriber. Hashing its password takes tens of milliseconds.
    ///
    /// # Errors
    /// When there is one with that number, or something cannot be so.
    pub fn add_subscriber(&self, number: &str, settings: &SubscriberChange, now: Millis) -> Result<(), SubscriberError> {
        self.put(number, settings, now, Put::Add).map(drop)
    }

    /// Changes a subscriber.
    ///
    /// # Errors
    /// When there is none with that number, or something cannot be so.
    pub fn modify_subscriber(&self, number: &str, change: &SubscriberChange, now: Millis) -> Result<(), SubscriberError> {
        self.put(number, change, now, Put::Modify).map(drop)
    }

    /// Makes a subscriber, or gives the one with that number these settings, with defaults where nothing is said, but for the password,
    /// which then stays. True where it was made.
    ///
    /// # Errors
    /// When something cannot be so.
    pub fn replace_subscriber(&self, number: &str, settings: &SubscriberChange, now: Millis) -> Result<bool, SubscriberError> {
        self.put(number, settings, now, Put::Replace)
    }

    /// Deletes a subscriber.
    ///
    /// # Errors
    /// When there is none with that number.
    pub fn delete_subscriber(&self, number: &str) -> Result<(), SubscriberError> {
        self.change(|conn, revision| {
            if conn.execute("DELETE FROM subscriber WHERE number = ?1", [number])? == 0 {
                return Ok(Err(SubscriberError::Unknown(number.to_owned())));
            }
            conn.execute("INSERT OR REPLACE INTO subscriber_gone VALUES (?1, ?2)", params![number, revision])?;
            let forgotten = conn.execute("DELETE FROM subscriber_gone WHERE revision <= ?1", [revision - REMEMBERED])?;
            if forgotten > 0 {
                conn.execute("UPDATE subscriber_revision SET gone_from = ?1", [revision - REMEMBERED])?;
            }
            Ok(Ok(()))
        })
    }

    /// The subscriber with that number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn subscriber(&self, number: &str) -> Result<Option<Subscriber>, LedgerError> {
        let conn = self.conn.lock();
        let mut stmt = conn.prepare_cached(&format!("{SELECT} WHERE number = ?1")).map_err(|e| self.error(e))?;
        stmt.query_row([number], subscriber).optional().map_err(|e| self.error(e))
    }

    /// Some subscribers.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn subscribers(&self, query: &SubscriberQuery) -> Result<SubscriberPage, LedgerError> {
        let limit = query.limit.clamp(1, MAX_PAGE);
        let digits = query.prefix.strip_prefix('+').unwrap_or(&query.prefix);
        let conn = self.conn.lock();
        let run = || {
            // One more than wanted tells whether others follow.
            let most = limit as i64 + 1;
            if digits.bytes().all(|b| b.is_ascii_digit()) {
                // ':' follows '9', and a blank comes before '0'.
                let (end, after) = (format!("{digits}:"), format!("{} ", query.after));
                let start = if *digits > *after { digits } else { &after };
                let mut stmt = conn.prepare_cached(&format!("{SELECT} WHERE number >= ?1 AND number < ?2 {ORDER} ?3"))?;
                stmt.query_map(params![start, end, most], subscriber)?.collect::<rusqlite::Result<Vec<_>>>()
            } else {
                let like = format!("{}%", query.prefix.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
                let found = "(alias LIKE ?2 ESCAPE '\\' OR name LIKE ?2 ESCAPE '\\')";
                let mut stmt = conn.prepare_cached(&format!("{SELECT} WHERE number > ?1 AND {found} {ORDER} ?3"))?;
                stmt.query_map(params![query.after, like, most], subscriber)?.collect()
            }
        };
        let mut subscribers = run().map_err(|e| self.error(e))?;
        let more = subscribers.len() > limit;
        subscribers.truncate(limit);
        let next = subscribers.last().filter(|_| more).map(|s| s.number.clone());
        Ok(SubscriberPage { subscribers, next })
    }

    /// How many subscribers there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn subscriber_count(&self) -> Result<u64, LedgerError> {
        let count = self.conn.lock().query_row("SELECT count(*) FROM subscriber", [], |r| r.get::<_, i64>(0));
        count.map(i64::cast_unsigned).map_err(|e| self.error(e))
    }

    /// True where it was made.
    fn put(&self, number: &str, change: &SubscriberChange, now: Millis, how: Put) -> Result<bool, SubscriberError> {
        check_number(number).map_err(|why| SubscriberError::Number { given: number.to_owned(), why })?;
        check(change)?;
        let password = change.password.as_deref().map(stored_password).transpose().map_err(|e| match e {
            AccountError::Password(e) => SubscriberError::Password(e),
            e => SubscriberError::Password(e.to_string()),
        })?;
        self.change(|conn, revision| {
            let found = conn.prepare_cached(&format!("{SELECT} WHERE number = ?1"))?.query_row([number], subscriber).optional()?;
            let is_new = found.is_none();
            let fresh = || Subscriber::new(number, now);
            let mut s = match (found, how) {
                (Some(_), Put::Add) => return Ok(Err(SubscriberError::Exists(number.to_owned()))),
                (None, Put::Modify) => return Ok(Err(SubscriberError::Unknown(number.to_owned()))),
                (Some(old), Put::Replace) => Subscriber { created: old.created, password: old.password, ..fresh() },
                (Some(old), Put::Modify) => old,
                (None, Put::Add | Put::Replace) => fresh(),
            };
            s.apply(change, now);
            if let Some(password) = &password {
                s.password = Secret::parse(password);
            }
            if let Some(alias) = &s.alias {
                let sql = "SELECT number FROM subscriber WHERE alias = ?1 AND number <> ?2";
                let other: Option<String> = conn.prepare_cached(sql)?.query_row([&**alias, number], |r| r.get(0)).optional()?;
                if let Some(other) = other {
                    return Ok(Err(SubscriberError::AliasTaken { alias: alias.to_string(), number: other }));
                }
            }
            conn.execute("DELETE FROM subscriber_gone WHERE number = ?1", [number])?;
            write(conn, &s, revision)?;
            Ok(Ok(is_new))
        })
    }

    /// Runs a change of subscribers in a transaction that has this revision, and lets the directory follow. What is refused changes nothing.
    fn change<T>(&self, f: impl FnOnce(&Connection, i64) -> rusqlite::Result<Result<T, SubscriberError>>) -> Result<T, SubscriberError> {
        let mut conn = self.conn.lock();
        let fail = |e| self.error(e);
        let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(fail)?;
        let sql = "UPDATE subscriber_revision SET number = number + 1 RETURNING number";
        let revision: i64 = tx.query_row(sql, [], |r| r.get(0)).map_err(fail)?;
        let done = f(&tx, revision).map_err(fail)??;
        tx.commit().map_err(fail)?;
        if let Err(e) = self.follow(&conn) {
            // The change is made. The next refresh catches up.
            tracing::warn!("A change of a subscriber is stored, but not in force yet: {e}");
        }
        Ok(done)
    }

    /// Takes over what was changed, and tells those who watch.
    pub(super) fn follow(&self, conn: &Connection) -> Result<(), LedgerError> {
        let now = match self.directory.get() {
            Some(directory) => directory.follow(conn),
            None => revision(conn),
        };
        let now = now.map_err(|e| self.error(e))?;
        self.subscribers.send_if_modified(|r| std::mem::replace(r, now.cast_unsigned()) != now.cast_unsigned());
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Put {
    Add,
    Modify,
    Replace,
}

/// Makes the tables where a file from before them has none.
pub(super) fn create(conn: &mut Connection) -> rusqlite::Result<()> {
    let made = "SELECT count(*) > 0 FROM sqlite_master WHERE name = 'subscriber_revision'";
    if conn.query_row(made, [], |r| r.get(0))? {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if !tx.query_row(made, [], |r| r.get(0))? {
        tx.execute_batch(TABLES)?;
    }
    tx.commit()
}

pub(super) fn revision(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT number FROM subscriber_revision", [], |r| r.get(0))
}

pub(super) const SELECT: &str =
    "SELECT number, alias, password, name, may_send, may_receive, max_size, web_link, created_ms, changed_ms FROM subscriber";
const ORDER: &str = "ORDER BY number LIMIT";

pub(super) fn subscriber(r: &Row<'_>) -> rusqlite::Result<Subscriber> {
    Ok(Subscriber {
        number: r.get::<_, Box<str>>(0)?,
        alias: r.get::<_, Option<Box<str>>>(1)?,
        password: Secret::parse(r.get_ref(2)?.as_str()?),
        name: r.get::<_, Box<str>>(3)?,
        may_send: r.get(4)?,
        may_receive: r.get(5)?,
        max_size: r.get::<_, Option<i64>>(6)?.map(i64::cast_unsigned),
        web_link: r.get(7)?,
        created: r.get::<_, i64>(8)?.cast_unsigned(),
        changed: r.get::<_, i64>(9)?.cast_unsigned(),
        verified: waxwing_core::Verified::default(),
    })
}

fn write(conn: &Connection, s: &Subscriber, revision: i64) -> rusqlite::Result<()> {
    let password = match &s.password {
        Secret::Argon2(hash) => hash.as_str(),
        // The file has hashes alone.
        Secret::None | Secret::Plain(_) => "",
    };
    conn.prepare_cached("INSERT OR REPLACE INTO subscriber VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?.execute(params![
        s.number,
        s.alias,
        password,
        s.name,
        s.may_send,
        s.may_receive,
        s.max_size.map(u64::cast_signed),
        s.web_link,
        s.created.cast_signed(),
        s.changed.cast_signed(),
        revision,
    ])?;
    Ok(())
}
