//! What the API asks of whoever keeps the record of finished messages. The binary joins it to the ledger.

use thiserror::Error;
use waxwing_core::{Millis, MsgId, State};
use waxwing_spool::BoxFuture;

/// A message, as the record has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: u64,
    /// Account that submitted or received it.
    pub account: String,
    /// `mt`, `mo` or `receipt`.
    pub kind: String,
    /// Door by which it came in (`smpp`, `rest`, ...).
    pub door: String,
    /// Sender.
    pub from: String,
    /// Recipient.
    pub to: String,
    /// Its text, if it has one and texts are kept.
    pub text: Option<String>,
    /// Its state's name.
    pub state: String,
    /// The carrier's or our error code, empty if none.
    pub error: String,
    /// Connector that carried it, empty while none has.
    pub connector: String,
    /// The submitter's reference.
    pub reference: String,
    /// When it was accepted, milliseconds since 1970.
    pub accepted: Millis,
    /// When it reached a final state, milliseconds since 1970.
    pub done: Option<Millis>,
}

/// One thing that happened to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordEvent {
    /// When, milliseconds since 1970.
    pub at: Millis,
    /// What: `accepted`, `sent`, `retry`, `receipt`, ...
    pub event: String,
    /// Where: a connector, `webhook`, `account`; empty if nowhere in particular.
    pub place: String,
    /// State that it got by it; empty if none.
    pub state: String,
    /// The other side's code.
    pub code: String,
    /// The words.
    pub detail: String,
}

/// A message and all that happened to it, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The message.
    pub record: Record,
    /// Its life.
    pub events: Vec<RecordEvent>,
}

/// What is looked for; every field that is set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordQuery {
    /// Sender or recipient, digits without `+`, or an alphanumeric sender.
    pub number: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Connector.
    pub connector: Option<String>,
    /// State.
    pub state: Option<State>,
    /// Accepted at or after, milliseconds since 1970.
    pub since: Option<Millis>,
    /// Accepted before, milliseconds since 1970.
    pub until: Option<Millis>,
    /// At most so many, 1 to 1000.
    pub limit: usize,
    /// Continue after a page: its [`RecordPage::next`].
    pub cursor: Option<String>,
}

/// Messages, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordPage {
    /// The messages.
    pub records: Vec<Record>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// Why nothing could be looked up.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RecordsError {
    /// The cursor is none of ours.
    #[error("{0:?} is not a cursor that this gateway gave out; begin again without one")]
    Cursor(String),
    /// The store failed.
    #[error("the record of messages cannot be read: {0}")]
    Broken(String),
}

/// The record of messages.
pub trait Records: Send + Sync + 'static {
    /// Messages that match, newest first.
    fn search(&self, query: RecordQuery) -> BoxFuture<'static, Result<RecordPage, RecordsError>>;

    /// One message and its life; `None` if there is none of that number.
    fn life(&self, id: MsgId) -> BoxFuture<'static, Result<Option<Life>, RecordsError>>;
}
