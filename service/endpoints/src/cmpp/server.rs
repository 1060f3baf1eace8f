//! CMPP as the gateway (ISMG) that SPs connect to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use waxwing_cmpp::{
    Body, Connect, ConnectResp, FwdResp, MsgId, Pdu, Quirks, Submit, SubmitResp, Version, auth, decode, encode, result, status,
};
use waxwing_core::{
    Account, AuthError, CmppProfile, Door as CoreDoor, ErrorClass, ErrorTable, Message, Millis, Outgoing, Submission, SubmitError,
};

use super::config::IsmgConfig;
use super::deliver::{self, DeliverPart, Delivering};
use super::dialect::{Cmpp, Frame};
use super::exchange::Exchange;
use super::forward::{ForwardAsk, Forwarded, WayBack};
use super::recent::{Recent, Seen};
use super::requests::Asker;
use super::{gns, inward, results};
use crate::door::{Bounds, Context, Delivery, Door, Host, Refusal, Request, SignedIn};
use crate::flight::{Parts, reference};

/// What the sessions of a listener share.
pub(super) struct Settings {
    pub(super) config: IsmgConfig,
    pub(super) exchange: Arc<Exchange>,
}

/// The session of an SP.
pub(super) struct Ismg {
    version: Version,
    pub(super) profile: Arc<CmppProfile>,
    pub(super) exchange: Arc<Exchange>,
    pub(super) gateways: Vec<u32>,
    pub(super) utc_offset: i32,
    /// The account's name.
    pub(super) name: Bytes,
    /// Of another gateway: what it forwarded, and the connector that leads to it.
    pub(super) forwarded: Forwarded,
    pub(super) way_back: Option<WayBack>,
    recent: Recent,
}

/// A submission that waits for its answer.
pub(super) struct Ask {
    pub(super) sequence_id: u32,
    pub(super) msg_id: MsgId,
    /// Of a FWD; `None` for a SUBMIT.
    pub(super) forward: Option<ForwardAsk>,
}

impl Host for Ismg {
    type Settings = Settings;
    type Dialect = Cmpp;
    type Part = DeliverPart;
    type Ask = Ask;
    const PLACE: &'static str = "cmpp listener";
    const LOGIN_FIRST: bool = true;

    fn dialect(settings: &Settings) -> Cmpp {
        Cmpp::new(settings.config.max_pdu)
    }

    async fn sign_in(door: &Arc<Door<Ismg>>, pdu: &Frame, peer: SocketAddr) -> Result<SignedIn<Ismg>, Refusal> {
        door.settings.exchange.open().await;
        let connect = match decode(&pdu.octets, Version::V2).map(|d| d.pdu) {
            Ok(Pdu::Connect(c)) => c,
            other => {
                let why = other.err().map_or_else(|| "not a CONNECT".to_owned(), |e| e.to_string());
                return Err(refusal(pdu, Version::V2, 0x30, status::STRUCTURE_ERROR, why));
            }
        };
        let asked = Version::of_byte(connect.version);
        match judge(door, &connect, peer) {
            Ok(account) => Ok(signed_in(door, pdu, &connect, account)?),
            Err((code, pin, why)) => {
                let who = String::from_utf8_lossy(connect.source_addr);
                Err(refusal(pdu, asked, pin, code, format!("Source_Addr {who:?}: {why}")))
            }
        }
    }

    fn request(&mut self, context: &mut Context<'_, Ismg>, pdu: &Frame, now: Millis) -> Request<Ask> {
        let decoded = match decode(&pdu.octets, self.version) {
            Ok(d) => d,
            Err(e) => {
                let mut out = BytesMut::new();
                e.encode_answer(self.version, &mut out);
                let other = self.version.other();
                // Some clients say one version in CONNECT and speak another.
                let bad = if decode(&pdu.octets, other).is_ok_and(|d| d.quirks == Quirks::NONE) {
                    ("PDU of the other version", format!("{e}; it is one of CMPP {other}: hold the account to that version"))
                } else {
                    (e.field, e.to_string())
                };
                return Request::Answered { answer: out.freeze(), bad: Some(bad) };
            }
        };
        if decoded.quirks != Quirks::NONE {
            context.door.gateway.metrics.bad(Self::PLACE, "odd but readable PDU");
        }
        let asker = Asker {
            gateway: context.door.gateway.clone(),
            account: context.account.clone(),
            version: self.version,
            sequence_id: pdu.header.sequence_id,
            utc_offset: self.utc_offset,
        };
        match decoded.pdu {
            Pdu::Submit(p) => self.submit(context, asker, pdu, &p, now),
            Pdu::Cancel(p) => Request::Search(asker.cancel(p.msg_id)),
            Pdu::Query(p) => Request::Search(asker.query(&p)),
            Pdu::PushMtRouteUpdate(p) => gns::pushed_mt(&self.exchange, &asker, &p),
            Pdu::PushMoRouteUpdate(p) => gns::pushed_mo(&self.exchange, &asker, &p),
            Pdu::Fwd(p) => self.forward(context, asker, &pdu.octets, &p, now),
            other => {
                let detail = format!("{} is no request of an SP", other.command_id());
                let answer = results::not_taken(&other, self.version, pdu.header.sequence_id);
                Request::Answered { answer, bad: Some(("request that only others may send", detail)) }
            }
        }
    }

