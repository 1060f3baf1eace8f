//! A line to an SMSC.

use std::sync::Arc;

use waxwing_core::{ConnectorState, Gateway, OutboxPolicy};
use waxwing_session::{TlsError, Trace};
use waxwing_smpp::CommandId;

use super::client::{Esme, Settings};
use super::config::{BindKind, ConnectorConfig};
use super::inward;
use crate::Endpoint;
use crate::line::{self, LineOptions};

/// Opens a connector. Its binds are brought up, and brought up again whenever they break, until it is stopped.
///
/// # Errors
/// When its TLS settings cannot be used.
pub fn start_connector(
    gateway: &Arc<Gateway>,
    state: &Arc<ConnectorState>,
    config: ConnectorConfig,
    trace: &Trace,
) -> Result<Endpoint, TlsError> {
    let options = LineOptions {
        addresses: config.addresses.clone(),
        tls: config.tls.clone(),
        window: config.window,
        rate: config.rate,
        keep_alive: config.enquire_link,
        response_timeout: config.response_timeout,
        sends: 1,
        reconnect: config.reconnect,
        throttle_pause: config.throttle_pause,
        sessions: config.binds,
        errors: config.errors.clone(),
        policy: OutboxPolicy {
            retry: config.retry.clone(),
            no_answer: config.no_answer,
            receipt_wait: config.receipt_wait,
            spellings: inward::receipt_spellings(config.receipt_id),
        },
        spellings: inward::other_spellings(config.receipt_id),
    };
    let kinds: &[CommandId] = match config.bind {
        BindKind::Transceiver => &[CommandId::BIND_TRANSCEIVER],
        BindKind::Transmitter => &[CommandId::BIND_TRANSMITTER],
        BindKind::Receiver => &[CommandId::BIND_RECEIVER],
        BindKind::Pair => &[CommandId::BIND_TRANSMITTER, CommandId::BIND_RECEIVER],
    };
    let settings = Settings { charset: inward::charset_name(config.charset), config };
    line::start::<Esme>(gateway, state, options, settings, kinds, Vec::new(), trace)
}
