//! Messages that we write, as Python's email package reads them; and messages as other programs write them, as we read them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use waxwing_mail::{ContentLimits, Disposition, Importance, MailContent, Mailbox, MessageClass, Outgoing, Part, SmsTextOptions, sms_text};

use crate::peer::python;

fn parse(message: &str) -> MailContent {
    MailContent::parse(message.replace('\n', "\r\n").as_bytes(), &ContentLimits::default()).unwrap()
}

fn picture() -> Part {
    Part {
        content_type: "image/jpeg".to_owned(),
        name: Some("Übersicht \"1\".jpg".to_owned()),
        content_id: Some("pic-1@mms.example".to_owned()),
        content_location: Some("pic1.jpg".to_owned()),
        data: Bytes::from_static(b"\xff\xd8\xff\xe0 not really\r\n.\r\n"),
        ..Part::default()
    }
}

fn smil() -> Part {
    let text = "<smil><body><par><img src=\"cid:pic-1@mms.example\"/></par></body></smil>";
    Part {
        content_type: "application/smil".to_owned(),
        content_id: Some("start@mms.example".to_owned()),
        data: text.into(),
        ..Part::default()
    }
}

fn message() -> Outgoing {
    Outgoing {
        from: Mailbox::named("Ålice \"A\"", "+447700900123/TYPE=PLMN@mms.example"),
        to: vec![Mailbox::new("bob@example.com"), Mailbox::named("Carol, of \\ sales", "carol@example.com")],
        cc: vec![Mailbox::named("名前", "name@example.com")],
        subject: "Grüße\r\nBcc: victim@example.com".to_owned(),
        date: 1_741_000_000,
        message_id: "mm-1@mms.example".to_owned(),
        in_reply_to: Some("python-1@example.com".to_owned()),
        importance: Importance::High,
        class: Some(MessageClass::Auto),
        read_report_to: Some(Mailbox::new("+447700900123/TYPE=PLMN@mms.example")),
        headers: vec![("X-Mms-Message-ID".to_owned(), "\"mm-1\"".to_owned())],
        parts: vec![smil(), Part::inline_text("Hällo\n.\nFrom me\n"), picture()],
        ..Outgoing::default()
    }
}