    fn answer(&mut self, ask: &Ask, outcome: &Result<waxwing_core::MsgId, SubmitError>, out: &mut BytesMut) {
        if let Some(ForwardAsk { pk_total, pk_number, forward }) = ask.forward {
            let result = outcome.as_ref().map_or_else(results::of_forwarded, |_| result::OK);
            match result {
                result::FLOW_CONTROL => self.forwarded.lock().forget(ask.sequence_id),
                _ => self.forwarded.lock().answered(ask.sequence_id, ask.msg_id, result),
            }
            if result == result::OK {
                self.exchange.take_forward(forward);
            }
            // Numbers always encode.
            let _ = encode(&FwdResp { msg_id: ask.msg_id, pk_total, pk_number, result }, self.version, ask.sequence_id, out);
            return;
        }
        let (msg_id, result) = match outcome {
            Ok(_) => (ask.msg_id, result::OK),
            Err(e) => (MsgId(0), results::of_submit(e, self.version)),
        };
        if result == result::FLOW_CONTROL {
            self.recent.forget(ask.sequence_id);
        } else {
            self.recent.answered(ask.sequence_id, msg_id, result);
        }
        // Numbers always encode.
        let _ = encode(&SubmitResp { msg_id, result }, self.version, ask.sequence_id, out);
    }

    fn parts(&mut self, out: &Outgoing) -> Result<Parts<DeliverPart>, String> {
        deliver::parts(out, &self.profile, reference(out.id()))
    }

    fn encode(&mut self, m: &Message, part: &DeliverPart, _: Millis, dst: &mut BytesMut) -> Result<(), String> {
        // A report is known by the id it is about; one of its own is a courtesy while there are enough.
        let msg_id = match part {
            DeliverPart::Report(about) => self.exchange.spare(&self.gateways, self.utc_offset).unwrap_or(*about),
            DeliverPart::Chunk(_) => self.exchange.take_soon(&self.gateways, self.utc_offset, 1),
        };
        let to_gateway = m.receipt.is_some() && self.exchange.is_gateway(&m.connector);
        let how = Delivering { version: self.version, profile: &self.profile, utc_offset: self.utc_offset, to_gateway };
        deliver::deliver(m, part, msg_id, &how, dst).map_err(|e| e.to_string())
    }

    fn delivered(&mut self, pdu: &Frame, _: Option<&Outgoing>) -> Delivery {
        let result = match decode(&pdu.octets, self.version).map(|d| d.pdu) {
            Ok(Pdu::DeliverResp(r)) => r.result,
            // An answer of another kind, or one that cannot be read, is an answer: the client has it.
            _ => result::OK,
        };
        if result == result::OK {
            return Delivery::Taken;
        }
        match ErrorTable::cmpp().class(result) {
            ErrorClass::Throttled => Delivery::Throttled,
            // A client knows less than a carrier: what it refuses is tried again by the schedule.
            ErrorClass::Temporary | ErrorClass::Permanent => Delivery::Refused(ErrorClass::Temporary, results::name(result)),
        }
    }

    fn stays(&mut self, before: &Account, now: &Account) -> bool {
        let (Some(old), Some(new)) = (&before.config.cmpp, &now.config.cmpp) else { return false };
        if old.secret != new.secret || old.sp_id != new.sp_id || old.gateway != new.gateway || old.version != new.version {
            return false;
        }
        self.profile = Arc::new((**new).clone());
        true
    }

    fn window(account: &Account) -> u32 {
        account.config.cmpp.as_ref().map_or(16, |p| p.window)
    }

