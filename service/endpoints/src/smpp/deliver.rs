//! From messages to deliver_sm: receipts and received messages for a client that is bound as a receiver.

use std::borrow::Cow;

use bytes::BytesMut;
use waxwing_core::{Kind, Message, MsgId, Receipt, State, TON_INTERNATIONAL, content, words};
use waxwing_gsm::charset::Charset;
use waxwing_smpp::receipt::{NetworkErrorCode, ReceiptDate, TextReceipt, put_tlvs};
use waxwing_smpp::{
    CommandStatus, DataCoding, DeliverSm, EncodeError, Encoder, EsmClass, InterfaceVersion, MessageMode, MessageState, MessageType, Npi,
    Tag, TlvBuf, Ton,
};

use super::id::IdText;
use super::outward::service_type;

/// Most octets of short_message.
const SHORT_MESSAGE_MAX: usize = 254;

/// Encodes one deliver_sm after the other, in the same memory.
#[derive(Default)]
pub(crate) struct DeliverSmEncoder {
    frame: BytesMut,
    words: BytesMut,
    tlvs: TlvBuf,
}

impl DeliverSmEncoder {
    /// The deliver_sm of a message, with the sequence number 0. `charset` is what data_coding 0 means to the client.
    pub(crate) fn deliver_sm(&mut self, m: &Message, version: InterfaceVersion, charset: Charset) -> Result<&[u8], EncodeError> {
        self.frame.clear();
        self.words.clear();
        self.tlvs.clear();
        match &m.receipt {
            Some(r) if m.kind() == Kind::Receipt => self.receipt(m, r, version)?,
            _ => self.message(m, version, charset)?,
        }
        Ok(&self.frame)
    }

    fn receipt(&mut self, m: &Message, r: &Receipt, version: InterfaceVersion) -> Result<(), EncodeError> {
        // Of a submit_multi all messages share the id of the first, which the client was given.
        let own = IdText::new(MsgId(r.id));
        let id = m.door_data.strip_prefix("id=").map_or(own.as_bytes(), str::as_bytes);
        let state = r.state();
        // As the carrier spelt it, if it is a word; the codes of CMPP (MK:0001) are nothing that a client could know.
        let a_word = !r.stat.is_empty() && r.stat.iter().all(u8::is_ascii_alphabetic);
        let stat = if a_word { &r.stat[..] } else { state.stat().as_bytes() };
        let date = |ms: u64| Some(ReceiptDate::from_unix_ms(i64::try_from(ms).unwrap_or(0), false));
        let err = if r.error.is_empty() { "000" } else { words(&r.error) };
        let text: Cow<'_, [u8]> =
            if r.text.is_ascii() { (&r.text[..]).into() } else { Charset::Ascii.encode_lossy(words(&r.text)).octets.into() };
        let fields = TextReceipt {
            id: Some(id),
            sub: Some(1),
            dlvrd: Some(u32::from(state == State::Delivered)),
            submit_date: date(r.submitted),
            done_date: date(r.done),
            stat: Some(stat),
            err: Some(err.as_bytes()),
            text: Some(&text),
        };
        fields.write(&mut self.words);
        self.words.truncate(SHORT_MESSAGE_MAX);
        let network = err.parse::<u16>().ok().filter(|&code| code != 0).map(|code| NetworkErrorCode { network_type: 3, code });
        put_tlvs(&mut self.tlvs, id, MessageState(state.smpp()), network)?;
        self.carry_tlvs(m);
        let kind = if state.is_final() { MessageType::DELIVERY_RECEIPT } else { MessageType::INTERMEDIATE_NOTIFICATION };
        let body = DeliverSm {
            service_type: service_type(m),
            source_addr: address(&m.source),
            destination_addr: address(&m.destination),
            esm_class: EsmClass::new(MessageMode::DEFAULT, kind, false, false),
            short_message: &self.words,
            tlvs: self.tlvs.as_tlvs(),
            ..DeliverSm::default()
        };
        Encoder::new(version).encode(&body, CommandStatus::ESME_ROK, 0, &mut self.frame)
    }

