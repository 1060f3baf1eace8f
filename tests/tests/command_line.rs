//! The commands beside `serve`: what they print, what they end with, and that they work on a real gateway and with real peers.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::binary::{self, stderr, stdout};
use waxwing_tests::client::Job;
use waxwing_tests::http;
use waxwing_tests::smpp::{Esme, Pdu, Submit, command};
use waxwing_tests::{Carrier, Config, Gateway, Sim, relay, until, until_some};

const BOUND: Duration = Duration::from_secs(20);

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("waxwing-cli-").tempdir().expect("a temporary folder")
}

#[test]
fn check_names_every_mistake_with_its_line() {
    let folder = folder();
    let text = "[node]\nname = \"gw1\"\ncolour = \"red\"\n\n[[listener]]\nprotocol = \"smpp\"\nlisten = \"nowhere\"\n\n\
                [[connector]]\nname = \"a\"\nprotocol = \"smtp\"\n\n[[account]]\nname = \"shop\"\nrate = \"fast\"\n\n\
                [[route]]\nto = \"+44*\"\nvia = [\"b\"]\n";
    std::fs::write(folder.path().join("broken.toml"), text).expect("written");
    let output = binary::run(folder.path(), &["check", "broken.toml"], b"");
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(64), "{told}");
    for (line, word) in [(3, "colour"), (7, "nowhere"), (11, "smtp"), (15, "rate"), (19, "\"b\"")] {
        let found = told.lines().any(|said| said.starts_with(&format!("broken.toml:{line}:")) && said.contains(word));
        assert!(found, "line {line}, {word}:\n{told}");
    }
    assert_eq!(stdout(&output), "");

    std::fs::write(folder.path().join("good.toml"), Config::new().shop().simulator("").route_to_carrier().as_str()).expect("written");
    let output = binary::run(folder.path(), &["check", "good.toml"], b"");
    assert!(output.status.success() && stdout(&output).contains("in order"), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(binary::run(folder.path(), &["serve", "--config", "broken.toml"], b"").status.code(), Some(64), "serve refuses it as well");
}

