//! What MAIL and RCPT say: a path and parameters (RFC 5321 4.1.2, 1870, 3461, 6152, 6531).

use super::command::CommandError;
use super::reply::Enhanced;
use crate::address::is_envelope_address;

/// The sender of an envelope (MAIL).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sender {
    /// The address; `None` for `<>`, by which reports and automatic replies are sent. Never answer those.
    pub address: Option<String>,
    /// How large the message will be in octets, as the client thinks.
    pub size: Option<u64>,
    /// What octets it will have.
    pub body: Body,
    /// Whether addresses and headers may be UTF-8.
    pub utf8: bool,
    /// How much of the message a report shall carry.
    pub ret: Option<Ret>,
    /// The sender's own number for the envelope, which a report repeats; decoded.
    pub envid: Option<String>,
}

/// A recipient of an envelope (RCPT).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recipient {
    /// The address, as it came but for a source route.
    pub address: String,
    /// What the sender wants to be told; `None` if it did not say.
    pub notify: Option<Notify>,
    /// For whom the message was at first, `rfc822;user@example.com`, decoded.
    pub original: Option<String>,
}

/// What octets a message has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Body {
    /// ASCII. Many clients say so, or nothing, and send other octets.
    #[default]
    SevenBit,
    /// Any octets, in lines.
    EightBit,
}

/// How much of the message a report shall carry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ret {
    /// All of it.
    Full,
    /// Its header.
    Headers,
}

/// When the sender wants a report; none of them for `NEVER`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Notify {
    /// When the message was delivered.
    pub success: bool,
    /// When it cannot be delivered.
    pub failure: bool,
    /// When it takes longer.
    pub delay: bool,
}

const fn syntax(text: &'static str) -> CommandError {
    CommandError { code: 501, enhanced: Enhanced(5, 5, 4), text }
}

const UNKNOWN: CommandError = CommandError { code: 555, enhanced: Enhanced(5, 5, 4), text: "Unknown parameter" };
const ADDRESS: CommandError = CommandError { code: 501, enhanced: Enhanced(5, 1, 3), text: "That is no address" };
const NEEDS_UTF8: CommandError =
    CommandError { code: 553, enhanced: Enhanced(5, 6, 7), text: "This address needs SMTPUTF8, which MAIL did not ask for" };

/// Longest ENVID, decoded (RFC 3461 4.4), and longest original recipient (4.2).
const MAX_ENVID: usize = 100;
const MAX_ORCPT: usize = 500;

impl Sender {
    /// Parses what follows `MAIL FROM:`. `extended` after EHLO, `dsn` where that extension is offered.
    pub(crate) fn parse(text: &str, extended: bool, dsn: bool) -> Result<Self, CommandError> {
        let (path, params) = path(text)?;
        let mut sender = Self::default();
        for (name, value) in parameters(params, extended)? {
            match (name.as_str(), value) {
                ("SIZE", Some(size)) if size.len() <= 20 => {
                    sender.size = Some(size.parse().map_err(|_| syntax("SIZE is a number of octets"))?);
                }
                ("BODY", Some(body)) if body.eq_ignore_ascii_case("7BIT") => sender.body = Body::SevenBit,
                ("BODY", Some(body)) if body.eq_ignore_ascii_case("8BITMIME") => sender.body = Body::EightBit,
                ("SMTPUTF8", None) => sender.utf8 = true,
                // Who was logged in elsewhere is nothing that one can trust (RFC 4954 5).
                ("AUTH", Some(_)) => {}
                ("RET", Some(ret)) if dsn && ret.eq_ignore_ascii_case("FULL") => sender.ret = Some(Ret::Full),
                ("RET", Some(ret)) if dsn && ret.eq_ignore_ascii_case("HDRS") => sender.ret = Some(Ret::Headers),
                ("ENVID", Some(envid)) if dsn => {
                    sender.envid = Some(xtext(envid).filter(|id| id.len() <= MAX_ENVID).ok_or(syntax("ENVID is no xtext"))?);
                }
                ("BODY", _) => return Err(syntax("BODY has other values")),
                ("RET", _) if dsn => return Err(syntax("RET has other values")),
                _ => return Err(UNKNOWN),
            }
        }
        if !path.is_empty() {
            if !is_envelope_address(path) {
                return Err(ADDRESS);
            }
            if !path.is_ascii() && !sender.utf8 {
                return Err(NEEDS_UTF8);
            }
            sender.address = Some(path.to_owned());
        }
        Ok(sender)
    }
}

