//! The one thread that writes packs.
//!
//! It takes whatever has queued up, writes it with one write and one sync, and only then lets anybody see it. It never waits to fill a
//! group: while one is being synced, the next one gathers by itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use crate::index::{Place, Waiter};
use crate::shared::Shared;
use crate::writer::{Content, Unwritten, Writer};
use crate::{MediaError, Pin};

/// Something for the committer.
#[derive(Debug)]
pub(crate) enum Job {
    /// A content that the index has as pending.
    Put(Put),
    /// Copies for compaction; says when they are durable. Closes the channel where they could not be written.
    Copy { copies: Vec<Copy>, done: SyncSender<()> },
    /// Begin a new pack with the next content.
    End,
    /// Finish what has been queued, then end.
    Close,
}

/// A content to be stored.
#[derive(Debug)]
pub(crate) struct Put {
    pub(crate) content: Content,
    pub(crate) _permit: Option<OwnedSemaphorePermit>,
}

/// A content to be copied forward.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) content: Content,
    pub(crate) from: Place,
}

/// The state of the thread.
pub(crate) struct Committer {
    shared: Arc<Shared>,
    jobs: Receiver<Job>,
    puts: VecDeque<Put>,
    copies: VecDeque<(Vec<Copy>, SyncSender<()>)>,
    end: bool,
    closing: bool,
    /// None until something is to be written.
    writer: Option<Writer>,
}

impl Committer {
    /// `writer`: the pack to go on with.
    pub(crate) fn new(shared: Arc<Shared>, jobs: Receiver<Job>, writer: Option<Writer>) -> Committer {
        Committer { shared, jobs, puts: VecDeque::new(), copies: VecDeque::new(), end: false, closing: false, writer }
    }

    /// Runs until [`Job::Close`] or an error of the disk.
    pub(crate) fn run(mut self) {
        while !self.closing || !self.puts.is_empty() || !self.copies.is_empty() {
            self.gather();
            let began = Instant::now();
            if let Err(error) = self.group() {
                self.shared.fail(error);
                break;
            }
            self.shared.counters.last_sync_us.store(began.elapsed().as_micros() as u64, Ordering::Relaxed);
        }
        self.shared.close();
        let error = self.shared.stopped().unwrap_or(MediaError::Closing);
        // Whoever comes later sees that it has stopped.
        let pending = std::mem::take(&mut self.shared.index.lock().pending);
        answer(pending.into_values().flatten().map(|waiter| (waiter, Err(error.clone()))));
    }

    /// Takes in whatever is there; waits only if there is nothing at all to do.
    fn gather(&mut self) {
        if self.puts.is_empty() && self.copies.is_empty() && !self.closing {
            match self.jobs.recv() {
                Ok(job) => self.take(job),
                Err(_) => self.closing = true,
            }
        }
        while let Ok(job) = self.jobs.try_recv() {
            self.take(job);
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Put(put) => self.puts.push_back(put),
            Job::Copy { copies, done } => self.copies.push_back((copies, done)),
            Job::End => self.end = true,
            Job::Close => self.closing = true,
        }
    }

    /// One group: write, sync, publish, answer. Fails where the disk does.
    fn group(&mut self) -> Result<(), MediaError> {
        if std::mem::take(&mut self.end) && self.writer.as_ref().is_some_and(|w| !w.is_empty()) && !self.finish()? {
            return Ok(());
        }
        let (puts, octets) = self.pick();
        if puts > 0
            && let Some(error) = self.shared.no_room(octets, self.shared.options.min_free)
        {
            self.refuse(&error);
            return Ok(());
        }
        let copies = self.copies.pop_front();
        if puts == 0 && copies.is_none() {
            return Ok(());
        }
        match self.write(puts, copies) {
            Ok(()) => Ok(()),
            Err(Unwritten::Full) => {
                self.refuse(&self.shared.disk_full(octets));
                Ok(())
            }
            Err(Unwritten::Broken(error)) => Err(error),
        }
    }

    /// How many contents of those that wait make a group, and their octets.
    fn pick(&self) -> (usize, u64) {
        let (mut octets, mut count) = (0, 0);
        for put in &self.puts {
            let frame = put.content.frame();
            if count > 0 && octets + frame > self.shared.options.group_octets as u64 {
                break;
            }
            (octets, count) = (octets + frame, count + 1);
        }
        (count, octets)
    }

