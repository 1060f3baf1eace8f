//! Gateways (ISMGs) as they really behave: reports before the response, on another link, about another form of the number, in either
//! length; flow control; a login that speaks another version than it was asked for; answers that do not come.

use std::time::Duration;

use waxwing_tests::cmpp::ismg::Proof;
use waxwing_tests::cmpp::{Deliver, Ismg, Link, Report, Version};
use waxwing_tests::smpp::{self, Esme};
use waxwing_tests::{Config, Gateway, to_ismg};

const BOUND: Duration = Duration::from_secs(20);
const PHONE: &str = "13800138000";

/// A message from an SMPP client that wants a receipt: its id there.
fn submit(esme: &mut Esme, text: &str) -> String {
    let answer = esme.submit(&smpp::Submit { dest: format!("86{PHONE}"), registered_delivery: 1, ..smpp::Submit::new(text) });
    assert_eq!(answer.status, 0);
    answer.first_string()
}

fn assert_receipt(esme: &mut Esme, id: &str, stat: &str) {
    let receipt = esme.wait_for_receipt(BOUND);
    assert!(receipt.contains(&format!("id:{id}")) && receipt.contains(&format!("stat:{stat}")), "{receipt}, wanted {id} {stat}");
}

/// A gateway that is to connect to this ISMG; not yet up.
fn start(ismg: &Ismg, connector: &str) -> Gateway {
    Gateway::start(&Config::new().shop().cmpp_connector(ismg.address(), connector).route_to_carrier())
}

fn report(id: u64, phone: &str) -> Report {
    Report::new(id, "DELIVRD", phone)
}

#[test]
fn before_the_response() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut esme = Esme::bound(gateway.smpp());
    for (number, id) in [(1, 0x3d5f_0001_03e9_0001), (2, 0xc2a0_0001_03e9_ffff)] {
        let submitted = submit(&mut esme, &format!("early {number}"));
        let incoming = link.wait_for_submit();
        assert_eq!((incoming.submit.registered_delivery, incoming.submit.recipients.as_slice()), (1, [PHONE.to_owned()].as_slice()));
        link.report(id, "DELIVRD", PHONE);
        link.answer(&incoming, id, 0);
        assert_receipt(&mut esme, &submitted, "DELIVRD");
    }
}

#[test]
fn on_another_link() {
    let ismg = Ismg::start();
    let gateway = start(&ismg, "links = 2");
    let mut links = [ismg.login(), ismg.login()];
    gateway.wait_until_up("carrier");
    let mut esme = Esme::bound(gateway.smpp());
    // Over whichever link it comes, its report comes over the other, once after the response and once before.
    for (early, id) in [(false, 77), (true, 78)] {
        let submitted = submit(&mut esme, "on one of them");
        let chosen = || (0..2).find(|index| !links[*index].gets_nothing(Duration::from_millis(10)));
        let first = waxwing_tests::until_some("a SUBMIT", BOUND, chosen);
        let incoming = links[first].wait_for_submit();
        if early {
            links[1 - first].report(id, "UNDELIV", PHONE);
        }
        links[first].answer(&incoming, id, 0);
        if !early {
            // The answer is on its way through another socket: what comes first is not ours to say.
            links[1 - first].report(id, "UNDELIV", PHONE);
        }
        assert_receipt(&mut esme, &submitted, "UNDELIV");
    }
}

#[test]
fn about_another_form_of_the_number() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut esme = Esme::bound(gateway.smpp());
    for (phone, id) in [("8613800138000", 101), ("+8613800138000", 102), ("13800138000", 103), ("008613800138000", 104)] {
        let submitted = submit(&mut esme, phone);
        assert_eq!(link.take(id).recipients, [PHONE]);
        link.report(id, "DELIVRD", phone);
        assert_receipt(&mut esme, &submitted, "DELIVRD");
    }
}

#[test]
fn two_messages_under_the_same_id_to_two_phones() {
    // An ISMG that gives a number of its own to nobody: the phone tells the two apart.
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut esme = Esme::bound(gateway.smpp());
    let submitted = ["13800138001", "13800138002"].map(|phone| {
        let message = smpp::Submit { dest: format!("86{phone}"), registered_delivery: 1, ..smpp::Submit::new(phone) };
        let id = esme.submit(&message).first_string();
        assert_eq!(link.take(4711).text(), phone);
        id
    });
    link.report(4711, "UNDELIV", "13800138002");
    assert_receipt(&mut esme, &submitted[1], "UNDELIV");
    link.report(4711, "DELIVRD", "13800138001");
    assert_receipt(&mut esme, &submitted[0], "DELIVRD");
}

