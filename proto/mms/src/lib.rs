//! MMS: PDUs of OMA MMS 1.0 to 1.3, their multiparts, SMIL and DRM 1.0.
//!
//! Everything here is a pure function or a plain data structure: no input or output, no clock, no runtime. Reading takes what phones
//! take, tells what was wrong as [`Quirks`], and never panics; writing is strict.
//!
//! | module | what | standard |
//! |---|---|---|
//! | [`content`] | multiparts and their parts | WAP-230-WSP, 8.5 |
//! | [`mod@describe`] | any PDU as people read it | – |
//! | [`drm`] | protected objects | OMA-Download-DRM-V1_0 |
//! | [`header`] | header fields, from one table | OMA-TS-MMS_ENC-V1_3, 7.3 and 7.4 |
//! | [`HeaderFile`] | header fields as lines of text | MMSCOMP |
//! | [`smil`] | presentations | OMA-TS-MMS_CONF-V1_3, 8 |
//!
//! [`Pdu::decode`] reads a PDU with its parts, whose data are slices of what came; [`Pdu::decode_headers`] leaves the content alone, so
//! that it can go into another PDU untouched.

mod address;
mod build;
mod codes;
pub mod content;
mod date;
mod decode;
pub mod describe;
pub mod drm;
mod encode;
mod error;
pub mod header;
mod header_file;
mod kind;
mod pdu;
mod quirks;
mod rules;
pub mod smil;
mod values;

pub use address::MmsAddress;
pub use build::{Deletion, Notification};
pub use codes::{
    CancelStatus, ContentClass, MessageStatus, MmState, Priority, ReadStatus, ReplyCharging, ResponseStatus, RetrievalMode, RetrieveStatus,
    SenderVisibility, StoreStatus,
};
pub use content::{Content, Limits, Multipart, Part, RawContent};
pub use decode::Decoded;
pub use error::{DecodeError, EncodeError, Problem};
pub use header::{Field, Header};
pub use header_file::{HeaderFile, HeaderFileError, HeaderFileProblem};
pub use kind::{PduType, Version};
pub use pdu::Pdu;
pub use quirks::Quirks;
pub use smil::Smil;
pub use values::{
    Amount, ElementDescriptor, EncodedText, MessageClass, MmFlag, Numbered, PreviouslySentBy, PreviouslySentDate, Sender, Time,
};

/// The example of the README, kept true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
