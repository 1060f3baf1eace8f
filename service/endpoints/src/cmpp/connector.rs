//! A line to a gateway (ISMG).

use std::sync::Arc;

use waxwing_core::{ConnectorState, Gateway, OutboxPolicy};
use waxwing_session::{TlsError, Trace};

use super::client::{Both, Settings, Sp};
use super::config::ConnectorConfig;
use crate::Endpoint;
use crate::line::{self, LineOptions};

/// Opens a connector. Its links are brought up, and brought up again whenever they break, until it is stopped.
///
/// # Errors
/// When its TLS settings cannot be used.
pub fn start_connector(
    gateway: &Arc<Gateway>,
    state: &Arc<ConnectorState>,
    config: ConnectorConfig,
    trace: &Trace,
) -> Result<Endpoint, TlsError> {
    line::start::<Sp>(gateway, state, options(&config), Settings::new(config), &[Both], Vec::new(), trace)
}

/// What a line has to know of a connector's settings.
fn options(config: &ConnectorConfig) -> LineOptions {
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
        errors: config.errors.clone(),
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