async fn read(test: &str, messages: &[Vec<u8>]) -> Option<Vec<Value>> {
    let input: String = messages.iter().map(|message| STANDARD.encode(message) + "\n").collect();
    let said = python(test, "read.py", &[], &input).await?;
    assert_eq!(said.code, Some(0), "{}", said.errors);
    Some(said.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[tokio::test]
async fn python_reads_what_we_write() {
    let plain = message();
    let related = Outgoing { keep_smil: true, ..message() };
    let single = Outgoing { parts: vec![Part::inline_text("just words")], headers: Vec::new(), class: None, ..message() };
    let none = Outgoing { parts: Vec::new(), to: Vec::new(), cc: Vec::new(), ..message() };
    let messages: Vec<Vec<u8>> = [&plain, &related, &single, &none].into_iter().map(|message| message.write().unwrap()).collect();
    let Some(read) = read("python_reads_what_we_write", &messages).await else { return };
    for seen in &read {
        assert_eq!((&seen["defects"], &seen["bare"]), (&json!([]), &json!(0)), "{seen}");
        assert!(seen["longest"].as_u64().unwrap() <= 120, "{seen}");
    }
    let seen = &read[0];
    assert_eq!(seen["from"], json!([["Ålice \"A\"", "+447700900123/TYPE=PLMN@mms.example"]]));
    assert_eq!(seen["to"], json!([["", "bob@example.com"], ["Carol, of \\ sales", "carol@example.com"]]));
    assert_eq!(seen["cc"], json!([["名前", "name@example.com"]]));
    assert_eq!(seen["date"], json!(1_741_000_000));
    let header = |name: &str| {
        let found: Vec<&str> =
            seen["headers"].as_array().unwrap().iter().filter(|h| h[0] == name).map(|h| h[1].as_str().unwrap()).collect();
        assert!(found.len() <= 1, "{name}");
        found.first().copied()
    };
    assert_eq!(header("Subject"), Some("Grüße  Bcc: victim@example.com"));
    assert_eq!(header("Bcc"), None);
    assert_eq!((header("Importance"), header("Auto-Submitted")), (Some("high"), Some("auto-generated")));
    assert_eq!((header("X-Mms-Message-Class"), header("X-Mms-Message-ID")), (Some("Auto"), Some("\"mm-1\"")));
    assert_eq!((header("Message-ID"), header("In-Reply-To")), (Some("<mm-1@mms.example>"), Some("<python-1@example.com>")));
    assert_eq!(header("Disposition-Notification-To"), Some("+447700900123/TYPE=PLMN@mms.example"));

    assert_eq!(seen["type"], "multipart/mixed");
    let parts = seen["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 2, "SMIL is left out");
    assert_eq!(parts[0]["content"].as_str().unwrap().replace("\r\n", "\n").trim_end(), "Hällo\n.\nFrom me");
    assert_eq!(parts[1]["content"], json!(STANDARD.encode(&picture().data)));
    assert_eq!((&parts[1]["name"], &parts[1]["id"]), (&json!("Übersicht \"1\".jpg"), &json!("<pic-1@mms.example>")));
    assert_eq!((&parts[1]["location"], &parts[1]["disposition"]), (&json!("pic1.jpg"), &json!("inline")));

    let seen = &read[1];
    assert_eq!((&seen["type"], &seen["parameters"]["type"]), (&json!("multipart/related"), &json!("application/smil")));
    assert_eq!(seen["parameters"]["start"], "<start@mms.example>");
    assert_eq!((&seen["parts"][0]["type"], &seen["parts"][0]["id"]), (&json!("application/smil"), &json!("<start@mms.example>")));
    assert_eq!(seen["parts"].as_array().unwrap().len(), 3);
    assert_eq!((&read[2]["type"], &read[2]["parts"][0]["content"]), (&json!("text/plain"), &json!("just words\r\n")));
    assert_eq!(read[3]["type"], "text/plain");
}

/// Many messages of any content at once.
#[tokio::test]
async fn python_reads_whatever_we_write() {
    let words = "[ -~äß漢字😀\\t\\r\\n]{0,200}";
    let part = prop_oneof![
        words.prop_map(Part::inline_text),
        (proptest::collection::vec(any::<u8>(), 0..300), proptest::option::of("[ -~é漢\\r\\n;\"]{1,90}")).prop_map(|(data, name)| Part {
            content_type: "application/octet-stream".to_owned(),
            name,
            disposition: Disposition::Attachment,
            data: data.into(),
            ..Part::default()
        }),
    ];
    let parts = proptest::collection::vec(part, 1..5);
    let any = (words, words, parts, any::<bool>()).prop_map(|(name, subject, parts, keep_smil)| Outgoing {
        from: Mailbox::named(name, "a@example.com"),
        subject,
        parts,
        keep_smil,
        ..message()
    });
    let mut runner = TestRunner::deterministic();
    let all: Vec<Outgoing> = (0..200).map(|_| any.new_tree(&mut runner).unwrap().current()).collect();
    let messages: Vec<Vec<u8>> = all.iter().map(|message| message.write().unwrap()).collect();
    let Some(read) = read("python_reads_whatever_we_write", &messages).await else { return };
    assert_eq!(read.len(), all.len());
    let squeeze =
        |text: &str| text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned();
    for ((message, octets), seen) in all.iter().zip(&messages).zip(&read) {
        let text = String::from_utf8_lossy(octets);
        assert_eq!((&seen["bare"], &seen["defects"]), (&json!(0), &json!([])), "{text}");
        let subject = seen["headers"].as_array().unwrap().iter().find(|h| h[0] == "Subject").map_or("", |h| h[1].as_str().unwrap());
        assert_eq!(squeeze(subject), squeeze(&message.subject), "{text}");
        // In names (not in subjects) Python puts a space between encoded words, which RFC 2047 6.2 forbids.
        let dense = |text: &str| squeeze(text).replace(' ', "");
        assert_eq!(dense(seen["from"][0][0].as_str().unwrap()), dense(message.from.name.as_deref().unwrap()), "{text}");
        let name = MailContent::parse(octets, &ContentLimits::default()).unwrap().from.unwrap().name.unwrap_or_default();
        assert_eq!(squeeze(&name), squeeze(message.from.name.as_deref().unwrap()), "{text}");
        assert_eq!(seen["parts"].as_array().unwrap().len(), message.parts.len(), "{text}");
        // What we read ourselves is what Python reads.
        let ours = MailContent::parse(octets, &ContentLimits::default()).unwrap();
        assert_eq!(squeeze(&ours.subject), squeeze(subject), "{text}");
        for (part, seen) in message.parts.iter().zip(seen["parts"].as_array().unwrap()) {
            let content = seen["content"].as_str().unwrap();
            match part.text() {
                Some(words) => assert_eq!(lines(content), lines(words), "{text}"),
                None => assert_eq!(content, STANDARD.encode(&part.data), "{text}"),
            }
        }
        let binary = |parts: &[Part]| parts.iter().filter(|p| !p.is_text()).map(|p| p.data.clone()).collect::<Vec<_>>();
        assert_eq!(binary(&ours.parts), binary(&message.parts), "{text}");
    }
}

#[test]
fn what_cannot_be_written() {
    for (bad, word) in [
        (Outgoing { from: Mailbox::new("nobody"), ..message() }, "From"),
        (Outgoing { to: vec![Mailbox::new("a@b>\r\nX: y")], ..message() }, "To"),
        (Outgoing { message_id: "a b@c".to_owned(), ..message() }, "message number"),
        (Outgoing { date: i64::MAX, ..message() }, "1970"),
        (Outgoing { headers: vec![("Bcc".to_owned(), "x@y".to_owned())], ..message() }, "`Bcc`"),
        (Outgoing { headers: vec![("X-a: b\r\nBcc".to_owned(), "x@y".to_owned())], ..message() }, "cannot be added"),
        (Outgoing { parts: vec![Part { content_type: "image\r\n".to_owned(), ..Part::default() }], ..message() }, "content type"),
    ] {
        let error = bad.write().unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

/// Of alternatives the text, with the pictures of the page beside it; what programs add is left out.
#[test]
fn a_message_from_outlook() {
    let content = parse(
        "From: Bob <bob@example.com>\nTo: x@mms.example\nSubject: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\nX-Priority: 1 (Highest)\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"o\"\n\n--o\nContent-Type: multipart/related; boundary=r; type=\"multipart/alternative\"\n\n--r\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: base64\n\nxOO6ww==\n--a\nContent-Type: text/html; charset=gb2312\n\n<p>x</p><img src=\"cid:i@x\">\n--a--\n--r\nContent-Type: image/gif; name=i.gif\nContent-ID: <i@x>\nContent-Transfer-Encoding: base64\n\nR0lGODlh\n--r--\n--o\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+\n--o--\n",
    );
    assert_eq!((content.subject.as_str(), content.importance), ("日本", Importance::High));
    assert_eq!(content.text(), "你好");
    let types: Vec<&str> = content.parts.iter().map(|part| part.content_type.as_str()).collect();
    assert_eq!(types, ["text/plain", "image/gif"]);
    assert_eq!((content.parts[1].content_id.as_deref(), &content.parts[1].data[..]), (Some("i@x"), &b"GIF89a"[..]));
    assert_eq!(sms_text(&content, &SmsTextOptions::default()), "日本: 你好");
}

#[test]
fn odd_messages() {
    // HTML only; a charset in no header; a body without any structure; a boundary that never comes; damage in base64.
    assert_eq!(parse("Subject: x\nContent-Type: text/html; charset=utf-8\n\n<div>a</div><div>b &euro;</div>").text(), "a\nb €");
    let latin = MailContent::parse(b"Subject: x\r\n\r\nGr\xfc\xdfe", &ContentLimits::default()).unwrap();
    assert_eq!(latin.text(), "Grüße");
    assert_eq!(parse("Subject: x\nContent-Type: multipart/mixed; boundary=never\n\nwords").text(), "words");
    assert_eq!(
        parse("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nfirst\n--b\nContent-Type: text/plain\n\nopen end").text(),
        "first\n\nopen end"
    );
    let damaged = parse("Content-Type: image/gif\nContent-Transfer-Encoding: base64\n\nR0lG*ODlh\n!");
    assert_eq!(damaged.parts[0].data, "GIF89a");
    // A name with folders, and one encoded in the old way.
    let named =
        |header: &str| parse(&format!("Content-Type: image/gif\nContent-Disposition: attachment; {header}\n\nx")).parts[0].name.clone();
    assert_eq!(named("filename=\"../../etc/passwd\"").as_deref(), Some("passwd"));
    assert_eq!(named("filename=\"C:\\\\Users\\\\b\\\\a.gif\"").as_deref(), Some("a.gif"));
    assert_eq!(named("filename=\"=?utf-8?Q?=C3=BC.gif?=\"").as_deref(), Some("ü.gif"));
    // Flowed text.
    assert_eq!(
        parse("Content-Type: text/plain; format=flowed\n\nOne \nparagraph.\n> quoted \n> lines\n-- \nBob").text(),
        "One paragraph.\n> quoted \n> lines\n-- \nBob"
    );
    // Signed: the content, not the signature.
    let signed = parse(
        "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\n\n--s\n\nwords\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--",
    );
    assert_eq!((signed.text().as_str(), signed.parts.len()), ("words", 1));
    // Forwarded as a message: a file that comes along.
    let forwarded = parse(
        "Content-Type: multipart/mixed; boundary=f\n\n--f\n\nsee\n--f\nContent-Type: message/rfc822\n\nSubject: inner\n\ninner words\n--f--",
    );
    assert_eq!((forwarded.text().as_str(), forwarded.parts[1].content_type.as_str()), ("see", "message/rfc822"));
    assert_eq!(forwarded.parts[1].data, "Subject: inner\r\n\r\ninner words");
    assert_eq!(MailContent::parse(b"", &ContentLimits::default()).unwrap_err().to_string(), "the message has no header");
}

/// Who must not be answered by a machine.
#[test]
fn loops() {
    for (header, automatic) in [
        ("Auto-Submitted: auto-replied (vacation)", true),
        ("Auto-Submitted: no", false),
        ("Precedence: bulk", true),
        ("Precedence: first-class", false),
        ("List-Id: <list.example.com>", true),
        ("X-Auto-Response-Suppress: All", true),
        ("Subject: x", false),
    ] {
        assert_eq!(parse(&format!("{header}\nFrom: a@b.example\n\nx")).automatic, automatic, "{header}");
    }
    assert_eq!(parse(&format!("{}\n\nx", "Received: from a by b; Mon, 3 Mar 2025 10:00:00 +0000\n".repeat(30).trim_end())).hops, 30);
}
