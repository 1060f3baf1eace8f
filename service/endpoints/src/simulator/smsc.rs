//! `waxwing sim smsc`: the simulated carrier with an SMPP face.
//!
//! It keeps nothing: it is there to be tested against, and to behave as badly as it is told to.

use bytes::{Bytes, BytesMut};
use waxwing_core::Clock;
use waxwing_session::{Link, ListenError, Stream};
use waxwing_smpp::receipt::{ReceiptDate, TextReceipt, put_tlvs};
use waxwing_smpp::{
    Address, BindReceiverResp, BindTransceiverResp, BindTransmitterResp, CommandId, CommandStatus, DataCoding, Decoder, DeliverSm,
    EsmClass, MessageState, Pdu, ReceiptRequest, SubmitSmResp, TlvBuf, encode,
};
use waxwing_testkit::{CarrierEvent, Codes, FinalState, Submitted};

use super::centre::{self, Centre, CentreConfig, Face, Session, SignedIn};
use crate::Endpoint;
use crate::smpp::dialect::{Frame, Smpp, refuse};

/// A simulated SMSC.
#[derive(Clone, Debug)]
pub struct SmscConfig {
    /// Where it listens and how it behaves.
    pub centre: CentreConfig,
    /// Who may bind; `None` = anybody.
    pub login: Option<(String, String)>,
}

/// Starts a simulated SMSC.
///
/// # Errors
/// When its address cannot be used.
pub fn start_smsc(config: SmscConfig, clock: Clock) -> Result<Endpoint, ListenError> {
    centre::start(Smsc { login: config.login }, config.centre, clock)
}

struct Smsc {
    login: Option<(String, String)>,
}

impl Face for Smsc {
    type Dialect = Smpp;
    const CODES: Codes = Codes::Smpp;
    const NAME: &'static str = "SMSC";
    const CLOSES_UNBOUND: bool = false;

    fn dialect(&self) -> Smpp {
        Smpp::new(waxwing_smpp::frame::DEFAULT_MAX_LEN)
    }

    fn sign_in(&self, link: &mut Link<Smpp, Stream>, pdu: &Frame) -> Option<SignedIn> {
        let decoded = Decoder::new().decode(&pdu.octets).ok()?;
        let (system_id, password, receives) = match decoded.pdu {
            Pdu::BindTransmitter(b) => (b.system_id, b.password, false),
            Pdu::BindReceiver(b) => (b.system_id, b.password, true),
            Pdu::BindTransceiver(b) => (b.system_id, b.password, true),
            _ => return None,
        };
        let mut out = BytesMut::new();
        let known = self.login.as_ref().is_none_or(|(n, p)| n.as_bytes() == system_id && p.as_bytes() == password);
        if !known {
            refuse(pdu.header, CommandStatus::ESME_RINVPASWD, &mut out);
            link.refuse_login(&out);
            return None;
        }
        let (ok, seq, system_id) = (CommandStatus::ESME_ROK, pdu.header.sequence_number, &b"waxwing-sim"[..]);
        let _ = match pdu.header.command_id {
            CommandId::BIND_TRANSMITTER => encode(&BindTransmitterResp { system_id, ..Default::default() }, ok, seq, &mut out),
            CommandId::BIND_RECEIVER => encode(&BindReceiverResp { system_id, ..Default::default() }, ok, seq, &mut out),
            _ => encode(&BindTransceiverResp { system_id, ..Default::default() }, ok, seq, &mut out),
        };
        link.accept_login(&out);
        // Receipts go to any receiver: a client may bind one under another name.
        Some(SignedIn { owner: Bytes::new(), receives })
    }

    fn request(&self, centre: &Centre<Smsc>, link: &mut Link<Smpp, Stream>, pdu: &Frame, from: &Session) {
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
        // Copied: a slice would keep the whole read block alive until the receipt is out.
        let copy = Bytes::copy_from_slice;
        let m = Submitted {
            source: copy(p.source_addr.addr),
            destination: copy(p.destination_addr.addr),
            data_coding: p.data_coding.0,
            udhi: p.esm_class.udhi(),
            payload: copy(p.message().octets()),
            receipt: p.registered_delivery.receipt() != ReceiptRequest::NONE,
            ..Submitted::default()
        };
        centre.submit(from, pdu.header.sequence_number, m);
    }

    fn respond(&self, link: &mut Link<Smpp, Stream>, seq: u32, result: &Result<String, u32>) {
        link.respond_with(|out| {
            let _ = match result {
                Ok(id) => {
                    encode(&SubmitSmResp { message_id: Some(id.as_bytes()), ..Default::default() }, CommandStatus::ESME_ROK, seq, out)
                }
                Err(code) => encode(&SubmitSmResp::default(), CommandStatus(*code), seq, out),
            };
        });
    }

    fn deliver(&self, _: &Smpp, event: &CarrierEvent, _: u64, out: &mut BytesMut) {
        if deliver(event, out).is_err() {
            out.clear();
        }
    }
}

fn deliver(event: &CarrierEvent, out: &mut BytesMut) -> Result<(), waxwing_smpp::EncodeError> {
    let number = |octets| Address::new(waxwing_smpp::Ton(1), waxwing_smpp::Npi(1), octets);
    match event {
        CarrierEvent::Response { .. } => Ok(()),
        CarrierEvent::Mo { source, destination, data_coding, payload, .. } => {
            let body = DeliverSm {
                source_addr: number(source),
                destination_addr: number(destination),
                data_coding: DataCoding(*data_coding),
                short_message: payload,
                ..Default::default()
            };
            encode(&body, CommandStatus::ESME_ROK, 0, out)
        }
        CarrierEvent::Receipt { id, about, state, submitted, done, .. } => {
            let (state, stat, err, delivered) = match state {
                FinalState::Delivered => (MessageState::DELIVERED, &b"DELIVRD"[..], &b"000"[..], 1),
                FinalState::Undeliverable => (MessageState::UNDELIVERABLE, &b"UNDELIV"[..], &b"001"[..], 0),
                FinalState::Deleted => (MessageState::DELETED, &b"DELETED"[..], &b"000"[..], 0),
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
