//! REST: messages of every kind reach the carrier, can be followed to their delivery, and called back; what is wrong is told as a problem
//! (RFC 9457); the OpenAPI document tells the truth.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::http::{self, Response};
use waxwing_tests::{Carrier, Gateway, relay};

const BOUND: Duration = Duration::from_secs(10);
const MESSAGES: &str = "/api/v1/messages";

fn post(gateway: &Gateway, body: &Value) -> Response {
    http::post_json_as(gateway.http(), MESSAGES, "shop", "secret", body)
}

/// Posts one message, which must be accepted, and gives its id.
fn send(gateway: &Gateway, body: &Value) -> String {
    let answer = post(gateway, body);
    assert_eq!(answer.status, 202, "{body}: {}", answer.body);
    answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned()
}

fn post_raw(gateway: &Gateway, headers: &[(&str, &str)], body: &[u8]) -> Response {
    let basic = http::basic("shop", "secret");
    let mut all = vec![("authorization", basic.as_str()), ("content-type", "application/json")];
    all.retain(|(name, _)| !headers.iter().any(|(other, _)| other == name));
    all.extend(headers);
    http::request(gateway.http(), "POST", MESSAGES, &all, body)
}

/// Panics unless it is a problem with that status, whose detail has these words.
fn assert_problem(answer: &Response, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.body);
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem}");
    assert!(problem["type"].is_string() && problem["title"].is_string(), "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{words}: {problem}");
}

#[test]
fn a_text_is_followed_until_it_is_delivered() {
    let (gateway, mut carrier) = relay(json!({}));
    let answer = post(&gateway, &json!({"to": "+447700900123", "from": "12345", "text": "100% @home", "reference": "order 7"}));
    assert_eq!(answer.status, 202, "{}", answer.body);
    let item = &answer.json()["messages"][0];
    let id = item["id"].as_str().expect("an id").to_owned();
    assert_eq!((&item["to"], &item["reference"]), (&json!("+447700900123"), &json!("order 7")));
    assert_eq!(answer.header("location"), Some(format!("{MESSAGES}/{id}").as_str()));

    let submit = carrier.wait_for_submits(1, BOUND)[0].clone();
    assert_eq!((&submit["text"], &submit["source"], &submit["dest"]), (&json!("100% @home"), &json!("12345"), &json!("447700900123")));

    let life = gateway.wait_for_state(&id, &["delivered"]);
    assert_eq!((&life["text"], &life["account"], &life["connector"]), (&json!("100% @home"), &json!("shop"), &json!("carrier")));
    assert_eq!((&life["reference"], &life["carrier_id"]), (&json!("order 7"), &submit["id"]));
    let events: Vec<&str> = life["events"].as_array().expect("events").iter().filter_map(|event| event["event"].as_str()).collect();
    let place = |name: &str| events.iter().position(|event| *event == name).unwrap_or_else(|| panic!("{name} in {events:?}"));
    assert!(place("accepted") < place("sent") && place("sent") < place("receipt"), "{events:?}");
    for time in ["accepted_at", "sent_at", "done_at"] {
        assert!(life[time].as_str().is_some_and(|at| at.ends_with('Z')), "{time}: {life:#}");
    }
}

#[test]
fn unicode_flash_binary_and_long_ones_reach_the_carrier_as_they_were_meant() {
    let (gateway, mut carrier) = relay(json!({}));
    let to = "+447700900123";
    send(&gateway, &json!({"to": to, "text": "Привет, мир! 你好"}));
    send(&gateway, &json!({"to": to, "text": "now", "class": "flash"}));
    send(&gateway, &json!({"to": to, "binary": {"hex": "00ff7f80"}, "udh": "06050415811581"}));
    send(&gateway, &json!({"to": to, "binary": {"base64": "AP9/gA==", "data_coding": 245}}));
    let long = "A long message in parts. ".repeat(20);
    let id = send(&gateway, &json!({"to": to, "text": long}));

    let submits = carrier.wait_for_submits(4 + 4, BOUND).to_vec();
    let one = |what: &str, matches: &dyn Fn(&Value) -> bool| {
        let found: Vec<&Value> = submits.iter().filter(|submit| matches(submit)).collect();
        assert_eq!(found.len(), 1, "{what}: {submits:#?}");
    };
    one("unicode", &|s| s["text"] == "Привет, мир! 你好" && s["data_coding"] == 8);
    one("flash", &|s| s["text"] == "now" && [0x10, 0xf0].map(Value::from).contains(&s["data_coding"]));
    one("binary with a header", &|s| s["hex"] == "00ff7f80" && s["udh"] == json!(["050415811581"]) && s["esm_class"] == 0x40);
    one("binary with a data coding", &|s| s["hex"] == "00ff7f80" && s["udh"].is_null() && s["data_coding"] == 0xf5);
    let parts: String = submits.iter().filter(|s| s["udh"].is_array() && s["hex"].is_null()).filter_map(|s| s["text"].as_str()).collect();
    assert_eq!(parts, long);
    assert_eq!(gateway.wait_for_state(&id, &["delivered"])["parts"], 4);
}

