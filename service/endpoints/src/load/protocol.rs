//! The seam between a load and what is spoken.

use bytes::BytesMut;
use waxwing_session::Dialect;

use super::LoadError;

/// What a protocol makes of a load.
pub trait Protocol: Send + Sync + 'static {
    /// Framing.
    type Dialect: Dialect;
    /// Makes the submissions of one link.
    type Writer: Writer<Self::Dialect>;

    /// For a new link.
    fn dialect(&self) -> Self::Dialect;

    /// Appends the login.
    ///
    /// # Errors
    /// When it cannot be encoded.
    fn login(&self, out: &mut BytesMut) -> Result<(), LoadError>;

    /// Reads the answer to the login, and tells the dialect what was agreed on.
    ///
    /// # Errors
    /// When it is no "yes".
    fn logged_in(&self, dialect: &mut Self::Dialect, pdu: &<Self::Dialect as Dialect>::Pdu) -> Result<(), LoadError>;

    /// For the link with this number.
    fn writer(&self, link: u32) -> Self::Writer;

    /// Receipts for each accepted submission.
    fn receipts_each(&self) -> u64 {
        1
    }

    /// Reads the answer to a submission. Where `ids` are wanted, it appends one for each receipt that is to come.
    fn answer(&self, dialect: &Self::Dialect, pdu: &<Self::Dialect as Dialect>::Pdu, ids: Option<&mut Vec<u64>>) -> Answer;

    /// Reads a request of the server and appends its answer to `out`. Ids of receipts are only needed when `matching`.
    fn receive(&self, dialect: &Self::Dialect, pdu: &<Self::Dialect as Dialect>::Pdu, matching: bool, out: &mut BytesMut) -> Received;
}

/// Makes the submissions of one link.
pub trait Writer<D>: Send {
    /// Appends the next submission, with any sequence number, its text stamped with `sent` if there is one and it has the room.
    ///
    /// # Errors
    /// When it cannot be encoded.
    fn submit(&mut self, dialect: &D, sent: Option<u64>, out: &mut BytesMut) -> Result<(), LoadError>;

    /// Whether the next submission is a further part of the message before.
    fn inside_message(&self) -> bool {
        false
    }
}

/// What a server said to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Accepted.
    Accepted,
    /// Not now, with this code.
    Busy(u32),
    /// No, with this code.
    Refused(u32),
}

/// What a server sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A receipt, and, if it was looked for, what it is about.
    Receipt(Option<u64>),
    /// A message of a handset.
    Message,
    /// Something else.
    Other,
}
