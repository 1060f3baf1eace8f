//! Limits of an account: messages a second, a day, a month.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::Millis;

/// A token bucket: `rate` a second, with one second's worth in store.
#[derive(Debug)]
pub struct RateLimit {
    rate: f64,
    state: Mutex<(f64, Millis)>,
}

impl RateLimit {
    /// `rate` messages a second, more than 0.
    pub fn new(rate: f64) -> RateLimit {
        RateLimit { rate, state: Mutex::new((rate.max(1.0), 0)) }
    }

    /// Takes as many of `n` tokens as there are. The second is, when some are missing, the milliseconds after which one more will be there.
    pub fn take(&self, n: u32, now: Millis) -> (u32, u64) {
        let mut s = self.state.lock();
        self.fill(&mut s, now);
        let granted = f64::from(n).min((s.0 + 1e-9).floor()).max(0.0);
        s.0 -= granted;
        let wait = if granted < f64::from(n) { ((1.0 - s.0).max(0.0) / self.rate * 1000.0).ceil().clamp(1.0, 60_000.0) } else { 0.0 };
        (granted as u32, wait as u64)
    }

    /// Takes `n` tokens or none. More than a second's worth is given when the bucket is full, and what was given too much is waited for
    /// afterwards: so they too can be had, and the rate is kept.
    ///
    /// # Errors
    /// The milliseconds after which it is worth asking again.
    pub fn take_all(&self, n: u32, now: Millis) -> Result<(), u64> {
        let mut s = self.state.lock();
        self.fill(&mut s, now);
        let needed = f64::from(n).min(self.rate.max(1.0));
        if s.0 + 1e-9 < needed {
            return Err(((needed - s.0) / self.rate * 1000.0).ceil().clamp(1.0, 60_000.0) as u64);
        }
        s.0 -= f64::from(n);
        Ok(())
    }

    fn fill(&self, s: &mut (f64, Millis), now: Millis) {
        let passed = now.saturating_sub(s.1);
        // A clock that jumps (start, suspend) fills the bucket and no more.
        s.0 = (s.0 + self.rate * (passed as f64) / 1000.0).min(self.rate.max(1.0));
        s.1 = s.1.max(now);
    }
}

/// How much an account has sent, for its daily and monthly limits. Days and months are UTC.
#[derive(Debug, Default)]
pub struct Usage {
    counts: Mutex<Counts>,
    pending: Arc<AtomicBool>,
}

/// The counts behind [`Usage`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Days since 1970 that `today` is about.
    pub day: u64,
    /// Messages accepted on that day.
    pub today: u64,
    /// Months since 1970 that `this_month` is about.
    pub month: u64,
    /// Messages accepted in that month.
    pub this_month: u64,
}

/// Which limit stood in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaExceeded {
    /// The limit of the day.
    Day(u64),
    /// The limit of the month.
    Month(u64),
    /// None yet: what was sent before a restart is still being counted.
    Pending,
}

impl Usage {
    /// A usage that is not known while `pending` is set: accounts with limits then wait.
    pub fn new(pending: Arc<AtomicBool>) -> Usage {
        Usage { counts: Mutex::default(), pending }
    }

    /// Counts that were kept over a restart. Counts of the same period add to what was taken meanwhile.
    pub fn restore(&self, kept: Counts) {
        let mut c = self.counts.lock();
        if c.day <= kept.day {
            c.today = kept.today + if c.day == kept.day { c.today } else { 0 };
            c.day = kept.day;
        }
        if c.month <= kept.month {
            c.this_month = kept.this_month + if c.month == kept.month { c.this_month } else { 0 };
            c.month = kept.month;
        }
    }

    /// Counts that include what was taken meanwhile.
    pub fn replace(&self, known: Counts) {
        *self.counts.lock() = known;
    }

    /// The counts as of now.
    pub fn counts(&self, now: Millis) -> Counts {
        let mut c = self.counts.lock();
        roll(&mut c, now);
        *c
    }

    /// Takes as many of `n` as the limits leave; the second says which limit stands in the way of the rest.
    pub fn take(&self, n: u64, per_day: Option<u64>, per_month: Option<u64>, now: Millis) -> (u64, Option<QuotaExceeded>) {
        self.grant(n, false, per_day, per_month, now)
    }

    /// Takes `n` or none.
    ///
    /// # Errors
    /// Which limit stands in the way.
    pub fn take_all(&self, n: u64, per_day: Option<u64>, per_month: Option<u64>, now: Millis) -> Result<(), QuotaExceeded> {
        self.grant(n, true, per_day, per_month, now).1.map_or(Ok(()), Err)
    }

