//! The command line as a user meets it: help, exit codes, and the demonstration from start to end.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn waxwing(folder: &Path, args: &[&str]) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_waxwing"));
    c.args(args).current_dir(folder);
    for name in ["WAXWING_CONFIG", "WAXWING_URL", "WAXWING_USER", "WAXWING_PASSWORD", "WAXWING_LOG"] {
        c.env_remove(name);
    }
    c
}

fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    shown(waxwing(folder, args).stdin(Stdio::null()).output().unwrap())
}

fn shown(o: Output) -> (i32, String, String) {
    (o.status.code().unwrap(), String::from_utf8(o.stdout).unwrap(), String::from_utf8(o.stderr).unwrap())
}

fn with_input(args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = waxwing(Path::new("."), args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    shown(child.wait_with_output().unwrap())
}

/// The help of every command is kept in `tests/help`; WAXWING_WRITE_DOCS=1 writes it anew.
#[test]
fn help_says_what_it_said() {
    let commands: [&[&str]; 21] = [
        &[],
        &["serve"],
        &["check"],
        &["send"],
        &["account"],
        &["account", "add"],
        &["bench"],
        &["bench", "cmpp"],
        &["bench", "smpp"],
        &["decode"],
        &["mmscomp"],
        &["sim"],
        &["sim", "gns"],
        &["sim", "ismg"],
        &["sim", "smsc"],
        &["spool"],
        &["spool", "depths"],
        &["spool", "list"],
        &["spool", "replay"],
        &["subscriber"],
        &["subscriber", "add"],
    ];
    for command in commands {
        let args: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let output = waxwing(Path::new("."), &args).env("COLUMNS", "110").output().unwrap();
        let (code, now, _) = shown(output);
        assert_eq!(code, 0, "{args:?}");
        let name = if command.is_empty() { "waxwing".to_owned() } else { command.join("-") };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help").join(format!("{name}.txt"));
        if std::env::var_os("WAXWING_WRITE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &now).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == now, "{} is out of date; run: WAXWING_WRITE_DOCS=1 cargo test -p waxwing help_says\n{now}", path.display());
    }
}

#[test]
fn wrong_use_ends_with_64_and_failure_with_1() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(dir.path(), &[]).0, 64);
    assert_eq!(run(dir.path(), &["nonsense"]).0, 64);
    assert_eq!(run(dir.path(), &["--version"]).0, 0);
    let (code, _, err) = run(dir.path(), &["check", "nowhere.toml"]);
    assert_eq!(code, 64);
    assert!(err.starts_with("nowhere.toml: cannot be read: "), "{err}");
    let (code, _, err) = run(dir.path(), &["send", "+447700900123", "Hello"]);
    assert_eq!(code, 64);
    assert!(err.contains("--url"), "{err}");
    let nobody = ["send", "+447700900123", "Hello", "--url", "http://127.0.0.1:1", "--user", "u", "--password", "p"];
    let (code, _, err) = run(dir.path(), &nobody);
    assert_eq!(code, 1);
    assert!(err.contains("is the gateway running there?"), "{err}");
}

#[test]
fn check_counts_what_is_there_and_names_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("waxwing.toml");
    std::fs::write(&file, "[[connector]]\nname = \"sim\"\nprotocol = \"simulator\"\n[[account]]\nname = \"a\"\npassword = \"x\"\n")
        .unwrap();
    let (code, out, _) = run(dir.path(), &["check"]);
    assert_eq!((code, out.as_str()), (0, "waxwing.toml is in order: 0 listeners, 1 connector, 1 account, 0 routes\n"));
    std::fs::write(&file, "[sms]\nvaldity = 1\n[log]\nformat = 2\n").unwrap();
    let (code, out, err) = run(dir.path(), &["check"]);
    assert_eq!((code, out.as_str(), err.lines().count()), (64, "", 2));
    assert!(err.starts_with("waxwing.toml:2:1: [sms]: unknown key `valdity`"), "{err}");
    std::fs::write(&file, "[http]\ntls_cert = \"c.pem\"\ntls_key = \"k.pem\"\n").unwrap();
    let (code, _, err) = run(dir.path(), &["check"]);
    assert_eq!(code, 64);
    assert!(err.contains("[http] tls_cert: ") && err.contains("c.pem"), "{err}");
}

