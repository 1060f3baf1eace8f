//! `waxwing serve` in an empty folder, without a configuration: it says where it is, and a message sent as it proposes lives its whole life.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use waxwing_tests::client::Job;
use waxwing_tests::smpp::{Esme, Submit, command};
use waxwing_tests::{binary, http, until, until_some};

const BOUND: Duration = Duration::from_secs(20);

/// The demonstration with all that it has said about itself; killed when dropped.
struct Demonstration {
    child: Child,
    said: String,
    // Kept, so that its output stays open.
    _lines: BufReader<ChildStdout>,
}

impl Demonstration {
    fn start(folder: &std::path::Path) -> Self {
        let mut child = Command::new(binary::waxwing())
            .arg("serve")
            .current_dir(folder)
            .env_remove("WAXWING_CONFIG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        while !said.contains("curl ") {
            assert!(lines.read_line(&mut said).expect("text") > 0, "it ended: {said}");
        }
        Self { child, said, _lines: lines }
    }

    /// The word behind another one.
    fn after(&self, word: &str) -> String {
        let rest = self.said.split_once(word).unwrap_or_else(|| panic!("no {word:?} in {}", self.said)).1;
        rest.split([' ', '\n', ',']).find(|word| !word.is_empty()).expect("a word").to_owned()
    }

    fn address(&self, word: &str) -> SocketAddr {
        let url = self.after(word);
        let host = url.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
        host.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
    }
}

impl Drop for Demonstration {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_it_is_and_what_it_proposes_works() {
    let folder = tempfile::Builder::new().prefix("waxwing-demo-").tempdir().expect("a temporary folder");
    let demonstration = Demonstration::start(folder.path());
    let (http, smpp) = (demonstration.address("\nHTTP"), demonstration.address("\nSMPP"));
    let (user, password) = (demonstration.after("system_id "), demonstration.after("password "));

    let body = json!({"to": "+447700900123", "from": "12345", "text": "Hello"});
    assert!(demonstration.said.contains("/api/v1/messages"), "{}", demonstration.said);
    let answer = http::post_json_as(http, "/api/v1/messages", &user, &password, &body);
    assert_eq!(answer.status, 202, "{}", answer.body);
    let target = format!("/api/v1/messages/{}", answer.json()["messages"][0]["id"].as_str().expect("an id"));
    let life = until_some("the message is delivered by the simulator", BOUND, || {
        let life = http::get_as(http, &target, &user, &password).json();
        let whole = life["state"] == "delivered" && life["events"].as_array().is_some_and(|events| events.len() >= 3);
        whole.then_some(life)
    });
    assert_eq!((&life["connector"], &life["text"]), (&json!("simulator"), &json!("Hello")), "{life:#}");

    let mut esme = Esme::connect(smpp).expect("a connection");
    assert_eq!(esme.bind(command::BIND_TRANSCEIVER, &user, &password).status, 0);
    assert_eq!(esme.submit(&Submit::new("over SMPP")).status, 0);
    assert!(Job::text("gsm7").starts_with("ECHO"), "what clients send is answered by the simulator");
    assert_eq!(esme.submit(&Submit::new("ECHO are you there")).status, 0);
    until("the answer from the phone", BOUND, || {
        let found = http::get_as(http, "/api/v1/messages?kind=mo", &user, &password).json();
        found["messages"].as_array().is_some_and(|list| list.iter().any(|message| message["text"] == "are you there"))
    });
}

#[test]
fn its_link_signs_in_to_the_console_once() {
    let folder = tempfile::Builder::new().prefix("waxwing-demo-").tempdir().expect("a temporary folder");
    let demonstration = Demonstration::start(folder.path());
    let address = demonstration.address("\nConsole");
    let link = demonstration.after("\nConsole");
    let target = link.split_once(&address.to_string()).expect("a path").1.to_owned();
    assert!(http::get(address, "/console").status != 200, "nobody gets in without signing in");
    // A person presses the button of the page that the link leads to, if it has one.
    let page = http::get(address, &target);
    let signed_in = if page.header("set-cookie").is_some() {
        page
    } else {
        assert_eq!(page.status, 200, "{}", page.body);
        let token = target.split_once("token=").expect("a token").1;
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        http::request(address, "POST", "/console/sign-in", &headers, format!("token={token}").as_bytes())
    };
    let cookie = signed_in.header("set-cookie").unwrap_or_else(|| panic!("no session: {signed_in:?}")).to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite"), "{cookie}");
    let cookie = cookie.split(';').next().expect("a value").to_owned();
    let home = http::request(address, "GET", "/console", &[("cookie", &cookie)], b"");
    assert_eq!(home.status, 200, "{}", home.body);
    assert!(home.body.contains("simulator"), "{}", home.body);
}

#[test]
fn it_is_the_same_one_when_it_is_started_again() {
    let folder = tempfile::Builder::new().prefix("waxwing-demo-").tempdir().expect("a temporary folder");
    let first = Demonstration::start(folder.path());
    let (http, user, password) = (first.address("\nHTTP"), first.after("system_id "), first.after("password "));
    let body = json!({"to": "+447700900123", "from": "12345", "text": "kept"});
    assert_eq!(http::post_json_as(http, "/api/v1/messages", &user, &password, &body).status, 202);
    drop(first);
    let second = Demonstration::start(folder.path());
    assert_eq!(second.after("password "), password);
    until("the message of before", BOUND, || {
        let found = http::get_as(second.address("\nHTTP"), "/api/v1/messages", &user, &password).json();
        found["messages"].as_array().is_some_and(|list| list.iter().any(|message| message["text"] == "kept"))
    });
}

#[test]
fn it_goes_on_where_nobody_reads_what_it_says() {
    let folder = tempfile::Builder::new().prefix("waxwing-demo-").tempdir().expect("a temporary folder");
    let mut child = Command::new(binary::waxwing())
        .arg("serve")
        .current_dir(folder.path())
        .env_remove("WAXWING_CONFIG")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let listening = folder.path().join("data/listening.json");
    let address: SocketAddr = until_some("it listens", BOUND, || {
        let doors: serde_json::Value = serde_json::from_slice(&std::fs::read(&listening).ok()?).ok()?;
        doors["http"].as_str()?.parse().ok()
    });
    // By now it has said all that it says, or ended by it.
    let said = std::time::Instant::now() + Duration::from_secs(1);
    until("a second in which it runs", BOUND, || {
        assert!(child.try_wait().expect("a process").is_none(), "it ended");
        std::time::Instant::now() > said
    });
    assert_eq!(http::get(address, "/healthz").status, 200);
    child.kill().expect("it runs");
    child.wait().expect("it can be waited for");
}
