//! Who a phone is, and the ways in which it asks.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};
use waxwing_tests::certificates::Certificates;
use waxwing_tests::http;
use waxwing_tests::mm1::{Answer, Mm1, Pdu, path_of};
use waxwing_tests::mms::{Network, to_send};
use waxwing_tests::{Config, until};

use crate::common::*;

/// A request to the administration by REST, which has to succeed.
fn administrate(net: &Network, method: &str, path: &str, body: &Value) {
    let headers = [("authorization", http::basic("root", "secret")), ("content-type", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = http::request(net.gateway.http(), method, &format!("/api/v1/subscribers{path}"), &headers, body.to_string().as_bytes());
    assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.body);
}

/// What a phone that claims to be somebody else hands in.
fn disguised(transaction: &str) -> Pdu {
    let pdu = Pdu::new(0x80, transaction).from_address("+4917000000000/TYPE=PLMN").text(TO, &typed(CAROL));
    pdu.text(SUBJECT, "Who am I").plain_text("Hello")
}

fn is_denied(phone: &mut Mm1, why: &str) {
    let conf = phone.post(&disguised("T9"));
    assert_eq!((conf.kind(), conf.text(TRANSACTION), conf.octet(RESPONSE_STATUS)), (SEND_CONF, "T9".into(), SERVICE_DENIED), "{why}");
    assert_eq!(conf.text(MESSAGE_ID), "", "{why}");
}

#[test]
fn a_phone_is_who_its_password_says_and_nobody_else() {
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"");
    let mut net = Network::start_with(config.replaced("trusted = [\"127.0.0.1/32\"]", "trusted = [\"192.0.2.0/24\"]"));
    administrate(&net, "POST", "", &json!({"number": BOB, "alias": "bob", "password": "s3=cret"}));
    administrate(&net, "POST", "", &json!({"number": DAVE, "alias": "dave"}));
    let address = net.gateway.mmsc();
    let in_path = |path: &str| Mm1::stranger(address).posting_to(path);
    let by_basic = |name: &str, password: &str| Mm1::stranger(address).with("authorization", &http::basic(name, password));
    let known = [
        in_path("/bob=s3=cret"),
        in_path("/Bob=s3%3Dcret"),
        in_path("/+4915112345600=s3=cret"),
        in_path("/%2B4915112345600=s3=cret/"),
        by_basic("bob", "s3=cret"),
        by_basic(BOB, "s3=cret"),
        // What a header says besides is nobody's word here.
        in_path("/bob=s3=cret").with("x-vzw-mdn", ALICE),
    ];
    for mut phone in known {
        send(&mut phone, &disguised("T1"));
        let told = net.next_push();
        assert_eq!((told.to.as_str(), told.pdu.text(FROM)), (bare(CAROL), typed(BOB)), "{phone:?}");
    }
    for mut phone in [
        Mm1::stranger(address),
        Mm1::connect(address, BOB),
        in_path("/bob=wrong"),
        in_path("/bob="),
        in_path("/+4915112345600=wrong"),
        in_path("/carol=s3=cret"),
        in_path("/dave="),
        in_path("/+4915112345602="),
        by_basic("bob", "wrong"),
        by_basic("dave", ""),
        by_basic("root", "secret"),
    ] {
        let why = format!("{phone:?}");
        is_denied(&mut phone, &why);
    }
    assert_eq!(net.gateway.metric("waxwing_bad_input_total", &["place=\"mm1\"", "reason=\"sign-in\""]), 11.0);

    administrate(&net, "PATCH", "/4915112345600", &json!({"may_send": false}));
    is_denied(&mut in_path("/bob=s3=cret"), "may not send");
    administrate(&net, "PATCH", "/4915112345600", &json!({"may_send": true, "password": "another"}));
    is_denied(&mut in_path("/bob=s3=cret"), "an old password");
    send(&mut in_path("/bob=another"), &disguised("T1"));
    administrate(&net, "DELETE", "/4915112345600", &Value::Null);
    is_denied(&mut in_path("/bob=another"), "no subscriber any more");
}

