//! What applications ask for, made into messages: parts and presentation put together, protected where that is wanted, and submitted.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::StatusCode;
use waxwing_api::{MmsClass, MmsDoor, MmsOutcome, MmsPart, MmsReceived, MmsRequest, Problem};
use waxwing_core::{Account, Message, MsgId, want};
use waxwing_mms::content::{SMIL, extension_of, type_of_name};
use waxwing_mms::smil::{Finding, Style, present};
use waxwing_mms::{Content, Field, Header, Limits, MessageClass, MmsAddress, Multipart, Part, Priority, RawContent, Smil};
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, Parameter};

use crate::protect::{Protected, protect};
use crate::{Centre, Draft, Facts, MmsError};

/// What octets are that nobody says anything of.
const OCTETS: &str = "application/octet-stream";
/// Header fields that applications may set by name; the centre writes the others, or they mean nothing in a message.
const OWN: [Field; 6] =
    [Field::ApplicId, Field::ReplyApplicId, Field::AuxApplicInfo, Field::ContentClass, Field::DrmContent, Field::DistributionIndicator];

impl MmsDoor for Centre {
    fn submit<'a>(&'a self, account: &'a Arc<Account>, request: MmsRequest) -> BoxFuture<'a, Result<Vec<MmsOutcome>, Problem>> {
        async move { self.take(account, request).await }.boxed()
    }

    fn content(&self, id: MsgId) -> BoxFuture<'_, Result<Option<Vec<MmsPart>>, Problem>> {
        async move { self.parts_of(id) }.boxed()
    }

    fn received<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Option<MmsReceived>, Problem>> {
        async move { self.for_application(message) }.boxed()
    }

    fn profile<'a>(&'a self, number: &'a str) -> BoxFuture<'a, Option<Bytes>> {
        async move { self.adapter.profile_of(&self.normal(number)?).await }.boxed()
    }

    fn unhealthy(&self) -> Option<String> {
        self.media.unhealthy().map(|e| e.to_string())
    }

    fn refresh_metrics(&self) {
        self.counters.media.show(&self.media.stats());
    }
}

impl Centre {
    async fn take(&self, account: &Arc<Account>, request: MmsRequest) -> Result<Vec<MmsOutcome>, Problem> {
        let given: Vec<String> = request.recipients().cloned().collect();
        let addresses: Vec<Option<MmsAddress>> = given.iter().map(|to| MmsAddress::parse(to)).collect();
        if !addresses.iter().any(Option::is_some) {
            return Err(problem(&given.first().map_or(MmsError::NoRecipient, |to| MmsError::Address(to.clone()))));
        }
        let draft = self.draft_of(account, request)?;
        let done = Centre::submit(self, account, draft).await.map_err(|e| problem(&e))?;
        let outcome = |(to, address): (String, Option<MmsAddress>)| {
            let Some(address) = address else { return MmsOutcome { result: Err(problem(&MmsError::Address(to.clone()))), to } };
            let same = |other: &MmsAddress| other.to_string().eq_ignore_ascii_case(&address.to_string());
            let accepted = done.accepted.iter().find(|(a, _)| same(a)).map(|(_, id)| Ok(*id));
            let refused = || done.refused.iter().find(|(a, _)| same(a)).map(|(_, e)| Err(problem(e)));
            let result = accepted.or_else(refused).unwrap_or_else(|| Err(problem(&MmsError::Address(to.clone()))));
            MmsOutcome { to, result }
        };
        Ok(given.into_iter().zip(addresses).map(outcome).collect())
    }

