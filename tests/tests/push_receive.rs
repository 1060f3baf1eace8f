//! Pushes that phones and carriers send here are recognised, put together and told by the webhook.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::http::Catcher;
use waxwing_tests::{Carrier, Config, Gateway};

const BOUND: Duration = Duration::from_secs(20);

/// An m-notification-ind as an operator sends it, with the name of its type as text.
const NOTIFICATION: &[u8] =
    b"\x01\x06\x22application/vnd.wap.mms-message\0\xaf\x84\x8c\x82\x98T1\0\x8d\x90\x89\x19\x80+447700900123/TYPE=PLMN\0\
    \x96Summer\0\x8a\x80\x8e\x02\x75\x30\x88\x05\x81\x03\x03\xf4\x80\x83http://mmsc.example.net/12345678901234567890\0";

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn the_webhook_tells_what_came() {
    let mut catcher = Catcher::start();
    let mut carrier = Carrier::start(json!({}));
    let webhook = format!("webhook = \"http://{}/hook\"", catcher.address());
    let config = Config::without_doors().shop_with(&webhook).smpp_connector(carrier.address(), "").route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    let mut told = |carrier: &mut Carrier, parts: &[(&str, &[u8])]| -> Value {
        for (udh, octets) in parts {
            carrier.send_binary_mo("447700900123", "12345", udh, &hex(octets));
        }
        catcher.wait_for("the message", BOUND, |caught| caught.json()["type"] == "message.received").json()["data"].clone()
    };

    let si = b"\x01\x06\x01\xae\x02\x05\x6a\0\x45\xc6\x0c\x03a.example\0\x08\x01\x03Now\0\x01\x01";
    let data = told(&mut carrier, &[("0605040b8423f0", si)]);
    let push = &data["push"];
    assert_eq!((&push["kind"], &push["href"], &push["text"]), (&json!("si"), &json!("http://a.example"), &json!("Now")), "{data:#}");
    assert_eq!(data["data"], hex(si));

    // The second part first, as happens.
    let (first, second) = NOTIFICATION.split_at(100);
    let data = told(&mut carrier, &[("0b05040b8423f00003770202", second), ("0b05040b8423f00003770201", first)]);
    let push = &data["push"];
    assert_eq!(push["kind"], "mms_notification", "{data:#}");
    assert_eq!((&push["subject"], &push["size"], &push["expiry"]), (&json!("Summer"), &json!(30_000), &json!(259_200)), "{data:#}");
    assert_eq!(push["url"], "http://mmsc.example.net/12345678901234567890");

    // Lengths that lie cost the recognition only.
    let data = told(&mut carrier, &[("0605040b8423f0", b"\x01\x06\x7f\xae\x02\x05")]);
    assert!(data["push"]["error"].is_string() && data["data"] == "01067fae0205", "{data:#}");
    let data = told(&mut carrier, &[("06050415811581", b"\x02\x4a\x3a")]);
    assert_eq!(data["data"], "024a3a", "{data:#}");
}
