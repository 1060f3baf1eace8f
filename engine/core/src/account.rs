//! Who may submit and receive, and within which limits.

use std::net::IpAddr;
use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordVerifier};
use hashbrown::HashMap;
use ipnet::IpNet;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use waxwing_spool::{GroupId, QueueId};

use crate::{Mask, Normaliser, RateLimit, Usage};

/// A password as the configuration has it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// In clear.
    Plain(String),
    /// An argon2 hash (`$argon2id$...`).
    Argon2(String),
    /// No password: cannot sign in by one.
    None,
}

impl Secret {
    /// A configured value: what begins with `$argon2` is a hash.
    pub fn parse(s: &str) -> Secret {
        if s.is_empty() {
            Secret::None
        } else if s.starts_with("$argon2") {
            Secret::Argon2(s.to_owned())
        } else {
            Secret::Plain(s.to_owned())
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Secret::Plain(_) => "Plain(...)",
            Secret::Argon2(_) => "Argon2(...)",
            Secret::None => "None",
        })
    }
}

/// Where received messages and receipts of an account are pushed by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// http or https.
    pub url: String,
    /// Key of the Standard Webhooks signature (`whsec_...`); empty = unsigned.
    pub secret: String,
}

/// What an account is allowed and how it wants to be served. The plain data of `[[account]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountConfig {
    /// Unique name; the system_id over SMPP.
    pub name: String,
    /// Password.
    pub password: Secret,
    /// May submit SMS.
    pub sms: bool,
    /// May submit MMS.
    pub mms: bool,
    /// May submit WAP pushes.
    pub push: bool,
    /// May use the console and the admin calls.
    pub admin: bool,
    /// May sign in over SMPP.
    pub smpp: bool,
    /// May sign in over HTTP.
    pub http: bool,
    /// Numbers whose received messages are this account's.
    pub numbers: Vec<Mask>,
    /// Senders it may use; empty = any.
    pub senders: Vec<Mask>,
    /// Sender where it gives none.
    pub default_sender: Option<String>,
    /// Sender that replaces any it gives.
    pub forced_sender: Option<String>,
    /// Messages a second.
    pub rate: Option<f64>,
    /// Messages a day (UTC).
    pub per_day: Option<u64>,
    /// Messages a month (UTC).
    pub per_month: Option<u64>,
    /// SMPP binds at the same time.
    pub max_binds: u32,
    /// Unanswered requests towards it, each bind.
    pub window: u32,
    /// Addresses it may come from; empty = any.
    pub hosts: Vec<IpNet>,
    /// Where receipts and received messages are pushed.
    pub webhook: Option<Webhook>,
    /// Priority where it gives none, 0-3.
    pub priority: u8,
    /// Highest priority it may ask for, 0-3.
    pub max_priority: u8,
    /// Validity where it gives none, milliseconds.
    pub validity: Option<u64>,
    /// What data_coding 0 means in its PDUs (charset name); empty = GSM 7-bit, one octet a septet.
    pub charset: String,
    /// Route or connector that carries all it sends.
    pub route: Option<String>,
    /// Long received messages are joined before they are handed over its SMPP binds.
    pub join_long: bool,
    /// Its two-letter country for national numbers.
    pub country: Option<String>,
}

impl Default for AccountConfig {
    fn default() -> AccountConfig {
        AccountConfig {
            name: String::new(),
            password: Secret::None,
            sms: true,
            mms: false,
            push: false,
            admin: false,
            smpp: true,
            http: true,
            numbers: Vec::new(),
            senders: Vec::new(),
            default_sender: None,
            forced_sender: None,
            rate: None,
            per_day: None,
            per_month: None,
            max_binds: 8,
            window: 32,
            hosts: Vec::new(),
            webhook: None,
            priority: 1,
            max_priority: 3,
            validity: None,
            charset: String::new(),
            route: None,
            join_long: false,
            country: None,
        }
    }
}

/// An account at work.
#[derive(Debug)]
pub struct Account {
    /// Its settings.
    pub config: AccountConfig,
    /// Its name.
    pub name: Arc<str>,
    /// Its turn in every queue.
    pub group: GroupId,
    /// Where what its SMPP binds are to get waits: `account:NAME`.
    pub queue: QueueId,
    /// Where what its webhook is to get waits: `hook:NAME`.
    pub hook_queue: QueueId,
    /// How its recipients are normalised, if its country is not the gateway's.
    pub normaliser: Option<Normaliser>,
    /// Messages a second.
    pub rate: Option<RateLimit>,
    /// Daily and monthly counts; the same object over reloads.
    pub usage: Arc<Usage>,
    /// Messages accepted from it.
    pub accepted: Counter,
    /// Messages of it that were refused.
    pub refused: Counter,
    verified: Mutex<Option<[u8; 32]>>,
}

