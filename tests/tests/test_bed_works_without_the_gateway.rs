//! The control: every peer against every other, the gateway left out. Where this fails, the test bed is broken and not the gateway.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::client::Job;
use waxwing_tests::disk::Disk;
use waxwing_tests::http::Catcher;
use waxwing_tests::kannel::Kannel;
use waxwing_tests::smpp::{Esme, Submit};
use waxwing_tests::{Carrier, skip};

fn carrier() -> Carrier {
    Carrier::start(json!({"system_id": "shop"}))
}

fn check(job: &Job) {
    job.run(carrier().address()).assert_complete();
}

#[test]
fn smpplib_and_the_carrier() {
    check(&Job::new("python_smpplib.py", &["gsm7", "ucs2", "udh", "sar", "payload"]));
}

#[test]
fn aiosmpplib_and_the_carrier() {
    check(&Job::new("python_aiosmpplib.py", &["gsm7", "ucs2", "sar", "payload", "udhi_lie"]));
}

#[test]
fn naz_and_the_carrier() {
    check(&Job::new("python_naz.py", &["gsm7", "ucs2", "sar", "payload"]));
}

#[test]
fn node_smpp_and_the_carrier() {
    check(&Job::new("node_smpp_client.js", &["gsm7", "ucs2", "udh", "sar", "payload"]));
}

#[test]
fn perl_net_smpp_and_the_carrier() {
    check(&Job::new("perl_net_smpp.pl", &["gsm7", "ucs2", "udh", "sar", "payload"]));
}

#[test]
fn the_raw_client_and_the_carrier() {
    let mut carrier = carrier();
    let mut esme = Esme::bound(carrier.address());
    let answer = esme.submit(&Submit::new("hello"));
    assert_eq!(answer.status, 0);
    esme.assert_alive();
    assert_eq!(carrier.wait_for_submits(1, Duration::from_secs(5))[0]["text"], "hello");
}

#[test]
fn kannel_and_the_carrier() {
    let mut carrier = carrier();
    let mut catcher = Catcher::start();
    let kannel = Kannel::start(carrier.address(), catcher.address());
    let called = catcher.address();
    kannel.send(&format!("text=hello&dlr-mask=31&dlr-url=http%3A%2F%2F{called}%2Fdlr%3Ftype%3D%25d"));
    assert_eq!(carrier.wait_for_submits(1, Duration::from_secs(10))[0]["text"], "hello");
    for kind in ["8", "1"] {
        catcher.wait_for("the DLR URL", Duration::from_secs(10), |caught| caught.parameter("type").as_deref() == Some(kind));
    }
    carrier.send_mo("447700900123", "12345", "from a phone");
    catcher.wait_for("the MO", Duration::from_secs(10), |caught| caught.parameter("text").as_deref() == Some("from a phone"));
}

#[test]
fn the_disk_keeps_what_was_synced_and_loses_the_rest() {
    let disk = match Disk::new() {
        Ok(disk) => disk,
        Err(why) => return skip("the_disk_keeps_what_was_synced_and_loses_the_rest", &why),
    };
    for (name, synced) in [("synced", true), ("unsynced", false)] {
        let mut file = File::create(disk.mount_point().join(name)).expect("a file");
        file.write_all(b"content").expect("written");
        if synced {
            file.sync_all().expect("synced");
        }
    }
    disk.power_off();
    disk.power_on();
    assert_eq!(std::fs::read(disk.mount_point().join("synced")).expect("still there"), b"content");
    assert!(std::fs::read(disk.mount_point().join("unsynced")).unwrap_or_default().is_empty(), "the page cache outlived the power cut");
}
