//! SMPP's time format (SMPP 3.4 section 7.1.1): absolute with a time zone, or relative to the message centre's now.
//!
//! No clock here: whoever converts says what time it is, in milliseconds since 1970-01-01 UTC.

use std::fmt;

/// A point in time or a span, "YYMMDDhhmmsstnnp".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SmppTime {
    /// A point in time.
    Absolute(AbsoluteTime),
    /// A span from now.
    Relative(RelativeTime),
}

/// A point in time as the wire has it, in local time of `quarter_hours` ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbsoluteTime {
    /// Last two digits of the year, 0 to 99.
    pub year: u8,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Tenths of a second, 0 to 9.
    pub tenth: u8,
    /// Quarters of an hour that local time is ahead of UTC, -48 to 56.
    pub quarter_hours: i8,
}

/// A span as the wire has it; each part 0 to 99.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RelativeTime {
    /// Years.
    pub years: u8,
    /// Months.
    pub months: u8,
    /// Days.
    pub days: u8,
    /// Hours.
    pub hours: u8,
    /// Minutes.
    pub minutes: u8,
    /// Seconds.
    pub seconds: u8,
}

/// A time that is not in SMPP's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not 16 octets.
    #[error("a time has 16 octets (YYMMDDhhmmsstnnp), not {0}")]
    Length(usize),
    /// Something else than digits, or a last octet other than '+', '-' and 'R'.
    #[error("a time is 15 digits followed by '+', '-' or 'R'")]
    Syntax,
    /// A part that no calendar has.
    #[error("the {0} of the time is out of range")]
    Range(&'static str),
}

impl SmppTime {
    /// Reads a time; `None` where the field is empty (no time given).
    pub fn parse(octets: &[u8]) -> Result<Option<Self>, TimeError> {
        if octets.is_empty() {
            return Ok(None);
        }
        let text: &[u8; 16] = octets.try_into().map_err(|_| TimeError::Length(octets.len()))?;
        if !text[..15].iter().all(u8::is_ascii_digit) {
            return Err(TimeError::Syntax);
        }
        let pair = |at: usize| (text[at] - b'0') * 10 + (text[at + 1] - b'0');
        let [years, months, days, hours, minutes, seconds] = [0, 2, 4, 6, 8, 10].map(pair);
        let sign = match text[15] {
            b'R' | b'r' => return Ok(Some(Self::Relative(RelativeTime { years, months, days, hours, minutes, seconds }))),
            b'+' => 1,
            b'-' => -1,
            _ => return Err(TimeError::Syntax),
        };
        let zone = pair(13);
        let year = 2000 + i64::from(years);
        let in_range = [
            ("month", (1..=12).contains(&months)),
            // Two digits cannot tell 1900 from 2000, so day 29 is granted to every year that may be a leap year.
            ("day", (1..=12).contains(&months) && days >= 1 && days <= days_in_month(year, months)),
            ("hour", hours <= 23),
            ("minute", minutes <= 59),
            ("second", seconds <= 59),
            ("time zone", zone <= 56),
        ];
        if let Some((part, _)) = in_range.iter().find(|(_, ok)| !ok) {
            return Err(TimeError::Range(part));
        }
        Ok(Some(Self::Absolute(AbsoluteTime {
            year: years,
            month: months,
            day: days,
            hour: hours,
            minute: minutes,
            second: seconds,
            tenth: text[12] - b'0',
            quarter_hours: sign * zone as i8,
        })))
    }

    /// The 16 octets of the wire.
    pub fn format(&self) -> [u8; 16] {
        let (parts, tenth, zone, mark) = match *self {
            Self::Absolute(t) => {
                let mark = if t.quarter_hours < 0 { b'-' } else { b'+' };
                ([t.year, t.month, t.day, t.hour, t.minute, t.second], t.tenth, t.quarter_hours.unsigned_abs(), mark)
            }
            Self::Relative(t) => ([t.years, t.months, t.days, t.hours, t.minutes, t.seconds], 0, 0, b'R'),
        };
        let mut out = [b'0'; 16];
        for (slot, part) in out.chunks_exact_mut(2).zip(parts) {
            slot.copy_from_slice(&digits(part));
        }
        out[12] = digits(tenth)[1];
        out[13..15].copy_from_slice(&digits(zone));
        out[15] = mark;
        out
    }

