//! X-Mms-Store: what a phone sends or passes on is kept in its mailbox as well.

use waxwing_core::Millis;
use waxwing_ledger::Subscriber;
use waxwing_mms::{EncodeError, Header, MmState, Pdu, SenderVisibility, StoreStatus};

use super::keep::{Keep, Refused};
use super::{flags, state};
use crate::mailbox::FlagChange;
use crate::{Centre, Draft, Facts, MmsError};

/// A copy that is to be kept.
pub(crate) struct Copy {
    draft: Draft,
    state: MmState,
    flags: Vec<FlagChange>,
}

impl Copy {
    /// Of a message whose sender wants one kept.
    pub(crate) fn wanted(pdu: &Pdu, draft: &Draft, usual: MmState) -> Option<Copy> {
        let is_wanted = pdu.store().copied().unwrap_or(false);
        is_wanted.then(|| Copy { draft: draft.clone(), state: state(pdu).unwrap_or(usual), flags: flags(pdu) })
    }
}

impl Centre {
    /// Keeps a copy of what was accepted, where one is wanted. Gives the header fields that tell of it: a message that is sent is sent, even
    /// where its copy is not kept.
    pub(crate) async fn keep_copy(&self, subscriber: &Subscriber, copy: Option<Copy>, message_id: &str) -> Vec<Header> {
        let Some(copy) = copy else { return Vec::new() };
        match self.copied(subscriber, copy, message_id).await {
            Ok(location) => vec![Header::ContentLocation(location), Header::StoreStatus(StoreStatus::Success)],
            Err((status, text)) => {
                tracing::debug!("a copy was not kept: {text}");
                vec![Header::StoreStatus(status), Header::StoreStatusText(text.into())]
            }
        }
    }

    async fn copied(&self, subscriber: &Subscriber, copy: Copy, message_id: &str) -> Result<String, Refused> {
        let content = copy.draft.content.wire().clone();
        let facts = self.senders_facts(&copy.draft, self.now(), content.len() as u64);
        let facts = facts.map_err(|e| (StoreStatus::PermanentFormatCorrupt, e.to_string()))?;
        let message_id = message_id.to_owned();
        let keep = Keep { facts, message_id, state: copy.state, flags: copy.flags, origin: String::new(), expires: None };
        self.keep(subscriber, content, keep).await
    }

    /// As its sender sees it: also who gets it without the others' knowing, and that the sender hid.
    fn senders_facts(&self, draft: &Draft, now: Millis, size: u64) -> Result<Facts, MmsError> {
        let shown = Draft { hide_sender: false, ..draft.clone() };
        let facts = self.facts(&shown, now, size)?;
        let mut headers = facts.headers.to_vec();
        let bcc = draft.bcc.iter().cloned().map(Header::Bcc);
        let hidden = draft.hide_sender.then_some(Header::SenderVisibility(SenderVisibility::Hide));
        for header in bcc.chain(hidden) {
            header.write(&mut headers).map_err(|error| MmsError::Encode(EncodeError::Value { place: "a header field", error }))?;
        }
        Ok(Facts { headers: headers.into(), ..facts })
    }
}
