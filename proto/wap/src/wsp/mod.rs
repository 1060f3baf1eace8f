//! WSP headers: the compact form of MIME headers that WAP Push and MMS use (WAP-230-WSP, section 8.4).
//!
//! [`Reader`] reads the primitives and is tolerant; the functions of [`mod@write`] write them and are strict. [`ContentType`] and
//! [`Headers`] stand on both.

mod content_type;
mod header;
mod parameter;
mod reader;
pub(crate) mod tables;
pub mod write;

pub use content_type::{ContentType, content_type_code, content_type_name};
pub use header::{Header, HeaderName, HeaderValue, Headers, header_name};
pub use parameter::{Parameter, ParameterValue};
pub use reader::{Reader, Value};

/// The name of an application identifier of `X-Wap-Application-Id`, such as `mms.ua` for 4.
pub fn application_id_name(code: u64) -> Option<&'static str> {
    tables::APPLICATION_IDS.iter().find(|(known, _)| u64::from(*known) == code).map(|(_, name)| *name)
}

/// The number of an application identifier, with or without `x-wap-application:` before it.
pub fn application_id_code(name: &str) -> Option<u64> {
    let name = name.strip_prefix("x-wap-application:").unwrap_or(name);
    tables::APPLICATION_IDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(code, _)| u64::from(*code))
}
