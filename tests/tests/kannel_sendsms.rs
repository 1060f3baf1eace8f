//! `/cgi-bin/sendsms` as Kannel's clients call it, with Kannel's words in the answers and its escapes in the dlr-url.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::http::{self, Catcher, Response};
use waxwing_tests::{Gateway, relay};

const BOUND: Duration = Duration::from_secs(10);

fn sendsms(gateway: &Gateway, query: &str) -> Response {
    http::get(gateway.http(), &format!("/cgi-bin/sendsms?username=shop&password=secret&from=12345&{query}"))
}

fn assert_accepted(answer: &Response) {
    assert_eq!((answer.status, answer.body.as_str()), (202, "0: Accepted for delivery"));
}

#[test]
fn several_receivers_and_every_coding() {
    let (gateway, mut carrier) = relay(json!({}));
    let answer = sendsms(&gateway, "to=%2B447700900001+%2B447700900002+447700900003&text=100%25+%40home");
    assert_accepted(&answer);
    assert_eq!(answer.header("x-waxwing-message-id").map(|ids| ids.split(',').count()), Some(3));
    assert_accepted(&sendsms(&gateway, "to=%2B447700900004&coding=2&text=%04%1f%04%40%04%38"));
    assert_accepted(&sendsms(&gateway, "to=%2B447700900005&coding=2&charset=UTF-8&text=%D0%9F%D1%80%D0%B8"));
    assert_accepted(&sendsms(&gateway, "to=%2B447700900006&coding=1&udh=%06%05%04%15%81%15%81&text=%00%ff%7f"));
    assert_accepted(&sendsms(&gateway, "to=%2B447700900007&text=now&mclass=0"));
    assert_accepted(&sendsms(&gateway, "to=%2B447700900008&charset=ISO-8859-1&text=%e9"));
    let submits = carrier.wait_for_submits(8, BOUND).to_vec();
    let to = |number: u32| submits.iter().find(|s| s["dest"] == format!("44770090000{number}")).unwrap_or_else(|| panic!("{submits:#?}"));
    for number in 1..=3 {
        assert_eq!(to(number)["text"], "100% @home");
    }
    for number in 4..=5 {
        assert_eq!((&to(number)["text"], &to(number)["data_coding"]), (&json!("При"), &json!(8)));
    }
    assert_eq!((&to(6)["hex"], &to(6)["udh"], &to(6)["data_coding"]), (&json!("00ff7f"), &json!(["050415811581"]), &json!(4)));
    assert!([json!(0x10), json!(0xf0)].contains(&to(7)["data_coding"]), "{:#}", to(7));
    assert_eq!(to(8)["text"], "é");
}

#[test]
fn the_dlr_url_is_called_with_its_escapes_filled() {
    let (gateway, _carrier) = relay(json!({}));
    let mut catcher = Catcher::start();
    let url = format!("http://{}/dlr?type=%d&reply=%A&id=%I&from=%p&to=%P&smsc=%i&own=a%20b", catcher.address());
    let escaped =
        url.replace('%', "%25").replace('&', "%26").replace('?', "%3F").replace('=', "%3D").replace(':', "%3A").replace('/', "%2F");
    let answer = sendsms(&gateway, &format!("to=%2B447700900123&text=hi&dlr-mask=31&dlr-url={escaped}"));
    assert_accepted(&answer);
    let id = answer.header("x-waxwing-message-id").expect("an id").to_owned();
    // 8: the carrier took it; 1: delivered to the phone.
    for (kind, reply) in [("8", "ACK/"), ("1", "stat:DELIVRD")] {
        let dlr = catcher.wait_for(&format!("DLR {kind}"), BOUND, |caught| caught.parameter("type").as_deref() == Some(kind));
        assert_eq!(dlr.method, "GET");
        assert!(dlr.parameter("reply").is_some_and(|text| text.contains(reply)), "{dlr:?}");
        assert_eq!(dlr.parameter("id").as_deref(), Some(id.as_str()));
        // The report comes from the phone and goes to whoever sent.
        assert_eq!(dlr.parameter("from").as_deref(), Some("+447700900123"), "{dlr:?}");
        assert_eq!(dlr.parameter("to").as_deref(), Some("12345"), "{dlr:?}");
        assert_eq!(dlr.parameter("smsc").as_deref(), Some("carrier"), "{dlr:?}");
        assert_eq!(dlr.parameter("own").as_deref(), Some("a b"), "{dlr:?}");
    }
}

