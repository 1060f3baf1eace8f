//! The way out: what a connector (or a bound receiver, or the webhook sender) takes from its queue, and what it says came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use waxwing_spool::{BoxFuture, Claimed, GroupId, Lease, NewEntry, Op, Outcome, QueueId, SentPart, SpoolError, Tx, TxError};

use crate::inbound::ReceiptTodo;
use crate::stored::ReceiptFacts;
use crate::{
    CarrierReceipt, ConnectorCounters, ConnectorState, ErrorClass, Gateway, Kind, Message, Millis, MsgId, NoAnswer, OutcomeNote,
    RetryPolicy, State, Told, want,
};

/// How long a claim lasts if nobody says otherwise. Sessions settle or release everything long before; this is for those that vanish.
pub const LEASE: Duration = Duration::from_secs(600);

/// A message on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The right to settle it.
    pub lease: Lease,
    /// Whose it is.
    pub group: GroupId,
    /// Counted attempts before this one.
    pub attempts: u16,
    /// When it was accepted.
    pub accepted: Millis,
    /// End of its validity.
    pub expires: Millis,
    /// Its priority, 0-3.
    pub priority: u8,
    /// Parts that went out in earlier attempts.
    pub sent_parts: Vec<u8>,
    /// The message; apart, since what is on its way is handed on many times.
    pub message: Box<Message>,
}

impl Outgoing {
    /// Its number.
    pub fn id(&self) -> MsgId {
        self.lease.id
    }
}

/// What came of an outgoing message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// All parts were taken. A receipt is waited for where `receipt` says that one will come.
    Sent {
        /// Remote ids of the parts sent now.
        parts: Vec<SentPart>,
        /// Parts in all.
        total: u8,
        /// The carrier was asked for a receipt.
        receipt: bool,
    },
    /// The other side said no.
    Refused {
        /// Worth another attempt?
        class: ErrorClass,
        /// The code, for people.
        code: String,
        /// The words.
        reason: String,
        /// Parts that did go out.
        sent: Vec<SentPart>,
    },
    /// Try again at a time of the other side's or the deliverer's choosing; counts as an attempt, and the policy's limit is not asked.
    Later {
        /// Not before.
        at: Millis,
        /// The code, for people.
        code: String,
        /// The words.
        reason: String,
    },
    /// It was sent and no answer came (time ran out, or the connection broke).
    NoAnswer {
        /// Parts that were answered.
        sent: Vec<SentPart>,
    },
    /// It was not sent after all: back into the queue, at the front.
    Released,
}

impl SendResult {
    /// Parts that went out.
    fn sent(&self) -> &[SentPart] {
        match self {
            SendResult::Sent { parts: sent, .. } | SendResult::Refused { sent, .. } | SendResult::NoAnswer { sent } => sent,
            SendResult::Released | SendResult::Later { .. } => &[],
        }
    }
}

/// Remote ids of a batch, in one piece.
#[derive(Default)]
struct Names {
    octets: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    fn push(&mut self, name: &[u8]) {
        self.octets.extend_from_slice(name);
        self.ends.push(self.octets.len());
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(from, &to)| self.octets.get(from..to))
    }
}

/// A message with what came of it.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The message, as it was claimed.
    pub out: Outgoing,
    /// What came of it.
    pub result: SendResult,
}

/// The other spellings of a carrier's id: those under which its receipts may name an id of its responses, or the other way round.
pub type Spellings = fn(&[u8]) -> Vec<Bytes>;

/// How failures in this queue are handled.
#[derive(Clone, Debug)]
pub struct OutboxPolicy {
    /// When to try again.
    pub retry: RetryPolicy,
    /// What an unanswered message becomes.
    pub no_answer: NoAnswer,
    /// How long to wait for a receipt.
    pub receipt_wait: Millis,
    /// How receipts may spell ids; `None` where they spell them alike.
    pub spellings: Option<Spellings>,
}

/// One queue's way out.
#[derive(Clone)]
pub struct Outbox {
    gateway: Arc<Gateway>,
    queue: QueueId,
    name: Arc<str>,
    /// The connector, if it is one's queue: `None` for deliveries to accounts.
    connector: Option<(Arc<ConnectorState>, Arc<ConnectorCounters>)>,
    policy: OutboxPolicy,
    /// What is taken is at its end, not on its way to another gateway.
    last: bool,
    /// The notes of outcomes that nothing more is to be said about.
    plain: Arc<PlainNotes>,
}

