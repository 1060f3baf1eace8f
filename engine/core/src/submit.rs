//! From "somebody wants to send this" to "it is durable": the one way in for MT messages.

use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;
use waxwing_spool::{Accepted, BoxFuture, MAX_PRIORITY, NewEntry, Op, SpoolError, Tx, TxDone, TxError};

use crate::parts::Placing;
use crate::{
    Account, Address, AddressError, Gateway, Kind, Mask, Message, Millis, MsgId, NoRoute, PartInfo, QuotaExceeded, RouteQuery, Setup,
    Waiting,
};

/// Longest user data of one submission, octets (255 parts of 134).
pub const MAX_CONTENT: usize = 255 * 134;

/// A message that somebody wants to send.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// The message; kind, numbers' normal form and account are settled here.
    pub message: Message,
    /// 0-3; `None` = the account's.
    pub priority: Option<u8>,
    /// Not before.
    pub due: Option<Millis>,
    /// Not after (absolute).
    pub expires: Option<Millis>,
    /// A key of the submitter's: the same key again, within a day, is the same message.
    pub idempotency: Option<Bytes>,
    /// Route or connector by name.
    pub route: Option<String>,
    /// A part of a long message that is to wait for the others, for content as octets: when all are there, within `parts_wait`, they leave
    /// as one message, else each by itself. It is acknowledged by itself in any case, and its reference and door data come back with the
    /// receipt of the whole, beside those of the other parts (see [`Waiting`]).
    pub part: Option<PartInfo>,
}

/// Why a submission is refused. Nothing of that message was stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmitError {
    /// The recipient is no number.
    #[error(transparent)]
    Recipient(AddressError),
    /// The sender is too long.
    #[error(transparent)]
    Sender(AddressError),
    /// The account may not use this sender.
    #[error("the account may not send as {0:?}; allowed senders are listed in its senders setting")]
    SenderNotAllowed(String),
    /// The account may not send this kind of message.
    #[error("the account may not send {0}; add it to its allow setting")]
    NotAllowed(&'static str),
    /// Nothing takes it.
    #[error(transparent)]
    NoRoute(NoRoute),
    /// Faster than the account's rate.
    #[error("the account's rate of {rate} messages a second is exceeded; try again in {retry_after_ms} ms")]
    Throttled {
        /// Its rate.
        rate: u64,
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The account's limit of the day or month is used up.
    #[error("the account's limit of {limit} messages a {period} is used up")]
    Quota {
        /// The limit.
        limit: u64,
        /// day or month
        period: &'static str,
    },
    /// Validity ends before it can be sent, or is not in the future.
    #[error("the validity ends before the message can be sent")]
    Expired,
    /// Longer than the longest message.
    #[error("the message has {len} octets, at most {max} can be sent")]
    TooLong {
        /// Its octets.
        len: usize,
        /// The most.
        max: usize,
    },
    /// A field that makes no sense.
    #[error("{field}: {why}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What is wrong.
        why: String,
    },
    /// No room, or the disk is too slow: try again later.
    #[error("the gateway takes no messages at the moment: {0}")]
    Busy(String),
    /// The spool has stopped.
    #[error("the gateway cannot store messages: {0}")]
    Broken(String),
}

impl SubmitError {
    /// Worth trying again, unchanged, after this many milliseconds.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            SubmitError::Throttled { retry_after_ms, .. } => Some(*retry_after_ms),
            SubmitError::Busy(_) => Some(1000),
            _ => None,
        }
    }

    fn throttled(account: &Account, retry_after_ms: u64) -> SubmitError {
        SubmitError::Throttled { rate: account.config.rate.unwrap_or_default().ceil() as u64, retry_after_ms }
    }
}

impl From<QuotaExceeded> for SubmitError {
    fn from(e: QuotaExceeded) -> SubmitError {
        match e {
            QuotaExceeded::Day(limit) => SubmitError::Quota { limit, period: "day" },
            QuotaExceeded::Month(limit) => SubmitError::Quota { limit, period: "month" },
            QuotaExceeded::Pending => {
                SubmitError::Busy("what the account sent before the restart is still being counted for its limits".into())
            }
        }
    }
}

