//! Every multimedia message that was acknowledged can be fetched, whole, after the gateway was killed in the middle of it.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use waxwing_tests::mm1::{Answer, Mm1};
use waxwing_tests::mms::{send_req, told_locations};
use waxwing_tests::{Carrier, Config, Gateway, rounds, say};

const ALICE: &str = "4915112345699";

/// What the n-th message says, and its picture: long enough for several pages of the disk.
fn content(n: usize) -> (String, Vec<u8>) {
    let picture = (0..3000 + n % 7000).map(|at| (at * 31 + n * 17) as u8).collect();
    (format!("message {n}."), picture)
}

fn number(n: usize) -> String {
    format!("44770{n:07}")
}

#[test]
fn nothing_acknowledged_is_lost() {
    let mut carrier = Carrier::start(serde_json::json!({}));
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"\nadapt = false\nnotify_again = [\"1h\"]");
    let mut gateway = Gateway::start(&config.smpp_connector(carrier.address(), "").route_to_carrier());
    let next = AtomicUsize::new(0);
    let acknowledged = Mutex::new(Vec::new());
    let kills = rounds("WAXWING_KILLS", 50).div_ceil(10);
    for kill in 0..kills {
        let address = gateway.mmsc();
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    let mut phone = Mm1::connect(address, ALICE);
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let (text, picture) = content(n);
                        let parts = [("text/plain", "t", text.as_bytes()), ("image/jpeg", "p", &picture[..])];
                        let pdu = send_req(&format!("T{n}"), &[&format!("+{}", number(n))], "x", &parts);
                        let Ok((200, body)) = phone.try_post(&pdu) else { return };
                        if Answer::read(&body).octet(0x12) == 0x80 {
                            acknowledged.lock().unwrap().push(n);
                        }
                    }
                });
            }
            let seen = acknowledged.lock().unwrap().len();
            let begun = Instant::now();
            while acknowledged.lock().unwrap().len() < seen + 150 + 40 * kill && begun.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(1));
            }
            gateway.kill();
        });
        gateway.start_again();
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());

    // Each is told of, maybe twice, and each is whole.
    let mut locations = HashMap::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut missing = acknowledged.len();
    while missing > 0 && Instant::now() < deadline {
        locations = told_locations(carrier.submits());
        missing = acknowledged.iter().filter(|n| !locations.contains_key(&number(**n))).count();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(missing, 0, "of {} were never told of", acknowledged.len());
    let mut phone = Mm1::connect(gateway.mmsc(), "447700900123");
    for n in &acknowledged {
        let location = &locations[&number(*n)];
        let at = location.find("/m/").expect("a location");
        let (status, got) = phone.get(&location[at..]);
        let (text, picture) = content(*n);
        let has = |what: &[u8]| got.octets.windows(what.len()).any(|w| w == what);
        assert!(status == 200 && has(text.as_bytes()) && has(&picture), "message {n}: {status}");
    }
    say(&format!("{kills} kills: {} multimedia messages acknowledged, all fetched whole", acknowledged.len()));
}
