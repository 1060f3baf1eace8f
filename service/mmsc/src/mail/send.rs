//! The worker of the queue `mms:mail`: hands mail to the relay, again and again until it is taken, refused for good, or out of time.

use std::time::Duration;

use bytes::Bytes;
use waxwing_core::{ErrorClass, Kind, Millis, Outbox, OutcomeNote, Outgoing, RetryPolicy, SendResult, Settlement, State, Told, want};
use waxwing_mail::relay::{Failure, SmtpReply};
use waxwing_mail::{Delivery, Relay};
use waxwing_spool::{Op, Outcome, SentPart, Tx};

use super::compose::{Letter, compose};
use super::told;
use super::wish::Wish;
use crate::log::kind;
use crate::{Centre, Facts};

/// Mails on their way at the same time.
pub(crate) const WORKERS: usize = 4;
/// Longest that one may take: less than a claim lasts ([`waxwing_core::LEASE`]).
const LONGEST: Duration = Duration::from_secs(540);
/// How long one may still take when the centre stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a report of the recipient's mail server is waited for: as long as mail servers try.
const REPORT_WAIT: Millis = 5 * 86_400_000;
/// Pause after the spool or the media store could not do what was asked.
const PAUSE: Duration = Duration::from_secs(1);

/// The word for this in the ledger.
const PLACE: &str = "mail";

/// When to try again: a minute later than the last time, then an hour apart, as long as the message is valid.
fn retry() -> RetryPolicy {
    let (delay, delay_max) = (Duration::from_secs(60), Duration::from_secs(3600));
    RetryPolicy { max_attempts: u16::MAX, delay, multiplier: 1, delay_max }
}

