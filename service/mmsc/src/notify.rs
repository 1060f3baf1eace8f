//! Telling recipients of their messages: notifications again and again until the message is fetched, or an SMS with a link.
//!
//! A message stays in its queue until its recipient has it: "tried again" here means "told again". What is sent is an SMS like any other,
//! accepted in the same transaction that notes it.

use std::time::Duration;

use bytes::Bytes;
use waxwing_core::{
    Address, ErrorClass, Message, Millis, MsgId, NoRoute, Outbox, OutcomeNote, Outgoing, RetryPolicy, State, Submission, SubmitError, Told,
    want,
};
use waxwing_mms::MmsAddress;
use waxwing_spool::{NewEntry, Op, Outcome, SentPart, Tx};
use waxwing_wap::mms::{TypeForm, notification};
use waxwing_wap::sms::{PUSH, user_data};

use crate::centre::ACCOUNT;
use crate::log::kind;
use crate::submit::vasp;
use crate::{Centre, Facts, Way, pdus};

/// Messages taken at a time.
const BATCH: usize = 256;
/// The wait when there is nobody to hand an SMS to.
const LATER: Millis = 60_000;
/// Data coding of WAP pushes: 8-bit data.
const OCTETS: u32 = 4;
/// Pause after the spool could not take an outcome.
const PAUSE: Duration = Duration::from_secs(1);
/// Shown where the sender is hidden or has no name.
const SOMEBODY: &str = "somebody";

