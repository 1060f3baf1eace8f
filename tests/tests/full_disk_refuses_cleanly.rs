//! A spool without room refuses new messages in the words of each door, keeps what it has, and delivers all of it; with room it accepts
//! again.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::disk::Disk;
use waxwing_tests::http;
use waxwing_tests::load::Comparison;
use waxwing_tests::smpp::{Esme, Submit};
use waxwing_tests::{Carrier, Config, Gateway, say, skip, until};

const BOUND: Duration = Duration::from_secs(60);
const ESME_RMSGQFUL: u32 = 0x14;
/// Octets of a message's text: as much as one SMS holds.
const FILLING: usize = 160;

fn config(carrier: &Carrier, spool: &str) -> Config {
    let connector = "reconnect_min = \"100ms\"\nreconnect_max = \"500ms\"\nwindow = 64";
    Config::new().with(spool).shop().smpp_connector(carrier.address(), connector).route_to_carrier()
}

/// Submits until the gateway refuses; gives the texts of all that it acknowledged.
fn fill(gateway: &Gateway, prefix: &str) -> Vec<String> {
    let mut esme = Esme::bound(gateway.smpp());
    let mut acknowledged = Vec::new();
    loop {
        let mut text = format!("{prefix}-{}-", acknowledged.len());
        text.push_str(&"x".repeat(FILLING - text.len()));
        let answer = esme.submit(&Submit::new(&text));
        match answer.status {
            0 => acknowledged.push(text),
            ESME_RMSGQFUL => {
                esme.assert_alive();
                return acknowledged;
            }
            status => panic!("refused with {status:#x} after {} messages", acknowledged.len()),
        }
        assert!(acknowledged.len() < 200_000, "it is never full");
    }
}

/// Every door says that there is no room now, and the gateway that it is not ready.
fn assert_refused_at_every_door(gateway: &Gateway) {
    let body = json!({"to": "+447700900123", "text": "x".repeat(FILLING)});
    let answer = http::post_json_as(gateway.http(), "/api/v1/messages", "shop", "secret", &body);
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
    let parameters = format!("to=%2B447700900123&text={}", "x".repeat(FILLING));
    let answer = http::get(gateway.http(), &format!("/cgi-bin/sendsms?username=shop&password=secret&{parameters}"));
    assert_eq!((answer.status, answer.body.as_str()), (503, "Temporal failure, try again later."));
    assert_eq!(http::get(gateway.http(), "/healthz").status, 200);
}

/// The carrier is there again: everything acknowledged arrives, and new messages are taken.
fn assert_recovers(gateway: &Gateway, carrier: &mut Carrier, acknowledged: &[String]) {
    carrier.come_back();
    until("all acknowledged messages at the carrier", BOUND, || Comparison::of(acknowledged, carrier.submits()).missing.is_empty());
    let seen = Comparison::of(acknowledged, carrier.submits());
    let known: HashSet<&str> = acknowledged.iter().map(String::as_str).collect();
    let strangers: Vec<String> =
        carrier.submits().iter().filter_map(|s| s["text"].as_str().map(str::to_owned)).filter(|t| !known.contains(t.as_str())).collect();
    assert!(strangers.is_empty(), "refused and sent all the same: {strangers:?}");
    say(&format!("full disk: {} messages acknowledged and delivered, {} duplicates", acknowledged.len(), seen.duplicates));
    let mut esme = Esme::bound(gateway.smpp());
    until("new messages are taken", BOUND, || esme.submit(&Submit::new("room again")).status == 0);
    until("the new one is at the carrier", BOUND, || carrier.submits().iter().any(|s| s["text"] == "room again"));
}

#[test]
fn the_spools_own_limit() {
    let mut carrier = Carrier::start(json!({}));
    carrier.go_away();
    let gateway = Gateway::start(&config(&carrier, "[spool]\nsegment_size = \"256 KiB\"\nmax_disk = \"4 MiB\""));
    let acknowledged = fill(&gateway, "limit");
    assert!(acknowledged.len() > 1_000, "{} messages fit into 4 MiB", acknowledged.len());
    assert_refused_at_every_door(&gateway);
    assert_recovers(&gateway, &mut carrier, &acknowledged);
}

