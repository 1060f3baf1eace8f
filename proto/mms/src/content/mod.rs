//! The content of a message: parts in a multipart, or a single one (WAP-230-WSP, section 8.5; OMA-TS-MMS_ENC-V1_3, section 7.2).
//!
//! Data is never copied when it is read: parts are slices of the PDU. Only data in base64 or quoted-printable is decoded into octets of
//! its own.

mod media;
mod part;
mod read;
pub(crate) mod transfer;
mod write;

use bytes::Bytes;
pub use media::{extension_of, type_of_name};
pub use part::{Disposition, Names, Part};
use waxwing_wap::wsp::{ContentType, Parameter};

use crate::quirks::Quirks;

/// How much is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// So many parts in all.
    pub parts: usize,
    /// Multiparts inside of multiparts, so deep; deeper ones are taken as data.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parts: 1_000, depth: 4 }
    }
}

/// The content of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// Parts.
    Multipart(Multipart),
    /// As it stands on the wire, not looked into.
    Raw(RawContent),
    /// One thing that is no multipart; it has no header fields of its own.
    Single(Part),
}

/// Parts that belong together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Multipart {
    /// Which multipart it is, with its parameters.
    pub content_type: ContentType,
    /// The parts.
    pub parts: Vec<Part>,
}

/// Content as it stands on the wire: the octets of the content type, and the body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RawContent {
    /// What the content type says.
    content_type: ContentType,
    /// The value of `Content-Type`, and the body behind it.
    wire: Bytes,
    /// Where the body begins.
    body_at: usize,
}

/// Content as it was read, and what was wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecodedContent {
    /// The content, no longer [`Content::Raw`].
    pub content: Content,
    /// What was wrong and could be understood.
    pub quirks: Quirks,
}

/// The content type of parts that belong to a root, mostly SMIL.
pub const RELATED: &str = "application/vnd.wap.multipart.related";
/// The content type of parts that stand side by side.
pub const MIXED: &str = "application/vnd.wap.multipart.mixed";
/// The content type of parts that say the same.
pub const ALTERNATIVE: &str = "application/vnd.wap.multipart.alternative";
/// The content type of SMIL.
pub const SMIL: &str = "application/smil";

impl Content {
    /// What it is.
    pub const fn content_type(&self) -> &ContentType {
        match self {
            Self::Multipart(multipart) => &multipart.content_type,
            Self::Raw(raw) => &raw.content_type,
            Self::Single(part) => &part.content_type,
        }
    }

    /// The parts; the only one of a single content; none of content that was not looked into.
    pub fn parts(&self) -> &[Part] {
        match self {
            Self::Multipart(multipart) => &multipart.parts,
            Self::Raw(_) => &[],
            Self::Single(part) => std::slice::from_ref(part),
        }
    }

    /// The parts of a multipart, to be changed.
    pub fn multipart_mut(&mut self) -> Option<&mut Multipart> {
        match self {
            Self::Multipart(multipart) => Some(multipart),
            _ => None,
        }
    }

    /// The presentation: the part that `start` names, else the first in SMIL; `None` if no part is meant to be the root of others.
    pub fn root(&self) -> Option<&Part> {
        match self {
            Self::Multipart(multipart) => multipart.root(),
            _ => None,
        }
    }
}

impl From<Multipart> for Content {
    fn from(multipart: Multipart) -> Self {
        Self::Multipart(multipart)
    }
}

impl From<RawContent> for Content {
    fn from(raw: RawContent) -> Self {
        Self::Raw(raw)
    }
}

impl Multipart {
    /// Parts side by side.
    pub fn mixed(parts: Vec<Part>) -> Self {
        Self { content_type: ContentType::new(MIXED), parts }
    }

    /// A root, mostly SMIL, and what belongs to it. The root gets a Content-ID if it has none, which `start` is set to.
    pub fn related(mut root: Part, parts: Vec<Part>) -> Self {
        let id = match root.content_id() {
            Some(id) => id.to_owned(),
            None => {
                root.set_content_id("smil");
                "smil".to_owned()
            }
        };
        let content_type = ContentType::new(RELATED)
            .with(Parameter::text("type", root.content_type.media.as_str()))
            .with(Parameter::text("start", format!("<{id}>")));
        Self { content_type, parts: std::iter::once(root).chain(parts).collect() }
    }

    /// See [`Content::root`].
    pub fn root(&self) -> Option<&Part> {
        use waxwing_wap::wsp::ParameterValue::Text;
        let start = match self.content_type.parameter("start") {
            Some(Text(start)) => Some(start.trim_matches(['<', '>', '"'])),
            _ => None,
        };
        let started = start.and_then(|start| self.parts.iter().find(|part| part.is_called(start)));
        started.or_else(|| self.parts.iter().find(|part| part.content_type.is(SMIL)))
    }

    /// The part that a reference means, as SMIL makes it: by Content-Location, by `cid:` and Content-ID, or by name.
    pub fn referred(&self, reference: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.is_called(reference))
    }
}

impl RawContent {
    /// What it is.
    pub const fn content_type(&self) -> &ContentType {
        &self.content_type
    }

    /// The body: behind the content type, so behind all header fields of the PDU.
    pub fn body(&self) -> Bytes {
        self.wire.slice(self.body_at..)
    }

    /// Octets of the body.
    pub fn body_len(&self) -> usize {
        self.wire.len() - self.body_at
    }

    /// The value of `Content-Type` as it stands on the wire.
    pub(crate) fn coded_type(&self) -> &[u8] {
        self.wire.get(..self.body_at).unwrap_or_default()
    }

    /// The value of `Content-Type` and the body behind it, as they stand at the end of a PDU: what [`RawContent::split`] reads.
    pub const fn wire(&self) -> &Bytes {
        &self.wire
    }
}

/// A content type is a multipart, of WSP's or MIME's names.
pub(crate) fn is_multipart(content_type: &ContentType) -> bool {
    let starts = |prefix: &str| content_type.media.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    starts("application/vnd.wap.multipart.") || starts("multipart/")
}
