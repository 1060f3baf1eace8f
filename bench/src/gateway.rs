//! The gateway under load: the real binary on a temporary folder.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    dir: tempfile::TempDir,
    binary: PathBuf,
}

impl Gateway {
    /// Starts it with one SMPP listener, one account (bench, bench) and one connector with so many binds to the carrier.
    ///
    /// # Errors
    /// When it does not start within a minute.
    pub fn start(binary: &Path, carrier: SocketAddr, binds: u32, window: u32) -> io::Result<Gateway> {
        let dir = tempfile::tempdir()?;
        std::fs::write(
            dir.path().join("waxwing.toml"),
            format!(
                "[node]\nname = \"bench\"\ndata = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
                 [[listener]]\nprotocol = \"smpp\"\nlisten = \"127.0.0.1:0\"\n\
                 [[account]]\nname = \"bench\"\npassword = \"bench\"\nmax_binds = 100\nwindow = 1000\n\
                 [[connector]]\nname = \"carrier\"\nprotocol = \"smpp\"\naddress = \"{carrier}\"\nsystem_id = \"gw\"\npassword = \"x\"\n\
                 binds = {binds}\nwindow = {window}\n[[route]]\nto = \"*\"\nvia = [\"carrier\"]\n"
            ),
        )?;
        let child = spawn(binary, dir.path())?;
        let mut gateway = Gateway { child, dir, binary: binary.to_owned() };
        gateway.wait_ready()?;
        Ok(gateway)
    }

    /// Where its SMPP listener is.
    ///
    /// # Errors
    /// When listening.json cannot be read.
    pub fn smpp(&self) -> io::Result<SocketAddr> {
        let text = std::fs::read_to_string(self.dir.path().join("data/listening.json"))?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let listen = json["listeners"][0]["listen"].as_str().unwrap_or_default();
        listen.parse().map_err(|e| io::Error::other(format!("{listen}: {e}")))
    }

    /// Resident memory, octets.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|k| k.parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    /// Processor time used, seconds.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default();
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().filter_map(|&i| fields.get(i)?.parse::<u64>().ok()).sum();
        ticks as f64 / 100.0
    }

    /// kill -9, then a new start; the time until it listens again.
    ///
    /// # Errors
    /// When it does not come back within a minute.
    pub fn kill_and_restart(&mut self) -> io::Result<Duration> {
        self.child.kill()?;
        self.child.wait()?;
        let _ = std::fs::remove_file(self.dir.path().join("data/listening.json"));
        let begin = Instant::now();
        self.child = spawn(&self.binary, self.dir.path())?;
        self.wait_ready()?;
        Ok(begin.elapsed())
    }

    fn wait_ready(&mut self) -> io::Result<()> {
        let file = self.dir.path().join("data/listening.json");
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(60) {
            if file.exists() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("the gateway ended with {status}")));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(io::Error::other("the gateway does not listen after a minute"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(binary: &Path, dir: &Path) -> io::Result<Child> {
    let log = std::fs::File::create(dir.join("log"))?;
    Command::new(std::fs::canonicalize(binary)?)
        .args(["serve", "--config", "waxwing.toml"])
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
}