    /// The point in time, given `now`; both in milliseconds since 1970-01-01 UTC.
    pub fn to_unix_ms(&self, now: i64) -> i64 {
        match self {
            Self::Absolute(time) => time.to_unix_ms(now),
            Self::Relative(time) => time.to_unix_ms(now),
        }
    }
}

impl AbsoluteTime {
    /// The time in UTC, of milliseconds since 1970-01-01.
    pub fn from_unix_ms(unix_ms: i64) -> Self {
        let date = CivilTime::from_unix_ms(unix_ms);
        Self {
            year: date.year.rem_euclid(100) as u8,
            month: date.month,
            day: date.day,
            hour: date.hour,
            minute: date.minute,
            second: date.second,
            tenth: (unix_ms.rem_euclid(1000) / 100) as u8,
            quarter_hours: 0,
        }
    }

    /// Milliseconds since 1970-01-01 UTC. The century is the one that comes nearest to `now`.
    pub fn to_unix_ms(&self, now: i64) -> i64 {
        let this_year = CivilTime::from_unix_ms(now).year;
        let year = nearest_year(self.year, this_year);
        let date = CivilTime { year, month: self.month, day: self.day, hour: self.hour, minute: self.minute, second: self.second };
        date.to_unix_ms() + i64::from(self.tenth) * 100 - i64::from(self.quarter_hours) * 15 * 60_000
    }
}

impl RelativeTime {
    /// A span of this many seconds, up to 31 days (what a day field can say without months); `None` beyond: send an absolute time.
    pub fn from_seconds(seconds: u64) -> Option<Self> {
        let days = u8::try_from(seconds / 86_400).ok().filter(|&days| days <= 31)?;
        let rest = seconds % 86_400;
        Some(Self { days, hours: (rest / 3600) as u8, minutes: (rest / 60 % 60) as u8, seconds: (rest % 60) as u8, ..Self::default() })
    }

    /// The end of the span, given `now`; both in milliseconds since 1970-01-01 UTC. Years and months are the calendar's.
    pub fn to_unix_ms(&self, now: i64) -> i64 {
        let mut date = CivilTime::from_unix_ms(now);
        let months = date.year * 12 + i64::from(date.month) - 1 + i64::from(self.years) * 12 + i64::from(self.months);
        date.year = months.div_euclid(12);
        date.month = months.rem_euclid(12) as u8 + 1;
        date.day = date.day.min(days_in_month(date.year, date.month));
        let seconds = i64::from(self.days) * 86_400 + i64::from(self.hours) * 3600 + i64::from(self.minutes) * 60 + i64::from(self.seconds);
        date.to_unix_ms() + now.rem_euclid(1000) + seconds * 1000
    }
}

impl fmt::Display for SmppTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(t) => {
                let minutes = i32::from(t.quarter_hours) * 15;
                let sign = if minutes < 0 { '-' } else { '+' };
                let (zone_hours, zone_minutes) = (minutes.abs() / 60, minutes.abs() % 60);
                write!(f, "{:02}-{:02}-{:02} {:02}:{:02}:{:02}.{}", t.year, t.month, t.day, t.hour, t.minute, t.second, t.tenth)?;
                write!(f, " UTC{sign}{zone_hours:02}:{zone_minutes:02}")
            }
            Self::Relative(t) => {
                f.write_str("in")?;
                let parts = [(t.years, "y"), (t.months, "mo"), (t.days, "d"), (t.hours, "h"), (t.minutes, "min"), (t.seconds, "s")];
                for (value, unit) in parts.into_iter().filter(|(value, _)| *value > 0) {
                    write!(f, " {value} {unit}")?;
                }
                if *t == RelativeTime::default() { f.write_str(" 0 s") } else { Ok(()) }
            }
        }
    }
}

/// Date and time in UTC in the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CivilTime {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

impl CivilTime {
    /// Days are counted from a March of year 0, so that the leap day comes last in its year; eras of 400 years have 146097 days.
    pub(crate) fn from_unix_ms(unix_ms: i64) -> Self {
        let seconds = unix_ms.div_euclid(1000);
        let of_day = seconds.rem_euclid(86_400);
        let days = seconds.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u8,
            day: (of_year - (153 * march_month + 2) / 5 + 1) as u8,
            hour: (of_day / 3600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
        }
    }

