//! Names of media types, and sets of them.

use std::borrow::Cow;

/// What a media type is, as far as adaptation is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Sound, speech, melodies.
    Audio,
    /// Still and animated images.
    Image,
    /// Anything else.
    Other,
    /// SMIL: how the other parts are shown.
    Presentation,
    /// Text, which has a charset; vCards and vCalendars too.
    Text,
    /// Moving images with or without sound.
    Video,
}

impl MediaKind {
    /// What a media type is, judged by its name.
    pub fn of(content_type: &str) -> Self {
        kind(&canonical(content_type))
    }
}

/// The media types that a phone accepts, as it spells them.
///
/// `text/plain` is always among them. Wildcards are `image/*` and `*/*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaTypes {
    types: Vec<String>,
}

/// How many media types of a list are kept.
const MOST_TYPES: usize = 512;

impl MediaTypes {
    /// A set of media types; parameters are cut off, and what is no media type is left out. At most 512 are kept.
    pub fn new<T: AsRef<str>>(types: impl IntoIterator<Item = T>) -> Self {
        let mut set = Self::default();
        for spelt in types {
            set.add(spelt.as_ref());
        }
        set
    }

    fn add(&mut self, spelt: &str) {
        let bare = spelt.split(';').next().unwrap_or_default().trim();
        let is_type = bare.split_once('/').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
            && bare.len() <= 128
            && bare.bytes().all(|b| b.is_ascii_graphic() && b != b',');
        if is_type && self.types.len() < MOST_TYPES && !self.types.iter().any(|t| t.eq_ignore_ascii_case(bare)) {
            self.types.push(bare.to_ascii_lowercase());
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// The media types as the phone spells them, in lower case and in its order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.types.iter().map(String::as_str)
    }

    /// These and those.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        for other in &others.types {
            self.add(other);
        }
        self
    }

    /// The same without `*/*`, which says nothing of a phone.
    #[must_use]
    pub(crate) fn without_any(mut self) -> Self {
        self.types.retain(|t| t != "*/*");
        self
    }

    /// Whether a media type is accepted, under whichever of its names.
    pub fn accepts(&self, content_type: &str) -> bool {
        self.spelling(content_type).is_some()
    }

    /// How the phone spells a media type that it accepts: as given where it is listed so (or by a wildcard), otherwise the name that is listed.
    pub fn spelling<'a>(&'a self, content_type: &'a str) -> Option<Cow<'a, str>> {
        if content_type.eq_ignore_ascii_case("text/plain") || self.types.iter().any(|t| t.eq_ignore_ascii_case(content_type)) {
            return Some(Cow::Borrowed(content_type));
        }
        let wanted = canonical(content_type);
        if let Some(listed) = self.types.iter().find(|t| canonical(t) == wanted) {
            return Some(Cow::Borrowed(listed));
        }
        let major = wanted.split('/').next().unwrap_or_default();
        let wild = |t: &String| t == "*/*" || t.strip_suffix("/*").is_some_and(|m| m == major);
        self.types.iter().any(wild).then_some(wanted)
    }
}

/// The usual name of a media type, in lower case.
pub(crate) fn canonical(content_type: &str) -> Cow<'_, str> {
    let lower = if content_type.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(content_type.to_ascii_lowercase())
    } else {
        Cow::Borrowed(content_type)
    };
    match ALIASES.iter().find(|(alias, _)| *alias == lower) {
        Some((_, usual)) => Cow::Borrowed(usual),
        None => lower,
    }
}

/// What a media type is, given its usual name.
pub(crate) fn kind(canonical: &str) -> MediaKind {
    if is_presentation(canonical) {
        return MediaKind::Presentation;
    }
    match canonical.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        Some("text") => MediaKind::Text,
        _ => MediaKind::Other,
    }
}

/// Whether it is SMIL, under whichever of its names.
pub(crate) fn is_presentation(content_type: &str) -> bool {
    ["application/smil", "application/smil+xml", "text/smil"].iter().any(|t| content_type.eq_ignore_ascii_case(t))
}

