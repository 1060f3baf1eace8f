//! The text form of receipts: `id:... sub:... dlvrd:... submit date:... done date:... stat:... err:... text:...`.

use bytes::{BufMut, BytesMut};

use super::{parse_state, state_word};
use crate::MessageState;
use crate::time::{CivilTime, days_in_month, nearest_year};

/// The fields of a receipt's text. Each is `None` where the text lacks it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextReceipt<'a> {
    /// Id of the message, as spelt.
    pub id: Option<&'a [u8]>,
    /// Number of messages submitted.
    pub sub: Option<u32>,
    /// Number of messages delivered.
    pub dlvrd: Option<u32>,
    /// When the message was submitted, in the message centre's local time.
    pub submit_date: Option<ReceiptDate>,
    /// When it reached its state, in the message centre's local time.
    pub done_date: Option<ReceiptDate>,
    /// Word for the state, as spelt; see [`TextReceipt::state`].
    pub stat: Option<&'a [u8]>,
    /// Error code, as spelt: decimal, hexadecimal or a word, by message centre.
    pub err: Option<&'a [u8]>,
    /// Beginning of the message, up to 20 octets in its own alphabet.
    pub text: Option<&'a [u8]>,
}

/// A date of a receipt, YYMMDDhhmm with optional seconds, in a local time that the receipt does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptDate {
    /// Last two digits of the year.
    pub year: u8,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59; `None` where the date has ten digits.
    pub second: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Id,
    Sub,
    Dlvrd,
    SubmitDate,
    DoneDate,
    Stat,
    Err,
    Text,
}

/// Spellings of the keys that begin with a letter; a blank stands for any number of blanks, underscores and dashes, none included.
const fn keys(letter: u8) -> &'static [(&'static str, Key)] {
    match letter.to_ascii_lowercase() {
        b'd' => &[("dlvrd", Key::Dlvrd), ("done date", Key::DoneDate)],
        b'e' => &[("err", Key::Err), ("error", Key::Err)],
        b'i' => &[("id", Key::Id)],
        b'm' => &[("message id", Key::Id), ("msg id", Key::Id)],
        b's' => &[("sub", Key::Sub), ("submit date", Key::SubmitDate), ("stat", Key::Stat), ("status", Key::Stat), ("state", Key::Stat)],
        b't' => &[("text", Key::Text)],
        _ => &[],
    }
}

/// Where a key stands.
#[derive(Clone, Copy)]
struct Found {
    key: Key,
    /// First octet of the key.
    start: usize,
    /// First octet after the colon.
    value: usize,
}

impl<'a> TextReceipt<'a> {
    /// Reads a text: keys in any order, spelling and case; whatever is missing or cannot be read is `None`. Of a key that comes twice
    /// the first counts. The text field ends the receipt once id and state are known, so that a quoted message cannot add fields.
    pub fn parse(octets: &'a [u8]) -> Self {
        let mut receipt = Self::default();
        let mut next = find_key(octets, 0);
        while let Some(found) = next {
            let last = found.key == Key::Text && receipt.id.is_some() && receipt.stat.is_some();
            next = if last { None } else { find_key(octets, found.value) };
            let end = next.map_or(octets.len(), |following| following.start);
            receipt.set(found.key, &octets[found.value..end]);
        }
        receipt
    }

    /// Whether the text has what makes a receipt: an id and a known state.
    pub fn is_plausible(&self) -> bool {
        self.id.is_some() && self.state().is_some()
    }

    /// The state that the word in `stat` means.
    pub fn state(&self) -> Option<MessageState> {
        self.stat.and_then(parse_state)
    }

    /// `err` as a decimal number.
    pub fn err_decimal(&self) -> Option<u32> {
        self.err.and_then(decimal)
    }

    /// `err` as a hexadecimal number, with or without `0x`.
    pub fn err_hex(&self) -> Option<u32> {
        let text = std::str::from_utf8(self.err?).ok()?;
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        if digits.starts_with('+') { None } else { u32::from_str_radix(digits, 16).ok() }
    }

    /// Appends the text of SMPP 3.4 appendix B with every field, the missing ones at zero: `id:IIIIIIIIII sub:SSS dlvrd:DDD
    /// submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:EEE text:...`.
    pub fn write(&self, dst: &mut BytesMut) {
        dst.put_slice(b"id:");
        dst.put_slice(self.id.unwrap_or_default());
        dst.put_slice(b" sub:");
        put_decimal(self.sub.unwrap_or(0), 3, dst);
        dst.put_slice(b" dlvrd:");
        put_decimal(self.dlvrd.unwrap_or(0), 3, dst);
        dst.put_slice(b" submit date:");
        put_date(self.submit_date, dst);
        dst.put_slice(b" done date:");
        put_date(self.done_date, dst);
        dst.put_slice(b" stat:");
        dst.put_slice(self.stat.unwrap_or(state_word(MessageState::UNKNOWN).as_bytes()));
        dst.put_slice(b" err:");
        dst.put_slice(self.err.unwrap_or(b"000"));
        dst.put_slice(b" text:");
        dst.put_slice(self.text.unwrap_or_default());
    }

