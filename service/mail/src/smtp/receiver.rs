//! Who decides what is taken.

use std::net::SocketAddr;

use bytes::Bytes;

use super::{Recipient, Refusal, Sender};
use crate::BoxFuture;

/// Who is at the other end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address.
    pub peer: SocketAddr,
    /// What it calls itself in HELO or EHLO; empty before that. Nobody has checked it.
    pub helo: String,
    /// Whether it said EHLO.
    pub extended: bool,
    /// TLS version and cipher suite; `None` without TLS.
    pub tls: Option<String>,
    /// Whose password it knew, as [`Receiver::auth`] named them.
    pub identity: Option<String>,
}

/// A message with its envelope.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Who sent it.
    pub client: Client,
    /// The envelope's sender.
    pub sender: Sender,
    /// Every recipient that was accepted, in order; at least one.
    pub recipients: Vec<Recipient>,
    /// The message as it came, dots unstuffed; every line ends in `<CR><LF>`.
    pub message: Bytes,
}

/// A message was taken; it is durable.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Taken {
    /// What the client is told after `250 2.0.0`, such as the number that the message got. Empty for `OK`.
    pub text: String,
}

/// Decides about everything that a client wants. Only what this accepts is taken: without it nobody can send anything to anybody.
///
/// Each session asks one question at a time; sessions ask at the same time. An answer that takes longer than
/// [`SmtpSettings::answer_time`](super::SmtpSettings::answer_time) is dropped, and the client is told to try again.
pub trait Receiver: Send + Sync + 'static {
    /// Whether this client may speak at all, asked before the greeting.
    fn connect<'a>(&'a self, client: &'a Client) -> BoxFuture<'a, Result<(), Refusal>> {
        let _ = client;
        Box::pin(async { Ok(()) })
    }

    /// Checks a password. The name of whoever has it (an account), `None` if it is wrong, or a refusal (454) where that cannot be told now.
    fn auth<'a>(&'a self, client: &'a Client, user: &'a str, password: &'a str) -> BoxFuture<'a, Result<Option<String>, Refusal>> {
        let _ = (client, user, password);
        Box::pin(async { Ok(None) })
    }

    /// Whether this sender may send (MAIL).
    fn mail<'a>(&'a self, client: &'a Client, sender: &'a Sender) -> BoxFuture<'a, Result<(), Refusal>> {
        let _ = (client, sender);
        Box::pin(async { Ok(()) })
    }

    /// Whether mail to this recipient is taken (RCPT). To be an open relay, somebody has to write `Ok(())` here without looking.
    fn rcpt<'a>(&'a self, client: &'a Client, sender: &'a Sender, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Refusal>>;

    /// Takes a message: resolves when it is durable, for all of its recipients, or refuses it for all.
    fn data(&self, mail: Mail) -> BoxFuture<'_, Result<Taken, Refusal>>;
}
