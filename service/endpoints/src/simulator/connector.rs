//! The connector `protocol = "simulator"`: the whole path of a message without a carrier.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use waxwing_core::{
    Address, CarrierReceipt, ConnectorCounters, ConnectorLabel, ConnectorState, ErrorClass, ErrorTable, Gateway, Inbound, Message,
    NoAnswer, Outbox, OutboxPolicy, RetryPolicy, SendResult, Settlement, State, content,
};
use waxwing_spool::{BoxFuture, SpoolError};
use waxwing_testkit::{Carrier, CarrierConfig, CarrierEvent, FinalState, Submitted};

use crate::flight::{Flights, Lane};
use crate::smpp::{ConnectorConfig, IdSpelling, RequestReceipts, inward, outward};
use crate::{Endpoint, Stopping};

/// A simulated carrier as a connector.
#[derive(Clone, Debug, Default)]
pub struct SimulatorConfig {
    /// How it behaves.
    pub carrier: CarrierConfig,
    /// Messages at the same time with it; 0 = 1000.
    pub window: u32,
    /// When to try again.
    pub retry: RetryPolicy,
    /// Which errors are what; `None` = SMPP's table.
    pub errors: Option<ErrorTable>,
}

struct Simulator {
    gateway: Arc<Gateway>,
    state: Arc<ConnectorState>,
    counters: Arc<ConnectorCounters>,
    outbox: Outbox,
    carrier: Carrier,
    flights: Flights<outward::Part>,
    /// Encoding of text: that of an SMPP carrier with the usual settings.
    encoding: ConnectorConfig,
    errors: ErrorTable,
    window: usize,
    /// With the carrier at the moment.
    outstanding: usize,
    reference: u16,
    ready: Option<BoxFuture<'static, ()>>,
    doing: FuturesUnordered<BoxFuture<'static, Result<(), SpoolError>>>,
    paused_until: u64,
}

/// Starts the connector.
pub fn start_simulator(gateway: &Arc<Gateway>, state: &Arc<ConnectorState>, config: SimulatorConfig) -> Endpoint {
    let policy = OutboxPolicy {
        retry: config.retry.clone(),
        no_answer: NoAnswer::Resend,
        receipt_wait: 60_000,
        spellings: inward::receipt_spellings(IdSpelling::Auto),
    };
    let simulator = Simulator {
        gateway: gateway.clone(),
        state: state.clone(),
        counters: Arc::new(ConnectorCounters::new(&gateway.metrics, &state.name)),
        outbox: Outbox::connector(gateway, state, policy),
        carrier: Carrier::new(config.carrier),
        flights: Flights::default(),
        encoding: ConnectorConfig { request_receipts: RequestReceipts::Always, ..ConnectorConfig::new("") },
        errors: config.errors.unwrap_or_else(ErrorTable::smpp),
        window: if config.window == 0 { 1000 } else { config.window as usize },
        outstanding: 0,
        reference: 0,
        ready: None,
        doing: FuturesUnordered::new(),
        paused_until: 0,
    };
    Endpoint::spawn(None, move |stopping| simulator.run(stopping))
}

