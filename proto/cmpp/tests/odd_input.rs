//! What real peers send and the standard does not foresee, one test each.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::BytesMut;
use common::{golden_wire, pdu};
use waxwing_cmpp::*;
use waxwing_proto_testing::mended;

const BOTH: [Version; 2] = [Version::V2, Version::V3];
const ID: MsgId = MsgId::new(12, 31, 23, 59, 58, 1001, 65535);

fn submit(version: Version) -> Vec<u8> {
    golden_wire(version, "CMPP_SUBMIT", 2)
}

fn deliver(version: Version) -> Vec<u8> {
    golden_wire(version, "CMPP_DELIVER", 4)
}

/// Where DestUsr_tl stands in a SUBMIT.
fn count_at(version: Version) -> usize {
    if version == Version::V2 { 128 } else { 140 }
}

/// Octets of the last field: Reserve or LinkID.
fn tail(version: Version) -> usize {
    if version == Version::V2 { 8 } else { 20 }
}

/// The response that a frame is refused with.
#[track_caller]
fn refusal(frame: &[u8], version: Version) -> BytesMut {
    let error = decode(frame, version).unwrap_err();
    let mut answer = BytesMut::new();
    assert!(error.encode_answer(version, &mut answer), "{error}");
    answer
}

#[track_caller]
fn assert_submit_refused(frame: &[u8], version: Version, result: u32) {
    let answer = refusal(frame, version);
    let decoded = decode(&answer, version).unwrap();
    assert_eq!(decoded.pdu, Pdu::SubmitResp(SubmitResp { msg_id: MsgId(0), result }));
    assert_eq!((decoded.header.sequence_id, decoded.version, decoded.quirks), (2, version, Quirks::NONE));
}

fn encoded(body: &impl Body, version: Version) -> BytesMut {
    let mut wire = BytesMut::new();
    encode(body, version, 1, &mut wire).unwrap();
    wire
}

#[test]
fn trap_5_connect_resp_tells_the_server_s_version_by_its_length() {
    for asked in BOTH {
        for version in BOTH {
            let wire = golden_wire(version, "CMPP_CONNECT_RESP", 23);
            let decoded = decode(&wire, asked).unwrap();
            assert_eq!(decoded.version, version);
            assert_eq!(decoded.quirks, if asked == version { Quirks::NONE } else { Quirks::OTHER_LAYOUT });
            let Pdu::ConnectResp(response) = decoded.pdu else { panic!("not a CONNECT_RESP") };
            assert_eq!((response.status, response.version), (0, version.byte()));
        }
    }
}

#[test]
fn trap_7_a_status_above_5_is_kept() {
    let response = ConnectResp { status: 77, version: 0x20, ..Default::default() };
    for version in BOTH {
        assert_eq!(decode(&encoded(&response, version), version).unwrap().pdu, Pdu::ConnectResp(response));
    }
}

#[test]
fn trap_9_responses_are_taken_in_either_width() {
    let responses = [
        Pdu::from(SubmitResp { msg_id: ID, result: 8 }),
        Pdu::from(DeliverResp { msg_id: ID, result: 9 }),
        Pdu::from(CancelResp { success_id: 1 }),
        Pdu::from(FwdResp { msg_id: ID, pk_total: 2, pk_number: 1, result: 9 }),
        Pdu::from(MtRouteUpdateResp { result: 1, ..Default::default() }),
    ];
    for response in responses {
        for version in BOTH {
            let wire = encoded(&response, version);
            let decoded = decode(&wire, version.other()).unwrap();
            assert_eq!(decoded.pdu, response);
            assert_eq!((decoded.quirks, decoded.version), (Quirks::OTHER_LAYOUT, version));
        }
    }
}