/// The extension of a file of a media type, given its usual name.
pub(crate) fn extension(canonical: &str) -> Option<&'static str> {
    EXTENSIONS.iter().find(|(name, _)| *name == canonical).map(|(_, extension)| *extension)
}

const ALIASES: &[(&str, &str)] = &[
    ("application/smil+xml", "application/smil"),
    ("audio/amr-nb", "audio/amr"),
    ("audio/m4a", "audio/mp4"),
    ("audio/mid", "audio/midi"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/mp4a-latm", "audio/mp4"),
    ("audio/mpeg3", "audio/mpeg"),
    ("audio/mpg", "audio/mpeg"),
    ("audio/sp-midi", "audio/midi"),
    ("audio/vnd.wave", "audio/wav"),
    ("audio/wave", "audio/wav"),
    ("audio/x-aac", "audio/aac"),
    ("audio/x-amr", "audio/amr"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/x-mid", "audio/midi"),
    ("audio/x-midi", "audio/midi"),
    ("audio/x-mp3", "audio/mpeg"),
    ("audio/x-mpeg", "audio/mpeg"),
    ("audio/x-mpeg3", "audio/mpeg"),
    ("audio/x-wav", "audio/wav"),
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-bmp", "image/bmp"),
    ("image/x-ms-bmp", "image/bmp"),
    ("image/x-png", "image/png"),
    ("image/x-webp", "image/webp"),
    ("image/wbmp", "image/vnd.wap.wbmp"),
    ("image/x-wbmp", "image/vnd.wap.wbmp"),
    ("text/smil", "application/smil"),
    ("text/vcalendar", "text/x-vcalendar"),
    ("text/vcard", "text/x-vcard"),
    ("video/3gp", "video/3gpp"),
    ("video/h263-2000", "video/3gpp"),
    ("video/x-3gpp", "video/3gpp"),
    ("video/x-mp4", "video/mp4"),
];

const EXTENSIONS: &[(&str, &str)] = &[
    ("audio/aac", "aac"),
    ("audio/amr", "amr"),
    ("audio/amr-wb", "awb"),
    ("audio/midi", "mid"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("audio/wav", "wav"),
    ("image/bmp", "bmp"),
    ("image/gif", "gif"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/vnd.wap.wbmp", "wbmp"),
    ("image/webp", "webp"),
    ("text/plain", "txt"),
    ("video/3gpp", "3gp"),
    ("video/mp4", "mp4"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn aliases_and_wildcards_are_accepted() {
        let types = MediaTypes::new(["image/JPG", "audio/*; q=0.5", "nonsense", "text/x-vCard", "image/"]);
        assert_eq!(types.iter().collect::<Vec<_>>(), ["image/jpg", "audio/*", "text/x-vcard"]);
        let spelt = |t| types.spelling(t).map(Cow::into_owned);
        assert_eq!(spelt("image/jpeg").unwrap(), "image/jpg");
        assert_eq!(spelt("Text/vcard").unwrap(), "text/x-vcard");
        assert_eq!(spelt("audio/MP3").unwrap(), "audio/mpeg");
        assert_eq!(spelt("text/plain").unwrap(), "text/plain");
        assert!(!types.accepts("image/png") && !types.accepts("video/3gpp") && !types.accepts("image"));
        assert!(MediaTypes::new(["*/*"]).accepts("application/pdf"));
    }

    #[test]
    fn every_alias_leads_to_an_usual_name() {
        for (alias, usual) in ALIASES {
            assert_eq!((canonical(alias), canonical(usual)), (Cow::Borrowed(*usual), Cow::Borrowed(*usual)));
        }
    }

    #[test]
    fn kinds() {
        let kinds =
            ["application/smil", "IMAGE/GIF", "text/x-vcard", "video/3gpp", "audio/sp-midi", "application/pdf", ""].map(MediaKind::of);
        use MediaKind::*;
        assert_eq!(kinds, [Presentation, Image, Text, Video, Audio, Other, Other]);
    }
}
