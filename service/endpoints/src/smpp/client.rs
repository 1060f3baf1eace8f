//! A session that we opened: messages out, receipts and received messages in.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::stream::{FuturesOrdered, FuturesUnordered, StreamExt};
use tokio::time::Instant;
use waxwing_core::{CarrierReceipt, ErrorClass, Inbound, SendResult, Settlement};
use waxwing_session::{CloseReason, Engine, Event, Link, Options, Refused, Role, Stream};
use waxwing_smpp::frame::Header;
use waxwing_smpp::{
    Address, BindReceiver, BindTransceiver, BindTransmitter, CommandId, CommandStatus, DataSmResp, Decoder, DeliverSmResp,
    InterfaceVersion, Npi, Pdu, Ton, encode,
};
use waxwing_spool::{BoxFuture, SpoolError};

use super::connector::Line;
use super::dialect::{Frame, Smpp, refuse};
use super::flight::Flights;
use super::inward::{self, Delivered, Reading};
use super::outward;
use super::status;
use crate::Stopping;

/// Most messages claimed at a time.
const CLAIM: usize = 256;
/// How often leases are renewed, well before they run out.
const RENEW: Duration = Duration::from_secs(120);

/// How a session ended.
pub(super) enum Ended {
    /// It had been bound.
    AfterWork(String),
    /// It never was.
    BeforeWork(String),
    /// The spool has stopped: nothing may be sent any more.
    Broken(SpoolError),
}

/// Requests of the carrier that are answered when they are durable.
type Answering = BoxFuture<'static, (Vec<Header>, Result<(), SpoolError>)>;

struct Session<'a> {
    line: &'a Line,
    link: Link<Smpp, Stream>,
    sends: bool,
    flights: Flights,
    settles: FuturesOrdered<BoxFuture<'static, (usize, Result<(), SpoolError>)>>,
    /// Settlements begun and finished, to let receipts wait for those that came before them.
    begun: u64,
    finished: u64,
    /// Messages whose outcome is known and not durable yet. They count as part of the window: after a crash no more than one window is in
    /// doubt.
    unsettled: usize,
    held: VecDeque<(u64, Vec<Header>, Vec<CarrierReceipt>)>,
    answering: FuturesUnordered<Answering>,
    ready: Option<BoxFuture<'static, ()>>,
    /// Where PDUs are encoded.
    scratch: BytesMut,
    stopping: bool,
}

/// Binds and works until the session ends.
pub(super) async fn run(line: &Line, kind: CommandId, stream: Stream, mut stop: Stopping) -> Ended {
    let c = &line.config;
    let options = Options {
        keep_alive_interval: Some(c.enquire_link),
        response_timeout: c.response_timeout,
        login_timeout: c.response_timeout,
        window: c.window.max(1),
        max_unanswered: 1000,
        ..Options::default()
    };
    let mut engine = Engine::client(Smpp::new(waxwing_smpp::frame::DEFAULT_MAX_LEN), options, std::time::Instant::now());
    if let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) {
        engine.set_tap(Box::new(line.trace.link(&line.state.name, Role::Client, local, peer)));
    }
    let mut link = Link::new(engine, stream);
    if let Err(e) = bind(line, kind, &mut link, &mut stop).await {
        let _ = link.close(Duration::from_secs(1)).await;
        return Ended::BeforeWork(e);
    }
    let sends = kind != CommandId::BIND_RECEIVER;
    tracing::info!(connector = %line.state.name, kind = %kind, "bound");
    let label = waxwing_core::ConnectorLabel { connector: line.state.name.to_string() };
    line.gateway.metrics.connector_sessions.get_or_create(&label).inc();
    if sends {
        line.state.session_up();
    }
    let mut session = Session {
        line,
        link,
        sends,
        flights: Flights::default(),
        settles: FuturesOrdered::new(),
        begun: 0,
        finished: 0,
        unsettled: 0,
        held: VecDeque::new(),
        answering: FuturesUnordered::new(),
        ready: None,
        scratch: BytesMut::new(),
        stopping: false,
    };
    let ended = session.work(&mut stop).await;
    if sends {
        line.state.session_down(line.gateway.clock.now());
    }
    line.gateway.metrics.connector_sessions.get_or_create(&label).dec();
    let rest = session.flights.drain();
    session.settle(rest);
    // What the carrier has answered must be on record before anything is sent again.
    while let Some((_, result)) = session.settles.next().await {
        if let Err(e) = result {
            return Ended::Broken(e);
        }
    }
    ended
}

