//! What other products encode means to us what they were told to say: gammu's short messages, Kannel's documents.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{documents, run, skipped, user_data_of};
use waxwing_gsm::udh::UserDataHeader;
use waxwing_wap::Document;
use waxwing_wap::document::{Ota, OtaCharacteristic, Si};
use waxwing_wap::mms;
use waxwing_wap::sms::{Content, Kind, Received, receive};

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// gammu with a phone of files, which it needs for nothing but to start.
struct Gammu(tempfile::TempDir);

impl Gammu {
    fn open(test: &str) -> Option<Self> {
        if Command::new("gammu").arg("--version").output().is_err() {
            skipped(test, "gammu is not installed (Debian package gammu)");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let phone = directory.path().join("phone");
        std::fs::create_dir(&phone).unwrap();
        let config = format!("[gammu]\nmodel = dummy\nconnection = none\ndevice = {}\n", phone.display());
        std::fs::write(directory.path().join("gammurc"), config).unwrap();
        Some(Self(directory))
    }

    /// A backup file with one section.
    fn backup(&self, section: &str, lines: &str) -> String {
        let path = self.0.path().join("entry.backup");
        let head = "[Backup]\nFormat = 1.05\nCreator = Gammu\nDateTime = 20260101T000000Z\n";
        std::fs::write(&path, format!("{head}\n[{section}000]\n{lines}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What the phone gets: the short messages of a command, joined and decoded.
    fn display_sms(&self, arguments: &[&str]) -> Received {
        let (kind, rest) = arguments.split_first().unwrap();
        let config = self.0.path().join("gammurc");
        let (done, said, error) = run(Command::new("gammu").arg("-c").arg(config).args(["displaysms", kind, "123456"]).args(rest));
        let said = String::from_utf8(said).unwrap();
        assert!(done, "{said}{error}");
        let (mut ports, mut joined) = (None, Vec::new());
        for line in said.lines().filter(|line| line.starts_with("Whole PDU")) {
            let pdu = unhex(line.split(": ").nth(1).unwrap().trim());
            // Behind the address of the service centre.
            let user_data = user_data_of(&pdu[1 + usize::from(pdu[0])..]).to_vec();
            let (header, payload) = UserDataHeader::parse(&user_data).unwrap();
            ports = header.ports();
            joined.extend_from_slice(payload);
        }
        let received = receive(ports.unwrap(), &joined).unwrap().unwrap();
        assert!(received.decoded.quirks.is_empty(), "{received:?}");
        received
    }
}

#[test]
fn gammu_indicates_services_and_messages() {
    let Some(gammu) = Gammu::open("gammu_indicates_services_and_messages") else { return };
    let long = format!("http://www.example.com/{}", "x".repeat(300));
    for url in ["http://www.example.com/a?b=c&d", long.as_str()] {
        let received = gammu.display_sms(&["WAPINDICATOR", url, "Title"]);
        assert_eq!(received.content, Content::Document(Document::Si(Si::new(url, "Title")), None));
    }
    let received = gammu.display_sms(&["MMSINDICATOR", "http://mms.example.com/x", "Title", "+123"]);
    assert_eq!(received.kind(), Kind::MmsNotification);
    assert_eq!(received.decoded.push.content_type.media, mms::CONTENT_TYPE);
    assert_eq!(received.decoded.push.headers.application_id(), Some(4));
    let Content::Mms(pdu) = received.content else { panic!("{received:?}") };
    assert!(pdu.starts_with(b"\x8c\x82"));
    assert!(pdu.windows(26).any(|window| window == b"\x83http://mms.example.com/x\0"));
}

#[test]
fn gammu_sends_bookmarks_and_settings() {
    let Some(gammu) = Gammu::open("gammu_sends_bookmarks_and_settings") else { return };
    let backup = gammu.backup("Bookmark", "URL = \"http://www.example.com/\"\nTitle = \"Example\"\n");
    let received = gammu.display_sms(&["BOOKMARK", &backup, "1"]);
    let bookmark = Ota::bookmark("Example", "http://www.example.com/");
    assert_eq!(received.content, Content::Document(Document::Ota(bookmark), None));
    assert_eq!(received.kind(), Kind::OtaBookmark);

    let lines = "Title00 = \"Example\"\nHomePage00 = \"http://wap.example.com/\"\nType00 = Continuous\nSecurity00 = Off\nBearer00 = GPRS\n\
                 Login00 = Automatic\nIP00 = \"192.0.2.1\"\nUser00 = \"guest\"\nPassword00 = \"secret\"\n";
    for (section, command, rest, kind) in
        [("WAPSettings", "WAPSETTINGS", &["1", "GPRS"][..], "URL"), ("MMSSettings", "MMSSETTINGS", &["1"], "MMSURL")]
    {
        let backup = gammu.backup(section, lines);
        let received = gammu.display_sms(&[&[command, backup.as_str()], rest].concat());
        let address = [
            ("BEARER", "GPRS"),
            ("PPP_LOGINTYPE", "AUTOMATIC"),
            ("PPP_AUTHTYPE", "PAP"),
            ("GPRS_ACCESSPOINTNAME", ""),
            ("PROXY", "192.0.2.1"),
            ("PPP_AUTHNAME", "guest"),
            ("PPP_AUTHSECRET", "secret"),
            ("PORT", "9201"),
        ];
        let address = address.into_iter().fold(OtaCharacteristic::new("ADDRESS"), |address, (name, value)| address.with(name, value));
        let url = OtaCharacteristic { value: Some("http://wap.example.com/".to_owned()), ..OtaCharacteristic::new(kind) };
        let name = OtaCharacteristic::new("NAME").with("NAME", "Example");
        let expected = Document::Ota(Ota { characteristics: vec![address, url, name] });
        assert_eq!(received.content, Content::Document(expected, None), "{section}");
        assert_eq!(received.kind(), Kind::OtaSettings);
    }
}

/// The WBXML that a test program of Kannel makes of XML; `None` if it is not there, which is said.
fn kannel(test: &str, program: &str, directory: &Path, xml: &str) -> Option<Vec<u8>> {
    let program = format!("/usr/lib/kannel/test/{program}");
    if !Path::new(&program).exists() {
        skipped(test, &format!("{program} is not there (Debian package kannel-extras)"));
        return None;
    }
    let (input, output) = (directory.join("in.xml"), directory.join("out"));
    std::fs::write(&input, xml).unwrap();
    // They append.
    let _ = std::fs::remove_file(&output);
    let (done, _, said) = run(Command::new(program).args(["-v", "5", "-f"]).arg(&output).arg(&input));
    assert!(done, "{said}");
    let written = std::fs::read(output).unwrap();
    // Some write the octets, others a sentence and the octets with those escaped that are not printable.
    let sentence = b"content being\\x0a";
    let Some(at) = written.windows(sentence.len()).position(|window| window == sentence) else { return Some(written) };
    let mut rest = &written[at + sentence.len()..];
    let mut octets = Vec::new();
    while let [first, after @ ..] = rest {
        if let [b'\\', b'x', high, low, after @ ..] = rest {
            octets.extend(unhex(std::str::from_utf8(&[*high, *low]).unwrap()));
            rest = after;
        } else {
            octets.push(*first);
            rest = after;
        }
    }
    Some(octets)
}

#[test]
fn kannel_compiles_documents_to_what_we_read() {
    let test = "kannel_compiles_documents_to_what_we_read";
    let directory = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for document in documents() {
        let program = match &document {
            Document::Si(_) => "test_si",
            // It leaves out URLs of other schemes.
            Document::Sl(sl) if !sl.href.starts_with("http") => continue,
            Document::Sl(_) => "test_sl",
            Document::Ota(_) => "test_ota",
            _ => continue,
        };
        let Some(wbxml) = kannel(test, program, directory.path(), &document.to_xml().unwrap()) else { return };
        assert_eq!(Document::from_wbxml(&wbxml).unwrap(), document, "{wbxml:02x?}");
        seen += 1;
    }
    assert!(seen >= 8, "{seen} documents");
}
