//! UAProf documents that were fetched, or could not be: a phone names the same one with every request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Profile;

/// Profiles by the address of their document: bounded, and forgotten in time.
///
/// It may be used by any number of threads at once. Whether two of them fetch the same document at once is left to the caller; both may
/// put what they got, and what is known is never replaced by a failure before its time.
#[derive(Debug)]
pub struct ProfileCache {
    entries: Mutex<HashMap<String, Entry>>,
    most: usize,
    keep: Duration,
    keep_failure: Duration,
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It could not be fetched or read, lately; do without.
    Failed,
    /// What the document says.
    Profile(Arc<Profile>),
}

#[derive(Debug)]
struct Entry {
    known: Known,
    until: Instant,
    used: Instant,
}

impl ProfileCache {
    /// A cache of at most that many addresses (no fewer than one), for so long, and for so long where fetching failed.
    pub fn new(most: usize, keep: Duration, keep_failure: Duration) -> Self {
        Self { entries: Mutex::default(), most: most.max(1), keep, keep_failure }
    }

    /// What is known of an address; `None` where it has to be fetched.
    pub fn get(&self, url: &str, now: Instant) -> Option<Known> {
        let mut entries = self.entries.lock();
        let entry = entries.get_mut(url).filter(|entry| now < entry.until)?;
        entry.used = entry.used.max(now);
        Some(entry.known.clone())
    }

    /// Notes what the document at an address says, and gives it back as it is shared.
    pub fn put(&self, url: &str, profile: Profile, now: Instant) -> Arc<Profile> {
        let profile = Arc::new(profile);
        self.insert(url, Entry { known: Known::Profile(profile.clone()), until: now + self.keep, used: now }, now);
        profile
    }

    /// Notes that an address could not be fetched or read. What is known of it stays, as long as it would have.
    pub fn put_failure(&self, url: &str, now: Instant) {
        self.insert(url, Entry { known: Known::Failed, until: now + self.keep_failure, used: now }, now);
    }

    /// How many addresses are kept, those included whose time is over but that were not needed since.
    pub fn len(&self) -> usize {
        self.entries.lock().len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn insert(&self, url: &str, entry: Entry, now: Instant) {
        let mut entries = self.entries.lock();
        if let Some(there) = entries.get_mut(url) {
            let is_better = matches!(there.known, Known::Profile(_)) && now < there.until;
            if entry.known != Known::Failed || !is_better {
                *there = entry;
            }
            return;
        }
        if entries.len() >= self.most {
            entries.retain(|_, there| now < there.until);
        }
        if entries.len() >= self.most {
            let oldest = entries.iter().min_by_key(|(_, there)| there.used).map(|(url, _)| url.clone());
            oldest.and_then(|url| entries.remove(&url));
        }
        entries.insert(url.to_owned(), entry);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn profile(size: u64) -> Profile {
        Profile { max_message_size: Some(size), ..Profile::default() }
    }

    #[test]
    fn entries_end() {
        let (cache, now) = (ProfileCache::new(9, 10 * SECOND, 2 * SECOND), Instant::now());
        let shared = cache.put("a", profile(1), now);
        cache.put_failure("b", now);
        assert_eq!(cache.get("a", now + 9 * SECOND), Some(Known::Profile(shared)));
        assert_eq!(cache.get("a", now + 10 * SECOND), None);
        assert_eq!((cache.get("b", now + SECOND), cache.get("b", now + 2 * SECOND)), (Some(Known::Failed), None));
    }

    #[test]
    fn a_failure_does_not_replace_what_is_known() {
        let (cache, now) = (ProfileCache::new(9, 10 * SECOND, 2 * SECOND), Instant::now());
        cache.put("a", profile(1), now);
        cache.put_failure("a", now + SECOND);
        assert!(matches!(cache.get("a", now + SECOND), Some(Known::Profile(_))));
        cache.put_failure("a", now + 11 * SECOND);
        assert_eq!(cache.get("a", now + 12 * SECOND), Some(Known::Failed));
        cache.put("a", profile(2), now + 12 * SECOND);
        assert!(matches!(cache.get("a", now + 12 * SECOND), Some(Known::Profile(p)) if p.max_message_size == Some(2)));
    }

    #[test]
    fn the_least_used_goes_first_when_it_is_full() {
        let (cache, now) = (ProfileCache::new(2, 10 * SECOND, SECOND), Instant::now());
        cache.put("a", profile(1), now);
        cache.put("b", profile(2), now + SECOND);
        assert!(cache.get("a", now + 2 * SECOND).is_some());
        cache.put("c", profile(3), now + 3 * SECOND);
        let kept = ["a", "b", "c"].map(|url| cache.get(url, now + 3 * SECOND).is_some());
        assert_eq!((kept, cache.len()), ([true, false, true], 2));
    }

    #[test]
    fn many_threads_stay_within_the_bound() {
        let (cache, now) = (ProfileCache::new(8, 10 * SECOND, SECOND), Instant::now());
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let cache = &cache;
                scope.spawn(move || {
                    for n in 0..2000_u64 {
                        let url = format!("u{}", (n * 7 + thread) % 32);
                        if n % 3 == 0 {
                            cache.put_failure(&url, now);
                        } else {
                            cache.put(&url, profile(n), now);
                        }
                        let _ = cache.get(&url, now);
                        assert!(cache.len() <= 8);
                    }
                });
            }
        });
    }
}
