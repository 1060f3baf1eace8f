//! A client of one protocol reaches a carrier of another: text in every coding, long messages, receipts and validity are carried across.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::cmpp::{self, Sp, clock, ucs2};
use waxwing_tests::http;
use waxwing_tests::smpp::{self, Esme};
use waxwing_tests::{cmpp_relay, cmpp_relay_with, to_ismg};

const BOUND: Duration = Duration::from_secs(20);
const PHONE: &str = "13800138000";
/// 你好 in GB 18030.
const NI_HAO_GB: &[u8] = &[0xc4, 0xe3, 0xba, 0xc3];

fn from_smpp(text: &[u8], data_coding: u8) -> smpp::Submit {
    smpp::Submit { dest: format!("86{PHONE}"), data_coding, text: text.to_vec(), registered_delivery: 1, ..smpp::Submit::new("") }
}

#[test]
fn smpp_in_cmpp_out() {
    for version in ["2.0", "3.0"] {
        let (gateway, _ismg, mut link) = to_ismg(&format!("version = \"{version}\"\nservice_id = \"HELP\"\nfee_code = \"000010\""));
        let mut esme = Esme::bound(gateway.smpp());
        let smiling = "你好🙂";
        let cases: [(&[u8], u8, u8, Vec<u8>); 5] = [
            (b"plain ASCII", 0, 0, b"plain ASCII".to_vec()),
            (&ucs2(smiling), 8, 8, ucs2(smiling)),
            (&ucs2("flash"), 0x18, 24, ucs2("flash")),
            (&[0, 1, 0xfe, 0xff], 4, 4, vec![0, 1, 0xfe, 0xff]),
            // A character that the GSM alphabet has and ASCII has not.
            (&[0x07], 0, 8, ucs2("ì")),
        ];
        for ((text, data_coding, msg_fmt, content), id) in cases.into_iter().zip(1..) {
            let answer = esme.submit(&from_smpp(text, data_coding));
            assert_eq!(answer.status, 0);
            let submit = link.take(id);
            assert_eq!((submit.msg_fmt, &submit.content), (msg_fmt, &content), "{text:02x?} with data_coding {data_coding}");
            assert_eq!((submit.pk_total, submit.pk_number, submit.tp_udhi, submit.msg_id), (1, 1, 0, 0));
            assert_eq!((submit.recipients.as_slice(), submit.src_id.as_str()), ([PHONE.to_owned()].as_slice(), "12345"));
            assert_eq!((submit.msg_src.as_str(), submit.service_id.as_str(), submit.fee_code.as_str()), ("901234", "HELP", "000010"));
            link.report(id, "DELIVRD", PHONE);
            let receipt = esme.wait_for_receipt(BOUND);
            assert!(receipt.contains(&format!("id:{}", answer.first_string())) && receipt.contains("stat:DELIVRD"), "{receipt}");
        }
    }
}

#[test]
fn smpp_in_cmpp_out_in_gb() {
    let (gateway, _ismg, mut link) = to_ismg("wide = \"gbk\"");
    let mut esme = Esme::bound(gateway.smpp());
    assert_eq!(esme.submit(&from_smpp(&ucs2("你好"), 8)).status, 0);
    let submit = link.take(1);
    assert_eq!((submit.msg_fmt, submit.content.as_slice()), (15, NI_HAO_GB));
    assert_eq!(esme.submit(&from_smpp(b"plain", 0)).status, 0);
    assert_eq!(link.take(2).msg_fmt, 0);
    // 70 characters in one, 67 in a part, whatever their octets.
    let long = "好".repeat(100);
    let answer = http::post_json_as(
        gateway.http(),
        "/api/v1/messages",
        "shop",
        "secret",
        &json!({"to": format!("+86{PHONE}"), "from": "12345", "text": long}),
    );
    assert_eq!(answer.status, 202, "{}", answer.body);
    let parts = [link.take(3), link.take(4)];
    assert_eq!(parts.each_ref().map(|part| (part.msg_fmt, part.pk_number, part.content.len())), [(15, 1, 6 + 134), (15, 2, 6 + 66)]);
}

#[test]
fn a_header_of_ports_passes_untouched() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut esme = Esme::bound(gateway.smpp());
    let push = [&[6, 5, 4, 0x0b, 0x84, 0x23, 0xf0], b"\x01\x06\x03".as_slice()].concat();
    assert_eq!(esme.submit(&smpp::Submit { esm_class: 0x40, ..from_smpp(&push, 4) }).status, 0);
    let submit = link.take(1);
    assert_eq!((submit.tp_udhi, submit.msg_fmt, &submit.content), (1, 4, &push));
}

