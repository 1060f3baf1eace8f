//! When a callback that failed is made again.

use std::time::Duration;

use waxwing_core::Millis;

/// Waits between attempts. After the last one the callback is given up and kept as a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSchedule(Vec<Duration>);

/// Longest wait that a server's Retry-After is granted.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

impl HookSchedule {
    /// These waits, one after each failed attempt.
    pub fn new(waits: Vec<Duration>) -> HookSchedule {
        HookSchedule(waits)
    }

    /// When to try again after the `failures`-th failed attempt (from 1), or `None` when it was the last. A server that asks for more
    /// time gets it, up to a day.
    pub fn next(&self, failures: u16, now: Millis, retry_after: Option<Duration>) -> Option<Millis> {
        let wait = *self.0.get(usize::from(failures.saturating_sub(1)))?;
        let wait = wait.max(retry_after.unwrap_or_default().min(RETRY_AFTER_MAX));
        Some(now + Millis::try_from(wait.as_millis()).unwrap_or(Millis::MAX / 2))
    }
}

impl Default for HookSchedule {
    /// 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 20 h: nearly three days.
    fn default() -> HookSchedule {
        let minute = 60;
        let seconds = [5, 5 * minute, 30 * minute, 120 * minute, 300 * minute, 600 * minute, 840 * minute, 1200 * minute, 1200 * minute];
        HookSchedule(seconds.map(Duration::from_secs).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_end_and_yield_to_the_server() {
        let s = HookSchedule::default();
        assert_eq!(s.next(1, 1000, None), Some(6000));
        assert_eq!(s.next(2, 0, None), Some(300_000));
        assert_eq!(s.next(1, 0, Some(Duration::from_secs(60))), Some(60_000));
        assert_eq!(s.next(4, 0, Some(Duration::from_secs(60))), Some(7_200_000));
        assert_eq!(s.next(1, 0, Some(Duration::from_secs(1 << 40))), Some(86_400_000));
        assert_eq!(s.next(10, 0, None), None);
    }
}
