//! SMPP as the one who binds.

use std::sync::Arc;

use bytes::BytesMut;
use waxwing_core::{Message, Millis, Outgoing};
use waxwing_smpp::frame::Header;
use waxwing_smpp::{
    Address, BindReceiver, BindTransceiver, BindTransmitter, CommandId, CommandStatus, DataSmResp, Decoder, DeliverSmResp,
    InterfaceVersion, Npi, Pdu, Ton, encode,
};

use super::config::ConnectorConfig;
use super::dialect::{Frame, Smpp, refuse};
use super::inward::{self, Delivered, Reading};
use super::outward::{self, Part};
use super::status;
use crate::flight::Parts;
use crate::line::{Request, Response, Speaker, Unsendable};

/// What the binds of a connector share.
pub(super) struct Settings {
    pub(super) config: ConnectorConfig,
    /// The charset's name, as messages keep it.
    pub(super) charset: String,
}

/// One bind.
pub(super) struct Esme {
    settings: Arc<Settings>,
    kind: CommandId,
}

impl Speaker for Esme {
    type Settings = Settings;
    type Kind = CommandId;
    type Dialect = Smpp;
    type Part = Part;
    type Ask = Header;
    const PLACE: &'static str = "smpp connector";

    fn new(settings: &Arc<Settings>, kind: CommandId) -> Esme {
        Esme { settings: settings.clone(), kind }
    }

    fn dialect(&self) -> Smpp {
        Smpp::new(waxwing_smpp::frame::DEFAULT_MAX_LEN)
    }

    fn sends(&self) -> bool {
        self.kind != CommandId::BIND_RECEIVER
    }

    fn login(&mut self, _: Millis, out: &mut BytesMut) -> Result<(), String> {
        let c = &self.settings.config;
        let (system_id, password, system_type) = (c.system_id.as_bytes(), c.password.as_bytes(), c.system_type.as_bytes());
        let interface_version = InterfaceVersion(c.interface_version);
        let (ton, npi, range) = &c.address_range;
        let address_range = Address::new(Ton(*ton), Npi(*npi), range.as_bytes());
        let ok = CommandStatus::ESME_ROK;
        let encoded = match self.kind {
            CommandId::BIND_TRANSMITTER => {
                let b = BindTransmitter { system_id, password, system_type, interface_version, address_range, ..Default::default() };
                encode(&b, ok, 0, out)
            }
            CommandId::BIND_RECEIVER => {
                let b = BindReceiver { system_id, password, system_type, interface_version, address_range, ..Default::default() };
                encode(&b, ok, 0, out)
            }
            _ => {
                let b = BindTransceiver { system_id, password, system_type, interface_version, address_range, ..Default::default() };
                encode(&b, ok, 0, out)
            }
        };
        encoded.map_err(|e| format!("the bind cannot be written: {e}"))
    }

    fn logged_in(&mut self, pdu: &Frame, _: &mut Smpp) -> Result<(), String> {
        let code = pdu.header.command_status;
        if code.is_ok() { Ok(()) } else { Err(format!("the carrier refused the bind with {}", status::name(code))) }
    }

    fn parts(&mut self, m: &Message, reference: u16) -> Result<Parts<Part>, Unsendable> {
        outward::parts(m, &self.settings.config, reference).map_err(|e| e.to_string().into())
    }

    fn asks_receipt(&self, m: &Message) -> bool {
        outward::asks_receipt(m, &self.settings.config)
    }

    fn encode(&mut self, out: &Outgoing, part: &Part, now: Millis, dst: &mut BytesMut) -> Result<(), String> {
        let about = outward::Times { now, expires: out.expires, priority: out.priority };
        outward::submit_sm(&out.message, part, &self.settings.config, about, 0, dst).map_err(|e| e.to_string())
    }

    fn response(&mut self, pdu: &Frame, _: Option<&Outgoing>) -> Response {
        let code = pdu.header.command_status;
        if !code.is_ok() {
            return Response::Refused { code: code.0, name: status::name(code) };
        }
        let id = match Decoder::new().decode(&pdu.octets).map(|d| d.pdu) {
            Ok(Pdu::SubmitSmResp(r)) => r.message_id.map(|id| inward::stored_id(&pdu.octets, id)),
            Ok(Pdu::DataSmResp(r)) => r.message_id.map(|id| inward::stored_id(&pdu.octets, id)),
            _ => None,
        };
        Response::Accepted(id.unwrap_or_default())
    }

    fn request(&mut self, pdu: &Frame, now: Millis) -> Request<Header> {
        let c = &self.settings.config;
        let how = Reading { guess: c.guess_receipts, ids: c.receipt_id, charset: &self.settings.charset };
        let delivered = match Decoder::new().decode(&pdu.octets) {
            Ok(d) => match &d.pdu {
                Pdu::DeliverSm(p) => inward::deliver_sm(&pdu.octets, p, &how, now),
                Pdu::DataSm(p) => inward::data_sm_from_carrier(&pdu.octets, p, &how, now),
                _ => {
                    let mut out = BytesMut::new();
                    refuse(pdu.header, CommandStatus::ESME_RINVCMDID, &mut out);
                    let detail = format!("{} is a request that only a client may send", pdu.header.command_id);
                    return Request::Answered { answer: out.freeze(), bad: Some(("request that only a client may send", detail)) };
                }
            },
            Err(e) => {
                let mut out = BytesMut::new();
                e.encode_answer(&mut out);
                return Request::Answered { answer: out.freeze(), bad: Some((e.field, e.to_string())) };
            }
        };
        match delivered {
            Delivered::Receipt(r) => Request::Receipt(pdu.header, r),
            Delivered::Message(m) => Request::Message(pdu.header, m),
        }
    }

    fn answer(&mut self, ask: &Header, stored: bool, out: &mut BytesMut) {
        let code = if stored { CommandStatus::ESME_ROK } else { CommandStatus::ESME_RX_T_APPN };
        let message_id = Some(&b""[..]);
        // Neither has a string that could fail to encode.
        let _ = match ask.command_id {
            CommandId::DATA_SM => encode(&DataSmResp { message_id, ..Default::default() }, code, ask.sequence_number, out),
            _ => encode(&DeliverSmResp { message_id, ..Default::default() }, code, ask.sequence_number, out),
        };
    }
}