impl From<TxError> for SubmitError {
    fn from(e: TxError) -> SubmitError {
        match e {
            TxError::Refused(e) => e.into(),
            e => SubmitError::Invalid { field: "message", why: e.to_string() },
        }
    }
}

impl From<SpoolError> for SubmitError {
    fn from(e: SpoolError) -> SubmitError {
        match e {
            SpoolError::Failed { .. } | SpoolError::Corrupt { .. } | SpoolError::Locked { .. } => SubmitError::Broken(e.to_string()),
            _ => SubmitError::Busy(e.to_string()),
        }
    }
}

impl Gateway {
    /// Takes messages of one account: checks and routes each by itself, and resolves when all that passed are durable. The results are in
    /// the order of the submissions; an id is an acknowledgement.
    pub fn submit(
        self: &Arc<Self>,
        account: &Arc<Account>,
        mut batch: Vec<Submission>,
    ) -> BoxFuture<'static, Vec<Result<MsgId, SubmitError>>> {
        let setup = self.setup();
        let now = self.clock.now();
        let n = batch.len();
        let (admitted, why) = self.admit(account, n, now);
        let mut results: Vec<Option<Result<MsgId, SubmitError>>> = Vec::with_capacity(n);
        let mut txs = Vec::with_capacity(admitted);
        let mut parts = Vec::new();
        for (i, s) in batch.iter_mut().enumerate() {
            match &why {
                Some(e) if i >= admitted => results.push(Some(Err(e.clone()))),
                _ => match self.prepare(&setup, account, s, now) {
                    Ok(entry) => {
                        parts.extend(self.placing(account, s).map(|p| (i, p)));
                        txs.push(Tx::one(Op::Accept(entry)));
                        results.push(None);
                    }
                    Err(e) => results.push(Some(Err(e))),
                },
            }
        }
        drop(batch);
        let commit = if txs.is_empty() { None } else { Some(self.spool.commit(txs)) };
        let account = account.clone();
        let submission = async move {
            let mut done = match commit {
                None => Ok(Vec::new().into_iter()),
                Some(c) => c.await.map(IntoIterator::into_iter),
            };
            let results: Vec<_> = results
                .into_iter()
                .map(|r| match (r, &mut done) {
                    (Some(r), _) => r,
                    (None, Err(e)) => Err(SubmitError::from(e.clone())),
                    (None, Ok(done)) => match done.next() {
                        Some(Ok(d)) => d.accepted.first().copied().map(Accepted::id).ok_or_else(|| SubmitError::Broken("no id".into())),
                        Some(Err(e)) => Err(e.into()),
                        None => Err(SubmitError::Broken("the spool gave no answer".into())),
                    },
                })
                .collect();
            let refused = results.iter().filter(|r| r.is_err()).count() as u64;
            account.accepted.inc_by(results.len() as u64 - refused);
            account.refused.inc_by(refused);
            // What was not admitted was not counted either.
            account.usage.give_back(refused.saturating_sub((n - admitted) as u64));
            results
        };
        if parts.is_empty() {
            return Box::pin(submission);
        }
        let durable = |results: &Vec<Result<MsgId, SubmitError>>| {
            parts.into_iter().filter_map(|(i, p)| Some((*results.get(i)?.as_ref().ok()?, p))).collect()
        };
        self.submit_parts(submission, durable, move || vec![Err(SubmitError::Busy("the gateway is stopping".into())); n])
    }

    /// Takes messages of one account as one: all of them, durable together, or none. The ids are in the order of the submissions.
    ///
    /// # Errors
    /// The first reason found, of whichever of them. The account's rate and limits are asked for all of them at once.
    pub fn submit_whole(
        self: &Arc<Self>,
        account: &Arc<Account>,
        mut batch: Vec<Submission>,
    ) -> BoxFuture<'static, Result<Vec<MsgId>, SubmitError>> {
        let (setup, now, n) = (self.setup(), self.clock.now(), batch.len());
        let ops: Result<Vec<Op>, SubmitError> = batch.iter_mut().map(|s| self.prepare(&setup, account, s, now).map(Op::Accept)).collect();
        let ops = ops.and_then(|ops| self.admit_whole(account, n, now).map(|()| ops));
        let parts: Vec<_> = batch.iter().enumerate().filter_map(|(i, s)| Some((i, self.placing(account, s)?))).collect();
        let commit = match ops {
            Ok(ops) if ops.is_empty() => return Box::pin(std::future::ready(Ok(Vec::new()))),
            Ok(ops) => self.spool.commit(vec![Tx { ops }]),
            Err(e) => {
                account.refused.inc_by(n as u64);
                return Box::pin(std::future::ready(Err(e)));
            }
        };
        let account = account.clone();
        let submission = async move {
            let ids = accepted_ids(commit.await);
            account.settle_accepted(n as u64, ids.is_ok());
            ids
        };
        if parts.is_empty() {
            return Box::pin(submission);
        }
        let durable = |ids: &Result<Vec<MsgId>, SubmitError>| {
            let ids = ids.as_deref().unwrap_or_default();
            parts.into_iter().filter_map(|(i, p)| Some((*ids.get(i)?, p))).collect()
        };
        self.submit_parts(submission, durable, || Err(SubmitError::Busy("the gateway is stopping".into())))
    }

    /// Lets `n` in together, or says why not.
    pub(crate) fn admit_whole(&self, account: &Account, n: usize, now: Millis) -> Result<(), SubmitError> {
        self.open_for_new()?;
        let (per_day, per_month) = (account.config.per_day, account.config.per_month);
        account.usage.take_all(n as u64, per_day, per_month, now).map_err(SubmitError::from)?;
        let taken = account.rate.as_ref().map_or(Ok(()), |limit| limit.take_all(u32::try_from(n).unwrap_or(u32::MAX), now));
        taken.map_err(|retry_after_ms| {
            account.usage.give_back(n as u64);
            SubmitError::throttled(account, retry_after_ms)
        })
    }

    /// Where a prepared submission waits for others, if it is a part.
    fn placing(&self, account: &Account, s: &Submission) -> Option<Placing> {
        s.message.waiting.as_ref()?;
        self.submitted_parts.lock().placing(account.group, &s.message)
    }

    fn open_for_new(&self) -> Result<(), SubmitError> {
        if let Some(why) = self.pressure() {
            return Err(SubmitError::Busy(why.to_owned()));
        }
        self.spool.unhealthy().map_or(Ok(()), |e| Err(e.into()))
    }

    /// How many of `n` are let in now (health, rate, limits), and why not the others.
    fn admit(&self, account: &Account, n: usize, now: Millis) -> (usize, Option<SubmitError>) {
        if let Err(e) = self.open_for_new() {
            return (0, Some(e));
        }
        let mut granted = n;
        let mut why = None;
        if let Some(limit) = &account.rate {
            let (tokens, retry_after_ms) = limit.take(u32::try_from(n).unwrap_or(u32::MAX), now);
            granted = granted.min(tokens as usize);
            if granted < n {
                why = Some(SubmitError::throttled(account, retry_after_ms));
            }
        }
        let (left, quota) = account.usage.take(granted as u64, account.config.per_day, account.config.per_month, now);
        granted = granted.min(usize::try_from(left).unwrap_or(granted));
        (granted, quota.map(SubmitError::from).or(why))
    }

    /// Settles what is left to us in a submission, and gives what is stored. Nothing is left of it that is worth using.
    pub(crate) fn prepare(&self, setup: &Setup, account: &Account, s: &mut Submission, now: Millis) -> Result<NewEntry, SubmitError> {
        let m = &mut s.message;
        if !account.config.sms {
            return Err(SubmitError::NotAllowed("sms"));
        }
        m.kind = Kind::Mt as i32;
        m.validity_given = s.expires.is_some();
        m.destination =
            account.normaliser.as_ref().unwrap_or(&setup.normaliser).recipient(&m.destination).map_err(SubmitError::Recipient)?;
        m.source = sender(account, std::mem::take(&mut m.source))?;
        let len = m.text.as_ref().map_or(m.payload.len(), String::len);
        if len > MAX_CONTENT {
            return Err(SubmitError::TooLong { len, max: MAX_CONTENT });
        }
        let expires = s.expires.unwrap_or(now + account.config.validity.unwrap_or(setup.validity)).min(now + setup.validity_max);
        let due = s.due.filter(|&d| d > now).unwrap_or(0);
        let expires = if s.expires.is_none() && due > 0 { expires + (due - now) } else { expires };
        if expires <= now.max(due) {
            return Err(SubmitError::Expired);
        }
        let stick = crate::content::concat_key(m);
        let query = RouteQuery {
            from: &m.source,
            to: &m.destination,
            account: &account.name,
            route: s.route.as_deref().or(account.config.route.as_deref()),
            stick,
        };
        let path = self.path(setup, Some(account), &query, now).map_err(no_route)?;
        let Some(first) = path.lines.first() else {
            return Err(SubmitError::NoRoute(NoRoute::Nothing(m.destination.to_string())));
        };
        let (mut queue, mut not_before) = (first.state.queue, due);
        m.via = path.via();
        m.waiting = None;
        if let Some(part) = s.part.filter(|p| p.total > 1 && (1..=p.total).contains(&p.number) && m.text.is_none()) {
            m.kind = Kind::MtPart as i32;
            m.via.clear();
            m.waiting = Some(Box::new(Waiting {
                reference: part.reference.into(),
                total: part.total.into(),
                number: part.number.into(),
                due,
                route: s.route.take().unwrap_or_default(),
            }));
            // Whatever is left of its validity must be enough to send it alone.
            (queue, not_before) = (self.parts_queue, now + setup.parts_wait.min((expires - now) / 2));
        }
        let priority = s.priority.unwrap_or(account.config.priority).min(account.config.max_priority).min(MAX_PRIORITY);
        Ok(NewEntry { queue, group: account.group, priority, due: not_before, expires, dedup: s.idempotency.take(), body: m.to_bytes() })
    }
}

