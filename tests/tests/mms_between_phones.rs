//! Two real phones (mmsd-tng) send each other multimedia messages: handed in, notified by SMS over a real carrier, fetched, reported.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::json;
use waxwing_tests::mms::Network;
use waxwing_tests::phone::{Outgoing, Phone};
use waxwing_tests::{http, until_some};

const BOUND: Duration = Duration::from_secs(20);
const ALICE: &str = "+4915112345699";
const BOB: &str = "+4915112345600";

/// A small picture that nothing need be done to.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

#[test]
fn a_message_goes_both_ways_with_report() {
    let mut net = Network::start("unknown = \"phone\"");
    let (mut alice, mut bob) = (net.real_phone(ALICE), net.real_phone(BOB));
    exchange(&mut net, &mut alice, &mut bob);
    exchange(&mut net, &mut bob, &mut alice);

    // The record follows after a moment.
    let all = until_some("both in the record", BOUND, || {
        Some(net.messages("mms")).filter(|all| all.iter().filter(|m| m["state"] == "delivered").count() == 2)
    });
    for m in &all {
        assert_eq!((&m["door"], &m["text"]), (&json!("mm1"), &json!("Grüße vom See")), "{m:#}");
        let one = http::get_as(net.gateway.http(), &format!("/api/v1/messages/{}", m["id"].as_str().unwrap()), "root", "secret").json();
        let events = one["events"].as_array().unwrap();
        let fetched = events.iter().find(|e| e["code"] == "fetched").unwrap_or_else(|| panic!("{one:#}"));
        assert!(fetched["detail"].as_str().unwrap().contains("Android MmsLib"), "{one:#}");
        assert!(events.iter().any(|e| e["detail"] == "retrieved"), "{one:#}");
    }
}

fn exchange(net: &mut Network, from: &mut Phone, to: &mut Phone) {
    let smil = "<smil><head><layout><root-layout/><region id=\"Image\"/><region id=\"Text\"/></layout></head>\
                <body><par><img src=\"pic\" region=\"Image\"/><text src=\"words\" region=\"Text\"/></par></body></smil>";
    let text = "Hallo, ein Bild! ☃".as_bytes();
    let parts = [("pic", "image/gif", GIF), ("words", "text/plain", text)];
    let number = to.number().to_owned();
    let sent = from.send(&Outgoing { to: &[&number], subject: "Grüße vom See", smil, parts: &parts, delivery_report: true });
    from.wait_for_status(&sent, "sent", BOUND);

    net.deliver(to);
    let got = to.wait_for_message(BOUND);
    assert_eq!((got.sender.as_str(), got.subject.as_str()), (from.number(), "Grüße vom See"), "{got:#?}");
    assert!(got.smil.contains("src=\"pic\""), "{got:#?}");
    assert_eq!(got.part("pic").data, GIF);
    assert_eq!(got.part("words").data, text);

    // What the sender asked for: the report comes as a push as well.
    net.deliver(from);
    from.wait_for_report(&sent, to.number(), BOUND);
}
