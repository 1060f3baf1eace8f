//! Asking how a push is, and calling it back.

use bytes::Bytes;
use waxwing_core::{ChangeError, Kind, Message, Receipt, State, want};
use waxwing_ledger::MessageRecord;
use waxwing_spool::{NewEntry, Op, Tx};
use waxwing_wap::pap::{AddressedMessage, CancelResult, Code, StatusQueryResult};

use super::notify::outcome;
use super::{Initiator, Refusal, timestamp};

/// A message that is meant, under the address that the initiator knows; or why there is none.
type Meant = (String, Result<MessageRecord, Refusal>);

impl Initiator<'_> {
    /// The messages that a request is about.
    async fn meant(&self, request: &AddressedMessage) -> Result<Vec<Meant>, Refusal> {
        let found = self.known(&request.push_id).await?;
        if request.addresses.is_empty() {
            return Ok(found.into_iter().map(|m| (self.address_of(&m), Ok(m))).collect());
        }
        let missing = |value: &str| Refusal::new(Code::ADDRESS_NOT_FOUND, format!("the push was not sent to {value}"));
        let meant = request.addresses.iter().map(|value| {
            let message =
                self.recipient(value).and_then(|r| found.iter().find(|m| m.destination == r.number).ok_or_else(|| missing(value)));
            (value.clone(), message.cloned())
        });
        Ok(meant.collect())
    }

    /// How a push is.
    pub(super) async fn status(&self, request: &AddressedMessage) -> Result<Vec<StatusQueryResult>, Refusal> {
        let results = self.meant(request).await?.into_iter().map(|(address, message)| {
            let (event_time, (state, code), description) = match message {
                Ok(m) => {
                    let words = if m.reason.is_empty() { m.error } else { m.reason };
                    (timestamp(m.done.or(m.sent).unwrap_or(m.accepted)), outcome(m.state, true), words)
                }
                Err(Refusal { code, why, .. }) => (None, (Default::default(), code), why),
            };
            let description = Some(description).filter(|d| !d.is_empty());
            StatusQueryResult { event_time, state, code, description, addresses: vec![address], quality: None }
        });
        Ok(results.collect())
    }

    /// Calls a push back.
    pub(super) async fn cancel(&self, request: &AddressedMessage) -> Result<Vec<CancelResult>, Refusal> {
        let mut results = Vec::new();
        for (address, message) in self.meant(request).await? {
            let (code, description) = match message {
                Ok(m) => self.take_back(&m).await,
                Err(Refusal { code, why, .. }) => (code, Some(why)),
            };
            results.push(CancelResult { code, description, addresses: vec![address] });
        }
        Ok(results)
    }

    /// Takes one message out of the queue.
    pub(super) async fn take_back(&self, m: &MessageRecord) -> (Code, Option<String>) {
        let gateway = self.state.gateway();
        let stored = gateway.spool.read_body(m.id).ok().flatten().and_then(|body| Message::from_bytes(body).ok());
        match gateway.cancel(&self.account, m.id).await {
            Ok(()) => {
                if let Some(stored) = stored.filter(|s| !s.callback.is_empty()) {
                    self.tell_cancelled(m, &stored).await;
                }
                (Code::OK, None)
            }
            Err(e @ ChangeError::Spool(_)) => (Code::SERVICE_UNAVAILABLE, Some(e.to_string())),
            Err(e) => (Code::CANCELLATION_NOT_POSSIBLE, Some(e.to_string())),
        }
    }

    /// Queues the result notification of a push that was called back.
    async fn tell_cancelled(&self, m: &MessageRecord, stored: &Message) {
        let gateway = self.state.gateway();
        let (now, setup) = (gateway.clock.now(), gateway.setup());
        let receipt = Receipt {
            id: m.id.0,
            state: State::Deleted as i32,
            submitted: m.accepted,
            done: now,
            parts: 1,
            reason: "cancelled by the initiator".to_owned(),
            event: want::FAILED,
            stat: Bytes::from_static(super::notify::CANCELLED),
            ..Receipt::default()
        };
        let message = Message {
            kind: Kind::Receipt as i32,
            door: stored.door,
            source: stored.destination.clone(),
            destination: stored.source.clone(),
            callback: stored.callback.clone(),
            reference: stored.reference.clone(),
            door_data: stored.door_data.clone(),
            receipt: Some(Box::new(receipt)),
            ..Message::default()
        };
        let entry = NewEntry {
            queue: self.account.hook_queue,
            group: self.account.group,
            priority: 1,
            due: 0,
            expires: now + setup.delivery_wait,
            dedup: None,
            body: message.to_bytes(),
        };
        if let Err(e) = gateway.spool.commit(vec![Tx::one(Op::Accept(entry))]).await {
            tracing::error!(message = %m.id, "The notification that a push was cancelled could not be stored: {e}");
        }
    }
}
