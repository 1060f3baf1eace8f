//! A carrier that says "too fast" or "queue full" gets its messages later, in the order in which they were accepted, and none is lost.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::relay_with;
use waxwing_tests::smpp::{Esme, Submit};

const ESME_RMSGQFUL: u32 = 0x14;
const ESME_RTHROTTLED: u32 = 0x58;

fn order_survives(status: u32) {
    // One at a time: with more in flight the carrier itself would take the later ones first.
    let (gateway, mut carrier) = relay_with(json!({}), "window = 1", "");
    carrier.refuse(status, 3);
    let mut esme = Esme::bound(gateway.smpp());
    let texts: Vec<String> = (0..20).map(|number| format!("number {number}")).collect();
    for text in &texts {
        assert_eq!(esme.submit(&Submit::new(text)).status, 0);
    }
    let arrived: Vec<String> =
        carrier.wait_for_submits(20, Duration::from_secs(60)).iter().filter_map(|s| s["text"].as_str().map(str::to_owned)).collect();
    assert_eq!(arrived, texts);
}

#[test]
fn throttled() {
    order_survives(ESME_RTHROTTLED);
}

#[test]
fn queue_full() {
    order_survives(ESME_RMSGQFUL);
}
