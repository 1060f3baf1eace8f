//! A token bucket: so many messages a second, with a burst. Time is a parameter.
//!
//! The same bucket throttles what comes in (answer "throttled" when [`TokenBucket::take`] fails) and paces what goes
//! out (wait until [`TokenBucket::next_at`]).

use std::time::{Duration, Instant};

/// A bucket which fills at a rate up to its burst; each message takes one token.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    burst: f64,
    /// When `tokens` was true.
    filled_at: Instant,
    rate: f64,
    tokens: f64,
}

impl TokenBucket {
    /// A full bucket: `rate` messages a second (at least 0.001), `burst` messages at once (at least 1).
    pub fn new(rate: f64, burst: u32, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self { burst, filled_at: now, rate: at_least_some(rate), tokens: burst }
    }

    /// Takes `count` tokens, or none if there are fewer. A count above the burst never succeeds.
    pub fn take(&mut self, count: u32, now: Instant) -> bool {
        self.fill(now);
        let enough = self.tokens >= f64::from(count) - ROUNDING;
        if enough {
            self.tokens -= f64::from(count);
        }
        enough
    }

    /// Whole tokens there are: how many messages may go now.
    pub fn available(&mut self, now: Instant) -> u32 {
        self.fill(now);
        (self.tokens + ROUNDING).max(0.0) as u32
    }

    /// When there will be one token; `now` if there is.
    pub fn next_at(&mut self, now: Instant) -> Instant {
        self.fill(now);
        let missing = (1.0 - self.tokens).max(0.0);
        // Rounded up: a nanosecond short would be a wake-up for nothing.
        now + Duration::from_nanos((missing / self.rate * 1e9).ceil() as u64)
    }

    /// Gives back a token that was taken for nothing.
    pub fn give_back(&mut self, count: u32) {
        self.tokens = (self.tokens + f64::from(count)).min(self.burst);
    }

    /// Changes rate and burst; what is in the bucket stays, up to the new burst.
    pub fn set_rate(&mut self, rate: f64, burst: u32, now: Instant) {
        self.fill(now);
        self.rate = at_least_some(rate);
        self.burst = f64::from(burst.max(1));
        self.tokens = self.tokens.min(self.burst);
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled_at);
        self.tokens = (self.tokens + elapsed.as_secs_f64() * self.rate).min(self.burst);
        self.filled_at = self.filled_at.max(now);
    }
}

/// A message that waited until `next_at` must find its token in spite of rounding.
const ROUNDING: f64 = 1e-6;

fn at_least_some(rate: f64) -> f64 {
    if rate.is_finite() { rate.max(0.001) } else { 0.001 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(10.0, 5, start);
        assert_eq!((0..9).filter(|_| bucket.take(1, start)).count(), 5);
        assert_eq!(bucket.next_at(start), start + Duration::from_millis(100));
        let later = start + Duration::from_millis(250);
        assert_eq!(bucket.available(later), 2);
        assert!(bucket.take(2, later));
        assert!(!bucket.take(1, later));
    }

    #[test]
    fn waiting_until_the_told_time_is_enough() {
        let mut now = Instant::now();
        for rate in [0.3, 7.0, 33.3, 999.9, 30_000.0] {
            let start = now;
            let mut bucket = TokenBucket::new(rate, 1, now);
            for _ in 0..100 {
                now = bucket.next_at(now);
                assert!(bucket.take(1, now), "rate {rate}");
            }
            let took = (now - start).as_secs_f64();
            assert!((took - 99.0 / rate).abs() < 0.01 * took, "rate {rate}: {took} s");
        }
    }

    #[test]
    fn time_that_goes_back_gives_nothing() {
        let start = Instant::now() + Duration::from_secs(10);
        let mut bucket = TokenBucket::new(1.0, 1, start);
        assert!(bucket.take(1, start));
        assert!(!bucket.take(1, start - Duration::from_secs(5)));
        assert!(!bucket.take(1, start + Duration::from_millis(900)));
        assert!(bucket.take(1, start + Duration::from_secs(1)));
    }

    #[test]
    fn a_new_rate_holds_from_now_on() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(1.0, 10, start);
        bucket.set_rate(100.0, 2, start);
        assert_eq!(bucket.available(start), 2);
        assert!(bucket.take(2, start));
        assert_eq!(bucket.next_at(start), start + Duration::from_millis(10));
        bucket.give_back(1);
        assert!(bucket.take(1, start));
    }

    #[test]
    fn nonsense_rates_are_slow_not_endless() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let start = Instant::now();
            let mut bucket = TokenBucket::new(rate, 0, start);
            assert!(bucket.take(1, start));
            assert!(bucket.next_at(start) <= start + Duration::from_secs(1001), "{rate}");
        }
    }
}
