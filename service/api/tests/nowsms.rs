//! NowSMS's URLs, as deployed clients send them.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use axum::body::Body;
use http::{Request, StatusCode};
use support::{basic, house};

#[tokio::test]
async fn a_text_on_any_path() {
    let h = house();
    for path in ["/", "/Send%20Text%20Message.htm", "/some/where/else"] {
        let uri = format!("{path}?PhoneNumber=+447700900123&text=a+b%20c&charset=&InfoCharCounter=&PID=&DCS=&Submit=Submit");
        let a = h.get_as("shop", &uri).await;
        assert_eq!((a.status, a.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"), "{}", a.text());
        let (text, m) = (a.text(), h.claim().remove(0));
        assert!(text.starts_with("<HTML>"));
        assert!(text[161..].starts_with("Message Submitted"), "{text}");
        assert!(text.contains(&format!("MessageID={}.req, Recipient=", m.id())), "{text}");
        assert!(text.contains("Recipient=+447700900123"), "{text}");
        assert_eq!((m.message.text.as_deref(), m.message.destination.to_string().as_str()), (Some("a b c"), "+447700900123"));
    }
}

#[tokio::test]
async fn several_recipients_and_a_json_answer() {
    let h = house();
    let uri = "/?PhoneNumber=%2B447700900123%2C%2B447700900124,friends&Text=hi&User=shop&Password=secret";
    let r = Request::get(uri).header("accept", "application/json").body(Body::empty()).unwrap();
    let v = h.call(r).await.json();
    assert_eq!((v["accepted"].as_u64(), v["refused"].as_u64()), (Some(2), Some(1)));
    assert!(v["messages"][2]["problem"]["detail"].as_str().unwrap().contains("distribution lists"));
    let html = h.get(uri).await.text();
    assert_eq!(html.matches("MessageID=").count(), 2);
    assert!(html.contains("Error, Recipient=friends: "));
}

#[tokio::test]
async fn forms_of_both_kinds() {
    let h = house();
    let a = h.form("/Send%20Text%20Message.htm", "application/x-www-form-urlencoded", "PhoneNumber=%2B447700900123&Text=%E2%82%AC").await;
    assert_eq!(a.status, StatusCode::OK);
    assert_eq!(h.sent().text.as_deref(), Some("€"));
    let body = "--b\r\nContent-Disposition: form-data; name=\"PhoneNumber\"\r\n\r\n+447700900123\r\n--b\r\nContent-Disposition: form-data; name=\"Text\"\r\n\r\nzwei\nZeilen\r\n--b--\r\n";
    let a = h.form("/", "multipart/form-data; boundary=b", body).await;
    assert_eq!(a.status, StatusCode::OK, "{}", a.text());
    assert_eq!(h.sent().text.as_deref(), Some("zwei\nZeilen"));
    let a = h.form("/", "multipart/form-data", body).await;
    assert_eq!(a.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn refusals_are_pages_with_a_sentence() {
    let h = house();
    let a = h.get("/?PhoneNumber=1&Text=a").await;
    assert_eq!((a.status, a.header("www-authenticate").is_empty()), (StatusCode::UNAUTHORIZED, false));
    let a = h.get("/?PhoneNumber=1&Text=a&User=shop&Password=wrong").await;
    assert_eq!(a.status, StatusCode::UNAUTHORIZED);
    for (query, status, says) in [
        ("Text=a", 400, "PhoneNumber: no recipient is given"),
        ("PhoneNumber=&Text=a", 400, "PhoneNumber: no recipient is given"),
        ("PhoneNumber=1&Text=%ff%fe", 400, "Text: it is not UTF-8"),
        ("PhoneNumber=<b>&Text=a", 400, "&lt;b&gt;"),
        ("PhoneNumber=1&WAPURL=example.net", 403, "may not send push"),
        ("PhoneNumber=1&MMSText=a", 501, "multimedia"),
        ("PhoneNumber=1&Text=a&SMSCRoute=nix", 422, "no route or connector named"),
    ] {
        let a = h.get_as("shop", &format!("/?{}", query.replace('<', "%3C").replace('>', "%3E"))).await;
        let text = a.text();
        assert_eq!(a.status.as_u16(), status, "{query}: {text}");
        assert!(text.starts_with("<HTML>") && text.contains(says), "{query}: {text}");
    }
    assert!(h.claim().is_empty());
}

#[tokio::test]
async fn without_parameters_browsers_get_the_console() {
    let h = house();
    let a = h.get("/").await;
    assert_eq!((a.status, a.header("location")), (StatusCode::SEE_OTHER, "/console"));
    assert_eq!(h.get("/?utm_source=mail").await.status, StatusCode::SEE_OTHER);
    assert_eq!(h.get("/favicon.ico").await.status, StatusCode::NOT_FOUND);
    let r = Request::post("/nowhere").header("authorization", basic("shop")).body(Body::from("PhoneNumber=1")).unwrap();
    assert_eq!(h.call(r).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn links_on_other_sites_and_other_methods_submit_nothing() {
    let h = house();
    let uri = "/?PhoneNumber=%2B447700900123&Text=hi";
    let request = |method: &str, site: &str| {
        let r = Request::builder().method(method).uri(uri).header("authorization", basic("shop")).header("sec-fetch-site", site);
        r.body(Body::empty()).unwrap()
    };
    assert_eq!(h.call(request("GET", "cross-site")).await.status, StatusCode::FORBIDDEN);
    for method in ["HEAD", "PUT", "OPTIONS"] {
        assert_eq!(h.call(request(method, "none")).await.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let head = Request::head("/cgi-bin/sendsms?username=shop&password=secret&to=%2B447700900123&text=hi").body(Body::empty()).unwrap();
    assert_eq!(h.call(head).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(h.claim().is_empty());
    assert_eq!(h.call(request("GET", "same-origin")).await.status, StatusCode::OK);
    assert_eq!(h.claim().len(), 1);
}
