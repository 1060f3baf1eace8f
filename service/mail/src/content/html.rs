//! Text out of HTML, for those who can show no HTML.

use mail_parser::decoders::html::add_html_token;

/// The words of a page: blocks in lines of their own, list items with a dash, links with their address, scripts and styles left out.
/// Entities are decoded, spaces as a browser has them, and never more than one empty line.
pub fn html_to_text(html: &str) -> String {
    let mut text = Text { out: String::with_capacity(html.len() / 4), ..Text::default() };
    let mut rest = html;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix("<!--") {
            rest = tail.find("-->").map_or("", |end| &tail[end + 3..]);
        } else if let Some(tag) = tag(rest) {
            rest = text.tag(tag, &rest[tag.length..]);
        } else {
            // A `<` that begins no tag is text.
            let end = rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(rest.len(), |(at, _)| at);
            text.words(&rest[..end]);
            rest = &rest[end..];
        }
    }
    text.out.truncate(text.out.trim_end().len());
    text.out
}

#[derive(Clone, Copy)]
struct Tag<'a> {
    closing: bool,
    name: &'a str,
    attributes: &'a str,
    length: usize,
}

#[derive(Default)]
struct Text {
    out: String,
    /// Line ends to come before the next word: 1 for a new line, 2 for an empty one between.
    breaks: usize,
    space: bool,
    preformatted: usize,
    /// Where the open link's words began, and its address.
    link: Option<(usize, String)>,
}

/// What is never shown.
const HIDDEN: [&str; 8] = ["script", "style", "head", "title", "template", "noscript", "svg", "object"];

fn tag(text: &str) -> Option<Tag<'_>> {
    let inner = text.strip_prefix('<')?;
    let closing = inner.starts_with('/');
    let name_start = if closing { 2 } else { 1 };
    let name = &text[name_start..];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        return None;
    }
    let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '!' && c != '?').unwrap_or(name.len())];
    let mut quote = None;
    let end = text.char_indices().skip(name_start + name.len()).find(|(_, c)| {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(*c),
            (Some(open), c) if open == *c => quote = None,
            (None, '>') => return true,
            _ => {}
        }
        false
    });
    // An unclosed quote would swallow the rest of the page: then the first `>` ends the tag, and without one the text does.
    let end = end.map(|(at, _)| at).or_else(|| text.find('>')).unwrap_or(text.len());
    let attributes = text.get(name_start + name.len()..end).unwrap_or_default();
    Some(Tag { closing, name, attributes, length: (end + 1).min(text.len()) })
}

impl Text {
    /// Takes a tag; what is to be read after it.
    fn tag<'a>(&mut self, tag: Tag<'_>, rest: &'a str) -> &'a str {
        let name = tag.name.to_ascii_lowercase();
        match name.as_str() {
            hidden if HIDDEN.contains(&hidden) && !tag.closing && !tag.attributes.ends_with('/') => {
                let end = find_closing(rest, hidden);
                return end.map_or(if hidden == "head" { rest } else { "" }, |end| &rest[end..]);
            }
            "br" => self.breaks = (self.breaks + 1).min(2),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table" | "blockquote" | "pre" | "hr" => {
                self.breaks = 2;
                if name == "pre" {
                    self.preformatted = if tag.closing { self.preformatted.saturating_sub(1) } else { self.preformatted + 1 };
                }
            }
            "div" | "tr" | "li" | "dt" | "dd" | "section" | "article" | "header" | "footer" | "address" | "center" | "form" | "body" => {
                self.breaks = self.breaks.max(1);
                if name == "li" && !tag.closing {
                    self.flush();
                    self.out.push_str("- ");
                }
            }
            "td" | "th" => self.space = true,
            "a" if tag.closing => self.end_link(),
            "a" => {
                self.end_link();
                self.link = attribute(tag.attributes, "href").map(|address| (self.out.len(), address));
            }
            _ => {}
        }
        rest
    }

    /// Puts a link's address behind its words, unless those are the address already.
    fn end_link(&mut self) {
        let Some((start, address)) = self.link.take() else { return };
        let bare = |text: &str| {
            text.trim().trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_ascii_lowercase()
        };
        let words = self.out.get(start..).unwrap_or_default();
        if (address.starts_with("http://") || address.starts_with("https://")) && !words.trim().is_empty() && bare(words) != bare(&address)
        {
            self.out.push_str(" <");
            self.out.push_str(&address);
            self.out.push('>');
        }
    }

    fn words(&mut self, text: &str) {
        let decoded = entities(text);
        if self.preformatted > 0 {
            self.flush();
            self.out.push_str(&decoded.replace('\r', ""));
            return;
        }
        for c in decoded.chars() {
            // A space that does not break stays, in any number; in a message it is a space like others.
            match c {
                ' ' | '\t' | '\r' | '\n' | '\u{a0}' | '\u{200b}' => self.space = true,
                c => {
                    self.flush();
                    self.out.push(c);
                }
            }
        }
    }

    fn flush(&mut self) {
        let breaks = std::mem::take(&mut self.breaks);
        let space = std::mem::take(&mut self.space);
        // What comes after the dash of a list stays behind it.
        if self.out.is_empty() || self.out.ends_with("- ") {
            return;
        }
        if breaks > 0 {
            self.out.extend(std::iter::repeat_n('\n', breaks));
        } else if space {
            self.out.push(' ');
        }
    }
}

