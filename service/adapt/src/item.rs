//! What goes in and comes out.

use bytes::Bytes;

/// One part of a message: what is left of it when headers and addressing are taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The media type without parameters, as `image/jpeg`. Aliases (`image/jpg`) and wrong ones are understood: images, audio and video
    /// are recognised by their content.
    pub content_type: String,
    /// The charset of text, by its IANA name; `None` where the part named none.
    pub charset: Option<String>,
    /// The name by which a presentation refers to it (content location, or the name parameter); may be empty.
    pub name: String,
    /// The content, without any transfer encoding.
    pub data: Bytes,
}

impl Item {
    /// An item without a charset.
    pub fn new(content_type: impl Into<String>, name: impl Into<String>, data: impl Into<Bytes>) -> Self {
        Self { content_type: content_type.into(), charset: None, name: name.into(), data: data.into() }
    }

    /// The same with a charset.
    #[must_use]
    pub fn with_charset(mut self, charset: impl Into<String>) -> Self {
        self.charset = Some(charset.into());
        self
    }
}

/// A message as a phone takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapted {
    /// One for each item that went in, in that order.
    pub outcomes: Vec<Outcome>,
    /// The octets of all items that are left, with what [`crate::Limits`] reckons for their headers.
    pub size: u64,
}

impl Adapted {
    /// Whether every item is what it was.
    pub fn is_unchanged(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.changes.is_empty())
    }

    /// The items that are left, in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.outcomes.iter().filter_map(|outcome| outcome.item.as_ref())
    }

    /// The names that a presentation has to be rewritten with: the old one and the new one, or `None` for an item that was dropped.
    pub fn renames(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let renamed = |outcome: &Outcome| outcome.item.as_ref().is_none_or(|item| item.name != outcome.name);
        self.outcomes.iter().filter(move |o| renamed(o)).map(|o| (o.name.as_str(), o.item.as_ref().map(|item| item.name.as_str())))
    }

    /// The place of the presentation (SMIL) among the outcomes, where there is one and the phone shows it. Its content is what it was; it is
    /// the caller's to rewrite.
    pub fn presentation(&self) -> Option<usize> {
        self.outcomes.iter().position(|o| o.item.as_ref().is_some_and(|item| crate::media::is_presentation(&item.content_type)))
    }
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The name it came with.
    pub name: String,
    /// What it is now; `None` where it was dropped.
    pub item: Option<Item>,
    /// Width and height, where it is an image whose header could be read, or a video that was transcoded. That of an image which was not
    /// touched is as it is stored, before any turn that its EXIF asks for.
    pub pixels: Option<(u32, u32)>,
    /// What was done to it, in order; empty where nothing was, and then the octets are the same.
    pub changes: Vec<Change>,
}

/// Something that was done to an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its charset is another one now.
    Charset {
        /// The charset that it was read as.
        from: String,
        /// The charset that it is written in.
        to: String,
        /// How many characters the new charset does not have, and were replaced.
        lost: usize,
    },
    /// Its media type is another one now, and so is its name.
    Converted {
        /// The media type that it was.
        from: String,
        /// The media type that it is.
        to: String,
    },
    /// Taken away: a presentation for a phone that shows none, or what no longer had room and was nothing worth a word.
    Dropped,
    /// Written anew, as so many octets.
    Recompressed {
        /// The octets before.
        from: usize,
        /// The octets now.
        to: usize,
    },
    /// A line of text took its place.
    Replaced {
        /// The media type that it was.
        from: String,
        /// Why, in words for the log.
        why: String,
    },
    /// The octets are the same, but the media type said something else than they are.
    Retyped {
        /// The media type that it was said to be.
        from: String,
        /// The media type that it is.
        to: String,
    },
    /// Made smaller; width and height as shown.
    Scaled {
        /// The size before.
        from: (u32, u32),
        /// The size now.
        to: (u32, u32),
    },
    /// An animation of which the first frame is left.
    Stilled,
    /// Text that was cut to so many octets.
    Truncated {
        /// The octets before.
        from: usize,
        /// The octets now.
        to: usize,
    },
    /// Turned as the camera had noted in it (EXIF).
    Turned,
}
