//! Messages a second, from the counters as they were when somebody looked before.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use waxwing_core::Millis;

/// Time over which a rate is computed, milliseconds.
const WINDOW: Millis = 10_000;
/// Least time between two samples.
const STEP: Millis = 1_000;

/// Samples of counters.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<VecDeque<Sample>>);

#[derive(Debug)]
struct Sample {
    at: Millis,
    counts: HashMap<String, u64>,
}

impl Rates {
    /// Takes the counters as of now; the rate of each over the last seconds, where there is something to compare with.
    pub(crate) fn of(&self, now: Millis, counts: &HashMap<String, u64>) -> HashMap<String, f64> {
        let mut samples = self.0.lock();
        // Keep one that is older than the window, to compare with; but none from another day.
        while samples.len() > 1 && samples.get(1).is_some_and(|s| now.saturating_sub(s.at) >= WINDOW) {
            samples.pop_front();
        }
        if samples.front().is_some_and(|s| now.saturating_sub(s.at) > 3 * WINDOW) {
            samples.clear();
        }
        let rates = match samples.front() {
            Some(old) if now > old.at => {
                let seconds = (now - old.at) as f64 / 1000.0;
                let rate = |(name, n): (&String, &u64)| {
                    let before = old.counts.get(name).copied().unwrap_or(0);
                    (name.clone(), n.saturating_sub(before) as f64 / seconds)
                };
                counts.iter().map(rate).collect()
            }
            _ => HashMap::new(),
        };
        if samples.back().is_none_or(|s| now.saturating_sub(s.at) >= STEP) {
            samples.push_back(Sample { at: now, counts: counts.clone() });
        }
        rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_over_the_last_seconds() {
        let rates = Rates::default();
        let at = |now, n: u64| rates.of(now, &HashMap::from([("a".to_owned(), n)])).get("a").copied();
        assert_eq!(at(1_000, 5), None);
        assert_eq!(at(3_000, 25), Some(10.0));
        assert_eq!(at(3_100, 25), Some(20.0 / 2.1));
        for n in 4..40u64 {
            at(n * 1000, 25);
        }
        assert_eq!(at(40_000, 25), Some(0.0));
        assert_eq!(at(100_000, 1_000_000), None, "an old sample tells nothing about now");
    }
}
