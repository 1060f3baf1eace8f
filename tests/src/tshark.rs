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

/// What tshark reads in these fields of an MMS PDU that is the answer to a request by HTTP, one text a field. Panics where it has a
/// complaint. The PDU has to fit into one packet.
pub fn mms(folder: &Path, pdu: &[u8], fields: &[&str]) -> Vec<String> {
    mms_all(folder, &[pdu], fields).swap_remove(0)
}

/// The same of several PDUs at once: the fields of each, in their order.
pub fn mms_all(folder: &Path, pdus: &[&[u8]], fields: &[&str]) -> Vec<Vec<String>> {
    let capture = folder.join("answers.pcap");
    std::fs::write(&capture, capture_of(pdus)).expect("a file can be written");
    let run = |arguments: &[&str]| {
        let output = Command::new("tshark").arg("-r").arg(&capture).args(arguments).output();
        let output = output.unwrap_or_else(|error| panic!("tshark: {error}; run scripts/install-test-peers.sh"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(run(&["-Y", "_ws.malformed || _ws.expert.severity >= 0x400000"]), "");
    let fields: Vec<&str> = fields.iter().flat_map(|field| ["-e", field]).collect();
    let read: Vec<Vec<String>> =
        run(&[&["-T", "fields"], &fields[..]].concat()).lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect();
    assert_eq!(read.len(), pdus.len(), "{read:?}");
    read
}

/// A capture of raw IP: each PDU as the answer from port 80 to a client of its own, in one segment.
fn capture_of(pdus: &[&[u8]]) -> Vec<u8> {
    const MAGIC: u32 = 0xA1B2_C3D4;
    const RAW_IP: u32 = 101;
    let mut out = [&MAGIC.to_be_bytes()[..], &[0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0], &RAW_IP.to_be_bytes()].concat();
    for (client, pdu) in (40_000_u16..).zip(pdus) {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.wap.mms-message\r\nContent-Length: {}\r\n\r\n", pdu.len());
        let total = u16::try_from(40 + head.len() + pdu.len()).expect("one packet");
        out.extend([0; 8]);
        out.extend(u32::from(total).to_be_bytes());
        out.extend(u32::from(total).to_be_bytes());
        out.extend([0x45, 0]);
        out.extend(total.to_be_bytes());
        out.extend([0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 80]);
        out.extend(client.to_be_bytes());
        out.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        out.extend(head.as_bytes());
        out.extend(*pdu);
    }
    out
}
