//! A CMPP 2.0 service provider on the crate cmppprotocol. See `cmpp_common.py` for the job and the output.

use std::collections::{HashMap, HashSet};
use std::process::ExitCode;
use std::time::Duration;

use cmppprotocol::{CMPP_VERSION_20, CmppConfig, CmppConnection, CmppProtocolParams, Event, SubmitOptions, decode_msg_content};
use serde_json::{Value, json};

fn emit(event: &Value) {
    println!("{event}");
}

fn text<'a>(job: &'a Value, name: &str) -> &'a str {
    job[name].as_str().unwrap_or_default()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let job: Value = serde_json::from_str(&std::env::args().nth(1).expect("a job")).expect("a job in JSON");
    let bound = Duration::from_secs(job["timeout_s"].as_u64().unwrap_or(30));
    match tokio::time::timeout(bound, run(&job)).await {
        Ok(Ok(())) => {
            emit(&json!({"event": "done"}));
            ExitCode::SUCCESS
        }
        Ok(Err(reason)) => {
            emit(&json!({"event": "error", "reason": reason}));
            ExitCode::FAILURE
        }
        Err(_) => {
            emit(&json!({"event": "error", "reason": "not complete in time"}));
            ExitCode::FAILURE
        }
    }
}

async fn run(job: &Value) -> Result<(), String> {
    let config = CmppConfig {
        host: text(job, "host").into(),
        port: i32::try_from(job["port"].as_u64().expect("a port")).expect("a port"),
        account: text(job, "sp_id").into(),
        password: text(job, "secret").into(),
        version: CMPP_VERSION_20,
        // Its login checks AuthenticatorISMG strictly unless told otherwise.
        protocol_params: CmppProtocolParams { heartbeat_interval: 1, ..CmppProtocolParams::default() },
    };
    let connection = match CmppConnection::connect(config).await {
        Ok(connection) => connection,
        Err(error) => {
            emit(&json!({"event": "bind_failed", "reason": error.to_string()}));
            return Err("the login failed".into());
        }
    };
    emit(&json!({"event": "bound"}));
    let mut events = connection.take_events().await.expect("taken once");

    let mut sent: HashMap<u32, u64> = HashMap::new();
    for (message, number) in job["messages"].as_array().into_iter().flatten().zip(0..) {
        let dest: Vec<String> = message["dest"].as_array().into_iter().flatten().filter_map(|d| d.as_str().map(str::to_owned)).collect();
        let options = SubmitOptions::new(text(job, "service_id"), text(job, "sp_id"), text(job, "src_id"), "")
            .dest_terminal_ids(dest)
            .registered_delivery(u8::from(message["report"] == true));
        let sequences = connection.submit(&options, text(message, "text"), None).await.map_err(|error| error.to_string())?;
        sent.extend(sequences.into_iter().map(|sequence| (sequence, number)));
    }

    let wanted_reports = job["expect_reports"].as_u64().unwrap_or(0) as usize;
    let wanted_mo = job["expect_mo"].as_u64().unwrap_or(0);
    let (mut reports, mut mo) = (HashSet::new(), 0);
    while !sent.is_empty() || reports.len() < wanted_reports || mo < wanted_mo {
        match events.recv().await.ok_or("no more events")? {
            Event::SubmitResp { sequence_id, msg_id, result } => {
                let message = sent.remove(&sequence_id).ok_or("an answer to nothing")?;
                emit(&json!({"event": "submitted", "message": message, "status": result, "message_id": Event::msg_id_hex(&msg_id)}));
            }
            Event::Deliver(deliver) => match deliver.report() {
                Some(report) => {
                    emit(&json!({"event": "report", "message_id": report.msg_id_hex(), "state": report.stat, "dest": report.dest_terminal_id,
                        "source": deliver.src_terminal_id, "to": deliver.dest_id}));
                    reports.insert((report.msg_id_hex(), report.dest_terminal_id));
                }
                None => {
                    let content = decode_msg_content(deliver.msg_fmt, deliver.tp_udhi, &deliver.msg_content);
                    emit(&json!({"event": "mo", "source": deliver.src_terminal_id, "dest": deliver.dest_id, "text": content,
                        "format": deliver.msg_fmt}));
                    mo += 1;
                }
            },
            Event::SubmitTimeout { sequence_id } => return Err(format!("no answer to {sequence_id}")),
            Event::Disconnected(error) => return Err(format!("disconnected: {error}")),
        }
    }
    connection.close().await;
    Ok(())
}
