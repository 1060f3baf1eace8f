//! Kannel in front of the gateway: sendsms through bearerbox to our listener and on to a carrier; receipts come back and call Kannel's
//! dlr-url; an MO reaches Kannel's service.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::http::Catcher;
use waxwing_tests::kannel::Kannel;
use waxwing_tests::relay;

const BOUND: Duration = Duration::from_secs(20);

#[test]
fn messages_receipts_and_mo() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut catcher = Catcher::start();
    let kannel = Kannel::start(gateway.smpp(), catcher.address());
    let dlr_url = |id: &str| format!("dlr-mask=31&dlr-url=http%3A%2F%2F{}%2Fdlr%3Fid%3D{id}%26type%3D%25d", catcher.address());

    let (short, unicode, long) = (dlr_url("short"), dlr_url("unicode"), dlr_url("long"));
    kannel.send(&format!("text=100%25+%40home&{short}"));
    kannel.send(&format!("coding=2&charset=UTF-8&text=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82&{unicode}"));
    let text = "A long message from Kannel, sent in parts. ".repeat(8);
    kannel.send(&format!("text={}&{long}", text.replace(' ', "+").replace(',', "%2C")));

    for id in ["short", "unicode", "long"] {
        // 8: accepted by the SMSC, which is us; 1: delivered to the phone.
        for kind in ["8", "1"] {
            catcher.wait_for(&format!("DLR {kind} of the {id} message"), BOUND, |caught| {
                caught.parameter("id").as_deref() == Some(id) && caught.parameter("type").as_deref() == Some(kind)
            });
        }
    }

    let submits = carrier.wait_for_submits(5, BOUND);
    let texts: Vec<&str> = submits.iter().filter_map(|submit| submit["text"].as_str()).collect();
    assert!(texts.contains(&"100% @home"), "{texts:?}");
    assert!(texts.contains(&"Привет"), "{texts:?}");
    let parts: String = submits.iter().filter(|submit| submit["udh"].is_array()).filter_map(|submit| submit["text"].as_str()).collect();
    assert_eq!(parts.trim_end(), text.trim_end());

    carrier.send_mo("447700900123", "12345", "to Kannel");
    let mo = catcher.wait_for("the MO at Kannel's service", BOUND, |caught| caught.target.starts_with("/mo"));
    assert_eq!(mo.parameter("text").as_deref(), Some("to Kannel"));
    assert_eq!(mo.parameter("to").as_deref(), Some("12345"));
    assert!(mo.parameter("from").is_some_and(|from| from.ends_with("447700900123")), "{mo:?}");
}
