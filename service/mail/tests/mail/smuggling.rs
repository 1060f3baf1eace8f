//! Nothing that is hidden in a message, or sent before its time, becomes a command or a second message.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use waxwing_session::{Roots, TlsClientOptions, client_config};

use crate::door::{Door, Wire};

fn trusting(door: &Door) -> Arc<ClientConfig> {
    client_config(&TlsClientOptions { roots: Roots::File(door.certificate.clone()), ..TlsClientOptions::default() }).unwrap()
}

async fn start_tls(door: &Door, wire: Wire<TcpStream>) -> Wire<tokio_rustls::client::TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    Wire::new(TlsConnector::from(trusting(door)).connect(name, wire.stream).await.unwrap())
}

const SECOND: &str = "MAIL FROM:<forged@example.com>\r\nRCPT TO:<c@mms.example>\r\nDATA\r\nSubject: forged\r\n\r\nforged";

/// Every end of a message that some server takes for one, and that is none.
#[tokio::test(flavor = "multi_thread")]
async fn false_ends_of_messages() {
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\n\0.\r\n\n", "\r\n.\r\r\n"] {
        let door = Door::plain();
        let mut wire = door.at_data().await;
        wire.send(format!("Subject: first\r\n\r\nfirst{end}{SECOND}\r\n.\r\n")).await;
        wire.expect("550 5.6.0").await;
        // One message, one reply; and the session goes on.
        wire.say("RCPT TO:<d@mms.example>", "503").await;
        wire.say("NOOP", "250").await;
        assert!(door.mails().is_empty(), "{end:?}");
        assert_eq!(door.counters.bare_line_ends.load(Ordering::Relaxed), 1);
        assert_eq!(door.post.asked.lock().len(), 1, "{end:?}");
    }
}

/// A line with two dots, or with a dot and more, is text.
#[tokio::test(flavor = "multi_thread")]
async fn dots_are_text() {
    let door = Door::plain();
    let mut wire = door.at_data().await;
    wire.send("..\r\n...\r\n.a\r\n. \r\nb\r\n.\r\n").await;
    wire.expect("250").await;
    assert_eq!(door.mail().message, ".\r\n..\r\na\r\n \r\nb\r\n");
}

/// The message right behind DATA, without waiting for the reply: the connection ends, and nothing is taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_before_the_reply_to_data() {
    let door = Door::plain();
    let mut wire = door.hello().await;
    wire.send(format!("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@mms.example>\r\nDATA\r\n{SECOND}\r\n.\r\n")).await;
    wire.expect("250").await;
    wire.expect("250").await;
    wire.expect("554 5.5.0").await;
    wire.closed().await;
    assert!(door.mails().is_empty());
    assert_eq!(door.counters.sent_ahead.load(Ordering::Relaxed), 1);
}

/// Commands right behind STARTTLS, as somebody between would put them: forgotten, as is all that was said before.
#[tokio::test(flavor = "multi_thread")]
async fn commands_before_tls() {
    let door = Door::plain();
    let mut wire = door.hello().await;
    wire.say("MAIL FROM:<a@example.com>", "250").await;
    wire.send("STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<forged@example.com>\r\nRCPT TO:<c@mms.example>\r\n").await;
    wire.expect("220").await;
    let mut wire = start_tls(&door, wire).await;
    // No reply waits; and neither EHLO nor MAIL counts, from before or from between.
    wire.say("MAIL FROM:<b@example.com>", "503").await;
    let offers = wire.say("EHLO client.example", "250").await;
    assert!(offers.contains("AUTH PLAIN LOGIN") && !offers.contains("STARTTLS"), "{offers}");
    wire.say("RCPT TO:<b@mms.example>", "503").await;
    wire.say("STARTTLS", "503").await;
    assert_eq!(door.counters.sent_ahead.load(Ordering::Relaxed), 1);
    assert!(door.post.asked.lock().is_empty());
}

