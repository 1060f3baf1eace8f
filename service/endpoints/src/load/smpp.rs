//! Load over SMPP: a transceiver of one account.

use std::hash::{DefaultHasher, Hasher as _};

use bytes::BytesMut;
use waxwing_smpp::receipt::Receipt;
use waxwing_smpp::{
    Address, BindTransceiver, CommandStatus, DataCoding, Decoder, DeliverSmResp, EsmClass, Npi, Pdu, PriorityFlag, RegisteredDelivery,
    SubmitSm, Ton, encode,
};

use super::{Answer, LoadError, Protocol, Received, stamp};
use crate::smpp::dialect::{Frame, Smpp};

/// An account, and what it sends.
#[derive(Clone, Debug)]
pub struct Account {
    /// system_id.
    pub system_id: String,
    /// Its password.
    pub password: String,
    /// What messages look like.
    pub body: Body,
    /// Ask for the highest priority.
    pub high: bool,
    /// Ask for receipts.
    pub receipts: bool,
}

/// What messages look like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Body {
    /// 76 characters of the GSM alphabet, all of them in ASCII too.
    Text,
    /// 160 characters of the GSM alphabet with some from its own places and its extension table.
    Gsm7,
    /// Three parts of 153 characters each, joined by their user data headers. The parts follow each other on one bind.
    Long,
    /// 70 characters of UCS-2.
    Ucs2,
}

/// Makes the submit_sm of one bind.
#[derive(Debug)]
pub struct Writer {
    body: Body,
    high: bool,
    receipts: bool,
    /// Part of a long message that comes next, from 0.
    part: u8,
    reference: u8,
    recipient: [u8; 12],
    text: Vec<u8>,
}

/// Parts of [`Body::Long`].
const PARTS: u8 = 3;

const WORDS: &[u8] = b"Your code is 123456. Do not tell it to anybody. It is valid for ten minutes.";

impl Body {
    /// submit_sm of one message.
    pub fn parts(self) -> u64 {
        if self == Body::Long { u64::from(PARTS) } else { 1 }
    }
}

impl Account {
    /// One that sends plain texts and asks for receipts.
    pub fn new(system_id: impl Into<String>, password: impl Into<String>) -> Account {
        let (system_id, password) = (system_id.into(), password.into());
        Account { system_id, password, body: Body::Text, high: false, receipts: true }
    }
}

/// The id of a response or receipt as a number; zeros in front and the case of digits mean nothing.
fn number(id: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(&waxwing_smpp::receipt::normalise(id));
    hasher.finish()
}

impl Protocol for Account {
    type Dialect = Smpp;
    type Writer = Writer;

    fn dialect(&self) -> Smpp {
        Smpp::new(waxwing_smpp::frame::DEFAULT_MAX_LEN)
    }

    fn login(&self, out: &mut BytesMut) -> Result<(), LoadError> {
        let login = BindTransceiver { system_id: self.system_id.as_bytes(), password: self.password.as_bytes(), ..Default::default() };
        encode(&login, CommandStatus::ESME_ROK, 0, out).map_err(|e| LoadError::Login(e.to_string()))
    }

    fn logged_in(&self, _: &mut Smpp, pdu: &Frame) -> Result<(), LoadError> {
        let status = pdu.header.command_status;
        if status.is_ok() { Ok(()) } else { Err(LoadError::Login(status.to_string())) }
    }

    fn writer(&self, link: u32) -> Writer {
        // References differ by link, so that parts with the same number to the same recipient are not mixed up.
        Writer::new(self.body, self.high, self.receipts, (link * 16) as u8)
    }

    fn answer(&self, _: &Smpp, pdu: &Frame, ids: Option<&mut Vec<u64>>) -> Answer {
        match pdu.header.command_status {
            status if status.is_ok() => {
                if let Some(ids) = ids
                    && let Ok(Pdu::SubmitSmResp(r)) = Decoder::new().decode(&pdu.octets).map(|d| d.pdu)
                {
                    ids.extend(r.message_id.map(number));
                }
                Answer::Accepted
            }
            busy @ (CommandStatus::ESME_RMSGQFUL | CommandStatus::ESME_RTHROTTLED) => Answer::Busy(busy.0),
            other => Answer::Refused(other.0),
        }
    }

