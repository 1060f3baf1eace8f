//! A protocol just large enough to use everything: length (16 bits, of the whole frame), kind, sequence number (32
//! bits), body.

use bytes::{BufMut, Bytes, BytesMut};
use waxwing_session::{Class, Dialect, FrameFault, Reject};

pub const LOGIN: u8 = 0x01;
pub const REQUEST: u8 = 0x02;
pub const KEEP_ALIVE: u8 = 0x03;
pub const UNBIND: u8 = 0x04;
pub const NOTICE: u8 = 0x05;
/// Whole, but senseless.
pub const SENSELESS: u8 = 0x06;
/// Added to a request's kind for its answer.
pub const RESP: u8 = 0x80;
/// Refuses whatever has its sequence number.
pub const NACK: u8 = 0x8f;
/// The last word before closing.
pub const GOODBYE: u8 = 0x8e;

pub const HEADER: usize = 7;

/// Sequence numbers run from 1 to `MAX`.
#[derive(Debug, Default)]
pub struct Toy<const MAX: u32 = 0x7fff_ffff>;

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pdu {
    pub kind: u8,
    pub octets: Bytes,
    pub seq: u32,
}

impl Pdu {
    pub fn body(&self) -> &[u8] {
        &self.octets[HEADER..]
    }
}

pub fn frame(kind: u8, seq: u32, body: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    put(&mut out, kind, seq, body);
    out.to_vec()
}

pub fn put(out: &mut BytesMut, kind: u8, seq: u32, body: &[u8]) {
    out.put_u16((HEADER + body.len()) as u16);
    out.put_u8(kind);
    out.put_u32(seq);
    out.put_slice(body);
}

/// All frames of `octets`, which must be whole.
pub fn frames(octets: &[u8]) -> Vec<Pdu> {
    let mut rest = BytesMut::from(octets);
    let mut found = Vec::new();
    while let Some(pdu) = Toy::<1>.next_pdu(&mut rest).unwrap() {
        found.push(pdu);
    }
    assert!(rest.is_empty(), "a frame is incomplete");
    found
}

impl<const MAX: u32> Dialect for Toy<MAX> {
    type Pdu = Pdu;

    fn next_pdu(&mut self, buf: &mut BytesMut) -> Result<Option<Pdu>, FrameFault> {
        let Some(length) = buf.first_chunk::<2>().map(|length| usize::from(u16::from_be_bytes(*length))) else {
            return Ok(None);
        };
        if length < HEADER {
            return Err(FrameFault { answer: frame(GOODBYE, 0, &[]).into(), reason: format!("a length of {length}") });
        }
        if buf.len() < length {
            return Ok(None);
        }
        let octets = buf.split_to(length).freeze();
        let seq = u32::from_be_bytes(octets[3..7].try_into().unwrap());
        Ok(Some(Pdu { kind: octets[2], octets, seq }))
    }

    fn classify(&self, pdu: &Pdu) -> Class {
        let seq = pdu.seq;
        match pdu.kind {
            LOGIN => Class::Login { seq },
            REQUEST => Class::Request { seq },
            KEEP_ALIVE => Class::KeepAlive,
            UNBIND => Class::Unbind,
            NOTICE => Class::Notice,
            kind if kind == LOGIN | RESP => Class::LoginResp { seq },
            kind if kind == KEEP_ALIVE | RESP => Class::KeepAliveResp { seq },
            kind if kind == UNBIND | RESP => Class::UnbindResp { seq },
            kind if kind == REQUEST | RESP || kind == NACK => Class::Response { seq },
            kind => Class::Malformed { answer: frame(NACK, seq, &[]).into(), reason: format!("kind {kind}") },
        }
    }

    fn octets<'a>(&self, pdu: &'a Pdu) -> &'a [u8] {
        &pdu.octets
    }

    fn keep_alive(&mut self, seq: u32, out: &mut BytesMut) {
        put(out, KEEP_ALIVE, seq, &[]);
    }

    fn keep_alive_resp(&mut self, request: &Pdu, out: &mut BytesMut) {
        put(out, KEEP_ALIVE | RESP, request.seq, &[]);
    }

    fn unbind(&mut self, seq: u32, out: &mut BytesMut) {
        put(out, UNBIND, seq, &[]);
    }

    fn unbind_resp(&mut self, request: &Pdu, out: &mut BytesMut) {
        put(out, UNBIND | RESP, request.seq, &[]);
    }

    fn reject(&mut self, request: &Pdu, why: Reject, out: &mut BytesMut) {
        put(out, NACK, request.seq, format!("{why:?}").as_bytes());
    }

    fn next_seq(prev: u32) -> u32 {
        if prev >= MAX { 1 } else { prev + 1 }
    }

    fn set_seq(frame: &mut [u8], seq: u32) {
        frame[3..7].copy_from_slice(&seq.to_be_bytes());
    }
}
