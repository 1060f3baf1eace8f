//! `waxwing sim smsc`: the simulated carrier with an SMPP face.
//!
//! It keeps nothing: it is there to be tested against, and to behave as badly as it is told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use waxwing_core::Clock;
use waxwing_session::{Accepted, Engine, Event, Link, ListenError, ListenOptions, Listener, Options, Stream};
use waxwing_smpp::receipt::{ReceiptDate, TextReceipt, put_tlvs};
use waxwing_smpp::{
    Address, BindReceiverResp, BindTransceiverResp, BindTransmitterResp, CommandId, CommandStatus, DataCoding, Decoder, DeliverSm,
    EsmClass, MessageState, Pdu, ReceiptRequest, SubmitSmResp, TlvBuf, encode,
};
use waxwing_testkit::{Carrier, CarrierConfig, CarrierEvent, FinalState, Submitted};

use crate::smpp::dialect::{Frame, Smpp, refuse};
use crate::{Endpoint, Stopping};

/// A simulated SMSC.
#[derive(Clone, Debug)]
pub struct SmscConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How it behaves.
    pub carrier: CarrierConfig,
    /// Who may bind; `None` = anybody.
    pub login: Option<(String, String)>,
}

/// What the binds share: one carrier behind all of them, as in the field.
struct Centre {
    config: SmscConfig,
    clock: Clock,
    core: Mutex<Core>,
    work: Notify,
    taken: AtomicU64,
}

struct Core {
    carrier: Carrier,
    /// Which bind submitted what, and its sequence number: token -> (bind, seq).
    asked: HashMap<u64, (u64, u32)>,
    /// Things to send, by bind.
    boxes: HashMap<u64, Vec<Todo>>,
    /// Binds that receive, in order of their coming.
    receivers: Vec<u64>,
    next_bind: u64,
    next_token: u64,
    /// Whose turn it is to get a receipt.
    turn: usize,
}

enum Todo {
    Respond { seq: u32, result: Result<String, u32> },
    Deliver(Box<CarrierEvent>),
}

/// Starts a simulated SMSC.
///
/// # Errors
/// When its address cannot be used.
pub fn start_smsc(config: SmscConfig, clock: Clock) -> Result<Endpoint, ListenError> {
    let listener = Listener::bind(ListenOptions::new(config.listen))?;
    let address = listener.local_addr().ok();
    let core = Core {
        carrier: Carrier::new(config.carrier.clone()),
        asked: HashMap::new(),
        boxes: HashMap::new(),
        receivers: Vec::new(),
        next_bind: 1,
        next_token: 1,
        turn: 0,
    };
    let centre = Arc::new(Centre { config, clock, core: Mutex::new(core), work: Notify::new(), taken: AtomicU64::new(0) });
    Ok(Endpoint::spawn(address, move |mut stopping| async move {
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(run_carrier(centre.clone(), stopping.clone()));
        loop {
            tokio::select! {
                incoming = listener.accept() => {
                    let (centre, stopping) = (centre.clone(), stopping.clone());
                    tasks.spawn(async move {
                        if let Ok(accepted) = incoming.establish().await {
                            session(centre, accepted, stopping).await;
                        }
                    });
                }
                Some(_) = tasks.join_next() => {}
                () = stopping.stopped() => break,
            }
        }
        tracing::info!(messages = centre.taken.load(Ordering::Relaxed), "simulated SMSC ends");
        while tasks.join_next().await.is_some() {}
    }))
}

/// Hands what the carrier does to the binds that it concerns.
async fn run_carrier(centre: Arc<Centre>, mut stopping: Stopping) {
    loop {
        let now = centre.clock.now();
        let (woken, due) = {
            let mut core = centre.core.lock();
            let mut woken = false;
            while let Some(event) = core.carrier.poll(now) {
                core.hand_out(event);
                woken = true;
            }
            (woken, core.carrier.next_due())
        };
        if woken {
            centre.work.notify_waiters();
        }
        let wait = Duration::from_millis(due.map_or(1000, |at| at.saturating_sub(now).max(1)));
        tokio::select! {
            () = tokio::time::sleep(wait.min(Duration::from_millis(5))) => {}
            () = stopping.stopped() => return,
        }
    }
}

