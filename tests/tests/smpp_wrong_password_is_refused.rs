//! A bind with the wrong password or an unknown name is refused with the status that says so, and nothing can be submitted then.

use serde_json::json;
use waxwing_tests::client::Job;
use waxwing_tests::relay;
use waxwing_tests::smpp::{Esme, Submit, command};

const ESME_RINVBNDSTS: u32 = 0x04;
const ESME_RINVPASWD: u32 = 0x0E;
const ESME_RINVSYSID: u32 = 0x0F;

#[test]
fn clients_are_told() {
    let (gateway, _carrier) = relay(json!({}));
    for script in ["python_smpplib.py", "python_aiosmpplib.py", "python_naz.py", "node_smpp_client.js", "perl_net_smpp.pl"] {
        let run = Job { password: "wrong", ..Job::new(script, &["gsm7"]) }.run(gateway.smpp());
        assert!(!run.succeeded && run.events("bound").is_empty(), "{script}: {:?}", run.events);
        assert_eq!(run.events("bind_failed")[0]["status"], ESME_RINVPASWD, "{script}");
    }
}

#[test]
fn an_unknown_name_is_refused() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::connect(gateway.smpp()).expect("a connection");
    let answer = esme.bind(command::BIND_TRANSCEIVER, "nobody", "secret");
    assert!([ESME_RINVSYSID, ESME_RINVPASWD].contains(&answer.status), "{answer:?}");
    assert!(carrier.submits().is_empty());
    Esme::bound(gateway.smpp()).assert_alive();
}

#[test]
fn submitting_without_a_bind_is_refused() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::connect(gateway.smpp()).expect("a connection");
    assert_eq!(esme.submit(&Submit::new("too early")).status, ESME_RINVBNDSTS);
    let mut receiver = Esme::connect(gateway.smpp()).expect("a connection");
    assert_eq!(receiver.bind(command::BIND_RECEIVER, "shop", "secret").status, 0);
    assert_eq!(receiver.submit(&Submit::new("through a receiver")).status, ESME_RINVBNDSTS);
    assert!(carrier.submits().is_empty());
}
