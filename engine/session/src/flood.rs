//! How many connections at one time, in all and from one source.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Limits of connections at one time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FloodLimits {
    /// From one source: an IPv4 address, or an IPv6 network of 64 bits, as one host can have all of it. Default 256.
    pub per_source: usize,
    /// In all. Default 10 000.
    pub total: usize,
}

impl Default for FloodLimits {
    fn default() -> Self {
        Self { per_source: 256, total: 10_000 }
    }
}

/// Counts connections; clones share the count.
#[derive(Clone, Debug, Default)]
pub struct FloodGuard {
    shared: Arc<Shared>,
}

/// A connection's place. Dropping it gives the place back.
#[derive(Debug)]
pub struct Permit {
    shared: Arc<Shared>,
    source: IpAddr,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FloodError {
    /// This source has too many.
    #[error("{limit} connections from this source are open already; raise the limit per source if that is right")]
    Source {
        /// The limit.
        limit: usize,
    },
    /// There are too many in all.
    #[error("{limit} connections are open already; raise the limit if that is right")]
    Total {
        /// The limit.
        limit: usize,
    },
}

#[derive(Debug, Default)]
struct Shared {
    places: Mutex<Places>,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Places {
    by_source: HashMap<IpAddr, usize>,
    limits: FloodLimits,
    total: usize,
}

impl FloodGuard {
    /// A guard with its own count.
    pub fn new(limits: FloodLimits) -> Self {
        let places = Places { limits, ..Places::default() };
        Self { shared: Arc::new(Shared { places: Mutex::new(places), refused: AtomicU64::new(0) }) }
    }

    /// A place for a connection from `address`.
    pub fn acquire(&self, address: IpAddr) -> Result<Permit, FloodError> {
        let source = source(address);
        let mut places = self.shared.places.lock();
        let limits = places.limits;
        let here = places.by_source.get(&source).copied().unwrap_or(0);
        let refusal = if places.total >= limits.total {
            FloodError::Total { limit: limits.total }
        } else if here >= limits.per_source {
            FloodError::Source { limit: limits.per_source }
        } else {
            places.total += 1;
            places.by_source.insert(source, here + 1);
            return Ok(Permit { shared: Arc::clone(&self.shared), source });
        };
        self.shared.refused.fetch_add(1, Ordering::Relaxed);
        Err(refusal)
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.shared.places.lock().total
    }

    /// Connections refused since the start.
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// Changes the limits; connections above them stay.
    pub fn set_limits(&self, limits: FloodLimits) {
        self.shared.places.lock().limits = limits;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut places = self.shared.places.lock();
        places.total -= 1;
        if let Some(here) = places.by_source.get_mut(&self.source) {
            *here -= 1;
            if *here == 0 {
                places.by_source.remove(&self.source);
            }
        }
    }
}

fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn limits_hold_and_places_come_back() {
        let guard = FloodGuard::new(FloodLimits { per_source: 2, total: 3 });
        let first = guard.acquire(ip("192.0.2.1")).unwrap();
        let _second = guard.acquire(ip("::ffff:192.0.2.1")).unwrap();
        assert_eq!(guard.acquire(ip("192.0.2.1")).unwrap_err(), FloodError::Source { limit: 2 });
        let _third = guard.acquire(ip("192.0.2.2")).unwrap();
        assert_eq!(guard.acquire(ip("192.0.2.3")).unwrap_err(), FloodError::Total { limit: 3 });
        assert_eq!((guard.open(), guard.refused()), (3, 2));
        drop(first);
        assert_eq!(guard.open(), 2);
        assert!(guard.acquire(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn an_ipv6_host_counts_by_its_network() {
        let guard = FloodGuard::new(FloodLimits { per_source: 1, total: 9 });
        let _held = guard.acquire(ip("2001:db8::1")).unwrap();
        assert!(guard.acquire(ip("2001:db8::2")).is_err());
        assert!(guard.acquire(ip("2001:db8:0:1::2")).is_ok());
    }

    #[test]
    fn no_source_is_remembered_after_it_left() {
        let guard = FloodGuard::default();
        for host in 0..100 {
            drop(guard.acquire(IpAddr::V4(std::net::Ipv4Addr::from_bits(host))).unwrap());
        }
        assert!(guard.shared.places.lock().by_source.is_empty());
    }
}
