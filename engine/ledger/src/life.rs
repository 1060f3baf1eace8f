//! How each event changes what is known of a message. Pure: no file, no clock.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message as _;
use waxwing_core::{Address, CarrierReceipt, Door, Kind, Message, Millis, OutcomeNote, State, content, fold, words};
use waxwing_spool::{NewEntry, Outcome, SentPart};

use crate::history::History;
use crate::record::EventKind;

/// What never changes about a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fixed {
    pub(crate) door: Door,
    pub(crate) source: Address,
    pub(crate) destination: Address,
    pub(crate) reference: String,
    pub(crate) submitted_from: String,
    pub(crate) priority: u8,
    pub(crate) accepted: Millis,
}

/// Its content, which only a replacement changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) text: Option<String>,
    pub(crate) data_coding: u32,
    pub(crate) octets: u64,
}

/// What changes while it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) kind: Kind,
    pub(crate) account: Arc<str>,
    pub(crate) connector: Arc<str>,
    /// `None` where it has none, as most.
    pub(crate) service_type: Option<Arc<str>>,
    pub(crate) state: State,
    pub(crate) error: String,
    pub(crate) reason: String,
    pub(crate) expires: Millis,
    pub(crate) due: Option<Millis>,
    pub(crate) sent: Option<Millis>,
    pub(crate) done: Option<Millis>,
    pub(crate) attempts: u32,
    pub(crate) parts: u32,
    pub(crate) part_states: Vec<Option<State>>,
    pub(crate) remote_id: String,
    pub(crate) history: History,
}

/// Something that happened, for the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewEvent {
    pub(crate) at: Millis,
    pub(crate) kind: EventKind,
    pub(crate) connector: String,
    pub(crate) part: Option<u8>,
    pub(crate) state: Option<State>,
    pub(crate) code: String,
    pub(crate) words: String,
}

impl Fixed {
    /// Of a message, which is not needed any more.
    pub(crate) fn of(m: Message, priority: u8, accepted: Millis) -> Fixed {
        let door = m.door();
        let Message { source, destination, reference, submitted_from, .. } = m;
        let submitted_from = words(&submitted_from).to_owned();
        Fixed { door, source: own(source), destination: own(destination), reference, submitted_from, priority, accepted }
    }
}

/// Its characters apart from the record that they lie in, which is not to be held in memory for their sake.
fn own(a: Address) -> Address {
    Address { octets: Bytes::copy_from_slice(&a.octets), ..a }
}

impl NewEvent {
    pub(crate) fn new(at: Millis, kind: EventKind) -> NewEvent {
        NewEvent { at, kind, connector: String::new(), part: None, state: None, code: String::new(), words: String::new() }
    }

    fn of(at: Millis, kind: EventKind, state: State, note: OutcomeNote) -> NewEvent {
        NewEvent { state: Some(state), connector: note.place, code: note.code, words: note.reason, ..NewEvent::new(at, kind) }
    }
}

impl Content {
    /// Of a message; without its text where texts are not kept.
    pub(crate) fn of(m: &Message, keep_text: bool) -> Content {
        let octets = if m.size > 0 { m.size } else { m.text.as_ref().map_or(m.payload.len(), String::len) as u64 };
        let text = if keep_text { content::text(m) } else { None };
        Content { text, data_coding: m.data_coding, octets }
    }
}

impl Live {
    /// A message that has just been accepted. `queue` is the name of the queue that it waits in.
    pub(crate) fn accepted(m: &Message, entry: &NewEntry, account: Arc<str>, queue: &str) -> Live {
        let connector = match m.kind() {
            Kind::Mt => queue.strip_prefix("connector:").unwrap_or_default().into(),
            _ => m.connector.as_str().into(),
        };
        Live {
            kind: m.kind(),
            account,
            connector,
            service_type: (!m.service_type.is_empty()).then(|| m.service_type.as_str().into()),
            state: State::Queued,
            error: String::new(),
            reason: String::new(),
            expires: entry.expires,
            due: (entry.due > 0).then_some(entry.due),
            sent: None,
            done: None,
            attempts: 0,
            parts: 1,
            part_states: Vec::new(),
            remote_id: m.remote_id.clone(),
            history: History::default(),
        }
    }

    /// The result of handling it. `to` is the connector that it goes to instead, where the outcome moves it.
    pub(crate) fn settled(&mut self, at: Millis, outcome: &Outcome, to: Option<Arc<str>>, note: &Bytes) -> NewEvent {
        let note = OutcomeNote::decode(note.clone()).unwrap_or_default();
        let told = (note.state != State::Queued as i32).then(|| note.state());
        match outcome {
            Outcome::Sent { parts, total, await_until } => {
                self.attempts += 1;
                self.sent = Some(at);
                self.parts = u32::from(*total).max(1);
                self.add_remotes(parts);
                let state = told.unwrap_or(if await_until.is_some() { State::Enroute } else { State::Sent });
                self.enter(state, at, String::new(), String::new());
                let code = remotes(parts);
                NewEvent { code, ..NewEvent::of(at, EventKind::Sent, state, note) }
            }
            Outcome::Retry { at: due, count, sent, .. } => {
                self.attempts += u32::from(*count);
                self.add_remotes(sent);
                self.due = Some(*due);
                self.enter(State::Queued, at, note.code.clone(), note.reason.clone());
                match to {
                    Some(to) => {
                        let event = NewEvent { connector: to.to_string(), ..NewEvent::of(at, EventKind::Moved, State::Queued, note) };
                        self.connector = to;
                        event
                    }
                    None => NewEvent::of(at, EventKind::Retry, State::Queued, note),
                }
            }
            Outcome::Failed => {
                self.attempts += 1;
                let state = told.unwrap_or(State::Failed);
                self.enter(state, at, note.code.clone(), note.reason.clone());
                NewEvent::of(at, EventKind::Failed, state, note)
            }
            Outcome::Expired => {
                self.enter(State::Expired, at, note.code.clone(), note.reason.clone());
                NewEvent::of(at, EventKind::Expired, State::Expired, note)
            }
            Outcome::Done => {
                self.attempts += 1;
                self.enter(State::Delivered, at, String::new(), String::new());
                NewEvent::of(at, EventKind::Delivered, State::Delivered, note)
            }
        }
    }