/// Notes without code and reason.
struct PlainNotes {
    delivered: Bytes,
    enroute: Bytes,
    sent: Bytes,
}

impl PlainNotes {
    fn new(place: &str) -> Arc<PlainNotes> {
        let of = |state| OutcomeNote::bytes(place, "", "", state);
        Arc::new(PlainNotes { delivered: of(State::Delivered), enroute: of(State::Enroute), sent: of(State::Sent) })
    }
}

impl Outbox {
    /// Of a connector.
    pub fn connector(gateway: &Arc<Gateway>, state: &Arc<ConnectorState>, policy: OutboxPolicy) -> Outbox {
        let counters = Arc::new(ConnectorCounters::new(&gateway.metrics, &state.name));
        Outbox {
            gateway: gateway.clone(),
            queue: state.queue,
            name: state.name.clone(),
            connector: Some((state.clone(), counters)),
            policy,
            last: true,
            plain: PlainNotes::new(&state.name),
        }
    }

    /// Of deliveries to an account: its SMPP queue or its webhook queue. `place` is the word in the ledger (`account`, `webhook`).
    pub fn deliveries(gateway: &Arc<Gateway>, queue: QueueId, place: &str, retry: RetryPolicy) -> Outbox {
        let policy = OutboxPolicy { retry, no_answer: NoAnswer::Resend, receipt_wait: 0, spellings: None };
        Outbox { gateway: gateway.clone(), queue, name: place.into(), connector: None, policy, last: true, plain: PlainNotes::new(place) }
    }

    /// Of deliveries to another gateway: that it took a received message is told to nobody, since it will tell what becomes of it.
    #[must_use]
    pub fn handing_on(self) -> Outbox {
        Outbox { last: false, ..self }
    }

