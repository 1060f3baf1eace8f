//! Multimedia messages at the HTTP doors: what they ask of a message centre, which is not this crate's, and how its steps are told.
//!
//! The centre stands above this crate, so it is known here as an [`MmsDoor`] that whoever wires the two hands over.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use waxwing_core::{Account, Door, Gateway, Message, Millis, MsgId};
use waxwing_ledger::{EventKind, EventRecord};
use waxwing_spool::QueueId;
use waxwing_wap::document::{Constraint, Permission, PermissionKind};

use crate::hooks::WEBHOOK;
use crate::{ApiState, Problem};

/// A message centre, as the HTTP doors need one.
pub trait MmsDoor: Send + Sync {
    /// Takes a message: one outcome for each recipient, in the order of `to`, `cc`, `bcc`.
    ///
    /// # Errors
    /// When the message is refused as a whole; `field` names what is wrong in it.
    fn submit<'a>(&'a self, account: &'a Arc<Account>, request: MmsRequest) -> BoxFuture<'a, Result<Vec<MmsOutcome>, Problem>>;

    /// The parts of a message that is still stored; `None` where it is not, or is no multimedia message. Who may see it is the caller's
    /// business.
    ///
    /// # Errors
    /// When the content cannot be read.
    fn content(&self, id: MsgId) -> BoxFuture<'_, Result<Option<Vec<MmsPart>>, Problem>>;

    /// What an application gets of a message that came for it; `None` where its content is gone.
    ///
    /// # Errors
    /// When the content cannot be read.
    fn received<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Option<MmsReceived>, Problem>>;

    /// The profile (UAProf document) of the phone with this number, as the phone named it when it last fetched a message; `None` where none
    /// is known, or it cannot be had.
    fn profile<'a>(&'a self, _number: &'a str) -> BoxFuture<'a, Option<Bytes>> {
        Box::pin(std::future::ready(None))
    }

    /// Why it takes no messages at the moment, if it does not.
    fn unhealthy(&self) -> Option<String> {
        None
    }

    /// Brings up to date what is looked up only when metrics are asked for.
    fn refresh_metrics(&self) {}
}

/// A multimedia message that came for an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MmsReceived {
    /// The sender as the recipient may see it: a number, an e-mail address; empty = hidden.
    pub from: String,
    /// The subject; empty = none.
    pub subject: String,
    /// X-Mms-Message-Class, as text (`personal`).
    pub class: String,
    /// 0 low, 1 normal, 2 high.
    pub priority: u8,
    /// Its parts, the presentation among them.
    pub parts: Vec<MmsPart>,
}

/// Where multimedia messages for an account's webhook wait: apart from everything else for it, so that the centre finds those whose content
/// it must keep.
pub fn multimedia_queue(gateway: &Gateway, account: &str) -> QueueId {
    gateway.spool.queue(&format!("mms-hook:{account}"))
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct MmsOutcome {
    /// The recipient, as given.
    pub to: String,
    /// The message's number, or why there is none.
    pub result: Result<MsgId, Problem>,
}

/// A multimedia message that somebody wants to send, whatever way it was written down.
#[derive(Clone, Debug, PartialEq)]
pub struct MmsRequest {
    /// By which door it came.
    pub door: Door,
    /// Recipients: numbers as for SMS, or e-mail addresses.
    pub to: Vec<String>,
    /// Recipients of copies.
    pub cc: Vec<String>,
    /// Recipients whom the others do not see.
    pub bcc: Vec<String>,
    /// The sender: a number, an e-mail address or a word; empty = the account's default.
    pub from: String,
    /// The subject; empty = none.
    pub subject: String,
    /// What it is made of, texts among it, in the order in which it is shown.
    pub parts: Vec<MmsPart>,
    /// The presentation; it is made where this is `None` and none of the parts is one.
    pub smil: Option<String>,
    /// The class.
    pub class: MmsClass,
    /// 0 low, 1 normal, 2 high.
    pub priority: u8,
    /// Which receipts the submitter wants: bits of [`waxwing_core::want`].
    pub want: u32,
    /// The recipient's phone is asked to tell when the message was read.
    pub read_report: bool,
    /// Recipients do not see who sends it.
    pub hide_sender: bool,
    /// It may be changed so that it fits the phone.
    pub may_adapt: bool,
    /// Not to be told of before (absolute).
    pub not_before: Option<Millis>,
    /// Not to be kept longer (absolute).
    pub expires: Option<Millis>,
    /// What may be done with it (OMA DRM 1.0).
    pub protection: Option<Protection>,
    /// Further header fields of the PDU, by name and value.
    pub headers: Vec<(String, String)>,
    /// The submitter's own reference.
    pub reference: String,
    /// Where receipts go, if not where the account says.
    pub callback: String,
    /// The same key again within a day is the same message.
    pub idempotency: Option<Bytes>,
    /// Where it came from.
    pub peer: Option<SocketAddr>,
}

impl MmsRequest {
    /// An empty one, with all as usual.
    pub fn new(door: Door) -> MmsRequest {
        MmsRequest {
            door,
            to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            from: String::new(),
            subject: String::new(),
            parts: Vec::new(),
            smil: None,
            class: MmsClass::Personal,
            priority: 1,
            want: 0,
            read_report: false,
            hide_sender: false,
            may_adapt: true,
            not_before: None,
            expires: None,
            protection: None,
            headers: Vec::new(),
            reference: String::new(),
            callback: String::new(),
            idempotency: None,
            peer: None,
        }
    }

    /// All recipients, in their order.
    pub fn recipients(&self) -> impl Iterator<Item = &String> {
        self.to.iter().chain(&self.cc).chain(&self.bcc)
    }
}

/// A part of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MmsPart {
    /// Its name, by which a presentation refers to it; empty = one is made.
    pub name: String,
    /// Its media type, with parameters; empty or `application/octet-stream` = by its name.
    pub media_type: String,
    /// Its octets.
    pub data: Bytes,
}

