//! A route names its connectors in order: what one cannot carry goes by the next, nothing is lost or sent twice, and traffic returns.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::smpp::{Esme, Submit};
use waxwing_tests::{Carrier, Config, Gateway, until};

const BOUND: Duration = Duration::from_secs(30);
const ESME_RSYSERR: u32 = 0x08;
const ESME_RINVDSTADR: u32 = 0x0b;

fn config(a: &Carrier, b: &Carrier, more: &str) -> Config {
    Config::new()
        .shop()
        .smpp_connector_named("a", a.address(), more)
        .smpp_connector_named("b", b.address(), more)
        .with("[[route]]\nto = \"*\"\nvia = [\"a\", \"b\"]")
}

fn start(more: &str) -> (Gateway, Carrier, Carrier) {
    let (mut a, mut b) = (Carrier::start(json!({})), Carrier::start(json!({})));
    let gateway = Gateway::start(&config(&a, &b, more));
    a.wait_for_bind();
    b.wait_for_bind();
    gateway.wait_until_up("a");
    gateway.wait_until_up("b");
    (gateway, a, b)
}

fn texts(carrier: &mut Carrier) -> Vec<String> {
    carrier.submits().iter().filter_map(|submit| submit["text"].as_str().map(str::to_owned)).collect()
}

fn send(esme: &mut Esme, text: &str) {
    assert_eq!(esme.submit(&Submit::new(text)).status, 0, "{text}");
}

#[test]
fn the_first_that_is_up_carries_all() {
    let (gateway, mut a, mut b) = start("");
    let mut esme = Esme::bound(gateway.smpp());
    for number in 0..20 {
        send(&mut esme, &format!("{number}"));
    }
    a.wait_for_submits(20, BOUND);
    assert!(b.submits().is_empty(), "{:?}", b.submits());
}

#[test]
fn one_that_vanishes_is_replaced_and_gets_the_traffic_again_when_it_is_back() {
    let (gateway, mut a, mut b) = start("reconnect_min = \"100ms\"\nreconnect_max = \"500ms\"\nwindow = 1");
    let mut esme = Esme::bound(gateway.smpp());
    send(&mut esme, "first");
    a.wait_for_submits(1, BOUND);
    a.go_away();
    until("a is down", BOUND, || gateway.metric("waxwing_connector_sessions", &["connector=\"a\""]) == 0.0);
    let meanwhile: Vec<String> = (0..20).map(|number| format!("meanwhile {number}")).collect();
    for text in &meanwhile {
        send(&mut esme, text);
    }
    b.wait_for_submits(meanwhile.len(), BOUND);
    assert_eq!(texts(&mut b), meanwhile, "in their order");
    a.come_back();
    a.wait_for_bind();
    gateway.wait_until_up("a");
    // What was refused before may make the gateway careful for a moment.
    let mut number = 0;
    until("traffic returns to a", BOUND, || {
        number += 1;
        send(&mut esme, &format!("back {number}"));
        std::thread::sleep(Duration::from_millis(50));
        texts(&mut a).iter().any(|text| text.starts_with("back"))
    });
    let all = |carrier: &mut Carrier, other: &mut Carrier| texts(carrier).len() + texts(other).len();
    until("each message is carried", BOUND, || all(&mut a, &mut b) >= 1 + meanwhile.len() + number);
    assert_eq!(all(&mut a, &mut b), 1 + meanwhile.len() + number, "nothing was sent twice");
}

#[test]
fn what_was_queued_for_one_that_vanished_goes_by_the_other() {
    let (mut a, mut b) = (Carrier::start(json!({})), Carrier::start(json!({})));
    // Both away: everything waits in a's queue, where it was put first.
    a.go_away();
    b.go_away();
    let gateway = Gateway::start(&config(&a, &b, "reconnect_min = \"100ms\"\nreconnect_max = \"500ms\""));
    let mut esme = Esme::bound(gateway.smpp());
    let queued: Vec<String> = (0..20).map(|number| format!("queued {number}")).collect();
    for text in &queued {
        send(&mut esme, text);
    }
    b.come_back();
    b.wait_for_bind();
    until("all of them at b", BOUND, || texts(&mut b).len() >= queued.len());
    let mut arrived = texts(&mut b);
    arrived.sort_by_key(|text| text.trim_start_matches("queued ").parse::<u32>().unwrap_or(u32::MAX));
    assert_eq!(arrived, queued);
}

#[test]
fn one_that_answers_with_errors_is_passed_over() {
    let (gateway, mut a, mut b) = start("");
    a.refuse(ESME_RSYSERR, usize::MAX >> 16);
    let mut esme = Esme::bound(gateway.smpp());
    for number in 0..30 {
        send(&mut esme, &format!("{number}"));
    }
    b.wait_for_submits(30, BOUND);
    assert!(texts(&mut a).is_empty());
    assert!(gateway.metric("waxwing_messages_rerouted_total", &["connector=\"a\""]) >= 1.0);
    assert_eq!(gateway.metric("waxwing_messages_failed_total", &[]), 0.0);
}

#[test]
fn a_number_that_is_wrong_is_wrong_everywhere() {
    let (gateway, mut a, mut b) = start("");
    a.refuse(ESME_RINVDSTADR, 1);
    let body = json!({"to": "+447700900123", "text": "to nobody"});
    let answer = waxwing_tests::http::post_json_as(gateway.http(), "/api/v1/messages", "shop", "secret", &body);
    let id: Value = answer.json()["messages"][0]["id"].clone();
    let life = gateway.wait_for_state(id.as_str().expect("an id"), &["undeliverable", "rejected", "failed"]);
    assert_eq!(life["connector"], "a", "{life:#}");
    assert!(texts(&mut a).is_empty() && texts(&mut b).is_empty());
}
