//! CMPP as the SP that connects to a gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bytes::{Bytes, BytesMut};
use waxwing_cmpp::{Connect, DeliverResp, MsgId, Pdu, Version, auth, decode, encode, result, status};
use waxwing_core::{Message, Millis, Outgoing};

use super::config::ConnectorConfig;
use super::dialect::{Cmpp, Frame};
use super::ids::LocalTime;
use super::inward::{self, Delivered};
use super::outward;
use super::recent::{Recent, Seen};
use super::results;
use super::split::Chunk;
use crate::flight::Parts;
use crate::line::{Request, Response, Speaker, Unsendable};

/// What the links of a connector share: how they sign in.
pub(super) struct Login {
    pub(super) config: ConnectorConfig,
    /// Version byte to begin with: the configured one, or what the gateway turned out to speak.
    version: AtomicU8,
    /// A CONNECT was accepted: the version is no guess any more.
    known: AtomicBool,
    /// The version is 2.0 because the gateway hung up on 3.0.
    hung_up: AtomicBool,
}

/// A CONNECT that waits for its answer.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked {
    authenticator: [u8; 16],
    version: u8,
}

impl Login {
    pub(super) fn new(config: ConnectorConfig) -> Login {
        let version = AtomicU8::new(config.version.unwrap_or(0x30));
        Login { version, known: AtomicBool::default(), hung_up: AtomicBool::default(), config }
    }

    /// Appends a CONNECT.
    pub(super) fn ask(&self, now: Millis, out: &mut BytesMut) -> Result<Asked, String> {
        let c = &self.config;
        // Read once: the digest and the field must agree.
        let timestamp = LocalTime::at(now, c.utc_offset).timestamp();
        let (source_addr, secret) = (c.source_addr.as_bytes(), c.secret.as_bytes());
        let authenticator_source = if c.padded_authenticator {
            auth::source_padded(source_addr, secret, timestamp)
        } else {
            auth::source(source_addr, secret, timestamp)
        };
        let version = self.version.load(Ordering::Relaxed);
        let body = Connect { source_addr, authenticator_source, version, timestamp };
        encode(&body, Version::of_byte(version), 0, out).map_err(|e| e.to_string())?;
        Ok(Asked { authenticator: authenticator_source, version })
    }

    /// Reads the answer to a CONNECT; gives the layout that is spoken from now on.
    pub(super) fn answered(&self, pdu: &Frame, &Asked { authenticator, version: asked }: &Asked) -> Result<Version, String> {
        let c = &self.config;
        let (resp, layout) = match decode(&pdu.octets, Version::of_byte(asked)) {
            Ok(d) => match d.pdu {
                Pdu::ConnectResp(r) => (r, d.version),
                _ => return Err("the gateway answered CONNECT with something else".into()),
            },
            Err(e) => return Err(format!("the answer to CONNECT cannot be read: {e}")),
        };
        if resp.status != status::OK {
            // A gateway of 2.0 that does not take our byte: the next attempt asks for what it has.
            if c.version.is_none() && asked == 0x30 && (resp.status == status::VERSION_TOO_HIGH || layout == Version::V2) {
                self.version.store(0x20, Ordering::Relaxed);
                self.hung_up.store(false, Ordering::Relaxed);
            }
            return Err(format!("the gateway refused CONNECT with {}", results::login(resp.status)));
        }
        // The answer's length tells the layout; its Version byte what the gateway would like to be. That is asked for the next time where it
        // hung up on 3.0, since it may have done so for another reason.
        if c.version.is_none() {
            let next = if self.hung_up.load(Ordering::Relaxed) { Version::of_byte(resp.version) } else { layout };
            self.version.store(next.byte(), Ordering::Relaxed);
            self.known.store(next == layout, Ordering::Relaxed);
            self.hung_up.store(false, Ordering::Relaxed);
        }
        if !auth::ismg_is_valid(&resp.authenticator_ismg, resp.status, &authenticator, c.secret.as_bytes()) {
            if c.strict_authenticator {
                return Err("AuthenticatorISMG is wrong: this is not the gateway that knows our secret".into());
            }
            tracing::warn!(
                address = c.addresses.first().map_or("", |a| a),
                "AuthenticatorISMG is wrong, as some gateways send it; strict_authenticator would refuse this one"
            );
        }
        Ok(layout)
    }
}

impl Login {
    /// A CONNECT got no answer. There are gateways of 2.0 that hang up on a version byte that they do not know, and gateways that are only
    /// just starting: until one has answered, the versions take turns.
    pub(super) fn not_answered(&self, asked: &Asked) {
        if self.config.version.is_some() || self.known.load(Ordering::Relaxed) {
            return;
        }
        let other = if asked.version == 0x30 { 0x20 } else { 0x30 };
        // Once for all links that asked for the same.
        if self.version.compare_exchange(asked.version, other, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.hung_up.store(other == 0x20, Ordering::Relaxed);
        }
    }
}

/// One link.
pub(super) struct Sp {
    settings: Arc<Login>,
    version: Version,
    asked: Asked,
    recent: Recent,
}

