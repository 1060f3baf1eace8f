//! A reader of markup that takes it as it comes: profiles of phones are often no XML (undeclared prefixes, bare `&`, tags left open), and
//! a strict parser would lose one phone in ten.
//!
//! It has no entities of its own and no includes, keeps no tree, and takes time in proportion to the document.

use std::borrow::Cow;

/// A piece of markup. Names are without their prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open { name: &'a str, attributes: &'a str, empty: bool },
    Close { name: &'a str },
    Text(Cow<'a, str>),
}

/// The pieces of a document, to its end.
pub(super) struct Soup<'a> {
    rest: &'a str,
}

impl<'a> Soup<'a> {
    pub(super) fn new(document: &'a str) -> Self {
        Self { rest: document }
    }

    /// Skips what begins with one mark, to the end of another one (or of the document).
    fn skipped(&mut self, begin: &str, end: &str) -> bool {
        let Some(inside) = self.rest.strip_prefix(begin) else { return false };
        self.rest = inside.find(end).map_or("", |at| &inside[at + end.len()..]);
        true
    }
}

impl<'a> Iterator for Soup<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            if let Some(inside) = self.rest.strip_prefix("<![CDATA[") {
                let (text, rest) = inside.split_once("]]>").unwrap_or((inside, ""));
                self.rest = rest;
                return Some(Token::Text(Cow::Borrowed(text)));
            }
            if self.skipped("<!--", "-->") || self.skipped("<?", "?>") || self.skipped("<!", ">") {
                continue;
            }
            if let Some(inside) = self.rest.strip_prefix('<') {
                let end = end_of_tag(inside);
                let tag = &inside[..end];
                let behind = &inside[end..];
                self.rest = behind.strip_prefix('>').unwrap_or(behind);
                if let Some(name) = tag.strip_prefix('/') {
                    return Some(Token::Close { name: local(name.trim()) });
                }
                let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
                let (name, attributes) = tag.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((tag, ""));
                return Some(Token::Open { name: local(name), attributes, empty });
            }
            let end = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest;
            if !text.trim().is_empty() {
                return Some(Token::Text(unescaped(text.trim())));
            }
        }
        None
    }
}

/// Where a tag ends: at `>` outside of quotes, or before the next `<` where it was never closed.
fn end_of_tag(inside: &str) -> usize {
    let mut quote = None;
    for (at, octet) in inside.bytes().enumerate() {
        match (octet, quote) {
            (b'>', None) | (b'<', _) => return at,
            (b'"' | b'\'', None) => quote = Some(octet),
            (_, Some(open)) if open == octet => quote = None,
            _ => {}
        }
    }
    inside.len()
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The attributes of a tag, names without their prefix.
pub(super) fn attributes(mut rest: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_once('=')?;
        let behind = behind.trim_start();
        let (value, after) = match behind.chars().next() {
            Some(quote @ ('"' | '\'')) => behind[1..].split_once(quote).unwrap_or((&behind[1..], "")),
            _ => behind.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((behind, "")),
        };
        rest = after;
        let name = name.split_ascii_whitespace().last().unwrap_or_default();
        Some((local(name), unescaped(value)))
    })
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let known = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\'')];
        match known.iter().find_map(|(name, c)| behind.strip_prefix(name).map(|rest| (rest, *c))) {
            Some((after, c)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_as_it_comes() {
        let seen: Vec<_> =
            Soup::new("<?xml?><!DOCTYPE a><!-- <b> --><p:a x:y = 'q>' z=1>1 &amp; 2 & 3<b/></p:a ><![CDATA[<c>]]><open").collect();
        let open = |name, attributes, empty| Token::Open { name, attributes, empty };
        assert_eq!(
            seen,
            [
                open("a", "x:y = 'q>' z=1", false),
                Token::Text("1 & 2 & 3".into()),
                open("b", "", true),
                Token::Close { name: "a" },
                Token::Text("<c>".into()),
                open("open", "", false),
            ]
        );
        let pairs: Vec<_> = attributes("x:y = 'q>' z=1 w=\"&lt;\" v=\"open").collect();
        assert_eq!(pairs, [("y", "q>".into()), ("z", "1".into()), ("w", "<".into()), ("v", "open".into())]);
    }

    #[test]
    fn a_tag_never_closed_ends_at_the_next() {
        let seen: Vec<_> = Soup::new("<a \"<b>x</b>").collect();
        assert_eq!(seen.len(), 4, "{seen:?}");
    }
}
