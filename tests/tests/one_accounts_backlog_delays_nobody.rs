//! Fairness: behind thousands of messages of one account, another's one-time password leaves at once, and so does an urgent one of its own.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::smpp::{Esme, Submit, command};
use waxwing_tests::{Carrier, Config, Gateway, http};

const BOUND: Duration = Duration::from_secs(30);
const BACKLOG: usize = 2_000;

#[test]
fn a_password_overtakes_a_campaign() {
    let mut carrier = Carrier::start(json!({}));
    carrier.go_away();
    let config = Config::new()
        .shop()
        .with("[[account]]\nname = \"bank\"\npassword = \"secret\"")
        .smpp_connector(carrier.address(), "rate = 100\nwindow = 400\nreconnect_min = \"100ms\"\nreconnect_max = \"200ms\"")
        .route_to_carrier();
    let gateway = Gateway::start(&config);
    let mut campaign = Esme::bound(gateway.smpp());
    let sequences: Vec<u32> = (0..BACKLOG)
        .map(|number| campaign.send(command::SUBMIT_SM, Submit::new(&format!("campaign {number}")).body()).expect("sent"))
        .collect();
    assert!(campaign.responses(&sequences).iter().all(|answer| answer.status == 0));
    let send = |account: &str, text: &str, priority: &str| {
        let body = json!({"to": "+447700900123", "from": "12345", "text": text, "priority": priority});
        assert_eq!(http::post_json_as(gateway.http(), "/api/v1/messages", account, "secret", &body).status, 202);
    };
    send("bank", "your password is 4711", "normal");
    send("shop", "urgent", "urgent");
    carrier.come_back();
    let place = |carrier: &mut Carrier, text: &str| carrier.submits().iter().position(|submit| submit["text"] == text);
    for text in ["your password is 4711", "urgent"] {
        waxwing_tests::until(text, BOUND, || place(&mut carrier, text).is_some());
        let before = place(&mut carrier, text).expect("it has come");
        assert!(before < 25, "{before} messages came before {text:?}, which was accepted after {BACKLOG} others");
    }
    // And in the middle of it: a window with room for hundreds is not filled ahead of the rate.
    let begun = carrier.submits().len();
    send("bank", "your password is 4712", "normal");
    send("shop", "very urgent", "urgent");
    for text in ["your password is 4712", "very urgent"] {
        waxwing_tests::until(text, BOUND, || place(&mut carrier, text).is_some());
        let before = place(&mut carrier, text).expect("it has come").saturating_sub(begun);
        assert!(before < 60, "{before} messages came before {text:?}, which was accepted while the campaign left");
    }
    // The campaign itself stays in its order.
    let numbers: Vec<usize> =
        carrier.submits().iter().filter_map(|submit| submit["text"].as_str()?.strip_prefix("campaign ")?.parse().ok()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}
