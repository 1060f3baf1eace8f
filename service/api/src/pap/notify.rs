//! Result notifications: what the initiator is posted when a push has reached its end.

use waxwing_core::{Message, Receipt, State, words};
use waxwing_wap::pap::{Code, MessageState, Pap, PapMessage, PushAddress, ResultNotification};

use super::{PRODUCT, timestamp};

/// Tells what the initiator called back from what the carrier deleted: the state's spelling in the receipt.
pub(super) const CANCELLED: &[u8] = b"CANCELLED";

/// The body of a result notification.
pub(crate) fn notification(m: &Message, receipt: &Receipt) -> String {
    let state = State::try_from(receipt.state).unwrap_or(State::Unknown);
    let (state, code) = outcome(state, receipt.stat[..] == *CANCELLED);
    let description = match (receipt.reason.as_str(), words(&receipt.error)) {
        ("", "") => None,
        ("", error) => Some(format!("error {error}")),
        (reason, "") => Some(reason.to_owned()),
        (reason, error) => Some(format!("error {error}: {reason}")),
    };
    // The receipt travels from the recipient to the sender.
    let address = Some(m.door_data.clone()).filter(|a| !a.is_empty());
    let message = PapMessage::ResultNotification(ResultNotification {
        push_id: m.reference.clone(),
        sender_address: None,
        sender_name: Some(PRODUCT.to_owned()),
        received_time: timestamp(receipt.submitted),
        event_time: timestamp(receipt.done),
        state,
        code,
        description,
        address: address.unwrap_or_else(|| PushAddress::number(m.source.to_string(), "").to_string()),
        quality: None,
    });
    Pap { product: Some(PRODUCT.to_owned()), ..Pap::from(message) }.to_xml()
}

/// What a state is called, and its code. A deleted message was either called back here, or the carrier did away with it.
pub(super) fn outcome(state: State, called_back: bool) -> (MessageState, Code) {
    match state {
        State::Queued | State::Enroute | State::Accepted => (MessageState::Pending, Code::ACCEPTED),
        State::Delivered => (MessageState::Delivered, Code::OK),
        // The carrier has it, and will not tell what becomes of it.
        State::Sent => (MessageState::Unknown, Code::OK),
        State::Expired => (MessageState::Expired, Code::SERVICE_FAILURE),
        State::Deleted if called_back => (MessageState::Cancelled, Code::OK),
        State::Deleted => (MessageState::Aborted, Code::ABORTED),
        State::Undeliverable | State::Rejected | State::Skipped | State::Failed => (MessageState::Undeliverable, Code::SERVICE_FAILURE),
        State::Unknown => (MessageState::Unknown, Code::SERVICE_FAILURE),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_notification_is_about_its_push() {
        let receipt = Receipt {
            state: State::Undeliverable as i32,
            error: "001".into(),
            submitted: 1_700_000_000_000,
            done: 1_700_000_001_999,
            ..Receipt::default()
        };
        let m = Message { reference: "1@a".into(), door_data: "WAPPUSH=+1/TYPE=PLMN@ppg".into(), ..Message::default() };
        let PapMessage::ResultNotification(n) = Pap::from_xml(&notification(&m, &receipt)).unwrap().message else { panic!() };
        assert_eq!((n.push_id.as_str(), n.address.as_str()), ("1@a", "WAPPUSH=+1/TYPE=PLMN@ppg"));
        assert_eq!((n.state, n.code, n.description.as_deref()), (MessageState::Undeliverable, Code(4000), Some("error 001")));
        assert_eq!(n.event_time.unwrap().to_string(), "2023-11-14T22:13:21Z");
        let called_back = Receipt { state: State::Deleted as i32, stat: CANCELLED.into(), ..Receipt::default() };
        assert!(notification(&m, &called_back).contains("message-state=\"cancelled\" code=\"1000\""));
    }
}
