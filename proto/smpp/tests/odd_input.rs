//! What real peers send and the specification does not foresee, one test each.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::BytesMut;
use common::{golden_wire, pdu, submit_body};
use waxwing_smpp::*;

const SUBMIT_SM: u32 = 4;
const SUBMIT_SM_RESP: u32 = 0x8000_0004;

fn submit(source: &[u8], tail: &[u8]) -> Vec<u8> {
    pdu(SUBMIT_SM, 0, 77, &submit_body(source, tail))
}

/// The header that answers a frame.
fn answer(frame: &[u8]) -> frame::Header {
    let error = decode(frame).unwrap_err();
    let mut wire = BytesMut::new();
    assert!(error.encode_answer(&mut wire), "{error}");
    assert_eq!(wire.len(), 16);
    frame::Header::parse(&wire).unwrap()
}

#[track_caller]
fn assert_answer(frame: &[u8], command_id: CommandId, status: CommandStatus) {
    let header = answer(frame);
    assert_eq!((header.command_id, header.command_status, header.sequence_number), (command_id, status, 77));
}

#[test]
fn an_8_bit_octet_in_an_address_is_taken_as_it_is() {
    let wire = submit(b"Caf\xe9", b"");
    let decoded = decode(&wire).unwrap();
    assert_eq!(decoded.quirks, Quirks::EIGHT_BIT_ADDRESS);
    let Pdu::SubmitSm(submit) = decoded.pdu else { panic!("not a submit_sm") };
    assert_eq!(submit.source_addr.addr, b"Caf\xe9");
    assert!(Decoder::new().strict(true).decode(&wire).is_ok(), "addresses are a matter of policy");
}

#[test]
fn a_source_addr_over_20_octets_is_refused_by_name() {
    assert!(decode(&submit(b"12345678901234567890", b"")).is_ok());
    let wire = submit(b"123456789012345678901", b"");
    assert_answer(&wire, CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_RINVSRCADR);
    let error = decode(&wire).unwrap_err();
    assert_eq!(
        error.to_string(),
        "submit_sm (sequence number 77): source_addr is longer than 20 octets; to be answered with ESME_RINVSRCADR"
    );
}

#[test]
fn other_fields_too_long_have_their_own_status() {
    let long = [b'1'; 22];
    for (body, status) in [
        ([&b"123456\0"[..]].concat(), CommandStatus::ESME_RINVSERTYP),
        ([&b"\0\0\0\0\0\0"[..], &long, b"\0"].concat(), CommandStatus::ESME_RINVDSTADR),
        ([&b"\0\0\0\0\0\0\0\0\0\0"[..], &long, b"\0"].concat(), CommandStatus::ESME_RINVSCHED),
        ([&b"\0\0\0\0\0\0\0\0\0\0\0"[..], &long, b"\0"].concat(), CommandStatus::ESME_RINVEXPIRY),
    ] {
        assert_answer(&pdu(SUBMIT_SM, 0, 77, &body), CommandId::SUBMIT_SM_RESP, status);
    }
    let bind = |body: &[u8]| pdu(9, 0, 77, body);
    assert_answer(&bind(b"1234567890123456\0"), CommandId::BIND_TRANSCEIVER_RESP, CommandStatus::ESME_RINVSYSID);
    let password = [&b"a\0"[..], &[b'p'; 65], b"\0"].concat();
    assert_answer(&bind(&password), CommandId::BIND_TRANSCEIVER_RESP, CommandStatus::ESME_RINVPASWD);
    assert_answer(&bind(b"a\0b\x001234567890123\0"), CommandId::BIND_TRANSCEIVER_RESP, CommandStatus::ESME_RINVSYSTYP);
}

#[test]
fn a_known_tlv_of_a_wrong_length_is_kept_raw() {
    let tail = b"\x02\x04\x00\x01\x09\x14\x00\x00\x01z";
    let wire = submit(b"1", tail);
    let decoded = decode(&wire).unwrap();
    assert_eq!(decoded.quirks, Quirks::TLV_BAD_LENGTH);
    let tlvs = decoded.pdu.tlvs();
    assert_eq!(tlvs.octets(), tail);
    assert_eq!(tlvs.get(Tag::USER_MESSAGE_REFERENCE), Some(&b"\x09"[..]));
    assert_eq!(tlvs.get_u16(Tag::USER_MESSAGE_REFERENCE), None);
    let mut again = BytesMut::new();
    encode(&decoded.pdu, CommandStatus::ESME_ROK, 77, &mut again).unwrap();
    assert_eq!(again, wire, "a relay hands it on");
    let error = Decoder::new().strict(true).decode(&wire).unwrap_err();
    assert_eq!((error.field, error.status), ("user_message_reference", CommandStatus::ESME_RINVPARLEN));
}

