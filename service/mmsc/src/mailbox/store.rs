//! The mailboxes: what callers hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::mpsc;
use waxwing_core::Millis;
use waxwing_media::MediaStore;

use super::model::{Change, Entry, NewEntry, Query, Quota, Totals, Whose};
use super::sql::{self, Failed};
use super::writer::{Effects, Work, Writer};
use super::{MailboxError, file};
use crate::token;

/// Works that may wait; beyond it, callers do.
const WAITING: usize = 1024;
/// Connections that are kept for reading.
const READERS: usize = 4;
/// Entries looked at, or deleted, between two breaths.
const SLICE: u64 = 1000;

/// All mailboxes; see the head of the module.
pub struct Mailboxes {
    path: PathBuf,
    quota: Quota,
    works: Mutex<Option<mpsc::Sender<Work>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    readers: Mutex<Vec<Connection>>,
}

impl Mailboxes {
    /// Opens the file (`<data>/mmsc.db`), or makes it. Contents are in `media`.
    ///
    /// # Errors
    /// When it cannot be used. A damaged one is left alone: it is the only place that has the entries.
    pub fn open(path: impl Into<PathBuf>, media: Arc<MediaStore>, quota: Quota) -> Result<Arc<Mailboxes>, MailboxError> {
        let path = path.into();
        let conn = file::open(&path)?;
        let (sender, works) = mpsc::channel(WAITING);
        let writer = Writer { path: path.clone(), conn, media, works, stopped: Arc::default() };
        let thread = std::thread::Builder::new().name("mailboxes".into()).spawn(move || writer.run());
        let thread = thread.map_err(|e| MailboxError::io("starting the thread of", &path, e))?;
        Ok(Arc::new(Mailboxes {
            path,
            quota,
            works: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            readers: Mutex::default(),
        }))
    }

    /// How much each may hold.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Keeps a message; durable when it resolves. Gives its token.
    pub(crate) async fn add(&self, new: NewEntry) -> Result<String, MailboxError> {
        let token = token::token().map_err(|_| MailboxError::Random)?;
        let quota = self.quota;
        self.write(move |conn| sql::add(conn, new, token, quota)).await
    }

    /// Changes an entry. False where there is none of that token in that mailbox, or its state is another than it has to be.
    pub(crate) async fn change(&self, whose: &Whose, token: &str, change: Change) -> Result<bool, MailboxError> {
        let (whose, token) = (whose.clone(), token.to_owned());
        self.write(move |conn| sql::change(conn, &whose, &token, &change).map(plain)).await
    }

    /// Deletes entries of a mailbox. Tells of each whether it was there.
    pub(crate) async fn delete(&self, whose: &Whose, tokens: Vec<String>) -> Result<Vec<bool>, MailboxError> {
        let whose = whose.clone();
        self.write(move |conn| sql::delete(conn, &whose, &tokens)).await
    }

    /// Deletes what has had its time, a slice at a time. Gives the number of entries.
    pub(crate) async fn expire(&self, now: Millis) -> Result<usize, MailboxError> {
        let mut all = 0;
        loop {
            let count = self.write(move |conn| sql::expire(conn, now, SLICE)).await?;
            all += count;
            if (count as u64) < SLICE {
                return Ok(all);
            }
        }
    }

    /// Deletes the mailboxes of those who are no subscribers any more. Gives their number.
    pub(crate) async fn forget(self: &Arc<Self>, is_subscriber: impl Fn(&Whose) -> bool) -> Result<usize, MailboxError> {
        let (mut after, mut gone) = (0, 0);
        loop {
            let slice = self.read(move |conn| sql::mailboxes(conn, after, SLICE)).await?;
            let Some((last, _)) = slice.last() else { return Ok(gone) };
            after = *last;
            for (mailbox, _) in slice.iter().filter(|(_, whose)| !is_subscriber(whose)) {
                let mailbox = *mailbox;
                while self.write(move |conn| sql::clear(conn, mailbox, SLICE)).await? as u64 == SLICE {}
                gone += 1;
            }
        }
    }

    /// Tells the media store which contents are needed, after a start.
    pub(crate) async fn tell_owners(&self) -> Result<(), MailboxError> {
        let mut after = 0;
        loop {
            // The writer does it: nothing goes meanwhile that would be told then.
            let told = self.write(move |conn| {
                let holds = sql::owners(conn, after, SLICE)?;
                let last = holds.last().map(|(row, _)| *row);
                Ok((last, Effects { holds, ..Effects::default() }))
            });
            match told.await? {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    /// The entry of a token, whosever it is.
    pub(crate) async fn by_token(self: &Arc<Self>, token: &str) -> Result<Option<Entry>, MailboxError> {
        let token = token.to_owned();
        self.read(move |conn| sql::by_token(conn, &token)).await
    }

    /// Messages of a mailbox.
    pub(crate) async fn select(self: &Arc<Self>, whose: &Whose, query: Query) -> Result<Vec<Entry>, MailboxError> {
        let whose = whose.clone();
        self.read(move |conn| sql::select(conn, &whose, &query)).await
    }

    /// How much a mailbox holds.
    pub(crate) async fn totals(self: &Arc<Self>, whose: &Whose) -> Result<Totals, MailboxError> {
        let whose = whose.clone();
        self.read(move |conn| sql::totals(conn, &whose)).await
    }

    /// Ends it: what was handed in is written, further things are refused. Blocks.
    pub fn close(&self) {
        drop(self.works.lock().take());
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("The thread of the mailboxes ended badly.");
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<(T, Effects), Failed> + Send + 'static,
    ) -> Result<T, MailboxError> {
        let closed = || MailboxError::Stopped("the message centre is being stopped, or the file could not be written".into());
        let path = self.path.clone();
        let (work, answer) = Work::new(move |conn| work(conn).map_err(|e| told(e, "writing", &path)));
        let works = self.works.lock().clone().ok_or_else(closed)?;
        works.send(work).await.map_err(|_| closed())?;
        drop(works);
        answer.await.map_err(|_| closed())?
    }

    async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, MailboxError> {
        let this = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let kept = this.readers.lock().pop();
            let conn = match kept {
                Some(conn) => conn,
                None => file::open_reader(&this.path)?,
            };
            let result = work(&conn).map_err(|e| told(e, "reading", &this.path));
            let mut readers = this.readers.lock();
            if result.is_ok() && readers.len() < READERS {
                readers.push(conn);
            }
            result
        });
        done.await.map_err(|e| MailboxError::Stopped(e.to_string()))?
    }
}

impl Drop for Mailboxes {
    fn drop(&mut self) {
        self.close();
    }
}

fn plain<T>(value: T) -> (T, Effects) {
    (value, Effects::default())
}

fn told(e: Failed, doing: &'static str, path: &Path) -> MailboxError {
    match e {
        Failed::Refused(e) => e,
        Failed::Sqlite(e) => MailboxError::sqlite(doing, path, e),
    }
}
