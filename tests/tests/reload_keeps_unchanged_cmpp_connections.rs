//! SIGHUP: CMPP connections of both sides stay up where their settings did not change, and end in order where they did.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use waxwing_tests::cmpp::{Ismg, Sp, Submit};
use waxwing_tests::{Config, Gateway, until};

const BOUND: Duration = Duration::from_secs(20);
const TERMINATE: u32 = 2;

/// Both sides' addresses, which stay the same over reloads.
struct Bed {
    door: SocketAddr,
    ismg: Ismg,
}

impl Bed {
    fn new() -> Self {
        let door = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
        Self { door, ismg: Ismg::start() }
    }

    fn config(&self, door: &str, line: &str) -> Config {
        let listener = format!("[[listener]]\nprotocol = \"cmpp\"\nlisten = \"{}\"\ngateway = \"001001\"\n{door}", self.door);
        let line = format!("reconnect_min = \"50ms\"\n{line}");
        Config::without_doors().with(&listener).shop_over_cmpp("").cmpp_connector(self.ismg.address(), &line).route_to_carrier()
    }
}

fn reload(gateway: &Gateway, config: &Config) {
    let before = gateway.log().matches("Reloaded").count();
    gateway.reconfigure(config);
    until("the configuration is reloaded", BOUND, || gateway.log().matches("Reloaded").count() > before);
}

#[test]
fn what_did_not_change_stays_and_what_did_begins_anew() {
    let bed = Bed::new();
    let gateway = Gateway::start(&bed.config("", ""));
    let mut link = bed.ismg.login();
    let mut sp = Sp::ready(bed.door, 0x30);
    sp.submit_ok(&Submit::new("before"));
    assert_eq!(link.take(1).text(), "before");

    let late = "[[account]]\nname = \"late\"\npassword = \"comer\"\n[account.cmpp]\nsp_id = \"901235\"";
    reload(&gateway, &bed.config("", "").with(late));
    sp.submit_ok(&Submit::new("with another account"));
    assert_eq!(link.take(2).text(), "with another account");

    // Only the line is another now.
    reload(&gateway, &bed.config("", "window = 8"));
    link.wait_for_close();
    let mut link = bed.ismg.login();
    sp.submit_ok(&Submit::new("over a new line"));
    assert_eq!(link.take(3).text(), "over a new line");

    // And now the door.
    reload(&gateway, &bed.config("rate = 1000", "window = 8"));
    let said = sp.wait_for_close(BOUND);
    assert!(said.iter().any(|pdu| pdu.command == TERMINATE), "{said:?}");
    let mut sp = Sp::ready(bed.door, 0x20);
    sp.submit_ok(&Submit::new("through a new door"));
    assert_eq!(link.take(4).text(), "through a new door");
}
