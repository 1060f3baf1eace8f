//! What the ledger tells of a message.

use waxwing_core::{Address, Kind, Millis, MsgId, State};

/// A message, as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// Its number.
    pub id: MsgId,
    /// [`Kind::Mt`], [`Kind::Mo`] or [`Kind::Mms`].
    pub kind: Kind,
    /// Account that submitted it (MT) or that it is for (MO); empty = nobody's.
    pub account: String,
    /// Name of the door it came by ([`waxwing_core::Door::name`]).
    pub door: String,
    /// Sender.
    pub source: Address,
    /// Recipient, in normal form.
    pub destination: Address,
    /// Its text; `None` where it is binary, or where texts are not kept.
    pub text: Option<String>,
    /// SMPP data_coding as it came (for texts: as wished).
    pub data_coding: u32,
    /// Octets of the content as it came (of a text: in UTF-8).
    pub octets: u64,
    /// The submitter's own reference, empty if none; of one that was submitted in parts, those of the parts, with spaces between.
    pub reference: String,
    /// Its service_type (SMPP) or Service_Id (CMPP), empty if none.
    pub service_type: String,
    /// Where it was submitted from: system_id, address or user, as the door told it.
    pub submitted_from: String,
    /// 0 to 3.
    pub priority: u8,
    /// When it was accepted.
    pub accepted: Millis,
    /// End of its validity.
    pub expires: Millis,
    /// Not before; for the first attempt, or the next one after a failure.
    pub due: Option<Millis>,
    /// When it last went out.
    pub sent: Option<Millis>,
    /// When it reached a final state.
    pub done: Option<Millis>,
    /// Connector that it is to leave, left, or came by; empty if none.
    pub connector: String,
    /// Its state.
    pub state: State,
    /// The last error code, empty if none.
    pub error: String,
    /// The last error in words, empty if none.
    pub reason: String,
    /// Attempts that were counted.
    pub attempts: u32,
    /// Parts it was sent in; 1 until it is known.
    pub parts: u32,
    /// State of each part that has a receipt; shorter than `parts` where none has come for the last ones.
    pub part_states: Vec<Option<State>>,
    /// The carrier's ids of its parts, separated by commas.
    pub remote_id: String,
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// It was accepted.
    Accepted,
    /// A connector sent it; `code` has the carrier's ids.
    Sent,
    /// It could not be sent and is tried again.
    Retry,
    /// It goes over another connector, which is the event's.
    Moved,
    /// It was handed over (received messages, and what needs no receipt).
    Delivered,
    /// A receipt for one part came from the carrier; `state` is that part's.
    Receipt,
    /// It failed for good.
    Failed,
    /// Its validity ended.
    Expired,
    /// It was taken out of the queue.
    Cancelled,
    /// Its content or times were exchanged.
    Replaced,
    /// A dead letter was queued again.
    Replayed,
    /// A dead letter was dropped.
    Buried,
    /// No receipt came in the time allowed.
    GaveUp,
    /// A receipt was handed to the submitter.
    ReceiptSent,
    /// A receipt could not be handed to the submitter and is tried again.
    ReceiptRetry,
    /// A receipt could not be handed to the submitter; given up.
    ReceiptFailed,
    /// A receipt's time to wait for the submitter ended.
    ReceiptExpired,
    /// A remark.
    Note,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 18] = [
        EventKind::Accepted,
        EventKind::Sent,
        EventKind::Retry,
        EventKind::Moved,
        EventKind::Delivered,
        EventKind::Receipt,
        EventKind::Failed,
        EventKind::Expired,
        EventKind::Cancelled,
        EventKind::Replaced,
        EventKind::Replayed,
        EventKind::Buried,
        EventKind::GaveUp,
        EventKind::ReceiptSent,
        EventKind::ReceiptRetry,
        EventKind::ReceiptFailed,
        EventKind::ReceiptExpired,
        EventKind::Note,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Accepted => "accepted",
            EventKind::Sent => "sent",
            EventKind::Retry => "retry",
            EventKind::Moved => "moved",
            EventKind::Delivered => "delivered",
            EventKind::Receipt => "receipt",
            EventKind::Failed => "failed",
            EventKind::Expired => "expired",
            EventKind::Cancelled => "cancelled",
            EventKind::Replaced => "replaced",
            EventKind::Replayed => "replayed",
            EventKind::Buried => "buried",
            EventKind::GaveUp => "gave_up",
            EventKind::ReceiptSent => "receipt_sent",
            EventKind::ReceiptRetry => "receipt_retry",
            EventKind::ReceiptFailed => "receipt_failed",
            EventKind::ReceiptExpired => "receipt_expired",
            EventKind::Note => "note",
        }
    }

    /// By its name; an unknown one (of a newer version) is a remark.
    pub fn from_name(name: &str) -> EventKind {
        EventKind::ALL.into_iter().find(|k| k.name() == name).unwrap_or(EventKind::Note)
    }
}

/// One event in a message's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// When it was recorded.
    pub at: Millis,
    /// What happened.
    pub kind: EventKind,
    /// The connector, or where else it happened (`account`, `webhook`); empty if it is nowhere's.
    pub connector: String,
    /// Which part, from 0.
    pub part: Option<u32>,
    /// The state that came of it: of that part, or of the message where `part` is `None`.
    pub state: Option<State>,
    /// The other side's code.
    pub code: String,
    /// The words.
    pub words: String,
}

/// A message with everything that happened to it, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The message.
    pub message: MessageRecord,
    /// Its events, beginning with [`EventKind::Accepted`].
    pub events: Vec<EventRecord>,
}

/// States by name.
pub(crate) fn state_of(name: &str) -> Option<State> {
    (0..).map_while(|n| State::try_from(n).ok()).find(|s| s.name() == name)
}

/// A state, with the column's name where it is one of a newer version.
pub(crate) fn state_or_unknown(name: &str) -> State {
    state_of(name).unwrap_or(State::Unknown)
}

/// The `kind` column.
pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Mt => "mt",
        Kind::Mo => "mo",
        Kind::Receipt => "receipt",
        Kind::MoPart | Kind::MtPart => "part",
        Kind::Mms => "mms",
    }
}

/// The kind that a `kind` column names.
pub(crate) fn kind_named(name: &str) -> Kind {
    match name {
        "mo" => Kind::Mo,
        "mms" => Kind::Mms,
        _ => Kind::Mt,
    }
}

/// The `part_states` column: names separated by commas, nothing where no receipt has come.
pub(crate) fn part_states_text(states: &[Option<State>]) -> String {
    let mut text = String::new();
    for (n, s) in states.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(s.map_or("", State::name));
    }
    text
}

/// Reads [`part_states_text`] back.
pub(crate) fn part_states_of(text: &str) -> Vec<Option<State>> {
    if text.is_empty() { Vec::new() } else { text.split(',').map(state_of).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for k in EventKind::ALL {
            assert_eq!(EventKind::from_name(k.name()), k);
        }
        for n in 0..=11 {
            let s = State::try_from(n).ok();
            assert_eq!(s.and_then(|s| state_of(s.name())), s);
        }
        assert_eq!(state_of("nonsense"), None);
    }

    #[test]
    fn part_states_come_back() {
        for states in [vec![], vec![Some(State::Delivered), None, Some(State::Undeliverable)], vec![None, Some(State::Expired)]] {
            assert_eq!(part_states_of(&part_states_text(&states)), states);
        }
    }
}
