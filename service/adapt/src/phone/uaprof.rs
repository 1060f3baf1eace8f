//! UAProf documents (WAP-248, OMA-TS-UAProf; component MmsCharacteristics of OMA-MMS-CTR).
//!
//! Only the local names count: there are several namespaces (`.../MMS/ccppschema-20010111#`, `...20050301-MMS1.2#`), documents that
//! declare none, and spellings that differ by capitals and hyphens (`MmsCcppAccept-CharSet`, `MmsCCPPAcceptCharSet`).

use std::borrow::Cow;

use super::soup::{Soup, Token, attributes};
use super::{MmsVersion, Profile, Size};
use crate::MediaTypes;

/// Octets of a document that are taken; real ones have 5,000 to 60,000.
pub const PROFILE_MOST: usize = 512 << 10;
/// Values of a list that are kept.
const VALUES_MOST: usize = 512;

/// Why a document says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// There is nothing in it that adaptation needs.
    #[error("the document has no property of a phone's UAProf")]
    Empty,
    /// It is too long.
    #[error("the document has {0} octets, and at most {PROFILE_MOST} are read")]
    TooLong(usize),
}

impl Profile {
    /// What a UAProf document says. Broken ones are read as far as they can be; values under `defaults` count where nothing else is said.
    pub fn from_uaprof(document: &[u8]) -> Result<Self, ProfileError> {
        if document.len() > PROFILE_MOST {
            return Err(ProfileError::TooLong(document.len()));
        }
        let mut reader = Reader::default();
        for token in Soup::new(&decoded(document)) {
            reader.token(token);
        }
        Some(reader.finish()).filter(|profile| !profile.is_empty()).ok_or(ProfileError::Empty)
    }
}

fn decoded(document: &[u8]) -> Cow<'_, str> {
    // By its byte order mark, UTF-8 otherwise; what matters is ASCII whatever the rest is.
    encoding_rs::UTF_8.decode(document).0
}

/// A property that adaptation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    Accept,
    AcceptElsewhere,
    Bits,
    Charset,
    Class,
    Color,
    Image,
    Model,
    Screen,
    Size,
    SmilBase,
    Vendor,
    Version,
}

impl Property {
    fn named(name: &str, in_mms: bool) -> Option<Self> {
        let plain: String = name.chars().take(40).filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        Some(match plain.as_str() {
            "mmsccppaccept" => Self::Accept,
            "ccppaccept" if in_mms => Self::Accept,
            "ccppaccept" => Self::AcceptElsewhere,
            "bitsperpixel" => Self::Bits,
            "mmsccppacceptcharset" => Self::Charset,
            "ccppacceptcharset" if in_mms => Self::Charset,
            "mmscontentclass" | "mmssupportedcontentclass" | "mmsmaxcontentclass" => Self::Class,
            "colorcapable" => Self::Color,
            "mmsmaximageresolution" => Self::Image,
            "model" => Self::Model,
            "screensize" => Self::Screen,
            "mmsmaxmessagesize" => Self::Size,
            "mmssmilbaseset" | "mmssmilmodules" => Self::SmilBase,
            "vendor" => Self::Vendor,
            "mmsversion" => Self::Version,
            _ => return None,
        })
    }
}

#[derive(Default)]
struct Reader {
    own: Said,
    /// What is under `defaults`.
    defaults: Said,
    in_defaults: usize,
    in_mms: bool,
    /// The property whose values are being read.
    open: Option<Property>,
}

/// What was said so far, and media types of other components, for want of better ones.
#[derive(Default)]
struct Said {
    profile: Profile,
    elsewhere: MediaTypes,
}

