//! Links are tested when they are idle, dropped when the other side is dead, kept over a reload that does not concern them, and said
//! goodbye to.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::cmpp::{Ismg, Login, Received, Sp, Submit, command};
use waxwing_tests::smpp::{self, Esme};
use waxwing_tests::{Config, Gateway, cmpp_relay, cmpp_relay_with, to_ismg, until};

const BOUND: Duration = Duration::from_secs(20);

#[test]
fn sps_are_told_when_the_gateway_stops() {
    let (mut gateway, mut carrier) = cmpp_relay(json!({"delay_ms": 20}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    sp.submit_ok(&Submit::new("before the end"));
    let client = std::thread::spawn(move || sp.wait_for_goodbye(BOUND));
    gateway.stop();
    assert!(client.join().expect("the SP saw the end"), "TERMINATE before the close");
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "before the end");
}

#[test]
fn the_carrier_is_told_when_the_gateway_stops() {
    let (mut gateway, _ismg, mut link) = to_ismg("");
    let carrier = std::thread::spawn(move || link.wait_for_close());
    gateway.stop();
    assert!(carrier.join().expect("the ISMG saw the end"), "TERMINATE before the close");
}

#[test]
fn the_carrier_says_goodbye() {
    let (gateway, ismg, mut link) = to_ismg("reconnect_min = \"50ms\"");
    let answer = link.request(command::TERMINATE, Vec::new());
    assert!(answer.body.is_empty(), "{answer:?}");
    link.wait_for_close();
    let mut link = ismg.login();
    gateway.wait_until_up("carrier");
    let mut esme = Esme::bound(gateway.smpp());
    assert_eq!(esme.submit(&smpp::Submit::new("over the next")).status, 0);
    assert_eq!(link.take(1).text(), "over the next");
}

#[test]
fn an_idle_link_is_tested_and_a_dead_one_is_closed() {
    let (gateway, _carrier) = cmpp_relay_with(json!({}), "link_test = \"300ms\"\nresponse_timeout = \"300ms\"\nsends = 3", "");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    // Never answered: as often as agreed, then the end.
    let said = sp.wait_for_close(BOUND);
    let tests: Vec<u32> = said.iter().filter(|pdu| pdu.command == command::ACTIVE_TEST).map(|pdu| pdu.sequence).collect();
    assert_eq!(tests.len(), 3, "{said:?}");

    let (_gateway, ismg, mut link) = to_ismg("link_test = \"300ms\"\nresponse_timeout = \"300ms\"\nsends = 3\nreconnect_min = \"50ms\"");
    // Some answer without the octet that came with a later edition.
    for _ in 0..3 {
        let Received::Pdu(test) = link.receive(BOUND) else { panic!("no link check") };
        assert_eq!((test.command, test.body.len()), (command::ACTIVE_TEST, 0));
        link.send_octets(&test.answer(Vec::new()).encode());
    }
    let mut tests = 0;
    loop {
        match link.receive(BOUND) {
            Received::Pdu(pdu) if pdu.command == command::ACTIVE_TEST => tests += 1,
            Received::Pdu(pdu) => assert_eq!(pdu.command, command::TERMINATE),
            Received::Closed => break,
            Received::Silence => panic!("the connection is still open"),
        }
    }
    assert_eq!(tests, 3);
    ismg.login();
}

fn config(carrier: SocketAddr, secret: &str, more: &str) -> Config {
    let shop = format!("country = \"CN\"\n{more}\n[account.cmpp]\nsp_id = \"901234\"\nsecret = \"{secret}\"");
    Config::without_doors().cmpp("").shop_with(&shop).cmpp_connector(carrier, "").route_to_carrier()
}

fn reload(gateway: &Gateway, config: &Config) {
    let before = gateway.log().matches("Reloaded").count();
    gateway.reconfigure(config);
    until("the configuration is reloaded", BOUND, || gateway.log().matches("Reloaded").count() > before);
}

#[test]
fn a_reload_keeps_what_it_does_not_concern() {
    let ismg = Ismg::start();
    let gateway = Gateway::start(&config(ismg.address(), "secret", ""));
    let mut link = ismg.login();
    gateway.wait_until_up("carrier");
    let address = gateway.cmpp();
    let mut sp = Sp::ready(address, 0x30);
    let late = "[[account]]\nname = \"late\"\npassword = \"secret\"\n[account.cmpp]\nsp_id = \"901235\"";
    reload(&gateway, &config(ismg.address(), "secret", "forced_sender = \"54321\"").with(late));
    sp.submit_ok(&Submit::new("by the new rule"));
    let submit = link.take(1);
    assert_eq!((submit.text().as_str(), submit.src_id.as_str()), ("by the new rule", "54321"));
    Sp::ready_as(address, &Login { source: "901235".into(), ..Login::shop(0x20) }).assert_alive();

    // Another secret: who came with the old one has to come again.
    reload(&gateway, &config(ismg.address(), "changed", ""));
    assert_eq!(Sp::connect(address).login(&Login::shop(0x20)).status, 3);
    Sp::ready_as(address, &Login { secret: "changed".into(), ..Login::shop(0x20) }).assert_alive();
    assert!(sp.wait_for_goodbye(BOUND), "TERMINATE before the close");
}
