//! One gateway as the SP of another: what goes in over SMPP at the first leaves over SMPP at the second, and everything about it comes back,
//! in both versions, over several links, and though the second is killed in between.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::json;
use waxwing_tests::client::Job;
use waxwing_tests::smpp::{self, Esme, command};
use waxwing_tests::{Carrier, Config, Gateway, http};

const BOUND: Duration = Duration::from_secs(60);

/// The SP, the ISMG and the carrier behind it.
struct Chain {
    sp: Gateway,
    ismg: Gateway,
    carrier: Carrier,
}

/// An address that stays the same over a restart.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

fn start(connector: &str, profile: &str) -> Chain {
    let mut carrier = Carrier::start(json!({}));
    let address = free_address();
    let door = format!("[[listener]]\nprotocol = \"cmpp\"\nlisten = \"{address}\"\ngateway = \"001001\"");
    let config = Config::without_doors().with(&door).shop_over_cmpp(profile).smpp_connector(carrier.address(), "").route_to_carrier();
    let ismg = Gateway::start(&config);
    carrier.wait_for_bind();
    let more = format!("reconnect_min = \"100ms\"\nreconnect_max = \"500ms\"\n{connector}");
    let sp = Gateway::start(&Config::new().shop_with("country = \"CN\"").cmpp_connector(address, &more).route_to_carrier());
    sp.wait_until_up("carrier");
    Chain { sp, ismg, carrier }
}

#[test]
fn clients_see_no_difference() {
    for version in ["auto", "2.0", "2.1", "3.0"] {
        let chain = start(&format!("version = \"{version}\""), "max_links = 8");
        Job::new("python_smpplib.py", &["gsm7", "ucs2", "udh", "sar"]).run(chain.sp.smpp()).assert_complete();
    }
}

#[test]
fn the_older_version_where_the_ismg_has_no_other() {
    let chain = start("", "version = \"2.0\"");
    Job::new("python_smpplib.py", &["gsm7", "ucs2", "udh"]).run(chain.sp.smpp()).assert_complete();
}

#[test]
fn a_long_text_and_a_failure() {
    let mut chain = start("", "");
    let text = "尊敬的用户，您的订单已经发出🙂请注意查收。".repeat(8);
    let body = json!({"to": "+8613800138000", "from": "12345", "text": text});
    let answer = http::post_json_as(chain.sp.http(), "/api/v1/messages", "shop", "secret", &body);
    assert_eq!(answer.status, 202, "{}", answer.body);
    chain.sp.wait_for_state(answer.json()["messages"][0]["id"].as_str().expect("an id"), &["delivered"]);
    let texts: Vec<&str> = chain.carrier.submits().iter().filter_map(|submit| submit["text"].as_str()).collect();
    assert_eq!(texts.concat(), text);

    const ESME_RINVDSTADR: u32 = 0x0B;
    chain.carrier.refuse(ESME_RINVDSTADR, 1);
    let body = json!({"to": "+8613800138000", "from": "12345", "text": "refused"});
    let answer = http::post_json_as(chain.sp.http(), "/api/v1/messages", "shop", "secret", &body);
    chain.sp.wait_for_state(answer.json()["messages"][0]["id"].as_str().expect("an id"), &["undeliverable", "rejected"]);
}

#[test]
fn over_several_links_while_the_ismg_is_killed() {
    const A_ROUND: usize = 300;
    let mut chain = start("links = 4\nwindow = 16", "max_links = 8");
    let mut esme = Esme::bound(chain.sp.smpp());
    let mut missing = HashSet::new();
    for round in 0..3 {
        let texts: Vec<String> = (0..A_ROUND).map(|number| format!("round {round} number {number}")).collect();
        let sequences: Vec<u32> =
            texts.iter().map(|text| esme.send(command::SUBMIT_SM, smpp::Submit::new(text).body()).expect("sent")).collect();
        assert!(esme.responses(&sequences).iter().all(|answer| answer.status == 0));
        missing.extend(texts);
        // Some are through, most are on their way.
        chain.carrier.wait_for_submits(round * A_ROUND + 20, BOUND);
        chain.ismg.kill();
        chain.ismg.start_again();
    }
    // What was not answered when the ISMG died is sent again, and may be there twice.
    waxwing_tests::until("every message is at the carrier", BOUND, || {
        for submit in chain.carrier.submits() {
            missing.remove(submit["text"].as_str().unwrap_or_default());
        }
        missing.is_empty()
    });
}
