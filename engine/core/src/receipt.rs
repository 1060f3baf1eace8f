//! States a message can be in, and the folding of its parts' receipts into one.

use bytes::Bytes;

use crate::{Millis, want};

/// The state of a message or of a part, SMPP's message_state (SMPP 3.4, 5.2.28) and a few of our own. Stored and shown: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum State {
    /// In our queue.
    Queued = 0,
    /// On its way in the carrier's network.
    Enroute = 1,
    /// Delivered to the handset.
    Delivered = 2,
    /// Its validity ended, here or at the carrier.
    Expired = 3,
    /// Deleted at the carrier, or cancelled.
    Deleted = 4,
    /// The carrier could not deliver it.
    Undeliverable = 5,
    /// Accepted by the carrier, or read by somebody on the handset's behalf.
    Accepted = 6,
    /// The carrier reports an unknown state.
    Unknown = 7,
    /// Rejected by the carrier.
    Rejected = 8,
    /// Skipped (SMPP 5.0).
    Skipped = 9,
    /// Given up here: attempts or routes exhausted.
    Failed = 10,
    /// Sent, and nobody will tell what became of it: no receipt was asked for, or none came.
    Sent = 11,
}

impl State {
    /// Nothing more will come.
    pub fn is_final(self) -> bool {
        !matches!(self, State::Queued | State::Enroute | State::Accepted)
    }

    /// Which wish of a submitter it fulfils.
    pub fn event(self) -> u32 {
        match self {
            State::Delivered => want::DELIVERED,
            State::Queued | State::Enroute => want::BUFFERED,
            State::Accepted | State::Sent => want::ACCEPTED,
            State::Expired | State::Deleted | State::Undeliverable | State::Unknown | State::Rejected | State::Skipped | State::Failed => {
                want::FAILED
            }
        }
    }

    /// The spool's part code: never 0.
    pub fn code(self) -> u8 {
        u8::try_from(self as i32 + 1).unwrap_or(u8::MAX)
    }

    /// From the spool's part code; 0 (no receipt yet) and unknown codes are `None`.
    pub fn from_code(code: u8) -> Option<State> {
        State::try_from(i32::from(code) - 1).ok()
    }

    /// The name used in the ledger, REST and metrics.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Enroute => "enroute",
            State::Delivered => "delivered",
            State::Expired => "expired",
            State::Deleted => "deleted",
            State::Undeliverable => "undeliverable",
            State::Accepted => "accepted",
            State::Unknown => "unknown",
            State::Rejected => "rejected",
            State::Skipped => "skipped",
            State::Failed => "failed",
            State::Sent => "sent",
        }
    }

    /// The spelling of `stat:` in receipts (SMPP 3.4, appendix B).
    pub fn stat(self) -> &'static str {
        match self {
            State::Queued | State::Enroute => "ENROUTE",
            State::Delivered => "DELIVRD",
            State::Expired => "EXPIRED",
            State::Deleted => "DELETED",
            State::Undeliverable | State::Failed => "UNDELIV",
            State::Accepted | State::Sent => "ACCEPTD",
            State::Unknown => "UNKNOWN",
            State::Rejected => "REJECTD",
            State::Skipped => "SKIPPED",
        }
    }

    /// message_state on the wire (SMPP 5.0, 4.7.15): our own states as the nearest standard one.
    pub fn smpp(self) -> u8 {
        match self {
            State::Queued => 1,
            State::Failed => 5,
            State::Sent => 6,
            other => u8::try_from(other as i32).unwrap_or(7),
        }
    }
}

/// What the receipts of a message's parts say about the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// State of the whole: not final while a part's is not.
    pub state: State,
    /// Parts delivered.
    pub delivered: u32,
    /// All parts are final.
    pub done: bool,
}

/// Folds part codes ([`State::code`], 0 = no receipt yet). A message is delivered when all parts are; otherwise it has the state of the
/// first part that failed.
pub fn fold(parts: &[u8]) -> Fold {
    let mut delivered = 0;
    let mut done = true;
    let mut failed = None;
    let mut on_way = State::Enroute;
    for state in parts.iter().map(|&c| State::from_code(c)) {
        match state {
            Some(State::Delivered) => delivered += 1,
            Some(s) if s.is_final() => {
                failed.get_or_insert(s);
            }
            other => {
                done = false;
                on_way = other.unwrap_or(on_way);
            }
        }
    }
    let state = if !done { on_way } else { failed.unwrap_or(State::Delivered) };
    Fold { state, delivered, done }
}

/// A receipt, as a connector understood it. Stored while it waits for the response it belongs to.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CarrierReceipt {
    /// The carrier's id in the forms to try, the likeliest first, each normalised by the connector.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub remotes: Vec<Bytes>,
    /// The state.
    #[prost(enumeration = "State", tag = "2")]
    pub state: i32,
    /// The carrier's error code as it came; empty if none. UTF-8: see [`crate::words`].
    #[prost(bytes = "bytes", tag = "3")]
    pub error: Bytes,
    /// When, milliseconds since 1970, 0 if it did not say.
    #[prost(uint64, tag = "4")]
    pub done: Millis,
    /// The receipt's text as it came.
    #[prost(bytes = "bytes", tag = "5")]
    pub raw: Bytes,
    /// The state's name as the carrier spelt it. UTF-8.
    #[prost(bytes = "bytes", tag = "6")]
    pub stat: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_delivered_when_all_its_parts_are() {
        let d = State::Delivered.code();
        let u = State::Undeliverable.code();
        let a = State::Accepted.code();
        assert_eq!(fold(&[d]), Fold { state: State::Delivered, delivered: 1, done: true });
        assert_eq!(fold(&[d, 0]), Fold { state: State::Enroute, delivered: 1, done: false });
        assert_eq!(fold(&[d, a]), Fold { state: State::Accepted, delivered: 1, done: false });
        assert_eq!(fold(&[d, u, d]), Fold { state: State::Undeliverable, delivered: 2, done: true });
    }

    #[test]
    fn codes_are_never_zero_and_come_back() {
        for n in 0..=11 {
            let s = State::try_from(n).unwrap_or(State::Unknown);
            assert_ne!(s.code(), 0);
            assert_eq!(State::from_code(s.code()), Some(s));
        }
        assert_eq!(State::from_code(0), None);
        assert_eq!(State::from_code(200), None);
    }
}
