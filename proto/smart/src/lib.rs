//! Smart messages: ring tones, logos, pictures, business cards, formatted text, message waiting and special texts, to and from the user
//! data of short messages.
//!
//! Everything here is a pure function or a plain data structure: no input or output, no clock. Nothing panics on what a network may
//! bring.
//!
//! Each kind has a type whose `encode` makes [`UserData`], one for each segment; [`Smart::decode`] finds out what a message is.
//!
//! | module | what | standard |
//! |---|---|---|
//! | [`bitmap`] | pictures of black and white pixels, made of shades of grey | – |
//! | [`describe`] | any of these as text or JSON | – |
//! | [`ems`] | formatted text, sounds, pictures, animations | 3GPP TS 23.040, 9.2.3.24.10 |
//! | [`logo`] | operator logos, icons for callers | Smart Messaging 3.0.0, 3.4 |
//! | [`multipart`] | picture messages, profiles | Smart Messaging 3.0.0, 3.6 and 3.7 |
//! | [`ringtone`] | ring tones: binary, RTTTL, iMelody | Smart Messaging 3.0.0, 3.8 |
//! | [`sckl`] | the form of smart messages for networks without user data headers | Smart Messaging 3.0.0, 2.2 |
//! | [`text`] | texts shown at once, replaced, asking for a call | 3GPP TS 23.038, 4; 23.040, 9.2.3.9 |
//! | [`vobject`] | business cards, calendar entries | Smart Messaging 3.0.0, 3.2 and 3.3 |
//! | [`waiting`] | message waiting notices | 3GPP TS 23.038, 4; 23.040, 9.2.3.24.2 |
//!
//! # Example
//!
//! ```
//! use waxwing_smart::ringtone::Ringtone;
//! use waxwing_smart::{Smart, Splitting};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tone = Ringtone::from_rtttl("Scale:d=8,o=5,b=125:c,d,e,f,g,a,b,4c6")?;
//! let parts = tone.encode(Splitting { reference: 42, max_segments: 3 })?;
//! assert_eq!(parts.len(), 1);
//! assert_eq!(Smart::decode(&parts)?, Some(Smart::Ringtone(tone)));
//! # Ok(())
//! # }
//! ```

pub mod bitmap;
mod bits;
mod decode;
pub mod describe;
pub mod ems;
mod error;
pub mod logo;
pub mod multipart;
pub mod ringtone;
pub mod sckl;
pub mod text;
mod user_data;
pub mod vobject;
pub mod waiting;

pub use self::decode::Smart;
pub use self::error::{DecodeError, EncodeError};
pub use self::user_data::{SMART_DATA, Splitting, UserData};
