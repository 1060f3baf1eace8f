//! m-mbox-view-req: what is in the mailbox.

use std::collections::HashSet;

use bytes::BytesMut;
use waxwing_mms::{Amount, Content, EncodedText, Field, Header, MmFlag, MmState, Pdu, PduType, RawContent, ResponseStatus, Time, Version};

use super::Place;
use crate::mailbox::{Entry, MailboxError, Query, Whose};
use crate::mm1::Asked;
use crate::mm1::answer::{Reply, refusal};
use crate::{Centre, pdus};

/// Messages of one answer; the phone asks for further ones by X-Mms-Start.
const MOST: u64 = 500;
/// Keywords of one request.
const FLAGS: usize = 32;
/// What is told of each message where the request does not say.
const USUAL: [Field; 7] = [Field::MessageId, Field::Date, Field::From, Field::Subject, Field::MessageSize, Field::MmState, Field::MmFlags];

impl Centre {
    pub(crate) async fn mbox_view(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let subscriber = match self.mailbox_owner(pdu, asked).await {
            Ok(s) => s,
            Err(reply) => return reply,
        };
        match self.viewed(&Whose::from(&*subscriber), pdu).await {
            Ok(conf) => Reply::pdu(&conf),
            Err(View::Refused(status, text)) => {
                self.bad_input("mm1", "view", Some(asked.peer), &text);
                refusal(pdu, status, &text)
            }
            Err(View::Failed(e)) => {
                tracing::error!("a mailbox could not be read: {e}");
                refusal(pdu, ResponseStatus::TransientFailure, "Try again later.")
            }
        }
    }

    async fn viewed(&self, whose: &Whose, pdu: &Pdu) -> Result<Pdu, View> {
        let version = pdus::version(pdu.version.0.into());
        let named: Vec<&str> = pdu.content_locations().collect();
        let tokens = tokens(&named)?;
        let query = Query {
            tokens: tokens.clone(),
            states: pdu.headers.iter().filter_map(wanted_state).collect(),
            flags: wanted_flags(pdu)?,
            start: pdu.start().copied().unwrap_or(0),
            limit: pdu.limit().copied().unwrap_or(MOST).min(MOST),
        };
        // Locations that are all none of a mailbox lead to nothing, not to everything.
        let nothing = !named.is_empty() && tokens.is_empty();
        let entries = if nothing || query.limit == 0 { Vec::new() } else { self.mailboxes.select(whose, query).await? };
        let attributes: HashSet<Field> = pdu.headers.iter().filter_map(attribute).collect();
        let mut descriptions = Vec::with_capacity(entries.len());
        let mut left = self.options.max_size;
        for entry in &entries {
            let content = if attributes.contains(&Field::Content) { self.shown(entry)? } else { None };
            let size = content.as_ref().map_or(0, |c| c.wire().len());
            // At least one, else a phone would ask for the same again and again.
            if size > left && !descriptions.is_empty() {
                break;
            }
            left = left.saturating_sub(size);
            descriptions.push(self.described(entry, &attributes, version, content));
        }
        // The pages of a list of messages by name have an end as well.
        let missing =
            !named.is_empty() && pdu.start().is_none() && entries.len() < named.len().min(pdu.limit().map_or(usize::MAX, |l| *l as usize));
        let status = match missing {
            true if entries.is_empty() => ResponseStatus::PermanentMessageNotFound,
            true => ResponseStatus::TransientPartialSuccess,
            false => ResponseStatus::Ok,
        };
        let text = missing.then(|| EncodedText::from("Not all of these messages are in the mailbox."));
        let id = pdu.transaction_id.clone().unwrap_or_default();
        let conf = Pdu::mbox_view_conf(version, id, status, text, &descriptions);
        let conf = conf.map_err(|e| View::Refused(ResponseStatus::PermanentFailure, e.to_string()))?;
        Ok(conf.with_all(self.amounts(whose, pdu).await?).with(Header::MessageCount(descriptions.len() as u64)))
    }

    /// How much the mailbox holds and may hold, where that is asked for.
    async fn amounts(&self, whose: &Whose, pdu: &Pdu) -> Result<Vec<Header>, View> {
        let mut headers = Vec::new();
        if pdu.totals().copied().unwrap_or(false) {
            let totals = self.mailboxes.totals(whose).await?;
            headers.extend([Amount::Messages(totals.messages), Amount::Octets(totals.octets)].map(Header::MboxTotals));
        }
        if pdu.quotas().copied().unwrap_or(false) {
            let quota = self.mailboxes.quota();
            headers.extend([Amount::Messages(quota.messages), Amount::Octets(quota.octets)].map(Header::MboxQuotas));
        }
        Ok(headers)
    }

