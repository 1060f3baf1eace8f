//! What the tests share: a document of every kind, real samples, and other people's programs.
#![allow(dead_code, clippy::unwrap_used, clippy::print_stderr)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use waxwing_wap::Document;
use waxwing_wap::document::*;

/// Said past the test runner's capture: a test that did not run must not look like one that passed.
pub(crate) fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// The program is there; if not, that is said.
pub(crate) fn has(test: &str, program: &str, package: &str) -> bool {
    let there = Command::new(program).arg("-h").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        skipped(test, &format!("{program} is not installed (Debian package {package})"));
    }
    there
}

/// The directory of real samples, which the environment names; if it does not, that is said.
pub(crate) fn samples(test: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("WAXWING_SAMPLES").map(PathBuf::from).filter(|path| path.join("MANIFEST.tsv").is_file());
    if directory.is_none() {
        skipped(test, "WAXWING_SAMPLES names no directory of samples");
    }
    directory
}

/// Every sample of a folder with what the manifest says of it: file name, octets, tshark's verdict.
pub(crate) fn manifest(directory: &Path, folder: &str) -> Vec<(String, Vec<u8>, String)> {
    let manifest = std::fs::read_to_string(directory.join("MANIFEST.tsv")).unwrap();
    let lines = manifest.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let mut samples: Vec<_> = lines
        .filter(|fields| fields[0].starts_with(&format!("{folder}/")))
        .map(|fields| (fields[0].to_owned(), std::fs::read(directory.join(fields[0])).unwrap(), fields[3].to_owned()))
        .collect();
    samples.sort();
    samples
}

/// User data, with its header, of an SMS-DELIVER or SMS-SUBMIT with a validity period in one octet.
pub(crate) fn user_data_of(tpdu: &[u8]) -> &[u8] {
    let submit = tpdu[0] & 3 == 1;
    let address = if submit { 2 } else { 1 };
    let after = address + 2 + usize::from(tpdu[address]).div_ceil(2);
    // Protocol and coding, then a validity period of one octet or none, or a time stamp of seven.
    let length = after + 2 + if !submit { 7 } else { usize::from(tpdu[0] & 0x18 == 0x10) };
    let user_data = &tpdu[length + 1..];
    assert_eq!(user_data.len(), usize::from(tpdu[length]), "{tpdu:02x?}");
    user_data
}

/// The output of a program.
pub(crate) fn run(command: &mut Command) -> (bool, Vec<u8>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn date(text: &str) -> Option<jiff::Timestamp> {
    Some(text.parse().unwrap())
}

/// The settings that most operators have.
pub(crate) fn connection() -> Connection {
    Connection {
        name: "Example".to_owned(),
        apn: "internet".to_owned(),
        user: Some("guest".to_owned()),
        password: Some("secret & more".to_owned()),
        authentication: Authentication::Chap,
        proxy: Some(("192.0.2.1".to_owned(), 9201)),
    }
}

/// Documents of every kind.
pub(crate) fn documents() -> Vec<Document> {
    let si = Si {
        id: Some("1@example.com".to_owned()),
        action: SiAction::High,
        created: date("1999-06-25T15:23:15Z"),
        expires: date("1999-06-30T00:00:00Z"),
        ..Si::new("http://www.xyz.com/email/123/abc.wml", "Grüße: 4 <new> e-mails & more, 你好")
    };
    let info = vec![InfoItem { class: "a".to_owned(), text: "1".to_owned() }, InfoItem { class: "b".to_owned(), text: String::new() }];
    let mut documents = vec![
        Document::Si(Si { info, ..si.clone() }),
        Document::Si(si),
        Document::Si(Si::new("https://a.org/b.com/c.net/", "x")),
        Document::Si(Si { id: Some("7".to_owned()), action: SiAction::Delete, href: None, ..Si::default() }),
        Document::Sl(Sl { href: "http://www.xyz.com/ppaid/123/abc.wml".to_owned(), action: SlAction::ExecuteHigh }),
        Document::Sl(Sl { href: "https://www.xyz.edu/".to_owned(), action: SlAction::Cache }),
        Document::Sl(Sl { href: "ftp://xyz".to_owned(), action: SlAction::ExecuteLow }),
        Document::Co(Co {
            operations: vec![
                Invalidate::Object("http://www.example.com/news/".to_owned()),
                Invalidate::Service("https://b.net/service".to_owned()),
            ],
        }),
        Document::Emn(Emn { mailbox: "mailat:user@wapforum.org".to_owned(), timestamp: date("2002-04-16T06:40:00Z") }),
        Document::Emn(Emn { mailbox: "imap://host.com/box".to_owned(), timestamp: None }),
        Document::Rights(Rights {
            key: Some("vUEwR8LzEJoeiC+dgT1mgg==".to_owned()),
            ..Rights::new(
                "cid:4567829547@foo.com",
                vec![
                    Permission { kind: PermissionKind::Play, constraint: None },
                    Permission {
                        kind: PermissionKind::Display,
                        constraint: Some(Constraint { count: Some(3), interval: Some("P7DT10H".to_owned()), ..Constraint::default() }),
                    },
                    Permission {
                        kind: PermissionKind::Print,
                        constraint: Some(Constraint {
                            start: Some("2026-01-01T00:00:00".to_owned()),
                            end: Some("2026-12-31T23:59:59".to_owned()),
                            ..Constraint::default()
                        }),
                    },
                ],
            )
        }),
        Document::Ota(Ota::bookmark("Example", "http://wap.example.com/?a=1&b=2")),
        Document::Ota(Ota::browser(&connection(), Some("http://wap.example.com/"))),
        Document::Ota(Ota::mms(&connection(), "http://mms.example.com/")),
        Document::Provisioning(Provisioning::browser(&connection(), Some("http://wap.example.com/"))),
        Document::Provisioning(Provisioning::mms(&Connection { proxy: None, user: None, ..connection() }, "http://mms.example.com/")),
    ];
    let address = Characteristic::new("APPADDR").with("ADDR", "192.0.2.9").with("ADDRTYPE", "IPV4");
    let address = address.holding(Characteristic::new("PORT").with("PORTNBR", "443").with("SERVICE", "HTTP"));
    let auth = Characteristic::new("APPAUTH").with("AAUTHLEVEL", "APPSRV").with("AAUTHTYPE", "HTTP-BASIC").with("AAUTHNAME", "me");
    let application = Characteristic::new("APPLICATION").with("APPID", "w7").with("AACCEPT", "a,b").holding(address).holding(auth);
    let vendor = Characteristic::new("VENDORCONFIG").with("NAME", "PRODUCT").with("X-RING", "y").with_flag("X-FLAG");
    let nap = Characteristic::new("NAPDEF").with("NAPID", "N").with("BEARER", "GSM-GPRS").with_flag("INTERNET").with("NAP-ADDRTYPE", "APN");
    documents
        .push(Document::Provisioning(Provisioning { version: Some("1.1".to_owned()), characteristics: vec![application, vendor, nap] }));
    documents
}