/// Where the closing tag of that name ends.
fn find_closing(html: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = html[at..].find("</") {
        let start = at + found + 2;
        if html.get(start..start + name.len()).is_some_and(|here| here.eq_ignore_ascii_case(name)) {
            return Some(html[start..].find('>').map_or(html.len(), |end| start + end + 1));
        }
        at = start;
    }
    None
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    while let Some((key, tail)) = rest.split_once('=') {
        let key = key.split_ascii_whitespace().next_back().unwrap_or_default();
        let tail = tail.trim_start();
        let (value, after) = match tail.chars().next() {
            Some(quote @ ('"' | '\'')) => tail[1..].split_once(quote).unwrap_or((&tail[1..], "")),
            _ => tail.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((tail, "")),
        };
        if key.eq_ignore_ascii_case(name) {
            let value = entities(value);
            let good = !value.is_empty()
                && value.len() <= 2000
                && !value.contains(|c: char| c.is_control() || c.is_whitespace() || c == '<' || c == '>');
            return good.then_some(value);
        }
        rest = after;
    }
    None
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest entity has 31 letters (`CounterClockwiseContourIntegral`).
        let end = rest.bytes().take(34).position(|octet| octet == b';');
        match end.filter(|end| rest[1..*end].bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'#')) {
            Some(end) => {
                add_html_token(&mut out, &rest.as_bytes()[..=end], false);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages() {
        for (html, text) in [
            ("<p>Hello&nbsp;<b>world</b> &amp; all</p><p>Bye</p>", "Hello world & all\n\nBye"),
            ("<html><head><title>x</title><style>p{}</style></head><body>one<br>two</body></html>", "one\ntwo"),
            ("a<div>b</div><div>c</div>d", "a\nb\nc\nd".trim_end()),
            ("<ul><li>one<li>two</ul>", "- one\n- two"),
            ("<a href=\"https://example.com/x?a=1&amp;b=2\">here</a>", "here <https://example.com/x?a=1&b=2>"),
            ("<a href='http://example.com/'>example.com</a>", "example.com"),
            ("<a href=\"javascript:alert(1)\">x</a>", "x"),
            ("<script>if (a < b) alert('</p>')</script>after", "after"),
            ("<!-- a > b <p> -->shown", "shown"),
            ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
            ("<img alt=\"a > b\">text", "text"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
            ("&#x20AC;&#8364;&bogus;&", "€€&bogus;&"),
            ("<p>a</p>\n\n<p> </p>\n<p>b</p>", "a\n\nb"),
            ("<style>never closed", ""),
            ("", ""),
        ] {
            assert_eq!(html_to_text(html), text, "{html}");
        }
    }

    proptest! {
        #[test]
        fn anything(html in proptest::collection::vec(prop_oneof![Just("<"), Just(">"), Just("</"), Just("a"), Just("p"), Just(" href="), Just("\""), Just("script"), Just("&#"), Just(";"), Just("é"), Just("<!--"), Just("-->"), Just("<pre>"), Just("\n")], 0..40)) {
            let html = html.concat();
            let text = html_to_text(&html);
            prop_assert!(text.len() <= html.len() * 3 + 8);
        }
    }
}