#[test]
fn a_message_payload_leaves_in_parts() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut esme = Esme::bound(gateway.smpp());
    const MESSAGE_PAYLOAD: u16 = 0x0424;
    // The emoji stands where a cut at 67 units would go through it.
    let text = format!("{}🙂{}", "长".repeat(66), "短信。".repeat(30));
    let answer = esme.submit(&from_smpp(b"", 8).tlv(MESSAGE_PAYLOAD, &ucs2(&text)));
    assert_eq!(answer.status, 0);
    let parts = [link.take(31), link.take(32), link.take(33)];
    assert_eq!(parts.iter().map(cmpp::Submit::text).collect::<String>(), text);
    assert!(parts.iter().all(|part| part.content.len() <= 140 && part.tp_udhi == 1 && part.pk_total == 3));
    for id in [31, 32, 33] {
        link.report(id, "DELIVRD", PHONE);
    }
    let receipt = esme.wait_for_receipt(BOUND);
    assert!(receipt.contains(&format!("id:{}", answer.first_string())) && receipt.contains("stat:DELIVRD"), "{receipt}");
}

#[test]
fn a_validity_and_a_time() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut esme = Esme::bound(gateway.smpp());
    // Two hours from now, relative; and no validity at all.
    assert_eq!(esme.submit(&smpp::Submit { validity: "000000020000000R".into(), ..from_smpp(b"two hours", 0) }).status, 0);
    let valid = link.take(1).valid_time;
    assert_eq!(valid.len(), 16, "{valid}");
    assert!(valid.ends_with("32+"), "China's time: {valid}");
    let expected = cmpp::time(2 * 3_600);
    let minutes = |time: &str| {
        time[4..6].parse::<i64>().expect("a day") * 1_440
            + time[6..8].parse::<i64>().expect("an hour") * 60
            + time[8..10].parse::<i64>().expect("a minute")
    };
    assert!((minutes(&expected) - minutes(&valid)).abs() <= 1, "{valid}, about {expected}");
}

#[test]
fn http_in_cmpp_out() {
    let (gateway, _ismg, mut link) = to_ismg("src_id = \"10690001\"\nextend_src_id = true\nsignature = \"【行云】\"");
    let body = json!({"to": format!("+86{PHONE}"), "from": "12345", "text": "您的验证码是246810"});
    let answer = http::post_json_as(gateway.http(), "/api/v1/messages", "shop", "secret", &body);
    assert_eq!(answer.status, 202, "{}", answer.body);
    let submit = link.take(1);
    assert_eq!((submit.src_id.as_str(), submit.text().as_str()), ("1069000112345", "【行云】您的验证码是246810"));
    link.report(1, "MA:0001", PHONE);
    let message = gateway.wait_for_state(answer.json()["messages"][0]["id"].as_str().expect("an id"), &["undeliverable"]);
    assert!(message.to_string().contains("MA:0001"), "the carrier's own word is kept: {message:#}");
}

#[test]
fn cmpp_in_smpp_out() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let full = "x".repeat(160);
    for (version, round) in [(0x20, 0), (0x30, 1)] {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let binary = vec![0, 1, 0xfe, 0xff];
        let submits = [
            cmpp::Submit::new("plain ASCII @ $"),
            cmpp::Submit { msg_fmt: 15, content: [NI_HAO_GB, b" GB"].concat(), ..cmpp::Submit::new("") },
            cmpp::Submit::ucs2("你好🙂"),
            cmpp::Submit { msg_fmt: 24, ..cmpp::Submit::ucs2("flash") },
            cmpp::Submit::new(&full),
            cmpp::Submit { msg_fmt: 4, content: binary.clone(), ..cmpp::Submit::new("") },
            // Some set the bit of another protocol.
            cmpp::Submit {
                tp_udhi: 0x40,
                msg_fmt: 4,
                content: [&[6, 5, 4, 0x0b, 0x84, 0x23, 0xf0], binary.as_slice()].concat(),
                ..cmpp::Submit::new("")
            },
        ];
        for (submit, index) in submits.iter().zip(1..) {
            let id = sp.submit_ok(submit);
            assert_eq!((sp.wait_for_report(BOUND).msg_id, index), (id, index));
        }
        let seen = carrier.wait_for_submits(7 * (round + 1), BOUND)[7 * round..].to_vec();
        let texts: Vec<&Value> = seen.iter().map(|submit| &submit["text"]).collect();
        assert_eq!(texts[..5], ["plain ASCII @ $", "你好 GB", "你好🙂", "flash", full.as_str()], "{seen:#?}");
        assert_eq!(seen[3]["data_coding"], 0x18);
        assert_eq!((&seen[5]["data_coding"], &seen[5]["hex"]), (&json!(4), &json!("0001feff")));
        assert_eq!((&seen[6]["udh"], &seen[6]["hex"], &seen[6]["esm_class"]), (&json!(["05040b8423f0"]), &json!("0001feff"), &json!(0x40)));
        assert!(seen.iter().all(|submit| submit["source"] == "12345" && submit["dest"] == format!("86{PHONE}")), "{seen:#?}");
    }
}