    pub(crate) fn to_unix_ms(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let march_month = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * march_month + 2) / 5 + i64::from(self.day) - 1;
        let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468;
        let of_day = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        (days * 86_400 + of_day) * 1000
    }
}

/// The year with these last two digits that is nearest to `this_year`.
pub(crate) fn nearest_year(two_digits: u8, this_year: i64) -> i64 {
    let year = this_year - this_year.rem_euclid(100) + i64::from(two_digits);
    match year - this_year {
        51.. => year - 100,
        ..=-50 => year + 100,
        _ => year,
    }
}

pub(crate) fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn digits(value: u8) -> [u8; 2] {
    [b'0' + value / 10 % 10, b'0' + value % 10]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 2026-03-31 12:00:00.250 UTC.
    const NOW: i64 = 1_774_958_400_250;

    fn at(text: &str) -> i64 {
        SmppTime::parse(text.as_bytes()).unwrap().unwrap().to_unix_ms(NOW)
    }

    #[test]
    fn absolute_times_mind_their_zone() {
        assert_eq!(at("260331120000000+"), 1_774_958_400_000);
        assert_eq!(at("260331120000508+"), 1_774_951_200_500);
        assert_eq!(at("260331120000020-"), 1_774_976_400_000);
        assert_eq!(at("991231235959000+"), 946_684_799_000);
        assert_eq!(at("280229000000000+"), 1_835_395_200_000);
    }

    #[test]
    fn relative_times_follow_the_calendar() {
        assert_eq!(at("000000000130000R"), NOW + 90_000);
        assert_eq!(at("000007000000000R"), NOW + 7 * 86_400_000);
        assert_eq!(at("000100000000000R"), 1_777_550_400_250, "April has 30 days");
        assert_eq!(at("011100000000000R"), 1_835_438_400_250, "leap year");
    }

    #[test]
    fn wrong_times_are_refused_by_name() {
        assert_eq!(SmppTime::parse(b""), Ok(None));
        for (text, error) in [
            ("26033112000000+", TimeError::Length(15)),
            ("260331120000000Z", TimeError::Syntax),
            ("2603311200 0000+", TimeError::Syntax),
            ("261331120000000+", TimeError::Range("month")),
            ("260431120000000+", TimeError::Range("day")),
            ("260331240000000+", TimeError::Range("hour")),
            ("260331120000057+", TimeError::Range("time zone")),
        ] {
            assert_eq!(SmppTime::parse(text.as_bytes()), Err(error), "{text}");
        }
    }

    #[test]
    fn what_is_formatted_is_parsed_again() {
        for text in ["260331120000508+", "260331120000020-", "000007013059000R"] {
            assert_eq!(SmppTime::parse(text.as_bytes()).unwrap().unwrap().format(), text.as_bytes());
        }
        for ms in [315_532_800_000, NOW - 50, 951_782_400_000, 1_709_164_800_000] {
            let time = AbsoluteTime::from_unix_ms(ms);
            assert_eq!(time.to_unix_ms(NOW), ms, "{time:?}");
        }
        let span = RelativeTime::from_seconds(2 * 86_400 + 3661).unwrap();
        assert_eq!(SmppTime::Relative(span).format(), *b"000002010101000R");
        assert_eq!(RelativeTime::from_seconds(32 * 86_400), None);
        assert_eq!(SmppTime::Relative(span).to_string(), "in 2 d 1 h 1 min 1 s");
    }

    #[test]
    fn the_calendar_agrees_with_itself_day_by_day() {
        let mut last = CivilTime::from_unix_ms(-86_400_000);
        for day in 0..60_000i64 {
            let date = CivilTime::from_unix_ms(day * 86_400_000);
            assert_eq!(date.to_unix_ms(), day * 86_400_000);
            let next_day = date.day == last.day + 1 && date.month == last.month;
            assert!(next_day || (date.day == 1 && last.day == days_in_month(last.year, last.month)), "{last:?} {date:?}");
            last = date;
        }
    }
}
