//! Accounts that were made at the command line or in the console, who is signed in to the console, and the message centre's subscribers.
//!
//! One small SQLite file, synced at each change. The command line may change it while the gateway runs: [`AccountStore::refresh`] notices.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::sync::watch;
use waxwing_core::Millis;

use crate::{LedgerError, schema};

mod directory;
mod password;
mod subscriber;
mod subscribers;
mod token;

pub use directory::Directory;
pub use password::hash_password;
pub use subscriber::{Subscriber, SubscriberChange, SubscriberError, subscriber_number};
pub use subscribers::{SubscriberPage, SubscriberQuery};
pub use token::Session;

/// Longest name, characters.
const MAX_NAME: usize = 64;

const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE account (
  name       TEXT    PRIMARY KEY,
  password   TEXT    NOT NULL,
  settings   TEXT    NOT NULL,
  created_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL
);
CREATE TABLE token (
  hash       BLOB    PRIMARY KEY,
  kind       TEXT    NOT NULL,
  account    TEXT    NOT NULL,
  source     TEXT    NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL
);
CREATE INDEX token_account ON token (account, kind, created_ms);
CREATE TABLE revision (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  number INTEGER NOT NULL
);
INSERT INTO revision VALUES (1, 0);
";

/// An account to be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewAccount {
    /// Its name: 1 to 64 characters, none of them a control character, no blank at either end.
    pub name: String,
    /// Its password in clear, or an argon2 hash (`$argon2id$...`); `None` or empty = it cannot sign in by a password.
    pub password: Option<String>,
    /// The keys of an `[[account]]` section, without `name` and `password`.
    pub settings: Map<String, Value>,
}

/// An account of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAccount {
    /// Its name.
    pub name: String,
    /// Argon2 hash of its password, empty = none.
    pub password: String,
    /// The keys of an `[[account]]` section, without `name` and `password`.
    pub settings: Map<String, Value>,
    /// When it was made.
    pub created: Millis,
    /// When it was last changed.
    pub changed: Millis,
}

/// Why an account could not be stored, or was not found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AccountError {
    /// There is one of that name.
    #[error("there is an account {0:?} already; choose another name, or modify that one")]
    Exists(String),
    /// There is none of that name.
    #[error("there is no account {0:?} in the accounts file")]
    Unknown(String),
    /// Such a name cannot be.
    #[error("{0:?} cannot be an account's name: 1 to {MAX_NAME} characters, no control characters, no blank at either end")]
    Name(String),
    /// The password cannot be hashed.
    #[error("the password cannot be hashed: {0}")]
    Password(String),
    /// The file.
    #[error(transparent)]
    File(#[from] LedgerError),
}

/// The accounts file. Every method reads or writes it, and blocks for that: call it from a blocking thread.
pub struct AccountStore {
    path: PathBuf,
    conn: Mutex<Connection>,
    revision: watch::Sender<u64>,
    subscribers: watch::Sender<u64>,
    directory: OnceLock<Arc<Directory>>,
}

