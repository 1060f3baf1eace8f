//! Looking a message up, calling it back, changing it.

use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;
use waxwing_spool::{BoxFuture, Op, SpoolError, Stage, Tx, TxError};

use crate::{Account, Address, Gateway, Kind, Message, Millis, MsgId, RouteQuery, State};

/// What is known of a message, wherever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageStatus {
    /// Its number.
    pub id: MsgId,
    /// Account that submitted it.
    pub account: Arc<str>,
    /// Its state.
    pub state: State,
    /// When it reached a final state, milliseconds since 1970.
    pub done: Option<Millis>,
    /// The carrier's or our error code, empty if none.
    pub error: String,
    /// Sender.
    pub source: Address,
    /// Recipient.
    pub destination: Address,
    /// The submitter's own reference, empty if none.
    pub reference: String,
}

/// Finished messages; the ledger is one.
pub trait History: Send + Sync + 'static {
    /// One message, if it is known.
    fn find(&self, id: MsgId) -> BoxFuture<'static, Option<MessageStatus>>;

    /// Messages of an account that are still queued, from `source` to `destination` (SMPP cancel_sm without a message id), oldest first,
    /// at most 1000. May name messages that have left the queue meanwhile.
    fn queued_between(&self, account: &str, source: &Address, destination: &Address) -> BoxFuture<'static, Vec<MsgId>>;

    /// Messages of an account whose reference is this or has it among its words, accepted around that time: ten minutes before at the most,
    /// and no later than an hour after it, since a part may have waited for others. Those nearest in time, at most 100.
    fn find_reference(&self, account: &str, reference: &str, around: Millis) -> BoxFuture<'static, Vec<MsgId>>;

    /// What has become of the messages of an account that were accepted from the first time on and before the second, of one service_type
    /// or of all. Nothing but zeros of times that are not known; days (UTC) of which only totals are kept count where their noon lies.
    fn counts(&self, account: &str, time: (Millis, Millis), service: Option<&str>) -> BoxFuture<'static, LifeCounts>;
}

/// What has become of an account's messages. A message to several recipients is as many here; one that was submitted in parts
/// and joined is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifeCounts {
    /// Messages that it submitted.
    pub mt_messages: u64,
    /// Their recipients.
    pub mt_recipients: u64,
    /// Of them, handed over to a carrier, whatever became of them then.
    pub mt_sent: u64,
    /// Waiting to be handed over.
    pub mt_waiting: u64,
    /// Never handed over: refused, expired, cancelled, given up.
    pub mt_failed: u64,
    /// Messages for it that were handed to it.
    pub mo_delivered: u64,
    /// Waiting for it.
    pub mo_waiting: u64,
    /// Not handed to it in time.
    pub mo_failed: u64,
}

impl LifeCounts {
    /// Adds those of another time.
    pub fn add(&mut self, other: &LifeCounts) {
        self.mt_messages += other.mt_messages;
        self.mt_recipients += other.mt_recipients;
        self.mt_sent += other.mt_sent;
        self.mt_waiting += other.mt_waiting;
        self.mt_failed += other.mt_failed;
        self.mo_delivered += other.mo_delivered;
        self.mo_waiting += other.mo_waiting;
        self.mo_failed += other.mo_failed;
    }
}

/// Why a message could not be cancelled or replaced.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChangeError {
    /// It is no dead letter.
    #[error("message {0} has not failed; only messages that have failed can be sent again")]
    NotDead(MsgId),
    /// There is none of that number, or it is another account's.
    #[error("there is no message {0}")]
    Unknown(MsgId),
    /// It has left the queue.
    #[error("message {0} is being sent or was sent already")]
    TooLate(MsgId),
    /// Try again later.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

impl Gateway {
    /// The state of a message of that account (or of any account, for an administrator).
    pub async fn status(&self, account: &Account, id: MsgId) -> Option<MessageStatus> {
        let found = match self.status_in_spool(id) {
            Some(s) => Some(s),
            None => match self.history() {
                Some(h) => h.find(id).await,
                None => None,
            },
        };
        found.filter(|s| account.config.admin || s.account == account.name)
    }

    fn status_in_spool(&self, id: MsgId) -> Option<MessageStatus> {
        let s = self.spool.get(id)?;
        let m = Message::from_bytes(self.spool.read_body(id).ok()??).ok()?;
        let state = match s.stage {
            Stage::Queued | Stage::Leased => State::Queued,
            Stage::Awaiting => State::Enroute,
            Stage::Dead => State::Failed,
        };
        Some(MessageStatus {
            id,
            account: self.spool.group_name(s.group)?,
            state,
            done: None,
            error: String::new(),
            source: m.source,
            destination: m.destination,
            reference: m.reference,
        })
    }

