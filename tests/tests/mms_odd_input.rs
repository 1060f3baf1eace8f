//! What phones and others send that is no good gets the protocol's own answer, breaks nothing, and loses nothing.
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use waxwing_tests::mm1::{Pdu, push_uintvar};
use waxwing_tests::mms::{Network, send_req};
use waxwing_tests::{Config, http};

const ALICE: &str = "4915112345699";
const BOB: &str = "+447700900123";
const OK: u8 = 0x80;
const MMS: &str = "application/vnd.wap.mms-message";

fn good(transaction: &str) -> Pdu {
    send_req(transaction, &[BOB], "Hello", &[("text/plain", "a.txt", b"hello"), ("image/gif", "b.gif", &[0x47; 300])])
}

#[test]
fn every_truncation_and_many_mutations_are_answered() {
    let net = Network::start("unknown = \"phone\"\nadapt = false");
    let whole = good("T1").0;
    let mut alice = net.phone(ALICE);
    let mut taken = 0;
    for len in 0..whole.len() {
        let (status, body) = alice.try_post(&Pdu(whole[..len].to_vec())).unwrap_or_else(|e| panic!("{len}: {e}"));
        assert!(status == 200 || status == 400, "{len}: {status}");
        taken += usize::from(body.windows(2).any(|w| w == [0x92, OK]));
    }
    let mut seed = 1u64;
    for round in 0..2000 {
        let mut damaged = whole.clone();
        for _ in 0..1 + round % 4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % damaged.len();
            damaged[at] = (seed >> 24) as u8;
        }
        let (status, body) = alice.try_post(&Pdu(damaged)).unwrap_or_else(|e| panic!("{round}: {e}"));
        assert!(status == 200 || status == 400, "{round}: {status}");
        taken += usize::from(body.windows(2).any(|w| w == [0x92, OK]));
    }
    assert!(taken > 0, "some were only short of content");
    let conf = alice.post(&good("last"));
    assert_eq!((conf.kind(), conf.octet(0x12), conf.text(0x18)), (0x81, OK, "last".into()));
    assert!(net.gateway.metric("waxwing_bad_input_total", &["place=\"mm1\""]) > 0.0);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let net = Network::start("unknown = \"phone\"\nmax_size = \"100 KiB\"");
    let address = net.gateway.mmsc();
    // A hundred megabytes are announced; nothing of them is sent.
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "POST / HTTP/1.1\r\nHost: x\r\nX-VzW-MDN: {ALICE}\r\nContent-Type: {MMS}\r\nContent-Length: 104857600\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    // In chunks, without saying how much: the answer comes when it is too much, whatever is still being sent.
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "POST / HTTP/1.1\r\nHost: x\r\nX-VzW-MDN: {ALICE}\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    let mut answers = stream.try_clone().unwrap();
    let reader = std::thread::spawn(move || {
        let mut answer = [0; 12];
        answers.read_exact(&mut answer).map(|()| answer)
    });
    let chunk = [format!("{:x}\r\n", 64 << 10).into_bytes(), vec![0; 64 << 10], b"\r\n".to_vec()].concat();
    let mut chunks = 0;
    while !reader.is_finished() && chunks < 1600 && stream.write_all(&chunk).is_ok() {
        chunks += 1;
    }
    assert_eq!(&reader.join().unwrap().unwrap(), b"HTTP/1.1 413", "after {chunks} chunks");
    // Within HTTP's bound, beyond the message's: the protocol's own word.
    let conf = net.phone(ALICE).post(&send_req("T2", &[BOB], "x", &[("image/jpeg", "a", &vec![0; 102_500])]));
    assert_eq!((conf.kind(), conf.octet(0x12)), (0x81, 0xe5));
    assert!(net.gateway.peak_memory() < 250 << 20, "{}", net.gateway.peak_memory());
}

