//! The tokio driver: one task a connection, with every wait bounded.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use waxwing_session::{Accepted, FloodGuard, FloodLimits, ListenError, ListenOptions, Listener, SourceList, Stream};

use super::budget::MemoryBudget;
use super::counters::Counters;
use super::receiver::Receiver;
use super::reply::Refusal;
use super::session::{Answer, Question, Session, Step};
use super::settings::SmtpSettings;

/// Where and how to listen for mail.
#[derive(Clone)]
pub struct SmtpOptions {
    /// The address.
    pub address: SocketAddr,
    /// How many connections at one time; clones of a guard share its count. Default 1000, and 50 from one source.
    pub flood: FloodGuard,
    /// Who may connect. Default everybody.
    pub sources: SourceList,
    /// What sessions allow.
    pub settings: SmtpSettings,
    /// The certificate; without it neither STARTTLS nor implicit TLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// Whether connections begin with TLS (port 465) instead of offering STARTTLS. Needs `tls`. Default false.
    pub implicit_tls: bool,
    /// The memory for messages on their way in; clones share it.
    pub budget: MemoryBudget,
    /// How long sessions may take to end after the shutdown began. Default 10 s.
    pub drain: Duration,
}

impl SmtpOptions {
    /// The defaults for `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            flood: FloodGuard::new(FloodLimits { per_source: 50, total: 1000 }),
            sources: SourceList::default(),
            settings: SmtpSettings::default(),
            tls: None,
            implicit_tls: false,
            budget: MemoryBudget::default(),
            drain: Duration::from_secs(10),
        }
    }
}

/// A door for mail.
pub struct SmtpListener {
    door: Listener,
    shared: Arc<Shared>,
    drain: Duration,
}

struct Shared {
    settings: RwLock<Arc<SmtpSettings>>,
    tls: RwLock<Option<Arc<ServerConfig>>>,
    implicit_tls: bool,
    budget: MemoryBudget,
    counters: Arc<Counters>,
    receiver: Arc<dyn Receiver>,
}

impl SmtpListener {
    /// Opens the door. Must be called within a tokio runtime.
    pub fn bind(options: SmtpOptions, receiver: Arc<dyn Receiver>) -> Result<Self, ListenError> {
        let SmtpOptions { address, flood, sources, settings, tls, implicit_tls, budget, drain } = options;
        let mut listen = ListenOptions::new(address);
        listen.flood = flood;
        listen.sources = sources;
        let door = Listener::bind(listen)?;
        let shared = Shared {
            settings: RwLock::new(Arc::new(settings)),
            implicit_tls: implicit_tls && tls.is_some(),
            tls: RwLock::new(tls),
            budget,
            counters: Arc::default(),
            receiver,
        };
        Ok(Self { door, shared: Arc::new(shared), drain })
    }

    /// The address, with the port that the system chose if it was 0.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.door.local_addr()
    }

    /// What happened since the start.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.shared.counters)
    }

    /// The guard that counts this door's connections.
    pub fn flood(&self) -> &FloodGuard {
        self.door.flood()
    }

    /// A handle by which settings change while the listener serves; they hold for connections from then on.
    pub fn control(&self) -> SmtpControl {
        SmtpControl { shared: Arc::clone(&self.shared) }
    }

    /// Serves until `shutdown` resolves, then lets messages that are on their way come to their end.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let (stop, stopping) = watch::channel(false);
        let mut sessions = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let incoming = tokio::select! {
                () = &mut shutdown => break,
                incoming = self.door.accept() => incoming,
                Some(ended) = sessions.join_next(), if !sessions.is_empty() => {
                    if ended.is_err_and(|error| error.is_panic()) {
                        tracing::error!("An SMTP session ended by a fault of this program; please report it with the message above.");
                    }
                    continue;
                }
            };
            let (shared, stopping) = (Arc::clone(&self.shared), stopping.clone());
            sessions.spawn(async move {
                // The door itself has no TLS: a connection that begins with it is turned here, like one that comes to it later.
                match incoming.establish().await {
                    Ok(Accepted { peer, permit, stream: Stream::Plain(tcp) }) => {
                        run(&shared, peer, tcp, stopping).await;
                        drop(permit);
                    }
                    Ok(_) => {}
                    Err(error) => tracing::debug!("{error}"),
                }
            });
        }
        drop(self.door);
        let _ = stop.send(true);
        let drained = timeout(self.drain, async { while sessions.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!(sessions = sessions.len(), "SMTP sessions were still busy {} s after the shutdown began.", self.drain.as_secs());
        }
    }
}