    /// Messages of an account whose reference is this or has it among its words, accepted around that time, with parts that still wait for
    /// others: see [`History::find_reference`].
    pub async fn find_reference(&self, account: &Account, reference: &str, around: Millis) -> Vec<MsgId> {
        let mut found = self.waiting_with_reference(account, reference);
        if let Some(h) = self.history() {
            found.extend(h.find_reference(&account.name, reference, around).await);
        }
        found
    }

    /// Takes a message out of the queue. Resolves when that is durable.
    ///
    /// # Errors
    /// See [`ChangeError`].
    pub async fn cancel(&self, account: &Account, id: MsgId) -> Result<(), ChangeError> {
        self.owned(account, id).await?;
        let waits = self.spool.get(id).filter(|s| s.queue == self.parts_queue);
        let part = waits.and_then(|s| Some((s.group, Message::from_bytes(self.spool.read_body(id).ok()??).ok()?)));
        let note = Bytes::from(format!("cancelled by {}", account.name));
        self.change(id, Op::Cancel { id, note }).await?;
        if let Some((group, message)) = part {
            self.forget_submitted(id, group, &message);
        }
        Ok(())
    }

    /// Queues a message again that had failed for good, as if it were new: its attempts count from 0 and its validity begins anew. It goes
    /// the way that its route has now, or into the queue it was in if there is none.
    ///
    /// # Errors
    /// See [`ChangeError`].
    pub async fn replay(&self, account: &Account, id: MsgId) -> Result<(), ChangeError> {
        let state = self.spool.get(id).filter(|s| account.config.admin || s.group == account.group);
        if state.ok_or(ChangeError::Unknown(id))?.stage != Stage::Dead {
            return Err(ChangeError::NotDead(id));
        }
        let body = self.spool.read_body(id)?.ok_or(ChangeError::NotDead(id))?;
        let (now, setup) = (self.clock.now(), self.setup());
        let queue = Message::from_bytes(body).ok().filter(|m| m.kind() == Kind::Mt).and_then(|m| {
            let query = RouteQuery { from: &m.source, to: &m.destination, account: &account.name, route: None, stick: None };
            Some(setup.routes.choose(&query, now).ok()?.lines.first()?.state.queue)
        });
        let expires = now + account.config.validity.unwrap_or(setup.validity);
        match self.spool.commit(vec![Tx::one(Op::Replay { id, queue, expires })]).await?.pop() {
            Some(Ok(_)) => Ok(()),
            Some(Err(TxError::Refused(e))) => Err(e.into()),
            _ => Err(ChangeError::NotDead(id)),
        }
    }

    /// Exchanges a queued message's content, due time and validity (SMPP replace_sm). `change` gets the message to edit.
    ///
    /// # Errors
    /// See [`ChangeError`].
    pub async fn replace(
        &self,
        account: &Account,
        id: MsgId,
        due: Option<Millis>,
        expires: Option<Millis>,
        change: impl FnOnce(&mut Message) + Send,
    ) -> Result<(), ChangeError> {
        self.owned(account, id).await?;
        let body = self.spool.read_body(id)?.ok_or(ChangeError::TooLate(id))?;
        let mut m = Message::from_bytes(body).map_err(|_| ChangeError::Unknown(id))?;
        change(&mut m);
        self.change(id, Op::Replace { id, body: m.to_bytes(), due, expires }).await
    }

    async fn owned(&self, account: &Account, id: MsgId) -> Result<(), ChangeError> {
        match self.spool.get(id) {
            Some(s) if account.config.admin || s.group == account.group => Ok(()),
            Some(_) => Err(ChangeError::Unknown(id)),
            None => match self.status(account, id).await {
                Some(_) => Err(ChangeError::TooLate(id)),
                None => Err(ChangeError::Unknown(id)),
            },
        }
    }

    async fn change(&self, id: MsgId, op: Op) -> Result<(), ChangeError> {
        match self.spool.commit(vec![Tx::one(op)]).await?.pop() {
            Some(Ok(_)) => Ok(()),
            Some(Err(TxError::Refused(e))) => Err(e.into()),
            _ => Err(ChangeError::TooLate(id)),
        }
    }
}