#[test]
fn a_limit_of_messages() {
    let mut carrier = Carrier::start(json!({}));
    carrier.go_away();
    let gateway = Gateway::start(&config(&carrier, "[spool]\nmax_messages = 500"));
    let acknowledged = fill(&gateway, "messages");
    assert!((400..=500).contains(&acknowledged.len()), "{} messages with room for 500", acknowledged.len());
    assert_refused_at_every_door(&gateway);
    assert_recovers(&gateway, &mut carrier, &acknowledged);
}

/// Takes space away until so little is left.
fn occupy(folder: &Path, leave: u64) {
    let free = Disk::free(folder);
    let file = std::fs::File::create(folder.join("ballast")).expect("a file on the disk");
    let block = vec![1; 1 << 20];
    let mut left = free.saturating_sub(leave);
    while left >= block.len() as u64 {
        if std::io::Write::write_all(&mut &file, &block).is_err() {
            return;
        }
        left -= block.len() as u64;
    }
    file.sync_all().expect("synced");
}

#[test]
fn a_disk_that_others_fill() {
    let disk = match Disk::new() {
        Ok(disk) => disk,
        Err(why) => return skip("a_disk_that_others_fill", &why),
    };
    let folder = disk.mount_point().join("gateway");
    std::fs::create_dir(&folder).expect("a folder on the disk");
    let mut carrier = Carrier::start(json!({}));
    carrier.go_away();
    let mut gateway = Gateway::start_at(&folder, &config(&carrier, "[spool]\nsegment_size = \"1 MiB\"\nmin_free = \"8 MiB\""));
    let mut esme = Esme::bound(gateway.smpp());
    assert_eq!(esme.submit(&Submit::new("before")).status, 0);
    occupy(&disk.mount_point(), 14 << 20);
    let mut acknowledged = vec!["before".to_owned()];
    acknowledged.extend(fill(&gateway, "disk"));
    assert_refused_at_every_door(&gateway);
    // To the last octet: nothing is acknowledged, nothing lost, and the gateway lives.
    occupy_rest(&disk.mount_point());
    assert_ne!(esme.submit(&Submit::new("on a full disk")).status, 0);
    esme.assert_alive();
    assert!(gateway.exited().is_none(), "the gateway still runs");
    for name in ["ballast", "rest"] {
        std::fs::remove_file(disk.mount_point().join(name)).expect("the ballast goes");
    }
    assert_recovers(&gateway, &mut carrier, &acknowledged);
    gateway.stop();
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let folder = dir.path().join("gateway");
    std::fs::create_dir(&folder).expect("a folder");
    // Every write there fails as on a full disk.
    std::os::unix::fs::symlink("/dev/full", dir.path().join("gateway.serve.log")).expect("a link");
    let away = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = away.local_addr().expect("its number");
    let connector = "reconnect_min = \"100ms\"\nreconnect_max = \"500ms\"";
    let mut gateway = Gateway::start_at(&folder, &Config::new().shop().smpp_connector(address, connector).route_to_carrier());
    let mut esme = Esme::bound(gateway.smpp());
    assert_eq!(esme.submit(&Submit::new("hello")).status, 0);
    // Each connection that breaks is worth a line in the log.
    away.set_nonblocking(true).expect("a listener that does not wait");
    (0..3).for_each(|_| until("another attempt to bind", BOUND, || away.accept().is_ok()));
    drop(away);
    let mut carrier = Carrier::start_at(address, json!({}));
    until("the message at the carrier", BOUND, || carrier.submits().iter().any(|s| s["text"] == "hello"));
    gateway.stop();
}

/// Takes the last of the space.
fn occupy_rest(folder: &Path) {
    let file = std::fs::File::create(folder.join("rest")).expect("a file on the disk");
    while std::io::Write::write_all(&mut &file, &[1; 4096]).is_ok() {}
    // A full disk cannot be synced either.
    let _ = file.sync_all();
}
