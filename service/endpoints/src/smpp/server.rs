//! SMPP as the one who is bound to.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use waxwing_core::{Account, ErrorClass, ErrorTable, Message, Millis, MsgId, Outgoing, SubmitError};
use waxwing_gsm::charset::Charset;
use waxwing_smpp::frame::Header;
use waxwing_smpp::{
    BindReceiverResp, BindTransceiverResp, BindTransmitterResp, CommandId, CommandStatus, DataSmResp, Decoder, Encoder, InterfaceVersion,
    Pdu, Quirks, SubmitSmResp, Tag, TlvBuf,
};

use super::config::ListenerConfig;
use super::dialect::{Frame, Smpp, refuse};
use super::id::IdText;
use super::{deliver, inward, requests, status};
use crate::door::{Context, Delivery, Door, Host, Refusal, Request, SignedIn};
use crate::flight::Parts;

/// Told to a client while the gateway takes no messages.
pub(super) const BUSY: CommandStatus = CommandStatus::ESME_RMSGQFUL;

/// The session of a client.
pub(super) struct Smsc {
    charset: Charset,
    charset_name: String,
    /// The account's name.
    system_id: Bytes,
    version: InterfaceVersion,
    submits: bool,
    strict: bool,
    encoder: deliver::DeliverSmEncoder,
}

/// What a bind asks for.
struct Bind<'a> {
    system_id: &'a [u8],
    password: &'a [u8],
    version: InterfaceVersion,
    submits: bool,
    receives: bool,
}

impl Host for Smsc {
    type Settings = ListenerConfig;
    type Dialect = Smpp;
    type Part = ();
    type Ask = Header;
    const PLACE: &'static str = "smpp listener";

    fn dialect(settings: &ListenerConfig) -> Smpp {
        Smpp::new(settings.max_pdu)
    }

    async fn sign_in(door: &Arc<Door<Smsc>>, pdu: &Frame, peer: SocketAddr) -> Result<SignedIn<Smsc>, Refusal> {
        let refusal = |(code, why)| {
            let mut out = BytesMut::new();
            refuse(pdu.header, code, &mut out);
            Refusal { answer: out.freeze(), why: format!("bind refused with {code}: {why}") }
        };
        check_bind(door, pdu, peer).await.map_err(refusal)
    }

    fn request(&mut self, context: &mut Context<'_, Smsc>, pdu: &Frame, now: Millis) -> Request<Header> {
        let refused = |code, bad| {
            let mut out = BytesMut::new();
            refuse(pdu.header, code, &mut out);
            Request::Answered { answer: out.freeze(), bad }
        };
        let decoded = match Decoder::new().strict(self.strict).decode(&pdu.octets) {
            Ok(d) => d,
            Err(e) => {
                let mut out = BytesMut::new();
                e.encode_answer(&mut out);
                return Request::Answered { answer: out.freeze(), bad: Some((e.field, e.to_string())) };
            }
        };
        if decoded.quirks != Quirks::NONE {
            context.door.gateway.metrics.bad(Self::PLACE, "odd but readable PDU");
        }
        if !self.submits {
            return refused(CommandStatus::ESME_RINVBNDSTS, None);
        }
        // A submit_multi counts as one: its messages meet the account's rate, one by one.
        let submits = matches!(decoded.pdu, Pdu::SubmitSm(_) | Pdu::DataSm(_) | Pdu::SubmitMulti(_));
        if submits && !context.within_rate(1) {
            return refused(CommandStatus::ESME_RTHROTTLED, None);
        }
        let charset = &self.charset_name;
        let submission = match &decoded.pdu {
            Pdu::SubmitSm(p) => inward::submit_sm(&pdu.octets, p, charset, now),
            Pdu::DataSm(p) => inward::data_sm(&pdu.octets, p, charset, now),
            other => {
                let who = requests::Context { gateway: &context.door.gateway, account: context.account, charset, version: self.version };
                return match requests::answer(&who, &pdu.octets, pdu.header, other, now) {
                    Ok(future) => Request::Later(future),
                    Err(code) => refused(code, None),
                };
            }
        };
        match submission {
            Ok(mut s) => {
                s.message.submitted_from = self.system_id.clone();
                Request::Submit(pdu.header, Box::new(s))
            }
            Err(code) => {
                let detail = format!("{} refused with {code}", pdu.header.command_id);
                refused(code, Some(("field out of range", detail)))
            }
        }
    }

    fn answer(&mut self, ask: &Header, result: &Result<MsgId, SubmitError>, out: &mut BytesMut) {
        let id = match result {
            Ok(id) => IdText::new(*id),
            Err(e) => return refuse(*ask, status::of_submit(e), out),
        };
        let (encoder, ok, message_id) = (Encoder::new(self.version), CommandStatus::ESME_ROK, Some(id.as_bytes()));
        // An id is short enough for every version until there have been 2^32 messages.
        let _ = match ask.command_id {
            CommandId::DATA_SM => encoder.encode(&DataSmResp { message_id, ..Default::default() }, ok, ask.sequence_number, out),
            _ => encoder.encode(&SubmitSmResp { message_id, ..Default::default() }, ok, ask.sequence_number, out),
        };
    }

