//! The arrangement that most tests use: a client, the gateway, and a carrier behind it.

use serde_json::Value;

use crate::cmpp::{Ismg, Link};
use crate::{Carrier, Config, Gateway};

/// Starts a carrier with that job, and a gateway with the account "shop" whose messages all go there; returns when they are bound.
pub fn relay(carrier: Value) -> (Gateway, Carrier) {
    relay_with(carrier, "", "")
}

/// [`relay`] with further settings (TOML lines) for the connector and the listener.
pub fn relay_with(carrier: Value, connector: &str, listener: &str) -> (Gateway, Carrier) {
    let mut carrier = Carrier::start(carrier);
    let config = Config::without_doors().listener("smpp", listener).shop().smpp_connector(carrier.address(), connector).route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    (gateway, carrier)
}

/// Starts a carrier (SMPP), and a gateway that is an ISMG for the SP 901234, the account "shop", whose messages all go there.
pub fn cmpp_relay(carrier: Value) -> (Gateway, Carrier) {
    cmpp_relay_with(carrier, "", "")
}

/// [`cmpp_relay`] with further settings (TOML lines) for the account's CMPP side and the listener.
pub fn cmpp_relay_with(carrier: Value, profile: &str, listener: &str) -> (Gateway, Carrier) {
    let mut carrier = Carrier::start(carrier);
    let config = Config::without_doors().cmpp(listener).shop_over_cmpp(profile).smpp_connector(carrier.address(), "").route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    (gateway, carrier)
}

/// Starts an ISMG, and a gateway with an SMPP and a CMPP door for the account "shop" whose messages all go there, over one link that is
/// logged in; with further settings (TOML lines) for the connector.
pub fn to_ismg(connector: &str) -> (Gateway, Ismg, Link) {
    let ismg = Ismg::start();
    let config = Config::new().cmpp("").shop_over_cmpp("").cmpp_connector(ismg.address(), connector).route_to_carrier();
    let gateway = Gateway::start(&config);
    let link = ismg.login();
    gateway.wait_until_up("carrier");
    (gateway, ismg, link)
}
