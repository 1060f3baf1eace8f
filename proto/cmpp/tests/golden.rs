//! PDUs that this crate did not write: decoded without a quirk, encoded again to the same octets.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::BytesMut;
use common::{golden, golden_wire};
use waxwing_cmpp::*;

const BOTH: [Version; 2] = [Version::V2, Version::V3];
/// 12-31 23:59:58, gateway 1001, sequence 65535.
const ID: MsgId = MsgId::new(12, 31, 23, 59, 58, 1001, 65535);
/// "你好CMPP" in UCS2.
const UCS2: &[u8] = b"\x4f\x60\x59\x7d\0C\0M\0P\0P";

#[track_caller]
fn assert_golden<'a>(version: Version, sequence_id: u32, name: &str, expected: impl Into<Pdu<'a>>) {
    let (wire, expected) = (golden_wire(version, name, sequence_id), expected.into());
    assert_eq!(decode(&wire, version).unwrap().pdu, expected);
    let mut again = BytesMut::new();
    encode(&expected, version, sequence_id, &mut again).unwrap();
    assert_eq!(again.escape_ascii().to_string(), wire.escape_ascii().to_string(), "from the fields' values");
}

#[test]
fn every_golden_pdu_goes_through_unchanged() {
    for golden in golden() {
        let decoded = decode(&golden.wire, golden.version).unwrap_or_else(|error| panic!("{golden}: {error}"));
        assert_eq!(decoded.header.command_id.name(), Some(golden.name));
        assert_eq!((decoded.header.sequence_id, decoded.version), (golden.sequence_id, golden.version), "{golden}");
        assert_eq!((decoded.quirks, decoded.ignored), (Quirks::NONE, &b""[..]), "{golden}");
        let mut again = BytesMut::from(&b"before"[..]);
        encode(&decoded.pdu, golden.version, golden.sequence_id, &mut again).unwrap();
        assert_eq!(again[6..].escape_ascii().to_string(), golden.wire.escape_ascii().to_string(), "{golden}");
    }
}

#[test]
fn every_golden_pdu_tells_its_version_where_the_versions_differ() {
    let same = ["CONNECT", "TERMINATE", "TERMINATE_RESP", "QUERY", "CANCEL", "ACTIVE_TEST", "ACTIVE_TEST_RESP", "MT_ROUTE"];
    for golden in golden() {
        let differs = !same.iter().any(|name| golden.name.strip_prefix("CMPP_") == Some(name));
        assert_eq!(guess_version(&golden.wire), differs.then_some(golden.version), "{golden}");
    }
}

#[test]
fn connect_and_its_authenticator() {
    for version in BOTH {
        for (sequence_id, account, secret, timestamp) in
            [(23, &b"900001"[..], &b"888888"[..], 1_021_080_510), (1, b"901234", b"1234", auth::timestamp(1, 2, 3, 4, 5))]
        {
            let connect = Connect {
                source_addr: account,
                authenticator_source: auth::source(account, secret, timestamp),
                version: version.byte(),
                timestamp,
            };
            assert_golden(version, sequence_id, "CMPP_CONNECT", connect);
            assert!(auth::source_is_valid(&connect.authenticator_source, account, secret, timestamp));
        }
    }
}

#[test]
fn connect_resp_and_its_authenticator() {
    for version in BOTH {
        let source = auth::source(b"900001", b"888888", 1_021_080_510);
        let authenticator_ismg = auth::ismg(0, version, &source, b"888888");
        assert_golden(version, 23, "CMPP_CONNECT_RESP", ConnectResp { status: 0, authenticator_ismg, version: version.byte() });
    }
}

#[test]
fn submit_to_two_recipients() {
    for version in BOTH {
        let recipients = [&b"13800138000"[..], b"13900139000"];
        let submit = Submit {
            service_id: b"SVC",
            registered_delivery: 1,
            fee_user_type: 2,
            msg_fmt: 8,
            msg_src: b"901234",
            fee_type: b"01",
            fee_code: b"000000",
            src_id: b"1069000112",
            dest_terminal_id: Terminals::from(&recipients),
            msg_content: UCS2,
            reserve: if version == Version::V2 { &[0; 8] } else { &[] },
            link_id: if version == Version::V3 { &[0; 20] } else { &[] },
            ..Default::default()
        };
        assert_golden(version, 2, "CMPP_SUBMIT", submit);
        assert_golden(version, 2, "CMPP_SUBMIT_RESP", SubmitResp { msg_id: ID, result: 0 });
    }
}

