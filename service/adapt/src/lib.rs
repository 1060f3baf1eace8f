//! Content adaptation: what a phone can show, and media made to fit it.
//!
//! A message goes out as it came in where the phone can take it, octet for octet; that is decided from the first octets of its parts,
//! without decoding any. What a phone cannot take is made into something that it can, and where nothing can be done a line of text says
//! what was there. Nothing here opens a socket, and no clock is read but the one that ends a run of ffmpeg; the message centre maps its parts to [`Item`]s and back.
//!
//! ```
//! use waxwing_adapt::{Capabilities, Item, Options, adapt};
//!
//! let phone = Capabilities::default();
//! let text = Item::new("text/plain", "hello.txt", &b"hello"[..]);
//! let adapted = adapt(vec![text], &phone, &Options::default()).unwrap();
//! assert!(adapted.is_unchanged());
//! ```
//!
//! # What is adapted how
//!
//! | part | when | becomes |
//! |---|---|---|
//! | image | wider or higher than the phone takes | scaled (Lanczos), proportions kept, turned as its EXIF says |
//! | image | of a type that the phone does not accept | JPEG for photos, PNG or GIF for drawings and what is transparent, WBMP for phones of black and white; flattened on white where the target has no transparency |
//! | image | larger in octets than its share of the message | JPEG of less quality, then of fewer pixels; PNG to JPEG where opaque |
//! | animation | GIF accepted | stays animated (scaled where needed), as long as its frames are within the bounds; a still of its first frame otherwise |
//! | animated WebP | WebP not accepted | animated GIF, or a still |
//! | image | beyond the bounds of [`Limits`], or broken | text in its place |
//! | text | of a charset that the phone does not accept | the first of the phone's charsets that has all of its characters, or the one that has the most |
//! | text | longer than all of the message | cut |
//! | audio, video | of a media type that is not accepted, or too large (which codecs and sizes are in it is not looked at) | transcoded by ffmpeg where one is configured ([`FfmpegOptions`]), text in its place otherwise |
//! | SMIL | the phone shows it | left for the caller, who knows names ([`Adapted::renames`]) and sizes ([`Outcome::pixels`]) |
//! | SMIL | the phone does not | dropped |
//! | anything else | not accepted | text in its place |
//!
//! ffmpeg has to have been built with an encoder of AMR for phones that know nothing else (in Debian that is `libavcodec-extra`).
//!
//! The octets of a message are shared fairly: images that are small already are left alone, and the largest give first. A re-encoded
//! image carries no metadata, so neither camera nor place; one that fits is not touched.
//!
//! # Who says what a phone can do
//!
//! | source | as |
//! |---|---|
//! | the operator's own rules by `User-Agent` | [`AgentRule`] |
//! | the phone's UAProf document | [`Profile::from_uaprof`]; where it lies: [`profile_references`]; kept in a [`ProfileCache`] |
//! | `Accept`, `Accept-Charset` | [`Profile::from_accept`] |
//! | a built-in table by `User-Agent` | [`Profile::from_user_agent`] |
//! | the content class | [`ContentClass::profile`] |
//! | defaults | [`Capabilities::default`] |
//!
//! [`Capabilities::resolve`] puts them together, in that order.
//!
//! # Time and memory
//!
//! [`adapt`] may take as long as decoding [`Limits::work_pixels`] takes (seconds), and ffmpeg its timeout; run it on a thread that may
//! block, and bound how many run at once. It holds one decoded image at a time. [`fits`] says cheaply whether there is anything to do.
//!
//! Written JPEGs are the work of a library that is based in part on the work of the Independent JPEG Group.

mod adapt;
mod budget;
mod class;
mod image;
mod item;
mod media;
mod options;
mod phone;
mod text;
mod transcode;

pub use adapt::{AdaptError, adapt, fits};
pub use class::{ContentClass, classify};
pub use item::{Adapted, Change, Item, Outcome};
pub use media::{MediaKind, MediaTypes};
pub use options::{Limits, Options, Words};
pub use phone::{
    AgentRule, Capabilities, Known, MmsVersion, PROFILE_MOST, Profile, ProfileCache, ProfileError, References, Size, Sources, profile_diff,
    profile_references,
};
pub use transcode::FfmpegOptions;
