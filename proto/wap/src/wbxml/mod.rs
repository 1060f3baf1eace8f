//! WBXML 1.1 to 1.3: XML in tokens (WAP-192-WBXML).
//!
//! [`decode`] and [`encode`] go between octets and a tree of [`Element`]s, by the token tables of a [`Language`]. What a document means
//! is up to [`document`](crate::document).

mod decode;
mod encode;
pub(crate) mod language;
pub mod tables;
mod tree;

pub use decode::{Limits, decode, decode_as};
pub use encode::{Options, PublicId, StringTable, Version, encode};
pub use language::{AttributeStart, Language, Token, Values};
pub use tree::{Attribute, Element, Extension, Node};

/// Tokens that every language has (WAP-192-WBXML, section 7.1).
pub(crate) mod global {
    pub(crate) const SWITCH_PAGE: u8 = 0x00;
    pub(crate) const END: u8 = 0x01;
    pub(crate) const ENTITY: u8 = 0x02;
    pub(crate) const STR_I: u8 = 0x03;
    pub(crate) const LITERAL: u8 = 0x04;
    pub(crate) const EXT_I_0: u8 = 0x40;
    pub(crate) const EXT_I_2: u8 = 0x42;
    pub(crate) const PI: u8 = 0x43;
    pub(crate) const EXT_T_0: u8 = 0x80;
    pub(crate) const EXT_T_2: u8 = 0x82;
    pub(crate) const STR_T: u8 = 0x83;
    pub(crate) const EXT_0: u8 = 0xc0;
    pub(crate) const EXT_2: u8 = 0xc2;
    pub(crate) const OPAQUE: u8 = 0xc3;
    /// A tag has attributes.
    pub(crate) const WITH_ATTRIBUTES: u8 = 0x80;
    /// A tag has content.
    pub(crate) const WITH_CONTENT: u8 = 0x40;
}
