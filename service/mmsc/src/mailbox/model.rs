//! What is in a mailbox, and what can be done to it.

use bytes::Bytes;
use waxwing_core::Millis;
use waxwing_ledger::Subscriber;
use waxwing_media::{MediaId, Owner, Pin};
use waxwing_mms::MmState;

use crate::Facts;

/// Most keywords of an entry.
pub(super) const FLAGS: usize = 32;
/// Octets of the longest keyword.
pub(super) const FLAG_LEN: usize = 64;
/// The bit that tells owners of contents that are entries of mailboxes from those that are messages.
const OWNERS: u64 = 1 << 63;

/// How much a mailbox may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Messages; 0 = there are no mailboxes.
    pub messages: u64,
    /// Octets of contents; 0 = there are no mailboxes.
    pub octets: u64,
}

impl Quota {
    /// There are mailboxes at all.
    pub fn is_open(self) -> bool {
        self.messages > 0 && self.octets > 0
    }
}

/// Whose mailbox it is. A number that is given to somebody else later has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whose {
    /// The subscriber's number: international digits.
    pub(crate) number: String,
    /// When the subscriber was made.
    pub(crate) since: Millis,
}

impl From<&Subscriber> for Whose {
    fn from(s: &Subscriber) -> Whose {
        Whose { number: s.number.to_string(), since: s.created }
    }
}

/// A message that is to be kept.
pub(crate) struct NewEntry {
    pub(crate) whose: Whose,
    /// Its content, which stays because of the pin until the entry needs it.
    pub(crate) content: Pin,
    /// Header fields as they stand in m-retrieve-conf and m-mbox-descr, as octets.
    pub(crate) headers: Vec<u8>,
    /// X-Mms-Message-ID; empty where it has none.
    pub(crate) message_id: String,
    /// The sender, as text; empty = hidden.
    pub(crate) from: String,
    pub(crate) subject: String,
    /// Seconds since 1970.
    pub(crate) date: u64,
    pub(crate) state: MmState,
    pub(crate) flags: Vec<FlagChange>,
    pub(crate) may_adapt: bool,
    pub(crate) locked: bool,
    /// The token of the waiting message that it is a copy of; empty = none. The same message is kept once.
    pub(crate) origin: String,
    pub(crate) expires: Option<Millis>,
    pub(crate) now: Millis,
}

/// A message of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) whose: Whose,
    /// What it is fetched by. Unguessable.
    pub(crate) token: String,
    pub(crate) media: MediaId,
    /// See [`NewEntry::headers`].
    pub(crate) headers: Bytes,
    pub(crate) message_id: String,
    /// Octets of the content.
    pub(crate) size: u64,
    pub(crate) from: String,
    pub(crate) subject: String,
    pub(crate) date: u64,
    pub(crate) state: MmState,
    /// Its keywords, sorted.
    pub(crate) flags: Vec<String>,
    pub(crate) may_adapt: bool,
    pub(crate) locked: bool,
    pub(crate) origin: String,
    pub(crate) stored: Millis,
    pub(crate) expires: Option<Millis>,
}

impl Entry {
    /// As what a waiting message would be, for what is done with either.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            media: Bytes::copy_from_slice(self.media.as_bytes()),
            token: self.token.clone(),
            headers: self.headers.clone(),
            from: self.from.clone(),
            subject: self.subject.clone(),
            size: self.size,
            may_adapt: self.may_adapt,
            locked: self.locked,
            date: self.date,
            recipient: format!("+{}", self.whose.number),
            ..Facts::default()
        }
    }
}

/// A keyword that an entry gets or loses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FlagChange {
    Add(String),
    Remove(String),
}

/// What becomes of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// Another state.
    pub(crate) state: Option<MmState>,
    /// Only where it has this state.
    pub(crate) only_from: Option<MmState>,
    pub(crate) flags: Vec<FlagChange>,
}

/// Which messages of a mailbox, the newest first. All conditions have to be met; of the values of one, any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// These; empty = all.
    pub(crate) tokens: Vec<String>,
    /// Those in one of these states; empty = any.
    pub(crate) states: Vec<MmState>,
    /// Those with one of these keywords; empty = any.
    pub(crate) flags: Vec<String>,
    /// So many are passed over.
    pub(crate) start: u64,
    /// So many at the most.
    pub(crate) limit: u64,
}

/// How much a mailbox holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) messages: u64,
    pub(crate) octets: u64,
}

/// An entry as the owner of its content.
pub(super) fn owner(row: i64) -> Owner {
    Owner(OWNERS | row.unsigned_abs())
}

/// The owner of a content is an entry of a mailbox. Such an owner lets go by itself, when its entry goes.
pub(crate) fn is_owner(owner: Owner) -> bool {
    owner.0 & OWNERS != 0
}
