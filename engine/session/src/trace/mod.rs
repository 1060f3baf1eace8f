//! PDU tracing on demand: pcap files which Wireshark and tshark open with the protocol's own dissector.
//!
//! Off, it costs one atomic load a frame. On, frames are copied into a bounded queue and written by one thread; what
//! does not fit is dropped and counted, as a slow disk must not slow traffic. What is inside TLS is written in the clear,
//! and logins hold passwords: the files are readable by their owner only.

mod packet;
mod writer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::SystemTime;

use parking_lot::Mutex;

use crate::engine::{Direction, Role, Tap};
use writer::{Flow, Record, Writer};

/// Where a trace goes and how large it may become.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TraceOptions {
    /// The folder for the files `trace-<Unix seconds>-<number>.pcap`; it is made if missing.
    pub directory: PathBuf,
    /// Octets at which the next file is begun. Default 16 MiB.
    pub max_file_octets: u64,
    /// Files of one trace; the oldest is deleted for a new one. Default 8.
    pub max_files: usize,
    /// Octets of frames that wait for the disk; more are dropped and counted. Default 4 MiB.
    pub max_queued_octets: usize,
}

impl TraceOptions {
    /// The defaults for `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), max_file_octets: 16 << 20, max_files: 8, max_queued_octets: 4 << 20 }
    }
}

/// Which links are traced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TraceScope {
    /// All, those yet to come as well.
    All,
    /// Those with one of these names.
    Names(Vec<String>),
}

/// The switch of all traces; clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    shared: Arc<Shared>,
}

/// One link's place in the trace: give it to [`Engine::set_tap`](crate::Engine::set_tap).
#[derive(Debug)]
pub struct LinkTrace {
    flow: Arc<Flow>,
    shared: Arc<Shared>,
    switch: Arc<Switch>,
}

/// Why a trace cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The first file cannot be made.
    #[error("cannot write the trace in {directory}: {source}; check the path, the permissions and the space", directory = directory.display())]
    Create {
        /// The folder.
        directory: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A trace runs.
    #[error("a trace is running already; stop it first")]
    Running,
}

/// Frames that wait for the disk, at most; their octets are bounded as well.
const QUEUED_FRAMES: usize = 8192;

#[derive(Debug, Default)]
struct Shared {
    dropped: AtomicU64,
    links: Mutex<Vec<Weak<Switch>>>,
    next_link: AtomicU64,
    queued_octets: Arc<AtomicUsize>,
    run: Mutex<Option<Run>>,
}

#[derive(Debug)]
struct Run {
    max_queued_octets: usize,
    scope: TraceScope,
    sender: SyncSender<Record>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Switch {
    name: String,
    on: AtomicBool,
}

impl TraceScope {
    fn covers(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.iter().any(|wanted| wanted == name),
        }
    }
}

impl Trace {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Frames dropped since the start of the program because the disk was too slow.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Whether a trace runs.
    pub fn is_on(&self) -> bool {
        self.shared.run.lock().is_some()
    }

    /// A place for the link called `name` (a connector's or listener's name) with these real addresses.
    pub fn link(&self, name: &str, role: Role, local: SocketAddr, peer: SocketAddr) -> LinkTrace {
        let flow = Flow { id: self.shared.next_link.fetch_add(1, Ordering::Relaxed), local, peer, role };
        let switch = Arc::new(Switch { name: name.to_owned(), on: AtomicBool::new(false) });
        let mut links = self.shared.links.lock();
        if links.len() == links.capacity() {
            links.retain(|link| link.strong_count() > 0);
        }
        links.push(Arc::downgrade(&switch));
        drop(links);
        // Under the lock, so that a `stop` at the same moment cannot be overtaken.
        let run = self.shared.run.lock();
        if run.as_ref().is_some_and(|run| run.scope.covers(name)) {
            switch.on.store(true, Ordering::Relaxed);
        }
        drop(run);
        LinkTrace { flow: Arc::new(flow), shared: Arc::clone(&self.shared), switch }
    }

    /// Switches tracing on. Makes the first file, so it blocks for as long as the disk does.
    pub fn start(&self, scope: TraceScope, options: &TraceOptions) -> Result<(), TraceError> {
        let mut run = self.shared.run.lock();
        if run.is_some() {
            return Err(TraceError::Running);
        }
        let failed = |source| TraceError::Create { directory: options.directory.clone(), source };
        let (sender, records) = sync_channel(QUEUED_FRAMES);
        let writer = Writer::create(options, Arc::clone(&self.shared.queued_octets)).map_err(failed)?;
        let spawned = std::thread::Builder::new().name("trace".to_owned()).spawn(move || writer.run(&records));
        let thread = spawned.map_err(failed)?;
        self.for_each_switch(|switch| switch.on.store(scope.covers(&switch.name), Ordering::Relaxed));
        *run = Some(Run { max_queued_octets: options.max_queued_octets, scope, sender, thread });
        Ok(())
    }

    /// Switches tracing off, and waits until what is queued is written.
    pub fn stop(&self) {
        let run = self.shared.run.lock().take();
        self.for_each_switch(|switch| switch.on.store(false, Ordering::Relaxed));
        if let Some(Run { sender, thread, .. }) = run {
            drop(sender);
            if thread.join().is_err() {
                tracing::error!("The trace's writer failed; the last file may be cut short.");
            }
        }
    }

    fn for_each_switch(&self, action: impl Fn(&Switch)) {
        self.shared.links.lock().iter().filter_map(Weak::upgrade).for_each(|switch| action(&switch));
    }
}

impl LinkTrace {
    /// Whether this link is traced.
    pub fn is_on(&self) -> bool {
        self.switch.on.load(Ordering::Relaxed)
    }

    /// Writes one frame with the time `at`, if this link is traced.
    pub fn record(&self, direction: Direction, octets: &[u8], at: SystemTime) {
        if self.is_on() {
            self.send(octets.len(), || Record::Frame { at, direction, flow: Arc::clone(&self.flow), octets: octets.to_vec() });
        }
    }

    fn send(&self, octets: usize, record: impl FnOnce() -> Record) {
        let run = self.shared.run.lock();
        let Some(run) = run.as_ref() else { return };
        let queued = &self.shared.queued_octets;
        let fits = queued.load(Ordering::Relaxed) + octets <= run.max_queued_octets;
        queued.fetch_add(octets, Ordering::Relaxed);
        if !fits || run.sender.try_send(record()).is_err() {
            queued.fetch_sub(octets, Ordering::Relaxed);
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Tap for LinkTrace {
    fn is_on(&self) -> bool {
        LinkTrace::is_on(self)
    }

    fn frame(&mut self, direction: Direction, octets: &[u8]) {
        self.record(direction, octets, SystemTime::now());
    }
}

impl Drop for LinkTrace {
    fn drop(&mut self) {
        if self.is_on() {
            self.send(0, || Record::End { at: SystemTime::now(), flow: Arc::clone(&self.flow) });
        }
    }
}