    /// Without `matching`, whatever comes counts as a receipt: reading it would cost more than all the rest.
    fn receive(&self, _: &Smpp, pdu: &Frame, matching: bool, out: &mut BytesMut) -> Received {
        let resp = DeliverSmResp { message_id: Some(b""), ..Default::default() };
        let _ = encode(&resp, CommandStatus::ESME_ROK, pdu.header.sequence_number, out);
        if !matching {
            return Received::Receipt(None);
        }
        let Ok(Pdu::DeliverSm(p)) = Decoder::new().decode(&pdu.octets).map(|d| d.pdu) else { return Received::Other };
        match Receipt::from_message(&p.message(), false) {
            Some(receipt) => Received::Receipt(receipt.message_id.map(number)),
            None => Received::Message,
        }
    }
}

impl Writer {
    /// `offset` keeps the references of several binds apart.
    fn new(body: Body, high: bool, receipts: bool, offset: u8) -> Writer {
        Writer { body, high, receipts, part: 0, reference: offset, recipient: *b"447700000000", text: text(body) }
    }
}

impl super::Writer<Smpp> for Writer {
    fn inside_message(&self) -> bool {
        self.part > 0
    }

    fn submit(&mut self, _: &Smpp, sent: Option<u64>, out: &mut BytesMut) -> Result<(), LoadError> {
        if self.part == 0 {
            // A handset of its own for nearly every message, as in life: indexes on numbers are not to have it easier here.
            let mut number = fastrand::u32(..100_000_000);
            for digit in self.recipient[4..].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
            self.reference = self.reference.wrapping_add(1);
        }
        let mut header = 0;
        if self.body == Body::Long {
            header = 6;
            self.text[..6].copy_from_slice(&[5, 0, 3, self.reference, PARTS, self.part + 1]);
            self.part = (self.part + 1) % PARTS;
        }
        if let Some(sent) = sent.filter(|_| matches!(self.body, Body::Text | Body::Long)) {
            self.text[header..header + stamp::LENGTH].copy_from_slice(&stamp::write(sent));
        }
        let body = SubmitSm {
            source_addr: Address::new(Ton(0), Npi(1), b"12345"),
            destination_addr: Address::new(Ton(1), Npi(1), &self.recipient),
            esm_class: EsmClass(if header > 0 { 0x40 } else { 0 }),
            priority_flag: PriorityFlag(if self.high { 3 } else { 0 }),
            registered_delivery: RegisteredDelivery(self.receipts.into()),
            data_coding: DataCoding(if self.body == Body::Ucs2 { 8 } else { 0 }),
            short_message: &self.text,
            ..Default::default()
        };
        encode(&body, CommandStatus::ESME_ROK, 0, out).map_err(|e| LoadError::Message(e.to_string()))
    }
}

fn text(body: Body) -> Vec<u8> {
    let ascii = |length: usize| WORDS.iter().copied().cycle().take(length);
    match body {
        Body::Text => ascii(WORDS.len()).collect(),
        // Euro sign (two septets), pound, o with slash, capital sigma, n with tilde.
        Body::Gsm7 => [0x1b, 0x65, 0x01, 0x0c, 0x18, 0x7d].into_iter().chain(ascii(154)).collect(),
        Body::Long => [0; 6].into_iter().chain(ascii(153)).collect(),
        Body::Ucs2 => {
            "Ваш код 123456. Не говорите его никому. Он действует десять минут, да!".encode_utf16().flat_map(u16::to_be_bytes).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Writer as _;
    use super::*;
    use waxwing_smpp::decode;

    #[test]
    fn texts_have_the_length_that_they_claim() {
        let lengths = [Body::Text, Body::Gsm7, Body::Long, Body::Ucs2].map(|b| text(b).len());
        assert_eq!(lengths, [76, 160, 159, 140]);
    }

    #[test]
    fn parts_of_a_long_message_belong_together() {
        let mut writer = Writer::new(Body::Long, true, true, 6);
        for number in 0..6u8 {
            let mut out = BytesMut::new();
            assert_eq!(writer.inside_message(), number % 3 != 0);
            writer.submit(&Smpp::new(1000), Some(99), &mut out).unwrap();
            let Pdu::SubmitSm(p) = decode(&out).unwrap().pdu else { unreachable!() };
            let (header, words) = p.message().split_udh();
            assert_eq!(header, [5, 0, 3, 7 + number / 3, 3, number % 3 + 1]);
            assert_eq!((stamp::read(words), p.priority_flag.0, p.registered_delivery.0), (Some(99), 3, 1));
        }
    }
}
