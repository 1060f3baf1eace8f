//! Fetching what a notification is to be of: bounded in size and time, and not from this machine's own network.

use waxwing_push::{MmsContent, read_mms};

use crate::{AddressGuard, WebFetch};

/// Largest multimedia message that is looked at, octets: more than handsets fetch.
const MOST: usize = 4 << 20;

pub(crate) struct Fetcher(WebFetch);

impl Fetcher {
    pub(crate) fn new(guard: &AddressGuard) -> Fetcher {
        Fetcher(WebFetch::new(guard))
    }

    /// What the message at a URL says of itself, and its size.
    ///
    /// # Errors
    /// Why it cannot be notified of.
    pub(crate) async fn mms(&self, url: &str) -> Result<(MmsContent, u64), String> {
        let (media, octets) = self.0.get(url, waxwing_push::MMS_TYPE, MOST).await?;
        let content = read_mms(&media, &octets).map_err(|e| format!("{}: {e}", url.trim()))?;
        Ok((content, octets.len() as u64))
    }
}
