//! What changed between two configurations.

use std::fmt;

use super::{Config, ConnectorSetup, ListenerSetup};

/// Names of what is new, different and gone, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Only in the new one.
    pub added: Vec<String>,
    /// In both, with different settings.
    pub changed: Vec<String>,
    /// Only in the old one.
    pub removed: Vec<String>,
}

/// What changed between two configurations, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// By protocol and address.
    pub listeners: Changes,
    /// By name.
    pub connectors: Changes,
    /// By name.
    pub accounts: Changes,
    /// By name, or by recipients where they have none.
    pub routes: Changes,
    /// Sections whose change takes effect with a restart only.
    pub restart: Vec<&'static str>,
}

// === impl Changes ===

impl Changes {
    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    fn between<T: PartialEq>(old: &[T], new: &[T], name: impl Fn(&T) -> String) -> Changes {
        let mut changes = Changes::default();
        for item in new {
            match old.iter().find(|o| name(o) == name(item)) {
                None => changes.added.push(name(item)),
                Some(o) if o != item => changes.changed.push(name(item)),
                Some(_) => {}
            }
        }
        changes.removed = old.iter().map(&name).filter(|o| !new.iter().any(|n| name(n) == *o)).collect();
        changes
    }
}

// === impl Diff ===

impl Diff {
    pub(super) fn between(old: &Config, new: &Config) -> Diff {
        let mut restart = Vec::new();
        let mut section = |name, same: bool| {
            if !same {
                restart.push(name);
            }
        };
        section("[node]", old.node == new.node);
        section("[http]", old.http == new.http);
        section("[spool]", old.spool == new.spool);
        section("[ledger]", old.ledger == new.ledger);
        section("[callback]", old.callback == new.callback);
        section("[log]", old.log == new.log);
        section("[mmsc]", old.mmsc == new.mmsc && old.mms_routes == new.mms_routes && old.mms_lines == new.mms_lines);
        Diff {
            listeners: Changes::between(&old.listeners, &new.listeners, ListenerSetup::name),
            connectors: Changes::between(&old.connectors, &new.connectors, |c: &ConnectorSetup| c.common.name.clone()),
            accounts: Changes::between(&old.accounts, &new.accounts, |a| a.name.clone()),
            routes: Changes::between(&old.routes, &new.routes, |r| {
                r.name.clone().unwrap_or_else(|| r.to.0.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(","))
            }),
            restart,
        }
    }

    /// Nothing changed that a name stands for.
    pub fn is_empty(&self) -> bool {
        [&self.listeners, &self.connectors, &self.accounts, &self.routes].iter().all(|c| c.is_empty()) && self.restart.is_empty()
    }
}

impl fmt::Display for Diff {
    /// In a line: `connectors +b ~a -c; accounts +shop`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds =
            [("listeners", &self.listeners), ("connectors", &self.connectors), ("accounts", &self.accounts), ("routes", &self.routes)];
        let mut separator = "";
        for (kind, changes) in kinds.iter().filter(|(_, c)| !c.is_empty()) {
            write!(f, "{separator}{kind}")?;
            separator = "; ";
            for (sign, names) in [("+", &changes.added), ("~", &changes.changed), ("-", &changes.removed)] {
                for name in names {
                    write!(f, " {sign}{name}")?;
                }
            }
        }
        if separator.is_empty() {
            f.write_str("nothing changed")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::Path;

    fn config(text: &str) -> Config {
        super::super::parse(Path::new("t.toml"), Path::new("."), text).unwrap()
    }

    #[test]
    fn only_what_differs_is_named() {
        let old = config(
            "[[connector]]\nname = \"a\"\nprotocol = \"simulator\"\n[[connector]]\nname = \"b\"\nprotocol = \"simulator\"\n\
             [[account]]\nname = \"shop\"\npassword = \"x\"\n[[listener]]\nprotocol = \"smpp\"\nlisten = \"127.0.0.1:2775\"\n",
        );
        let new = config(
            "[sms]\nvalidity = \"1h\"\n[node]\nname = \"other\"\n[[connector]]\nname = \"a\"\nprotocol = \"simulator\"\nlatency_ms = 9\n\
             [[connector]]\nname = \"c\"\nprotocol = \"simulator\"\n[[account]]\nname = \"shop\"\npassword = \"x\"\n\
             [[listener]]\nprotocol = \"smpp\"\nlisten = \"127.0.0.1:2775\"\n[[route]]\nto = \"+44*\"\nvia = [\"a\"]\n",
        );
        let d = Diff::between(&old, &new);
        assert_eq!(d.to_string(), "connectors +c ~a -b; routes +44*");
        assert_eq!(d.restart, ["[node]"]);
        assert!(d.accounts.is_empty() && d.listeners.is_empty());
        assert!(Diff::between(&new, &new).is_empty());
        assert_eq!(Diff::between(&new, &new).to_string(), "nothing changed");
    }
}