impl Recipient {
    /// Parses what follows `RCPT TO:`. `utf8` where MAIL asked for SMTPUTF8.
    pub(crate) fn parse(text: &str, extended: bool, dsn: bool, utf8: bool) -> Result<Self, CommandError> {
        let (path, params) = path(text)?;
        let mut recipient = Self { address: path.to_owned(), ..Self::default() };
        for (name, value) in parameters(params, extended)? {
            match (name.as_str(), value) {
                ("NOTIFY", Some(notify)) if dsn => recipient.notify = Some(Notify::parse(notify).ok_or(syntax("NOTIFY has other values"))?),
                ("ORCPT", Some(original)) if dsn => {
                    let good = |text: &String| text.len() <= MAX_ORCPT && text.contains(';');
                    recipient.original = Some(xtext(original).filter(good).ok_or(syntax("ORCPT is no address in xtext"))?);
                }
                _ => return Err(UNKNOWN),
            }
        }
        // RFC 5321 4.5.1: everybody has a postmaster, even without a domain. Who that is, the receiver knows.
        if !is_envelope_address(path) && !path.eq_ignore_ascii_case("postmaster") {
            return Err(ADDRESS);
        }
        if !path.is_ascii() && !utf8 {
            return Err(NEEDS_UTF8);
        }
        Ok(recipient)
    }
}

impl Notify {
    /// No report at all.
    pub const NEVER: Self = Self { success: false, failure: false, delay: false };

    fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("NEVER") {
            return Some(Self::NEVER);
        }
        let mut notify = Self::NEVER;
        for word in text.split(',') {
            match word.to_ascii_uppercase().as_str() {
                "SUCCESS" => notify.success = true,
                "FAILURE" => notify.failure = true,
                "DELAY" => notify.delay = true,
                _ => return None,
            }
        }
        Some(notify)
    }

    /// As the parameter has it: `NEVER`, or a list.
    pub fn keywords(self) -> String {
        let words: Vec<&str> = [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")]
            .into_iter()
            .filter_map(|(wanted, word)| wanted.then_some(word))
            .collect();
        if words.is_empty() { "NEVER".to_owned() } else { words.join(",") }
    }
}

/// The path without its angle brackets and source route, and what follows.
fn path(text: &str) -> Result<(&str, &str), CommandError> {
    const BRACKETS: CommandError = syntax("The address belongs in angle brackets");
    let inner = text.strip_prefix('<').ok_or(BRACKETS)?;
    let mut quoted = false;
    let mut escaped = false;
    let end = inner.find(|c| {
        let here = (quoted, escaped, c);
        escaped = quoted && !escaped && c == '\\';
        if c == '"' && !here.1 {
            quoted = !quoted;
        }
        c == '>' && !here.0
    });
    let (path, rest) = inner.split_at(end.ok_or(BRACKETS)?);
    let rest = &rest[1..];
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(BRACKETS);
    }
    // A source route (`@a,@b:user@c`) is to be ignored (RFC 5321 appendix C).
    let path = if path.starts_with('@') { path.split_once(':').ok_or(ADDRESS)?.1 } else { path };
    Ok((path, rest.trim()))
}

/// Parameters, names in upper case. There are at most ten: nobody has more.
fn parameters(text: &str, extended: bool) -> Result<Vec<(String, Option<&str>)>, CommandError> {
    if !text.is_empty() && !extended {
        return Err(CommandError { code: 555, enhanced: Enhanced(5, 5, 4), text: "Parameters need EHLO" });
    }
    let mut found: Vec<(String, Option<&str>)> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let name = name.to_ascii_uppercase();
        if found.len() == 10 || found.iter().any(|(other, _)| *other == name) {
            return Err(syntax("The same parameter twice, or too many"));
        }
        found.push((name, value));
    }
    Ok(found)
}

