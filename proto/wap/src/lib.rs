//! WAP Push: WSP headers and push PDUs, WBXML and the documents that are pushed.

pub mod charset;
mod date;
pub mod describe;
pub mod document;
mod error;
pub mod mms;
pub mod push;
pub mod security;
pub mod sms;
pub mod wbxml;
pub mod wsp;
pub mod xml;

pub use charset::Charset;
pub use document::Document;
pub use error::{DecodeError, EncodeError, Problem};
pub use push::Push;
