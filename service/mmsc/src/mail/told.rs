//! A receipt of a message that came by mail, as the mail that tells its sender: a delivery status notification (RFC 3464) or a disposition
//! notification (RFC 8098).

use waxwing_core::{Millis, MsgId, Receipt, State, want};
use waxwing_mail::mms::{MmStatus, ReadStatus};
use waxwing_mail::relay::EnvelopeRecipient;
use waxwing_mail::report::ReportHead;
use waxwing_mail::{DeliveryReport, DispositionReport, Envelope, Mailbox, RecipientStatus};

use super::compose::Letter;
use super::wish::Wish;

/// What a report is made of.
pub(super) struct Told<'a> {
    /// The receipt's own number.
    pub(super) id: MsgId,
    pub(super) receipt: &'a Receipt,
    pub(super) wish: Wish,
    /// The Message-ID of the mail that it is about; empty if it had none.
    pub(super) about: &'a str,
    /// Who wrote that mail, where no envelope is known any more.
    pub(super) author: String,
    /// The recipient's address here, where it is not known how it was written.
    pub(super) recipient: String,
    pub(super) domain: &'a str,
    pub(super) now: Millis,
}

impl Told<'_> {
    /// The mail.
    ///
    /// # Errors
    /// With what is wrong with it for good.
    pub(super) fn letter(&self) -> Result<Letter, String> {
        let is_read = self.receipt.event == want::READ;
        // Delivery reports go to whoever sent the mail, read reports to whoever wrote it (RFC 8098, 2.1).
        let to = if is_read || self.wish.sender.is_empty() { &self.author } else { &self.wish.sender };
        let recipient = if self.wish.recipient.is_empty() { &self.recipient } else { &self.wish.recipient };
        let head = ReportHead {
            from: Mailbox::named("Multimedia messages", format!("postmaster@{}", self.domain)),
            to: Mailbox::new(&**to),
            subject: String::new(),
            date: i64::try_from(self.now / 1000).unwrap_or_default(),
            message_id: format!("report.{}@{}", self.id, self.domain),
        };
        let message_id = (!self.about.is_empty()).then(|| self.about.to_owned());
        let message = if is_read {
            let status = if self.receipt.reason.starts_with("deleted") { ReadStatus::Deleted } else { ReadStatus::Read };
            let report = DispositionReport {
                reporting_ua: Some(format!("{}; Waxwing", self.domain)),
                original: None,
                recipient: recipient.clone(),
                message_id,
                disposition: status.disposition().to_owned(),
                automatic: false,
            };
            let subject = if status == ReadStatus::Read { "Read" } else { "Deleted without being read" };
            report.write(&ReportHead { subject: format!("{subject}: your message to {recipient}"), ..head }, "")
        } else {
            let status = status(self.receipt);
            let mut about = RecipientStatus::of_mms(recipient.clone(), status);
            about.original = Some(self.wish.original.clone()).filter(|o| !o.is_empty());
            if status != MmStatus::Retrieved {
                about.diagnostic = Some(self.receipt.reason.clone()).filter(|r| !r.is_empty());
            }
            let report = DeliveryReport {
                reporting_mta: self.domain.to_owned(),
                envelope_id: Some(self.wish.envelope_id.clone()).filter(|id| !id.is_empty()),
                message_id,
                recipients: vec![about],
            };
            let subject = if status == MmStatus::Retrieved { "Delivered" } else { "Not delivered" };
            report.write(&ReportHead { subject: format!("{subject}: your message to {recipient}"), ..head }, "", None)
        };
        let envelope =
            Envelope { recipients: vec![EnvelopeRecipient { address: to.clone(), ..EnvelopeRecipient::default() }], ..Envelope::default() };
        Ok(Letter { envelope, message: message.map_err(|e| e.to_string())?, awaits_report: false })
    }
}

/// What a receipt means in the terms of multimedia messages.
fn status(receipt: &Receipt) -> MmStatus {
    match State::try_from(receipt.state).unwrap_or(State::Unknown) {
        State::Delivered => MmStatus::Retrieved,
        State::Expired => MmStatus::Expired,
        State::Rejected | State::Deleted => MmStatus::Rejected,
        State::Undeliverable | State::Failed => MmStatus::Unreachable,
        _ => MmStatus::Indeterminate,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use waxwing_mail::{Action, ContentLimits, MailContent, Report};

    use super::*;

    fn told(receipt: &Receipt) -> Letter {
        let wish = Wish {
            sender: "bounces@example.com".into(),
            envelope_id: "QQ314159".into(),
            recipient: "447700900123@mms.example.net".into(),
            original: "sales@example.com".into(),
        };
        let told = Told {
            id: MsgId(9),
            receipt,
            wish,
            about: "1@example.com",
            author: "bob@example.com".into(),
            recipient: "+447700900123@mms.example.net".into(),
            domain: "mms.example.net",
            now: 1_780_000_000_000,
        };
        told.letter().unwrap()
    }

    #[test]
    fn a_delivery_is_told_to_the_envelopes_sender() {
        for (state, action) in [(State::Delivered, Action::Delivered), (State::Expired, Action::Failed), (State::Unknown, Action::Relayed)]
        {
            let letter = told(&Receipt { state: state as i32, event: state.event(), ..Receipt::default() });
            assert_eq!((letter.envelope.sender, &*letter.envelope.recipients[0].address), (None, "bounces@example.com"));
            let mail = MailContent::parse(&letter.message, &ContentLimits::default()).unwrap();
            assert!(mail.automatic);
            let Some(Report::Delivery(report)) = mail.report else { panic!("a delivery report") };
            assert_eq!((report.envelope_id.as_deref(), report.message_id.as_deref()), (Some("QQ314159"), Some("1@example.com")));
            let status = &report.recipients[0];
            assert_eq!((status.action, &*status.recipient), (action, "447700900123@mms.example.net"));
            assert_eq!(status.original.as_deref(), Some("sales@example.com"));
        }
    }

    #[test]
    fn a_reading_is_told_to_the_author() {
        let letter = told(&Receipt { state: State::Delivered as i32, event: want::READ, reason: "read".into(), ..Receipt::default() });
        assert_eq!(letter.envelope.recipients[0].address, "bob@example.com");
        let mail = MailContent::parse(&letter.message, &ContentLimits::default()).unwrap();
        let Some(Report::Disposition(report)) = mail.report else { panic!("a read report") };
        assert_eq!((report.read_status(), report.message_id.as_deref()), (Some(ReadStatus::Read), Some("1@example.com")));
    }
}
