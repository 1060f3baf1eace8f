//! m-forward-req: a phone passes a message on that it has not fetched, or that is in its mailbox.

use http::StatusCode;
use waxwing_core::{Door, State};
use waxwing_ledger::Subscriber;
use waxwing_mms::{Field, Header, MmState, MmsAddress, Pdu, PreviouslySentBy, RawContent, ResponseStatus};

use super::Asked;
use super::answer::{Reply, refusal};
use super::mailbox::{Copy, Place};
use super::send::{describe, status};
use crate::centre::Waiting;
use crate::mailbox::{Change, Whose};
use crate::reports::FORWARDED;
use crate::{Centre, Draft, Facts, pdus};

impl Centre {
    pub(crate) async fn forward_req(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let subscriber = match self.subscriber(pdu, asked).await {
            Ok(s) => s,
            Err(reply) => return reply,
        };
        let place = pdu.content_location().and_then(|url| Place::of(url));
        let facts = match place {
            Some(place) => self.held(place, &subscriber).await,
            None => Ok(None),
        };
        let (place, facts) = match (place, facts) {
            (Some(place), Ok(Some(facts))) => (place, facts),
            (_, Err(())) => return refusal(pdu, ResponseStatus::TransientFailure, "Try again later."),
            _ => return refusal(pdu, ResponseStatus::PermanentMessageNotFound, "There is no such message for this phone."),
        };
        if facts.locked {
            return refusal(pdu, ResponseStatus::PermanentContentNotAccepted, "Its content may not leave this phone.");
        }
        let content = match self.content(&facts).map(|c| c.map(RawContent::split)) {
            Ok(Some(Ok(content))) => content,
            _ => return refusal(pdu, ResponseStatus::TransientFailure, "Try again later."),
        };
        let now = self.now();
        let mut draft = Draft::new(Door::Mm1, MmsAddress::Number(format!("+{}", subscriber.number)), content);
        for (field, address) in pdu.recipients() {
            match field {
                Field::Cc => draft.cc.push(address.clone()),
                Field::Bcc => draft.bcc.push(address.clone()),
                _ => draft.to.push(address.clone()),
            }
        }
        describe(&mut draft, pdu, now);
        draft.peer = Some(asked.peer);
        if draft.subject.is_none() && !facts.subject.is_empty() {
            draft.subject = Some(facts.subject.as_str().into());
        }
        draft.locked = facts.locked;
        if let Some(address) = MmsAddress::parse(&facts.from) {
            let _ = Header::PreviouslySentBy(PreviouslySentBy { count: 1, address }).write(&mut draft.more_headers);
        }
        let Some(account) = self.account() else { return refusal(pdu, ResponseStatus::TransientFailure, "Try again later.") };
        let copy = Copy::wanted(pdu, &draft, MmState::Forwarded);
        match self.submit(&account, draft).await {
            Err(e) => refusal(pdu, status(&e), &e.to_string()),
            Ok(done) => {
                if let Err(e) = self.passed_on(place, &subscriber).await {
                    tracing::warn!("a forwarded message could not be settled; its phone is told of it again: {e}");
                    return Reply::text(StatusCode::SERVICE_UNAVAILABLE, "Try again later.");
                }
                let stored = self.keep_copy(&subscriber, copy, &done.message_id).await;
                let version = pdus::version(pdu.version.0.into());
                let id = pdu.transaction_id.clone().unwrap_or_default();
                Reply::pdu(&Pdu::forward_conf(version, id, ResponseStatus::Ok, None, Some(done.message_id)).with_all(stored))
            }
        }
    }

    /// What is known of a message that is a subscriber's own. An error has been logged.
    async fn held(&self, place: Place<'_>, subscriber: &Subscriber) -> Result<Option<Facts>, ()> {
        match place {
            Place::Waiting(word) => {
                let is_theirs = |w: &Waiting| w.facts.token == word && *w.message.destination.as_text() == *subscriber.number;
                Ok(self.waiting(word).filter(is_theirs).map(|w| w.facts))
            }
            Place::Kept(word) => Ok(self.kept(word).await?.filter(|e| e.whose == Whose::from(subscriber)).map(|e| e.facts())),
        }
    }

    async fn passed_on(&self, place: Place<'_>, subscriber: &Subscriber) -> Result<(), String> {
        let done = match place {
            Place::Waiting(word) => {
                let over = self.change(word, |w| Some(self.finish(w, State::Delivered, FORWARDED, FORWARDED))).await;
                over.map_err(|e| e.to_string())
            }
            Place::Kept(word) => {
                let change = Change { state: Some(MmState::Forwarded), ..Change::default() };
                self.mailboxes.change(&Whose::from(subscriber), word, change).await.map_err(|e| e.to_string())
            }
        };
        done.map(drop)
    }
}