    /// Refuses all that wait.
    fn refuse(&mut self, error: &MediaError) {
        self.shared.set_short(Some(error.clone()));
        let refused: Vec<Waiter> = {
            let mut index = self.shared.index.lock();
            self.puts.iter().filter_map(|put| index.pending.remove(&put.content.id)).flatten().collect()
        };
        self.forget_pending(self.puts.len());
        self.puts.clear();
        answer(refused.into_iter().map(|waiter| (waiter, Err(error.clone()))));
        // Whoever waits for a copy sees the channel close.
        self.copies.clear();
    }

    /// Writes the first `puts` that wait, or as many of them as the pack has room for, then copies.
    fn write(&mut self, puts: usize, copies: Option<(Vec<Copy>, SyncSender<()>)>) -> Result<(), Unwritten> {
        let size = self.shared.options.pack_size;
        let copied = copies.iter().flat_map(|(copies, _)| copies.iter().map(|copy| &copy.content));
        let all: Vec<&Content> = self.puts.iter().take(puts).map(|put| &put.content).chain(copied).collect();
        if self.writer.as_ref().is_some_and(|w| w.fitting(size, all.iter().copied()) == 0) {
            let writer = self.writer.take();
            writer.map_or(Ok(()), |mut writer| writer.finish(&self.shared).inspect_err(|_| self.writer = Some(writer)))?;
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(Writer::create(&self.shared)?),
        };
        let fitting = writer.fitting(size, all.iter().copied());
        let puts = puts.min(fitting);
        let offsets = writer.append(&self.shared, &all[..fitting])?;
        let pack = writer.number;
        let mut places = offsets.into_iter().map(|offset| Place { pack, offset });
        self.publish(puts, places.by_ref());
        if let Some((copies, done)) = copies {
            self.publish_copies(copies, done, places);
        }
        Ok(())
    }

    /// Contents are durable: puts them into the index and tells who waits for them.
    fn publish(&mut self, puts: usize, places: impl Iterator<Item = Place>) {
        let mut answers = Vec::with_capacity(puts);
        {
            let mut index = self.shared.index.lock();
            for (put, place) in self.puts.iter().take(puts).zip(places) {
                let Content { id, len, .. } = put.content;
                let slot = index.insert(id, place, len);
                for waiter in index.pending.remove(&id).unwrap_or_default() {
                    index.pin(slot);
                    answers.push((waiter, Ok(Pin::new(&self.shared, slot, id, len))));
                }
            }
        }
        self.forget_pending(puts);
        self.puts.drain(..puts);
        if puts > 0 {
            self.shared.set_short(None);
        }
        answer(answers);
    }

    /// Copies are durable: from now on they count. Those that had no room come with the next group.
    fn publish_copies(&mut self, mut copies: Vec<Copy>, done: SyncSender<()>, places: impl Iterator<Item = Place>) {
        let places: Vec<Place> = places.collect();
        let rest = copies.split_off(places.len());
        let octets = copies.iter().map(|copy| copy.content.frame()).sum();
        self.shared.counters.copied.fetch_add(octets, Ordering::Relaxed);
        self.shared.change(|index| copies.iter().zip(places).for_each(|(copy, to)| index.moved(&copy.content.id, copy.from, to)));
        if rest.is_empty() {
            let _ = done.send(());
        } else {
            self.copies.push_front((rest, done));
        }
    }

    /// Ends the pack. False where the disk has no room for that.
    fn finish(&mut self) -> Result<bool, MediaError> {
        let Some(mut writer) = self.writer.take() else { return Ok(true) };
        match writer.finish(&self.shared) {
            Ok(()) => {
                self.shared.caretaker.ring();
                Ok(true)
            }
            Err(Unwritten::Full) => {
                self.writer = Some(writer);
                Ok(false)
            }
            Err(Unwritten::Broken(error)) => Err(error),
        }
    }

    /// The first so many do not wait any longer.
    fn forget_pending(&self, puts: usize) {
        let octets = self.puts.iter().take(puts).map(|put| put.content.frame()).sum();
        self.shared.counters.pending.fetch_sub(octets, Ordering::Relaxed);
    }
}

/// Not under the lock of the index: a pin that nobody wants any more takes it.
fn answer(answers: impl IntoIterator<Item = (Waiter, Result<Pin, MediaError>)>) {
    for (waiter, answer) in answers {
        let _ = waiter.send(answer);
    }
}
