//! What the session engine has to know of SMPP.

use bytes::{Bytes, BytesMut};
use waxwing_session::{Class, Dialect, FrameFault, Reject};
use waxwing_smpp::frame::{self, Header};
use waxwing_smpp::{CommandId, CommandStatus, EnquireLink, EnquireLinkResp, GenericNack, Pdu, Unbind, UnbindResp, encode};

/// A frame: its header read, its body not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The header.
    pub header: Header,
    /// The whole frame, header included.
    pub octets: Bytes,
}

/// SMPP, for one connection.
#[derive(Clone, Debug)]
pub struct Smpp {
    max_len: usize,
}

impl Smpp {
    /// With a bound for command_length in octets.
    pub fn new(max_len: usize) -> Smpp {
        Smpp { max_len }
    }
}

impl Dialect for Smpp {
    type Pdu = Frame;

    fn next_pdu(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>, FrameFault> {
        match frame::next(buf, self.max_len) {
            Ok(None) => Ok(None),
            Ok(Some(len)) => {
                let octets = buf.split_to(len).freeze();
                Ok(Header::parse(&octets).map(|header| Frame { header, octets }))
            }
            Err(e) => {
                let mut answer = BytesMut::new();
                e.encode_nack(&mut answer);
                Err(FrameFault { answer: answer.freeze(), reason: e.to_string() })
            }
        }
    }

    fn classify(&self, pdu: &Frame) -> Class {
        let seq = pdu.header.sequence_number;
        match pdu.header.command_id {
            CommandId::ENQUIRE_LINK => Class::KeepAlive,
            CommandId::ENQUIRE_LINK_RESP => Class::KeepAliveResp { seq },
            CommandId::UNBIND => Class::Unbind,
            CommandId::UNBIND_RESP => Class::UnbindResp { seq },
            CommandId::OUTBIND | CommandId::ALERT_NOTIFICATION => Class::Notice,
            CommandId::BIND_TRANSMITTER_RESP | CommandId::BIND_RECEIVER_RESP | CommandId::BIND_TRANSCEIVER_RESP => Class::LoginResp { seq },
            id if id.is_bind() => Class::Login { seq },
            id if id.is_response() => Class::Response { seq },
            id if id.name().is_some() => Class::Request { seq },
            id => Class::Malformed {
                answer: encoded(|out| encode(&GenericNack::default(), CommandStatus::ESME_RINVCMDID, seq, out)),
                reason: format!("unknown command id {:#010x}", id.0),
            },
        }
    }

    fn octets<'a>(&self, pdu: &'a Frame) -> &'a [u8] {
        &pdu.octets
    }

    fn keep_alive(&mut self, seq: u32, out: &mut BytesMut) {
        put(encode(&EnquireLink::default(), CommandStatus::ESME_ROK, seq, out));
    }

    fn keep_alive_resp(&mut self, request: &Frame, out: &mut BytesMut) {
        put(encode(&EnquireLinkResp::default(), CommandStatus::ESME_ROK, request.header.sequence_number, out));
    }

    fn unbind(&mut self, seq: u32, out: &mut BytesMut) {
        put(encode(&Unbind::default(), CommandStatus::ESME_ROK, seq, out));
    }

    fn unbind_resp(&mut self, request: &Frame, out: &mut BytesMut) {
        put(encode(&UnbindResp::default(), CommandStatus::ESME_ROK, request.header.sequence_number, out));
    }

    fn reject(&mut self, request: &Frame, why: Reject, out: &mut BytesMut) {
        let status = match why {
            Reject::AlreadyBound => CommandStatus::ESME_RALYBND,
            Reject::Closing | Reject::NotBound => CommandStatus::ESME_RINVBNDSTS,
        };
        refuse(request.header, status, out);
    }

    fn next_seq(prev: u32) -> u32 {
        if prev >= 0x7fff_ffff { 1 } else { prev + 1 }
    }

    fn set_seq(frame: &mut [u8], seq: u32) {
        if let Some(field) = frame.get_mut(12..16) {
            field.copy_from_slice(&seq.to_be_bytes());
        }
    }
}

/// Appends the negative response to a request, by its own kind of response where it has one.
pub fn refuse(request: Header, status: CommandStatus, out: &mut BytesMut) {
    let response = request.command_id.response().and_then(Pdu::empty).unwrap_or(Pdu::GenericNack(GenericNack::default()));
    put(encode(&response, status, request.sequence_number, out));
}

/// PDUs without strings always encode.
fn put(result: Result<(), waxwing_smpp::EncodeError>) {
    debug_assert!(result.is_ok(), "{result:?}");
}

fn encoded(f: impl FnOnce(&mut BytesMut) -> Result<(), waxwing_smpp::EncodeError>) -> Bytes {
    let mut out = BytesMut::new();
    put(f(&mut out));
    out.freeze()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn class(hex: &[u8]) -> Class {
        let mut d = Smpp::new(1000);
        let pdu = d.next_pdu(&mut BytesMut::from(hex)).unwrap().unwrap();
        d.classify(&pdu)
    }

    #[test]
    fn an_unknown_command_is_nacked_with_its_sequence_number() {
        let Class::Malformed { answer, .. } = class(b"\0\0\0\x10\0\0\x0f\x0f\0\0\0\0\0\0\0\x2a") else { unreachable!() };
        assert_eq!(&answer[..], b"\0\0\0\x10\x80\0\0\0\0\0\0\x03\0\0\0\x2a");
    }

    #[test]
    fn lengths_that_lie_lose_the_framing() {
        for bad in [&b"\0\0\0\x0f"[..], b"\x40\0\0\0\0\0\0\x04", b"GET / HTTP/1.1\r\n"] {
            let fault = Smpp::new(70_000).next_pdu(&mut BytesMut::from(bad)).unwrap_err();
            assert!(fault.answer.len() == 16, "{fault}");
        }
    }

    #[test]
    fn sequence_numbers_stay_in_their_range() {
        assert_eq!(Smpp::next_seq(0), 1);
        assert_eq!(Smpp::next_seq(0x7fff_ffff), 1);
    }
}