impl Reader {
    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Open { name, attributes: text, empty } => {
                let is_defaults = name.eq_ignore_ascii_case("defaults");
                if is_defaults && !empty {
                    self.in_defaults += 1;
                }
                if name.eq_ignore_ascii_case("description") || name.eq_ignore_ascii_case("type") {
                    self.component(text);
                }
                if let Some(property) = Property::named(name, self.in_mms) {
                    self.open = (!empty).then_some(property);
                }
            }
            Token::Close { name } => {
                if name.eq_ignore_ascii_case("defaults") {
                    self.in_defaults = self.in_defaults.saturating_sub(1);
                }
                if self.open.is_some() && self.open == Property::named(name, self.in_mms) {
                    self.open = None;
                }
            }
            Token::Text(text) => {
                if let Some(property) = self.open {
                    self.value(property, &text);
                }
            }
        }
    }

    /// Which component begins; and RDF's short form, in which properties are attributes.
    fn component(&mut self, text: &str) {
        for (name, value) in attributes(text) {
            match name.to_ascii_lowercase().as_str() {
                "id" | "about" | "resource" | "nodeid" => {
                    let fragment = value.rsplit(['#', '/']).next().unwrap_or_default();
                    if fragment.eq_ignore_ascii_case("MmsCharacteristics") {
                        self.in_mms = true;
                    } else if !fragment.is_empty() {
                        self.in_mms = false;
                    }
                }
                _ => {
                    if let Some(property) = Property::named(name, self.in_mms) {
                        self.value(property, &value);
                    }
                }
            }
        }
    }

    fn value(&mut self, property: Property, text: &str) {
        let text = text.trim();
        let said = if self.in_defaults > 0 { &mut self.defaults } else { &mut self.own };
        let profile = &mut said.profile;
        match property {
            Property::Accept => {
                let known = profile.accept.take().unwrap_or_default();
                let more = known.with(&MediaTypes::new(text.split(|c: char| c == ',' || c.is_ascii_whitespace())));
                profile.accept = (!more.is_empty()).then_some(more);
            }
            Property::AcceptElsewhere => {
                let more = MediaTypes::new(text.split(|c: char| c == ',' || c.is_ascii_whitespace()));
                said.elsewhere = std::mem::take(&mut said.elsewhere).with(&more);
            }
            Property::Charset => {
                let charsets = profile.charsets.get_or_insert_default();
                for charset in text.split(|c: char| c == ',' || c == ';' || c.is_ascii_whitespace()) {
                    let charset = charset.to_ascii_lowercase();
                    if !charset.is_empty() && charset.len() <= 64 && charsets.len() < VALUES_MOST && !charsets.contains(&charset) {
                        charsets.push(charset);
                    }
                }
            }
            Property::Bits => profile.bits_per_pixel = profile.bits_per_pixel.or_else(|| text.parse().ok()),
            Property::Class => profile.content_class = profile.content_class.max(text.parse().ok()),
            Property::Color => profile.color = profile.color.or_else(|| yes(text)),
            Property::Image => profile.max_image = profile.max_image.or_else(|| text.parse::<Size>().ok()),
            Property::Model => profile.model = profile.model.take().or_else(|| words(text)),
            Property::Screen => profile.screen = profile.screen.or_else(|| text.parse().ok()),
            Property::Size => profile.max_message_size = profile.max_message_size.or_else(|| octets(text)),
            Property::SmilBase => profile.smil = profile.smil.or_else(|| (!text.is_empty()).then_some(true)),
            Property::Vendor => profile.vendor = profile.vendor.take().or_else(|| words(text)),
            Property::Version => profile.mms_version = profile.mms_version.max(text.parse::<MmsVersion>().ok()),
        }
    }

    fn finish(self) -> Profile {
        let elsewhere = self.own.elsewhere.with(&self.defaults.elsewhere);
        let mut profile = self.own.profile.over(&self.defaults.profile);
        // A browser's media types are of use only where they say something of images.
        if profile.accept.is_none() && elsewhere.iter().any(|t| t.starts_with("image/")) {
            profile.accept = Some(elsewhere);
        }
        let shows_smil = profile.accept.as_ref().is_some_and(|types| types.iter().any(crate::media::is_presentation));
        profile.smil = profile.smil.or(shows_smil.then_some(true));
        profile.charsets = profile.charsets.filter(|charsets| !charsets.is_empty());
        profile
    }
}

fn yes(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Some(true),
        "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

fn words(text: &str) -> Option<String> {
    let words: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    (!words.is_empty()).then_some(words)
}

/// Octets as phones write them: `102400`, `300K`, `300 kB`, `1M`, and `300` alone, which can only be kilobytes.
fn octets(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok().filter(|n| *n > 0)?;
    let unit = text[digits..].trim_start().bytes().next().map(|b| b.to_ascii_lowercase());
    let octets = match unit {
        Some(b'k') => number.checked_mul(1024)?,
        Some(b'm') => number.checked_mul(1024 * 1024)?,
        _ if number < 1024 => number * 1024,
        _ => number,
    };
    // More than that is a slip of the pen.
    (octets <= 1 << 30).then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_phones_write_them() {
        let seen = ["102400", "300K", "300 kB", "1M", "300", "307200 bytes", "0", "", "-1", "99999999999999999999"].map(octets);
        let k = |n: u64| Some(n * 1024);
        assert_eq!(seen, [k(100), k(300), k(300), k(1024), k(300), k(300), None, None, None, None]);
    }

    #[test]
    fn nothing_in_it_is_an_error() {
        for document in [&b""[..], b"<html><body>404</body></html>", b"\xff\xfe", b"<rdf:RDF/>"] {
            assert_eq!(Profile::from_uaprof(document), Err(ProfileError::Empty));
        }
        assert_eq!(Profile::from_uaprof(&vec![b'<'; PROFILE_MOST + 1]), Err(ProfileError::TooLong(PROFILE_MOST + 1)));
    }
}