    fn draft_of(&self, account: &Account, request: MmsRequest) -> Result<Draft, Problem> {
        let most = self.options.max_size;
        let size: usize = request.parts.iter().map(|p| p.data.len()).sum();
        if size > most {
            return Err(problem(&MmsError::TooLarge(size as u64, most as u64)));
        }
        let (from, has_sender) = match sender(account, &request.from) {
            Some(from) => (from, true),
            None => (MmsAddress::Alphanumeric(String::new()), false),
        };
        let list = |all: &[String]| all.iter().filter_map(|to| MmsAddress::parse(to)).collect::<Vec<_>>();
        let (to, cc, bcc) = (list(&request.to), list(&request.cc), list(&request.bcc));
        let more_headers = more_headers(&request.headers)?;
        let mut parts = parts(request.parts)?;
        let smil = match request.smil {
            Some(text) => Some(text),
            None => parts.iter().position(|p| p.content_type.is(SMIL)).map(|at| parts.remove(at).decoded_text()),
        };
        parts.retain(|p| !p.content_type.is(SMIL));
        if parts.is_empty() {
            return Err(wrong("parts", "there is no content; give a text or a part"));
        }
        if let Some(text) = &smil {
            check(text, &parts)?;
        }
        let protected = match &request.protection {
            Some(protection) => protect(parts, protection, smil.is_none(), self.options())?,
            None => Protected { parts, locked: false, rights: Vec::new() },
        };
        let is_protected = request.protection.is_some();
        let content = assemble(smil, protected.parts)?;
        let mut draft = Draft::new(request.door, from, content);
        (draft.to, draft.cc, draft.bcc) = (to, cc, bcc);
        draft.hide_sender = request.hide_sender || !has_sender;
        draft.subject = Some(request.subject.trim()).filter(|s| !s.is_empty()).map(Into::into);
        draft.class = match request.class {
            MmsClass::Personal => MessageClass::Personal,
            MmsClass::Advertisement => MessageClass::Advertisement,
            MmsClass::Informational => MessageClass::Informational,
            MmsClass::Auto => MessageClass::Auto,
        };
        draft.priority = match request.priority {
            0 => Priority::Low,
            1 => Priority::Normal,
            _ => Priority::High,
        };
        draft.delivery_report = request.want & want::DELIVERED != 0;
        draft.read_report = request.read_report;
        draft.want = request.want;
        draft.not_before = request.not_before;
        draft.expires = request.expires;
        draft.may_adapt = request.may_adapt && !is_protected;
        draft.locked = protected.locked;
        draft.rights = protected.rights;
        draft.more_headers = more_headers;
        draft.reference = request.reference;
        draft.callback = request.callback;
        draft.idempotency = request.idempotency;
        draft.peer = request.peer;
        Ok(draft)
    }

    /// The parts of a message that waits, or that was fetched a short while ago.
    fn parts_of(&self, id: MsgId) -> Result<Option<Vec<MmsPart>>, Problem> {
        let body = self.gateway.spool.read_body(id).map_err(|e| broken(&id, &e))?;
        let facts = body.and_then(|b| Message::from_bytes(b).ok()).and_then(|m| Facts::of(&m));
        let Some(facts) = facts.or_else(|| self.recent.by_id(id, self.now()).map(|kept| kept.facts.clone())) else { return Ok(None) };
        let leaves = self.leaves(&facts).map_err(|e| broken(&id, &e))?;
        Ok(leaves.map(|leaves| leaves.into_iter().map(mms_part).collect()))
    }

    /// A message that came for an application, its texts in UTF-8.
    fn for_application(&self, message: &Message) -> Result<Option<MmsReceived>, Problem> {
        let Some(facts) = Facts::of(message) else { return Ok(None) };
        let Some(leaves) = self.leaves(&facts).map_err(|e| broken(&facts.message_id, &e))? else { return Ok(None) };
        let part = |part: Part| {
            if !part.is_text() {
                return mms_part(part);
            }
            let text = part.decoded_text();
            let mut part = mms_part(part);
            let parameters = part.media_type.split(';').filter(|p| !p.trim().to_ascii_lowercase().starts_with("charset="));
            part.media_type = format!("{}; charset=utf-8", parameters.collect::<Vec<_>>().join(";"));
            MmsPart { data: text.into(), ..part }
        };
        Ok(Some(MmsReceived {
            from: MmsAddress::parse(&facts.from).map(|from| from.bare()).unwrap_or_default(),
            subject: facts.subject,
            class: facts.class,
            priority: u8::try_from(facts.priority).unwrap_or(1),
            parts: leaves.into_iter().map(part).collect(),
        }))
    }

    /// All parts that have no parts themselves; `None` where the content is gone.
    fn leaves(&self, facts: &Facts) -> Result<Option<Vec<Part>>, String> {
        let Some(content) = self.content(facts).map_err(|e| e.to_string())? else { return Ok(None) };
        let leaves = RawContent::split(content).and_then(|raw| Content::from(raw).leaves(Limits::default()));
        leaves.map(Some).map_err(|e| e.to_string())
    }
}

fn broken(id: &dyn std::fmt::Display, e: &dyn std::fmt::Display) -> Problem {
    let detail = format!("the content of message {id} cannot be read: {e}");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", "The content cannot be read", detail)
}

fn mms_part(mut part: Part) -> MmsPart {
    let name = part.file_name().unwrap_or_default();
    part.content_type.parameters.retain(|p| !p.name.eq_ignore_ascii_case("name"));
    MmsPart { name, media_type: part.content_type.to_string(), data: part.data }
}

