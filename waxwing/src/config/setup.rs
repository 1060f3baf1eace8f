//! Listeners and connectors that have been checked, whatever they speak.

use std::net::SocketAddr;
use std::path::Path;

use super::keys::{CmppConnector, CmppListener, Connector, Simulator, SmppConnector, SmppListener, Tls};

/// A listener that has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerSetup {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The rest of its settings.
    pub kind: ListenerKind,
}

/// What a listener speaks, with its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum ListenerKind {
    /// SMPP.
    Smpp(Box<SmppListener>),
    /// CMPP.
    Cmpp(Box<CmppListener>),
}

/// The files of a TLS door, as the configuration names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerFiles<'a> {
    /// Certificate chain.
    pub cert: Option<&'a Path>,
    /// Its private key.
    pub key: Option<&'a Path>,
    /// Authorities of clients' certificates.
    pub client_ca: Option<&'a Path>,
}

/// A connector that has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorSetup {
    /// What all connectors have.
    pub common: Connector,
    /// The rest of its settings.
    pub kind: ConnectorKind,
}

/// What a connector speaks, with its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectorKind {
    /// SMPP.
    Smpp(Box<SmppConnector>),
    /// CMPP.
    Cmpp(Box<CmppConnector>),
    /// A carrier inside the gateway.
    Simulator(Simulator),
}

// === impl ListenerSetup ===

impl ListenerSetup {
    /// The protocol's name.
    pub fn protocol(&self) -> &'static str {
        match self.kind {
            ListenerKind::Smpp(_) => "smpp",
            ListenerKind::Cmpp(_) => "cmpp",
        }
    }

    /// What it is called in logs: `smpp 127.0.0.1:2775`.
    pub fn name(&self) -> String {
        format!("{} {}", self.protocol(), self.listen)
    }

    /// Whether its PDUs are traced.
    pub fn trace(&self) -> bool {
        match &self.kind {
            ListenerKind::Smpp(l) => l.trace,
            ListenerKind::Cmpp(l) => l.trace,
        }
    }

    /// Its certificates and keys.
    pub fn files(&self) -> ServerFiles<'_> {
        match &self.kind {
            ListenerKind::Smpp(l) => ServerFiles::new([&l.tls_cert, &l.tls_key, &l.tls_client_ca].map(Option::as_deref)),
            ListenerKind::Cmpp(l) => ServerFiles::new([&l.tls_cert, &l.tls_key, &l.tls_client_ca].map(Option::as_deref)),
        }
    }
}

// === impl ServerFiles ===

impl<'a> ServerFiles<'a> {
    fn new([cert, key, client_ca]: [Option<&'a Path>; 3]) -> ServerFiles<'a> {
        ServerFiles { cert, key, client_ca }
    }

    /// Those that there are.
    pub fn named(self) -> impl Iterator<Item = &'a Path> {
        [self.cert, self.key, self.client_ca].into_iter().flatten()
    }
}

// === impl ConnectorSetup ===

impl ConnectorSetup {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.common.name
    }

    /// Whether its PDUs are traced.
    pub fn trace(&self) -> bool {
        match &self.kind {
            ConnectorKind::Smpp(c) => c.trace,
            ConnectorKind::Cmpp(c) => c.trace,
            ConnectorKind::Simulator(_) => false,
        }
    }

    /// Its TLS; a simulator has no connection.
    pub fn tls(&self) -> Option<&Tls> {
        match &self.kind {
            ConnectorKind::Smpp(c) => Some(&c.tls),
            ConnectorKind::Cmpp(c) => Some(&c.tls),
            ConnectorKind::Simulator(_) => None,
        }
    }
}
