//! Nokia Smart Messaging and EMS.

pub mod bitmap;
mod bits;
mod error;
pub mod logo;
pub mod multipart;
pub mod ringtone;
mod user_data;
pub mod vobject;

pub use self::error::{DecodeError, EncodeError};
pub use self::user_data::{SMART_DATA, Splitting, UserData};
