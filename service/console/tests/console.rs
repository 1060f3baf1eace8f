//! The console as a browser sees it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use waxwing_api::{ApiOptions, ApiState, Registry};
use waxwing_console::{ConsoleOptions, router, sign_in_path};
use waxwing_core::*;
use waxwing_ledger::{AccountStore, Ledger, LedgerOptions};
use waxwing_spool::Spool;
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};

struct House {
    router: Router,
    gateway: Arc<Gateway>,
    accounts: Arc<AccountStore>,
    api: ApiState,
    _dir: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }

    /// What the browser would send back.
    fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    fn csrf(&self) -> String {
        self.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }
}

fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    let spool =
        EmbeddedSpool::open(SpoolConfig { readers: vec!["ledger".into()], ..SpoolConfig::small(dir.path().join("spool")) }).unwrap();
    let dynamic: Arc<dyn Spool> = spool.clone();
    let gateway = Gateway::new(spool.clone(), Clock::system(), Arc::new(Metrics::new()));
    let options = LedgerOptions { linger: Duration::from_millis(1), ..LedgerOptions::new(dir.path().join("ledger")) };
    let ledger = Ledger::open(options, dynamic).unwrap();
    let account = |name: &str, admin: bool| {
        let config = AccountConfig { name: name.into(), password: Secret::parse("secret"), admin, push: admin, ..AccountConfig::default() };
        let (group, queue, hook) = (spool.group(name), spool.queue(&format!("account:{name}")), spool.queue(&format!("hook:{name}")));
        Arc::new(Account::new(config, group, queue, hook, Arc::default(), Default::default()))
    };
    let line = Line {
        state: ConnectorState::new("carrier <a>", spool.queue("connector:carrier <a>")),
        senders: vec![],
        to: vec![],
        any: true,
        weight: 1,
        retry: RetryPolicy::default(),
        errors: ErrorTable::smpp(),
        no_answer: NoAnswer::Resend,
        receipt_wait: 1000,
    };
    let accounts = Accounts::new(vec![account("root", true), account("shop", false)]);
    gateway.install(Setup { accounts, routes: RouteTable::new(vec![line], vec![]), ..Setup::empty() });
    let accounts = Arc::new(AccountStore::open(dir.path().join("accounts.db")).unwrap());
    let registry = Registry::new(accounts.clone(), Arc::new(|_: &str, _: &str, _: &_| Ok(())), accounts.revision());
    let options = ApiOptions { ledger: Some(ledger), home: Some("/console".into()), registry: Some(registry), ..ApiOptions::default() };
    let api = ApiState::new(gateway.clone(), options);
    let console = router(ConsoleOptions { api: api.clone(), accounts: accounts.clone(), node: "gw1".into(), secure: false });
    House { router: waxwing_api::router(api.clone()).merge(console), gateway, accounts, api, _dir: dir }
}