    /// The gateway it belongs to.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Resolves when there may be something to claim. Create it before [`Outbox::claim`], await it after.
    pub fn ready(&self) -> BoxFuture<'static, ()> {
        self.gateway.spool.ready(self.queue)
    }

    /// Up to `max` messages, in the order in which they should leave. Never waits.
    pub fn claim(&self, max: usize) -> Vec<Outgoing> {
        if max == 0 {
            return Vec::new();
        }
        let claimed = self.gateway.spool.claim(self.queue, max, LEASE);
        claimed.into_iter().filter_map(|c| self.gateway.outgoing(c)).collect()
    }

    /// Settles a batch; resolves when all of it is durable. An error means that the spool has stopped: nothing more should be sent.
    pub fn settle(&self, batch: Vec<Settlement>) -> BoxFuture<'static, Result<(), SpoolError>> {
        let now = self.gateway.clock.now();
        let mut txs = Vec::with_capacity(batch.len());
        let mut names = Names::default();
        for s in batch {
            if self.policy.spellings.is_some() {
                s.result.sent().iter().for_each(|p| names.push(&p.remote));
            }
            txs.extend(self.transaction(s, now));
        }
        if txs.is_empty() {
            return Box::pin(std::future::ready(Ok(())));
        }
        let commit = self.gateway.spool.commit(txs);
        let this = self.clone();
        Box::pin(async move {
            let mut early = Vec::new();
            for result in commit.await? {
                match result {
                    Ok(done) => early.extend(done.parked),
                    // A lease that ran out: somebody else has the message now, which may mean a duplicate; it is not lost.
                    Err(TxError::Stale(id)) => tracing::warn!(message = %id, place = %this.name, "settled too late: its lease had run out"),
                    Err(e) => tracing::error!(place = %this.name, "an outcome could not be recorded: {e}"),
                }
            }
            early.extend(this.early_by_other_names(&names));
            if let Some((state, counters)) = this.connector.as_ref().filter(|_| !early.is_empty()) {
                this.gateway.apply_parked(state, counters, early).await?;
            }
            Ok(())
        })
    }

    /// Receipts that came before the response and name the id in another spelling than it. The spool finds those of the same spelling.
    fn early_by_other_names(&self, sent: &Names) -> Vec<waxwing_spool::Parked> {
        let Some(spellings) = self.policy.spellings.filter(|_| self.gateway.spool.stats().parked > 0) else { return Vec::new() };
        let names = sent.iter().filter(|name| !name.is_empty()).flat_map(spellings);
        names.flat_map(|name| self.gateway.spool.parked(self.queue, &name)).collect()
    }

    /// The transaction of one outcome, with the receipts that it makes due; `None` where nothing is written.
    fn transaction(&self, Settlement { out, result }: Settlement, now: Millis) -> Option<Tx> {
        match result {
            SendResult::Sent { parts, total, receipt } => Some(self.sent(&out, parts, total, receipt, now)),
            SendResult::Refused { class: ErrorClass::Throttled, code, reason, sent } => {
                self.count(|c| &c.throttled);
                Some(self.put_off(&out, sent, &code, &reason, now))
            }
            SendResult::Refused { class: ErrorClass::Temporary, code, reason, sent } => {
                self.connector_failed(now);
                Some(self.again(&out, sent, &code, &reason, now))
            }
            SendResult::Refused { class: ErrorClass::Permanent, code, reason, .. } => {
                Some(self.fail(&out, State::Rejected, want::REFUSED | want::FAILED, &code, &reason, now))
            }
            SendResult::Later { at, .. } if at >= out.expires => Some(self.expired(&out, now)),
            SendResult::Later { at, code, reason } => {
                self.count(|c| &c.retried);
                let outcome = Outcome::Retry { at, queue: None, count: true, sent: Vec::new() };
                Some(Tx::one(self.settle_op(&out, outcome, &code, &reason, State::Queued)))
            }
            SendResult::NoAnswer { sent } => {
                self.connector_failed(now);
                let reason = "no answer in time; it may have arrived";
                Some(match self.policy.no_answer {
                    NoAnswer::Resend => self.again(&out, sent, "", reason, now),
                    NoAnswer::Fail => self.fail(&out, State::Unknown, want::FAILED, "", reason, now),
                    NoAnswer::Hold => Tx::one(self.settle_op(&out, Outcome::Failed, "", reason, State::Unknown)),
                })
            }
            SendResult::Released => {
                self.gateway.spool.release(&out.lease);
                None
            }
        }
    }

    fn sent(&self, out: &Outgoing, parts: Vec<SentPart>, total: u8, receipt: bool, now: Millis) -> Tx {
        let Some((state, counters)) = &self.connector else {
            let mut ops = Vec::with_capacity(1);
            if self.last {
                ops.extend(self.gateway.told(out, State::Delivered, "", "", now, &self.name));
            }
            if out.message.kind() == Kind::Mms {
                let told = Told {
                    id: out.id(),
                    state: State::Delivered,
                    event: want::DELIVERED,
                    submitted: out.accepted,
                    done: now,
                    error: "",
                    reason: "",
                };
                ops.extend(self.gateway.receipt_op(out.group, &out.message, &told, &self.name));
            }
            ops.push(self.settle_op(out, Outcome::Done, "", "", State::Delivered));
            return Tx { ops };
        };
        state.succeeded();
        counters.sent.inc();
        let await_until = receipt.then(|| now.max(out.expires) + self.policy.receipt_wait);
        let mut ops = Vec::with_capacity(1);
        if out.message.want & want::ACCEPTED != 0 {
            let facts = ReceiptFacts {
                id: out.id(),
                state: State::Accepted,
                event: want::ACCEPTED,
                submitted: out.accepted,
                done: now,
                parts: u32::from(total),
                delivered: 0,
                error: "",
                reason: "",
                remote_id: parts.first().map_or(&[], |p| &p.remote),
                raw: &[],
                stat: "",
            };
            let setup = self.gateway.setup();
            ops.extend(Gateway::receipt_entry(&setup, out.group, &out.message, &facts, &state.name, now).map(Op::Accept));
        }
        let after = if receipt { State::Enroute } else { State::Sent };
        let outcome = Outcome::Sent { parts, total, await_until };
        ops.push(self.settle_op(out, outcome, "", "", after));
        Tx { ops }
    }

    /// The carrier wants us to slow down: the same message again soon, not counted; the session does the waiting.
    fn put_off(&self, out: &Outgoing, sent: Vec<SentPart>, code: &str, reason: &str, now: Millis) -> Tx {
        let outcome = Outcome::Retry { at: now, queue: None, count: false, sent };
        Tx::one(self.settle_op(out, outcome, code, reason, State::Queued))
    }

    /// Another attempt: over the next connector of its route if that one is well, else here by the schedule.
    fn again(&self, out: &Outgoing, sent: Vec<SentPart>, code: &str, reason: &str, now: Millis) -> Tx {
        let attempts = out.attempts.saturating_add(1);
        let elsewhere =
            if sent.is_empty() && out.sent_parts.is_empty() { self.gateway.later_line(&out.message, self.queue, now) } else { None };
        let Some(at) = self.policy.retry.next(attempts, now) else {
            let reason = format!("{reason} (attempt {attempts}, the last)");
            return self.fail(out, State::Failed, want::FAILED, code, &reason, now);
        };
        if at >= out.expires {
            return self.expired(out, now);
        }
        let (at, queue) = match elsewhere {
            Some(q) => {
                self.count(|c| &c.rerouted);
                (now, Some(q))
            }
            None => {
                self.count(|c| &c.retried);
                (at, None)
            }
        };
        let outcome = Outcome::Retry { at, queue, count: true, sent };
        Tx::one(self.settle_op(out, outcome, code, reason, State::Queued))
    }

    fn fail(&self, out: &Outgoing, state: State, event: u32, code: &str, reason: &str, now: Millis) -> Tx {
        self.count(|c| &c.failed);
        let m = &out.message;
        let mut ops = Vec::with_capacity(2);
        if matches!(m.kind(), Kind::Mt | Kind::Mms) {
            // Kannel's "refused" and "failed" are different wishes; whichever was made is fulfilled, once.
            let event = if m.want & want::REFUSED & event != 0 { want::REFUSED } else { want::FAILED };
            ops.extend(self.gateway.failure_receipt(out, state, event, code, reason, now, &self.name));
        }
        ops.extend(self.gateway.told(out, state, code, reason, now, &self.name));
        ops.push(self.settle_op(out, Outcome::Failed, code, reason, state));
        Tx { ops }
    }

    fn expired(&self, out: &Outgoing, now: Millis) -> Tx {
        self.gateway.expired_tx(out, &self.name, now)
    }

    fn settle_op(&self, out: &Outgoing, outcome: Outcome, code: &str, reason: &str, state: State) -> Op {
        let note = match state {
            State::Delivered if code.is_empty() && reason.is_empty() => self.plain.delivered.clone(),
            State::Enroute if code.is_empty() && reason.is_empty() => self.plain.enroute.clone(),
            State::Sent if code.is_empty() && reason.is_empty() => self.plain.sent.clone(),
            _ => OutcomeNote::bytes(&self.name, code, reason, state),
        };
        Op::Settle { lease: out.lease, outcome, note }
    }

    fn connector_failed(&self, now: Millis) {
        if let Some((state, _)) = &self.connector
            && state.failed(now)
        {
            tracing::warn!(connector = %state.name, "failing: its messages go elsewhere where their routes allow");
        }
    }

    fn count(&self, which: impl Fn(&ConnectorCounters) -> &prometheus_client::metrics::counter::Counter) {
        if let Some((_, counters)) = &self.connector {
            which(counters).inc();
        }
    }
}

