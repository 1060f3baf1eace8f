//! All subscribers in memory: every multimedia message asks whose its sender and its recipients are, and must not wait for a file.
//!
//! Readers share one of 64 locks with those who change a subscriber, for as long as a look into a hash table takes.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use hashbrown::{DefaultHashBuilder, HashTable};
use parking_lot::RwLock;
use rusqlite::{Connection, params};
use waxwing_core::{Accounts, AuthError, HasPassword, Secret, Verified};

use super::subscriber::Subscriber;
use super::subscribers::{SELECT, revision, subscriber};

/// Parts of each table, each with a lock of its own.
const SHARDS: usize = 64;

/// The subscribers in memory: see [`crate::AccountStore::directory`].
#[derive(Debug)]
pub struct Directory {
    numbers: Table,
    aliases: Table,
    count: AtomicUsize,
    revision: AtomicI64,
    /// Some subscriber's hash: what it costs to check a password.
    decoy: RwLock<Option<Arc<str>>>,
}

type Shard = HashTable<Arc<Subscriber>>;

#[derive(Debug)]
struct Table {
    shards: Box<[RwLock<Shard>]>,
    hasher: DefaultHashBuilder,
    key: fn(&Subscriber) -> Option<&str>,
}

// === impl Directory ===

impl Default for Directory {
    fn default() -> Directory {
        Directory {
            numbers: Table::new(|s| Some(&s.number)),
            aliases: Table::new(|s| s.alias.as_deref()),
            count: AtomicUsize::new(0),
            // Before the first, so that all are read.
            revision: AtomicI64::new(-1),
            decoy: RwLock::new(None),
        }
    }
}

impl Directory {
    /// The subscriber with that number: international digits, with or without `+`.
    pub fn by_number(&self, number: &str) -> Option<Arc<Subscriber>> {
        self.numbers.get(number.strip_prefix('+').unwrap_or(number))
    }

    /// The subscriber with that alias, in any case of its letters.
    pub fn by_alias(&self, alias: &str) -> Option<Arc<Subscriber>> {
        self.aliases.get(alias)
    }

