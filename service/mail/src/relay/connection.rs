//! One connection to a relay.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use waxwing_session::Stream;

use super::message::on_the_wire;
use super::reply::{ReplyBuffer, SmtpReply};
use super::{Delivery, Envelope, Failure, RelayOptions, RelayTls};
use crate::address::is_envelope_address;
use crate::smtp::{Enhanced, Ret};

/// A connection that has said EHLO, and logged in if that was wanted.
pub(super) struct Connection {
    stream: Stream,
    replies: ReplyBuffer,
    offers: Offers,
    messages: usize,
}

/// The connection is of no use any more.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) text: String,
    reply: Option<SmtpReply>,
    /// Nothing of a message had been sent.
    pub(super) before_message: bool,
    /// All of a message had been sent.
    after_message: bool,
}

/// What the relay can do.
#[derive(Debug, Default)]
struct Offers {
    pipelining: bool,
    size: Option<u64>,
    eight_bit: bool,
    utf8: bool,
    dsn: bool,
    start_tls: bool,
    plain: bool,
    login: bool,
}

/// Commands sent together at most: their replies must fit into what the system buffers, or both sides wait for each other to read.
const BATCH: usize = 50;
/// Octets of a message written at a time.
const PIECE: usize = 64 << 10;

impl Connection {
    /// Connects, with TLS and login as wanted.
    pub(super) async fn open(options: &RelayOptions) -> Result<Self, Fault> {
        let tcp = match timeout(options.connect_time, TcpStream::connect(options.address.as_str())).await {
            Ok(Ok(tcp)) => tcp,
            Ok(Err(error)) => return Err(Fault::new(format!("cannot connect to {}: {error}", options.address))),
            Err(_) => return Err(Fault::new(format!("{} does not answer", options.address))),
        };
        let _ = tcp.set_nodelay(true);
        let mut this = Self { stream: Stream::Plain(tcp), replies: ReplyBuffer::default(), offers: Offers::default(), messages: 0 };
        if options.tls == RelayTls::Implicit {
            this = this.into_tls(options).await?;
        }
        this.expect(options, 220).await?;
        this.hello(options).await?;
        let wanted = matches!(options.tls, RelayTls::StartTls | RelayTls::Offered);
        if wanted && this.offers.start_tls {
            this.command(options, "STARTTLS\r\n").await?;
            this.expect(options, 220).await?;
            // What is there already was not sent under TLS, whoever sent it.
            if !this.replies.is_empty() {
                return Err(Fault::new("the relay, or somebody between, sent something between STARTTLS and TLS".to_owned()));
            }
            this = this.into_tls(options).await?;
            this.hello(options).await?;
        } else if options.tls == RelayTls::StartTls {
            return Err(Fault::new("the relay does not offer STARTTLS; set TLS otherwise if that is right".to_owned()));
        }
        if let Some((user, password)) = &options.login {
            this.log_in(options, user, password).await?;
        }
        Ok(this)
    }

    /// Messages sent over it.
    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    async fn into_tls(self, options: &RelayOptions) -> Result<Self, Fault> {
        let Stream::Plain(tcp) = self.stream else { return Ok(self) };
        let config = options.tls_config.clone().ok_or_else(|| Fault::new("no TLS is configured for the relay".to_owned()))?;
        let host = options.address.rsplit_once(':').map_or(options.address.as_str(), |(host, _)| host).trim_matches(['[', ']']);
        let name = options.server_name.as_deref().unwrap_or(host);
        let server = ServerName::try_from(name.to_owned()).map_err(|_| Fault::new(format!("`{name}` can stand in no certificate")))?;
        match timeout(options.connect_time, TlsConnector::from(config).connect(server, tcp)).await {
            Ok(Ok(stream)) => Ok(Self { stream: Stream::Tls(Box::new(stream.into())), ..self }),
            Ok(Err(error)) => Err(Fault::new(format!("TLS with the relay failed: {error}"))),
            Err(_) => Err(Fault::new("the relay did not complete the TLS handshake".to_owned())),
        }
    }

