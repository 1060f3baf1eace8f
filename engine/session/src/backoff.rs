//! When to try again: exponential, capped, with jitter so that many lines do not come back in step.

use std::time::Duration;

/// How the waits grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackoffOptions {
    /// What a wait is multiplied by to give the next; at least 1. Default 2.
    pub factor: f64,
    /// The first wait. Default 1 s.
    pub initial: Duration,
    /// How much of a wait is chance, 0 to 1: with 0.2 it lies between 0.8 and 1.0 of the full wait. Default 0.2.
    pub jitter: f64,
    /// The longest wait. Default 60 s.
    pub max: Duration,
}

impl Default for BackoffOptions {
    fn default() -> Self {
        Self { factor: 2.0, initial: Duration::from_secs(1), jitter: 0.2, max: Duration::from_secs(60) }
    }
}

/// Gives the waits between attempts, one after another.
#[derive(Clone, Debug)]
pub struct Backoff {
    attempts: u32,
    options: BackoffOptions,
    random: fastrand::Rng,
}

impl Backoff {
    /// Waits by `options`; the same `seed` gives the same waits.
    pub fn new(options: BackoffOptions, seed: u64) -> Self {
        Self { attempts: 0, options, random: fastrand::Rng::with_seed(seed) }
    }

    /// The wait before the next attempt.
    pub fn next_wait(&mut self) -> Duration {
        let BackoffOptions { factor, initial, jitter, max } = self.options;
        let growth = factor.max(1.0).powi(i32::try_from(self.attempts).unwrap_or(i32::MAX));
        self.attempts = self.attempts.saturating_add(1);
        let full = (initial.as_secs_f64() * growth).min(max.as_secs_f64());
        let share = 1.0 - jitter.clamp(0.0, 1.0) * self.random.f64();
        Duration::try_from_secs_f64(full * share).unwrap_or(max)
    }

    /// Attempts since the last success.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// An attempt succeeded: the next wait is the first again.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let mut backoff = Backoff::new(BackoffOptions { jitter: 0.0, ..BackoffOptions::default() }, 1);
        let waits: Vec<u64> = (0..8).map(|_| backoff.next_wait().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.attempts(), 8);
        backoff.reset();
        assert_eq!(backoff.next_wait(), Duration::from_secs(1));
    }

    #[test]
    fn it_never_overflows() {
        let mut backoff = Backoff::new(BackoffOptions { jitter: 0.0, ..BackoffOptions::default() }, 1);
        backoff.attempts = u32::MAX - 1;
        assert_eq!(backoff.next_wait(), Duration::from_secs(60));
        assert_eq!(backoff.next_wait(), Duration::from_secs(60));
    }

    #[test]
    fn jitter_stays_in_its_range_and_depends_on_the_seed() {
        let waits = |seed| {
            let mut backoff = Backoff::new(BackoffOptions { jitter: 0.5, max: Duration::from_secs(1), ..BackoffOptions::default() }, seed);
            (0..100).map(|_| backoff.next_wait()).collect::<Vec<_>>()
        };
        assert!(waits(7).iter().all(|wait| (0.5..=1.0).contains(&wait.as_secs_f64())));
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }
}
