//! SIGTERM under load: sessions end with an unbind after their outstanding answers, nothing is lost, nothing is sent twice, and the next
//! start goes on where this one ended.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::load::{Comparison, Load};
use waxwing_tests::smpp::{Esme, Received, Submit, command};
use waxwing_tests::{relay, relay_with, say};

#[test]
fn under_load() {
    const STOPS: usize = 5;
    let (mut gateway, mut carrier) = relay_with(json!({"delay_ms": 5}), "window = 64", "");
    let mut acknowledged = Vec::new();
    for round in 0..STOPS {
        let load = Load::start(gateway.smpp(), &format!("round{round}"), 64);
        load.wait_for(fastrand::usize(100..1_000));
        gateway.stop();
        acknowledged.extend(load.texts());
        carrier.wait_for_event("unbound");
        gateway.start_again();
        // A line that is not up yet when the stop comes has nothing to unbind.
        carrier.wait_for_bind();
    }
    let Comparison { missing, duplicates, .. } = Comparison::settled(&acknowledged, &mut carrier, Duration::from_secs(60));
    say(&format!("{STOPS} stops, {} messages acknowledged, {} lost, {duplicates} duplicates", acknowledged.len(), missing.len()));
    assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
    assert_eq!(duplicates, 0, "an orderly stop leaves nothing in doubt");
}

#[test]
fn clients_are_told() {
    let (mut gateway, _carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    assert_eq!(esme.submit(&Submit::new("before")).status, 0);
    let client = std::thread::spawn(move || {
        let mut unbound = false;
        loop {
            match esme.receive(Duration::from_secs(20)) {
                Received::Pdu(pdu) => {
                    unbound |= pdu.command == command::UNBIND;
                    let _ = esme.answer(&pdu);
                }
                Received::Closed => return unbound,
                Received::Silence => panic!("the session is still open"),
            }
        }
    });
    gateway.stop();
    assert!(client.join().expect("the client ran"), "closed without an unbind");
}