    fn set(&mut self, key: Key, value: &'a [u8]) {
        let token = token(value);
        match key {
            Key::Id => fill(&mut self.id, token),
            Key::Sub => fill(&mut self.sub, token.and_then(decimal)),
            Key::Dlvrd => fill(&mut self.dlvrd, token.and_then(decimal)),
            Key::SubmitDate => fill(&mut self.submit_date, ReceiptDate::parse(value)),
            Key::DoneDate => fill(&mut self.done_date, ReceiptDate::parse(value)),
            Key::Stat => fill(&mut self.stat, token),
            Key::Err => fill(&mut self.err, token),
            Key::Text => fill(&mut self.text, Some(value)),
        }
    }
}

impl ReceiptDate {
    /// Reads a date of 10, 12 or 14 digits (YYMMDDhhmm, with seconds, with a year of four digits), also with separators between them.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let mut digits = [0u8; 14];
        let mut length = 0;
        for octet in octets.trim_ascii() {
            match octet {
                b'0'..=b'9' => {
                    *digits.get_mut(length)? = octet - b'0';
                    length += 1;
                }
                b'-' | b'/' | b':' | b'.' | b' ' | b'T' | b'Z' | b',' | b';' => {}
                _ => return None,
            }
        }
        let with_century = || Self::from_digits(digits.get(2..length)?);
        match length {
            10 => Self::from_digits(&digits[..10]),
            12 => Self::from_digits(&digits[..12]).or_else(with_century),
            14 => with_century(),
            _ => None,
        }
    }

    /// The date in UTC, of milliseconds since 1970-01-01; with seconds if wanted.
    pub fn from_unix_ms(unix_ms: i64, seconds: bool) -> Self {
        let date = CivilTime::from_unix_ms(unix_ms);
        Self {
            year: date.year.rem_euclid(100) as u8,
            month: date.month,
            day: date.day,
            hour: date.hour,
            minute: date.minute,
            second: seconds.then_some(date.second),
        }
    }

    /// Milliseconds since 1970-01-01 UTC, if the date is in a local time `quarter_hours` ahead of UTC; `now` tells the century.
    pub fn to_unix_ms(&self, now: i64, quarter_hours: i8) -> i64 {
        let date = CivilTime {
            year: nearest_year(self.year, CivilTime::from_unix_ms(now).year),
            month: self.month,
            day: self.day,
            hour: self.hour,
            minute: self.minute,
            second: self.second.unwrap_or(0),
        };
        date.to_unix_ms() - i64::from(quarter_hours) * 15 * 60_000
    }

    fn from_digits(digits: &[u8]) -> Option<Self> {
        let pair = |at: usize| Some(digits.get(at)? * 10 + digits.get(at + 1)?);
        let date = Self { year: pair(0)?, month: pair(2)?, day: pair(4)?, hour: pair(6)?, minute: pair(8)?, second: pair(10) };
        let real = (1..=12).contains(&date.month)
            && (1..=days_in_month(2000 + i64::from(date.year), date.month)).contains(&date.day)
            && date.hour <= 23
            && date.minute <= 59
            && date.second.is_none_or(|second| second <= 59);
        real.then_some(date)
    }
}

impl std::fmt::Display for ReceiptDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}-{:02}-{:02} {:02}:{:02}", self.year, self.month, self.day, self.hour, self.minute)?;
        if let Some(second) = self.second { write!(f, ":{second:02}") } else { Ok(()) }
    }
}

fn put_date(date: Option<ReceiptDate>, dst: &mut BytesMut) {
    let Some(date) = date else { return dst.put_slice(b"0000000000") };
    for part in [date.year, date.month, date.day, date.hour, date.minute].into_iter().chain(date.second) {
        put_decimal(part.into(), 2, dst);
    }
}

/// Appends a number with zeros in front up to `width` digits. Receipts are made by the thousand, and formatting would cost as much as
/// all the rest of one.
fn put_decimal(mut value: u32, width: usize, dst: &mut BytesMut) {
    let mut digits = [b'0'; 10];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        if value == 0 && used >= width {
            break;
        }
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        used += 1;
    }
    dst.put_slice(&digits[digits.len() - used..]);
}

fn fill<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

/// The first key at or after `from`. A key begins the text or follows something else than a letter or digit.
fn find_key(octets: &[u8], from: usize) -> Option<Found> {
    (from..octets.len()).filter(|&start| start == 0 || !octets[start - 1].is_ascii_alphanumeric()).find_map(|start| {
        keys(octets[start]).iter().find_map(|(name, key)| {
            let length = match_key(&octets[start..], name)?;
            Some(Found { key: *key, start, value: start + length })
        })
    })
}

/// Octets of a key with its colon, if `octets` begin with it.
fn match_key(octets: &[u8], name: &str) -> Option<usize> {
    /// More blanks than this inside a key are none of a receipt; the bound keeps hostile texts cheap.
    const MOST_BLANKS: usize = 4;
    let mut at = 0;
    for letter in name.bytes() {
        if letter == b' ' {
            at += octets[at..].iter().take(MOST_BLANKS).take_while(|octet| matches!(octet, b' ' | b'_' | b'-')).count();
        } else if octets.get(at)?.eq_ignore_ascii_case(&letter) {
            at += 1;
        } else {
            return None;
        }
    }
    at += octets[at..].iter().take(MOST_BLANKS).take_while(|octet| **octet == b' ').count();
    (octets.get(at) == Some(&b':')).then_some(at + 1)
}

