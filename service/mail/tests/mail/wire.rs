//! The protocol, line by line.

use std::sync::atomic::Ordering;

use waxwing_mail::smtp::{Body, Enhanced, Notify, Refusal, Ret};

use crate::door::Door;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered() {
    let door = Door::plain();
    let mut wire = door.connect().await;
    let offers = wire.say("EHLO client.example", "250").await;
    let lines: Vec<&str> = offers.lines().map(|line| &line[4..]).collect();
    assert_eq!(
        lines,
        ["mail.mms.example", "PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "DSN", "STARTTLS"]
    );
    let mm4 = Door::open(|options| {
        options.settings.dsn = false;
        options.tls = None;
        options.settings.auth_without_tls = true;
    });
    let mut wire = mm4.connect().await;
    let offers = wire.say("EHLO client.example", "250").await;
    assert!(!offers.contains("DSN") && !offers.contains("STARTTLS") && offers.contains("AUTH PLAIN LOGIN"), "{offers}");
    wire.say("MAIL FROM:<a@example.com> RET=FULL", "555").await;
    wire.say("STARTTLS", "502").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_out_of_order() {
    let door = Door::open(|options| options.settings.max_faults = 100);
    let mut wire = door.connect().await;
    for (line, code) in [
        ("MAIL FROM:<a@example.com>", "503"),
        ("RCPT TO:<b@mms.example>", "503"),
        ("DATA", "503"),
        ("HELO", "501"),
        ("HELO client.example", "250"),
        ("MAIL FROM:<a@example.com> SIZE=10", "555"),
        ("AUTH PLAIN", "538"),
        ("EHLO client.example", "250"),
        ("RCPT TO:<b@mms.example>", "503"),
        ("MAIL FROM:<a@example.com>", "250"),
        ("MAIL FROM:<a@example.com>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<b@mms.example>", "250"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("MAIL FROM:<>", "250"),
        ("EHLO again.example", "250"),
        ("RCPT TO:<b@mms.example>", "503"),
        ("VRFY b@mms.example", "252"),
        ("EXPN list", "502"),
        ("HELP", "214"),
        ("NOOP whatever", "250"),
        ("TURN", "500"),
        ("", "500"),
        ("QUIT", "221"),
    ] {
        wire.say(line, code).await;
    }
    wire.closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_together_are_answered_in_order() {
    let door = Door::plain();
    let mut wire = door.hello().await;
    wire.send("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@mms.example>\r\nRCPT TO:<x@elsewhere.example>\r\nRCPT TO:<c@mms.example>\r\nNOOP\r\nDATA\r\n").await;
    for code in ["250 2.1.0", "250 2.1.5", "550 5.7.1", "250 2.1.5", "250 2.0.0", "354"] {
        wire.expect(code).await;
    }
    // The next transaction right behind the end of the message is fine: it is not ahead of any reply that matters.
    wire.send("Subject: one\r\n\r\n1\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<b@mms.example>\r\nBDAT 3\r\n1\r\nBDAT 3 LAST\r\n2\r\nQUIT\r\n").await;
    for code in ["250 2.0.0 Queued as 1", "250", "250", "250", "250 2.0.0 Queued as 2", "221"] {
        wire.expect(code).await;
    }
    wire.closed().await;
    let mails = door.mails();
    assert_eq!(mails[0].recipients.len(), 2);
    assert_eq!((mails[1].sender.address.as_deref(), &mails[1].message[..]), (None, &b"1\r\n2\r\n"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_reaches_the_receiver() {
    let door = Door::plain();
    let mut wire = door.hello().await;
    wire.say("MAIL FROM:<\u{fc}ser@example.com> SIZE=9 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=no+2B1 AUTH=<>", "250").await;
    wire.say("RCPT TO:<+447700900123/TYPE=PLMN@mms.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob@example.com", "250").await;
    wire.say("RCPT TO:<\u{7528}\u{6237}@mms.example> NOTIFY=NEVER", "250").await;
    wire.say("DATA", "354").await;
    wire.send("\u{fc}\r\n.\r\n").await;
    wire.expect("250").await;
    let mail = door.mail();
    let sender = &mail.sender;
    assert_eq!((sender.size, sender.body, sender.utf8, sender.ret), (Some(9), Body::EightBit, true, Some(Ret::Headers)));
    assert_eq!((sender.address.as_deref(), sender.envid.as_deref()), (Some("\u{fc}ser@example.com"), Some("no+1")));
    assert_eq!(mail.recipients[0].notify, Some(Notify { success: true, failure: true, delay: false }));
    assert_eq!(mail.recipients[0].original.as_deref(), Some("rfc822;Bob@example.com"));
    assert_eq!(mail.recipients[1].notify, Some(Notify::NEVER));
    assert_eq!(mail.client.helo, "client.example");
    assert_eq!(mail.message, "\u{fc}\r\n");
}

/// `250` is written when the receiver is done and not before; until then nothing else is answered either.
#[tokio::test(flavor = "multi_thread")]
async fn durable_before_it_is_acknowledged() {
    let door = Door::plain();
    door.post.gate.forget_permits(1000);
    let mut wire = door.at_data().await;
    wire.send("x\r\n.\r\nNOOP\r\n").await;
    // Only when the message is with the receiver, the gate opens: a reply before that would be there by now.
    while door.post.arrived.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let mut piece = [0; 64];
    assert_eq!(wire.stream.try_read(&mut piece).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert!(door.mails().is_empty());
    door.post.gate.add_permits(1);
    wire.expect("250 2.0.0 Queued as 1").await;
    wire.expect("250").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_refuses_or_is_slow() {
    let door = Door::open(|options| options.settings.answer_time = std::time::Duration::from_millis(50));
    *door.post.refuse.lock() = Some(Refusal::new(552, Enhanced(5, 2, 2), "The mailbox is full"));
    let mut wire = door.at_data().await;
    wire.send("x\r\n.\r\n").await;
    wire.expect("552 5.2.2 The mailbox is full").await;
    door.post.gate.forget_permits(1000);
    wire.say("MAIL FROM:<a@example.com>", "250").await;
    wire.say("RCPT TO:<b@mms.example>", "250").await;
    wire.say("DATA", "354").await;
    wire.send("x\r\n.\r\n").await;
    wire.expect("451 4.3.0").await;
    assert_eq!(door.counters.receiver_timeouts.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn logins() {
    let door = Door::open(|options| {
        options.settings.auth_without_tls = true;
        options.settings.require_auth = true;
    });
    let mut wire = door.hello().await;
    wire.say("MAIL FROM:<a@example.com>", "530").await;
    wire.say("AUTH CRAM-MD5", "504").await;
    wire.say("AUTH LOGIN", "334 VXNlcm5hbWU6").await;
    wire.say("*", "501").await;
    wire.say("AUTH PLAIN", "334").await;
    wire.say("AGFsaWNlAHNlY3JldA==", "235").await;
    wire.say("AUTH PLAIN AGFsaWNlAHNlY3JldA==", "503").await;
    wire.say("MAIL FROM:<a@example.com>", "250").await;
    // Three wrong passwords are enough.
    let mut wire = door.hello().await;
    wire.say("AUTH PLAIN AGFsaWNlAHdyb25n", "535").await;
    wire.say("AUTH PLAIN AGFsaWNlAHdyb25n", "535").await;
    wire.say("AUTH PLAIN AGFsaWNlAHdyb25n", "535").await;
    wire.expect("421").await;
    wire.closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_can_be_demanded() {
    let door = Door::open(|options| options.settings.require_tls = true);
    let mut wire = door.hello().await;
    wire.say("MAIL FROM:<a@example.com>", "530 5.7.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_lets_messages_end() {
    let mut door = Door::plain();
    let mut idle = door.hello().await;
    let mut busy = door.at_data().await;
    door.stop();
    idle.expect("421 4.3.2").await;
    idle.closed().await;
    busy.send("x\r\n.\r\n").await;
    busy.expect("250 2.0.0 Queued as 1").await;
    busy.expect("421").await;
    busy.closed().await;
    door.ended().await;
    assert!(tokio::net::TcpStream::connect(door.address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_in_the_middle_leaves_nothing() {
    let door = Door::plain();
    let mut wire = door.at_data().await;
    wire.send("Subject: half\r\n").await;
    drop(wire);
    // Another one is served meanwhile and afterwards.
    let mut wire = door.at_data().await;
    wire.send("x\r\n.\r\n").await;
    wire.expect("250").await;
    assert_eq!(door.mails().len(), 1);
}
