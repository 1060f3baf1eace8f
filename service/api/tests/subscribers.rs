//! Subscribers by REST and by `/provision`.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use support::{Answer, House, basic, house};

async fn rest(h: &House, method: Method, path: &str, body: Value) -> Answer {
    let r = Request::builder().method(method).uri(format!("/api/v1/subscribers{path}")).header("authorization", basic("root"));
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    h.call(r.header("content-type", "application/json").body(body).unwrap()).await
}

async fn provision(h: &House, query: &str) -> String {
    let a = h.get_as("root", &format!("/provision?{query}")).await;
    assert_eq!((a.status, a.header("content-type")), (StatusCode::OK, "text/plain; charset=utf-8"), "{}", a.text());
    a.text()
}

#[tokio::test]
async fn a_subscriber_by_rest_from_beginning_to_end() {
    let h = house();
    let new = json!({ "number": "+44 7700 900123", "alias": "anna", "password": "secret", "name": "Anna", "max_size": 300_000 });
    let a = rest(&h, Method::POST, "", new.clone()).await;
    assert_eq!((a.status, a.header("location")), (StatusCode::CREATED, "/api/v1/subscribers/447700900123"));
    let v = a.json();
    assert_eq!(
        (&v["number"], &v["alias"], &v["has_password"], &v["may_send"], &v["max_size"], &v["web_link"]),
        (&json!("+447700900123"), &json!("anna"), &json!(true), &json!(true), &json!(300_000), &json!(false))
    );
    assert!(!a.text().contains("argon2") && !a.text().contains("secret"));
    assert_eq!(rest(&h, Method::GET, "/+447700900123", Value::Null).await.json(), v);

    let a = rest(&h, Method::PATCH, "/447700900123", json!({ "alias": null, "web_link": true })).await;
    let v = a.json();
    assert_eq!((a.status, v.get("alias"), &v["web_link"], &v["name"]), (StatusCode::OK, None, &json!(true), &json!("Anna")));

    // The password is the only thing that a PUT leaves.
    let v = rest(&h, Method::PUT, "/447700900123", json!({ "may_send": false, "number": "447700900123" })).await.json();
    assert_eq!((v.get("name"), v.get("max_size"), &v["may_send"], &v["has_password"]), (None, None, &json!(false), &json!(true)));
    assert_eq!(rest(&h, Method::PUT, "/+447700900124", json!({})).await.status, StatusCode::CREATED);

    assert_eq!(rest(&h, Method::DELETE, "/447700900123", Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(rest(&h, Method::DELETE, "/447700900123", Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(rest(&h, Method::GET, "/447700900123", Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn lists_have_pages_and_are_searched() {
    let h = house();
    for n in 0..7 {
        rest(&h, Method::PUT, &format!("/44770090010{n}"), json!({ "alias": format!("phone-{n}") })).await;
    }
    rest(&h, Method::PUT, "/4915112345", json!({ "name": "Bert" })).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let v = rest(&h, Method::GET, &format!("?search=%2B44&limit=3&cursor={cursor}"), Value::Null).await.json();
        assert_eq!(v["total"], 8);
        seen.extend(v["subscribers"].as_array().unwrap().iter().map(|s| s["number"].as_str().unwrap().to_owned()));
        let Some(next) = v["next"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert_eq!(seen, (0..7).map(|n| format!("+44770090010{n}")).collect::<Vec<_>>());
    let found = rest(&h, Method::GET, "?search=ber", Value::Null).await.json();
    assert_eq!(found["subscribers"][0]["number"], "+4915112345");
    assert_eq!(rest(&h, Method::GET, "?search=PHONE-3", Value::Null).await.json()["subscribers"].as_array().unwrap().len(), 1);
    for query in ["?limit=0", "?limit=1001", "?page=2"] {
        assert_eq!(rest(&h, Method::GET, query, Value::Null).await.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn problems_name_the_field_and_only_administrators_get_in() {
    let h = house();
    rest(&h, Method::PUT, "/447700900123", json!({ "alias": "anna" })).await;
    let cases = [
        (Method::POST, "", json!({ "alias": "x" }), 400, "number"),
        (Method::POST, "", json!({ "number": "anna" }), 400, "number"),
        (Method::POST, "", json!({ "number": "+447700900123" }), 409, "number"),
        (Method::POST, "", json!({ "number": "+447700900124", "alias": "ANNA" }), 409, "alias"),
        (Method::POST, "", json!({ "number": "+447700900124", "alias": "a=b" }), 400, "alias"),
        (Method::PUT, "/447700900124", json!({ "max_size": 0 }), 400, "max_size"),
        (Method::PATCH, "/447700900123", json!({ "may_send": 1 }), 400, "may_send"),
        (Method::PATCH, "/447700900123", json!({ "number": "+447700900124" }), 400, "number"),
        (Method::PATCH, "/447700900124", json!({}), 404, "number"),
        (Method::GET, "/anna", Value::Null, 400, "number"),
    ];
    for (method, path, body, status, field) in cases {
        let a = rest(&h, method.clone(), path, body.clone()).await;
        let v = a.json();
        assert_eq!((a.status.as_u16(), &v["field"]), (status, &json!(field)), "{method} {path} {body}: {v}");
        assert!(v["detail"].as_str().unwrap().starts_with(field), "{v}");
    }
    assert_eq!(h.get("/api/v1/subscribers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(h.get_as("shop", "/api/v1/subscribers").await.status, StatusCode::FORBIDDEN);
    let form = Request::post("/api/v1/subscribers").header("authorization", basic("root")).header("content-type", "text/plain");
    assert_eq!(h.call(form.body(Body::from("{}")).unwrap()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(h.store.subscriber_count().unwrap(), 1);
}

#[tokio::test]
async fn provisioning_takes_both_spellings_of_a_subscriber() {
    let h = house();
    let text = provision(&h, "AdminAction=Add&PhoneNumber=%2B447700900123&Name=anna&Password=x&FullName=Anna+%C3%85").await;
    assert!(text.starts_with("OK\r\n"), "{text}");
    let s = h.store.subscriber("447700900123").unwrap().unwrap();
    assert_eq!((s.alias.as_deref(), &*s.name, s.has_password(), s.may_send), (Some("anna"), "Anna Å", true, true));
    // An unescaped plus is one.
    let text = provision(&h, "type=mmsc&adminaction=modify&name=+447700900123&alias=ann&enablemms=no&EnableMMSReceive=yes").await;
    assert!(text.starts_with("OK"), "{text}");
    let s = h.store.subscriber("447700900123").unwrap().unwrap();
    assert_eq!((s.alias.as_deref(), &*s.name, s.may_send, s.may_receive), (Some("ann"), "Anna Å", false, true));
    assert!(provision(&h, "Type=MMSC&AdminAction=Delete&Name=447700900123").await.starts_with("OK"));
    for (query, says) in [
        ("Type=MMSC&AdminAction=Delete&Name=447700900123", "there is no subscriber"),
        ("Type=MMSC&AdminAction=Add&Name=anna", "ERROR \"anna\" is not a phone number"),
        ("Type=MMSC&AdminAction=Add&Name=4477&Alias=a/b", "Alias: \"a/b\" cannot be one"),
        ("Type=MMSC&AdminAction=Add", "Name: it is missing"),
        ("Type=MMSC&AdminAction=Add&PhoneNumber=4477&EnableMMS=perhaps", "EnableMMS"),
        ("Type=MMSC&AdminAction=Add&PhoneNumber=4477&MaxMessageSize=big", "MaxMessageSize"),
        ("Type=MMSC&AdminAction=CreditCheck&Name=4477", "AdminAction"),
        ("Type=VASP&AdminAction=Add&Name=x", "Type: \"VASP\""),
        ("AdminAction=Add&Name=x", "Type"),
        ("Type=SMS&Name=x", "AdminAction"),
        ("Type=SMS&AdminAction=Drop&Name=x", "AdminAction"),
        ("Type=SMS&AdminAction=Add&Name=%ff", "not UTF-8"),
    ] {
        let text = provision(&h, query).await;
        assert!(text.starts_with("ERROR ") && text.contains(says) && text.lines().count() == 1, "{query}: {text}");
    }
}

#[tokio::test]
async fn provisioning_is_for_administrators() {
    let h = house();
    let add = "Type=SMS&AdminAction=Add&Name=new";
    for (uri, status) in [
        (format!("/provision?{add}"), 401),
        (format!("/provision?{add}&user=root&password=wrong"), 401),
        (format!("/provision?{add}&user=shop&password=secret"), 403),
    ] {
        let a = h.get(&uri).await;
        assert_eq!((a.status.as_u16(), a.text().starts_with("ERROR ")), (status, true), "{uri}");
    }
    let foreign = Request::get(format!("/provision?{add}")).header("authorization", basic("root")).header("sec-fetch-site", "cross-site");
    assert_eq!(h.call(foreign.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
    let put = Request::put(format!("/provision?{add}")).header("authorization", basic("root"));
    assert_eq!(h.call(put.body(Body::empty()).unwrap()).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(h.store.list().unwrap().is_empty());

    let form = Request::post("/provision").header("content-type", "application/x-www-form-urlencoded");
    let a = h.call(form.body(Body::from(format!("user=root&password=secret&{add}&Password=own"))).unwrap()).await;
    assert!(a.text().starts_with("OK"), "{}", a.text());
    let text = provision(&h, "Type=SMS&AdminAction=Modify&Name=shop&AdminEnabled=Yes").await;
    assert!(text.starts_with("ERROR ") && text.contains("configuration file"), "{text}");
    assert!(h.store.get("new").unwrap().unwrap().password.starts_with("$argon2id$"));
}
