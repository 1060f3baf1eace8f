//! What comes back: receipts of the centre's own SMS, and the delivery reports that senders' phones are owed.
//!
//! All of it waits in the queue of the centre's account, put there in the transaction that brought it about.

use std::time::Duration;

use bytes::Bytes;
use waxwing_core::{
    Address, CarrierReceipt, Door, ErrorClass, Message, Millis, MsgId, Outbox, OutcomeNote, Outgoing, Receipt, Remark, RetryPolicy, State,
    Submission, Told, want,
};
use waxwing_mms::{MessageStatus, ReadStatus};
use waxwing_spool::{Op, Outcome, QueueId, RemoteLookup, Tx, TxError};
use waxwing_wap::mms::{TypeForm, notification};
use waxwing_wap::sms::{PUSH, user_data};

use crate::centre::Waiting;
use crate::log::kind;
use crate::notify::class;
use crate::{Centre, Facts, Way, pdus};

const BATCH: usize = 256;
const PAUSE: Duration = Duration::from_secs(1);
const LATER: Millis = 60_000;
const OCTETS: u32 = 4;
/// Why a message is delivered that its recipient passed on without having fetched it.
pub(crate) const FORWARDED: &str = "forwarded";
/// Rounds of "somebody else was faster".
const ROUNDS: usize = 8;

