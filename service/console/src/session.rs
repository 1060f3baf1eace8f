//! Who is looking.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, header};
use sha2::{Digest, Sha256};
use waxwing_core::Account;
use waxwing_ledger::LedgerError;

use crate::{Console, HOME, page};

const COOKIE: &str = "waxwing_session";
/// How long a session lasts, milliseconds.
const VALID: u64 = 12 * 3_600_000;

/// An administrator with a session.
pub(crate) struct SignedIn {
    pub(crate) account: Arc<Account>,
    /// The session's token.
    pub(crate) token: String,
    /// What forms of this session carry.
    pub(crate) csrf: String,
}

impl FromRequestParts<Console> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<SignedIn, Response> {
        let found = match cookie(&parts.headers) {
            Some(token) => console.session(token).await.map_err(|e| page::broken(&e.to_string()))?,
            None => None,
        };
        found.ok_or_else(|| {
            let to = format!("{HOME}/sign-in");
            // A form that was posted is lost either way; a page is where the visitor wants to get back to.
            let wanted = parts.uri.path_and_query().map(|p| p.as_str()).filter(|p| parts.method == Method::GET && *p != HOME);
            let next = wanted.map(|p| format!("?next={}", url::form_urlencoded::byte_serialize(p.as_bytes()).collect::<String>()));
            Redirect::to(&format!("{to}{}", next.unwrap_or_default())).into_response()
        })
    }
}

impl Console {
    /// The session of a token, where its account is still an administrator.
    async fn session(&self, token: String) -> Result<Option<SignedIn>, LedgerError> {
        let (accounts, now) = (self.0.options.accounts.clone(), self.now());
        let (token, found) = blocking(move || {
            let found = accounts.session(&token, now);
            (token, found)
        })
        .await?;
        let account = found?.and_then(|s| self.administrator(&s.account));
        Ok(account.map(|account| SignedIn { account, csrf: csrf(&token), token }))
    }

    /// Begins a session; the header that gives it to the browser.
    pub(crate) async fn begin(&self, account: &str, source: String) -> Result<HeaderValue, LedgerError> {
        let (accounts, now, name) = (self.0.options.accounts.clone(), self.now(), account.to_owned());
        let token = blocking(move || accounts.create_session(&name, &source, VALID, now)).await??;
        self.set_cookie(&token, VALID / 1000)
    }

    /// Ends a session; the header that takes it from the browser.
    pub(crate) async fn end(&self, who: &SignedIn) -> Result<HeaderValue, LedgerError> {
        let (accounts, token) = (self.0.options.accounts.clone(), who.token.clone());
        blocking(move || accounts.end_session(&token)).await??;
        self.set_cookie("", 0)
    }

    /// The account that a sign-in link is for, which is used up by this.
    pub(crate) async fn redeem(&self, token: String) -> Result<Option<Arc<Account>>, LedgerError> {
        let (accounts, now) = (self.0.options.accounts.clone(), self.now());
        let name = blocking(move || accounts.redeem_link(&token, now)).await??;
        Ok(name.and_then(|n| self.administrator(&n)))
    }

    fn administrator(&self, name: &str) -> Option<Arc<Account>> {
        self.gateway().setup().accounts.get(name).filter(|a| a.config.admin).cloned()
    }

    fn set_cookie(&self, token: &str, seconds: u64) -> Result<HeaderValue, LedgerError> {
        let secure = if self.0.options.secure { "; Secure" } else { "" };
        let cookie = format!("{COOKIE}={token}; Path={HOME}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        // Tokens are base 64; this cannot fail.
        HeaderValue::from_str(&cookie).map_err(|_| LedgerError::Closing)
    }
}

/// The accounts file is read and written on a thread that may wait for the disk.
async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, LedgerError> {
    tokio::task::spawn_blocking(f).await.map_err(|_| LedgerError::Closing)
}

/// What a session's forms carry: known to whoever has the token, and no way back to it.
fn csrf(token: &str) -> String {
    let mut h = Sha256::new();
    h.update(b"waxwing console form\0");
    h.update(token.as_bytes());
    h.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    all.filter_map(|c| c.trim().split_once('=')).find(|(n, _)| *n == COOKIE).map(|(_, v)| v.to_owned())
}
