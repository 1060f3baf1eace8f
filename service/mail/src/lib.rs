//! E-mail: an SMTP listener, a relay client, and the mapping between MIME and multimedia messages (MM3; MM4 later).
//!
//! This crate knows e-mail and nothing else: neither the spool nor the PDUs of multimedia messages. Whoever wires it up turns its neutral
//! types ([`MailContent`], [`Outgoing`]) into messages and back, and decides through [`smtp::Receiver`] what is taken.
//!
//! | module | what |
//! |---|---|
//! | [`smtp`] | mail that comes in: the session as a pure state machine, and the listener that drives it |
//! | [`auth_results`](mod@auth_results) | verdicts of SPF, DKIM and DMARC that a trusted server in front wrote into the message |
//! | [`content`] | from a message's octets to what it says, and to the text of an SMS |
//! | [`write`](mod@write) | messages and reports from neutral parts |
//! | [`mms`] | what MMS and e-mail call the same thing (RFC 4356) |
//! | [`relay`] | mail that goes out: a client to one configured relay |

pub mod address;
pub mod auth_results;
pub mod content;
pub mod mms;
pub mod relay;
pub mod report;
pub mod smtp;
pub mod write;

pub use address::Mailbox;
pub use auth_results::{AuthPolicy, AuthResult, Verdict, auth_results};
pub use content::{ContentError, ContentLimits, Disposition, MailContent, Part, SmsTextOptions, sms_text};
pub use mms::{Importance, MessageClass, MmStatus};
pub use relay::{Delivery, Envelope, Relay, RelayOptions};
pub use report::{Action, DeliveryReport, DispositionReport, RecipientStatus, Report};
pub use smtp::{Counters, Receiver, SmtpListener, SmtpOptions};
pub use write::{Outgoing, WriteError};

/// A boxed future, so that [`Receiver`] stays usable as `dyn Receiver`; one allocation a question.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
