//! The arrangement that most tests use: a client, the gateway, and a carrier behind it.

use serde_json::Value;

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
