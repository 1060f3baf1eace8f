//! A session that a client opened: submissions in, receipts and received messages out.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;
use waxwing_core::{
    Account, BindPlace, ErrorClass, ErrorTable, MsgId, Outbox, Outgoing, RetryPolicy, SendResult, Settlement, Submission, SubmitError,
};
use waxwing_gsm::charset::Charset;
use waxwing_session::{Accepted, CloseReason, Engine, Event, Link, Options, Role, Stream, TokenBucket};
use waxwing_smpp::frame::{HEADER_LEN, Header};
use waxwing_smpp::{
    BindReceiverResp, BindTransceiverResp, BindTransmitterResp, CommandId, CommandStatus, DataSmResp, Decoder, Encoder, InterfaceVersion,
    Pdu, Quirks, SubmitSmResp, Tag, TlvBuf,
};
use waxwing_spool::{BoxFuture, SpoolError};

use super::dialect::{Frame, Smpp, refuse};
use super::held::Held;
use super::id::IdText;
use super::listener::Door;
use super::{deliver, inward, requests, status};
use crate::Stopping;

/// Most messages claimed at a time.
const CLAIM: usize = 64;
/// How often leases are renewed, well before they run out, and the account is looked at anew.
const RENEW: Duration = Duration::from_secs(10);

/// Told to a client while the gateway takes no messages.
const BUSY: CommandStatus = CommandStatus::ESME_RMSGQFUL;

/// What becomes of requests that cannot be answered at once.
pub(super) enum Done {
    /// Submissions, each with the header of its request.
    Submitted(Vec<Header>, Vec<Result<MsgId, SubmitError>>),
    /// A whole response.
    Response(Bytes),
}

/// Somebody who is signed in.
struct Client {
    account: Arc<Account>,
    charset: Charset,
    charset_name: String,
    /// The account's name.
    system_id: Bytes,
    version: InterfaceVersion,
    submits: bool,
    receives: bool,
    outbox: Outbox,
    _place: BindPlace,
}

struct Session {
    door: Arc<Door>,
    link: Link<Smpp, Stream>,
    client: Client,
    answering: FuturesUnordered<BoxFuture<'static, Done>>,
    /// Refusals that a client would answer with the same again at once.
    held: Held,
    settles: FuturesUnordered<BoxFuture<'static, (usize, Result<(), SpoolError>)>>,
    /// Deliveries whose outcome is known and not durable yet: part of the window, as in the other direction.
    unsettled: usize,
    flights: Vec<Option<Outgoing>>,
    free: Vec<usize>,
    ready: Option<BoxFuture<'static, ()>>,
    resumes: Option<Instant>,
    pace: Option<TokenBucket>,
    encoder: deliver::DeliverSmEncoder,
    stopping: bool,
}

/// Runs the session of a connection to its end.
pub(super) async fn run(door: Arc<Door>, accepted: Accepted, mut stop: Stopping) {
    let c = &door.config;
    let options = Options {
        keep_alive_interval: Some(c.enquire_link),
        response_timeout: c.response_timeout,
        login_timeout: c.login_timeout,
        inactivity_timeout: c.inactivity_timeout,
        max_unanswered: c.max_unanswered.max(1),
        ..Options::default()
    };
    let now = std::time::Instant::now();
    let mut engine = Engine::server(Smpp::new(c.max_pdu), options, now);
    let Accepted { peer, permit, stream } = accepted;
    if let Ok(local) = stream.local_addr() {
        engine.set_tap(Box::new(door.trace.link(&door.name, Role::Server, local, peer)));
    }
    let mut link = Link::new(engine, stream);
    let Some(client) = sign_in(&door, &mut link, peer, &mut stop).await else {
        let _ = link.close(Duration::from_millis(100)).await;
        return;
    };
    tracing::info!(account = %client.account.name, %peer, receives = client.receives, submits = client.submits, "bound");
    let name = client.account.name.clone();
    let pace = door.config.rate.map(|rate| TokenBucket::new(f64::from(rate.get()), rate.get(), std::time::Instant::now()));
    let mut session = Session {
        door,
        link,
        client,
        answering: FuturesUnordered::new(),
        held: Held::default(),
        settles: FuturesUnordered::new(),
        unsettled: 0,
        flights: Vec::new(),
        free: Vec::new(),
        ready: None,
        resumes: None,
        pace,
        encoder: deliver::DeliverSmEncoder::default(),
        stopping: false,
    };
    let reason = session.work(&mut stop).await;
    tracing::info!(account = %name, %peer, "session ended: {reason}");
    session.give_back().await;
    drop(permit);
}

