//! DRM 1.0: content that may not leave the phone, that comes with rights, or that is encrypted and waits for them
//! (OMA-Download-DRM-V1_0, OMA-Download-DRMCF-V1_0).
//!
//! | delivery | what goes to the phone | here |
//! |---|---|---|
//! | forward lock | a message with the object | [`Message`] without rights |
//! | combined delivery | a message with rights and object | [`Message`] with rights |
//! | separate delivery | an encrypted object, and later its rights | [`Dcf`], [`rights`] |

mod dcf;
mod message;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use dcf::Dcf;
pub use message::{Encoding, Message};
use waxwing_wap::document::{Permission, Rights};

use crate::content::Part;

/// The content type of a [`Message`].
pub const MESSAGE: &str = "application/vnd.oma.drm.message";
/// The content type of a [`Dcf`].
pub const CONTENT: &str = "application/vnd.oma.drm.content";

/// What is wrong with protected content.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DrmError {
    /// A message without a boundary, or without an object behind it.
    #[error("this is no DRM message: {0}")]
    NoMessage(&'static str),
    /// Octets that are no encrypted object.
    #[error("this is no DRM content: {0}")]
    NoContent(&'static str),
    /// Rights that can't be read.
    #[error("the rights can't be read: {0}")]
    Rights(String),
    /// The key is not the one of the content, or the content is damaged.
    #[error("the content can't be decrypted; the key is another, or the content is damaged")]
    Key,
    /// Encrypted in another way than DRM 1.0 has.
    #[error("the encryption {0:?} is not known; known is AES128CBC")]
    Encryption(String),
    /// Something does not fit its field.
    #[error("{what} has {length} octets and {limit} are allowed; shorten it")]
    TooLong {
        /// What.
        what: &'static str,
        /// Octets that it has.
        length: usize,
        /// Octets that are allowed.
        limit: usize,
    },
    /// A line end, or a character that has no coding there.
    #[error("{0} has characters that cannot stand there; leave them out")]
    Characters(&'static str),
}

/// A part may not leave the phone that it is for: forward lock and combined delivery. What is encrypted may; it is of no use without rights.
pub fn is_locked(part: &Part) -> bool {
    part.content_type.is(MESSAGE)
}

/// The rights to an object by its content id (`cid:...`): what is allowed, and the key if it is encrypted.
///
/// [`Document::Rights`](waxwing_wap::Document::Rights) writes them as XML and WBXML, and pushes them.
pub fn rights(cid: &str, key: Option<&[u8; 16]>, permissions: Vec<Permission>) -> Rights {
    Rights { key: key.map(|key| STANDARD.encode(key)), ..Rights::new(cid, permissions) }
}

/// The key that rights bring; `None` if they bring none, or one that is none of DRM 1.0.
pub fn key(rights: &Rights) -> Option<[u8; 16]> {
    let key: String = rights.key.as_ref()?.chars().filter(|char| !char.is_whitespace()).collect();
    STANDARD.decode(key).ok()?.try_into().ok()
}
