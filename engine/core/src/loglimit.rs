//! Log lines that bad input causes, limited: a flood of them must not become a flood of log.

use parking_lot::Mutex;

use crate::{Clock, Millis};

/// Lets through a few lines a period and counts the rest.
#[derive(Debug)]
pub struct LogLimit {
    clock: Clock,
    state: Mutex<(Millis, u32, u64)>,
}

/// Lines a period.
const LINES: u32 = 5;
/// The period, milliseconds.
const PERIOD: Millis = 10_000;

impl LogLimit {
    /// Five lines every ten seconds.
    pub fn new(clock: Clock) -> LogLimit {
        LogLimit { clock, state: Mutex::new((0, 0, 0)) }
    }

    /// `Some(n)` when the line may be written; `n` lines were left out since the last one that was.
    pub fn allow(&self) -> Option<u64> {
        let now = self.clock.now();
        let mut s = self.state.lock();
        if now.saturating_sub(s.0) >= PERIOD {
            (s.0, s.1) = (now, 0);
        }
        if s.1 < LINES {
            s.1 += 1;
            Some(std::mem::take(&mut s.2))
        } else {
            s.2 += 1;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn a_flood_is_counted_instead_of_written() {
        let t = Arc::new(AtomicU64::new(50_000));
        let now = t.clone();
        let limit = LogLimit::new(Clock::new(move || now.load(Ordering::Relaxed)));
        assert_eq!((0..100).filter(|_| limit.allow().is_some()).count(), 5);
        t.store(61_000, Ordering::Relaxed);
        assert_eq!(limit.allow(), Some(95));
    }
}
