//! tshark, an independent dissector, reads in our pushes what we wrote, and joins the short messages that we split them into.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use common::{documents, has};
use waxwing_gsm::segment::{Concat, Limits};
use waxwing_wap::document::{Document, Si};
use waxwing_wap::security::Secret;
use waxwing_wap::sms::Outgoing;
use waxwing_wap::wbxml::Options;
use waxwing_wap::wsp::{ContentType, HeaderName, HeaderValue};
use waxwing_wap::{Push, mms};

/// A capture file of frames.
struct Pcap(Vec<u8>);

impl Pcap {
    /// Of raw IP packets.
    const RAW_IP: u32 = 101;
    /// Of whatever the options of the dissector say.
    const USER_0: u32 = 147;

    fn new(link: u32) -> Self {
        let mut octets = 0xA1B2_C3D4_u32.to_be_bytes().to_vec();
        octets.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
        octets.extend(link.to_be_bytes());
        Self(octets)
    }

    fn add(&mut self, frame: &[u8]) {
        let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
        self.0.extend([0; 8]);
        self.0.extend(length);
        self.0.extend(length);
        self.0.extend(frame);
    }

    /// A datagram to a port, where phones take pushes over IP.
    fn add_datagram(&mut self, port: u16, payload: &[u8]) {
        let total = u16::try_from(28 + payload.len()).unwrap();
        let mut packet = vec![0x45, 0];
        packet.extend(total.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        packet.extend(9200_u16.to_be_bytes());
        packet.extend(port.to_be_bytes());
        packet.extend((total - 20).to_be_bytes());
        packet.extend([0, 0]);
        packet.extend(payload);
        self.add(&packet);
    }

    fn dissect(&self, arguments: &[&str]) -> String {
        let mut tshark = Command::new("tshark")
            .args(["-r", "-", "-d", "udp.port==2948,wsp", "-d", "udp.port==49999,wsp"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tshark.stdin.take().unwrap().write_all(&self.0).unwrap();
        let output = tshark.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What tshark finds malformed, or warns of.
    fn complaints(&self, options: &[&str]) -> String {
        // DRM rights it walks through, but has no names for.
        let warned = "_ws.expert.severity >= 6291456 && !wbxml.content_type.not_supported";
        let filter = ["-Y", &format!("_ws.malformed || wbxml.invalid_token || ({warned})"), "-V"];
        self.dissect(&[options, &filter].concat())
    }
}

/// The lines of a dissection that a filter leaves, of some fields.
fn fields(pcap: &Pcap, names: &[&str]) -> Vec<String> {
    let arguments: Vec<&str> = ["-T", "fields"].into_iter().chain(names.iter().flat_map(|name| ["-e", name])).collect();
    pcap.dissect(&arguments).lines().map(str::to_owned).collect()
}

#[test]
fn every_document_is_read() {
    if !has("every_document_is_read", "tshark", "tshark") {
        return;
    }
    let mut pcap = Pcap::new(Pcap::RAW_IP);
    let documents = documents();
    for (number, document) in documents.iter().enumerate() {
        let outgoing = Outgoing::of(document, None, Options::default(), u8::try_from(number).unwrap()).unwrap();
        pcap.add_datagram(outgoing.ports.destination, &outgoing.pdu().unwrap());
    }
    assert_eq!(pcap.complaints(&[]), "");
    let lines = fields(&pcap, &["wsp.TID", "wsp.pdu_type", "wsp.header.content_type", "wbxml.public_id.known", "wbxml.charset"]);
    let expected: Vec<String> = documents
        .iter()
        .enumerate()
        .map(|(number, document)| {
            // tshark knows no content types of more than one octet.
            if matches!(document, Document::Emn(_)) {
                return format!("0x{number:02x}\t0x06\t<Unknown media type identifier 0x30A>\t\t");
            }
            let public_id = document.language().public_id;
            format!("0x{number:02x}\t0x06\t{}\t0x{public_id:08x}\t106", document.content_type())
        })
        .collect();
    assert_eq!(lines, expected);

    // Code pages, tokens and strings are read as they were meant.
    let rendered = pcap.dissect(&["-V"]);
    for text in [
        "action='signal-high'",
        "'.com/'",
        "<invalidate-service",
        "name='PXADDRTYPE'",
        "'IPV4'",
        "type='APPADDR'",
        "'cid:4567829547@foo.com'",
        "'http://wap.example.com/?a=1&b=2'",
    ] {
        assert!(rendered.contains(text), "{text} is not in\n{rendered}");
    }
}

#[test]
fn headers_and_macs_are_read() {
    if !has("headers_and_macs_are_read", "tshark", "tshark") {
        return;
    }
    let provisioning = documents().into_iter().find(|document| matches!(document, Document::Provisioning(_))).unwrap();
    let mut pcap = Pcap::new(Pcap::RAW_IP);
    let secret = Secret::UserPin { pin: "1234".to_owned() };
    let outgoing = Outgoing::of(&provisioning, Some(&secret), Options::default(), 1).unwrap();
    pcap.add_datagram(2948, &outgoing.pdu().unwrap());
    let mut push = Push::new(ContentType::new("text/vnd.wap.si"), b"<si/>".to_vec());
    push.headers.push(HeaderName::APPLICATION_ID, HeaderValue::Short(9));
    push.headers.push(HeaderName::PUSH_FLAG, HeaderValue::Short(5));
    push.headers.push(HeaderName::INITIATOR_URI, HeaderValue::Text("http://example.com/".to_owned()));
    push.headers.push(HeaderName::CONTENT_LENGTH, HeaderValue::integer(300));
    pcap.add_datagram(2948, &push.encode().unwrap());
    pcap.add_datagram(
        2948,
        &mms::notification(3, mms::TypeForm::Text, b"\x8c\x82\x98a\0\x8d\x92\x8a\x80\x8e\x01\x40\x88\x04\x81\x02\xff\xff\x83http://a\0"),
    );
    assert_eq!(pcap.complaints(&[]), "");
    let lines = fields(
        &pcap,
        &[
            "wsp.header.content_type",
            "wsp.header.x_wap_application_id",
            "wsp.header.push_flag",
            "wsp.header.initiator_uri",
            "wsp.header.content_length",
        ],
    );
    let wbxml = provisioning.to_wbxml(Options::default()).unwrap();
    let mac = secret.mac(&wbxml).unwrap();
    let rendered = pcap.dissect(&["-V", "-Y", "wbxml"]);
    assert!(rendered.contains(&format!("Content-Type: application/vnd.wap.connectivity-wbxml; SEC=USERPIN; MAC={mac}\n")), "{rendered}");
    assert!(lines[1].starts_with("text/vnd.wap.si\t"), "{lines:?}");
    assert!(lines[1].ends_with("\thttp://example.com/\t300"), "{lines:?}");
    assert!(lines[1].contains("emn.ua"), "{lines:?}");
    assert!(lines[2].starts_with("application/vnd.wap.mms-message\tx-wap-application:mms.ua"), "{lines:?}");
}

#[test]
fn short_messages_are_joined_to_the_push() {
    if !has("short_messages_are_joined_to_the_push", "tshark", "tshark") {
        return;
    }
    let si = Si::new(format!("http://www.example.com/{}", "0123456789".repeat(40)), "A long one");
    let outgoing = Outgoing::of(&Document::Si(si), None, Options::default(), 0x77).unwrap();
    let options = [
        "-o",
        "uat:user_dlts:\"User 0 (DLT=147)\",\"gsm_sms\",\"0\",\"\",\"0\",\"\"",
        "-o",
        "gsm_sms_ud.port_number_udh_means_wsp:TRUE",
        "-o",
        "gsm_sms.reassemble:TRUE",
    ];
    for concat in [Concat::Udh8, Concat::Udh16] {
        let mut pcap = Pcap::new(Pcap::USER_0);
        let segments = outgoing.segments(Limits { concat, ..Limits::default() }, 0x55aa).unwrap();
        assert_eq!(segments.len(), 4);
        for segment in &segments {
            // SMS-DELIVER with a user data header, from a number, in 8-bit data.
            let mut tpdu = vec![0x44, 0x0b, 0x91, 0x44, 0x77, 0x21, 0x43, 0x65, 0xf7, 0x00, 0x04];
            tpdu.extend([0x62, 0x11, 0x22, 0x12, 0x00, 0x00, 0x00]);
            let user_data = segment.user_data();
            tpdu.push(u8::try_from(user_data.len()).unwrap());
            tpdu.extend(user_data);
            pcap.add(&tpdu);
        }
        let arguments = [&options[..], &["-Y", "wsp", "-T", "fields", "-e", "wsp.TID", "-e", "wsp.header.content_type"]].concat();
        assert_eq!(pcap.dissect(&arguments).trim_end(), "0x77\tapplication/vnd.wap.sic");
        assert_eq!(pcap.complaints(&options), "");
    }
}

#[test]
fn the_check_would_see_a_broken_push() {
    if !has("the_check_would_see_a_broken_push", "tshark", "tshark") {
        return;
    }
    let mut pcap = Pcap::new(Pcap::RAW_IP);
    pcap.add_datagram(2948, b"\x01\x06\x01\xae\x02\x05\x6a\0\x45\xc6\x0c\x03cut");
    assert_ne!(pcap.complaints(&[]), "");
}
