//! The gateway under load: the real program on a folder of its own, with everything as shipped but what a case sets.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::{Who, resident};

/// How it is set up: one SMPP listener, the account "bench" (password the same), one connector to the carrier.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The carrier's SMPP server.
    pub carrier: SocketAddr,
    /// Binds to it.
    pub binds: u32,
    /// Window of each.
    pub window: u32,
    /// Further lines of the account's table.
    pub account: String,
    /// Further lines of the connector's table.
    pub connector: String,
    /// Instead of those lines and the usual ones, the whole table of the connector but its name; empty for the usual one.
    pub carrier_table: String,
    /// Further tables. `[node]` and `[http]` are there already.
    pub more: String,
}

/// A running gateway. It is killed when this is dropped.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    binary: PathBuf,
    // The last, so that it goes when nobody writes into it any more.
    dir: tempfile::TempDir,
}

/// How long a start may take: with ten million messages queued it is some seconds.
const START: Duration = Duration::from_secs(120);

impl Setup {
    /// The plain one.
    pub fn new(carrier: SocketAddr, binds: u32, window: u32) -> Setup {
        Setup {
            carrier,
            binds,
            window,
            account: String::new(),
            connector: String::new(),
            carrier_table: String::new(),
            more: String::new(),
        }
    }

    fn text(&self) -> String {
        let Setup { carrier, binds, window, account, connector, carrier_table, more } = self;
        let usual = format!(
            "protocol = \"smpp\"\naddress = \"{carrier}\"\nsystem_id = \"gw\"\npassword = \"x\"\n\
             reconnect_max = \"1s\"\nbinds = {binds}\nwindow = {window}\n{connector}\n"
        );
        let table = if carrier_table.is_empty() { &usual } else { carrier_table };
        format!(
            "[node]\nname = \"bench\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
             [[listener]]\nprotocol = \"smpp\"\nlisten = \"127.0.0.1:0\"\n\
             [[account]]\nname = \"bench\"\npassword = \"bench\"\nmax_binds = 100\nwindow = 1000\n{account}\n\
             [[connector]]\nname = \"carrier\"\n{table}\n\
             [[route]]\nto = \"*\"\nvia = [\"carrier\"]\n{more}\n"
        )
    }
}

// === impl Gateway ===

impl Gateway {
    /// Starts it in a new folder in `tmp` and waits until it is ready.
    ///
    /// # Errors
    /// When it does not start; the last lines of its log are in the words.
    pub fn start(binary: &Path, tmp: &Path, setup: &Setup) -> io::Result<Gateway> {
        let dir = tempfile::Builder::new().prefix("waxwing-").tempdir_in(tmp)?;
        std::fs::write(dir.path().join("waxwing.toml"), setup.text())?;
        let child = spawn(binary, dir.path())?;
        let mut gateway = Gateway { child, dir, binary: binary.to_owned() };
        gateway.wait_ready()?;
        Ok(gateway)
    }

    /// Its process, for [`Usage`](crate::process::Usage).
    pub fn who(&self) -> Who {
        Who::Process(self.child.id())
    }

    /// Where its SMPP listener is.
    ///
    /// # Errors
    /// When listening.json cannot be read.
    pub fn smpp(&self) -> io::Result<SocketAddr> {
        self.listening("/listeners/0/listen")
    }

    /// Where its CMPP listener is, where [`Setup::more`] begins with one.
    ///
    /// # Errors
    /// When listening.json cannot be read.
    pub fn cmpp(&self) -> io::Result<SocketAddr> {
        self.listening("/listeners/1/listen")
    }

    /// Where its HTTP door is.
    ///
    /// # Errors
    /// When listening.json cannot be read.
    pub fn http(&self) -> io::Result<SocketAddr> {
        self.listening("/http")
    }

    /// Where its message centre is, where [`Setup::more`] has one.
    ///
    /// # Errors
    /// When listening.json cannot be read.
    pub fn mmsc(&self) -> io::Result<SocketAddr> {
        self.listening("/mmsc")
    }

    /// The folder with its configuration, its log, and in `data` all that it keeps.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Resident memory, octets.
    pub fn resident(&self) -> u64 {
        resident(self.child.id())
    }

    /// kill -9, then a new start; the time until it is ready again. Its doors may have other ports.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn kill_and_restart(&mut self) -> io::Result<Duration> {
        self.child.kill()?;
        self.child.wait()?;
        let _ = std::fs::remove_file(self.dir.path().join("data/listening.json"));
        let begin = Instant::now();
        self.child = spawn(&self.binary, self.dir.path())?;
        self.wait_ready()?;
        Ok(begin.elapsed())
    }

    fn listening(&self, pointer: &str) -> io::Result<SocketAddr> {
        let text = std::fs::read_to_string(self.dir.path().join("data/listening.json"))?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let address = json.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default();
        address.parse().map_err(|e| io::Error::other(format!("{pointer} of listening.json is {address:?}: {e}")))
    }

    fn wait_ready(&mut self) -> io::Result<()> {
        let file = self.dir.path().join("data/listening.json");
        let begin = Instant::now();
        while !file.exists() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || begin.elapsed() > START {
                let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
                let from = log.lines().count().saturating_sub(10);
                let end: Vec<&str> = log.lines().skip(from).collect();
                let what = ended.map_or("it is not ready".to_owned(), |s| format!("it ended with {s}"));
                return Err(io::Error::other(format!("the gateway did not start: {what}; its log says: {}", end.join(" / "))));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(binary: &Path, dir: &Path) -> io::Result<Child> {
    let log = std::fs::File::options().create(true).append(true).open(dir.join("log"))?;
    Command::new(binary)
        .args(["serve", "--config", "waxwing.toml"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
}
