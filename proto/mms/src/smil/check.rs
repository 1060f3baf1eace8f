//! What phones may not show as it was meant.

use std::collections::HashSet;

use super::{MediaKind, Smil};
use crate::content::{Names, Part, SMIL};

/// Something that a phone may not show as it was meant (OMA-TS-MMS_CONF-V1_3, section 8.1).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Finding {
    /// An element that has no place in MMS.
    #[error("the element {0} is not one of MMS")]
    Foreign(String),
    /// A slide that does not say how long it is shown.
    #[error("slide {0} has no duration")]
    NoDuration(usize),
    /// No slide at all.
    #[error("there is no slide")]
    NoSlide,
    /// A region that is not in the layout.
    #[error("slide {slide} shows something in the region {region:?}, which the layout does not have")]
    NoRegion {
        /// From 1 on.
        slide: usize,
        /// The name.
        region: String,
    },
    /// A reference that means no part.
    #[error("slide {slide} refers to {source_name:?}, which is no part of the message")]
    NoSource {
        /// From 1 on.
        slide: usize,
        /// The reference.
        source_name: String,
    },
    /// More than one region for images, and one for text.
    #[error("the layout has the region {0:?}; phones know Image and Text")]
    Region(String),
    /// More than one of a kind in a slide: an image or a video, a text, a sound.
    #[error("slide {slide} has more than one {kind}")]
    Several {
        /// From 1 on.
        slide: usize,
        /// The name of the element.
        kind: &'static str,
    },
    /// A part that no slide shows: it is there as an attachment.
    #[error("no slide shows the part {0:?}")]
    Unused(String),
}

impl Smil {
    /// What phones may not show as it was meant: by itself, and with these parts of the message (the presentation among them or not).
    pub fn check(&self, parts: &[Part]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.foreign.iter().cloned().map(Finding::Foreign).collect();
        let strange = self.regions.iter().filter(|region| !["Image", "Text"].contains(&region.id.as_str()));
        findings.extend(strange.map(|region| Finding::Region(region.id.clone())));
        if self.slides.is_empty() {
            findings.push(Finding::NoSlide);
        }
        let names = Names::new(parts);
        let regions: HashSet<&str> = self.regions.iter().map(|region| region.id.as_str()).collect();
        let mut used = HashSet::new();
        for (slide, number) in self.slides.iter().zip(1..) {
            if slide.duration.is_none() {
                findings.push(Finding::NoDuration(number));
            }
            for (kinds, kind) in [
                (&[MediaKind::Image, MediaKind::Video, MediaKind::Animation][..], "img"),
                (&[MediaKind::Text], "text"),
                (&[MediaKind::Audio], "audio"),
            ] {
                if slide.media.iter().filter(|media| kinds.contains(&media.kind)).count() > 1 {
                    findings.push(Finding::Several { slide: number, kind });
                }
            }
            for media in &slide.media {
                match names.part(&media.source) {
                    Some(at) => drop(used.insert(at)),
                    None => findings.push(Finding::NoSource { slide: number, source_name: media.source.clone() }),
                }
                if let Some(region) = &media.region
                    && !regions.contains(region.as_str())
                {
                    findings.push(Finding::NoRegion { slide: number, region: region.clone() });
                }
            }
        }
        let unused = parts.iter().enumerate().filter(|(at, part)| !used.contains(at) && !part.content_type.is(SMIL));
        findings.extend(unused.map(|(_, part)| Finding::Unused(part.name().unwrap_or_default())));
        findings
    }
}
