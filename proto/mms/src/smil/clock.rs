//! Times and lengths as SMIL writes them.

use std::fmt;
use std::time::Duration;

/// A length of the layout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Length {
    /// Of what is around it, in hundredths.
    Percent(u32),
    /// Pixels.
    Pixels(u32),
}

impl Length {
    /// The length of a text such as `50%`, `120` or `120px`; fractions are cut off.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let whole = |text: &str| text.split('.').next().unwrap_or_default().trim().parse().ok();
        match text.strip_suffix('%') {
            Some(number) => whole(number).map(Self::Percent),
            None => whole(text.strip_suffix("px").unwrap_or(text)).map(Self::Pixels),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(number) => write!(f, "{number}%"),
            Self::Pixels(number) => write!(f, "{number}"),
        }
    }
}

/// The time of a text such as `5s`, `5000ms`, `0.5min`, `1h`, `00:05` or `5` (SMIL 2.0, Clock-value); `None` for others, such as
/// `indefinite`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.contains(':') {
        let seconds = text.split(':').try_fold(0.0, |seconds, digits| Some(seconds * 60.0 + number(digits)?))?;
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let units = [("ms", 0.001), ("min", 60.0), ("h", 3600.0), ("s", 1.0), ("", 1.0)];
    let (digits, factor) = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Duration::try_from_secs_f64(number(digits)? * factor).ok()
}

/// Digits with a fraction, and nothing else that is a number elsewhere.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let allowed = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
    allowed.then(|| text.parse().ok())?
}

/// A time in milliseconds, the form that phones make.
pub(super) fn print(time: Duration) -> String {
    format!("{}ms", time.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_many_forms() {
        for (text, milliseconds) in [
            ("6825ms", Some(6825)),
            ("5s", Some(5000)),
            ("2.5s", Some(2500)),
            ("5", Some(5000)),
            ("1min", Some(60_000)),
            ("0.5h", Some(1_800_000)),
            ("00:05", Some(5000)),
            ("01:00:05.5", Some(3_605_500)),
            ("indefinite", None),
            ("-5s", None),
            ("1e30", None),
            ("99999999999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(parse(text).map(|time| time.as_millis()), milliseconds, "{text}");
        }
        assert_eq!(print(Duration::from_secs(5)), "5000ms");
    }

    #[test]
    fn lengths_have_two_forms() {
        for (text, length) in [("50%", Some(Length::Percent(50))), ("120", Some(Length::Pixels(120))), ("12.7px", Some(Length::Pixels(12)))]
        {
            assert_eq!(Length::parse(text), length);
        }
        assert_eq!((Length::parse("auto"), Length::parse("-1")), (None, None));
    }
}
