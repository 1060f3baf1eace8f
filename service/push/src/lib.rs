//! Special messages: what people ask for, as what handsets take.
//!
//! Every door that takes them (REST, NowSMS's URLs, the console, a push initiator) reads one [`Special`] and lets [`compose`] make
//! messages of it; so all of them know the same kinds, with the same defaults, and refuse with the same words. The other way round,
//! [`recognise`] tells what a received message is.
//!
//! A push is one message, however long: its ports are in a user data header, and whichever connector carries it splits it as its carrier
//! wants. Only forms whose header elements belong to a segment (EMS, message waiting with a long text) become several messages.
//!
//! | module | what |
//! |---|---|
//! | `special` | the kinds and their fields |
//! | `fields` | the same from the fields of a form |
//! | `compose` | from a kind to a message |
//! | `image` | uploaded images, bounded before they are decoded |
//! | `mms` | notifications of multimedia messages that lie elsewhere |
//! | `recognise` | what a received message is |

mod compose;
mod error;
mod fields;
mod image;
mod limits;
mod mms;
mod octets;
mod recognise;
mod settings;
mod smart;
mod special;
mod wap;

pub use compose::{Composed, compose};
pub use error::ComposeError;
pub use fields::{FieldError, FieldInfo, FieldValue, Input, KINDS, KindInfo, from_fields};
pub use limits::Limits;
pub use mms::{MmsContent, MmsContentError, read_mms};
pub use octets::Octets;
pub use recognise::{Recognised, recognise};
pub use special::*;
pub use waxwing_wap::mms::CONTENT_TYPE as MMS_TYPE;
