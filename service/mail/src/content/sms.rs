//! The text of an SMS out of a message.

use super::MailContent;

/// What becomes of a message's text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SmsTextOptions {
    /// Put the subject in front, `Subject: text`. Default true.
    pub subject: bool,
    /// Leave out what follows a line `-- `. Default true.
    pub cut_signature: bool,
    /// Leave out the message that is answered: lines that begin with `>`, and all that follows what programs write before it.
    /// Default true.
    pub cut_quotes: bool,
    /// Longest text in characters; a longer one ends in `...`. Default 1530: ten segments of 153.
    pub max_chars: usize,
}

impl Default for SmsTextOptions {
    fn default() -> Self {
        Self { subject: true, cut_signature: true, cut_quotes: true, max_chars: 1530 }
    }
}

/// The text that becomes an SMS. Where cutting leaves nothing, nothing is cut; empty where the message has neither text nor subject.
pub fn sms_text(content: &MailContent, options: &SmsTextOptions) -> String {
    let whole = content.text();
    let cut = tidy(&cut(&whole, options));
    let body = if cut.is_empty() { tidy(&whole) } else { cut };
    let subject = if options.subject { content.subject.trim() } else { "" };
    let text = match (subject.is_empty(), body.is_empty()) {
        (true, _) => body,
        (false, true) => subject.to_owned(),
        (false, false) => format!("{subject}: {body}"),
    };
    shorten(text, options.max_chars)
}

fn cut(text: &str, options: &SmsTextOptions) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        // The space after the dashes is often lost on the way.
        if options.cut_signature && (*line == "-- " || *line == "--") {
            break;
        }
        if options.cut_quotes {
            if begins_quote(&lines[index..]) {
                break;
            }
            if line.trim_start().starts_with('>') {
                continue;
            }
        }
        kept.push(line);
    }
    kept.join("\n")
}

/// Whether the message that is answered begins here.
fn begins_quote(lines: &[&str]) -> bool {
    const SEPARATORS: [&str; 5] = [
        "-----original message-----",
        "---- original message ----",
        "-------- original message --------",
        "________________________________",
        "begin forwarded message:",
    ];
    let line = lines.first().map(|line| line.trim()).unwrap_or_default();
    if SEPARATORS.contains(&line.to_lowercase().as_str()) {
        return true;
    }
    // `On 3 March, Bob <bob@example.com> wrote:` in whatever language, before quoted lines. Programs break it where it is long; then only
    // those count whose first word is known.
    const FIRST_WORDS: [&str; 12] = ["On ", "Am ", "Le ", "El ", "Op ", "Den ", "Il ", "Em ", "W dniu ", "Dnia ", "在", "于"];
    let long = if FIRST_WORDS.iter().any(|word| line.starts_with(word)) { 3 } else { 1 };
    let words: Vec<&str> =
        lines.iter().map(|line| line.trim()).take_while(|line| !line.is_empty() && !line.starts_with('>')).take(4).collect();
    let quoted =
        lines.iter().skip(words.len()).map(|line| line.trim()).find(|line| !line.is_empty()).is_some_and(|line| line.starts_with('>'));
    let joined = words.join(" ");
    quoted
        && (1..=long).contains(&words.len())
        && joined.ends_with([':', '：'])
        && joined.contains(|c: char| c.is_ascii_digit() || c == '@')
}

/// No spaces at the ends of lines, and no two empty lines in a row: each costs a character.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= 1 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

fn shorten(mut text: String, max: usize) -> String {
    if text.chars().count() <= max {
        return text;
    }
    let keep = max.saturating_sub(3);
    let end = text.char_indices().nth(keep).map_or(text.len(), |(at, _)| at);
    text.truncate(end);
    text.truncate(text.trim_end().len());
    if max >= 3 {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Part;

    fn of(text: &str, options: &SmsTextOptions) -> String {
        let content = MailContent { subject: "Lunch".to_owned(), parts: vec![Part::inline_text(text)], ..MailContent::default() };
        sms_text(&content, options)
    }

    #[test]
    fn what_is_left() {
        let bare = SmsTextOptions { subject: false, ..SmsTextOptions::default() };
        assert_eq!(of("At noon?\n\n\n\n  \nBye  \n-- \nBob\nACME", &SmsTextOptions::default()), "Lunch: At noon?\n\nBye");
        for (text, left) in [
            ("Yes\n\nOn Mon, 3 Mar 2025, Alice <a@example.com> wrote:\n> Come?\n> Please", "Yes"),
            ("Ja\n\nAm 3. März 2025 um 10:00 schrieb Alice\n<a@example.com>:\n\n> Kommst du?", "Ja"),
            ("> Come?\nYes\n> When?\nAt noon", "Yes\nAt noon"),
            ("Fine\n-----Original Message-----\nFrom: x", "Fine"),
            ("See:\nthe list", "See:\nthe list"),
            ("> all of it\n> is quoted", "> all of it\n> is quoted"),
            ("-- \nonly a signature", "--\nonly a signature"),
        ] {
            assert_eq!(of(text, &bare), left, "{text}");
        }
        assert_eq!(of("", &SmsTextOptions::default()), "Lunch");
        assert_eq!(of("a -- b\n-- \nc", &SmsTextOptions { cut_signature: false, ..bare.clone() }), "a -- b\n--\nc");
        assert_eq!(of("äöüß und mehr", &SmsTextOptions { max_chars: 7, ..bare }), "äöüß...");
    }

    proptest! {
        #[test]
        fn never_longer_than_allowed(text in "[a-z> \\n:é-]{0,200}", max in 0_usize..50) {
            let options = SmsTextOptions { max_chars: max, ..SmsTextOptions::default() };
            prop_assert!(of(&text, &options).chars().count() <= max);
        }
    }
}