#[test]
fn a_trusted_gateway_tells_whose_phone_it_is() {
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"");
    let mut net = Network::start_with(config.replaced("auto_provision = true", "auto_provision = false"));
    let told = net.gateway.command(&["subscriber", "add", "--config", "waxwing.toml", BOB, "--alias", "bob", "--password", "s3cret"]);
    assert!(told.contains(bare(BOB)), "{told}");
    // Another process added him: that is known within a second or two.
    let mut bob = net.phone(BOB);
    until("the new phone is known", BOUND, || bob.post(&disguised("T1")).octet(RESPONSE_STATUS) == OK);
    assert_eq!(net.next_push().pdu.text(FROM), typed(BOB));
    // Gateways spell numbers in several ways.
    for spelt in [bare(BOB), "4915112345600/TYPE=PLMN", "+4915112345600, 10.0.0.1"] {
        send(&mut net.phone(spelt), &disguised("T1"));
        assert_eq!(net.next_push().pdu.text(FROM), typed(BOB), "{spelt}");
    }
    for number in [ALICE, "", "nonsense", "+49151123456"] {
        is_denied(&mut net.phone(number), number);
    }
    is_denied(&mut net.phone(BOB).posting_to("/bob=wrong"), "a wrong password beside the right number");
}

#[test]
fn a_subscriber_gets_what_is_set_for_it() {
    let folder = folder();
    let mut net = Network::start("unknown = \"refuse\"");
    administrate(&net, "POST", "", &json!({"number": BOB, "max_size": 20_000}));
    administrate(&net, "POST", "", &json!({"number": CAROL, "web_link": true}));
    administrate(&net, "POST", "", &json!({"number": DAVE, "may_receive": false}));
    let mut alice = net.phone(ALICE);
    let refused = alice.post(&to_send("T1", &[DAVE], "Hello").plain_text("Hello"));
    assert_eq!(refused.octet(RESPONSE_STATUS), ADDRESS_UNRESOLVED, "{refused:02x?}");
    send(&mut alice, &to_send("T2", &[CAROL], "Hello").plain_text("Hello"));
    assert!(net.next_sms()[0]["text"].as_str().is_some_and(|text| text.contains("/l/")), "a link");
    // What is larger than the phone takes is not for it as it is.
    run(folder.path(), "convert", "-size 640x480 plasma: photo.jpg");
    let photo = std::fs::read(folder.path().join("photo.jpg")).unwrap();
    assert!(photo.len() > 30_000, "{}", photo.len());
    let sent = alice.post(&to_send("T3", &[BOB], "Photo").multipart(&[("image/jpeg", "photo.jpg", &photo)]));
    if sent.octet(RESPONSE_STATUS) == OK {
        let (status, got) = net.phone(BOB).get(&net.notified(BOB));
        assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
        assert!(got.body.len() <= 20_000, "{} octets", got.body.len());
    }
}

#[test]
fn phones_send_and_fetch_over_tls() {
    let certificates = Certificates::new();
    let doors = format!("tls_cert = {}\ntls_key = {}", certificates.toml("server.pem"), certificates.toml("server.key"));
    let mut net = Network::start(&format!("unknown = \"phone\"\n{doors}"));
    let address = net.gateway.mmsc();
    let folder = folder();
    std::fs::write(folder.path().join("request"), to_send("T1", &[BOB], "Hello").plain_text("Hello Bob").0).unwrap();
    let post = format!(
        "-sS -f --data-binary @request -H Content-Type:application/vnd.wap.mms-message -H X-VzW-MDN:{ALICE} -o answer https://{address}/"
    );
    let ca = certificates.path("ca.pem");
    run(folder.path(), "curl", &format!("--cacert {} {post}", ca.display()));
    let conf = Answer::read(&std::fs::read(folder.path().join("answer")).unwrap());
    assert_eq!((conf.kind(), conf.octet(RESPONSE_STATUS)), (SEND_CONF, OK), "{conf:02x?}");
    let location = net.notified(BOB);
    assert!(location.starts_with(&format!("https://{address}/m/")), "{location}");
    run(folder.path(), "curl", &format!("--cacert {} -sS -f -o fetched {location}", ca.display()));
    let got = Answer::read(&std::fs::read(folder.path().join("fetched")).unwrap());
    assert_eq!((got.kind(), got.body.as_slice()), (RETRIEVE_CONF, &b"Hello Bob"[..]));

    let stranger = certificates.path("stranger.pem");
    let refused = Command::new("curl").arg("--cacert").arg(stranger).args(post.split(' ')).current_dir(folder.path()).output().unwrap();
    // "Peer certificate cannot be authenticated with known CA certificates."
    assert_eq!(refused.status.code(), Some(60));
    // Who speaks in the clear gets no word.
    let plain = http::try_request(address, "GET", path_of(&location), &[], b"");
    assert!(plain.is_err(), "{plain:?}");
}

