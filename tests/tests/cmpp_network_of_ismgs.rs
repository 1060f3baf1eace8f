//! Two gateways that find each other by a GNS: an SP's application at one end, a carrier at the other, everything a process of its own.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::json;
use tempfile::NamedTempFile;
use waxwing_tests::http::{self, Catcher};
use waxwing_tests::{Config, Gateway, Sim, until};

const BOUND: Duration = Duration::from_secs(60);
/// A phone behind south, in the segment that south tells the GNS.
const PHONE: &str = "+8613900138000";

struct Network {
    north: Gateway,
    south: Gateway,
    shop: Catcher,
    _gns: Sim,
    _carrier: Sim,
    _file: NamedTempFile,
}

/// An address that stays the same over a restart.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// A gateway with a listener, another one as its peer, and the GNS.
fn config(own: (&str, SocketAddr), other: (&str, &str, SocketAddr), gns: SocketAddr, version: &str, serves: &str) -> Config {
    let (code, address) = own;
    let (name, peer, there) = other;
    Config::without_doors()
        .with("[sms]\ncountry = \"CN\"")
        .with(&format!("[[listener]]\nprotocol = \"cmpp\"\nlisten = \"{address}\"\ngateway = \"{code}\""))
        .with(&format!(
            "[[account]]\nname = \"{name}\"\n[account.cmpp]\ngateway = \"{peer}\"\nsecret = \"between-us\"\nconnector = \"to-{name}\""
        ))
        .with(&format!(
            "[[connector]]\nname = \"to-{name}\"\nprotocol = \"cmpp\"\nrole = \"ismg\"\naddress = \"{there}\"\ngateway = \"{code}\"\n\
             peer = \"{peer}\"\naccount = \"{name}\"\nsecret = \"between-us\"\nversion = \"{version}\"\n\
             reconnect_min = \"100ms\"\nreconnect_max = \"500ms\""
        ))
        .with("[[account]]\nname = \"gns\"\n[account.cmpp]\ngateway = \"000999\"\nsecret = \"with-the-gns\"")
        .with(&format!(
            "[gns]\naddress = \"{gns}\"\ngateway = \"{code}\"\nsecret = \"with-the-gns\"\nversion = \"{version}\"\naccount = \"gns\"\n\
             keep_none = \"1s\"\nadvertise = \"{address}\"\n{serves}"
        ))
}

fn start(version: &str) -> Network {
    let (north, south) = (free_address(), free_address());
    let mut file = NamedTempFile::new().expect("a file");
    let known = |code: &str, address: SocketAddr| {
        format!("[[gateway]]\ncode = \"{code}\"\nsecret = \"with-the-gns\"\naddress = \"{address}\"\nversion = \"{version}\"\n")
    };
    write!(file, "code = \"000999\"\n{}{}", known("001001", north), known("002001", south)).expect("written");
    let gns = Sim::start("gns", &[file.path().to_str().expect("a path")]);
    let carrier = Sim::start("ismg", &["--latency-ms", "0", "--receipt-delay-ms", "10"]);
    let shop = Catcher::start();
    let segment = if version == "2.0" { "139001" } else { "1390013" };
    let north_config = config(
        ("001001", north),
        ("south", "002001", south),
        gns.address(),
        version,
        "service_codes = [\"10690001\"]",
    )
    .with(&format!(
        "[[account]]\nname = \"shop\"\npassword = \"secret\"\nallow = [\"sms\"]\nnumbers = [\"10690001*\"]\nwebhook = \"http://{}/sms\"",
        shop.address()
    ));
    let south_config =
        config(("002001", south), ("north", "001001", north), gns.address(), version, &format!("segments = [\"{segment}\"]"))
            .cmpp_connector(carrier.address(), "")
            .route_to_carrier();
    let north = Gateway::start(&north_config);
    let south = Gateway::start(&south_config);
    for (gateway, other) in [(&north, "to-south"), (&south, "to-north"), (&south, "carrier")] {
        gateway.wait_until_up(other);
    }
    Network { north, south, shop, _gns: gns, _carrier: carrier, _file: file }
}

/// Sends it; while the way is being asked for, again.
fn send(north: &Gateway, text: &str) -> String {
    let body = json!({"to": PHONE, "from": "10690001", "text": text});
    let mut id = String::new();
    until("the way is known", BOUND, || {
        let answer = http::post_json_as(north.http(), "/api/v1/messages", "shop", "secret", &body);
        if answer.status == 202 {
            answer.json()["messages"][0]["id"].as_str().expect("an id").clone_into(&mut id);
        } else {
            assert!([422, 503].contains(&answer.status), "{} {}", answer.status, answer.body);
        }
        !id.is_empty()
    });
    id
}

#[test]
fn messages_find_their_way_there_and_answers_back() {
    for version in ["2.0", "3.0"] {
        let mut network = start(version);
        // South hears of the shop's code from the GNS before anybody asks.
        network.south.wait_for_log("the GNS changed a route");
        let id = send(&network.north, "ECHO 网络");
        network.north.wait_for_state(&id, &["delivered"]);
        network.shop.wait_for("what the handset answers", BOUND, |call| call.body.contains("网络") && !call.body.contains("ECHO"));
        until("south hears that the shop has it", BOUND, || {
            network.south.metric("waxwing_forwarded_mo_reports_total", &["account=\"north\"", "stat=\"DELIVRD\""]) >= 1.0
        });
    }
}

/// The simulated carrier forgets reports that it could not deliver, so that it is not the gateway next to it that dies.
#[test]
fn nothing_is_lost_between_gateways_though_one_is_killed() {
    const ROUNDS: usize = 3;
    const A_ROUND: usize = 30;
    let mut network = start("3.0");
    let mut ids = Vec::new();
    for round in 0..ROUNDS {
        for number in 0..A_ROUND {
            ids.push(send(&network.north, &format!("round {round} number {number}")));
        }
        // Some are reported, some are on their way, and some not there yet.
        network.north.kill();
        network.north.start_again();
    }
    for id in &ids {
        network.north.wait_for_state(id, &["delivered"]);
    }
}
