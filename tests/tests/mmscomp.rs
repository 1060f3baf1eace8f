//! `waxwing mmscomp` makes messages of files and takes them apart: every real sample there and back, judged by tshark; and `decode --mms`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use waxwing_tests::{binary, push, skip, tshark};

const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Runs a command that has to succeed, and gives what it printed.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = binary::run(folder, arguments, b"");
    assert!(output.status.success(), "{arguments:?}: {}", binary::stderr(&output));
    binary::stdout(&output)
}

/// Runs one that has to fail, and gives the exit code and the reason.
fn refused(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = binary::run(folder, arguments, b"");
    (output.status.code().unwrap_or_default(), binary::stderr(&output))
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let all = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    all.map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(path).expect("a file"))).collect()
}

#[test]
fn a_message_is_made_of_a_header_file_and_content_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = dir.path();
    let header = "X-Mms-Message-Type: m-retrieve-conf\r\nX-Mms-Transaction-Id: T1\r\nX-Mms-Version: 1.0\r\nDate: Thu, 31 Dec 2026 23:59:59 GMT\r\n\
                  From: +447700900123/TYPE=PLMN\r\nTo: +447700900199/TYPE=PLMN\r\nSubject: Gr\u{fc}\u{df}e\r\nX-Mms-Priority: High\r\n\
                  X-NowMMS-Content-Location: pic.gif\r\n";
    std::fs::write(at.join("hello.hdr"), header.chars().map(|c| c as u8).collect::<Vec<u8>>()).expect("a file");
    std::fs::write(at.join("pic.gif"), GIF).expect("a file");
    std::fs::write(at.join("words.txt"), "h\u{e9}llo".chars().map(|c| c as u8).collect::<Vec<u8>>()).expect("a file");
    let smil = "<smil><body><par><img src=\"pic.gif\"/><text src=\"words.txt\"/></par></body></smil>";
    std::fs::write(at.join("show.smil"), smil).expect("a file");

    let said = run(at, &["mmscomp", "-ciso-8859-1", "hello.hdr", "words.txt", "show.smil"]);
    assert!(said.starts_with("hello.mms "), "{said}");
    let pdu = std::fs::read(at.join("hello.mms")).expect("a message");
    let fields = ["mmse.message_type", "mmse.from", "mmse.priority", "wsp.parameter.name", "wsp.parameter.start", "wsp.parameter.charset"];
    let read = tshark::mms(at, &pdu, &fields);
    assert_eq!(read[..5], ["0x84", "+447700900123/TYPE=PLMN", "0x82", "show.smil,pic.gif,words.txt", "<smil>"]);
    assert_eq!(read[5].to_ascii_lowercase(), "utf-8,iso-8859-1");
    let told = run(at, &["decode", "--mms", "hello.mms"]);
    assert!(told.contains("m-retrieve-conf") && told.contains("Grüße") && told.contains("héllo"), "{told}");

    // Without a presentation among the files there is one on demand only.
    run(at, &["mmscomp", "hello.hdr", "-o", "mixed.mms"]);
    assert!(run(at, &["decode", "--mms", "mixed.mms"]).contains("application/vnd.wap.multipart.mixed"));
    run(at, &["mmscomp", "--smil", "hello.hdr", "-o", "made.mms"]);
    let told = run(at, &["decode", "--mms", "made.mms"]);
    assert!(told.contains("application/vnd.wap.multipart.related") && told.contains("<img src=\"pic.gif\""), "{told}");

    assert!(run(at, &["mmscomp", "-x", "hello.mms"]).contains("hello.hdr"));
    let apart = files(&at.join("hello"));
    assert_eq!(apart["pic.gif"], GIF);
    assert_eq!((apart["words.txt"].as_slice(), apart["show.smil"].as_slice()), ("héllo".as_bytes(), smil.as_bytes()));
    // What is there already stays.
    let (code, why) = refused(at, &["mmscomp", "-x", "hello.mms"]);
    assert!(code == 1 && why.contains("--folder"), "{code} {why}");
}

