//! Receipts and received messages come to an account's webhook: signed, again until they are taken, whole, and after a restart too.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use waxwing_tests::http::{self, Catcher, Caught};
use waxwing_tests::peer::Peer;
use waxwing_tests::{Carrier, Config, Gateway};

const BOUND: Duration = Duration::from_secs(20);
/// The key of the specification's example.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn start() -> (Gateway, Carrier, Catcher) {
    let catcher = Catcher::start();
    let mut carrier = Carrier::start(json!({}));
    let hook = format!("webhook = \"http://{}/hook\"\nwebhook_secret = \"{SECRET}\"", catcher.address());
    let config = Config::new().shop_with(&hook).smpp_connector(carrier.address(), "").route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    (gateway, carrier, catcher)
}

fn send(gateway: &Gateway, text: &str) -> String {
    let body = json!({"to": "+447700900123", "from": "12345", "text": text, "reference": text});
    let answer = http::post_json_as(gateway.http(), "/api/v1/messages", "shop", "secret", &body);
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned()
}

/// Checks the three headers against an HMAC of somebody else.
fn assert_signed(caught: &Caught) {
    let header = |name: &str| caught.header(name).unwrap_or_else(|| panic!("{name} in {:?}", caught.headers)).to_owned();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let at: u64 = timestamp.parse().expect("Unix seconds");
    assert!(now.abs_diff(at) < 120, "{timestamp} is not about now ({now})");
    let job = json!({"secret": SECRET, "id": id, "timestamp": timestamp, "body": caught.body});
    let (_, events) = Peer::start("sign_webhook.py", &job).finish(BOUND);
    assert_eq!(header("webhook-signature"), events[0]["signature"].as_str().expect("a signature"));
    assert_eq!((caught.method.as_str(), caught.target.as_str()), ("POST", "/hook"));
    assert_eq!(header("content-type"), "application/json");
}

fn is_about(caught: &Caught, kind: &str) -> bool {
    caught.json()["type"] == kind
}

#[test]
fn a_receipt_is_signed_and_repeated_until_it_is_taken() {
    let (gateway, _carrier, mut catcher) = start();
    catcher.refuse(1);
    let id = send(&gateway, "refused once");
    let first = catcher.wait_for("the receipt", BOUND, |c| is_about(c, "message.delivered") && c.answered == 500);
    let second = catcher.wait_for("the receipt again", BOUND, |c| is_about(c, "message.delivered") && c.answered == 200);
    for caught in [&first, &second] {
        assert_signed(caught);
        let data = &caught.json()["data"];
        assert_eq!((&data["id"], &data["state"]), (&json!(id), &json!("delivered")), "{data:#}");
        assert_eq!((&data["from"], &data["to"]), (&json!("12345"), &json!("+447700900123")), "{data:#}");
        assert_eq!(data["reference"], "refused once");
    }
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"), "one event has one id");
    assert_eq!(first.body, second.body);
    waxwing_tests::until("the metrics count both", BOUND, || {
        let value = |name: &str| gateway.metric(name, &["account=\"shop\""]);
        value("waxwing_hooks_delivered_total") == 1.0 && value("waxwing_hooks_retried_total") == 1.0
    });
    assert!(catcher.unread().is_empty(), "nothing comes a third time: {:?}", catcher.unread());
}

#[test]
fn what_waits_for_its_webhook_comes_after_a_restart() {
    let (mut gateway, mut carrier, mut catcher) = start();
    catcher.refuse(usize::MAX);
    let id = send(&gateway, "before the restart");
    let first = catcher.wait_for("the receipt", BOUND, |c| is_about(c, "message.delivered"));
    carrier.send_mo("447700900123", "12345", "before the restart as well");
    catcher.wait_for("the MO", BOUND, |c| is_about(c, "message.received"));
    gateway.stop();
    catcher.refuse(0);
    gateway.start_again();
    let receipt = catcher.wait_for("the receipt after the restart", BOUND, |c| is_about(c, "message.delivered") && c.answered == 200);
    assert_eq!(receipt.json()["data"]["id"], id.as_str());
    assert_eq!(receipt.header("webhook-id"), first.header("webhook-id"));
    assert_signed(&receipt);
    let mo = catcher.wait_for("the MO after the restart", BOUND, |c| is_about(c, "message.received") && c.answered == 200);
    assert_eq!(mo.json()["data"]["text"], "before the restart as well");
}

#[test]
fn a_received_message_of_several_parts_comes_whole() {
    let (gateway, mut carrier, mut catcher) = start();
    let parts =
        ["The first part, ".to_owned() + &"x".repeat(120), "and the second, ".to_owned() + &"y".repeat(120), "and the end.".to_owned()];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    carrier.send_long_mo("447700900123", "12345", &parts);
    let mo = catcher.wait_for("the MO", BOUND, |c| is_about(c, "message.received"));
    assert_signed(&mo);
    let data: Value = mo.json()["data"].clone();
    assert_eq!(data["text"], parts.concat(), "{data:#}");
    assert_eq!((&data["from"], &data["to"], &data["connector"]), (&json!("+447700900123"), &json!("12345"), &json!("carrier")));
    carrier.send_mo("447700900123", "12345", "Ünicödé is short");
    let short = catcher.wait_for("the short MO", BOUND, |c| is_about(c, "message.received"));
    assert_eq!(short.json()["data"]["text"], "Ünicödé is short");
    assert!(catcher.unread().is_empty(), "{:?}", catcher.unread());
    let id = data["id"].as_str().expect("an id");
    assert_eq!(gateway.wait_for_state(id, &["delivered"])["kind"], "mo");
}

#[test]
fn parts_that_came_before_and_after_a_restart_are_joined() {
    let (mut gateway, mut carrier, mut catcher) = start();
    carrier.send_part_of_mo("447700900123", "12345", "half ", (1, 2));
    carrier.wait_for_event("delivered");
    gateway.kill();
    gateway.start_again();
    carrier.wait_for_bind();
    carrier.send_part_of_mo("447700900123", "12345", "and half", (2, 2));
    let mo = catcher.wait_for("the MO", BOUND, |c| is_about(c, "message.received"));
    assert_eq!(mo.json()["data"]["text"], "half and half");
    carrier.send_long_mo("447700900123", "12345", &["one ", "two"]);
    let next = catcher.wait_for("the next MO", BOUND, |c| is_about(c, "message.received"));
    assert_eq!(next.json()["data"]["text"], "one two");
}
