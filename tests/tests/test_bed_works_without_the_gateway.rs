//! The control: every peer against every other, the gateway left out. Where this fails, the test bed is broken and not the gateway.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::client::{Job, Run};
use waxwing_tests::cmpp::{self, Deliver, Ismg, Report, Sp};
use waxwing_tests::cmpp_client;
use waxwing_tests::disk::Disk;
use waxwing_tests::http::Catcher;
use waxwing_tests::kannel::Kannel;
use waxwing_tests::peer::Peer;
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

/// An SP of others and the ISMG: a short and a long message with their reports, and an MO.
fn check_cmpp(script: &str, parts: usize) {
    const PHONE: &str = "13800138000";
    let ismg = Ismg::start();
    let long = "长短信".repeat(40);
    let mut job = cmpp_client::job(ismg.address(), &[(&[PHONE], "hello"), (&[PHONE], &long)]);
    job["expect_reports"] = parts.into();
    job["expect_mo"] = 1.into();
    let peer = Peer::start(script, &job);
    let mut link = ismg.login();
    let mut texts = Vec::new();
    for id in (1..).take(parts) {
        let incoming = link.wait_for_submit();
        link.answer(&incoming, id, 0);
        assert_eq!((incoming.submit.msg_src.as_str(), incoming.submit.recipients.as_slice()), ("901234", [PHONE.to_owned()].as_slice()));
        texts.push(incoming.submit.text());
        let report = Deliver::of_report(&Report::new(id, "DELIVRD", PHONE), link.version().report());
        link.send_deliver(&report);
    }
    link.send_deliver(&Deliver::new("from the phone"));
    let (status, events) = peer.finish(Duration::from_secs(40));
    let run = Run { succeeded: status.success(), events };
    assert_eq!(cmpp_client::ids(&run).len(), parts);
    assert_eq!(cmpp_client::ids(&run), cmpp_client::reported(&run));
    assert_eq!(run.events("mo").len(), 1);
    assert_eq!((texts[0].as_str(), texts[1..].concat()), ("hello", long));
}

#[test]
fn cmppprotocol_and_the_ismg() {
    check_cmpp("cmppprotocol", 3);
}

#[test]
fn pycmpp_and_the_ismg() {
    check_cmpp("python_pycmpp.py", 3);
}

#[test]
fn cmppy_and_the_ismg() {
    let ismg = Ismg::start();
    let long = "长短信".repeat(40);
    let job = cmpp_client::job(ismg.address(), &[(&["13800138000"], "hello"), (&["13800138000"], &long)]);
    let peer = Peer::start("python_cmppy.py", &job);
    let texts: Vec<String> = (1..=3)
        .map(|id| {
            let mut link = ismg.login();
            let text = link.take(id).text();
            link.wait_for_close();
            text
        })
        .collect();
    let (status, events) = peer.finish(Duration::from_secs(40));
    let ids = cmpp_client::ids(&Run { succeeded: status.success(), events });
    assert!(ids.iter().eq(["0000000000000001", "0000000000000002", "0000000000000003"]), "{ids:?}");
    assert_eq!((texts[0].as_str(), texts[1..].concat()), ("hello", long));
}

#[test]
fn the_raw_sp_and_the_ismg() {
    for version in [0x20, 0x30] {
        let ismg = Ismg::start();
        let address = ismg.address();
        let client = std::thread::spawn(move || {
            let mut sp = Sp::ready(address, version);
            let id = sp.submit_ok(&cmpp::Submit::ucs2("你好"));
            assert_eq!((id, sp.wait_for_report(Duration::from_secs(10)).msg_id), (9, 9));
            sp.terminate();
        });
        let mut link = ismg.login();
        assert_eq!(link.take(9).text(), "你好");
        link.report(9, "DELIVRD", "13800138000");
        link.wait_for_close();
        client.join().expect("the SP is content");
    }
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