    async fn hello(&mut self, options: &RelayOptions) -> Result<(), Fault> {
        self.command(options, &format!("EHLO {}\r\n", options.hello)).await?;
        let (reply, lines) = self.reply(options, options.command_time).await?;
        self.offers = Offers::default();
        if reply.code == 250 {
            self.offers = Offers::parse(&lines);
            return Ok(());
        }
        self.command(options, &format!("HELO {}\r\n", options.hello)).await?;
        self.expect(options, 250).await
    }

    async fn log_in(&mut self, options: &RelayOptions, user: &str, password: &str) -> Result<(), Fault> {
        if !matches!(self.stream, Stream::Tls(_)) && !options.login_without_tls {
            return Err(Fault::new("the password is not sent without TLS; turn TLS on, or allow it".to_owned()));
        }
        if self.offers.plain {
            let response = STANDARD.encode(format!("\0{user}\0{password}"));
            self.command(options, &format!("AUTH PLAIN {response}\r\n")).await?;
        } else if self.offers.login {
            self.command(options, "AUTH LOGIN\r\n").await?;
            self.expect(options, 334).await?;
            self.command(options, &format!("{}\r\n", STANDARD.encode(user))).await?;
            self.expect(options, 334).await?;
            self.command(options, &format!("{}\r\n", STANDARD.encode(password))).await?;
        } else {
            return Err(Fault::new("the relay offers neither AUTH PLAIN nor AUTH LOGIN".to_owned()));
        }
        self.expect(options, 235).await
    }

    /// Sends one message. A fault ends the connection; refusals do not.
    pub(super) async fn send(&mut self, envelope: &Envelope, message: &[u8], options: &RelayOptions) -> Result<Vec<Delivery>, Fault> {
        let count = envelope.recipients.len();
        let everybody = |delivery: Delivery| Ok(vec![delivery; count]);
        let utf8 = needs_utf8(envelope, message);
        if let Some(failure) = self.cannot(envelope, message, utf8) {
            return everybody(Delivery::Permanent(failure));
        }
        self.messages += 1;
        let mut deliveries: Vec<Option<Delivery>> = envelope
            .recipients
            .iter()
            .map(|recipient| {
                let good = is_envelope_address(&recipient.address);
                (!good).then(|| Delivery::Permanent(Failure::ours(format!("`{}` is no address", recipient.address))))
            })
            .collect();
        let mut commands = vec![self.mail_command(envelope, message, utf8)];
        let asked: Vec<usize> = (0..count).filter(|index| deliveries[*index].is_none()).collect();
        if asked.is_empty() {
            return Ok(deliveries.into_iter().flatten().collect());
        }
        commands.extend(asked.iter().map(|index| self.rcpt_command(envelope, *index)));
        let mut replies = self.exchange(options, &commands).await?.into_iter();
        let mail = replies.next().unwrap_or_else(SmtpReply::missing);
        if mail.code != 250 {
            self.reset(options).await?;
            return everybody(Delivery::refused(mail));
        }
        let mut accepted = Vec::new();
        for (index, reply) in asked.into_iter().zip(replies) {
            if (250..=251).contains(&reply.code) { accepted.push(index) } else { deliveries[index] = Some(Delivery::refused(reply)) }
        }
        if accepted.is_empty() {
            self.reset(options).await?;
        } else {
            let delivery = self.data(message, options).await?;
            for index in accepted {
                deliveries[index] = Some(delivery.clone());
            }
        }
        Ok(deliveries.into_iter().map(|delivery| delivery.unwrap_or_else(|| Delivery::refused(SmtpReply::missing()))).collect())
    }

