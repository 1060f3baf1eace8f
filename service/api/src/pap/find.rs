//! Pushes by their push-id, as the record of messages has them.

use waxwing_core::{Address, Kind};
use waxwing_ledger::{MessageRecord, Query as LedgerQuery};
use waxwing_wap::pap::{AddressKind, Code, MAX_ADDRESSES, PushAddress};

use super::{Initiator, Refusal};

/// Records read at a time.
const PAGE: usize = 1000;
/// Pages looked at, those counted that ended because time was over.
const PAGES: usize = 4 * MAX_ADDRESSES / PAGE;

/// An address of a message, and the number that it stands for in normal form.
pub(super) struct Recipient {
    /// As the initiator wrote it.
    pub(super) value: String,
    pub(super) number: Address,
}

impl Initiator<'_> {
    /// The messages of a push, in the order of their addresses.
    ///
    /// # Errors
    /// There is no record, or it cannot be read.
    pub(super) async fn messages_of(&self, push_id: &str) -> Result<Vec<MessageRecord>, Refusal> {
        let ledger = self.state.ledger();
        let ledger = ledger.ok_or_else(|| Refusal::new(Code::NOT_IMPLEMENTED, "this gateway keeps no record of messages"))?;
        let gateway = self.state.gateway();
        // It waits until what was accepted a moment ago is in the record.
        gateway.find_reference(&self.account, push_id, gateway.clock.now()).await;
        let mut query = LedgerQuery {
            account: Some(self.account.name.to_string()),
            reference: Some(push_id.to_owned()),
            kind: Some(Kind::Mt),
            limit: PAGE,
            ..LedgerQuery::default()
        };
        let mut found: Vec<MessageRecord> = Vec::new();
        for _ in 0..PAGES {
            let page = ledger.search(query.clone()).await.map_err(|e| Refusal::new(Code::SERVICE_FAILURE, e.to_string()))?;
            // A reference of several words is found by each of them, and other doors have references too.
            found.extend(page.messages.into_iter().filter(|m| m.door == waxwing_core::Door::Pap.name() && m.reference == push_id));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        found.reverse();
        Ok(found)
    }

    /// The same, where there have to be some.
    ///
    /// # Errors
    /// 2004 where there are none.
    pub(super) async fn known(&self, push_id: &str) -> Result<Vec<MessageRecord>, Refusal> {
        let found = self.messages_of(push_id).await?;
        if found.is_empty() {
            return Err(Refusal::new(Code::PUSH_ID_NOT_FOUND, format!("there is no push {push_id:?} of this account")));
        }
        Ok(found)
    }

    /// The number that an address stands for.
    ///
    /// # Errors
    /// 2002 where it is none, 2003 where nobody is known by it, 2006 where it is of a network that pushes do not go over.
    pub(super) fn recipient(&self, value: &str) -> Result<Recipient, Refusal> {
        let address = PushAddress::parse(value).map_err(|e| Refusal::new(Code::ADDRESS_ERROR, e.to_string()))?;
        let number = match address.kind {
            AddressKind::Plmn => address.client,
            AddressKind::User => match PushAddress::parse(&address.client) {
                Ok(PushAddress { kind: AddressKind::Plmn, client, .. }) => client,
                _ => {
                    let why =
                        format!("{value:?}: no handset is known by this name; give its number, as in WAPPUSH=+447700900123/TYPE=PLMN");
                    return Err(Refusal::new(Code::ADDRESS_NOT_FOUND, why));
                }
            },
            AddressKind::Ipv4 | AddressKind::Ipv6 => {
                let why =
                    format!("{value:?}: pushes go over SMS, and not to IP addresses; give a number, as in WAPPUSH=+447700900123/TYPE=PLMN");
                return Err(Refusal::new(Code::CAPABILITIES_NOT_SUPPORTED, why));
            }
        };
        let setup = self.state.gateway().setup();
        let normaliser = self.account.normaliser.as_ref().unwrap_or(&setup.normaliser);
        let number =
            normaliser.recipient(&Address::parse(&number)).map_err(|e| Refusal::new(Code::ADDRESS_ERROR, format!("{value:?}: {e}")))?;
        Ok(Recipient { value: value.to_owned(), number })
    }

    /// The address of a message, for those that asked for all.
    pub(super) fn address_of(&self, message: &MessageRecord) -> String {
        PushAddress::number(message.destination.to_string(), self.host.as_str()).to_string()
    }
}
