//! `waxwing sim`: a simulated carrier as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::binary;

/// A running `waxwing sim`; killed when dropped.
#[derive(Debug)]
pub struct Sim {
    child: Child,
    address: SocketAddr,
}

impl Sim {
    /// Starts one of that kind (`smsc`, `ismg`) on a free port, with further arguments.
    pub fn start(kind: &str, more: &[&str]) -> Self {
        let arguments = [&["sim", kind, "--listen", "127.0.0.1:0"], more].concat();
        let mut child = Command::new(binary::waxwing()).args(arguments).stdout(Stdio::piped()).spawn().expect("the binary runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit(' ').next().and_then(|word| word.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        Self { child, address }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