/// The numbers that one transaction gave out.
pub(crate) fn accepted_ids(done: Result<Vec<Result<TxDone, TxError>>, SpoolError>) -> Result<Vec<MsgId>, SubmitError> {
    match done?.pop() {
        Some(Ok(done)) => Ok(done.accepted.into_iter().map(Accepted::id).collect()),
        Some(Err(e)) => Err(e.into()),
        None => Err(SubmitError::Broken("the spool gave no answer".into())),
    }
}

/// A way that will be known in a moment is worth trying again.
fn no_route(why: NoRoute) -> SubmitError {
    match why {
        NoRoute::Asked(_) => SubmitError::Busy(why.to_string()),
        _ => SubmitError::NoRoute(why),
    }
}

/// The sender that the message leaves with.
fn sender(account: &Account, given: Address) -> Result<Address, SubmitError> {
    if let Some(forced) = &account.config.forced_sender {
        return Ok(Address::parse(forced));
    }
    if given.is_empty() {
        return Ok(account.config.default_sender.as_deref().map(Address::parse).unwrap_or(given));
    }
    if given.octets.len() > crate::MAX_ADDRESS {
        return Err(SubmitError::Sender(AddressError::TooLong { which: "sender", len: given.octets.len() }));
    }
    let shown = given.as_text();
    let allowed = |masks: &[Mask]| masks.iter().any(|m| m.matches(&shown));
    if account.config.senders.is_empty() || allowed(&account.config.senders) || account.config.default_sender.as_deref() == Some(&*shown) {
        drop(shown);
        Ok(given)
    } else {
        Err(SubmitError::SenderNotAllowed(shown.into_owned()))
    }
}
