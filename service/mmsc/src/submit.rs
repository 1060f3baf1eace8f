//! The one way in for multimedia messages: recipients get their ways, the content is stored once, and all of it is durable together.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;
use waxwing_api::multimedia_queue;
use waxwing_core::{Account, Address, AddressError, Door, Kind, Mask, Message, Millis, MsgId, SubmitError, want};
use waxwing_media::MediaError;
use waxwing_mms::{EncodeError, Header, MmsAddress, Priority, Sender};
use waxwing_spool::{NewEntry, QueueId};

use crate::centre::{ACCOUNT, owner};
use crate::counters::WayLabel;
use crate::log::kind;
use crate::notify::millis;
use crate::options::Unknown;
use crate::{Centre, Draft, Facts, Way, token};

/// What was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The X-Mms-Message-ID.
    pub message_id: String,
    /// A message for each recipient that was taken.
    pub accepted: Vec<(MmsAddress, MsgId)>,
    /// Recipients that were not, and why.
    pub refused: Vec<(MmsAddress, MmsError)>,
}

/// Why a multimedia message, or one of its recipients, is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MmsError {
    /// Nobody to send it to.
    #[error("there is no recipient")]
    NoRecipient,
    /// Too many.
    #[error("there are {0} recipients, at most {1} are taken")]
    Recipients(usize, usize),
    /// The content is too large.
    #[error("the message has {0} octets, at most {1} are taken")]
    TooLarge(u64, u64),
    /// The recipient is no number and no e-mail address.
    #[error("{0:?} is neither a phone number nor an e-mail address")]
    Address(String),
    /// The number cannot be.
    #[error(transparent)]
    Number(#[from] AddressError),
    /// No way leads there.
    #[error("{0} is no subscriber, and [mmsc] unknown and its routes refuse such numbers")]
    NoWay(String),
    /// The number is an account's, which has nowhere to take it.
    #[error("{0} is a number of the account {1:?}, which has no webhook to take multimedia messages")]
    NoWebhook(String, String),
    /// The subscriber may not receive.
    #[error("{0} may not receive multimedia messages")]
    MayNotReceive(String),
    /// E-mail does not leave.
    #[error("e-mail does not leave this message centre; [mmsc] smtp_relay is not set")]
    NoMail,
    /// The sender may not be used.
    #[error("the account may not send as {0:?}; allowed senders are listed in its senders setting")]
    SenderNotAllowed(String),
    /// The account may not send MMS.
    #[error("the account may not send mms; add it to its allow setting")]
    NotAllowed,
    /// The times make no sense.
    #[error("the message would expire before it could be delivered")]
    Expired,
    /// What may not leave its phone is to be shown elsewhere.
    #[error("its content may not leave the phone it is sent to, and {0} is reached by a page, a webhook or e-mail")]
    Locked(String),
    /// Something of it has no coding.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The content cannot be stored now.
    #[error("the content cannot be stored: {0}")]
    Media(String),
    /// The gateway's own reasons: limits, health.
    #[error(transparent)]
    Gateway(#[from] SubmitError),
    /// No random numbers.
    #[error("the system has no random numbers")]
    Random,
}

impl MmsError {
    /// Worth trying again, unchanged, after this many milliseconds.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            MmsError::Media(_) | MmsError::Random => Some(1000),
            MmsError::Gateway(e) => e.retry_after(),
            _ => None,
        }
    }
}

impl From<MediaError> for MmsError {
    fn from(e: MediaError) -> MmsError {
        MmsError::Media(e.to_string())
    }
}

/// Where a recipient is to be found.
struct Place {
    way: Way,
    queue: QueueId,
    destination: Address,
    /// The largest message that it takes, octets.
    most: Option<u64>,
}

