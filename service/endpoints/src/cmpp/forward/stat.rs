//! Stat of reports that a gateway makes itself, since nobody further on did.
//!
//! What a carrier or another gateway said is never changed. Where there was nothing to say it, 3.0 has codes for who failed and why: MA and MB
//! for the SMSC (no answer, a bad answer), IA and IB for the next gateway, SA and SB for the SP, each with four digits; 2.0 has REJECTD for
//! whatever could not be forwarded.

use std::borrow::Cow;

use waxwing_cmpp::Version;
use waxwing_core::{Receipt, State, words};

/// Digits of the codes that gateways have for themselves.
const NO_ANSWER: u32 = 54;
const VALIDITY_OVER: u32 = 61;
/// A message has passed too many gateways.
pub(crate) const TOO_MANY_NODES: u32 = 71;
/// A message goes in circles.
pub(crate) const LOOP: u32 = 82;

/// Stat of a report about a message to a handset; `to_gateway`: it was to leave to another gateway, not to a carrier.
pub(crate) fn of_mt(r: &Receipt, version: Version, to_gateway: bool) -> Cow<'_, [u8]> {
    if (1..=7).contains(&r.stat.len()) {
        return Cow::Borrowed(&r.stat);
    }
    let state = r.state();
    let made_here = r.raw.is_empty() && matches!(state, State::Rejected | State::Failed | State::Expired | State::Unknown);
    match (version, made_here, to_gateway) {
        (Version::V2, true, true) if state != State::Expired => Cow::Borrowed(b"REJECTD"),
        (Version::V3, true, true) => Cow::Owned(coded('I', r, state)),
        (Version::V3, true, false) if digits(r).is_some() || state == State::Unknown => Cow::Owned(coded('M', r, state)),
        _ => Cow::Borrowed(state.stat().as_bytes()),
    }
}

/// Stat of a report about a message to an SP.
pub(crate) fn of_mo(r: &Receipt, version: Version) -> Cow<'_, [u8]> {
    if (1..=7).contains(&r.stat.len()) {
        return Cow::Borrowed(&r.stat);
    }
    match (r.state(), version) {
        (State::Delivered, _) => Cow::Borrowed(b"DELIVRD"),
        (_, Version::V2) => Cow::Borrowed(b"REJECTD"),
        (state, Version::V3) => Cow::Owned(coded('S', r, state)),
    }
}

/// No answer (A) or a bad one (B), with its number.
fn coded(who: char, r: &Receipt, state: State) -> Vec<u8> {
    let (what, number) = match digits(r) {
        Some(number) => ('B', number),
        None if state == State::Expired => ('A', VALIDITY_OVER),
        None => ('A', NO_ANSWER),
    };
    format!("{who}{what}:{number:04}").into_bytes()
}

/// The number that the other side's code begins with: ours are a number with its meaning behind it.
fn digits(r: &Receipt) -> Option<u32> {
    let text = words(&r.error);
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    if text[end..].starts_with(|c: char| c != ' ') {
        return None;
    }
    text[..end].parse().ok().filter(|n| *n <= 9999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(state: State, error: &str) -> Receipt {
        Receipt { state: state as i32, error: error.to_owned().into(), ..Receipt::default() }
    }

    fn mt(r: &Receipt, version: Version, to_gateway: bool) -> String {
        String::from_utf8_lossy(&of_mt(r, version, to_gateway)).into_owned()
    }

    #[test]
    fn what_others_said_is_kept() {
        let r = Receipt { stat: "HD:1".into(), ..receipt(State::Undeliverable, "5") };
        assert_eq!((mt(&r, Version::V2, true), mt(&r, Version::V3, false)), ("HD:1".into(), "HD:1".into()));
        let r = Receipt { stat: "MB:0012".into(), ..receipt(State::Rejected, "") };
        assert_eq!(of_mo(&r, Version::V2), &b"MB:0012"[..]);
    }

    #[test]
    fn failures_of_our_own_say_whose_they_are() {
        let refused = receipt(State::Rejected, "9 (forward judgement wrong)");
        assert_eq!((mt(&refused, Version::V2, true), mt(&refused, Version::V3, true)), ("REJECTD".into(), "IB:0009".into()));
        assert_eq!((mt(&refused, Version::V2, false), mt(&refused, Version::V3, false)), ("REJECTD".into(), "MB:0009".into()));
        let gone = receipt(State::Expired, "");
        assert_eq!((mt(&gone, Version::V2, true), mt(&gone, Version::V3, true)), ("EXPIRED".into(), "IA:0061".into()));
        assert_eq!(mt(&gone, Version::V3, false), "EXPIRED");
        assert_eq!(mt(&receipt(State::Failed, ""), Version::V3, true), "IA:0054");
        assert_eq!(mt(&receipt(State::Unknown, ""), Version::V3, false), "MA:0054");
        assert_eq!(mt(&receipt(State::Rejected, "ESME_RINVDSTADR"), Version::V3, false), "REJECTD");
    }

    #[test]
    fn an_sp_that_does_not_take_a_message_is_told_of() {
        let refused = receipt(State::Failed, "7 (service code error)");
        assert_eq!((of_mo(&refused, Version::V2), of_mo(&refused, Version::V3)), (b"REJECTD"[..].into(), b"SB:0007"[..].into()));
        assert_eq!(of_mo(&receipt(State::Expired, ""), Version::V3), &b"SA:0061"[..]);
        assert_eq!(of_mo(&receipt(State::Delivered, ""), Version::V3), &b"DELIVRD"[..]);
    }
}
