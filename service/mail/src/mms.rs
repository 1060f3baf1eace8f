//! What multimedia messages and e-mail call the same thing (RFC 4356, with the headers of 3GPP TS 23.140).
//!
//! | of a multimedia message | in e-mail |
//! |---|---|
//! | priority | `Importance`; nothing for normal. `X-Priority` is read, too |
//! | class | `X-Mms-Message-Class`; `Auto` also as `Auto-Submitted`, `Advertisement` as `Precedence: bulk` |
//! | delivery report wanted | `NOTIFY` of the envelope, and `X-Mms-Delivery-Report` |
//! | read report wanted | `Disposition-Notification-To` |
//! | delivery report | a delivery status notification (RFC 3464), [`MmStatus`] |
//! | read report | a disposition notification (RFC 8098), [`ReadStatus`] |

use crate::report::Action;
use crate::smtp::Enhanced;

/// How urgent a message is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Importance {
    /// It can wait.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// At once.
    High,
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MessageClass {
    /// From person to person.
    #[default]
    Personal,
    /// Wants to sell something.
    Advertisement,
    /// News and other information.
    Informational,
    /// Made by a machine by itself.
    Auto,
}

/// What became of a multimedia message (X-Mms-Status).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MmStatus {
    /// Its time was over before it was fetched.
    Expired,
    /// The recipient has it.
    Retrieved,
    /// The recipient does not want it.
    Rejected,
    /// The recipient will fetch it later.
    Deferred,
    /// Nobody knows, and nobody will.
    Indeterminate,
    /// It went on to somewhere else.
    Forwarded,
    /// The recipient cannot be reached.
    Unreachable,
    /// The recipient's terminal does not understand it.
    Unrecognised,
}

/// What a reader did with a message (X-Mms-Read-Status).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadStatus {
    /// It was read.
    Read,
    /// It was deleted unread.
    Deleted,
}

impl Importance {
    /// For the `Importance` header (RFC 2156 5.3.9).
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    /// From `Importance` (`high`), `Priority` (`urgent`, `non-urgent`) or `X-Priority` (`1 (Highest)` to `5`).
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.split(|c: char| c.is_whitespace() || c == '(').find(|word| !word.is_empty())?;
        match word.to_ascii_lowercase().as_str() {
            "high" | "urgent" | "1" | "2" => Some(Self::High),
            "normal" | "3" => Some(Self::Normal),
            "low" | "non-urgent" | "4" | "5" => Some(Self::Low),
            _ => None,
        }
    }
}

impl MessageClass {
    /// For the `X-Mms-Message-Class` header.
    pub fn word(self) -> &'static str {
        match self {
            Self::Personal => "Personal",
            Self::Advertisement => "Advertisement",
            Self::Informational => "Informational",
            Self::Auto => "Auto",
        }
    }

    /// From `X-Mms-Message-Class`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Personal, Self::Advertisement, Self::Informational, Self::Auto]
            .into_iter()
            .find(|class| class.word().eq_ignore_ascii_case(text.trim()))
    }
}

impl MmStatus {
    const ALL: [Self; 8] = [
        Self::Expired,
        Self::Retrieved,
        Self::Rejected,
        Self::Deferred,
        Self::Indeterminate,
        Self::Forwarded,
        Self::Unreachable,
        Self::Unrecognised,
    ];

    /// For `X-Mms-Status` and `X-Mms-MM-Status-Code`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Expired => "Expired",
            Self::Retrieved => "Retrieved",
            Self::Rejected => "Rejected",
            Self::Deferred => "Deferred",
            Self::Indeterminate => "Indeterminate",
            Self::Forwarded => "Forwarded",
            Self::Unreachable => "Unreachable",
            Self::Unrecognised => "Unrecognised",
        }
    }

    /// From `X-Mms-Status`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word().eq_ignore_ascii_case(text.trim()))
    }

    /// As a delivery status notification says it: action and status code (RFC 3464 2.3.3, RFC 3463).
    pub fn delivery(self) -> (Action, Enhanced) {
        match self {
            Self::Expired => (Action::Failed, Enhanced(5, 4, 7)),
            Self::Retrieved => (Action::Delivered, Enhanced(2, 1, 5)),
            Self::Rejected => (Action::Failed, Enhanced(5, 7, 1)),
            Self::Deferred => (Action::Delayed, Enhanced(4, 2, 0)),
            Self::Indeterminate => (Action::Relayed, Enhanced(2, 0, 0)),
            Self::Forwarded => (Action::Relayed, Enhanced(2, 1, 9)),
            Self::Unreachable => (Action::Failed, Enhanced(5, 4, 1)),
            Self::Unrecognised => (Action::Failed, Enhanced(5, 6, 1)),
        }
    }

    /// What a delivery status notification means for a multimedia message.
    pub fn of_delivery(action: Action, status: Enhanced) -> Self {
        match (action, status) {
            (Action::Delivered, _) => Self::Retrieved,
            (Action::Delayed, _) => Self::Deferred,
            (Action::Expanded, _) => Self::Forwarded,
            (Action::Relayed, Enhanced(_, 1, 9)) => Self::Forwarded,
            (Action::Relayed, _) => Self::Indeterminate,
            (Action::Failed, Enhanced(_, 4, 7)) => Self::Expired,
            (Action::Failed, Enhanced(_, 6, _)) => Self::Unrecognised,
            (Action::Failed, Enhanced(_, 4, _)) => Self::Unreachable,
            (Action::Failed, _) => Self::Rejected,
        }
    }
}

impl ReadStatus {
    /// For `X-Mms-Read-Status`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Deleted => "Deleted without being read",
        }
    }

    /// As a disposition notification says it (RFC 8098 3.2.6.2).
    pub fn disposition(self) -> &'static str {
        match self {
            Self::Read => "displayed",
            Self::Deleted => "deleted",
        }
    }

    /// What a disposition means for a multimedia message; `None` for those of machines (`dispatched`, `processed`).
    pub fn of_disposition(disposition: &str) -> Option<Self> {
        [Self::Read, Self::Deleted].into_iter().find(|status| status.disposition().eq_ignore_ascii_case(disposition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_there_and_back() {
        for status in MmStatus::ALL {
            let (action, code) = status.delivery();
            assert_eq!(MmStatus::of_delivery(action, code), status, "{action:?} {code}");
            assert_eq!(MmStatus::parse(status.word()), Some(status));
        }
        assert_eq!(MmStatus::of_delivery(Action::Failed, Enhanced(5, 1, 1)), MmStatus::Rejected);
        assert_eq!(ReadStatus::of_disposition("Displayed"), Some(ReadStatus::Read));
        assert_eq!(ReadStatus::of_disposition("dispatched"), None);
    }

    #[test]
    fn importance_in_three_headers() {
        assert_eq!(Importance::parse("High"), Some(Importance::High));
        assert_eq!(Importance::parse(" 1 (Highest)"), Some(Importance::High));
        assert_eq!(Importance::parse("non-urgent"), Some(Importance::Low));
        assert_eq!(Importance::parse("3"), Some(Importance::Normal));
        assert_eq!(Importance::parse(""), None);
    }
}
