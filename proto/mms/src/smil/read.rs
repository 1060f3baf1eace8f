//! Reading SMIL.

use super::scan::{Scanner, Tag, TagKind};
use super::{Length, MAX_ELEMENTS, MAX_LENGTH, Media, MediaKind, Region, Slide, Smil, SmilError, clock};

/// Elements that MMS has besides media, and such as mean nothing to it and do no harm.
const KNOWN: [&str; 13] = ["a", "area", "body", "head", "layout", "meta", "par", "param", "region", "root-layout", "seq", "smil", "title"];

impl Smil {
    /// Reads a presentation. Media outside of `par` are slides of their own; `par` in `par` is taken as one.
    ///
    /// # Errors
    /// It is too long, or has no element `smil`.
    pub fn parse(text: &str) -> Result<Self, SmilError> {
        let mut smil = Self::default();
        let mut reading = Reading::default();
        let mut found = false;
        for tag in bounded(text)? {
            let tag = tag?;
            found |= tag.name == "smil";
            if found {
                smil.take(&tag, &mut reading);
            }
        }
        smil.slides.extend(reading.slide);
        if found { Ok(smil) } else { Err(SmilError::NotSmil) }
    }

    fn take(&mut self, tag: &Tag<'_>, reading: &mut Reading) {
        match (tag.name.as_str(), tag.kind) {
            ("par", TagKind::Open | TagKind::Empty) => {
                reading.depth += 1;
                let duration = tag.value("dur").and_then(|text| clock::parse(&text));
                match &mut reading.slide {
                    Some(slide) => slide.duration = slide.duration.max(duration),
                    None => reading.slide = Some(Slide { duration, media: Vec::new() }),
                }
                if tag.kind == TagKind::Empty {
                    self.close(reading);
                }
            }
            ("par", TagKind::Close) => self.close(reading),
            // What was left open ends here too.
            ("body" | "smil", TagKind::Close) => {
                reading.depth = reading.depth.min(1);
                self.close(reading);
            }
            (_, TagKind::Close) => {}
            ("root-layout", _) => {
                self.width = length(tag, "width");
                self.height = length(tag, "height");
            }
            ("region", _) => self.regions.push(Region {
                id: tag.value("id").or_else(|| tag.value("regionName")).unwrap_or_default().into_owned(),
                left: length(tag, "left"),
                top: length(tag, "top"),
                width: length(tag, "width"),
                height: length(tag, "height"),
                fit: tag.value("fit").map(|fit| fit.into_owned()),
            }),
            (name, _) => match MediaKind::from_name(name) {
                Some(kind) => {
                    let text = |name| tag.value(name).map(|text| text.into_owned());
                    let time = |name| tag.value(name).and_then(|text| clock::parse(&text));
                    let media = Media {
                        kind,
                        source: text("src").unwrap_or_default(),
                        region: text("region"),
                        alternative: text("alt"),
                        begin: time("begin"),
                        end: time("end"),
                        duration: time("dur"),
                    };
                    match &mut reading.slide {
                        Some(slide) => slide.media.push(media),
                        None => self.slides.push(Slide { duration: media.duration, media: vec![media] }),
                    }
                }
                None if KNOWN.contains(&name) => {}
                None => {
                    if self.foreign.len() < 100 && !self.foreign.iter().any(|known| known == name) {
                        self.foreign.push(name.to_owned());
                    }
                }
            },
        }
    }

    fn close(&mut self, reading: &mut Reading) {
        reading.depth = reading.depth.saturating_sub(1);
        if reading.depth == 0 {
            self.slides.extend(reading.slide.take());
        }
    }
}

/// What is open.
#[derive(Default)]
struct Reading {
    /// Of `par`.
    depth: usize,
    slide: Option<Slide>,
}

fn length(tag: &Tag<'_>, name: &str) -> Option<Length> {
    tag.value(name).and_then(|text| Length::parse(&text))
}

/// The tags of a text, up to as many as are read.
pub(super) fn bounded(text: &str) -> Result<impl Iterator<Item = Result<Tag<'_>, SmilError>>, SmilError> {
    if text.len() > MAX_LENGTH {
        return Err(SmilError::TooLong { length: text.len(), limit: MAX_LENGTH });
    }
    let tags = Scanner::new(text).filter(|tag| tag.kind != TagKind::Close || matches!(tag.name.as_str(), "par" | "body" | "smil"));
    Ok(tags.enumerate().map(|(index, tag)| if index < 2 * MAX_ELEMENTS { Ok(tag) } else { Err(SmilError::TooMany(MAX_ELEMENTS)) }))
}