impl Core {
    fn hand_out(&mut self, event: CarrierEvent) {
        if let CarrierEvent::Response { token, result } = event {
            if let Some((bind, seq)) = self.asked.remove(&token) {
                self.boxes.entry(bind).or_default().push(Todo::Respond { seq, result });
            }
            return;
        }
        // Receipts and messages go to the receiving binds in turn; with none bound they wait.
        self.turn += 1;
        let bind = if self.receivers.is_empty() { 0 } else { self.receivers[self.turn % self.receivers.len()] };
        self.boxes.entry(bind).or_default().push(Todo::Deliver(Box::new(event)));
    }
}

async fn session(centre: Arc<Centre>, accepted: Accepted, mut stopping: Stopping) {
    let options = Options { window: 1000, max_unanswered: 100_000, ..Options::default() };
    let mut link = Link::new(Engine::server(Smpp::new(waxwing_smpp::frame::DEFAULT_MAX_LEN), options, Instant::now()), accepted.stream);
    let bind = {
        let mut core = centre.core.lock();
        core.next_bind += 1;
        core.next_bind - 1
    };
    let mut batch: Vec<Event<Frame>> = Vec::new();
    let mut receives = false;
    'session: loop {
        let work = centre.work.notified();
        flush(&centre, &mut link, bind, receives);
        tokio::select! {
            r = link.events(&mut batch) => if r.is_err() { break },
            () = work => {}
            () = stopping.stopped() => break,
        }
        for event in batch.drain(..) {
            match event {
                Event::Login { pdu, .. } => receives = sign_in(&centre, &mut link, &pdu, bind),
                Event::Request { pdu, .. } => request(&centre, &mut link, &pdu, bind),
                Event::Closed { .. } => break 'session,
                _ => {}
            }
        }
    }
    {
        let mut core = centre.core.lock();
        core.receivers.retain(|&b| b != bind);
        // Receipts that could not be handed over wait for the next bind.
        if let Some(left) = core.boxes.remove(&bind) {
            let left: Vec<Todo> = left.into_iter().filter(|t| matches!(t, Todo::Deliver(_))).collect();
            core.boxes.entry(0).or_default().extend(left);
        }
    }
    let _ = link.close(Duration::from_secs(1)).await;
}

fn sign_in(centre: &Centre, link: &mut Link<Smpp, Stream>, pdu: &Frame, bind: u64) -> bool {
    let Ok(decoded) = Decoder::new().decode(&pdu.octets) else { return false };
    let (system_id, password, receives) = match decoded.pdu {
        Pdu::BindTransmitter(b) => (b.system_id, b.password, false),
        Pdu::BindReceiver(b) => (b.system_id, b.password, true),
        Pdu::BindTransceiver(b) => (b.system_id, b.password, true),
        _ => return false,
    };
    let mut out = BytesMut::new();
    let known = centre.config.login.as_ref().is_none_or(|(n, p)| n.as_bytes() == system_id && p.as_bytes() == password);
    if !known {
        refuse(pdu.header, CommandStatus::ESME_RINVPASWD, &mut out);
        link.refuse_login(&out);
        return false;
    }
    let (ok, seq, system_id) = (CommandStatus::ESME_ROK, pdu.header.sequence_number, &b"waxwing-sim"[..]);
    let _ = match pdu.header.command_id {
        CommandId::BIND_TRANSMITTER => encode(&BindTransmitterResp { system_id, ..Default::default() }, ok, seq, &mut out),
        CommandId::BIND_RECEIVER => encode(&BindReceiverResp { system_id, ..Default::default() }, ok, seq, &mut out),
        _ => encode(&BindTransceiverResp { system_id, ..Default::default() }, ok, seq, &mut out),
    };
    link.accept_login(&out);
    if receives {
        let mut core = centre.core.lock();
        core.receivers.push(bind);
        if let Some(waiting) = core.boxes.remove(&0) {
            core.boxes.entry(bind).or_default().extend(waiting);
        }
    }
    receives
}

