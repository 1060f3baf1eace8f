//! The memory that all messages on their way in may take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A bound on memory over all connections; clones share it.
#[derive(Clone, Debug)]
pub struct MemoryBudget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit: usize,
    used: AtomicUsize,
}

/// What one message holds of the budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    shared: Arc<Shared>,
    held: usize,
}

impl MemoryBudget {
    /// A budget in octets. It should hold several messages of the largest size; default 256 MiB.
    pub fn new(limit: usize) -> Self {
        Self { shared: Arc::new(Shared { limit, used: AtomicUsize::new(0) }) }
    }

    /// Octets in use now.
    pub fn used(&self) -> usize {
        self.shared.used.load(Ordering::Relaxed)
    }

    /// Whether `octets` more would fit now.
    pub(crate) fn has_room(&self, octets: usize) -> bool {
        self.used().saturating_add(octets) <= self.shared.limit
    }

    pub(crate) fn reservation(&self) -> Reservation {
        Reservation { shared: Arc::clone(&self.shared), held: 0 }
    }
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::new(256 << 20)
    }
}

impl Reservation {
    /// Holds `octets` more, or nothing more and false.
    pub(crate) fn grow(&mut self, octets: usize) -> bool {
        let limit = self.shared.limit;
        let fits = |used: usize| used.checked_add(octets).filter(|sum| *sum <= limit);
        let grown = self.shared.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok();
        if grown {
            self.held += octets;
        }
        grown
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shared.used.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_limit_and_all_comes_back() {
        let budget = MemoryBudget::new(100);
        let mut first = budget.reservation();
        let mut second = budget.reservation();
        assert!(first.grow(60) && !second.grow(41) && second.grow(40) && !first.grow(1) && !first.grow(usize::MAX));
        assert!(!budget.has_room(1));
        drop(first);
        assert_eq!(budget.used(), 40);
        drop(second);
        assert_eq!(budget.used(), 0);
    }
}
