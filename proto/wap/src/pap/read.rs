//! Control entities from XML.

use jiff::Timestamp;
use roxmltree::{Document, Node, ParsingOptions};

use super::*;
use crate::xml::Position;

/// The longest control entity that is read, octets.
pub const MAX_LENGTH: usize = 2 << 20;
/// Most addresses of one control entity.
pub const MAX_ADDRESSES: usize = 10_000;
/// How much of a control entity is given back where it is wrong, characters.
const FRAGMENT: usize = 60;

/// Text that is no control entity.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{position}: {problem}")]
pub struct PapError {
    /// Where.
    pub position: Position,
    /// What is wrong, and the mend.
    pub problem: String,
    /// The text from there on, a little of it.
    pub fragment: String,
    /// What the initiator is told.
    pub code: Code,
}

impl PapError {
    fn at(text: &str, offset: usize, problem: impl Into<String>) -> PapError {
        let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (before, rest) = text.split_at(offset);
        let column = before.chars().rev().take_while(|c| *c != '\n').count() as u32 + 1;
        PapError {
            position: Position { line: before.matches('\n').count() as u32 + 1, column },
            problem: problem.into(),
            fragment: rest.chars().take(FRAGMENT).collect(),
            code: Code::BAD_REQUEST,
        }
    }
}

impl Pap {
    /// Reads a control entity.
    ///
    /// # Errors
    /// It is not well-formed XML, or nothing of PAP, or an attribute is missing or wrong.
    pub fn from_xml(text: &str) -> Result<Pap, PapError> {
        if text.len() > MAX_LENGTH {
            return Err(PapError::at(text, 0, format!("the control entity has {} octets and {MAX_LENGTH} are allowed", text.len())));
        }
        if let Some(at) = text.find("<!ENTITY") {
            return Err(PapError::at(text, at, "the document declares an entity; write its text instead"));
        }
        // Line ends before the declaration are none of XML's, and common.
        let start = text.len() - text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
        let xml = text.get(start..).unwrap_or_default();
        let nodes_limit = u32::try_from(4 * MAX_ADDRESSES + 1000).unwrap_or(u32::MAX);
        let options = ParsingOptions { allow_dtd: true, nodes_limit, ..ParsingOptions::default() };
        let document = Document::parse_with_options(xml, options).map_err(|e| {
            let pos = e.pos();
            let problem = e.to_string().replace(&format!(" at {pos}"), "");
            PapError::at(text, start + offset_of(xml, pos.row, pos.col), problem)
        })?;
        let reader = Reader { text, start };
        reader.pap(&document)
    }
}

fn offset_of(text: &str, row: u32, column: u32) -> usize {
    let line: usize = text.split_inclusive('\n').take(row.saturating_sub(1) as usize).map(str::len).sum();
    let rest = text.get(line..).unwrap_or_default();
    line + rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(rest.len(), |(at, _)| at)
}

/// Of the identifiers of the DTD; text without any, and old implementations, are 1.0.
fn version_of(text: &str) -> Version {
    let Some((_, rest)) = text.split_once("<!DOCTYPE") else { return Version::V2_0 };
    let declaration = rest.split('>').next().unwrap_or_default();
    match declaration {
        d if d.contains("PAP 2.1") || d.contains("pap_2.1") => Version::V2_1,
        d if d.contains("PAP 2.0") || d.contains("pap_2.0") => Version::V2_0,
        _ => Version::V1_0,
    }
}

struct Reader<'t> {
    text: &'t str,
    /// Octets before what was parsed.
    start: usize,
}