#[test]
fn in_either_length_and_without_a_tail() {
    for (version, octets) in [(0x30, 60), (0x30, 71), (0x20, 60), (0x20, 71)] {
        let ismg = Ismg::start();
        let gateway = start(&ismg, "");
        let (mut link, connect) = ismg.accept();
        link.answer_connect(&connect, 0, version, Proof::Right);
        gateway.wait_until_up("carrier");
        let mut esme = Esme::bound(gateway.smpp());
        let submitted = submit(&mut esme, "one");
        link.take(7);
        assert_eq!(link.deliver(&Deliver::of_report(&report(7, PHONE), octets)), 0);
        assert_receipt(&mut esme, &submitted, "DELIVRD");

        // Some leave out Reserved, or LinkID.
        let submitted = submit(&mut esme, "two");
        link.take(8);
        let whole = Deliver::of_report(&report(8, PHONE), octets).body(link.version());
        let tail = if link.version() == Version::V3 { 20 } else { 8 };
        let pdu = waxwing_tests::cmpp::Pdu {
            command: waxwing_tests::cmpp::command::DELIVER,
            sequence: 1,
            body: whole[..whole.len() - tail].to_vec(),
        };
        link.send_octets(&pdu.encode());
        assert_receipt(&mut esme, &submitted, "DELIVRD");
    }
}

#[test]
fn flow_control_pauses_and_loses_nothing() {
    let (gateway, _ismg, mut link) = to_ismg("throttle_pause = \"200ms\"");
    let mut esme = Esme::bound(gateway.smpp());
    let submitted = submit(&mut esme, "not now");
    for _ in 0..3 {
        let incoming = link.wait_for_submit();
        assert_eq!(incoming.submit.text(), "not now");
        link.answer(&incoming, 0, 8);
    }
    link.take(55);
    link.report(55, "DELIVRD", PHONE);
    assert_receipt(&mut esme, &submitted, "DELIVRD");
    waxwing_tests::until("it is counted", BOUND, || gateway.metric("waxwing_messages_throttled_total", &["connector=\"carrier\""]) == 3.0);
}

#[test]
fn a_refusal_becomes_a_failure() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut esme = Esme::bound(gateway.smpp());
    let submitted = submit(&mut esme, "to a bad number");
    let incoming = link.wait_for_submit();
    link.answer(&incoming, 0, 13);
    assert_receipt(&mut esme, &submitted, "REJECTD");
    assert!(link.gets_nothing(Duration::from_millis(300)), "it is not sent again");
}

#[test]
fn stat_values_that_are_no_words() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut esme = Esme::bound(gateway.smpp());
    for (stat, id, mapped) in
        [("MA:0001", 1, "UNDELIV"), ("REJECTD", 2, "REJECTD"), ("EXPIRED", 3, "EXPIRED"), ("DELETED", 4, "DELETED"), ("2", 5, "UNDELIV")]
    {
        let submitted = submit(&mut esme, stat);
        link.take(id);
        // Intermediate: nothing is told the submitter.
        link.report(id, "ACCEPTD", PHONE);
        link.report(id, stat, PHONE);
        assert_receipt(&mut esme, &submitted, mapped);
    }
}

#[test]
fn a_server_of_version_2_that_says_so_in_its_answer() {
    let ismg = Ismg::start();
    let gateway = start(&ismg, "");
    let (mut link, connect) = ismg.accept();
    assert_eq!(connect.version, 0x30);
    link.answer_connect(&connect, 0, 0x20, Proof::Right);
    gateway.wait_until_up("carrier");
    assert_works(&gateway, &mut link);
}

#[test]
fn a_server_of_version_2_that_refuses_3() {
    for layout in [Version::V2, Version::V3] {
        let ismg = Ismg::start();
        let gateway = start(&ismg, "reconnect_min = \"50ms\"");
        let (mut link, connect) = ismg.accept();
        assert_eq!(connect.version, 0x30);
        // Status 4, "version too high", in either layout; the version byte says what it speaks.
        link.refuse_connect(&connect, 4, 0x20, layout);
        drop(link);
        let (mut link, connect) = ismg.accept();
        assert_eq!(connect.version, 0x20, "it asks for less now");
        link.answer_connect(&connect, 0, 0x20, Proof::Right);
        gateway.wait_until_up("carrier");
        assert_works(&gateway, &mut link);
    }
}

#[test]
fn the_version_that_the_operator_set() {
    for (set, byte) in [("2.0", 0x20), ("2.1", 0x21), ("3.0", 0x30)] {
        let ismg = Ismg::start();
        let gateway = start(&ismg, &format!("version = \"{set}\""));
        let mut link = ismg.login();
        assert_eq!(link.version(), Version::of_byte(byte));
        gateway.wait_until_up("carrier");
        assert_works(&gateway, &mut link);
    }
}

fn assert_works(gateway: &Gateway, link: &mut Link) {
    let mut esme = Esme::bound(gateway.smpp());
    let submitted = submit(&mut esme, "it works");
    assert_eq!(link.take(9).text(), "it works");
    link.report(9, "DELIVRD", PHONE);
    assert_receipt(&mut esme, &submitted, "DELIVRD");
}