#[test]
fn a_validity_of_an_sp_reaches_an_smpp_carrier() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    sp.submit_ok(&cmpp::Submit { valid_time: cmpp::time(3 * 3_600), ..cmpp::Submit::new("three hours") });
    let validity = carrier.wait_for_submits(1, BOUND)[0]["validity"].as_str().expect("a validity_period").to_owned();
    let [.., hour, minute, _] = clock(3 * 3_600, 0);
    // As the carrier's library reads it: UTC in ISO 8601.
    let about = [format!("T{hour:02}:{minute:02}"), format!("T{:02}:{:02}", (hour * 60 + minute + 1_439) / 60 % 24, (minute + 59) % 60)];
    assert!(about.iter().any(|time| validity.contains(time)), "{validity}, about {about:?}");
    // Over before it began.
    let (id, result) = sp.submit(&cmpp::Submit { valid_time: cmpp::time(-3_600), ..cmpp::Submit::new("too late") });
    if result == 0 {
        let report = loop {
            let report = sp.wait_for_report(BOUND);
            if report.msg_id == id {
                break report;
            }
        };
        assert_eq!(report.stat, "EXPIRED");
    }
    assert_eq!(carrier.submits().len(), 1);
}

#[test]
fn states_of_an_smpp_carrier_become_stats() {
    for (state, stat) in
        [("DELIVRD", "DELIVRD"), ("UNDELIV", "UNDELIV"), ("EXPIRED", "EXPIRED"), ("REJECTD", "REJECTD"), ("DELETED", "DELETED")]
    {
        let (gateway, _carrier) = cmpp_relay(json!({"receipt_state": state}));
        let mut sp = Sp::ready(gateway.cmpp(), 0x20);
        let id = sp.submit_ok(&cmpp::Submit::new(state));
        let report = sp.wait_for_report(BOUND);
        assert_eq!((report.msg_id, report.stat.as_str()), (id, stat));
    }
}

#[test]
fn stats_of_an_ismg_reach_an_sp_as_they_came() {
    let (gateway, _ismg, mut link) = to_ismg("");
    for version in [0x20, 0x30] {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        for (stat, number) in ["DELIVRD", "MA:0001", "MK:0013", "HD:0001", "NOSEND", "2"].into_iter().zip(u64::from(version) << 32..) {
            let id = sp.submit_ok(&cmpp::Submit::new(stat));
            assert_eq!(link.take(number).text(), stat);
            link.report(number, stat, PHONE);
            let report = sp.wait_for_report(BOUND);
            assert_eq!((report.msg_id, report.stat.as_str(), report.dest_terminal_id.as_str()), (id, stat, PHONE));
        }
    }
}

#[test]
fn received_messages_go_the_other_way() {
    // From an SMPP carrier to an SP.
    let (gateway, mut carrier) = cmpp_relay_with(json!({}), "wide = \"ucs2\"", "");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    carrier.send_mo("8613800138000", "12345", "TD");
    let mo = sp.wait_for_mo(BOUND);
    assert_eq!((mo.text().as_str(), mo.src_terminal_id.as_str(), mo.dest_id.as_str()), ("TD", PHONE, "12345"));
    let long = ["long from the phone, ".repeat(7), "and its end".to_owned()];
    carrier.send_long_mo("8613800138000", "12345", &[&long[0], &long[1]]);
    let mut text = String::new();
    while text.len() < long.concat().len() {
        text += &sp.wait_for_mo(BOUND).text();
    }
    assert_eq!(text, long.concat());

    // From an ISMG to an SP, in parts: whole, or in parts that make the whole.
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let long = "长短信🙂".repeat(20);
    for (chunk, number) in ucs2(&long).chunks(134).zip(1..) {
        let content = [&[5, 0, 3, 0x42, 2, number], chunk].concat();
        assert_eq!(link.deliver(&cmpp::Deliver { msg_id: number.into(), msg_fmt: 8, tp_udhi: 1, content, ..cmpp::Deliver::new("") }), 0);
    }
    let mut text = String::new();
    while text.encode_utf16().count() < long.encode_utf16().count() {
        text += &sp.wait_for_mo(BOUND).text();
    }
    assert_eq!(text, long);
    sp.terminate();

    // From an ISMG to an ESME.
    let mut esme = Esme::bound(gateway.smpp());
    let cases: [(u8, Vec<u8>); 3] = [(0, b"TD".to_vec()), (8, ucs2("退订🙂")), (15, NI_HAO_GB.to_vec())];
    for ((msg_fmt, content), text) in cases.into_iter().zip(["TD", "退订🙂", "你好"]) {
        assert_eq!(link.deliver(&cmpp::Deliver { msg_fmt, content, ..cmpp::Deliver::new("") }), 0);
        let smpp::Received::Pdu(pdu) = esme.receive(BOUND) else { panic!("no MO of Msg_Fmt {msg_fmt}") };
        esme.answer(&pdu).expect("an answer");
        let octets = if text == "TD" { b"TD".to_vec() } else { ucs2(text) };
        assert_eq!(pdu.command, smpp::command::DELIVER_SM);
        assert!(pdu.body.windows(octets.len()).any(|window| window == octets), "{text} in {:02x?}", pdu.body);
    }
}
