//! A run of the feed, gathered in memory and then written to each day's file in one transaction.
//!
//! Rows are read once, changed here, and written once: a message that is accepted, sent and delivered within a batch costs one row.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use waxwing_core::{Kind, Message, Millis, MsgId, Remark, State};
use waxwing_spool::{Cursor, Event, FeedItem, NewEntry, Outcome, QueueId};

use crate::dayfile::{CounterKey, Work, slice_of};
use crate::feed::Feed;
use crate::files::Files;
use crate::life::{self, Content, Fixed, Live, NewEvent};
use crate::record::EventKind;
use crate::{Day, LedgerError};

/// What a batch knows of a number.
enum Known {
    Message(Box<Slot>),
    /// A receipt to a submitter, about another message. `born` is the day whose file is to remember it.
    Receipt {
        about: MsgId,
        born: Option<Day>,
    },
    /// None of the ledger's: a part that waits for others, or something older than the ledger.
    Unknown,
}

/// A message that the batch has to do with.
pub(crate) struct Slot {
    day: Day,
    /// Set where the batch accepts it.
    pub(crate) born: Option<Fixed>,
    /// Set where it is born or replaced.
    pub(crate) content: Option<Content>,
    pub(crate) live: Live,
    /// What it is counted under in the file; `None` where it is born here.
    before: Option<Counted>,
    changed: bool,
}

/// What a message is counted under, as far as that changes, and what it counts for.
struct Counted {
    connector: Arc<str>,
    state: State,
    parts: u32,
    is_sent: bool,
}

impl Counted {
    fn of(live: &Live) -> Counted {
        Counted { connector: live.connector.clone(), state: live.state, parts: live.parts, is_sent: live.sent.is_some() }
    }
}

/// A batch in the making. An error leaves it unusable: forget it, and what it has begun in the files, and read the feed again.
pub(crate) struct Batch<'a> {
    files: &'a mut Files,
    feed: &'a dyn Feed,
    keep_text: bool,
    /// Days before this one are not kept.
    oldest: Day,
    known: HashMap<MsgId, Known>,
    work: BTreeMap<Day, Work>,
    /// Behind the last record taken in.
    pub(crate) upto: Cursor,
    /// Records taken in, and how many of them accept something.
    pub(crate) records: u64,
    pub(crate) accepts: u64,
    /// About how much memory they take.
    pub(crate) octets: usize,
}

