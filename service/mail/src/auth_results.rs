//! Verdicts about a message's origin, written into it by a server in front of ours (RFC 8601).
//!
//! This crate asks no name servers: it believes what a trusted server found. Anybody can write such a header, so only those count whose
//! authserv-id is the trusted one, and a server in front must remove those that it did not write itself (RFC 8601 5).

use mail_parser::{HeaderName, HeaderValue, MessageParser};

/// One verdict.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// What was looked at, in lower case: `spf`, `dkim`, `dmarc`, `auth`, ...
    pub method: String,
    /// What was found.
    pub result: AuthResult,
    /// Properties such as `smtp.mailfrom=example.com` and `header.d=example.com`, at most 16.
    pub properties: Vec<(String, String)>,
}

/// What was found (RFC 8601 2.7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthResult {
    /// It is what it says.
    Pass,
    /// It is not.
    Fail,
    /// It is not, but its owner does not want that to count (`softfail`, `policy`).
    SoftFail,
    /// Its owner says nothing, or there was nothing to check (`neutral`, `none`).
    None,
    /// It could not be found out now.
    TempError,
    /// It can never be found out, as something is malformed.
    PermError,
}

/// What a receiver makes of verdicts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AuthPolicy {
    /// Nothing.
    #[default]
    Ignore,
    /// Mail is refused where DMARC failed; where there is no verdict of DMARC, where SPF or DKIM failed and neither passed.
    RefuseFailed,
    /// Mail is refused unless DMARC passed; where there is no verdict of DMARC, unless SPF or DKIM passed.
    RequirePass,
}

/// Most verdicts of one message.
const MAX_VERDICTS: usize = 64;

impl AuthResult {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "pass" => Self::Pass,
            "fail" | "hardfail" | "reject" => Self::Fail,
            "softfail" | "policy" => Self::SoftFail,
            "neutral" | "none" | "nxdomain" => Self::None,
            "temperror" => Self::TempError,
            "permerror" => Self::PermError,
            _ => return None,
        })
    }
}

impl AuthPolicy {
    /// Whether mail with these verdicts is taken.
    pub fn allows(self, verdicts: &[Verdict]) -> bool {
        let any = |methods: &[&str], result| verdicts.iter().any(|v| methods.contains(&v.method.as_str()) && v.result == result);
        let dmarc = verdicts.iter().any(|v| v.method == "dmarc" && v.result != AuthResult::None);
        match self {
            Self::Ignore => true,
            Self::RefuseFailed if dmarc => !any(&["dmarc"], AuthResult::Fail),
            Self::RefuseFailed => !any(&["spf", "dkim"], AuthResult::Fail) || any(&["spf", "dkim"], AuthResult::Pass),
            Self::RequirePass if dmarc => any(&["dmarc"], AuthResult::Pass) && !any(&["dmarc"], AuthResult::Fail),
            Self::RequirePass => any(&["spf", "dkim"], AuthResult::Pass),
        }
    }
}

/// The verdicts in a message's `Authentication-Results` headers whose authserv-id is `trusted`, in order. Headers that make no sense say
/// nothing.
pub fn auth_results(message: &[u8], trusted: &str) -> Vec<Verdict> {
    let parser = MessageParser::new().header_raw(HeaderName::AuthenticationResults).default_header_ignore();
    let Some(parsed) = parser.parse_headers(message) else { return Vec::new() };
    let mut verdicts = Vec::new();
    for header in parsed.headers() {
        if header.name == HeaderName::AuthenticationResults
            && let HeaderValue::Text(text) = &header.value
        {
            verdicts.extend(of_header(text, trusted).unwrap_or_default());
        }
        if verdicts.len() >= MAX_VERDICTS {
            break;
        }
    }
    verdicts.truncate(MAX_VERDICTS);
    verdicts
}

fn of_header(text: &str, trusted: &str) -> Option<Vec<Verdict>> {
    let parts = split(text)?;
    let mut parts = parts.iter();
    let mut head = parts.next()?.iter();
    // `authserv-id [version]`; of the version there is only 1.
    if !head.next()?.eq_ignore_ascii_case(trusted) || head.next().is_some_and(|version| version != "1") {
        return None;
    }
    let mut verdicts = Vec::new();
    for part in parts {
        let mut words = part.iter();
        let Some((method, result)) = words.next().and_then(|word| word.split_once('=')) else { continue };
        let method = method.split('/').next().unwrap_or_default().trim().to_ascii_lowercase();
        let Some(result) = AuthResult::parse(result) else { continue };
        let property = |word: &String| word.split_once('=').map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        verdicts.push(Verdict { method, result, properties: words.filter_map(property).take(16).collect() });
        if verdicts.len() == MAX_VERDICTS {
            break;
        }
    }
    Some(verdicts)
}

