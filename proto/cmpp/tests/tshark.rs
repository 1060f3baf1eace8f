//! tshark, an independent dissector, has to read in our PDUs of 3.0 what we wrote. Skipped where it is not installed.
//!
//! It knows 3.0 only, and neither the bodies of QUERY, CANCEL, FWD and routing nor PDUs above 1000 octets.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use bytes::BytesMut;
use common::golden;
use waxwing_cmpp::*;

const ID: MsgId = MsgId::new(12, 31, 23, 59, 58, 1001, 65535);

/// Said past the test runner's capture: a test that did not run must not look like one that passed.
fn skipped(test: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: tshark is not installed");
}

fn is_installed() -> bool {
    Command::new("tshark").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn encoded(body: &impl Body) -> BytesMut {
    let mut wire = BytesMut::new();
    encode(body, Version::V3, 77, &mut wire).unwrap();
    wire
}

#[test]
fn tshark_finds_nothing_malformed() {
    if !is_installed() {
        skipped("tshark_finds_nothing_malformed");
        return;
    }
    let mut pcap = Pcap::new();
    let mut expected = Vec::new();
    for golden in golden().into_iter().filter(|golden| golden.version == Version::V3) {
        let decoded = decode(&golden.wire, Version::V3).unwrap();
        let mut wire = BytesMut::new();
        encode(&decoded.pdu, Version::V3, decoded.header.sequence_id, &mut wire).unwrap();
        pcap.add_segment(&wire);
        expected.push(format!("0x{:08x}\t{}\t", decoded.header.command_id.0, decoded.header.sequence_id));
    }
    assert_eq!(expected.len(), 18);
    let fields = ["-T", "fields", "-e", "cmpp.Command_Id", "-e", "cmpp.Sequence_Id", "-e", "_ws.malformed"];
    assert_eq!(pcap.dissect(&fields), expected);
    assert_eq!(pcap.dissect(&["-Y", "_ws.malformed || _ws.expert.severity >= 4194304"]), Vec::<String>::new());
}

#[test]
fn tshark_reads_every_field_of_a_submit() {
    if !is_installed() {
        skipped("tshark_reads_every_field_of_a_submit");
        return;
    }
    let recipients = [&b"13800138000"[..], b"13900139000", b"8613700137000"];
    let submit = Submit {
        msg_id: ID,
        pk_total: 3,
        pk_number: 2,
        registered_delivery: 1,
        msg_level: 9,
        service_id: b"0123456789",
        fee_user_type: 3,
        fee_terminal_id: b"13800138000",
        fee_terminal_type: 1,
        tp_pid: 0x40,
        tp_udhi: 0,
        msg_fmt: 0,
        msg_src: b"901234",
        fee_type: b"02",
        fee_code: b"000010",
        dest_terminal_id: Terminals::from(&recipients),
        dest_terminal_type: 1,
        msg_content: b"Hello",
        link_id: b"12345678901234567890",
        ..Default::default()
    };
    let mut pcap = Pcap::new();
    pcap.add_segment(&encoded(&submit));
    let names = [
        "submit.Pk_total",
        "submit.Pk_number",
        "submit.Registered_Delivery",
        "submit.Msg_level",
        "Servicd_Id",
        "submit.Fee_UserType",
        "submit.Fee_terminal_Id",
        "submit.Fee_terminal_type",
        "TP_pId",
        "TP_udhi",
        "Msg_Fmt",
        "submit.Msg_src",
        "submit.FeeType",
        "submit.FeeCode",
        "submit.DestUsr_tl",
        "Dest_terminal_Id",
        "submit.Dest_terminal_type",
        "Msg_Length",
        "LinkID",
    ];
    let names: Vec<String> = names.iter().map(|name| format!("cmpp.{name}")).collect();
    let arguments: Vec<&str> = ["-T", "fields"].into_iter().chain(names.iter().flat_map(|name| ["-e", name.as_str()])).collect();
    let lines = pcap.dissect(&arguments);
    let expected = [
        "3",
        "2",
        "1",
        "9",
        "0123456789",
        "3",
        "13800138000",
        "1",
        "64",
        "0",
        "0",
        "901234",
        "02",
        "000010",
        "3",
        "13800138000,13900139000,8613700137000",
        "1",
        "5",
        "12345678901234567890",
    ];
    assert_eq!(lines, [expected.join("\t")]);
}

#[test]
fn tshark_reads_deliveries_reports_and_responses() {
    if !is_installed() {
        skipped("tshark_reads_deliveries_reports_and_responses");
        return;
    }
    let mut content = BytesMut::new();
    let report = Report {
        msg_id: ID,
        stat: b"MA:0054",
        submit_time: b"2601020304",
        done_time: b"2601020305",
        dest_terminal_id: b"13800138000",
        smsc_sequence: 4711,
    };
    report.encode(Version::V3, &mut content).unwrap();
    let deliver = Deliver { msg_id: ID, dest_id: b"1069000112", src_terminal_id: b"13800138000", ..Default::default() };
    let mut pcap = Pcap::new();
    pcap.add_segment(&encoded(&Deliver { registered_delivery: 1, msg_content: &content, ..deliver }));
    pcap.add_segment(&encoded(&Deliver { msg_fmt: 8, msg_content: b"\0T\0D", ..deliver }));
    pcap.add_segment(&encoded(&SubmitResp { msg_id: ID, result: 8 }));
    pcap.add_segment(&encoded(&DeliverResp { msg_id: ID, result: 9 }));
    pcap.add_segment(&encoded(&ConnectResp { status: 3, version: 0x30, ..Default::default() }));
    let names = [
        "deliver.Dest_Id",
        "deliver.Src_terminal_Id",
        "deliver.Registered_Delivery",
        "Msg_Length",
        "deliver.Report.Status",
        "deliver.Report.Submit_time",
        "deliver.Report.Done_time",
        "Report.SMSC_sequence",
        "Msg_Id.sequence_id",
        "submit_resp.Result",
        "deliver_resp.Result",
        "connect_resp.Status",
    ];
    let names: Vec<String> = names.iter().map(|name| format!("cmpp.{name}")).collect();
    let arguments: Vec<&str> = ["-T", "fields"].into_iter().chain(names.iter().flat_map(|name| ["-e", name.as_str()])).collect();
    let lines = pcap.dissect(&arguments);
    let expected = [
        "1069000112\t13800138000\t1\t71\tMA:0054\t2601020304\t2601020305\t4711\t65535,65535\t\t\t",
        "1069000112\t13800138000\t0\t4\t\t\t\t\t65535\t\t\t",
        "\t\t\t\t\t\t\t\t65535\t8\t\t",
        "\t\t\t\t\t\t\t\t65535\t\t9\t",
        "\t\t\t\t\t\t\t\t\t\t\t3",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_check_would_see_a_malformed_pdu() {
    if !is_installed() {
        skipped("the_check_would_see_a_malformed_pdu");
        return;
    }
    let mut wire = common::golden_wire(Version::V3, "CMPP_SUBMIT", 2);
    let last = wire.len() - 20 - 12 - 1;
    assert_eq!(wire[last], 12);
    wire[last] = 200;
    let mut pcap = Pcap::new();
    pcap.add_segment(&wire);
    assert_eq!(pcap.dissect(&["-Y", "_ws.malformed"]).len(), 1);
}

/// A capture file of raw IP packets of one TCP connection to port 7890.
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
        packet.extend(7890u16.to_be_bytes());
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
            .args(["-r", "-", "-d", "tcp.port==7890,cmpp", "--disable-protocol", "smpp"])
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
