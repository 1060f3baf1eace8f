//! What the session engine has to know of CMPP.

use bytes::{Bytes, BytesMut};
use waxwing_cmpp::frame::{self, Header};
use waxwing_cmpp::{
    ActiveTest, ActiveTestResp, Body, CommandId, ConnectResp, DeliverResp, FwdResp, Pdu, SubmitResp, Terminate, TerminateResp, Version,
    decode, encode,
};
use waxwing_session::{Class, Dialect, FrameFault, Reject};

/// A frame: its header read, its body not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The header.
    pub header: Header,
    /// The whole frame, header included.
    pub octets: Bytes,
}

/// CMPP, for one connection.
#[derive(Clone, Debug)]
pub struct Cmpp {
    max_len: usize,
    version: Version,
}

/// "Other error" of CONNECT_RESP: the table has nothing for a second CONNECT.
const OTHER: u32 = 5;
/// "Flow control" of SUBMIT_RESP, DELIVER_RESP and FWD_RESP: the sender tries again, elsewhere if it can.
const LATER: u32 = 8;

impl Cmpp {
    /// With a bound for Total_Length in octets. The layout is 2.0's until [`set_version`](Self::set_version); CONNECT has the same in both.
    pub fn new(max_len: usize) -> Cmpp {
        Cmpp { max_len, version: Version::V2 }
    }

    /// The layout that the two sides speak.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Sets the layout, once CONNECT has settled it.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    fn put(&self, body: &impl Body, seq: u32, out: &mut BytesMut) {
        let result = encode(body, self.version, seq, out);
        debug_assert!(result.is_ok(), "bodies of numbers always encode: {result:?}");
    }
}

impl Dialect for Cmpp {
    type Pdu = Frame;