#[test]
fn decode_prints_a_pdu_or_the_reason() {
    let enquire = b"00000010 00000015 00000000 00000007\n";
    let (code, out, _) = with_input(&["decode", "--smpp"], enquire);
    assert_eq!(code, 0);
    assert!(out.contains("enquire_link"), "{out}");
    let (code, out, _) = with_input(&["decode", "--smpp", "--json"], enquire);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["pdus"].as_array().map(Vec::len)), (0, Some(1)));
    let (code, _, err) = with_input(&["decode", "--smpp"], b"\0\0\0\x10\0\0\0\x15\0\0");
    assert_eq!(code, 1);
    assert!(err.contains("incomplete PDU"), "{err}");
    let (code, out, _) = with_input(&["decode", "--udh"], b"050003aa0201 48656c6c6f");
    assert_eq!(code, 0);
    assert!(out.contains("Concat8 { reference: 170, total: 2, number: 1 }") && out.ends_with("5 octets: 48656c6c6f\n"), "{out}");
}

/// A process that is killed if the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_demonstration_starts_sends_reloads_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Running(waxwing(dir.path(), &["serve"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut said = String::new();
    let mut lines = BufReader::new(child.0.stdout.take().unwrap());
    while !said.contains("curl -u demo:") {
        assert!(lines.read_line(&mut said).unwrap() > 0, "it ended: {said}");
    }
    assert!(said.contains("/console/sign-in?token=") && said.contains("SMPP      127.0.0.1:"), "{said}");

    // The command finds the demonstration by itself.
    let (code, out, err) = run(dir.path(), &["send", "+447700900123", "Hello", "--from", "12345"]);
    assert_eq!(code, 0, "{err}");
    let id = out.split(' ').next().unwrap().to_owned();
    assert!(id.len() >= 8 && id.chars().all(|c| c.is_ascii_hexdigit()), "{out}");

    std::fs::write(dir.path().join("m.csv"), "to,text\n+447700900123,One\n+447700900124,Two\nnobody,Three\n").unwrap();
    let (code, out, err) = run(dir.path(), &["send", "--file", "m.csv", "--from", "12345"]);
    assert_eq!((code, out.lines().count()), (1, 2), "{err}");
    assert!(err.contains("m.csv:4: nobody: ") && err.contains("2 accepted, 1 refused"), "{err}");

    let (code, out, _) = run(dir.path(), &["spool", "depths"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("queue "), "{out}");

    // An account that is made while the gateway runs can be used without a restart.
    let (code, out, err) = run(dir.path(), &["account", "add", "shop", "--set", "rate=100"]);
    assert_eq!(code, 0, "{err}");
    let password = out.split("password ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let as_shop = ["send", "+447700900123", "Hello", "--user", "shop", "--password", password.as_str()];
    let deadline = Instant::now() + Duration::from_secs(20);
    while run(dir.path(), &as_shop).0 != 0 {
        assert!(Instant::now() < deadline, "the new account cannot sign in");
        std::thread::sleep(Duration::from_millis(50));
    }
    let (code, _, err) = run(dir.path(), &["account", "add", "demo"]);
    assert_eq!(code, 64, "{err}");
    let (code, out, _) = run(dir.path(), &["account", "list", "--config", "data/waxwing.toml"]);
    assert_eq!((code, out.lines().count()), (0, 3), "{out}");

    // A second one on the same folder is told so.
    let (code, _, err) = run(dir.path(), &["serve"]);
    assert_eq!(code, 1);
    assert!(err.contains("is this gateway running already?"), "{err}");

    assert!(Command::new("kill").arg(child.0.id().to_string()).status().unwrap().success());
    let deadline = Instant::now() + Duration::from_secs(30);
    let status = loop {
        match child.0.try_wait().unwrap() {
            Some(status) => break status,
            None => assert!(Instant::now() < deadline, "it did not end"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "{status}");
    assert!(!dir.path().join("data/listening.json").exists());
}