/// The sender that is given, or else the account's.
fn sender(account: &Account, given: &str) -> Option<MmsAddress> {
    MmsAddress::parse(given).or_else(|| MmsAddress::parse(account.config.default_sender.as_deref()?))
}

/// Header fields by name, as octets.
fn more_headers(all: &[(String, String)]) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::new();
    for (name, value) in all {
        let bad = |why: &str| wrong("headers", format!("{name}: {why}"));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            return Err(wrong("headers", format!("{name:?} is no name of a header field")));
        }
        if Field::from_name(name).is_some_and(|field| !OWN.contains(&field)) {
            return Err(bad("it cannot be set by name; it has a parameter of its own, or the message centre writes it"));
        }
        let header = Header::parse(name, value).map_err(|expected| bad(&format!("{value:?} is not allowed; use {expected}")))?;
        header.write(&mut out).map_err(|e| bad(&e.to_string()))?;
    }
    Ok(out)
}

/// Parts with types and names, so that a presentation can refer to them.
fn parts(all: Vec<MmsPart>) -> Result<Vec<Part>, Problem> {
    let mut names: HashSet<String> = HashSet::new();
    let mut parts = Vec::with_capacity(all.len());
    for (index, given) in all.into_iter().enumerate() {
        let base = given.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let base: String = base.chars().filter(|c| !c.is_control()).take(100).collect();
        let declared = Some(given.media_type.trim()).filter(|t| !t.is_empty() && !t.eq_ignore_ascii_case(OCTETS));
        let media_type = declared.or_else(|| type_of_name(&base)).unwrap_or(OCTETS);
        if !is_media_type(media_type) {
            return Err(wrong("parts", format!("part {index}: {media_type:?} is no media type; write it as image/jpeg")));
        }
        let mut content_type = ContentType::from_text(media_type);
        // Names come from elsewhere, and a boundary is none of a part's.
        content_type.parameters.retain(|p| !["name", "filename", "boundary"].iter().any(|n| p.name.eq_ignore_ascii_case(n)));
        let mut part = Part::new(content_type, given.data);
        if part.is_text() && part.content_type.charset().is_none() && std::str::from_utf8(&part.data).is_ok() {
            part.content_type.parameters.push(Parameter::charset(Charset::UTF_8));
        }
        let usual = if part.content_type.is("text/plain") { "text.txt".to_owned() } else { String::new() };
        let numbered = |n: usize| format!("part{n}.{}", extension_of(&part.content_type.media));
        let mut wanted = [base, usual].into_iter().filter(|name| !name.is_empty()).chain((index + 1..).map(numbered));
        // There are more numbers than parts.
        let name = wanted.find(|name| !names.contains(name)).unwrap_or_default();
        names.insert(name.clone());
        part.set_name(&name);
        parts.push(part);
    }
    Ok(parts)
}

fn is_media_type(text: &str) -> bool {
    let media = text.split(';').next().unwrap_or_default().trim();
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    text.len() <= 200 && media.split_once('/').is_some_and(|(kind, sub)| word(kind) && word(sub))
}

/// A presentation of the submitter's: it has to be one, and to show nothing that is not there.
fn check(text: &str, parts: &[Part]) -> Result<(), Problem> {
    let smil = Smil::parse(text).map_err(|e| wrong("smil", e))?;
    match smil.check(parts).into_iter().find(|f| matches!(f, Finding::NoSource { .. })) {
        Some(finding) => Err(wrong("smil", finding)),
        None => Ok(()),
    }
}

/// The content, with a presentation made where there is none.
fn assemble(smil: Option<String>, parts: Vec<Part>) -> Result<RawContent, Problem> {
    let multipart = match smil {
        Some(text) => {
            let root = Part::new(ContentType::new(SMIL).with(Parameter::charset(Charset::UTF_8)), text).named("smil.smil");
            Multipart::related(root.with_content_id("smil"), parts)
        }
        None => present(parts, &Style::default()),
    };
    Content::from(multipart).to_raw().map_err(|e| wrong("parts", e))
}

/// 400 with the field.
pub(crate) fn wrong(field: &str, why: impl std::fmt::Display) -> Problem {
    Problem::invalid(format!("{field}: {why}")).with("field", field)
}

