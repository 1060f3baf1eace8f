//! Peers that are slow, silent, too many or lost at the wrong door are closed in time, counted, and never in the way of a good client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;
use waxwing_tests::http;
use waxwing_tests::smpp::{Esme, Pdu, Received, Submit, command};
use waxwing_tests::{Carrier, Config, Gateway, relay, relay_with};

const BOUND: Duration = Duration::from_secs(20);

/// Panics unless the other side closes the connection within the bound; gives how long it took.
fn closed_after(stream: &mut TcpStream) -> Duration {
    let begun = Instant::now();
    stream.set_read_timeout(Some(BOUND)).expect("a bound above zero");
    let mut sink = [0; 4096];
    loop {
        match stream.read(&mut sink) {
            Ok(0) => return begun.elapsed(),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return begun.elapsed(),
            Err(error) => panic!("still open after {:?}: {error}", begun.elapsed()),
        }
    }
}

fn assert_a_good_client_works(gateway: &Gateway, carrier: &mut Carrier) {
    let mut esme = Esme::bound(gateway.smpp());
    let before = carrier.submits().len();
    assert_eq!(esme.submit(&Submit::new("from a good client")).status, 0);
    carrier.wait_for_submits(before + 1, BOUND);
}

fn bad_input(gateway: &Gateway) -> f64 {
    gateway.metric("waxwing_bad_input_total", &["place=\"smpp listener\""])
}

#[test]
fn a_pdu_that_never_ends_is_closed_in_time() {
    let (gateway, mut carrier) = relay(json!({}));
    let whole = Pdu { command: command::SUBMIT_SM, status: 0, sequence: 9, body: Submit::new("never whole").body() }.encode();
    let mut esme = Esme::bound(gateway.smpp());
    let begun = Instant::now();
    // An octet now and then keeps nothing alive: the age of the unfinished PDU counts.
    let closed = whole[..whole.len() - 1].iter().any(|octet| {
        let sent = esme.send_octets(&[*octet]).is_ok();
        !sent || matches!(esme.receive(Duration::from_millis(1_000)), Received::Closed)
    });
    assert!(closed, "it was never closed");
    assert!(begun.elapsed() < BOUND, "closed after {:?}", begun.elapsed());
    assert!(carrier.submits().is_empty());
    assert_a_good_client_works(&gateway, &mut carrier);
}

#[test]
fn a_client_that_never_signs_in_is_closed_in_time() {
    let (gateway, mut carrier) = relay_with(json!({}), "", "login_timeout = \"1s\"");
    let mut silent = TcpStream::connect(gateway.smpp()).expect("a connection");
    let took = closed_after(&mut silent);
    assert!(took < Duration::from_secs(5), "closed after {took:?}");
    assert_a_good_client_works(&gateway, &mut carrier);
}

#[test]
fn a_flood_from_one_host_is_bounded() {
    const MOST: usize = 10;
    let (gateway, mut carrier) = relay_with(json!({}), "", &format!("max_connections_per_host = {MOST}\nlogin_timeout = \"60s\""));
    let mut good = Esme::bound(gateway.smpp());
    let mut flood: Vec<TcpStream> = (0..200).filter_map(|_| TcpStream::connect(gateway.smpp()).ok()).collect();
    let open = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).expect("a socket");
        matches!(stream.read(&mut [0; 16]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    waxwing_tests::until("the flood is cut down to its share", BOUND, || {
        flood.retain_mut(open);
        flood.len() < MOST
    });
    assert_eq!(flood.len(), MOST - 1, "with the good one that makes the share");
    for number in 0..10 {
        assert_eq!(good.submit(&Submit::new(&format!("{number}"))).status, 0);
    }
    carrier.wait_for_submits(10, BOUND);
    assert!(Esme::connect(gateway.smpp()).is_ok_and(|mut one_more| matches!(one_more.receive(BOUND), Received::Closed)));
    flood.clear();
    waxwing_tests::until("places are free again", BOUND, || {
        Esme::connect(gateway.smpp()).is_ok_and(|mut esme| matches!(esme.receive(Duration::from_millis(50)), Received::Silence))
    });
}

#[test]
fn a_pdu_of_a_gigabyte_is_refused_before_it_is_read() {
    let (gateway, mut carrier) = relay(json!({}));
    for bind_first in [false, true] {
        let mut stream = TcpStream::connect(gateway.smpp()).expect("a connection");
        if bind_first {
            let body = [b"shop\0secret\0\0".as_slice(), &[0x34, 0, 0, 0]].concat();
            let bind = Pdu { command: command::BIND_TRANSCEIVER, status: 0, sequence: 1, body };
            stream.write_all(&bind.encode()).expect("sent");
        }
        let head: Vec<u8> = [0x4000_0000, command::SUBMIT_SM, 0, 2].into_iter().flat_map(u32::to_be_bytes).collect();
        stream.write_all(&head).expect("sent");
        let took = closed_after(&mut stream);
        assert!(took < Duration::from_secs(5), "closed after {took:?}");
    }
    assert!(bad_input(&gateway) >= 2.0);
    assert_a_good_client_works(&gateway, &mut carrier);
}

#[test]
fn a_browser_at_the_smpp_door() {
    let (gateway, mut carrier) = relay(json!({}));
    let before = bad_input(&gateway);
    for request in
        ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "\x16\x03\x01\x02\0\x01\0"]
    {
        let mut stream = TcpStream::connect(gateway.smpp()).expect("a connection");
        stream.write_all(request.as_bytes()).expect("sent");
        closed_after(&mut stream);
    }
    assert!(bad_input(&gateway) >= before + 2.0, "each is counted: {before} and then {}", bad_input(&gateway));
    assert_a_good_client_works(&gateway, &mut carrier);
}

