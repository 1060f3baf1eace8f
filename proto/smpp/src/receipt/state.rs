//! Words for message states in the text of receipts.

use crate::MessageState;

/// Words that are seen in the field, besides the seven of SMPP 3.4 appendix B.
const WORDS: &[(&str, MessageState)] = &[
    ("ACCEPTD", MessageState::ACCEPTED),
    ("ACCEPTED", MessageState::ACCEPTED),
    ("ACCEPT", MessageState::ACCEPTED),
    ("ACKED", MessageState::ENROUTE),
    ("BUFFERD", MessageState::ENROUTE),
    ("BUFFERED", MessageState::ENROUTE),
    ("BUFFRED", MessageState::ENROUTE),
    ("DELETED", MessageState::DELETED),
    ("DELETD", MessageState::DELETED),
    ("DELIVRD", MessageState::DELIVERED),
    ("DELIVERD", MessageState::DELIVERED),
    ("DELIVERED", MessageState::DELIVERED),
    ("DELIVER", MessageState::DELIVERED),
    ("DELIVD", MessageState::DELIVERED),
    ("DLVRD", MessageState::DELIVERED),
    ("ENROUTE", MessageState::ENROUTE),
    ("EN_ROUTE", MessageState::ENROUTE),
    ("EN-ROUTE", MessageState::ENROUTE),
    ("ENROUTED", MessageState::ENROUTE),
    ("EXPIRED", MessageState::EXPIRED),
    ("EXPIRD", MessageState::EXPIRED),
    ("FAILED", MessageState::UNDELIVERABLE),
    ("FAIL", MessageState::UNDELIVERABLE),
    ("REJECTD", MessageState::REJECTED),
    ("REJECTED", MessageState::REJECTED),
    ("REJECT", MessageState::REJECTED),
    ("REJCTED", MessageState::REJECTED),
    ("REJD", MessageState::REJECTED),
    ("SCHEDLD", MessageState::SCHEDULED),
    ("SCHEDULED", MessageState::SCHEDULED),
    ("SENT", MessageState::ENROUTE),
    ("SKIPPED", MessageState::SKIPPED),
    ("SUBMITD", MessageState::ENROUTE),
    ("SUBMITTED", MessageState::ENROUTE),
    ("UNDELIV", MessageState::UNDELIVERABLE),
    ("UNDELIVRD", MessageState::UNDELIVERABLE),
    ("UNDELIVERD", MessageState::UNDELIVERABLE),
    ("UNDELIVERED", MessageState::UNDELIVERABLE),
    ("UNDELIVERABLE", MessageState::UNDELIVERABLE),
    ("UNDELVD", MessageState::UNDELIVERABLE),
    ("UNDLVRD", MessageState::UNDELIVERABLE),
    ("UNKNOWN", MessageState::UNKNOWN),
    ("UNKNOWM", MessageState::UNKNOWN),
    ("UNKNOW", MessageState::UNKNOWN),
    ("UNKNWN", MessageState::UNKNOWN),
];

/// The state that the word after `stat:` means, upper and lower case alike; also the digit of message_state. `None` for other words.
pub fn parse_state(word: &[u8]) -> Option<MessageState> {
    if let [digit @ b'0'..=b'9'] = word {
        return Some(MessageState(digit - b'0'));
    }
    WORDS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word)).map(|(_, state)| *state)
}

/// The word for a state in the text of a receipt (SMPP 3.4 appendix B; SCHEDLD and SKIPPED for the two states of 5.0).
pub const fn state_word(state: MessageState) -> &'static str {
    match state {
        MessageState::SCHEDULED => "SCHEDLD",
        MessageState::ENROUTE => "ENROUTE",
        MessageState::DELIVERED => "DELIVRD",
        MessageState::EXPIRED => "EXPIRED",
        MessageState::DELETED => "DELETED",
        MessageState::UNDELIVERABLE => "UNDELIV",
        MessageState::ACCEPTED => "ACCEPTD",
        MessageState::REJECTED => "REJECTD",
        MessageState::SKIPPED => "SKIPPED",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_word_that_means_it() {
        for state in MessageState::ALL {
            assert_eq!(parse_state(state_word(*state).as_bytes()), Some(*state));
            assert_eq!(parse_state(state.to_string().as_bytes()), Some(*state));
        }
        assert_eq!(parse_state(b"delivrd"), Some(MessageState::DELIVERED));
        assert_eq!(parse_state(b"5"), Some(MessageState::UNDELIVERABLE));
        assert_eq!(parse_state(b"whatever"), None);
    }
}