#[test]
fn texts_are_compressed_for_phones_that_take_it() {
    let mut net = start();
    let text = "The same words over and over. ".repeat(1000);
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB], "Long").plain_text(&text));
    let location = net.notified(BOB);
    let plain = net.phone(BOB).fetch(&location);
    assert_eq!((plain.status, plain.header("content-encoding"), plain.header("vary")), (200, None, Some("accept-encoding")));
    assert!(plain.body.len() > text.len() && plain.body.ends_with(text.as_bytes()));
    let not = net.phone(BOB).with("accept-encoding", "gzip;q=0, identity").fetch(&location);
    assert_eq!((not.header("content-encoding"), &not.body), (None, &plain.body));
    let small = net.phone(BOB).with("accept-encoding", "gzip, deflate").fetch(&location);
    assert_eq!((small.status, small.header("content-encoding")), (200, Some("gzip")));
    assert!(small.body.len() < text.len() / 10, "{}", small.body.len());

    // Compressed by others, either way.
    let folder = folder();
    let took = run(folder.path(), "curl", &format!("-sS -f --compressed -w %{{size_download}} -o fetched {location}"));
    assert_eq!(took, small.body.len().to_string());
    assert!(std::fs::read(folder.path().join("fetched")).unwrap() == plain.body, "the same");
    std::fs::write(folder.path().join("request"), to_send("T2", &[CAROL], "Long").plain_text(&text).0).unwrap();
    run(folder.path(), "gzip", "request");
    let mut packed = net.phone(ALICE).with("content-encoding", "gzip");
    send(&mut packed, &Pdu(std::fs::read(folder.path().join("request.gz")).unwrap()));
    let location = net.notified(CAROL);
    assert!(net.phone(CAROL).fetch(&location).body.ends_with(text.as_bytes()));
}

#[test]
fn gateways_and_proxies_ask_in_their_own_ways() {
    let mut net = start();
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB], "Hello").plain_text("Hello Bob"));
    let location = net.notified(BOB);
    let whole = net.phone(BOB).fetch(&location).body;
    let asked = |request: &str| {
        let mut stream = TcpStream::connect(net.gateway.mmsc()).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        write!(stream, "{request}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("the end of the head") + 4;
        let body = answer.split_off(end);
        (String::from_utf8(answer).unwrap().to_ascii_lowercase(), body)
    };
    let path = path_of(&location);
    for request in [
        // An old gateway; a proxy that passes on what it was asked; one that closes.
        format!("GET {path} HTTP/1.0"),
        format!("GET {location} HTTP/1.1\r\nHost: {}\r\nConnection: close", net.gateway.mmsc()),
        format!("GET {path} HTTP/1.1\r\nHost: mms.example.net\r\nVia: 1.1 wap\r\nConnection: close"),
    ] {
        let (head, body) = asked(&request);
        assert!(head.contains(" 200 ok\r\n") && head.contains("content-type: application/vnd.wap.mms-message\r\n"), "{request}: {head}");
        assert!(body == whole, "{request}: {body:02x?}");
    }
    let (head, body) = asked(&format!("HEAD {path} HTTP/1.1\r\nHost: mms\r\nConnection: close"));
    assert!(head.starts_with("http/1.1 200 ") && body.is_empty(), "{head} {body:02x?}");
}
