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
mod setup;
mod tree;
pub mod value;

use std::path::{Path, PathBuf};

pub use diff::{Changes, Diff};
pub(crate) use keys::unhex;
pub use problem::{Problem, Problems};
pub use setup::{ConnectorKind, ConnectorSetup, ListenerKind, ListenerSetup, ServerFiles};

use keys::{Account, Callback, CmppAccount, Gns, Http, Ledger, Log, MmsLine, MmsRoute, Mmsc, Node, Role, Route, Sms, Spool};

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
    /// `[gns]`
    pub gns: Gns,
    /// `[mmsc]`
    pub mmsc: Mmsc,
    /// `[[listener]]`, in the file's order.
    pub listeners: Vec<ListenerSetup>,
    /// `[[account]]`, in the file's order.
    pub accounts: Vec<Account>,
    /// `[[connector]]`, in the file's order.
    pub connectors: Vec<ConnectorSetup>,
    /// `[[route]]`, in the file's order.
    pub routes: Vec<Route>,
    /// `[[mms_route]]`, in the file's order.
    pub mms_routes: Vec<MmsRoute>,
    /// `[[mms_line]]`, in the file's order.
    pub mms_lines: Vec<MmsLine>,
    /// What is allowed and most likely not meant.
    pub warnings: Vec<Problem>,
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
    let mut config = sections::read(file, text, &check::Known::default())?;
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
    let routes = config.routes.iter().filter_map(|r| r.name.clone()).chain(connectors).collect();
    let peers = config.connectors.iter().filter_map(|c| match &c.kind {
        ConnectorKind::Cmpp(line) if line.role == Role::Ismg => {
            Some(check::Peer { connector: c.common.name.clone(), account: line.account.clone() })
        }
        _ => None,
    });
    match sections::read(Path::new(""), &text, &check::Known { routes, peers: peers.collect() }) {
        Ok(c) => {
            let account = c.accounts.into_iter().next().ok_or_else(|| format!("account {name:?}: no settings"))?;
            apart(&account, &config.accounts).map(|()| account)
        }
        Err(p) => Err(p.0.into_iter().map(|p| p.message.replace("[[account]]", "account")).collect::<Vec<_>>().join("\n")),
    }
}

/// Whether an account signs in over CMPP with a name of its own. Others of its own name are not looked at.
///
/// # Errors
/// With the name and whose it is.
pub fn apart(account: &Account, others: &[Account]) -> Result<(), String> {
    let source = |a: &Account| a.cmpp.as_ref().and_then(CmppAccount::source);
    let Some(name) = source(account) else { return Ok(()) };
    match others.iter().find(|o| o.name != account.name && source(o).as_ref() == Some(&name)) {
        None => Ok(()),
        Some(o) => Err(format!("account {:?}: cmpp: {name} is already account {:?}'s; each signs in with its own", account.name, o.name)),
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
