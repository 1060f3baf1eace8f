//! How many connections each account has by each protocol, over all doors: an account's limit must not double where there is a plain door
//! and one with TLS.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::{Account, AccountLabel, Door, Gateway};

/// Connections by account and protocol.
#[derive(Debug, Default)]
pub(crate) struct Binds(Mutex<HashMap<(Arc<str>, Door), u32>>);

/// A place among the connections of an account, given back when dropped.
pub struct BindPlace {
    gateway: Arc<Gateway>,
    key: (Arc<str>, Door),
}

impl Gateway {
    /// A place for one more connection of the account by a protocol; `None` when it has `most` already.
    pub fn bind_place(self: &Arc<Self>, account: &Account, door: Door, most: u32) -> Option<BindPlace> {
        let key = (account.name.clone(), door);
        let mut binds = self.binds.0.lock();
        let n = binds.entry(key.clone()).or_default();
        if *n >= most {
            return None;
        }
        *n += 1;
        self.metrics.account_binds.get_or_create(&AccountLabel { account: account.name.to_string() }).inc();
        Some(BindPlace { gateway: self.clone(), key })
    }
}

impl Drop for BindPlace {
    fn drop(&mut self) {
        let mut binds = self.gateway.binds.0.lock();
        if let Some(n) = binds.get_mut(&self.key) {
            *n -= 1;
            if *n == 0 {
                binds.remove(&self.key);
            }
        }
        self.gateway.metrics.account_binds.get_or_create(&AccountLabel { account: self.key.0.to_string() }).dec();
    }
}