    fn next_pdu(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>, FrameFault> {
        match frame::next(buf, self.max_len) {
            Ok(None) => Ok(None),
            Ok(Some(len)) => {
                let octets = buf.split_to(len).freeze();
                Ok(Header::parse(&octets).map(|header| Frame { header, octets }))
            }
            // The standard has no PDU that says so.
            Err(e) => Err(FrameFault { answer: Bytes::new(), reason: e.to_string() }),
        }
    }

    fn classify(&self, pdu: &Frame) -> Class {
        let seq = pdu.header.sequence_id;
        match pdu.header.command_id {
            CommandId::ACTIVE_TEST => Class::KeepAlive,
            CommandId::ACTIVE_TEST_RESP => Class::KeepAliveResp { seq },
            CommandId::TERMINATE => Class::Unbind,
            CommandId::TERMINATE_RESP => Class::UnbindResp { seq },
            CommandId::CONNECT => Class::Login { seq },
            CommandId::CONNECT_RESP => Class::LoginResp { seq },
            id if id.name().is_none() => {
                Class::Malformed { answer: Bytes::new(), reason: format!("unknown Command_Id {:#010x}, Sequence_Id {seq}", id.0) }
            }
            id if id.is_response() => Class::Response { seq },
            _ => Class::Request { seq },
        }
    }

    fn octets<'a>(&self, pdu: &'a Frame) -> &'a [u8] {
        &pdu.octets
    }

    fn keep_alive(&mut self, seq: u32, out: &mut BytesMut) {
        self.put(&ActiveTest::default(), seq, out);
    }

    fn keep_alive_resp(&mut self, request: &Frame, out: &mut BytesMut) {
        self.put(&ActiveTestResp::default(), request.header.sequence_id, out);
    }

    fn unbind(&mut self, seq: u32, out: &mut BytesMut) {
        self.put(&Terminate::default(), seq, out);
    }

    fn unbind_resp(&mut self, request: &Frame, out: &mut BytesMut) {
        self.put(&TerminateResp::default(), request.header.sequence_id, out);
    }

    /// A second CONNECT is refused. What comes before CONNECT gets no answer: its layout is not known, and the owner closes. What comes
    /// while the session ends is put off, where there is a way to say so.
    fn reject(&mut self, request: &Frame, why: Reject, out: &mut BytesMut) {
        let seq = request.header.sequence_id;
        match (why, decode(&request.octets, self.version).map(|d| d.pdu)) {
            (Reject::AlreadyBound, _) => self.put(&ConnectResp { status: OTHER, ..Default::default() }, seq, out),
            (Reject::Closing, Ok(Pdu::Submit(_))) => self.put(&SubmitResp { result: LATER, ..Default::default() }, seq, out),
            (Reject::Closing, Ok(Pdu::Deliver(p))) => self.put(&DeliverResp { msg_id: p.msg_id, result: LATER }, seq, out),
            (Reject::Closing, Ok(Pdu::Fwd(p))) => {
                let (msg_id, pk_total, pk_number) = (p.msg_id, p.pk_total, p.pk_number);
                self.put(&FwdResp { msg_id, pk_total, pk_number, result: LATER }, seq, out);
            }
            (Reject::Closing | Reject::NotBound, _) => {}
        }
    }

    fn next_seq(prev: u32) -> u32 {
        prev.wrapping_add(1)
    }

    fn set_seq(frame: &mut [u8], seq: u32) {
        if let Some(field) = frame.get_mut(8..12) {
            field.copy_from_slice(&seq.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn frame(octets: &[u8]) -> Frame {
        Cmpp::new(4096).next_pdu(&mut BytesMut::from(octets)).unwrap().unwrap()
    }

    #[test]
    fn an_unknown_command_is_passed_over() {
        let Class::Malformed { answer, reason } = Cmpp::new(4096).classify(&frame(b"\0\0\0\x0c\0\0\0\x03\0\0\0\x2a")) else {
            unreachable!()
        };
        assert!(answer.is_empty() && reason.contains("0x00000003"), "{reason}");
    }

    #[test]
    fn lengths_that_lie_lose_the_framing() {
        for bad in [&b"\0\0\0\x0b"[..], b"\0\0\x10\x01\0\0\0\x04", b"GET / HTTP/1.1\r\n"] {
            let fault = Cmpp::new(4096).next_pdu(&mut BytesMut::from(bad)).unwrap_err();
            assert!(fault.answer.is_empty(), "{fault}");
        }
    }

    #[test]
    fn link_checks_have_an_octet_in_their_answer_only() {
        let mut d = Cmpp::new(4096);
        let (mut asked, mut answered) = (BytesMut::new(), BytesMut::new());
        d.keep_alive(7, &mut asked);
        assert_eq!(d.classify(&frame(&asked)), Class::KeepAlive);
        d.keep_alive_resp(&frame(&asked), &mut answered);
        assert_eq!((&asked[..], &answered[..]), (&b"\0\0\0\x0c\0\0\0\x08\0\0\0\x07"[..], &b"\0\0\0\x0d\x80\0\0\x08\0\0\0\x07\0"[..]));
        // Some libraries send it without.
        assert_eq!(d.classify(&frame(b"\0\0\0\x0c\x80\0\0\x08\0\0\0\x07")), Class::KeepAliveResp { seq: 7 });
    }

    #[test]
    fn a_second_connect_is_refused_in_the_layout_of_the_first() {
        let connect = frame(&[&b"\0\0\0\x27\0\0\0\x01\0\0\0\x09901234"[..], &[0; 16], b"\x30\0\0\0\0"].concat());
        for (version, length) in [(Version::V2, 30), (Version::V3, 33)] {
            let mut d = Cmpp::new(4096);
            d.set_version(version);
            let mut out = BytesMut::new();
            d.reject(&connect, Reject::AlreadyBound, &mut out);
            assert_eq!((out.len(), d.classify(&frame(&out))), (length, Class::LoginResp { seq: 9 }));
            out.clear();
            d.reject(&connect, Reject::NotBound, &mut out);
            assert!(out.is_empty());
        }
    }

    #[test]
    fn sequence_numbers_use_all_their_bits() {
        assert_eq!((Cmpp::next_seq(0), Cmpp::next_seq(u32::MAX)), (1, 0));
        let mut octets = *b"\0\0\0\x0c\0\0\0\x08\0\0\0\0";
        Cmpp::set_seq(&mut octets, 0x0102_0304);
        assert_eq!(octets[8..], [1, 2, 3, 4]);
    }
}
