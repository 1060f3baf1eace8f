//! Parameters of URLs and forms, as octets: their charset is itself a parameter.

use std::borrow::Cow;

use crate::Problem;

/// More than any client sends; a bound for what a request can make us do.
const MAX_PARAMETERS: usize = 1000;

/// Parameters in their order, names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, Vec<u8>)>);

impl Params {
    /// Adds what `application/x-www-form-urlencoded` text holds. Escapes that are none stay as they are.
    pub(crate) fn extend(&mut self, encoded: &[u8]) {
        for pair in encoded.split(|&b| b == b'&').filter(|p| !p.is_empty()) {
            let (name, value) = match pair.iter().position(|&b| b == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            let name = if name.iter().any(|b| matches!(b, b'%' | b'+')) { Cow::Owned(unescape(name)) } else { Cow::Borrowed(name) };
            self.push(&String::from_utf8_lossy(&name), unescape(value));
        }
    }

    /// Adds one; further ones than a sensible number are dropped.
    pub(crate) fn push(&mut self, name: &str, value: Vec<u8>) {
        if self.0.len() < MAX_PARAMETERS {
            self.0.push((name.trim().to_ascii_lowercase(), value));
        }
    }

    /// The first value of that name (lower case) that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_slice())
    }

    /// All values of that name (lower case) that are not empty.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(move |(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_slice())
    }

    /// Whether it is there at all, even empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Takes out the first value of `name` that comes after the first `other`; where none does, the first of all.
    pub(crate) fn take_after(&mut self, other: &str, name: &str) -> Option<Vec<u8>> {
        let start = self.0.iter().position(|(n, _)| n == other).unwrap_or(0);
        let after = self.0.iter().skip(start).position(|(n, _)| n == name).map(|at| start + at);
        let at = after.or_else(|| self.0.iter().position(|(n, _)| n == name))?;
        Some(self.0.remove(at).1)
    }

    /// Names, in lower case.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(n, _)| n.as_str())
    }

    /// A value that has to be UTF-8.
    ///
    /// # Errors
    /// 400 with the name where it is not.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.get(name).map(std::str::from_utf8) {
            None => Ok(None),
            Some(Ok(s)) => Ok(Some(s)),
            Some(Err(e)) => Err(Problem::invalid(format!("{name}: it is not UTF-8 at octet {}", e.valid_up_to()))),
        }
    }
}

fn unescape(s: &[u8]) -> Vec<u8> {
    let digit = |at: usize| s.get(at).and_then(|&b| char::from(b).to_digit(16));
    let mut out = Vec::with_capacity(s.len());
    let mut at = 0;
    while let Some(&octet) = s.get(at) {
        at += 1;
        out.push(match (octet, digit(at), digit(at + 1)) {
            (b'+', ..) => b' ',
            (b'%', Some(high), Some(low)) => {
                at += 2;
                // Two digits of 16 are at most 255.
                (high << 4 | low) as u8
            }
            _ => octet,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_in_any_case_values_as_octets() {
        let mut p = Params::default();
        p.extend(b"PhoneNumber=%2B44&text=a+b%e9&PID=&x&pid=7f&%zz=1&=2");
        assert_eq!(p.get("phonenumber"), Some(&b"+44"[..]));
        assert_eq!(p.get("text"), Some(&b"a b\xe9"[..]));
        assert_eq!(p.get("pid"), Some(&b"7f"[..]), "empty is absent");
        assert!(p.has("x") && p.get("x").is_none());
        assert_eq!(p.get("%zz"), Some(&b"1"[..]));
        assert!(p.text("text").unwrap_err().detail.contains("octet 3"));
    }

    #[test]
    fn a_flood_of_parameters_is_cut() {
        let mut p = Params::default();
        p.extend("a=1&".repeat(5000).as_bytes());
        assert_eq!(p.names().count(), MAX_PARAMETERS);
    }

    #[test]
    fn of_two_passwords_the_one_after_the_user_is_the_users() {
        for (query, own, other) in [
            ("user=a&password=own&Password=new", "own", Some("new")),
            ("Password=new&user=a&password=own", "own", Some("new")),
            ("password=own&user=a", "own", None),
        ] {
            let mut p = Params::default();
            p.extend(query.as_bytes());
            assert_eq!(p.take_after("user", "password").as_deref(), Some(own.as_bytes()), "{query}");
            assert_eq!(p.get("password"), other.map(str::as_bytes), "{query}");
        }
    }
}