impl Reader<'_> {
    fn error(&self, at: Node<'_, '_>, problem: impl Into<String>) -> PapError {
        PapError::at(self.text, self.start + at.range().start, problem)
    }

    fn pap(&self, document: &Document<'_>) -> Result<Pap, PapError> {
        let root = document.root_element();
        if root.tag_name().name() != "pap" {
            return Err(self.error(root, format!("the root element is {}, and has to be pap", root.tag_name().name())));
        }
        let mut children = root.children().filter(Node::is_element);
        let element = children.next().ok_or_else(|| self.error(root, "there is nothing in the element pap"))?;
        if let Some(more) = children.next() {
            return Err(self.error(more, format!("{}: there may be no more than one element in pap", more.tag_name().name())));
        }
        let message = match element.tag_name().name() {
            "push-message" => PapMessage::Push(self.push(element)?),
            "push-response" => PapMessage::PushResponse(self.push_response(element)?),
            "cancel-message" => PapMessage::Cancel(self.addressed(element)?),
            "cancel-response" => {
                let results = self.each(element, "cancel-result", |e| {
                    Ok(CancelResult { code: self.code(e)?, description: text_of(e, "desc"), addresses: self.addresses(e)? })
                })?;
                PapMessage::CancelResponse(CancelResponse { push_id: self.push_id(element)?, results })
            }
            "resultnotification-message" => PapMessage::ResultNotification(self.result(element)?),
            "resultnotification-response" => PapMessage::ResultNotificationResponse(ResultNotificationResponse {
                push_id: self.push_id(element)?,
                code: self.code(element)?,
                description: text_of(element, "desc"),
                address: self.address(element)?,
            }),
            "statusquery-message" => PapMessage::StatusQuery(self.addressed(element)?),
            "statusquery-response" => {
                let results = self.each(element, "statusquery-result", |e| self.status(e))?;
                PapMessage::StatusQueryResponse(StatusQueryResponse { push_id: self.push_id(element)?, results })
            }
            "ccq-message" => PapMessage::CapabilityQuery(CapabilityQuery {
                query_id: text_of(element, "query-id"),
                app_id: text_of(element, "app-id"),
                address: self.address(element)?,
            }),
            "ccq-response" => PapMessage::CapabilityQueryResponse(CapabilityQueryResponse {
                query_id: text_of(element, "query-id"),
                code: self.code(element)?,
                description: text_of(element, "desc"),
                address: self.address(element)?,
            }),
            "badmessage-response" => PapMessage::BadMessage(BadMessage {
                code: self.code(element)?,
                description: text_of(element, "desc"),
                fragment: text_of(element, "bad-message-fragment").unwrap_or_default(),
            }),
            other => return Err(self.error(element, format!("{other} is no message of PAP"))),
        };
        Ok(Pap { version: version_of(self.text), product: text_of(root, "product-name"), message })
    }

    fn push(&self, e: Node<'_, '_>) -> Result<PushMessage, PapError> {
        let addresses = self.addresses(e)?;
        if addresses.is_empty() {
            return Err(self.error(e, "push-message has no address"));
        }
        Ok(PushMessage {
            push_id: self.push_id(e)?,
            replace_push_id: text_of(e, "replace-push-id"),
            replace_method: self.word(e, "replace-method", ReplaceMethod::ALL, ReplaceMethod::name)?,
            deliver_before: self.time(e, "deliver-before-timestamp")?,
            deliver_after: self.time(e, "deliver-after-timestamp")?,
            source_reference: text_of(e, "source-reference"),
            notify_to: text_of(e, "ppg-notify-requested-to"),
            progress_notes: self.truth(e, "progress-notes-requested")?,
            addresses,
            quality: self.quality(e)?,
        })
    }

    fn push_response(&self, e: Node<'_, '_>) -> Result<PushResponse, PapError> {
        let result = child(e, "response-result").ok_or_else(|| self.error(e, "push-response has no response-result"))?;
        let notes = e.children().filter(|c| c.has_tag_name("progress-note")).map(|n| {
            let stage = text_of(n, "stage").unwrap_or_default();
            Ok(ProgressNote { stage, note: text_of(n, "note"), time: self.time(n, "time")? })
        });
        Ok(PushResponse {
            push_id: self.push_id(e)?,
            sender_address: text_of(e, "sender-address"),
            sender_name: text_of(e, "sender-name"),
            reply_time: self.time(e, "reply-time")?,
            notes: notes.collect::<Result<_, PapError>>()?,
            code: self.code(result)?,
            description: text_of(result, "desc"),
        })
    }

    fn result(&self, e: Node<'_, '_>) -> Result<ResultNotification, PapError> {
        Ok(ResultNotification {
            push_id: self.push_id(e)?,
            sender_address: text_of(e, "sender-address"),
            sender_name: text_of(e, "sender-name"),
            received_time: self.time(e, "received-time")?,
            event_time: self.time(e, "event-time")?,
            state: self.word(e, "message-state", MessageState::ALL, MessageState::name)?,
            code: self.code(e)?,
            description: text_of(e, "desc"),
            address: self.address(e)?,
            quality: self.quality(e)?,
        })
    }

    fn status(&self, e: Node<'_, '_>) -> Result<StatusQueryResult, PapError> {
        Ok(StatusQueryResult {
            event_time: self.time(e, "event-time")?,
            state: self.word(e, "message-state", MessageState::ALL, MessageState::name)?,
            code: self.code(e)?,
            description: text_of(e, "desc"),
            addresses: self.addresses(e)?,
            quality: self.quality(e)?,
        })
    }

    fn addressed(&self, e: Node<'_, '_>) -> Result<AddressedMessage, PapError> {
        Ok(AddressedMessage { push_id: self.push_id(e)?, addresses: self.addresses(e)? })
    }

    fn quality(&self, e: Node<'_, '_>) -> Result<Option<QualityOfService>, PapError> {
        let Some(q) = child(e, "quality-of-service") else { return Ok(None) };
        Ok(Some(QualityOfService {
            priority: self.word(q, "priority", Priority::ALL, Priority::name)?,
            delivery_method: self.word(q, "delivery-method", DeliveryMethod::ALL, DeliveryMethod::name)?,
            network_required: self.truth(q, "network-required")?,
            network: text_of(q, "network"),
            bearer_required: self.truth(q, "bearer-required")?,
            bearer: text_of(q, "bearer"),
        }))
    }

    fn addresses(&self, e: Node<'_, '_>) -> Result<Vec<String>, PapError> {
        let mut out = Vec::new();
        for address in e.children().filter(|c| c.has_tag_name("address")) {
            if out.len() == MAX_ADDRESSES {
                return Err(self.error(address, format!("there are more than {MAX_ADDRESSES} addresses; send several messages")));
            }
            out.push(self.required(address, "address-value")?);
        }
        Ok(out)
    }

    fn address(&self, e: Node<'_, '_>) -> Result<String, PapError> {
        let address = child(e, "address").ok_or_else(|| self.error(e, format!("{} has no address", e.tag_name().name())))?;
        self.required(address, "address-value")
    }

    fn push_id(&self, e: Node<'_, '_>) -> Result<String, PapError> {
        self.required(e, "push-id")
    }

    fn code(&self, e: Node<'_, '_>) -> Result<Code, PapError> {
        let code = self.required(e, "code")?;
        code.parse().map(Code).map_err(|_| self.error(e, format!("code: {code:?} is no status code")))
    }

    fn each<T>(&self, e: Node<'_, '_>, name: &str, read: impl Fn(Node<'_, '_>) -> Result<T, PapError>) -> Result<Vec<T>, PapError> {
        let all = e.children().filter(|c| c.has_tag_name(name)).map(read).collect::<Result<Vec<T>, PapError>>()?;
        if all.is_empty() { Err(self.error(e, format!("{} has no {name}", e.tag_name().name()))) } else { Ok(all) }
    }

    fn required(&self, e: Node<'_, '_>, name: &str) -> Result<String, PapError> {
        text_of(e, name).ok_or_else(|| self.error(e, format!("{}: the attribute {name} is missing", e.tag_name().name())))
    }

    fn time(&self, e: Node<'_, '_>, name: &str) -> Result<Option<Timestamp>, PapError> {
        let Some(text) = text_of(e, name) else { return Ok(None) };
        let time = crate::date::from_xml(&text);
        time.map(Some).ok_or_else(|| self.error(e, format!("{name}: {text:?} is no time; write it as in 2026-02-28T06:45:00Z")))
    }

    fn truth(&self, e: Node<'_, '_>, name: &str) -> Result<bool, PapError> {
        match text_of(e, name).map(|t| t.to_ascii_lowercase()).as_deref() {
            None | Some("false" | "0" | "no") => Ok(false),
            Some("true" | "1" | "yes") => Ok(true),
            Some(other) => Err(self.error(e, format!("{name}: {other:?} is neither true nor false"))),
        }
    }

    fn word<T: Copy + Default>(&self, e: Node<'_, '_>, attribute: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, PapError> {
        let Some(text) = text_of(e, attribute) else { return Ok(T::default()) };
        all.iter().copied().find(|w| name(*w).eq_ignore_ascii_case(&text)).ok_or_else(|| {
            let words: Vec<_> = all.iter().map(|w| name(*w)).collect();
            self.error(e, format!("{attribute}: {text:?} is none of {}", words.join(", ")))
        })
    }
}

fn child<'a, 'i>(e: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    e.children().find(|c| c.has_tag_name(name))
}

/// An attribute; `None` where it is missing or blank.
fn text_of(e: Node<'_, '_>, name: &str) -> Option<String> {
    e.attribute(name).map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned)
}