    fn parts(&mut self, _: &Outgoing) -> Result<Parts<()>, String> {
        Ok(smallvec::smallvec![()])
    }

    fn encode(&mut self, m: &Message, (): &(), _: Millis, dst: &mut BytesMut) -> Result<(), String> {
        let frame = self.encoder.deliver_sm(m, self.version, self.charset).map_err(|e| e.to_string())?;
        dst.extend_from_slice(frame);
        Ok(())
    }

    fn delivered(&mut self, pdu: &Frame, _: Option<&Outgoing>) -> Delivery {
        let code = pdu.header.command_status;
        if code.is_ok() {
            return Delivery::Taken;
        }
        // A client knows less than a carrier: what it refuses is tried again by the schedule, unless it says that the PDU is at fault.
        match ErrorTable::smpp().class(code.0) {
            ErrorClass::Throttled => Delivery::Throttled,
            class => Delivery::Refused(class, status::name(code)),
        }
    }

    fn stays(&mut self, before: &Account, now: &Account) -> bool {
        now.config.smpp && now.config.password == before.config.password
    }

    fn window(account: &Account) -> u32 {
        account.config.window
    }
}

async fn check_bind(door: &Arc<Door<Smsc>>, pdu: &Frame, peer: SocketAddr) -> Result<SignedIn<Smsc>, (CommandStatus, String)> {
    let settings = &door.settings;
    let decoded = Decoder::new().strict(settings.strict).decode(&pdu.octets).map_err(|e| (e.status, e.to_string()))?;
    let bind = Bind::read(&decoded.pdu).ok_or_else(|| (CommandStatus::ESME_RINVCMDID, "not a bind".to_owned()))?;
    let name = String::from_utf8_lossy(bind.system_id).into_owned();
    let setup = door.gateway.setup();
    let account = setup.accounts.authenticate(&name, bind.password, Some(peer.ip())).await;
    let account = account.map_err(|e| (status::of_auth(e), format!("account {name:?}: {e}")))?;
    if !account.config.smpp {
        return Err((CommandStatus::ESME_RBINDFAIL, format!("account {name:?} may not use SMPP")));
    }
    let Some(place) = door.gateway.bind_place(&account, waxwing_core::Door::Smpp, account.config.max_binds) else {
        return Err((CommandStatus::ESME_RBINDFAIL, format!("account {name:?} has all its {} binds", account.config.max_binds)));
    };
    let charset = account.config.charset.parse().unwrap_or(settings.charset);
    let host = Smsc {
        system_id: Bytes::copy_from_slice(account.name.as_bytes()),
        charset_name: inward::charset_name(charset),
        charset,
        version: bind.version,
        submits: bind.submits,
        strict: settings.strict,
        encoder: deliver::DeliverSmEncoder::default(),
    };
    let answer = bind_response(&settings.system_id, &pdu.header, bind.version);
    let dialect = Smsc::dialect(settings);
    Ok(SignedIn { host, account, place, answer, dialect, receives: bind.receives })
}

impl<'a> Bind<'a> {
    fn read(pdu: &Pdu<'a>) -> Option<Bind<'a>> {
        let (system_id, password, version, submits, receives) = match pdu {
            Pdu::BindTransmitter(b) => (b.system_id, b.password, b.interface_version, true, false),
            Pdu::BindReceiver(b) => (b.system_id, b.password, b.interface_version, false, true),
            Pdu::BindTransceiver(b) => (b.system_id, b.password, b.interface_version, true, true),
            _ => return None,
        };
        // 0 is what some clients write who mean 3.4.
        let version = if version.0 == 0 { InterfaceVersion::V3_4 } else { version };
        Some(Bind { system_id, password, version, submits, receives })
    }
}

fn bind_response(system_id: &str, request: &Header, version: InterfaceVersion) -> Bytes {
    let system_id = system_id.as_bytes();
    let mut tlvs = TlvBuf::new();
    if version.has_tlvs() {
        let _ = tlvs.put_u8(Tag::SC_INTERFACE_VERSION, version.0.min(0x50));
    }
    let tlvs = tlvs.as_tlvs();
    let (ok, seq, encoder) = (CommandStatus::ESME_ROK, request.sequence_number, Encoder::new(version));
    let mut out = BytesMut::new();
    // The configuration check keeps system_id within its 15 octets.
    let _ = match request.command_id {
        CommandId::BIND_TRANSMITTER => encoder.encode(&BindTransmitterResp { system_id, tlvs }, ok, seq, &mut out),
        CommandId::BIND_RECEIVER => encoder.encode(&BindReceiverResp { system_id, tlvs }, ok, seq, &mut out),
        _ => encoder.encode(&BindTransceiverResp { system_id, tlvs }, ok, seq, &mut out),
    };
    out.freeze()
}