impl Gateway {
    /// Reads a claimed message. One that cannot be read (a damaged body, or one of a newer version) becomes a dead letter, not a loop.
    pub(crate) fn outgoing(&self, c: Claimed) -> Option<Outgoing> {
        // Read into its place: a message is large enough for its copies to be seen.
        let mut message = Box::<Message>::default();
        match prost::Message::merge(&mut *message, c.body) {
            Ok(()) => Some(Outgoing {
                lease: c.lease,
                group: c.group,
                attempts: c.attempts,
                accepted: c.accepted,
                expires: c.expires,
                priority: c.priority,
                sent_parts: c.sent_parts,
                message,
            }),
            Err(e) => {
                tracing::error!(message = %c.lease.id, "cannot be read and is kept as a dead letter: {e}");
                let note = OutcomeNote::bytes("spool", "", &format!("unreadable: {e}"), State::Failed);
                drop(self.spool.commit(vec![Tx::one(Op::Settle { lease: c.lease, outcome: Outcome::Failed, note })]));
                None
            }
        }
    }

    /// The queue of the first healthy connector that comes after this one in a message's failover list. Only later ones, so that a message
    /// that all of them refuse waits by the schedule instead of going round.
    pub(crate) fn later_line(&self, m: &Message, current: QueueId, now: Millis) -> Option<QueueId> {
        let setup = self.setup();
        let mut lines = m.via.iter().filter_map(|name| setup.routes.line(name)).skip_while(|l| l.state.queue != current).skip(1);
        lines.find(|l| l.state.is_healthy(now)).map(|l| l.state.queue)
    }