#[test]
fn uploads_come_in_chunks_after_continue_and_in_gzip() {
    let net = Network::start("unknown = \"phone\"");
    let pdu = good("T1").0;
    let mut stream = TcpStream::connect(net.gateway.mmsc()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "POST / HTTP/1.1\r\nHost: x\r\nX-VzW-MDN: {ALICE}\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    for piece in pdu.chunks(50) {
        write!(stream, "{:x}\r\n", piece.len()).unwrap();
        stream.write_all(piece).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    // A body that says gzip and is none.
    let headers = [("content-encoding", "gzip"), ("x-vzw-mdn", ALICE), ("content-type", MMS)];
    assert_eq!(http::request(net.gateway.mmsc(), "POST", "/", &headers, b"\x1f\x8b no gzip").status, 400);
}

#[test]
fn parts_that_lie_or_are_too_many_cost_only_themselves() {
    let mut net = Network::start("unknown = \"phone\"");
    let mut alice = net.phone(ALICE);
    // A part longer than the body; and ten thousand parts.
    let mut longer = good("T1").0;
    let at = longer.windows(10).position(|w| w == b"text/plain").unwrap();
    longer[at - 1] = 0x7f;
    let mut many = Pdu::new(0x80, "T2").from_me().text(0x17, &format!("{BOB}/TYPE=PLMN")).0;
    many.extend([0x84, 0xa3]);
    push_uintvar(10_000, &mut many);
    for _ in 0..10_000 {
        many.extend([1, 1, 0x83, b'x']);
    }
    for pdu in [longer, many] {
        let conf = alice.post(&Pdu(pdu));
        assert!(conf.kind() == 0x81 && conf.octet(0x12) >= OK);
        if conf.octet(0x12) == OK {
            // It was taken as octets: whoever fetches gets them.
            let location = net.next_push().pdu.text(0x03);
            let (status, got) = net.phone("447700900123").get(&location);
            assert_eq!((status, got.kind()), (200, 0x84));
        }
    }
    assert_eq!(alice.post(&good("T3")).octet(0x12), OK);
}

#[test]
fn hostile_pictures_become_words() {
    let mut net = Network::start("unknown = \"phone\"");
    let mut alice = net.phone(ALICE);
    // A PNG of 50,000 by 50,000 pixels, as its head says.
    let mut png = vec![0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52];
    png.extend(50_000u32.to_be_bytes());
    png.extend(50_000u32.to_be_bytes());
    png.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
    png.extend(vec![0; 2000]);
    let conf = alice.post(&send_req("T1", &[BOB], "x", &[("image/png", "bomb.png", &png), ("text/plain", "a", b"words stay")]));
    assert_eq!(conf.octet(0x12), OK);
    let location = net.next_push().pdu.text(0x03);
    let (status, got) = net.phone("447700900123").get(&location);
    let text = String::from_utf8_lossy(&got.octets).into_owned();
    assert!(status == 200 && text.contains("words stay") && text.contains("[bomb.png:") && !text.contains("IHDR"), "{text}");
    assert!(net.gateway.peak_memory() < 250 << 20, "{}", net.gateway.peak_memory());
}

/// Eight at once, and again after the phone said that it has it.
#[test]
fn whoever_fetches_at_once_gets_it() {
    let mut net = Network::start("unknown = \"phone\"");
    for round in 0..10 {
        let conf = net.phone(ALICE).post(&good(&format!("T{round}")));
        assert_eq!(conf.octet(0x12), OK);
        let notified = net.next_push().pdu;
        let location = notified.text(0x03);
        let address = net.gateway.mmsc();
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    let mut phone = waxwing_tests::mm1::Mm1::connect(address, "447700900123");
                    let (status, got) = phone.get(&location);
                    assert!(status == 200 && got.kind() == 0x84 && got.octets.windows(5).any(|w| w == b"hello"));
                });
            }
        });
        let mut phone = net.phone("447700900123");
        let has = Pdu::new(0x83, &notified.text(0x18)).octet(0x15, 0x81);
        assert_eq!(phone.try_post(&has).unwrap().0, 200);
        assert_eq!(phone.try_post(&has).unwrap().0, 200, "said twice");
        assert_eq!(phone.get(&location).0, 200);
    }
}

#[test]
fn strangers_and_unknown_kinds_get_the_protocols_answer() {
    let config = Config::without_doors().root().with(
        "[mmsc]\nlisten = \"127.0.0.1:0\"\ndomain = \"mms.example.net\"\nunknown = \"refuse\"\nmsisdn_headers = [\"X-VzW-MDN\"]\n\
         trusted = [\"10.0.0.0/8\"]",
    );
    let net = Network::start_with(config);
    let mut alice = net.phone(ALICE);
    // Nobody trusts this machine to tell numbers here.
    let conf = alice.post(&good("T1"));
    assert_eq!((conf.kind(), conf.text(0x18), conf.octet(0x12)), (0x81, "T1".into(), 0xe1));
    // 1.0 knows other numbers for it.
    let mut old = good("T2").0;
    let at = old.windows(2).position(|w| w == [0x8d, 0x92]).unwrap();
    old[at + 1] = 0x90;
    assert_eq!(alice.post(&Pdu(old)).octet(0x12), 0x82);
    // A kind that nobody knows, and what is no PDU at all.
    assert_eq!(alice.post(&Pdu::new(0xbf, "T3")).octet(0x12), 0x88);
    assert_eq!(alice.try_post(&Pdu(b"GET / HTTP/1.0".to_vec())).unwrap().0, 400);
    assert_eq!(http::request(net.gateway.mmsc(), "PUT", "/", &[], b"").status, 405);
    // By name and password, in the path and by Basic: wrong ones are told alike, right ones send.
    net.gateway.command(&["subscriber", "add", "--config", "waxwing.toml", "+4915112345699", "--alias", "alice", "--password", "se=cret"]);
    let post = |path: &str, headers: &[(&str, &str)]| {
        let answer = http::request(net.gateway.mmsc(), "POST", path, headers, &good("T4").0);
        (answer.status, answer.body.contains("mms.example.net"))
    };
    // What another process adds is known within a second.
    let own = send_req("T5", &["+4915112345699"], "to myself", &[("text/plain", "a", b"x")]);
    waxwing_tests::until("the new phone is known", Duration::from_secs(20), || {
        http::request(net.gateway.mmsc(), "POST", "/alice=se%3Dcret", &[], &own.0).body.contains("mms.example.net")
    });
    let basic = http::basic("alice", "se=cret");
    for (path, headers) in [("/alice=wrong", &[][..]), ("/nobody=x", &[]), ("/", &[("authorization", "Basic x")])] {
        assert_eq!(post(path, headers), (200, false), "{path}");
    }
    for (path, headers) in [("/alice=se%3Dcret", &[][..]), ("/4915112345699=se=cret", &[]), ("/", &[("authorization", basic.as_str())])] {
        let answer = http::request(net.gateway.mmsc(), "POST", path, headers, &own.0);
        assert!(answer.status == 200 && answer.body.contains("mms.example.net"), "{path}: {}", answer.body);
    }
}
