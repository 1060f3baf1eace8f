//! NowSMS's URLs: GET and POST, on `/` and on the paths of its menu, with either way of signing in, as deployed clients send them.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::http::{self, Catcher, Response};
use waxwing_tests::{Carrier, Config, Gateway, relay};

const BOUND: Duration = Duration::from_secs(10);
const SIGNED: &str = "User=shop&Password=secret";

fn get(gateway: &Gateway, path: &str, query: &str) -> Response {
    http::get(gateway.http(), &format!("{path}?{query}"))
}

/// The ids that follow `MessageID=` in the answer, as clients look for them.
fn ids(answer: &Response) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let after = answer.body.split("MessageID=").skip(1);
    after.filter_map(|rest| rest.split(['.', ',', '<']).next()).map(str::to_owned).collect()
}

#[test]
fn get_and_post_on_any_path() {
    let (gateway, mut carrier) = relay(json!({}));
    let address = gateway.http();
    let query = |text: &str| format!("{SIGNED}&PhoneNumber=%2B447700900123&Text={text}&Sender=12345");
    let basic = http::basic("shop", "secret");
    let signed = [("authorization", basic.as_str())];
    let answers = [
        get(&gateway, "/", &query("one")),
        get(&gateway, "/Send%20Text%20Message.htm", &query("two")),
        get(&gateway, "/Send+Text+Message.htm", &query("three")),
        http::request(address, "GET", "/?PhoneNumber=%2B447700900123&Text=four&Sender=12345", &signed, b""),
        http::post_form(address, "/", &query("five")),
        http::post_form(address, "/Send%20Text%20Message.htm", &query("six+%26+%e2%82%ac")),
        get(&gateway, "/", "user=shop&PASSWORD=secret&phonenumber=%2B447700900123&TEXT=seven&sender=12345"),
    ];
    for answer in &answers {
        assert_eq!(ids(answer).len(), 1, "{}", answer.body);
        assert!(answer.body.starts_with("<HTML>"), "{}", answer.body);
        assert!(answer.body.is_char_boundary(161) && answer.body[161..].starts_with("Message Submitted"), "{}", answer.body);
    }
    let submits = carrier.wait_for_submits(7, BOUND);
    let mut texts: Vec<&str> = submits.iter().filter_map(|submit| submit["text"].as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["five", "four", "one", "seven", "six & €", "three", "two"]);
    assert!(submits.iter().all(|submit| submit["dest"] == "447700900123" && submit["source"] == "12345"), "{submits:#?}");
    gateway.wait_for_state(&ids(&answers[0])[0], &["sent", "delivered", "accepted"]);
}

#[test]
fn several_recipients_and_numbers_with_an_unescaped_plus() {
    let (gateway, mut carrier) = relay(json!({}));
    let answer = get(&gateway, "/", &format!("{SIGNED}&PhoneNumber=+447700900001,%2B447700900002,+447700900003&Text=to+all"));
    assert_eq!(ids(&answer).len(), 3, "{}", answer.body);
    assert!(answer.body.contains("Recipient=+447700900002"), "{}", answer.body);
    let mut to: Vec<String> = carrier.wait_for_submits(3, BOUND).iter().filter_map(|s| s["dest"].as_str().map(str::to_owned)).collect();
    to.sort_unstable();
    assert_eq!(to, ["447700900001", "447700900002", "447700900003"]);
    assert!(carrier.submits().iter().all(|s| s["dest_ton"] == 1 && s["text"] == "to all"), "a + is an international number");
}

#[test]
fn binary_reaches_the_carrier_bit_for_bit() {
    let (gateway, mut carrier) = relay(json!({}));
    let every: String = (0..=130_u8).map(|octet| format!("{:02X}", octet.wrapping_mul(2).wrapping_sub(3))).collect();
    let to = "PhoneNumber=%2B447700900123";
    for query in [
        format!("{SIGNED}&{to}&Data={every}&UDH=06050415811581&DCS=F5&PID=7F&Binary=1"),
        format!("{SIGNED}&{to}&Binary=1&Text=00ff7f&DCS=4"),
        format!("{SIGNED}&{to}&Data=0102&DestPort=2948"),
    ] {
        ids(&get(&gateway, "/", &query));
    }
    let submits = carrier.wait_for_submits(3, BOUND).to_vec();
    let with =
        |hex: &str| submits.iter().find(|submit| submit["hex"] == hex.to_lowercase()).unwrap_or_else(|| panic!("{hex}: {submits:#?}"));
    let first = with(&every);
    assert_eq!((&first["udh"], &first["esm_class"]), (&json!(["050415811581"]), &json!(0x40)));
    assert_eq!((&first["data_coding"], &first["protocol_id"]), (&json!(0xf5), &json!(0x7f)));
    assert_eq!(with("00ff7f")["data_coding"], 4);
    assert_eq!(with("0102")["udh"], json!(["05040b840000"]));
}

