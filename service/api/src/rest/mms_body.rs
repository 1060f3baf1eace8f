//! The JSON of a multimedia message, and its translation into what the message centre takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use waxwing_core::{Door, want};
use waxwing_wap::document::{Constraint, PermissionKind};

use super::request::{MAX_CALLBACK, MAX_REFERENCE, ReceiptWish, Recipients, field, millis, short, wanted};
use crate::mms::{Delivery, MmsClass, MmsPart, MmsRequest, Protection, fetch_part};
use crate::{ApiState, Problem};

/// Most parts of a message.
const MAX_PARTS: usize = 100;
/// Longest subject, octets.
const MAX_SUBJECT: usize = 1000;

/// A multimedia message to one or several recipients.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MmsBody {
    /// Recipient or recipients: international numbers with `+`, numbers as the gateway's country writes them, or e-mail addresses.
    to: Option<Recipients>,
    /// Recipients of copies.
    cc: Option<Recipients>,
    /// Recipients whom the others do not see.
    bcc: Option<Recipients>,
    /// Sender: a number, an e-mail address or a word; the account's default where it is absent.
    from: Option<String>,
    /// The subject.
    #[schema(max_length = 1000)]
    subject: Option<String>,
    /// A text, shown before the parts.
    text: Option<String>,
    /// Pictures, sounds, videos, texts and other files, in the order in which they are shown.
    #[schema(max_items = 100)]
    parts: Option<Vec<PartBody>>,
    /// The presentation, which refers to parts by their names; made here where it is absent.
    smil: Option<String>,
    /// The class.
    class: Option<Class>,
    /// The priority.
    priority: Option<MmsPriority>,
    /// Which receipts are pushed to the callback or the account's webhook: all final states unless said otherwise. Also a list of
    /// `delivered`, `failed`, `read`.
    receipt: Option<ReceiptWish>,
    /// The recipient's phone is asked to tell when the message was read, which is pushed as `message.read`.
    read_report: Option<bool>,
    /// Not before this time (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime)]
    send_at: Option<Timestamp>,
    /// Not before so many seconds from now.
    delay: Option<u32>,
    /// How long it can be fetched, seconds.
    #[schema(minimum = 1)]
    validity: Option<u32>,
    /// Until when it can be fetched (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
    /// Recipients do not see who sends it.
    hide_sender: Option<bool>,
    /// It may be changed so that it fits the recipient's phone; true unless said otherwise.
    adapt: Option<bool>,
    /// Protection by OMA DRM 1.0.
    drm: Option<Drm>,
    /// Your own reference, given back with receipts.
    #[schema(max_length = 255)]
    reference: Option<String>,
    /// Where receipts of this message are posted, instead of the account's webhook.
    #[schema(max_length = 2048)]
    callback: Option<String>,
}

/// A part: its octets as `text`, as `base64` or at a `url`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartBody {
    /// Its name, such as `photo.jpg`, by which a presentation refers to it.
    name: Option<String>,
    /// Its media type, such as `image/jpeg`; by the name, or as the URL's server says, where it is absent.
    r#type: Option<String>,
    /// A text.
    text: Option<String>,
    /// Octets in base 64.
    base64: Option<String>,
    /// Where it is fetched from.
    url: Option<String>,
}

/// Classes of messages.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Class {
    /// From a person.
    Personal,
    /// Advertising.
    Advertisement,
    /// Of an information service.
    Informational,
    /// Made by a machine.
    Auto,
}

/// Priorities of multimedia messages.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MmsPriority {
    /// 0
    Low,
    /// 1
    Normal,
    /// 2
    High,
}

/// Protection: a word alone, or with what is allowed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`drm` has to be forward-lock, combined or separate, or an object with `type` and what is allowed")]
enum Drm {
    /// By the word alone.
    Word(DrmType),
    /// With what is allowed.
    Rights(DrmRights),
}

/// Ways of protection.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DrmType {
    /// It may not be passed on.
    ForwardLock,
    /// With its rights inside.
    Combined,
    /// Encrypted, and the rights follow by WAP push when it was fetched.
    Separate,
}

