//! Reports that come back about mail that left: delivery status notifications become delivery reports of the phone's message, disposition
//! notifications its read reports.
//!
//! A report is believed where it names a message by a number that only this centre can have made, and was sent to whoever sent that
//! message. What is about no message here is taken and dropped: nobody could do anything with it.

use bytes::Bytes;
use waxwing_core::{Address, Message, MsgId, Remark, State, Told, want};
use waxwing_mail::mms::{MmStatus, ReadStatus};
use waxwing_mail::smtp::Refusal;
use waxwing_mail::{Action, DeliveryReport, DispositionReport, RecipientStatus, Report};
use waxwing_spool::{Op, RemoteLookup, Tx};

use super::compose::MailId;
use crate::{Centre, Facts};

/// Longest reason that is kept, characters.
const REASON: usize = 300;

impl Centre {
    /// Takes a report to these numbers (digits). Whether it found its message; what it brought about is durable then.
    ///
    /// # Errors
    /// Where it must come again.
    pub(super) async fn take_report(&self, report: &Report, to: &[String]) -> Result<bool, Refusal> {
        let found = match report {
            Report::Delivery(report) => self.take_delivery(report, to).await?,
            Report::Disposition(report) => self.take_disposition(report, to).await?,
        };
        let counter = if found { &self.counters.mail.matched } else { &self.counters.mail.unmatched };
        counter.inc();
        Ok(found)
    }

    async fn take_delivery(&self, report: &DeliveryReport, to: &[String]) -> Result<bool, Refusal> {
        let names = [report.envelope_id.as_deref(), report.message_id.as_deref()];
        let Some((id, mail)) = names.into_iter().flatten().find_map(|name| self.mail_id(name)) else { return Ok(false) };
        // Each message of ours has one recipient.
        let Some(status) = report.recipients.first() else { return Ok(false) };
        let (state, reason) = (state(status), reason(status));
        if let RemoteLookup::Unknown = self.gateway.spool.find_remote(self.mail, mail.token.as_bytes()) {
            // A mail server may be faster than the disk here.
            if self.gateway.spool.get(id).is_some() {
                return Err(Refusal::later("The message is still on its way out; try again later"));
            }
            return self.late_delivery(id, &mail, status, state, &reason, to).await;
        }
        let told = self.change_in(self.mail, &mail.token, |w| {
            if !is_sender(&w.message.source, to) {
                return None;
            }
            Some(match state {
                Some(state) => self.finish(w, state, &reason, ""),
                None => vec![Op::Note { id: Some(w.at.id), kind: Remark::Other.code(), note: Bytes::from(reason.clone()) }],
            })
        });
        told.await.map_err(|e| {
            tracing::warn!(message = %id, "A report that came by mail could not be stored: {e}");
            Refusal::later("The report cannot be stored now; try again later")
        })?;
        Ok(true)
    }

    /// The message is over: the relay had taken it, and only now it turns out what became of it.
    async fn late_delivery(
        &self,
        id: MsgId,
        mail: &MailId,
        status: &RecipientStatus,
        state: Option<State>,
        reason: &str,
        to: &[String],
    ) -> Result<bool, Refusal> {
        let Some((message, account)) = self.about(id).await else { return Ok(false) };
        let names = [Some(&status.recipient), status.original.as_ref()];
        let is_its = names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(&message.destination.as_text()));
        if !is_its || !is_sender(&message.source, to) {
            return Ok(false);
        }
        let mut ops = vec![Op::Note { id: Some(id), kind: Remark::Other.code(), note: Bytes::copy_from_slice(reason.as_bytes()) }];
        // That it left was told as its delivery.
        if let Some(state) = state.filter(|s| mail.is_wanted && *s != State::Delivered) {
            let facts = Facts {
                media: Bytes::from_static(&[0; 32]),
                recipient: message.destination.as_text().into_owned(),
                message_id: message.reference.clone(),
                ..Facts::default()
            };
            let message = Message { want: want::FINAL, native: facts.to_bytes(), ..message };
            let done = self.now();
            let told = Told { id, state, event: want::FAILED, submitted: 0, done, error: "", reason };
            ops.extend(self.gateway.receipt_op(account.group, &message, &told, "mail"));
        }
        self.store(ops).await
    }

    async fn take_disposition(&self, report: &DispositionReport, to: &[String]) -> Result<bool, Refusal> {
        let named = report.message_id.as_deref().and_then(|name| self.mail_id(name));
        let (Some((id, _)), Some(status)) = (named, report.read_status()) else { return Ok(false) };
        let Some((message, account)) = self.about(id).await else { return Ok(false) };
        if !is_sender(&message.source, to) {
            return Ok(false);
        }
        let status = match status {
            ReadStatus::Read => waxwing_mms::ReadStatus::Read,
            ReadStatus::Deleted => waxwing_mms::ReadStatus::Deleted,
        };
        match self.told_read(id, &message, &account, status) {
            Ok(ops) => self.store(ops).await,
            Err(why) => {
                tracing::warn!(message = %id, "A read report that came by mail cannot be handed on: {why}");
                Ok(false)
            }
        }
    }

    /// The message that a mail of ours was, by a number that we made.
    fn mail_id(&self, name: &str) -> Option<(MsgId, MailId)> {
        let mail = MailId::parse(name, &self.options.domain)?;
        let id = self.of_copy_id(&format!("{}@{}", mail.copy, self.options.domain))?;
        Some((id, mail))
    }

    async fn store(&self, ops: Vec<Op>) -> Result<bool, Refusal> {
        match self.gateway.spool.commit(vec![Tx { ops }]).await {
            Ok(_) => Ok(true),
            Err(e) => {
                tracing::warn!("A report that came by mail could not be stored: {e}");
                Err(Refusal::later("The report cannot be stored now; try again later"))
            }
        }
    }
}

/// Whether a report came to whoever sent the message.
fn is_sender(source: &Address, to: &[String]) -> bool {
    let source = source.as_text();
    to.iter().any(|number| *number == source.trim_start_matches('+'))
}

/// What is final by it; a delay is not. What went on to a system that tells nothing counts as delivered, like all mail whose server tells
/// nothing.
fn state(status: &RecipientStatus) -> Option<State> {
    match (status.action, status.mm_status()) {
        (Action::Delayed, _) => None,
        (Action::Delivered | Action::Relayed | Action::Expanded, _) => Some(State::Delivered),
        (Action::Failed, MmStatus::Expired) => Some(State::Expired),
        (Action::Failed, MmStatus::Rejected) => Some(State::Rejected),
        (Action::Failed, _) => Some(State::Undeliverable),
    }
}

fn reason(status: &RecipientStatus) -> String {
    let words = match &status.diagnostic {
        Some(diagnostic) => format!("{} ({}): {diagnostic}", status.action.word(), status.status),
        None => format!("{} ({})", status.action.word(), status.status),
    };
    words.chars().filter(|c| !c.is_control()).take(REASON).collect()
}