/// Waits for the bind and answers it.
async fn sign_in(door: &Arc<Door>, link: &mut Link<Smpp, Stream>, peer: std::net::SocketAddr, stop: &mut Stopping) -> Option<Client> {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            r = link.events(&mut batch) => r.ok()?,
            () = stop.stopped() => return None,
        }
        for event in batch.drain(..) {
            match event {
                Event::Login { pdu, .. } => match check_bind(door, &pdu, peer).await {
                    Ok(client) => {
                        let mut out = BytesMut::new();
                        bind_response(door, &pdu.header, client.version, &mut out);
                        link.accept_login(&out);
                        link.set_window(client.account.config.window.max(1));
                        return Some(client);
                    }
                    Err((code, why)) => {
                        door.gateway.metrics.bad("smpp listener", "bind refused");
                        if let Some(left_out) = door.log.allow() {
                            tracing::warn!(listener = %door.name, %peer, left_out, "bind refused with {code}: {why}");
                        }
                        let mut out = BytesMut::new();
                        refuse(pdu.header, code, &mut out);
                        link.refuse_login(&out);
                    }
                },
                Event::Closed { reason } => {
                    if !matches!(reason, CloseReason::LoginRefused | CloseReason::PeerClosed) {
                        door.gateway.metrics.bad("smpp listener", "no bind");
                        if let Some(left_out) = door.log.allow() {
                            tracing::warn!(listener = %door.name, %peer, left_out, "closed before a bind: {reason}");
                        }
                    }
                    return None;
                }
                Event::Malformed { reason, .. } => {
                    door.gateway.metrics.bad("smpp listener", "unknown command");
                    tracing::debug!(%peer, "{reason}");
                }
                _ => {}
            }
        }
    }
}

async fn check_bind(door: &Arc<Door>, pdu: &Frame, peer: std::net::SocketAddr) -> Result<Client, (CommandStatus, String)> {
    let decoded = Decoder::new().strict(door.config.strict).decode(&pdu.octets).map_err(|e| (e.status, e.to_string()))?;
    let (system_id, password, version, submits, receives) = match decoded.pdu {
        Pdu::BindTransmitter(b) => (b.system_id, b.password, b.interface_version, true, false),
        Pdu::BindReceiver(b) => (b.system_id, b.password, b.interface_version, false, true),
        Pdu::BindTransceiver(b) => (b.system_id, b.password, b.interface_version, true, true),
        _ => return Err((CommandStatus::ESME_RINVCMDID, "not a bind".into())),
    };
    let name = String::from_utf8_lossy(system_id).into_owned();
    let setup = door.gateway.setup();
    let account = setup.accounts.authenticate(&name, password, Some(peer.ip())).await;
    let account = account.map_err(|e| (status::of_auth(e), format!("account {name:?}: {e}")))?;
    if !account.config.smpp {
        return Err((CommandStatus::ESME_RBINDFAIL, format!("account {name:?} may not use SMPP")));
    }
    let Some(place) = door.gateway.bind_place(&account) else {
        return Err((CommandStatus::ESME_RBINDFAIL, format!("account {name:?} has all its {} binds", account.config.max_binds)));
    };
    let charset = account.config.charset.parse().unwrap_or(door.config.charset);
    // 0 is what some clients write who mean 3.4.
    let version = if version.0 == 0 { InterfaceVersion::V3_4 } else { version };
    Ok(Client {
        outbox: Outbox::deliveries(&door.gateway, account.queue, "account", RetryPolicy::default()),
        system_id: Bytes::copy_from_slice(account.name.as_bytes()),
        charset_name: inward::charset_name(charset),
        charset,
        version,
        submits,
        receives,
        account,
        _place: place,
    })
}

