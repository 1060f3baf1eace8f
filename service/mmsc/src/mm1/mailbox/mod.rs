//! MMBox: phones keep messages with the message centre, look what is there, and delete it (MMS 1.2 and 1.3).
//!
//! A message of a mailbox is known by its own address, `/b/` and a token; one that waits to be fetched by the one of its notification, `/m/`
//! and another.

mod copy;
mod delete;
mod fetch;
mod keep;
mod upload;
mod view;

use waxwing_mms::{Header, MmFlag, MmState, Pdu, StoreStatus};

use crate::mailbox::{FlagChange, MailboxError};
use crate::token;

pub(super) use copy::Copy;

/// Which message an X-Mms-Content-Location names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// One that waits to be fetched.
    Waiting(&'a str),
    /// One of a mailbox.
    Kept(&'a str),
}

impl<'a> Place<'a> {
    /// By the end of a URL: phones may know the centre by another name than we do.
    pub(super) fn of(url: &'a str) -> Option<Place<'a>> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let mut words = path.trim().rsplit('/');
        let word = words.next().filter(|w| token::is_token(w))?;
        match words.next() {
            Some("b") => Some(Place::Kept(word)),
            _ => Some(Place::Waiting(word)),
        }
    }
}

/// The state that a request gives a message, if it gives one that there is.
fn state(pdu: &Pdu) -> Option<MmState> {
    pdu.mm_state().copied().filter(|s| s.name().is_some())
}

/// The keywords that a request gives a message, or takes from it.
fn flags(pdu: &Pdu) -> Vec<FlagChange> {
    let change = |header: &Header| match header {
        Header::MmFlags(MmFlag::Add(word)) => Some(FlagChange::Add(word.text.clone())),
        Header::MmFlags(MmFlag::Remove(word)) => Some(FlagChange::Remove(word.text.clone())),
        _ => None,
    };
    pdu.headers.iter().filter_map(change).collect()
}

/// The protocol's word for what went wrong.
fn store_status(e: &MailboxError) -> StoreStatus {
    match e {
        MailboxError::Full { .. } => StoreStatus::PermanentMmboxFull,
        MailboxError::Flags(..) => StoreStatus::PermanentFormatCorrupt,
        _ => StoreStatus::TransientFailure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_told_apart() {
        let word = "AAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(Place::of(&format!("http://mms.example.net/b/{word}")), Some(Place::Kept(word)));
        assert_eq!(Place::of(&format!("https://10.0.0.1:8080/x/b/{word}?a=b")), Some(Place::Kept(word)));
        assert_eq!(Place::of(&format!("http://mms.example.net/m/{word}")), Some(Place::Waiting(word)));
        assert_eq!(Place::of(word), Some(Place::Waiting(word)));
        for no in ["", "http://mms.example.net/b/", "http://mms.example.net/b/../../etc/passwd", "/b/AAAA"] {
            assert_eq!(Place::of(no), None, "{no}");
        }
    }
}
