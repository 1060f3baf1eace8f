//! Plain stand-ins for characters that an alphabet lacks.
//!
//! A single typographic apostrophe turns 160 septets into 70 characters of UCS-2 and doubles the price of a message. The table lists
//! what a reader takes for the same thing: other quotes and dashes, spaces, Latin letters without their accents. Other scripts are not
//! romanised: that is spelling, not encoding.

mod table;

use std::sync::LazyLock;

use self::table::RULES;

/// Why one character may stand for another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reason {
    /// A Latin letter with an accent, written as its base letter.
    Accent,
    /// A dash or hyphen, written as the hyphen of ASCII.
    Dash,
    /// Dots in one character, written as full stops.
    Ellipsis,
    /// A character that is not seen (zero-width, direction, variation), left out.
    Invisible,
    /// A ligature or a Latin letter of its own, written as the letters it is known by.
    Letter,
    /// A combining mark, left out: its base letter stands before it.
    Mark,
    /// A quotation mark or prime, written as one of ASCII.
    Quote,
    /// A space or line break of another kind.
    Space,
    /// A symbol that has an accepted spelling.
    Symbol,
    /// A full-width form, written as its ASCII character.
    Width,
}

/// What may stand for a character, and why; `None` if nothing may. The stand-in is ASCII, and can be empty.
pub fn stand_in(char: char) -> Option<(&'static str, Reason)> {
    static INDEX: LazyLock<Vec<(char, &'static str, Reason)>> = LazyLock::new(|| {
        let rules = RULES.iter().flat_map(|rule| rule.from.chars().map(|char| (char, rule.to, rule.reason)));
        let mut index: Vec<_> = rules.collect();
        index.sort_unstable_by_key(|(char, ..)| *char);
        index
    });
    const ASCII: &str = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    match char {
        '\u{300}'..='\u{34e}' | '\u{350}'..='\u{36f}' => Some(("", Reason::Mark)),
        '\u{ff01}'..='\u{ff5e}' => {
            let at = (u32::from(char) - 0xff01) as usize;
            ASCII.get(at..=at).map(|ascii| (ascii, Reason::Width))
        }
        _ => {
            let at = INDEX.binary_search_by_key(&char, |(char, ..)| *char).ok()?;
            INDEX.get(at).map(|(_, to, reason)| (*to, *reason))
        }
    }
}

/// The text with stand-ins for the characters that `has` denies; `None` if one of them has no stand-in that `has` allows.
pub fn transliterate(text: &str, has: impl Fn(char) -> bool) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if has(char) {
            out.push(char);
        } else {
            let (to, _) = stand_in(char)?;
            if !to.chars().all(&has) {
                return None;
            }
            out.push_str(to);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use super::*;
    use crate::alphabet::Alphabet;

    fn gsm(text: &str) -> Option<String> {
        transliterate(text, |char| Alphabet::DEFAULT.septets_of(char).is_some())
    }

    #[test]
    fn typography_becomes_plain() {
        assert_eq!(gsm("“It’s – well… «that»”").unwrap(), "\"It's - well... \"that\"\"");
        assert_eq!(gsm("a\u{a0}b\u{200b}c\td\u{2028}e").unwrap(), "a bc d\ne");
        assert_eq!(gsm("ＡＢ～！").unwrap(), "AB~!");
    }

    #[test]
    fn accents_go_only_where_the_alphabet_lacks_them() {
        assert_eq!(gsm("é à ñ Ç ç á ő ş Ł ệ").unwrap(), "é à ñ Ç c a o s L e");
        assert_eq!(gsm("e\u{301}").unwrap(), "e");
        let latin1 = |text: &str| transliterate(text, |char| u32::from(char) < 0x100);
        assert_eq!(latin1("ç œ ’").unwrap(), "ç oe '");
    }

    #[test]
    fn other_scripts_are_left_alone() {
        assert_eq!(gsm("Привет"), None);
        assert_eq!(gsm("中"), None);
        assert_eq!(gsm("😀"), None);
    }

    #[test]
    fn each_character_has_one_stand_in_of_ascii() {
        let mut seen = HashSet::new();
        for rule in RULES {
            assert!(rule.to.is_ascii());
            for char in rule.from.chars() {
                assert!(seen.insert(char), "{char:?} stands in two rules");
                assert!(!rule.to.contains(char));
                assert_eq!(stand_in(char), Some((rule.to, rule.reason)));
            }
        }
    }
}
