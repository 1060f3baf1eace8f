//! Multimedia messages that come for applications, and those that an operator's message centre tells of by SMS. The operator's centre and
//! the phones are made by hand, octet by octet.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use waxwing_tests::Config;
use waxwing_tests::http::{self, Catcher};
use waxwing_tests::mm1::{Answer, Pdu};
use waxwing_tests::mms::{Network, send_req};

const BOUND: Duration = Duration::from_secs(30);
const ALICE: &str = "447700900111";
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
const TEXT: &str = "text/plain";
const PICTURE: &str = "image/gif";

fn with_shop(catcher: &Catcher) -> Config {
    Config::without_doors().root().shop_with(&format!("webhook = \"http://{}/hook\"", catcher.address()))
}

/// The parts of what the webhook was told, a text or octets each.
fn parts(told: &Value) -> Vec<(String, Vec<u8>)> {
    let part = |p: &Value| {
        let media = p["content_type"].as_str().expect("a media type").split(';').next().unwrap_or_default().to_owned();
        let octets = match p["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => BASE64_STANDARD.decode(p["data"].as_str().expect("octets")).expect("base 64"),
        };
        assert_eq!(p["size"], octets.len(), "{p:#}");
        (media, octets)
    };
    told["parts"].as_array().expect("parts").iter().map(part).collect()
}

#[test]
fn a_phone_writes_to_an_application_and_is_told_that_it_arrived() {
    let mut catcher = Catcher::start();
    let mut network = Network::start_with(with_shop(&catcher).mmsc(""));
    let mut phone = network.phone(ALICE);
    let mut req = send_req("T1", &["12345"], "Claim", &[(TEXT, "a.txt", b"My car"), (PICTURE, "b.gif", GIF)]).0;
    // X-Mms-Delivery-Report: Yes, before Content-Type, which is the last field.
    let at = req.windows(2).position(|w| w == [0x84, 0xa3]).expect("a content type");
    req.splice(at..at, [0x86, 0x80]);
    let confirmed = phone.post(&Pdu(req));
    assert_eq!((confirmed.kind(), confirmed.octet(0x12)), (0x81, 0x80), "{confirmed:?}");

    let told = catcher.wait_for("the message", BOUND, |c| c.json()["type"] == "mms.received").json();
    let data = &told["data"];
    assert_eq!((&data["from"], &data["to"], &data["subject"]), (&json!(format!("+{ALICE}")), &json!("12345"), &json!("Claim")), "{told:#}");
    assert_eq!(parts(data), [(TEXT.to_owned(), b"My car".to_vec()), (PICTURE.to_owned(), GIF.to_vec())]);

    let report = network.next_push();
    assert_eq!((report.to.as_str(), report.pdu.kind(), report.pdu.octet(0x15)), (ALICE, 0x86, 0x81), "{report:?}");
    assert_eq!(report.pdu.text(0x0b), confirmed.text(0x0b));
}

#[test]
fn what_waits_for_an_application_outlives_a_kill_with_its_content() {
    let mut catcher = Catcher::start();
    catcher.refuse(1);
    let mut network = Network::start_with(with_shop(&catcher).mmsc(""));
    let confirmed = network.phone(ALICE).post(&send_req("T1", &["12345"], "Claim", &[(PICTURE, "b.gif", GIF)]));
    assert_eq!(confirmed.octet(0x12), 0x80, "{confirmed:?}");
    let refused = catcher.wait_for("the first attempt", BOUND, |c| c.answered == 500);
    network.gateway.kill();
    network.gateway.start_again();
    let told = catcher.wait_for("the second attempt", BOUND, |c| c.answered == 200 && c.json()["type"] == "mms.received");
    assert_eq!(told.header("webhook-id"), refused.header("webhook-id"));
    assert_eq!(parts(&told.json()["data"]), [(PICTURE.to_owned(), GIF.to_vec())]);
}

#[test]
fn a_number_of_an_account_without_a_webhook_takes_none() {
    let network = Network::start_with(Config::without_doors().root().shop().mmsc(""));
    let refused = network.phone(ALICE).post(&send_req("T1", &["12345"], "Claim", &[(TEXT, "a.txt", b"My car")]));
    // Error-permanent-sending-address-unresolved.
    assert_eq!(refused.octet(0x12), 0xe3, "{refused:?}");
    assert!(refused.text(0x13).contains("no webhook"), "{refused:?}");
}

/// What an operator's centre, or the proxy before it, was asked.
#[derive(Clone, Debug)]
struct Asked {
    method: String,
    target: String,
    host: String,
    body: Vec<u8>,
}