#[test]
fn many_at_once_each_with_its_own_fate() {
    let (gateway, mut carrier) = relay(json!({}));
    let answer = post(
        &gateway,
        &json!({"messages": [
            {"to": ["+447700900001", "+447700900002"], "text": "both"},
            {"to": "not a number!", "text": "lost"},
            {"to": "+447700900003", "text": "x", "priority": 9},
            {"to": "+447700900004", "text": "last"},
        ]}),
    );
    assert_eq!(answer.status, 202, "{}", answer.body);
    let reply = answer.json();
    assert_eq!((&reply["accepted"], &reply["refused"]), (&json!(3), &json!(2)), "{reply:#}");
    let accepted: Vec<bool> = reply["messages"].as_array().expect("a list").iter().map(|item| item["id"].is_string()).collect();
    assert_eq!(accepted, [true, true, false, false, true], "{reply:#}");
    assert!(reply["messages"][3]["problem"]["detail"].as_str().is_some_and(|d| d.contains("priority")), "{reply:#}");
    let mut arrived: Vec<String> = carrier
        .wait_for_submits(3, BOUND)
        .iter()
        .filter_map(|s| Some(format!("{} {}", s["dest"].as_str()?, s["text"].as_str()?)))
        .collect();
    arrived.sort_unstable();
    assert_eq!(arrived, ["447700900001 both", "447700900002 both", "447700900004 last"]);

    for (number, found) in [("+447700900002", 1), ("+4477009000*", 3), ("+1*", 0)] {
        let target = format!("{MESSAGES}?number={}", number.replace('+', "%2B"));
        waxwing_tests::until(&format!("{found} messages of {number} in the record"), BOUND, || {
            http::get_as(gateway.http(), &target, "shop", "secret").json()["messages"].as_array().map(Vec::len) == Some(found)
        });
    }
    let first = http::get_as(gateway.http(), &format!("{MESSAGES}?limit=2"), "shop", "secret").json();
    let cursor = first["next"].as_str().expect("a further page").to_owned();
    let second = http::get_as(gateway.http(), &format!("{MESSAGES}?limit=2&cursor={cursor}"), "shop", "secret").json();
    assert_eq!((first["messages"].as_array().map(Vec::len), second["messages"].as_array().map(Vec::len)), (Some(2), Some(1)));
    assert_eq!(first["messages"][0]["text"], "last", "newest first");
}

#[test]
fn a_scheduled_one_can_be_called_back_and_another_leaves_in_time() {
    let (gateway, mut carrier) = relay(json!({}));
    let cancelled = send(&gateway, &json!({"to": "+447700900001", "text": "never", "delay": 2}));
    let later = send(&gateway, &json!({"to": "+447700900002", "text": "later", "delay": 3}));
    let begun = std::time::Instant::now();
    assert_eq!(gateway.wait_for_state(&cancelled, &["queued", "enroute"])["id"], cancelled.as_str());
    let basic = http::basic("shop", "secret");
    let delete = |id: &str| http::request(gateway.http(), "DELETE", &format!("{MESSAGES}/{id}"), &[("authorization", &basic)], b"");
    assert_eq!(delete(&cancelled).status, 204);
    assert_eq!(gateway.wait_for_state(&cancelled, &["deleted"])["text"], "never");
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "later", "the one that was called back would have been first");
    assert!(begun.elapsed() > Duration::from_secs(2), "it left {:?} after it was asked for in 3 s", begun.elapsed());
    gateway.wait_for_state(&later, &["delivered"]);
    assert_problem(&delete(&later), 409, &later);
    assert_problem(&delete("00FFFFFF"), 404, "00FFFFFF");
    assert_problem(&delete("nonsense"), 404, "nonsense");
}

#[test]
fn the_same_request_with_the_same_key_is_sent_once_even_after_a_crash() {
    let (mut gateway, mut carrier) = relay(json!({}));
    let body = json!({"to": ["+447700900001", "+447700900002"], "text": "once"}).to_string();
    let key = [("idempotency-key", "order-4711")];
    let first = post_raw(&gateway, &key, body.as_bytes()).json();
    assert_eq!(post_raw(&gateway, &key, body.as_bytes()).json()["messages"], first["messages"]);
    // What the carrier has and the gateway has not noted yet would be sent again after the crash.
    for item in first["messages"].as_array().expect("a list") {
        gateway.wait_for_state(item["id"].as_str().expect("an id"), &["delivered"]);
    }
    gateway.kill();
    gateway.start_again();
    carrier.wait_for_bind();
    assert_eq!(post_raw(&gateway, &key, body.as_bytes()).json()["messages"], first["messages"]);
    send(&gateway, &json!({"to": "+447700900003", "text": "the end"}));
    let ends = |carrier: &mut Carrier| carrier.submits().iter().any(|submit| submit["text"] == "the end");
    waxwing_tests::until("the last message at the carrier", BOUND, || ends(&mut carrier));
    let mut to: Vec<String> =
        carrier.submits().iter().filter(|s| s["text"] == "once").filter_map(|s| s["dest"].as_str().map(str::to_owned)).collect();
    to.dedup();
    assert_eq!(to, ["447700900001", "447700900002"]);
}

