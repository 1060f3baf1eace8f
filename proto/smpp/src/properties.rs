//! Properties of every PDU of the table, with arbitrary values in every field.
#![allow(clippy::unwrap_used)]

use bytes::BytesMut;
use proptest::prelude::*;

use crate::arbitrary::Source;
use crate::frame::{self, HEADER_LEN};
use crate::pdu::Body;
use crate::{CommandId, CommandStatus, DecodeErrorKind, Decoder, EncodeError, Pdu, Quirks, decode, encode};

/// Quirks of content: arbitrary values have them, and they say nothing about the structure.
const OF_CONTENT: [Quirks; 3] = [Quirks::EIGHT_BIT_ADDRESS, Quirks::UDHI_WITHOUT_UDH, Quirks::TWO_MESSAGES];

fn structural(quirks: Quirks) -> Vec<&'static str> {
    quirks.names().filter(|name| !OF_CONTENT.iter().any(|quirk| quirk.names().eq([*name]))).collect()
}

fn encoded(pdu: &Pdu<'_>, status: u32, sequence_number: u32) -> BytesMut {
    let mut wire = BytesMut::new();
    encode(pdu, CommandStatus(status), sequence_number, &mut wire).unwrap();
    wire
}

fn commands() -> impl Strategy<Value = CommandId> {
    (0..CommandId::ALL.len()).prop_map(|index| CommandId::ALL[index])
}

/// Cuts a frame and mends its length, as a peer with a wrong idea of the PDU would send it.
fn cut(wire: &[u8], length: usize) -> Vec<u8> {
    let mut cut = wire[..length].to_vec();
    cut[..4].copy_from_slice(&(length as u32).to_be_bytes());
    cut
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_is_decoded_again(command in commands(), seed: u64, sequence_number: u32, status in prop_oneof![Just(0u32), any::<u32>()]) {
        let mut source = Source::new(seed);
        let mut pdu = Pdu::arbitrary(command, &mut source).unwrap();
        pdu.set_tlvs(source.tlvs());
        let wire = encoded(&pdu, status, sequence_number);
        prop_assert_eq!(frame::next(&wire, frame::DEFAULT_MAX_LEN), Ok(Some(wire.len())));
        for decoder in [Decoder::new(), Decoder::new().strict(true)] {
            let decoded = decoder.decode(&wire).unwrap();
            prop_assert_eq!(decoded.pdu, pdu);
            prop_assert_eq!(decoded.header.command_id, command);
            prop_assert_eq!(decoded.header.command_status, CommandStatus(status));
            prop_assert_eq!(decoded.header.sequence_number, sequence_number);
            prop_assert_eq!(structural(decoded.quirks), Vec::<&str>::new());
            prop_assert!(decoded.ignored.is_empty());
            prop_assert_eq!(&encoded(&decoded.pdu, status, sequence_number), &wire);
        }
    }

    #[test]
    fn a_string_too_long_is_named_and_nothing_is_written(command in commands(), seed: u64, which in 0..12usize) {
        let mut source = Source::new(seed);
        source.overlong = Some(which);
        let pdu = Pdu::arbitrary(command, &mut source).unwrap();
        let mut wire = BytesMut::from(&b"before"[..]);
        let result = encode(&pdu, CommandStatus::ESME_ROK, 1, &mut wire);
        match source.overlong_field {
            Some(name) => {
                prop_assert!(matches!(result, Err(EncodeError::TooLong { field, .. }) if field == name), "{name}: {result:?}");
                prop_assert_eq!(&wire[..], b"before");
            }
            None => prop_assert_eq!(result, Ok(())),
        }
    }

    #[test]
    fn a_cut_request_is_answered_and_a_cut_response_is_taken(command in commands(), seed: u64) {
        let mut source = Source::new(seed);
        let mut pdu = Pdu::arbitrary(command, &mut source).unwrap();
        let body_end = encoded(&pdu, 0, 1).len();
        pdu.set_tlvs(source.tlvs());
        let wire = encoded(&pdu, 0, 1);
        for length in HEADER_LEN..wire.len() {
            let frame = cut(&wire, length);
            match decode(&frame) {
                Ok(decoded) => prop_assert!(command.is_response() || length >= body_end, "{length} of {body_end}: {decoded:?}"),
                Err(error) => {
                    prop_assert!(length < body_end);
                    let expected = matches!(error.kind, DecodeErrorKind::Truncated | DecodeErrorKind::PastEnd { .. });
                    prop_assert!(expected, "{error}");
                    prop_assert_eq!(error.answer().is_some(), command.response().is_some());
                }
            }
        }
    }
}

#[test]
fn every_command_has_a_view_and_requests_have_responses() {
    for command in CommandId::ALL {
        let pdu = Pdu::empty(*command).unwrap();
        assert_eq!(pdu.command_id(), *command);
        if let Some(response) = command.response() {
            assert_eq!(response.request(), Some(*command));
        } else {
            let without = [CommandId::OUTBIND, CommandId::ALERT_NOTIFICATION];
            assert!(command.is_response() || without.contains(command), "{command}");
        }
    }
}

#[test]
fn a_pdu_is_small_enough_to_pass_around() {
    assert!(size_of::<Pdu<'_>>() <= 256, "{} octets", size_of::<Pdu<'_>>());
}