/// Sends the bind and waits for its answer.
async fn bind(line: &Line, kind: CommandId, link: &mut Link<Smpp, Stream>, stop: &mut Stopping) -> Result<(), String> {
    let c = &line.config;
    let (system_id, password, system_type) = (c.system_id.as_bytes(), c.password.as_bytes(), c.system_type.as_bytes());
    let interface_version = InterfaceVersion(c.interface_version);
    let (ton, npi, range) = &c.address_range;
    let address_range = Address::new(Ton(*ton), Npi(*npi), range.as_bytes());
    let mut out = BytesMut::new();
    let ok = CommandStatus::ESME_ROK;
    let encoded = match kind {
        CommandId::BIND_TRANSMITTER => {
            let b = BindTransmitter { system_id, password, system_type, interface_version, address_range, ..Default::default() };
            encode(&b, ok, 0, &mut out)
        }
        CommandId::BIND_RECEIVER => {
            let b = BindReceiver { system_id, password, system_type, interface_version, address_range, ..Default::default() };
            encode(&b, ok, 0, &mut out)
        }
        _ => {
            let b = BindTransceiver { system_id, password, system_type, interface_version, address_range, ..Default::default() };
            encode(&b, ok, 0, &mut out)
        }
    };
    encoded.map_err(|e| format!("the bind cannot be written: {e}"))?;
    link.login(&out).map_err(|e| e.to_string())?;
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            r = link.events(&mut batch) => r.map_err(|e| e.to_string())?,
            () = stop.stopped() => return Err("stopped".into()),
        }
        for event in batch.drain(..) {
            match event {
                Event::LoginResponse { pdu } if pdu.header.command_status.is_ok() => {
                    link.bound();
                    return Ok(());
                }
                Event::LoginResponse { pdu } => {
                    link.abort();
                    return Err(format!("the carrier refused the bind with {}", status::name(pdu.header.command_status)));
                }
                Event::Closed { reason } => return Err(reason.to_string()),
                _ => {}
            }
        }
    }
}

