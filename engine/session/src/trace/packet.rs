//! IP and TCP headers made up around frames, and the pcap file's own headers.

use std::net::{IpAddr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

/// The file's header: nanosecond timestamps, link type 101 (packets begin with the IP header).
pub(super) fn file_header() -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    out.extend_from_slice(&0xa1b2_3c4d_u32.to_le_bytes());
    out.extend_from_slice(&2_u16.to_le_bytes());
    out.extend_from_slice(&4_u16.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&262_144_u32.to_le_bytes());
    out.extend_from_slice(&101_u32.to_le_bytes());
    out
}

/// TCP flags.
pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

/// The most octets put into one segment: with its headers it must fit the 16-bit length of an IP packet.
pub(super) const MAX_SEGMENT: usize = 65_000;

/// One TCP segment.
pub(super) struct Segment<'a> {
    pub(super) acknowledged: u32,
    pub(super) destination: SocketAddr,
    pub(super) flags: u8,
    pub(super) payload: &'a [u8],
    pub(super) sequence: u32,
    pub(super) source: SocketAddr,
}

impl Segment<'_> {
    /// Appends the packet with its record header.
    pub(super) fn append(&self, at: SystemTime, out: &mut Vec<u8>) {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let start = out.len();
        out.extend_from_slice(&(since.as_secs() as u32).to_le_bytes());
        out.extend_from_slice(&since.subsec_nanos().to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        let packet = out.len();
        self.append_packet(out);
        let length = ((out.len() - packet) as u32).to_le_bytes();
        out[start + 8..start + 12].copy_from_slice(&length);
        out[start + 12..start + 16].copy_from_slice(&length);
    }

    fn append_packet(&self, out: &mut Vec<u8>) {
        let tcp_length = 20 + self.payload.len();
        let pseudo_header = match (self.source.ip().to_canonical(), self.destination.ip().to_canonical()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let start = out.len();
                out.extend_from_slice(&[0x45, 0]);
                out.extend_from_slice(&((20 + tcp_length) as u16).to_be_bytes());
                // Identification 0, "don't fragment", time to live 64, TCP.
                out.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
                out.extend_from_slice(&source.octets());
                out.extend_from_slice(&destination.octets());
                let checksum = finish(sum(&out[start..]));
                out[start + 10..start + 12].copy_from_slice(&checksum);
                sum(&out[start + 12..])
            }
            (source, destination) => {
                out.extend_from_slice(&[0x60, 0, 0, 0]);
                out.extend_from_slice(&(tcp_length as u16).to_be_bytes());
                out.extend_from_slice(&[6, 64]);
                let addresses = out.len();
                out.extend_from_slice(&as_v6(source));
                out.extend_from_slice(&as_v6(destination));
                sum(&out[addresses..])
            }
        };
        let start = out.len();
        out.extend_from_slice(&self.source.port().to_be_bytes());
        out.extend_from_slice(&self.destination.port().to_be_bytes());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.acknowledged.to_be_bytes());
        // Header of five words, flags, window, no checksum yet, no urgent data.
        out.extend_from_slice(&[0x50, self.flags, 0xff, 0xff, 0, 0, 0, 0]);
        out.extend_from_slice(self.payload);
        let checksum = finish(pseudo_header + 6 + tcp_length as u64 + sum(&out[start..]));
        out[start + 16..start + 18].copy_from_slice(&checksum);
    }
}

fn as_v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// The sum of 16-bit words (RFC 1071), not folded yet.
fn sum(octets: &[u8]) -> u64 {
    let (pairs, rest) = octets.as_chunks::<2>();
    let last = rest.first().map_or(0, |octet| u64::from(*octet) << 8);
    pairs.iter().map(|pair| u64::from(u16::from_be_bytes(*pair))).sum::<u64>() + last
}

fn finish(mut sum: u64) -> [u8; 2] {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}
