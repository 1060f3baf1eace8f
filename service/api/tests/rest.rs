//! `/api/v1` over a real spool and ledger.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use support::{basic, house, house_with};
use waxwing_core::Door;

#[tokio::test]
async fn a_message_is_accepted_found_and_cancelled() {
    let h = house();
    let a = h.post(r#"{"to":"+447700900123","from":"12345","text":"hello","delay":60,"reference":"r1"}"#).await;
    assert_eq!(a.status, StatusCode::ACCEPTED, "{}", a.text());
    let id = a.json()["messages"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(a.header("location"), format!("/api/v1/messages/{id}"));
    let path = format!("/api/v1/messages/{id}");
    let m = h.get_as("shop", &path).await.json();
    assert_eq!((m["state"].as_str(), m["to"].as_str(), m["from"].as_str()), (Some("queued"), Some("+447700900123"), Some("12345")));
    assert_eq!(h.get_as("other", &path).await.status, StatusCode::NOT_FOUND);
    assert!(h.ledger.caught_up(Duration::from_secs(10)).await);
    let m = h.get_as("root", &path).await.json();
    assert_eq!((m["text"].as_str(), m["reference"].as_str(), m["door"].as_str()), (Some("hello"), Some("r1"), Some("rest")));
    assert_eq!(m["events"][0]["event"], "accepted");
    let found = h.get_as("shop", "/api/v1/messages?number=%2B447700900123&state=queued").await.json();
    assert_eq!(found["messages"][0]["id"], id.as_str());
    assert_eq!(h.get_as("other", "/api/v1/messages").await.json()["messages"], json!([]));
    let cancel =
        |id: &str| Request::delete(format!("/api/v1/messages/{id}")).header("authorization", basic("shop")).body(Body::empty()).unwrap();
    assert_eq!(h.call(cancel(&id)).await.status, StatusCode::NO_CONTENT);
    assert!(h.ledger.caught_up(Duration::from_secs(10)).await);
    let late = h.call(cancel(&id)).await;
    assert_eq!((late.status, late.json()["type"].as_str()), (StatusCode::CONFLICT, Some("urn:waxwing:problem:too-late")));
    assert_eq!(h.call(cancel("FFFFFF")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(h.call(cancel("nonsense")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_follow_each_other() {
    let h = house();
    for n in 0..5 {
        h.pass(1000);
        h.post(format!(r#"{{"to":"+4477009{n}","text":"{n}"}}"#)).await;
    }
    assert!(h.ledger.caught_up(Duration::from_secs(10)).await);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = h.get_as("shop", &format!("/api/v1/messages?limit=2{cursor}")).await.json();
        seen.extend(page["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    for bad in ["limit=0", "limit=x", "cursor=x", "state=happy", "kind=x", "since=yesterday", "conector=a"] {
        let a = h.get_as("shop", &format!("/api/v1/messages?{bad}")).await;
        assert_eq!((a.status, a.header("content-type")), (StatusCode::BAD_REQUEST, "application/problem+json"), "{bad}");
    }
    assert_eq!(h.get_as("shop", "/api/v1/messages?account=other").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_same_key_gives_the_same_ids_and_sends_once() {
    let h = house();
    let body = r#"{"to":["+447700900123","+447700900124"],"text":"hello"}"#;
    let first = h.post_with(body, &[("idempotency-key", "k1")]).await.json();
    let again = h.post_with(body, &[("idempotency-key", "k1")]).await.json();
    assert_eq!(first, again);
    assert_ne!(first["messages"][0]["id"], first["messages"][1]["id"]);
    assert_eq!(h.claim().len(), 2);
    let other = h.post_with(body, &[("idempotency-key", "k2")]).await.json();
    assert_ne!(first, other);
    let long = "k".repeat(256);
    assert_eq!(h.post_with(body, &[("idempotency-key", &long)]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn each_message_of_a_batch_has_its_own_fate() {
    let h = house();
    let a = h.post(r#"{"messages":[{"to":"+447700900123","text":"a"},{"to":["nobody","+447700900124"],"text":"b"},{"to":"1","text":"c","route":"nix"},{"to":"2"}]}"#).await;
    assert_eq!(a.status, StatusCode::ACCEPTED);
    let v = a.json();
    assert_eq!((v["accepted"].as_u64(), v["refused"].as_u64()), (Some(2), Some(3)));
    let fates: Vec<_> = v["messages"].as_array().unwrap().iter().map(|m| m["problem"]["status"].as_u64()).collect();
    assert_eq!(fates, [None, Some(422), None, Some(422), Some(400)]);
    assert_eq!(v["messages"][1]["problem"]["type"], "urn:waxwing:problem:recipient");
    assert_eq!(h.claim().len(), 2);
    let none = h.post(r#"{"messages":[{"to":"nobody","text":"b"}]}"#).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(none.json()["messages"][0]["to"], "nobody");
}

#[tokio::test]
async fn what_is_refused_is_refused_in_words() {
    let h = house();
    let many = serde_json::to_string(&json!({ "to": vec!["1"; 10_001], "text": "a" })).unwrap();
    let big = format!(r#"{{"to":"1","text":"{}"}}"#, "a".repeat(9 << 20));
    let cases: [(Body, u16, &str); 11] = [
        ("".into(), 400, "EOF"),
        ("{".into(), 400, "EOF"),
        ("[]".into(), 400, "line 1"),
        ("{\"to\":\"1\",\"text\":\"\u{fffd}".into(), 400, "EOF"),
        (b"{\"to\":\"1\",\"text\":\"\xff\"}".to_vec().into(), 400, "not UTF-8 at octet 18"),
        (r#"{"to":[],"text":"a"}"#.into(), 400, "no recipient"),
        (r#"{"messages":[]}"#.into(), 400, "no recipient"),
        (r#"{"messages":[{"to":"1","txet":"a"}]}"#.into(), 400, "unknown field `txet`"),
        (many.into(), 400, "at most 10000"),
        (big.into(), 413, "larger than"),
        (r#"{"to":"nobody","text":"a"}"#.into(), 422, "not a phone number"),
    ];
    for (body, status, says) in cases {
        let a = h.post(body).await;
        let v = a.json();
        assert_eq!((a.status.as_u16(), a.header("content-type")), (status, "application/problem+json"), "{v}");
        assert_eq!(v["status"], status);
        assert!(v["detail"].as_str().unwrap().contains(says), "{v}");
        assert!(v["type"].as_str().unwrap().starts_with("urn:waxwing:problem:") && v["title"].is_string());
    }
    let r = Request::post("/api/v1/messages").header("authorization", basic("shop")).header("content-type", "text/plain");
    assert_eq!(h.call(r.body(Body::from("{}")).unwrap()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(h.claim().is_empty());
    assert!(h.gateway.metrics.render().contains("place=\"rest\",reason=\"invalid\""));
}

#[tokio::test]
async fn strangers_are_challenged_and_told_nothing() {
    let h = house_with(|c| c.http = false);
    for (name, uri) in [("", "/api/v1/account"), ("nobody", "/api/v1/account"), ("shop", "/api/v1/account")] {
        let a = if name.is_empty() { h.get(uri).await } else { h.get_as(name, uri).await };
        assert_eq!(a.status, StatusCode::UNAUTHORIZED);
        assert!(a.header("www-authenticate").starts_with("Basic realm="));
        assert_eq!(a.json()["type"], "urn:waxwing:problem:unauthorized");
    }
    assert_eq!(h.get_as("other", "/api/v1/connectors").await.status, StatusCode::FORBIDDEN);
    assert_eq!(h.get_as("other", "/api/v1/account").await.json()["name"], "other");
    let connectors = h.get_as("root", "/api/v1/connectors").await.json();
    assert_eq!((connectors[0]["name"].as_str(), connectors[0]["state"].as_str()), (Some("carrier"), Some("up")));
    assert!(h.get_as("root", "/api/v1/queues").await.json().is_array());
    let nothing = h.get_as("root", "/api/v1/nothing").await;
    assert_eq!((nothing.status, nothing.header("content-type")), (StatusCode::NOT_FOUND, "application/problem+json"));
    let method = h.call(Request::put("/api/v1/messages").body(Body::empty()).unwrap()).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.header("allow").contains("POST"), "{:?}", method.headers);
}

#[tokio::test]
async fn rates_and_limits_tell_when_to_come_back() {
    let h = house_with(|c| {
        c.rate = Some(2.0);
        c.per_day = Some(3);
    });
    let two = r#"{"to":["+447700900123","+447700900124"],"text":"a"}"#;
    assert_eq!(h.post(two).await.json()["accepted"], 2);
    let throttled = h.post(r#"{"to":"+447700900123","text":"a"}"#).await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1"));
    h.pass(10_000);
    let v = h.post(two).await.json();
    assert_eq!((v["accepted"].as_u64(), v["messages"][1]["problem"]["type"].as_str()), (Some(1), Some("urn:waxwing:problem:quota")));
    let account = h.get_as("shop", "/api/v1/account").await.json();
    assert_eq!((account["today"].as_u64(), account["per_day"].as_u64()), (Some(3), Some(3)));
}

#[tokio::test]
async fn pressure_and_draining_show_in_readyz() {
    let h = house();
    assert_eq!((h.get("/healthz").await.status, h.get("/readyz").await.status), (StatusCode::OK, StatusCode::OK));
    h.gateway.set_pressure(Some("the ledger is behind"));
    let a = h.get("/readyz").await;
    assert_eq!(a.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(a.text().contains("the ledger is behind"));
    let busy = h.post(r#"{"to":"+447700900123","text":"a"}"#).await;
    assert_eq!((busy.status, busy.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
    h.gateway.set_pressure(None);
    h.state.set_draining();
    assert!(h.get("/readyz").await.text().contains("shutting down"));
}

#[tokio::test]
async fn metrics_are_openmetrics_with_fresh_gauges() {
    let h = house();
    h.post(r#"{"to":"+447700900123","text":"a"}"#).await;
    let a = h.get("/metrics").await;
    assert!(a.header("content-type").starts_with("application/openmetrics-text"));
    let text = a.text();
    assert!(text.contains("waxwing_queue_messages{queue=\"connector:carrier\",stage=\"ready\"} 1"), "{text}");
    assert!(text.contains("waxwing_connector_sessions{connector=\"carrier\"} 1"));
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn the_message_that_leaves_is_the_one_that_came() {
    let h = house();
    h.post(r#"{"to":"+44 7700 900123","from":"Shop","binary":{"hex":"0011"},"udh":"06050415811581","receipt":["delivered"]}"#).await;
    let m = h.sent();
    assert_eq!((m.door(), m.destination.to_string().as_str(), m.source.to_string().as_str()), (Door::Rest, "+447700900123", "Shop"));
    assert_eq!((m.payload.len(), m.udhi, m.data_coding, m.want), (9, true, 4, 1));
}
