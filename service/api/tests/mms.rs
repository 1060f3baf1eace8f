//! Multimedia messages at the HTTP doors, with a message centre that notes what it is asked.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::Arc;

use axum::body::Body;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use parking_lot::Mutex;
use serde_json::json;
use support::{Answer, House, basic, house_with};
use waxwing_api::{Delivery, MmsClass, MmsDoor, MmsOutcome, MmsPart, MmsReceived, MmsRequest, Problem};
use waxwing_core::{Account, Door, Message, MsgId, want};
use waxwing_wap::document::PermissionKind;

/// Takes everything but e-mail.
#[derive(Default)]
struct Centre(Mutex<Vec<MmsRequest>>);

impl MmsDoor for Centre {
    fn submit<'a>(&'a self, _: &'a Arc<Account>, request: MmsRequest) -> BoxFuture<'a, Result<Vec<MmsOutcome>, Problem>> {
        let outcome = |to: &String| MmsOutcome {
            to: to.clone(),
            result: if to.contains('@') { Err(Problem::invalid("no e-mail").with("field", "to")) } else { Ok(MsgId(42)) },
        };
        let outcomes = request.recipients().map(outcome).collect();
        self.0.lock().push(request);
        async { Ok(outcomes) }.boxed()
    }

    fn content(&self, _: MsgId) -> BoxFuture<'_, Result<Option<Vec<MmsPart>>, Problem>> {
        async { Ok(None) }.boxed()
    }

    fn received<'a>(&'a self, _: &'a Message) -> BoxFuture<'a, Result<Option<MmsReceived>, Problem>> {
        async { Ok(None) }.boxed()
    }
}

fn with_centre() -> (House, Arc<Centre>) {
    let house = house_with(|shop| shop.mms = true);
    let centre = Arc::new(Centre::default());
    house.state.set_mms(centre.clone());
    (house, centre)
}

impl Centre {
    fn last(&self) -> MmsRequest {
        self.0.lock().pop().unwrap()
    }
}