/// A DELIVER that waits for its answer.
pub(super) struct Ask {
    sequence_id: u32,
    msg_id: MsgId,
}

/// The one kind of link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both;

impl std::fmt::Display for Both {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("both ways")
    }
}

impl Speaker for Sp {
    type Settings = Login;
    type Kind = Both;
    type Dialect = Cmpp;
    type Part = Chunk;
    type Ask = Ask;
    const PLACE: &'static str = "cmpp connector";

    fn new(settings: &Arc<Login>, _: Both) -> Sp {
        Sp { settings: settings.clone(), version: Version::V2, asked: Asked::default(), recent: Recent::default() }
    }

    fn dialect(&self) -> Cmpp {
        Cmpp::new(waxwing_cmpp::frame::DEFAULT_MAX_LEN)
    }

    fn sends(&self) -> bool {
        true
    }

    fn login(&mut self, now: Millis, out: &mut BytesMut) -> Result<(), String> {
        self.asked = self.settings.ask(now, out)?;
        Ok(())
    }

    fn logged_in(&mut self, pdu: &Frame, dialect: &mut Cmpp) -> Result<(), String> {
        self.version = self.settings.answered(pdu, &self.asked)?;
        dialect.set_version(self.version);
        Ok(())
    }

    fn not_answered(&mut self) {
        self.settings.not_answered(&self.asked);
    }

    fn parts(&mut self, m: &Message, reference: u16) -> Result<Parts<Chunk>, Unsendable> {
        outward::parts(m, &self.settings.config, reference).map_err(|e| e.to_string().into())
    }

    fn asks_receipt(&self, m: &Message) -> bool {
        outward::asks_receipt(m, &self.settings.config)
    }

    fn encode(&mut self, out: &Outgoing, part: &Chunk, _: Millis, dst: &mut BytesMut) -> Result<(), String> {
        outward::submit(out, part, &self.settings.config, self.version, dst).map_err(|e| e.to_string())
    }

    fn response(&mut self, pdu: &Frame, about: Option<&Outgoing>) -> Response {
        match decode(&pdu.octets, self.version).map(|d| d.pdu) {
            Ok(Pdu::SubmitResp(r)) if r.result == result::OK => {
                let number = about.map_or(&b""[..], |o| &o.message.destination.octets);
                Response::Accepted(inward::remote(r.msg_id, number))
            }
            Ok(Pdu::SubmitResp(r)) => Response::Refused { code: r.result, name: results::name(r.result) },
            // Nothing says what became of it: as good as no result, and tried again.
            other => {
                let why = other.err().map_or_else(|| "an answer of another kind".to_owned(), |e| e.to_string());
                Response::Refused { code: u32::MAX, name: why }
            }
        }
    }

    fn request(&mut self, pdu: &Frame, now: Millis) -> Request<Ask> {
        let decoded = match decode(&pdu.octets, self.version) {
            Ok(d) => d,
            Err(e) => {
                let mut out = BytesMut::new();
                e.encode_answer(self.version, &mut out);
                return Request::Answered { answer: out.freeze(), bad: Some((e.field, e.to_string())) };
            }
        };
        let Pdu::Deliver(p) = decoded.pdu else {
            let detail = format!("{} is no request of a gateway", pdu.header.command_id);
            let answer = results::not_taken(&decoded.pdu, self.version, decoded.header.sequence_id);
            return Request::Answered { answer, bad: Some(("request that only an SP may send", detail)) };
        };
        let sequence_id = decoded.header.sequence_id;
        match self.recent.seen(sequence_id, pdu.octets.get(12..).unwrap_or_default()) {
            Seen::New => {}
            // Its answer comes when the first one's does.
            Seen::Unanswered => return Request::Answered { answer: Bytes::new(), bad: Some(("DELIVER sent again", again(sequence_id))) },
            Seen::Answered(msg_id, result) => {
                let mut out = BytesMut::new();
                // Numbers always encode.
                let _ = encode(&DeliverResp { msg_id, result }, self.version, sequence_id, &mut out);
                return Request::Answered { answer: out.freeze(), bad: Some(("DELIVER sent again", again(sequence_id))) };
            }
        }
        let ask = Ask { sequence_id, msg_id: p.msg_id };
        match inward::deliver(&pdu.octets, &p, self.settings.config.utc_offset, now) {
            Delivered::Report(r) => Request::Receipt(ask, r),
            Delivered::Message(m) => Request::Message(ask, m),
        }
    }

    fn answer(&mut self, ask: &Ask, stored: bool, out: &mut BytesMut) {
        let result = if stored { result::OK } else { result::FLOW_CONTROL };
        if stored {
            self.recent.answered(ask.sequence_id, ask.msg_id, result);
        } else {
            self.recent.forget(ask.sequence_id);
        }
        // Numbers always encode.
        let _ = encode(&DeliverResp { msg_id: ask.msg_id, result }, self.version, ask.sequence_id, out);
    }
}

fn again(sequence_id: u32) -> String {
    format!("DELIVER {sequence_id} came again and gets the answer of the first")
}
