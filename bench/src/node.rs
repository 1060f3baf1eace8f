//! A relay made with node's smpp module: the gateway that people write who need one by the evening. It keeps nothing.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Unanswered submit_sm on each of its binds to the carrier.
pub const WINDOW: u32 = 256;

/// How long it may take to start.
const START: Duration = Duration::from_secs(20);

/// A running relay; ends when dropped.
#[derive(Debug)]
pub struct NodeRelay {
    child: Child,
    /// It ends when this is closed, also when this program is killed.
    stdin: Option<ChildStdin>,
    smpp: SocketAddr,
}

impl NodeRelay {
    /// Starts it, with so many binds to the carrier.
    ///
    /// # Errors
    /// With [`io::ErrorKind::NotFound`] when node or its smpp module is not installed, which is then said in words for the report;
    /// with others when it does not start, or the carrier does not take its binds, within 20 seconds.
    pub fn start(carrier: SocketAddr, binds: u32) -> io::Result<NodeRelay> {
        let modules = modules()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/node_relay.js");
        let job = serde_json::json!({ "host": carrier.ip(), "port": carrier.port(), "binds": binds, "window": WINDOW });
        let mut child = Command::new("node")
            .env("NODE_PATH", modules)
            .arg(script)
            .arg(job.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| if e.kind() == io::ErrorKind::NotFound { missing("node is not installed") } else { e })?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut relay = NodeRelay { child, stdin, smpp: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let (tell, told) = channel();
        std::thread::spawn(move || {
            // To the end of the output, so that the relay never waits for a reader.
            for line in stdout.into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let line = told.recv_timeout(START).map_err(|_| io::Error::other("node's relay does not listen"))?;
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let port = said["port"].as_u64().and_then(|port| u16::try_from(port).ok()).filter(|_| said["event"] == "listening");
        let port = port.ok_or_else(|| io::Error::other(format!("node's relay does not listen: {line}")))?;
        relay.smpp.set_port(port);
        Ok(relay)
    }

    /// Where it takes submissions; any system_id and password will do.
    pub fn smpp(&self) -> SocketAddr {
        self.smpp
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for NodeRelay {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the smpp module was installed.
fn modules() -> io::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"));
    let modules = target.join("peers/node/node_modules");
    if modules.join("smpp/package.json").is_file() { Ok(modules) } else { Err(missing("node's smpp module is not installed")) }
}

fn missing(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{what}; run scripts/install-test-peers.sh"))
}