    /// The queue of any other healthy connector of a message's failover list, in its order: for messages whose connector is away.
    pub(crate) fn other_line(&self, m: &Message, current: QueueId, now: Millis) -> Option<QueueId> {
        let setup = self.setup();
        let mut lines = m.via.iter().filter_map(|name| setup.routes.line(name)).filter(|l| l.state.queue != current);
        lines.find(|l| l.state.is_healthy(now)).map(|l| l.state.queue)
    }

    /// The receipt for a message that this gateway gives up.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn failure_receipt(
        &self,
        out: &Outgoing,
        state: State,
        event: u32,
        code: &str,
        reason: &str,
        now: Millis,
        place: &str,
    ) -> Option<Op> {
        let facts = ReceiptFacts {
            id: out.id(),
            state,
            event,
            submitted: out.accepted,
            done: now,
            parts: 1,
            delivered: 0,
            error: code,
            reason,
            remote_id: &[],
            raw: &[],
            stat: "",
        };
        Gateway::receipt_entry(&self.setup(), out.group, &out.message, &facts, place, now).map(Op::Accept)
    }

    /// What became of a received message, for the account that handed it to us, if one did.
    fn told(&self, out: &Outgoing, state: State, code: &str, reason: &str, now: Millis, place: &str) -> Option<Op> {
        if out.message.kind() != Kind::Mo || out.message.tell.is_empty() {
            return None;
        }
        let setup = self.setup();
        let account = setup.accounts.get(&out.message.tell)?;
        let facts = ReceiptFacts {
            id: out.id(),
            state,
            event: state.event(),
            submitted: out.accepted,
            done: now,
            parts: 1,
            delivered: u32::from(state == State::Delivered),
            error: code,
            reason,
            remote_id: &[],
            raw: &[],
            stat: "",
        };
        Some(Op::Accept(NewEntry {
            queue: account.queue,
            group: account.group,
            priority: 1,
            due: 0,
            expires: now + setup.delivery_wait,
            dedup: None,
            body: facts.about(&out.message, place),
        }))
    }

    /// Validity ended: the outcome, with the receipt that is due.
    pub(crate) fn expired_tx(&self, out: &Outgoing, place: &str, now: Millis) -> Tx {
        self.metrics.expired.inc();
        let mut ops = Vec::with_capacity(2);
        if matches!(out.message.kind(), Kind::Mt | Kind::MtPart | Kind::Mms) {
            ops.extend(self.failure_receipt(out, State::Expired, want::FAILED, "", "validity ended", now, place));
        }
        ops.extend(self.told(out, State::Expired, "", "validity ended", now, place));
        let note = OutcomeNote::bytes(place, "", "validity ended", State::Expired);
        ops.push(Op::Settle { lease: out.lease, outcome: Outcome::Expired, note });
        Tx { ops }
    }

    /// Receipts that had come before the response which made them match.
    pub(crate) async fn apply_parked(
        self: &Arc<Self>,
        state: &Arc<ConnectorState>,
        counters: &ConnectorCounters,
        parked: Vec<waxwing_spool::Parked>,
    ) -> Result<(), SpoolError> {
        let mut receipts = Vec::with_capacity(parked.len());
        for p in parked {
            if let Ok(r) = <CarrierReceipt as prost::Message>::decode(p.body.clone()) {
                receipts.push(ReceiptTodo::parked(r, p.key));
            } else {
                drop(self.spool.commit(vec![Tx::one(Op::Unpark { key: p.key })]));
            }
        }
        self.apply_receipts(state, counters, receipts, None).await
    }
}
