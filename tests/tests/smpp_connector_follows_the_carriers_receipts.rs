//! Receipts as carriers really send them: ids in hexadecimal or decimal, before the response, through another bind, with a failure.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::client::{Job, Run};
use waxwing_tests::smpp::{Esme, Submit};
use waxwing_tests::{relay, relay_with};

/// A client's run with a short and a long message against a carrier with these habits.
fn receipts_with(carrier: Value, connector: &str) -> Run {
    let (gateway, _carrier) = relay_with(carrier, connector, "");
    Job::new("python_smpplib.py", &["gsm7", "udh", "sar"]).run(gateway.smpp())
}

#[test]
fn hexadecimal_in_the_response_decimal_in_the_receipt() {
    receipts_with(json!({"ids": "hex", "receipt_ids": "decimal"}), "").assert_complete();
}

#[test]
fn decimal_in_the_response_hexadecimal_in_the_receipt() {
    receipts_with(json!({"ids": "decimal", "receipt_ids": "hex"}), "").assert_complete();
}

#[test]
fn before_the_response() {
    receipts_with(json!({"receipts": "before"}), "").assert_complete();
    receipts_with(json!({"receipts": "before", "ids": "hex", "receipt_ids": "decimal", "delay_ms": 20}), "").assert_complete();
}

#[test]
fn through_the_other_bind() {
    receipts_with(json!({"receipts": "other_bind"}), "bind = \"separate\"").assert_complete();
}

#[test]
fn a_failure() {
    let (gateway, _carrier) = relay(json!({"receipt_state": "UNDELIV"}));
    let run = Job::new("python_smpplib.py", &["gsm7"]).run(gateway.smpp());
    assert!(run.succeeded, "{:#?}", run.events);
    assert_eq!(run.events("receipt")[0]["state"], "UNDELIV");
}

#[test]
fn one_receipt_for_a_message_that_the_gateway_split() {
    let (gateway, _carrier) = relay(json!({}));
    let run = Job::new("python_smpplib.py", &["payload"]).run(gateway.smpp());
    assert!(run.succeeded, "{:#?}", run.events);
    assert_eq!(run.events("receipt").len(), 1, "{:#?}", run.events);
}

#[test]
fn a_refusal_becomes_a_failure_receipt() {
    const ESME_RINVDSTADR: u32 = 0x0B;
    let (gateway, mut carrier) = relay(json!({}));
    carrier.refuse(ESME_RINVDSTADR, 1);
    let mut esme = Esme::bound(gateway.smpp());
    let answer = esme.submit(&Submit { registered_delivery: 1, ..Submit::new("refused by the carrier") });
    assert_eq!(answer.status, 0, "the gateway had taken it");
    let receipt = esme.wait_for_receipt(Duration::from_secs(15));
    assert!(receipt.contains(&format!("id:{}", answer.first_string())), "{receipt}");
    assert!(receipt.contains("stat:REJECTD") || receipt.contains("stat:UNDELIV"), "{receipt}");
}

#[test]
fn a_receipt_waits_for_its_submitter() {
    let (gateway, mut carrier) = relay(json!({"delay_ms": 200}));
    let mut esme = Esme::bound(gateway.smpp());
    let id = esme.submit(&Submit { registered_delivery: 1, ..Submit::new("and gone") }).first_string();
    drop(esme);
    carrier.wait_for_submits(1, Duration::from_secs(10));
    carrier.wait_for_event("delivered");
    let mut again = Esme::bound(gateway.smpp());
    let receipt = again.wait_for_receipt(Duration::from_secs(10));
    assert!(receipt.contains(&format!("id:{id}")) && receipt.contains("stat:DELIVRD"), "{receipt}");
}
