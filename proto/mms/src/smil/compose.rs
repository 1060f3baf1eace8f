//! Making a presentation of parts.

use std::collections::HashSet;
use std::time::Duration;

use super::{Length, Media, MediaKind, Region, Slide, Smil};
use crate::content::{Multipart, Part, SMIL, extension_of};

/// How a presentation is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Style {
    /// The width of the whole in pixels, of which regions are hundredths.
    pub width: u32,
    /// The height of the whole in pixels.
    pub height: u32,
    /// How long a slide is shown.
    pub duration: Duration,
    /// How long a slide is shown that has sound or video, whose own duration is not known here: rather too long than cut off.
    pub media_duration: Duration,
    /// Text stands above images.
    pub text_first: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 240, height: 320, duration: Duration::from_secs(5), media_duration: Duration::from_secs(30), text_first: false }
    }
}

/// What a part is in a presentation; `None` for what is an attachment, such as a business card.
fn kind(part: &Part) -> Option<MediaKind> {
    let media = part.content_type.media.to_ascii_lowercase();
    Some(match media.split_once('/')? {
        ("image", _) => MediaKind::Image,
        ("video", _) => MediaKind::Video,
        ("audio", _) => MediaKind::Audio,
        ("text", "plain" | "html") => MediaKind::Text,
        ("application", "vnd.oma.drm.message" | "vnd.oma.drm.content") => MediaKind::Reference,
        _ => return None,
    })
}

/// How a presentation refers to a part: by Content-Location, which all phones know, else by Content-ID, else by name.
fn reference(part: &Part) -> Option<String> {
    let location = part.content_location().map(str::to_owned);
    location.or_else(|| part.content_id().map(|id| format!("cid:{id}"))).or_else(|| part.name())
}

impl Smil {
    /// The presentation of parts, in their order: on each slide an image or a video, a text and a sound, as far as they come. Parts
    /// without a name, presentations, and parts that can't be shown are left out.
    pub fn compose(parts: &[Part], style: &Style) -> Self {
        const IMAGE: &str = "Image";
        const TEXT: &str = "Text";
        let mut slides: Vec<Slide> = Vec::new();
        // What the last slide has: something to see, something to read, something to hear.
        let mut has = [true; 3];
        let mut all = [false; 2];
        for part in parts {
            let (Some(kind), Some(source)) = (kind(part), reference(part)) else { continue };
            let (place, region) = match kind {
                MediaKind::Text => (1, Some(TEXT)),
                MediaKind::Audio => (2, None),
                _ => (0, Some(IMAGE)),
            };
            // A video has a sound of its own.
            let taken = has[place] || kind == MediaKind::Video && has[2];
            if taken {
                slides.push(Slide { duration: Some(style.duration), media: Vec::new() });
                has = [false; 3];
            }
            has[place] = true;
            has[2] |= kind == MediaKind::Video;
            if let Some(shown) = all.get_mut(place) {
                *shown = true;
            }
            if let Some(slide) = slides.last_mut() {
                if matches!(kind, MediaKind::Audio | MediaKind::Video) {
                    slide.duration = Some(style.media_duration);
                }
                slide.media.push(Media { region: region.map(str::to_owned), ..Media::new(kind, source) });
            }
        }
        let [images, texts] = all;
        let height = |image: bool| match (images, texts) {
            (true, true) if image => 70,
            (true, true) => 30,
            _ => 100,
        };
        let region = |id: &str, image: bool| Region {
            id: id.to_owned(),
            left: Some(Length::Percent(0)),
            top: Some(Length::Percent(if image == style.text_first { 100 - height(image) } else { 0 })),
            width: Some(Length::Percent(100)),
            height: Some(Length::Percent(height(image))),
            fit: Some(if image { "meet" } else { "scroll" }.to_owned()),
        };
        let regions = images.then(|| region(IMAGE, true)).into_iter().chain(texts.then(|| region(TEXT, false)));
        Self {
            width: Some(Length::Pixels(style.width)),
            height: Some(Length::Pixels(style.height)),
            regions: regions.collect(),
            slides,
            foreign: Vec::new(),
        }
    }
}

/// The content of a message with these parts, and a presentation of them before them. Parts without a name, or with that of another, get
/// one of their own. Presentations among the parts are left out.
pub fn present(parts: Vec<Part>, style: &Style) -> Multipart {
    let mut parts: Vec<Part> = parts.into_iter().filter(|part| !part.content_type.is(SMIL)).collect();
    let mut names: HashSet<String> = ["smil".to_owned(), "smil.smil".to_owned()].into();
    for (part, number) in parts.iter_mut().zip(1..) {
        let name = part.file_name().map(|name| plain(&name)).filter(|name| !names.contains(name));
        let name = name.unwrap_or_else(|| {
            let extension = extension_of(&part.content_type.media);
            // The number is that of no other part, so this ends with the first name or soon after.
            (0..)
                .map(|again| if again == 0 { format!("part{number}.{extension}") } else { format!("part{number}-{again}.{extension}") })
                .find(|name| !names.contains(name))
                .unwrap_or_default()
        });
        names.insert(name.clone());
        part.set_name(&name);
    }
    Multipart::related(Smil::compose(&parts, style).to_part(), parts)
}

/// A name that stands in a URI, a Content-ID and a header field without any coding.
fn plain(name: &str) -> String {
    name.chars().map(|char| if char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_') { char } else { '_' }).collect()
}
