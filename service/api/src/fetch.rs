//! Getting what lies at an address that somebody from outside named: never from the gateway's own network, unless that is allowed.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;

use crate::AddressGuard;
use crate::hooks::client::{CallError, HookClient};
use crate::hooks::target::Target;
use crate::hooks::usual_tls;

/// How long a connection may take, and the whole.
const TIMES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));
/// Idle connections to a host that are kept.
const IDLE: usize = 4;

/// A guarded client. Redirects are not followed.
#[derive(Clone)]
pub struct WebFetch {
    guard: AddressGuard,
    client: HookClient,
}

impl WebFetch {
    /// Loopback, private and link-local networks are left alone unless the guard allows them.
    pub fn new(guard: &AddressGuard) -> WebFetch {
        let guard = guard.strict();
        WebFetch { client: HookClient::new(guard.clone(), usual_tls(), TIMES, IDLE), guard }
    }

    /// Which addresses it calls.
    pub fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    /// Media type and content of what lies at a URL (`http://` may be left out), at most `most` octets.
    ///
    /// # Errors
    /// Why it cannot be had, for people.
    pub async fn get(&self, url: &str, accept: &str, most: usize) -> Result<(String, Bytes), String> {
        let url = url.trim();
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let target = Target::parse(&url, &self.guard)?;
        let mut request = Request::get(target.uri).header(header::ACCEPT, accept);
        if let Some(authorization) = target.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::new())).map_err(|e| format!("{url} cannot be called: {e}"))?;
        let fetched = self.client.fetch(request, most).await;
        fetched
            .map_err(|(CallError::Address(why) | CallError::Gone(why) | CallError::Failed(why))| format!("{url} cannot be fetched: {why}"))
    }
}