#[test]
fn a_tlv_past_the_end_is_ignored_and_told() {
    let wire = submit(b"1", b"\x02\x0c\x00\x02\x00\x07\x04\x24\x00\x50abc");
    let decoded = decode(&wire).unwrap();
    assert_eq!(decoded.quirks, Quirks::TLV_PAST_END);
    assert_eq!(decoded.ignored, b"\x04\x24\x00\x50abc");
    assert_eq!(decoded.pdu.tlvs().get_u16(Tag::SAR_MSG_REF_NUM), Some(7));
    let error = Decoder::new().strict(true).decode(&wire).unwrap_err();
    assert_eq!(error.answer(), Some((CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_RINVTLVSTREAM)));
}

#[test]
fn three_junk_octets_at_the_end_are_ignored_and_told() {
    let wire = submit(b"1", b"\x00\x00\x00");
    let decoded = decode(&wire).unwrap();
    assert_eq!((decoded.quirks, decoded.ignored), (Quirks::TRAILING_OCTETS, &b"\0\0\0"[..]));
    assert!(decoded.pdu.tlvs().is_empty());
    assert_eq!(Decoder::new().strict(true).decode(&wire).unwrap_err().status, CommandStatus::ESME_RINVTLVSTREAM);
}

#[test]
fn sm_length_past_the_end_is_answered_with_rinvmsglen() {
    let mut body = submit_body(b"1", b"");
    let at = body.len() - 3;
    body[at] = 3;
    let wire = pdu(SUBMIT_SM, 0, 77, &body);
    assert_answer(&wire, CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_RINVMSGLEN);
    let error = decode(&wire).unwrap_err();
    assert_eq!((error.field, error.kind), ("sm_length", DecodeErrorKind::PastEnd { announced: 3, available: 2 }));
}

#[test]
fn a_positive_submit_sm_resp_without_a_body_has_no_message_id() {
    let wire = pdu(SUBMIT_SM_RESP, 0, 77, b"");
    let decoded = decode(&wire).unwrap();
    assert_eq!(decoded.pdu, Pdu::SubmitSmResp(SubmitSmResp { message_id: None, tlvs: Tlvs::default() }));
    assert_eq!(decoded.quirks, Quirks::MISSING_BODY);
    assert!(Decoder::new().strict(true).decode(&wire).is_err());
}

#[test]
fn a_negative_response_needs_no_body_even_in_strict_mode() {
    let wire = pdu(SUBMIT_SM_RESP, 0x58, 77, b"");
    let decoded = Decoder::new().strict(true).decode(&wire).unwrap();
    assert_eq!((decoded.header.command_status, decoded.quirks), (CommandStatus::ESME_RTHROTTLED, Quirks::NONE));
}

#[test]
fn an_empty_message_id_differs_from_none() {
    let wire = pdu(SUBMIT_SM_RESP, 0, 77, b"\0");
    let Pdu::SubmitSmResp(response) = decode(&wire).unwrap().pdu else { panic!("not a submit_sm_resp") };
    assert_eq!(response.message_id, Some(&b""[..]));
}

#[test]
fn a_response_may_lack_its_last_nul() {
    let wire = pdu(SUBMIT_SM_RESP, 0, 77, b"abc");
    let decoded = decode(&wire).unwrap();
    assert_eq!(decoded.quirks, Quirks::MISSING_NUL);
    assert_eq!(decoded.pdu, SubmitSmResp { message_id: Some(b"abc"), ..Default::default() }.into());
}

#[test]
fn a_response_may_have_a_message_id_over_64_octets() {
    let id = [b'a'; 80];
    let wire = pdu(SUBMIT_SM_RESP, 0, 77, &[&id[..], b"\0"].concat());
    let decoded = decode(&wire).unwrap();
    assert_eq!(decoded.quirks, Quirks::OVERLONG_FIELD);
    assert_eq!(decoded.pdu, SubmitSmResp { message_id: Some(&id), ..Default::default() }.into());
}

#[test]
fn a_response_may_end_between_its_fields() {
    let wire = pdu(0x8000_0003, 0, 77, b"id\0");
    let decoded = decode(&wire).unwrap();
    assert_eq!(decoded.quirks, Quirks::MISSING_FIELDS);
    assert_eq!(decoded.pdu, QuerySmResp { message_id: b"id", ..Default::default() }.into());
}

#[test]
fn a_list_in_a_response_ends_where_the_response_ends() {
    let wire = pdu(0x8000_0021, 0, 77, b"id\0\x09\x01\x01447900900123\0\0\0\0\x0b\x01\x01447");
    let decoded = decode(&wire).unwrap();
    assert!(decoded.quirks.contains(Quirks::MISSING_FIELDS));
    let Pdu::SubmitMultiResp(response) = decoded.pdu else { panic!("not a submit_multi_resp") };
    assert_eq!((response.message_id, response.unsuccess_sme.len()), (Some(&b"id"[..]), 1));
    assert!(Decoder::new().strict(true).decode(&wire).is_err());
}