/// Runs until `stop` resolves.
pub(crate) async fn run(centre: Centre, relay: Relay, stop: impl Future<Output = ()>) {
    let outbox = Outbox::deliveries(&centre.gateway, centre.mail, PLACE, retry());
    let mut stop = std::pin::pin!(stop);
    let mut is_stopping = false;
    while !is_stopping {
        let ready = outbox.ready();
        let Some(out) = outbox.claim(1).pop() else {
            tokio::select! {
                () = &mut stop => break,
                () = ready => continue,
            }
        };
        let lease = out.lease;
        let handled = {
            let mut work = std::pin::pin!(centre.leave(&relay, &outbox, out));
            tokio::select! {
                handled = &mut work => handled,
                () = &mut stop => {
                    is_stopping = true;
                    tokio::time::timeout(DRAIN, work).await.unwrap_or_else(|_| Err("the message centre stops".into()))
                }
            }
        };
        if let Err(e) = handled {
            tracing::warn!(message = %lease.id, "E-mail waits and is tried again: {e}");
            centre.gateway.spool.release(&lease);
            if !is_stopping {
                tokio::select! {
                    () = &mut stop => break,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }
    relay.close_idle().await;
}

impl Centre {
    /// Tries to send what was claimed, and settles it.
    async fn leave(&self, relay: &Relay, outbox: &Outbox, out: Outgoing) -> Result<(), String> {
        let facts = Facts::of(&out.message);
        let letter = match self.letter(&out, facts.as_ref()) {
            Ok(letter) => letter,
            Err((ErrorClass::Permanent, why)) => return settle(outbox, out, refused(ErrorClass::Permanent, String::new(), why)).await,
            Err((_, why)) => return Err(why),
        };
        let answers = tokio::time::timeout(LONGEST, relay.send(&letter.envelope, &letter.message)).await;
        let answer = answers.ok().and_then(|mut all| all.pop());
        let word = match &answer {
            Some(Delivery::Sent { .. }) => "OK".to_owned(),
            Some(Delivery::Temporary(f)) => format!("Retry: {f}"),
            Some(Delivery::Permanent(f)) => format!("Failed: {f}"),
            None => "Retry: no answer in time".to_owned(),
        };
        let (to, size) = (letter.envelope.recipients.first().map(|r| &*r.address).unwrap_or_default(), letter.message.len().to_string());
        let from = letter.envelope.sender.as_deref().unwrap_or_default();
        self.journal.line(self.now(), kind::OUT, &["", from, to, &out.id().to_string(), &word, &size]);
        match answer {
            Some(Delivery::Sent { reply, dsn }) => self.sent(&out, &letter, facts.as_ref(), dsn, &words(&reply)).await,
            Some(Delivery::Temporary(f)) => settle(outbox, out, refused(ErrorClass::Temporary, code(&f), f.text)).await,
            Some(Delivery::Permanent(f)) => settle(outbox, out, refused(ErrorClass::Permanent, code(&f), f.text)).await,
            None => settle(outbox, out, refused(ErrorClass::Temporary, String::new(), "the relay did not answer in time".into())).await,
        }
    }

    /// What is to be sent.
    fn letter(&self, out: &Outgoing, facts: Option<&Facts>) -> Result<Letter, (ErrorClass, String)> {
        let (message, domain) = (&out.message, &*self.options.domain);
        if let Some(receipt) = &message.receipt {
            let told = told::Told {
                id: out.id(),
                receipt,
                wish: Wish::of_text(&message.door_data),
                about: &message.reference,
                author: message.destination.as_text().into_owned(),
                // Receipts go the other way.
                recipient: format!("{}@{domain}", message.source),
                domain,
                now: self.now(),
            };
            return told.letter().map_err(|e| (ErrorClass::Permanent, e));
        }
        let permanent = |why: &str| (ErrorClass::Permanent, why.to_owned());
        let facts = facts.ok_or_else(|| permanent("its record cannot be read"))?;
        let content = match self.content(facts) {
            Ok(content) => content.ok_or_else(|| permanent("its content is missing from the media store"))?,
            Err(e) => return Err((ErrorClass::Temporary, format!("its content cannot be read: {e}"))),
        };
        compose(out.id(), facts, message.want, &content, domain).map_err(|e| (ErrorClass::Permanent, e))
    }

    /// The relay has it. The message is over, and its sender hears so, unless the recipient's mail server will tell more.
    async fn sent(&self, out: &Outgoing, letter: &Letter, facts: Option<&Facts>, dsn: bool, reply: &str) -> Result<(), String> {
        let now = self.now();
        let mut ops = Vec::with_capacity(2);
        match facts {
            Some(facts) if dsn && letter.awaits_report && out.message.kind() == Kind::Mms => {
                let part = SentPart { part: 0, remote: Bytes::copy_from_slice(facts.token.as_bytes()) };
                let outcome = Outcome::Sent { parts: vec![part], total: 1, await_until: Some(now + REPORT_WAIT) };
                ops.push(Op::Settle { lease: out.lease, outcome, note: OutcomeNote::note(PLACE, "", reply, State::Enroute) });
            }
            _ => {
                if out.message.kind() == Kind::Mms {
                    let (id, submitted) = (out.id(), out.accepted);
                    let told = Told { id, state: State::Delivered, event: want::DELIVERED, submitted, done: now, error: "", reason: "" };
                    ops.extend(self.gateway.receipt_op(out.group, &out.message, &told, PLACE));
                } else {
                    self.counters.mail.reported.inc();
                }
                let note = OutcomeNote::note(PLACE, "", reply, State::Delivered);
                ops.push(Op::Settle { lease: out.lease, outcome: Outcome::Done, note });
            }
        }
        match self.gateway.spool.commit(vec![Tx { ops }]).await.map_err(|e| e.to_string())?.pop() {
            // Its lease had run out: it may leave twice, it is not lost.
            Some(Err(e)) => {
                tracing::warn!(message = %out.id(), "E-mail left, and that could not be recorded: {e}");
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

async fn settle(outbox: &Outbox, out: Outgoing, result: SendResult) -> Result<(), String> {
    outbox.settle(vec![Settlement { out, result }]).await.map_err(|e| e.to_string())
}

fn refused(class: ErrorClass, code: String, reason: String) -> SendResult {
    SendResult::Refused { class, code, reason, sent: Vec::new() }
}

/// What the relay said, for the record.
fn words(reply: &SmtpReply) -> String {
    format!("{} {}", reply.code, reply.text.chars().take(200).collect::<String>())
}

/// The relay's code, for people.
fn code(f: &Failure) -> String {
    let enhanced = f.enhanced.map(|e| format!(" {e}")).unwrap_or_default();
    f.code.map(|code| format!("SMTP {code}{enhanced}")).unwrap_or_default()
}
