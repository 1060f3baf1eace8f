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
}

/// Finished messages; the ledger is one.
pub trait History: Send + Sync + 'static {
    /// One message, if it is known.
    fn find(&self, id: MsgId) -> BoxFuture<'static, Option<MessageStatus>>;

    /// Messages of an account that are still queued, from `source` to `destination` (SMPP cancel_sm without a message id), oldest first,
    /// at most 1000. May name messages that have left the queue meanwhile.
    fn queued_between(&self, account: &str, source: &Address, destination: &Address) -> BoxFuture<'static, Vec<MsgId>>;
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
        })
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
