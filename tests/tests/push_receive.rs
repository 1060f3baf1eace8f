//! Pushes that phones and carriers send here are recognised, put together and told by the webhook.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::cmpp::{Deliver, Ismg};
use waxwing_tests::http::Catcher;
use waxwing_tests::push::gammu;
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

/// What gammu is told to make (a kind, its arguments), in how many parts, and what it is recognised as: its kind, and one of its fields.
type Made<'a> = (&'a str, &'a [&'a str], usize, &'a str, &'a str, Value);

/// What gammu makes, over both bearers, its parts in every order.
#[test]
fn what_others_make_is_recognised_over_both_bearers_in_any_order() {
    let mut catcher = Catcher::start();
    let (mut carrier, ismg) = (Carrier::start(json!({})), Ismg::start());
    let webhook = format!("country = \"CN\"\nwebhook = \"http://{}/hook\"", catcher.address());
    let lines = Config::without_doors().shop_with(&webhook).smpp_connector_named("smsc", carrier.address(), "");
    let gateway = Gateway::start(&lines.cmpp_connector(ismg.address(), "").route_to_carrier());
    let mut link = ismg.login();
    carrier.wait_for_bind();
    gateway.wait_until_up("smsc");
    gateway.wait_until_up("carrier");

    let long = format!("http://www.example.com/{}", "z".repeat(250));
    // It makes the transaction id of what is behind the last slash.
    let mms = format!("{long}/1");
    let tone = gateway.folder().join("tone.rttl");
    std::fs::write(&tone, "Long:d=8,o=5,b=125:c,d,e,f#\n").expect("a file");
    let bookmark = gateway.folder().join("bookmark.backup");
    let head = "[Backup]\nFormat = 1.05\nCreator = Gammu\nDateTime = 20260101T000000Z\n\n[Bookmark000]\n";
    std::fs::write(&bookmark, format!("{head}URL = \"http://www.example.com/\"\nTitle = \"Example\"\n")).expect("a file");
    // A picture message in the format of Nokia's logo manager.
    let picture = gateway.folder().join("picture.nlm");
    std::fs::write(&picture, [&b"NLM \x01\x03\x00\x48\x1c\x01"[..], &[0xa5; 252]].concat()).expect("a file");
    let [tone, bookmark, picture] = [&tone, &bookmark, &picture].map(|path| path.to_str().expect("a path"));
    let made: [Made<'_>; 5] = [
        ("WAPINDICATOR", &[&long, "Title"], 3, "si", "href", json!(long)),
        ("MMSINDICATOR", &[&mms, "Title", "+123"], 3, "mms_notification", "url", json!(mms)),
        ("RINGTONE", &[tone], 1, "ringtone", "name", json!("Long")),
        ("PICTURE", &[picture, "-text", "Hello"], 3, "picture", "kind", json!("picture")),
        ("BOOKMARK", &[bookmark, "1"], 1, "bookmark", "document", json!("OTA bookmark")),
    ];
    let mut reference = 0;
    for (kind, arguments, parts, recognised, field, value) in made {
        let messages = gammu(gateway.folder(), kind, arguments);
        assert_eq!(messages.len(), parts, "gammu {kind}: {messages:02x?}");
        for order in orders(parts) {
            for bearer in ["smpp", "cmpp"] {
                // Each message of several parts is another one.
                reference += 1;
                for part in order.iter().map(|&index| renumbered(&messages[index], reference)) {
                    let (header, octets) = part.split_at(usize::from(part[0]) + 1);
                    match bearer {
                        "smpp" => carrier.send_binary_mo("8613900139000", "12345", &hex(header), &hex(octets)),
                        _ => {
                            let deliver = Deliver { msg_fmt: 4, tp_udhi: 1, content: part.clone(), ..Deliver::new("") };
                            let deliver =
                                Deliver { src_terminal_id: "13900139000".into(), msg_id: u64::from(reference) << 8 | 1, ..deliver };
                            assert_eq!(link.deliver(&deliver), 0);
                        }
                    }
                }
                let told = catcher.wait_for("the message", BOUND, |caught| caught.json()["type"] == "message.received").json();
                let push = &told["data"]["push"];
                assert_eq!(
                    (&push["kind"], &push[field], &push["error"]),
                    (&json!(recognised), &value, &Value::Null),
                    "{bearer} {order:?}: {told:#}"
                );
            }
        }
    }
}

/// All orders of so many.
fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(of - 1);
    shorter.iter().flat_map(|rest| (0..of).map(|at| [&rest[..at], &[of - 1], &rest[at..]].concat())).collect()
}

/// A part with another reference, if it is one of several.
fn renumbered(part: &[u8], reference: u8) -> Vec<u8> {
    let mut part = part.to_vec();
    let end = usize::from(part[0]) + 1;
    let mut at = 1;
    while at + 1 < end {
        if part[at] == 0 {
            part[at + 2] = reference;
        }
        at += 2 + usize::from(part[at + 1]);
    }
    part
}
