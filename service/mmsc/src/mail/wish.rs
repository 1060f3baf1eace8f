//! Whom the reports about a message that came by mail go to, and what they must repeat; travels with the message and its receipts.

use waxwing_core::want;
use waxwing_mail::smtp::{Recipient, Sender};

/// Kept in [`waxwing_core::Message::door_data`], fields apart by tabs: none of them can have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// The envelope's sender.
    pub(super) sender: String,
    /// Its own number for the envelope (ENVID); empty if none.
    pub(super) envelope_id: String,
    /// The envelope's recipient, as it was written.
    pub(super) recipient: String,
    /// For whom it was at first (ORCPT), without its type; empty if that was not said.
    pub(super) original: String,
}

impl Wish {
    pub(super) fn new(sender: &Sender, recipient: &Recipient) -> Wish {
        let original = recipient.original.as_deref().and_then(|o| o.split_once(';')).map(|(_, address)| address);
        Wish {
            sender: plain(sender.address.as_deref().unwrap_or_default()),
            envelope_id: plain(sender.envid.as_deref().unwrap_or_default()),
            recipient: plain(&recipient.address),
            original: plain(original.unwrap_or_default()),
        }
    }

    pub(super) fn to_text(&self) -> String {
        [&*self.sender, &*self.envelope_id, &*self.recipient, &*self.original].join("\t")
    }

    /// Nothing but empty fields where it is of another door.
    pub(super) fn of_text(text: &str) -> Wish {
        let mut fields = text.split('\t').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Wish { sender: next(), envelope_id: next(), recipient: next(), original: next() }
    }
}

/// Which receipts the sender is to get of a recipient. Whoever says nothing hears of failures only (RFC 3461, 4.1), and nobody is told
/// whose address is `<>`. `by_header`: the message itself asks for a delivery report.
pub(super) fn wanted(sender: &Sender, recipient: &Recipient, by_header: bool) -> u32 {
    let wish = |is_wanted: bool, event: u32| if is_wanted { event } else { 0 };
    match (&sender.address, recipient.notify) {
        (None, _) => 0,
        (_, Some(n)) => wish(n.success, want::DELIVERED) | wish(n.failure, want::FAILED),
        (_, None) => want::FAILED | wish(by_header, want::DELIVERED),
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use waxwing_mail::smtp::Notify;

    use super::*;

    #[test]
    fn it_comes_back_and_says_who_is_told() {
        let sender = Sender { address: Some("bob@example.com".into()), envid: Some("A\t1".into()), ..Sender::default() };
        let to = "+447700900123@mms.example.net";
        let recipient = Recipient { address: to.into(), original: Some("rfc822;sales@example.com".into()), notify: None };
        let wish = Wish::new(&sender, &recipient);
        assert_eq!((&*wish.sender, &*wish.envelope_id, &*wish.recipient), ("bob@example.com", "A1", to));
        assert_eq!(wish.original, "sales@example.com");
        assert_eq!(Wish::of_text(&wish.to_text()), wish);
        assert_eq!(Wish::of_text(""), Wish::default());

        let notify = |success, failure| Recipient { notify: Some(Notify { success, failure, delay: false }), ..recipient.clone() };
        assert_eq!(wanted(&sender, &recipient, false), want::FAILED);
        assert_eq!(wanted(&sender, &recipient, true), want::FAILED | want::DELIVERED);
        assert_eq!(wanted(&sender, &notify(false, false), true), 0);
        assert_eq!(wanted(&sender, &notify(true, false), false), want::DELIVERED);
        assert_eq!(wanted(&Sender::default(), &notify(true, true), true), 0);
    }
}
