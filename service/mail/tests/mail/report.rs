//! Reports: ours, as Python reads them; the standards' own, as we do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use waxwing_mail::report::ReportHead;
use waxwing_mail::smtp::Enhanced;
use waxwing_mail::{Action, ContentLimits, DeliveryReport, DispositionReport, MailContent, Mailbox, MmStatus, RecipientStatus, Report};

use crate::peer::python;

fn head() -> ReportHead {
    ReportHead {
        from: Mailbox::named("Message centre", "postmaster@mms.example"),
        to: Mailbox::new("bob@example.com"),
        subject: "Delivery report".to_owned(),
        date: 1_741_000_000,
        message_id: "report-1@mms.example".to_owned(),
    }
}

fn parse(message: &[u8]) -> MailContent {
    MailContent::parse(message, &ContentLimits::default()).unwrap()
}

async fn read(test: &str, message: &[u8]) -> Option<Value> {
    let said = python(test, "read.py", &[], &(STANDARD.encode(message) + "\n")).await?;
    assert_eq!(said.code, Some(0), "{}", said.errors);
    Some(serde_json::from_str(&said.output).unwrap())
}

#[tokio::test]
async fn every_status_of_a_multimedia_message() {
    for status in [
        MmStatus::Expired,
        MmStatus::Retrieved,
        MmStatus::Rejected,
        MmStatus::Deferred,
        MmStatus::Indeterminate,
        MmStatus::Forwarded,
        MmStatus::Unreachable,
        MmStatus::Unrecognised,
    ] {
        let mut recipient = RecipientStatus::of_mms("+447700900123/TYPE=PLMN@mms.example", status);
        recipient.original = Some("Alice@mms.example".to_owned());
        recipient.diagnostic = Some("550 5.1.1 no\r\nsuch user".to_owned());
        let report = DeliveryReport {
            reporting_mta: "mms.example".to_owned(),
            envelope_id: Some("QQ314159".to_owned()),
            message_id: Some("python-1@example.com".to_owned()),
            recipients: vec![recipient],
        };
        let original = b"From: bob@example.com\r\nMessage-ID: <python-1@example.com>\r\nSubject: x\r\n\r\nsecret words";
        let message = report.write(&head(), "", Some(original)).unwrap();
        assert!(!String::from_utf8_lossy(&message).contains("secret words"), "only the header goes back");
        let Some(seen) = read("every_status_of_a_multimedia_message", &message).await else { return };
        assert_eq!(
            (&seen["defects"], &seen["type"], &seen["parameters"]["report-type"]),
            (&json!([]), &json!("multipart/report"), &json!("delivery-status"))
        );
        let parts = seen["parts"].as_array().unwrap();
        let status_part = parts.iter().find(|part| part["type"] == "message/delivery-status").unwrap();
        let (action, code) = status.delivery();
        assert_eq!(
            status_part["content"],
            json!([
                {"Reporting-MTA": "dns; mms.example", "Original-Envelope-Id": "QQ314159"},
                {
                    "Original-Recipient": "rfc822; Alice@mms.example",
                    "Final-Recipient": "rfc822; +447700900123/TYPE=PLMN@mms.example",
                    "Action": action.word(),
                    "Status": code.to_string(),
                    "Diagnostic-Code": "smtp; 550 5.1.1 no  such user",
                    "X-Mms-Status": status.word(),
                },
            ])
        );
        let content = parse(&message);
        assert!(content.automatic);
        let Some(Report::Delivery(found)) = content.report else { panic!("a delivery report") };
        assert_eq!(found.message_id.as_deref(), Some("python-1@example.com"));
        assert_eq!(found.recipients[0].mm_status(), status);
        // Without the words of multimedia messages, action and status tell the same.
        let without = String::from_utf8(message).unwrap().replace("X-Mms-Status: ", "X-Other: ");
        let Some(Report::Delivery(found)) = parse(without.as_bytes()).report else { panic!("a delivery report") };
        assert_eq!((found.recipients[0].mms, found.recipients[0].mm_status()), (None, status));
    }
}