#[test]
fn a_server_that_does_not_prove_itself() {
    for (proof, version) in [(Proof::Empty, 0x20), (Proof::Wrong, 0x30), (Proof::FourOctets, 0x20)] {
        let ismg = Ismg::start();
        let gateway = start(&ismg, "");
        let (mut link, connect) = ismg.accept();
        link.answer_connect(&connect, 0, version, proof);
        gateway.wait_until_up("carrier");
        assert_works(&gateway, &mut link);
    }
    let ismg = Ismg::start();
    let gateway = start(&ismg, "strict_authenticator = true\nreconnect_min = \"50ms\"");
    let (mut link, connect) = ismg.accept();
    link.answer_connect(&connect, 0, 0x30, Proof::Wrong);
    link.wait_for_close();
    let mut link = ismg.login();
    gateway.wait_until_up("carrier");
    assert_works(&gateway, &mut link);
}

#[test]
fn a_login_that_is_refused_is_tried_again() {
    let ismg = Ismg::start();
    let gateway = start(&ismg, "reconnect_min = \"50ms\"\nversion = \"3.0\"");
    for status in [3, 5, 9] {
        let (mut link, connect) = ismg.accept();
        link.answer_connect(&connect, status, 0x30, Proof::Empty);
        link.wait_for_close();
    }
    let mut link = ismg.login();
    gateway.wait_until_up("carrier");
    assert_works(&gateway, &mut link);
}

#[test]
fn an_answer_that_does_not_come() {
    let (gateway, _ismg, mut link) = to_ismg("response_timeout = \"1s\"\nsends = 3");
    let mut esme = Esme::bound(gateway.smpp());
    let submitted = submit(&mut esme, "is anybody there?");
    let first = link.wait_for_submit();
    for _ in 0..2 {
        let again = link.wait_for_submit();
        assert!(again.same_as(&first), "{again:?}\n{first:?}");
    }
    link.answer(&first, 12, 0);
    link.report(12, "DELIVRD", PHONE);
    assert_receipt(&mut esme, &submitted, "DELIVRD");
}

#[test]
fn a_connection_that_breaks_before_the_answer() {
    let (gateway, ismg, mut link) = to_ismg("reconnect_min = \"50ms\"");
    let mut esme = Esme::bound(gateway.smpp());
    let submitted = submit(&mut esme, "twice if need be");
    link.wait_for_submit();
    drop(link);
    let mut link = ismg.login();
    assert_eq!(link.take(13).text(), "twice if need be");
    link.report(13, "DELIVRD", PHONE);
    assert_receipt(&mut esme, &submitted, "DELIVRD");
}

#[test]
fn a_report_after_the_connection_broke() {
    let (gateway, ismg, mut link) = to_ismg("reconnect_min = \"50ms\"");
    let mut esme = Esme::bound(gateway.smpp());
    let submitted = submit(&mut esme, "and then it broke");
    link.take(14);
    // The answer has been read when what was sent behind it is answered.
    link.deliver(&Deliver::new("unowned, or not"));
    drop(link);
    let mut link = ismg.login();
    link.report(14, "DELIVRD", PHONE);
    loop {
        let receipt = esme.wait_for_receipt(BOUND);
        if receipt.contains("stat:") {
            assert!(receipt.contains(&format!("id:{submitted}")), "{receipt}");
            break;
        }
    }
}

#[test]
fn the_window_is_kept() {
    let (gateway, _ismg, mut link) = to_ismg("window = 4");
    let mut esme = Esme::bound(gateway.smpp());
    for number in 0..10 {
        submit(&mut esme, &format!("{number}"));
    }
    let mut waiting: Vec<_> = (0..4).map(|_| link.wait_for_submit()).collect();
    assert!(link.gets_nothing(Duration::from_millis(300)), "four are unanswered");
    let first = waiting.remove(0);
    link.answer(&first, 1, 0);
    link.wait_for_submit();
    assert!(link.gets_nothing(Duration::from_millis(300)), "one for one");
}

#[test]
fn one_id_for_a_message_that_left_in_parts() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let body = serde_json::json!({"to": "+8613800138000", "from": "12345", "text": "长短信".repeat(50)});
    let answer = waxwing_tests::http::post_json_as(gateway.http(), "/api/v1/messages", "shop", "secret", &body);
    assert_eq!(answer.status, 202, "{}", answer.body);
    let id = answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned();
    let parts: Vec<_> = (21..24).map(|id| link.take(id)).collect();
    assert_eq!(parts.iter().map(|part| part.text()).collect::<String>(), "长短信".repeat(50));
    for (part, number) in parts.iter().zip(1..) {
        assert_eq!((part.pk_total, part.pk_number, part.tp_udhi, &part.content[..3]), (3, number, 1, [5, 0, 3].as_slice()));
    }
    for id in [23, 21] {
        link.report(id, "DELIVRD", PHONE);
    }
    link.report(22, "UNDELIV", PHONE);
    gateway.wait_for_state(&id, &["undeliverable"]);
}