#[test]
fn trap_10_reports_are_read_by_their_length_in_either_version() {
    let report = Report { msg_id: ID, stat: b"MA:0001", dest_terminal_id: b"8613800138000", smsc_sequence: 9, ..Default::default() };
    for session in BOTH {
        for layout in BOTH {
            let mut content = BytesMut::new();
            report.encode(layout, &mut content).unwrap();
            let deliver = Deliver { registered_delivery: 1, msg_content: &content, ..Default::default() };
            let wire = encoded(&deliver, session);
            let decoded = decode(&wire, session).unwrap();
            let Pdu::Deliver(deliver) = decoded.pdu else { panic!("not a DELIVER") };
            assert_eq!(deliver.report(), Some(report));
            assert_eq!(decoded.quirks, if session == layout { Quirks::NONE } else { Quirks::ODD_REPORT });
            // Without SMSC_sequence, and with something behind it.
            let cut = Report::decode(&content[..content.len() - 4]).unwrap();
            assert_eq!(cut, Report { smsc_sequence: 0, ..report });
            assert_eq!(Report::decode(&[&content[..], b"more"].concat()), Ok(report));
        }
    }
    assert_eq!(Report::decode(&[b'0'; 55]), Err(ReportError { length: 55 }));
}

#[test]
fn trap_10_a_missing_or_short_tail_is_empty() {
    for version in BOTH {
        for (wire, tail) in [(submit(version), tail(version)), (deliver(version), tail(version))] {
            let missing = mended(wire[..wire.len() - tail].to_vec());
            let short = mended(wire[..wire.len() - tail + 3].to_vec());
            for (wire, quirk, ignored) in [(missing, Quirks::MISSING_TAIL, 0), (short, Quirks::SHORT_TAIL, 3)] {
                let decoded = decode(&wire, version).unwrap();
                assert_eq!((decoded.quirks, decoded.ignored.len()), (quirk, ignored));
                match decoded.pdu {
                    Pdu::Submit(submit) => assert!(submit.reserve.is_empty() && submit.link_id.is_empty()),
                    Pdu::Deliver(deliver) => assert!(deliver.reserve.is_empty() && deliver.link_id.is_empty()),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn trap_10_a_longer_tail_is_ignored_and_told() {
    for version in BOTH {
        for wire in [submit(version), deliver(version), golden_wire(version, "CMPP_SUBMIT_RESP", 2)] {
            let plain = decode(&wire, version).unwrap().pdu;
            let long = mended([&wire[..], b"x"].concat());
            let decoded = decode(&long, version).unwrap();
            assert_eq!((decoded.quirks, decoded.ignored, decoded.pdu), (Quirks::LONG_TAIL, &b"x"[..], plain));
        }
    }
}

#[test]
fn trap_11_active_test_resp_may_lack_its_octet() {
    for version in BOTH {
        let bare = pdu(CommandId::ACTIVE_TEST_RESP.0, 7, b"");
        let decoded = decode(&bare, version).unwrap();
        assert_eq!((decoded.pdu, decoded.quirks), (Pdu::ActiveTestResp(ActiveTestResp { reserved: 0 }), Quirks::MISSING_TAIL));
        assert_eq!(encoded(&ActiveTestResp::default(), version).len(), 13);
    }
}

#[test]
fn trap_13_an_unknown_command_has_no_answer() {
    for id in [3, 0x18, 0x8000_0018, 0x0100_0000] {
        let error = decode(&pdu(id, 77, b"something"), Version::V3).unwrap_err();
        assert_eq!((error.command_id, error.sequence_id), (CommandId(id), 77));
        assert_eq!((error.kind, error.result), (DecodeErrorKind::UnknownCommand, 2));
        let mut answer = BytesMut::new();
        assert!(!error.encode_answer(Version::V3, &mut answer) && answer.is_empty());
    }
}

#[test]
fn trap_17_tp_udhi_0x40_means_a_header_as_well() {
    for version in BOTH {
        let mut wire = deliver(version);
        wire[52] = 0x40;
        let decoded = decode(&wire, version).unwrap();
        let Pdu::Deliver(deliver) = decoded.pdu else { panic!("not a DELIVER") };
        assert_eq!((deliver.tp_udhi, decoded.quirks), (0x40, Quirks::ODD_VALUE));
        assert!(deliver.has_udh() && !Deliver::default().has_udh());
        assert!(Submit { tp_udhi: 1, ..Default::default() }.has_udh());
        let error = encode(&deliver, version, 1, &mut BytesMut::new()).unwrap_err();
        assert_eq!(error.to_string(), "CMPP_DELIVER: TP_udhi is 64, 0 to 1 are allowed");
    }
}

#[test]
fn trap_22_content_is_taken_up_to_255_octets_and_sent_within_bounds() {
    for version in BOTH {
        for (msg_fmt, most) in [(0, 160), (4, 140), (8, 140), (15, 140)] {
            let content = [b'x'; 256];
            let of = |length| Submit {
                msg_fmt,
                dest_terminal_id: Terminals::one(b"13800138000"),
                msg_content: &content[..length],
                ..Default::default()
            };
            let mut wire = BytesMut::new();
            assert_eq!(encode(&of(most), version, 1, &mut wire), Ok(()));
            assert_eq!(decode(&wire, version).unwrap().quirks, Quirks::NONE);
            let too_long = EncodeError::TooLong { command: "CMPP_SUBMIT", field: "Msg_Content", length: most + 1, max: most };
            assert_eq!(encode(&of(most + 1), version, 1, &mut wire), Err(too_long));
            let wide = Encoder::new(version).max_content(255);
            wire.clear();
            assert_eq!(wide.encode(&of(255), 1, &mut wire), Ok(()));
            let decoded = decode(&wire, version).unwrap();
            assert_eq!(decoded.quirks, Quirks::LONG_CONTENT);
            assert!(matches!(decoded.pdu, Pdu::Submit(submit) if submit.msg_content.len() == 255));
            assert!(wide.encode(&of(256), 1, &mut wire).is_err());
        }
    }
}

#[test]
fn trap_24_a_coding_outside_the_standard_s_list_is_kept() {
    for version in BOTH {
        let flash = Deliver { msg_fmt: 24, msg_content: b"\0!", ..Default::default() };
        let wire = encoded(&flash, version);
        let decoded = decode(&wire, version).unwrap();
        assert!(matches!(decoded.pdu, Pdu::Deliver(deliver) if deliver.msg_fmt == 24 && deliver.msg_content == b"\0!"));
        assert_eq!(decoded.quirks, Quirks::NONE);
    }
}

#[test]
fn trap_25_strings_stop_at_the_first_nul_and_lose_trailing_spaces() {
    for version in BOTH {
        let mut wire = submit(version);
        wire[24..34].copy_from_slice(b"SV C      ");
        let decoded = decode(&wire, version).unwrap();
        assert!(matches!(decoded.pdu, Pdu::Submit(submit) if submit.service_id == b"SV C"));
        assert_eq!(decoded.quirks, Quirks::NOT_NUL_FILLED);
        wire[24..34].copy_from_slice(b"SVC\0junk\0\0");
        let decoded = decode(&wire, version).unwrap();
        assert!(matches!(decoded.pdu, Pdu::Submit(submit) if submit.service_id == b"SVC"));
        assert_eq!(decoded.quirks, Quirks::NOT_NUL_FILLED);
        wire[24..34].copy_from_slice(b"0123456789");
        let decoded = decode(&wire, version).unwrap();
        assert!(matches!(decoded.pdu, Pdu::Submit(submit) if submit.service_id == b"0123456789"), "a full field has no NUL");
        assert_eq!(decoded.quirks, Quirks::NONE);
    }
}

#[test]
fn trap_25_a_number_of_zeros_is_empty_and_a_fee_of_zeros_is_not() {
    for version in BOTH {
        let mut wire = submit(version);
        wire[35..35 + 21].copy_from_slice(&[b'0'; 21]);
        let decoded = decode(&wire, version).unwrap();
        let Pdu::Submit(submit) = decoded.pdu else { panic!("not a SUBMIT") };
        assert_eq!((submit.fee_terminal_id, submit.fee_code), (&b""[..], &b"000000"[..]));
        assert_eq!(decoded.quirks, Quirks::ZERO_NUMBER);
    }
}

#[test]
fn trap_25_recipients_are_trimmed_alike() {
    let mut wire = submit(Version::V2);
    wire[129..150].copy_from_slice(b"+8613800138000       ");
    wire[150..171].copy_from_slice(&[b'0'; 21]);
    let decoded = decode(&wire, Version::V2).unwrap();
    let Pdu::Submit(submit) = decoded.pdu else { panic!("not a SUBMIT") };
    assert!(submit.dest_terminal_id.iter().eq([&b"+8613800138000"[..], b""]));
    assert_eq!(decoded.quirks, Quirks::NOT_NUL_FILLED.union(Quirks::ZERO_NUMBER));
    let empty = EncodeError::Empty { command: "CMPP_SUBMIT", field: "Dest_terminal_Id" };
    assert_eq!(encode(&submit, Version::V2, 1, &mut BytesMut::new()), Err(empty));
}

#[test]
fn trap_26_up_to_255_recipients_are_taken_and_99_sent() {
    let numbers: Vec<String> = (0..256).map(|n| format!("13800138{n:03}")).collect();
    let numbers: Vec<&[u8]> = numbers.iter().map(|number| number.as_bytes()).collect();
    for version in BOTH {
        let to = |count: usize| Submit { dest_terminal_id: Terminals::from(&numbers[..count]), ..Default::default() };
        let mut wire = BytesMut::new();
        assert_eq!(encode(&to(99), version, 1, &mut wire), Ok(()));
        assert_eq!(decode(&wire, version).unwrap().quirks, Quirks::NONE);
        for count in [0, 100] {
            let out_of_range =
                EncodeError::OutOfRange { command: "CMPP_SUBMIT", field: "DestUsr_tl", value: count as i64, min: 1, max: 99 };
            assert_eq!(encode(&to(count), version, 1, &mut wire), Err(out_of_range));
        }
        let many = Encoder::new(version).max_recipients(255);
        wire.clear();
        assert_eq!(many.encode(&to(255), 1, &mut wire), Ok(()));
        assert!(many.encode(&to(256), 1, &mut wire).is_err());
        let decoded = decode(&wire, version).unwrap();
        assert_eq!(decoded.quirks, Quirks::MANY_RECIPIENTS);
        let Pdu::Submit(submit) = decoded.pdu else { panic!("not a SUBMIT") };
        assert!(submit.dest_terminal_id.iter().eq(numbers[..255].iter().copied()));
        assert_eq!(submit.dest_terminal_id.get(254), Some(&b"13800138254"[..]));
        assert_eq!((submit.dest_terminal_id.len(), submit.dest_terminal_id.get(255)), (255, None));
    }
}

#[test]
fn trap_28_registered_delivery_is_believed_only_where_a_report_may_be() {
    for version in BOTH {
        let mut wire = deliver(version);
        let at = if version == Version::V2 { 75 } else { 87 };
        wire[at] = 1;
        let decoded = decode(&wire, version).unwrap();
        assert_eq!(decoded.quirks, Quirks::ODD_REPORT);
        assert!(matches!(decoded.pdu, Pdu::Deliver(deliver) if deliver.report().is_none() && deliver.msg_content.len() == 4));
        let mut wire = golden_wire(version, "CMPP_DELIVER", 3);
        wire[at] = 2;
        let decoded = decode(&wire, version).unwrap();
        assert_eq!(decoded.quirks, Quirks::ODD_VALUE);
        assert!(matches!(decoded.pdu, Pdu::Deliver(deliver) if deliver.report().is_some_and(|report| report.msg_id == ID)));
    }
}

#[test]
fn trap_29_reserve_and_link_id_are_raw_octets_end_to_end() {
    let octets: Vec<u8> = (0..20).map(|n| n * 13).collect();
    for version in BOTH {
        let mut wire = submit(version);
        let at = wire.len() - tail(version);
        wire[at..].copy_from_slice(&octets[..tail(version)]);
        let decoded = decode(&wire, version).unwrap();
        let Pdu::Submit(submit) = decoded.pdu else { panic!("not a SUBMIT") };
        assert_eq!([submit.reserve, submit.link_id].concat(), octets[..tail(version)]);
        let mut again = BytesMut::new();
        encode(&submit, version, 2, &mut again).unwrap();
        assert_eq!(again, wire);
    }
}

#[test]
fn no_recipient_is_a_structure_error() {
    for version in BOTH {
        let mut wire = submit(version);
        wire[count_at(version)] = 0;
        let error = decode(&wire, version).unwrap_err();
        assert_eq!((error.field, error.kind), ("DestUsr_tl", DecodeErrorKind::NoRecipient));
        assert_eq!(error.to_string(), "CMPP_SUBMIT (Sequence_Id 2): DestUsr_tl is 0: there is no recipient (result 1)");
        assert_submit_refused(&wire, version, result::STRUCTURE_ERROR);
    }
}

#[test]
fn more_recipients_than_octets_are_a_structure_error() {
    for version in BOTH {
        let mut wire = submit(version);
        wire[count_at(version)] = 255;
        let error = decode(&wire, version).unwrap_err();
        assert!(error.field == "DestUsr_tl" && matches!(error.kind, DecodeErrorKind::PastEnd { .. }), "{error}");
        assert_submit_refused(&wire, version, result::STRUCTURE_ERROR);
    }
}

#[test]
fn msg_length_past_the_end_is_a_message_length_error() {
    for version in BOTH {
        let mut wire = submit(version);
        let at = wire.len() - tail(version) - 12 - 1;
        assert_eq!(wire[at], 12);
        wire[at] = 200;
        let error = decode(&wire, version).unwrap_err();
        assert_eq!((error.field, error.kind), ("Msg_Length", DecodeErrorKind::PastEnd { announced: 200, available: 12 + tail(version) }));
        assert_submit_refused(&wire, version, result::MESSAGE_LENGTH_ERROR);
    }
}

#[test]
fn a_refused_deliver_or_fwd_is_named_by_its_msg_id() {
    for version in BOTH {
        let mut wire = deliver(version);
        let at = wire.len() - tail(version) - 4 - 1;
        wire[at] = 255;
        let answer = refusal(&wire, version);
        let expected = Pdu::DeliverResp(DeliverResp { msg_id: ID, result: result::MESSAGE_LENGTH_ERROR });
        assert_eq!(decode(&answer, version).unwrap().pdu, expected);
        let wire = mended(golden_wire(version, "CMPP_FWD", 9)[..50].to_vec());
        let answer = refusal(&wire, version);
        let Pdu::FwdResp(response) = decode(&answer, version).unwrap().pdu else { panic!("not a FWD_RESP") };
        assert_eq!((response.msg_id, response.result), (ID, result::STRUCTURE_ERROR));
    }
}

#[test]
fn a_frame_of_another_length_than_it_says_is_refused() {
    let wire = submit(Version::V3);
    for frame in [&wire[..wire.len() - 1], &[&wire[..], b"\0"].concat()] {
        let error = decode(frame, Version::V3).unwrap_err();
        assert_eq!((error.field, error.kind), ("Total_Length", DecodeErrorKind::WrongFrameLength));
    }
    assert_eq!(decode(b"\0\0\0\x0c", Version::V3).unwrap_err().kind, DecodeErrorKind::WrongFrameLength);
}

#[test]
fn what_2_0_does_not_have_is_left_out_and_get_mo_route_refused() {
    let submit = Submit {
        dest_terminal_id: Terminals::one(b"1"),
        link_id: b"link",
        fee_terminal_type: 1,
        reserve: b"12345678",
        ..Default::default()
    };
    let wire = encoded(&submit, Version::V2);
    assert_eq!(wire.len(), 138 + 21);
    let Pdu::Submit(again) = decode(&wire, Version::V2).unwrap().pdu else { panic!("not a SUBMIT") };
    assert_eq!((again.link_id, again.fee_terminal_type, again.reserve), (&b""[..], 0, &b"12345678"[..]));
    let wire = encoded(&submit, Version::V3);
    let Pdu::Submit(again) = decode(&wire, Version::V3).unwrap().pdu else { panic!("not a SUBMIT") };
    assert_eq!((again.link_id, again.fee_terminal_type, again.reserve), (&b"link\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..], 1, &b""[..]));
    let error = encode(&GetMoRoute::default(), Version::V2, 1, &mut BytesMut::new()).unwrap_err();
    assert_eq!(error.to_string(), "CMPP_GET_MO_ROUTE does not exist in CMPP 2.0");
}

#[test]
fn values_that_the_standard_does_not_know_are_not_sent() {
    let good = Submit { dest_terminal_id: Terminals::one(b"1"), ..Default::default() };
    let wrong = [
        ("Pk_total", Submit { pk_total: 0, ..good }),
        ("Pk_number", Submit { pk_number: 0, ..good }),
        ("Registered_Delivery", Submit { registered_delivery: 3, ..good }),
        ("Fee_UserType", Submit { fee_user_type: 4, ..good }),
        ("Fee_terminal_type", Submit { fee_terminal_type: 2, ..good }),
        ("TP_udhi", Submit { tp_udhi: 2, ..good }),
        ("Dest_terminal_type", Submit { dest_terminal_type: 2, ..good }),
    ];
    for (name, submit) in wrong {
        let mut wire = BytesMut::from(&b"before"[..]);
        let error = encode(&submit, Version::V3, 1, &mut wire).unwrap_err();
        assert!(matches!(error, EncodeError::OutOfRange { command: "CMPP_SUBMIT", field, .. } if field == name), "{error}");
        assert_eq!(&wire[..], b"before");
    }
    let bill = Submit { registered_delivery: 2, ..good };
    assert_eq!(encode(&bill, Version::V2, 1, &mut BytesMut::new()), Ok(()), "2.0 knows a billing record");
    assert!(encode(&bill, Version::V3, 1, &mut BytesMut::new()).is_err());
    let error = encode(&SubmitResp { msg_id: ID, result: 256 }, Version::V2, 1, &mut BytesMut::new()).unwrap_err();
    assert_eq!(error.to_string(), "CMPP_SUBMIT_RESP: Result is 256, 0 to 255 are allowed");
    let error = encode(&Connect { timestamp: 1_231_235_960, ..Default::default() }, Version::V3, 1, &mut BytesMut::new()).unwrap_err();
    assert_eq!(error.to_string(), "CMPP_CONNECT: Timestamp is 1231235960, 0 to 1231235959 are allowed");
    let error = encode(&Submit { service_id: b"a\0b", ..good }, Version::V3, 1, &mut BytesMut::new()).unwrap_err();
    assert_eq!(error, EncodeError::ContainsNul { command: "CMPP_SUBMIT", field: "Service_Id" });
    let error = Report { stat: b"DELIVERED", ..Default::default() }.encode(Version::V2, &mut BytesMut::new()).unwrap_err();
    assert_eq!(error.to_string(), "status report: Stat has 9 octets, at most 7 are allowed");
}

#[test]
fn a_fwd_of_3_0_has_one_recipient() {
    let two = [&b"13800138000"[..], b"13900139000"];
    let fwd = Fwd { dest_id: Terminals::from(&two), ..Default::default() };
    assert_eq!(encode(&fwd, Version::V2, 1, &mut BytesMut::new()), Ok(()));
    assert!(matches!(encode(&fwd, Version::V3, 1, &mut BytesMut::new()), Err(EncodeError::OutOfRange { field: "DestUsr_tl", max: 1, .. })));
    let mut wire = BytesMut::new();
    Encoder::new(Version::V3).max_recipients(2).encode(&fwd, 1, &mut wire).unwrap();
    assert_eq!(decode(&wire, Version::V3).unwrap().quirks, Quirks::MANY_RECIPIENTS);
}

#[test]
fn fwd_carries_both_kinds_of_report() {
    let mut content = BytesMut::new();
    let report = MoReport { msg_id: ID, stat: b"SA:0054", deliver_time: b"2601020304", reserved: &[0; 4], ..Default::default() };
    report.encode(&mut content).unwrap();
    for version in BOTH {
        let fwd = Fwd { msg_fwd_type: Fwd::MO_REPORT, dest_id: Terminals::one(b""), msg_content: &content, ..Default::default() };
        let wire = encoded(&fwd, version);
        let decoded = decode(&wire, version).unwrap();
        let Pdu::Fwd(fwd) = decoded.pdu else { panic!("not a FWD") };
        assert_eq!((fwd.mo_report(), fwd.report(), decoded.quirks), (Some(report), None, Quirks::NONE));
        let text = describe::describe(&wire, Some(version)).to_string();
        assert!(text.contains("Stat: SA:0054 (no response of the SP)"), "{text}");
    }
    assert!(MoReport::decode(&content[..56]).is_ok_and(|report| report.reserved.is_empty()));
    assert_eq!(MoReport::decode(&content[..55]), Err(ReportError { length: 55 }));
}
