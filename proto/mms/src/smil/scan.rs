//! Tags of XML as phones write it: a scanner that takes what is nearly XML, in linear time, and expands nothing.

use std::borrow::Cow;
use std::ops::Range;

/// A tag.
pub(super) struct Tag<'a> {
    /// The name without its prefix, in lower case.
    pub(super) name: String,
    pub(super) kind: TagKind,
    pub(super) attributes: Vec<Attribute<'a>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TagKind {
    Open,
    Close,
    /// `<a/>`.
    Empty,
}

pub(super) struct Attribute<'a> {
    /// The name as it stands.
    pub(super) name: &'a str,
    /// The value as it stands, with its entities.
    pub(super) raw: &'a str,
    /// Where the value stands in the text, without quotes.
    pub(super) range: Range<usize>,
    /// It stands in quotes.
    pub(super) quote: Option<char>,
}

/// The tags of a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Steps behind the next of a text, or to the end.
    fn skip_past(&mut self, end: &str) {
        self.at = self.rest().find(end).map_or(self.text.len(), |at| self.at + at + end.len());
    }

    /// Steps over a document type with what stands in its brackets.
    fn skip_declaration(&mut self) {
        let mut depth = 0usize;
        for (at, octet) in self.rest().bytes().enumerate() {
            match octet {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                b'>' if depth == 0 => {
                    self.at += at + 1;
                    return;
                }
                _ => {}
            }
        }
        self.at = self.text.len();
    }

    /// The octets from here on that meet a condition.
    fn take_while(&mut self, condition: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|char| !condition(char)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn attributes(&mut self) -> (Vec<Attribute<'a>>, bool) {
        let mut attributes = Vec::new();
        loop {
            self.take_while(char::is_whitespace);
            match self.rest().chars().next() {
                None => return (attributes, false),
                Some('>') => {
                    self.at += 1;
                    return (attributes, false);
                }
                // The tag has no end; another begins.
                Some('<') => return (attributes, false),
                Some('/') => {
                    self.at += 1;
                    if self.rest().starts_with('>') {
                        self.at += 1;
                        return (attributes, true);
                    }
                    continue;
                }
                Some(_) => {}
            }
            let name = self.take_while(|char| !char.is_whitespace() && !matches!(char, '=' | '>' | '/' | '<'));
            self.take_while(char::is_whitespace);
            if !self.rest().starts_with('=') {
                // Something without a value, which SMIL does not have.
                if name.is_empty() {
                    self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                }
                continue;
            }
            self.at += 1;
            self.take_while(char::is_whitespace);
            let quote = self.rest().chars().next().filter(|char| matches!(char, '"' | '\''));
            let (raw, start) = match quote {
                Some(quote) => {
                    self.at += 1;
                    let start = self.at;
                    let raw = self.take_while(|char| char != quote);
                    self.at += usize::from(self.at < self.text.len());
                    (raw, start)
                }
                None => {
                    let start = self.at;
                    (self.take_while(|char| !char.is_whitespace() && !matches!(char, '>' | '<')), start)
                }
            };
            // `<img src=a.jpg/>` ends there.
            let raw = if quote.is_none() && raw.ends_with('/') && self.rest().starts_with('>') {
                self.at -= 1;
                raw.get(..raw.len() - 1).unwrap_or_default()
            } else {
                raw
            };
            attributes.push(Attribute { name, raw, range: start..start + raw.len(), quote });
        }
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            self.at += self.rest().find('<')?;
            let rest = self.rest();
            if rest.starts_with("<!--") {
                self.skip_past("-->");
            } else if rest.starts_with("<![CDATA[") {
                self.skip_past("]]>");
            } else if rest.starts_with("<?") {
                self.skip_past("?>");
            } else if rest.starts_with("<!") {
                self.skip_declaration();
            } else {
                let closing = rest.starts_with("</");
                self.at += if closing { 2 } else { 1 };
                let name = self.take_while(|char| !char.is_whitespace() && !matches!(char, '/' | '>' | '<' | '='));
                if !name.starts_with(|char: char| char.is_alphabetic() || char == '_') {
                    continue;
                }
                let name = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
                let (attributes, empty) = self.attributes();
                let kind = match (closing, empty) {
                    (true, _) => TagKind::Close,
                    (false, true) => TagKind::Empty,
                    (false, false) => TagKind::Open,
                };
                return Some(Tag { name, kind, attributes });
            }
        }
    }
}

impl Tag<'_> {
    /// The value of an attribute, whatever its case and prefix, with its entities replaced.
    pub(super) fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attributes.iter().find(|attribute| attribute.is(name)).map(|attribute| unescape(attribute.raw))
    }
}

impl Attribute<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.rsplit(':').next().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Text with the five entities of XML and those of numbers replaced; others, and a bare `&`, stay as they are.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    /// `&#x10ffff;` without the `&`.
    const LONGEST: usize = 9;
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split('&');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let entity = piece.split_once(';').filter(|(name, _)| name.len() <= LONGEST);
        let char = entity.and_then(|(name, _)| match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code).filter(|char| *char != '\0')
            }
        });
        match (char, entity) {
            (Some(char), Some((_, rest))) => {
                out.push(char);
                out.push_str(rest);
            }
            _ => {
                out.push('&');
                out.push_str(piece);
            }
        }
    }
    Cow::Owned(out)
}

/// Text as an attribute has it.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(|char: char| matches!(char, '&' | '<' | '>' | '"' | '\'') || char.is_control()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no other controls, not even escaped; and these would become spaces.
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<String> {
        let print = |tag: Tag<'_>| {
            let attributes: String = tag.attributes.iter().map(|it| format!(" {}={}", it.name, unescape(it.raw))).collect();
            format!("{:?} {}{attributes}", tag.kind, tag.name)
        };
        Scanner::new(text).map(print).collect()
    }

    #[test]
    fn what_is_nearly_xml_is_read() {
        for (text, expected) in [
            ("<a b='c' d=\"e&amp;f\"/>", &["Empty a b=c d=e&f"][..]),
            ("<SMIL:Img SRC=x.jpg/><p>a < b</p>", &["Empty img SRC=x.jpg", "Open p", "Close p"]),
            ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b \"<c>\">]><!-- <d> --><![CDATA[<e>]]><f>", &["Open f"]),
            ("<a b='c", &["Open a b=c"]),
            ("<a b <c d=1>", &["Open a", "Open c d=1"]),
            ("<a b = 'http://x/?y=1&z=2' c>", &["Open a b=http://x/?y=1&z=2"]),
            ("<a href=http://x/y/>", &["Empty a href=http://x/y"]),
            ("", &[]),
            ("<", &[]),
            ("< a><1>", &[]),
            ("<a ==x>", &["Open a ==x"]),
        ] {
            assert_eq!(tags(text), expected, "{text}");
        }
    }

    #[test]
    fn entities_are_those_of_xml_alone() {
        for (text, expected) in [
            ("&lt;&#65;&#x42;&quot;&apos;", "<AB\"'"),
            ("&nbsp; & &#0; &#x110000; &amp", "&nbsp; & &#0; &#x110000; &amp"),
            ("&&amp;;", "&&;"),
        ] {
            assert_eq!(unescape(text), expected);
            assert_eq!(unescape(&escape(expected)), expected);
        }
        assert_eq!(escape("a\nb'\""), "a b&#39;&quot;");
    }
}