impl House {
    async fn call(&self, request: Request<Body>) -> Answer {
        let response = TowerToHyperService::new(self.router.clone()).call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&self, uri: &str, cookie: &str) -> Answer {
        self.call(Request::get(uri).header("cookie", cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, uri: &str, cookie: &str, form: &str) -> Answer {
        let r = Request::post(uri).header("cookie", cookie).header("content-type", "application/x-www-form-urlencoded");
        self.call(r.header("sec-fetch-site", "same-origin").body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn sign_in(&self) -> String {
        let a = self.post("/console/sign-in", "", "name=root&password=secret").await;
        assert_eq!((a.status, a.header("location")), (StatusCode::SEE_OTHER, "/console"));
        a.cookie()
    }
}

#[tokio::test]
async fn nobody_gets_in_without_signing_in() {
    let h = house();
    let a = h.get("/console", "").await;
    assert_eq!((a.status, a.header("location")), (StatusCode::SEE_OTHER, "/console/sign-in"));
    let a = h.get("/console/messages?number=1", "waxwing_session=forged").await;
    assert_eq!(a.header("location"), "/console/sign-in?next=%2Fconsole%2Fmessages%3Fnumber%3D1");
    for (form, status) in [("name=root&password=wrong", 401), ("name=shop&password=secret", 403), ("name=&password=", 401), ("", 401)] {
        let a = h.post("/console/sign-in", "", form).await;
        assert_eq!((a.status.as_u16(), a.headers.contains_key("set-cookie")), (status, false), "{form}");
    }
    let foreign = Request::post("/console/sign-in").header("sec-fetch-site", "cross-site").body(Body::from("name=root&password=secret"));
    assert_eq!(h.call(foreign.unwrap()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(h.post("/console/send", "", "to=1&text=a").await.status, StatusCode::SEE_OTHER);
    assert!(h.gateway.spool.depths().is_empty());
}

#[tokio::test]
async fn cookies_and_pages_are_locked_down() {
    let h = house();
    let a = h.post("/console/sign-in", "", "name=root&password=secret&next=//evil.example").await;
    assert_eq!(a.header("location"), "/console");
    let cookie = a.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/console"), "{cookie}");
    let page = h.get("/console", &a.cookie()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!((page.header("cache-control"), page.header("x-frame-options")), ("no-store", "DENY"));
    assert!(page.text.contains("carrier &lt;a&gt;") && !page.text.contains("carrier <a>"));
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let h = house();
    let token = h.accounts.create_link("root", 60_000, h.gateway.clock.now()).unwrap();
    let a = h.get(&sign_in_path(&token), "").await;
    assert_eq!(a.status, StatusCode::OK);
    assert_eq!(h.get("/console", &a.cookie()).await.status, StatusCode::OK);
    let again = h.get(&sign_in_path(&token), "").await;
    assert_eq!((again.status, again.headers.contains_key("set-cookie")), (StatusCode::FORBIDDEN, false));
    let token = h.accounts.create_link("shop", 60_000, h.gateway.clock.now()).unwrap();
    assert_eq!(h.get(&sign_in_path(&token), "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_message_is_sent_seen_and_cancelled() {
    let h = house();
    let cookie = h.sign_in().await;
    let csrf = h.get("/console/send", &cookie).await.csrf();
    let body = "to=%2B447700900123&from=12345&text=two%0D%0Alines+%3Cb%3E";
    assert_eq!(h.post("/console/send", &cookie, &format!("{body}&csrf=forged")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(h.post("/console/send", &cookie, body).await.status, StatusCode::FORBIDDEN);
    let a = h.post("/console/send", &cookie, &format!("{body}&csrf={csrf}")).await;
    let place = a.header("location").to_owned();
    assert!(place.starts_with("/console/messages/"), "{}", a.text);
    let page = h.get(&place, &cookie).await;
    assert!(page.text.contains("two\nlines &lt;b&gt;") && page.text.contains("+447700900123"), "{}", page.text);
    let found = h.get("/console/messages?number=%2B447700900123&state=queued", &cookie).await;
    assert!(found.text.contains(&format!("href=\"{place}\"")));
    let a = h.post(&format!("{place}/cancel"), &cookie, &format!("csrf={csrf}")).await;
    assert_eq!(a.status, StatusCode::SEE_OTHER);
    assert!(h.get(&place, &cookie).await.text.contains("cancelled"));
    let options = "dest_port=5505&validity=2&priority=high&reply_path=1";
    let a = h.post("/console/send", &cookie, &format!("{body}&{options}&csrf={csrf}")).await;
    assert!(a.header("location").starts_with("/console/messages/"), "{}", a.text);
    for (option, says) in [
        ("dest_port=70000", "Port on the handset: &quot;70000&quot; is no port"),
        ("source_port=1", "there is no port on the handset"),
        ("validity=x", "Worth delivering: &quot;x&quot; is no number of hours"),
    ] {
        let a = h.post("/console/send", &cookie, &format!("{body}&{option}&csrf={csrf}")).await;
        assert!(a.status == StatusCode::OK && a.text.contains(says) && a.text.contains("<details open"), "{}", a.text);
    }
    let bad = h.post("/console/send", &cookie, &format!("to=nobody&text=a&csrf={csrf}")).await;
    assert!(bad.text.contains("not a phone number") && bad.text.contains("value=\"nobody\""));
    assert_eq!(h.get("/console/messages/zz", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(h.get("/console/nowhere", &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let h = house();
    let cookie = h.sign_in().await;
    let csrf = h.get("/console", &cookie).await.csrf();
    assert_eq!(h.post("/console/sign-out", &cookie, "csrf=x").await.status, StatusCode::FORBIDDEN);
    let a = h.post("/console/sign-out", &cookie, &format!("csrf={csrf}")).await;
    assert!(a.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(h.get("/console", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nowsms_urls_and_the_console_share_the_door() {
    let h = house();
    assert_eq!(h.get("/", "").await.header("location"), "/console");
    let a = h.get("/?PhoneNumber=%2B447700900123&Text=a&User=root&Password=secret", "").await;
    assert!(a.text.contains("MessageID="), "{}", a.text);
    assert_eq!(h.get("/console/console.css", "").await.header("content-type"), "text/css; charset=utf-8");
}

/// A BMP of one black pixel: every octet of it is a character as well.
const BMP: &str = concat!(
    "BM:\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0",
    "\0\0\0\0\x04\0\0\0\x13\x0b\0\0\x13\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
);

#[tokio::test]
async fn special_messages_are_sent_by_their_form() {
    let h = house();
    let cookie = h.sign_in().await;
    for kind in waxwing_push::KINDS {
        let a = h.get(&format!("/console/push?kind={}", kind.name), &cookie).await;
        assert!(a.status == StatusCode::OK && a.text.contains(&format!("<option value=\"{}\" selected>", kind.name)), "{}", a.text);
        for f in kind.fields {
            assert!(a.text.contains(&format!("name=\"f_{}", f.name)), "{} {}", kind.name, f.name);
        }
    }
    let csrf = h.get("/console/push", &cookie).await.csrf();
    let multipart = async |fields: &[(&str, &str)], csrf: &str| {
        let part = |(n, v): &(&str, &str)| match n.strip_suffix("_file") {
            Some(_) => format!("--b\r\nContent-Disposition: form-data; name=\"{n}\"; filename=\"x\"\r\n\r\n{v}\r\n"),
            None => format!("--b\r\nContent-Disposition: form-data; name=\"{n}\"\r\n\r\n{v}\r\n"),
        };
        let body = fields.iter().chain(&[("csrf", csrf), ("to", "+447700900123")]).map(part).collect::<String>() + "--b--\r\n";
        let r = Request::post("/console/push").header("cookie", &cookie).header("content-type", "multipart/form-data; boundary=b");
        h.call(r.header("sec-fetch-site", "same-origin").body(Body::from(body)).unwrap()).await
    };
    let a = multipart(&[("kind", "si"), ("f_url", "a.example"), ("f_text", "Hi"), ("f_action", "signal-high"), ("f_id", "")], &csrf).await;
    assert!(a.header("location").starts_with("/console/messages/"), "{}", a.text);
    let a = multipart(&[("kind", "document"), ("f_xml", ""), ("f_xml_file", "<sl href='http://a'/>")], &csrf).await;
    assert_eq!(a.status, StatusCode::SEE_OTHER, "{}", a.text);
    let a = multipart(&[("kind", "voicemail"), ("f_count", "2"), ("f_on", "yes")], &csrf).await;
    assert_eq!(a.status, StatusCode::SEE_OTHER, "{}", a.text);
    for fields in [
        &[("kind", "sl"), ("f_url", "a.example"), ("f_action", "cache")][..],
        &[("kind", "co"), ("f_objects", "http://a/1\r\nhttp://a/2")],
        &[("kind", "bookmark"), ("f_url", "a.example"), ("f_title", "T")],
        &[("kind", "browser_settings"), ("f_name", "N"), ("f_apn", "internet"), ("f_form", "ota")],
        &[("kind", "mms_settings"), ("f_name", "N"), ("f_apn", "mms"), ("f_mmsc", "m.example"), ("f_imsi", "262011234567890")],
        &[("kind", "mms_notification"), ("f_url", "m.example/1"), ("f_size", "30000")],
        &[("kind", "email_notification"), ("f_mailbox", "u@example.net"), ("f_timestamp", "2026-01-02T03:04")],
        &[("kind", "push"), ("f_content_type", "a/b"), ("f_data", "0102"), ("f_port", "9999")],
        &[("kind", "ringtone"), ("f_rtttl", "Scale:d=8,o=5,b=125:c,d,e")],
        &[("kind", "operator_logo"), ("f_network", "26201"), ("f_image_file", BMP)],
        &[("kind", "cli_icon"), ("f_image_file", BMP), ("f_invert", "yes")],
        &[("kind", "picture"), ("f_image_file", BMP), ("f_text", "Hi")],
        &[("kind", "ems"), ("f_text", "Big"), ("f_bold", "yes"), ("f_sound", "3"), ("f_image_file", BMP)],
        &[("kind", "flash"), ("f_text", "Now"), ("validity", "2"), ("reply_path", "1")],
        &[("kind", "replace"), ("f_text", "New"), ("f_type", "1")],
        &[("kind", "binary"), ("f_data", "0102"), ("f_udh", "06050415811581"), ("f_pid", "1"), ("f_dcs", "4")],
        &[("kind", "binary"), ("f_data", "0102"), ("f_dest_port", "5505")],
    ] {
        let a = multipart(fields, &csrf).await;
        assert!(a.header("location").starts_with("/console/messages/"), "{fields:?}: {}", a.text);
    }
    let pin =
        [("kind", "provisioning"), ("f_xml", "<wap-provisioningdoc><characteristic type='A'/></wap-provisioningdoc>"), ("f_pin", "12345")];
    let a = multipart(&[&pin[..], &[("f_pin_type", "userpinmac")]].concat(), &csrf).await;
    assert!(a.text.contains("type in the PIN <strong>12345"), "{}", a.text);
    let a = multipart(&[("kind", "document"), ("f_xml", "<si>\n</x>")], &csrf).await;
    assert!(a.status == StatusCode::OK && a.text.contains("Not sent: xml: line 2") && a.text.contains("&lt;si&gt;"), "{}", a.text);
    assert_eq!(multipart(&[("kind", "flash"), ("f_text", "x")], "forged").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn phones_are_added_found_and_removed() {
    let h = house();
    let cookie = h.sign_in().await;
    let page = h.get("/console/phones", &cookie).await;
    assert!(page.text.contains("No phones.") && page.text.contains("aria-current=\"page\">Phones<"), "{}", page.text);
    let csrf = page.csrf();
    let add = |more: &str| format!("csrf={csrf}&name=%3Cb%3EAnna&password=x&alias=anna&max_size=300&may_receive=1&{more}");
    assert_eq!(
        h.post("/console/phones", &cookie, &add("number=%2B447700900123").replace("csrf=", "csrf=0")).await.status,
        StatusCode::FORBIDDEN
    );
    let a = h.post("/console/phones", &cookie, &add("number=%2B44+7700+900123")).await;
    assert_eq!((a.status, a.header("location")), (StatusCode::SEE_OTHER, "/console/phones?added=447700900123"));
    let s = h.accounts.subscriber("447700900123").unwrap().unwrap();
    assert_eq!((s.alias.as_deref(), s.may_send, s.may_receive, s.max_size), (Some("anna"), false, true, Some(300 << 10)));

    let a = h.get("/console/phones?search=ANN&added=447700900123", &cookie).await;
    assert!(a.text.contains("+447700900123 is added.") && a.text.contains("&lt;b&gt;Anna") && !a.text.contains("<b>Anna"), "{}", a.text);
    assert!(h.get("/console/phones?search=bert&added=%3Cb%3E", &cookie).await.text.contains("No phones."));
    // What was typed in is still there, but for the password.
    let again = h.post("/console/phones", &cookie, &add("number=447700900123")).await;
    assert!(again.text.contains("Not added: number: there is a subscriber +447700900123 already"), "{}", again.text);
    assert!(again.text.contains("value=\"447700900123\"") && !again.text.contains("value=\"x\""));
    let a = h.post("/console/phones", &cookie, &add("number=4477&max_size=lots").replace("max_size=300&", "")).await;
    assert!(a.text.contains("largest message: &quot;lots&quot;"), "{}", a.text);

    let a = h.post("/console/phones/remove", &cookie, &format!("csrf={csrf}&number=%2B447700900123")).await;
    assert_eq!(a.header("location"), "/console/phones?removed=447700900123");
    assert_eq!(h.accounts.subscriber_count().unwrap(), 0);
    let a = h.post("/console/phones/remove", &cookie, &format!("csrf={csrf}&number=%2B447700900123")).await;
    assert!(a.text.contains("Not removed: "), "{}", a.text);
}

/// A message centre that takes everything, and has a picture in every message.
struct Centre(std::sync::Mutex<Vec<waxwing_api::MmsRequest>>);

impl waxwing_api::MmsDoor for Centre {
    fn submit<'a>(
        &'a self,
        _: &'a Arc<Account>,
        request: waxwing_api::MmsRequest,
    ) -> futures_util::future::BoxFuture<'a, Result<Vec<waxwing_api::MmsOutcome>, waxwing_api::Problem>> {
        let outcomes = request.recipients().map(|to| waxwing_api::MmsOutcome { to: to.clone(), result: Ok(MsgId(42)) }).collect();
        self.0.lock().unwrap().push(request);
        Box::pin(async { Ok(outcomes) })
    }

    fn content(&self, id: MsgId) -> futures_util::future::BoxFuture<'_, Result<Option<Vec<waxwing_api::MmsPart>>, waxwing_api::Problem>> {
        let part = |name: &str, media: &str, data: &'static str| waxwing_api::MmsPart {
            name: name.into(),
            media_type: media.into(),
            data: data.into(),
        };
        let parts = vec![part("a.gif", "image/gif", "GIF89a"), part("evil.html", "text/html", "<script>alert(1)</script>")];
        Box::pin(async move { Ok((id == MsgId(42)).then_some(parts)) })
    }

    fn received<'a>(
        &'a self,
        _: &'a waxwing_core::Message,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<waxwing_api::MmsReceived>, waxwing_api::Problem>> {
        Box::pin(async { Ok(None) })
    }
}

#[tokio::test]
async fn a_multimedia_message_is_sent_with_its_files() {
    let h = house();
    let cookie = h.sign_in().await;
    let page = h.get("/console/mms", &cookie).await;
    assert!(page.text.contains("no message centre"), "{}", page.text);
    let centre = Arc::new(Centre(std::sync::Mutex::default()));
    h.api.set_mms(centre.clone());
    let page = h.get("/console/mms", &cookie).await;
    assert!(!page.text.contains("no message centre") && page.text.contains("type=\"file\" name=\"files\" multiple"), "{}", page.text);
    let field = |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let file = |name: &str| format!("--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{name}\r\n");
    let body = |csrf: &str| {
        [
            field("csrf", csrf),
            field("to", "+447700900123, a@example.net"),
            field("subject", "S"),
            field("text", "a\r\nb"),
            field("protection", "lock"),
            field("as_is", "yes"),
            file("one.gif"),
            file("two.gif"),
            "--b--\r\n".to_owned(),
        ]
        .concat()
    };
    let post = |body: String| {
        let r = Request::post("/console/mms").header("cookie", &cookie).header("content-type", "multipart/form-data; boundary=b");
        r.header("sec-fetch-site", "same-origin").body(Body::from(body)).unwrap()
    };
    assert_eq!(h.call(post(body("forged"))).await.status, StatusCode::FORBIDDEN);
    let sent = h.call(post(body(&page.csrf()))).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/console/messages/0000002A"), "{}", sent.text);
    let request = centre.0.lock().unwrap().pop().unwrap();
    let parts: Vec<(String, String)> =
        request.parts.iter().map(|p| (p.name.clone(), String::from_utf8(p.data.to_vec()).unwrap())).collect();
    let expected = [("", "a\nb"), ("one.gif", "one.gif"), ("two.gif", "two.gif")].map(|(n, d)| (n.to_owned(), d.to_owned()));
    assert_eq!(parts, expected);
    assert!(request.to.len() == 2 && !request.may_adapt && request.protection.is_some());
    let limited = body(&page.csrf()).replace("\r\n\r\nlock\r\n", "\r\n\r\nseparate\r\n").replace("--b--", "")
        + &field("uses", "3")
        + &field("until", "2030-05-01")
        + "--b--\r\n";
    assert_eq!(h.call(post(limited.clone())).await.status, StatusCode::SEE_OTHER);
    let protection = centre.0.lock().unwrap().pop().unwrap().protection.unwrap();
    let constraint = protection.permissions[0].constraint.clone().unwrap();
    assert_eq!(
        (protection.delivery, constraint.count, constraint.end.as_deref()),
        (waxwing_api::Delivery::Separate, Some(3), Some("2030-05-01T23:59:59"))
    );
    let wrong = h.call(post(limited.replace("separate", "lock"))).await;
    assert!(wrong.text.contains("a forward lock has no limits") && wrong.text.contains("value=\"2030-05-01\""), "{}", wrong.text);

    // What strangers sent is no page of ours.
    let image = h.get("/console/messages/2A/parts/0", &cookie).await;
    assert_eq!((image.header("content-type"), image.header("content-disposition")), ("image/gif", "inline"));
    let html = h.get("/console/messages/2A/parts/1", &cookie).await;
    assert_eq!(html.header("content-disposition"), "attachment; filename=\"evil.html\"");
    assert!(html.header("content-security-policy").contains("sandbox"));
    assert_eq!(h.get("/console/messages/2A/parts/2", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(h.get("/console/messages/2A/parts/0", "").await.status, StatusCode::SEE_OTHER);
}
