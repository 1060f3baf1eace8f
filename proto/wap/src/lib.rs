//! WAP Push: WSP headers and push PDUs, WBXML and the documents that are pushed, their MACs, and their way over SMS.
//!
//! Everything here is a pure function or a plain data structure: no input or output, no clock, no runtime. Reading takes what phones
//! take and never panics; writing is strict.
//!
//! | module | what | standard |
//! |---|---|---|
//! | [`describe`] | any of these as people read it | – |
//! | [`document`] | typed documents with their rules | WAP-167, 168, 175; OMA EMN, DRMREL, ProvCont; OTA settings 7.0 |
//! | [`mms`] | the push around an MMS notification | WAP-209 |
//! | [`push`] | the connectionless Push PDU | WAP-230-WSP, 8.2.4.1 |
//! | [`security`] | MACs of provisioning | OMA ProvBoot, 7.2 |
//! | [`sms`] | ports, segments and what was received | WAP-259-WDP |
//! | [`wbxml`] | tokens to and from trees | WAP-192-WBXML |
//! | [`wsp`] | primitives, content types and header fields | WAP-230-WSP, 8.4 |
//! | [`xml`] | XML text to and from trees | – |
//!
//! From a document to the air: [`Document`] → [`Document::to_wbxml`] → [`Push`] → [`sms::Outgoing::segments`]; and back with
//! [`sms::receive`], whose [`sms::Content`] is the document again.

pub mod charset;
mod date;
pub mod describe;
pub mod document;
mod error;
pub mod mms;
pub mod pap;
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

/// The example of the README, kept true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
