//! CMPP service providers that others wrote, each behind a script (or a program) of `tests/peers/` with the same job and the same output.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Run;
use crate::peer::Peer;

/// The job of a run: what `tests/peers/cmpp_common.py` describes, as "901234" with Src_Id 12345.
pub fn job(address: SocketAddr, messages: &[(&[&str], &str)]) -> Value {
    let messages: Vec<Value> = messages.iter().map(|(dest, text)| json!({"dest": dest, "text": text, "report": true})).collect();
    json!({
        "host": address.ip().to_string(), "port": address.port(), "sp_id": "901234", "secret": "secret", "src_id": "12345",
        "service_id": "HELP", "messages": messages, "expect_reports": 0, "expect_mo": 0, "timeout_s": 40,
    })
}

/// Runs a job to its end.
pub fn run(script: &str, job: &Value) -> Run {
    let (status, events) = Peer::start(script, job).finish(Duration::from_secs(60));
    Run { succeeded: status.success(), events }
}

/// The ids that the run was given. Panics unless it succeeded and each submit was taken under an id of its own.
pub fn ids(run: &Run) -> BTreeSet<String> {
    assert!(run.succeeded, "the client failed: {:#?}", run.events);
    let submitted = run.events("submitted");
    assert!(!submitted.is_empty() && submitted.iter().all(|event| event["status"] == 0), "{submitted:#?}");
    let ids: BTreeSet<String> = submitted.iter().filter_map(|event| event["message_id"].as_str().map(str::to_owned)).collect();
    assert_eq!(ids.len(), submitted.len(), "an id each: {submitted:#?}");
    ids
}

/// The ids that reports came for. Panics unless each says DELIVRD.
pub fn reported(run: &Run) -> BTreeSet<String> {
    let reports = run.events("report");
    assert!(reports.iter().all(|event| event["state"] == "DELIVRD"), "{reports:#?}");
    reports.iter().filter_map(|event| event["message_id"].as_str().map(str::to_owned)).collect()
}