fn bind_response(door: &Door, request: &Header, version: InterfaceVersion, out: &mut BytesMut) {
    let system_id = door.config.system_id.as_bytes();
    let mut tlvs = TlvBuf::new();
    if version.has_tlvs() {
        let _ = tlvs.put_u8(Tag::SC_INTERFACE_VERSION, version.0.min(0x50));
    }
    let tlvs = tlvs.as_tlvs();
    let (ok, seq, encoder) = (CommandStatus::ESME_ROK, request.sequence_number, Encoder::new(version));
    // The configuration check keeps system_id within its 15 octets.
    let _ = match request.command_id {
        CommandId::BIND_TRANSMITTER => encoder.encode(&BindTransmitterResp { system_id, tlvs }, ok, seq, out),
        CommandId::BIND_RECEIVER => encoder.encode(&BindReceiverResp { system_id, tlvs }, ok, seq, out),
        _ => encoder.encode(&BindTransceiverResp { system_id, tlvs }, ok, seq, out),
    };
}

impl Session {
    async fn work(&mut self, stop: &mut Stopping) -> CloseReason {
        let mut batch: Vec<Event<Frame>> = Vec::new();
        let mut renew = tokio::time::interval(RENEW);
        renew.tick().await;
        loop {
            self.fill();
            tokio::select! {
                r = self.link.events(&mut batch) => {
                    if r.is_err() {
                        return CloseReason::Aborted;
                    }
                    if let Some(reason) = self.take(&mut batch) {
                        return reason;
                    }
                }
                Some(done) = self.answering.next() => self.answer(done),
                Some((messages, result)) = self.settles.next() => {
                    self.unsettled -= messages;
                    if let Err(e) = result {
                        tracing::error!(account = %self.client.account.name, "a delivery could not be recorded: {e}");
                        self.link.abort();
                    }
                }
                () = wait(self.ready.as_mut()) => self.ready = None,
                () = tokio::time::sleep_until(self.resumes.unwrap_or_else(Instant::now)), if self.resumes.is_some() => self.resumes = None,
                () = tokio::time::sleep_until(self.held.until().unwrap_or_else(Instant::now)), if self.held.until().is_some() => {
                    for response in self.held.release() {
                        self.link.respond(&response);
                    }
                }
                _ = renew.tick() => {
                    for out in self.flights.iter().flatten() {
                        self.door.gateway.spool.renew(&out.lease, waxwing_core::LEASE);
                    }
                    self.refresh_account();
                }
                () = stop.stopped(), if !self.stopping => {
                    self.stopping = true;
                    self.ready = None;
                    self.link.unbind(Duration::from_secs(5));
                }
            }
        }
    }

    /// Deliveries that may be sent now.
    fn room(&self) -> usize {
        self.link.window_free().saturating_sub(self.unsettled)
    }

    /// Takes over the account's settings as they are now. A client whose account is gone, or has another password, is unbound.
    fn refresh_account(&mut self) {
        let setup = self.door.gateway.setup();
        let before = &self.client.account;
        match setup.accounts.get(&before.name) {
            Some(now) if Arc::ptr_eq(now, before) => {}
            Some(now) if now.config.smpp && now.config.password == before.config.password => {
                self.link.set_window(now.config.window.max(1));
                self.client.account = now.clone();
            }
            _ if self.stopping => {}
            _ => {
                tracing::info!(account = %before.name, "unbound: the account was removed or its password changed");
                self.stopping = true;
                self.ready = None;
                self.link.unbind(Duration::from_secs(5));
            }
        }
    }

    /// Claims and sends as many deliveries as the window allows.
    fn fill(&mut self) {
        while self.client.receives && !self.stopping && self.ready.is_none() && self.resumes.is_none() && self.room() > 0 {
            let want = self.room().min(CLAIM);
            let ready = self.client.outbox.ready();
            let claimed = self.client.outbox.claim(want);
            if claimed.len() < want {
                self.ready = Some(ready);
            }
            let at = Instant::now().into_std();
            let mut settled = Vec::new();
            let mut blocked = false;
            for out in claimed {
                let slot = self.free.pop().unwrap_or_else(|| {
                    self.flights.push(None);
                    self.flights.len() - 1
                });
                let encoded = self.encoder.deliver_sm(&out.message, self.client.version, self.client.charset);
                let result = match encoded.map_err(|e| e.to_string()) {
                    Ok(frame) => match self.link.engine_mut().request(frame, slot as u64, at) {
                        Ok(_) => {
                            self.flights[slot] = Some(out);
                            continue;
                        }
                        Err(_) => {
                            blocked = true;
                            SendResult::Released
                        }
                    },
                    Err(reason) => refused(ErrorClass::Permanent, String::new(), reason),
                };
                self.free.push(slot);
                settled.push(Settlement { out, result });
            }
            // What goes back, goes back in reverse: each to the front.
            settled.reverse();
            self.settle(settled);
            if blocked {
                return;
            }
        }
    }

