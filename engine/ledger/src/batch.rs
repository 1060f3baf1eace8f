//! A run of the feed, gathered in memory and then written to each day's file in one transaction.
//!
//! Rows are read once, changed here, and written once: a message that is accepted, sent and delivered within a batch costs one row.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use waxwing_core::{Kind, Message, Millis, MsgId, State};
use waxwing_spool::{Cursor, Event, FeedItem, NewEntry, Outcome, QueueId};

use crate::dayfile::{CounterKey, Update, Work};
use crate::feed::Feed;
use crate::files::Files;
use crate::life::{self, Content, Fixed, Live, NewEvent};
use crate::record::EventKind;
use crate::{Day, LedgerError};

/// What a batch knows of a number.
enum Known {
    Message(Box<Slot>),
    /// A receipt to a submitter, about another message.
    Receipt(MsgId),
    /// None of the ledger's: a part that waits for others, or something older than the ledger.
    Unknown,
}

/// A message that the batch has to do with.
struct Slot {
    day: Day,
    /// Set where the batch accepts it.
    born: Option<Fixed>,
    /// Set where it is born or replaced.
    content: Option<Content>,
    live: Live,
    /// Connector, state and parts as the file has them; `None` where it is born here.
    before: Option<(Arc<str>, State, u32)>,
    changed: bool,
}