/// Why somebody is not let in. Peers are told the same in all cases but the log says which.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AuthError {
    /// No account of that name.
    #[error("no such account")]
    Unknown,
    /// Wrong password, or none set.
    #[error("wrong password")]
    Password,
    /// Its address is not on the account's list.
    #[error("its address is not in the account's hosts")]
    Host,
    /// The account may not use this door.
    #[error("the account may not use this door")]
    Door,
}

impl Account {
    /// Puts an account to work.
    pub fn new(
        config: AccountConfig,
        group: GroupId,
        queue: QueueId,
        hook_queue: QueueId,
        usage: Arc<Usage>,
        counters: (Counter, Counter),
    ) -> Account {
        Account {
            name: config.name.as_str().into(),
            // The configuration check has refused countries that are none.
            normaliser: config.country.as_deref().and_then(|c| Normaliser::new(Some(c)).ok()),
            rate: config.rate.filter(|r| *r > 0.0).map(RateLimit::new),
            config,
            group,
            queue,
            hook_queue,
            usage,
            accepted: counters.0,
            refused: counters.1,
            verified: Mutex::new(None),
        }
    }

    /// Whether the password is right. The slow hash is computed once for each right password; later calls compare a digest of it.
    /// Takes tens of milliseconds where it has to compute: call it from a blocking thread.
    pub fn verify(&self, password: &[u8]) -> bool {
        match &self.config.password {
            Secret::None => false,
            Secret::Plain(p) => bool::from(p.as_bytes().ct_eq(password)),
            Secret::Argon2(hash) => {
                let digest = self.digest(password);
                if self.is_verified(&digest) {
                    return true;
                }
                let right = PasswordHash::new(hash).is_ok_and(|h| argon2::Argon2::default().verify_password(password, &h).is_ok());
                if right {
                    *self.verified.lock() = Some(digest);
                }
                right
            }
        }
    }

    /// [`Account::verify`] where it can be told at once: a plain password, or one that was verified before.
    pub fn verify_fast(&self, password: &[u8]) -> Option<bool> {
        match &self.config.password {
            Secret::Argon2(_) => self.is_verified(&self.digest(password)).then_some(true),
            _ => Some(self.verify(password)),
        }
    }

    /// Whether it may come from this address.
    pub fn allows_host(&self, ip: IpAddr) -> bool {
        self.config.hosts.is_empty() || self.config.hosts.iter().any(|net| net.contains(&ip.to_canonical()))
    }

    fn is_verified(&self, digest: &[u8; 32]) -> bool {
        self.verified.lock().is_some_and(|v| bool::from(v.ct_eq(digest)))
    }

    fn digest(&self, password: &[u8]) -> [u8; 32] {
        let mut h = Sha256::new();
        h.update(self.name.as_bytes());
        h.update([0]);
        h.update(password);
        h.finalize().into()
    }
}

/// All accounts.
#[derive(Debug, Default)]
pub struct Accounts {
    by_name: HashMap<Arc<str>, Arc<Account>>,
    numbers: Vec<(Mask, Arc<Account>)>,
}

impl Accounts {
    /// Of these.
    pub fn new(accounts: Vec<Arc<Account>>) -> Accounts {
        let mut numbers: Vec<_> = accounts.iter().flat_map(|a| a.config.numbers.iter().map(|m| (m.clone(), a.clone()))).collect();
        numbers.sort_by_key(|(m, _)| std::cmp::Reverse(m.weight()));
        Accounts { by_name: accounts.into_iter().map(|a| (a.name.clone(), a)).collect(), numbers }
    }

    /// By name.
    pub fn get(&self, name: &str) -> Option<&Arc<Account>> {
        self.by_name.get(name)
    }

    /// Whose number this is (longest mask first).
    pub fn owner_of(&self, number: &str) -> Option<&Arc<Account>> {
        self.numbers.iter().find(|(m, _)| m.matches(number)).map(|(_, a)| a)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.by_name.values()
    }

    /// Signs somebody in. The slow password hash runs on a blocking thread.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub async fn authenticate(&self, name: &str, password: &[u8], from: Option<IpAddr>) -> Result<Arc<Account>, AuthError> {
        let account = self.get(name).cloned().ok_or(AuthError::Unknown)?;
        if from.is_some_and(|ip| !account.allows_host(ip)) {
            return Err(AuthError::Host);
        }
        let right = match account.verify_fast(password) {
            Some(right) => right,
            None => {
                let (account, password) = (account.clone(), password.to_vec());
                tokio::task::spawn_blocking(move || account.verify(&password)).await.unwrap_or(false)
            }
        };
        if right { Ok(account) } else { Err(AuthError::Password) }
    }
}
