//! Images: what their headers say, and how they are made to fit.

mod animation;
mod decode;
mod encode;
mod fit;
mod header;
mod scale;
mod wbmp;

pub(crate) use fit::fit;
pub(crate) use header::{Format, Header};

/// Why an image could not be made to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It cannot be read, or what it asks for is beyond all bounds.
    Broken(String),
    /// The phone accepts no format that can be written.
    Unsupported(String),
    /// It cannot be made small enough.
    TooLarge(String),
}