impl Simulator {
    async fn run(mut self, mut stopping: Stopping) {
        let label = ConnectorLabel { connector: self.state.name.to_string() };
        self.gateway.metrics.connector_sessions.get_or_create(&label).inc();
        self.state.session_up();
        loop {
            let now = self.gateway.clock.now();
            if self.act(now) {
                continue;
            }
            self.fill(now);
            let due = self.carrier.next_due().into_iter().chain((self.paused_until > now).then_some(self.paused_until)).min();
            let wait = Duration::from_millis(due.map_or(3_600_000, |at| at.saturating_sub(now).max(1)));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = async { match self.ready.as_mut() { Some(r) => r.await, None => std::future::pending().await } } => self.ready = None,
                Some(result) = self.doing.next() => {
                    if let Err(e) = result {
                        tracing::error!(connector = %self.state.name, "stopped: {e}");
                        break;
                    }
                }
                () = stopping.stopped() => break,
            }
        }
        self.state.session_down(self.gateway.clock.now());
        self.gateway.metrics.connector_sessions.get_or_create(&label).dec();
        let rest = self.flights.drain();
        self.settle(rest);
        while self.doing.next().await.is_some() {}
    }

    /// Does what the carrier has due; true if there was anything.
    fn act(&mut self, now: u64) -> bool {
        let (mut settled, mut receipts, mut messages) = (Vec::new(), Vec::new(), Vec::new());
        let mut any = false;
        while let Some(event) = self.carrier.poll(now) {
            any = true;
            match event {
                CarrierEvent::Response { token, result } => {
                    self.outstanding = self.outstanding.saturating_sub(1);
                    settled.extend(self.response(token, result, now));
                }
                CarrierEvent::Receipt { id, state, done, .. } => receipts.push(receipt(&id, state, done)),
                CarrierEvent::Mo { source, destination, data_coding, payload, .. } => {
                    let number = |octets: &[u8]| Address::parse(&String::from_utf8_lossy(octets));
                    let message = Message {
                        source: Address { ton: 1, ..number(&source) },
                        destination: number(&destination),
                        data_coding: data_coding.into(),
                        payload,
                        ..Message::default()
                    };
                    messages.push(Inbound { part: content::part_of(&message), message });
                }
            }
        }
        let settle = self.settlement(settled);
        let (gateway, state, counters) = (self.gateway.clone(), self.state.clone(), self.counters.clone());
        if settle.is_some() || !receipts.is_empty() || !messages.is_empty() {
            self.doing.push(Box::pin(async move {
                if let Some(settle) = settle {
                    settle.await?;
                }
                if !receipts.is_empty() {
                    gateway.carrier_receipts(&state, &counters, receipts, None).await?;
                }
                if !messages.is_empty() {
                    gateway.inbound(&state, &counters, messages).await?;
                }
                Ok(())
            }));
        }
        any
    }

    fn response(&mut self, token: u64, result: Result<String, u32>, now: u64) -> Option<(Lane, Settlement)> {
        match result {
            Ok(id) => self.flights.accepted(token, Bytes::from(waxwing_smpp::receipt::normalise(id.as_bytes()))),
            Err(code) => match self.errors.class(code) {
                ErrorClass::Throttled => {
                    self.counters.throttled.inc();
                    self.paused_until = now + 200;
                    self.flights.later(token);
                    None
                }
                class => {
                    let code = waxwing_smpp::CommandStatus(code).to_string();
                    self.flights.refused(token, class, code, "refused by the simulated carrier".into())
                }
            },
        }
    }

    fn fill(&mut self, now: u64) {
        if self.paused_until > now || self.state.is_paused() {
            return;
        }
        self.send(now);
        if self.ready.is_some() || self.flights.has_pending() {
            return;
        }
        let want = self.window.saturating_sub(self.outstanding).min(256);
        let ready = self.outbox.ready();
        let claimed = self.outbox.claim(want);
        if claimed.len() < want || want == 0 {
            self.ready = (want > 0).then_some(ready);
        }
        let mut settled = Vec::new();
        for out in claimed {
            self.reference = self.reference.wrapping_add(1);
            match outward::parts(&out.message, &self.encoding, self.reference) {
                Ok(parts) => settled.extend(self.flights.add(0, out, parts, true)),
                Err(e) => {
                    let reason = e.to_string();
                    let result = SendResult::Refused { class: ErrorClass::Permanent, code: String::new(), reason, sent: Vec::new() };
                    settled.push((0, Settlement { out, result }));
                }
            }
        }
        self.settle(settled);
        self.send(now);
    }

    fn send(&mut self, now: u64) {
        while self.outstanding < self.window {
            let Some(next) = self.flights.next() else { return };
            let Some((out, part)) = self.flights.content(next) else { return };
            let m = Submitted {
                token: next.token,
                source: out.message.source.octets.clone(),
                destination: out.message.destination.octets.clone(),
                data_coding: part.data_coding,
                udhi: part.udhi,
                payload: part.octets.clone(),
                receipt: true,
                ..Submitted::default()
            };
            self.carrier.submit(now, m);
            self.flights.sent(next);
            self.outstanding += 1;
        }
    }

    fn settlement(&self, settled: Vec<(Lane, Settlement)>) -> Option<BoxFuture<'static, Result<(), SpoolError>>> {
        (!settled.is_empty()).then(|| self.outbox.settle(settled.into_iter().map(|(_, s)| s).collect()))
    }

    fn settle(&mut self, settled: Vec<(Lane, Settlement)>) {
        if let Some(s) = self.settlement(settled) {
            self.doing.push(s);
        }
    }
}

fn receipt(id: &str, state: FinalState, done: u64) -> CarrierReceipt {
    let (state, stat, error) = match state {
        FinalState::Delivered => (State::Delivered, "DELIVRD", "000"),
        FinalState::Undeliverable => (State::Undeliverable, "UNDELIV", "001"),
        FinalState::Deleted => (State::Deleted, "DELETED", "000"),
    };
    let same = Bytes::from(waxwing_smpp::receipt::normalise(id.as_bytes()));
    let other = waxwing_smpp::receipt::decimal_to_hex(id.as_bytes()).map(Bytes::from);
    CarrierReceipt {
        remotes: std::iter::once(same).chain(other).collect(),
        state: state as i32,
        error: error.into(),
        done,
        raw: Bytes::from(format!("id:{id} stat:{stat} err:{error}")),
        stat: stat.into(),
    }
}
