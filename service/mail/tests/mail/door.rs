//! A listener with a receiver that remembers, and a client that is a bare socket.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use waxwing_mail::BoxFuture;
use waxwing_mail::smtp::{Client, Counters, Enhanced, Mail, Receiver, Recipient, Refusal, Sender, SmtpListener, SmtpOptions, Taken};

/// Takes mail for `mms.example`, knows Alice's password, and does what it is told.
pub(crate) struct Post {
    pub(crate) mails: Mutex<Vec<Mail>>,
    pub(crate) asked: Mutex<Vec<String>>,
    /// A message is answered when there is a permit. Tests that do not care put many in.
    pub(crate) gate: Semaphore,
    /// Messages that wait at the gate, or went through it.
    pub(crate) arrived: AtomicUsize,
    pub(crate) refuse: Mutex<Option<Refusal>>,
}

impl Receiver for Post {
    fn auth<'a>(&'a self, _: &'a Client, user: &'a str, password: &'a str) -> BoxFuture<'a, Result<Option<String>, Refusal>> {
        let good = user == "alice" && password == "secret";
        Box::pin(async move { Ok(good.then(|| "account alice".to_owned())) })
    }

    fn mail<'a>(&'a self, _: &'a Client, sender: &'a Sender) -> BoxFuture<'a, Result<(), Refusal>> {
        let banned = sender.address.as_deref() == Some("banned@example.com");
        Box::pin(async move { if banned { Err(Refusal::new(550, Enhanced(5, 7, 1), "Not you")) } else { Ok(()) } })
    }

    fn rcpt<'a>(&'a self, _: &'a Client, _: &'a Sender, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Refusal>> {
        self.asked.lock().push(recipient.address.clone());
        let ours = recipient.address.ends_with("@mms.example");
        Box::pin(async move { if ours { Ok(()) } else { Err(Refusal::no_relay()) } })
    }

    fn data(&self, mail: Mail) -> BoxFuture<'_, Result<Taken, Refusal>> {
        Box::pin(async move {
            self.arrived.fetch_add(1, Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
            if let Some(refusal) = self.refuse.lock().clone() {
                return Err(refusal);
            }
            let mut mails = self.mails.lock();
            mails.push(mail);
            Ok(Taken { text: format!("Queued as {}", mails.len()) })
        })
    }
}

/// A listener on a port of its own.
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) post: Arc<Post>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) certificate: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Door {
    /// With logins and TLS, and whatever else.
    pub(crate) fn open(change: impl FnOnce(&mut SmtpOptions)) -> Self {
        let (tls, pem) = certificate();
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("certificate.pem");
        std::fs::write(&certificate, pem).unwrap();
        let mut options = SmtpOptions::new("127.0.0.1:0".parse().unwrap());
        options.settings.host_name = "mail.mms.example".to_owned();
        options.settings.auth = true;
        options.tls = Some(tls);
        change(&mut options);
        let post = Arc::new(Post {
            mails: Mutex::default(),
            asked: Mutex::default(),
            gate: Semaphore::new(1000),
            arrived: AtomicUsize::new(0),
            refuse: Mutex::default(),
        });
        let listener = SmtpListener::bind(options, post.clone()).unwrap();
        let (address, counters) = (listener.local_addr().unwrap(), listener.counters());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(listener.serve(async move {
            let _ = stopped.await;
        }));
        Self { address, post, counters, certificate, stop: Some(stop), served, _folder: folder }
    }

    pub(crate) fn plain() -> Self {
        Self::open(|_| {})
    }

    /// The address as text.
    pub(crate) fn server(&self) -> String {
        self.address.to_string()
    }

    /// Takes what came so far.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.post.mails.lock())
    }

    /// The one message that came.
    pub(crate) fn mail(&self) -> Mail {
        let mut mails = self.mails();
        assert_eq!(mails.len(), 1);
        mails.remove(0)
    }

    /// A connection whose greeting was read.
    pub(crate) async fn connect(&self) -> Wire<TcpStream> {
        let mut wire = Wire::new(TcpStream::connect(self.address).await.unwrap());
        wire.expect("220").await;
        wire
    }

    /// A connection that has said EHLO.
    pub(crate) async fn hello(&self) -> Wire<TcpStream> {
        let mut wire = self.connect().await;
        wire.say("EHLO client.example", "250").await;
        wire
    }

    /// A connection at which a message may follow: the reply to DATA was read.
    pub(crate) async fn at_data(&self) -> Wire<TcpStream> {
        let mut wire = self.hello().await;
        wire.say("MAIL FROM:<a@example.com>", "250").await;
        wire.say("RCPT TO:<b@mms.example>", "250").await;
        wire.say("DATA", "354").await;
        wire
    }

    /// Begins the shutdown.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) {
        (&mut self.served).await.unwrap();
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// A client that says what it is told to.
pub(crate) struct Wire<T> {
    pub(crate) stream: T,
    buffer: Vec<u8>,
}

/// Nothing takes this long; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

impl<T: AsyncRead + AsyncWrite + Unpin> Wire<T> {
    pub(crate) fn new(stream: T) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) async fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next reply, all of its lines; empty where the connection is closed.
    pub(crate) async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let Some(end) = self.buffer.iter().position(|octet| *octet == b'\n') else {
                let mut piece = [0; 4096];
                let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut piece)).await.expect("a reply in time");
                match read {
                    Ok(0) | Err(_) => return reply,
                    Ok(count) => self.buffer.extend_from_slice(&piece[..count]),
                }
                continue;
            };
            let line = String::from_utf8(self.buffer.drain(..=end).collect()).unwrap();
            assert!(line.ends_with("\r\n") && line.len() <= 512, "{line:?}");
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
        }
    }

    /// The next reply, which begins with that code.
    pub(crate) async fn expect(&mut self, code: &str) -> String {
        let reply = self.reply().await;
        assert!(reply.starts_with(code), "expected {code}, got {reply:?}");
        reply
    }

    /// Says a line and reads the reply to it.
    pub(crate) async fn say(&mut self, line: &str, code: &str) -> String {
        self.send(format!("{line}\r\n")).await;
        let reply = self.reply().await;
        assert!(reply.starts_with(code), "{line}: expected {code}, got {reply:?}");
        reply
    }

    /// The server has closed the connection, and said nothing more.
    pub(crate) async fn closed(&mut self) {
        assert_eq!(self.reply().await, "");
    }
}

/// A certificate for `localhost` and 127.0.0.1, that is its own authority, and its PEM.
pub(crate) fn certificate() -> (Arc<ServerConfig>, String) {
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let pem = certificate.pem();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (Arc::new(config), pem)
}