#[test]
fn decode_reads_what_others_encoded() {
    let folder = folder();
    let submit = Submit { registered_delivery: 1, ..Submit::new("decode me") }.tlv(0x1400, b"pe-id\0");
    let pdu = Pdu { command: command::SUBMIT_SM, status: 0, sequence: 77, body: submit.body() }.encode();
    let hex: String = pdu.iter().map(|octet| format!("{octet:02X} ")).collect();
    let output = binary::run(folder.path(), &["decode", "--smpp"], hex.as_bytes());
    let text = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    for word in ["submit_sm", "77", "447700900123", "decode me"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    // From a file, binary, two in a row, for machines.
    std::fs::write(folder.path().join("two.bin"), [pdu.clone(), pdu.clone()].concat()).expect("written");
    let output = binary::run(folder.path(), &["decode", "--smpp", "--json", "two.bin"], b"");
    let json: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(json["pdus"].as_array().map(Vec::len), Some(2), "{json:#}");
    for garbage in [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(), &pdu[..pdu.len() - 3], b"00000010", b""] {
        let output = binary::run(folder.path(), &["decode", "--smpp"], garbage);
        assert_eq!(output.status.code(), Some(1), "{garbage:?}: {}", stdout(&output));
        assert!(!stderr(&output).trim().is_empty(), "{garbage:?}: a reason is given");
    }
}

#[test]
fn send_one_and_a_file_of_them() {
    let (gateway, mut carrier) = relay(json!({}));
    let printed = gateway.command(&["send", "--config", "waxwing.toml", "+447700900001", "from the command line", "--from", "12345"]);
    let id = printed.split_whitespace().next().expect("an id").to_owned();
    gateway.wait_for_state(&id, &["delivered"]);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "from the command line");

    let rows: String = (0..1_200).map(|number| format!("+4477009{number:05},\"row {number}, quoted\",Shop\n")).collect();
    let file = gateway.folder().join("many.csv");
    std::fs::write(&file, format!("to,text,from\n{rows}")).expect("written");
    let printed = gateway.command(&["send", "--config", "waxwing.toml", "--file", "many.csv"]);
    assert_eq!(printed.lines().count(), 1_200);
    let submits = carrier.wait_for_submits(1_201, BOUND);
    assert!(submits.iter().any(|s| s["text"] == "row 1199, quoted" && s["dest"] == "447700901199" && s["source"] == "Shop"));

    std::fs::write(&file, "to,text\n+447700900002,good\nnobody at all,bad\n").expect("written");
    let output = binary::run(gateway.folder(), &["send", "--config", "waxwing.toml", "--file", "many.csv"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("many.csv:3"), "{}", stderr(&output));
    assert_eq!(carrier.wait_for_submits(1_202, BOUND)[1_201]["text"], "good");

    let output = binary::run(
        gateway.folder(),
        &["send", "--config", "waxwing.toml", "+447700900003", "x", "--user", "shop", "--password", "wrong"],
        b"",
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

#[test]
fn an_account_made_at_the_command_line_can_bind_and_submit() {
    let (gateway, mut carrier) = relay(json!({}));
    let printed =
        gateway.command(&["account", "--config", "waxwing.toml", "add", "late", "--password", "comer", "--set", "forced_sender='54321'"]);
    assert!(printed.contains("late"), "{printed}");
    let listed = gateway.command(&["account", "--config", "waxwing.toml", "list"]);
    assert!(listed.contains("shop") && listed.contains("late"), "{listed}");
    let mut esme = until_some("the new account can bind", BOUND, || {
        let mut esme = Esme::connect(gateway.smpp()).ok()?;
        (esme.bind(command::BIND_TRANSCEIVER, "late", "comer").status == 0).then_some(esme)
    });
    assert_eq!(esme.submit(&Submit::new("from the new one")).status, 0);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["source"], "54321");
    let again = binary::run(gateway.folder(), &["account", "--config", "waxwing.toml", "add", "shop"], b"");
    assert_eq!(again.status.code(), Some(64), "{}", stderr(&again));
    gateway.command(&["account", "--config", "waxwing.toml", "remove", "late"]);
    until("the account is gone", BOUND, || {
        let mut esme = Esme::connect(gateway.smpp()).expect("a connection");
        esme.bind(command::BIND_TRANSCEIVER, "late", "comer").status != 0
    });
}

/// A gateway with one dead letter, by its id.
fn with_a_dead_letter() -> (Gateway, Carrier, String) {
    const ESME_RSUBMITFAIL: u32 = 0x45;
    let mut carrier = Carrier::start(json!({}));
    let config = Config::new().shop().root().smpp_connector(carrier.address(), "permanent = [0x45]").route_to_carrier();
    let gateway = Gateway::start(&config);
    gateway.wait_until_up("carrier");
    carrier.refuse(ESME_RSUBMITFAIL, 1);
    let body = json!({"to": "+447700900123", "from": "12345", "text": "to be repeated"});
    let answer = http::post_json_as(gateway.http(), "/api/v1/messages", "shop", "secret", &body);
    let id = answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned();
    gateway.wait_for_state(&id, &["undeliverable", "rejected", "failed"]);
    assert!(carrier.submits().is_empty());
    (gateway, carrier, id)
}

#[test]
fn a_dead_letter_is_found_and_replayed() {
    let (mut gateway, mut carrier, id) = with_a_dead_letter();
    let depths = gateway.command(&["spool", "depths", "--config", "waxwing.toml"]);
    assert!(depths.starts_with("queue") && depths.contains("connector:carrier"), "{depths}");
    gateway.stop();
    let listed = gateway.command(&["spool", "list", "--dead", "--config", "waxwing.toml"]);
    assert!(listed.contains(&id) && listed.contains("447700900123") && listed.contains("dead"), "{listed}");
    gateway.command(&["spool", "replay", &id, "--config", "waxwing.toml"]);
    gateway.start_again();
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "to be repeated");
    gateway.wait_for_state(&id, &["delivered"]);
}

#[test]
fn a_dead_letter_is_replayed_while_the_gateway_runs() {
    let (gateway, mut carrier, id) = with_a_dead_letter();
    gateway.command(&["spool", "replay", &id, "--config", "waxwing.toml"]);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "to be repeated");
    gateway.wait_for_state(&id, &["delivered"]);
    let again = binary::run(gateway.folder(), &["spool", "replay", &id, "--config", "waxwing.toml"], b"");
    assert_eq!(again.status.code(), Some(1), "{}", stderr(&again));
}

#[test]
fn the_simulated_smsc_serves_clients_that_others_wrote() {
    let sim = Sim::start("smsc", &["--system-id", "shop", "--password", "secret"]);
    Job::new("python_smpplib.py", &["gsm7", "ucs2", "udh", "sar", "payload"]).run(sim.address()).assert_complete();
    Job::new("node_smpp_client.js", &["gsm7", "ucs2", "udh", "sar", "payload"]).run(sim.address()).assert_complete();
    let refused = Job { password: "wrong", ..Job::new("perl_net_smpp.pl", &["gsm7"]) }.run(sim.address());
    assert_eq!(refused.events("bind_failed").len(), 1, "{:?}", refused.events);
}

#[test]
fn the_simulated_smsc_is_a_carrier_for_a_connector() {
    let sim = Sim::start(
        "smsc",
        &["--ids", "hex-then-decimal", "--error-rate", "0.2", "--error-code", "0x08", "--duplicate-receipt-rate", "0.5"],
    );
    let retry = "retry = { delay = \"100ms\", delay_max = \"200ms\", max_attempts = 50 }";
    let config = Config::new().shop().smpp_connector(sim.address(), retry).route_to_carrier();
    let gateway = Gateway::start(&config);
    gateway.wait_until_up("carrier");
    Job::new("python_smpplib.py", &["gsm7", "ucs2", "udh", "sar", "payload"]).run(gateway.smpp()).assert_complete();
}
