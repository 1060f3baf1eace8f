//! Media types: which are the same under another name, which a phone accepts, and what content says of itself.

mod sniff;
mod types;

pub use types::{MediaKind, MediaTypes};

pub(crate) use sniff::sniff;
pub(crate) use types::{canonical, extension, is_presentation, kind};