/// Splits at semicolons, and each part into words, without comments, with quoted strings unquoted and no spaces around `=` and `/`. `None` for
/// unbalanced quotes and comments, where one could not tell what was meant.
fn split(text: &str) -> Option<Vec<Vec<String>>> {
    let mut parts = vec![Vec::new()];
    let mut word = String::new();
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut rest = text.chars();
    // A space has come since the last word's end; `=` afterwards joins the words about it.
    let mut gap = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' if quoted || depth > 0 => {
                let next = rest.next()?;
                if depth == 0 {
                    word.push(next);
                }
            }
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
                depth = depth.checked_sub(1)?;
                gap = true;
            }
            _ if depth > 0 => {}
            ';' if !quoted => {
                push(&mut parts, &mut word);
                parts.push(Vec::new());
                gap = false;
            }
            c if c.is_whitespace() && !quoted => gap = true,
            c => {
                if gap && !matches!(c, '=' | '/') && !word.ends_with(['=', '/']) {
                    push(&mut parts, &mut word);
                }
                gap = false;
                word.push(c);
            }
        }
    }
    push(&mut parts, &mut word);
    (!quoted && depth == 0).then_some(parts)
}

fn push(parts: &mut [Vec<String>], word: &mut String) {
    if let Some(part) = parts.last_mut().filter(|_| !word.is_empty()) {
        part.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(headers: &str) -> Vec<Verdict> {
        auth_results(format!("{headers}From: a@example.com\r\n\r\nbody").as_bytes(), "mx.example.net")
    }

    #[test]
    fn examples_of_the_standard() {
        // RFC 8601 appendix B, with the server's name changed.
        let found = of(
            "Authentication-Results: mx.example.net;\r\n          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n          spf=pass smtp.mailfrom=example.net\r\nAuthentication-Results: mx.example.net; iprev=pass\r\n          policy.iprev=192.0.2.200\r\n",
        );
        let short: Vec<_> = found.iter().map(|v| (v.method.as_str(), v.result)).collect();
        assert_eq!(short, [("auth", AuthResult::Pass), ("spf", AuthResult::Pass), ("iprev", AuthResult::Pass)]);
        assert_eq!(found[1].properties, [("smtp.mailfrom".to_owned(), "example.net".to_owned())]);
        // With comments and a version everywhere they are allowed (RFC 8601 B.7).
        let found = of(
            "Authentication-Results: mx.example.net (foobar) 1 (baz);\r\n    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n      policy (A dot can go here) . (like that) expired\r\n      (this surprised me) = (as I wasn't expecting it) 1362471462\r\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].result, AuthResult::Fail);
        assert!(of("Authentication-Results: mx.example.net 1; none\r\n").is_empty());
    }

    #[test]
    fn only_the_trusted_server_counts() {
        for forged in [
            "Authentication-Results: evil.example; dmarc=pass\r\n",
            "Authentication-Results: evil.example; x=\"; mx.example.net; dmarc=pass\"\r\n",
            "Authentication-Results: mx.example.net 2; dmarc=pass\r\n",
            "Authentication-Results: mx.example.net.evil.example; dmarc=pass\r\n",
            "Authentication-Results: (mx.example.net; dmarc=pass\r\n",
            "Subject: x\r\n\r\nAuthentication-Results: mx.example.net; dmarc=pass\r\n",
        ] {
            assert!(of(forged).is_empty(), "{forged}");
        }
    }

    #[test]
    fn policies() {
        let verdict = |method: &str, result| Verdict { method: method.into(), result, properties: Vec::new() };
        let (spf, dkim) = (verdict("spf", AuthResult::Fail), verdict("dkim", AuthResult::Pass));
        let (good, bad) = (verdict("dmarc", AuthResult::Pass), verdict("dmarc", AuthResult::Fail));
        for (policy, verdicts, allowed) in [
            (AuthPolicy::Ignore, vec![bad.clone()], true),
            (AuthPolicy::RefuseFailed, vec![], true),
            (AuthPolicy::RefuseFailed, vec![spf.clone()], false),
            (AuthPolicy::RefuseFailed, vec![spf.clone(), dkim.clone()], true),
            (AuthPolicy::RefuseFailed, vec![dkim.clone(), bad.clone()], false),
            (AuthPolicy::RequirePass, vec![], false),
            (AuthPolicy::RequirePass, vec![spf.clone()], false),
            (AuthPolicy::RequirePass, vec![dkim.clone()], true),
            (AuthPolicy::RequirePass, vec![spf, good], true),
            (AuthPolicy::RequirePass, vec![dkim, bad], false),
        ] {
            assert_eq!(policy.allows(&verdicts), allowed, "{policy:?} {verdicts:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[a-z=;()\"\\\\ /.1]{0,80}") {
            let _ = of(&format!("Authentication-Results: mx.example.net;{text}\r\n"));
        }
    }
}
