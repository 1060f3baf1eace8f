//! The multimedia message centre: phones hand messages in and fetch them (MM1), others reach phones through it.
//!
//! A message to one recipient is an entry of the spool, like every other message, in the queue `mms:phones` or `mms:mail`; what the centre
//! knows of it is in the entry ([`Facts`]), its content in the media store. The token in a notification is the entry's remote id, by which
//! whoever fetches finds it. Whatever happens to it is a transaction of the spool, so the ledger has it.
//!
//! | module | what |
//! |---|---|
//! | `submit` | the way in, for every door |
//! | `compose`, `protect` | what applications ask for, made into messages; OMA DRM 1.0 |
//! | `notify` | telling recipients, again and again, or by a link |
//! | `mm1` | phones: handing in, fetching, reports |
//! | `reports` | receipts of the centre's own SMS; reports to senders |
//! | `received`, `line` | messages that an operator's centre tells us of by SMS |
//! | `mailbox` | messages that subscribers keep here |
//! | `mail` | e-mail in and out (MM3) |
//! | `adaptation` | contents made to fit the phone that fetches them |
//! | `page` | the page behind a link |
//! | `keep` | which contents are still needed |

mod adaptation;
mod centre;
mod compose;
mod counters;
mod draft;
mod facts;
mod keep;
mod line;
mod log;
mod mail;
mod mailbox;
mod mm1;
mod notify;
mod options;
mod page;
mod pdus;
mod protect;
mod received;
mod recent;
mod reports;
mod run;
mod submit;
mod token;

pub use centre::{ACCOUNT, Centre, MAIL, PHONES};
pub use counters::register_metrics;
pub use draft::Draft;
pub use facts::{Facts, Way};
pub use line::OperatorLine;
pub use mail::{MailDoor, MailDoorOptions};
pub use mailbox::{MailboxError, Mailboxes, Quota};
pub use options::{MmsRoute, MmscOptions, Unknown};
pub use run::{RunOptions, Running};
pub use submit::{MmsError, Submitted};