#[test]
fn deliver_of_a_message() {
    for version in BOTH {
        let deliver = Deliver {
            msg_id: ID,
            dest_id: b"1069000112",
            msg_fmt: 15,
            src_terminal_id: b"13800138000",
            // "退订" in GBK.
            msg_content: b"\xcd\xcb\xb6\xa9",
            reserve: if version == Version::V2 { &[0; 8] } else { &[] },
            link_id: if version == Version::V3 { b"12345678901234567890" } else { &[] },
            ..Default::default()
        };
        assert_golden(version, 4, "CMPP_DELIVER", deliver);
        assert_eq!(deliver.report(), None);
        assert_golden(version, 3, "CMPP_DELIVER_RESP", DeliverResp { msg_id: ID, result: 0 });
    }
}

#[test]
fn deliver_of_a_status_report() {
    for version in BOTH {
        let wire = golden_wire(version, "CMPP_DELIVER", 3);
        let Pdu::Deliver(deliver) = decode(&wire, version).unwrap().pdu else { panic!("not a DELIVER") };
        assert_eq!((deliver.registered_delivery, deliver.src_terminal_id), (1, &b"13800138000"[..]));
        let report = Report {
            msg_id: ID,
            stat: b"DELIVRD",
            submit_time: b"2601020304",
            done_time: b"2601020305",
            dest_terminal_id: b"13800138000",
            smsc_sequence: 7,
        };
        assert_eq!(deliver.report(), Some(report));
        let mut content = BytesMut::new();
        report.encode(version, &mut content).unwrap();
        assert_eq!(content, deliver.msg_content);
        assert_eq!(content.len(), Report::len(version));
    }
}

#[test]
fn the_short_ones() {
    for version in BOTH {
        assert_golden(version, 5, "CMPP_QUERY", Query { time: b"20260102", reserve: &[0; 8], ..Default::default() });
        assert_golden(version, 6, "CMPP_CANCEL", Cancel { msg_id: ID });
        assert_golden(version, 6, "CMPP_CANCEL_RESP", CancelResp { success_id: 0 });
        assert_golden(version, 7, "CMPP_ACTIVE_TEST", ActiveTest {});
        assert_golden(version, 7, "CMPP_ACTIVE_TEST_RESP", ActiveTestResp { reserved: 0 });
        assert_golden(version, 8, "CMPP_TERMINATE", Terminate {});
        assert_golden(version, 8, "CMPP_TERMINATE_RESP", TerminateResp {});
        assert_golden(version, 10, "CMPP_MT_ROUTE", MtRoute { source_id: b"001001", terminal_id: b"13800138000" });
    }
}

#[test]
fn fwd_of_a_message() {
    for version in BOTH {
        let fwd = Fwd {
            source_id: b"001001",
            destination_id: b"079101",
            nodes_count: 1,
            msg_fwd_type: Fwd::MT,
            msg_id: ID,
            registered_delivery: 1,
            service_id: b"SVC",
            fee_user_type: 2,
            msg_fmt: 8,
            msg_src: b"901234",
            fee_type: b"01",
            fee_code: b"0",
            src_id: b"1069000112",
            dest_id: Terminals::one(b"13800138000"),
            msg_content: UCS2,
            reserve: if version == Version::V2 { &[0; 8] } else { &[] },
            link_id: if version == Version::V3 { &[0; 20] } else { &[] },
            ..Default::default()
        };
        assert_golden(version, 9, "CMPP_FWD", fwd);
        assert_golden(version, 9, "CMPP_FWD_RESP", FwdResp { msg_id: ID, pk_total: 1, pk_number: 1, result: 0 });
    }
}

#[test]
fn every_golden_pdu_is_described_whole() {
    for golden in golden() {
        for version in [None, Some(golden.version)] {
            let description = describe::describe(&golden.wire, version);
            assert_eq!(description.error(), None, "{golden}");
            let text = description.to_string();
            assert!(text.contains(&format!("({})", golden.name)) && !text.contains("quirks"), "{golden}: {text}");
        }
    }
    let text = describe::describe(&golden_wire(Version::V2, "CMPP_CONNECT", 1), None).to_string();
    assert!(text.contains("Timestamp: 102030405 (0102030405)"), "{text}");
    let text = describe::describe(&golden_wire(Version::V3, "CMPP_DELIVER", 3), None).to_string();
    for line in ["Registered_Delivery: 1 (status report)", "Stat: DELIVRD (delivered)", "Done_time: 2601020305", "layout: 3.0"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let text = describe::describe(&golden_wire(Version::V2, "CMPP_SUBMIT", 2), None).to_string();
    for line in ["DestUsr_tl: 2", "[1] 13900139000", "Msg_Fmt: 8 (UCS2)", "Msg_Content: hex 4f60597d0043004d00500050"] {
        assert!(text.contains(line), "{line}: {text}");
    }
}