/// Decodes xtext: `+` and two upper case hexadecimal digits stand for an octet (RFC 3461 4). Where SMTPUTF8 is used, UTF-8 may stand as it
/// is (RFC 6533 3). Control characters are refused: they would get into headers of reports.
fn xtext(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => {
                let digit = |octet: u8| (octet as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(rest.next()?)? << 4 | digit(rest.next()?)?
            }
            b'=' => return None,
            octet => octet,
        });
    }
    String::from_utf8(octets).ok().filter(|text| !text.is_empty() && !text.chars().any(char::is_control))
}

/// Encodes as xtext.
pub(crate) fn to_xtext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'!'..=b'~' if octet != b'+' && octet != b'=' => out.push(octet as char),
            octet => out.push_str(&format!("+{octet:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn senders() {
        let sender = Sender::parse("<a@b> SIZE=1234 body=8bitmime SMTPUTF8 RET=HDRS ENVID=QQ+3D314159", true, true).unwrap();
        assert_eq!((sender.address.as_deref(), sender.size, sender.body), (Some("a@b"), Some(1234), Body::EightBit));
        assert_eq!((sender.utf8, sender.ret, sender.envid.as_deref()), (true, Some(Ret::Headers), Some("QQ=314159")));
        assert_eq!(Sender::parse("<>", false, false).unwrap(), Sender::default());
        for (bad, code) in [
            ("a@b", 501),
            ("<a@b", 501),
            ("<a@b>x", 501),
            ("<a@b> FOO=1", 555),
            ("<a@b> SIZE=x", 501),
            ("<a@b> SIZE=1 SIZE=2", 501),
            ("<a@b> BODY=BINARYMIME", 501),
            ("<a@b> ENVID=a+0D+0Ab", 501),
            ("<\u{fc}@b>", 553),
            ("<a b@c>", 501),
        ] {
            assert_eq!(Sender::parse(bad, true, true).unwrap_err().code, code, "{bad}");
        }
        assert_eq!(Sender::parse("<a@b> RET=FULL", true, false).unwrap_err().code, 555, "not offered");
        assert_eq!(Sender::parse("<a@b> SIZE=1", false, true).unwrap_err().code, 555, "only after EHLO");
    }

    #[test]
    fn recipients() {
        let text = "<+447700900123/TYPE=PLMN@mms.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob+2B1@example.com";
        let recipient = Recipient::parse(text, true, true, false).unwrap();
        assert_eq!(recipient.address, "+447700900123/TYPE=PLMN@mms.example");
        assert_eq!(recipient.notify.unwrap().keywords(), "SUCCESS,DELAY");
        assert_eq!(recipient.original.as_deref(), Some("rfc822;Bob+1@example.com"));
        assert_eq!(Recipient::parse("<@relay.example,@other:user@example.com>", false, true, false).unwrap().address, "user@example.com");
        assert_eq!(Recipient::parse("<Postmaster>", false, true, false).unwrap().address, "Postmaster");
        assert_eq!(Recipient::parse("<\"a>b\"@example.com>", false, true, false).unwrap().address, "\"a>b\"@example.com");
        for bad in ["<>", "<a>", "<a@b> NOTIFY=NEVER,SUCCESS", "<a@b> ORCPT=x", "<a@b><c@d>"] {
            assert!(Recipient::parse(bad, true, true, false).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn xtext_there_and_back(text in "[^\\p{Cc}]{1,40}") {
            prop_assert_eq!(xtext(&to_xtext(&text)), Some(text));
        }

        #[test]
        fn nothing_that_passes_can_end_a_line(text in ".{0,80}") {
            if let Ok(recipient) = Recipient::parse(&format!("<{text}>"), true, true, true) {
                prop_assert!(!recipient.address.contains(['\r', '\n']) && !recipient.address.is_empty());
            }
        }
    }
}
