//! A UTC day: what the ledger's files are cut by.

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::Date;
use waxwing_core::Millis;

const MILLIS: u64 = 86_400_000;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);
/// 9999-12-31, the last day that has a date of four digits.
const LAST: u32 = 2_932_896;

/// A UTC day, as days since 1970-01-01. Written and read as `2026-11-22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub u32);

impl Day {
    /// Of a date; `None` where there is no such day, or it is before 1970.
    pub fn of_date(year: u16, month: u8, day: u8) -> Option<Day> {
        format!("{year:04}-{month:02}-{day:02}").parse().ok()
    }

    /// The day that a time lies in; what lies behind the year 9999 counts as its last day.
    pub fn of(at: Millis) -> Day {
        Day(u32::try_from(at / MILLIS).unwrap_or(LAST).min(LAST))
    }

    /// Its first millisecond.
    pub fn start(self) -> Millis {
        u64::from(self.0) * MILLIS
    }

    /// Its last millisecond.
    pub fn end(self) -> Millis {
        self.start() + MILLIS - 1
    }

    /// So many days earlier, not before 1970.
    #[must_use]
    pub fn back(self, days: u32) -> Day {
        Day(self.0.saturating_sub(days))
    }

    /// The first day of its month.
    #[must_use]
    pub fn month_start(self) -> Day {
        self.date().map_or(self, |d| self.back(u32::from(d.day().unsigned_abs()) - 1))
    }

    fn date(self) -> Option<Date> {
        EPOCH.checked_add(Span::new().try_days(self.0).ok()?).ok()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(d) => write!(f, "{d}"),
            None => write!(f, "day-{}", self.0),
        }
    }
}

/// Not a date of the form `2026-11-22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form 2026-11-22")]
pub struct DayError;

impl FromStr for Day {
    type Err = DayError;
    fn from_str(s: &str) -> Result<Day, DayError> {
        let date: Date = s.parse().map_err(|_| DayError)?;
        let days = EPOCH.until(date).map_err(|_| DayError)?.get_days();
        let day = Day(u32::try_from(days).map_err(|_| DayError)?);
        // Only the one spelling, so that file names and days are one to one.
        if day.to_string() == s { Ok(day) } else { Err(DayError) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_are_written_as_dates_and_read_back() {
        for (n, s) in [(0, "1970-01-01"), (59, "1970-03-01"), (19_782, "2024-02-29"), (20_779, "2026-11-22")] {
            assert_eq!(Day(n).to_string(), s);
            assert_eq!(s.parse::<Day>().unwrap(), Day(n));
            assert_eq!(Day::of(Day(n).start()), Day(n));
            assert_eq!(Day::of(Day(n).end()), Day(n));
        }
        for s in ["", "2026-11-22.db", "20261122", "2026-13-01", "1969-12-31", "accounts"] {
            assert_eq!(s.parse::<Day>(), Err(DayError), "{s:?}");
        }
        assert_eq!("2024-02-29".parse::<Day>().unwrap().month_start(), "2024-02-01".parse().unwrap());
        assert_eq!(Day(u32::MAX).to_string(), "day-4294967295");
        assert_eq!(Day::of(u64::MAX).to_string(), "9999-12-31");
    }
}