    fn grant(&self, n: u64, whole: bool, per_day: Option<u64>, per_month: Option<u64>, now: Millis) -> (u64, Option<QuotaExceeded>) {
        if (per_day.is_some() || per_month.is_some()) && self.pending.load(Ordering::Acquire) {
            return (0, Some(QuotaExceeded::Pending));
        }
        let mut c = self.counts.lock();
        roll(&mut c, now);
        let (mut granted, mut why) = (n, None);
        for (limit, used, exceeded) in
            [(per_day, c.today, QuotaExceeded::Day as fn(u64) -> QuotaExceeded), (per_month, c.this_month, QuotaExceeded::Month)]
        {
            if let Some(limit) = limit.filter(|&l| used + granted > l) {
                granted = limit.saturating_sub(used);
                why = Some(exceeded(limit));
            }
        }
        if whole && why.is_some() {
            granted = 0;
        }
        c.today += granted;
        c.this_month += granted;
        (granted, why)
    }

    /// Gives back what was taken for messages that were not accepted after all.
    pub fn give_back(&self, n: u64) {
        let mut c = self.counts.lock();
        c.today = c.today.saturating_sub(n);
        c.this_month = c.this_month.saturating_sub(n);
    }
}

fn roll(c: &mut Counts, now: Millis) {
    let (day, month) = day_and_month(now);
    if c.day != day {
        (c.day, c.today) = (day, 0);
    }
    if c.month != month {
        (c.month, c.this_month) = (month, 0);
    }
}

/// Days and months since 1970 of a time.
pub fn day_and_month(now: Millis) -> (u64, u64) {
    let date =
        jiff::Timestamp::from_millisecond(i64::try_from(now).unwrap_or(0)).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC).date();
    let months = (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1;
    (now / 86_400_000, u64::try_from(months).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_and_the_wait_is_told() {
        let r = RateLimit::new(10.0);
        assert_eq!(r.take(12, 1000), (10, 100));
        assert_eq!(r.take(1, 1000), (0, 100));
        assert_eq!(r.take(1, 1100), (1, 0));
        assert_eq!(r.take(1, 1150), (0, 50));
        assert_eq!(r.take(10, 999_999), (10, 0));
        let slow = RateLimit::new(0.1);
        assert_eq!(slow.take(2, 1000), (1, 10_000));
    }

    #[test]
    fn a_whole_is_let_in_at_once_or_not_at_all() {
        let r = RateLimit::new(10.0);
        assert_eq!(r.take(7, 1000), (7, 0));
        assert_eq!(r.take_all(4, 1000), Err(100));
        assert_eq!(r.take_all(3, 1000), Ok(()));
        assert_eq!(r.take_all(25, 1900), Err(100), "more than a second's worth, which takes a full bucket");
        assert_eq!(r.take_all(25, 2000), Ok(()));
        assert_eq!(r.take(1, 2000), (0, 1600));
        assert_eq!(r.take(1, 3600), (1, 0));
        let u = Usage::default();
        assert_eq!(u.take_all(6, Some(5), None, 0), Err(QuotaExceeded::Day(5)));
        assert_eq!(u.take_all(5, Some(5), None, 0), Ok(()));
        assert_eq!(u.counts(0).today, 5);
    }

    #[test]
    fn quotas_roll_over_and_are_given_back() {
        let u = Usage::default();
        let day = 86_400_000;
        assert_eq!(u.take(7, Some(5), None, day), (5, Some(QuotaExceeded::Day(5))));
        assert_eq!(u.take(1, Some(5), None, day), (0, Some(QuotaExceeded::Day(5))));
        u.give_back(1);
        assert_eq!(u.take(1, Some(5), None, day), (1, None));
        assert_eq!(u.take(5, Some(5), Some(9), 2 * day), (4, Some(QuotaExceeded::Month(9))));
    }

    #[test]
    fn limits_wait_until_the_counts_are_known() {
        let pending = Arc::new(AtomicBool::new(true));
        let u = Usage::new(pending.clone());
        assert_eq!(u.take(1, Some(5), None, 0), (0, Some(QuotaExceeded::Pending)));
        assert_eq!(u.take(1, None, None, 0), (1, None));
        pending.store(false, Ordering::Release);
        assert_eq!(u.take(1, Some(5), None, 0), (1, None));
    }

    #[test]
    fn counts_survive_a_restart() {
        let u = Usage::default();
        let now = 20_000 * 86_400_000;
        let (day, month) = day_and_month(now);
        u.restore(Counts { day, today: 3, month, this_month: 7 });
        assert_eq!(u.take(1, Some(3), None, now), (0, Some(QuotaExceeded::Day(3))));
        assert_eq!(u.counts(now), Counts { day, today: 3, month, this_month: 7 });
    }
}
