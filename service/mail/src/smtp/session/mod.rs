//! One SMTP session as a state machine, without sockets, clocks or tasks.
//!
//! The driver gives it octets ([`Session::receive`]) and does what [`Session::step`] says; replies gather in [`Session::output`] and are to
//! be written whenever a step says that the session waits, so that pipelined commands are answered together.

mod commands;
mod line;
mod message;

use std::net::SocketAddr;
use std::sync::Arc;

use super::auth::Login;
use super::budget::{MemoryBudget, Reservation};
use super::counters::Counters;
use super::data::Incoming;
use super::receiver::{Client, Mail, Taken};
use super::reply::{Enhanced, Refusal, write_reply};
use super::{Recipient, Sender, SmtpSettings};

/// A session.
#[derive(Debug)]
pub struct Session {
    settings: Arc<SmtpSettings>,
    counters: Arc<Counters>,
    budget: MemoryBudget,
    client: Client,
    /// TLS could be started.
    tls_offered: bool,
    input: Vec<u8>,
    output: Vec<u8>,
    /// A line that is too long is being passed over.
    skipping_line: bool,
    state: State,
    transaction: Option<Transaction>,
    transactions: usize,
    faults: usize,
    auth_failures: usize,
}

/// What the driver does next.
#[derive(Debug)]
pub enum Step {
    /// Write what is in [`Session::output`], read, and give what came to [`Session::receive`].
    Read,
    /// Put this question to the receiver and give its answer to [`Session::answer`].
    Ask(Box<Question>),
    /// Write the output, make the TLS handshake, then call [`Session::tls_started`].
    StartTls,
    /// Write the output and close the connection.
    Close,
}

/// A question for the receiver; [`Session::client`] tells about whom.
#[derive(Debug)]
pub enum Question {
    /// May this client speak?
    Connect,
    /// Is this password right?
    Auth {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// May this sender send?
    Mail(Sender),
    /// Is mail for this recipient taken?
    Rcpt(Sender, Recipient),
    /// Take this message.
    Data(Mail),
}

/// The receiver's answer, of the question's kind.
#[derive(Debug)]
pub enum Answer {
    /// To [`Question::Connect`], [`Question::Mail`] and [`Question::Rcpt`].
    Decided(Result<(), Refusal>),
    /// To [`Question::Auth`]: the identity, or `None` for a wrong password.
    Authenticated(Result<Option<String>, Refusal>),
    /// To [`Question::Data`].
    Taken(Result<Taken, Refusal>),
}

#[derive(Debug)]
enum State {
    Start,
    Asked(Asked),
    Command,
    Login(Login),
    Data(Incoming),
    Chunk {
        incoming: Incoming,
        remaining: u64,
        last: bool,
    },
    /// A chunk that is refused: its octets are passed over, then the reply is written.
    Skip {
        remaining: u64,
        refusal: (u16, Enhanced, &'static str),
    },
    StartTls,
    Closed,
}

#[derive(Debug)]
enum Asked {
    Connect,
    Auth,
    Mail(Sender),
    Rcpt(Recipient),
    /// The message counts against the budget until the receiver has it on the disk.
    Data {
        octets: usize,
        recipients: usize,
        _held: Reservation,
    },
}

#[derive(Debug)]
struct Transaction {
    sender: Sender,
    recipients: Vec<Recipient>,
    /// The message so far, where it comes in chunks.
    chunks: Option<Incoming>,
}

impl Session {
    /// A session with a client that has just connected. `tls` tells version and cipher suite where the connection began with TLS;
    /// `tls_offered` whether STARTTLS is offered where it did not.
    pub fn new(
        settings: Arc<SmtpSettings>,
        budget: MemoryBudget,
        counters: Arc<Counters>,
        peer: SocketAddr,
        tls: Option<String>,
        tls_offered: bool,
    ) -> Self {
        Self {
            settings,
            counters,
            budget,
            client: Client { peer, helo: String::new(), extended: false, tls, identity: None },
            tls_offered,
            input: Vec::new(),
            output: Vec::new(),
            skipping_line: false,
            state: State::Start,
            transaction: None,
            transactions: 0,
            faults: 0,
            auth_failures: 0,
        }
    }

    /// Who is at the other end.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Replies that wait to be written; the driver takes them out.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Whether a message is being read, which has its own time limits.
    pub fn within_message(&self) -> bool {
        matches!(self.state, State::Data(_) | State::Chunk { .. }) || self.transaction.as_ref().is_some_and(|t| t.chunks.is_some())
    }

