//! tshark, an independent dissector, has to find nothing malformed in our PDUs. Skipped where it is not installed.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use bytes::BytesMut;
use common::golden;
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

/// Said past the test runner's capture: a test that did not run must not look like one that passed.
fn skipped(test: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: tshark is not installed");
}

#[test]
fn tshark_finds_nothing_malformed() {
    if Command::new("tshark").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        skipped("tshark_finds_nothing_malformed");
        return;
    }
    let mut pcap = Pcap::new();
    let mut expected = Vec::new();
    for golden in golden().into_iter().filter(|golden| !UNKNOWN_TO_TSHARK.contains(&golden.label)) {
        let decoded = decode(&golden.wire).unwrap();
        let mut wire = BytesMut::new();
        encode(&decoded.pdu, decoded.header.command_status, decoded.header.sequence_number, &mut wire).unwrap();
        pcap.add_segment(&wire);
        expected.push(format!("0x{:08x}\t{}\t", decoded.header.command_id.0, decoded.header.sequence_number));
    }
    let fields = ["-T", "fields", "-e", "smpp.command_id", "-e", "smpp.sequence_number", "-e", "_ws.malformed"];
    assert_eq!(pcap.dissect(&fields), expected);
    assert_eq!(pcap.dissect(&["-Y", "_ws.malformed || _ws.expert.severity >= 4194304"]), Vec::<String>::new());
}

#[test]
fn the_check_would_see_a_malformed_pdu() {
    if Command::new("tshark").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        skipped("the_check_would_see_a_malformed_pdu");
        return;
    }
    let mut wire = common::golden_wire("submit_sm");
    let last = wire.len() - 25 - 1;
    assert_eq!(wire[last], 25);
    wire[last] = 200;
    let mut pcap = Pcap::new();
    pcap.add_segment(&wire);
    assert_eq!(pcap.dissect(&["-Y", "_ws.malformed"]).len(), 1);
}

/// A capture file of raw IP packets of one TCP connection to port 2775.
struct Pcap {
    octets: Vec<u8>,
    sequence: u32,
}

impl Pcap {
    fn new() -> Self {
        const MAGIC: u32 = 0xA1B2_C3D4;
        const RAW_IP: u32 = 101;
        let mut octets = MAGIC.to_be_bytes().to_vec();
        octets.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
        octets.extend(RAW_IP.to_be_bytes());
        Self { octets, sequence: 1 }
    }

    fn add_segment(&mut self, payload: &[u8]) {
        let mut packet = vec![0x45, 0];
        packet.extend((40 + payload.len() as u16).to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        packet.extend(40_000u16.to_be_bytes());
        packet.extend(2775u16.to_be_bytes());
        packet.extend(self.sequence.to_be_bytes());
        packet.extend([0, 0, 0, 0, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
        packet.extend(payload);
        self.sequence += payload.len() as u32;
        let length = (packet.len() as u32).to_be_bytes();
        self.octets.extend([0; 8]);
        self.octets.extend(length);
        self.octets.extend(length);
        self.octets.extend(packet);
    }

    /// The lines that tshark prints about the capture.
    fn dissect(&self, arguments: &[&str]) -> Vec<String> {
        let mut tshark = Command::new("tshark")
            .args(["-r", "-"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tshark.stdin.take().unwrap().write_all(&self.octets).unwrap();
        let output = tshark.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}
