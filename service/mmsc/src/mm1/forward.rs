//! m-forward-req: a phone passes a message on that it has not fetched.

use http::StatusCode;
use waxwing_core::{Door, State};
use waxwing_mms::{Field, Header, MmsAddress, Pdu, PreviouslySentBy, RawContent, ResponseStatus};

use super::Asked;
use super::answer::{Reply, refusal};
use super::identity::Identity;
use super::send::{describe, status};
use crate::{Centre, Draft, pdus, token};

impl Centre {
    pub(crate) async fn forward_req(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let subscriber = match self.identify(asked).await {
            Identity::Is(s) => s,
            Identity::Nobody(why) => {
                self.bad_input("mm1", "sign-in", Some(asked.peer), &why);
                return refusal(pdu, ResponseStatus::PermanentServiceDenied, "This phone is not known here.");
            }
            Identity::Busy(_) => return refusal(pdu, ResponseStatus::TransientFailure, "Try again later."),
        };
        let word = pdu.content_location().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
        let waiting = self.waiting(word).filter(|w| token::is_token(word) && w.facts.token == word);
        let Some(w) = waiting.filter(|w| *w.message.destination.as_text() == *subscriber.number) else {
            return refusal(pdu, ResponseStatus::PermanentMessageNotFound, "There is no such message for this phone.");
        };
        if w.facts.locked {
            return refusal(pdu, ResponseStatus::PermanentContentNotAccepted, "Its content may not leave this phone.");
        }
        let content = match self.content(&w.facts).map(|c| c.map(RawContent::split)) {
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
        if draft.subject.is_none() && !w.facts.subject.is_empty() {
            draft.subject = Some(w.facts.subject.as_str().into());
        }
        draft.locked = w.facts.locked;
        if let Some(address) = MmsAddress::parse(&w.facts.from) {
            let _ = Header::PreviouslySentBy(PreviouslySentBy { count: 1, address }).write(&mut draft.more_headers);
        }
        let Some(account) = self.account() else { return refusal(pdu, ResponseStatus::TransientFailure, "Try again later.") };
        match self.submit(&account, draft).await {
            Err(e) => refusal(pdu, status(&e), &e.to_string()),
            Ok(done) => {
                let over = self.change(word, |w| Some(self.finish(w, State::Delivered, "forwarded", "forwarded"))).await;
                if let Err(e) = over {
                    tracing::warn!("a forwarded message could not be settled; its phone is told of it again: {e}");
                    return Reply::text(StatusCode::SERVICE_UNAVAILABLE, "Try again later.");
                }
                let version = pdus::version(pdu.version.0.into());
                let id = pdu.transaction_id.clone().unwrap_or_default();
                Reply::pdu(&Pdu::forward_conf(version, id, ResponseStatus::Ok, None, Some(done.message_id)))
            }
        }
    }
}
