//! Where a callback goes and how it is signed: read once for each account as it is installed, not for each call.

use std::sync::Arc;

use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use url::Url;
use waxwing_core::Account;

use super::AddressGuard;
use super::sign::Keys;

/// An address in the form in which it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    /// Of the URL's user and password.
    pub(crate) authorization: Option<HeaderValue>,
}

/// An account's webhook.
#[derive(Debug)]
pub(crate) struct Hook {
    /// `None` where the account has none; the error says why its address cannot be called.
    pub(crate) target: Option<Result<Target, String>>,
    /// They sign calls to addresses that a message named as well.
    pub(crate) keys: Keys,
}

impl Target {
    /// Of a URL.
    ///
    /// # Errors
    /// When it is no http or https URL, or names an address that is denied.
    pub(crate) fn parse(url: &str, guard: &AddressGuard) -> Result<Target, String> {
        let mut url = guard.check_url(url)?;
        let authorization = authorization(&url);
        // User and fragment do not belong on the wire. These fail for URLs without a host only, which the guard has refused.
        url.set_fragment(None);
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let uri = url.as_str().parse().map_err(|e| format!("{url} cannot be called: {e}"))?;
        Ok(Target { uri, authorization })
    }
}

impl Hook {
    /// Of an account, or of none.
    pub(crate) fn of(account: Option<&Arc<Account>>, guard: &AddressGuard) -> Hook {
        let webhook = account.and_then(|a| a.config.webhook.as_ref());
        Hook {
            target: webhook.map(|w| Target::parse(&w.url, guard)),
            keys: Keys::parse(webhook.map(|w| w.secret.as_str()).unwrap_or_default()),
        }
    }
}

fn authorization(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() {
        return None;
    }
    let name = percent_decode_str(url.username()).decode_utf8_lossy();
    let password = percent_decode_str(url.password().unwrap_or_default()).decode_utf8_lossy();
    let token = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{name}:{password}"));
    format!("Basic {token}").parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn user_and_fragment_stay_here() {
        let t = Target::parse("https://u:p%40@example.net/a?b=c#d", &AddressGuard::default()).unwrap();
        assert_eq!(t.uri, "https://example.net/a?b=c");
        assert_eq!(t.authorization.unwrap(), "Basic dTpwQA==");
        let t = Target::parse("http://example.net", &AddressGuard::default()).unwrap();
        assert_eq!((t.uri.to_string().as_str(), t.authorization), ("http://example.net/", None));
    }

    #[test]
    fn what_cannot_be_called_is_told() {
        let e = Target::parse("http://169.254.169.254/", &AddressGuard::default()).unwrap_err();
        assert!(e.contains("169.254.169.254"), "{e}");
        assert!(Target::parse("example.net", &AddressGuard::default()).is_err());
    }
}
