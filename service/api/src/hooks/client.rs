//! The HTTP client of callbacks: connections reused, redirects not followed, every wait bounded, addresses guarded.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use url::Url;

use super::AddressGuard;
use super::guard::GuardedResolver;

/// How much of a response is read so that its connection can be used again.
const READ: usize = 64 * 1024;
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(60);

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// How long it asks us to wait.
    pub(crate) retry_after: Option<Duration>,
}

#[derive(Clone)]
pub(crate) struct HookClient {
    client: Client<HttpsConnector<HttpConnector<GuardedResolver>>, Full<Bytes>>,
    guard: AddressGuard,
    total: Duration,
}

impl HookClient {
    pub(crate) fn new(guard: AddressGuard, tls: rustls::ClientConfig, connect: Duration, total: Duration) -> HookClient {
        let mut http = HttpConnector::new_with_resolver(GuardedResolver(guard.clone()));
        http.set_connect_timeout(Some(connect));
        http.set_nodelay(true);
        http.enforce_http(false);
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(16)
            .build(https);
        HookClient { client, guard, total }
    }

    /// Makes a call and waits for its answer.
    ///
    /// # Errors
    /// With what went wrong, for people. [`CallError::Address`] cannot be mended by trying again.
    pub(crate) async fn call(&self, mut request: Request<Full<Bytes>>, url: &str) -> Result<Reply, CallError> {
        let url: Url = self.guard.check_url(url).map_err(CallError::Address)?;
        if !url.username().is_empty() {
            let password = percent_encoding::percent_decode_str(url.password().unwrap_or_default()).decode_utf8_lossy();
            let name = percent_encoding::percent_decode_str(url.username()).decode_utf8_lossy();
            let token = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{name}:{password}"));
            if let Ok(value) = format!("Basic {token}").parse() {
                request.headers_mut().insert(header::AUTHORIZATION, value);
            }
        }
        *request.uri_mut() = uri(&url).map_err(CallError::Address)?;
        match tokio::time::timeout(self.total, self.exchange(request)).await {
            Ok(result) => result,
            Err(_) => Err(CallError::Failed(format!("no answer within {} s", self.total.as_secs()))),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Reply, CallError> {
        let response = self.client.request(request).await.map_err(|e| CallError::Failed(chain(&e)))?;
        let (parts, body) = response.into_parts();
        let retry_after = retry_after(&parts.headers, Timestamp::now());
        // A longer or broken body changes nothing about the answer; only the connection cannot be used again.
        let _ = Limited::new(body, READ).collect().await;
        Ok(Reply { status: parts.status, retry_after })
    }
}

/// Why there was no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// The address is no URL, or is denied.
    Address(String),
    /// Anything else.
    Failed(String),
}

/// Without user and fragment, which do not belong on the wire.
fn uri(url: &Url) -> Result<Uri, String> {
    let mut url = url.clone();
    url.set_fragment(None);
    // These fail for URLs without a host only, which the guard has refused.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.as_str().parse().map_err(|e| format!("{url} cannot be called: {e}"))
}

/// Seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    u64::try_from(at.as_second() - now.as_second()).ok().map(Duration::from_secs)
}

/// An error with its causes.
fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(e) = cause {
        let words = e.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = e.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn retry_after_in_both_forms() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let with = |v: &'static str| HeaderMap::from_iter([(header::RETRY_AFTER, v.parse().unwrap())]);
        assert_eq!(retry_after(&with("120"), now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after(&with("Thu, 01 Jan 2026 00:01:00 GMT"), now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after(&with("Thu, 01 Jan 2015 00:01:00 GMT"), now), None);
        assert_eq!(retry_after(&with("soon"), now), None);
    }

    #[test]
    fn user_and_fragment_stay_here() {
        let url = Url::parse("https://u:p@example.net/a?b=c#d").unwrap();
        assert_eq!(uri(&url).unwrap(), "https://example.net/a?b=c");
    }
}
