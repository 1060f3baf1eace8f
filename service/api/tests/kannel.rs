//! sendsms, and what it answers.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use axum::body::Body;
use http::{Request, StatusCode};
use support::house;
use waxwing_core::Door;

const USER: &str = "/cgi-bin/sendsms?username=shop&password=secret";

#[tokio::test]
async fn accepted_in_kannels_words_with_the_ids_beside() {
    let h = house();
    let a =
        h.get(&format!("{USER}&from=12345&to=%2B447700900123+%2B447700900124&text=hello&dlr-mask=31&dlr-url=http://127.0.0.1/%25d")).await;
    assert_eq!((a.status, a.text().as_str()), (StatusCode::ACCEPTED, "0: Accepted for delivery"));
    let sent = h.claim();
    let ids: Vec<_> = sent.iter().map(|o| o.id().to_string()).collect();
    assert_eq!(a.header("x-waxwing-message-id"), ids.join(","));
    let m = &sent[0].message;
    assert_eq!((m.door(), m.want, m.callback.as_str()), (Door::Kannel, 31, "http://127.0.0.1/%d"));
}

#[tokio::test]
async fn what_waits_is_queued_for_later() {
    let h = house();
    assert_eq!(h.get(&format!("{USER}&to=1&text=a&deferred=5")).await.text(), "3: Queued for later delivery");
    h.line.session_down(0);
    assert_eq!(h.get(&format!("{USER}&to=1&text=a")).await.text(), "3: Queued for later delivery");
}

#[tokio::test]
async fn refusals_have_kannels_status_and_words() {
    let h = house();
    for (uri, status, text) in [
        ("/cgi-bin/sendsms?to=1&text=a".to_owned(), 403, "Authorization failed for sendsms"),
        ("/cgi-bin/sendsms?user=shop&pass=wrong&to=1".to_owned(), 403, "Authorization failed for sendsms"),
        (format!("{USER}&text=a"), 400, "Missing receiver number, rejected"),
        (format!("{USER}&to=&text=a"), 400, "Empty receiver number not allowed, rejected"),
        (format!("{USER}&to=1&text=a&smsc=nix"), 403, "Not routable. Do not try again."),
        (format!("{USER}&to=1&text=a&mclass=9"), 400, "MClass field misformed, rejected"),
    ] {
        let a = h.get(&uri).await;
        assert_eq!((a.status.as_u16(), a.text().as_str()), (status, text), "{uri}");
    }
    h.gateway.set_pressure(Some("behind"));
    let a = h.get(&format!("{USER}&to=1&text=a")).await;
    assert_eq!((a.status, a.text().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "Temporal failure, try again later."));
    assert_eq!(a.header("retry-after"), "1");
}

#[tokio::test]
async fn posts_with_headers_and_as_forms() {
    let h = house();
    let r = Request::post("/cgi-bin/sendsms").header("x-kannel-username", "shop").header("x-kannel-password", "secret");
    let r = r.header("x-kannel-to", "+447700900123").header("x-kannel-from", "12345").header("content-type", "text/plain; charset=utf-8");
    let a = h.call(r.body(Body::from("grüße")).unwrap()).await;
    assert_eq!(a.status, StatusCode::ACCEPTED, "{}", a.text());
    assert_eq!(h.sent().text.as_deref(), Some("grüße"));
    let a = h
        .form("/cgi-bin/sendsms", "application/x-www-form-urlencoded", "user=shop&pass=secret&to=%2B447700900123&text=%00%01&coding=1")
        .await;
    assert_eq!(a.status, StatusCode::ACCEPTED);
    assert_eq!(&h.sent().payload[..], [0, 1]);
    let a = h.form("/cgi-bin/sendsms", "text/xml", "<message/>").await;
    assert_eq!(a.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
