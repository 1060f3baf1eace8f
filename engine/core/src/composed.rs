//! Transactions that others compose: the message centre settles a multimedia message *and* queues the SMS that tells of it, durable together.
//!
//! Here are the parts that only core can make: the entry of an SMS that would be accepted now, and the receipt that a submitter is owed.

use std::sync::Arc;

use bytes::Bytes;
use waxwing_spool::{BoxFuture, GroupId, NewEntry, Op, Tx};

use crate::stored::ReceiptFacts;
use crate::submit::accepted_ids;
use crate::{Account, Gateway, Message, Millis, MsgId, OutcomeNote, State, Submission, SubmitError};

/// What a submitter is told of a message.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The message.
    pub id: MsgId,
    /// Its state.
    pub state: State,
    /// One bit of [`crate::want`]: told only where the message wants it.
    pub event: u32,
    /// When it was accepted.
    pub submitted: Millis,
    /// When it reached the state.
    pub done: Millis,
    /// A code, empty if none.
    pub error: &'a str,
    /// The words, empty if none.
    pub reason: &'a str,
}

impl Gateway {
    /// The entry of an SMS, checked and routed as [`Gateway::submit`] would do it, for a transaction of the caller's. It does not count
    /// against the account's rate and limits, and waits for nothing.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub fn entry(&self, account: &Account, mut submission: Submission) -> Result<NewEntry, SubmitError> {
        self.prepare(&self.setup(), account, &mut submission, self.clock.now())
    }

    /// Accepts entries that the caller has made, all of them or none, as messages of an account: they count against its rate and limits.
    /// The numbers are in the order of the entries.
    ///
    /// # Errors
    /// See [`SubmitError`]. Nothing was stored then.
    pub fn accept(self: &Arc<Self>, account: &Arc<Account>, entries: Vec<NewEntry>) -> BoxFuture<'static, Result<Vec<MsgId>, SubmitError>> {
        let n = entries.len();
        if let Err(e) = self.admit_whole(account, n, self.clock.now()) {
            account.refused.inc_by(n as u64);
            return Box::pin(std::future::ready(Err(e)));
        }
        let commit = self.spool.commit(vec![Tx { ops: entries.into_iter().map(Op::Accept).collect() }]);
        let account = account.clone();
        Box::pin(async move {
            let ids = accepted_ids(commit.await);
            account.settle_accepted(n as u64, ids.is_ok());
            ids
        })
    }

    /// The receipt that the submitter of a message is owed, if it wants this event and there is a way to tell it.
    pub fn receipt_op(&self, group: GroupId, message: &Message, told: &Told<'_>, place: &str) -> Option<Op> {
        let facts = ReceiptFacts {
            id: told.id,
            state: told.state,
            event: told.event,
            submitted: told.submitted,
            done: told.done,
            parts: 1,
            delivered: u32::from(told.state == State::Delivered),
            error: told.error,
            reason: told.reason,
            remote_id: &[],
            raw: &[],
            stat: "",
        };
        Gateway::receipt_entry(&self.setup(), group, message, &facts, place, self.clock.now()).map(Op::Accept)
    }
}

impl Account {
    /// Counts what became of `n` messages that were let in together.
    pub(crate) fn settle_accepted(&self, n: u64, is_accepted: bool) {
        if is_accepted {
            self.accepted.inc_by(n);
        } else {
            self.refused.inc_by(n);
            self.usage.give_back(n);
        }
    }
}

impl OutcomeNote {
    /// The words of an outcome, for [`waxwing_spool::Op::Settle`].
    pub fn note(place: &str, code: &str, reason: &str, state: State) -> Bytes {
        OutcomeNote::bytes(place, code, reason, state)
    }
}
