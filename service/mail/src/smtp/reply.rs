//! Replies: a code of three digits, an enhanced status code, and words (RFC 5321 4.2, RFC 3463).

use std::borrow::Cow;
use std::fmt;

/// An enhanced status code: class, subject, detail (RFC 3463).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Enhanced(pub u8, pub u16, pub u16);

impl Enhanced {
    /// The code at the start of a text, such as `5.1.1` in `5.1.1 No such user`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split_ascii_whitespace().next()?.split('.');
        let class = numbers.next()?.parse().ok().filter(|class| matches!(class, 2 | 4 | 5))?;
        let mut number = || numbers.next().filter(|n| n.len() <= 3)?.parse().ok();
        let code = Self(class, number()?, number()?);
        numbers.next().is_none().then_some(code)
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A refusal by a [`Receiver`](super::Receiver): what the client is told.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{code} {enhanced} {text}")]
pub struct Refusal {
    /// 400 to 499: try again later. 500 to 599: never. Others are sent as 451.
    pub code: u16,
    /// The enhanced status code; its class is that of `code`.
    pub enhanced: Enhanced,
    /// Words, in one line; other characters than printable ASCII are replaced.
    pub text: Cow<'static, str>,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: u16, enhanced: Enhanced, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, enhanced, text: text.into() }
    }

    /// `550 5.7.1`: this server does not carry mail to there. What a receiver says to every recipient that is none of its own.
    pub fn no_relay() -> Self {
        Self::new(550, Enhanced(5, 7, 1), "This server does not relay mail to that address")
    }

    /// `550 5.1.1`: nobody has that address here.
    pub fn no_such_recipient() -> Self {
        Self::new(550, Enhanced(5, 1, 1), "Nobody here has that address")
    }

    /// `451 4.3.0`: trouble on this side; try again.
    pub fn later(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(451, Enhanced(4, 3, 0), text)
    }

    /// Whether trying again makes sense.
    pub fn is_temporary(&self) -> bool {
        !(500..600).contains(&self.code)
    }

    /// The code to send: never one that accepts.
    pub(crate) fn wire(&self) -> (u16, Enhanced) {
        match self.code {
            400..=499 => (self.code, Enhanced(4, self.enhanced.1, self.enhanced.2)),
            500..=599 => (self.code, Enhanced(5, self.enhanced.1, self.enhanced.2)),
            _ => (451, Enhanced(4, 3, 0)),
        }
    }
}

/// Longest text of a reply line, so that the line stays within 512 octets (RFC 5321 4.5.3.1.5).
const MAX_TEXT: usize = 480;

/// Appends a reply of one line.
pub(crate) fn write_reply(out: &mut Vec<u8>, code: u16, enhanced: Option<Enhanced>, text: &str) {
    let enhanced = enhanced.map(|enhanced| format!("{enhanced} ")).unwrap_or_default();
    out.extend_from_slice(format!("{code} {enhanced}").as_bytes());
    // A text that came from elsewhere must not make a second reply.
    out.extend(text.bytes().take(MAX_TEXT).map(|octet| if (b' '..=b'~').contains(&octet) { octet } else { b'?' }));
    out.extend_from_slice(b"\r\n");
}

/// Appends a reply of several lines, of which there is at least one.
pub(crate) fn write_lines(out: &mut Vec<u8>, code: u16, lines: &[Cow<'_, str>]) {
    for (index, line) in lines.iter().enumerate() {
        let dash = if index + 1 < lines.len() { '-' } else { ' ' };
        out.extend_from_slice(format!("{code}{dash}{line}\r\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes() {
        assert_eq!(Enhanced::parse("5.1.1 No such user"), Some(Enhanced(5, 1, 1)));
        assert_eq!(Enhanced::parse("2.0.0"), Some(Enhanced(2, 0, 0)));
        for none in ["", "5.1", "5.1.1.1", "3.1.1", "5.1111.1", "no 5.1.1", "5.a.1"] {
            assert_eq!(Enhanced::parse(none), None, "{none}");
        }
    }

    #[test]
    fn a_refusal_never_accepts_and_never_makes_two_lines() {
        let refusal = Refusal::new(250, Enhanced(2, 0, 0), "fine");
        assert_eq!(refusal.wire(), (451, Enhanced(4, 3, 0)));
        assert_eq!(Refusal::new(550, Enhanced(2, 1, 1), "").wire(), (550, Enhanced(5, 1, 1)));
        let mut out = Vec::new();
        write_reply(&mut out, 550, Some(Enhanced(5, 1, 1)), "no\r\n250 yes\u{fc}");
        assert_eq!(out, b"550 5.1.1 no??250 yes??\r\n");
    }
}
