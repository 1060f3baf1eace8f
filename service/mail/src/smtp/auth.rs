//! AUTH PLAIN and LOGIN (RFC 4954, 4616): who says what, and what it means.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};

/// A login in progress.
#[derive(Debug)]
pub(crate) enum Login {
    /// The one response of PLAIN is awaited.
    Plain,
    /// The user's name is awaited (LOGIN).
    User,
    /// The password is awaited (LOGIN).
    Password { user: String },
}

/// What comes of a response.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Ask for more: the challenge, in base64.
    Challenge(Login, &'static str),
    /// Name and password are there.
    Credentials { user: String, password: String },
    /// The client gave up.
    Cancelled,
    /// The response makes no sense.
    Malformed,
}

/// `Username:` and `Password:`.
const USERNAME: &str = "VXNlcm5hbWU6";
const PASSWORD: &str = "UGFzc3dvcmQ6";

/// Clients differ about padding.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

impl Login {
    /// Begins with a mechanism and perhaps a response that came along; `None` for a mechanism that there is not.
    pub(crate) fn begin(mechanism: &str, initial: Option<&str>) -> Option<Progress> {
        let login = match mechanism {
            "PLAIN" => Self::Plain,
            "LOGIN" => Self::User,
            _ => return None,
        };
        Some(match initial {
            // `=` stands for a response of no octets (RFC 4954 4).
            Some("=") => login.response(""),
            Some(response) => login.response(response),
            None => {
                let challenge = if matches!(login, Self::User) { USERNAME } else { "" };
                Progress::Challenge(login, challenge)
            }
        })
    }

    /// Goes on with the client's line.
    pub(crate) fn response(self, line: &str) -> Progress {
        if line == "*" {
            return Progress::Cancelled;
        }
        let Some(text) = BASE64.decode(line).ok().and_then(|octets| String::from_utf8(octets).ok()) else { return Progress::Malformed };
        match self {
            Self::Plain => {
                let mut parts = text.split('\0');
                match (parts.next(), parts.next(), parts.next(), parts.next()) {
                    // To act for somebody else is not offered; naming oneself is the same as naming nobody.
                    (Some(acts_for), Some(user), Some(password), None) if !user.is_empty() && (acts_for.is_empty() || acts_for == user) => {
                        Progress::Credentials { user: user.to_owned(), password: password.to_owned() }
                    }
                    _ => Progress::Malformed,
                }
            }
            Self::User if text.is_empty() => Progress::Malformed,
            Self::User => Progress::Challenge(Self::Password { user: text }, PASSWORD),
            Self::Password { user } => Progress::Credentials { user, password: text },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn credentials(progress: Progress) -> Option<(String, String)> {
        match progress {
            Progress::Credentials { user, password } => Some((user, password)),
            _ => None,
        }
    }

    #[test]
    fn plain() {
        // RFC 4616 4: tim, tanstaaftanstaaf.
        let found = credentials(Login::begin("PLAIN", Some("AHRpbQB0YW5zdGFhZnRhbnN0YWFm")).unwrap());
        assert_eq!(found, Some(("tim".into(), "tanstaaftanstaaf".into())));
        // RFC 4616 4, second example: Ursel acts for Kurt. Not here.
        assert!(matches!(Login::Plain.response("VXJzZWwAS3VydAB4aXBqM3BsbXE="), Progress::Malformed));
        assert!(matches!(Login::Plain.response("*"), Progress::Cancelled));
        assert!(matches!(Login::Plain.response("!"), Progress::Malformed));
        assert!(matches!(Login::begin("PLAIN", Some("=")).unwrap(), Progress::Malformed));
        assert!(Login::begin("CRAM-MD5", None).is_none());
    }

    #[test]
    fn login() {
        let Some(Progress::Challenge(login, "VXNlcm5hbWU6")) = Login::begin("LOGIN", None) else { panic!("a challenge") };
        let Progress::Challenge(login, "UGFzc3dvcmQ6") = login.response("dGlt") else { panic!("a challenge") };
        assert_eq!(credentials(login.response("c2VjcmV0")), Some(("tim".into(), "secret".into())));
    }
}