fn request(centre: &Centre, link: &mut Link<Smpp, Stream>, pdu: &Frame, bind: u64) {
    let decoded = match Decoder::new().decode(&pdu.octets) {
        Ok(d) => d,
        Err(e) => {
            return link.respond_with(|out| {
                e.encode_answer(out);
            });
        }
    };
    let Pdu::SubmitSm(p) = &decoded.pdu else {
        return link.respond_with(|out| refuse(pdu.header, CommandStatus::ESME_RINVCMDID, out));
    };
    centre.taken.fetch_add(1, Ordering::Relaxed);
    // Copied: a slice would keep the whole read block alive until the receipt is out.
    let copy = Bytes::copy_from_slice;
    let mut core = centre.core.lock();
    let token = core.next_token;
    core.next_token += 1;
    core.asked.insert(token, (bind, pdu.header.sequence_number));
    let m = Submitted {
        token,
        source: copy(p.source_addr.addr),
        destination: copy(p.destination_addr.addr),
        data_coding: p.data_coding.0,
        udhi: p.esm_class.udhi(),
        payload: copy(p.message().octets()),
        receipt: p.registered_delivery.receipt() != ReceiptRequest::NONE,
    };
    core.carrier.submit(centre.clock.now(), m);
}

/// Sends what is in the bind's box, as far as the window allows.
fn flush(centre: &Centre, link: &mut Link<Smpp, Stream>, bind: u64, receives: bool) {
    let todo = centre.core.lock().boxes.remove(&bind).unwrap_or_default();
    let mut left = Vec::new();
    for t in todo {
        match t {
            Todo::Respond { seq, result } => link.respond_with(|out| {
                let _ = match &result {
                    Ok(id) => {
                        encode(&SubmitSmResp { message_id: Some(id.as_bytes()), ..Default::default() }, CommandStatus::ESME_ROK, seq, out)
                    }
                    Err(code) => encode(&SubmitSmResp::default(), CommandStatus(*code), seq, out),
                };
            }),
            Todo::Deliver(event) if receives && link.window_free() > 0 && left.is_empty() => {
                let mut out = BytesMut::new();
                if deliver(&event, &mut out).is_ok() && link.request(&out, 0).is_err() {
                    left.push(Todo::Deliver(event));
                }
            }
            later @ Todo::Deliver(_) => left.push(later),
        }
    }
    if !left.is_empty() {
        let mut core = centre.core.lock();
        let newer = core.boxes.remove(&bind).unwrap_or_default();
        left.extend(newer);
        core.boxes.insert(bind, left);
    }
}

fn deliver(event: &CarrierEvent, out: &mut BytesMut) -> Result<(), waxwing_smpp::EncodeError> {
    let number = |octets| Address::new(waxwing_smpp::Ton(1), waxwing_smpp::Npi(1), octets);
    match event {
        CarrierEvent::Response { .. } => Ok(()),
        CarrierEvent::Mo { source, destination, data_coding, payload } => {
            let body = DeliverSm {
                source_addr: number(source),
                destination_addr: number(destination),
                data_coding: DataCoding(*data_coding),
                short_message: payload,
                ..Default::default()
            };
            encode(&body, CommandStatus::ESME_ROK, 0, out)
        }
        CarrierEvent::Receipt { id, about, state, submitted, done } => {
            let (state, stat, err, delivered) = match state {
                FinalState::Delivered => (MessageState::DELIVERED, &b"DELIVRD"[..], &b"000"[..], 1),
                FinalState::Undeliverable => (MessageState::UNDELIVERABLE, &b"UNDELIV"[..], &b"001"[..], 0),
            };
            let date = |ms: u64| Some(ReceiptDate::from_unix_ms(i64::try_from(ms).unwrap_or(0), false));
            let text = TextReceipt {
                id: Some(id.as_bytes()),
                sub: Some(1),
                dlvrd: Some(delivered),
                submit_date: date(*submitted),
                done_date: date(*done),
                stat: Some(stat),
                err: Some(err),
                text: about.payload.get(..20).or(Some(&about.payload)).filter(|_| !about.udhi && about.data_coding == 0),
            };
            let mut words = BytesMut::new();
            text.write(&mut words);
            let mut tlvs = TlvBuf::new();
            put_tlvs(&mut tlvs, id.as_bytes(), state, None)?;
            let body = DeliverSm {
                source_addr: number(&about.destination),
                destination_addr: number(&about.source),
                esm_class: EsmClass(4),
                short_message: &words,
                tlvs: tlvs.as_tlvs(),
                ..Default::default()
            };
            encode(&body, CommandStatus::ESME_ROK, 0, out)
        }
    }
}