/// Changes settings of a listener that serves.
#[derive(Clone)]
pub struct SmtpControl {
    shared: Arc<Shared>,
}

impl SmtpControl {
    /// Other settings.
    pub fn set_settings(&self, settings: SmtpSettings) {
        *self.shared.settings.write() = Arc::new(settings);
    }

    /// Another certificate. One that had none offers STARTTLS from now on.
    pub fn set_tls(&self, tls: Arc<ServerConfig>) {
        *self.shared.tls.write() = Some(tls);
    }
}

/// How much is read at a time.
const READ: usize = 16 << 10;
/// How much of what a client still sends is read after the last reply, and for how long, so that the reply is not lost with the connection.
const LINGER_OCTETS: usize = 256 << 10;
const LINGER_TIME: Duration = Duration::from_secs(2);

async fn run(shared: &Shared, peer: SocketAddr, tcp: TcpStream, stopping: watch::Receiver<bool>) {
    Counters::one(&shared.counters.connections);
    let settings = Arc::clone(&shared.settings.read());
    let tls = shared.tls.read().clone();
    let mut stream = Stream::Plain(tcp);
    if shared.implicit_tls {
        let Some(config) = tls.clone() else { return };
        let Some(turned) = turn_to_tls(shared, stream, config, settings.tls_time).await else { return };
        Counters::one(&shared.counters.tls_sessions);
        stream = turned;
    }
    let session = Session::new(
        Arc::clone(&settings),
        shared.budget.clone(),
        Arc::clone(&shared.counters),
        peer,
        stream.tls_parameters(),
        tls.is_some(),
    );
    let now = Instant::now();
    let ends = now + settings.session_time;
    let mut driver = Driver { shared, settings, tls, session, stopping, ends, message_ends: None, told: now };
    if let Err(error) = driver.run(stream).await {
        tracing::debug!(%peer, %error, "An SMTP connection broke.");
    }
}

async fn turn_to_tls(shared: &Shared, stream: Stream, config: Arc<ServerConfig>, time: Duration) -> Option<Stream> {
    let Stream::Plain(tcp) = stream else { return None };
    match timeout(time, TlsAcceptor::from(config).accept(tcp)).await {
        Ok(Ok(turned)) => Some(Stream::Tls(Box::new(turned.into()))),
        failed => {
            Counters::one(&shared.counters.tls_failures);
            match failed {
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake of an SMTP connection failed."),
                _ => tracing::debug!("TLS handshake of an SMTP connection took too long."),
            }
            None
        }
    }
}

struct Driver<'a> {
    shared: &'a Shared,
    settings: Arc<SmtpSettings>,
    tls: Option<Arc<ServerConfig>>,
    session: Session,
    stopping: watch::Receiver<bool>,
    /// When the connection ends at the latest.
    ends: Instant,
    /// When the message that is being read must be complete.
    message_ends: Option<Instant>,
    /// When the client was told something last: from then on it has time for its next command, however slowly that trickles in.
    told: Instant,
}

