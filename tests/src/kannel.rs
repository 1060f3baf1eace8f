//! Kannel as an SMPP client of the gateway: bearerbox bound to our listener, smsbox with sendsms in front of it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::{http, peer::scripts, until};

const START_BOUND: Duration = Duration::from_secs(30);

/// A running bearerbox and smsbox; killed when dropped.
#[derive(Debug)]
pub struct Kannel {
    folder: TempDir,
    boxes: Vec<Child>,
    admin: SocketAddr,
    sendsms: SocketAddr,
}

impl Kannel {
    /// Starts both, bound to `smsc` as "shop" / "secret", with every MO reported to `http://<mo>/mo`, and waits until the link is up.
    pub fn start(smsc: SocketAddr, mo: SocketAddr) -> Self {
        let folder = tempfile::Builder::new().prefix("waxwing-kannel-").tempdir().expect("a temporary folder");
        let [admin, smsbox, sendsms] = free_ports();
        let template = std::fs::read_to_string(scripts().join("kannel.conf")).expect("the template is there");
        let mut text = template.replace("{folder}", &folder.path().to_string_lossy()).replace("{mo}", &mo.to_string());
        for (name, port) in [("admin", admin), ("smsbox", smsbox), ("sendsms", sendsms), ("smsc", smsc.port())] {
            text = text.replace(&format!("{{{name}_port}}"), &port.to_string());
        }
        std::fs::write(folder.path().join("kannel.conf"), text).expect("the configuration can be written");
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut kannel = Self { folder, boxes: Vec::new(), admin: local(admin), sendsms: local(sendsms) };
        kannel.spawn("bearerbox");
        until("bearerbox listens", START_BOUND, || std::net::TcpStream::connect(kannel.admin).is_ok());
        kannel.spawn("smsbox");
        until("smsbox listens", START_BOUND, || std::net::TcpStream::connect(kannel.sendsms).is_ok());
        until("Kannel's link to the gateway is online", START_BOUND, || kannel.status().contains("(online"));
        until("smsbox is connected to bearerbox", START_BOUND, || kannel.status().contains("smsbox"));
        kannel
    }

    fn spawn(&mut self, program: &str) {
        let child = Command::new(format!("/usr/sbin/{program}"))
            .args(["--verbosity", "4", "kannel.conf"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; run scripts/install-test-peers.sh"));
        self.boxes.push(child);
    }

    /// Kannel's own status page as text.
    pub fn status(&self) -> String {
        http::get(self.admin, "/status.txt?password=test").body
    }

    /// Calls sendsms with these further parameters (already escaped) and panics unless it is accepted.
    pub fn send(&self, parameters: &str) {
        let target = format!("/cgi-bin/sendsms?username=tester&password=test&from=12345&to=%2B447700900123&{parameters}");
        let answer = http::get(self.sendsms, &target);
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        for child in self.boxes.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("bearerbox.log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            crate::say("--- the end of bearerbox's log:");
            for line in tail.iter().rev() {
                crate::say(line);
            }
        }
    }
}

/// Ports that were free a moment ago: Kannel cannot be told to choose its own.
fn free_ports<const N: usize>() -> [u16; N] {
    let sockets: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    sockets.map(|socket| socket.local_addr().expect("a bound socket").port())
}
