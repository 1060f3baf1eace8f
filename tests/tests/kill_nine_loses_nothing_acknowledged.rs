//! Killed again and again under load, the gateway delivers everything that it had acknowledged, and repeats only what was in flight.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::load::{Comparison, Load};
use waxwing_tests::{Carrier, Config, Gateway, rounds, say};

/// Unanswered submits of the load, and of the connector towards the carrier.
const WINDOW: usize = 64;

#[test]
fn kill_under_load() {
    let kills = rounds("WAXWING_KILLS", 10);
    let mut carrier = Carrier::start(json!({}));
    let config = Config::new().shop().smpp_connector(carrier.address(), &format!("window = {WINDOW}")).route_to_carrier();
    let mut gateway = Gateway::start(&config);
    let mut acknowledged = Vec::new();
    for round in 0..kills {
        let load = Load::start(gateway.smpp(), &format!("round{round}"), WINDOW);
        load.wait_for(fastrand::usize(1..1_500));
        gateway.kill();
        acknowledged.extend(load.texts());
        gateway.start_again();
    }

    let mut comparison = Comparison::of(&acknowledged, carrier.submits());
    let deadline = std::time::Instant::now() + Duration::from_secs(120);
    while !comparison.missing.is_empty() && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
        comparison = Comparison::of(&acknowledged, carrier.submits());
    }
    let Comparison { missing, duplicates } = comparison;
    say(&format!("{kills} kills, {} messages acknowledged, {} lost, {duplicates} duplicates", acknowledged.len(), missing.len()));
    assert!(missing.is_empty(), "acknowledged and lost: {} of {}, e.g. {:?}", missing.len(), acknowledged.len(), missing.first());
    assert!(duplicates <= kills * WINDOW, "{duplicates} duplicates after {kills} kills with a window of {WINDOW}");
}
