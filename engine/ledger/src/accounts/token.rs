//! Sign-in links and console sessions: random tokens, of which the file has only a digest.

use argon2::password_hash::rand_core::{OsRng, RngCore};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};
use waxwing_core::Millis;

use super::AccountStore;
use crate::LedgerError;

/// Most tokens of a kind that one account has; the oldest go first.
const MAX_TOKENS: i64 = 100;

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The account's name.
    pub account: String,
    /// Where the session was begun from, as it was told.
    pub source: String,
    /// When it began.
    pub created: Millis,
    /// When it ends.
    pub expires: Millis,
}

impl AccountStore {
    /// Makes a link token that signs in to an account once, within `valid` milliseconds. The account need not be in this file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create_link(&self, account: &str, valid: Millis, now: Millis) -> Result<String, LedgerError> {
        self.create("link", account, "", valid, now)
    }

    /// Uses up a link token; the account that it is for, or `None` where it is unknown, used, or too old.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn redeem_link(&self, token: &str, now: Millis) -> Result<Option<String>, LedgerError> {
        let conn = self.conn.lock();
        let sql = "DELETE FROM token WHERE hash = ?1 AND kind = 'link' RETURNING account, expires_ms";
        let mut stmt = conn.prepare_cached(sql).map_err(|e| self.error(e))?;
        let found: Option<(String, i64)> =
            stmt.query_row([digest(token)], |r| Ok((r.get(0)?, r.get(1)?))).optional().map_err(|e| self.error(e))?;
        Ok(found.filter(|(_, expires)| *expires > now.cast_signed()).map(|(account, _)| account))
    }

    /// Begins a console session of `valid` milliseconds; `source` is where from, for people. The account need not be in this file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create_session(&self, account: &str, source: &str, valid: Millis, now: Millis) -> Result<String, LedgerError> {
        self.create("session", account, source, valid, now)
    }

    /// The session of a token, if it has not ended.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn session(&self, token: &str, now: Millis) -> Result<Option<Session>, LedgerError> {
        let conn = self.conn.lock();
        let sql = "SELECT account, source, created_ms, expires_ms FROM token WHERE hash = ?1 AND kind = 'session' AND expires_ms > ?2";
        let mut stmt = conn.prepare_cached(sql).map_err(|e| self.error(e))?;
        stmt.query_row(params![digest(token), now.cast_signed()], |r| {
            Ok(Session {
                account: r.get(0)?,
                source: r.get(1)?,
                created: r.get::<_, i64>(2)?.cast_unsigned(),
                expires: r.get::<_, i64>(3)?.cast_unsigned(),
            })
        })
        .optional()
        .map_err(|e| self.error(e))
    }

    /// Ends a session. False where there was none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end_session(&self, token: &str) -> Result<bool, LedgerError> {
        let conn = self.conn.lock();
        let ended = conn.execute("DELETE FROM token WHERE hash = ?1 AND kind = 'session'", [digest(token)]).map_err(|e| self.error(e))?;
        Ok(ended > 0)
    }

    /// Ends all sessions and links of an account (one of the configuration file, whose password was changed there).
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end_sessions_of(&self, account: &str) -> Result<usize, LedgerError> {
        self.conn.lock().execute("DELETE FROM token WHERE account = ?1", [account]).map_err(|e| self.error(e))
    }

    fn create(&self, kind: &str, account: &str, source: &str, valid: Millis, now: Millis) -> Result<String, LedgerError> {
        let mut octets = [0; 32];
        OsRng.fill_bytes(&mut octets);
        let token = URL_SAFE_NO_PAD.encode(octets);
        let mut conn = self.conn.lock();
        let fail = |e| self.error(e);
        let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(fail)?;
        tx.execute("DELETE FROM token WHERE expires_ms <= ?1", [now.cast_signed()]).map_err(fail)?;
        tx.execute(
            "DELETE FROM token WHERE hash IN (SELECT hash FROM token WHERE account = ?1 AND kind = ?2 ORDER BY created_ms DESC LIMIT -1 OFFSET ?3)",
            params![account, kind, MAX_TOKENS - 1],
        )
        .map_err(fail)?;
        tx.execute(
            "INSERT INTO token (hash, kind, account, source, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![digest(&token), kind, account, source, now.cast_signed(), now.saturating_add(valid).cast_signed()],
        )
        .map_err(fail)?;
        tx.commit().map_err(fail)?;
        Ok(token)
    }
}

/// What the file has of a token. The token has 256 random bits: no salt and no slow hash are needed.
fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
