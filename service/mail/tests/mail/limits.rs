//! Everything is bounded, and who reaches a bound disturbs nobody else.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpStream;
use waxwing_mail::smtp::MemoryBudget;
use waxwing_session::{FloodGuard, FloodLimits, SourceList};

use crate::door::{Door, Wire};

#[tokio::test(flavor = "multi_thread")]
async fn sizes() {
    let door = Door::open(|options| options.settings.max_message = 1000);
    let mut wire = door.hello().await;
    wire.say("MAIL FROM:<a@example.com> SIZE=1001", "552 5.3.4").await;
    wire.say("MAIL FROM:<a@example.com> SIZE=18446744073709551615", "552 5.3.4").await;
    wire.say("MAIL FROM:<a@example.com> SIZE=99999999999999999999", "501").await;
    // Nobody is believed who says less than comes.
    wire.say("MAIL FROM:<a@example.com> SIZE=1", "250").await;
    wire.say("RCPT TO:<b@mms.example>", "250").await;
    wire.say("DATA", "354").await;
    wire.send(format!("{}\r\n.\r\n", "x\r\n".repeat(400))).await;
    wire.expect("552 5.3.4").await;
    // In chunks, at the chunk that is too much; the others of that message are out of order then.
    wire.say("MAIL FROM:<a@example.com>", "250").await;
    wire.say("RCPT TO:<b@mms.example>", "250").await;
    wire.send(format!("BDAT 600\r\n{}", "x\r\n".repeat(200))).await;
    wire.expect("250").await;
    wire.send(format!("BDAT 600\r\n{}", "x\r\n".repeat(200))).await;
    wire.expect("552 5.3.4").await;
    wire.send("BDAT 3 LAST\r\nx\r\n").await;
    wire.expect("503").await;
    // Exactly as much as allowed is fine.
    wire.say("MAIL FROM:<a@example.com> SIZE=1000", "250").await;
    wire.say("RCPT TO:<b@mms.example>", "250").await;
    wire.say("DATA", "354").await;
    wire.send(format!("{}\r\n.\r\n", "x".repeat(998))).await;
    wire.expect("250").await;
    assert_eq!(door.mail().message.len(), 1000);
    assert_eq!(door.counters.oversized.load(Ordering::Relaxed), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_of_all_messages() {
    let budget = MemoryBudget::new(300_000);
    let door = Door::open(|options| options.budget = budget.clone());
    door.post.gate.forget_permits(1000);
    // The first one is with the receiver, which is still at work: its memory counts.
    let mut first = door.at_data().await;
    first.send(format!("{}.\r\n", format!("{}\r\n", "x".repeat(98)).repeat(2000))).await;
    while door.post.arrived.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert!(budget.used() >= 200_000 && budget.used() <= 300_000, "{}", budget.used());
    let mut second = door.at_data().await;
    second.send(format!("{}.\r\n", format!("{}\r\n", "y".repeat(98)).repeat(2000))).await;
    second.expect("452 4.3.1").await;
    second.say("MAIL FROM:<a@example.com> SIZE=200000", "452 4.3.1").await;
    door.post.gate.add_permits(10);
    first.expect("250").await;
    assert_eq!(budget.used(), 0);
    second.say("MAIL FROM:<a@example.com> SIZE=200000", "250").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lines() {
    let door = Door::plain();
    let mut wire = door.hello().await;
    // A command without an end does not gather in memory; it is answered when it ends.
    for _ in 0..50 {
        wire.send([b'A'; 10_000]).await;
    }
    wire.send("\r\nNOOP\r\n").await;
    wire.expect("500 5.5.2").await;
    wire.expect("250").await;
    // Lines of a message may be of any length, whatever the standard says: some programs do not fold.
    wire.say("MAIL FROM:<a@example.com>", "250").await;
    wire.say("RCPT TO:<b@mms.example>", "250").await;
    wire.say("DATA", "354").await;
    wire.send(format!("{}\r\n.\r\n", "x".repeat(100_000))).await;
    wire.expect("250").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recipients_transactions_and_faults() {
    let door = Door::open(|options| {
        options.settings.max_recipients = 2;
        options.settings.max_transactions = 2;
        options.settings.max_faults = 3;
    });
    let mut wire = door.hello().await;
    wire.say("MAIL FROM:<a@example.com>", "250").await;
    wire.say("RCPT TO:<b@mms.example>", "250").await;
    wire.say("RCPT TO:<c@mms.example>", "250").await;
    wire.say("RCPT TO:<d@mms.example>", "452 4.5.3").await;
    wire.say("RSET", "250").await;
    wire.say("MAIL FROM:<a@example.com>", "250").await;
    wire.say("RSET", "250").await;
    wire.say("MAIL FROM:<a@example.com>", "421").await;
    wire.closed().await;
    let mut wire = door.hello().await;
    wire.say("FOO", "500").await;
    wire.say("MAIL FROM:<banned@example.com>", "550").await;
    wire.say("BAR", "500").await;
    wire.expect("421 4.7.0").await;
    wire.closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_source() {
    let door = Door::open(|options| options.flood = FloodGuard::new(FloodLimits { per_source: 2, total: 10 }));
    let first = door.hello().await;
    let _second = door.hello().await;
    Wire::new(TcpStream::connect(door.address).await.unwrap()).closed().await;
    drop(first);
    // The place comes back when the server has seen the client leave.
    loop {
        let mut wire = Wire::new(TcpStream::connect(door.address).await.unwrap());
        if wire.reply().await.starts_with("220") {
            break;
        }
    }
    let elsewhere = Door::open(|options| options.sources = SourceList::parse(["192.0.2.0/24"]).unwrap());
    Wire::new(TcpStream::connect(elsewhere.address).await.unwrap()).closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_clients() {
    let short = Duration::from_millis(60);
    let door = Door::open(|options| options.settings.command_time = short);
    let mut silent = door.connect().await;
    silent.expect("421 4.4.2").await;
    silent.closed().await;
    assert_eq!(door.counters.timeouts.load(Ordering::Relaxed), 1);
    let door = Door::open(|options| options.settings.data_pause = short);
    let mut halfway = door.at_data().await;
    halfway.expect("421 4.4.2").await;
    halfway.closed().await;
    assert!(door.mails().is_empty());
    let door = Door::open(|options| options.settings.tls_time = short);
    let mut handshake = door.hello().await;
    handshake.say("STARTTLS", "220").await;
    handshake.closed().await;
    assert_eq!(door.counters.tls_failures.load(Ordering::Relaxed), 1);
    // A command that trickles in does not get more time with each octet.
    let door = Door::open(|options| options.settings.command_time = short);
    trickle(door.connect().await).await;
    // Octet by octet does not help: the whole message has its time as well.
    let slow = Door::open(|options| options.settings.data_time = short);
    trickle(slow.at_data().await).await;
}

/// Sends one octet after the other until the server says that it has had enough.
async fn trickle(wire: Wire<TcpStream>) {
    let mut piece = [0; 256];
    loop {
        let _ = wire.stream.try_write(b"x");
        match wire.stream.try_read(&mut piece) {
            Ok(count) => return assert!(piece[..count].starts_with(b"421 4.4.2"), "{:?}", &piece[..count]),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
        tokio::task::yield_now().await;
    }
}

/// Many who have stopped in the midst of everything, and one who is served as if they were not there.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_others() {
    let door = Door::plain();
    let mut stuck = Vec::new();
    for n in 0..40 {
        let mut wire = if n % 2 == 0 { door.at_data().await } else { door.hello().await };
        wire.send("Subject: stuck").await;
        stuck.push(wire);
    }
    let mut wire = door.at_data().await;
    wire.send("x\r\n.\r\n").await;
    wire.expect("250").await;
    assert_eq!(door.mails().len(), 1);
}
