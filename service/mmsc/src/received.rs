//! Messages that an operator's message centre tells us of: its notification comes as an SMS over one of our lines, and the message is
//! fetched as a phone would do it, and then goes the way of any message to that number.
//!
//! The notification stays in the queue `mms:received` until the message is durable here and acknowledged there. A message that was fetched
//! and could not be acknowledged is fetched again; its location is its key, so that it is no second message. What cannot be had goes on to
//! the owner of the number as the SMS that it came as.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use waxwing_core::{Door, Message, Millis, Outbox, OutcomeNote, Outgoing, RetryPolicy, SendResult, Settlement, State, content};
use waxwing_mms::{Content, MessageStatus, MmsAddress, Pdu, PduType};
use waxwing_spool::{Op, Outcome, QueueId, Tx};
use waxwing_wap::sms;

use crate::line::{LineError, OperatorLine};
use crate::mm1::describe;
use crate::pdus::VERSION;
use crate::{Centre, Draft};

/// Messages that are fetched at the same time; each is in memory.
const AT_ONCE: usize = 8;
/// What a PDU may have besides its content, octets.
const HEADERS: usize = 64 << 10;
/// Attempts to acknowledge a message that is here already.
const ACKNOWLEDGEMENTS: u16 = 5;

/// What became of a notification.
enum Fetched {
    /// The message is here, and the operator knows.
    Done,
    /// It could not be had now.
    Later(String),
    /// It cannot be had.
    Never(String),
}

/// Runs until `stop` resolves; fetches that are under way end first.
pub(crate) async fn run(centre: Centre, stop: impl Future<Output = ()>) {
    let outbox = Outbox::deliveries(&centre.gateway, centre.received, "mmsc", RetryPolicy::default());
    let mut fetches = FuturesUnordered::new();
    let mut stop = std::pin::pin!(stop);
    let mut is_stopping = false;
    while !(is_stopping && fetches.is_empty()) {
        let ready = outbox.ready();
        if !is_stopping {
            fetches.extend(outbox.claim(AT_ONCE - fetches.len()).into_iter().map(|out| centre.fetch_notified(&outbox, out)));
        }
        tokio::select! {
            () = &mut stop, if !is_stopping => is_stopping = true,
            () = ready, if !is_stopping && fetches.len() < AT_ONCE => {}
            Some(()) = fetches.next() => {}
        }
    }
}

impl Centre {
    /// Has the gateway hand over notifications that come over the lines of operators.
    pub(crate) fn take_notifications(&self) {
        if self.options.lines.is_empty() {
            return;
        }
        let weak = self.downgrade();
        self.gateway.set_taker(Box::new(move |message| weak.upgrade()?.takes(message)));
    }

    /// The queue for a message that tells of one that lies at an operator's centre, and that somebody here is to get.
    fn takes(&self, message: &Message) -> Option<QueueId> {
        self.line(message)?;
        // Whatever cannot be fetched later is left alone at once.
        notification(message)?.content_locations().next()?;
        let number = message.destination.as_text();
        let is_application = || self.gateway.setup().accounts.owner_of(&number).is_some_and(|a| a.config.webhook.is_some());
        let is_subscriber = || self.normal(&number).is_some_and(|n| self.subscribers.by_number(&n).is_some());
        (is_subscriber() || is_application()).then_some(self.received)
    }

    fn line(&self, message: &Message) -> Option<&OperatorLine> {
        self.options.lines.iter().find(|line| line.connector == message.connector)
    }

    async fn fetch_notified(&self, outbox: &Outbox, out: Outgoing) {
        let now = self.now();
        let tries = out.attempts.saturating_add(1);
        let (outcome, why) = match self.have(&out, now).await {
            Fetched::Done => {
                self.counters.received.inc();
                let result = SendResult::Sent { parts: Vec::new(), total: 1, receipt: false };
                let settled = outbox.settle(vec![Settlement { out, result }]).await;
                return settled.unwrap_or_else(|e| tracing::warn!("that a message was received could not be stored: {e}"));
            }
            Fetched::Later(why) => match RetryPolicy::default().next(tries, now).filter(|at| *at < out.expires) {
                Some(at) => (Outcome::Retry { at, queue: None, count: true, sent: Vec::new() }, why),
                None => (self.hand_on(&out, now), format!("{why} (attempt {tries}, the last)")),
            },
            Fetched::Never(why) => (self.hand_on(&out, now), why),
        };
        self.counters.not_received.inc();
        tracing::warn!(message = %out.id(), connector = out.message.connector, "A multimedia message was not fetched: {why}");
        let op = Op::Settle { lease: out.lease, outcome, note: OutcomeNote::note("mmsc", "", &why, State::Queued) };
        if let Err(e) = self.gateway.spool.commit(vec![Tx::one(op)]).await {
            tracing::warn!(message = %out.id(), "what became of a notification could not be stored; it is tried again: {e}");
            self.gateway.spool.release(&out.lease);
        }
    }