impl Centre {
    /// Takes a message of an account: all its recipients that can be reached, durable together, or none.
    ///
    /// # Errors
    /// When it is refused as a whole. Single recipients are told in [`Submitted::refused`]; when all of them are refused, the first reason is
    /// the error.
    pub async fn submit(&self, account: &Arc<Account>, draft: Draft) -> Result<Submitted, MmsError> {
        let now = self.now();
        let size = draft.content.wire().len() as u64;
        if !account.config.mms {
            return Err(MmsError::NotAllowed);
        }
        if size > self.options.max_size as u64 {
            return Err(MmsError::TooLarge(size, self.options.max_size as u64));
        }
        let recipients: Vec<MmsAddress> = distinct(draft.recipients());
        match recipients.len() {
            0 => return Err(MmsError::NoRecipient),
            n if n > self.options.max_recipients => return Err(MmsError::Recipients(n, self.options.max_recipients)),
            _ => {}
        }
        let last = now + millis(self.options.retention);
        let due = draft.not_before.filter(|&t| t > now).unwrap_or(0);
        let expires = draft.expires.unwrap_or(last).min(last.max(due + 60_000));
        if expires <= now.max(due) {
            return Err(MmsError::Expired);
        }
        let source = sender(account, &draft.from)?;
        let facts = self.facts(&draft, now, size)?;
        let mut refused = Vec::new();
        let (mut entries, mut taken) = (Vec::with_capacity(recipients.len()), Vec::with_capacity(recipients.len()));
        let (mut ways, mut places) = (Vec::with_capacity(recipients.len()), HashMap::new());
        for recipient in recipients {
            match self.place(&recipient, draft.locked || !draft.rights.is_empty()) {
                // The same number in another spelling is the same recipient.
                Ok(place) if places.contains_key(&place.destination.octets) => {
                    taken.extend(places.get(&place.destination.octets).map(|at| (recipient, *at)));
                }
                Ok(Place { most: Some(most), .. }) if size > most && !self.can_shrink(&draft) => {
                    refused.push((recipient, MmsError::TooLarge(size, most)));
                }
                Ok(place) => {
                    let entry = self.entry(account, &draft, &facts, &source, &recipient, &place, (due, expires))?;
                    taken.push((recipient, entries.len()));
                    places.insert(place.destination.octets, entries.len());
                    entries.push(entry);
                    ways.push(place.way);
                }
                Err(e) => refused.push((recipient, e)),
            }
        }
        if entries.is_empty() {
            return Err(refused.into_iter().next().map_or(MmsError::NoRecipient, |(_, e)| e));
        }
        // First the content, then who needs it; it stays while the pin lives, and from then on because they do.
        let pin = self.media.put(draft.content.wire().clone()).await?;
        let media = Bytes::copy_from_slice(pin.id().as_bytes());
        for (entry, facts) in &mut entries {
            facts.media = media.clone();
            entry.native = facts.to_bytes();
        }
        let (entries, entries_to): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|(message, facts)| (message.into_entry(), facts.recipient)).unzip();
        let ids = self.gateway.accept(account, entries).await?;
        let id = *pin.id();
        for (id_of_message, way) in ids.iter().zip(&ways) {
            self.media.hold(&id, owner(*id_of_message));
            self.counters.accepted.get_or_create(&WayLabel { way: way.name().to_owned() }).inc();
        }
        drop(pin);
        // Those who are told by an SMS get their line with its number, when it is sent.
        let logged = ids.iter().zip(&entries_to).zip(&ways).filter(|(_, way)| matches!(way, Way::Mail | Way::Application));
        for ((id, recipient), way) in logged {
            let ip = draft.peer.map(|p| p.ip().to_string()).unwrap_or_default();
            let who = if &*account.name == ACCOUNT { draft.from.bare() } else { vasp(account) };
            self.journal.line(now, kind::IN, &[&ip, &who, recipient, &id.to_string(), way.name(), &size.to_string()]);
        }
        let accepted = taken.into_iter().filter_map(|(r, at)| Some((r, *ids.get(at)?))).collect();
        Ok(Submitted { message_id: self.message_id(&facts), accepted, refused })
    }

    /// What is known of it, the same for all recipients but for the tokens.
    pub(crate) fn facts(&self, draft: &Draft, now: Millis, size: u64) -> Result<Facts, MmsError> {
        let mut headers = Vec::with_capacity(160);
        let mut add = |header: Header| {
            header.write(&mut headers).map_err(|error| MmsError::Encode(EncodeError::Value { place: "a header field", error }))
        };
        add(Header::Date(now / 1000))?;
        if !draft.hide_sender {
            add(Header::From(Sender::Address(draft.from.clone())))?;
        }
        draft.to.iter().cloned().map(Header::To).try_for_each(&mut add)?;
        draft.cc.iter().cloned().map(Header::Cc).try_for_each(&mut add)?;
        if let Some(subject) = &draft.subject {
            add(Header::Subject(subject.clone()))?;
        }
        add(Header::MessageClass(draft.class.clone()))?;
        add(Header::Priority(draft.priority))?;
        add(Header::DeliveryReport(draft.delivery_report))?;
        add(Header::ReadReport(draft.read_report))?;
        headers.extend_from_slice(&draft.more_headers);
        Ok(Facts {
            message_id: token::number().map_err(|_| MmsError::Random)?,
            headers: Bytes::from(headers),
            from: if draft.hide_sender { String::new() } else { draft.from.to_string() },
            subject: draft.subject.as_ref().map(|s| s.text.clone()).unwrap_or_default(),
            class: draft.class.name().to_owned(),
            priority: match draft.priority {
                Priority::Low => 0,
                Priority::High => 2,
                _ => 1,
            },
            delivery_report: draft.delivery_report,
            read_report: draft.read_report,
            size,
            may_adapt: draft.may_adapt,
            locked: draft.locked,
            rights: draft.rights.clone(),
            version: draft.version.into(),
            date: now / 1000,
            ..Facts::default()
        })
    }

    /// Whether there is a way to a recipient.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn reaches(&self, recipient: &MmsAddress) -> Result<(), MmsError> {
        self.place(recipient, false).map(drop)
    }

    /// Whether a message can be made smaller for the phone that fetches it.
    fn can_shrink(&self, draft: &Draft) -> bool {
        self.options.adapt && draft.may_adapt && !draft.locked
    }

    /// The way to a recipient.
    fn place(&self, recipient: &MmsAddress, is_locked: bool) -> Result<Place, MmsError> {
        if let MmsAddress::Email(mail) = recipient {
            return match self.options.mail {
                _ if is_locked => Err(MmsError::Locked(mail.clone())),
                true => Ok(Place { way: Way::Mail, queue: self.mail, destination: mail_address(mail), most: None }),
                false => Err(MmsError::NoMail),
            };
        }
        let Some(number) = recipient.number() else { return Err(MmsError::Address(recipient.to_string())) };
        let setup = self.gateway.setup();
        let destination = setup.normaliser.recipient(&Address::parse(number))?;
        let normal = destination.as_text();
        let mut queue = self.phones;
        let subscriber = self.subscribers.by_number(&normal);
        let most = subscriber.as_ref().and_then(|s| s.max_size);
        let way = match subscriber {
            Some(s) if !s.may_receive => return Err(MmsError::MayNotReceive(recipient.bare())),
            Some(s) if s.web_link => Way::Link,
            Some(_) => Way::Phone,
            None => match setup.accounts.owner_of(&normal) {
                Some(account) if account.config.webhook.is_some() => {
                    queue = multimedia_queue(&self.gateway, &account.name);
                    Way::Application
                }
                Some(account) => return Err(MmsError::NoWebhook(recipient.bare(), account.name.to_string())),
                None => match self.options.way(&normal) {
                    Unknown::Phone => Way::Phone,
                    Unknown::Link => Way::Link,
                    Unknown::Refuse => return Err(MmsError::NoWay(recipient.bare())),
                },
            },
        };
        if way != Way::Phone && is_locked {
            return Err(MmsError::Locked(recipient.bare()));
        }
        drop(normal);
        Ok(Place { way, queue, destination, most })
    }

    #[allow(clippy::too_many_arguments)]
    fn entry(
        &self,
        account: &Account,
        draft: &Draft,
        facts: &Facts,
        source: &Address,
        recipient: &MmsAddress,
        place: &Place,
        (due, expires): (Millis, Millis),
    ) -> Result<(Pending, Facts), MmsError> {
        let facts = Facts {
            token: token::token().map_err(|_| MmsError::Random)?,
            link: token::token().map_err(|_| MmsError::Random)?,
            way: place.way as i32,
            recipient: recipient.to_string(),
            ..facts.clone()
        };
        let wish = if draft.delivery_report { want::DELIVERED | want::FAILED } else { 0 };
        let (want, door_data) = match draft.each.get(&facts.recipient) {
            Some((want, data)) => (*want, data.clone()),
            None => (wish | draft.want, draft.door_data.clone()),
        };
        let message = Message {
            kind: Kind::Mms as i32,
            door: draft.door as i32,
            source: source.clone(),
            destination: place.destination.clone(),
            text: Some(facts.subject.clone()),
            want,
            callback: draft.callback.clone(),
            // The number that the sender knows it by leads back to it.
            reference: if draft.door == Door::Mm1 { facts.message_id.clone() } else { draft.reference.clone() },
            door_data,
            tell: if draft.door == Door::Mail { ACCOUNT.into() } else { String::new() },
            submitted_from: Bytes::from(draft.peer.map(|p| p.ip().to_string()).unwrap_or_default()),
            connector: if draft.connector.is_empty() { "mmsc".into() } else { draft.connector.clone() },
            validity_given: draft.expires.is_some(),
            size: facts.size,
            ..Message::default()
        };
        let priority = match draft.priority {
            Priority::Low => 0,
            Priority::High => 2,
            _ => 1,
        };
        // The recipients of one message have one key between them.
        let dedup = draft.idempotency.as_ref().map(|key| Bytes::from([key, &b"\0"[..], recipient.to_string().as_bytes()].concat()));
        let entry = NewEntry {
            queue: place.queue,
            group: account.group,
            priority: priority.min(account.config.max_priority),
            due,
            expires,
            dedup,
            body: Bytes::new(),
        };
        Ok((Pending { message, entry, native: Bytes::new() }, facts))
    }
}

