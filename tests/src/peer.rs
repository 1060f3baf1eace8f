//! Peers: programs that others wrote, driven by small scripts in `tests/peers/` that print JSON lines.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::binary;

/// How many unread lines a peer may be ahead of the test before it has to wait.
const LINES_AHEAD: usize = 65_536;

/// A running peer script; killed when dropped, what it wrote to standard error shown when the test fails.
#[derive(Debug)]
pub struct Peer {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    unread: VecDeque<Value>,
    stderr: Arc<Mutex<String>>,
    stderr_reader: Option<JoinHandle<()>>,
}

impl Peer {
    /// A script of `tests/peers/` with its job as the only argument. The interpreter follows from the name's end: `.py` (in the
    /// environment with the installed clients), `.js`, `.pl`. A name without an end is a program of `tests/peers/` in Rust.
    pub fn start(script: &str, job: &Value) -> Self {
        let path = scripts().join(script);
        let peers = binary::target().join("peers");
        let mut command = match path.extension().and_then(|extension| extension.to_str()) {
            Some("py") => Command::new(peers.join("venv/bin/python")),
            Some("js") => Command::new("node"),
            Some("pl") => Command::new("perl"),
            None => Command::new(peers.join(script).join("build/debug").join(format!("{script}-sp"))),
            _ => panic!("{script}: no interpreter known for this name"),
        };
        command.env("NODE_PATH", peers.join("node/node_modules")).env("PYTHONDONTWRITEBYTECODE", "1");
        if path.extension().is_some() {
            command.arg(&path);
        }
        command.arg(job.to_string());
        Self::spawn(script, command)
    }

    fn spawn(name: &str, mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start ({error}); run scripts/install-test-peers.sh"));
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = sync_channel(LINES_AHEAD);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|_| serde_json::json!({"event": "text", "text": line}));
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&stderr);
        let mut errors = child.stderr.take().expect("a pipe");
        let stderr_reader = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            *kept.lock().expect("no thread panics with it") = text;
        });
        Self {
            name: name.to_owned(),
            stdin: child.stdin.take(),
            child,
            lines,
            unread: VecDeque::new(),
            stderr,
            stderr_reader: Some(stderr_reader),
        }
    }

    /// The next event, or `None` where the peer has closed its output. Panics where nothing comes within `bound`.
    pub fn next(&mut self, bound: Duration) -> Option<Value> {
        if let Some(event) = self.unread.pop_front() {
            return Some(event);
        }
        match self.lines.recv_timeout(bound) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("{} said nothing for {bound:?}", self.name),
        }
    }

    /// Takes out all events so far that `wanted` likes; the others stay to be read.
    pub fn take_all(&mut self, mut wanted: impl FnMut(&Value) -> bool) -> Vec<Value> {
        self.unread.extend(self.lines.try_iter());
        let (taken, left): (VecDeque<_>, _) = std::mem::take(&mut self.unread).into_iter().partition(|event| wanted(event));
        self.unread = left;
        Vec::from(taken)
    }

    /// Whether an event that `wanted` likes has come and was not read.
    pub fn has_unread(&mut self, wanted: impl FnMut(&Value) -> bool) -> bool {
        self.unread.extend(self.lines.try_iter());
        self.unread.iter().any(wanted)
    }

    /// Waits for the first event that `wanted` likes. Events before it stay to be read in their order.
    pub fn wait_for(&mut self, what: &str, bound: Duration, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let deadline = Instant::now() + bound;
        if let Some(index) = self.unread.iter().position(&mut wanted) {
            return self.unread.remove(index).expect("just found");
        }
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(event) if wanted(&event) => return event,
                Ok(event) => self.unread.push_back(event),
                Err(_) => panic!("{}: waited {bound:?} in vain for {what}; it had said {:?}", self.name, self.unread),
            }
        }
    }

    /// [`Peer::wait_for`] by the event's name.
    pub fn wait_for_event(&mut self, event: &str, bound: Duration) -> Value {
        self.wait_for(event, bound, |value| value["event"] == event)
    }

    /// Writes a JSON line to its standard input.
    pub fn tell(&mut self, order: &Value) {
        let stdin = self.stdin.as_mut().expect("its input is open");
        writeln!(stdin, "{order}").and_then(|()| stdin.flush()).unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Reads to the end of its output and waits for its exit. Panics where that takes longer than `bound`.
    pub fn finish(mut self, bound: Duration) -> (ExitStatus, Vec<Value>) {
        self.stdin = None;
        let deadline = Instant::now() + bound;
        let mut events = Vec::new();
        while let Some(event) = self.next(deadline.saturating_duration_since(Instant::now())) {
            events.push(event);
        }
        let status = self.child.wait().expect("the process can be waited for");
        (status, events)
    }

    /// What it wrote to standard error: complete only after its exit.
    pub fn errors(&mut self) -> String {
        if let Some(reader) = self.stderr_reader.take() {
            let _ = reader.join();
        }
        self.stderr.lock().expect("no thread panics with it").clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let errors = self.errors();
        if std::thread::panicking() && !errors.trim().is_empty() {
            crate::say(&format!("--- standard error of {}:\n{errors}", self.name));
        }
    }
}

/// The folder of the scripts.
pub(crate) fn scripts() -> PathBuf {
    binary::workspace().join("tests/peers")
}