#[test]
fn every_sample_goes_there_and_back() {
    let Some(samples) = std::env::var_os("WAXWING_SAMPLES").map(|folder| PathBuf::from(folder).join("mms")).filter(|f| f.is_dir()) else {
        skip("every_sample_goes_there_and_back", "WAXWING_SAMPLES names no directory of samples");
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let mut seen = 0;
    for (number, sample) in std::fs::read_dir(samples).expect("samples").map(|entry| entry.expect("a sample").path()).enumerate() {
        let (once, twice) = (dir.path().join(format!("{number}-a")), dir.path().join(format!("{number}-b")));
        let shown = sample.to_string_lossy().into_owned();
        let output = binary::run(dir.path(), &["mmscomp", "-x", &shown, "-d", &once.to_string_lossy()], b"");
        if !output.status.success() {
            // One of them is damaged; then it cannot be described either.
            assert!(!binary::run(dir.path(), &["decode", "--mms", &shown], b"").status.success(), "{shown}: {}", binary::stderr(&output));
            continue;
        }
        seen += 1;
        let header = files(&once).into_keys().find(|name| name.ends_with(".hdr")).expect("a header file");
        let message = dir.path().join(header.replace(".hdr", ".mms"));
        let header = once.join(header);
        run(dir.path(), &["mmscomp", &header.to_string_lossy(), "-o", &message.to_string_lossy()]);
        run(dir.path(), &["mmscomp", "-x", &message.to_string_lossy(), "-d", &twice.to_string_lossy()]);
        let (first, second) = (files(&once), files(&twice));
        assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>(), "{shown}");
        for (name, data) in &first {
            if name.ends_with(".hdr") {
                // Of the content type the parameters that name the root are made anew.
                let lines = |octets: &[u8]| {
                    let text = String::from_utf8_lossy(octets).into_owned();
                    let mut lines: Vec<String> = text
                        .lines()
                        .map(|l| {
                            if l.starts_with("Content-Type: ") { l.split(';').next().unwrap_or_default().to_owned() } else { l.to_owned() }
                        })
                        .collect();
                    lines.sort();
                    lines
                };
                assert_eq!(lines(data), lines(&second[name]), "{shown}");
            } else {
                assert!(data == &second[name], "{shown}: {name}");
            }
        }
        let pdu = std::fs::read(&message).expect("a message");
        if pdu.len() < 60_000 {
            tshark::mms(dir.path(), &pdu, &["mmse.message_type"]);
        }
    }
    assert!(seen >= 25, "{seen} samples");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = dir.path();
    std::fs::write(at.join("bad.hdr"), "X-Mms-Message-Type: m-retrieve-conf\nDate: today\n").expect("a file");
    std::fs::write(at.join("none.hdr"), "X-Mms-Message-Type: m-retrieve-conf\nX-NowMMS-Content-Location: gone.gif\n").expect("a file");
    std::fs::write(at.join("text.mms"), "hello").expect("a file");
    for (arguments, code, says) in [
        (&["mmscomp", "bad.hdr"][..], 64, "bad.hdr: line 2: Date: "),
        (&["mmscomp", "none.hdr"], 64, "gone.gif cannot be read: "),
        (&["mmscomp", "nowhere.hdr"], 64, "nowhere.hdr cannot be read: "),
        (&["mmscomp", "-c", "klingon", "bad.hdr"], 64, "klingon"),
        (&["mmscomp", "-x", "text.mms"], 1, "text.mms: "),
        (&["mmscomp", "-x", "text.mms", "more"], 64, "cannot be used with"),
        (&["decode", "--mms", "text.mms"], 1, ""),
    ] {
        let (got, why) = refused(at, arguments);
        assert!(got == code && why.contains(says), "{arguments:?}: {got} {why}");
    }
}

#[test]
fn a_notification_in_a_push_is_described_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let pdu = b"\x01\x06\x22application/vnd.wap.mms-message\0\xaf\x84\x8c\x82\x98T1\0\x8d\x90\x89\x19\x80+447700900123/TYPE=PLMN\0\
                \x96Summer\0\x8a\x80\x8e\x02\x75\x30\x88\x05\x81\x03\x03\xf4\x80\x83http://mmsc.example.net/1\0";
    std::fs::write(dir.path().join("push"), pdu).expect("a file");
    for kind in ["--push", "--wsp"] {
        let told = run(dir.path(), &["decode", kind, "push"]);
        for words in ["m-notification-ind", "Summer", "http://mmsc.example.net/1", "+447700900123"] {
            assert!(told.contains(words), "{kind}: {words} in {told}");
        }
    }
    assert!(push::tshark(dir.path(), pdu).contains("Summer"));
}
