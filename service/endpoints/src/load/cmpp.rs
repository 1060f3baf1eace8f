//! Load over CMPP: an SP.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use waxwing_cmpp::{
    Connect, DecodeError, Deliver, DeliverResp, Encoder, Pdu, Report, Submit, SubmitResp, Terminals, Version, auth, decode, encode, result,
    status,
};

use super::{Answer, LoadError, Protocol, Received, Writer};
use crate::cmpp::dialect::{Cmpp, Frame};
use crate::cmpp::{CHINA, LocalTime};

/// An SP, and what it sends.
#[derive(Clone, Debug)]
pub struct Sp {
    /// Source_Addr of CONNECT, and Msg_src.
    pub sp_id: String,
    /// The shared secret.
    pub secret: String,
    /// What it asks for; it speaks what the server answers.
    pub version: Version,
    /// Src_Id.
    pub src_id: String,
    /// Service_Id.
    pub service_id: String,
    /// Msg_Fmt.
    pub msg_fmt: u8,
    /// Msg_Content, up to 255 octets.
    pub content: Vec<u8>,
    /// Recipients of each SUBMIT, 1 to 255; phones at random.
    pub recipients: u8,
    /// Ask for reports.
    pub reports: bool,
}

/// Makes the SUBMITs of one link.
#[derive(Debug)]
pub struct Submits {
    sp: Sp,
    phones: Vec<[u8; 11]>,
}

impl Sp {
    /// One that sends twelve octets of UCS-2 to one recipient, and asks for reports.
    pub fn new(sp_id: impl Into<String>, secret: impl Into<String>, version: Version) -> Sp {
        Sp {
            sp_id: sp_id.into(),
            secret: secret.into(),
            version,
            src_id: "10690001".to_owned(),
            service_id: String::new(),
            msg_fmt: 8,
            content: "您的验证码是".encode_utf16().flat_map(u16::to_be_bytes).collect(),
            recipients: 1,
            reports: true,
        }
    }
}

impl Protocol for Sp {
    type Dialect = Cmpp;
    type Writer = Submits;

    fn dialect(&self) -> Cmpp {
        // A SUBMIT to 255 has more than the default, but here only short ones come in.
        Cmpp::new(waxwing_cmpp::frame::DEFAULT_MAX_LEN)
    }

    fn login(&self, out: &mut BytesMut) -> Result<(), LoadError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(0));
        let LocalTime { month, day, hour, minute, second, .. } = LocalTime::at(now, CHINA);
        let timestamp = auth::timestamp(month, day, hour, minute, second);
        let (source_addr, secret) = (self.sp_id.as_bytes(), self.secret.as_bytes());
        let authenticator_source = auth::source(source_addr, secret, timestamp);
        let body = Connect { source_addr, authenticator_source, version: self.version.byte(), timestamp };
        encode(&body, self.version, 0, out).map_err(|e| LoadError::Login(e.to_string()))
    }

    fn logged_in(&self, dialect: &mut Cmpp, pdu: &Frame) -> Result<(), LoadError> {
        let decoded = decode(&pdu.octets, self.version).map_err(|e| LoadError::Login(e.to_string()))?;
        match decoded.pdu {
            Pdu::ConnectResp(r) if r.status == status::OK => {
                dialect.set_version(decoded.version);
                Ok(())
            }
            Pdu::ConnectResp(r) => Err(LoadError::Login(format!("status {}", r.status))),
            _ => Err(LoadError::Login(format!("{} instead of an answer", pdu.header.command_id))),
        }
    }

    fn writer(&self, _: u32) -> Submits {
        Submits { sp: self.clone(), phones: vec![*b"13000000000"; usize::from(self.recipients.max(1))] }
    }

    fn receipts_each(&self) -> u64 {
        self.recipients.max(1).into()
    }

    fn answer(&self, dialect: &Cmpp, pdu: &Frame, ids: Option<&mut Vec<u64>>) -> Answer {
        match decode(&pdu.octets, dialect.version()).map(|d| d.pdu) {
            Ok(Pdu::SubmitResp(SubmitResp { msg_id, result: result::OK })) => {
                if let Some(ids) = ids {
                    ids.extend((0..u16::from(self.recipients.max(1))).map(|nth| msg_id.nth(nth).0));
                }
                Answer::Accepted
            }
            Ok(Pdu::SubmitResp(SubmitResp { result: result::FLOW_CONTROL, .. })) => Answer::Busy(result::FLOW_CONTROL),
            Ok(Pdu::SubmitResp(r)) => Answer::Refused(r.result),
            // An answer that nobody understands is none.
            Ok(_) => Answer::Refused(result::COMMAND_WORD_ERROR),
            Err(DecodeError { result, .. }) => Answer::Refused(result.into()),
        }
    }

    fn receive(&self, dialect: &Cmpp, pdu: &Frame, matching: bool, out: &mut BytesMut) -> Received {
        let version = dialect.version();
        match decode(&pdu.octets, version).map(|d| d.pdu) {
            Ok(Pdu::Deliver(Deliver { msg_id, registered_delivery, msg_content, .. })) => {
                let _ = encode(&DeliverResp { msg_id, result: result::OK }, version, pdu.header.sequence_id, out);
                match registered_delivery {
                    0 => Received::Message,
                    _ if !matching => Received::Receipt(None),
                    _ => Received::Receipt(Report::decode(msg_content).ok().map(|r| r.msg_id.0)),
                }
            }
            Ok(_) => Received::Other,
            Err(e) => {
                e.encode_answer(version, out);
                Received::Other
            }
        }
    }
}

impl Writer<Cmpp> for Submits {
    fn submit(&mut self, dialect: &Cmpp, _: Option<u64>, out: &mut BytesMut) -> Result<(), LoadError> {
        // A phone of its own for nearly every message, as in life: indexes on numbers are not to have it easier here.
        for phone in &mut self.phones {
            let mut number = fastrand::u32(..1_000_000_000);
            for digit in phone[2..].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        let several: Vec<&[u8]>;
        let dest_terminal_id = match &self.phones[..] {
            [one] => Terminals::one(one),
            phones => {
                several = phones.iter().map(|p| &p[..]).collect();
                Terminals::from(&several[..])
            }
        };
        let sp = &self.sp;
        let body = Submit {
            pk_total: 1,
            pk_number: 1,
            registered_delivery: sp.reports.into(),
            service_id: sp.service_id.as_bytes(),
            fee_user_type: 2,
            msg_fmt: sp.msg_fmt,
            msg_src: sp.sp_id.as_bytes(),
            fee_type: b"01",
            fee_code: b"0",
            src_id: sp.src_id.as_bytes(),
            dest_terminal_id,
            msg_content: &sp.content,
            ..Default::default()
        };
        let encoder = Encoder::new(dialect.version()).max_recipients(u8::MAX).max_content(u8::MAX);
        encoder.encode(&body, 0, out).map_err(|e| LoadError::Message(e.to_string()))
    }
}
