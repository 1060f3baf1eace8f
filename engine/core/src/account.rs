//! Who may submit and receive, and within which limits.

mod cmpp;
mod hashes;
mod secret;

use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use ipnet::IpNet;
use prometheus_client::metrics::counter::Counter;
use thiserror::Error;
use waxwing_spool::{GroupId, QueueId};

pub use self::cmpp::*;
use self::hashes::Hashes;
pub use self::secret::{HasPassword, Secret, Verified};
use crate::{Mask, Normaliser, RateLimit, Usage};

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
    /// Calls to its webhook (and callbacks, and dlr-urls) at the same time, 1 to 1000.
    pub webhook_calls: u32,
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
    /// Its CMPP side; `None` = it may not sign in over CMPP.
    pub cmpp: Option<Box<CmppProfile>>,
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
            webhook_calls: 64,
            priority: 1,
            max_priority: 3,
            validity: None,
            charset: String::new(),
            route: None,
            join_long: false,
            country: None,
            cmpp: None,
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
    verified: Verified,
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
    /// Too many passwords are being checked; says nothing about the account.
    #[error("too many passwords are being checked at once; try again later")]
    Busy,
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
            verified: Verified::default(),
        }
    }

    /// Whether the password is right; see [`Secret::verify`].
    pub fn verify(&self, password: &[u8]) -> bool {
        self.config.password.verify(password, &self.verified)
    }

    /// Whether it may come from this address.
    pub fn allows_host(&self, ip: IpAddr) -> bool {
        self.config.hosts.is_empty() || self.config.hosts.iter().any(|net| net.contains(&ip.to_canonical()))
    }
}

impl HasPassword for Account {
    fn password(&self) -> (&Secret, &Verified) {
        (&self.config.password, &self.verified)
    }
}

/// All accounts.
#[derive(Debug, Default)]
pub struct Accounts {
    by_name: HashMap<Arc<str>, Arc<Account>>,
    by_group: HashMap<GroupId, Arc<Account>>,
    by_source: HashMap<Box<str>, Arc<Account>>,
    numbers: Vec<(Mask, Arc<Account>)>,
    hashes: Hashes,
    /// Some account's hash: what it costs to check a password.
    decoy: Option<Arc<str>>,
}

impl Accounts {
    /// Of these.
    pub fn new(accounts: Vec<Arc<Account>>) -> Accounts {
        let mut numbers: Vec<_> = accounts.iter().flat_map(|a| a.config.numbers.iter().map(|m| (m.clone(), a.clone()))).collect();
        numbers.sort_by_key(|(m, _)| std::cmp::Reverse(m.weight()));
        let by_group = accounts.iter().map(|a| (a.group, a.clone())).collect();
        let sources = |a: &Arc<Account>| {
            let profile = a.config.cmpp.as_deref();
            profile.into_iter().flat_map(CmppProfile::sources).map(|s| (Box::from(s), a.clone())).collect::<Vec<_>>()
        };
        let by_source = accounts.iter().flat_map(sources).collect();
        let decoy = accounts.iter().find_map(|a| match &a.config.password {
            Secret::Argon2(hash) => Some(hash.as_str().into()),
            _ => None,
        });
        let by_name = accounts.into_iter().map(|a| (a.name.clone(), a)).collect();
        Accounts { by_name, by_group, by_source, numbers, hashes: Hashes::default(), decoy }
    }

    /// By name.
    pub fn get(&self, name: &str) -> Option<&Arc<Account>> {
        self.by_name.get(name)
    }

    /// By its turn in the queues.
    pub fn of_group(&self, group: GroupId) -> Option<&Arc<Account>> {
        self.by_group.get(&group)
    }

    /// By what it signs in with over CMPP: its SP_Id or its gateway code, without padding.
    pub fn of_source(&self, source_addr: &[u8]) -> Option<&Arc<Account>> {
        self.by_source.get(std::str::from_utf8(source_addr).ok()?)
    }

    /// Whose number this is (longest mask first).
    pub fn owner_of(&self, number: &str) -> Option<&Arc<Account>> {
        self.numbers.iter().find(|(m, _)| m.matches(number)).map(|(_, a)| a)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.by_name.values()
    }