impl<'a> Batch<'a> {
    /// `at` is where the feed is read from.
    pub(crate) fn new(files: &'a mut Files, feed: &'a dyn Feed, keep_text: bool, oldest: Day, at: Cursor) -> Batch<'a> {
        let (known, work) = (HashMap::new(), BTreeMap::new());
        Batch { files, feed, keep_text, oldest, known, work, upto: at, records: 0, accepts: 0, octets: 0 }
    }

    /// Takes in one record.
    pub(crate) fn add(&mut self, item: &FeedItem) -> Result<(), LedgerError> {
        let (at, cursor) = (item.at, item.cursor);
        self.upto = cursor;
        self.records += 1;
        self.octets += size(&item.event);
        match &item.event {
            Event::Accepted { id, entry } => {
                self.accepts += 1;
                self.accepted(*id, entry, at, cursor)
            }
            Event::Settled { id, outcome, note, .. } => {
                if let Known::Receipt { about, born } = self.find(*id)? {
                    let parent = *about;
                    if matches!(outcome, Outcome::Done | Outcome::Sent { .. }) {
                        // Nothing more comes of it: if that is the batch that accepted it, no file has to know it at all.
                        *born = None;
                    }
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
                let code = Remark::try_from(i32::from(*kind)).map_or_else(|_| kind.to_string(), |r| r.name().to_owned());
                self.remark(*id, cursor, NewEvent { code, words, ..NewEvent::new(at, EventKind::Note) })
            }
            Event::Note { id: None, .. } | Event::Parked { .. } | Event::Unparked { .. } => Ok(()),
        }
    }

    /// Writes it, file by file. After an error the same records may be given again: files that were written skip them.
    pub(crate) fn write(mut self) -> Result<(), LedgerError> {
        let mut slots: Vec<(MsgId, Box<Slot>)> = Vec::with_capacity(self.known.len());
        for (id, known) in self.known.drain() {
            match known {
                Known::Message(s) if s.changed => slots.push((id, s)),
                Known::Receipt { about, born: Some(day) } => self.work.entry(day).or_default().receipts.push((id, about)),
                _ => {}
            }
        }
        slots.sort_unstable_by_key(|(id, _)| *id);
        for (id, slot) in slots {
            self.work.entry(slot.day).or_default().take(id, slot);
        }
        self.work.values_mut().for_each(|w| w.receipts.sort_unstable());
        for (day, work) in &self.work {
            self.files.get(*day)?;
            // Before they are there: a reader that sees a row must find it by its number as well.
            let ids = || work.messages.iter().filter(|(_, s)| s.born.is_some()).map(|(id, _)| *id).chain(work.receipts.iter().map(|r| r.0));
            self.files.expect(*day, ids().min().zip(ids().max()));
            self.files.get(*day)?.write(work, self.upto)?;
        }
        self.files.forget();
        Ok(())
    }

    fn accepted(&mut self, id: MsgId, entry: &NewEntry, at: Millis, cursor: Cursor) -> Result<(), LedgerError> {
        let day = Day::of(at);
        if day < self.oldest {
            return Ok(());
        }
        if self.files.has(day) && self.files.get(day)?.position >= cursor {
            // The file has it; but a file that has less may need to be told which message a receipt is about.
            if let Some(r) = Message::from_bytes(entry.body.clone()).ok().and_then(|m| m.receipt) {
                self.known.insert(id, Known::Receipt { about: MsgId(r.id), born: None });
            }
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
            Kind::Mt | Kind::Mo | Kind::Mms => {
                let account = self.feed.group(entry.group).unwrap_or_else(|| "".into());
                let queue = self.feed.queue(entry.queue).unwrap_or_else(|| "".into());
                let live = Live::accepted(&message, entry, account, &queue);
                let content = Some(Content::of(&message, self.keep_text));
                let born = Some(Fixed::of(message, entry.priority, at));
                self.octets += size_of::<Slot>();
                Known::Message(Box::new(Slot { day, born, content, live, before: None, changed: true }))
            }
            Kind::Receipt => match message.receipt {
                Some(r) => Known::Receipt { about: MsgId(r.id), born: Some(day) },
                None => Known::Unknown,
            },
            Kind::MoPart | Kind::MtPart => Known::Unknown,
        };
        self.known.insert(id, known);
        Ok(())
    }

    /// Numbers rise, unless the spool's folder was exchanged for another: then a new message takes the place of an old one of that number.
    fn displace(&mut self, day: Day, id: MsgId) -> Result<(), LedgerError> {
        let old = self.files.get(day)?.load(id)?;
        let work = self.work.entry(day).or_default();
        if let Some(old) = old {
            work.count(id, &old, &Counted::of(&old), -1);
        }
        work.displaced.push(id);
        Ok(())
    }

    /// Changes a message and records the event, unless its file has that already.
    fn change(&mut self, id: MsgId, cursor: Cursor, f: impl FnOnce(&mut Slot) -> NewEvent) -> Result<(), LedgerError> {
        if let Some(slot) = self.open_slot(id, cursor)? {
            slot.changed = true;
            let event = f(slot);
            slot.live.history.push(&event);
        }
        Ok(())
    }

    /// Records an event that changes nothing else.
    fn remark(&mut self, id: MsgId, cursor: Cursor, event: NewEvent) -> Result<(), LedgerError> {
        self.change(id, cursor, |_| event)
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

    fn find(&mut self, id: MsgId) -> Result<&mut Known, LedgerError> {
        if !self.known.contains_key(&id) {
            let known = self.look_up(id)?;
            self.known.insert(id, known);
        }
        Ok(self.known.entry(id).or_insert(Known::Unknown))
    }

    fn look_up(&mut self, id: MsgId) -> Result<Known, LedgerError> {
        for day in self.files.candidates(id) {
            if let Some(live) = self.files.get(day)?.load(id)? {
                let before = Some(Counted::of(&live));
                return Ok(Known::Message(Box::new(Slot { day, born: None, content: None, live, before, changed: false })));
            }
            if let Some(parent) = self.files.get(day)?.receipt_parent(id)? {
                return Ok(Known::Receipt { about: parent, born: None });
            }
        }
        Ok(Known::Unknown)
    }

    fn connector(&self, queue: QueueId) -> Option<Arc<str>> {
        self.feed.queue(queue)?.strip_prefix("connector:").map(Arc::from)
    }
}

impl Work {
    /// Counts what became of a message, and takes it to be written.
    fn take(&mut self, id: MsgId, slot: Box<Slot>) {
        let live = &slot.live;
        if let Some(before) = &slot.before {
            self.count(id, live, before, -1);
        }
        self.count(id, live, &Counted::of(live), 1);
        self.messages.push((id, slot));
    }

    /// Counts it once (`times` = 1), or as it was no more (-1).
    fn count(&mut self, id: MsgId, live: &Live, c: &Counted, times: i64) {
        let key: CounterKey = (slice_of(id), live.kind, live.account.clone(), c.connector.clone(), c.state, live.service_type.clone());
        let n = self.counters.entry(key).or_default();
        n.messages += times;
        n.parts += times * i64::from(c.parts);
        n.sent += times * i64::from(c.is_sent);
    }
}

/// About how much memory a record's traces take until they are written.
fn size(event: &Event) -> usize {
    128 + match event {
        Event::Accepted { entry, .. } => entry.body.len(),
        Event::Replaced { body, .. } => body.len(),
        Event::Settled { note, .. } | Event::Receipt { note, .. } | Event::Cancelled { note, .. } | Event::Note { note, .. } => note.len(),
        _ => 0,
    }
}