    /// Why the relay can never take this message.
    fn cannot(&self, envelope: &Envelope, message: &[u8], utf8: bool) -> Option<Failure> {
        if envelope.sender.as_deref().is_some_and(|sender| !is_envelope_address(sender)) {
            return Some(Failure::ours(format!("the sender `{}` is no address", envelope.sender.as_deref().unwrap_or_default())));
        }
        if let Some(limit) = self.offers.size.filter(|limit| *limit > 0 && message.len() as u64 > *limit) {
            let text = format!("the relay takes messages up to {limit} octets; this one has {}", message.len());
            return Some(Failure { enhanced: Some(Enhanced(5, 3, 4)), ..Failure::ours(text) });
        }
        if utf8 && !self.offers.utf8 {
            let text = "an address is no ASCII, and the relay does not offer SMTPUTF8";
            return Some(Failure { enhanced: Some(Enhanced(5, 6, 7)), ..Failure::ours(text) });
        }
        if !message.is_ascii() && !self.offers.eight_bit {
            let text = "the message has octets above 127, and the relay does not offer 8BITMIME";
            return Some(Failure { enhanced: Some(Enhanced(5, 6, 3)), ..Failure::ours(text) });
        }
        None
    }

    fn mail_command(&self, envelope: &Envelope, message: &[u8], utf8: bool) -> String {
        let mut command = format!("MAIL FROM:<{}>", envelope.sender.as_deref().unwrap_or_default());
        if self.offers.size.is_some() {
            command.push_str(&format!(" SIZE={}", message.len()));
        }
        if !message.is_ascii() {
            command.push_str(" BODY=8BITMIME");
        }
        if utf8 {
            command.push_str(" SMTPUTF8");
        }
        if self.offers.dsn {
            match envelope.ret {
                Some(Ret::Full) => command.push_str(" RET=FULL"),
                Some(Ret::Headers) => command.push_str(" RET=HDRS"),
                None => {}
            }
            if let Some(envid) = envelope.envid.as_deref().filter(|envid| !envid.is_empty()) {
                command.push_str(&format!(" ENVID={}", crate::smtp::to_xtext(envid)));
            }
        }
        command + "\r\n"
    }

    fn rcpt_command(&self, envelope: &Envelope, index: usize) -> String {
        let recipient = &envelope.recipients[index];
        let mut command = format!("RCPT TO:<{}>", recipient.address);
        if self.offers.dsn {
            if let Some(notify) = recipient.notify {
                command.push_str(&format!(" NOTIFY={}", notify.keywords()));
            }
            if let Some((kind, original)) = recipient.original.as_deref().and_then(|original| original.split_once(';')) {
                let kind: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                command.push_str(&format!(" ORCPT={kind};{}", crate::smtp::to_xtext(original)));
            }
        }
        command + "\r\n"
    }

    /// Sends commands and reads their replies, together where the relay can do that.
    async fn exchange(&mut self, options: &RelayOptions, commands: &[String]) -> Result<Vec<SmtpReply>, Fault> {
        let mut replies = Vec::with_capacity(commands.len());
        for batch in commands.chunks(if self.offers.pipelining { BATCH } else { 1 }) {
            self.command(options, &batch.concat()).await?;
            for _ in batch {
                let (reply, _) = self.reply(options, options.command_time).await?;
                if reply.code == 421 {
                    return Err(Fault { reply: Some(reply), ..Fault::new("the relay closes the connection".to_owned()) });
                }
                replies.push(reply);
            }
        }
        Ok(replies)
    }

    async fn data(&mut self, message: &[u8], options: &RelayOptions) -> Result<Delivery, Fault> {
        self.command(options, "DATA\r\n").await?;
        let (reply, _) = self.reply(options, options.command_time).await?;
        if reply.code != 354 {
            if reply.code == 421 || reply.code < 400 {
                return Err(Fault { reply: Some(reply), ..Fault::new("the relay does not take the message".to_owned()) });
            }
            self.reset(options).await?;
            return Ok(Delivery::refused(reply));
        }
        let wire = on_the_wire(message);
        for piece in wire.chunks(PIECE) {
            self.write(options, piece).await.map_err(|fault| Fault { before_message: false, ..fault })?;
        }
        let (reply, _) = self.reply(options, options.message_time).await.map_err(|fault| Fault {
            before_message: false,
            after_message: true,
            ..fault
        })?;
        if reply.code == 421 {
            return Err(Fault { reply: Some(reply), before_message: false, ..Fault::new("the relay closes the connection".to_owned()) });
        }
        Ok(if reply.code < 300 { Delivery::Sent { reply, dsn: self.offers.dsn } } else { Delivery::refused(reply) })
    }

