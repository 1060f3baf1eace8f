//! Codecs for short messages: GSM alphabets, charsets, data coding schemes, user data headers, segmentation and reassembly.
//!
//! Everything here is a pure function or a plain data structure: no input or output, no clock, no runtime. Nothing panics on what a
//! network may bring.
//!
//! | module | what | standard |
//! |---|---|---|
//! | [`alphabet`] | 7-bit alphabets with national language tables, packing of septets | 3GPP TS 23.038, 6 |
//! | [`charset`] | the charsets of SMPP, CMPP and modems, by name | – |
//! | [`dcs`] | TP-Data-Coding-Scheme, and SMPP's `data_coding` | 3GPP TS 23.038, 4; SMPP 3.4, 5.2.19 |
//! | [`reassembly`] | joining the parts of long messages | 3GPP TS 23.040, 9.2.3.24.1 |
//! | [`segment`] | choosing a coding and splitting long messages | 3GPP TS 23.040, 9.2.3.24.1 |
//! | [`transliterate`] | plain stand-ins for typographic characters | – |
//! | [`udh`] | user data headers | 3GPP TS 23.040, 9.2.3.24 |
//!
//! # Example
//!
//! A text goes out in segments; the segments come in, out of order, and become the text again.
//!
//! ```
//! use waxwing_gsm::charset::Charset;
//! use waxwing_gsm::reassembly::{Inserted, Part, Reassembler, ReassemblyLimits};
//! use waxwing_gsm::segment::{TextPolicy, segment};
//! use waxwing_gsm::udh::UserDataHeader;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = "Zürich €5 ".repeat(20);
//! let segments = segment(&text, &TextPolicy::default(), 42)?;
//! assert_eq!(segments.len(), 2);
//! assert_eq!(segments[0].coding.charset, Charset::Gsm7);
//!
//! let mut reassembler = Reassembler::new(ReassemblyLimits::default());
//! for (token, segment) in segments.iter().enumerate().rev() {
//!     let user_data = segment.user_data();
//!     let (header, payload) = UserDataHeader::parse(&user_data)?;
//!     let concat = header.concatenation().ok_or("not a part")?;
//!     let part = Part {
//!         reference: concat.reference,
//!         total: concat.total,
//!         number: concat.number,
//!         payload: payload.to_vec().into(),
//!         token,
//!     };
//!     match reassembler.insert(("+41790000001", "12345"), part, 0) {
//!         Inserted::Complete { parts } => {
//!             let septets: Vec<u8> = parts.iter().flat_map(|part| part.payload.to_vec()).collect();
//!             assert_eq!(Charset::Gsm7.decode(&septets).text, text);
//!         }
//!         Inserted::Pending { .. } => assert_eq!(token, 1),
//!         other => panic!("{other:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

pub mod alphabet;
pub mod charset;
pub mod dcs;
pub mod reassembly;
pub mod segment;
mod text;
pub mod transliterate;
pub mod udh;

pub use self::text::{Decoded, Encoded, Unencodable};
