//! Header fields: folded, and encoded where they are not plain ASCII (RFC 5322 2.2.3, RFC 2047, RFC 2231).
//!
//! Whatever a value holds, it stays within its own field: line ends and other control characters become spaces.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::WriteError;
use crate::Mailbox;
use crate::address::is_envelope_address;

/// Where lines are folded.
const LINE: usize = 76;
/// Longest run of text without a space that goes as it is; a line must not have more than 998 octets.
const MAX_WORD: usize = 200;
/// Octets of text in one encoded word, so that it has at most 75 characters (RFC 2047 2).
const WORD_OCTETS: usize = 45;
/// Longest value of a field that is written, in octets.
const MAX_VALUE: usize = 8 << 10;

/// A value in one line without control characters, cut to a size that no line is too long with.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(800).collect::<String>().trim().to_owned()
}

/// A field of words for people.
pub(crate) fn write_text_header(out: &mut Vec<u8>, name: &str, value: &str) {
    let value = clean(value);
    let mut line = Line::new(out, name);
    if is_plain(&value) {
        line.words(&value);
    } else {
        line.encoded(&value);
    }
    line.end();
}

/// A field of addresses; nothing is written where there are none.
pub(crate) fn write_mailbox_header(out: &mut Vec<u8>, name: &'static str, mailboxes: &[Mailbox]) -> Result<(), WriteError> {
    let Some(last) = mailboxes.len().checked_sub(1) else { return Ok(()) };
    if let Some(bad) = mailboxes.iter().find(|mailbox| !is_envelope_address(&mailbox.address)) {
        return Err(WriteError::Address { field: name, address: bad.address.clone() });
    }
    let mut line = Line::new(out, name);
    for (index, mailbox) in mailboxes.iter().enumerate() {
        let comma = if index < last { "," } else { "" };
        let name = clean(mailbox.name.as_deref().unwrap_or_default());
        if name.is_empty() {
            line.word(&format!("{}{comma}", mailbox.address));
            continue;
        }
        if is_plain(&name) {
            let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
            line.word(&quoted);
        } else {
            line.encoded(&name);
        }
        line.word(&format!("<{}>{comma}", mailbox.address));
    }
    line.end();
    Ok(())
}

/// A parameter of `Content-Type` or `Content-Disposition`, as a line of its own: `;` and the line before it are the caller's.
pub(crate) fn parameter(name: &str, value: &str) -> String {
    let value: String = clean(value).chars().take(200).collect();
    if value.bytes().all(|octet| (b' '..=b'~').contains(&octet)) {
        return format!("\t{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut encoded = String::new();
    for octet in value.bytes() {
        if octet.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&octet) {
            encoded.push(octet as char);
        } else {
            encoded.push_str(&format!("%{octet:02X}"));
        }
    }
    // In pieces, as lines have an end (RFC 2231 3). A percent sign is never parted from its digits.
    if encoded.len() <= LINE {
        return format!("\t{name}*=utf-8''{encoded}");
    }
    let mut lines = Vec::new();
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let mut cut = rest.len().min(LINE - 16);
        if let Some(percent) = rest[..cut].rfind('%').filter(|percent| cut < rest.len() && percent + 3 > cut) {
            cut = percent;
        }
        let (piece, tail) = rest.split_at(cut);
        let charset = if lines.is_empty() { "utf-8''" } else { "" };
        lines.push(format!("\t{name}*{}*={charset}{piece}", lines.len()));
        rest = tail;
    }
    lines.join(";\r\n")
}

fn clean(text: &str) -> String {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MAX_VALUE).last().unwrap_or(0);
    text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// Whether a text may stand in a header as it is: not where it is no ASCII, could be taken for encoded, or has a word too long to fold.
fn is_plain(text: &str) -> bool {
    text.is_ascii() && !text.contains("=?") && text.split(' ').all(|word| word.len() <= MAX_WORD)
}

/// A field being written.
struct Line<'a> {
    out: &'a mut Vec<u8>,
    column: usize,
    empty: bool,
}

impl<'a> Line<'a> {
    fn new(out: &'a mut Vec<u8>, name: &str) -> Self {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        Self { out, column: name.len() + 1, empty: true }
    }

    /// A word after a space, or after a fold. The spaces of plain text become words, so that each stays.
    fn word(&mut self, word: &str) {
        if self.column + 1 + word.len() > LINE && !self.empty {
            self.out.extend_from_slice(b"\r\n");
            self.column = 0;
        }
        self.out.push(b' ');
        self.out.extend_from_slice(word.as_bytes());
        self.column += 1 + word.len();
        self.empty = false;
    }

    fn words(&mut self, text: &str) {
        let mut spaces = String::new();
        for word in text.split(' ') {
            // A fold right before further spaces would make a line of nothing but spaces.
            if word.is_empty() {
                spaces.push(' ');
            } else {
                let word = format!("{}{word}", std::mem::take(&mut spaces));
                self.word(&word);
            }
        }
    }

    fn encoded(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let end =
                rest.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= WORD_OCTETS).last().unwrap_or(rest.len());
            let (piece, tail) = rest.split_at(end);
            self.word(&format!("=?utf-8?B?{}?=", STANDARD.encode(piece)));
            rest = tail;
        }
    }

    fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use mail_parser::MessageParser;
    use proptest::prelude::*;

    use super::*;

    fn subject(value: &str) -> String {
        let mut out = Vec::new();
        write_text_header(&mut out, "Subject", value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_value_leaves_its_field() {
        let text = subject("a\r\nBcc: victim@example.com\r\n\r\nbody");
        assert_eq!(text, "Subject: a  Bcc: victim@example.com    body\r\n");
        assert!(parameter("name", "a\"\r\nX: y").starts_with("\tname=\"a\\\"  X: y\""));
        let bad = Mailbox::new("a@b>\r\nX: y");
        assert!(write_mailbox_header(&mut Vec::new(), "To", &[bad]).is_err());
    }

    proptest! {
        #[test]
        fn subjects_there_and_back(value in "[ -~é漢😀\\t]{0,300}") {
            let text = subject(&value);
            prop_assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 280 && !line.trim().is_empty()));
            let expected = value.replace('\t', " ").trim().to_owned();
            let message = format!("{text}\r\nbody");
            let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
            // Runs of spaces may shrink at a fold; nothing else may change.
            let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(squeeze(parsed.subject().unwrap_or_default()), squeeze(&expected));
        }

        #[test]
        fn names_there_and_back(name in "[ -~é漢😀]{0,120}") {
            let mut out = Vec::new();
            write_mailbox_header(&mut out, "To", &[Mailbox::named(name.clone(), "a@b.example"), Mailbox::new("c@d.example")]).unwrap();
            out.extend_from_slice(b"\r\nbody");
            let parsed = MessageParser::default().parse(&out).unwrap();
            let list: Vec<_> = parsed.to().unwrap().iter().map(|a| a.address.as_deref().unwrap_or_default()).collect();
            prop_assert_eq!(list, vec!["a@b.example", "c@d.example"]);
        }
    }
}