/// A batch in the making.
pub(crate) struct Batch<'a> {
    files: &'a mut Files,
    feed: &'a dyn Feed,
    keep_text: bool,
    /// Days before this one are not kept.
    oldest: Day,
    known: HashMap<MsgId, Known>,
    work: BTreeMap<Day, Work>,
    upto: Cursor,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(files: &'a mut Files, feed: &'a dyn Feed, keep_text: bool, oldest: Day) -> Batch<'a> {
        Batch { files, feed, keep_text, oldest, known: HashMap::new(), work: BTreeMap::new(), upto: Cursor::default() }
    }

    /// Takes in one record.
    pub(crate) fn add(&mut self, item: &FeedItem) -> Result<(), LedgerError> {
        let (at, cursor) = (item.at, item.cursor);
        self.upto = cursor;
        match &item.event {
            Event::Accepted { id, entry } => self.accepted(*id, entry, at, cursor),
            Event::Settled { id, outcome, note, .. } => {
                if let Known::Receipt(parent) = self.find(*id)? {
                    let parent = *parent;
                    return match life::receipt_settled(at, outcome, note) {
                        Some(event) => self.remark(parent, cursor, event),
                        None => Ok(()),
                    };
                }
                let to = match outcome {
                    Outcome::Retry { queue: Some(q), .. } => self.connector(*q),
                    _ => None,
                };
                self.change(*id, cursor, |s| s.live.settled(at, outcome, to, note))
            }
            Event::Receipt { id, part, state, done, note } => self.change(*id, cursor, |s| s.live.receipt(at, *part, *state, *done, note)),
            Event::GaveUp { id } => self.change(*id, cursor, |s| s.live.gave_up(at)),
            Event::Cancelled { id, note } => self.change(*id, cursor, |s| s.live.cancelled(at, note)),
            Event::Replaced { id, body, due, expires } => {
                let content = Message::from_bytes(body.clone()).ok().map(|m| Content::of(&m, self.keep_text));
                self.change(*id, cursor, |s| {
                    s.content = content.or(s.content.take());
                    s.live.replaced(at, *due, *expires)
                })
            }
            Event::Replayed { id, queue } => {
                let to = self.connector(*queue);
                self.change(*id, cursor, |s| s.live.replayed(at, to))
            }
            Event::Buried { id } => self.remark(*id, cursor, NewEvent::new(at, EventKind::Buried)),
            Event::Note { id: Some(id), kind, note } => {
                let words = String::from_utf8_lossy(note).into_owned();
                self.remark(*id, cursor, NewEvent { code: kind.to_string(), words, ..NewEvent::new(at, EventKind::Note) })
            }
            Event::Note { id: None, .. } | Event::Parked { .. } | Event::Unparked { .. } => Ok(()),
        }
    }

    /// Writes it, file by file. After an error the same records may be given again: files that were written skip them.
    pub(crate) fn write(mut self) -> Result<(), LedgerError> {
        let mut slots: Vec<(MsgId, Box<Slot>)> = self
            .known
            .drain()
            .filter_map(|(id, k)| match k {
                Known::Message(s) if s.changed => Some((id, s)),
                _ => None,
            })
            .collect();
        slots.sort_unstable_by_key(|(id, _)| *id);
        for (id, slot) in slots {
            self.work.entry(slot.day).or_default().take(id, *slot);
        }
        for (day, work) in &self.work {
            self.files.get(*day)?;
            // Before they are there: a reader that sees a row must find it by its number as well.
            let ids = || work.inserts.iter().map(|i| i.0).chain(work.receipts.iter().map(|r| r.0));
            self.files.expect(*day, ids().min().zip(ids().max()));
            self.files.get(*day)?.write(work, self.upto)?;
        }
        Ok(())
    }

    fn accepted(&mut self, id: MsgId, entry: &NewEntry, at: Millis, cursor: Cursor) -> Result<(), LedgerError> {
        let day = Day::of(at);
        if day < self.oldest || (self.files.has(day) && self.files.get(day)?.position >= cursor) {
            return Ok(());
        }
        if self.files.highest(day).is_some_and(|hi| id <= hi) {
            self.displace(day, id)?;
        }
        let message = match Message::from_bytes(entry.body.clone()) {
            Ok(m) => m,
            Err(e) => {
                tracing::error!(message = %id, "cannot be read and is not in the ledger: {e}");
                return Ok(());
            }
        };
        let known = match message.kind() {
            Kind::Mt | Kind::Mo => {
                let account = self.feed.group(entry.group).unwrap_or_else(|| "".into());
                let queue = self.feed.queue(entry.queue).unwrap_or_else(|| "".into());
                let live = Live::accepted(&message, entry, account, &queue);
                let content = Some(Content::of(&message, self.keep_text));
                let born = Some(Fixed { message, priority: entry.priority, accepted: at });
                Known::Message(Box::new(Slot { day, born, content, live, before: None, changed: true }))
            }
            Kind::Receipt => match message.receipt {
                Some(r) => {
                    self.work.entry(day).or_default().receipts.push((id, MsgId(r.id)));
                    Known::Receipt(MsgId(r.id))
                }
                None => Known::Unknown,
            },
            Kind::MoPart => Known::Unknown,
        };
        self.known.insert(id, known);
        Ok(())
    }

    /// Numbers rise, unless the spool's folder was exchanged for another: then a new message takes the place of an old one of that number.
    fn displace(&mut self, day: Day, id: MsgId) -> Result<(), LedgerError> {
        if let Some(old) = self.files.get(day)?.load(id)? {
            let work = self.work.entry(day).or_default();
            work.count(&old, &old.connector, old.state, -1, -i64::from(old.parts));
            work.displaced.push(id);
        }
        Ok(())
    }

    /// Changes a message and records the event, unless its file has that already.
    fn change(&mut self, id: MsgId, cursor: Cursor, f: impl FnOnce(&mut Slot) -> NewEvent) -> Result<(), LedgerError> {
        let Some(slot) = self.open_slot(id, cursor)? else { return Ok(()) };
        slot.changed = true;
        let event = f(slot);
        let day = slot.day;
        self.work.entry(day).or_default().events.push((id, event));
        Ok(())
    }

    /// Records an event that changes nothing.
    fn remark(&mut self, id: MsgId, cursor: Cursor, event: NewEvent) -> Result<(), LedgerError> {
        let Some(day) = self.open_slot(id, cursor)?.map(|s| s.day) else { return Ok(()) };
        self.work.entry(day).or_default().events.push((id, event));
        Ok(())
    }

    /// The message, if it is known and its file does not have this record yet.
    fn open_slot(&mut self, id: MsgId, cursor: Cursor) -> Result<Option<&mut Slot>, LedgerError> {
        let Known::Message(slot) = self.find(id)? else { return Ok(None) };
        let (day, is_born_here) = (slot.day, slot.born.is_some());
        if !is_born_here && self.files.get(day)?.position >= cursor {
            return Ok(None);
        }
        match self.known.get_mut(&id) {
            Some(Known::Message(slot)) => Ok(Some(slot)),
            _ => Ok(None),
        }
    }

    fn find(&mut self, id: MsgId) -> Result<&Known, LedgerError> {
        if !self.known.contains_key(&id) {
            let known = self.look_up(id)?;
            self.known.insert(id, known);
        }
        Ok(self.known.get(&id).unwrap_or(&Known::Unknown))
    }

    fn look_up(&mut self, id: MsgId) -> Result<Known, LedgerError> {
        for day in self.files.candidates(id) {
            let file = self.files.get(day)?;
            if let Some(live) = file.load(id)? {
                let before = Some((live.connector.clone(), live.state, live.parts));
                return Ok(Known::Message(Box::new(Slot { day, born: None, content: None, live, before, changed: false })));
            }
            if let Some(parent) = file.receipt_parent(id)? {
                return Ok(Known::Receipt(parent));
            }
        }
        Ok(Known::Unknown)
    }

    fn connector(&self, queue: QueueId) -> Option<Arc<str>> {
        self.feed.queue(queue)?.strip_prefix("connector:").map(Arc::from)
    }
}

impl Work {
    /// Turns what became of a message into rows and counts.
    fn take(&mut self, id: MsgId, slot: Slot) {
        let Slot { born, content, live, before, .. } = slot;
        if let Some((connector, state, parts)) = &before {
            self.count(&live, connector, *state, -1, -i64::from(*parts));
        }
        self.count(&live, &live.connector, live.state, 1, i64::from(live.parts));
        match born {
            Some(fixed) => {
                let content = content.unwrap_or(Content { text: None, data_coding: 0, octets: 0 });
                self.inserts.push((id, fixed, content, live));
            }
            None => {
                let moved = before.as_ref().is_none_or(|b| b.0 != live.connector);
                let entered = before.as_ref().is_none_or(|b| b.1 != live.state);
                self.updates.push(Update { id, live, content, moved, entered });
            }
        }
    }

    fn count(&mut self, live: &Live, connector: &Arc<str>, state: State, messages: i64, parts: i64) {
        let key: CounterKey = (live.kind, live.account.clone(), connector.clone(), state);
        let n = self.counters.entry(key).or_default();
        n.0 += messages;
        n.1 += parts;
    }
}