    /// Signs somebody in. Slow password hashes run on blocking threads, few at a time for all doors together; a password that was found
    /// right before waits for none. Where any account has a hash, every refusal costs one, so that its time does not tell which names
    /// there are.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub async fn authenticate(&self, name: &str, password: &[u8], from: Option<IpAddr>) -> Result<Arc<Account>, AuthError> {
        let (account, refusal) = match self.get(name) {
            None => (None, AuthError::Unknown),
            Some(account) if from.is_some_and(|ip| !account.allows_host(ip)) => (None, AuthError::Host),
            Some(account) => (Some(account), AuthError::Password),
        };
        match (self.is_right(account, password, None).await?, account) {
            (true, Some(account)) => Ok(account.clone()),
            _ => Err(refusal),
        }
    }

    /// Whether a password is right, of somebody who need not be an account (a phone of the message centre), within the bound of
    /// [`Accounts::authenticate`]; false where there is nobody. A refusal costs a hash where any account has one, or where `decoy` is one.
    ///
    /// # Errors
    /// [`AuthError::Busy`] alone.
    pub async fn is_right<T: HasPassword>(
        &self,
        who: Option<&Arc<T>>,
        password: &[u8],
        decoy: Option<Arc<str>>,
    ) -> Result<bool, AuthError> {
        let known = who.map_or(Some(false), |w| {
            let (secret, verified) = w.password();
            secret.verify_fast(password, verified)
        });
        match (known, who, self.decoy.clone().or(decoy)) {
            (Some(true), ..) => Ok(true),
            (None, Some(who), _) => {
                let (who, password) = (who.clone(), password.to_vec());
                let work = move || {
                    let (secret, verified) = who.password();
                    secret.verify(&password, verified)
                };
                self.hashes.compute(work).await
            }
            (_, _, Some(decoy)) => {
                let password = password.to_vec();
                self.hashes.compute(move || secret::matches(&decoy, &password)).await.map(|_| false)
            }
            (_, _, None) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use argon2::password_hash::{PasswordHasher, SaltString};

    fn account(name: &str, password: Secret) -> Arc<Account> {
        let config = AccountConfig { name: name.into(), password, ..AccountConfig::default() };
        Arc::new(Account::new(config, GroupId(0), QueueId(0), QueueId(0), Arc::default(), Default::default()))
    }

    fn hashed(password: &str) -> Secret {
        let salt = SaltString::encode_b64(b"salt for a test").unwrap();
        let cheap = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, argon2::Params::new(8, 1, 1, None).unwrap());
        Secret::parse(&cheap.hash_password(password.as_bytes(), &salt).unwrap().to_string())
    }

    /// What it answers without waiting for anything.
    fn at_once(accounts: &Accounts, name: &str, password: &[u8]) -> Option<Result<Arc<Account>, AuthError>> {
        let asked = std::pin::pin!(accounts.authenticate(name, password, None));
        match asked.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(answer) => Some(answer),
            std::task::Poll::Pending => None,
        }
    }

    /// As where all hashes that may be computed at once are being computed.
    fn busy(accounts: Vec<Arc<Account>>) -> Accounts {
        Accounts { hashes: Hashes::new(0, 10, std::time::Duration::from_millis(1)), ..Accounts::new(accounts) }
    }

    #[test]
    fn an_account_is_found_by_what_it_signs_in_with_over_cmpp() {
        let with = |name: &str, profile: CmppProfile| {
            let config = AccountConfig { name: name.into(), cmpp: Some(Box::new(profile)), ..AccountConfig::default() };
            Arc::new(Account::new(config, GroupId(0), QueueId(0), QueueId(0), Arc::default(), Default::default()))
        };
        let sp = with("shop", CmppProfile { sp_id: "901234".into(), secret: "hidden".into(), ..CmppProfile::default() });
        let ismg = with("next", CmppProfile { gateway: Some("001002".into()), ..CmppProfile::default() });
        let accounts = Accounts::new(vec![sp.clone(), ismg, account("plain", Secret::None)]);
        let name = |source: &[u8]| accounts.of_source(source).map(|a| a.name.to_string());
        assert_eq!(name(b"901234").as_deref(), Some("shop"));
        assert_eq!(name(b"001002").as_deref(), Some("next"));
        assert_eq!((name(b""), name(b"shop"), name(b"90123\xff")), (None, None, None));
        assert!(!format!("{sp:?}").contains("hidden"));
    }

    #[tokio::test]
    async fn whoever_was_let_in_before_does_not_wait_behind_wrong_passwords() {
        let shop = account("shop", hashed("secret"));
        let accounts = busy(vec![shop.clone(), account("bank", Secret::parse("plain"))]);
        assert!(at_once(&accounts, "shop", b"secret").is_none());
        assert!(shop.verify(b"secret"));
        assert!(at_once(&accounts, "shop", b"secret").unwrap().is_ok());
        assert!(at_once(&accounts, "bank", b"plain").unwrap().is_ok());
        assert_eq!(accounts.authenticate("shop", b"wrong", None).await.unwrap_err(), AuthError::Busy);
    }

    #[tokio::test]
    async fn every_refusal_costs_a_hash_where_there_are_hashes() {
        let mixed = vec![account("shop", hashed("secret")), account("bank", Secret::parse("plain"))];
        let (working, busy) = (Accounts::new(mixed.clone()), busy(mixed));
        for (name, refusal) in [("nobody", AuthError::Unknown), ("bank", AuthError::Password), ("shop", AuthError::Password)] {
            assert!(at_once(&busy, name, b"wrong").is_none(), "{name}");
            assert_eq!(working.authenticate(name, b"wrong", None).await.unwrap_err(), refusal);
        }
        let plain = Accounts::new(vec![account("bank", Secret::parse("plain"))]);
        assert_eq!(at_once(&plain, "nobody", b"wrong").unwrap().unwrap_err(), AuthError::Unknown);
    }
}
