//! Dates of SI and EMN: UTC to the second, ISO 8601 in XML, digits two an octet in WBXML (WAP-167-ServiceInd, section 8.2.2).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::error::Problem;

/// `1999-06-25T15:23:15Z`.
pub(crate) fn to_xml(date: Timestamp) -> String {
    date.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// From ISO 8601 with `Z` or an offset; a fraction of a second is left out. `None` if it is no date.
pub(crate) fn from_xml(text: &str) -> Option<Timestamp> {
    let date: Timestamp = text.trim().parse().ok()?;
    Timestamp::from_second(date.as_second()).ok()
}

/// `yyyymmddhhmmss` with two digits an octet; octets of zero at the end are left out.
pub(crate) fn to_bcd(date: Timestamp) -> Vec<u8> {
    let date = date.to_zoned(TimeZone::UTC).datetime();
    let year = date.year().clamp(0, 9999) as u16;
    let octet = |value: u8| ((value / 10) << 4) | (value % 10);
    let digits = [(year / 100) as u8, (year % 100) as u8, date.month() as u8, date.day() as u8];
    let time = [date.hour() as u8, date.minute() as u8, date.second() as u8];
    let mut octets: Vec<u8> = digits.into_iter().chain(time).map(octet).collect();
    while octets.last() == Some(&0) {
        octets.pop();
    }
    octets
}

/// The opposite of [`to_bcd`].
pub(crate) fn from_bcd(octets: &[u8]) -> Result<Timestamp, Problem> {
    let hex = || Problem::Date(octets.iter().take(16).map(|octet| format!("{octet:02x}")).collect());
    let mut fields = [0i8; 7];
    if octets.len() > fields.len() {
        return Err(hex());
    }
    for (field, octet) in fields.iter_mut().zip(octets) {
        if octet >> 4 > 9 || octet & 15 > 9 {
            return Err(hex());
        }
        *field = (octet >> 4) as i8 * 10 + (octet & 15) as i8;
    }
    let [century, year, month, day, hour, minute, second] = fields;
    let date = DateTime::new(i16::from(century) * 100 + i16::from(year), month, day, hour, minute, second, 0);
    let zoned = date.and_then(|date| date.to_zoned(TimeZone::UTC));
    zoned.map(|zoned| zoned.timestamp()).map_err(|_| hex())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zeros_at_the_end_are_left_out() {
        for (text, octets) in [
            ("1999-06-25T15:23:15Z", &[0x19, 0x99, 0x06, 0x25, 0x15, 0x23, 0x15][..]),
            ("1999-06-30T00:00:00Z", &[0x19, 0x99, 0x06, 0x30]),
            ("2003-01-25T10:00:00Z", &[0x20, 0x03, 0x01, 0x25, 0x10]),
        ] {
            let date = from_xml(text).unwrap();
            assert_eq!((to_bcd(date).as_slice(), to_xml(date).as_str()), (octets, text));
            assert_eq!(from_bcd(octets).unwrap(), date);
        }
        assert_eq!(from_xml("1999-06-25T17:23:15.5+02:00"), from_xml("1999-06-25T15:23:15Z"));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for octets in [&[0x20, 0x03][..], &[], &[0x20, 0x03, 0x13, 0x01], &[0x20, 0x0a, 0x01, 0x01], &[0x20; 8]] {
            assert!(from_bcd(octets).is_err(), "{octets:02x?}");
        }
        assert_eq!((from_xml(""), from_xml("1999-06-25"), from_xml("tomorrow")), (None, None, None));
    }

    proptest! {
        #[test]
        fn dates_go_out_and_come_back(second in 0i64..253_402_207_200) {
            let date = Timestamp::from_second(second).unwrap();
            prop_assert_eq!(from_bcd(&to_bcd(date)).unwrap(), date);
            prop_assert_eq!(from_xml(&to_xml(date)), Some(date));
        }
    }
}