#[test]
fn forty_tlvs_are_fine_and_257_are_too_many() {
    let wire = golden_wire("submit_sm_40_tlvs");
    assert_eq!(decode(&wire).unwrap().pdu.tlvs().iter().count(), 40);
    let tlv = b"\x14\x00\x00\x00";
    assert_eq!(decode(&submit(b"1", &tlv.repeat(256))).unwrap().pdu.tlvs().iter().count(), 256);
    let wire = submit(b"1", &tlv.repeat(257));
    assert_answer(&wire, CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_RINVTLVSTREAM);
    assert!(Decoder::new().max_tlvs(300).decode(&wire).is_ok());
}

#[test]
fn an_unknown_command_is_nacked_with_its_sequence_number() {
    let wire = pdu(0x0001_0001, 0, 77, b"whatever");
    assert_answer(&wire, CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDID);
    let error = decode(&wire).unwrap_err();
    assert_eq!((error.kind, error.command_id), (DecodeErrorKind::UnknownCommand, CommandId(0x0001_0001)));
}

#[test]
fn an_unknown_response_is_not_answered() {
    let error = decode(&pdu(0x8000_7777, 0, 77, b"")).unwrap_err();
    assert_eq!((error.answer(), error.encode_answer(&mut BytesMut::new())), (None, false));
}

#[test]
fn a_request_that_has_no_response_is_not_answered() {
    assert_eq!(decode(&pdu(0x0000_0102, 0, 77, b"\x01")).unwrap_err().answer(), None);
}

#[test]
fn a_command_length_under_16_is_fatal_and_nacked() {
    let mut wire = submit(b"1", b"");
    wire[..4].copy_from_slice(&[0, 0, 0, 15]);
    let error = frame::next(&wire, frame::DEFAULT_MAX_LEN).unwrap_err();
    assert_eq!(error.sequence_number(), Some(77));
    let mut nack = BytesMut::new();
    error.encode_nack(&mut nack);
    let header = frame::Header::parse(&nack).unwrap();
    assert_eq!((header.command_id, header.command_status), (CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDLEN));
}

#[test]
fn udhi_without_a_header_is_told() {
    let mut body = submit_body(b"1", b"");
    let at = body.len() - 12;
    assert_eq!(&body[at + 9..], b"\x02hi");
    body[at] = 0x40;
    let wire = pdu(SUBMIT_SM, 0, 77, &body);
    let decoded = decode(&wire).unwrap();
    assert_eq!(decoded.quirks, Quirks::UDHI_WITHOUT_UDH);
    assert_eq!(decoded.pdu.message().unwrap().split_udh(), (&b""[..], &b"hi"[..]));
}

#[test]
fn an_unknown_dest_flag_is_refused() {
    let wire = pdu(0x21, 0, 77, b"\0\0\0\0\x01\x09");
    assert_answer(&wire, CommandId::SUBMIT_MULTI_RESP, CommandStatus::ESME_RINVDESTFLAG);
}

#[test]
fn two_pdus_in_one_segment_come_apart() {
    let both = [pdu(0x8000_0005, 0, 1, b"\0"), pdu(6, 0, 2, b"")].concat();
    let first = frame::next(&both, frame::DEFAULT_MAX_LEN).unwrap().unwrap();
    assert_eq!(decode(&both[..first]).unwrap().header.command_id, CommandId::DELIVER_SM_RESP);
    assert_eq!(decode(&both[first..]).unwrap().header.command_id, CommandId::UNBIND);
}

#[test]
fn odd_interface_versions_are_kept() {
    for version in [0x00, 0x33, 0x34, 0x50, 0x77] {
        let wire = pdu(2, 0, 77, &[b"me\0\0\0", &[version][..], b"\0\0\0"].concat());
        let Pdu::BindTransmitter(bind) = decode(&wire).unwrap().pdu else { panic!("not a bind_transmitter") };
        assert_eq!(bind.interface_version, InterfaceVersion(version));
        assert_eq!(bind.interface_version.has_tlvs(), version >= 0x34);
    }
}

#[test]
fn a_3_3_peer_gets_no_tlvs_and_short_message_ids() {
    let old = Encoder::new(InterfaceVersion::V3_3);
    let mut wire = BytesMut::new();
    let long = SubmitSmResp { message_id: Some(b"123456789"), ..Default::default() };
    let error = old.encode(&long, CommandStatus::ESME_ROK, 1, &mut wire).unwrap_err();
    assert_eq!(error, EncodeError::TooLong { field: "message_id", length: 9, max: 8 });

    let frame = golden_wire("submit_sm_payload");
    let decoded = decode(&frame).unwrap();
    assert_eq!(old.encode(&decoded.pdu, CommandStatus::ESME_ROK, 1, &mut wire), Err(EncodeError::PayloadInOldVersion));
    assert!(wire.is_empty());

    let frame = golden_wire("submit_sm_vendor_tlvs");
    let decoded = decode(&frame).unwrap();
    old.encode(&decoded.pdu, CommandStatus::ESME_ROK, 1, &mut wire).unwrap();
    assert!(decode(&wire).unwrap().pdu.tlvs().is_empty());
}
