//! tshark, an independent dissector, has to read in our PDUs of 3.0 what we wrote. Skipped where it is not installed.
//!
//! It knows 3.0 only, and neither the bodies of QUERY, CANCEL, FWD and routing nor PDUs above 1000 octets.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::BytesMut;
use common::golden;
use waxwing_cmpp::*;
use waxwing_proto_testing::Capture;

const ID: MsgId = MsgId::new(12, 31, 23, 59, 58, 1001, 65535);

fn capture(test: &str) -> Option<Capture> {
    // Its SMPP would claim by guess what its CMPP does not know.
    Capture::open(test, 7890, &["-d", "tcp.port==7890,cmpp", "--disable-protocol", "smpp"])
}

fn encoded(body: &impl Body) -> BytesMut {
    let mut wire = BytesMut::new();
    encode(body, Version::V3, 77, &mut wire).unwrap();
    wire
}

#[test]
fn tshark_finds_nothing_malformed() {
    let Some(mut capture) = capture("tshark_finds_nothing_malformed") else { return };
    let mut expected = Vec::new();
    for golden in golden().into_iter().filter(|golden| golden.version == Version::V3) {
        let decoded = decode(&golden.wire, Version::V3).unwrap();
        let mut wire = BytesMut::new();
        encode(&decoded.pdu, Version::V3, decoded.header.sequence_id, &mut wire).unwrap();
        capture.add_segment(&wire);
        expected.push(format!("0x{:08x}\t{}\t", decoded.header.command_id.0, decoded.header.sequence_id));
    }
    assert_eq!(expected.len(), 18);
    assert_eq!(capture.fields(&["cmpp.Command_Id", "cmpp.Sequence_Id", "_ws.malformed"]), expected);
    assert_eq!(capture.complaints(), Vec::<String>::new());
}

#[test]
fn tshark_reads_every_field_of_a_submit() {
    let Some(mut capture) = capture("tshark_reads_every_field_of_a_submit") else { return };
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
    capture.add_segment(&encoded(&submit));
    let names = [
        "cmpp.submit.Pk_total",
        "cmpp.submit.Pk_number",
        "cmpp.submit.Registered_Delivery",
        "cmpp.submit.Msg_level",
        "cmpp.Servicd_Id",
        "cmpp.submit.Fee_UserType",
        "cmpp.submit.Fee_terminal_Id",
        "cmpp.submit.Fee_terminal_type",
        "cmpp.TP_pId",
        "cmpp.TP_udhi",
        "cmpp.Msg_Fmt",
        "cmpp.submit.Msg_src",
        "cmpp.submit.FeeType",
        "cmpp.submit.FeeCode",
        "cmpp.submit.DestUsr_tl",
        "cmpp.Dest_terminal_Id",
        "cmpp.submit.Dest_terminal_type",
        "cmpp.Msg_Length",
        "cmpp.LinkID",
    ];
    let lines = capture.fields(&names);
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
    let Some(mut capture) = capture("tshark_reads_deliveries_reports_and_responses") else { return };
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
    capture.add_segment(&encoded(&Deliver { registered_delivery: 1, msg_content: &content, ..deliver }));
    capture.add_segment(&encoded(&Deliver { msg_fmt: 8, msg_content: b"\0T\0D", ..deliver }));
    capture.add_segment(&encoded(&SubmitResp { msg_id: ID, result: 8 }));
    capture.add_segment(&encoded(&DeliverResp { msg_id: ID, result: 9 }));
    capture.add_segment(&encoded(&ConnectResp { status: 3, version: 0x30, ..Default::default() }));
    let names = [
        "cmpp.deliver.Dest_Id",
        "cmpp.deliver.Src_terminal_Id",
        "cmpp.deliver.Registered_Delivery",
        "cmpp.Msg_Length",
        "cmpp.deliver.Report.Status",
        "cmpp.deliver.Report.Submit_time",
        "cmpp.deliver.Report.Done_time",
        "cmpp.Report.SMSC_sequence",
        "cmpp.Msg_Id.sequence_id",
        "cmpp.submit_resp.Result",
        "cmpp.deliver_resp.Result",
        "cmpp.connect_resp.Status",
    ];
    let lines = capture.fields(&names);
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
    let Some(mut capture) = capture("the_check_would_see_a_malformed_pdu") else { return };
    let mut wire = common::golden_wire(Version::V3, "CMPP_SUBMIT", 2);
    let last = wire.len() - 20 - 12 - 1;
    assert_eq!(wire[last], 12);
    wire[last] = 200;
    capture.add_segment(&wire);
    assert_eq!(capture.select("_ws.malformed").len(), 1);
}
