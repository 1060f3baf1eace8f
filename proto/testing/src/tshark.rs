//! tshark, a dissector that others wrote, as the judge of what we write.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// A capture of one TCP connection, of raw IP packets, that tshark dissects.
#[derive(Clone, Debug)]
pub struct Capture {
    options: &'static [&'static str],
    port: u16,
    /// A pcap file.
    octets: Vec<u8>,
    /// Of the next TCP segment.
    sequence: u32,
}

impl Capture {
    /// An empty capture of a connection to this port, dissected with these options of tshark's. `None` where tshark is not installed:
    /// that is said past the test runner's capture, because a test that did not run must not look like one that passed.
    pub fn open(test: &str, port: u16, options: &'static [&'static str]) -> Option<Self> {
        const MAGIC: u32 = 0xA1B2_C3D4;
        const RAW_IP: u32 = 101;
        if Command::new("tshark").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: tshark is not installed");
            return None;
        }
        let mut octets = MAGIC.to_be_bytes().to_vec();
        octets.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
        octets.extend(RAW_IP.to_be_bytes());
        Some(Self { options, port, octets, sequence: 1 })
    }

    /// Adds a segment from the client with these octets, 64 KiB less 41 octets at the most.
    pub fn add_segment(&mut self, payload: &[u8]) {
        let total = u16::try_from(40 + payload.len()).expect("fits an IP packet");
        let mut packet = vec![0x45, 0];
        packet.extend(total.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        packet.extend(40_000_u16.to_be_bytes());
        packet.extend(self.port.to_be_bytes());
        packet.extend(self.sequence.to_be_bytes());
        packet.extend([0, 0, 0, 0, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
        packet.extend(payload);
        self.sequence += u32::from(total) - 40;
        let length = u32::from(total).to_be_bytes();
        self.octets.extend([0; 8]);
        self.octets.extend(length);
        self.octets.extend(length);
        self.octets.extend(packet);
    }

    /// A line a segment: what tshark reads in these fields, with a tab between two. Several values of one are separated by commas.
    pub fn fields(&self, names: &[&str]) -> Vec<String> {
        let names = names.iter().flat_map(|name| ["-e", name]);
        self.dissect(["-T", "fields"].into_iter().chain(names))
    }

    /// A line a segment that tshark's display filter selects.
    pub fn select(&self, filter: &str) -> Vec<String> {
        self.dissect(["-Y", filter].into_iter())
    }

    /// A line a segment in which tshark finds something malformed, or notes something.
    pub fn complaints(&self) -> Vec<String> {
        const PI_NOTE: u32 = 0x0040_0000;
        self.select(&format!("_ws.malformed || _ws.expert.severity >= {PI_NOTE}"))
    }

    fn dissect<'a>(&self, arguments: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut tshark = Command::new("tshark")
            .args(["-r", "-"])
            .args(self.options)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tshark starts");
        tshark.stdin.take().expect("is piped").write_all(&self.octets).expect("tshark reads");
        let output = tshark.wait_with_output().expect("tshark ends");
        assert!(output.status.success(), "tshark: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("tshark writes UTF-8").lines().map(str::to_owned).collect()
    }
}
