//! Killed again and again under load, the gateway delivers everything that it had acknowledged, repeats only what was in flight, and hands
//! on every receipt that it had taken from the carrier.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::json;
use waxwing_tests::load::{Comparison, Load, Record};
use waxwing_tests::smpp::{Esme, Received};
use waxwing_tests::{Carrier, Config, Gateway, rounds, say};

/// Unanswered submits of the load, and of the connector towards the carrier.
const WINDOW: usize = 64;
const PATIENCE: Duration = Duration::from_secs(120);

fn start() -> (Gateway, Carrier) {
    let carrier = Carrier::start(json!({}));
    let config = Config::new().shop().smpp_connector(carrier.address(), &format!("window = {WINDOW}")).route_to_carrier();
    (Gateway::start(&config), carrier)
}

/// Load and a kill, as often as that; what the clients saw.
fn rounds_of(gateway: &mut Gateway, kills: usize, registered_delivery: u8) -> Record {
    let mut all = Record::default();
    for round in 0..kills {
        let load = Load::start_asking(gateway.smpp(), &format!("round{round}"), WINDOW, registered_delivery);
        load.wait_for(fastrand::usize(1..1_500));
        gateway.kill();
        let Record { acknowledged, receipts } = load.record();
        all.acknowledged.extend(acknowledged);
        all.receipts.extend(receipts);
        gateway.start_again();
    }
    all
}

/// Panics unless all of it arrived, and no more came twice than can have been in flight.
fn assert_delivered(kills: usize, record: &Record, carrier: &mut Carrier) {
    let texts: Vec<String> = record.acknowledged.iter().map(|(text, _)| text.clone()).collect();
    let Comparison { missing, duplicates, most_duplicates } = Comparison::settled(&texts, carrier, PATIENCE);
    let (acknowledged, lost) = (texts.len(), missing.len());
    say(&format!(
        "{kills} kills, {acknowledged} messages acknowledged, {lost} lost, {duplicates} duplicates, at most {most_duplicates} of a round"
    ));
    assert!(missing.is_empty(), "acknowledged and lost: {lost} of {acknowledged}, e.g. {:?}", missing.first());
    assert!(duplicates <= kills * WINDOW, "{duplicates} duplicates after {kills} kills with a window of {WINDOW}");
}

#[test]
fn kill_under_load() {
    let kills = rounds("WAXWING_KILLS", 50);
    let (mut gateway, mut carrier) = start();
    let record = rounds_of(&mut gateway, kills, 0);
    assert_delivered(kills, &record, &mut carrier);
}

#[test]
fn kill_under_load_with_receipts() {
    let kills = rounds("WAXWING_KILLS", 50).div_ceil(5);
    let (mut gateway, mut carrier) = start();
    let mut record = rounds_of(&mut gateway, kills, 1);
    assert_delivered(kills, &record, &mut carrier);

    // The carrier sends each receipt once: one that the gateway had not taken when it died is lost, and nobody's fault. Where all that a
    // message had were taken, its submitter must hear of it.
    let mut sent: HashMap<String, usize> = HashMap::new();
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut missing = usize::MAX;
    let mut esme = Esme::bound(gateway.smpp());
    let deadline = Instant::now() + PATIENCE;
    while missing > 0 && Instant::now() < deadline {
        while let Received::Pdu(pdu) = esme.receive(Duration::from_millis(500)) {
            esme.answer(&pdu).expect("the session takes an answer");
            record.receipts.extend(pdu.receipt_id());
        }
        for event in carrier.take_events("delivered") {
            if let Some(about) = event["about"].as_str().filter(|_| event["status"] == 0) {
                *taken.entry(about.to_owned()).or_default() += 1;
            }
        }
        sent.clear();
        for text in carrier.submits().iter().filter_map(|submit| submit["text"].as_str()) {
            *sent.entry(text.to_owned()).or_default() += 1;
        }
        let heard: HashSet<&str> = record.receipts.iter().map(String::as_str).collect();
        let due = |text: &String| taken.get(text).is_some_and(|count| *count >= sent[text]);
        missing = record.acknowledged.iter().filter(|(text, id)| due(text) && !heard.contains(id.as_str())).count();
    }
    let distinct = record.receipts.iter().collect::<HashSet<_>>().len();
    say(&format!(
        "{kills} kills, receipts of {distinct} of {} messages came, {} of them twice, {missing} lost",
        record.acknowledged.len(),
        record.receipts.len() - distinct
    ));
    assert_eq!(missing, 0, "receipts that were taken from the carrier and never handed on");
}
