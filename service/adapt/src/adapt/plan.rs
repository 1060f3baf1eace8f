//! What has to be done to an item, whatever its share of the message is: by its headers alone.

use crate::image::Header;
use crate::media::{canonical, is_presentation, kind, sniff};
use crate::{Capabilities, Item, MediaKind, Options, text, transcode};

/// What an item is, and what it needs.
pub(super) struct Plan {
    pub(super) kind: MediaKind,
    /// The usual name of what it is, which may not be what it says.
    pub(super) usual: String,
    pub(super) header: Option<Header>,
    pub(super) need: Need,
    /// Whether it can be made smaller.
    pub(super) shrinks: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    /// Another charset.
    Charset,
    /// To be taken away.
    Drop,
    /// Another format or size, by its decoder.
    Remake,
    /// Words in its place, which say that it is not supported.
    Replace,
    /// Another media type for the same octets.
    Retype(String),
}

impl Plan {
    pub(super) fn of(item: &Item, phone: &Capabilities, options: &Options) -> Self {
        let declared = canonical(&item.content_type);
        let usual = what_it_is(&declared, &item.data);
        let kind = kind(&usual);
        let header = (kind == MediaKind::Image).then(|| Header::read(&item.data, &usual)).flatten();
        let mut plan = Self { kind, header, need: Need::Nothing, shrinks: false, usual: usual.into() };
        (plan.need, plan.shrinks) = match kind {
            MediaKind::Presentation => (if phone.smil { Need::Nothing } else { Need::Drop }, false),
            MediaKind::Text => (plan.text(item, phone), false),
            MediaKind::Image => (plan.image(item, phone), plan.header.is_some()),
            MediaKind::Audio | MediaKind::Video => {
                let can = options.ffmpeg.is_some() && transcode::can(&item.data);
                let otherwise = if can { Need::Remake } else { Need::Replace };
                (plan.accepted(item, phone).unwrap_or(otherwise), can)
            }
            MediaKind::Other => (plan.accepted(item, phone).unwrap_or(Need::Replace), false),
        };
        plan
    }

    /// Its size where it is an image that was not touched.
    pub(super) fn pixels(&self) -> Option<(u32, u32)> {
        self.header.map(|header| (header.width, header.height))
    }

    /// Nothing, or another name for it; `None` where the phone accepts neither.
    fn accepted(&self, item: &Item, phone: &Capabilities) -> Option<Need> {
        let is_what_it_says = canonical(&item.content_type) == self.usual;
        let asked = if is_what_it_says { item.content_type.as_str() } else { &self.usual };
        let spelt = phone.accept.spelling(asked)?;
        Some(if spelt.eq_ignore_ascii_case(&item.content_type) { Need::Nothing } else { Need::Retype(spelt.into_owned()) })
    }

    fn text(&self, item: &Item, phone: &Capabilities) -> Need {
        let Some(need) = self.accepted(item, phone) else { return Need::Replace };
        // Markup says its charset itself, too.
        let markup = self.usual.ends_with("html") || self.usual.ends_with("xml") || self.usual.contains("wml");
        if markup || text::fits(item.charset.as_deref(), &item.data, &phone.charsets) { need } else { Need::Charset }
    }

    fn image(&self, item: &Item, phone: &Capabilities) -> Need {
        match (self.accepted(item, phone), &self.header) {
            // What cannot be read is the phone's to judge, if it says that it knows the format.
            (Some(need), None) => need,
            (Some(need), Some(header)) if phone.shows((header.width, header.height)) => need,
            (None, None) => Need::Replace,
            _ => Need::Remake,
        }
    }
}

/// The usual name of what content is: what it says, except where it is media and its mark says something else.
fn what_it_is<'a>(declared: &'a str, data: &[u8]) -> std::borrow::Cow<'a, str> {
    let unsaid = declared.is_empty() || declared == "application/octet-stream" || declared == "application/x-octet-stream";
    let said = kind(declared);
    if is_presentation(declared) || !(unsaid || matches!(said, MediaKind::Audio | MediaKind::Image | MediaKind::Video)) {
        return declared.into();
    }
    match sniff(data) {
        Some(seen) if unsaid || kind(seen) == MediaKind::Image || said == MediaKind::Image => seen.to_owned().into(),
        // A container may be called by what is in it.
        _ => declared.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MediaTypes;

    fn need(content_type: &str, data: &[u8], types: &[&str]) -> Need {
        let phone = Capabilities { accept: MediaTypes::new(types), ..Capabilities::default() };
        Plan::of(&Item::new(content_type, "x", data.to_vec()), &phone, &Options::default()).need
    }

    const GIF: &[u8] = b"GIF89a\x10\0\x10\0";
    const LARGE: &[u8] = b"GIF89a\x10\x10\x10\0";

    #[test]
    fn what_has_to_be_done() {
        let retype = |to: &str| Need::Retype(to.to_owned());
        let all = &["image/gif", "image/jpeg", "audio/mpeg", "video/3gpp", "audio/amr"];
        let seen = [
            (need("image/gif", GIF, all), Need::Nothing),
            (need("IMAGE/GIF", GIF, all), Need::Nothing),
            (need("image/jpeg", GIF, all), retype("image/gif")),
            (need("application/octet-stream", GIF, all), retype("image/gif")),
            (need("application/pdf", GIF, all), Need::Replace),
            (need("image/gif", GIF, &["image/jpeg"]), Need::Remake),
            (need("image/gif", LARGE, all), Need::Remake),
            (need("image/gif", b"GIF89a", all), Need::Nothing),
            (need("image/png", b"nonsense", all), Need::Replace),
            (need("audio/mp3", b"ID3", all), retype("audio/mpeg")),
            (need("audio/mp3", b"ID3", &["audio/mp3"]), Need::Nothing),
            (need("video/3gpp", b"....ftypmp42", all), Need::Nothing),
            (need("audio/wav", b"RIFF....WAVE", all), Need::Replace),
            (need("text/plain", b"abc", all), Need::Nothing),
            (need("text/plain", b"\xe9", all), Need::Charset),
            (need("text/x-vcard", b"abc", all), Need::Replace),
            (need("application/smil", b"<smil/>", all), Need::Nothing),
        ];
        for (number, (is, should)) in seen.into_iter().enumerate() {
            assert_eq!(is, should, "{number}");
        }
    }

    #[test]
    fn a_phone_without_smil_gets_none() {
        let phone = Capabilities { smil: false, ..Capabilities::default() };
        let plan = Plan::of(&Item::new("application/smil", "x", "<smil/>"), &phone, &Options::default());
        assert_eq!(plan.need, Need::Drop);
    }
}
