//! Properties of every message of the table in both versions, with arbitrary values in every field.
#![allow(clippy::unwrap_used)]

use bytes::BytesMut;
use proptest::prelude::*;

use crate::arbitrary::Source;
use crate::field::FieldKind;
use crate::frame::{self, HEADER_LEN};
use crate::record::Record;
use crate::*;

fn commands() -> impl Strategy<Value = CommandId> {
    (0..CommandId::ALL.len()).prop_map(|index| CommandId::ALL[index])
}

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V2), Just(Version::V3)]
}

/// The version, but 3.0 for what 2.0 does not have.
fn existing(command: CommandId, version: Version) -> Version {
    let new = [CommandId::GET_MO_ROUTE, CommandId::GET_MO_ROUTE_RESP].contains(&command);
    if new { Version::V3 } else { version }
}

fn encoded(pdu: &Pdu<'_>, version: Version, sequence_id: u32) -> BytesMut {
    let mut wire = BytesMut::new();
    encode(pdu, version, sequence_id, &mut wire).unwrap();
    wire
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
    fn what_is_encoded_is_decoded_again(command in commands(), version in versions(), seed: u64, sequence_id: u32) {
        let version = existing(command, version);
        let pdu = Pdu::arbitrary(command, &mut Source::new(seed), version).unwrap();
        let wire = encoded(&pdu, version, sequence_id);
        prop_assert_eq!(frame::next(&wire, frame::DEFAULT_MAX_LEN), Ok(Some(wire.len())));
        let decoded = decode(&wire, version).unwrap();
        prop_assert_eq!(decoded.pdu, pdu);
        prop_assert_eq!((decoded.header.command_id, decoded.header.sequence_id), (command, sequence_id));
        prop_assert_eq!(decoded.version, version);
        let report: Vec<&str> = decoded.quirks.names().filter(|name| *name != "odd_report").collect();
        prop_assert_eq!(report, Vec::<&str>::new());
        prop_assert!(decoded.ignored.is_empty());
        prop_assert_eq!(&encoded(&decoded.pdu, version, sequence_id), &wire);
    }

    #[test]
    fn a_string_too_long_is_named_and_nothing_is_written(command in commands(), version in versions(), seed: u64, which in 0..12usize) {
        let version = existing(command, version);
        let mut source = Source::new(seed);
        source.overlong = Some(which);
        let pdu = Pdu::arbitrary(command, &mut source, version).unwrap();
        let mut wire = BytesMut::from(&b"before"[..]);
        let result = encode(&pdu, version, 1, &mut wire);
        match source.overlong_field {
            Some(name) => {
                let named = matches!(result, Err(EncodeError::TooLong { command: whose, field, .. })
                    if field == name && Some(whose) == command.name());
                prop_assert!(named, "{name}: {result:?}");
                prop_assert_eq!(&wire[..], b"before");
            }
            None => prop_assert_eq!(result, Ok(())),
        }
    }

    #[test]
    fn a_cut_request_is_answered_or_lacks_only_its_tail(command in commands(), version in versions(), seed: u64) {
        let version = existing(command, version);
        let wire = encoded(&Pdu::arbitrary(command, &mut Source::new(seed), version).unwrap(), version, 1);
        for length in HEADER_LEN..wire.len() {
            let frame = cut(&wire, length);
            match decode(&frame, version) {
                Ok(decoded) => {
                    let tail = decoded.quirks.intersects(Quirks::MISSING_TAIL.union(Quirks::SHORT_TAIL));
                    prop_assert!(tail || decoded.version != version, "{length} of {}: {decoded:?}", wire.len());
                }
                Err(error) => {
                    let expected = matches!(error.kind, DecodeErrorKind::Truncated | DecodeErrorKind::PastEnd { .. });
                    prop_assert!(expected, "{error}");
                    let mut answer = BytesMut::new();
                    let answered = error.encode_answer(version, &mut answer);
                    prop_assert_eq!(answered, !command.is_response() && command != CommandId::QUERY);
                    if answered {
                        let response = decode(&answer, version).unwrap();
                        prop_assert_eq!(Some(response.header.command_id), command.response());
                        prop_assert_eq!(response.quirks, Quirks::NONE);
                    }
                }
            }
        }
    }

    #[test]
    fn reports_come_back(seed: u64, version in versions()) {
        let mut source = Source::new(seed);
        let mut wire = BytesMut::new();
        let report = Report::arbitrary(&mut source, version == Version::V3);
        report.encode(version, &mut wire).unwrap();
        prop_assert_eq!(wire.len(), Report::len(version));
        prop_assert_eq!(Report::decode(&wire), Ok(report));
        let report = MoReport::arbitrary(&mut source, false);
        wire.clear();
        report.encode(&mut wire).unwrap();
        prop_assert_eq!(wire.len(), MoReport::LEN);
        prop_assert_eq!(MoReport::decode(&wire), Ok(report));
    }
}

#[test]
fn every_command_has_its_counterpart() {
    assert_eq!(CommandId::ALL.len(), 32);
    for command in CommandId::ALL {
        let counterpart = command.response().or(command.request()).unwrap();
        assert_eq!(counterpart.response().or(counterpart.request()), Some(*command));
        assert!(counterpart.name().is_some(), "{command}");
    }
}

/// The table against a copy of the standard's that was made on its own.
#[test]
fn every_field_stands_where_the_standard_has_it() {
    let lines: Vec<&str> = include_str!("../tests/golden/fields.txt").lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 32 + 30, "all of 3.0, and of 2.0 all but GET_MO_ROUTE");
    for line in lines {
        let mut words = line.split(' ');
        let command = CommandId(u32::from_str_radix(&words.next().unwrap()[2..], 16).unwrap());
        let v3 = words.next() == Some("3.0");
        let mut fields = Vec::new();
        for spec in Pdu::specs(command).iter().filter(|spec| spec.width(v3) > 0) {
            match spec.kind {
                FieldKind::Content => fields.extend(["Msg_Length:1".to_owned(), format!("{}:L", spec.name)]),
                FieldKind::Recipients { .. } => fields.extend(["DestUsr_tl:1".to_owned(), format!("{}:{}n", spec.name, spec.width(v3))]),
                _ => fields.push(format!("{}:{}", spec.name, spec.width(v3))),
            }
        }
        assert_eq!(fields, words.collect::<Vec<_>>(), "{line}");
    }
}

#[test]
fn a_pdu_is_small_enough_to_pass_around() {
    assert!(size_of::<Pdu<'_>>() <= 384, "{} octets", size_of::<Pdu<'_>>());
}
