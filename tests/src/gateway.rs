//! The gateway under test: a process of its own on a folder of its own.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Config, binary, http, until, until_some};

/// How long a start may take, recovery of the spool included.
const START_BOUND: Duration = Duration::from_secs(60);
/// How long an orderly stop may take, the drain included.
const STOP_BOUND: Duration = Duration::from_secs(30);

/// A `waxwing serve` that listens and is ready; killed when dropped, its log shown when the test fails.
#[derive(Debug)]
pub struct Gateway {
    folder: PathBuf,
    // Held for its drop only; a gateway on somebody else's folder has none.
    _own_folder: Option<TempDir>,
    child: Option<Child>,
    doors: Doors,
}

#[derive(Debug, Default)]
struct Doors {
    http: Option<SocketAddr>,
    mmsc: Option<SocketAddr>,
    smtp: Option<SocketAddr>,
    listeners: Vec<(String, SocketAddr)>,
}

impl Gateway {
    /// Starts one in a new temporary folder.
    pub fn start(config: &Config) -> Self {
        let folder = tempfile::Builder::new().prefix("waxwing-test-").tempdir().expect("a temporary folder");
        let path = folder.path().to_owned();
        Self::start_in(&path, Some(folder), config)
    }

    /// Starts one in a folder that the caller keeps: on a disk that is about to fail, for example.
    pub fn start_at(folder: &Path, config: &Config) -> Self {
        Self::start_in(folder, None, config)
    }

    fn start_in(folder: &Path, own_folder: Option<TempDir>, config: &Config) -> Self {
        std::fs::write(folder.join("waxwing.toml"), config.as_str()).expect("the configuration can be written");
        let mut gateway = Self { folder: folder.to_owned(), _own_folder: own_folder, child: None, doors: Doors::default() };
        gateway.start_again();
        gateway
    }