/// Runs until `stop` resolves.
pub(crate) async fn run(centre: Centre, stop: impl Future<Output = ()>) {
    let Some(account) = centre.account() else { return };
    let outbox = Outbox::deliveries(&centre.gateway, account.queue, "mmsc", RetryPolicy::default());
    let mut stop = std::pin::pin!(stop);
    loop {
        let ready = outbox.ready();
        let claimed = outbox.claim(BATCH);
        if claimed.is_empty() {
            tokio::select! {
                () = &mut stop => return,
                () = ready => continue,
            }
        }
        for out in &claimed {
            // One by one: each may have to look again, and there are few.
            if let Err(e) = centre.came_back(out).await {
                tracing::warn!(message = %out.id(), "a report could not be handled and is tried again: {e}");
                centre.gateway.spool.release(&out.lease);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl Centre {
    async fn came_back(&self, out: &Outgoing) -> Result<(), String> {
        for _ in 0..ROUNDS {
            let tx = match (&out.message.receipt, out.message.door()) {
                (Some(receipt), Door::Mmsc) => self.of_own_sms(out, receipt),
                (Some(receipt), Door::Mm1) => self.delivery_report(out, receipt),
                (Some(_), Door::Mail) => self.report_by_mail(out),
                _ => done(out, "nothing to be told", Vec::new()),
            };
            match self.gateway.spool.commit(vec![tx]).await.map_err(|e| e.to_string())?.pop() {
                Some(Err(TxError::Changed(_))) => continue,
                Some(Err(e)) => return Err(e.to_string()),
                _ => return Ok(()),
            }
        }
        Err("its message changes all the time".into())
    }

    /// A notification, or an SMS with a link, was delivered or failed: the message that it is about is told.
    fn of_own_sms(&self, out: &Outgoing, receipt: &Receipt) -> Tx {
        let state = State::try_from(receipt.state).unwrap_or(State::Unknown);
        let Ok(parent) = out.message.reference.parse::<MsgId>() else { return done(out, "about nothing", Vec::new()) };
        if self.gateway.spool.get(parent).is_none() {
            return done(out, "its message is over", Vec::new());
        }
        if state != State::Delivered
            && let Some(w) = self.by_id(parent)
            && w.facts.way() == Way::Link
        {
            let reason = format!("the SMS with the link was {}", state.name());
            return done(out, "", self.finish(&w, State::Undeliverable, &reason, ""));
        }
        let words = if state == State::Delivered {
            "the notification was delivered".into()
        } else {
            format!("the notification was {}", state.name())
        };
        let note = Op::Note { id: Some(parent), kind: Remark::Notified.code(), note: Bytes::from(words) };
        done(out, "", vec![note])
    }

    /// A message that came by e-mail: its report leaves by e-mail, from the queue of that.
    fn report_by_mail(&self, out: &Outgoing) -> Tx {
        if !self.options.mail {
            return done(out, "e-mail does not leave this message centre", Vec::new());
        }
        let outcome = Outcome::Retry { at: self.now(), queue: Some(self.mail), count: false, sent: Vec::new() };
        Tx::one(Op::Settle { lease: out.lease, outcome, note: OutcomeNote::note("mmsc", "", "", State::Queued) })
    }

    /// m-delivery-ind to the sender's phone.
    fn delivery_report(&self, out: &Outgoing, receipt: &Receipt) -> Tx {
        let Some(facts) = Facts::of(&out.message) else { return done(out, "unreadable", Vec::new()) };
        let state = State::try_from(receipt.state).unwrap_or(State::Unknown);
        let status = match state {
            State::Delivered if receipt.reason == FORWARDED => MessageStatus::Forwarded,
            State::Delivered => MessageStatus::Retrieved,
            State::Expired => MessageStatus::Expired,
            State::Rejected => MessageStatus::Rejected,
            State::Undeliverable | State::Failed => MessageStatus::Unreachable,
            _ => MessageStatus::Indeterminate,
        };
        let pdu = pdus::delivery_ind(&self.message_id(&facts), &facts, status, receipt.done / 1000);
        let (sender, size) = (out.message.destination.to_string(), facts.size.to_string());
        let message = MsgId(receipt.id).to_string();
        self.journal.line(
            self.now(),
            kind::DELIVERY_REPORT,
            &["SMS:localsystem", &facts.recipient, &sender, &message, state.name(), &size],
        );
        self.push_to_sender(out, &out.message.destination, pdu)
    }

    /// The transaction that pushes a PDU to a phone and settles what it was made of.
    fn push_to_sender(&self, out: &Outgoing, to: &Address, pdu: Result<Vec<u8>, String>) -> Tx {
        let now = self.now();
        let entry = pdu.map_err(|e| (ErrorClass::Permanent, e)).and_then(|pdu| {
            let account = self.account().ok_or((ErrorClass::Temporary, "the message centre is being configured".to_owned()))?;
            let submission = Submission { message: self.push_sms(to.clone(), out.id(), &pdu), ..Submission::default() };
            self.gateway.entry(&account, submission).map_err(|e| (class(&e), e.to_string()))
        });
        match entry {
            Ok(sms) => {
                self.counters.reports.inc();
                done(out, "", vec![Op::Accept(sms)])
            }
            Err((ErrorClass::Permanent, why)) => {
                let note = OutcomeNote::note("mmsc", "", &why, State::Failed);
                Tx::one(Op::Settle { lease: out.lease, outcome: Outcome::Failed, note })
            }
            Err((_, why)) => {
                let outcome = Outcome::Retry { at: (now + LATER).min(out.expires), queue: None, count: false, sent: Vec::new() };
                Tx::one(Op::Settle { lease: out.lease, outcome, note: OutcomeNote::note("mmsc", "", &why, State::Queued) })
            }
        }
    }

    /// An SMS that pushes a PDU to a phone.
    pub(crate) fn push_sms(&self, to: Address, id: MsgId, pdu: &[u8]) -> Message {
        let push = notification(id.0 as u8, TypeForm::Text, pdu);
        Message {
            door: Door::Internal as i32,
            source: if self.options.sender.is_empty() { Address::default() } else { Address::parse(&self.options.sender) },
            destination: to,
            payload: Bytes::from(user_data(&push, PUSH)),
            udhi: true,
            data_coding: OCTETS,
            ..Message::default()
        }
    }

    /// The waiting message of a number.
    pub(crate) fn by_id(&self, id: MsgId) -> Option<Waiting> {
        let body = self.gateway.spool.read_body(id).ok()??;
        let facts = Facts::of(&Message::from_bytes(body).ok()?)?;
        let word = if facts.way() == Way::Link { &facts.link } else { &facts.token };
        self.waiting(word).filter(|w| w.at.id == id)
    }

    /// What makes a message final: the outcome, with the receipt that is due. `stat` is the recipient's own word.
    pub(crate) fn finish(&self, w: &Waiting, state: State, reason: &str, stat: &'static str) -> Vec<Op> {
        self.advance(w, state, true, reason, stat)
    }

    /// The same, or a state that it stays in the spool with.
    pub(crate) fn advance(&self, w: &Waiting, state: State, is_over: bool, reason: &str, stat: &'static str) -> Vec<Op> {
        let now = self.now();
        let event = if state == State::Delivered { want::DELIVERED } else { want::FAILED };
        let told = Told { id: w.at.id, state, event, submitted: w.at.accepted, done: now, error: "", reason };
        let mut ops = Vec::with_capacity(3);
        if state.is_final() {
            ops.extend(self.gateway.receipt_op(w.at.group, &w.message, &told, "mmsc"));
        }
        let receipt =
            CarrierReceipt { state: state as i32, stat: Bytes::from_static(stat.as_bytes()), done: now, ..CarrierReceipt::default() };
        let note = Bytes::from(prost::Message::encode_to_vec(&receipt));
        ops.push(Op::Receipt { id: w.at.id, part: w.at.part, expect: w.at.version, state: state.code(), done: is_over, note });
        ops
    }

    /// Changes a waiting message, looking again where somebody else was faster. False where it is over already.
    ///
    /// # Errors
    /// The spool's: whoever asked is told to come back.
    pub(crate) async fn change(&self, token: &str, ops: impl Fn(&Waiting) -> Option<Vec<Op>>) -> Result<bool, waxwing_spool::SpoolError> {
        self.change_in(self.phones, token, ops).await
    }

    /// The same of a message of that queue.
    ///
    /// # Errors
    /// See [`Centre::change`].
    pub(crate) async fn change_in(
        &self,
        queue: QueueId,
        token: &str,
        ops: impl Fn(&Waiting) -> Option<Vec<Op>>,
    ) -> Result<bool, waxwing_spool::SpoolError> {
        for _ in 0..ROUNDS {
            let Some(w) = self.waiting_in(queue, token) else { return Ok(false) };
            let Some(ops) = ops(&w) else { return Ok(false) };
            match self.gateway.spool.commit(vec![Tx { ops }]).await?.pop() {
                Some(Err(TxError::Changed(_))) => continue,
                Some(Err(TxError::Refused(e))) => return Err(e),
                Some(Err(e)) => {
                    tracing::error!(message = %w.at.id, "could not be changed: {e}");
                    return Ok(false);
                }
                _ => return Ok(true),
            }
        }
        Err(waxwing_spool::SpoolError::TooSlow { waited_ms: 0 })
    }

    /// Whether a token's message was over a short while ago.
    pub(crate) fn was_waiting(&self, token: &str) -> Option<MsgId> {
        match self.gateway.spool.find_remote(self.phones, token.as_bytes()) {
            RemoteLookup::Finished(id) => Some(id),
            _ => None,
        }
    }
}

fn done(out: &Outgoing, words: &str, mut ops: Vec<Op>) -> Tx {
    let note = OutcomeNote::note("mmsc", "", words, State::Delivered);
    ops.push(Op::Settle { lease: out.lease, outcome: Outcome::Done, note });
    Tx { ops }
}

/// What the recipient did, for m-read-orig-ind.
pub(crate) fn read_word(status: ReadStatus) -> &'static str {
    match status {
        ReadStatus::Deleted => "deleted without being read",
        _ => "read",
    }
}