    fn shown(&self, entry: &Entry) -> Result<Option<RawContent>, View> {
        let content = self.media.get(&entry.media).map_err(|e| View::Refused(ResponseStatus::TransientFailure, e.to_string()))?;
        if content.is_none() {
            tracing::error!(content = %entry.media, "The content of a message of a mailbox is missing from the media store.");
        }
        Ok(content.and_then(|c| RawContent::split(c).ok()))
    }

    /// What is told of a message: where it is, and what was asked for.
    fn described(&self, entry: &Entry, attributes: &HashSet<Field>, version: Version, content: Option<RawContent>) -> Pdu {
        let all = attributes.contains(&Field::AdditionalHeaders);
        let is_wanted = |field: Field| match attributes.is_empty() {
            true => USUAL.contains(&field),
            false => attributes.contains(&field),
        };
        let mut headers = vec![Header::ContentLocation(self.options.mailbox_url(&entry.token))];
        if !entry.message_id.is_empty() && (all || is_wanted(Field::MessageId)) {
            headers.push(Header::MessageId(entry.message_id.clone()));
        }
        if is_wanted(Field::MmState) {
            headers.push(Header::MmState(entry.state));
        }
        if is_wanted(Field::MmFlags) {
            headers.extend(entry.flags.iter().map(|word| Header::MmFlags(MmFlag::Add(EncodedText::from(word.as_str())))));
        }
        if is_wanted(Field::MessageSize) {
            headers.push(Header::MessageSize(entry.size));
        }
        if let Some(expires) = entry.expires.filter(|_| is_wanted(Field::Expiry)) {
            headers.push(Header::Expiry(Time::At(expires / 1000)));
        }
        headers.extend(stored(entry).into_iter().filter(|h| h.field().is_none_or(|field| all || is_wanted(field))));
        Pdu::mbox_descr(version, headers, content.map(Content::Raw))
    }
}

/// Why there is no list.
enum View {
    Refused(ResponseStatus, String),
    Failed(MailboxError),
}

impl From<MailboxError> for View {
    fn from(e: MailboxError) -> View {
        View::Failed(e)
    }
}

/// The header fields that an entry was stored with.
fn stored(entry: &Entry) -> Vec<Header> {
    let mut octets = BytesMut::with_capacity(entry.headers.len() + 4);
    octets.extend_from_slice(&[0x8c, PduType::MboxDescr.code(), 0x8d, 0x80 | pdus::VERSION.0]);
    octets.extend_from_slice(&entry.headers);
    Pdu::decode_headers(octets.freeze()).map(|d| d.pdu.headers).unwrap_or_default()
}

fn tokens(named: &[&str]) -> Result<Vec<String>, View> {
    if named.len() as u64 > MOST {
        let text = format!("At most {MOST} messages can be named.");
        return Err(View::Refused(ResponseStatus::PermanentFormatCorrupt, text));
    }
    let kept = |url: &&str| match Place::of(url) {
        Some(Place::Kept(word)) => Some(word.to_owned()),
        _ => None,
    };
    Ok(named.iter().filter_map(kept).collect())
}

fn wanted_state(header: &Header) -> Option<MmState> {
    match header {
        Header::MmState(state) => Some(*state),
        _ => None,
    }
}

/// Keywords of which a message has to have one; other verbs than `filter` mean the same here.
fn wanted_flags(pdu: &Pdu) -> Result<Vec<String>, View> {
    let word = |header: &Header| match header {
        Header::MmFlags(MmFlag::Filter(word) | MmFlag::Add(word)) => Some(word.text.clone()),
        _ => None,
    };
    let words: Vec<String> = pdu.headers.iter().filter_map(word).collect();
    if words.len() > FLAGS {
        let text = format!("At most {FLAGS} keywords can be looked for.");
        return Err(View::Refused(ResponseStatus::PermanentFormatCorrupt, text));
    }
    Ok(words)
}

fn attribute(header: &Header) -> Option<Field> {
    match header {
        Header::Attributes(field) => Some(*field),
        _ => None,
    }
}