/// An operator's message centre: GET is answered with what is given, one after the other, the last again and again; POST with nothing.
struct Operator {
    address: SocketAddr,
    asked: Receiver<Asked>,
}

impl Operator {
    fn start(answers: &[(u16, Vec<u8>)], posts: &[u16]) -> Operator {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let (sender, asked) = channel();
        let mut answers: VecDeque<(u16, Vec<u8>)> = answers.to_vec().into();
        let mut posts: VecDeque<u16> = posts.to_vec().into();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(&stream);
                let mut lines = Vec::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim_end().is_empty() {
                        break;
                    }
                    lines.push(line.trim_end().to_owned());
                }
                let Some(first) = lines.first() else { continue };
                let mut words = first.split(' ').map(str::to_owned);
                let header = |name: &str| {
                    let mut all = lines.iter().filter_map(|l| l.split_once(':'));
                    all.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned()).unwrap_or_default()
                };
                let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
                reader.read_exact(&mut body).expect("a body");
                let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let (status, answer) = match method.as_str() {
                    "POST" => (if posts.len() > 1 { posts.pop_front() } else { posts.front().copied() }.unwrap_or(200), Vec::new()),
                    _ if answers.len() > 1 => answers.pop_front().expect("an answer"),
                    _ => answers.front().cloned().expect("an answer"),
                };
                let head = format!(
                    "HTTP/1.1 {status} Answer\r\ncontent-type: application/vnd.wap.mms-message\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    answer.len()
                );
                let _ = (&stream).write_all(&[head.as_bytes(), &answer].concat());
                let _ = sender.send(Asked { method, target, host: header("host"), body });
            }
        });
        Operator { address, asked }
    }

    fn next(&self) -> Asked {
        self.asked.recv_timeout(BOUND).expect("a request")
    }

    /// The `[[mms_line]]` that leads here.
    fn line(&self) -> String {
        format!("[[mms_line]]\nconnector = \"carrier\"\nurl = \"http://{}/mms\"", self.address)
    }
}

/// m-retrieve-conf with a text.
fn retrieve_conf(text: &str) -> Vec<u8> {
    let from = [&[0x89, 0x18, 0x80][..], b"+447700900123/TYPE=PLMN\0"].concat();
    let mut pdu = Pdu::new(0x84, "T1").text(0x0b, "abc@operator.example").0;
    pdu.extend([0x85, 0x04, 0x69, 0x6a, 0x6b, 0x6c]);
    pdu.extend([0x89, u8::try_from(from.len() - 2).expect("short")]);
    pdu.extend(&from[2..]);
    Pdu(pdu).text(0x16, "Summer").plain_text(text).0
}

/// Hands in m-notification-ind in two SMS, the second first.
fn notify(network: &mut Network, location: &str, to: &str) {
    let mut pdu = b"\x01\x06\x22application/vnd.wap.mms-message\0\xaf\x84".to_vec();
    pdu.extend(
        b"\x8c\x82\x98T1\0\x8d\x90\x89\x19\x80+447700900123/TYPE=PLMN\0\x96Summer\0\x8a\x80\x8e\x02\x75\x30\x88\x05\x81\x03\x03\xf4\x80",
    );
    pdu.extend([&[0x83], location.as_bytes(), &[0]].concat());
    let (first, second) = pdu.split_at(100);
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    network.carrier.send_binary_mo("447700900123", to, "0b05040b8423f00003770202", &hex(second));
    network.carrier.send_binary_mo("447700900123", to, "0b05040b8423f00003770201", &hex(first));
}

