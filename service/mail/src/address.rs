//! Addresses, as headers name people and as envelopes name mailboxes.

use std::fmt;

/// Somebody in a header: an address and perhaps a name.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Mailbox {
    /// What people call them, decoded.
    pub name: Option<String>,
    /// The address, `local@domain`, without angle brackets.
    pub address: String,
}

impl Mailbox {
    /// A bare address.
    pub fn new(address: impl Into<String>) -> Self {
        Self { name: None, address: address.into() }
    }

    /// An address with a name.
    pub fn named(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self { name: Some(name.into()), address: address.into() }
    }

    /// The part before the last `@`, or all of it.
    pub fn local(&self) -> &str {
        split(&self.address).0
    }

    /// The part after the last `@`, or nothing.
    pub fn domain(&self) -> &str {
        split(&self.address).1
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

/// Local part and domain of an address; the domain is empty where there is no `@`.
pub fn split(address: &str) -> (&str, &str) {
    address.rsplit_once('@').unwrap_or((address, ""))
}

/// Longest address of an envelope in octets (RFC 5321 4.5.3.1.3 has 256 with the angle brackets).
pub const MAX_ADDRESS: usize = 254;

/// Whether an envelope may carry this address: `local@domain` with an atom or a quoted string, and a name or a literal (RFC 5321 4.1.2).
/// Nothing that passes can end a command, a header or an angle bracket early.
pub fn is_envelope_address(address: &str) -> bool {
    let (local, domain) = split(address);
    address.len() <= MAX_ADDRESS && is_local(local) && is_domain(domain)
}

fn is_local(local: &str) -> bool {
    if let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        let mut octets = inner.chars();
        while let Some(c) = octets.next() {
            let bad = match c {
                '\\' => octets.next().is_none_or(|quoted| !(' '..='~').contains(&quoted)),
                '"' => true,
                c => c.is_control(),
            };
            if bad {
                return false;
            }
        }
        return !inner.is_empty() || local.len() == 2;
    }
    // Real mailboxes end in a dot or have two in a row; nothing breaks where they pass.
    !local.is_empty() && local.chars().all(is_atom)
}

fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return !literal.is_empty() && literal.chars().all(|c| c.is_ascii_alphanumeric() || ".:-".contains(c));
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c) || (!c.is_ascii() && !c.is_control() && !c.is_whitespace()))
    };
    !domain.is_empty() && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_envelopes() {
        for good in [
            "a@b",
            "+447700900123/TYPE=PLMN@mms.example.net",
            "\"john doe\"@example.com",
            "\"a\\\"b\"@example.com",
            "user@[192.0.2.1]",
            "user@[IPv6:2001:db8::1]",
            "用户@例子.广告",
            "a.b.@docomo.example",
        ] {
            assert!(is_envelope_address(good), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(300));
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a b@c",
            "a@b c",
            "a@b>",
            "<a@b",
            "a@b\r\nRCPT",
            "\"a\"b\"@c",
            "a@b..c",
            "a@.b",
            "\"a\\\"@c",
            "a\u{85}@b",
            &long,
        ] {
            assert!(!is_envelope_address(bad), "{bad:?}");
        }
    }
}