    fn bounds(account: &Account) -> Bounds {
        account.config.cmpp.as_ref().map_or_else(Bounds::default, |profile| Bounds {
            keep_alive: Some(Duration::from_millis(profile.link_test)),
            response_timeout: Some(Duration::from_millis(profile.resend)),
            sends: profile.sends,
        })
    }
}

impl Ismg {
    fn submit(&mut self, context: &mut Context<'_, Ismg>, asker: Asker, pdu: &Frame, p: &Submit<'_>, now: Millis) -> Request<Ask> {
        let sequence_id = asker.sequence_id;
        match self.recent.seen(sequence_id, pdu.octets.get(12..).unwrap_or_default()) {
            Seen::New => {}
            // Its answer comes when the first one's does.
            Seen::Unanswered => return Request::Answered { answer: Bytes::new(), bad: Some(("SUBMIT sent again", again(sequence_id))) },
            Seen::Answered(msg_id, result) => {
                let answer = asker.octets(&SubmitResp { msg_id, result });
                return Request::Answered { answer, bad: Some(("SUBMIT sent again", again(sequence_id))) };
            }
        }
        if let Err((code, why)) = self.allowed(p) {
            let result = results::of_version(code, self.version);
            self.recent.answered(sequence_id, MsgId(0), result);
            let answer = asker.octets(&SubmitResp { msg_id: MsgId(0), result });
            let bad = Some(("field out of range", format!("SUBMIT refused with {}: {why}", results::name(code))));
            return Request::Answered { answer, bad };
        }
        let recipients = u16::try_from(p.dest_terminal_id.len()).unwrap_or(u16::MAX);
        let within = context.within_rate(recipients.into());
        let Some(first) = Some(()).filter(|()| within).and_then(|()| self.exchange.take(&self.gateways, self.utc_offset, recipients))
        else {
            self.recent.forget(sequence_id);
            let result = result::FLOW_CONTROL;
            return Request::Answered { answer: asker.octets(&SubmitResp { msg_id: MsgId(0), result }), bad: None };
        };
        let mut submissions: Vec<Submission> = Vec::with_capacity(recipients.into());
        for (recipient, nth) in p.dest_terminal_id.iter().zip(0u16..) {
            match inward::submission(&pdu.octets, p, recipient, &self.profile, first.nth(nth), now) {
                Ok(mut s) => {
                    s.message.submitted_from = self.name.clone();
                    submissions.push(s);
                }
                Err(code) => {
                    self.recent.answered(sequence_id, MsgId(0), code);
                    let answer = asker.octets(&SubmitResp { msg_id: MsgId(0), result: code });
                    let detail = format!("SUBMIT refused with {}: a time that is none", results::name(code));
                    return Request::Answered { answer, bad: Some(("field out of range", detail)) };
                }
            }
        }
        match <[Submission; 1]>::try_from(submissions) {
            Ok([one]) => Request::Submit(Ask { sequence_id, msg_id: first, forward: None }, Box::new(one)),
            // All of them or none: the standard has one result.
            Err(several) => Request::SubmitWhole(Ask { sequence_id, msg_id: first, forward: None }, several),
        }
    }

    /// What the account's agreement says about a SUBMIT.
    fn allowed(&self, p: &Submit<'_>) -> Result<(), (u32, String)> {
        let profile = &self.profile;
        if profile.gateway.is_some() {
            return Err((result::COMMAND_WORD_ERROR, "another gateway forwards, it does not submit".into()));
        }
        let shown = |octets| String::from_utf8_lossy(octets).into_owned();
        if p.dest_terminal_id.len() > usize::from(profile.max_recipients) {
            let why = format!("{} recipients, the account may have {}", p.dest_terminal_id.len(), profile.max_recipients);
            return Err((result::STRUCTURE_ERROR, why));
        }
        if !profile.service_ids.is_empty() && !profile.service_ids.iter().any(|s| s.as_bytes() == p.service_id) {
            return Err((result::SERVICE_CODE_ERROR, format!("Service_Id {:?} is not the account's", shown(p.service_id))));
        }
        if !p.src_id.starts_with(profile.src_id.as_bytes()) {
            return Err((result::SRC_ID_ERROR, format!("Src_Id {:?} does not begin with {:?}", shown(p.src_id), profile.src_id)));
        }
        if profile.check_msg_src && p.msg_src != profile.sp_id.as_bytes() {
            return Err((result::MSG_SRC_ERROR, format!("Msg_src {:?} is not its SP_Id {:?}", shown(p.msg_src), profile.sp_id)));
        }
        if p.registered_delivery > 1 {
            return Err((result::CHARGING_NUMBER_NOT_SERVED, "Registered_Delivery 2: billing records are not made here".into()));
        }
        Ok(())
    }
}

