//! Messages whose validity ends in the queue, and carriers that never answer: each has an end that its submitter hears of, by policy.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::smpp::{Esme, Submit};
use waxwing_tests::{Carrier, Gateway, http, relay, relay_with, until};

const BOUND: Duration = Duration::from_secs(20);

#[test]
fn validity_ends_in_the_queue() {
    let (gateway, mut carrier) = relay(json!({}));
    carrier.go_away();
    until("the carrier is away", BOUND, || gateway.metric("waxwing_connector_sessions", &["connector=\"carrier\""]) == 0.0);
    let mut esme = Esme::bound(gateway.smpp());
    // Two seconds, relative.
    let submit = Submit { validity: "000000000002000R".into(), registered_delivery: 1, ..Submit::new("too late") };
    let answer = esme.submit(&submit);
    assert_eq!(answer.status, 0);
    let id = answer.first_string();
    let receipt = esme.wait_for_receipt(BOUND);
    assert!(receipt.contains(&format!("id:{id}")) && receipt.contains("stat:EXPIRED"), "{receipt}");
    gateway.wait_for_state(&id, &["expired"]);
    assert_eq!(gateway.metric("waxwing_messages_expired_total", &[]), 1.0);
    carrier.come_back();
    carrier.wait_for_bind();
    assert_eq!(esme.submit(&Submit::new("in time")).status, 0);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "in time");
    assert_eq!(carrier.submits().len(), 1);
}

/// A carrier that takes the first message and never says so.
fn silent(policy: &str) -> (Gateway, Carrier, String) {
    let (gateway, mut carrier) = relay_with(json!({}), &format!("response_timeout = \"1s\"\nno_answer = \"{policy}\""), "");
    carrier.ignore(1);
    let body = json!({"to": "+447700900123", "from": "12345", "text": "heard?"});
    let answer = http::post_json_as(gateway.http(), "/api/v1/messages", "shop", "secret", &body);
    let id = answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned();
    carrier.wait_for_submits(1, BOUND);
    (gateway, carrier, id)
}

#[test]
fn a_silent_carrier_is_sent_it_again() {
    let (gateway, mut carrier, id) = silent("resend");
    let submits = carrier.wait_for_submits(2, BOUND);
    assert!(submits.iter().all(|submit| submit["text"] == "heard?"), "{submits:#?}");
    gateway.wait_for_state(&id, &["delivered"]);
}

#[test]
fn a_silent_carrier_means_failure() {
    let (gateway, mut carrier, id) = silent("fail");
    let life = gateway.wait_for_state(&id, &["unknown", "failed", "undeliverable"]);
    assert!(life["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{life:#}");
    assert_eq!(carrier.submits().len(), 1);
}

#[test]
fn a_silent_carrier_leaves_it_to_a_person() {
    let (gateway, mut carrier, _id) = silent("hold");
    until("it is a dead letter", BOUND, || gateway.metric("waxwing_queue_messages", &["stage=\"dead\""]) == 1.0);
    assert_eq!(carrier.submits().len(), 1);
}