impl MmsPart {
    /// A text in UTF-8, without a name.
    pub fn text(text: &str) -> MmsPart {
        MmsPart { name: String::new(), media_type: "text/plain; charset=utf-8".into(), data: Bytes::copy_from_slice(text.as_bytes()) }
    }

    /// The media type without its parameters, in lower case.
    pub fn media(&self) -> String {
        self.media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// Classes of messages (X-Mms-Message-Class).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MmsClass {
    /// From a person.
    #[default]
    Personal,
    /// Advertising.
    Advertisement,
    /// Of an information service.
    Informational,
    /// Made by a machine.
    Auto,
}

/// Protection by OMA DRM 1.0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// In which way.
    pub delivery: Delivery,
    /// What is allowed; empty with forward lock, which allows all but to pass it on.
    pub permissions: Vec<Permission>,
    /// Texts and XML are protected too, not media alone.
    pub texts: bool,
}

impl Protection {
    /// What is allowed, all of it within the same constraint; with none where that says nothing.
    pub fn new(delivery: Delivery, kinds: Vec<PermissionKind>, constraint: &Constraint, texts: bool) -> Protection {
        let constraint = Some(constraint).filter(|c| **c != Constraint::default());
        let permissions = kinds.into_iter().map(|kind| Permission { kind, constraint: constraint.cloned() }).collect();
        Protection { delivery, permissions, texts }
    }
}

/// How protected content is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It may not be passed on.
    ForwardLock,
    /// With its rights inside.
    Combined,
    /// Encrypted; the rights with the key follow by WAP push when it was fetched.
    Separate,
}

/// Something that happened to a multimedia message on its way to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MmsStep {
    /// When.
    pub at: Millis,
    /// What: `stored`, `notified`, `notification_delivered`, `notification_failed`, `link_sent`, `deferred`, `fetched`, `opened`,
    /// `acknowledged`, `rejected`, `rights_sent`, `rights_failed`, `read`, `mailed`, `delivered`, `failed`, `expired`, `cancelled`.
    pub step: &'static str,
    /// The phone that fetched it, by its own words.
    pub device: String,
    /// What was changed for that phone.
    pub adapted: String,
    /// More words.
    pub detail: String,
}

/// Words with which the record of a retrieval begins what was changed.
const ADAPTED: &str = "; adapted (";

/// The steps that a message's events were, oldest first. Events that tell nothing of the message itself are left out.
pub fn mms_steps(events: &[EventRecord]) -> Vec<MmsStep> {
    events.iter().filter_map(step).collect()
}

