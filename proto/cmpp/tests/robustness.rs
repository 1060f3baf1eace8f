//! Damaged PDUs: no panic, no memory beyond what the input explains.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::BytesMut;
use common::golden;
use waxwing_cmpp::*;
use waxwing_proto_testing::{Damaged, mended};

const MUTATIONS: usize = 100_000;
const BOTH: [Version; 2] = [Version::V2, Version::V3];

/// Adds up what a visitor sees.
#[derive(Default)]
struct Sum {
    octets: usize,
    fields: usize,
}

impl Visitor for Sum {
    fn field(&mut self, _: &'static str, value: FieldValue<'_>) {
        self.fields += 1;
        match value {
            FieldValue::Digest(octets) | FieldValue::Octets(octets) | FieldValue::Text(octets) => self.octets += octets.len(),
            FieldValue::Terminals(numbers) => self.octets += numbers.iter().map(<[u8]>::len).sum::<usize>(),
            FieldValue::Integer { .. } | FieldValue::MsgId(_) => {}
        }
    }
}

/// Does with a frame whatever this crate can do.
fn exercise(wire: &[u8]) {
    let _ = frame::next(wire, 1000);
    for version in BOTH {
        let decoded = match decode(wire, version) {
            Ok(decoded) => decoded,
            Err(error) => {
                let mut answer = BytesMut::new();
                if error.encode_answer(version, &mut answer) {
                    assert!(decode(&answer, version).unwrap().quirks.is_empty(), "{error}");
                }
                continue;
            }
        };
        let mut sum = Sum::default();
        decoded.pdu.visit(version, &mut sum);
        assert!(12 + sum.octets + decoded.ignored.len() <= wire.len(), "more octets out than in: {decoded:?}");
        assert!(sum.fields <= 40, "more fields than any PDU has: {decoded:?}");
        let content = match decoded.pdu {
            Pdu::Submit(submit) => submit.msg_content,
            Pdu::Deliver(deliver) => deliver.msg_content,
            Pdu::Fwd(fwd) => fwd.msg_content,
            _ => &[],
        };
        assert_eq!(Report::decode(content).is_ok(), content.len() >= 56);
        assert_eq!(MoReport::decode(content).is_ok(), content.len() >= 56);
        let mut again = BytesMut::new();
        let encoder = Encoder::new(decoded.version).max_recipients(255).max_content(255);
        if encoder.encode(&decoded.pdu, decoded.header.sequence_id, &mut again).is_ok() {
            assert!(again.len() <= wire.len() + 20, "grew: {decoded:?}");
            let second = decode(&again, decoded.version).unwrap();
            let structural = Quirks::MISSING_TAIL.union(Quirks::LONG_TAIL).union(Quirks::OTHER_LAYOUT).union(Quirks::NOT_NUL_FILLED);
            assert!(!second.quirks.intersects(structural), "{decoded:?} became {second:?}");
        }
    }
    let description = describe::describe(wire, None);
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
            let decoded = decode(&golden.wire, golden.version).unwrap();
            match decoded.pdu {
                Pdu::Submit(submit) => assert_eq!(submit.dest_terminal_id.iter().filter(|number| number.len() == 11).count(), 2),
                Pdu::Deliver(deliver) => assert_eq!(deliver.report().is_some(), deliver.registered_delivery == 1),
                _ => {}
            }
        });
        assert_eq!(info.count_total, 0, "{golden}");
    }
}

#[test]
fn encoding_into_a_buffer_with_room_allocates_nothing() {
    for golden in golden() {
        let decoded = decode(&golden.wire, golden.version).unwrap();
        let mut wire = BytesMut::with_capacity(4096);
        let info = allocation_counter::measure(|| {
            encode(&decoded.pdu, golden.version, 1, &mut wire).unwrap();
        });
        assert_eq!(info.count_total, 0, "{golden}");
    }
}