/// Runs until `stop` resolves.
pub(crate) async fn run(centre: Centre, stop: impl Future<Output = ()>) {
    let outbox = Outbox::deliveries(&centre.gateway, centre.phones, "mmsc", RetryPolicy::default());
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
        let leases: Vec<_> = claimed.iter().map(|out| out.lease).collect();
        let txs = claimed.iter().map(|out| centre.tell(out)).collect();
        let told = centre.gateway.spool.commit(txs).await;
        if let Ok(results) = &told
            && centre.journal.is_written()
        {
            let sms = results.iter().map(|r| r.as_ref().ok()?.accepted.first().map(|a| a.id()));
            claimed.iter().zip(sms).filter_map(|(out, sms)| Some((out, sms?))).for_each(|(out, sms)| centre.note_taken_in(out, sms));
        }
        if let Err(e) = told {
            tracing::warn!("notifications could not be stored and are tried again: {e}");
            for lease in leases.iter().rev() {
                centre.gateway.spool.release(lease);
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

impl Centre {
    /// NowSMS writes the line of a message that came in when it sends the notification, whose number stands in it.
    fn note_taken_in(&self, out: &Outgoing, sms: MsgId) {
        let Some(facts) = Facts::of(&out.message).filter(|_| out.attempts == 0) else { return };
        let ip = String::from_utf8_lossy(&out.message.submitted_from);
        let who = match self.gateway.account_of(out.group) {
            Some(account) if &*account.name != ACCOUNT => vasp(&account),
            _ => MmsAddress::parse(&facts.from).map(|a| a.bare()).unwrap_or_default(),
        };
        let fields = [&*ip, &who, &facts.recipient, &out.id().to_string(), &sms.to_string(), &facts.size.to_string()];
        self.journal.line(self.now(), kind::IN, &fields);
    }

    /// The next step of a message that its recipient does not have yet.
    fn tell(&self, out: &Outgoing) -> Tx {
        let now = self.now();
        let Some(facts) = Facts::of(&out.message) else {
            return self.give_up(out, &Facts::default(), "its record cannot be read", now);
        };
        let since = now.saturating_sub(out.accepted);
        let link = facts.way() == Way::Link || self.options.link_after.is_some_and(|after| since >= millis(after));
        let told = usize::from(out.attempts);
        let deferred = self.waiting(&facts.token).and_then(|w| w.state()) == Some(State::Accepted);
        let again = if told == 0 { Some(Duration::ZERO) } else { self.options.notify_again.get(told - 1).copied() };
        if !link && (deferred || again.is_none() || told > self.options.notify_again.len()) {
            return self.wait(out, &facts, deferred, now);
        }
        let Some(account) = self.account() else { return self.later(out, "the message centre is being configured", now) };
        let submission = if link { self.link_sms(&facts, out) } else { self.notification_sms(&facts, out, now) };
        let submission = match submission {
            Ok(s) => s,
            Err(why) => return self.give_up(out, &facts, &why, now),
        };
        match self.gateway.entry(&account, submission) {
            Ok(sms) if link => self.linked(out, &facts, sms),
            Ok(sms) => self.notified(out, &facts, sms, now),
            Err(e) => match class(&e) {
                ErrorClass::Permanent => self.give_up(out, &facts, &e.to_string(), now),
                _ => self.later(out, &e.to_string(), now),
            },
        }
    }

    /// The SMS that tells a phone of a message.
    fn notification_sms(&self, facts: &Facts, out: &Outgoing, now: Millis) -> Result<Submission, String> {
        let pdu = pdus::notification(facts, &self.options, out.expires, now)?;
        // Any octet will do; the same for each repetition.
        let push = notification(out.id().0 as u8, TypeForm::Text, &pdu);
        let message = Message {
            source: self.sms_source(facts, out),
            destination: out.message.destination.clone(),
            payload: Bytes::from(user_data(&push, PUSH)),
            udhi: true,
            data_coding: OCTETS,
            ..self.own_sms(out)
        };
        Ok(Submission { message, priority: Some(out.priority), expires: Some(self.sms_expiry(out, now)), ..Submission::default() })
    }

    /// The SMS that leads to a message's page.
    fn link_sms(&self, facts: &Facts, out: &Outgoing) -> Result<Submission, String> {
        if facts.locked || !facts.rights.is_empty() {
            return Err("its content may not leave the phone it was sent to, and cannot be shown on a page".into());
        }
        let from =
            if facts.from.is_empty() { SOMEBODY.to_owned() } else { MmsAddress::parse(&facts.from).map(|a| a.bare()).unwrap_or_default() };
        let text = &self.options.link_text;
        let text =
            text.replace("{from}", &from).replace("{subject}", &facts.subject).replace("{link}", &self.options.page_url(&facts.link));
        let message = Message {
            source: self.sms_source(facts, out),
            destination: out.message.destination.clone(),
            text: Some(text),
            ..self.own_sms(out)
        };
        Ok(Submission { message, priority: Some(out.priority), expires: Some(out.expires), ..Submission::default() })
    }

    fn own_sms(&self, out: &Outgoing) -> Message {
        Message {
            door: waxwing_core::Door::Mmsc as i32,
            reference: out.id().to_string(),
            want: want::DELIVERED | want::FAILED,
            submitted_from: Bytes::from_static(ACCOUNT.as_bytes()),
            ..Message::default()
        }
    }

    fn sms_source(&self, facts: &Facts, out: &Outgoing) -> Address {
        if !self.options.sender.is_empty() {
            Address::parse(&self.options.sender)
        } else if facts.from.is_empty() || facts.from.contains('@') {
            // An e-mail address is no sender of an SMS.
            Address::default()
        } else {
            out.message.source.clone()
        }
    }

    /// An SMS that has not arrived when the next one leaves is of no use any more.
    fn sms_expiry(&self, out: &Outgoing, now: Millis) -> Millis {
        let next = self.options.notify_again.get(usize::from(out.attempts)).copied();
        next.map_or(out.expires, |d| (now + millis(d).max(60_000)).min(out.expires)).max(now + 60_000)
    }

    fn notified(&self, out: &Outgoing, facts: &Facts, sms: NewEntry, now: Millis) -> Tx {
        let next = self.options.notify_again.get(usize::from(out.attempts)).copied();
        let link_at = self.options.link_after.map(|after| out.accepted + millis(after));
        let at = next.map_or(out.expires, |d| now + millis(d)).min(link_at.unwrap_or(Millis::MAX).max(now + 1)).min(out.expires);
        // Its token leads to it from the first notification on.
        let sent = if out.sent_parts.is_empty() { vec![part(&facts.token)] } else { Vec::new() };
        self.counters.notified.inc();
        let note = OutcomeNote::note("mmsc", "", "notified", State::Enroute);
        let outcome = Outcome::Retry { at, queue: None, count: true, sent };
        Tx { ops: vec![Op::Accept(sms), Op::Settle { lease: out.lease, outcome, note }] }
    }

    fn linked(&self, out: &Outgoing, facts: &Facts, sms: NewEntry) -> Tx {
        self.counters.linked.inc();
        let note = OutcomeNote::note("mmsc", "", "sent as an SMS with a link", State::Enroute);
        let outcome = Outcome::Sent { parts: vec![part(&facts.link)], total: 1, await_until: Some(out.expires) };
        Tx { ops: vec![Op::Accept(sms), Op::Settle { lease: out.lease, outcome, note }] }
    }

    /// Nothing more is said; it can be fetched until its time is over, or becomes a link before.
    fn wait(&self, out: &Outgoing, facts: &Facts, deferred: bool, now: Millis) -> Tx {
        let link_at = self.options.link_after.filter(|_| !deferred).map(|after| out.accepted + millis(after)).filter(|at| *at > now);
        let sent = if out.sent_parts.is_empty() { vec![part(&facts.token)] } else { Vec::new() };
        let outcome = Outcome::Retry { at: link_at.unwrap_or(out.expires).min(out.expires), queue: None, count: false, sent };
        let note =
            OutcomeNote::note("mmsc", "", if deferred { "the phone fetches it later" } else { "waits to be fetched" }, State::Enroute);
        Tx::one(Op::Settle { lease: out.lease, outcome, note })
    }

    fn later(&self, out: &Outgoing, why: &str, now: Millis) -> Tx {
        let outcome = Outcome::Retry { at: (now + LATER).min(out.expires), queue: None, count: false, sent: Vec::new() };
        Tx::one(Op::Settle { lease: out.lease, outcome, note: OutcomeNote::note("mmsc", "", why, State::Queued) })
    }

    /// It cannot reach its recipient by any SMS.
    pub(crate) fn give_up(&self, out: &Outgoing, facts: &Facts, why: &str, now: Millis) -> Tx {
        tracing::info!(message = %out.id(), way = facts.way().name(), "A multimedia message failed: {why}");
        let told = Told {
            id: out.id(),
            state: State::Undeliverable,
            event: want::FAILED,
            submitted: out.accepted,
            done: now,
            error: "",
            reason: why,
        };
        let mut ops: Vec<Op> = self.gateway.receipt_op(out.group, &out.message, &told, "mmsc").into_iter().collect();
        let note = OutcomeNote::note("mmsc", "", why, State::Undeliverable);
        ops.push(Op::Settle { lease: out.lease, outcome: Outcome::Failed, note });
        Tx { ops }
    }
}

fn part(word: &str) -> SentPart {
    SentPart { part: 0, remote: Bytes::copy_from_slice(word.as_bytes()) }
}

pub(crate) fn millis(d: Duration) -> Millis {
    Millis::try_from(d.as_millis()).unwrap_or(Millis::MAX / 4)
}

/// Whether an SMS that cannot be accepted now may be accepted later.
pub(crate) fn class(e: &SubmitError) -> ErrorClass {
    match e {
        SubmitError::NoRoute(NoRoute::Asked(_)) | SubmitError::Busy(_) | SubmitError::Broken(_) | SubmitError::Throttled { .. } => {
            ErrorClass::Temporary
        }
        // The operator adds a route, and the message goes out.
        SubmitError::NoRoute(_) | SubmitError::Quota { .. } => ErrorClass::Temporary,
        _ => ErrorClass::Permanent,
    }
}