/// What NowSMS's log calls an account.
pub(crate) fn vasp(account: &Account) -> String {
    format!("VASP:{}", account.name)
}

/// An entry whose message is not complete yet.
struct Pending {
    message: Message,
    entry: NewEntry,
    native: Bytes,
}

impl Pending {
    fn into_entry(self) -> NewEntry {
        let message = Message { native: self.native, ..self.message };
        NewEntry { body: message.to_bytes(), ..self.entry }
    }
}

/// Each recipient once, in their order.
fn distinct<'a>(all: impl Iterator<Item = &'a MmsAddress>) -> Vec<MmsAddress> {
    let mut seen = std::collections::HashSet::new();
    all.filter(|r| seen.insert(r.to_string().to_ascii_lowercase())).cloned().collect()
}

/// An e-mail address where a number would stand; longer than a number may be.
pub(crate) fn mail_address(mail: &str) -> Address {
    Address { ton: waxwing_core::TON_ALPHANUMERIC, npi: 0, octets: Bytes::copy_from_slice(mail.as_bytes()) }
}

/// The sender that the account's settings allow, as an address for the ledger and for SMS.
fn sender(account: &Account, from: &MmsAddress) -> Result<Address, MmsError> {
    let source = match from {
        MmsAddress::Email(mail) => mail_address(mail),
        other => Address::parse(&other.bare()),
    };
    let shown = source.as_text();
    let is_allowed = account.config.senders.is_empty() || account.config.senders.iter().any(|m: &Mask| m.matches(&shown));
    let is_allowed = is_allowed || account.config.default_sender.as_deref() == Some(&*shown);
    if is_allowed {
        drop(shown);
        Ok(source)
    } else {
        Err(MmsError::SenderNotAllowed(shown.into_owned()))
    }
}