/// What may be done with protected content.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DrmRights {
    /// In which way it is protected.
    r#type: DrmType,
    /// What is allowed; `play` and `display` where it is absent.
    permissions: Option<Vec<Permit>>,
    /// So many times.
    count: Option<u32>,
    /// From this time on: `2026-12-31` or `2026-12-31T18:00:00`.
    start: Option<String>,
    /// Up to this time.
    end: Option<String>,
    /// So long from the first use: seconds, or a duration such as `P7D`.
    interval: Option<Interval>,
    /// Texts and XML are protected too, not media alone.
    texts: Option<bool>,
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Permit {
    /// To play sound or video.
    Play,
    /// To show an image.
    Display,
    /// To run a program.
    Execute,
    /// To print.
    Print,
}

/// A time span.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`interval` has to be a number of seconds or a duration such as P7D")]
enum Interval {
    /// Seconds.
    Seconds(u32),
    /// ISO 8601.
    Duration(String),
}

impl MmsBody {
    /// The reference, to be given back at once.
    pub(super) fn reference(&self) -> Option<String> {
        self.reference.clone()
    }

    /// What the centre takes; parts at URLs are fetched, `files` come after them.
    ///
    /// # Errors
    /// 400 with the field that makes no sense.
    pub(super) async fn request(self, state: &ApiState, files: Vec<MmsPart>) -> Result<MmsRequest, Problem> {
        let list = |r: Option<Recipients>| r.map(Recipients::into_list).unwrap_or_default();
        let guard = &state.shared().options.guard;
        let now = state.gateway().clock.now();
        let not_before = match (self.send_at, self.delay) {
            (Some(_), Some(_)) => return Err(field("send_at", "give either send_at or delay")),
            (Some(at), None) => Some(millis("send_at", at)?),
            (None, delay) => delay.map(|s| now + u64::from(s) * 1000),
        };
        let expires = match (self.valid_until, self.validity) {
            (Some(_), Some(_)) => return Err(field("valid_until", "give either validity or valid_until")),
            (Some(at), None) => Some(millis("valid_until", at)?),
            (None, validity) => validity.map(|s| not_before.unwrap_or(now).max(now) + u64::from(s) * 1000),
        };
        let callback = short("callback", self.callback.as_deref(), MAX_CALLBACK)?;
        if !callback.is_empty() {
            guard.check_url(&callback).map_err(|e| field("callback", e))?;
        }
        let read_report = self.read_report.unwrap_or(false);
        let read = if read_report { want::READ } else { 0 };
        let protection = self.drm.map(Drm::protection).transpose()?;
        Ok(MmsRequest {
            to: list(self.to),
            cc: list(self.cc),
            bcc: list(self.bcc),
            from: self.from.unwrap_or_default(),
            subject: short("subject", self.subject.as_deref(), MAX_SUBJECT)?,
            parts: parts(state, self.text, self.parts.unwrap_or_default(), files).await?,
            smil: self.smil,
            class: match self.class {
                None | Some(Class::Personal) => MmsClass::Personal,
                Some(Class::Advertisement) => MmsClass::Advertisement,
                Some(Class::Informational) => MmsClass::Informational,
                Some(Class::Auto) => MmsClass::Auto,
            },
            priority: match self.priority {
                Some(MmsPriority::Low) => 0,
                None | Some(MmsPriority::Normal) => 1,
                Some(MmsPriority::High) => 2,
            },
            want: wanted(self.receipt.as_ref()) | read,
            read_report,
            hide_sender: self.hide_sender.unwrap_or(false),
            may_adapt: self.adapt.unwrap_or(true),
            not_before,
            expires,
            protection,
            reference: short("reference", self.reference.as_deref(), MAX_REFERENCE)?,
            callback,
            ..MmsRequest::new(Door::Rest)
        })
    }
}

