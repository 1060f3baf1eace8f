//! A push submission: one message for each address, all or none.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use waxwing_core::{Door, Message, Millis, MsgId, Submission, SubmitError, want};
use waxwing_ledger::MessageRecord;
use waxwing_wap::pap::{
    Code, DeliveryMethod, MessageState, Part, Priority, ProgressNote, PushMessage, PushResponse, QualityOfService, ReplaceMethod,
};

use super::find::Recipient;
use super::{Initiator, Refusal, content, push_response};
use crate::rest::MAX_CALLBACK;

/// Longest push-id, octets.
const MAX_PUSH_ID: usize = 255;

impl Initiator<'_> {
    /// Takes a push.
    ///
    /// # Errors
    /// Why nothing of it is sent.
    pub(super) async fn submit(&self, push: &PushMessage, part: Option<Part>) -> Result<PushResponse, Refusal> {
        let quality = push.quality.clone().unwrap_or_default();
        let mut recipients = self.check(push, &quality)?;
        let part = part.ok_or_else(|| Refusal::new(Code::BAD_REQUEST, "there is no content behind the control entity"))?;
        let composed = content::compose(self.state, &part).await?;
        let claim = self.state.shared().pap.claim(&self.account.name, &push.push_id);
        let duplicate = || Refusal::new(Code::DUPLICATE_PUSH_ID, format!("the push-id {:?} was used before", push.push_id));
        let _claim = claim.ok_or_else(duplicate)?;
        // Without a record, a push that comes again is not sent again, by its key, but answered like the first.
        if self.state.ledger().is_some() && !self.messages_of(&push.push_id).await?.is_empty() {
            return Err(duplicate());
        }
        let mut old = match &push.replace_push_id {
            Some(old) => self.known(old).await?,
            None => Vec::new(),
        };
        if push.replace_push_id.is_some() && push.replace_method == ReplaceMethod::PendingOnly {
            recipients = self.still_pending(&mut old, recipients).await?;
        }
        let mut template = self.template(push, &quality);
        composed.put_into(&mut template.message);
        let submissions = recipients.iter().map(|r| {
            let mut s = template.clone();
            s.message.destination = r.number.clone();
            s.message.door_data.clone_from(&r.value);
            s.idempotency = Some(key(&push.push_id, &r.number.to_string()));
            s
        });
        let ids = self.state.gateway().submit_whole(&self.account, submissions.collect()).await.map_err(|e| refusal(&e))?;
        for message in old.iter().filter(|m| recipients.iter().any(|r| r.number == m.destination)) {
            // What has left already stays.
            self.take_back(message).await;
        }
        Ok(accepted(push, &ids, composed.user_pin.as_deref()))
    }

    /// Everything of the control entity that can be wrong; the recipients, each once.
    fn check(&self, push: &PushMessage, quality: &QualityOfService) -> Result<Vec<Recipient>, Refusal> {
        if push.push_id.len() > MAX_PUSH_ID {
            let why = format!("push-id: it has {} octets, at most {MAX_PUSH_ID} are taken", push.push_id.len());
            return Err(Refusal::new(Code::BAD_REQUEST, why));
        }
        let bearer = quality.bearer.as_deref().filter(|_| quality.bearer_required);
        if let Some(bearer) = bearer.filter(|b| !b.to_ascii_uppercase().contains("SMS")) {
            return Err(Refusal::new(Code::BEARER_NOT_AVAILABLE, format!("bearer: pushes go over SMS, not over {bearer:?}")));
        }
        if let Some(url) = &push.notify_to {
            let bad = |why: String| Refusal::new(Code::BAD_REQUEST, format!("ppg-notify-requested-to: {why}"));
            if url.len() > MAX_CALLBACK {
                return Err(bad(format!("it has {} octets, at most {MAX_CALLBACK} are taken", url.len())));
            }
            self.state.shared().options.guard.strict().check_url(url).map_err(bad)?;
        }
        let mut recipients: Vec<Recipient> = Vec::with_capacity(push.addresses.len());
        let mut seen = std::collections::HashSet::new();
        for value in &push.addresses {
            let recipient = self.recipient(value)?;
            if seen.insert(recipient.number.clone()) {
                recipients.push(recipient);
            }
        }
        Ok(recipients)
    }

    /// Takes the old push back where that can be done, and leaves the recipients of whom it could.
    async fn still_pending(&self, old: &mut Vec<MessageRecord>, recipients: Vec<Recipient>) -> Result<Vec<Recipient>, Refusal> {
        let mut left = Vec::new();
        for recipient in recipients {
            let Some(message) = old.iter().find(|m| m.destination == recipient.number) else { continue };
            if self.take_back(message).await.0 == Code::OK {
                left.push(recipient);
            }
        }
        old.clear();
        if left.is_empty() {
            return Err(Refusal::new(Code::NOT_POSSIBLE, "the push to be replaced is pending at none of the addresses any more"));
        }
        Ok(left)
    }

    fn template(&self, push: &PushMessage, quality: &QualityOfService) -> Submission {
        let confirmed = matches!(quality.delivery_method, DeliveryMethod::Confirmed | DeliveryMethod::PreferConfirmed);
        let message = Message {
            door: Door::Pap as i32,
            want: if confirmed || push.notify_to.is_some() { want::FINAL } else { 0 },
            callback: push.notify_to.clone().unwrap_or_default(),
            reference: push.push_id.clone(),
            submitted_from: self.peer.map(|p| p.ip().to_string()).unwrap_or_default().into(),
            ..Message::default()
        };
        let priority = match quality.priority {
            Priority::High => Some(2),
            Priority::Medium => None,
            Priority::Low => Some(0),
        };
        let millis = |at: jiff::Timestamp| Millis::try_from(at.as_millisecond()).unwrap_or(0);
        let (due, expires) = (push.deliver_after.map(millis), push.deliver_before.map(millis));
        Submission { message, priority, due, expires, ..Submission::default() }
    }
}