#[tokio::test]
async fn a_read_report() {
    let report = DispositionReport {
        reporting_ua: Some("mms.example; Waxwing".to_owned()),
        original: None,
        recipient: "+447700900123/TYPE=PLMN@mms.example".to_owned(),
        message_id: Some("python-1@example.com".to_owned()),
        disposition: "displayed".to_owned(),
        automatic: false,
    };
    let message = report.write(&head(), "").unwrap();
    let Some(seen) = read("a_read_report", &message).await else { return };
    assert_eq!((&seen["defects"], &seen["parameters"]["report-type"]), (&json!([]), &json!("disposition-notification")));
    let part = seen["parts"].as_array().unwrap().iter().find(|part| part["type"] == "message/disposition-notification").unwrap().clone();
    assert!(part["content"].to_string().contains("python-1@example.com"), "{part}");
    assert_eq!(parse(&message).report, Some(Report::Disposition(report)));
}

/// RFC 3464 appendix D: single recipient, multiple recipients, a gateway's.
#[test]
fn examples_of_the_standard() {
    let simple = "Date: Thu, 7 Jul 1994 17:16:05 -0400\r\nFrom: Mail Delivery Subsystem <MAILER-DAEMON@CS.UTK.EDU>\r\nMessage-Id: <199407072116.RAA14128@CS.UTK.EDU>\r\nSubject: Returned mail: Cannot send message for 5 days\r\nTo: <owner-info-mime@cs.utk.edu>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n      boundary=\"RAA14128.773615765/CS.UTK.EDU\"\r\n\r\n--RAA14128.773615765/CS.UTK.EDU\r\n\r\nThe original message was received at Sat, 2 Jul 1994 17:10:28 -0400\r\nfrom root@localhost\r\n\r\n--RAA14128.773615765/CS.UTK.EDU\r\ncontent-type: message/delivery-status\r\n\r\nReporting-MTA: dns; cs.utk.edu\r\n\r\nOriginal-Recipient: rfc822;louisl@larry.slip.umd.edu\r\nFinal-Recipient: rfc822;louisl@larry.slip.umd.edu\r\nAction: failed\r\nStatus: 4.0.0\r\nDiagnostic-Code: smtp; 426 connection timed out\r\nLast-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400\r\n\r\n--RAA14128.773615765/CS.UTK.EDU\r\ncontent-type: message/rfc822\r\n\r\nMessage-ID: <original@cs.utk.edu>\r\nSubject: x\r\n\r\n[original message goes here]\r\n\r\n--RAA14128.773615765/CS.UTK.EDU--\r\n";
    let content = parse(simple.as_bytes());
    assert!(content.text().starts_with("The original message was received"));
    assert_eq!(content.parts.len(), 1, "what the report is about is not what it says");
    let Some(Report::Delivery(report)) = content.report else { panic!("a delivery report") };
    assert_eq!((report.reporting_mta.as_str(), report.message_id.as_deref()), ("cs.utk.edu", Some("original@cs.utk.edu")));
    let recipient = &report.recipients[0];
    assert_eq!((recipient.action, recipient.status), (Action::Failed, Enhanced(4, 0, 0)));
    assert_eq!(
        (recipient.recipient.as_str(), recipient.diagnostic.as_deref()),
        ("louisl@larry.slip.umd.edu", Some("426 connection timed out"))
    );

    // RFC 8098 9.
    let read = "Date: Wed, 20 Sep 1995 00:19:00 (EDT) -0400\r\nFrom: Joe Recipient <Joe_Recipient@example.com>\r\nMessage-Id: <199509200019.12345@example.com>\r\nSubject: Disposition notification\r\nTo: Jane Sender <Jane_Sender@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=disposition-notification;\r\n      boundary=\"RAA14128.773615765/example.com\"\r\n\r\n--RAA14128.773615765/example.com\r\nContent-type: text/plain\r\n\r\nThe message sent on 1995 Sep 19 at 13:30:00 (EDT) -0400 has been displayed.\r\n\r\n--RAA14128.773615765/example.com\r\nContent-type: message/disposition-notification\r\n\r\nReporting-UA: joes-pc.cs.example.com; Foomail 97.1\r\nOriginal-Recipient: rfc822;Joe_Recipient@example.com\r\nFinal-Recipient: rfc822;Joe_Recipient@example.com\r\nOriginal-Message-ID: <199509192301.23456@example.org>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--RAA14128.773615765/example.com--\r\n";
    let Some(Report::Disposition(report)) = parse(read.as_bytes()).report else { panic!("a read report") };
    assert_eq!((report.disposition.as_str(), report.automatic), ("displayed", false));
    assert_eq!(report.message_id.as_deref(), Some("199509192301.23456@example.org"));
    assert_eq!(report.read_status(), Some(waxwing_mail::mms::ReadStatus::Read));
}
