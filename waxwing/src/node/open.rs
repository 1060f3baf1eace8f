//! Opening what a gateway stands on: its folder, spool, ledger and accounts.

use std::path::Path;
use std::sync::Arc;

use waxwing_api::{AddressGuard, ApiOptions, Registry};
use waxwing_core::Clock;
use waxwing_ledger::{AccountStore, Ledger, LedgerOptions};
use waxwing_spool::log::EmbeddedSpool;
use waxwing_spool::{Spool, SpoolError};

use super::{StartError, convert};
use crate::config::{self, Config};

pub(super) fn folder(data: &Path) -> Result<(), StartError> {
    std::fs::create_dir_all(data)
        .map_err(|e| StartError(format!("[node] data: {} cannot be made: {e}; give a folder that this user may write to", data.display())))
}

pub(super) async fn spool(config: &Config) -> Result<Arc<EmbeddedSpool>, StartError> {
    if !config.spool.sync {
        tracing::warn!("[spool] sync is off: a power cut loses messages that were acknowledged.");
    }
    let settings = convert::spool(config);
    let opened = tokio::task::spawn_blocking(move || EmbeddedSpool::open(settings)).await;
    opened.map_err(|e| StartError(e.to_string()))?.map_err(|e| match e {
        SpoolError::Locked { path } => StartError(format!(
            "{path} is in use by another process: is this gateway running already? Stop it, or give another [node] data"
        )),
        e => StartError(e.to_string()),
    })
}

pub(super) async fn ledger(config: &Config, clock: &Clock, spool: Arc<dyn Spool>) -> Result<Arc<Ledger>, StartError> {
    let options = LedgerOptions {
        retention_days: config.ledger.retention_days,
        keep_text: config.ledger.store_text,
        clock: clock.clone(),
        ..LedgerOptions::new(config.data().join("ledger"))
    };
    let opened = tokio::task::spawn_blocking(move || Ledger::open(options, spool)).await;
    opened.map_err(|e| StartError(e.to_string()))?.map_err(|e| StartError(e.to_string()))
}

/// The file of the accounts that are made at the command line and in the console.
pub(crate) fn accounts_file(config: &Config) -> std::path::PathBuf {
    config.data().join("accounts.db")
}

pub(super) async fn accounts(config: &Config) -> Result<Arc<AccountStore>, StartError> {
    let path = accounts_file(config);
    let opened = tokio::task::spawn_blocking(move || AccountStore::open(path)).await;
    opened.map_err(|e| StartError(e.to_string()))?.map(Arc::new).map_err(|e| StartError(e.to_string()))
}

pub(super) fn guard(config: &Config) -> AddressGuard {
    let nets = |list: &[config::value::Network]| list.iter().map(|n| n.0).collect::<Vec<_>>();
    AddressGuard::new(&nets(&config.callback.allow), &nets(&config.callback.deny))
}

pub(super) fn api_options(config: &Config, ledger: &Arc<Ledger>, guard: AddressGuard, registry: Registry) -> ApiOptions {
    ApiOptions {
        ledger: Some(ledger.clone()),
        registry: Some(registry),
        body_limit: usize::try_from(config.http.max_body.0).unwrap_or(usize::MAX),
        home: Some(waxwing_console::HOME.to_owned()),
        guard,
        metrics_from: config.http.metrics_from.iter().map(|n| n.0).collect(),
        ota_folder: Some(config.http.ota_folder.as_deref().map_or_else(|| config.data().join("ota"), |f| config.path(f))),
        push: waxwing_push::Limits {
            segments: u8::try_from(config.http.push_segments).unwrap_or(u8::MAX),
            ..waxwing_push::Limits::default()
        },
        ..ApiOptions::default()
    }
}
