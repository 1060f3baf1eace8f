//! The thread that writes: all that queued up goes into one transaction, is synced once, and is answered after that.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Connection, Savepoint};
use tokio::sync::{mpsc, oneshot};
use waxwing_media::{MediaId, MediaStore, Pin};

use super::MailboxError;
use super::model::owner;

/// Works in one transaction.
const BATCH: usize = 256;

/// What a work that is durable means for the media store.
#[derive(Default)]
pub(super) struct Effects {
    /// Entries that came, with their contents.
    pub(super) holds: Vec<(i64, MediaId)>,
    /// Pins that may go when those contents are held.
    pub(super) pins: Vec<Pin>,
    /// Entries that went.
    pub(super) releases: Vec<(i64, MediaId)>,
}

type Finish = Box<dyn FnOnce(Result<(), MailboxError>, &MediaStore) + Send>;
type Run = Box<dyn FnOnce(&Savepoint<'_>) -> (Finish, bool) + Send>;

/// Something to be done, whatever it is.
pub(super) struct Work(Run);

impl Work {
    /// A work that fails is undone by itself; what it wants told is told when all of its batch is durable.
    pub(super) fn new<T: Send + 'static>(
        work: impl FnOnce(&Connection) -> Result<(T, Effects), MailboxError> + Send + 'static,
    ) -> (Work, oneshot::Receiver<Result<T, MailboxError>>) {
        let (reply, answer) = oneshot::channel();
        let run = Box::new(move |tx: &Savepoint<'_>| {
            let result = work(tx);
            let is_done = result.is_ok();
            let finish: Finish = Box::new(move |committed, media| {
                let told = committed.and(result).map(|(value, effects)| {
                    effects.apply(media);
                    value
                });
                // Whoever asked may be gone.
                drop(reply.send(told));
            });
            (finish, is_done)
        });
        (Work(run), answer)
    }
}

impl Effects {
    fn apply(self, media: &MediaStore) {
        for (row, id) in self.holds {
            media.hold(&id, owner(row));
        }
        drop(self.pins);
        for (row, id) in self.releases {
            media.release(&id, owner(row));
        }
    }
}

/// The thread's own.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) conn: Connection,
    pub(super) media: Arc<MediaStore>,
    pub(super) works: mpsc::Receiver<Work>,
    /// Why nothing is written any more.
    pub(super) stopped: Arc<Mutex<Option<MailboxError>>>,
}

impl Writer {
    /// Runs until nobody can hand in works any more.
    pub(super) fn run(mut self) {
        while let Some(first) = self.works.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = self.works.try_recv()
            {
                batch.push(next);
            }
            self.write(batch);
        }
    }

    fn write(&mut self, batch: Vec<Work>) {
        let mut finishes = Vec::with_capacity(batch.len());
        let stopped = self.stopped.lock().clone();
        let result = match stopped {
            Some(e) => Err(e),
            None => self.transact(batch, &mut finishes),
        };
        if let Err(e) = &result {
            tracing::error!("Mailboxes could not be written: {e}");
            if e.is_fatal() {
                *self.stopped.lock() = Some(MailboxError::Stopped(e.to_string()));
            }
        }
        for finish in finishes {
            finish(result.clone(), &self.media);
        }
    }

    /// Works that are not begun are dropped, and their callers told so.
    fn transact(&mut self, batch: Vec<Work>, finishes: &mut Vec<Finish>) -> Result<(), MailboxError> {
        let path = self.path.clone();
        let fail = move |e| MailboxError::sqlite("writing", &path, e);
        let mut tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&fail)?;
        for Work(run) in batch {
            let point = tx.savepoint().map_err(&fail)?;
            let (finish, is_done) = run(&point);
            finishes.push(finish);
            // A savepoint that is dropped is undone.
            if is_done {
                point.commit().map_err(&fail)?;
            }
        }
        tx.commit().map_err(fail)
    }
}
