//! Trace files, read by another program.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use waxwing_session::{Direction, Engine, LinkTrace, Options, Role, Trace, TraceError, TraceOptions, TraceScope};

use crate::pair::{Pair, SECOND, quiet};
use crate::toy::{LOGIN, RESP, Toy, frame};

/// SMPP enquire_link and enquire_link_resp with this sequence number.
fn smpp(command: u32, seq: u32) -> Vec<u8> {
    [16, command, 0, seq].iter().flat_map(|word| word.to_be_bytes()).collect()
}

const ENQUIRE_LINK: u32 = 0x15;
const RESPONSE: u32 = 0x8000_0000;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What tshark says of these fields, a line a packet; `None` if it is not installed.
fn tshark(file: &Path, fields: &[&str]) -> Option<Vec<String>> {
    let mut command = Command::new("tshark");
    command.args(["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=,", "-r"]).arg(file);
    for field in fields {
        command.args(["-e", field]);
    }
    let Ok(output) = command.output() else {
        let _ = writeln!(std::io::stderr(), "SKIPPED reading a trace with tshark: it is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

fn talk(link: &LinkTrace, at: SystemTime, rounds: u32) {
    for seq in 1..=rounds {
        link.record(Direction::Sent, &smpp(ENQUIRE_LINK, seq), at);
        link.record(Direction::Received, &smpp(ENQUIRE_LINK | RESPONSE, seq), at + Duration::from_millis(250));
    }
}

#[test]
fn tshark_reads_it_as_smpp() {
    let folder = tempfile::tempdir().unwrap();
    let at = UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
    let trace = Trace::new();
    let v4 = trace.link("a", Role::Client, address("192.0.2.1:40000"), address("192.0.2.2:2775"));
    let v6 = trace.link("b", Role::Server, address("[2001:db8::1]:16000"), address("[2001:db8::2]:50000"));
    trace.start(TraceScope::All, &TraceOptions::new(folder.path())).unwrap();
    talk(&v4, at, 2);
    talk(&v6, at, 1);
    // An odd length, and more than one segment.
    v4.record(Direction::Sent, &[smpp(ENQUIRE_LINK, 3), vec![0; 1]].concat(), at);
    v4.record(Direction::Received, &vec![7; 150_001], at);
    drop(v4);
    trace.stop();
    assert_eq!(trace.dropped(), 0);
    let file = &files(folder.path())[0];

    let Some(lines) = tshark(file, &["frame.time_epoch", "smpp.command_id", "smpp.sequence_number"]) else { return };
    let pdus: Vec<&str> = lines.iter().filter(|line| line.contains("0x")).map(String::as_str).take(6).collect();
    assert!(pdus[0].starts_with("1700000000.123456789"), "{lines:?}");
    assert!(pdus[1].starts_with("1700000000.373456789"), "{lines:?}");
    let seen: Vec<&str> = pdus.iter().map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(seen, ["0x00000015,1", "0x80000015,1", "0x00000015,2", "0x80000015,2", "0x00000015,1", "0x80000015,1"]);

    let lines = tshark(file, &["ip.src", "ipv6.src", "tcp.srcport"]).unwrap();
    assert_eq!(lines[3], "192.0.2.1,,40000");
    assert!(lines.contains(&",2001:db8::2,50000".to_owned()), "{lines:?}");

    // 1 is "good".
    let lines = tshark(file, &["ip.checksum.status", "tcp.checksum.status", "tcp.analysis.flags"]).unwrap();
    assert!(lines.iter().all(|line| line == "1,1," || line == ",1,"), "{lines:?}");
    assert_eq!(lines.len(), (3 + 4 + 1 + 3 + 2) + (3 + 2));
}

#[test]
fn a_session_is_traced_with_both_its_directions() {
    let folder = tempfile::tempdir().unwrap();
    let trace = Trace::new();
    trace.start(TraceScope::All, &TraceOptions::new(folder.path())).unwrap();
    let now = std::time::Instant::now();
    let mut engine = Engine::server(Toy::<9>, Options::default(), now);
    let link = trace.link("a", Role::Server, address("192.0.2.1:2775"), address("192.0.2.2:50000"));
    engine.set_tap(Box::new(link));
    engine.receive(&frame(LOGIN, 1, b"who"), now);
    engine.poll_event().unwrap();
    engine.accept_login(&frame(LOGIN | RESP, 1, b""), now);
    drop(engine);
    trace.stop();
    let Some(lines) = tshark(&files(folder.path())[0], &["tcp.srcport", "tcp.len"]) else { return };
    assert_eq!(lines, ["50000,0", "2775,0", "50000,0", "50000,10", "2775,7", "2775,0", "50000,0"]);
}

#[test]
fn only_the_named_links_and_only_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let trace = Trace::new();
    let link = |name| trace.link(name, Role::Client, address("192.0.2.1:4000"), address("192.0.2.2:2775"));
    let (before, other) = (link("carrier-a"), link("carrier-b"));
    assert!(!before.is_on());
    let scope = || TraceScope::Names(vec!["carrier-a".to_owned()]);
    trace.start(scope(), &TraceOptions::new(folder.path())).unwrap();
    let after = link("carrier-a");
    assert_eq!([&before, &other, &after].map(LinkTrace::is_on), [true, false, true]);
    assert!(matches!(trace.start(scope(), &TraceOptions::new(folder.path())), Err(TraceError::Running)));
    trace.stop();
    assert!(!before.is_on() && !after.is_on() && !trace.is_on());
    trace.start(TraceScope::All, &TraceOptions::new(folder.path())).unwrap();
    assert!(other.is_on());
    trace.stop();
}

#[test]
fn files_are_bounded_in_size_and_number() {
    let folder = tempfile::tempdir().unwrap();
    let trace = Trace::new();
    let options = TraceOptions { max_file_octets: 2000, max_files: 3, ..TraceOptions::new(folder.path()) };
    let link = trace.link("a", Role::Client, address("192.0.2.1:4000"), address("192.0.2.2:2775"));
    trace.start(TraceScope::All, &options).unwrap();
    talk(&link, UNIX_EPOCH, 200);
    trace.stop();
    let files = files(folder.path());
    assert_eq!(files.len(), 3, "{files:?}");
    for file in &files {
        assert!(std::fs::metadata(file).unwrap().len() < 2000 + 300, "{file:?}");
        // Each can be read alone: it begins with a handshake, and no segment is missing.
        let Some(lines) = tshark(file, &["tcp.flags.syn", "tcp.analysis.flags"]) else { return };
        assert!(lines[0].starts_with("1,") || lines[0].starts_with("True,"), "{lines:?}");
        assert!(lines.iter().all(|line| line.ends_with(',')), "{lines:?}");
    }
    assert!(files[2].to_string_lossy().contains("-00"), "{files:?}");
}

#[test]
fn what_the_queue_cannot_hold_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let trace = Trace::new();
    let options = TraceOptions { max_queued_octets: 10, ..TraceOptions::new(folder.path()) };
    let link = trace.link("a", Role::Client, address("192.0.2.1:4000"), address("192.0.2.2:2775"));
    trace.start(TraceScope::All, &options).unwrap();
    link.record(Direction::Sent, &[0; 11], UNIX_EPOCH);
    trace.stop();
    assert_eq!(trace.dropped(), 1);
}

#[test]
fn a_folder_that_cannot_be_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Trace::new().start(TraceScope::All, &TraceOptions::new(file.path().join("x"))).unwrap_err();
    assert!(error.to_string().contains(&*file.path().to_string_lossy()), "{error}");
}

#[test]
fn a_trace_changes_nothing() {
    let mut pair = Pair::bound(quiet(), quiet());
    let folder = tempfile::tempdir().unwrap();
    let trace = Trace::new();
    trace.start(TraceScope::All, &TraceOptions::new(folder.path())).unwrap();
    pair.client.engine.set_tap(Box::new(trace.link("a", Role::Client, address("192.0.2.1:1"), address("192.0.2.2:2"))));
    pair.client.engine.unbind(SECOND, pair.now);
    pair.run_for(SECOND);
    assert_eq!(pair.client.events.len(), 1);
    trace.stop();
}