    /// Starts the process on the folder as it is, after [`Gateway::stop`] or [`Gateway::kill`]. The ports may be others than before.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "the gateway runs already");
        let listening = self.folder.join("data/listening.json");
        match std::fs::remove_file(&listening) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{}: {error}", listening.display()),
            _ => {}
        }
        let log = OpenOptions::new().create(true).append(true).open(self.log_path()).expect("the log can be written");
        let child = Command::new(binary::waxwing())
            .args(["serve", "--config", "waxwing.toml"])
            .current_dir(&self.folder)
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", binary::waxwing().display()));
        self.child = Some(child);
        self.doors = until_some("the gateway is ready (data/listening.json)", START_BOUND, || {
            if let Some(status) = self.exited() {
                panic!("the gateway ended while starting: {status}");
            }
            Doors::read(&listening)
        });
    }

    /// The process's exit status, if it has ended by itself.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().expect("the process can be waited for")
    }

    /// Where SMPP clients connect.
    pub fn smpp(&self) -> SocketAddr {
        self.listener("smpp")
    }

    /// Where the first listener of a protocol listens.
    pub fn listener(&self, protocol: &str) -> SocketAddr {
        let found = self.listeners(protocol);
        *found.first().unwrap_or_else(|| panic!("no {protocol} listener among {:?}", self.doors.listeners))
    }

    /// Where all listeners of a protocol listen.
    pub fn listeners(&self, protocol: &str) -> Vec<SocketAddr> {
        self.doors.listeners.iter().filter(|(name, _)| name == protocol).map(|(_, address)| *address).collect()
    }

    /// Where CMPP clients connect.
    pub fn cmpp(&self) -> SocketAddr {
        self.listener("cmpp")
    }

    /// Where the console, REST and metrics are.
    pub fn http(&self) -> SocketAddr {
        self.doors.http.expect("an HTTP door")
    }

    /// Where phones and browsers reach the message centre.
    pub fn mmsc(&self) -> SocketAddr {
        self.doors.mmsc.expect("a message centre")
    }

    /// Where e-mail comes in.
    pub fn smtp(&self) -> SocketAddr {
        self.doors.smtp.expect("a door for e-mail")
    }

    /// The folder that holds the configuration and, in `data`, everything else.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The most memory that the process has had resident, octets (Linux's `VmHWM`).
    pub fn peak_memory(&self) -> u64 {
        let id = self.child.as_ref().expect("the gateway runs").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a running process has a status");
        let kilobytes = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes.expect("the status tells VmHWM") * 1024
    }

    /// Asks it to end (SIGTERM) and waits until it has; panics where it takes too long or ends with an error.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("the gateway runs");
        signal(&child, Signal::TERM);
        let deadline = Instant::now() + STOP_BOUND;
        loop {
            if let Some(status) = child.try_wait().expect("the process can be waited for") {
                assert!(status.success(), "the gateway ended with {status}");
                return;
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the gateway did not end within {STOP_BOUND:?} of SIGTERM");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it (SIGKILL): no drain, no goodbye.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Tells it to read its configuration again (SIGHUP).
    pub fn hang_up(&self) {
        signal(self.child.as_ref().expect("the gateway runs"), Signal::HUP);
    }

    /// Writes another configuration and tells the gateway to read it.
    pub fn reconfigure(&self, config: &Config) {
        std::fs::write(self.folder.join("waxwing.toml"), config.as_str()).expect("the configuration can be written");
        self.hang_up();
    }

    /// Runs another `waxwing` command in the gateway's folder and gives its standard output; panics where it fails.
    pub fn command(&self, arguments: &[&str]) -> String {
        let output = binary::run(&self.folder, arguments, b"");
        assert!(output.status.success(), "waxwing {arguments:?}: {}: {}", output.status, binary::stderr(&output));
        binary::stdout(&output)
    }

    /// Waits until a connector can send.
    pub fn wait_until_up(&self, connector: &str) {
        let label = format!("connector=\"{connector}\"");
        until(&format!("{connector} is up"), Duration::from_secs(20), || self.metric("waxwing_connector_sessions", &[&label]) >= 1.0);
    }

    /// Waits until the log holds these words.
    pub fn wait_for_log(&self, words: &str) {
        until(&format!("{words:?} in the log"), Duration::from_secs(20), || self.log().contains(words));
    }

    /// A message as `GET /api/v1/messages/{id}` shows it to the account "shop", once it is in one of these states. The record follows
    /// what happens after a moment.
    pub fn wait_for_state(&self, id: &str, states: &[&str]) -> Value {
        let target = format!("/api/v1/messages/{id}");
        let mut last = Value::Null;
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            last = http::get_as(self.http(), &target, "shop", "secret").json();
            let recorded = last["events"].as_array().is_some_and(|events| !events.is_empty());
            if recorded && last["state"].as_str().is_some_and(|state| states.contains(&state)) {
                return last;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("waited in vain for {states:?} of {id}: {last:#}");
    }

    /// A value of `/metrics`: the sum over all lines of that name whose labels contain all of these texts.
    pub fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let text = http::get(self.http(), "/metrics").body;
        let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name) && labels.iter().all(|l| line.contains(l)));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// What the gateway has logged so far.
    pub fn log(&self) -> String {
        std::fs::read(self.log_path()).map_or_else(|error| error.to_string(), |octets| String::from_utf8_lossy(&octets).into_owned())
    }

    fn log_path(&self) -> PathBuf {
        // Beside the folder where it may be on a disk that is about to fail.
        match &self._own_folder {
            Some(_) => self.folder.join("serve.log"),
            None => self.folder.with_extension("serve.log"),
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(80).collect();
            crate::say(&format!("--- the end of the gateway's log ({}):", self.log_path().display()));
            for line in tail.iter().rev() {
                crate::say(line);
            }
        }
        if self._own_folder.is_none() {
            let _ = std::fs::remove_file(self.log_path());
        }
    }
}

impl Doors {
    /// `None` while the file is not there, or not yet whole.
    fn read(path: &Path) -> Option<Self> {
        let doors: Value = serde_json::from_reader(File::open(path).ok()?).ok()?;
        let address = |value: &Value| value.as_str()?.parse().ok();
        let listeners = doors["listeners"].as_array()?.iter();
        Some(Self {
            http: address(&doors["http"]),
            mmsc: address(&doors["mmsc"]),
            smtp: address(&doors["smtp"]),
            listeners: listeners.filter_map(|door| Some((door["protocol"].as_str()?.to_owned(), address(&door["listen"])?))).collect(),
        })
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, signal).expect("the gateway can be signalled");
}