#[test]
fn a_failure_calls_the_dlr_url_and_is_tried_again_until_it_answers() {
    let (gateway, mut carrier) = relay(json!({"receipt_state": "UNDELIV"}));
    let mut catcher = Catcher::start();
    catcher.refuse(1);
    let url = format!("http%3A%2F%2F{}%2Fdlr%3Ftype%3D%25d%26who%3D", catcher.address());
    assert_accepted(&sendsms(&gateway, &format!("to=%2B447700900001&text=hi&dlr-mask=2&dlr-url={url}undelivered")));
    let failed = |caught: &http::Caught| caught.parameter("type").as_deref() == Some("2");
    let first = catcher.wait_for("the DLR", BOUND, |caught| failed(caught) && caught.answered == 500);
    let second = catcher.wait_for("the DLR again", BOUND, |caught| failed(caught) && caught.answered == 200);
    assert_eq!(first.target, second.target);

    carrier.refuse(0x0b, 1);
    assert_accepted(&sendsms(&gateway, &format!("to=%2B447700900002&text=hi&dlr-mask=16&dlr-url={url}refused")));
    let refused = catcher.wait_for("the DLR of a refusal", BOUND, |caught| caught.parameter("who").as_deref() == Some("refused"));
    assert_eq!(refused.parameter("type").as_deref(), Some("16"));
}

#[test]
fn deferred_and_queued_ones_are_said_to_be_queued() {
    let (gateway, mut carrier) = relay(json!({}));
    let answer = sendsms(&gateway, "to=%2B447700900001&text=later&deferred=60");
    assert_eq!((answer.status, answer.body.as_str()), (202, "3: Queued for later delivery"));
    let id = answer.header("x-waxwing-message-id").expect("an id").to_owned();
    gateway.wait_for_state(&id, &["queued", "enroute"]);
    carrier.go_away();
    waxwing_tests::until("a message is queued for a carrier that is away", BOUND, || {
        let answer = sendsms(&gateway, "to=%2B447700900002&text=now");
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body == "3: Queued for later delivery"
    });
    carrier.come_back();
    waxwing_tests::until("it is sent when the carrier is back", Duration::from_secs(30), || {
        carrier.submits().iter().filter(|submit| submit["text"] == "now").count() > 0
    });
}

#[test]
fn refusals_have_kannels_words() {
    let (gateway, mut carrier) = relay(json!({}));
    let at = |query: &str| http::get(gateway.http(), &format!("/cgi-bin/sendsms?{query}"));
    let denied = (403, "Authorization failed for sendsms");
    for (answer, expected) in [
        (at("username=shop&password=wrong&to=1&text=x"), denied),
        (at("username=nobody&password=secret&to=1&text=x"), denied),
        (at("to=1&text=x"), denied),
        (sendsms(&gateway, "text=x"), (400, "Missing receiver number, rejected")),
        (sendsms(&gateway, "to=&text=x"), (400, "Empty receiver number not allowed, rejected")),
        (sendsms(&gateway, "to=%2B447700900123&text=x&coding=3"), (400, "Coding field misformed, rejected")),
        (sendsms(&gateway, "to=%2B447700900123&text=x&dlr-mask=64"), (400, "DLR-Mask field misformed, rejected")),
    ] {
        assert_eq!((answer.status, answer.body.as_str()), expected);
    }
    assert!(carrier.submits().is_empty());
}
