//! Clients that others wrote bind, submit every kind of message, and get their receipts and an MO; what reaches the carrier is what
//! they sent.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::client::{Job, long_text};
use waxwing_tests::{Carrier, relay};

const ALL: &[&str] = &["gsm7", "ucs2", "udh", "sar", "payload"];

/// Runs a job through the gateway to the carrier and returns the messages that the carrier saw.
fn through_the_gateway(job: &Job) -> Vec<Value> {
    let (gateway, mut carrier) = relay(json!({}));
    let run = job.run(gateway.smpp());
    run.assert_complete();
    assert_texts_arrive(&mut carrier, job)
}

fn assert_texts_arrive(carrier: &mut Carrier, job: &Job) -> Vec<Value> {
    let submits = carrier.wait_for_submits(job.kinds.len(), Duration::from_secs(10)).to_vec();
    for kind in job.kinds {
        let text = Job::text(kind);
        match *kind {
            "gsm7" | "ucs2" => assert!(submits.iter().any(|submit| submit["text"] == text.as_str()), "{kind}: {submits:#?}"),
            "udh" => assert!(joined(&submits, |s| s["udh"].as_array().map(|_| s["text"].clone())).contains(&text), "{kind}: {submits:#?}"),
            "sar" => assert!(joined(&submits, |s| s["sar"].as_array().map(|_| s["text"].clone())).contains(&text), "{kind}: {submits:#?}"),
            _ => {}
        }
    }
    submits
}

/// The texts of the parts that `select` picks, put together in the order of their arrival.
fn joined(submits: &[Value], select: impl Fn(&Value) -> Option<Value>) -> String {
    submits.iter().filter_map(select).filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

#[test]
fn python_smpplib() {
    through_the_gateway(&Job::new("python_smpplib.py", ALL));
}

#[test]
fn python_smpplib_with_a_transmitter_and_a_receiver() {
    through_the_gateway(&Job { pair: true, ..Job::new("python_smpplib.py", ALL) });
}

#[test]
fn python_aiosmpplib() {
    // It sets the UDH indicator on a message without a header (kind udhi_lie): that is passed on as it came.
    let submits = through_the_gateway(&Job::new("python_aiosmpplib.py", &["gsm7", "ucs2", "sar", "payload", "udhi_lie"]));
    assert!(submits.iter().any(|submit| submit["esm_class"] == 0x40), "{submits:#?}");
}

#[test]
fn python_aiosmpplib_with_a_transmitter_and_a_receiver() {
    through_the_gateway(&Job { pair: true, ..Job::new("python_aiosmpplib.py", &["gsm7", "ucs2", "sar"]) });
}

#[test]
fn python_naz() {
    through_the_gateway(&Job::new("python_naz.py", &["gsm7", "ucs2", "sar", "payload"]));
}

#[test]
fn node_smpp() {
    // It says data_coding 1 for the GSM alphabet: passed on untouched.
    let submits = through_the_gateway(&Job::new("node_smpp_client.js", ALL));
    let echo = Job::text("gsm7");
    assert!(submits.iter().any(|submit| submit["data_coding"] == 1 && submit["text"] == echo.as_str()), "{submits:#?}");
}

#[test]
fn node_smpp_with_a_transmitter_and_a_receiver() {
    through_the_gateway(&Job { pair: true, ..Job::new("node_smpp_client.js", ALL) });
}

#[test]
fn perl_net_smpp() {
    // Its long message carries port numbers before the concatenation, in 8-bit data: the header passes octet by octet.
    let (gateway, mut carrier) = relay(json!({}));
    Job::new("perl_net_smpp.pl", ALL).run(gateway.smpp()).assert_complete();
    let submits = carrier.wait_for_submits(ALL.len(), Duration::from_secs(10)).to_vec();
    let with_ports: Vec<&Value> = submits.iter().filter(|submit| submit["udh"][0] == "05040b8423f0").collect();
    let parts = long_text().len().div_ceil(128);
    assert_eq!(with_ports.len(), parts, "{submits:#?}");
    for (index, part) in with_ports.iter().enumerate() {
        assert_eq!(part["udh"][1], format!("00032a{parts:02x}{:02x}", index + 1), "in order");
    }
}

#[test]
fn a_message_payload_arrives_whole_or_in_parts() {
    let (gateway, mut carrier) = relay(json!({}));
    Job::new("python_smpplib.py", &["payload"]).run(gateway.smpp());
    let submits = carrier.wait_for_submits(1, Duration::from_secs(10)).to_vec();
    if submits.iter().any(|submit| submit["payload"]["text"] == long_text()) {
        return;
    }
    waxwing_tests::until("all parts", Duration::from_secs(10), || {
        joined(carrier.submits(), |submit| Some(submit["text"].clone())) == long_text()
    });
}

#[test]
fn a_client_and_the_simulated_carrier() {
    let config = waxwing_tests::Config::new().shop().simulator("").route_to_carrier();
    let gateway = waxwing_tests::Gateway::start(&config);
    Job::new("python_smpplib.py", ALL).run(gateway.smpp()).assert_complete();
}