impl Driver<'_> {
    async fn run(&mut self, mut stream: Stream) -> io::Result<()> {
        let mut buffer = vec![0; READ];
        loop {
            match self.session.step() {
                Step::Ask(question) => {
                    if matches!(*question, Question::Data(_)) {
                        self.message_ends = None;
                    }
                    let answer = self.ask(*question).await;
                    self.session.answer(answer);
                }
                Step::Read => {
                    self.write(&mut stream).await?;
                    match self.read(&mut stream, &mut buffer).await {
                        Some(Ok(0)) => return Ok(()),
                        Some(Ok(count)) => self.session.receive(&buffer[..count]),
                        Some(Err(error)) => return Err(error),
                        // The session was closed or told of the time; its next step says so.
                        None => {}
                    }
                }
                Step::StartTls => {
                    self.write(&mut stream).await?;
                    let Some(config) = self.tls.clone() else { return Ok(()) };
                    let Some(turned) = turn_to_tls(self.shared, stream, config, self.settings.tls_time).await else { return Ok(()) };
                    stream = turned;
                    self.told = Instant::now();
                    self.session.tls_started(stream.tls_parameters().unwrap_or_default());
                }
                Step::Close => {
                    self.write(&mut stream).await?;
                    // Closed with octets unread, the connection would be reset and the reply lost.
                    let _ = timeout(LINGER_TIME, async {
                        stream.shutdown().await?;
                        let mut left = LINGER_OCTETS;
                        while left > 0 {
                            match stream.read(&mut buffer).await? {
                                0 => break,
                                count => left = left.saturating_sub(count),
                            }
                        }
                        io::Result::Ok(())
                    })
                    .await;
                    return Ok(());
                }
            }
        }
    }

    async fn write(&mut self, stream: &mut Stream) -> io::Result<()> {
        let output = std::mem::take(self.session.output());
        if output.is_empty() {
            return Ok(());
        }
        let written = timeout(self.settings.write_time, async {
            stream.write_all(&output).await?;
            stream.flush().await
        });
        let written = written.await;
        self.told = Instant::now();
        match written {
            Ok(result) => result,
            Err(_) => {
                Counters::one(&self.shared.counters.timeouts);
                Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read the replies"))
            }
        }
    }

    /// Reads; `None` where the time ran out or the server stops, of which the session knows then.
    async fn read(&mut self, stream: &mut Stream, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        let now = Instant::now();
        let within = self.session.within_message();
        let deadline = if within {
            let message_ends = *self.message_ends.get_or_insert(now + self.settings.data_time);
            (now + self.settings.data_pause).min(message_ends)
        } else {
            self.message_ends = None;
            self.told + self.settings.command_time
        };
        let deadline = deadline.min(self.ends);
        loop {
            let stopping = *self.stopping.borrow();
            if stopping && self.session.shut_down() {
                return None;
            }
            tokio::select! {
                read = timeout_at(deadline, stream.read(buffer)) => return match read {
                    Ok(result) => Some(result),
                    Err(_) => {
                        self.session.time_out();
                        None
                    }
                },
                // An error means that the listener is gone, which does not happen while sessions are left.
                _ = self.stopping.changed(), if !stopping => {}
            }
        }
    }

    async fn ask(&self, question: Question) -> Answer {
        let receiver = &self.shared.receiver;
        let client = self.session.client();
        let time = self.settings.answer_time;
        let late = || {
            Counters::one(&self.shared.counters.receiver_timeouts);
            tracing::warn!("A question of an SMTP session was not answered within {} s; the client was told to try again.", time.as_secs());
            Refusal::later("This server is slow now; try again later")
        };
        match question {
            Question::Connect => Answer::Decided(timeout(time, receiver.connect(client)).await.unwrap_or_else(|_| Err(late()))),
            Question::Auth { user, password } => {
                Answer::Authenticated(timeout(time, receiver.auth(client, &user, &password)).await.unwrap_or_else(|_| Err(late())))
            }
            Question::Mail(sender) => Answer::Decided(timeout(time, receiver.mail(client, &sender)).await.unwrap_or_else(|_| Err(late()))),
            Question::Rcpt(sender, recipient) => {
                Answer::Decided(timeout(time, receiver.rcpt(client, &sender, &recipient)).await.unwrap_or_else(|_| Err(late())))
            }
            Question::Data(mail) => Answer::Taken(timeout(time, receiver.data(mail)).await.unwrap_or_else(|_| Err(late()))),
        }
    }
}
