//! Our relay client against aiosmtpd, and against servers that behave badly.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};
use waxwing_mail::relay::{EnvelopeRecipient, RelayTls};
use waxwing_mail::smtp::{Enhanced, Notify, Ret};
use waxwing_mail::{Delivery, Envelope, Relay, RelayOptions};
use waxwing_session::{Roots, TlsClientOptions, client_config};

use crate::door::Door;
use crate::peer::{interpreter, script_path, skipped};

const MESSAGE: &[u8] = b"From: a@mms.example\r\nSubject: x\r\n\r\none\r\n.\r\n..two\nthree\rfour";

fn to(addresses: &[&str]) -> Envelope {
    let recipients = addresses.iter().map(|address| EnvelopeRecipient { address: (*address).to_owned(), ..EnvelopeRecipient::default() });
    Envelope { sender: Some("+447700900123/TYPE=PLMN@mms.example".to_owned()), recipients: recipients.collect(), ..Envelope::default() }
}

/// aiosmtpd, as told.
struct Peer {
    port: u64,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
    certificate: PathBuf,
    _folder: tempfile::TempDir,
}

impl Peer {
    async fn start(test: &str, mut job: Value, tls: bool) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("certificate.pem");
        if tls {
            let key = KeyPair::generate().unwrap();
            let made = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
            std::fs::write(&certificate, made.pem()).unwrap();
            let key_file = folder.path().join("key.pem");
            std::fs::File::create(&key_file).unwrap().write_all(key.serialize_pem().as_bytes()).unwrap();
            job["certificate"] = json!(certificate);
            job["key"] = json!(key_file);
        }
        let mut command = Command::new(interpreter());
        command.arg(script_path("relay.py")).arg(job.to_string()).stdout(Stdio::piped()).kill_on_drop(true);
        let Ok(mut child) = command.spawn() else {
            skipped(test, "aiosmtpd is not there (run scripts/install-test-peers.sh)");
            return None;
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next_line().await.unwrap().expect("aiosmtpd starts")).unwrap();
        Some(Self { port: first["port"].as_u64().unwrap(), lines, _child: child, certificate, _folder: folder })
    }

    fn options(&self) -> RelayOptions {
        let mut options = RelayOptions::new(format!("127.0.0.1:{}", self.port));
        options.hello = "mms.example".to_owned();
        options
    }

    fn tls(&self, mode: RelayTls) -> RelayOptions {
        let mut options = self.options();
        options.tls = mode;
        options.tls_config =
            Some(client_config(&TlsClientOptions { roots: Roots::File(self.certificate.clone()), ..TlsClientOptions::default() }).unwrap());
        options
    }

    async fn got(&mut self) -> Value {
        serde_json::from_str(&self.lines.next_line().await.unwrap().unwrap()).unwrap()
    }
}

