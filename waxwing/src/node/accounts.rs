//! The accounts at work: those of the file and those of the store, with what has to outlive a reload.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};
use waxwing_core::{Account, AccountConfig, AccountLabel, Accounts, Counts, Gateway, Usage};
use waxwing_ledger::AccountStore;

use crate::config::{self, Config};

/// Counts of accounts and the accounts themselves, by name, over reloads.
#[derive(Debug, Default)]
pub(super) struct Roster {
    usages: HashMap<String, Arc<Usage>>,
    current: HashMap<String, Arc<Account>>,
    /// What was sent before the restart is still being counted.
    pending: Arc<AtomicBool>,
}

/// Whether an account of the data folder with these settings can live beside the others there and those of the configuration.
///
/// # Errors
/// With what is in the way.
pub(crate) fn check(
    name: &str,
    password: &str,
    settings: &Map<String, Value>,
    config: &Config,
    store: &AccountStore,
) -> Result<(), String> {
    let account = config::account(name, password, settings, config)?;
    let stored = store.list().map_err(|e| e.to_string())?;
    let others: Vec<_> = stored.iter().filter_map(|a| config::account(&a.name, &a.password, &a.settings, config).ok()).collect();
    config::apart(&account, &others)
}

// === impl Roster ===

impl Roster {
    /// Lets accounts with limits wait until the flag is cleared.
    pub(super) fn wait_for_counts(&self) -> Arc<AtomicBool> {
        self.pending.store(true, Ordering::Release);
        self.pending.clone()
    }

    /// Takes over what accounts had sent before the restart.
    pub(super) fn restore(&mut self, kept: Vec<(String, Counts)>) {
        for (name, counts) in kept {
            let usage = self.usages.entry(name).or_insert_with(|| Arc::new(Usage::new(self.pending.clone())));
            usage.restore(counts);
        }
    }

    /// Accounts for these settings. One whose settings did not change stays the same object: its rate, its sessions and its verified
    /// password stay as they are. Of two with the same name the first counts.
    pub(super) fn build(&mut self, gateway: &Gateway, configs: Vec<AccountConfig>) -> Accounts {
        let mut next = HashMap::with_capacity(configs.len());
        for config in configs {
            if next.contains_key(&config.name) {
                continue;
            }
            let same = self.current.get(&config.name).filter(|a| a.config == config).cloned();
            let name = config.name.clone();
            let account = same.unwrap_or_else(|| Arc::new(self.put_to_work(gateway, config)));
            next.insert(name, account);
        }
        self.current = next;
        Accounts::new(self.current.values().cloned().collect())
    }

    fn put_to_work(&mut self, gateway: &Gateway, config: AccountConfig) -> Account {
        let (spool, name) = (&gateway.spool, &config.name);
        let (group, queue, hooks) = (spool.group(name), spool.queue(&format!("account:{name}")), spool.queue(&format!("hook:{name}")));
        let label = AccountLabel { account: name.clone() };
        let counters = (gateway.metrics.accepted.get_or_create(&label).clone(), gateway.metrics.refused.get_or_create(&label).clone());
        let usage = self.usages.entry(name.clone()).or_insert_with(|| Arc::new(Usage::new(self.pending.clone()))).clone();
        Account::new(config, group, queue, hooks, usage, counters)
    }
}
