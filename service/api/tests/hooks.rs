//! Webhooks and DLR URLs, made to a real server.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use base64::Engine as _;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::StatusCode;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use serde_json::Value;
use support::slow::SlowSpool;
use support::{House, basic, house, house_over, house_with};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use waxwing_api::{AddressGuard, Hooks, HooksOptions, ServeOptions, serve};
use waxwing_core::{AccountConfig, Webhook};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BOUND: Duration = Duration::from_secs(20);

struct Caught {
    request: http::request::Parts,
    body: Bytes,
}

impl Caught {
    fn header(&self, name: &str) -> &str {
        self.request.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }
}

type Catch = (mpsc::UnboundedSender<Caught>, Arc<Mutex<VecDeque<StatusCode>>>);

/// A server that answers with the statuses given, then 200, and tells what it got.
struct Catcher {
    url: String,
    caught: mpsc::UnboundedReceiver<Caught>,
}

impl Catcher {
    async fn start(statuses: &[u16]) -> Catcher {
        async fn catch(State((tell, statuses)): State<Catch>, request: Request) -> (StatusCode, [(&'static str, &'static str); 1]) {
            let (request, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            tell.send(Caught { request, body }).unwrap();
            (statuses.lock().pop_front().unwrap_or(StatusCode::OK), [("location", "http://127.0.0.1:1/")])
        }
        let (tell, caught) = mpsc::unbounded_channel();
        let statuses = statuses.iter().map(|s| StatusCode::from_u16(*s).unwrap()).collect();
        let router = Router::new().fallback(catch).with_state((tell, Arc::new(Mutex::new(statuses))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, router, ServeOptions::default(), std::future::pending()));
        Catcher { url, caught }
    }

    async fn next(&mut self) -> Caught {
        tokio::time::timeout(BOUND, self.caught.recv()).await.expect("a call in time").unwrap()
    }
}

fn run(h: &House, options: HooksOptions) {
    tokio::spawn(Hooks::new(h.gateway.clone(), options).run(std::future::pending()));
}

fn with_webhook(url: &str) -> House {
    house_with(|c| hooked(c, url))
}

fn hooked(c: &mut AccountConfig, url: &str) {
    c.webhook = Some(Webhook { url: format!("{url}/hook"), secret: KEY.into() });
}

/// One call at a time, over a spool that makes no outcome durable until it is told to.
fn with_slow_disk(url: &str) -> (House, Arc<SlowSpool>) {
    let mut slow = None;
    let h = house_over(
        |c| {
            hooked(c, url);
            c.webhook_calls = 1;
        },
        |spool| slow.insert(SlowSpool::over(spool)).clone(),
    );
    (h, slow.unwrap())
}

#[tokio::test]
async fn a_receipt_is_posted_and_signed() {
    let mut catcher = Catcher::start(&[]).await;
    let h = with_webhook(&catcher.url);
    run(&h, HooksOptions::default());
    let id = h.post(r#"{"to":"+447700900123","from":"12345","text":"hi","reference":"r1"}"#).await.json()["messages"][0]["id"].clone();
    h.deliver().await;
    let c = catcher.next().await;
    assert_eq!((c.request.method.as_str(), c.request.uri.path()), ("POST", "/hook"));
    let v: Value = serde_json::from_slice(&c.body).unwrap();
    assert_eq!((v["type"].as_str(), &v["data"]["id"], v["data"]["reference"].as_str()), (Some("message.delivered"), &id, Some("r1")));
    let (hook, stamp) = (c.header("webhook-id"), c.header("webhook-timestamp"));
    assert_eq!(stamp, "1800000000");
    let key = base64::engine::general_purpose::STANDARD.decode(KEY.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{hook}.{stamp}.").as_bytes());
    mac.update(&c.body);
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(c.header("webhook-signature"), format!("v1,{expected}"));
}

#[tokio::test]
async fn a_received_message_is_posted_as_text() {
    let mut catcher = Catcher::start(&[]).await;
    let h = with_webhook(&catcher.url);
    run(&h, HooksOptions::default());
    h.receive("STOP").await;
    let v: Value = serde_json::from_slice(&catcher.next().await.body).unwrap();
    assert_eq!((v["type"].as_str(), v["data"]["text"].as_str()), (Some("message.received"), Some("STOP")));
    assert_eq!((v["data"]["from"].as_str(), v["data"]["to"].as_str()), (Some("+447700900123"), Some("12345")));
}

#[tokio::test]
async fn a_failed_call_is_repeated_with_the_same_id_and_redirects_are_not_followed() {
    let mut catcher = Catcher::start(&[302, 503]).await;
    let h = with_webhook(&catcher.url);
    run(&h, HooksOptions::default());
    h.receive("again").await;
    let first = catcher.next().await;
    // The schedule: 5 s after the first failure, 5 min after the second.
    for wait in [5_000, 300_000] {
        h.until_hooks(|d| d.deferred == 1).await;
        h.pass(wait - 1000);
        assert!(tokio::time::timeout(Duration::from_millis(300), catcher.caught.recv()).await.is_err(), "not before its time");
        h.pass(1000);
        let again = catcher.next().await;
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_ne!(again.header("webhook-timestamp"), first.header("webhook-timestamp"));
    }
    let text = h.get("/metrics").await.text();
    assert!(text.contains("waxwing_hooks_retried_total{account=\"shop\"} 2"), "{text}");
}

#[tokio::test]
async fn gone_means_never_again() {
    let mut catcher = Catcher::start(&[410]).await;
    let h = with_webhook(&catcher.url);
    run(&h, HooksOptions::default());
    h.receive("gone").await;
    catcher.next().await;
    h.until_hooks(|d| d.dead == 1).await;
}

#[tokio::test]
async fn kannels_dlr_url_is_called_with_its_codes_filled() {
    let mut catcher = Catcher::start(&[]).await;
    let h = house();
    run(&h, HooksOptions::default());
    let dlr = "%2Fdlr%3Fs%3D%25d%26to%3D%25p%26id%3D%25I%26a%3D%25A";
    let uri = format!(
        "/cgi-bin/sendsms?username=shop&password=secret&from=12345&to=%2B447700900123&text=hi&dlr-mask=1&dlr-url={}{dlr}",
        catcher.url.replace(':', "%3A").replace('/', "%2F")
    );
    let id = h.get(&uri).await.header("x-waxwing-message-id").to_owned();
    h.deliver().await;
    let c = catcher.next().await;
    assert_eq!(c.request.method, "GET");
    let query = format!("/dlr?s=1&to=%2B447700900123&id={id}&a=id%3Ar0+stat%3ADELIVRD+err%3A000");
    assert_eq!(c.request.uri.path_and_query().unwrap().as_str(), query);
}

#[tokio::test]
async fn an_account_whose_server_hangs_stands_in_nobodys_way() {
    // A socket that accepts connections and never answers.
    let hole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut catcher = Catcher::start(&[]).await;
    let h = with_webhook(&format!("http://{}", hole.local_addr().unwrap()));
    run(&h, HooksOptions { in_flight: 4, ..HooksOptions::default() });
    for n in 0..50 {
        h.receive(&format!("{n}")).await;
    }
    let body = format!(r#"{{"to":"+447700900123","text":"hi","callback":"{}/cb"}}"#, catcher.url);
    let r = http::Request::post("/api/v1/messages").header("content-type", "application/json").header("authorization", basic("other"));
    h.call(r.body(body.into()).unwrap()).await;
    h.deliver().await;
    let c = catcher.next().await;
    assert_eq!(c.request.uri.path(), "/cb");
    assert_eq!(c.header("webhook-signature"), "", "another account's callback is not signed with nobody's key");
}

#[tokio::test]
async fn calls_go_on_while_outcomes_wait_for_the_disk() {
    let mut catcher = Catcher::start(&[]).await;
    let (h, slow) = with_slow_disk(&catcher.url);
    for n in 0..20 {
        h.receive(&n.to_string()).await;
    }
    run(&h, HooksOptions::default());
    for n in 0..20 {
        let v: Value = serde_json::from_slice(&catcher.next().await.body).unwrap();
        assert_eq!(v["data"]["text"], n.to_string(), "one call at a time keeps the order");
    }
    assert_eq!((slow.batches.load(Ordering::Relaxed), slow.outcomes.load(Ordering::Relaxed)), (1, 1), "the others wait for the first");
    slow.open();
    h.until_no_hooks().await;
    assert_eq!(slow.outcomes.load(Ordering::Relaxed), 20);
    let batches = slow.batches.load(Ordering::Relaxed);
    assert!(batches <= 3, "{batches} batches, where the 19 that waited are one, or two if the last answer was late");
    assert!(catcher.caught.try_recv().is_err(), "nothing comes twice");
}

#[tokio::test]
async fn an_orderly_end_waits_until_outcomes_are_durable() {
    let mut catcher = Catcher::start(&[]).await;
    let (h, slow) = with_slow_disk(&catcher.url);
    let (stop, stopped) = oneshot::channel::<()>();
    let mut task = tokio::spawn(Hooks::new(h.gateway.clone(), HooksOptions::default()).run(async { stopped.await.unwrap() }));
    h.receive("last").await;
    catcher.next().await;
    stop.send(()).unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut task).await.is_err(), "the outcome is not durable yet");
    slow.open();
    tokio::time::timeout(BOUND, task).await.expect("an end in time").unwrap();
    h.until_no_hooks().await;
}

#[tokio::test]
async fn a_new_address_counts_from_the_next_call_on() {
    let (mut before, mut after) = (Catcher::start(&[]).await, Catcher::start(&[]).await);
    let h = with_webhook(&before.url);
    run(&h, HooksOptions::default());
    h.receive("old").await;
    before.next().await;
    h.change_shop(|c| hooked(c, &after.url));
    h.receive("new").await;
    let v: Value = serde_json::from_slice(&after.next().await.body).unwrap();
    assert_eq!(v["data"]["text"], "new");
}

#[tokio::test]
async fn denied_addresses_are_not_called() {
    let mut catcher = Catcher::start(&[]).await;
    let h = with_webhook(&catcher.url);
    let guard = AddressGuard::new(&[], &["127.0.0.0/8".parse().unwrap()]);
    run(&h, HooksOptions { guard, ..HooksOptions::default() });
    h.receive("x").await;
    h.until_hooks(|d| d.dead == 1).await;
    assert!(catcher.caught.try_recv().is_err());
}
