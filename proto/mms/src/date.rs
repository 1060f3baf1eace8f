//! Dates as people write them in header files: those of HTTP and mail.

use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

/// A moment in seconds since 1970 UTC as a date of HTTP; beyond the calendar, the number.
pub(crate) fn print(seconds: u64) -> String {
    let timestamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    timestamp
        .and_then(|timestamp| DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).ok())
        .unwrap_or_else(|| seconds.to_string())
}

/// A moment in seconds since 1970 UTC from a date of HTTP or mail, from one of ISO 8601 (UTC unless it says otherwise), or from the number.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let mail = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text);
    let timestamp: Option<Timestamp> = mail.ok().or_else(|| text.parse().ok()).or_else(|| format!("{text}Z").parse().ok());
    u64::try_from(timestamp?.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_many_forms() {
        assert_eq!(print(0x3e2c_a8f0), "Tue, 21 Jan 2003 01:57:04 GMT");
        for text in [
            "Tue, 21 Jan 2003 01:57:04 GMT",
            "21 Jan 2003 02:57:04 +0100",
            "Mon, 21 Jan 2003 01:57:04 GMT",
            "2003-01-21T01:57:04Z",
            "2003-01-21 01:57:04",
            "1043114224",
        ] {
            assert_eq!(parse(text), Some(0x3e2c_a8f0), "{text}");
        }
        assert_eq!((parse("yesterday"), parse("1969-12-31T23:59:59Z")), (None, None));
        assert_eq!(parse(&print(u64::MAX)), Some(u64::MAX));
    }
}