fn step(e: &EventRecord) -> Option<MmsStep> {
    let plain = |step| MmsStep { at: e.at, step, device: String::new(), adapted: String::new(), detail: String::new() };
    let said = |step| MmsStep { detail: e.words.clone(), ..plain(step) };
    Some(match (e.kind, e.code.as_str()) {
        (EventKind::Accepted, _) => plain("stored"),
        (EventKind::Retry, _) if e.words == "notified" => plain("notified"),
        (EventKind::Sent, _) if e.words.contains("link") => plain("link_sent"),
        (EventKind::Note, "notified") if e.words.ends_with("was delivered") => plain("notification_delivered"),
        (EventKind::Note, "notified") => said("notification_failed"),
        (EventKind::Note, "fetched") => {
            let (device, adapted) = match e.words.split_once(ADAPTED) {
                Some((device, changes)) => (device, changes.strip_suffix(')').unwrap_or(changes)),
                None => (e.words.as_str(), ""),
            };
            MmsStep { device: device.to_owned(), adapted: adapted.to_owned(), ..plain("fetched") }
        }
        (EventKind::Note, "opened") => plain("opened"),
        (EventKind::Note, "read") => said("read"),
        (EventKind::Note, _) if e.words == "the rights were pushed" => plain("rights_sent"),
        (EventKind::Note, _) if e.words.starts_with("the rights ") => said("rights_failed"),
        (EventKind::Receipt, _) => match e.words.as_str() {
            "retrieved" | "forwarded" => said("acknowledged"),
            "opened" => plain("opened"),
            "deferred" => plain("deferred"),
            "rejected" => plain("rejected"),
            "expired" => plain("expired"),
            _ => said("failed"),
        },
        (EventKind::Delivered, _) if e.connector == WEBHOOK => said("delivered"),
        (EventKind::Delivered, _) => said("mailed"),
        (EventKind::Failed, _) => said("failed"),
        (EventKind::Expired | EventKind::GaveUp, _) => plain("expired"),
        (EventKind::Cancelled, _) => plain("cancelled"),
        _ => return None,
    })
}

impl ApiState {
    /// Gives the doors their message centre, once; a second one is not taken.
    pub fn set_mms(&self, door: Arc<dyn MmsDoor>) {
        if self.shared().mms.set(door).is_err() {
            tracing::error!("The HTTP doors have a message centre already.");
        }
    }

    /// The message centre.
    ///
    /// # Errors
    /// 501 where there is none.
    pub fn mms(&self) -> Result<&Arc<dyn MmsDoor>, Problem> {
        self.shared().mms.get().ok_or_else(|| {
            Problem::unsupported("this gateway has no message centre, so it takes no multimedia messages; give it one with [mmsc] listen")
        })
    }
}

/// The part at a URL, at most `most` octets. Its name is the last piece of the path.
///
/// # Errors
/// 400 that names `field`, where it cannot be had.
pub(crate) async fn fetch_part(state: &ApiState, url: &str, most: usize, field: &str) -> Result<MmsPart, Problem> {
    let fetched = state.shared().web.get(url, "*/*", most).await;
    let (media_type, data) = fetched.map_err(|why| Problem::invalid(format!("{field}: {why}")).with("field", field))?;
    Ok(MmsPart { name: name_of_url(url), media_type, data })
}

fn name_of_url(url: &str) -> String {
    let path = url.trim().split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let last = path.split('/').skip(1).last().unwrap_or_default();
    percent_encoding::percent_decode_str(last).decode_utf8_lossy().chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_their_urls_end() {
        for (url, name) in [
            ("http://a.example/b/c.jpg?x=/y", "c.jpg"),
            ("a.example/gr%C3%BC%C3%9Fe.png", "grüße.png"),
            ("http://a.example", ""),
            ("http://a.example/", ""),
            ("a.example/b/..%2fc", "../c"),
        ] {
            assert_eq!(name_of_url(url), name, "{url}");
        }
    }

    #[test]
    fn events_become_steps() {
        let event = |kind, code: &str, words: &str| EventRecord {
            at: 1,
            kind,
            connector: String::new(),
            part: None,
            state: None,
            code: code.into(),
            words: words.into(),
        };
        let steps = mms_steps(&[
            event(EventKind::Accepted, "", ""),
            event(EventKind::Retry, "", "notified"),
            event(EventKind::Note, "notified", "the notification was delivered"),
            event(EventKind::Retry, "", "waits to be fetched"),
            event(EventKind::Note, "fetched", "Phone/1.0; adapted (a.jpg: 10x10 to 5x5)"),
            event(EventKind::Receipt, "", "retrieved"),
            event(EventKind::ReceiptSent, "", ""),
            event(EventKind::Note, "read", "read"),
        ]);
        let names: Vec<&str> = steps.iter().map(|s| s.step).collect();
        assert_eq!(names, ["stored", "notified", "notification_delivered", "fetched", "acknowledged", "read"]);
        assert_eq!((steps[3].device.as_str(), steps[3].adapted.as_str()), ("Phone/1.0", "a.jpg: 10x10 to 5x5"));
    }
}
