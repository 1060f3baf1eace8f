//! m-send-req: a phone hands a message in.

use waxwing_core::{Door, Millis, SubmitError};
use waxwing_ledger::Subscriber;
use waxwing_mms::{Content, Field, Header, MmState, MmsAddress, Pdu, Priority, ResponseStatus, SenderVisibility, Time};

use super::Asked;
use super::answer::{Reply, refusal};
use super::mailbox::Copy;
use crate::{Centre, Draft, MmsError, pdus};

impl Centre {
    pub(crate) async fn send_req(&self, pdu: Pdu, asked: &Asked) -> Reply {
        let subscriber = match self.subscriber(&pdu, asked).await {
            Ok(s) => s,
            Err(reply) => return reply,
        };
        if !subscriber.may_send {
            return refusal(&pdu, ResponseStatus::PermanentServiceDenied, "This phone may not send multimedia messages.");
        }
        if pdu.reply_charging().is_some() {
            return refusal(&pdu, ResponseStatus::PermanentReplyChargingNotSupported, "Paying for replies is not offered here.");
        }
        let draft = match draft(&pdu, &subscriber, asked, self.now()) {
            Ok(d) => d,
            Err(text) => {
                self.bad_input("mm1", "pdu", Some(asked.peer), text);
                return refusal(&pdu, ResponseStatus::PermanentFormatCorrupt, text);
            }
        };
        let Some(account) = self.account() else {
            return refusal(&pdu, ResponseStatus::TransientFailure, "Try again later.");
        };
        let copy = Copy::wanted(&pdu, &draft, MmState::Sent);
        let result = self.submit(&account, draft).await;
        let version = pdus::version(pdu.version.0.into());
        let id = pdu.transaction_id.clone().unwrap_or_default();
        match result {
            Ok(done) if done.refused.is_empty() => {
                let stored = self.keep_copy(&subscriber, copy, &done.message_id).await;
                Reply::pdu(&Pdu::send_conf(version, id, ResponseStatus::Ok, None, Some(done.message_id)).with_all(stored))
            }
            // Taken for the others; 1.0 has no word for that, and 1.1 and later take it with the message's number.
            Ok(done) => {
                let words: Vec<String> = done.refused.iter().map(|(r, e)| format!("{}: {e}", r.bare())).collect();
                self.bad_input("mm1", "recipient", Some(asked.peer), &words.join("; "));
                let status = ResponseStatus::TransientPartialSuccess;
                let stored = self.keep_copy(&subscriber, copy, &done.message_id).await;
                let words = Some(words.join("; ").into());
                Reply::pdu(&Pdu::send_conf(version, id, status, words, Some(done.message_id)).with_all(stored))
            }
            Err(e) => {
                self.bad_input("mm1", "refused", Some(asked.peer), &e.to_string());
                refusal(&pdu, status(&e), &e.to_string())
            }
        }
    }
}

/// What a phone wants to send.
fn draft(pdu: &Pdu, subscriber: &Subscriber, asked: &Asked, now: Millis) -> Result<Draft, &'static str> {
    let Some(Content::Raw(content)) = &pdu.content else { return Err("there is no content") };
    let from = MmsAddress::Number(format!("+{}", subscriber.number));
    let mut draft = Draft::new(Door::Mm1, from, content.clone());
    for (field, address) in pdu.recipients() {
        match field {
            Field::Cc => draft.cc.push(address.clone()),
            Field::Bcc => draft.bcc.push(address.clone()),
            _ => draft.to.push(address.clone()),
        }
    }
    describe(&mut draft, pdu, now);
    draft.peer = Some(asked.peer);
    Ok(draft)
}

/// What m-send-req and m-forward-req say of the message alike.
pub(crate) fn describe(draft: &mut Draft, pdu: &Pdu, now: Millis) {
    let moment = |time: &Time| match time {
        Time::After(seconds) => now.saturating_add(seconds.saturating_mul(1000)),
        Time::At(moment) => moment.saturating_mul(1000),
    };
    draft.subject = pdu.subject().cloned().filter(|s| !s.text.is_empty());
    if let Some(class) = pdu.message_class() {
        draft.class = class.clone();
    }
    draft.priority = pdu.priority().copied().unwrap_or(Priority::Normal);
    draft.hide_sender = pdu.sender_visibility() == Some(&SenderVisibility::Hide);
    draft.delivery_report = pdu.delivery_report().copied().unwrap_or(false);
    draft.read_report = pdu.read_report().copied().unwrap_or(false);
    draft.not_before = pdu.delivery_time().map(moment);
    draft.expires = pdu.expiry().map(moment);
    draft.may_adapt = pdu.adaptation_allowed().copied().unwrap_or(true);
    draft.version = pdu.version.0;
    let carried = pdu.headers.iter().filter(|h| {
        matches!(
            h,
            Header::PreviouslySentBy(_)
                | Header::PreviouslySentDate(_)
                | Header::DistributionIndicator(_)
                | Header::ApplicId(_)
                | Header::ReplyApplicId(_)
                | Header::AuxApplicInfo(_)
                | Header::ContentClass(_)
                | Header::DrmContent(_)
                | Header::ReplaceId(_)
        )
    });
    for header in carried {
        let before = draft.more_headers.len();
        if header.write(&mut draft.more_headers).is_err() {
            draft.more_headers.truncate(before);
        }
    }
}

/// The protocol's word for a refusal.
pub(super) fn status(e: &MmsError) -> ResponseStatus {
    match e {
        MmsError::NoRecipient
        | MmsError::Address(_)
        | MmsError::Number(_)
        | MmsError::NoWay(_)
        | MmsError::NoWebhook(..)
        | MmsError::NoMail
        | MmsError::MayNotReceive(_) => ResponseStatus::PermanentAddressUnresolved,
        MmsError::TooLarge(..) | MmsError::Recipients(..) | MmsError::Locked(_) => ResponseStatus::PermanentContentNotAccepted,
        MmsError::SenderNotAllowed(_) | MmsError::NotAllowed => ResponseStatus::PermanentServiceDenied,
        MmsError::Encode(_) | MmsError::Expired => ResponseStatus::PermanentFormatCorrupt,
        MmsError::Media(_) | MmsError::Random => ResponseStatus::TransientFailure,
        MmsError::Gateway(SubmitError::Quota { .. }) => ResponseStatus::PermanentServiceDenied,
        MmsError::Gateway(_) => ResponseStatus::TransientFailure,
    }
}