fn failure(delivery: &Delivery) -> (&'static str, Option<u16>, &str, bool) {
    match delivery {
        Delivery::Sent { .. } => ("sent", None, "", false),
        Delivery::Temporary(failure) => ("temporary", failure.code, &failure.text, failure.uncertain),
        Delivery::Permanent(failure) => ("permanent", failure.code, &failure.text, failure.uncertain),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_has_its_answer() {
    let job = json!({"refuse": {"b@example.com": "550 5.1.1 No such user", "c@example.com": "451 4.7.1 Greylisted"}});
    let Some(mut peer) = Peer::start("each_recipient_has_its_answer", job, false).await else { return };
    let relay = Relay::new(peer.options());
    let envelope = to(&["a@example.com", "b@example.com", "c@example.com", "no address", "d@example.com"]);
    let deliveries = relay.send(&envelope, MESSAGE).await;
    let Delivery::Sent { reply, dsn: false } = &deliveries[0] else { panic!("{:?}", deliveries[0]) };
    assert_eq!((reply.code, reply.enhanced, reply.text.as_str()), (250, Some(Enhanced(2, 0, 0)), "Queued here"));
    assert_eq!(failure(&deliveries[1]), ("permanent", Some(550), "No such user", false));
    assert_eq!(failure(&deliveries[2]), ("temporary", Some(451), "Greylisted", false));
    assert_eq!(failure(&deliveries[3]).0, "permanent");
    assert!(deliveries[4].is_sent());
    let got = peer.got().await;
    assert_eq!(
        (&got["sender"], &got["recipients"]),
        (&json!("+447700900123/TYPE=PLMN@mms.example"), &json!(["a@example.com", "d@example.com"]))
    );
    assert_eq!((&got["hello"], &got["tls"]), (&json!("mms.example"), &json!(false)));
    let content = STANDARD.decode(got["content"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(content).unwrap(), "From: a@mms.example\r\nSubject: x\r\n\r\none\r\n.\r\n..two\r\nthree\r\nfour\r\n");

    // All refused: the connection is good for the next message.
    assert_eq!(failure(&relay.send(&to(&["b@example.com"]), MESSAGE).await[0]).0, "permanent");
    assert!(relay.send(&to(&["a@example.com"]), MESSAGE).await[0].is_sent());
    assert_eq!(peer.got().await["peer"], got["peer"], "the same connection");
    assert_eq!(relay.counters().connections.load(std::sync::atomic::Ordering::Relaxed), 1);
    relay.close_idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_and_logins() {
    for (mode, without, implicit) in
        [(RelayTls::StartTls, json!([]), false), (RelayTls::Offered, json!(["PLAIN"]), false), (RelayTls::Implicit, json!([]), true)]
    {
        let job = json!({"login": ["alice", "secret"], "without": without, "implicit": implicit});
        let Some(mut peer) = Peer::start("tls_and_logins", job, true).await else { return };
        let mut options = peer.tls(mode);
        options.login = Some(("alice".to_owned(), "secret".to_owned()));
        let sent = Relay::new(options.clone()).send(&to(&["a@example.com"]), MESSAGE).await;
        assert!(sent[0].is_sent(), "{mode:?} {sent:?}");
        let got = peer.got().await;
        assert_eq!((&got["tls"], &got["login"]), (&json!(true), &json!("alice")), "{mode:?}");
        // A wrong password is the operator's trouble, and no reason to lose messages.
        options.login = Some(("alice".to_owned(), "guess".to_owned()));
        let sent = Relay::new(options.clone()).send(&to(&["a@example.com"]), MESSAGE).await;
        assert_eq!(failure(&sent[0]).0, "temporary", "{sent:?}");
        assert!(failure(&sent[0]).2.contains("535"), "{sent:?}");
        // Neither is a certificate that nobody vouches for, nor one for another name.
        options.server_name = Some("other.example".to_owned());
        let sent = Relay::new(options.clone()).send(&to(&["a@example.com"]), MESSAGE).await;
        assert!(failure(&sent[0]).2.contains("TLS with the relay failed"), "{sent:?}");
        options.tls_config = Some(client_config(&TlsClientOptions::default()).unwrap());
        let sent = Relay::new(options).send(&to(&["a@example.com"]), MESSAGE).await;
        assert!(failure(&sent[0]).2.contains("TLS with the relay failed"), "{sent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_not_sent_in_the_clear() {
    let Some(peer) = Peer::start("the_password_is_not_sent_in_the_clear", json!({}), false).await else { return };
    let mut options = peer.options();
    options.login = Some(("alice".to_owned(), "secret".to_owned()));
    let sent = Relay::new(options.clone()).send(&to(&["a@example.com"]), MESSAGE).await;
    assert!(failure(&sent[0]).2.contains("not sent without TLS"), "{sent:?}");
    options.tls = RelayTls::StartTls;
    let sent = Relay::new(options).send(&to(&["a@example.com"]), MESSAGE).await;
    assert!(failure(&sent[0]).2.contains("does not offer STARTTLS"), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_a_message() {
    for (answer, kind, code) in [("552 5.2.2 Full", "permanent", 552), ("451 4.3.0 Later", "temporary", 451)] {
        let Some(peer) = Peer::start("answers_to_a_message", json!({"answer": answer}), false).await else { return };
        let sent = Relay::new(peer.options()).send(&to(&["a@example.com"]), MESSAGE).await;
        assert_eq!((failure(&sent[0]).0, failure(&sent[0]).1), (kind, Some(code)));
    }
    let Some(peer) = Peer::start("answers_to_a_message", json!({"size": 100}), false).await else { return };
    let sent = Relay::new(peer.options()).send(&to(&["a@example.com"]), &[b'x'; 1000]).await;
    assert!(failure(&sent[0]).2.contains("takes messages up to 100 octets"), "{sent:?}");
    let sent = Relay::new(peer.options()).send(&to(&["\u{fc}@example.com"]), MESSAGE).await;
    assert!(sent[0].is_sent(), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_envelopes_wishes_go_along() {
    let door = Door::plain();
    let relay = Relay::new(RelayOptions::new(door.server()));
    let mut envelope = to(&["b@mms.example"]);
    envelope.ret = Some(Ret::Headers);
    envelope.envid = Some("no+1 =".to_owned());
    envelope.recipients[0].notify = Some(Notify { success: true, failure: true, delay: false });
    envelope.recipients[0].original = Some("rfc822;B+1@mms.example".to_owned());
    let sent = relay.send(&envelope, MESSAGE).await;
    assert!(matches!(&sent[0], Delivery::Sent { dsn: true, reply } if reply.text == "Queued as 1"), "{sent:?}");
    let mail = door.mail();
    assert_eq!(
        (mail.sender.ret, mail.sender.envid.as_deref(), mail.sender.size),
        (Some(Ret::Headers), Some("no+1 ="), Some(MESSAGE.len() as u64))
    );
    assert_eq!(mail.recipients[0].notify, envelope.recipients[0].notify);
    assert_eq!(mail.recipients[0].original.as_deref(), Some("rfc822;B+1@mms.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_over_few_connections() {
    let door = Door::plain();
    let mut options = RelayOptions::new(door.server());
    options.max_connections = 3;
    let relay = Relay::new(options);
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let relay = relay.clone();
            tokio::spawn(async move { relay.send(&to(&[&format!("b{n}@mms.example")]), MESSAGE).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap()[0].is_sent());
    }
    assert_eq!(door.mails().len(), 60);
    assert!(door.counters.connections.load(std::sync::atomic::Ordering::Relaxed) <= 3);
}

/// What a server says, a step each: it waits for octets that contain a word, then answers.
type Script = Vec<(&'static str, &'static str)>;

/// A server that says what it is told to, whatever the client says: a script for each connection, after which that is closed. It tells what
/// it heard.
async fn scripted(scripts: Vec<Script>) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let mut heard = String::new();
        for script in scripts {
            let (mut stream, _) = listener.accept().await.unwrap();
            'script: for (word, answer) in script {
                let since = heard.len();
                while !heard[since..].contains(word) {
                    if !hear(&mut stream, &mut heard).await {
                        break 'script;
                    }
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
        heard
    });
    (address, task)
}

async fn hear(stream: &mut TcpStream, heard: &mut String) -> bool {
    let mut piece = [0; 4096];
    match stream.read(&mut piece).await {
        Ok(0) | Err(_) => false,
        Ok(count) => {
            heard.push_str(&String::from_utf8_lossy(&piece[..count]));
            true
        }
    }
}

/// What somebody between adds to the answer to STARTTLS does not count as the relay's, under TLS.
#[tokio::test(flavor = "multi_thread")]
async fn replies_before_tls() {
    let steps =
        vec![("", "220 relay\r\n"), ("EHLO", "250-relay\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n250-relay\r\n250 AUTH PLAIN\r\n")];
    let (address, server) = scripted(vec![steps]).await;
    let mut options = RelayOptions::new(address);
    options.tls = RelayTls::StartTls;
    options.tls_config = Some(client_config(&TlsClientOptions { insecure: true, ..TlsClientOptions::default() }).unwrap());
    let sent = Relay::new(options).send(&to(&["a@example.com"]), MESSAGE).await;
    assert!(failure(&sent[0]).2.contains("between STARTTLS and TLS"), "{sent:?}");
    server.await.unwrap();
}

/// The connection ends when the relay should say whether it has the message: nobody knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes() {
    let steps = vec![
        ("", "220 relay\r\n"),
        ("EHLO", "250 relay\r\n"),
        ("MAIL", "250 ok\r\n"),
        ("RCPT", "250 ok\r\n"),
        ("DATA", "354 go\r\n"),
        ("\r\n.\r\n", ""),
    ];
    let (address, server) = scripted(vec![steps]).await;
    let sent = Relay::new(RelayOptions::new(address)).send(&to(&["a@example.com"]), MESSAGE).await;
    assert_eq!((failure(&sent[0]).0, failure(&sent[0]).3), ("temporary", true), "{sent:?}");
    assert!(server.await.unwrap().ends_with("four\r\n.\r\n"));
    // Before that it is known that the relay does not have it.
    let steps = vec![
        ("", "220 relay\r\n"),
        ("EHLO", "250 relay\r\n"),
        ("MAIL", "250 ok\r\n"),
        ("RCPT", "250 ok\r\n"),
        ("DATA", "421 4.3.2 Going down\r\n"),
    ];
    let (address, _server) = scripted(vec![steps]).await;
    let sent = Relay::new(RelayOptions::new(address)).send(&to(&["a@example.com"]), MESSAGE).await;
    assert_eq!((failure(&sent[0]).0, failure(&sent[0]).1, failure(&sent[0]).3), ("temporary", Some(421), false), "{sent:?}");
}

/// A relay that greets with a refusal, talks nonsense, is silent, or is not there: try again later.
#[tokio::test(flavor = "multi_thread")]
async fn relays_that_cannot_be_used() {
    for (greeting, word) in [("554 5.3.2 No service\r\n", "No service"), ("SSH-2.0-OpenSSH\r\n", "no reply"), ("", "did not answer within")]
    {
        let (address, _server) = scripted(vec![vec![("", greeting), ("never said", "")]]).await;
        let mut options = RelayOptions::new(address);
        if greeting.is_empty() {
            options.command_time = Duration::from_millis(50);
        }
        let relay = Relay::new(options);
        let sent = relay.send(&to(&["a@example.com", "b@example.com"]), MESSAGE).await;
        assert_eq!(sent.len(), 2);
        assert_eq!(failure(&sent[0]).0, "temporary");
        assert!(failure(&sent[0]).2.contains(word), "{sent:?}");
        assert_eq!(relay.counters().broken.load(std::sync::atomic::Ordering::Relaxed), 1);
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let sent = Relay::new(RelayOptions::new(gone.to_string())).send(&to(&["a@example.com"]), MESSAGE).await;
    assert!(failure(&sent[0]).2.contains("cannot connect"), "{sent:?}");
}

/// The relay has closed the connection that waited for work: the message goes over another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_closed_meanwhile() {
    let one: Script = vec![
        ("", "220 relay\r\n"),
        ("EHLO", "250 relay\r\n"),
        ("MAIL", "250 ok\r\n"),
        ("RCPT", "250 ok\r\n"),
        ("DATA", "354 go\r\n"),
        ("\r\n.\r\n", "250 done\r\n"),
    ];
    let (address, server) = scripted(vec![one.clone(), one]).await;
    let relay = Relay::new(RelayOptions::new(address));
    for _ in 0..2 {
        assert!(relay.send(&to(&["b@mms.example"]), MESSAGE).await[0].is_sent());
    }
    assert_eq!(server.await.unwrap().matches("DATA\r\n").count(), 2);
    assert_eq!(relay.counters().connections.load(std::sync::atomic::Ordering::Relaxed), 2);
}