async fn post(house: &House, body: serde_json::Value, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post("/api/v1/mms").header("content-type", "application/json").header("authorization", basic("shop"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.call(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn json_with_everything_is_understood() {
    let (house, centre) = with_centre();
    let body = json!({
        "to": ["+447700900123", "a@example.net"], "cc": "+447700900124", "bcc": ["+447700900125"], "from": "12345", "subject": "S",
        "text": "T", "parts": [{"name": "a.gif", "type": "image/gif", "base64": "R0lG\nODlh"}, {"text": "more"}], "smil": "<smil/>",
        "class": "auto", "priority": "low", "receipt": ["failed"], "read_report": true, "delay": 60, "validity": 3600, "hide_sender": true,
        "adapt": false, "drm": {"type": "separate", "permissions": ["print"], "interval": 60, "texts": true}, "reference": "r",
        "callback": "http://127.0.0.1/x",
    });
    let answer = post(&house, body, &[("idempotency-key", "k")]).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let v = answer.json();
    assert_eq!(
        (v["accepted"].as_u64(), v["refused"].as_u64(), v["messages"][1]["problem"]["field"].as_str()),
        (Some(3), Some(1), Some("to"))
    );
    let r = centre.last();
    assert_eq!((r.to.len(), r.cc.len(), r.bcc.len(), r.from.as_str(), r.subject.as_str()), (2, 1, 1, "12345", "S"));
    let parts: Vec<(&str, &[u8])> = r.parts.iter().map(|p| (p.name.as_str(), &p.data[..])).collect();
    assert_eq!(parts, [("", &b"T"[..]), ("a.gif", b"GIF89a"), ("", b"more")]);
    assert_eq!((r.door, r.class, r.priority, r.want), (Door::Rest, MmsClass::Auto, 0, want::FAILED | want::REFUSED | want::READ));
    assert!(r.read_report && r.hide_sender && !r.may_adapt && r.idempotency.is_some() && r.smil.is_some());
    assert_eq!((r.not_before, r.expires), (Some(support::START + 60_000), Some(support::START + 3_660_000)));
    let protection = r.protection.unwrap();
    assert_eq!((protection.delivery, protection.texts, protection.permissions[0].kind), (Delivery::Separate, true, PermissionKind::Print));
    assert_eq!(protection.permissions[0].constraint.as_ref().unwrap().interval.as_deref(), Some("PT60S"));
    // The same key is the same key, and not that of another request.
    for (key, same) in [("k", true), ("l", false)] {
        post(&house, json!({"to": "1", "text": "T"}), &[("idempotency-key", key)]).await;
        assert_eq!(centre.last().idempotency == r.idempotency, same);
    }
}

#[tokio::test]
async fn a_form_has_the_same_members() {
    let (house, centre) = with_centre();
    let field = |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let file = |name: &str, file: &str, data: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: image/gif\r\n\r\n{data}\r\n")
    };
    let body = [
        field("to", "1, 2"),
        field("to", "3"),
        field("text", "one"),
        field("text", "two"),
        field("read_report", "yes"),
        field("delay", "5"),
        field("receipt", "[\"delivered\"]"),
        field("drm", "forward-lock"),
        field("subject", "007"),
        file("photo", "a.gif", "GIF89a"),
        file("photo", "", ""),
        file("smil", "s.smil", "<smil/>"),
        "--b--\r\n".to_owned(),
    ]
    .concat();
    let answer = house.form("/api/v1/mms", "multipart/form-data; boundary=b", &body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let r = centre.last();
    assert_eq!((r.to, r.subject.as_str(), r.smil.as_deref()), (vec!["1".into(), "2".into(), "3".into()], "007", Some("<smil/>")));
    let parts: Vec<(&str, &[u8])> = r.parts.iter().map(|p| (p.name.as_str(), &p.data[..])).collect();
    assert_eq!(parts, [("", &b"one"[..]), ("", b"two"), ("a.gif", b"GIF89a")]);
    assert_eq!((r.want, r.protection.unwrap().delivery), (want::DELIVERED | want::READ, Delivery::ForwardLock));
    // What a page of another site posts is refused.
    let request =
        Request::post("/api/v1/mms").header("content-type", "multipart/form-data; boundary=b").header("authorization", basic("shop"));
    let answer = house.call(request.header("sec-fetch-site", "cross-site").body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nowsms_parameters_without_a_file() {
    let (house, centre) = with_centre();
    let uri = "/?PhoneNumber=+447700900123,%2B447700900124&MMSText=Hi&MMSSubject=S&MMSFrom=shop&MMSBCC=Yes&MMSDeliveryReport=Yes\
               &MMSPriority=low&MMSMessageClass=Auto&DelayUntil=&Validity=2h&MMSHEADERS=X-A:+b";
    let answer = house.get_as("shop", uri).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let r = centre.last();
    assert_eq!((r.to.len(), r.bcc), (0, vec!["+447700900123".to_owned(), "+447700900124".to_owned()]));
    assert_eq!((r.door, r.want, r.from.as_str(), r.priority, r.class), (Door::NowSms, want::FINAL, "shop", 0, MmsClass::Auto));
    assert_eq!((r.headers, r.expires), (vec![("X-A".to_owned(), "b".to_owned())], Some(support::START + 7_200_000)));
    // Flags alone do not make a multimedia message of a text.
    let answer = house.get_as("shop", "/?PhoneNumber=%2B447700900123&Text=hi&MMSDeliveryReport=Yes&MMSFile=&MMSText=").await;
    assert_eq!((answer.status, centre.0.lock().len()), (StatusCode::OK, 0));
    assert_eq!(house.sent().text.as_deref(), Some("hi"));
}

#[tokio::test]
async fn what_is_not_stored_and_who_may_not() {
    let (house, centre) = with_centre();
    assert_eq!(house.get_as("shop", "/api/v1/mms/2A/content").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get_as("shop", "/api/v1/mms/zz/content/0").await.status, StatusCode::NOT_FOUND);
    house.change_shop(|shop| shop.mms = false);
    let answer = post(&house, json!({"to": "1", "text": "T"}), &[]).await;
    assert_eq!((answer.status, centre.0.lock().len()), (StatusCode::FORBIDDEN, 0), "{}", answer.text());
    assert!(answer.json()["detail"].as_str().unwrap().contains("may not send mms"));
}
