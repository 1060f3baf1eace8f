//! The HTTP client of callbacks: connections reused, redirects not followed, every wait bounded, addresses guarded.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;

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
    total: Duration,
}

impl HookClient {
    /// `idle` is how many connections to a host are kept open while nothing is to be said.
    pub(crate) fn new(guard: AddressGuard, tls: rustls::ClientConfig, (connect, total): (Duration, Duration), idle: usize) -> HookClient {
        let mut http = HttpConnector::new_with_resolver(GuardedResolver(guard));
        http.set_connect_timeout(Some(connect));
        http.set_nodelay(true);
        http.enforce_http(false);
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(idle)
            .build(https);
        HookClient { client, total }
    }

    /// Makes a call and waits for its answer.
    ///
    /// # Errors
    /// [`CallError::Failed`] with what went wrong, for people.
    pub(crate) async fn call(&self, request: Request<Full<Bytes>>) -> Result<Reply, CallError> {
        match tokio::time::timeout(self.total, self.exchange(request)).await {
            Ok(result) => result,
            Err(_) => Err(CallError::Failed(format!("no answer within {} s", self.total.as_secs()))),
        }
    }

    /// Gets what lies at an address: its media type and its content.
    ///
    /// # Errors
    /// [`CallError::Failed`] with what went wrong, for people: also where the answer is no success, or longer than `most` octets.
    pub(crate) async fn fetch(&self, request: Request<Full<Bytes>>, most: usize) -> Result<(String, Bytes), CallError> {
        let failed = |why: String| CallError::Failed(why);
        let exchange = async {
            let response = self.client.request(request).await.map_err(|e| failed(chain(&e)))?;
            let (parts, body) = response.into_parts();
            if !parts.status.is_success() {
                return Err(failed(format!("the answer is {}", parts.status)));
            }
            let media = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
            let whole = Limited::new(body, most).collect().await;
            let whole = whole.map_err(|e| failed(format!("it cannot be read, or has more than {most} octets: {e}")))?;
            Ok((media, whole.to_bytes()))
        };
        match tokio::time::timeout(self.total, exchange).await {
            Ok(result) => result,
            Err(_) => Err(failed(format!("no answer within {} s", self.total.as_secs()))),
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
    /// The address is no URL, or is denied. Trying again cannot mend it.
    Address(String),
    /// What is to be said is not there any more. Trying again cannot mend it.
    Gone(String),
    /// Anything else.
    Failed(String),
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
}