/// A command behind AUTH, where the response is awaited.
#[tokio::test(flavor = "multi_thread")]
async fn commands_before_the_challenge() {
    let door = Door::open(|options| options.settings.auth_without_tls = true);
    let mut wire = door.hello().await;
    wire.send("AUTH LOGIN\r\nMAIL FROM:<a@example.com>\r\n").await;
    wire.expect("334").await;
    wire.expect("554").await;
    wire.closed().await;
}

/// Commands end in `<CR><LF>`. What ends otherwise is not carried out.
#[tokio::test(flavor = "multi_thread")]
async fn false_ends_of_commands() {
    let door = Door::plain();
    let mut wire = door.hello().await;
    wire.send("MAIL FROM:<a@example.com>\n").await;
    wire.expect("500 5.5.2").await;
    wire.send("MAIL FROM:<a@example.com>\rRCPT TO:<b@mms.example>\r\n").await;
    wire.expect("500 5.5.2").await;
    wire.say("RCPT TO:<b@mms.example>", "503").await;
    wire.send("MAIL FROM:<a@example.com>\0\r\n").await;
    wire.expect("500 5.5.2").await;
}

/// The same in chunks: their length says where they end, but a message with odd line ends is refused nevertheless, as others who get it
/// from us may see other ends.
#[tokio::test(flavor = "multi_thread")]
async fn odd_line_ends_in_chunks() {
    let door = Door::plain();
    let mut wire = door.hello().await;
    for text in ["Subject: x\r\n\r\na\n.\nMAIL", "Subject: x\r\n\r\na\r", "\n"] {
        wire.send(format!("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@mms.example>\r\nBDAT {} LAST\r\n{text}", text.len())).await;
        wire.expect("250").await;
        wire.expect("250").await;
        wire.expect("550 5.6.0").await;
    }
    assert!(door.mails().is_empty());
}

/// A chunk that is refused is passed over; what it says is not carried out.
#[tokio::test(flavor = "multi_thread")]
async fn commands_in_a_refused_chunk() {
    let door = Door::plain();
    let mut wire = door.hello().await;
    wire.send(format!("BDAT {} LAST\r\n{SECOND}NOOP\r\n", SECOND.len())).await;
    wire.expect("503").await;
    wire.expect("250").await;
    assert!(door.post.asked.lock().is_empty());
}

/// A web browser that somebody sent here is sent away at its first line.
#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_posts() {
    let door = Door::plain();
    let mut wire = door.connect().await;
    wire.send(format!("POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\n{SECOND}")).await;
    wire.expect("554").await;
    wire.closed().await;
    assert!(door.post.asked.lock().is_empty());
}

/// Whatever a recipient is written like, the receiver is asked about what it means, and it alone says yes.
#[tokio::test(flavor = "multi_thread")]
async fn open_relay_attempts() {
    let door = Door::open(|options| options.settings.max_faults = 100);
    let mut wire = door.hello().await;
    wire.say("MAIL FROM:<a@mms.example>", "250").await;
    for (recipient, code) in [
        ("<victim@elsewhere.example>", "550"),
        ("<@mms.example:victim@elsewhere.example>", "550"),
        ("<victim%elsewhere.example@relay.example>", "550"),
        ("<elsewhere.example!victim@relay.example>", "550"),
        ("<\"victim@elsewhere.example\"@relay.example>", "550"),
        ("<victim@elsewhere.example@relay.example>", "501"),
        ("<victim@elsewhere.example>,<b@mms.example>", "501"),
        ("<victim@elsewhere.example\0@mms.example>", "500"),
        ("victim@elsewhere.example", "501"),
        ("<victim@elsewhere.example", "501"),
        ("<>", "501"),
        ("<postmaster>", "550"),
    ] {
        wire.say(&format!("RCPT TO:{recipient}"), code).await;
    }
    wire.say("DATA", "503").await;
    wire.say("BDAT 0 LAST", "503").await;
    let asked = door.post.asked.lock();
    assert_eq!(asked[..2], ["victim@elsewhere.example", "victim@elsewhere.example"]);
}
