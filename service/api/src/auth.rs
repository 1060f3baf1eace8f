//! Who is asking: HTTP Basic authentication against the gateway's accounts.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use waxwing_core::{Account, AuthError};

use crate::state::peer_of;
use crate::{ApiState, Problem};

/// The account that a request of `/api/v1` is made by.
pub(crate) struct Caller {
    pub(crate) account: Arc<Account>,
    pub(crate) peer: Option<SocketAddr>,
}

impl Caller {
    /// # Errors
    /// 401 unless the request is made by an account that may use HTTP, 503 where too many sign in at once.
    pub(crate) async fn of(state: &ApiState, headers: &HeaderMap, peer: Option<SocketAddr>) -> Result<Caller, Problem> {
        let (name, password) = basic(headers).ok_or_else(Problem::unauthorized)?;
        let account = sign_in(state, "rest", &name, &password, peer).await?;
        Ok(Caller { account, peer })
    }

    /// # Errors
    /// 403 for all but administrators.
    pub(crate) fn require_admin(&self) -> Result<(), Problem> {
        if self.account.config.admin { Ok(()) } else { Err(Problem::forbidden("only accounts with admin = true may see this")) }
    }
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Caller, Problem> {
        Caller::of(state, &parts.headers, peer_of(&parts.extensions)).await
    }
}

/// Name and password of a Basic authorization.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, Vec<u8>)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let mut decoded = STANDARD.decode(token.trim()).ok()?;
    let colon = decoded.iter().position(|&b| b == b':')?;
    let password = decoded[colon + 1..].to_vec();
    decoded.truncate(colon);
    Some((String::from_utf8(decoded).ok()?, password))
}

/// The same at doors where a mere link submits: a browser that keeps a password would send it along with links of any site, and says so.
///
/// # Errors
/// 403 where a page of another site made the request.
pub(crate) fn basic_of_client(headers: &HeaderMap) -> Result<Option<(String, Vec<u8>)>, Problem> {
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    match (basic(headers), site) {
        (Some(_), Some("cross-site" | "same-site")) => {
            Err(Problem::forbidden("a page of another site made this request with your password"))
        }
        (basic, _) => Ok(basic),
    }
}

/// The answer to HEAD and others at doors where a request submits.
pub(crate) fn wrong_method(method: &http::Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "The method is not allowed",
        format!("{method} cannot be used here; use GET or POST"),
    )
}

/// Signs an account in at an HTTP door. Failures are counted and logged with what was wrong.
///
/// # Errors
/// See [`AuthError`]; clients are told the same for all of them.
pub(crate) async fn sign_in(
    state: &ApiState,
    place: &str,
    name: &str,
    password: &[u8],
    peer: Option<SocketAddr>,
) -> Result<Arc<Account>, AuthError> {
    let result = authenticate(state, name, password, peer).await;
    if let Err(e) = &result {
        state.bad_input(place, "sign-in", peer, &format!("account {name:?}: {e}"));
    }
    result
}

async fn authenticate(state: &ApiState, name: &str, password: &[u8], peer: Option<SocketAddr>) -> Result<Arc<Account>, AuthError> {
    let setup = state.gateway().setup();
    let account = setup.accounts.authenticate(name, password, peer.map(|p| p.ip())).await?;
    if account.config.http { Ok(account) } else { Err(AuthError::Door) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn basic_takes_colons_in_passwords_and_any_case() {
        let with = |v: &'static str| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(v))]);
        assert_eq!(basic(&with("Basic c2hvcDpzZTpjcmV0")), Some(("shop".into(), b"se:cret".to_vec())));
        assert_eq!(basic(&with("bAsIc c2hvcDo=")), Some(("shop".into(), Vec::new())));
        assert_eq!(basic(&with("Bearer abc")), None);
        assert_eq!(basic(&with("Basic c2hvcA==")), None);
        assert_eq!(basic(&HeaderMap::new()), None);
    }
}