    /// Octets from the client.
    pub fn receive(&mut self, octets: &[u8]) {
        if !matches!(self.state, State::Closed) {
            self.input.extend_from_slice(octets);
        }
    }

    /// Goes on as far as it can.
    pub fn step(&mut self) -> Step {
        loop {
            let step = match self.state {
                State::Start => {
                    self.state = State::Asked(Asked::Connect);
                    return Step::Ask(Box::new(Question::Connect));
                }
                // The driver asked without giving the answer; there is nothing else to do than to wait.
                State::Asked(_) => return Step::Read,
                State::Closed => return Step::Close,
                State::StartTls => return Step::StartTls,
                State::Command | State::Login(_) => match self.next_line() {
                    None => return Step::Read,
                    Some(line) => self.line(&line),
                },
                State::Data(_) | State::Chunk { .. } | State::Skip { .. } => {
                    if self.input.is_empty() && !self.chunk_is_over() {
                        return Step::Read;
                    }
                    self.message_octets()
                }
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// The receiver's answer to the last question. An answer of the wrong kind counts as a temporary refusal.
    pub fn answer(&mut self, answer: Answer) {
        let asked = match std::mem::replace(&mut self.state, State::Command) {
            State::Asked(asked) => asked,
            other => {
                self.state = other;
                return;
            }
        };
        let confused = || Refusal::later("Something went wrong here");
        match (asked, answer) {
            (Asked::Connect, Answer::Decided(decided)) => self.connected(decided),
            (Asked::Auth, Answer::Authenticated(result)) => self.authenticated(result),
            (Asked::Mail(sender), Answer::Decided(decided)) => self.mail_decided(sender, decided),
            (Asked::Rcpt(recipient), Answer::Decided(decided)) => self.rcpt_decided(recipient, decided),
            (Asked::Data { octets, recipients, .. }, Answer::Taken(result)) => self.data_answered(octets, recipients, result),
            (Asked::Connect, _) => self.connected(Err(confused())),
            (Asked::Data { octets, recipients, .. }, _) => self.data_answered(octets, recipients, Err(confused())),
            _ => self.refuse(&confused()),
        }
    }

    /// The TLS handshake is done. Everything that was said before is forgotten (RFC 3207 4.2), most of all what the client, or somebody
    /// between, sent after STARTTLS.
    pub fn tls_started(&mut self, parameters: String) {
        Counters::one(&self.counters.tls_sessions);
        self.client = Client { peer: self.client.peer, helo: String::new(), extended: false, tls: Some(parameters), identity: None };
        self.input.clear();
        self.transaction = None;
        self.skipping_line = false;
        self.state = State::Command;
    }

    /// The client was silent or slow for too long.
    pub fn time_out(&mut self) {
        Counters::one(&self.counters.timeouts);
        self.close(421, Enhanced(4, 4, 2), "That took too long; closing the connection");
    }

    /// This server shuts down: closes the session unless a message is on its way, which may come to its end first. Whether it is closed.
    pub fn shut_down(&mut self) -> bool {
        let busy = self.within_message() || matches!(self.state, State::Asked(_) | State::StartTls | State::Skip { .. });
        if !busy {
            self.close(421, Enhanced(4, 3, 2), "This server is shutting down; try again later");
        }
        !busy
    }

    fn reply(&mut self, code: u16, enhanced: Enhanced, text: &str) {
        write_reply(&mut self.output, code, Some(enhanced), text);
    }

    fn refuse(&mut self, refusal: &Refusal) {
        let (code, enhanced) = refusal.wire();
        self.reply(code, enhanced, &refusal.text);
    }

    /// Answers something that is no good, and closes the connection after too many of those.
    fn fault(&mut self, code: u16, enhanced: Enhanced, text: &str) {
        Counters::one(&self.counters.faults);
        self.reply(code, enhanced, text);
        self.count_fault();
    }

    fn count_fault(&mut self) {
        self.faults += 1;
        if self.faults >= self.settings.max_faults {
            self.close(421, Enhanced(4, 7, 0), "Too many errors; closing the connection");
        }
    }

    fn close(&mut self, code: u16, enhanced: Enhanced, text: &str) {
        if !matches!(self.state, State::Closed) {
            self.reply(code, enhanced, text);
        }
        self.state = State::Closed;
        self.input = Vec::new();
        self.transaction = None;
    }

    /// The client sent on where it has to wait. Whatever that was, it is not looked at.
    fn close_sent_ahead(&mut self) {
        Counters::one(&self.counters.sent_ahead);
        self.close(554, Enhanced(5, 5, 0), "You sent on before the reply; closing the connection");
    }
}