    async fn reset(&mut self, options: &RelayOptions) -> Result<(), Fault> {
        self.command(options, "RSET\r\n").await?;
        self.expect(options, 250).await
    }

    /// Takes leave.
    pub(super) async fn quit(mut self, options: &RelayOptions) {
        if self.command(options, "QUIT\r\n").await.is_ok() {
            let _ = self.reply(options, options.command_time.min(std::time::Duration::from_secs(5))).await;
        }
        let _ = self.stream.shutdown().await;
    }

    async fn expect(&mut self, options: &RelayOptions, code: u16) -> Result<(), Fault> {
        let (reply, _) = self.reply(options, options.command_time).await?;
        if reply.code == code {
            return Ok(());
        }
        Err(Fault {
            text: format!("the relay said {} {}", reply.code, reply.text),
            reply: Some(reply),
            before_message: true,
            after_message: false,
        })
    }

    async fn command(&mut self, options: &RelayOptions, command: &str) -> Result<(), Fault> {
        self.write(options, command.as_bytes()).await
    }

    async fn write(&mut self, options: &RelayOptions, octets: &[u8]) -> Result<(), Fault> {
        let written = timeout(options.command_time, async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Fault::new(format!("the connection to the relay broke: {error}"))),
            Err(_) => Err(Fault::new("the relay does not read".to_owned())),
        }
    }

    async fn reply(&mut self, _options: &RelayOptions, time: std::time::Duration) -> Result<(SmtpReply, Vec<String>), Fault> {
        match timeout(time, self.replies.read(&mut self.stream)).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => Err(Fault::new(error.to_string())),
            Err(_) => Err(Fault::new(format!("the relay did not answer within {} s", time.as_secs()))),
        }
    }
}

impl Fault {
    fn new(text: String) -> Self {
        Self { text, reply: None, before_message: true, after_message: false }
    }

    /// A relay that cannot be used is a reason to wait, whatever it said: its operator's mistake, or ours, must not cost messages.
    pub(super) fn into_failure(self) -> Failure {
        let failure = match self.reply {
            Some(reply) => Failure { text: format!("{}: {}", self.text, reply.text), ..Failure::of_reply(reply) },
            None => Failure::ours(self.text),
        };
        Failure { uncertain: self.after_message, ..failure }
    }
}

impl Offers {
    /// From the lines of the answer to EHLO, the first of which is the relay's name.
    fn parse(lines: &[String]) -> Self {
        let mut offers = Self::default();
        for line in lines.iter().skip(1) {
            let line = line.to_ascii_uppercase();
            // `AUTH=PLAIN` is how some old servers write it.
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            match words.next().unwrap_or_default() {
                "PIPELINING" => offers.pipelining = true,
                "SIZE" => offers.size = Some(words.next().and_then(|size| size.parse().ok()).unwrap_or(0)),
                "8BITMIME" => offers.eight_bit = true,
                "SMTPUTF8" => offers.utf8 = true,
                "DSN" => offers.dsn = true,
                "STARTTLS" => offers.start_tls = true,
                "AUTH" => {
                    for word in words {
                        offers.plain |= word == "PLAIN";
                        offers.login |= word == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        offers
    }
}

impl SmtpReply {
    fn missing() -> Self {
        Self { code: 451, enhanced: None, text: "the relay sent fewer replies than it got commands".to_owned() }
    }
}

/// Whether an address of the envelope, or anything in the header, is no ASCII (RFC 6531 3.2).
fn needs_utf8(envelope: &Envelope, message: &[u8]) -> bool {
    let header = message.windows(4).position(|four| four == b"\r\n\r\n").map_or(message, |end| &message[..end]);
    let addresses = envelope.sender.iter().chain(envelope.recipients.iter().map(|recipient| &recipient.address));
    !header.is_ascii() || addresses.into_iter().any(|address| !address.is_ascii())
}