/// The text, the parts of the JSON, the files.
async fn parts(state: &ApiState, text: Option<String>, bodies: Vec<PartBody>, files: Vec<MmsPart>) -> Result<Vec<MmsPart>, Problem> {
    let count = bodies.len() + files.len();
    if count > MAX_PARTS {
        return Err(field("parts", format!("there are {count}, at most {MAX_PARTS} are taken")));
    }
    let mut all: Vec<MmsPart> = text.iter().filter(|t| !t.is_empty()).map(|t| MmsPart::text(t)).collect();
    let mut left = state.shared().options.body_limit;
    for (index, part) in bodies.into_iter().enumerate() {
        let part = part.part(state, index, left).await?;
        left = left.saturating_sub(part.data.len());
        all.push(part);
    }
    all.extend(files);
    Ok(all)
}

impl PartBody {
    async fn part(self, state: &ApiState, index: usize, most: usize) -> Result<MmsPart, Problem> {
        let place = |member: &str| format!("parts[{index}].{member}");
        let wrong = |member: &str, why: String| Problem::invalid(format!("{}: {why}", place(member))).with("field", place(member));
        let part = match (self.text, self.base64, self.url) {
            (Some(text), None, None) => MmsPart::text(&text),
            (None, Some(digits), None) => {
                let digits: String = digits.split_ascii_whitespace().collect();
                let data = STANDARD.decode(digits).map_err(|e| wrong("base64", format!("it is not base 64: {e}")))?;
                MmsPart { data: data.into(), ..MmsPart::default() }
            }
            (None, None, Some(url)) => fetch_part(state, &url, most, &place("url")).await?,
            _ => {
                let field = format!("parts[{index}]");
                return Err(Problem::invalid(format!("{field}: give one of text, base64 and url")).with("field", field));
            }
        };
        Ok(MmsPart {
            name: self.name.unwrap_or(part.name),
            media_type: self.r#type.filter(|t| !t.is_empty()).unwrap_or(part.media_type),
            data: part.data,
        })
    }
}

impl Drm {
    fn protection(self) -> Result<Protection, Problem> {
        let rights = match self {
            Drm::Word(r#type) => DrmRights { r#type, permissions: None, count: None, start: None, end: None, interval: None, texts: None },
            Drm::Rights(rights) => rights,
        };
        let delivery = match rights.r#type {
            DrmType::ForwardLock => Delivery::ForwardLock,
            DrmType::Combined => Delivery::Combined,
            DrmType::Separate => Delivery::Separate,
        };
        let limited = rights.permissions.is_some()
            || rights.count.is_some()
            || rights.start.is_some()
            || rights.end.is_some()
            || rights.interval.is_some();
        if delivery == Delivery::ForwardLock && limited {
            return Err(field("drm", "forward-lock carries no rights; take combined or separate for permissions and constraints"));
        }
        let kinds = match rights.permissions {
            _ if delivery == Delivery::ForwardLock => Vec::new(),
            Some(list) if list.is_empty() => return Err(field("drm", "permissions: nothing is allowed; name at least one")),
            Some(list) => list.into_iter().map(Permit::kind).collect(),
            None => vec![PermissionKind::Play, PermissionKind::Display],
        };
        let constraint = Constraint {
            count: rights.count,
            start: rights.start.map(|t| moment("start", &t, "T00:00:00")).transpose()?,
            end: rights.end.map(|t| moment("end", &t, "T23:59:59")).transpose()?,
            interval: rights.interval.map(|i| match i {
                Interval::Seconds(s) => format!("PT{s}S"),
                Interval::Duration(d) => d,
            }),
        };
        Ok(Protection::new(delivery, kinds, &constraint, rights.texts.unwrap_or(false)))
    }
}

/// A date gets the time of day.
fn moment(name: &str, text: &str, time_of_day: &str) -> Result<String, Problem> {
    let text = text.trim();
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}{time_of_day}") };
    match whole.trim_end_matches('Z').parse::<jiff::civil::DateTime>() {
        Ok(_) => Ok(whole),
        Err(_) => Err(field("drm", format!("{name}: {text:?} is no time; write 2026-12-31 or 2026-12-31T18:00:00"))),
    }
}

impl Permit {
    fn kind(self) -> PermissionKind {
        match self {
            Permit::Play => PermissionKind::Play,
            Permit::Display => PermissionKind::Display,
            Permit::Execute => PermissionKind::Execute,
            Permit::Print => PermissionKind::Print,
        }
    }
}
