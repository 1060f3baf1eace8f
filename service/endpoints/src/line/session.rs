//! A session that we opened: messages out, receipts and received messages in.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::stream::{FuturesOrdered, FuturesUnordered, StreamExt};
use tokio::time::Instant;
use waxwing_core::{CarrierReceipt, ErrorClass, Inbound, SendResult, Settlement};
use waxwing_session::{CloseReason, Dialect, Engine, Event, Link, Refused, Role, Stream};
use waxwing_spool::{BoxFuture, SpoolError};

use super::{Line, Request, Response, Speaker, Unsendable};
use crate::Stopping;
use crate::flight::{Flights, Lane, reference};

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
type Answering<Ask> = BoxFuture<'static, (Vec<Ask>, Result<(), SpoolError>)>;

/// Requests that came together, and what they bring.
struct Gathered<Ask, T> {
    asks: Vec<Ask>,
    items: Vec<T>,
}

struct Session<'a, S: Speaker> {
    line: &'a Line<S>,
    speaker: S,
    link: Link<S::Dialect, Stream>,
    flights: Flights<S::Part>,
    settles: FuturesOrdered<BoxFuture<'static, (usize, Result<(), SpoolError>)>>,
    /// Settlements begun and finished, to let receipts wait for those that came before them.
    begun: u64,
    finished: u64,
    /// Messages whose outcome is known and not durable yet. They count as part of the window: after a crash no more than one window is in
    /// doubt.
    unsettled: usize,
    held: VecDeque<(u64, Gathered<S::Ask, CarrierReceipt>)>,
    answering: FuturesUnordered<Answering<S::Ask>>,
    /// For each lane, set while it has nothing.
    ready: Vec<Option<BoxFuture<'static, ()>>>,
    /// Where PDUs are encoded.
    scratch: BytesMut,
    stopping: bool,
}

/// Logs in and works until the session ends.
pub(super) async fn run<S: Speaker>(line: &Line<S>, kind: S::Kind, stream: Stream, mut stop: Stopping) -> Ended {
    let mut speaker = S::new(&line.settings, kind);
    let mut engine = Engine::client(speaker.dialect(), line.session_options(), std::time::Instant::now());
    if let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) {
        engine.set_tap(Box::new(line.trace.link(&line.state.name, Role::Client, local, peer)));
    }
    let mut link = Link::new(engine, stream);
    if let Err(e) = log_in(line, &mut speaker, &mut link, &mut stop).await {
        let _ = link.close(Duration::from_secs(1)).await;
        return Ended::BeforeWork(e);
    }
    let sends = speaker.sends();
    tracing::info!(connector = %line.state.name, %kind, "bound");
    let label = waxwing_core::ConnectorLabel { connector: line.state.name.to_string() };
    line.gateway.metrics.connector_sessions.get_or_create(&label).inc();
    if sends {
        line.state.session_up();
    }
    let mut session = Session {
        line,
        speaker,
        link,
        flights: Flights::default(),
        settles: FuturesOrdered::new(),
        begun: 0,
        finished: 0,
        unsettled: 0,
        held: VecDeque::new(),
        answering: FuturesUnordered::new(),
        ready: line.lanes.iter().map(|_| None).collect(),
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

/// Sends the login and waits for its answer.
async fn log_in<S: Speaker>(
    line: &Line<S>,
    speaker: &mut S,
    link: &mut Link<S::Dialect, Stream>,
    stop: &mut Stopping,
) -> Result<(), String> {
    let mut out = BytesMut::new();
    speaker.login(line.gateway.clock.now(), &mut out)?;
    link.login(&out).map_err(|e| e.to_string())?;
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            r = link.events(&mut batch) => r.map_err(|e| e.to_string())?,
            () = stop.stopped() => return Err("stopped".into()),
        }
        for event in batch.drain(..) {
            match event {
                Event::LoginResponse { pdu } => {
                    if let Err(e) = speaker.logged_in(&pdu, link.engine_mut().dialect_mut()) {
                        link.abort();
                        return Err(e);
                    }
                    link.bound();
                    return Ok(());
                }
                Event::Closed { reason } => {
                    speaker.not_answered();
                    return Err(reason.to_string());
                }
                _ => {}
            }
        }
    }
}

