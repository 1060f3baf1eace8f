//! How many binds each account has, over all doors: an account's limit must not double where there is a plain door and one with TLS.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::{Account, AccountLabel, Gateway};

/// Binds by account.
#[derive(Debug, Default)]
pub(crate) struct Binds(Mutex<HashMap<Arc<str>, u32>>);

/// A place among the binds of an account, given back when dropped.
pub struct BindPlace {
    gateway: Arc<Gateway>,
    account: Arc<str>,
}

impl Gateway {
    /// A place for one more bind of the account; `None` when it has all that its `max_binds` allows.
    pub fn bind_place(self: &Arc<Self>, account: &Account) -> Option<BindPlace> {
        let mut binds = self.binds.0.lock();
        let n = binds.entry(account.name.clone()).or_default();
        if *n >= account.config.max_binds {
            return None;
        }
        *n += 1;
        self.metrics.account_binds.get_or_create(&AccountLabel { account: account.name.to_string() }).inc();
        Some(BindPlace { gateway: self.clone(), account: account.name.clone() })
    }
}

impl Drop for BindPlace {
    fn drop(&mut self) {
        let mut binds = self.gateway.binds.0.lock();
        if let Some(n) = binds.get_mut(&self.account) {
            *n -= 1;
            if *n == 0 {
                binds.remove(&self.account);
            }
        }
        self.gateway.metrics.account_binds.get_or_create(&AccountLabel { account: self.account.to_string() }).dec();
    }
}
