//! TLS at every door and line, with certificates that OpenSSL made and peers that others wrote.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::certificates::Certificates;
use waxwing_tests::client::Job;
use waxwing_tests::peer::Peer;
use waxwing_tests::smpp::{Esme, command};
use waxwing_tests::{Carrier, Config, Gateway, until};

const BOUND: Duration = Duration::from_secs(20);

fn over_tls(ca: &Path) -> Job {
    Job { tls_ca: Some(ca.to_owned()), ..Job::new("node_smpp_client.js", &["gsm7", "ucs2", "udh"]) }
}

#[test]
fn a_client_a_carrier_and_a_browser() {
    let certificates = Certificates::new();
    let mut carrier = Carrier::start(json!({"tls": {"key": certificates.path("server.key"), "cert": certificates.path("server.pem")}}));
    let (cert, key, ca) = (certificates.toml("server.pem"), certificates.toml("server.key"), certificates.toml("ca.pem"));
    let doors = format!("tls_cert = {cert}\ntls_key = {key}");
    let config = Config::without_doors()
        .listener("smpp", &doors)
        .shop()
        .smpp_connector(carrier.address(), &format!("tls = {{ ca = {ca} }}"))
        .route_to_carrier();
    let config = config.replaced("[http]\n", &format!("[http]\n{doors}\n"));
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();

    over_tls(&certificates.path("ca.pem")).run(gateway.smpp()).assert_complete();
    let refused = over_tls(&certificates.path("stranger.pem")).run(gateway.smpp());
    assert!(!refused.succeeded && refused.events("bound").is_empty(), "{:?}", refused.events);
    // Who speaks in the clear gets no word.
    let mut plain = Esme::connect(gateway.smpp()).expect("a connection");
    let closed = plain.send(command::ENQUIRE_LINK, Vec::new()).map(|_| plain.receive(BOUND));
    assert!(!matches!(&closed, Ok(waxwing_tests::smpp::Received::Silence)), "{closed:?}");

    let job = json!({"url": format!("https://{}/healthz", gateway.http()), "ca": certificates.path("ca.pem")});
    let (_, events) = Peer::start("https_get.py", &job).finish(BOUND);
    assert_eq!((&events[0]["event"], &events[0]["status"]), (&json!("answer"), &json!(200)), "{events:?}");
    let job = json!({"url": job["url"], "ca": certificates.path("stranger.pem")});
    let (_, events) = Peer::start("https_get.py", &job).finish(BOUND);
    assert_eq!(events[0]["event"], "error", "{events:?}");
}

#[test]
fn a_carrier_whose_certificate_is_a_strangers_gets_no_password() {
    let certificates = Certificates::new();
    let mut carrier = Carrier::start(json!({"tls": {"key": certificates.path("server.key"), "cert": certificates.path("server.pem")}}));
    let tls = |ca: &str| format!("tls = {{ ca = {} }}\nreconnect_min = \"100ms\"\nreconnect_max = \"200ms\"", certificates.toml(ca));
    let config = |ca: &str| Config::new().shop().smpp_connector(carrier.address(), &tls(ca)).route_to_carrier();
    let (wrong, right) = (config("stranger.pem"), config("ca.pem"));
    let gateway = Gateway::start(&wrong);
    until("the reason is logged", BOUND, || gateway.log().to_lowercase().contains("certificate"));
    assert!(carrier.never_saw("bound"));
    gateway.reconfigure(&right);
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
}
