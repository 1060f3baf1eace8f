//! Our connection to another gateway.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use waxwing_cmpp::{FwdResp, MsgId, Pdu, Version, decode, encode, result};
use waxwing_core::{Kind, Message, Millis, Outgoing};

use super::super::client::{Asked, Both, Login};
use super::super::config::{ConnectorConfig, Part};
use super::super::dialect::{Cmpp, Frame};
use super::super::exchange::Exchange;
use super::super::{inward, outward, results};
use super::gateway;
use super::outward::{FwdPart, Way};
use crate::flight::Parts;
use crate::line::{Request, Response, Speaker, Unsendable};

/// What the links of a connector to another gateway share.
pub(in super::super) struct Forwarding {
    login: Login,
    exchange: Arc<Exchange>,
    own: u32,
    peer: u32,
    max_nodes: u8,
}

impl Forwarding {
    pub(in super::super) fn new(config: ConnectorConfig, exchange: Arc<Exchange>) -> Forwarding {
        let (peer, max_nodes) = match config.part {
            Part::Ismg { peer, max_nodes, .. } => (peer, max_nodes),
            Part::Sp => (0, u8::MAX),
        };
        let own = gateway(config.source_addr.as_bytes()).unwrap_or_default();
        Forwarding { login: Login::new(config), exchange, own, peer, max_nodes }
    }

    fn way(&self) -> Way<'_> {
        Way { config: &self.login.config, exchange: &self.exchange, own: self.own, peer: self.peer, max_nodes: self.max_nodes }
    }
}

/// One link.
pub(in super::super) struct Forwarder {
    settings: Arc<Forwarding>,
    version: Version,
    asked: Asked,
}

impl Speaker for Forwarder {
    type Settings = Forwarding;
    type Kind = Both;
    type Dialect = Cmpp;
    type Part = FwdPart;
    /// The other gateway asks over its own connection.
    type Ask = std::convert::Infallible;
    const PLACE: &'static str = "cmpp connector";

    fn new(settings: &Arc<Forwarding>, _: Both) -> Forwarder {
        Forwarder { settings: settings.clone(), version: Version::V2, asked: Asked::default() }
    }

    fn dialect(&self) -> Cmpp {
        Cmpp::new(waxwing_cmpp::frame::DEFAULT_MAX_LEN)
    }

    fn sends(&self) -> bool {
        true
    }

    fn login(&mut self, now: Millis, out: &mut BytesMut) -> Result<(), String> {
        self.asked = self.settings.login.ask(now, out)?;
        Ok(())
    }

    fn logged_in(&mut self, pdu: &Frame, dialect: &mut Cmpp) -> Result<(), String> {
        self.version = self.settings.login.answered(pdu, &self.asked)?;
        dialect.set_version(self.version);
        Ok(())
    }

    fn not_answered(&mut self) {
        self.settings.login.not_answered(&self.asked);
    }

    fn parts(&mut self, m: &Message, reference: u16) -> Result<Parts<FwdPart>, Unsendable> {
        self.settings.way().parts(m, reference)
    }

    fn asks_receipt(&self, m: &Message) -> bool {
        m.kind() == Kind::Mt && outward::asks_receipt(m, &self.settings.login.config)
    }

    fn encode(&mut self, out: &Outgoing, part: &FwdPart, _: Millis, dst: &mut BytesMut) -> Result<(), String> {
        self.settings.way().encode(out, part, self.version, dst).map_err(|e| e.to_string())
    }

    fn response(&mut self, pdu: &Frame, about: Option<&Outgoing>) -> Response {
        match decode(&pdu.octets, self.version).map(|d| d.pdu) {
            // The Msg_Id is that of the FWD, and its report will name it.
            Ok(Pdu::FwdResp(r)) if r.result == result::OK => {
                let number = about.map_or(&b""[..], |o| &o.message.destination.octets);
                Response::Accepted(inward::remote(r.msg_id, number))
            }
            Ok(Pdu::FwdResp(r)) => Response::Refused { code: r.result, name: results::fwd_name(r.result) },
            other => {
                let why = other.err().map_or_else(|| "an answer of another kind".to_owned(), |e| e.to_string());
                Response::Refused { code: u32::MAX, name: why }
            }
        }
    }

    fn request(&mut self, pdu: &Frame, _: Millis) -> Request<std::convert::Infallible> {
        let mut out = BytesMut::new();
        if let Ok(Pdu::Fwd(p)) = decode(&pdu.octets, self.version).map(|d| d.pdu) {
            let (msg_id, pk_total, pk_number): (MsgId, u8, u8) = (p.msg_id, p.pk_total, p.pk_number);
            let body = FwdResp { msg_id, pk_total, pk_number, result: result::COMMAND_WORD_ERROR };
            // Numbers always encode.
            let _ = encode(&body, self.version, pdu.header.sequence_id, &mut out);
        }
        let detail = format!("{} over our connection: a gateway sends over its own", pdu.header.command_id);
        let answer: Bytes = out.freeze();
        Request::Answered { answer, bad: Some(("request that only we may send", detail)) }
    }

    fn answer(&mut self, ask: &std::convert::Infallible, _: bool, _: &mut BytesMut) {
        match *ask {}
    }
}
