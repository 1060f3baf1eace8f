//! Special messages by REST and by NowSMS's URLs, up to what the connector is given.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use support::{Answer, House, basic, house, house_guarded, house_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use waxwing_api::AddressGuard;
use waxwing_core::want;
use waxwing_push::recognise;

fn pushing() -> House {
    house_with(|a| a.push = true)
}

async fn push(h: &House, body: Value, headers: &[(&str, &str)]) -> Answer {
    let mut r = Request::post("/api/v1/push").header("content-type", "application/json").header("authorization", basic("shop"));
    for (name, value) in headers {
        r = r.header(*name, *value);
    }
    h.call(r.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn an_indication_with_all_that_messages_have() {
    let h = pushing();
    let body = json!({"to": "+447700900123", "from": "Shop", "kind": "si", "url": "example.net/x", "text": "Hi", "priority": "high",
                      "receipt": ["delivered"], "reference": "r1", "validity": 60});
    let a = push(&h, body.clone(), &[("idempotency-key", "k")]).await;
    assert_eq!(a.status, StatusCode::ACCEPTED, "{}", a.text());
    let id = a.json()["messages"][0]["id"].clone();
    assert_eq!(push(&h, body, &[("idempotency-key", "k")]).await.json()["messages"][0]["id"], id, "sent once");
    let m = h.sent();
    assert_eq!((m.want, m.reference.as_str(), m.validity_given, m.data_coding, m.udhi), (want::DELIVERED, "r1", true, 4, true));
    let r = recognise(&m).unwrap();
    assert_eq!((r.kind, &r.fields["href"], &r.fields["text"]), ("si", &json!("http://example.net/x"), &json!("Hi")));
}

#[tokio::test]
async fn several_recipients_and_several_messages() {
    let h = pushing();
    let long = json!({"to": ["+447700900123", "+447700900124"], "kind": "ems",
                      "items": [{"text": "a".repeat(200), "bold": true}]});
    let v = push(&h, long, &[]).await.json();
    assert_eq!((v["accepted"].as_u64(), v["messages"].as_array().unwrap().len()), (Some(4), 4));
    assert!(h.claim().iter().all(|m| m.message.udhi));
}

#[tokio::test]
async fn refusals_name_the_field_and_the_place() {
    let h = pushing();
    for (body, says, member, value) in [
        (json!({"to": "1", "kind": "document", "xml": "<si>\n  <indication href='a'></si>"}), "xml: line 2", "line", json!(2)),
        (
            json!({"to": "1", "kind": "browser_settings", "name": "N", "apn": "a", "pin": "letters"}),
            "the PIN has to be",
            "field",
            json!("pin"),
        ),
        (
            json!({"to": "1", "kind": "si", "text": "x", "url": format!("http://a/{}", "y".repeat(3000))}),
            "24 segments",
            "field",
            json!("url"),
        ),
        (json!({"to": "1", "kind": "cli_icon", "image": {"hex": "00"}}), "no PNG", "field", json!("image")),
        (json!({"to": "1", "text": "x"}), "kind: it is missing", "field", json!("kind")),
        (json!({"kind": "flash", "text": "x"}), "missing field `to`", "status", json!(400)),
        (json!({"to": [], "kind": "flash", "text": "x"}), "no recipient", "field", json!("to")),
        (json!({"to": "1", "kind": "flash", "text": "x", "udh": "00"}), "unknown field `udh`", "status", json!(400)),
        (
            json!({"to": "1", "kind": "mms_notification", "url": "http://127.0.0.1:1/a.mms"}),
            "may not call 127.0.0.1",
            "field",
            json!("url"),
        ),
        (json!({"to": "1", "kind": "mms_notification", "url": "localhost:1/a.mms"}), "may not call", "field", json!("url")),
    ] {
        let a = push(&h, body.clone(), &[]).await;
        let v = a.json();
        assert_eq!((a.status, &v[member]), (StatusCode::BAD_REQUEST, &value), "{body}: {v}");
        assert!(v["detail"].as_str().unwrap().contains(says), "{body}: {v}");
    }
    assert!(h.claim().is_empty());
    let h = house();
    let a = push(&h, json!({"to": "1", "kind": "flash", "text": "x"}), &[]).await;
    assert_eq!(a.status, StatusCode::FORBIDDEN);
    assert!(a.text().contains("may not send push; add it to its allow setting"), "{}", a.text());
}

#[tokio::test]
async fn a_form_with_files() {
    let h = pushing();
    let part = |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let file = "--b\r\nContent-Disposition: form-data; name=\"xml\"; filename=\"a.xml\"\r\n\r\n<sl href='http://a.example'/>\r\n--b--\r\n";
    let body = [part("kind", "document"), part("to", "+447700900123, +447700900124"), part("priority", "2"), file.to_owned()].concat();
    let a = h.form("/api/v1/push", "multipart/form-data; boundary=b", &body).await;
    assert_eq!(a.status, StatusCode::ACCEPTED, "{}", a.text());
    let sent = h.claim();
    assert_eq!((sent.len(), recognise(&sent[0].message).unwrap().kind), (2, "sl"));
    let other = Request::post("/api/v1/push")
        .header("content-type", "multipart/form-data; boundary=b")
        .header("authorization", basic("shop"))
        .header("origin", "http://evil.example")
        .header("host", "gateway");
    assert_eq!(h.call(other.body(Body::from(body)).unwrap()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nowsms_urls_push_as_well() {
    let h = pushing();
    for (query, kind, field, value) in [
        ("WAPURL=example.net/a&Text=Hi", "si", "href", "http://example.net/a"),
        ("WAPURL=example.net&WAPSL=1", "sl", "href", "http://example.net"),
        ("WAPBookmark=example.net&Text=T", "bookmark", "document", "OTA bookmark"),
        ("OMAOTA=mms&OTAPIN=1234&OTAPINTYPE=USERPIN", "provisioning", "document", "client provisioning"),
    ] {
        let a = h.get_as("shop", &format!("/?PhoneNumber=%2B447700900123&{query}")).await;
        assert!(a.status == StatusCode::OK && a.text().contains("MessageID="), "{query}: {}", a.text());
        let r = recognise(&h.sent()).unwrap();
        assert_eq!((r.kind, r.fields[field].as_str()), (kind, Some(value)), "{r:?}");
    }
    let a = h.get_as("shop", "/?PhoneNumber=%2B447700900123&VoiceMail=On&VoiceMailCount=3&PID=1&ReplyRequested=Yes").await;
    assert_eq!(a.status, StatusCode::OK);
    let m = h.sent();
    assert_eq!((&m.payload[..], m.data_coding, m.protocol_id, m.esm_class), (&[4, 1, 2, 0, 3][..], 0xc8, 1, 0x80));
    let m = {
        h.get_as("shop", "/?PhoneNumber=%2B447700900123&WAPURL=a.example&Text=x&DCS=F5").await;
        h.sent()
    };
    assert_eq!(m.data_coding, 0xf5);
    for (query, says) in [
        ("OMAOTA=mms&OTAPIN=abcd", "the PIN has to be"),
        ("OMAOTA=none", "there is no none.OTA"),
        ("OTA=mms", "the document is client provisioning"),
        ("MMSURL=http://10.0.0.1/a.mms", "may not call 10.0.0.1"),
    ] {
        let a = h.get_as("shop", &format!("/?PhoneNumber=%2B447700900123&{query}")).await;
        assert!(a.status == StatusCode::BAD_REQUEST && a.text().contains(says), "{query}: {}", a.text());
    }
}

/// What NowSMS's URLs have no names for goes by `Kind` and the fields of REST; images as files of a form, or in hexadecimal.
#[tokio::test]
async fn nowsms_urls_send_every_kind() {
    let h = pushing();
    let image = "424d3a000000000000003600000028000000010000000100000001001800000000000400000013\
                 0b0000130b0000000000000000000000000000";
    for (query, kind) in [
        ("Kind=si&URL=a.example&Text=Hi&Action=signal-high".to_owned(), "si"),
        ("Kind=co&Objects=http%3A//a/1".to_owned(), "co"),
        ("Kind=browser_settings&Name=N&APN=internet&PIN=1234".to_owned(), "provisioning"),
        ("Kind=mms_settings&Name=N&APN=mms&MMSC=m.example&Form=ota".to_owned(), "ota"),
        ("Kind=mms_notification&URL=m.example/1&Size=30000".to_owned(), "mms_notification"),
        ("Kind=email_notification&Mailbox=u@example.net".to_owned(), "email_notification"),
        ("Kind=rights&UID=cid:1@a".to_owned(), "rights"),
        ("Kind=push&ContentType=a/b&Data=0102".to_owned(), "push"),
        ("Kind=ringtone&RTTTL=Scale:d=8,o=5,b=125:c,d,e".to_owned(), "ringtone"),
        (format!("Kind=operator_logo&Network=26201&Image={image}"), "operator_logo"),
        (format!("Kind=cli_icon&Image={image}"), "cli_icon"),
        (format!("Kind=picture&Text=Hi&Image={image}"), "picture"),
        ("Kind=ems&Text=Big&Bold=yes&Sound=3".to_owned(), "ems"),
        ("Kind=voicemail&Count=3".to_owned(), "voicemail"),
    ] {
        let a = h.get_as("shop", &format!("/?PhoneNumber=%2B447700900123&Validity=2h&{query}")).await;
        assert!(a.status == StatusCode::OK && a.text().contains("MessageID="), "{query}: {}", a.text());
        let m = h.sent();
        assert_eq!((recognise(&m).map(|r| r.kind), m.validity_given), (Some(kind), true), "{query}");
    }
    for (query, pid, class, data_coding) in [
        ("Kind=flash&Text=Now", 0, 1, 0),
        ("Kind=replace&Text=New&Type=3", 0x43, 0, 0),
        ("Kind=binary&Data=0102&DestPort=5505&PID=7F&DCS=04", 0x7f, 0, 4),
        ("Text=Now&DCS=10", 0, 1, 0),
        ("Text=New&PID=43", 0x43, 0, 0),
    ] {
        let a = h.get_as("shop", &format!("/?PhoneNumber=%2B447700900123&{query}")).await;
        assert!(a.text().contains("MessageID="), "{query}: {}", a.text());
        let m = h.sent();
        assert_eq!((m.protocol_id, m.class, m.data_coding), (pid, class, data_coding), "{query}");
    }
    for (query, says) in [
        ("Kind=fax", "none of si, sl"),
        ("Kind=sl&Text=x", "the URL is missing"),
        ("Kind=ringtone&RTTTL=x", "there is no colon"),
        ("Kind=cli_icon&Image=0000", "no PNG"),
    ] {
        let a = h.get_as("shop", &format!("/?PhoneNumber=%2B447700900123&{query}")).await;
        assert!(a.status == StatusCode::BAD_REQUEST && a.text().contains(says), "{query}: {}", a.text());
    }
    let part = |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let xml = "<wap-provisioningdoc><characteristic type='A'/></wap-provisioningdoc>";
    let fields = [part("PhoneNumber", "+447700900123"), part("OMAOTA", xml), part("OTAPIN", "1234"), part("OTAPINTYPE", "USERPIN")];
    let form = fields.concat() + "--b--\r\n";
    let a = h.form("/Send%20XML%20Settings%20Document.htm", "multipart/form-data; boundary=b", &form).await;
    assert!(a.text().contains("MessageID="), "{}", a.text());
    assert_eq!(recognise(&h.sent()).unwrap().kind, "provisioning");
}

/// Answers each connection with the next of these, and then no more.
async fn serving(answers: Vec<(&'static str, &'static [u8])>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for (head, body) in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await.unwrap();
            let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            socket.write_all(head.as_bytes()).await.unwrap();
            let _ = socket.write_all(body).await;
        }
    });
    format!("http://{address}/a.mms")
}

#[tokio::test]
async fn what_is_notified_of_is_fetched_and_checked_first() {
    let guard = AddressGuard::new(&["127.0.0.0/8".parse().unwrap()], &[]);
    let h = house_guarded(|a| a.push = true, |spool| spool, guard);
    let mms: &[u8] = b"\x8c\x84\x98tx\0\x8d\x90\x89\x06\x80+447\0\x96Party\0\x84\xa3\x00";
    let media = "200 OK\r\nContent-Type: application/vnd.wap.mms-message";
    let url = serving(vec![
        (media, mms),
        ("200 OK\r\nContent-Type: text/html", b"<html>"),
        (media, b"\x8c\x82\x98t\0"),
        ("404 Not Found", b""),
        ("302 Found\r\nLocation: http://127.0.0.1/", b""),
        (media, &[0; 5 << 20]),
    ])
    .await;
    let uri = format!("/?PhoneNumber=%2B447700900123&MMSURL={url}");
    assert_eq!(h.get_as("shop", &uri).await.status, StatusCode::OK);
    let r = recognise(&h.sent()).unwrap();
    assert_eq!((r.kind, &r.fields["url"], &r.fields["size"]), ("mms_notification", &json!(url), &json!(mms.len())));
    assert_eq!((&r.fields["subject"], &r.fields["sender"]), (&json!("Party"), &json!("+447/TYPE=PLMN")));
    for says in ["text/html", "m-notification-ind and has to be", "404", "302", "more than 4194304 octets"] {
        let a = h.get_as("shop", &uri).await;
        assert!(a.status == StatusCode::BAD_REQUEST && a.text().contains(says), "{says}: {}", a.text());
    }
}
