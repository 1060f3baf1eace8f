//! tshark, an independent dissector, has to find nothing malformed in our PDUs. Skipped where it is not installed.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::BytesMut;
use common::golden;
use waxwing_proto_testing::Capture;
use waxwing_smpp::{decode, encode};

/// tshark does not know the queries that only 3.3 has, and reads one octet of broadcast_rep_num, which has two.
const UNKNOWN_TO_TSHARK: [&str; 7] = [
    "broadcast_sm_rep_num",
    "param_retrieve",
    "param_retrieve_resp",
    "query_last_msgs",
    "query_last_msgs_resp",
    "query_msg_details",
    "query_msg_details_resp",
];

#[test]
fn tshark_finds_nothing_malformed() {
    let Some(mut capture) = Capture::open("tshark_finds_nothing_malformed", 2775, &[]) else { return };
    let mut expected = Vec::new();
    for golden in golden().into_iter().filter(|golden| !UNKNOWN_TO_TSHARK.contains(&golden.label)) {
        let decoded = decode(&golden.wire).unwrap();
        let mut wire = BytesMut::new();
        encode(&decoded.pdu, decoded.header.command_status, decoded.header.sequence_number, &mut wire).unwrap();
        capture.add_segment(&wire);
        expected.push(format!("0x{:08x}\t{}\t", decoded.header.command_id.0, decoded.header.sequence_number));
    }
    assert_eq!(capture.fields(&["smpp.command_id", "smpp.sequence_number", "_ws.malformed"]), expected);
    assert_eq!(capture.complaints(), Vec::<String>::new());
}

#[test]
fn the_check_would_see_a_malformed_pdu() {
    let Some(mut capture) = Capture::open("the_check_would_see_a_malformed_pdu", 2775, &[]) else { return };
    let mut wire = common::golden_wire("submit_sm");
    let last = wire.len() - 25 - 1;
    assert_eq!(wire[last], 25);
    wire[last] = 200;
    capture.add_segment(&wire);
    assert_eq!(capture.select("_ws.malformed").len(), 1);
}
