//! Numbers that are no subscribers' get an SMS with a link; a browser shows the message; nobody finds a page by guessing.
#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::mms::{Network, send_req};
use waxwing_tests::{http, until_some};

const BOUND: Duration = Duration::from_secs(20);
const ALICE: &str = "4915112345699";

/// Red, two pixels by two.
const PNG: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0, 253, 212, 154, 115, 0, 0, 0, 16,
    73, 68, 65, 84, 120, 156, 99, 248, 207, 192, 0, 68, 12, 16, 10, 0, 31, 238, 3, 253, 139, 95, 20, 212, 0, 0, 0, 0, 73, 69, 78, 68, 174,
    66, 96, 130,
];

fn link_of(text: &str) -> &str {
    text.rsplit(' ').next().expect("a link").strip_prefix("http://").and_then(|l| l.find('/').map(|at| &l[at..])).expect("a path")
}

#[test]
fn a_browser_shows_the_message_of_a_link() {
    let mut net = Network::start("link_text = \"{from} sent you {subject}: {link}\"");
    let mut alice = net.phone(ALICE);
    let text = "<script>alert(1)</script> & more";
    let parts: [(&str, &str, &[u8]); 3] = [
        ("text/plain", "words.txt", text.as_bytes()),
        ("image/png", "red.png", PNG),
        ("text/html", "evil.html", b"<script>alert(2)</script>"),
    ];
    let conf = alice.post(&send_req("T1", &["+447700900123"], "Holiday <b>", &parts));
    assert_eq!((conf.kind(), conf.octet(0x12)), (0x81, 0x80));

    let sms = net.next_sms();
    let said: String = sms.iter().map(|s| s["text"].as_str().expect("a text")).collect();
    assert!(said.starts_with("+4915112345699 sent you Holiday <b>: http://127.0.0.1:"), "{said}");
    let link = link_of(&said).to_owned();

    let page = http::get(net.gateway.mmsc(), &link);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more") && !page.body.contains("<script>"), "{}", page.body);
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    // What a browser would run is a file, whatever the sender called it.
    let html = http::get(net.gateway.mmsc(), &format!("{link}/2"));
    assert_eq!((html.status, html.header("content-type")), (200, Some("application/octet-stream")));
    assert!(html.header("content-disposition").unwrap().starts_with("attachment"));
    assert_eq!(http::get(net.gateway.mmsc(), &format!("{link}/9")).status, 404);

    // A real browser shows words and picture.
    let profile = tempfile::tempdir().unwrap();
    let url = format!("http://{}{link}", net.gateway.mmsc());
    let browser = |extra: &[&str]| {
        let mut command = Command::new("chromium");
        command.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
        ]);
        command.args(["--disable-component-update", "--disable-sync", "--window-size=500,700"]);
        command.arg(format!("--user-data-dir={}", profile.path().display())).args(extra).arg(&url);
        let output = command.output().expect("chromium runs: scripts/install-test-peers.sh installs it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let seen = browser(&["--dump-dom"]);
    assert!(seen.contains("<h1>Holiday &lt;b&gt;</h1>") && seen.contains("red.png"), "{seen}");
    let shot = profile.path().join("page.png");
    browser(&[&format!("--screenshot={}", shot.display())]);
    assert!(std::fs::metadata(&shot).unwrap().len() > 2000);

    // Its sender is told once that it was delivered; the page stays.
    let message = until_some("delivered", BOUND, || {
        let all = http::get_as(net.gateway.http(), "/api/v1/messages?kind=mms", "root", "secret").json();
        Some(all["messages"][0].clone()).filter(|m| m["state"] == "delivered")
    });
    assert_eq!(message["to"], json!("+447700900123"));
    assert_eq!(http::get(net.gateway.mmsc(), &link).status, 200);
    assert!(net.gateway.metric("waxwing_mms_pages_opened_total", &[]) >= 3.0);
}

#[test]
fn pages_and_messages_are_not_found_by_guessing() {
    let mut net = Network::start("");
    let mut alice = net.phone(ALICE);
    alice.post(&send_req("T1", &["+447700900123"], "x", &[("text/plain", "a", b"secret")]));
    let said: String = net.next_sms().iter().map(|s| s["text"].as_str().expect("a text").to_owned()).collect();
    let link = link_of(&said);
    let word = link.strip_prefix("/l/").unwrap();
    assert_eq!(word.len(), 22);
    let near = format!("{}{}", &word[..21], if word.ends_with('A') { 'B' } else { 'A' });
    for path in [
        format!("/l/{near}"),
        format!("/m/{word}"),
        format!("/l/{word}/../../../etc/passwd"),
        "/l/".into(),
        "/m/".into(),
        "/m/..%2f..%2fetc%2fpasswd".into(),
        "/m/../../../../etc/passwd".into(),
        "/l/%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00".into(),
        format!("/m/{}", "A".repeat(5000)),
        "/media/0000000000.pack".into(),
    ] {
        let answer = http::get(net.gateway.mmsc(), &path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("secret") && !answer.body.contains("root:"), "{path}");
    }
    assert_eq!(http::get(net.gateway.mmsc(), link).status, 200);
}

#[test]
fn what_is_not_fetched_is_told_again_and_becomes_a_link() {
    let mut net = Network::start("unknown = \"phone\"\nnotify_again = [\"1s\", \"1h\"]\nlink_after = \"3s\"");
    let mut alice = net.phone(ALICE);
    alice.post(&send_req("T1", &["+447700900123"], "x", &[("text/plain", "a", b"hello")]));
    let first = net.next_push();
    let second = net.next_push();
    assert_eq!((first.pdu.kind(), first.pdu.text(0x03)), (0x82, second.pdu.text(0x03)), "the same message again");
    assert_eq!(first.to, "447700900123");
    let said: String = net.next_sms().iter().map(|s| s["text"].as_str().expect("a text").to_owned()).collect();
    assert!(http::get(net.gateway.mmsc(), link_of(&said)).body.contains("hello"));
    // The phone may fetch it all the same.
    let (status, pdu) = net.phone("447700900123").get(&first.pdu.text(0x03));
    assert_eq!((status, pdu.kind()), (200, 0x84));
}
