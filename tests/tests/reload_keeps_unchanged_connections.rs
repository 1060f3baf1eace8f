//! SIGHUP: what changed in the configuration is in force, what did not change keeps its connections, and a broken file changes nothing.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::smpp::{Esme, Received, Submit, command};
use waxwing_tests::{Carrier, Config, Gateway, until};

const BOUND: Duration = Duration::from_secs(20);

struct Bed {
    gateway: Gateway,
    carrier: Carrier,
    other: Carrier,
}

/// Two carriers; only the first is in the configuration.
fn start() -> Bed {
    let (mut carrier, other) = (Carrier::start(json!({})), Carrier::start(json!({})));
    let gateway = Gateway::start(&base(&carrier, "").route_to_carrier());
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    Bed { gateway, carrier, other }
}

fn base(carrier: &Carrier, account: &str) -> Config {
    Config::new().shop_with(account).smpp_connector(carrier.address(), "")
}

fn reload(gateway: &Gateway, config: &Config) {
    let before = gateway.log().matches("Reloaded").count();
    gateway.reconfigure(config);
    until("the configuration is reloaded", BOUND, || gateway.log().matches("Reloaded").count() > before);
}

#[test]
fn a_new_connector_and_route_and_a_changed_account() {
    let Bed { gateway, mut carrier, mut other } = start();
    let mut esme = Esme::bound(gateway.smpp());
    let address = gateway.smpp();
    assert_eq!(esme.submit(&Submit::new("before")).status, 0);
    carrier.wait_for_submits(1, BOUND);

    let config = base(&carrier, "forced_sender = \"54321\"")
        .smpp_connector_named("other", other.address(), "")
        .with("[[account]]\nname = \"late\"\npassword = \"comer\"")
        .route_to_carrier()
        .with("[[route]]\nto = \"+49*\"\nvia = [\"other\"]");
    reload(&gateway, &config);
    other.wait_for_bind();
    gateway.wait_until_up("other");

    esme.assert_alive();
    assert_eq!(esme.submit(&Submit::new("after")).status, 0);
    assert_eq!(esme.submit(&Submit { dest: "4915112345678".into(), ..Submit::new("abroad") }).status, 0);
    assert_eq!(carrier.wait_for_submits(2, BOUND)[1]["text"], "after");
    assert_eq!(other.wait_for_submits(1, BOUND)[0]["text"], "abroad");
    let mut late = Esme::connect(address).expect("the door is still there");
    assert_eq!(late.bind(command::BIND_TRANSCEIVER, "late", "comer").status, 0);
    let mut again = Esme::bound(address);
    assert_eq!(again.submit(&Submit::new("by its new rule")).status, 0);
    assert_eq!(carrier.wait_for_submits(3, BOUND)[2]["source"], "54321");
    assert!(carrier.never_saw("closed") && carrier.never_saw("unbound"), "the unchanged connector kept its session");
}

#[test]
fn what_is_gone_is_closed_in_an_orderly_way() {
    let Bed { gateway, mut carrier, mut other } = start();
    let mut esme = Esme::bound(gateway.smpp());
    let config = Config::new()
        .with("[[account]]\nname = \"shop\"\npassword = \"changed\"\nnumbers = [\"12345\"]")
        .smpp_connector_named("other", other.address(), "")
        .with("[[route]]\nto = \"*\"\nvia = [\"other\"]");
    reload(&gateway, &config);
    carrier.wait_for_event("unbound");
    other.wait_for_bind();
    gateway.wait_until_up("other");
    let mut old = Esme::connect(gateway.smpp()).expect("a connection");
    assert_ne!(old.bind(command::BIND_TRANSCEIVER, "shop", "secret").status, 0, "the old password is void");
    let mut new = Esme::connect(gateway.smpp()).expect("a connection");
    assert_eq!(new.bind(command::BIND_TRANSCEIVER, "shop", "changed").status, 0);
    assert_eq!(new.submit(&Submit::new("by the other")).status, 0);
    assert_eq!(other.wait_for_submits(1, BOUND)[0]["text"], "by the other");
    // Who was bound before the password changed may stay; what matters is that nothing hangs.
    if let Ok(sequence) = esme.send(command::ENQUIRE_LINK, Vec::new()) {
        match esme.receive(BOUND) {
            Received::Pdu(pdu) => assert!(pdu.sequence == sequence || pdu.command == command::UNBIND, "{pdu:?}"),
            Received::Closed => {}
            Received::Silence => panic!("neither answered nor closed"),
        }
    }
}

#[test]
fn a_broken_file_changes_nothing_and_every_mistake_is_logged() {
    let Bed { gateway, mut carrier, other: _other } = start();
    let mut esme = Esme::bound(gateway.smpp());
    let good = base(&carrier, "").route_to_carrier();
    let broken =
        base(&carrier, "forced_sender = \"54321\"\nrate = \"fast\"\ncolour = \"red\"").with("[[route]]\nto = \"*\"\nvia = [\"nobody\"]");
    gateway.reconfigure(&broken);
    gateway.wait_for_log("was not reloaded");
    let log = gateway.log();
    let line_of = |text: &str| broken.as_str().lines().position(|line| line.starts_with(text)).expect("a line") + 1;
    for (mistake, line) in [("rate", line_of("rate")), ("colour", line_of("colour")), ("nobody", line_of("via"))] {
        let told = log.lines().any(|told| told.contains(&format!("waxwing.toml:{line}:")) && told.contains(mistake));
        assert!(told, "{mistake} of line {line} in:\n{log}");
    }
    assert_eq!(esme.submit(&Submit::new("as before")).status, 0);
    let submit = &carrier.wait_for_submits(1, BOUND)[0];
    assert_eq!((&submit["text"], &submit["source"]), (&json!("as before"), &json!("12345")));
    reload(&gateway, &good);
    esme.assert_alive();
    assert!(carrier.never_saw("closed"), "the connector kept its session");
}