impl Session<'_> {
    async fn work(&mut self, stop: &mut Stopping) -> Ended {
        let mut batch: Vec<Event<Frame>> = Vec::new();
        let mut renew = tokio::time::interval(RENEW);
        renew.tick().await;
        loop {
            self.fill();
            let resumes = if self.flights.has_pending() || self.wants_more() { self.line.resumes_at() } else { None };
            tokio::select! {
                r = self.link.events(&mut batch) => {
                    if r.is_err() {
                        return Ended::AfterWork("closed".into());
                    }
                    if let Some(reason) = self.take(&mut batch) {
                        return Ended::AfterWork(reason.to_string());
                    }
                }
                Some((messages, result)) = self.settles.next() => {
                    if let Err(e) = result {
                        self.link.abort();
                        return Ended::Broken(e);
                    }
                    self.finished += 1;
                    self.unsettled -= messages;
                    self.release_held();
                }
                Some((headers, result)) = self.answering.next() => self.answer(&headers, result),
                () = wait(self.ready.as_mut()) => self.ready = None,
                () = tokio::time::sleep_until(resumes.map_or_else(Instant::now, Instant::from_std)), if resumes.is_some() => {}
                _ = renew.tick() => {
                    for lease in self.flights.leases() {
                        self.line.gateway.spool.renew(lease, waxwing_core::LEASE);
                    }
                }
                () = stop.stopped(), if !self.stopping => {
                    self.stopping = true;
                    self.ready = None;
                    self.link.unbind(Duration::from_secs(5));
                }
            }
        }
    }

    fn wants_more(&self) -> bool {
        self.sends && !self.stopping && !self.flights.has_pending() && !self.line.state.is_paused() && self.room() > 0
    }

    /// Requests that may be sent now.
    fn room(&self) -> usize {
        self.link.window_free().saturating_sub(self.unsettled)
    }

    /// Claims and sends as much as window and pace allow.
    fn fill(&mut self) {
        loop {
            self.send_pending();
            if !self.wants_more() || self.ready.is_some() || self.line.resumes_at().is_some() {
                return;
            }
            let want = self.line.due(self.room().min(CLAIM));
            let ready = self.line.outbox.ready();
            let claimed = self.line.outbox.claim(want);
            if claimed.len() < want {
                self.ready = Some(ready);
            }
            if claimed.is_empty() {
                return;
            }
            let mut settled = Vec::new();
            for out in claimed {
                match outward::parts(&out.message, &self.line.config, self.line.reference()) {
                    Ok(parts) => {
                        let receipt = outward::asks_receipt(&out.message, &self.line.config);
                        self.flights.add(out, parts, receipt);
                    }
                    Err(e) => settled.push(Settlement {
                        out,
                        result: SendResult::Refused {
                            class: ErrorClass::Permanent,
                            code: String::new(),
                            reason: e.to_string(),
                            sent: Vec::new(),
                        },
                    }),
                }
            }
            self.settle(settled);
        }
    }

    fn send_pending(&mut self) {
        if !self.flights.has_pending() || self.stopping {
            return;
        }
        let mut allowed = self.line.allowance(self.room());
        let (now, at) = (self.line.gateway.clock.now(), Instant::now().into_std());
        let mut settled = Vec::new();
        while allowed > 0 {
            let Some(next) = self.flights.next() else { break };
            let Some((out, part)) = self.flights.content(next) else { break };
            let about = outward::Times { now, expires: out.expires, priority: out.priority };
            // A carrier that throttles can hold a message up until its validity is over.
            if out.expires <= now {
                settled.extend(self.flights.unsendable(next, ErrorClass::Temporary, "validity ended".into()));
                continue;
            }
            // Encoded apart, since a message that does not encode must not take a place in the window.
            self.scratch.clear();
            if let Err(e) = outward::submit_sm(&out.message, part, &self.line.config, about, 0, &mut self.scratch) {
                settled.extend(self.flights.unsendable(next, ErrorClass::Permanent, e.to_string()));
                continue;
            }
            match self.link.engine_mut().request(&self.scratch, next.token, at) {
                Ok(_) => {
                    self.flights.sent(next);
                    allowed -= 1;
                }
                Err(Refused::WindowFull | Refused::OutputFull | Refused::NotBound | Refused::Closing) => break,
            }
        }
        self.line.give_back(allowed);
        self.settle(settled);
    }

    /// Handles a batch of events; the reason when the session is over.
    fn take(&mut self, batch: &mut Vec<Event<Frame>>) -> Option<CloseReason> {
        let mut settled = Vec::new();
        let mut receipts: (Vec<Header>, Vec<CarrierReceipt>) = Default::default();
        let mut messages: (Vec<Header>, Vec<Inbound>) = Default::default();
        let mut closed = None;
        let now = self.line.gateway.clock.now();
        for event in batch.drain(..) {
            match event {
                Event::Response { pdu, token, .. } => settled.extend(self.response(token, &pdu)),
                Event::TimedOut { token, .. } | Event::Lost { token } => settled.extend(self.flights.unanswered(token)),
                Event::Request { pdu, .. } => self.request(&pdu, &mut receipts, &mut messages, now),
                Event::Malformed { pdu, reason } => {
                    self.line.gateway.metrics.bad("smpp connector", "unknown command");
                    tracing::debug!(connector = %self.line.state.name, command = %pdu.header.command_id, "{reason}");
                }
                Event::Orphan { pdu, .. } => {
                    self.line.gateway.metrics.bad("smpp connector", "response without a request");
                    tracing::debug!(connector = %self.line.state.name, command = %pdu.header.command_id, "a response that nothing waits for");
                }
                Event::Closed { reason } => closed = Some(reason),
                Event::PeerUnbound => self.stopping = true,
                Event::Notice { .. } | Event::Rejected { .. } | Event::Login { .. } | Event::LoginResponse { .. } => {}
            }
        }
        self.settle(settled);
        if !receipts.0.is_empty() {
            self.held.push_back((self.begun, receipts.0, receipts.1));
            self.release_held();
        }
        if !messages.0.is_empty() {
            let (gateway, state, counters) = (self.line.gateway.clone(), self.line.state.clone(), self.line.counters.clone());
            let (headers, inbound) = messages;
            self.answering.push(Box::pin(async move { (headers, gateway.inbound(&state, &counters, inbound).await) }));
        }
        closed
    }

    fn response(&mut self, token: u64, pdu: &Frame) -> Option<Settlement> {
        let code = pdu.header.command_status;
        if code.is_ok() {
            let id = match Decoder::new().decode(&pdu.octets).map(|d| d.pdu) {
                Ok(Pdu::SubmitSmResp(r)) => r.message_id.map(|id| inward::stored_id(&pdu.octets, id)),
                Ok(Pdu::DataSmResp(r)) => r.message_id.map(|id| inward::stored_id(&pdu.octets, id)),
                _ => None,
            };
            return self.flights.accepted(token, id.unwrap_or_default());
        }
        match self.line.config.errors.class(code.0) {
            ErrorClass::Throttled => {
                self.line.throttled();
                self.flights.later(token);
                None
            }
            class => self.flights.refused(token, class, status::name(code), "refused by the carrier".into()),
        }
    }

    fn request(
        &mut self,
        pdu: &Frame,
        receipts: &mut (Vec<Header>, Vec<CarrierReceipt>),
        messages: &mut (Vec<Header>, Vec<Inbound>),
        now: u64,
    ) {
        let how = Reading { guess: self.line.config.guess_receipts, ids: self.line.config.receipt_id, charset: &self.line.charset };
        let delivered = match Decoder::new().decode(&pdu.octets) {
            Ok(d) => match &d.pdu {
                Pdu::DeliverSm(p) => inward::deliver_sm(&pdu.octets, p, &how, now),
                Pdu::DataSm(p) => inward::data_sm_from_carrier(&pdu.octets, p, &how, now),
                _ => {
                    self.line.gateway.metrics.bad("smpp connector", "request that only a client may send");
                    return self.link.respond_with(|out| refuse(pdu.header, CommandStatus::ESME_RINVCMDID, out));
                }
            },
            Err(e) => {
                self.line.gateway.metrics.bad("smpp connector", e.field);
                tracing::debug!(connector = %self.line.state.name, "{e}");
                return self.link.respond_with(|out| {
                    e.encode_answer(out);
                });
            }
        };
        match delivered {
            Delivered::Receipt(r) => {
                receipts.0.push(pdu.header);
                receipts.1.push(r);
            }
            Delivered::Message(m) => {
                messages.0.push(pdu.header);
                messages.1.push(*m);
            }
        }
    }

    /// Receipts wait until the outcomes of all responses that came before them are on record.
    fn release_held(&mut self) {
        while self.held.front().is_some_and(|(after, ..)| *after <= self.finished) {
            let Some((_, headers, receipts)) = self.held.pop_front() else { return };
            let (gateway, state, counters) = (self.line.gateway.clone(), self.line.state.clone(), self.line.counters.clone());
            let others = inward::other_spellings(self.line.config.receipt_id);
            self.answering.push(Box::pin(async move { (headers, gateway.carrier_receipts(&state, &counters, receipts, others).await) }));
        }
    }

    fn answer(&mut self, headers: &[Header], result: Result<(), SpoolError>) {
        let code = match result {
            Ok(()) => CommandStatus::ESME_ROK,
            Err(e) => {
                tracing::warn!(connector = %self.line.state.name, "what the carrier delivered could not be stored, it will come again: {e}");
                CommandStatus::ESME_RX_T_APPN
            }
        };
        for h in headers {
            self.link.respond_with(|out| {
                // Neither has a string that could fail to encode.
                let _ = match h.command_id {
                    CommandId::DATA_SM => encode(&DataSmResp { message_id: Some(b""), ..Default::default() }, code, h.sequence_number, out),
                    _ => encode(&DeliverSmResp { message_id: Some(b""), ..Default::default() }, code, h.sequence_number, out),
                };
            });
        }
    }

    fn settle(&mut self, settled: Vec<Settlement>) {
        if !settled.is_empty() {
            let messages = settled.len();
            let settle = self.line.outbox.settle(settled);
            self.begun += 1;
            self.unsettled += messages;
            self.settles.push_back(Box::pin(async move { (messages, settle.await) }));
        }
    }
}

async fn wait(ready: Option<&mut BoxFuture<'static, ()>>) {
    match ready {
        Some(r) => r.await,
        None => std::future::pending().await,
    }
}
