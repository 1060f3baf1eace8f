//! Command lines (RFC 5321 4.1.1).

use super::reply::Enhanced;

/// A command, its arguments still as text where they depend on the session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Command {
    Auth {
        mechanism: String,
        initial: Option<String>,
    },
    Bdat {
        size: u64,
        last: bool,
    },
    Data,
    Ehlo(String),
    Expn,
    Helo(String),
    Help,
    /// A web client that somebody sent here.
    Http,
    /// What follows `MAIL FROM:`.
    Mail(String),
    Noop,
    Quit,
    /// What follows `RCPT TO:`.
    Rcpt(String),
    Rset,
    StartTls,
    Vrfy,
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{code} {enhanced} {text}")]
pub(crate) struct CommandError {
    pub(crate) code: u16,
    pub(crate) enhanced: Enhanced,
    pub(crate) text: &'static str,
}

const fn error(code: u16, text: &'static str) -> CommandError {
    CommandError { code, enhanced: Enhanced(5, 5, if code == 501 { 4 } else { 2 }), text }
}

impl Command {
    /// Parses a line without its end.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, CommandError> {
        let line = str::from_utf8(line).map_err(|_| error(500, "The command is no UTF-8"))?;
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return Err(error(500, "The command has control characters"));
        }
        let line = line.trim_end_matches([' ', '\t']);
        let (verb, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let rest = rest.trim_start_matches([' ', '\t']);
        let alone = |command| if rest.is_empty() { Ok(command) } else { Err(error(501, "This command takes no argument")) };
        match verb.to_ascii_uppercase().as_str() {
            "HELO" => Ok(Self::Helo(host(rest)?)),
            "EHLO" => Ok(Self::Ehlo(host(rest)?)),
            "MAIL" => Ok(Self::Mail(after(rest, "FROM:").ok_or(error(501, "Write MAIL FROM:<address>"))?)),
            "RCPT" => Ok(Self::Rcpt(after(rest, "TO:").ok_or(error(501, "Write RCPT TO:<address>"))?)),
            "DATA" => alone(Self::Data),
            "BDAT" => bdat(rest),
            "RSET" => alone(Self::Rset),
            "NOOP" => Ok(Self::Noop),
            "QUIT" => alone(Self::Quit),
            "HELP" => Ok(Self::Help),
            "STARTTLS" => alone(Self::StartTls),
            "AUTH" => auth(rest),
            "VRFY" if rest.is_empty() => Err(error(501, "Write VRFY address")),
            "VRFY" => Ok(Self::Vrfy),
            "EXPN" => Ok(Self::Expn),
            "GET" | "POST" | "PUT" | "HEAD" | "OPTIONS" | "CONNECT" | "DELETE" | "PATCH" | "TRACE" | "PRI" => Ok(Self::Http),
            _ => Err(error(500, "Unknown command")),
        }
    }
}

/// The name in HELO and EHLO: anything printable in one word, as many clients give no proper name.
fn host(rest: &str) -> Result<String, CommandError> {
    let name = rest.split([' ', '\t']).next().unwrap_or_default();
    if name.is_empty() || name.len() > 255 { Err(error(501, "Write the name of your host")) } else { Ok(name.to_owned()) }
}

fn after(rest: &str, keyword: &str) -> Option<String> {
    let (head, tail) = rest.split_at_checked(keyword.len())?;
    // The space after the colon is no good, but common.
    head.eq_ignore_ascii_case(keyword).then(|| tail.trim_start_matches(' ').to_owned())
}

fn bdat(rest: &str) -> Result<Command, CommandError> {
    let mut words = rest.split_ascii_whitespace();
    let size = words.next().filter(|size| size.len() <= 15 && size.bytes().all(|b| b.is_ascii_digit())).and_then(|size| size.parse().ok());
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return Err(error(501, "Write BDAT size [LAST]")),
    };
    match (size, words.next()) {
        (Some(size), None) => Ok(Command::Bdat { size, last }),
        _ => Err(error(501, "Write BDAT size [LAST]")),
    }
}

fn auth(rest: &str) -> Result<Command, CommandError> {
    let mut words = rest.split_ascii_whitespace();
    let (mechanism, initial, more) = (words.next(), words.next(), words.next());
    match (mechanism, more) {
        (Some(mechanism), None) => Ok(Command::Auth { mechanism: mechanism.to_ascii_uppercase(), initial: initial.map(str::to_owned) }),
        _ => Err(error(501, "Write AUTH mechanism [initial-response]")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commands() {
        let parse = |line: &str| Command::parse(line.as_bytes());
        assert_eq!(parse("ehlo [192.0.2.1]"), Ok(Command::Ehlo("[192.0.2.1]".into())));
        assert_eq!(parse("MAIL FROM:<a@b> SIZE=1"), Ok(Command::Mail("<a@b> SIZE=1".into())));
        assert_eq!(parse("mail from: <a@b>"), Ok(Command::Mail("<a@b>".into())));
        assert_eq!(parse("DATA "), Ok(Command::Data));
        assert_eq!(parse("BDAT 86 last"), Ok(Command::Bdat { size: 86, last: true }));
        assert_eq!(parse("AUTH plain AGE="), Ok(Command::Auth { mechanism: "PLAIN".into(), initial: Some("AGE=".into()) }));
        assert_eq!(parse("GET / HTTP/1.1"), Ok(Command::Http));
        for (bad, code) in [
            ("HELO", 501),
            ("MAIL <a@b>", 501),
            ("RCPT FROM:<a@b>", 501),
            ("DATA now", 501),
            ("BDAT", 501),
            ("BDAT -1", 501),
            ("BDAT 99999999999999999999", 501),
            ("BDAT 1 LAST LAST", 501),
            ("AUTH", 501),
            ("", 500),
            ("EHLO\0x", 500),
            ("MAIL FROM:<a\r@b>", 500),
            ("FOO", 500),
        ] {
            assert_eq!(parse(bad).unwrap_err().code, code, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_a_command_or_an_error(line in proptest::collection::vec(any::<u8>(), 0..200), verb in "(?i)(MAIL FROM:|RCPT TO:|BDAT |AUTH |EHLO )?") {
            let mut whole = verb.into_bytes();
            whole.extend(line);
            if let Err(error) = Command::parse(&whole) {
                prop_assert!((500..=501).contains(&error.code));
            }
        }
    }
}