impl<S: Speaker> Session<'_, S> {
    async fn work(&mut self, stop: &mut Stopping) -> Ended {
        let mut batch: Vec<Event<<S::Dialect as Dialect>::Pdu>> = Vec::new();
        let mut renew = tokio::time::interval(RENEW);
        renew.tick().await;
        loop {
            self.fill();
            let resumes = if self.flights.has_pending() || self.wants_more() { self.line.pace.resumes_at() } else { None };
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
                Some((asks, result)) = self.answering.next() => self.answer(&asks, result),
                lane = first(&mut self.ready) => self.ready[lane] = None,
                () = tokio::time::sleep_until(resumes.map_or_else(Instant::now, Instant::from_std)), if resumes.is_some() => {}
                _ = renew.tick() => {
                    for lease in self.flights.leases() {
                        self.line.gateway.spool.renew(lease, waxwing_core::LEASE);
                    }
                }
                () = stop.stopped(), if !self.stopping => {
                    self.stopping = true;
                    self.ready.iter_mut().for_each(|r| *r = None);
                    self.link.unbind(Duration::from_secs(5));
                }
            }
        }
    }

    fn wants_more(&self) -> bool {
        self.speaker.sends() && !self.stopping && !self.flights.has_pending() && !self.line.state.is_paused() && self.room() > 0
    }

    /// Requests that may be sent now.
    fn room(&self) -> usize {
        self.link.window_free().saturating_sub(self.unsettled)
    }

    /// Claims and sends as much as window and pace allow.
    fn fill(&mut self) {
        loop {
            self.send_pending();
            if !self.wants_more() || self.line.pace.resumes_at().is_some() {
                return;
            }
            let mut claimed = false;
            for lane in 0..self.line.lanes.len() {
                let want = self.line.pace.due(self.room().min(CLAIM));
                if want > 0 && self.ready[lane].is_none() {
                    claimed |= self.claim(lane, want);
                }
            }
            if !claimed {
                return;
            }
        }
    }

    fn claim(&mut self, lane: Lane, want: usize) -> bool {
        let Some(outbox) = self.line.lanes.get(lane) else { return false };
        let ready = outbox.ready();
        let claimed = outbox.claim(want);
        if claimed.len() < want {
            self.ready[lane] = Some(ready);
        }
        let any = !claimed.is_empty();
        let mut settled = Vec::new();
        for out in claimed {
            match self.speaker.parts(&out.message, reference(out.id())) {
                Ok(parts) => {
                    let receipt = self.speaker.asks_receipt(&out.message);
                    settled.extend(self.flights.add(lane, out, parts, receipt));
                }
                Err(Unsendable { code, reason }) => {
                    let result = SendResult::Refused { class: ErrorClass::Permanent, code, reason, sent: Vec::new() };
                    settled.push((lane, Settlement { out, result }));
                }
            }
        }
        self.settle(settled);
        any
    }

    fn send_pending(&mut self) {
        if !self.flights.has_pending() || self.stopping {
            return;
        }
        let mut allowed = self.line.pace.allowance(self.room());
        let (now, at) = (self.line.gateway.clock.now(), Instant::now().into_std());
        let mut settled = Vec::new();
        while allowed > 0 {
            let Some(next) = self.flights.next() else { break };
            let Some((out, part)) = self.flights.content(next) else { break };
            // A carrier that throttles can hold a message up until its validity is over.
            if out.expires <= now {
                settled.extend(self.flights.unsendable(next, ErrorClass::Temporary, "validity ended".into()));
                continue;
            }
            // Encoded apart, since a message that does not encode must not take a place in the window.
            self.scratch.clear();
            if let Err(reason) = self.speaker.encode(out, part, now, &mut self.scratch) {
                settled.extend(self.flights.unsendable(next, ErrorClass::Permanent, reason));
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
        self.line.pace.give_back(allowed);
        self.settle(settled);
    }

    /// Handles a batch of events; the reason when the session is over.
    fn take(&mut self, batch: &mut Vec<Event<<S::Dialect as Dialect>::Pdu>>) -> Option<CloseReason> {
        let mut settled = Vec::new();
        let mut receipts: Gathered<S::Ask, CarrierReceipt> = Gathered::default();
        let mut messages: Gathered<S::Ask, Inbound> = Gathered::default();
        let mut closed = None;
        let now = self.line.gateway.clock.now();
        for event in batch.drain(..) {
            match event {
                Event::Response { pdu, token, .. } => settled.extend(self.response(token, &pdu)),
                // What is for somebody who was away comes again when it is back, and the attempt does not count.
                Event::Lost { token } if self.flights.lane(token).is_some_and(|lane| lane > 0) => self.flights.lost(token),
                Event::TimedOut { token, .. } | Event::Lost { token } => settled.extend(self.flights.unanswered(token)),
                Event::Request { pdu, .. } => match self.speaker.request(&pdu, now) {
                    Request::Receipt(ask, receipt) => receipts.push(ask, receipt),
                    Request::Message(ask, inbound) => messages.push(ask, *inbound),
                    Request::Answered { answer, bad } => {
                        self.link.respond(&answer);
                        if let Some((reason, detail)) = bad {
                            self.bad(reason, &detail);
                        }
                    }
                },
                Event::Malformed { reason, .. } => self.bad("unknown command", &reason),
                Event::Orphan { seq, .. } => {
                    self.bad("response without a request", &format!("a response that nothing waits for, sequence number {seq}"));
                }
                Event::Closed { reason } => closed = Some(reason),
                Event::PeerUnbound => self.stopping = true,
                Event::Notice { .. } | Event::Rejected { .. } | Event::Login { .. } | Event::LoginResponse { .. } => {}
            }
        }
        self.settle(settled);
        if !receipts.asks.is_empty() {
            self.held.push_back((self.begun, receipts));
            self.release_held();
        }
        if !messages.asks.is_empty() {
            let (gateway, state, counters) = (self.line.gateway.clone(), self.line.state.clone(), self.line.counters.clone());
            let Gathered { asks, items } = messages;
            self.answering.push(Box::pin(async move { (asks, gateway.inbound(&state, &counters, items).await) }));
        }
        closed
    }

    fn response(&mut self, token: u64, pdu: &<S::Dialect as Dialect>::Pdu) -> Option<(Lane, Settlement)> {
        match self.speaker.response(pdu, self.flights.message(token)) {
            Response::Accepted(remote) => self.flights.accepted(token, remote),
            Response::Refused { code, name } => match self.line.options.errors.class(code) {
                ErrorClass::Throttled => {
                    self.line.throttled();
                    self.flights.later(token);
                    None
                }
                class => self.flights.refused(token, class, name, "refused by the carrier".into()),
            },
        }
    }

    /// Receipts wait until the outcomes of all responses that came before them are on record.
    fn release_held(&mut self) {
        while self.held.front().is_some_and(|(after, _)| *after <= self.finished) {
            let Some((_, Gathered { asks, items })) = self.held.pop_front() else { return };
            let (gateway, state, counters) = (self.line.gateway.clone(), self.line.state.clone(), self.line.counters.clone());
            let others = self.line.options.spellings;
            self.answering.push(Box::pin(async move { (asks, gateway.carrier_receipts(&state, &counters, items, others).await) }));
        }
    }

    fn answer(&mut self, asks: &[S::Ask], result: Result<(), SpoolError>) {
        if let Err(e) = &result {
            tracing::warn!(connector = %self.line.state.name, "what the carrier delivered could not be stored, it will come again: {e}");
        }
        for ask in asks {
            let speaker = &mut self.speaker;
            self.link.respond_with(|out| speaker.answer(ask, result.is_ok(), out));
        }
    }

    fn bad(&self, reason: &str, detail: &str) {
        self.line.gateway.metrics.bad(S::PLACE, reason);
        tracing::debug!(connector = %self.line.state.name, "{detail}");
    }

    fn settle(&mut self, settled: Vec<(Lane, Settlement)>) {
        if settled.is_empty() {
            return;
        }
        if let [outbox] = &self.line.lanes[..] {
            let batch: Vec<Settlement> = settled.into_iter().map(|(_, s)| s).collect();
            self.begin(batch.len(), outbox.settle(batch));
            return;
        }
        let mut batches: Vec<Vec<Settlement>> = self.line.lanes.iter().map(|_| Vec::new()).collect();
        for (lane, settlement) in settled {
            batches[lane].push(settlement);
        }
        for (batch, outbox) in batches.into_iter().zip(&self.line.lanes) {
            if !batch.is_empty() {
                self.begin(batch.len(), outbox.settle(batch));
            }
        }
    }

    fn begin(&mut self, messages: usize, settle: BoxFuture<'static, Result<(), SpoolError>>) {
        self.begun += 1;
        self.unsettled += messages;
        self.settles.push_back(Box::pin(async move { (messages, settle.await) }));
    }
}

impl<Ask, T> Default for Gathered<Ask, T> {
    fn default() -> Gathered<Ask, T> {
        Gathered { asks: Vec::new(), items: Vec::new() }
    }
}

impl<Ask, T> Gathered<Ask, T> {
    fn push(&mut self, ask: Ask, item: T) {
        self.asks.push(ask);
        self.items.push(item);
    }
}

/// The first lane that has something; never, where all are known to.
async fn first(ready: &mut [Option<BoxFuture<'static, ()>>]) -> usize {
    std::future::poll_fn(|cx| {
        for (lane, waiting) in ready.iter_mut().enumerate() {
            if waiting.as_mut().is_some_and(|w| w.as_mut().poll(cx).is_ready()) {
                return std::task::Poll::Ready(lane);
            }
        }
        std::task::Poll::Pending
    })
    .await
}
