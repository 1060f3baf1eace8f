//! m-mbox-delete-req and m-delete-req: messages of a mailbox, and messages that wait to be fetched, go.

use waxwing_core::State;
use waxwing_mms::{Pdu, ResponseStatus};

use super::Place;
use crate::mailbox::Whose;
use crate::mm1::Asked;
use crate::mm1::answer::{Reply, deletion, refusal};
use crate::{Centre, pdus};

/// Messages of one request; those behind them are to be asked for again.
const MOST: usize = 1000;
/// Waiting messages of one request: each is settled by itself.
const MOST_WAITING: usize = 100;
/// Said where no message is named.
const WHICH: &str = "X-Mms-Content-Location is missing.";

impl Centre {
    pub(crate) async fn mbox_delete(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let subscriber = match self.mailbox_owner(pdu, asked).await {
            Ok(s) => s,
            Err(reply) => return reply,
        };
        let locations: Vec<&str> = pdu.content_locations().collect();
        if locations.is_empty() {
            return refusal(pdu, ResponseStatus::PermanentFormatCorrupt, WHICH);
        }
        // What is no location of a mailbox becomes a token that none has.
        let word = |location: &&str| match Place::of(location) {
            Some(Place::Kept(word)) => word.to_owned(),
            _ => String::new(),
        };
        let words: Vec<String> = locations.iter().take(MOST).map(word).collect();
        let deleted = self.mailboxes.delete(&Whose::from(&*subscriber), words).await;
        if let Err(e) = &deleted {
            tracing::warn!("messages of a mailbox could not be deleted: {e}");
        }
        let deletions = locations.iter().enumerate().map(|(n, location)| {
            let status = match deleted.as_ref().map(|all| all.get(n)) {
                Ok(Some(true)) => ResponseStatus::Ok,
                Ok(Some(false)) => ResponseStatus::PermanentMessageNotFound,
                Ok(None) | Err(_) => ResponseStatus::TransientFailure,
            };
            deletion(location, status)
        });
        let id = pdu.transaction_id.clone().unwrap_or_default();
        Reply::pdu(&Pdu::mbox_delete_conf(pdus::version(pdu.version.0.into()), id, deletions))
    }

    /// Messages that were not fetched: their senders learn that they were deleted.
    pub(crate) async fn delete_req(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let subscriber = match self.subscriber(pdu, asked).await {
            Ok(s) => s,
            Err(reply) => return reply,
        };
        if pdu.content_location().is_none() {
            return refusal(pdu, ResponseStatus::PermanentFormatCorrupt, WHICH);
        }
        let mut deletions = Vec::new();
        for (n, location) in pdu.content_locations().enumerate() {
            let status = match Place::of(location) {
                _ if n >= MOST_WAITING => ResponseStatus::TransientFailure,
                Some(Place::Waiting(word)) => self.delete_waiting(&subscriber.number, word).await,
                _ => ResponseStatus::PermanentMessageNotFound,
            };
            deletions.push(deletion(location, status));
        }
        let id = pdu.transaction_id.clone().unwrap_or_default();
        Reply::pdu(&Pdu::delete_conf(pdus::version(pdu.version.0.into()), id, deletions))
    }

    async fn delete_waiting(&self, number: &str, word: &str) -> ResponseStatus {
        let gone = self
            .change(word, |w| {
                let is_theirs = w.facts.token == word && *w.message.destination.as_text() == *number;
                is_theirs.then(|| self.finish(w, State::Deleted, "deleted by its recipient before it was fetched", "deleted"))
            })
            .await;
        match gone {
            Ok(true) => ResponseStatus::Ok,
            Ok(false) => ResponseStatus::PermanentMessageNotFound,
            Err(e) => {
                tracing::warn!("a message could not be deleted: {e}");
                ResponseStatus::TransientFailure
            }
        }
    }
}
