//! What can be asked.

use waxwing_core::{Address, Kind, Millis, MsgId, State};

use crate::MessageRecord;

/// Prefixes with fewer characters than this are looked for by time, since too many numbers begin with them to sort them first.
pub(crate) const LONG_PREFIX: usize = 7;

/// A number, and what is compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberQuery {
    /// The characters, without `+`.
    pub digits: String,
    /// Numbers that begin with it, instead of the number itself.
    pub prefix: bool,
    /// Which of a message's two numbers.
    pub side: Side,
}

/// Which of a message's two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Either.
    #[default]
    Any,
    /// The sender.
    Source,
    /// The recipient.
    Destination,
}

impl NumberQuery {
    /// From what people write: `+44 7778 001210`, `12345`, `Shop`; with `*` at its end, a prefix.
    pub fn parse(s: &str) -> NumberQuery {
        let s = s.trim();
        let (s, prefix) = match s.strip_suffix('*') {
            Some(rest) => (rest, true),
            None => (s, false),
        };
        NumberQuery { digits: Address::parse(s).as_text().into_owned(), prefix, side: Side::Any }
    }
}

/// A search. Conditions that are set must all be met; none at all finds everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Sender or recipient.
    pub number: Option<NumberQuery>,
    /// Account's name.
    pub account: Option<String>,
    /// Connector's name.
    pub connector: Option<String>,
    /// State.
    pub state: Option<State>,
    /// [`Kind::Mt`], [`Kind::Mo`] or [`Kind::Mms`].
    pub kind: Option<Kind>,
    /// Accepted at or after.
    pub from: Option<Millis>,
    /// Accepted before.
    pub to: Option<Millis>,
    /// Contained in the text; letters a to z in either case.
    pub text: Option<String>,
    /// The carrier's id of one of its parts.
    pub remote_id: Option<String>,
    /// The submitter's reference, or a word of it.
    pub reference: Option<String>,
    /// How many, 1 to 1000; 0 = 50.
    pub limit: usize,
    /// Go on behind this place: [`Page::next`] of the page before.
    pub after: Option<PageKey>,
}

impl Query {
    /// The limit in force.
    pub(crate) fn limit(&self) -> usize {
        if self.limit == 0 { 50 } else { self.limit.min(1000) }
    }
}

/// A place in the results, which are ordered by day of acceptance and number, the newest first. It stays valid while messages come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageKey {
    /// When the message was accepted.
    pub accepted: Millis,
    /// Its number.
    pub id: MsgId,
}

impl std::fmt::Display for PageKey {
    /// As it is put into URLs: the two numbers with a dot between them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.accepted, self.id)
    }
}

/// Not a page key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a page key; use the one that came with the page before, or none")]
pub struct PageKeyError;

impl std::str::FromStr for PageKey {
    type Err = PageKeyError;
    fn from_str(s: &str) -> Result<PageKey, PageKeyError> {
        let (accepted, id) = s.split_once('.').ok_or(PageKeyError)?;
        Ok(PageKey { accepted: accepted.parse().map_err(|_| PageKeyError)?, id: id.parse().map_err(|_| PageKeyError)? })
    }
}

/// Results of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages, newest first.
    pub messages: Vec<MessageRecord>,
    /// Where to go on; `None` = there is no more.
    pub next: Option<PageKey>,
    /// The time allowed ran out before the page was full: there may be more behind `next`.
    pub is_cut: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let q = |s: &str| NumberQuery::parse(s);
        assert_eq!((q("+44 7778 001210").digits.as_str(), q("+44 7778 001210").prefix), ("447778001210", false));
        assert_eq!((q("+44777*").digits.as_str(), q("+44777*").prefix), ("44777", true));
        assert_eq!(q(" Shop ").digits, "Shop");
    }

    #[test]
    fn page_keys_come_back() {
        let key = PageKey { accepted: 1_795_000_000_000, id: MsgId(0x1F) };
        assert_eq!(key.to_string().parse(), Ok(key));
        for s in ["", ".", "1", "1.", "x.1F", "1.G"] {
            assert_eq!(s.parse::<PageKey>(), Err(PageKeyError), "{s:?}");
        }
    }
}
