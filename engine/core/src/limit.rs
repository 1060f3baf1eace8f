//! Limits of an account: messages a second, a day, a month.

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

    /// Takes `n` tokens, all or none.
    ///
    /// # Errors
    /// With the milliseconds after which as many will be there.
    pub fn take(&self, n: u32, now: Millis) -> Result<(), u64> {
        let mut s = self.state.lock();
        let burst = self.rate.max(1.0).max(f64::from(n).min(self.rate * 60.0));
        let passed = now.saturating_sub(s.1);
        // A clock that jumps (start, suspend) fills the bucket and no more.
        s.0 = (s.0 + self.rate * (passed as f64) / 1000.0).min(burst.max(self.rate));
        s.1 = s.1.max(now);
        if s.0 + 1e-9 >= f64::from(n) {
            s.0 -= f64::from(n);
            Ok(())
        } else {
            Err((((f64::from(n) - s.0) / self.rate) * 1000.0).ceil().clamp(1.0, 60_000.0) as u64)
        }
    }
}

/// How much an account has sent, for its daily and monthly limits. Days and months are UTC.
#[derive(Debug, Default)]
pub struct Usage(Mutex<Counts>);

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
}

impl Usage {
    /// Counts that were kept over a restart. Counts of the same period add to what was taken meanwhile.
    pub fn restore(&self, kept: Counts) {
        let mut c = self.0.lock();
        if c.day <= kept.day {
            c.today = kept.today + if c.day == kept.day { c.today } else { 0 };
            c.day = kept.day;
        }
        if c.month <= kept.month {
            c.this_month = kept.this_month + if c.month == kept.month { c.this_month } else { 0 };
            c.month = kept.month;
        }
    }

    /// The counts as of now.
    pub fn counts(&self, now: Millis) -> Counts {
        let mut c = self.0.lock();
        roll(&mut c, now);
        *c
    }

    /// Takes `n`, all or none.
    ///
    /// # Errors
    /// With the limit that it would exceed.
    pub fn take(&self, n: u64, per_day: Option<u64>, per_month: Option<u64>, now: Millis) -> Result<(), QuotaExceeded> {
        let mut c = self.0.lock();
        roll(&mut c, now);
        if let Some(limit) = per_day.filter(|&l| c.today + n > l) {
            return Err(QuotaExceeded::Day(limit));
        }
        if let Some(limit) = per_month.filter(|&l| c.this_month + n > l) {
            return Err(QuotaExceeded::Month(limit));
        }
        c.today += n;
        c.this_month += n;
        Ok(())
    }

    /// Gives back what was taken for messages that were not accepted after all.
    pub fn give_back(&self, n: u64) {
        let mut c = self.0.lock();
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
    let date = jiff::Timestamp::from_millisecond(i64::try_from(now).unwrap_or(0)).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC).date();
    let months = (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1;
    (now / 86_400_000, u64::try_from(months).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_and_the_wait_is_told() {
        let r = RateLimit::new(10.0);
        assert_eq!(r.take(10, 1000), Ok(()));
        assert_eq!(r.take(1, 1000), Err(100));
        assert_eq!(r.take(1, 1100), Ok(()));
        assert_eq!(r.take(1, 1100), Err(100));
        assert_eq!(r.take(10, 999_999), Ok(()));
    }

    #[test]
    fn a_batch_larger_than_a_second_is_possible_in_time() {
        let r = RateLimit::new(2.0);
        let wait = r.take(5, 1000);
        assert_eq!(wait, Err(1500));
        assert_eq!(r.take(5, 2500), Ok(()));
    }

    #[test]
    fn quotas_roll_over_and_are_given_back() {
        let u = Usage::default();
        let day = 86_400_000;
        assert_eq!(u.take(5, Some(5), None, day), Ok(()));
        assert_eq!(u.take(1, Some(5), None, day), Err(QuotaExceeded::Day(5)));
        u.give_back(1);
        assert_eq!(u.take(1, Some(5), None, day), Ok(()));
        assert_eq!(u.take(5, Some(5), Some(9), 2 * day), Err(QuotaExceeded::Month(9)));
        assert_eq!(u.take(4, Some(5), Some(9), 2 * day), Ok(()));
    }

    #[test]
    fn counts_survive_a_restart() {
        let u = Usage::default();
        let now = 20_000 * 86_400_000;
        let (day, month) = day_and_month(now);
        u.restore(Counts { day, today: 3, month, this_month: 7 });
        assert_eq!(u.take(1, Some(3), None, now), Err(QuotaExceeded::Day(3)));
        assert_eq!(u.counts(now), Counts { day, today: 3, month, this_month: 7 });
    }
}
