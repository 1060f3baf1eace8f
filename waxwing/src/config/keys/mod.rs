//! The keys of the configuration file: the one place where they are documented. The reference page of the book is made from these comments.

mod account;
mod cmpp;
mod connector;
mod listener;
mod mmsc;
mod node;
mod route;
mod simulator;

pub use account::{Account, Door, Right};
pub use cmpp::{
    CmppAccount, CmppConnector, CmppListener, CmppLong, CmppVersion, ConnectVersion, Gns, RecipientForm, Role, SignatureBy, SignaturePlace,
    Wide,
};
pub(crate) use connector::unhex;
pub use connector::{Bind, Connector, LongMessages, National, ReceiptId, ReceiptRequest, Retry, SmppConnector, Tls, TlsSettings, TlvEntry};
pub use listener::{Listener, SmppListener};
pub use mmsc::{MailPolicy, MmsLine, MmsRoute, MmsWay, Mmsc, RelayTls};
pub use node::{Callback, Http, Ledger, Log, LogFormat, Node, Sms, Spool};
pub use route::Route;
pub use simulator::Simulator;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What speaks at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ListenerProtocol {
    /// SMPP 3.3, 3.4 and 5.0 as a message centre.
    Smpp,
    /// CMPP 2.0 and 3.0 as a gateway (ISMG).
    Cmpp,
}

/// What a connector speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConnectorProtocol {
    /// SMPP 3.4 as a client.
    Smpp,
    /// CMPP 2.0 and 3.0 as a service provider (SP), or to another gateway (ISMG).
    Cmpp,
    /// A carrier inside the gateway, for tests and demonstrations.
    Simulator,
}
