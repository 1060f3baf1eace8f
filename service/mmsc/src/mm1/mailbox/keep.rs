//! Messages come into a mailbox: what all ways there have in common, and m-mbox-store-req.

use std::sync::Arc;

use bytes::Bytes;
use waxwing_core::{Millis, State};
use waxwing_ledger::Subscriber;
use waxwing_media::MediaError;
use waxwing_mms::{MmState, Pdu, ResponseStatus, StoreStatus};

use super::{Place, flags, state, store_status};
use crate::mailbox::{Change, FlagChange, NewEntry, Whose};
use crate::mm1::Asked;
use crate::mm1::answer::{Reply, refusal};
use crate::notify::millis;
use crate::{Centre, Facts, pdus};

/// What is to be kept, besides its content.
pub(super) struct Keep {
    pub(super) facts: Facts,
    /// X-Mms-Message-ID; empty where it has none.
    pub(super) message_id: String,
    pub(super) state: MmState,
    pub(super) flags: Vec<FlagChange>,
    /// The token of the waiting message that it is a copy of; empty = none.
    pub(super) origin: String,
    /// When it goes, if not when all do.
    pub(super) expires: Option<Millis>,
}

/// Why a message is not kept.
pub(super) type Refused = (StoreStatus, String);

impl Centre {
    /// Keeps a message for a subscriber. Gives its location.
    pub(super) async fn keep(&self, subscriber: &Subscriber, content: Bytes, keep: Keep) -> Result<String, Refused> {
        if !self.mailboxes.quota().is_open() {
            return Err((StoreStatus::PermanentServiceDenied, "There are no mailboxes here.".into()));
        }
        let pin = self.media.put(content).await.map_err(|e| match e {
            MediaError::TooLarge { .. } => (StoreStatus::PermanentFailure, e.to_string()),
            _ => (StoreStatus::TransientFailure, e.to_string()),
        })?;
        let now = self.now();
        let kept_until = self.options.mailbox_keep.map(|keep| now + millis(keep));
        let facts = keep.facts;
        let new = NewEntry {
            whose: Whose::from(subscriber),
            content: pin,
            headers: facts.headers.to_vec(),
            message_id: keep.message_id,
            from: facts.from,
            subject: facts.subject,
            date: facts.date,
            state: keep.state,
            flags: keep.flags,
            may_adapt: facts.may_adapt,
            locked: facts.locked,
            origin: keep.origin,
            expires: keep.expires.into_iter().chain(kept_until).min(),
            now,
        };
        match self.mailboxes.add(new).await {
            Ok(token) => {
                self.counters.stored.inc();
                Ok(self.options.mailbox_url(&token))
            }
            Err(e) => Err((store_status(&e), e.to_string())),
        }
    }

    /// m-mbox-store-req: a message that waits, or was fetched just now, goes into the mailbox; one that is there changes.
    pub(crate) async fn mbox_store(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let subscriber = match self.mailbox_owner(pdu, asked).await {
            Ok(s) => s,
            Err(reply) => return reply,
        };
        let location = pdu.content_location().map(String::as_str).unwrap_or_default();
        let stored = match Place::of(location) {
            Some(Place::Kept(word)) => self.alter(&subscriber, word, pdu).await,
            Some(Place::Waiting(word)) => self.keep_waiting(&subscriber, word, pdu).await,
            None => Err(not_found()),
        };
        let version = pdus::version(pdu.version.0.into());
        let id = pdu.transaction_id.clone().unwrap_or_default();
        match stored {
            Ok(location) => Reply::pdu(&Pdu::mbox_store_conf(version, id, Some(location), StoreStatus::Success, None)),
            Err((status, text)) => {
                self.bad_input("mm1", "store", Some(asked.peer), &text);
                Reply::pdu(&Pdu::mbox_store_conf(version, id, None, status, Some(text.into())))
            }
        }
    }

    /// The subscriber whose mailbox a request is about; the answer where there is none.
    pub(super) async fn mailbox_owner(&self, pdu: &Pdu, asked: &Asked) -> Result<Arc<Subscriber>, Reply> {
        let subscriber = self.subscriber(pdu, asked).await?;
        if self.mailboxes.quota().is_open() {
            Ok(subscriber)
        } else {
            Err(refusal(pdu, ResponseStatus::PermanentServiceDenied, "There are no mailboxes here."))
        }
    }

    async fn alter(&self, subscriber: &Subscriber, word: &str, pdu: &Pdu) -> Result<String, Refused> {
        let change = Change { state: state(pdu), only_from: None, flags: flags(pdu) };
        match self.mailboxes.change(&Whose::from(subscriber), word, change).await {
            Ok(true) => Ok(self.options.mailbox_url(word)),
            Ok(false) => Err(not_found()),
            Err(e) => Err((store_status(&e), e.to_string())),
        }
    }

    async fn keep_waiting(&self, subscriber: &Subscriber, word: &str, pdu: &Pdu) -> Result<String, Refused> {
        let waiting = self.waiting(word).filter(|w| w.facts.token == word);
        let (id, facts, number, usual) = match &waiting {
            Some(w) => (w.at.id, w.facts.clone(), w.message.destination.as_text().into_owned(), MmState::New),
            // Phones may fetch first and store then.
            None => match self.recent.find(word, self.now()) {
                Some(kept) => {
                    let number = waxwing_mms::MmsAddress::parse(&kept.facts.recipient).map(|a| a.bare()).unwrap_or_default();
                    (kept.id, kept.facts.clone(), self.normal(&number).unwrap_or_default(), MmState::Retrieved)
                }
                None => return Err(not_found()),
            },
        };
        if number != *subscriber.number {
            return Err(not_found());
        }
        let content = match self.content(&facts) {
            Ok(Some(content)) => content,
            Ok(None) => return Err(not_found()),
            Err(e) => return Err((StoreStatus::TransientFailure, e.to_string())),
        };
        let message_id = self.copy_id(id);
        let state = state(pdu).unwrap_or(usual);
        let keep = Keep { facts, message_id, state, flags: flags(pdu), origin: word.to_owned(), expires: None };
        let location = self.keep(subscriber, content, keep).await?;
        // It need not be told of any more, and counts as delivered when it is fetched from the mailbox.
        let told = self
            .change(word, |w| {
                (w.state() != Some(State::Accepted)).then(|| self.advance(w, State::Accepted, false, "stored in the mailbox", "stored"))
            })
            .await;
        if let Err(e) = told {
            tracing::warn!("a message is in a mailbox, and its phone is told of it once more: {e}");
        }
        Ok(location)
    }
}

pub(super) fn not_found() -> Refused {
    (StoreStatus::PermanentMessageNotFound, "There is no such message for this phone.".into())
}
