//! Changing accounts and subscribers over HTTP: by REST, by `/provision`, in the console.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{Semaphore, watch};
use waxwing_core::Gateway;
use waxwing_ledger::{
    AccountStore, LedgerError, Subscriber, SubscriberChange, SubscriberError, SubscriberPage, SubscriberQuery, subscriber_number,
};

/// How long an answer waits for a changed account to be in force.
const IN_FORCE: Duration = Duration::from_secs(5);

/// Says whether an account of this name can have these settings (the keys of an `[[account]]` section) in the accounts file, where the
/// second text is its password as it is kept: a hash, or nothing. The error says why not.
pub type AccountCheck = dyn Fn(&str, &str, &Map<String, Value>) -> Result<(), String> + Send + Sync;

/// The accounts file, with what changing it takes. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    store: Arc<AccountStore>,
    check: Arc<AccountCheck>,
    applied: watch::Receiver<u64>,
    /// One change at a time: each hashes a password or waits for the disk, and an account is read before it is written.
    turn: Arc<Semaphore>,
}

impl Registry {
    /// Over a file. `applied` is the [`AccountStore::revision`] whose accounts are in force.
    pub fn new(store: Arc<AccountStore>, check: Arc<AccountCheck>, applied: watch::Receiver<u64>) -> Registry {
        Registry { store, check, applied, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Reads, on a thread that may wait for the disk.
    pub(crate) async fn read<T: Send + 'static>(&self, f: impl FnOnce(&AccountStore) -> T + Send + 'static) -> Result<T, LedgerError> {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || f(&store)).await.map_err(|_| LedgerError::Closing)
    }

    /// Changes something, when it is its turn.
    pub(crate) async fn write<T: Send + 'static>(&self, f: impl FnOnce(&AccountStore) -> T + Send + 'static) -> Result<T, LedgerError> {
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| LedgerError::Closing)?;
        self.read(move |store| {
            let done = f(store);
            drop(turn);
            done
        })
        .await
    }

    pub(crate) fn check(&self) -> Arc<AccountCheck> {
        self.check.clone()
    }

    /// Waits until the accounts are in force as they are kept now, so that whoever is answered can use them at once.
    pub(crate) async fn in_force(&self) {
        let wanted = *self.store.revision().borrow();
        let mut applied = self.applied.clone();
        let waited = tokio::time::timeout(IN_FORCE, applied.wait_for(|r| *r >= wanted)).await;
        if !matches!(waited, Ok(Ok(_))) {
            tracing::warn!("A changed account is stored, but was not in force {} s later.", IN_FORCE.as_secs());
        }
    }
}

/// The message centre's subscribers, with numbers as people write them. Every change is on the disk when it is answered.
#[derive(Clone)]
pub struct Subscribers {
    registry: Registry,
    gateway: Arc<Gateway>,
}

impl Subscribers {
    pub(crate) fn new(registry: Registry, gateway: Arc<Gateway>) -> Subscribers {
        Subscribers { registry, gateway }
    }

    /// A number as subscribers have it.
    ///
    /// # Errors
    /// [`SubscriberError::Number`].
    pub fn number(&self, given: &str) -> Result<String, SubscriberError> {
        subscriber_number(&self.gateway.setup().normaliser, given)
    }

    /// Makes one; its number as it is kept.
    ///
    /// # Errors
    /// Where there is one with that number, or something cannot be so.
    pub async fn add(&self, given: &str, settings: SubscriberChange) -> Result<String, SubscriberError> {
        self.change(given, move |store, number, now| store.add_subscriber(number, &settings, now)).await.map(|(number, ())| number)
    }

    /// Changes one; its number as it is kept.
    ///
    /// # Errors
    /// Where there is none with that number, or something cannot be so.
    pub async fn modify(&self, given: &str, change: SubscriberChange) -> Result<String, SubscriberError> {
        self.change(given, move |store, number, now| store.modify_subscriber(number, &change, now)).await.map(|(number, ())| number)
    }

    /// Makes one or gives it these settings ([`AccountStore::replace_subscriber`]); its number as it is kept, and whether it was made.
    ///
    /// # Errors
    /// Where something cannot be so.
    pub async fn replace(&self, given: &str, settings: SubscriberChange) -> Result<(String, bool), SubscriberError> {
        self.change(given, move |store, number, now| store.replace_subscriber(number, &settings, now)).await
    }

    /// Deletes one; its number as it was kept.
    ///
    /// # Errors
    /// Where there is none with that number.
    pub async fn delete(&self, given: &str) -> Result<String, SubscriberError> {
        self.change(given, |store, number, _| store.delete_subscriber(number)).await.map(|(number, ())| number)
    }

    /// One.
    ///
    /// # Errors
    /// Where there is none with that number.
    pub async fn get(&self, given: &str) -> Result<Subscriber, SubscriberError> {
        let number = self.number(given)?;
        let asked = number.clone();
        let found = self.registry.read(move |store| store.subscriber(&asked)).await??;
        found.ok_or(SubscriberError::Unknown(number))
    }

    /// Some.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn list(&self, query: SubscriberQuery) -> Result<SubscriberPage, LedgerError> {
        self.registry.read(move |store| store.subscribers(&query)).await?
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn count(&self) -> Result<u64, LedgerError> {
        self.registry.read(AccountStore::subscriber_count).await?
    }

    async fn change<T: Send + 'static>(
        &self,
        given: &str,
        f: impl FnOnce(&AccountStore, &str, u64) -> Result<T, SubscriberError> + Send + 'static,
    ) -> Result<(String, T), SubscriberError> {
        let number = self.number(given)?;
        let now = self.gateway.clock.now();
        self.registry.write(move |store| f(store, &number, now).map(|done| (number, done))).await?
    }
}
