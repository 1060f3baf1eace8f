//! A line to a gateway (ISMG): a carrier's, as its SP, or another one, as its like.

use std::sync::Arc;

use waxwing_core::{ConnectorState, ErrorTable, Gateway, Outbox, OutboxPolicy};
use waxwing_session::{TlsError, Trace};

use super::client::{Both, Login, Sp};
use super::config::{ConnectorConfig, Part};
use super::exchange::Exchange;
use super::forward::{Forwarder, Forwarding};
use super::results;
use crate::Endpoint;
use crate::door::until_it_expires;
use crate::line::{self, LineOptions};

/// Opens a connector. Its links are brought up, and brought up again whenever they break, until it is stopped. All CMPP endpoints of a
/// process share an [`Exchange`].
///
/// # Errors
/// When its TLS settings cannot be used.
pub fn start_connector(
    gateway: &Arc<Gateway>,
    exchange: &Arc<Exchange>,
    state: &Arc<ConnectorState>,
    config: ConnectorConfig,
    trace: &Trace,
) -> Result<Endpoint, TlsError> {
    let options = options(&config);
    let Part::Ismg { account, .. } = &config.part else {
        exchange.set_gateway(&state.name, false);
        return line::start::<Sp>(gateway, state, options, Login::new(config), &[Both], Vec::new(), trace);
    };
    exchange.set_gateway(&state.name, true);
    // What waits for the account that the other gateway is: messages from handsets to its SPs, and reports.
    let queue = gateway.spool.queue(&format!("account:{account}"));
    let others = vec![Outbox::deliveries(gateway, queue, "account", until_it_expires()).handing_on()];
    let settings = Forwarding::new(config, exchange.clone());
    line::start::<Forwarder>(gateway, state, options, settings, &[Both], others, trace)
}

/// What a line has to know of a connector's settings.
fn options(config: &ConnectorConfig) -> LineOptions {
    // Another gateway that says that we chose the wrong way will say so again.
    let errors = match config.part {
        Part::Ismg { .. } if config.errors == ErrorTable::cmpp() => ErrorTable::cmpp().with(&[results::FORWARD_JUDGEMENT_WRONG], &[], &[]),
        _ => config.errors.clone(),
    };
    LineOptions {
        addresses: config.addresses.clone(),
        tls: config.tls.clone(),
        window: config.window,
        rate: config.rate,
        keep_alive: config.link_test,
        response_timeout: config.response_timeout,
        sends: config.sends,
        reconnect: config.reconnect,
        throttle_pause: config.throttle_pause,
        sessions: config.links,
        errors,
        // Ids and numbers are brought into one form before they are stored or looked up.
        policy: OutboxPolicy {
            retry: config.retry.clone(),
            no_answer: config.no_answer,
            receipt_wait: config.receipt_wait,
            spellings: None,
        },
        spellings: None,
    }
}
