//! `waxwing bench` against `waxwing sim`, as processes.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

fn waxwing(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waxwing"));
    command.args(args).stdin(Stdio::null());
    command
}

struct Sim {
    child: Child,
    address: String,
}

impl Sim {
    fn start(args: &[&str]) -> Sim {
        let args = [&["sim"], args, &["--listen", "127.0.0.1:0"]].concat();
        let mut child = waxwing(&args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Sim { child, address: line.trim().rsplit(' ').next().unwrap().to_owned() }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bench(sim: &Sim, args: &[&str]) -> (i32, String, String) {
    let output = waxwing(&[&["bench"], args, &["--connect", &sim.address]].concat()).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn load_over_cmpp_matches_reports() {
    let sim = Sim::start(&["ismg", "--sp-id", "901234", "--secret", "s3cret", "--receipt-delay-ms", "1", "--early-receipt-rate", "0.5"]);
    let load = ["cmpp", "--sp-id", "901234", "--secret", "s3cret"];
    for version in ["2.0", "3.0"] {
        let more = [
            "--version",
            version,
            "--links",
            "2",
            "--count",
            "200",
            "--recipients",
            "2",
            "--text",
            "退订",
            "--fmt",
            "15",
            "--receipts",
            "--json",
        ];
        let (code, out, err) = bench(&sim, &[&load[..], &more].concat());
        assert_eq!(code, 0, "{err}");
        let json: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&json["accepted"], &json["accepted_messages"], &json["complete"]), (&200.into(), &400.into(), &true.into()), "{json}");
        assert_eq!((&json["receipts"]["matched"], &json["receipts"]["missing"]), (&400.into(), &0.into()), "{json}");
        assert!(json["accepted_per_second"].as_f64().unwrap() > 0.0 && json["latency_ms"]["p50"].as_f64().unwrap() > 0.0, "{json}");
    }
    let (code, out, err) = bench(&sim, &[&load[..], &["--duration", "300ms", "--rate", "200"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("accepted") && out.contains("p99") && out.contains("0: "), "{out}");
    let (code, _, err) = bench(&sim, &["cmpp", "--sp-id", "901234", "--secret", "wrong"]);
    assert_eq!(code, 1);
    assert!(err.contains("status 3"), "{err}");
}

#[test]
fn load_over_smpp_tells_refusals() {
    let sim = Sim::start(&["smsc", "--error-rate", "0.5", "--error-code", "0x0b", "--receipt-delay-ms", "1"]);
    let (code, out, err) = bench(&sim, &["smpp", "--system-id", "a", "--password", "b", "--count", "100", "--receipts", "--json"]);
    assert_eq!(code, 1, "{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    let accepted = json["accepted"].as_u64().unwrap();
    assert_eq!((json["results"]["11"].as_u64(), &json["receipts"]["matched"]), (Some(100 - accepted), &accepted.into()), "{json}");
}

#[test]
fn receipts_that_never_come_are_waited_for_no_longer_than_told() {
    let sim = Sim::start(&["ismg", "--receipt-rate", "0"]);
    let load = ["cmpp", "--sp-id", "901234", "--secret", "any", "--count", "10", "--receipts", "--wait", "200ms", "--json"];
    let (code, out, err) = bench(&sim, &load);
    assert_eq!(code, 1, "{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&json["receipts"]["missing"], &json["complete"]), (&10.into(), &false.into()), "{json}");
}