#[test]
fn an_esme_at_the_http_door() {
    let (gateway, mut carrier) = relay(json!({}));
    let body = [b"shop\0secret\0\0".as_slice(), &[0x34, 0, 0, 0]].concat();
    let bind = Pdu { command: command::BIND_TRANSCEIVER, status: 0, sequence: 1, body };
    let mut stream = TcpStream::connect(gateway.http()).expect("a connection");
    stream.write_all(&bind.encode()).expect("sent");
    closed_after(&mut stream);
    assert_eq!(http::get(gateway.http(), "/healthz").status, 200);
    assert_a_good_client_works(&gateway, &mut carrier);
}

#[test]
fn http_requests_that_are_too_large() {
    let (gateway, mut carrier) = relay(json!({}));
    let address = gateway.http();
    let huge = "x".repeat(200_000);
    match http::try_request(address, "GET", "/healthz", &[("x-huge", &huge)], b"") {
        Ok(answer) => assert!([400, 413, 431].contains(&answer.status), "{}", answer.status),
        Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "it was neither answered nor closed"),
    }
    let basic = http::basic("shop", "secret");
    let headers = [("authorization", basic.as_str()), ("content-type", "application/json")];
    let body = vec![b' '; 9 << 20];
    let answer = http::request(address, "POST", "/api/v1/messages", &headers, &body);
    assert_eq!(answer.status, 413, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(http::request(address, "POST", "/", &form, &body).status, 413);
    assert_eq!(http::request(address, "POST", "/cgi-bin/sendsms", &form, &body).status, 413);
    // A head that never ends.
    let mut slow = TcpStream::connect(address).expect("a connection");
    slow.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").expect("sent");
    slow.set_nonblocking(true).expect("a socket");
    assert_a_good_client_works(&gateway, &mut carrier);
}

#[test]
fn a_client_that_reads_nothing_costs_the_others_nothing() {
    let (gateway, mut carrier) = relay(json!({}));
    let deaf: SocketAddr = gateway.smpp();
    let mut deaf = Esme::bound(deaf);
    // It asks and never reads the answers, until the gateway stops reading from it.
    let request = Pdu { command: command::ENQUIRE_LINK, status: 0, sequence: 3, body: Vec::new() }.encode().repeat(1_000);
    deaf.set_write_timeout(Duration::from_millis(500));
    let mut stuffed = 0_usize;
    while stuffed < 64 << 20 && deaf.send_octets(&request).is_ok() {
        stuffed += request.len();
    }
    assert!(stuffed < 64 << 20, "the gateway took {stuffed} octets from a client that reads nothing");
    assert_a_good_client_works(&gateway, &mut carrier);
}

#[test]
fn many_wrong_passwords_at_once_take_neither_memory_nor_turns() {
    const MANY: usize = 250;
    // 250 hashes at once would be 4.7 GiB. One at a time may still leave the 19 MiB of a hash in each of the C library's arenas, of which
    // there are eight a core.
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let most: u64 = (200 + 160 * cores.min(16)) << 20;
    let mut carrier = Carrier::start(json!({}));
    let folder = tempfile::tempdir().expect("a folder");
    let hashed = waxwing_tests::binary::run(folder.path(), &["account", "hash"], b"secret");
    let shop = format!("[[account]]\nname = \"shop\"\npassword = \"{}\"\nallow = [\"sms\"]", waxwing_tests::binary::stdout(&hashed).trim());
    let listener = "max_connections_per_host = 1000\nlogin_timeout = \"60s\"";
    let config = Config::without_doors().listener("smpp", listener).with(&shop).smpp_connector(carrier.address(), "").route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    // From now on its password is known.
    drop(Esme::bound(gateway.smpp()));
    let bind = |password: &str| {
        let body = [b"shop\0", password.as_bytes(), b"\0\0", &[0x34, 0, 0, 0][..]].concat();
        Pdu { command: command::BIND_TRANSCEIVER, status: 0, sequence: 1, body }.encode()
    };
    let mut flood: Vec<TcpStream> = (0..MANY).map(|_| TcpStream::connect(gateway.smpp()).expect("a connection")).collect();
    for (n, stream) in flood.iter_mut().enumerate() {
        stream.write_all(&bind(&format!("no{n}"))).expect("it takes a bind");
    }
    assert_a_good_client_works(&gateway, &mut carrier);
    let mut statuses = Vec::new();
    for stream in &mut flood {
        stream.set_read_timeout(Some(BOUND)).expect("a bound above zero");
        let mut head = [0; 16];
        stream.read_exact(&mut head).expect("an answer");
        statuses.push(u32::from_be_bytes([head[8], head[9], head[10], head[11]]));
    }
    // ESME_RINVPASWD, or ESME_RTHROTTLED for those whose turn did not come.
    assert!(statuses.iter().all(|s| [0x0e, 0x58].contains(s)), "{statuses:x?}");
    assert!(statuses.contains(&0x0e));
    assert!(gateway.peak_memory() < most, "{} MiB", gateway.peak_memory() >> 20);
}
