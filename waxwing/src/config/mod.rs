//! The configuration: text, then settings with all mistakes found at once, then what changed against the one in force.
//!
//! [`keys`] holds the settings as a file spells them and is the one place where they are documented. [`parse`] reads them; a [`Config`] has
//! passed every check that needs no other machine. [`diff`] says what a reload has to touch.

mod check;
mod diff;
mod fields;
pub mod keys;
mod problem;
pub mod reference;
mod sections;
mod tree;
pub mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use diff::{Changes, Diff};
pub(crate) use keys::unhex;
pub use problem::{Problem, Problems};

use keys::{Account, Callback, Connector, Http, Ledger, Log, Node, Route, Simulator, SmppConnector, SmppListener, Sms, Spool};

/// A configuration that has been checked as a whole.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The folder that relative paths start at.
    pub base: PathBuf,
    /// `[node]`
    pub node: Node,
    /// `[http]`
    pub http: Http,
    /// `[spool]`
    pub spool: Spool,
    /// `[ledger]`
    pub ledger: Ledger,
    /// `[sms]`
    pub sms: Sms,
    /// `[callback]`
    pub callback: Callback,
    /// `[log]`
    pub log: Log,
    /// `[[listener]]`, in the file's order.
    pub listeners: Vec<ListenerSetup>,
    /// `[[account]]`, in the file's order.
    pub accounts: Vec<Account>,
    /// `[[connector]]`, in the file's order.
    pub connectors: Vec<ConnectorSetup>,
    /// `[[route]]`, in the file's order.
    pub routes: Vec<Route>,
    /// What is allowed and most likely not meant.
    pub warnings: Vec<Problem>,
}

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
    /// A carrier inside the gateway.
    Simulator(Simulator),
}

/// Reads and checks a file.
///
/// # Errors
/// With all its mistakes.
pub fn load(path: &Path) -> Result<Config, Problems> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        let mend = match e.kind() {
            std::io::ErrorKind::NotFound => "; give another file with --config, or none at all for the demonstration",
            std::io::ErrorKind::PermissionDenied => "; give the user that runs the gateway the right to read it",
            _ => "",
        };
        Problems::whole(path, format!("cannot be read: {e}{mend}"))
    })?;
    let base = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    parse(path, base, &text)
}

/// Checks a configuration's text. `file` is its name in messages, `base` the folder that relative paths start at.
///
/// # Errors
/// With all its mistakes.
pub fn parse(file: &Path, base: &Path, text: &str) -> Result<Config, Problems> {
    let mut config = sections::read(file, text, &[])?;
    config.base = base.to_owned();
    Ok(config)
}

/// Reads and checks an account that is kept elsewhere than in a file: its settings as the keys of an `[[account]]` section.
///
/// # Errors
/// With all its mistakes, a line each.
pub fn account(
    name: &str,
    password: &str,
    settings: &serde_json::Map<String, serde_json::Value>,
    config: &Config,
) -> Result<Account, String> {
    let mut section = settings.clone();
    section.insert("name".into(), name.into());
    section.insert("password".into(), password.into());
    let document = serde_json::json!({ "account": [section] });
    let text = toml::to_string(&document).map_err(|e| format!("account {name:?}: {e}"))?;
    let connectors = config.connectors.iter().map(|c| c.common.name.clone());
    let names: Vec<String> = config.routes.iter().filter_map(|r| r.name.clone()).chain(connectors).collect();
    match sections::read(Path::new(""), &text, &names) {
        Ok(c) => c.accounts.into_iter().next().ok_or_else(|| format!("account {name:?}: no settings")),
        Err(p) => Err(p.0.into_iter().map(|p| p.message.replace("[[account]]", "account")).collect::<Vec<_>>().join("\n")),
    }
}

/// What a reload from `old` to `new` has to touch.
pub fn diff(old: &Config, new: &Config) -> Diff {
    Diff::between(old, new)
}

// === impl Config ===

impl Config {
    /// A path of the configuration, from its base.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.path(&self.node.data)
    }
}

// === impl ListenerSetup ===

impl ListenerSetup {
    /// The protocol's name.
    pub fn protocol(&self) -> &'static str {
        match self.kind {
            ListenerKind::Smpp(_) => "smpp",
        }
    }

    /// What it is called in logs: `smpp 127.0.0.1:2775`.
    pub fn name(&self) -> String {
        format!("{} {}", self.protocol(), self.listen)
    }
}

// === impl ConnectorSetup ===

impl ConnectorSetup {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.common.name
    }
}