    /// By number or alias.
    pub fn find(&self, name: &str) -> Option<Arc<Subscriber>> {
        self.by_number(name).or_else(|| self.by_alias(name))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Signs a subscriber in by its number or alias. Slow password hashes are computed within the bound that all doors have together, that
    /// of `accounts`; a password that was found right before is compared at once. An unknown name costs what a wrong password does.
    ///
    /// # Errors
    /// [`AuthError::Unknown`], [`AuthError::Password`] or [`AuthError::Busy`]; peers must be told the same for the first two.
    pub async fn authenticate(&self, accounts: &Accounts, name: &str, password: &[u8]) -> Result<Arc<Subscriber>, AuthError> {
        let found = self.find(name);
        let decoy = self.decoy.read().clone();
        match (accounts.is_right(found.as_ref(), password, decoy).await?, found) {
            (true, Some(subscriber)) => Ok(subscriber),
            (_, None) => Err(AuthError::Unknown),
            (false, Some(_)) => Err(AuthError::Password),
        }
    }

    /// Reads what has changed since the last time, or everything where that is no longer known; the revision that it then has. Must not be
    /// called twice at the same time.
    pub(super) fn follow(&self, conn: &Connection) -> rusqlite::Result<i64> {
        let known = self.revision.load(Ordering::Acquire);
        // Changes by another process in the meantime are left for the next time.
        let tx = conn.unchecked_transaction()?;
        let now = revision(&tx)?;
        if now != known {
            let gone_from: i64 = tx.query_row("SELECT gone_from FROM subscriber_revision", [], |r| r.get(0))?;
            if known < gone_from || known < 0 || now < known {
                self.load(&tx)?
            } else {
                self.update(&tx, known, now)?
            }
            self.revision.store(now, Ordering::Release);
        }
        tx.commit()?;
        Ok(now)
    }

    fn load(&self, conn: &Connection) -> rusqlite::Result<()> {
        let mut all = Vec::new();
        let mut stmt = conn.prepare(SELECT)?;
        for s in stmt.query_map([], subscriber)? {
            all.push(self.with_memory(s?));
        }
        *self.decoy.write() = all.iter().find_map(|s| decoy(s));
        self.count.store(all.len(), Ordering::Relaxed);
        self.numbers.replace(&all);
        self.aliases.replace(&all);
        Ok(())
    }

    fn update(&self, conn: &Connection, known: i64, now: i64) -> rusqlite::Result<()> {
        let mut stmt = conn.prepare_cached("SELECT number FROM subscriber_gone WHERE revision > ?1 AND revision <= ?2")?;
        for number in stmt.query_map(params![known, now], |r| r.get::<_, String>(0))? {
            if let Some(old) = self.numbers.remove(&number?) {
                self.forget_alias(&old);
                self.count.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let mut stmt = conn.prepare_cached(&format!("{SELECT} WHERE revision > ?1 AND revision <= ?2"))?;
        let changed: Vec<_> = stmt.query_map(params![known, now], subscriber)?.collect::<rusqlite::Result<_>>()?;
        let changed: Vec<_> = changed.into_iter().map(|s| self.with_memory(s)).collect();
        // First all that is given up, then what is taken: an alias may have gone from one to the other.
        for old in changed.iter().filter_map(|s| self.numbers.get(&s.number)) {
            self.forget_alias(&old);
        }
        for s in changed {
            if let Some(hash) = decoy(&s) {
                self.decoy.write().get_or_insert(hash);
            }
            self.aliases.put(s.clone());
            if self.numbers.put(s).is_none() {
                self.count.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// With what was found right before, where the password is still the same.
    fn with_memory(&self, s: Subscriber) -> Arc<Subscriber> {
        let old = self.numbers.get(&s.number).filter(|old| old.password == s.password);
        Arc::new(match old {
            Some(old) => Subscriber { verified: old.verified.clone(), ..s },
            None => s,
        })
    }

    /// Unless it is another's by now.
    fn forget_alias(&self, old: &Subscriber) {
        let Some(alias) = &old.alias else { return };
        if self.aliases.get(alias).is_some_and(|s| s.number == old.number) {
            self.aliases.remove(alias);
        }
    }
}

impl HasPassword for Subscriber {
    fn password(&self) -> (&Secret, &Verified) {
        (&self.password, &self.verified)
    }
}

fn decoy(s: &Subscriber) -> Option<Arc<str>> {
    match &s.password {
        Secret::Argon2(hash) => Some(hash.as_str().into()),
        _ => None,
    }
}

// === impl Table ===

/// By a key that has an order of ASCII letters in any case; numbers have none of them.
impl Table {
    fn new(key: fn(&Subscriber) -> Option<&str>) -> Table {
        Table { shards: (0..SHARDS).map(|_| RwLock::default()).collect(), hasher: DefaultHashBuilder::default(), key }
    }

    fn get(&self, key: &str) -> Option<Arc<Subscriber>> {
        let hash = self.hash(key);
        self.shard(hash).read().find(hash, |s| self.has(s, key)).cloned()
    }

    /// The one that was there before.
    fn put(&self, s: Arc<Subscriber>) -> Option<Arc<Subscriber>> {
        let key = (self.key)(&s)?;
        let hash = self.hash(key);
        let mut shard = self.shard(hash).write();
        if let Some(there) = shard.find_mut(hash, |other| self.has(other, key)) {
            return Some(std::mem::replace(there, s));
        }
        shard.insert_unique(hash, s, |s| self.hash_of(s));
        None
    }

    fn remove(&self, key: &str) -> Option<Arc<Subscriber>> {
        let hash = self.hash(key);
        let mut shard = self.shard(hash).write();
        let found = shard.find_entry(hash, |s| self.has(s, key)).ok()?;
        Some(found.remove().0)
    }

    /// Has these alone from now on. No reader misses one that was there and stays.
    fn replace(&self, all: &[Arc<Subscriber>]) {
        let mut fresh: Vec<Shard> = (0..SHARDS).map(|_| HashTable::with_capacity(all.len() / SHARDS)).collect();
        for s in all {
            let Some(key) = (self.key)(s) else { continue };
            let hash = self.hash(key);
            fresh[Self::place(hash)].insert_unique(hash, s.clone(), |s| self.hash_of(s));
        }
        for (shard, mut fresh) in self.shards.iter().zip(fresh) {
            fresh.shrink_to_fit(|s| self.hash_of(s));
            *shard.write() = fresh;
        }
    }

    fn has(&self, s: &Subscriber, key: &str) -> bool {
        (self.key)(s).is_some_and(|k| k.eq_ignore_ascii_case(key))
    }

    fn hash_of(&self, s: &Subscriber) -> u64 {
        self.hash((self.key)(s).unwrap_or_default())
    }

    fn hash(&self, key: &str) -> u64 {
        if key.bytes().any(|b| b.is_ascii_uppercase()) { self.hasher.hash_one(key.to_ascii_lowercase()) } else { self.hasher.hash_one(key) }
    }

    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        &self.shards[Self::place(hash)]
    }

    /// By octets in the middle: the tables themselves use those at the ends.
    fn place(hash: u64) -> usize {
        (hash >> 32) as usize % SHARDS
    }
}
