//! tshark as the judge of what we write on the wire.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// A capture file, with the ports on which its TCP streams speak a protocol.
#[derive(Clone, Debug)]
pub struct Capture<'a> {
    file: &'a Path,
    protocol: &'static str,
    ports: Vec<u16>,
}

impl<'a> Capture<'a> {
    /// A capture of SMPP sessions with these servers.
    pub fn smpp(file: &'a Path, servers: &[SocketAddr]) -> Self {
        Self { file, protocol: "smpp", ports: servers.iter().map(SocketAddr::port).collect() }
    }

    /// A capture of CMPP sessions with these servers. tshark reads 3.0 only.
    pub fn cmpp(file: &'a Path, servers: &[SocketAddr]) -> Self {
        Self { protocol: "cmpp", ..Self::smpp(file, servers) }
    }

    /// One row a frame that `filter` selects, one text a field; several values of a field in one frame are separated by `|`.
    /// Panics where tshark fails.
    pub fn fields(&self, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
        let mut tshark = Command::new("tshark");
        tshark.arg("-r").arg(self.file).args(["-T", "fields", "-E", "separator=/t", "-E", "aggregator=|", "-Y", filter]);
        for port in &self.ports {
            tshark.args(["-d", &format!("tcp.port=={port},{}", self.protocol)]);
        }
        if self.protocol == "cmpp" {
            // It would claim by guess what its CMPP does not know.
            tshark.args(["--disable-protocol", "smpp"]);
        }
        for field in fields {
            tshark.args(["-e", field]);
        }
        let output = tshark.output().unwrap_or_else(|error| panic!("tshark: {error}; run scripts/install-test-peers.sh"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tshark: {}: {errors}", output.status);
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }

    /// Panics unless every frame is free of marks for malformed packets and of errors, and there is something of the protocol at all.
    pub fn assert_well_formed(&self) {
        assert!(!self.fields(self.protocol, &["frame.number"]).is_empty(), "no {} in {}", self.protocol, self.file.display());
        const PI_ERROR: u32 = 0x0080_0000;
        let filter = format!("_ws.malformed || _ws.expert.severity >= {PI_ERROR}");
        let marked = self.fields(&filter, &["frame.number", "_ws.malformed", "_ws.expert.message"]);
        assert!(marked.is_empty(), "tshark objects to {marked:#?}");
    }
}