fn again(sequence_id: u32) -> String {
    format!("SUBMIT {sequence_id} came again and gets the answer of the first")
}

/// Whether a CONNECT is let in; if not, the status, the version to name, and why.
fn judge(door: &Door<Ismg>, c: &Connect<'_>, peer: SocketAddr) -> Result<Arc<Account>, (u32, u8, String)> {
    let setup = door.gateway.setup();
    let refuse = |e: AuthError| (results::of_auth(e), 0x30, e.to_string());
    let account = setup.accounts.of_source(c.source_addr).ok_or_else(|| refuse(AuthError::Unknown))?;
    let Some(profile) = &account.config.cmpp else { return Err(refuse(AuthError::Door)) };
    if !account.allows_host(peer.ip()) {
        return Err(refuse(AuthError::Host));
    }
    // An empty secret is known to everybody.
    if profile.secret.is_empty() || !auth::source_is_valid(&c.authenticator_source, c.source_addr, profile.secret.as_bytes(), c.timestamp) {
        return Err(refuse(AuthError::Password));
    }
    if let Some(pin) = profile.version
        && Version::of_byte(pin) == Version::V2
        && Version::of_byte(c.version) == Version::V3
    {
        return Err((status::VERSION_TOO_HIGH, pin, format!("version {:#04x}, the account is held to {pin:#04x}", c.version)));
    }
    if let Some(window) = door.settings.config.replay_window
        && !door.settings.exchange.is_fresh(c.authenticator_source, window)
    {
        let why = format!("the login of timestamp {:010} was made long ago: a replay, or a clock that stands still", c.timestamp);
        return Err((status::AUTHENTICATION_ERROR, 0x30, why));
    }
    Ok(account.clone())
}

fn signed_in(door: &Arc<Door<Ismg>>, pdu: &Frame, c: &Connect<'_>, account: Arc<Account>) -> Result<SignedIn<Ismg>, Refusal> {
    let settings = &door.settings.config;
    let profile = account.config.cmpp.as_deref().cloned().unwrap_or_default();
    // The layout is the account's where it says so, since some clients write a version byte that they do not mean.
    let version = Version::of_byte(profile.version.unwrap_or(c.version));
    let Some(place) = door.gateway.bind_place(&account, CoreDoor::Cmpp, profile.max_links) else {
        let why = format!("account {:?} has all its {} connections", account.name, profile.max_links);
        return Err(refusal(pdu, version, 0x30, status::OTHER, why));
    };
    let authenticator_ismg = auth::ismg(status::OK, version, &c.authenticator_source, profile.secret.as_bytes());
    let highest = profile.version.unwrap_or(0x30);
    let mut answer = BytesMut::new();
    // Numbers and a digest always encode.
    let _ = encode(&ConnectResp { status: status::OK, authenticator_ismg, version: highest }, version, pdu.header.sequence_id, &mut answer);
    let mut dialect = Cmpp::new(settings.max_pdu);
    dialect.set_version(version);
    // What is for another gateway leaves over our connection to it.
    let receives = !settings.short && profile.gateway.is_none();
    let host = Ismg {
        version,
        profile: Arc::new(profile),
        exchange: door.settings.exchange.clone(),
        gateways: settings.gateways.clone(),
        utc_offset: settings.utc_offset,
        name: Bytes::copy_from_slice(account.name.as_bytes()),
        recent: Recent::default(),
        forwarded: Forwarded::default(),
        way_back: None,
    };
    Ok(SignedIn { host, account, place, answer: answer.freeze(), dialect, receives })
}

/// A refusal in the layout that the client asked for.
fn refusal(pdu: &Frame, layout: Version, version: u8, code: u32, why: String) -> Refusal {
    let mut answer = BytesMut::new();
    let body = ConnectResp { status: code, version, ..ConnectResp::default() };
    // Numbers always encode.
    let _ = encode(&body, layout, pdu.header.sequence_id, &mut answer);
    Refusal { answer: answer.freeze(), why: format!("CONNECT refused with {}: {why}", results::login(code)) }
}