    fn take(&mut self, batch: &mut Vec<Event<Frame>>) -> Option<CloseReason> {
        let now = self.door.gateway.clock.now();
        let mut submitted: (Vec<Header>, Vec<Submission>) = Default::default();
        let mut settled = Vec::new();
        let mut closed = None;
        for event in batch.drain(..) {
            match event {
                Event::Request { pdu, .. } => self.request(&pdu, &mut submitted, now),
                Event::Response { pdu, token, .. } => settled.extend(self.landed(token, |s| s.delivery_result(pdu.header.command_status))),
                Event::TimedOut { token, .. } => settled.extend(self.landed(token, |_| SendResult::NoAnswer { sent: Vec::new() })),
                // The client is gone: it gets the same again when it is back, and the attempt does not count.
                Event::Lost { token } => settled.extend(self.landed(token, |_| SendResult::Released)),
                Event::Malformed { reason, .. } => self.bad("unknown command", &reason),
                Event::Orphan { .. } => self.bad("response without a request", "a response that nothing waits for"),
                Event::Rejected { .. } => self.bad("request in the wrong state", "a second bind, or a request while unbinding"),
                Event::Closed { reason } => {
                    if !matches!(reason, CloseReason::PeerUnbound | CloseReason::PeerClosed | CloseReason::Unbound) {
                        self.bad("session broken", &reason.to_string());
                    }
                    closed = Some(reason);
                }
                Event::PeerUnbound => self.stopping = true,
                Event::Notice { .. } | Event::Login { .. } | Event::LoginResponse { .. } => {}
            }
        }
        let (headers, batch) = submitted;
        if !headers.is_empty() {
            self.refresh_account();
            let results = self.door.gateway.submit(&self.client.account, batch);
            self.answering.push(Box::pin(async move { Done::Submitted(headers, results.await) }));
        }
        self.settle(settled);
        closed
    }

    fn request(&mut self, pdu: &Frame, submitted: &mut (Vec<Header>, Vec<Submission>), now: u64) {
        let decoded = match Decoder::new().strict(self.door.config.strict).decode(&pdu.octets) {
            Ok(d) => d,
            Err(e) => {
                self.bad(e.field, &e.to_string());
                return self.link.respond_with(|out| {
                    e.encode_answer(out);
                });
            }
        };
        if decoded.quirks != Quirks::NONE {
            self.door.gateway.metrics.bad("smpp listener", "odd but readable PDU");
        }
        if !self.client.submits {
            return self.refuse(pdu, CommandStatus::ESME_RINVBNDSTS);
        }
        // A submit_multi counts as one: its messages meet the account's rate, one by one.
        let submits = matches!(decoded.pdu, Pdu::SubmitSm(_) | Pdu::DataSm(_) | Pdu::SubmitMulti(_));
        if submits && self.pace.as_mut().is_some_and(|p| !p.take(1, std::time::Instant::now())) {
            return self.refuse(pdu, CommandStatus::ESME_RTHROTTLED);
        }
        let charset = &self.client.charset_name;
        let submission = match &decoded.pdu {
            Pdu::SubmitSm(p) => inward::submit_sm(&pdu.octets, p, charset, now),
            Pdu::DataSm(p) => inward::data_sm(&pdu.octets, p, charset, now),
            other => {
                let context =
                    requests::Context { gateway: &self.door.gateway, account: &self.client.account, charset, version: self.client.version };
                match requests::answer(&context, &pdu.octets, pdu.header, other, now) {
                    Ok(future) => self.answering.push(future),
                    Err(code) => self.refuse(pdu, code),
                }
                return;
            }
        };
        match submission {
            Ok(mut s) => {
                s.message.submitted_from = self.client.system_id.clone();
                submitted.0.push(pdu.header);
                submitted.1.push(s);
            }
            Err(code) => {
                self.bad("field out of range", &format!("{} refused with {code}", pdu.header.command_id));
                self.refuse(pdu, code);
            }
        }
    }

