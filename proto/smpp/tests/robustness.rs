//! Damaged PDUs: no panic, no memory beyond what the input explains.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::BytesMut;
use common::golden;
use waxwing_proto_testing::{Damaged, mended};
use waxwing_smpp::receipt::Receipt;
use waxwing_smpp::time::SmppTime;
use waxwing_smpp::*;

const MUTATIONS: usize = 100_000;

/// Adds up what a visitor sees.
#[derive(Default)]
struct Sum {
    octets: usize,
    fields: usize,
}

impl Visitor for Sum {
    fn field(&mut self, _: &'static str, value: FieldValue<'_>) {
        self.fields += 1;
        if let FieldValue::Octets(octets) | FieldValue::Text(octets) = value {
            self.octets += octets.len();
        }
    }
}

/// Does with a frame whatever this crate can do.
fn exercise(wire: &[u8]) {
    let _ = frame::next(wire, 1000);
    for decoder in [Decoder::new(), Decoder::new().strict(true)] {
        let Ok(decoded) = decoder.decode(wire) else { continue };
        let mut sum = Sum::default();
        decoded.pdu.visit(&mut sum);
        let tlvs: usize = decoded.pdu.tlvs().iter().map(|tlv| 4 + tlv.value.len()).sum();
        assert!(16 + sum.octets + tlvs + decoded.ignored.len() <= wire.len(), "more octets out than in: {decoded:?}");
        assert!(sum.fields <= 4 * wire.len() + 64, "more fields than octets: {decoded:?}");
        assert_eq!(tlvs, decoded.pdu.tlvs().octets().len());
        if let Some(message) = decoded.pdu.message() {
            let (header, body) = message.split_udh();
            assert_eq!(header.len() + body.len(), message.octets().len());
            if let Some(receipt) = Receipt::from_message(&message, true) {
                receipt.ids().for_each(|id| drop(receipt::candidates(id)));
                if let Some(date) = receipt.text.done_date {
                    date.to_unix_ms(0, 4);
                }
            }
        }
        if let Pdu::SubmitSm(submit) = decoded.pdu
            && let Ok(Some(time)) = SmppTime::parse(submit.validity_period)
        {
            time.to_unix_ms(1_774_958_400_000);
        }
        let mut again = BytesMut::new();
        if encode(&decoded.pdu, decoded.header.command_status, decoded.header.sequence_number, &mut again).is_ok() {
            assert!(again.len() <= wire.len() + 64, "grew: {decoded:?}");
            assert!(decode(&again).is_ok(), "not understood again: {decoded:?}");
        }
    }
    let description = describe::describe(wire);
    assert!(description.to_json().len() <= 40 * wire.len() + 20_000);
    assert!(description.to_string().len() <= 40 * wire.len() + 20_000);
}

#[test]
fn every_truncation_of_every_golden_pdu() {
    for golden in golden() {
        for length in 0..golden.wire.len() {
            let cut = &golden.wire[..length];
            assert_eq!(frame::next(cut, frame::DEFAULT_MAX_LEN), Ok(None), "{golden} cut to {length}");
            exercise(cut);
            if length >= 4 {
                exercise(&mended(cut.to_vec()));
            }
        }
    }
}

#[test]
fn many_mutations_of_golden_pdus() {
    let golden = golden().into_iter().map(|golden| golden.wire);
    Damaged::new(golden, 0x5A17).framed(frame::HEADER_LEN).take(MUTATIONS).for_each(|wire| exercise(&wire));
}

#[test]
fn decoding_allocates_nothing() {
    for golden in golden() {
        let info = allocation_counter::measure(|| {
            let decoded = decode(&golden.wire).unwrap();
            let sum: usize = decoded.pdu.tlvs().iter().map(|tlv| tlv.value.len()).sum();
            assert!(sum <= golden.wire.len());
            if let Some(message) = decoded.pdu.message() {
                assert!(Receipt::from_message(&message, true).is_none_or(|receipt| receipt.ids().count() <= 2));
            }
        });
        assert_eq!(info.count_total, 0, "{golden}");
    }
}

#[test]
fn encoding_into_a_buffer_with_room_allocates_nothing() {
    for golden in golden() {
        let decoded = decode(&golden.wire).unwrap();
        let mut wire = BytesMut::with_capacity(4096);
        let info = allocation_counter::measure(|| {
            encode(&decoded.pdu, decoded.header.command_status, 1, &mut wire).unwrap();
        });
        assert_eq!(info.count_total, 0, "{golden}");
    }
}

#[test]
fn a_hostile_receipt_text_is_cheap() {
    // A long text of things that look like keys at every place.
    for text in ["submit      date", "id:", "a ", "text:id:stat:", "- _ - _"] {
        let message = Message {
            esm_class: EsmClass(4),
            data_coding: DataCoding::DEFAULT,
            short_message: &text.repeat(65_000 / text.len()).into_bytes(),
            tlvs: Tlvs::default(),
        };
        assert!(Receipt::from_message(&message, true).is_some());
    }
}