#[test]
fn what_an_operator_tells_of_is_fetched_once_and_acknowledged() {
    let mut catcher = Catcher::start();
    // Not now; then the messages; the acknowledgement of the second is lost once.
    let answers = [(503, Vec::new()), (200, retrieve_conf("On the beach")), (200, retrieve_conf("At home"))];
    let operator = Operator::start(&answers, &[200, 502, 200]);
    let mut network = Network::start_with(with_shop(&catcher).mmsc("").with(&operator.line()));
    let location = |n: u32| format!("http://{}/get?id={n}", operator.address);
    let comes = |catcher: &mut Catcher| {
        let came = catcher.wait_for("the message", BOUND, |c| c.json()["type"] == "mms.received").json()["data"].clone();
        assert_eq!(
            (&came["from"], &came["to"], &came["subject"]),
            (&json!("+447700900123"), &json!("12345"), &json!("Summer")),
            "{came:#}"
        );
        assert_eq!(came["connector"], "carrier");
        parts(&came)
    };

    notify(&mut network, &location(1), "12345");
    assert_eq!(comes(&mut catcher), [(TEXT.to_owned(), b"On the beach".to_vec())]);
    let asked: Vec<Asked> = (0..3).map(|_| operator.next()).collect();
    let methods: Vec<&str> = asked.iter().map(|a| a.method.as_str()).collect();
    assert_eq!(methods, ["GET", "GET", "POST"]);
    assert!(asked.iter().all(|a| a.host == operator.address.to_string()), "{asked:?}");
    assert_eq!((asked[1].target.as_str(), asked[2].target.as_str()), ("/get?id=1", "/mms"));
    let told = Answer::read(&asked[2].body);
    // m-notifyresp-ind: Retrieved.
    assert_eq!((told.kind(), told.text(0x18).as_str(), told.octet(0x15)), (0x83, "T1", 0x81), "{told:?}");

    // It is acknowledged in the end, and no second message for that.
    notify(&mut network, &location(2), "12345");
    assert_eq!(comes(&mut catcher), [(TEXT.to_owned(), b"At home".to_vec())]);
    let methods: Vec<String> = (0..4).map(|_| operator.next().method).collect();
    assert_eq!(methods, ["GET", "POST", "GET", "POST"]);

    // The operator tells of it again, which makes no second message either.
    notify(&mut network, &location(2), "12345");
    assert_eq!((operator.next().method.as_str(), operator.next().method.as_str()), ("GET", "POST"));
    waxwing_tests::until("all are settled", BOUND, || network.gateway.metric("waxwing_mms_received_total", &[]) == 3.0);
    // Whatever else the webhook was to get came before this.
    network.carrier.send_mo("447700900123", "12345", "the last");
    let last = catcher.wait_for("the last", BOUND, |c| c.json()["type"] != "message.sent").json();
    assert_eq!((&last["type"], &last["data"]["text"]), (&json!("message.received"), &json!("the last")));
}

#[test]
fn a_subscriber_is_notified_of_what_came_through_the_operators_proxy() {
    let proxy = Operator::start(&[(200, retrieve_conf("On the beach"))], &[200]);
    let line = format!("[[mms_line]]\nconnector = \"carrier\"\nurl = \"http://mmsc.operator.example/mms\"\nproxy = \"{}\"", proxy.address);
    let mut network = Network::start_with(Config::without_doors().root().mmsc("").with(&line));
    // Whoever sends for the first time is a subscriber from then on.
    let mut phone = network.phone(ALICE);
    assert_eq!(phone.post(&send_req("T0", &[&format!("+{ALICE}")], "Me", &[(TEXT, "a.txt", b"Test")])).octet(0x12), 0x80);
    assert_eq!(network.next_push().pdu.kind(), 0x82);

    notify(&mut network, "http://mmsc.operator.example:8002/get?id=1", ALICE);
    let asked = (proxy.next(), proxy.next());
    assert_eq!((asked.0.method.as_str(), asked.0.target.as_str()), ("GET", "http://mmsc.operator.example:8002/get?id=1"));
    assert_eq!((asked.1.method.as_str(), asked.1.target.as_str()), ("POST", "http://mmsc.operator.example/mms"));
    assert_eq!((asked.0.host.as_str(), asked.1.host.as_str()), ("mmsc.operator.example:8002", "mmsc.operator.example"));
    let pushed = network.next_push();
    assert_eq!((pushed.to.as_str(), pushed.pdu.kind()), (ALICE, 0x82), "{pushed:?}");
    let (status, got) = phone.get(&pushed.pdu.text(0x03));
    assert_eq!((status, got.kind(), got.text(0x16).as_str(), got.body.as_slice()), (200, 0x84, "Summer", &b"On the beach"[..]), "{got:?}");
}

