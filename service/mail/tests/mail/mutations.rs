//! Damaged messages: nothing panics, nothing runs away, and bounds hold.

use proptest::prelude::*;
use waxwing_mail::{
    ContentError, ContentLimits, MailContent, Mailbox, MmStatus, Outgoing, Part, RecipientStatus, SmsTextOptions, auth_results, sms_text,
};

fn samples() -> Vec<Vec<u8>> {
    let message = Outgoing {
        from: Mailbox::named("Ålice", "a@example.com"),
        to: vec![Mailbox::new("b@mms.example")],
        subject: "Grüße, lange genug für zwei Zeilen und mehr als das".to_owned(),
        message_id: "1@example.com".to_owned(),
        headers: vec![("X-Mms-Transaction-ID".to_owned(), "1".to_owned())],
        parts: vec![
            Part::inline_text("Hällo\n> quoted\n-- \nBob"),
            Part { content_type: "text/html".to_owned(), data: "<p>a &amp; <a href='http://x/'>b</a></p>".into(), ..Part::default() },
            Part { content_type: "image/png".to_owned(), name: Some("ü.png".to_owned()), data: vec![7; 100].into(), ..Part::default() },
        ],
        ..Outgoing::default()
    };
    let report = waxwing_mail::DeliveryReport {
        reporting_mta: "mms.example".to_owned(),
        recipients: vec![RecipientStatus::of_mms("b@mms.example", MmStatus::Expired)],
        ..waxwing_mail::DeliveryReport::default()
    };
    let head = waxwing_mail::report::ReportHead {
        from: Mailbox::new("p@mms.example"),
        to: Mailbox::new("a@example.com"),
        subject: "Report".to_owned(),
        date: 0,
        message_id: "2@mms.example".to_owned(),
    };
    let report = report.write(&head, "", Some(b"Message-ID: <1@example.com>\r\n\r\n")).unwrap();
    let verdicts = b"Authentication-Results: mx.example; dkim=pass (good) header.d=example.com; spf=fail\r\n".to_vec();
    vec![message.write().unwrap(), report, [verdicts, message.write().unwrap()].concat()]
}

fn read(octets: &[u8]) {
    if let Ok(content) = MailContent::parse(octets, &ContentLimits::default()) {
        assert!(content.parts.len() <= ContentLimits::default().max_parts);
        let _ = sms_text(&content, &SmsTextOptions::default());
    }
    let _ = auth_results(octets, "mx.example");
}

#[test]
fn every_truncation() {
    for sample in samples() {
        for length in 0..sample.len() {
            read(&sample[..length]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn mutations(index in 0_usize..3, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..12)) {
        let mut octets = samples().swap_remove(index);
        for (at, octet, kind) in changes {
            if octets.is_empty() {
                break;
            }
            let at = at.index(octets.len());
            match kind {
                0 => octets[at] = octet,
                1 => octets.insert(at, octet),
                2 => {
                    octets.remove(at);
                }
                _ => {
                    // A piece of it once more.
                    let piece = octets[at..(at + usize::from(octet)).min(octets.len())].to_vec();
                    octets.splice(at..at, piece);
                }
            }
        }
        read(&octets);
    }

    #[test]
    fn noise(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        read(&octets);
    }
}

#[test]
fn bounds() {
    let parse = |message: &str| MailContent::parse(message.as_bytes(), &ContentLimits::default());
    // Parts within parts, messages within messages, parts without end, headers without end.
    let mut deep = String::new();
    for level in 0..5000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"));
    }
    assert_eq!(parse(&deep), Err(ContentError::TooDeep { limit: 16 }));
    let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(300_000);
    assert_eq!(parse(&messages).unwrap().parts.len(), 1);
    let digest = format!("Content-Type: multipart/digest; boundary=b\r\n\r\n{}", "--b\r\n\r\nx\r\n".repeat(300_000));
    assert_eq!(parse(&digest), Err(ContentError::TooManyParts { limit: 200 }));
    assert_eq!(parse(&"a:\r\n".repeat(300_000)), Err(ContentError::HeaderTooLarge { limit: 256 << 10 }));
    // Long things of every kind, in time.
    for message in [
        format!("Subject: {}\r\n\r\nx", "=?utf-8?B?w7w=?= ".repeat(10_000)),
        format!("To: {}\r\n\r\nx", "a@b.example, ".repeat(15_000)),
        format!("To: {}\r\n\r\nx", "(".repeat(200_000)),
        format!("Content-Type: text/html\r\n\r\n{}", "<p><a href=x>".repeat(50_000)),
        format!("Content-Type: text/html\r\n\r\n{}", "<script>".repeat(50_000)),
        format!("Content-Type: text/html\r\n\r\n{}", "<a \"".repeat(20_000)),
        format!("Content-Type: text/html\r\n\r\n{}", "&amp".repeat(100_000)),
        format!("Subject: x\r\n\r\n{}", "line:\r\n".repeat(50_000)),
        format!("Authentication-Results: mx.example; {}\r\n\r\n", "spf=pass;".repeat(20_000)),
    ] {
        read(message.as_bytes());
    }
}