    /// To its owner, as it came.
    fn hand_on(&self, out: &Outgoing, now: Millis) -> Outcome {
        Outcome::Retry { at: now, queue: Some(self.gateway.owner_queue(&out.message)), count: false, sent: Vec::new() }
    }

    /// Fetches the message that a notification tells of, makes it ours, and acknowledges it.
    async fn have(&self, out: &Outgoing, now: Millis) -> Fetched {
        let Some(line) = self.line(&out.message) else {
            return Fetched::Never("there is no [[mms_line]] for its connector any more".into());
        };
        let Some(told) = notification(&out.message) else { return Fetched::Never("the notification cannot be read".into()) };
        let Some(location) = told.content_locations().next() else { return Fetched::Never("the notification names no location".into()) };
        if told.expiry().is_some_and(|expiry| expiry.since(out.accepted / 1000) <= now / 1000) {
            return Fetched::Never("the message has expired at the operator's message centre".into());
        }
        let octets = match line.get(location, self.options.max_size + HEADERS, &self.guard).await {
            Ok(octets) => octets,
            Err(LineError::Passing(why)) => return Fetched::Later(why),
            Err(LineError::Final(why)) => return Fetched::Never(why),
        };
        let pdu = match Pdu::decode_headers(octets) {
            Ok(decoded) => decoded.pdu,
            Err(e) => return Fetched::Never(format!("what was fetched from {location} is no multimedia message: {e}")),
        };
        if let Some(status) = pdu.retrieve_status().filter(|status| !status.is_ok()) {
            let said = pdu.retrieve_text().map(|t| t.text.as_str()).or(status.name()).unwrap_or("it cannot be fetched");
            let why = format!("the operator's message centre says: {said}");
            return if status.is_transient() { Fetched::Later(why) } else { Fetched::Never(why) };
        }
        let draft = match received(&pdu, &told, out, location, now) {
            Ok(draft) => draft,
            Err(why) => return Fetched::Never(format!("what was fetched from {location} is {why}")),
        };
        let Some(account) = self.account() else { return Fetched::Later("the message centre is being configured".into()) };
        if let Err(e) = self.submit(&account, draft).await {
            let why = format!("the message was fetched and not taken: {e}");
            return if e.retry_after().is_some() { Fetched::Later(why) } else { Fetched::Never(why) };
        }
        let id = told.transaction_id.clone().unwrap_or_default();
        let answer = Pdu::notify_resp_ind(VERSION, id, MessageStatus::Retrieved, true).encode().map_err(|e| e.to_string());
        let told = match answer {
            Ok(answer) => line.post(answer, &self.guard).await.map_err(|e| e.to_string()),
            Err(e) => Err(e),
        };
        match told {
            Err(why) if out.attempts + 1 < ACKNOWLEDGEMENTS => Fetched::Later(format!("it is here, and could not be acknowledged: {why}")),
            Err(why) => {
                tracing::warn!(message = %out.id(), "A multimedia message was fetched and could not be acknowledged: {why}");
                Fetched::Done
            }
            Ok(()) => Fetched::Done,
        }
    }
}

/// The m-notification-ind in a message.
fn notification(message: &Message) -> Option<Pdu> {
    let (header, octets) = content::split(message);
    if !header.ports().is_some_and(sms::is_push) {
        return None;
    }
    let sms::Content::Mms(pdu) = sms::Received::decode(&octets).ok()?.content else { return None };
    let pdu = Pdu::decode(pdu).ok()?.pdu;
    (pdu.kind == PduType::NotificationInd).then_some(pdu)
}

/// The message that was fetched, for the number that was told of it.
fn received(pdu: &Pdu, told: &Pdu, out: &Outgoing, location: &str, now: Millis) -> Result<Draft, String> {
    if pdu.kind != PduType::RetrieveConf {
        return Err(format!("{} instead of {}", pdu.kind, PduType::RetrieveConf));
    }
    let Some(Content::Raw(content)) = &pdu.content else { return Err("without content".into()) };
    let from = pdu.sender().or_else(|| told.sender());
    let mut draft = Draft::new(Door::Connector, from.cloned().unwrap_or_else(|| MmsAddress::Alphanumeric(String::new())), content.clone());
    describe(&mut draft, pdu, now);
    draft.hide_sender = from.is_none();
    draft.to = vec![MmsAddress::Number(out.message.destination.to_string())];
    // Its sender is the operator's, who reports from what we tell him.
    (draft.delivery_report, draft.read_report) = (false, false);
    (draft.not_before, draft.expires) = (None, None);
    draft.connector.clone_from(&out.message.connector);
    draft.idempotency = Some(Bytes::from([out.message.connector.as_bytes(), b"\0", location.as_bytes()].concat()));
    Ok(draft)
}