/// A refusal, as HTTP has it.
fn problem(e: &MmsError) -> Problem {
    let recipient =
        |status: StatusCode| Problem::new(status, "recipient", "The recipient cannot be used", e.to_string()).with("field", "to");
    match e {
        MmsError::NoRecipient | MmsError::Recipients(..) => wrong("to", e),
        MmsError::Address(_) | MmsError::Number(_) | MmsError::MayNotReceive(_) | MmsError::NoMail | MmsError::Locked(_) => {
            recipient(StatusCode::UNPROCESSABLE_ENTITY)
        }
        MmsError::NoWay(_) | MmsError::NoWebhook(..) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-route", "Nothing carries this message", e.to_string()).with("field", "to")
        }
        MmsError::TooLarge(..) => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The message is too large", e.to_string()).with("field", "parts")
        }
        MmsError::SenderNotAllowed(_) => {
            let title = "The account may not use this sender";
            Problem::new(StatusCode::FORBIDDEN, "sender-not-allowed", title, e.to_string()).with("field", "from")
        }
        MmsError::NotAllowed => Problem::forbidden(e.to_string()),
        MmsError::Expired => wrong("validity", e),
        MmsError::Encode(_) => Problem::invalid(e.to_string()),
        MmsError::Media(_) | MmsError::Random => {
            let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The gateway is busy", e.to_string());
            Problem { retry_after: e.retry_after(), ..busy }
        }
        MmsError::Gateway(e) => Problem::from(e),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bytes::Bytes;

    use super::*;

    fn given(name: &str, media_type: &str, data: &'static [u8]) -> MmsPart {
        MmsPart { name: name.into(), media_type: media_type.into(), data: Bytes::from_static(data) }
    }

    #[test]
    fn parts_get_types_and_names() {
        let all = parts(vec![
            given("", "text/plain", "grüße".as_bytes()),
            given("C:\\x\\a b.JPG", "application/octet-stream", b"1"),
            given("a b.JPG", "image/jpeg; name=\"evil\"", b"2"),
            given("", "", b"3"),
            given("latin.txt", "text/plain; charset=iso-8859-1", b"\xe9"),
        ])
        .unwrap();
        let shown: Vec<_> = all.iter().map(|p| (p.name().unwrap(), p.content_type.media.clone())).collect();
        assert_eq!(
            shown,
            [
                ("text.txt".to_owned(), "text/plain".to_owned()),
                ("a b.JPG".to_owned(), "image/jpeg".to_owned()),
                ("part3.jpg".to_owned(), "image/jpeg".to_owned()),
                ("part4.bin".to_owned(), "application/octet-stream".to_owned()),
                ("latin.txt".to_owned(), "text/plain".to_owned()),
            ]
        );
        assert_eq!((all[0].decoded_text().as_str(), all[4].decoded_text().as_str()), ("grüße", "é"));
        assert!(parts(vec![given("a", "nonsense", b"")]).unwrap_err().detail.contains("no media type"));
    }

    #[test]
    fn presentations_are_made_or_checked() {
        let two = || parts(vec![given("a.gif", "", b"GIF89a"), given("", "text/plain", b"Hi")]).unwrap();
        let made = assemble(None, two()).unwrap();
        let Content::Multipart(multipart) = made.decode(Limits::default()).unwrap().content else { panic!("no multipart") };
        let smil = multipart.root().unwrap().decoded_text();
        assert!(smil.contains("src=\"a.gif\"") && smil.contains("src=\"text.txt\""), "{smil}");
        let own = "<smil><body><par><img src=\"cid:a.gif\"/></par></body></smil>";
        check(own, &two()).unwrap();
        let kept = assemble(Some(own.into()), two()).unwrap();
        let Content::Multipart(multipart) = kept.decode(Limits::default()).unwrap().content else { panic!("no multipart") };
        assert_eq!(multipart.root().unwrap().decoded_text(), own);
        assert_eq!(check(&own.replace("a.gif", "b.gif"), &two()).unwrap_err().more["field"], "smil");
        assert!(check("hello", &two()).is_err());
    }

    #[test]
    fn header_fields_by_name() {
        let one = |name: &str, value: &str| more_headers(&[(name.to_owned(), value.to_owned())]);
        assert!(one("X-Something", "else").unwrap().starts_with(b"X-Something\0else"));
        assert!(one("X-Mms-Applic-ID", "game").is_ok());
        for name in ["From", "to", "X-Mms-Message-Type", "Message-ID", "Content-Type", "a b", ""] {
            assert_eq!(one(name, "x").unwrap_err().more["field"], "headers", "{name}");
        }
    }
}
