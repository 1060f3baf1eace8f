//! E-mail (MM3): mail to numbers becomes multimedia messages or SMS, messages to e-mail addresses leave by a relay, and reports go both ways
//! as RFC 4356 has it.
//!
//! What leaves waits in the queue `mms:mail`: messages, and the receipts of messages that came by mail, which leave as delivery status
//! notifications and disposition notifications.
//!
//! | module | what |
//! |---|---|
//! | `door` | who may send what to whom by SMTP |
//! | `incoming` | a message from outside becomes messages and SMS |
//! | `returned` | reports that come back about mail that left |
//! | `send` | the worker of the queue |
//! | `compose` | a multimedia message as mail |
//! | `told` | a receipt as mail |
//! | `wish` | what the sender of mail wants to be told, kept with the message |
//! | `metrics` | what is counted |

mod compose;
mod door;
mod incoming;
mod metrics;
mod returned;
mod send;
mod told;
mod wish;

pub use door::{MailDoor, MailDoorOptions};
pub(crate) use metrics::MailCounters;
pub(crate) use send::{WORKERS, run};