#[test]
fn what_cannot_be_had_goes_on_as_the_notification_that_it_came_as() {
    let mut catcher = Catcher::start();
    let gone = Pdu::new(0x84, "T1").octet(0x19, 0xe1).text(0x1a, "It has expired").plain_text("It has expired").0;
    let operator = Operator::start(&[(404, Vec::new()), (200, gone), (200, b"<html>".to_vec())], &[200]);
    let inside = TcpListener::bind("127.0.0.1:0").expect("a free port");
    // The operator's host has another name than the address, so that the address is this machine's own network and nothing else.
    let line = operator.line().replace("127.0.0.1", "localhost");
    let mut network = Network::start_with(with_shop(&catcher).mmsc("").with(&line));
    let mut comes_on = |network: &mut Network, location: &str, why: &str| {
        notify(network, location, "12345");
        let data = catcher.wait_for("the notification", BOUND, |c| c.json()["type"] == "message.received").json()["data"].clone();
        assert_eq!((&data["push"]["kind"], &data["push"]["url"]), (&json!("mms_notification"), &json!(location)), "{data:#}");
        network.gateway.wait_for_log(why);
    };
    let port = operator.address.port();
    comes_on(&mut network, &format!("http://localhost:{port}/1"), "404");
    comes_on(&mut network, &format!("http://localhost:{port}/2"), "It has expired");
    comes_on(&mut network, &format!("http://localhost:{port}/3"), "no multimedia message");
    // Nobody looks into this machine's network by an SMS.
    comes_on(&mut network, &format!("http://{}/secret", inside.local_addr().expect("a socket")), "own network");
    comes_on(&mut network, "ftp://localhost/1", "http://");
    inside.set_nonblocking(true).expect("a socket");
    assert!(inside.accept().is_err(), "nobody came");
    // For nobody here: it is the inbox's, and nobody is asked.
    notify(&mut network, &format!("http://localhost:{port}/4"), "99999");
    let asked: Vec<String> = operator.asked.try_iter().map(|a| a.target).collect();
    assert_eq!(asked, ["/1", "/2", "/3"]);
}

/// A phone's profile.
const PROFILE: &[u8] = br##"<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:prf="http://www.openmobilealliance.org/tech/profiles/UAPROF/ccppschema-20021212#">
<rdf:Description rdf:ID="Phone"><prf:component><rdf:Description rdf:ID="HardwarePlatform">
<prf:ScreenSize>128x160</prf:ScreenSize></rdf:Description></prf:component></rdf:Description></rdf:RDF>
"##;

/// The parts of a multipart, as Python's mail reader takes it apart: their media types, and their contents.
fn read_by_python(media: &str, body: &str) -> Vec<(String, String)> {
    let script = "import sys,json,email\nm=email.message_from_bytes(sys.stdin.buffer.read())\n\
                  print(json.dumps([(p.get_content_type(), p.get_payload(decode=True).decode()) for p in m.walk() if not p.is_multipart()]))";
    let mut python = Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3");
    let message = format!("MIME-Version: 1.0\r\nContent-Type: {media}\r\n\r\n{body}");
    python.stdin.take().expect("a pipe").write_all(message.as_bytes()).expect("a reader");
    let output = python.wait_with_output().expect("an end");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_push_initiator_learns_the_profile_of_the_phone_that_fetched() {
    let server = Operator::start(&[(200, PROFILE.to_vec())], &[200]);
    let config = Config::without_doors().root().shop_with("").replaced("allow = [\"sms\"]", "allow = [\"sms\", \"push\"]");
    let mut network = Network::start_with(config.mmsc("unknown = \"phone\"").with("[callback]\nallow = [\"127.0.0.1/32\"]"));
    let number = "447700900222";
    let query = format!("<pap><ccq-message query-id='q1'><address address-value='WAPPUSH=+{number}/TYPE=PLMN@ppg'/></ccq-message></pap>");
    let ask = |network: &Network| {
        let headers = [("authorization", http::basic("shop", "secret")), ("content-type", "application/xml".to_owned())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        http::request(network.gateway.http(), "POST", "/pap", &headers, query.as_bytes())
    };
    assert!(ask(&network).body.contains("<ccq-response query-id=\"q1\" code=\"3008\""));

    let sent = network.phone(ALICE).post(&send_req("T1", &[&format!("+{number}")], "Hi", &[(TEXT, "a.txt", b"Hi")]));
    assert_eq!(sent.octet(0x12), 0x80);
    let location = network.next_push().pdu.text(0x03);
    let path = location.strip_prefix("http://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).expect("a path");
    let profile = format!("\"http://{}/phone.xml\"", server.address);
    assert_eq!(http::request(network.gateway.mmsc(), "GET", path, &[("x-wap-profile", &profile)], b"").status, 200);

    let answer = ask(&network);
    assert_eq!(answer.status, 202);
    let parts = read_by_python(answer.header("content-type").expect("a media type"), &answer.body);
    let media: Vec<&str> = parts.iter().map(|(media, _)| media.as_str()).collect();
    assert_eq!(media, ["application/xml", "text/xml"]);
    assert!(parts[0].1.contains("<ccq-response query-id=\"q1\" code=\"1000\""), "{parts:?}");
    assert_eq!(parts[1].1.trim().as_bytes(), PROFILE.trim_ascii());
}
