//! What goes into a reassembler and what comes out.

use bytes::Bytes;

use super::PART_OVERHEAD;

/// One part of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part<T> {
    /// The reference that all parts share.
    pub reference: u16,
    /// How many parts there are.
    pub total: u8,
    /// Which part this is, from 1.
    pub number: u8,
    /// The payload. Join the payloads first and decode the text then: careless senders split characters.
    pub payload: Bytes,
    /// The caller's own.
    pub token: T,
}

/// What became of a part.
#[derive(Debug, Eq, PartialEq)]
#[must_use = "it carries tokens that have to be acknowledged"]
pub enum Inserted<K, T> {
    /// The message is whole.
    Complete {
        /// Its parts, from 1 on.
        parts: Vec<Part<T>>,
    },
    /// The same part is there already; this one is not kept.
    Duplicate {
        /// The token of the part that is not kept.
        token: T,
    },
    /// The part is kept, and more are awaited.
    Pending {
        /// Messages that had to give way to keep the limits, the oldest first; the part's own can be among them.
        evicted: Vec<Incomplete<K, T>>,
    },
    /// The part can't be one of several; best taken as a message of its own.
    Rejected {
        /// The part.
        part: Part<T>,
        /// Why it is not kept.
        reason: Reject,
    },
}

/// Why a part is not kept.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Reject {
    /// The part number is 0 or beyond the total.
    #[error("the part number is 0 or beyond the total")]
    Numbering,
    /// The part by itself is larger than all that may be held.
    #[error("the part is larger than all that may be held")]
    TooLarge,
}

/// What there was of a message that did not become whole.
#[derive(Debug, Eq, PartialEq)]
#[must_use = "it carries tokens that have to be acknowledged"]
pub struct Incomplete<K, T> {
    /// The caller's key.
    pub key: K,
    /// The reference of the message.
    pub reference: u16,
    /// How many parts there should be.
    pub total: u8,
    /// The parts that came, in the order of their numbers; at least one.
    pub parts: Vec<Part<T>>,
}

impl<T> Part<T> {
    /// What the part is counted for, in octets.
    pub(super) fn cost(&self) -> usize {
        self.payload.len() + PART_OVERHEAD
    }
}
