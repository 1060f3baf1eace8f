//! Storing a content, as far as it goes on in the caller's task: its name, whether it is there already, the wait for the committer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

use crate::committer::{Job, Put};
use crate::index::Index;
use crate::shared::Shared;
use crate::writer::Content;
use crate::{MediaError, MediaId, Pin};

/// Octets hashed at a time: other tasks wait no longer than for that.
const SLICE: usize = 512 << 10;

/// What a caller waits for.
type Answer = oneshot::Receiver<Result<Pin, MediaError>>;

/// How it stands with a content.
enum State {
    Stored(Pin),
    Waiting(Answer),
    New,
}

/// Stores a content.
pub(crate) async fn run(shared: Arc<Shared>, parts: Vec<Bytes>) -> Result<Pin, MediaError> {
    let began = Instant::now();
    check(&shared, &parts)?;
    let content = name(parts).await;
    let mut wait = Wait { began, deadline: shared.options.deadline, slow: shared.slow.subscribe() };
    // What is there already, or on its way, needs no room in the queue.
    let known = look(&shared, &mut shared.index.lock(), &content)?;
    match known {
        State::Stored(pin) => return Ok(pin),
        State::Waiting(answer) => return wait.answer(answer).await,
        State::New => {}
    }
    let count = (content.frame() / 1024 + 1).min(shared.all_permits.into()) as u32;
    let permits = Arc::clone(&shared.permits);
    let permit = tokio::select! {
        biased;
        permit = permits.acquire_many_owned(count) => permit.map_err(|_| MediaError::Closing)?,
        waited_ms = wait.too_slow() => return Err(MediaError::TooSlow { waited_ms }),
    };
    match enqueue(&shared, content, Some(permit))? {
        State::Stored(pin) => Ok(pin),
        State::Waiting(answer) => wait.answer(answer).await,
        State::New => Err(MediaError::Closing),
    }
}

/// The same on the calling thread. Nothing bounds it but the disk: see [`MediaOptions::wait_inline`](crate::MediaOptions::wait_inline).
pub(crate) fn inline(shared: &Arc<Shared>, parts: Vec<Bytes>) -> Result<Pin, MediaError> {
    check(shared, &parts)?;
    let mut naming = Naming::default();
    parts.iter().for_each(|part| naming.update(part));
    match enqueue(shared, naming.content(parts), None)? {
        State::Stored(pin) => Ok(pin),
        State::Waiting(mut answer) => loop {
            match answer.try_recv() {
                Ok(answer) => return answer,
                Err(oneshot::error::TryRecvError::Empty) => std::thread::sleep(Duration::from_micros(50)),
                Err(oneshot::error::TryRecvError::Closed) => return Err(MediaError::Closing),
            }
        },
        State::New => Err(MediaError::Closing),
    }
}

fn check(shared: &Shared, parts: &[Bytes]) -> Result<(), MediaError> {
    let len = parts.iter().map(|part| part.len() as u64).sum();
    let limit = u64::from(shared.options.max_blob);
    if len > limit {
        return Err(MediaError::TooLarge { len, limit });
    }
    shared.stopped().map_or(Ok(()), Err)
}

/// Looks for a content; a caller who finds it on its way waits for it too.
fn look(shared: &Arc<Shared>, index: &mut Index, content: &Content) -> Result<State, MediaError> {
    if let Some(error) = shared.stopped() {
        return Err(error);
    }
    let state = if let Some(slot) = index.slot(&content.id) {
        index.pin(slot);
        State::Stored(Pin::new(shared, slot, content.id, content.len))
    } else if let Some(waiters) = index.pending.get_mut(&content.id) {
        let (waiter, answer) = oneshot::channel();
        waiters.push(waiter);
        State::Waiting(answer)
    } else {
        return Ok(State::New);
    };
    shared.counters.puts.fetch_add(1, Ordering::Relaxed);
    shared.counters.known.fetch_add(1, Ordering::Relaxed);
    Ok(state)
}

/// Looks again, now that there is room, and hands the content to the committer if nobody else has.
fn enqueue(shared: &Arc<Shared>, content: Content, permit: Option<OwnedSemaphorePermit>) -> Result<State, MediaError> {
    let mut index = shared.index.lock();
    match look(shared, &mut index, &content)? {
        State::New => {}
        state => return Ok(state),
    }
    let (waiter, answer) = oneshot::channel();
    index.pending.insert(content.id, vec![waiter]);
    shared.counters.puts.fetch_add(1, Ordering::Relaxed);
    shared.counters.pending.fetch_add(content.frame(), Ordering::Relaxed);
    // Were the committer gone, the index would say that it has stopped.
    let _ = shared.jobs.send(Job::Put(Put { content, _permit: permit }));
    Ok(State::Waiting(answer))
}

/// Name and checksum of a content, bit by bit.
#[derive(Default)]
struct Naming {
    sha: Sha256,
    crc: crc32fast::Hasher,
    len: u32,
}

impl Naming {
    fn update(&mut self, octets: &[u8]) {
        self.sha.update(octets);
        self.crc.update(octets);
        self.len += octets.len() as u32;
    }

    fn content(self, parts: Vec<Bytes>) -> Content {
        let id = MediaId::from_bytes(self.sha.finalize().into());
        Content { id, parts, len: self.len, crc: self.crc.finalize() }
    }
}

async fn name(parts: Vec<Bytes>) -> Content {
    let mut naming = Naming::default();
    let mut left = SLICE;
    for slice in parts.iter().flat_map(|part| part.chunks(SLICE)) {
        if slice.len() > left {
            tokio::task::yield_now().await;
            left = SLICE;
        }
        naming.update(slice);
        left -= slice.len();
    }
    naming.content(parts)
}

/// Waiting for the committer. The watcher's thread says when to look at the time: tokio's clock may be paused in tests, the disk's is not.
struct Wait {
    began: Instant,
    deadline: Duration,
    slow: watch::Receiver<()>,
}

impl Wait {
    async fn answer(mut self, mut answer: Answer) -> Result<Pin, MediaError> {
        tokio::select! {
            biased;
            answer = &mut answer => answer.unwrap_or(Err(MediaError::Closing)),
            waited_ms = self.too_slow() => Err(MediaError::TooSlow { waited_ms }),
        }
    }

    /// Resolves when this caller has waited for the deadline.
    async fn too_slow(&mut self) -> u64 {
        while self.slow.changed().await.is_ok() {
            if self.began.elapsed() >= self.deadline {
                return self.began.elapsed().as_millis() as u64;
            }
        }
        std::future::pending().await
    }
}
