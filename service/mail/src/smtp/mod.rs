//! Mail that comes in: an SMTP server that takes nothing unless it is told to.
//!
//! [`Session`] is the protocol as a state machine without sockets or clocks: octets in, replies out, and questions in between.
//! [`SmtpListener`] drives one session for each connection and puts the questions to a [`Receiver`], which decides about every sender and
//! every recipient and makes a message durable before `250` is written.
//!
//! Safe against smuggling: only `<CR><LF>.<CR><LF>` ends a message, and a message with a bare `<CR>` or `<LF>` is refused, so that no two
//! servers can differ about where it ends. What a client sends before it was told to go on (after `DATA`, `AUTH` or `STARTTLS`) is never
//! taken for commands.
//!
//! RFC 5321 (SMTP), 1870 (SIZE), 2034 (enhanced status codes), 2920 (pipelining), 3030 (chunking), 3207 (STARTTLS), 3461 (DSN), 4954 (AUTH),
//! 6152 (8BITMIME), 6531 (SMTPUTF8).

mod auth;
mod budget;
mod command;
mod counters;
mod data;
mod listener;
mod params;
mod receiver;
mod reply;
mod session;
mod settings;

pub use budget::MemoryBudget;
pub use counters::Counters;
pub use listener::{SmtpControl, SmtpListener, SmtpOptions};
pub(crate) use params::to_xtext;
pub use params::{Body, Notify, Recipient, Ret, Sender};
pub use receiver::{Client, Mail, Receiver, Taken};
pub use reply::{Enhanced, Refusal};
pub use session::{Answer, Question, Session, Step};
pub use settings::SmtpSettings;
