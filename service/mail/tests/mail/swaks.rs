//! swaks, a mail client for tests, sends to our listener.

use std::sync::atomic::Ordering;

use waxwing_mail::{ContentLimits, Disposition, MailContent};

use crate::door::Door;
use crate::peer::swaks;

/// Without the plus sign of `+447700900123`: swaks takes an argument that begins with one for an option.
const TO: &str = "447700900123/TYPE=PLMN@mms.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_message() {
    let door = Door::plain();
    let arguments = [
        "--server",
        &door.server(),
        "--from",
        "bob@example.com",
        "--to",
        TO,
        "--header",
        "Subject: From swaks",
        "--body",
        "one\n.two\n..\nthree",
    ];
    let Some(said) = swaks("a_plain_message", &arguments).await else { return };
    assert_eq!(said.code, Some(0), "{}", said.output);
    assert!(said.output.contains("250 2.0.0 Queued as 1"), "{}", said.output);
    let mail = door.mail();
    assert_eq!(mail.sender.address.as_deref(), Some("bob@example.com"));
    assert_eq!(mail.recipients[0].address, TO);
    assert!(mail.client.extended && mail.client.tls.is_none() && mail.client.identity.is_none());
    let content = MailContent::parse(&mail.message, &ContentLimits::default()).unwrap();
    assert_eq!((content.subject.as_str(), content.text().as_str()), ("From swaks", "one\n.two\n..\nthree"));
}

#[tokio::test(flavor = "multi_thread")]
async fn starttls_and_implicit_tls_and_logins() {
    let door = Door::plain();
    let implicit = Door::open(|options| options.implicit_tls = true);
    for (door, tls, kind) in [(&door, "--tls", "PLAIN"), (&door, "--tls", "LOGIN"), (&implicit, "--tlsc", "PLAIN")] {
        let server = door.server();
        let arguments = ["--server", &server, "--from", "a@example.com", "--to", TO, tls, "--auth", kind, "-au", "alice", "-ap", "secret"];
        let Some(said) = swaks("starttls_and_implicit_tls_and_logins", &arguments).await else { return };
        assert_eq!(said.code, Some(0), "{}", said.output);
        let mail = door.mail();
        assert_eq!(mail.client.identity.as_deref(), Some("account alice"), "{kind}");
        assert!(mail.client.tls.as_deref().unwrap().starts_with("TLSv1"), "{:?}", mail.client.tls);
        // The wrong password.
        let arguments = ["--server", &server, "--from", "a@example.com", "--to", TO, tls, "--auth", kind, "-au", "alice", "-ap", "guess"];
        let said = swaks("starttls_and_implicit_tls_and_logins", &arguments).await.unwrap();
        assert_eq!(said.code, Some(28), "{}", said.output);
        assert!(said.output.contains("535 5.7.8"), "{}", said.output);
        assert!(door.mails().is_empty());
    }
    // Without TLS no login is offered.
    let server = door.server();
    let arguments = ["--server", &server, "--to", TO, "--auth", "PLAIN", "-au", "alice", "-ap", "secret"];
    let said = swaks("starttls_and_implicit_tls_and_logins", &arguments).await.unwrap();
    assert_eq!(said.code, Some(28), "{}", said.output);
    assert!(!said.output.contains("AUTH PLAIN LOGIN"), "{}", said.output);
    assert_eq!((door.counters.logins.load(Ordering::Relaxed), door.counters.login_failures.load(Ordering::Relaxed)), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments() {
    let door = Door::plain();
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("holiday photo.png");
    let octets: Vec<u8> = (0..20_000_u32).map(|n| (n * 7 % 256) as u8).collect();
    std::fs::write(&picture, &octets).unwrap();
    let attach = format!("@{}", picture.display());
    let arguments = [
        "--server",
        &door.server(),
        "--from",
        "bob@example.com",
        "--to",
        TO,
        "--attach-body",
        "See this",
        "--attach-type",
        "image/png",
        "--attach-name",
        "holiday photo.png",
        "--attach",
        &attach,
    ];
    let Some(said) = swaks("attachments", &arguments).await else { return };
    assert_eq!(said.code, Some(0), "{}", said.output);
    let content = MailContent::parse(&door.mail().message, &ContentLimits::default()).unwrap();
    assert_eq!(content.text(), "See this");
    let part = content.parts.iter().find(|part| part.content_type == "image/png").unwrap();
    assert_eq!((part.name.as_deref(), part.disposition), (Some("holiday photo.png"), Disposition::Attachment));
    assert_eq!(part.data, octets);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused() {
    let door = Door::open(|options| options.settings.max_message = 50_000);
    let server = door.server();
    let large = "x".repeat(70).repeat(2).replace("xx", "x\n").repeat(1000);
    let folder = tempfile::tempdir().unwrap();
    let body = folder.path().join("body");
    std::fs::write(&body, large).unwrap();
    let body = format!("@{}", body.display());
    for (arguments, code, words) in [
        // After DATA: swaks does not announce the size.
        (vec!["--to", TO, "--body", &body], 26, "552 5.3.4"),
        (vec!["--to", "victim@elsewhere.example"], 24, "550 5.7.1"),
        (vec!["--to", TO, "--from", "banned@example.com"], 23, "550 5.7.1 Not you"),
        (vec!["--to", TO, "--from", "no address"], 23, "501 5.1.3"),
        (vec!["--to", TO, "--from", "\u{fc}@example.com"], 23, "553 5.6.7"),
    ] {
        let mut all = vec!["--server", &server, "--from", "bob@example.com"];
        all.extend(arguments.iter());
        let Some(said) = swaks("what_is_refused", &all).await else { return };
        assert_eq!(said.code, Some(code), "{arguments:?} {}", said.output);
        assert!(said.output.contains(words), "{}", said.output);
    }
    assert!(door.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_together_and_many_recipients() {
    let door = Door::plain();
    let recipients: Vec<String> = (0..60).map(|n| format!("4477009001{n:02}/TYPE=PLMN@mms.example")).collect();
    let to = format!("{},victim@elsewhere.example", recipients.join(","));
    let arguments = ["--server", &door.server(), "--from", "bob@example.com", "--to", &to, "--pipeline"];
    let Some(said) = swaks("commands_together_and_many_recipients", &arguments).await else { return };
    assert!(said.output.contains("Queued as 1"), "{} {}", said.output, said.errors);
    let mail = door.mail();
    assert_eq!(mail.recipients.iter().map(|recipient| &recipient.address).collect::<Vec<_>>(), recipients.iter().collect::<Vec<_>>());
}