    /// A carrier's receipt for one part.
    pub(crate) fn receipt(&mut self, at: Millis, part: u8, code: u8, done: bool, note: &Bytes) -> NewEvent {
        let receipt = CarrierReceipt::decode(note.clone()).unwrap_or_default();
        let state = State::from_code(code).unwrap_or(State::Unknown);
        let place = usize::from(part);
        if self.part_states.len() <= place {
            self.part_states.resize(place + 1, None);
        }
        if let Some(s) = self.part_states.get_mut(place) {
            *s = Some(state);
        }
        let total = self.part_states.len().max(usize::try_from(self.parts).unwrap_or(usize::from(u8::MAX)).min(usize::from(u8::MAX)));
        let mut codes: Vec<u8> = self.part_states.iter().map(|s| s.map_or(0, State::code)).collect();
        codes.resize(total, 0);
        let whole = fold(&codes).state;
        // The spool has the last word on whether the message is final.
        let whole = if done && !whole.is_final() { state } else { whole };
        // The carrier's own time of delivery, where it gave one.
        let when = if receipt.done > 0 { receipt.done } else { at };
        let failed = state.is_final() && state != State::Delivered;
        let (error, reason) = if whole == State::Delivered {
            (String::new(), String::new())
        } else if failed {
            (words(&receipt.error).to_owned(), String::new())
        } else {
            (std::mem::take(&mut self.error), std::mem::take(&mut self.reason))
        };
        self.enter(whole, when, error, reason);
        NewEvent {
            part: Some(part),
            state: Some(state),
            connector: self.connector.to_string(),
            code: words(&receipt.error).to_owned(),
            // Not the receipt's text: it has the beginning of the message in it, which may be private.
            words: words(&receipt.stat).to_owned(),
            ..NewEvent::new(at, EventKind::Receipt)
        }
    }

    /// No receipt came.
    pub(crate) fn gave_up(&mut self, at: Millis) -> NewEvent {
        self.enter(State::Sent, at, String::new(), "no receipt came in time".to_owned());
        NewEvent { state: Some(State::Sent), ..NewEvent::new(at, EventKind::GaveUp) }
    }

    /// It was taken out of the queue.
    pub(crate) fn cancelled(&mut self, at: Millis, note: &Bytes) -> NewEvent {
        let words = String::from_utf8_lossy(note).into_owned();
        self.enter(State::Deleted, at, String::new(), words.clone());
        NewEvent { state: Some(State::Deleted), words, ..NewEvent::new(at, EventKind::Cancelled) }
    }

    /// Its content was exchanged.
    pub(crate) fn replaced(&mut self, at: Millis, due: Option<Millis>, expires: Option<Millis>) -> NewEvent {
        self.due = due.or(self.due);
        self.expires = expires.unwrap_or(self.expires);
        NewEvent::new(at, EventKind::Replaced)
    }

    /// A dead letter is queued again: as new, over the connector `to` if the queue is one's.
    pub(crate) fn replayed(&mut self, at: Millis, to: Option<Arc<str>>) -> NewEvent {
        self.attempts = 0;
        self.due = None;
        self.connector = to.unwrap_or_else(|| self.connector.clone());
        self.enter(State::Queued, at, String::new(), String::new());
        NewEvent { connector: self.connector.to_string(), state: Some(State::Queued), ..NewEvent::new(at, EventKind::Replayed) }
    }

    fn enter(&mut self, state: State, at: Millis, error: String, reason: String) {
        self.done = state.is_final().then_some(at);
        self.state = state;
        self.error = error;
        self.reason = reason;
    }

    fn add_remotes(&mut self, parts: &[SentPart]) {
        let more = remotes(parts);
        if !self.remote_id.is_empty() && !more.is_empty() {
            self.remote_id.push(',');
        }
        self.remote_id.push_str(&more);
    }
}

/// What became of a receipt that was on its way to the submitter: an event of the message that it is about. Moves are not told.
pub(crate) fn receipt_settled(at: Millis, outcome: &Outcome, note: &Bytes) -> Option<NewEvent> {
    let kind = match outcome {
        Outcome::Done | Outcome::Sent { .. } => EventKind::ReceiptSent,
        Outcome::Retry { count: true, .. } => EventKind::ReceiptRetry,
        Outcome::Retry { .. } => return None,
        Outcome::Failed => EventKind::ReceiptFailed,
        Outcome::Expired => EventKind::ReceiptExpired,
    };
    let note = OutcomeNote::decode(note.clone()).unwrap_or_default();
    Some(NewEvent { connector: note.place, code: note.code, words: note.reason, ..NewEvent::new(at, kind) })
}

fn remotes(parts: &[SentPart]) -> String {
    let ids: Vec<_> = parts.iter().filter(|p| !p.remote.is_empty()).map(|p| String::from_utf8_lossy(&p.remote)).collect();
    ids.join(",")
}
