//! `waxwing decode --cmpp`: several PDUs, versions, and reasons.
#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::process::{Command, Stdio};

const REFUSED: &[u8] = b"00000015 80000004 00000009 cfdfbe8003e9ffff 08";

fn decode(args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waxwing"));
    command.arg("decode").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A process that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn pdus_back_to_back_are_read_each_in_its_own_layout() {
    let both = [REFUSED, b"00000018 80000004 0000000a cfdfbe8003e9ffff 00000008"].concat();
    let (code, out, _) = decode(&["--cmpp"], &both);
    assert_eq!((code, out.matches("Msg_Id: 1231235958000100165535").count()), (0, 2), "{out}");
    assert_eq!((out.matches("CMPP_SUBMIT_RESP").count(), out.matches("Result: 8 (flow control)").count()), (2, 2), "{out}");
    assert!(out.contains("layout: 2.0") && out.contains("layout: 3.0") && !out.contains("quirks"), "{out}");
}

#[test]
fn json_is_for_machines_and_a_version_given_is_kept_to() {
    for version in ["3", "3.0"] {
        let (code, out, _) = decode(&["--cmpp", "--cmpp-version", version, "--json"], REFUSED);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &json["pdus"][0]["quirks"][0]), (0, &serde_json::json!("other_layout")));
        assert_eq!(json["pdus"][0]["body"]["Result"]["value"], 8);
    }
    let (_, out, _) = decode(&["--cmpp", "--cmpp-version", "2", "--json"], REFUSED);
    assert!(!out.contains("quirks"), "{out}");
}

#[test]
fn what_cannot_be_read_is_told_and_ends_with_1() {
    let (code, out, err) = decode(&["--cmpp"], b"0000000c 00000008 00000001 0000000c");
    assert_eq!(code, 1);
    assert!(out.contains("CMPP_ACTIVE_TEST") && !out.contains("error"), "what came before is printed: {out}");
    assert!(err.contains("incomplete PDU: 4 octets"), "{err}");
    for (input, reason) in [
        (&b"GET / HTTP/1.1\r\n"[..], "Total_Length 1195725856 is outside 12 to"),
        (b"0000000c 00000003 00000001", "Command_Id is unknown"),
        (b"", "no octets"),
    ] {
        let (code, _, err) = decode(&["--cmpp"], input);
        assert!(code == 1 && err.contains(reason), "{code}: {err}");
    }
    let (code, _, err) = decode(&["--smpp", "--cmpp-version", "2"], b"");
    assert!(code == 64 && err.contains("--cmpp-version goes with --cmpp"), "{code}: {err}");
    assert_eq!(decode(&["--cmpp", "--cmpp-version", "4"], b"").0, 64);
}