#[test]
fn what_is_wrong_is_told_as_a_problem() {
    let (gateway, mut carrier) = relay(json!({}));
    let address = gateway.http();
    let body = json!({"to": "+447700900123", "text": "x"});
    let wrong = http::post_json_as(address, MESSAGES, "shop", "wrong", &body);
    assert_problem(&wrong, 401, "");
    assert!(wrong.header("www-authenticate").is_some_and(|value| value.starts_with("Basic")), "{:?}", wrong.headers);
    assert_problem(&http::post_json_as(address, MESSAGES, "nobody", "secret", &body), 401, "");
    assert_problem(&http::get(address, MESSAGES), 401, "");

    assert_problem(&post(&gateway, &json!({"to": [], "text": "x"})), 400, "recipient");
    assert_problem(&post(&gateway, &json!({"to": "+447700900123"})), 400, "neither text nor binary");
    assert_problem(&post(&gateway, &json!({"to": "+447700900123", "text": "x", "colour": "red"})), 400, "colour");
    assert_problem(&post(&gateway, &json!({"to": "+447700900123", "binary": {"hex": "0g"}})), 400, "binary");
    assert_problem(&post(&gateway, &json!({"to": "hello?", "text": "x"})), 422, "hello?");
    assert_problem(&post_raw(&gateway, &[], b"{\"to\": \"+447700900123\", \"text\": \"\xff\"}"), 400, "UTF-8");
    assert_problem(&post_raw(&gateway, &[], b"{\"to\": \"+44"), 400, "");
    assert_problem(&post_raw(&gateway, &[], b""), 400, "");
    assert_problem(&post_raw(&gateway, &[("content-type", "text/plain")], body.to_string().as_bytes()), 415, "application/json");
    assert_problem(&http::get_as(address, "/api/v1/messages/7FFFFFFF", "shop", "secret"), 404, "7FFFFFFF");
    assert_problem(&http::get_as(address, "/api/v1/nothing", "shop", "secret"), 404, "/api/v1/nothing");
    assert_problem(&http::request(address, "PUT", MESSAGES, &[], b""), 405, "PUT");
    assert_problem(&http::get_as(address, "/api/v1/queues", "shop", "secret"), 403, "");
    assert!(carrier.submits().is_empty());
    assert!(gateway.metric("waxwing_bad_input_total", &["place=\"rest\""]) >= 8.0);
}

#[test]
fn an_account_sees_its_own_messages_only() {
    let mut carrier = Carrier::start(json!({}));
    let config = waxwing_tests::Config::new().shop().root().smpp_connector(carrier.address(), "").route_to_carrier();
    let config = config.with("[[account]]\nname = \"other\"\npassword = \"secret\"");
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    let id = send(&gateway, &json!({"to": "+447700900123", "text": "private"}));
    gateway.wait_for_state(&id, &["delivered"]);
    let target = format!("{MESSAGES}/{id}");
    assert_problem(&http::get_as(gateway.http(), &target, "other", "secret"), 404, &id);
    assert_eq!(http::get_as(gateway.http(), MESSAGES, "other", "secret").json()["messages"], json!([]));
    assert_eq!(http::get_as(gateway.http(), &target, "root", "secret").json()["text"], "private");
    let connectors = http::get_as(gateway.http(), "/api/v1/connectors", "root", "secret").json();
    assert_eq!((&connectors[0]["name"], &connectors[0]["state"], &connectors[0]["sessions"]), (&json!("carrier"), &json!("up"), &json!(1)));
    assert_eq!(http::get_as(gateway.http(), "/api/v1/account", "shop", "secret").json()["today"], 1);
}

#[test]
fn every_route_of_the_openapi_document_is_there() {
    let (gateway, _carrier) = relay(json!({}));
    let document = http::get(gateway.http(), "/api/v1/openapi.json");
    assert_eq!((document.status, document.header("content-type")), (200, Some("application/json")));
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    let base = document["servers"][0]["url"].as_str().expect("a base");
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.contains_key("/messages") && paths.contains_key("/messages/{id}"), "{:?}", paths.keys());
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let target = format!("{base}{}", path.replace("{id}", "00000001").replace("{name}", "x"));
            let answer = http::request(gateway.http(), &method.to_uppercase(), &target, &[], b"");
            if operation["security"].as_array().is_some_and(|list| !list.is_empty()) {
                assert_problem(&answer, 401, "");
            }
            let declared = operation["responses"].get(answer.status.to_string());
            assert!(declared.is_some(), "{method} {target} answered {} which the document does not know", answer.status);
        }
    }
}