    fn message(&mut self, m: &Message, version: InterfaceVersion, charset: Charset) -> Result<(), EncodeError> {
        let (octets, data_coding, udhi) = match &m.text {
            Some(text) => match charset.encode(text) {
                Ok(octets) => (octets.into(), 0, false),
                Err(_) => (Charset::Ucs2.encode_lossy(text).octets.into(), 8, false),
            },
            // The connector's default alphabet is not the client's: translated, the header kept.
            None if m.data_coding == 0 && content::default_charset(m) != charset => {
                let (header, rest) = content::split(m);
                let text = content::default_charset(m).decode(&rest).text;
                let (octets, dcs) = match charset.encode(&text) {
                    Ok(octets) => (octets, 0),
                    Err(_) => (Charset::Ucs2.encode_lossy(&text).octets, 8),
                };
                ([header.encode(), octets].concat().into(), dcs, !header.is_empty())
            }
            None => (m.payload.clone(), u8::try_from(m.data_coding).unwrap_or(0), m.udhi),
        };
        self.carry_tlvs(m);
        let long = octets.len() > SHORT_MESSAGE_MAX && version.has_tlvs();
        if long {
            self.tlvs.put(Tag::MESSAGE_PAYLOAD, &octets)?;
        }
        let short = if long { &[][..] } else { octets.get(..SHORT_MESSAGE_MAX).unwrap_or(&octets) };
        let esm_class = u8::try_from(m.esm_class).unwrap_or(0) & !EsmClass::UDHI | if udhi { EsmClass::UDHI } else { 0 };
        let body = DeliverSm {
            service_type: service_type(m),
            source_addr: address(&m.source),
            destination_addr: address(&m.destination),
            esm_class: EsmClass(esm_class),
            protocol_id: u8::try_from(m.protocol_id).unwrap_or(0),
            data_coding: DataCoding(data_coding),
            short_message: short,
            tlvs: self.tlvs.as_tlvs(),
            ..DeliverSm::default()
        };
        Encoder::new(version).encode(&body, CommandStatus::ESME_ROK, 0, &mut self.frame)
    }

    fn carry_tlvs(&mut self, m: &Message) {
        for t in &m.tlvs {
            self.tlvs.put_raw(waxwing_smpp::Tlv { tag: Tag(u16::try_from(t.tag).unwrap_or_default()), value: &t.value });
        }
    }
}

fn address(a: &waxwing_core::Address) -> waxwing_smpp::Address<'_> {
    let ton = if a.ton == 0 && a.octets.first() == Some(&b'+') { TON_INTERNATIONAL } else { a.ton };
    waxwing_smpp::Address::new(Ton(u8::try_from(ton).unwrap_or(0)), Npi(u8::try_from(a.npi).unwrap_or(0)), &a.octets)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use waxwing_core::Address;
    use waxwing_smpp::{Pdu, decode};

    #[test]
    fn a_receipt_says_it_in_text_and_in_tlvs() {
        let m = Message {
            kind: Kind::Receipt as i32,
            source: Address::parse("+447778001210"),
            destination: Address::parse("12345"),
            receipt: Some(Box::new(Receipt {
                id: 0x6921_0001,
                state: State::Delivered as i32,
                text: "hello".into(),
                ..Receipt::default()
            })),
            ..Message::default()
        };
        let mut encoder = DeliverSmEncoder::default();
        encoder.deliver_sm(&Message::default(), InterfaceVersion::V3_4, Charset::Gsm7).unwrap();
        let frame = encoder.deliver_sm(&m, InterfaceVersion::V3_4, Charset::Gsm7).unwrap();
        let Pdu::DeliverSm(d) = decode(frame).unwrap().pdu else { unreachable!() };
        assert_eq!(d.esm_class.0, 4);
        let text = String::from_utf8_lossy(d.short_message);
        assert!(text.starts_with("id:69210001 sub:001 dlvrd:001 submit date:") && text.contains("stat:DELIVRD err:000"), "{text}");
        assert_eq!(d.tlvs.get_cstring(Tag::RECEIPTED_MESSAGE_ID), Some(&b"69210001"[..]));
        assert_eq!(d.tlvs.get_u8(Tag::MESSAGE_STATE), Some(2));
    }

    #[test]
    fn a_message_keeps_its_octets_unless_the_default_alphabets_differ() {
        let m = Message { kind: Kind::Mo as i32, payload: (&b"caf\x05"[..]).into(), ..Message::default() };
        let octets = |charset| {
            let mut encoder = DeliverSmEncoder::default();
            let Pdu::DeliverSm(d) = decode(encoder.deliver_sm(&m, InterfaceVersion::V3_4, charset).unwrap()).unwrap().pdu else {
                unreachable!()
            };
            d.short_message.to_vec()
        };
        assert_eq!(octets(Charset::Gsm7), b"caf\x05");
        assert_eq!(octets(Charset::Latin1), b"caf\xe9");
    }
}