/// The same push again has the same keys, in whatever order its addresses are.
fn key(push_id: &str, number: &str) -> Bytes {
    let mut h = Sha256::new();
    h.update(b"pap");
    h.update((push_id.len() as u64).to_be_bytes());
    h.update(push_id);
    h.update(number);
    Bytes::copy_from_slice(&h.finalize()[..16])
}

fn accepted(push: &PushMessage, ids: &[MsgId], user_pin: Option<&str>) -> PushResponse {
    let mut response = push_response(push.push_id.clone(), Code::ACCEPTED, Some(Code::ACCEPTED.words().to_owned()));
    if push.progress_notes {
        let stored = match ids {
            [id] => format!("stored as message {id}"),
            _ => format!("stored as {} messages", ids.len()),
        };
        let pin = user_pin.map(|pin| format!("the user has to type in {pin}"));
        let time = response.reply_time;
        // A stage may be any word; Kannel's initiator knows those of message states alone.
        let stage = || MessageState::Pending.name().to_owned();
        let notes = [Some(stored), pin].into_iter().flatten();
        response.notes = notes.map(|note| ProgressNote { stage: stage(), note: Some(note), time }).collect();
    }
    response
}

fn refusal(e: &SubmitError) -> Refusal {
    let code = match e {
        SubmitError::Recipient(_) => Code::ADDRESS_ERROR,
        SubmitError::NoRoute(_) => Code::ADDRESS_NOT_FOUND,
        SubmitError::SenderNotAllowed(_) | SubmitError::NotAllowed(_) => Code::FORBIDDEN,
        SubmitError::Throttled { .. } | SubmitError::Quota { .. } | SubmitError::Busy(_) => Code::SERVICE_UNAVAILABLE,
        SubmitError::Broken(_) => Code::SERVICE_FAILURE,
        _ => Code::BAD_REQUEST,
    };
    Refusal { retry_after: e.retry_after(), ..Refusal::new(code, e.to_string()) }
}