impl AccountStore {
    /// Opens the file (`<data>/accounts.db`), or makes it.
    ///
    /// # Errors
    /// When it cannot be used. A damaged one is left alone: it is the only place that has the accounts.
    pub fn open(path: impl Into<PathBuf>) -> Result<AccountStore, LedgerError> {
        let path = path.into();
        let fail = |e| LedgerError::sqlite("opening", &path, e);
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| LedgerError::io("creating", folder, e))?;
        }
        let mut conn = Connection::open(&path).map_err(fail)?;
        only_ours(&path)?;
        schema::tune(&conn, "FULL").map_err(fail)?;
        schema::create(&mut conn, &path, VERSION, TABLES)?;
        subscribers::create(&mut conn).map_err(fail)?;
        let revision = watch::Sender::new(read_revision(&conn).map_err(fail)?);
        let subscribers = watch::Sender::new(subscribers::revision(&conn).map_err(fail)?.cast_unsigned());
        Ok(AccountStore { path, conn: Mutex::new(conn), revision, subscribers, directory: OnceLock::new() })
    }

    /// A number that rises with every change of an account. Whoever builds something from the accounts builds it again when it does.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Looks whether another process has changed an account or a subscriber, and tells those who watch [`AccountStore::revision`] or
    /// [`AccountStore::subscriber_revision`]. To be called every second or so.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn refresh(&self) -> Result<(), LedgerError> {
        let conn = self.conn.lock();
        let now = read_revision(&conn).map_err(|e| self.error(e))?;
        self.tell(now);
        self.follow(&conn)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(&self) -> Result<Vec<StoredAccount>, LedgerError> {
        let conn = self.conn.lock();
        let mut stmt = conn.prepare_cached(&format!("{SELECT} ORDER BY name")).map_err(|e| self.error(e))?;
        let rows = stmt.query_map([], account).map_err(|e| self.error(e))?;
        rows.collect::<Result<_, _>>().map_err(|e| self.error(e))
    }

    /// One account.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn get(&self, name: &str) -> Result<Option<StoredAccount>, LedgerError> {
        let conn = self.conn.lock();
        let mut stmt = conn.prepare_cached(&format!("{SELECT} WHERE name = ?1")).map_err(|e| self.error(e))?;
        stmt.query_row([name], account).optional().map_err(|e| self.error(e))
    }

    /// Makes an account. Hashing its password takes tens of milliseconds.
    ///
    /// # Errors
    /// When there is one of that name, or the name cannot be one.
    pub fn add(&self, new: &NewAccount, now: Millis) -> Result<(), AccountError> {
        let name = &new.name;
        if name.is_empty() || name.chars().count() > MAX_NAME || name.trim() != name || name.chars().any(char::is_control) {
            return Err(AccountError::Name(name.clone()));
        }
        let password = stored_password(new.password.as_deref().unwrap_or_default())?;
        let settings = Value::Object(new.settings.clone()).to_string();
        let done = self.write(|conn| {
            conn.execute(
                "INSERT OR IGNORE INTO account (name, password, settings, created_ms, changed_ms) VALUES (?1, ?2, ?3, ?4, ?4)",
                params![name, password, settings, now.cast_signed()],
            )
        })?;
        if done { Ok(()) } else { Err(AccountError::Exists(name.clone())) }
    }

    /// Changes an account's password (empty = none), its settings as a whole, or both. With another password, all who are signed in as
    /// this account are signed out.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn modify(
        &self,
        name: &str,
        password: Option<&str>,
        settings: Option<&Map<String, Value>>,
        now: Millis,
    ) -> Result<(), AccountError> {
        let signed_out = password.is_some();
        let password = password.map(stored_password).transpose()?;
        let settings = settings.map(|s| Value::Object(s.clone()).to_string());
        let done = self.write(|conn| {
            if signed_out {
                conn.execute("DELETE FROM token WHERE account = ?1", [name])?;
            }
            conn.execute(
                "UPDATE account SET password = coalesce(?2, password), settings = coalesce(?3, settings), changed_ms = ?4 WHERE name = ?1",
                params![name, password, settings, now.cast_signed()],
            )
        })?;
        if done { Ok(()) } else { Err(AccountError::Unknown(name.to_owned())) }
    }

    /// Deletes an account; all who are signed in as it are signed out.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn delete(&self, name: &str) -> Result<(), AccountError> {
        let done = self.write(|conn| {
            conn.execute("DELETE FROM token WHERE account = ?1", [name])?;
            conn.execute("DELETE FROM account WHERE name = ?1", [name])
        })?;
        if done { Ok(()) } else { Err(AccountError::Unknown(name.to_owned())) }
    }

    /// Runs a change of accounts in a transaction. False, with nothing changed, where it concerned no account.
    fn write(&self, f: impl FnOnce(&Connection) -> rusqlite::Result<usize>) -> Result<bool, LedgerError> {
        let mut conn = self.conn.lock();
        let fail = |e| self.error(e);
        let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(fail)?;
        if f(&tx).map_err(fail)? == 0 {
            return Ok(false);
        }
        tx.execute("UPDATE revision SET number = number + 1", []).map_err(fail)?;
        let now = read_revision(&tx).map_err(fail)?;
        tx.commit().map_err(fail)?;
        self.tell(now);
        Ok(true)
    }

    fn tell(&self, revision: u64) {
        self.revision.send_if_modified(|r| std::mem::replace(r, revision) != revision);
    }

    fn error(&self, e: rusqlite::Error) -> LedgerError {
        LedgerError::sqlite("using", &self.path, e)
    }
}

const SELECT: &str = "SELECT name, password, settings, created_ms, changed_ms FROM account";

fn account(r: &Row<'_>) -> rusqlite::Result<StoredAccount> {
    let settings: String = r.get(2)?;
    let settings = serde_json::from_str(&settings)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(e)))?;
    Ok(StoredAccount {
        name: r.get(0)?,
        password: r.get(1)?,
        settings,
        created: r.get::<_, i64>(3)?.cast_unsigned(),
        changed: r.get::<_, i64>(4)?.cast_unsigned(),
    })
}

fn read_revision(conn: &Connection) -> rusqlite::Result<u64> {
    conn.query_row("SELECT number FROM revision", [], |r| r.get::<_, i64>(0)).map(i64::cast_unsigned)
}

/// A password as it is stored: nothing, the hash that was given, or the hash of what was given.
fn stored_password(password: &str) -> Result<String, AccountError> {
    if password.is_empty() || password.starts_with("$argon2") { Ok(password.to_owned()) } else { hash_password(password) }
}

/// Nobody else may read the file: there are password hashes in it. SQLite gives the files beside it the same rights.
fn only_ours(path: &Path) -> Result<(), LedgerError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(|e| LedgerError::io("restricting", path, e))?;
    }
    Ok(())
}
