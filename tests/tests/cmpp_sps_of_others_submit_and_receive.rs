//! Service providers that others wrote log in over CMPP, submit short and long messages, and get their reports and an MO, as far as each
//! can; what reaches the carrier, over SMPP, is what they sent.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::cmpp::Sp;
use waxwing_tests::cmpp_client::{ids, job, reported, run};
use waxwing_tests::{Carrier, Config, Gateway, cmpp_relay, until};

const BOUND: Duration = Duration::from_secs(20);
const PHONE: &[&str] = &["13800138000"];
const ECHO: &str = "ECHO hello from the phone";
const CHINESE: &str = "您的验证码是246810，请勿泄露🙂";

fn long_chinese() -> String {
    "尊敬的用户，您的订单已经发出🙂请注意查收。".repeat(8)
}

fn long_ascii() -> String {
    "The quick brown fox jumps over the lazy dog. ".repeat(9)
}

/// Waits until the carrier has each of these texts, whole in one message or in the parts of one, put together in their order.
fn assert_texts_arrive(carrier: &mut Carrier, texts: &[&str]) {
    let text = |submit: &Value| submit["text"].as_str().map(str::to_owned);
    for wanted in texts {
        until(&format!("{wanted:?} at the carrier"), BOUND, || {
            let submits = carrier.submits();
            if submits.iter().any(|submit| submit["text"] == *wanted) {
                return true;
            }
            let references: BTreeSet<String> = submits.iter().filter_map(|s| s["udh"][0].as_str().map(|udh| udh[..6].to_owned())).collect();
            references.iter().any(|reference| {
                let parts = submits.iter().filter(|s| s["udh"][0].as_str().is_some_and(|udh| udh.starts_with(reference)));
                parts.filter_map(text).collect::<String>() == *wanted
            })
        });
    }
}

#[test]
fn cmppprotocol() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let (ascii, chinese) = (long_ascii(), long_chinese());
    let messages = [(PHONE, ECHO), (PHONE, CHINESE), (PHONE, ascii.as_str()), (PHONE, chinese.as_str())];
    let mut job = job(gateway.cmpp(), &messages);
    // It puts 134 octets into each part of a long message.
    let parts = 2 + ascii.len().div_ceil(134) + chinese.encode_utf16().count().div_ceil(67);
    job["expect_reports"] = parts.into();
    job["expect_mo"] = 1.into();
    let run = run("cmppprotocol", &job);
    let ids = ids(&run);
    assert_eq!(ids.len(), parts);
    assert_eq!(ids, reported(&run), "ids given and ids reported");
    for report in run.events("report") {
        assert_eq!((&report["dest"], &report["source"], &report["to"]), (&json!(PHONE[0]), &json!(PHONE[0]), &json!("12345")));
    }
    let mo = run.events("mo");
    assert_eq!((&mo[0]["text"], &mo[0]["source"], &mo[0]["dest"]), (&json!("hello from the phone"), &json!(PHONE[0]), &json!("12345")));
    assert_texts_arrive(&mut carrier, &[ECHO, CHINESE, &ascii, &chinese]);
}

#[test]
fn cmppprotocol_to_many_recipients() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let phones = ["13800138001", "13800138002", "13800138003"];
    let mut job = job(gateway.cmpp(), &[(&phones, "to all of you")]);
    job["expect_reports"] = 3.into();
    let run = run("cmppprotocol", &job);
    let first = ids(&run).pop_first().expect("one id");
    let first = u64::from_str_radix(&first, 16).expect("hexadecimal");
    for (phone, offset) in phones.iter().zip(0..) {
        let id = format!("{:016x}", first + offset);
        let found = run.events("report").into_iter().any(|report| report["message_id"] == id && report["dest"] == *phone);
        assert!(found, "{id} about {phone}: {:#?}", run.events);
    }
    let submits = carrier.wait_for_submits(3, BOUND);
    assert!(submits.iter().all(|submit| submit["text"] == "to all of you"), "{submits:#?}");
}

#[test]
fn cmppprotocol_with_a_wrong_secret() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    let mut job = job(gateway.cmpp(), &[]);
    job["secret"] = "guessed".into();
    let run = run("cmppprotocol", &job);
    assert!(!run.succeeded && run.events("bind_failed").len() == 1, "{:#?}", run.events);
}

#[test]
fn pycmpp() {
    // It says version 2.1, leaves Src_Id empty, and answers nothing that is delivered to it.
    let mut carrier = Carrier::start(json!({}));
    let config = Config::without_doors().cmpp("");
    let config = config.shop_with("default_sender = \"12345\"\ncountry = \"CN\"\n[account.cmpp]\nsp_id = \"901234\"");
    let gateway = Gateway::start(&config.smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    let chinese = long_chinese();
    let mut job = job(gateway.cmpp(), &[(PHONE, ECHO), (PHONE, CHINESE), (PHONE, &chinese)]);
    let parts = 2 + chinese.chars().count().div_ceil(64);
    job["expect_reports"] = parts.into();
    job["expect_mo"] = 1.into();
    let run = run("python_pycmpp.py", &job);
    assert_eq!(ids(&run), reported(&run), "ids given and ids reported");
    assert_eq!(run.events("mo")[0]["text"], "hello from the phone");
    assert_texts_arrive(&mut carrier, &[ECHO, CHINESE, &chinese]);
}

#[test]
fn pycmpp_with_a_wrong_secret() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    let mut job = job(gateway.cmpp(), &[]);
    job["secret"] = "guessed".into();
    let run = run("python_pycmpp.py", &job);
    assert_eq!(run.events("bind_failed")[0]["status"], 3, "{:#?}", run.events);
}

#[test]
fn cmppy_over_short_connections() {
    // Nothing is delivered at the door for short connections; what is for the SP comes over the other one.
    let mut carrier = Carrier::start(json!({}));
    let config = Config::without_doors().cmpp("short = true").listener("cmpp", "gateway = \"001002\"").shop_over_cmpp("");
    let gateway = Gateway::start(&config.smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    let [short, long] = gateway.listeners("cmpp")[..] else { panic!("two doors") };
    let chinese = long_chinese();
    let run = run("python_cmppy.py", &job(short, &[(PHONE, ECHO), (PHONE, CHINESE), (PHONE, &chinese)]));
    let mut ids = ids(&run);
    assert_eq!(ids.len(), 2 + chinese.encode_utf16().count().div_ceil(64));
    assert_texts_arrive(&mut carrier, &[ECHO, CHINESE, &chinese]);
    let mut sp = Sp::ready(long, 0x30);
    while !ids.is_empty() {
        let report = sp.wait_for_report(BOUND);
        assert_eq!((report.stat.as_str(), report.dest_terminal_id.as_str()), ("DELIVRD", PHONE[0]));
        let id = format!("{:016x}", report.msg_id);
        assert!(ids.remove(&id), "{id} is not among {ids:?}");
    }
    assert_eq!(sp.wait_for_mo(BOUND).text(), "hello from the phone");
}

#[test]
fn cmppy_with_a_wrong_secret() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    let mut job = job(gateway.cmpp(), &[(PHONE, "never")]);
    job["secret"] = "guessed".into();
    let run = run("python_cmppy.py", &job);
    assert_eq!(run.events("bind_failed")[0]["status"], 3, "{:#?}", run.events);
}
