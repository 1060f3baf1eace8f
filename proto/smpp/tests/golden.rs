//! PDUs that other implementations wrote: decoded without a quirk, encoded again to the same octets.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::BytesMut;
use common::{golden, golden_wire};
use waxwing_smpp::*;

#[test]
fn every_golden_pdu_goes_through_unchanged() {
    for golden in golden() {
        let decoded = Decoder::new().strict(true).decode(&golden.wire).unwrap_or_else(|error| panic!("{golden}: {error}"));
        let name = decoded.header.command_id.name().unwrap();
        assert!(golden.label.starts_with(name), "{golden} is {name}");
        assert!(decoded.quirks.is_empty(), "{golden}: {:?}", decoded.quirks);
        let mut again = BytesMut::new();
        encode(&decoded.pdu, decoded.header.command_status, decoded.header.sequence_number, &mut again).unwrap();
        assert_eq!(again.escape_ascii().to_string(), golden.wire.escape_ascii().to_string(), "{golden}");
    }
}

#[test]
fn every_command_has_a_golden_pdu() {
    let all = golden();
    for command in CommandId::ALL {
        let present = all.iter().any(|golden| frame::Header::parse(&golden.wire).unwrap().command_id == *command);
        assert!(present, "{command}");
    }
}

#[test]
fn node_smpp_submit_sm() {
    let wire = golden_wire("submit_sm");
    let Pdu::SubmitSm(submit) = decode(&wire).unwrap().pdu else { panic!("not a submit_sm") };
    let expected = SubmitSm {
        service_type: b"CMT",
        source_addr: Address::new(Ton::ALPHANUMERIC, Npi::UNKNOWN, b"Waxwing"),
        destination_addr: Address::new(Ton::INTERNATIONAL, Npi::ISDN, b"447900900123"),
        esm_class: EsmClass::new(MessageMode::STORE_AND_FORWARD, MessageType::DEFAULT, false, false),
        protocol_id: 0,
        priority_flag: PriorityFlag::LEVEL_1,
        schedule_delivery_time: b"000000010000000R",
        validity_period: b"261231235959004+",
        registered_delivery: RegisteredDelivery(0x11),
        replace_if_present_flag: ReplaceIfPresent::REPLACE,
        data_coding: DataCoding::DEFAULT,
        sm_default_msg_id: 0,
        short_message: b"Hello from the other side",
        tlvs: Tlvs::default(),
    };
    assert_eq!(submit, expected);
}

#[test]
fn node_smpp_bind_transceiver() {
    let wire = golden_wire("bind_transceiver");
    let Pdu::BindTransceiver(bind) = decode(&wire).unwrap().pdu else { panic!("not a bind_transceiver") };
    assert_eq!((bind.system_id, bind.password, bind.system_type), (&b"smppclient1"[..], &b"password"[..], &b"VMA"[..]));
    assert_eq!(bind.interface_version, InterfaceVersion::V3_4);
    assert_eq!(bind.address_range, Address::new(Ton::INTERNATIONAL, Npi::ISDN, b"^4479"));
    assert!(!format!("{bind:?}").contains("password\""), "a password in a log: {bind:?}");
}

#[test]
fn node_smpp_submit_multi_and_its_failures() {
    let wire = golden_wire("submit_multi");
    let Pdu::SubmitMulti(submit) = decode(&wire).unwrap().pdu else { panic!("not a submit_multi") };
    let destinations: Vec<_> = submit.dest_address.iter().collect();
    assert_eq!(destinations[0], Destination::Sme(Address::new(Ton::INTERNATIONAL, Npi::ISDN, b"447900900123")));
    assert_eq!(destinations[1], Destination::DistributionList(b"friends"));
    assert_eq!((destinations.len(), submit.dest_address.len()), (3, 3));

    let wire = golden_wire("submit_multi_resp");
    let Pdu::SubmitMultiResp(response) = decode(&wire).unwrap().pdu else { panic!("not a submit_multi_resp") };
    let failures: Vec<_> = response.unsuccess_sme.iter().map(|sme| (sme.addr.addr, sme.error_status)).collect();
    let expected = [(&b"447900900123"[..], CommandStatus::ESME_RINVDSTADR), (&b"07900900456"[..], CommandStatus::ESME_RTHROTTLED)];
    assert_eq!(failures, expected);
}

#[test]
fn node_smpp_message_in_the_payload_and_its_segment() {
    let wire = golden_wire("submit_sm_payload");
    let message = decode(&wire).unwrap().pdu.message().unwrap();
    assert_eq!(message.octets(), "A long message. ".repeat(40).as_bytes());
    assert_eq!(message.segment(), Some(Segment { reference: 513, total: 3, number: 2 }));
    assert_eq!(message.tlvs.get_u16(Tag::DESTINATION_PORT), Some(9200));
}

#[test]
fn node_smpp_user_data_header() {
    let wire = golden_wire("submit_sm_udh");
    let message = decode(&wire).unwrap().pdu.message().unwrap();
    assert_eq!(message.split_udh(), (&b"\x05\x00\x03\xa7\x02\x01"[..], &b"\0H\0i\x26\x3a"[..]));
}

#[test]
fn node_smpp_receipt_by_text_and_tlvs() {
    let wire = golden_wire("deliver_sm_receipt");
    let message = decode(&wire).unwrap().pdu.message().unwrap();
    let receipt = receipt::Receipt::from_message(&message, false).unwrap();
    assert_eq!(receipt.message_id, Some(&b"75bcd15"[..]));
    assert_eq!(receipt.ids().collect::<Vec<_>>(), [&b"75bcd15"[..], b"0123456789"]);
    assert_eq!(receipt.state, Some(MessageState::DELIVERED));
    assert_eq!(receipt.network_error, Some(receipt::NetworkErrorCode { network_type: 3, code: 0 }));
    assert_eq!(receipt.text.text, Some(&b"Hello from the othe"[..]));
}

#[test]
fn handwritten_queries_of_3_3() {
    let wire = golden_wire("query_last_msgs_resp");
    let Pdu::QueryLastMsgsResp(response) = decode(&wire).unwrap().pdu else { panic!("not a query_last_msgs_resp") };
    assert_eq!(response.message_id.iter().map(|id| id.0).collect::<Vec<_>>(), [b"0A1B2C", b"0A1B2D", b"0A1B2E"]);

    let wire = golden_wire("query_msg_details_resp");
    let Pdu::QueryMsgDetailsResp(details) = decode(&wire).unwrap().pdu else { panic!("not a query_msg_details_resp") };
    assert_eq!(
        (details.short_message, details.message_id, details.message_state),
        (&b"Hello"[..], &b"0A1B2C"[..], MessageState::DELIVERED)
    );
}

#[test]
fn every_golden_pdu_is_described_whole() {
    for golden in golden() {
        let description = describe::describe(&golden.wire);
        assert_eq!(description.error(), None, "{golden}");
        let name = decode(&golden.wire).unwrap().header.command_id.to_string();
        assert!(description.to_string().contains(&format!("({name})")), "{golden}: {description}");
        for secret in ["\"password\":\"password\"", "\"password\":\"secret\""] {
            assert!(!description.to_json().contains(secret), "{golden}");
        }
    }
}