#[test]
fn a_message_for_later_waits() {
    let (gateway, mut carrier) = relay(json!({}));
    let date = |when: &str| {
        let output = Command::new("date").args(["-d", when, "+%Y%m%d%H%M"]).output().expect("date runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let query = |text: &str, when: &str| format!("{SIGNED}&PhoneNumber=%2B447700900123&Text={text}&DelayUntil={}", date(when));
    let later = ids(&get(&gateway, "/", &query("tomorrow", "tomorrow")));
    let past = ids(&get(&gateway, "/", &query("yesterday", "yesterday")));
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "yesterday");
    gateway.wait_for_state(&past[0], &["sent", "delivered", "accepted"]);
    gateway.wait_for_state(&later[0], &["queued", "enroute"]);
    assert_eq!(carrier.submits().len(), 1);
}

#[test]
fn a_receipt_that_was_asked_for_comes_by_the_webhook() {
    let mut catcher = Catcher::start();
    let mut carrier = Carrier::start(json!({}));
    let webhook = format!("webhook = \"http://{}/hook\"", catcher.address());
    let config = Config::new().shop_with(&webhook).smpp_connector(carrier.address(), "").route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    let silent = ids(&get(&gateway, "/", &format!("{SIGNED}&PhoneNumber=%2B447700900001&Text=silent")));
    let asked = ids(&get(&gateway, "/", &format!("{SIGNED}&PhoneNumber=%2B447700900002&Text=asked&ReceiptRequested=Yes")));
    let receipt = catcher.wait_for("the receipt", BOUND, |caught| caught.json()["type"] == "message.delivered");
    assert_eq!(receipt.json()["data"]["id"], asked[0].as_str(), "{}", receipt.body);
    gateway.wait_for_state(&silent[0], &["sent", "delivered", "accepted"]);
    assert!(catcher.unread().is_empty(), "{:?}", catcher.unread());
    let wanted =
        |to: &str, carrier: &mut Carrier| carrier.submits().iter().find(|s| s["dest"] == to).map(|s| s["registered_delivery"].clone());
    assert_eq!(wanted("447700900001", &mut carrier), Some(json!(0)));
    assert_eq!(wanted("447700900002", &mut carrier), Some(json!(1)));
}

#[test]
fn what_is_wrong_is_told() {
    let (gateway, mut carrier) = relay(json!({}));
    for (query, status, words) in [
        ("User=shop&Password=wrong&PhoneNumber=%2B447700900123&Text=x".to_owned(), 401, "Error"),
        ("PhoneNumber=%2B447700900123&Text=x".to_owned(), 401, "Error"),
        (format!("{SIGNED}&Text=x"), 400, "PhoneNumber"),
        (format!("{SIGNED}&PhoneNumber=%2B447700900123"), 400, "Text"),
        (format!("{SIGNED}&PhoneNumber=%2B447700900123&Data=0"), 400, "data"),
        (format!("{SIGNED}&PhoneNumber=everybody&Text=x"), 400, "everybody"),
        (format!("{SIGNED}&PhoneNumber=%2B447700900123&Text=%ff%fe"), 400, "UTF-8"),
        (format!("{SIGNED}&PhoneNumber=%2B447700900123&Text=x&DelayUntil=soon"), 400, "DelayUntil"),
    ] {
        let answer = get(&gateway, "/", &query);
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
        assert!(answer.body.contains(words) && !answer.body.contains("MessageID="), "{query}: {}", answer.body);
    }
    let json: Value = http::request(gateway.http(), "GET", &format!("/?{SIGNED}&Text=x"), &[("accept", "application/json")], b"").json();
    assert_eq!(json["status"], 400);
    assert!(carrier.submits().is_empty());
}
