//! What a session allows and offers.

use std::time::Duration;

/// Settings of SMTP sessions; times are kept by the listener, everything else by the session.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The name in the greeting and in the answer to EHLO.
    pub host_name: String,
    /// Largest message in octets, offered as SIZE. Default 10 MiB.
    pub max_message: usize,
    /// Recipients of one message. Default 100; RFC 5321 4.5.3.1.8 wants no fewer.
    pub max_recipients: usize,
    /// Messages of one connection. Default 1000.
    pub max_transactions: usize,
    /// Commands of one connection that were no good (unknown, out of order, malformed, refused), after which it is closed. Default 20.
    pub max_faults: usize,
    /// Wrong passwords of one connection, after which it is closed. Default 3.
    pub max_auth_failures: usize,
    /// Whether AUTH is offered at all. Default false.
    pub auth: bool,
    /// Whether passwords may be sent without TLS. Default false.
    pub auth_without_tls: bool,
    /// Whether mail is taken from those who have logged in only. Default false.
    pub require_auth: bool,
    /// Whether mail is taken over TLS only. Default false.
    pub require_tls: bool,
    /// Whether the DSN extension is offered (between message centres, MM4, it must not be). Default true.
    pub dsn: bool,
    /// How long a client may take for its next command. Default 5 min (RFC 5321 4.5.3.2.7).
    pub command_time: Duration,
    /// How long a client may pause within a message. Default 3 min.
    pub data_pause: Duration,
    /// How long a message may take in all. Default 10 min.
    pub data_time: Duration,
    /// How long a connection may last. Default 2 h.
    pub session_time: Duration,
    /// How long a TLS handshake may take. Default 10 s.
    pub tls_time: Duration,
    /// How long the client may take to read our replies. Default 1 min.
    pub write_time: Duration,
    /// How long the receiver may take to answer before the client is told to try again. Default 2 min, well below the 10 min that clients
    /// wait for the answer to a message.
    pub answer_time: Duration,
}

impl Default for SmtpSettings {
    fn default() -> Self {
        Self {
            host_name: "localhost".to_owned(),
            max_message: 10 << 20,
            max_recipients: 100,
            max_transactions: 1000,
            max_faults: 20,
            max_auth_failures: 3,
            auth: false,
            auth_without_tls: false,
            require_auth: false,
            require_tls: false,
            dsn: true,
            command_time: Duration::from_secs(300),
            data_pause: Duration::from_secs(180),
            data_time: Duration::from_secs(600),
            session_time: Duration::from_secs(7200),
            tls_time: Duration::from_secs(10),
            write_time: Duration::from_secs(60),
            answer_time: Duration::from_secs(120),
        }
    }
}
