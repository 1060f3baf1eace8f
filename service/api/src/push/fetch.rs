//! Fetching what a notification is to be of: bounded in size and time, and not from this machine's own network.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use waxwing_push::{MmsContent, read_mms};

use crate::AddressGuard;
use crate::hooks::client::{CallError, HookClient};
use crate::hooks::target::Target;
use crate::hooks::usual_tls;

/// How long connecting may take, and all of it.
const TIMES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));
/// Largest multimedia message that is looked at, octets: more than handsets fetch.
const MOST: usize = 4 << 20;

pub(crate) struct Fetcher {
    client: HookClient,
    guard: AddressGuard,
}

impl Fetcher {
    pub(crate) fn new(guard: &AddressGuard) -> Fetcher {
        let guard = guard.strict();
        Fetcher { client: HookClient::new(guard.clone(), usual_tls(), TIMES, 1), guard }
    }

    /// What the message at a URL says of itself, and its size.
    ///
    /// # Errors
    /// Why it cannot be notified of.
    pub(crate) async fn mms(&self, url: &str) -> Result<(MmsContent, u64), String> {
        let url = url.trim();
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let target = Target::parse(&url, &self.guard)?;
        let mut request = Request::get(target.uri).header(header::ACCEPT, waxwing_push::MMS_TYPE);
        if let Some(authorization) = target.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::new())).map_err(|e| format!("{url} cannot be called: {e}"))?;
        let fetched = self.client.fetch(request, MOST).await;
        let (media, octets) =
            fetched.map_err(|(CallError::Address(why) | CallError::Failed(why))| format!("{url} cannot be fetched: {why}"))?;
        let content = read_mms(&media, &octets).map_err(|e| format!("{url}: {e}"))?;
        Ok((content, octets.len() as u64))
    }
}