/// The first word of a value, without the separators that some message centres put between fields.
fn token(value: &[u8]) -> Option<&[u8]> {
    value.split(|octet| octet.is_ascii_whitespace() || matches!(octet, b',' | b';' | b'|' | 0)).find(|word| !word.is_empty())
}

fn decimal(octets: &[u8]) -> Option<u32> {
    if octets.starts_with(b"+") { None } else { std::str::from_utf8(octets).ok()?.parse().ok() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const STANDARD: &[u8] =
        b"id:0123456789 sub:001 dlvrd:001 submit date:2603311200 done date:2603311205 stat:DELIVRD err:000 text:Hello id:7 there";

    #[test]
    fn the_standard_form() {
        let receipt = TextReceipt::parse(STANDARD);
        assert_eq!(receipt.id, Some(&b"0123456789"[..]));
        assert_eq!((receipt.sub, receipt.dlvrd), (Some(1), Some(1)));
        assert_eq!(receipt.submit_date.unwrap().to_string(), "26-03-31 12:00");
        assert_eq!(receipt.done_date.unwrap().minute, 5);
        assert_eq!(receipt.state(), Some(MessageState::DELIVERED));
        assert_eq!((receipt.err_decimal(), receipt.err_hex()), (Some(0), Some(0)));
        assert_eq!(receipt.text, Some(&b"Hello id:7 there"[..]));
        let mut written = BytesMut::new();
        receipt.write(&mut written);
        assert_eq!(written, STANDARD);
    }

    #[test]
    fn numbers_have_at_least_their_width() {
        let written = |sub| {
            let mut dst = BytesMut::new();
            TextReceipt { sub: Some(sub), ..Default::default() }.write(&mut dst);
            String::from_utf8_lossy(&dst).into_owned()
        };
        for (sub, shown) in [(0, "sub:000 "), (42, "sub:042 "), (999, "sub:999 "), (1000, "sub:1000 "), (u32::MAX, "sub:4294967295 ")] {
            assert!(written(sub).contains(shown), "{}", written(sub));
        }
    }

    #[test]
    fn other_orders_spellings_and_cases() {
        for text in [
            "ID:ab-12 SUB:1 DLVRD:1 SUBMIT DATE:260331120000 DONE DATE:260331120500 STAT:DELIVERED ERR:0 TEXT:x",
            "stat:Delivrd id:ab-12 donedate:260331120500 submitdate:260331120000 err:000 sub:001 dlvrd:001 text:x",
            "text:x id: ab-12 sub: 1 dlvrd: 1 submit_date: 20260331120000 done_date: 2026-03-31 12:05:00 stat: dlvrd err: 0",
            "message_id:ab-12,sub:001,dlvrd:001,submit date:260331120000,done date:260331120500,status:DELIVRD,error:000,text:x",
        ] {
            let receipt = TextReceipt::parse(text.as_bytes());
            assert_eq!(receipt.id, Some(&b"ab-12"[..]), "{text}");
            assert_eq!((receipt.sub, receipt.dlvrd), (Some(1), Some(1)), "{text}");
            assert_eq!(receipt.submit_date.unwrap().to_string(), "26-03-31 12:00:00", "{text}");
            assert_eq!(receipt.done_date.unwrap().to_string(), "26-03-31 12:05:00", "{text}");
            assert_eq!(receipt.state(), Some(MessageState::DELIVERED), "{text}");
            assert_eq!(receipt.err_decimal(), Some(0), "{text}");
            assert_eq!(receipt.text.map(<[u8]>::trim_ascii), Some(&b"x"[..]), "{text}");
        }
    }

    #[test]
    fn missing_and_unreadable_fields_are_none() {
        let receipt = TextReceipt::parse(b"id:7 submit date:0000000000 done date:soon stat: err:1A2");
        assert_eq!((receipt.sub, receipt.submit_date, receipt.done_date, receipt.text), (None, None, None, None));
        assert_eq!((receipt.stat, receipt.state()), (None, None));
        assert_eq!((receipt.err_decimal(), receipt.err_hex()), (None, Some(0x1A2)));
        assert!(!receipt.is_plausible());
        assert_eq!(TextReceipt::parse(b"meet me at the grid: now"), TextReceipt::default());
    }

    #[test]
    fn dates_convert_with_the_zone_that_the_caller_knows() {
        let date = ReceiptDate::parse(b"7001010100").unwrap();
        assert_eq!(date.to_unix_ms(0, 4), 0);
        assert_eq!(ReceiptDate::from_unix_ms(3_600_000, false), date);
        assert_eq!(ReceiptDate::parse(b"202401151030").unwrap().to_string(), "24-01-15 10:30");
        assert_eq!(ReceiptDate::parse(b"260230120000"), None);
    }
}
