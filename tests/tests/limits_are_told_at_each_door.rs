//! An account's limits: whoever reaches one is told so in the words of the door, and nothing of it is accepted by mistake.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::http;
use waxwing_tests::smpp::{Esme, Submit, command};
use waxwing_tests::{Carrier, Config, Gateway, until};

const BOUND: Duration = Duration::from_secs(20);
const ESME_RINVSRCADR: u32 = 0x0a;
const ESME_RBINDFAIL: u32 = 0x0d;
const ESME_RSUBMITFAIL: u32 = 0x45;
const ESME_RTHROTTLED: u32 = 0x58;

fn start(account: &str) -> (Gateway, Carrier) {
    let mut carrier = Carrier::start(json!({}));
    let gateway = Gateway::start(&Config::new().shop_with(account).smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    (gateway, carrier)
}

fn rest(gateway: &Gateway, from: &str) -> http::Response {
    let body = json!({"to": "+447700900123", "from": from, "text": "x"});
    http::post_json_as(gateway.http(), "/api/v1/messages", "shop", "secret", &body)
}

#[test]
fn messages_a_second() {
    let (gateway, mut carrier) = start("rate = 5");
    let mut esme = Esme::bound(gateway.smpp());
    let sequences: Vec<u32> = (0..60).map(|n| esme.send(command::SUBMIT_SM, Submit::new(&format!("{n}")).body()).expect("sent")).collect();
    let statuses: Vec<u32> = esme.responses(&sequences).iter().map(|answer| answer.status).collect();
    let accepted = statuses.iter().filter(|status| **status == 0).count();
    assert!(statuses.iter().all(|status| [0, ESME_RTHROTTLED].contains(status)), "{statuses:?}");
    assert!((1..60).contains(&accepted), "{accepted} of 60 at once with 5 a second");
    let answers: Vec<http::Response> = (0..20).map(|_| rest(&gateway, "12345")).collect();
    let refused = answers.iter().find(|answer| answer.status == 429).expect("one of 20 at once is too many");
    let wait: u64 = refused.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("Retry-After in seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    let taken = accepted + answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(carrier.wait_for_submits(taken, BOUND).len(), taken);
    until("it may go on later", BOUND, || rest(&gateway, "12345").status == 202);
}

#[test]
fn messages_a_day_even_over_a_restart() {
    let (mut gateway, mut carrier) = start("per_day = 3");
    let mut esme = Esme::bound(gateway.smpp());
    for text in ["one", "two", "three"] {
        assert_eq!(esme.submit(&Submit::new(text)).status, 0);
    }
    assert_eq!(esme.submit(&Submit::new("four")).status, ESME_RSUBMITFAIL);
    let answer = rest(&gateway, "12345");
    assert_eq!((answer.status, answer.json()["type"].clone()), (429, json!("urn:waxwing:problem:quota")), "{}", answer.body);
    let account = http::get_as(gateway.http(), "/api/v1/account", "shop", "secret").json();
    assert_eq!((&account["today"], &account["per_day"]), (&json!(3), &json!(3)));
    carrier.wait_for_submits(3, BOUND);
    gateway.stop();
    gateway.start_again();
    assert_eq!(rest(&gateway, "12345").status, 429, "the count outlives a restart");
    assert_eq!(carrier.submits().len(), 3);
}

#[test]
fn binds_at_the_same_time() {
    let (gateway, _carrier) = start("max_binds = 2");
    let first = Esme::bound(gateway.smpp());
    let _second = Esme::bound(gateway.smpp());
    let mut third = Esme::connect(gateway.smpp()).expect("a connection");
    assert_eq!(third.bind(command::BIND_TRANSCEIVER, "shop", "secret").status, ESME_RBINDFAIL);
    drop(first);
    until("a place is free", BOUND, || {
        let mut esme = Esme::connect(gateway.smpp()).expect("a connection");
        esme.bind(command::BIND_TRANSCEIVER, "shop", "secret").status == 0
    });
}

#[test]
fn senders_and_hosts_and_doors() {
    let (gateway, mut carrier) = start("senders = [\"12345\", \"+4477*\"]\ndefault_sender = \"12345\"");
    let mut esme = Esme::bound(gateway.smpp());
    let from = |source: &str| Submit { source: source.as_bytes().to_vec(), ..Submit::new("x") };
    assert_eq!(esme.submit(&from("Bank")).status, ESME_RINVSRCADR);
    assert_eq!(esme.submit(&from("12345")).status, 0);
    assert_eq!(rest(&gateway, "Bank").status, 403);
    assert_eq!(esme.submit(&from("")).status, 0);
    let submits = carrier.wait_for_submits(2, BOUND);
    assert!(submits.iter().all(|submit| submit["source"] == "12345"), "{submits:#?}");

    let (gateway, _carrier) = start("hosts = [\"192.0.2.0/24\"]");
    let mut esme = Esme::connect(gateway.smpp()).expect("a connection");
    assert_eq!(esme.bind(command::BIND_TRANSCEIVER, "shop", "secret").status, ESME_RBINDFAIL);
    assert_eq!(rest(&gateway, "12345").status, 401);

    let (gateway, _carrier) = start("doors = [\"http\"]");
    let mut esme = Esme::connect(gateway.smpp()).expect("a connection");
    assert_eq!(esme.bind(command::BIND_TRANSCEIVER, "shop", "secret").status, ESME_RBINDFAIL);
    assert_eq!(rest(&gateway, "12345").status, 202);
}