    fn answer(&mut self, done: Done) {
        let (headers, results) = match done {
            Done::Response(octets) if is_busy(&octets) => return self.held.push(octets),
            Done::Response(octets) => return self.link.respond(&octets),
            Done::Submitted(headers, results) => (headers, results),
        };
        let encoder = Encoder::new(self.client.version);
        for (h, result) in headers.iter().zip(results) {
            let (id, code) = match &result {
                Ok(id) => (Some(IdText::new(*id)), CommandStatus::ESME_ROK),
                Err(e) => {
                    tracing::debug!(account = %self.client.account.name, "refused: {e}");
                    (None, status::of_submit(e))
                }
            };
            if code == BUSY {
                let mut out = BytesMut::with_capacity(HEADER_LEN);
                refuse(*h, code, &mut out);
                self.held.push(out.freeze());
                continue;
            }
            self.link.respond_with(|out| {
                if !code.is_ok() {
                    return refuse(*h, code, out);
                }
                let message_id = Some(id.as_ref().map_or(&[][..], IdText::as_bytes));
                // An id is short enough for every version until there have been 2^32 messages.
                let _ = match h.command_id {
                    CommandId::DATA_SM => encoder.encode(&DataSmResp { message_id, ..Default::default() }, code, h.sequence_number, out),
                    _ => encoder.encode(&SubmitSmResp { message_id, ..Default::default() }, code, h.sequence_number, out),
                };
            });
        }
    }

    fn delivery_result(&mut self, code: CommandStatus) -> SendResult {
        if code.is_ok() {
            return SendResult::Sent { parts: Vec::new(), total: 1, receipt: false };
        }
        // A client knows less than a carrier: what it refuses is tried again by the schedule, unless it says that the PDU is at fault.
        let class = match ErrorTable::smpp().class(code.0) {
            ErrorClass::Throttled => {
                self.resumes = Some(Instant::now() + Duration::from_secs(1));
                return SendResult::Released;
            }
            class => class,
        };
        refused(class, status::name(code), "refused by the client".into())
    }

    fn landed(&mut self, token: u64, result: impl FnOnce(&mut Session) -> SendResult) -> Option<Settlement> {
        let slot = usize::try_from(token).ok()?;
        let out = self.flights.get_mut(slot)?.take()?;
        self.free.push(slot);
        Some(Settlement { out, result: result(self) })
    }

    fn settle(&mut self, settled: Vec<Settlement>) {
        if !settled.is_empty() {
            let messages = settled.len();
            let settle = self.client.outbox.settle(settled);
            self.unsettled += messages;
            self.settles.push(Box::pin(async move { (messages, settle.await) }));
        }
    }

    fn refuse(&mut self, pdu: &Frame, code: CommandStatus) {
        self.link.respond_with(|out| refuse(pdu.header, code, out));
    }

    fn bad(&self, reason: &str, detail: &str) {
        self.door.gateway.metrics.bad("smpp listener", reason);
        if let Some(left_out) = self.door.log.allow() {
            tracing::warn!(account = %self.client.account.name, left_out, "{detail}");
        }
    }

    /// After the end: what the client did not answer waits for it, and what was begun is finished.
    async fn give_back(&mut self) {
        let left: Vec<Settlement> =
            self.flights.drain(..).rev().flatten().map(|out| Settlement { out, result: SendResult::Released }).collect();
        self.settle(left);
        while self.settles.next().await.is_some() {}
    }
}

/// Whether a response says [`BUSY`].
fn is_busy(response: &[u8]) -> bool {
    Header::parse(response).is_some_and(|h| h.command_status == BUSY)
}

fn refused(class: ErrorClass, code: String, reason: String) -> SendResult {
    SendResult::Refused { class, code, reason, sent: Vec::new() }
}

async fn wait(ready: Option<&mut BoxFuture<'static, ()>>) {
    match ready {
        Some(r) => r.await,
        None => std::future::pending().await,
    }
}
