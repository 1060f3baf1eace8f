//! The Push Access Protocol: what push initiators say to a push proxy gateway, and it to them (WAP-247-PAP, which is PAP 2.0; WAP-164-PAP,
//! which is PAP 1.0).
//!
//! A submission is a MIME multipart entity ([`parts_of`]): a control entity in XML ([`Pap`]), the content, and perhaps what the handset can
//! do. Everything else is a control entity alone. Reading is tolerant where initiators are known to be careless (line ends, comments, the
//! order of attributes, unknown ones), and says line and column where it cannot be; writing is what the DTD says.

mod address;
mod code;
mod message;
mod mime;
mod multipart;
mod read;
mod write;

pub use address::{AddressError, AddressKind, PushAddress};
pub use code::Code;
pub use message::*;
pub use mime::{MimeError, Part, parts_of};
pub use multipart::{MultipartError, to_wsp};
pub use read::{MAX_ADDRESSES, MAX_LENGTH, PapError};
