//! `/metrics`, `/healthz`, `/readyz`: what machines that watch the gateway read.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use waxwing_core::{ConnectorLabel, QueueLabel};
use waxwing_spool::QueueDepth;

use crate::state::peer_of;
use crate::{ApiState, Problem};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) async fn metrics(State(state): State<ApiState>, request: Request) -> Response {
    let networks = &state.shared().options.metrics_from;
    let allowed = peer_of(request.extensions()).is_none_or(|p| networks.iter().any(|n| n.contains(&p.ip().to_canonical())));
    if !networks.is_empty() && !allowed {
        return Problem::forbidden("metrics are shown to configured networks only").into_response();
    }
    refresh(&state);
    ([(header::CONTENT_TYPE, OPENMETRICS)], state.gateway().metrics.render()).into_response()
}

/// Gauges are looked up when they are asked for, so that nothing keeps them up to date in between.
fn refresh(state: &ApiState) {
    let gateway = state.gateway();
    let m = &gateway.metrics;
    let gauge = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    m.queue.clear();
    for QueueDepth { name, ready, deferred, leased, awaiting, dead, .. } in gateway.spool.depths() {
        for (stage, n) in [("ready", ready), ("deferred", deferred), ("leased", leased), ("awaiting", awaiting), ("dead", dead)] {
            let label = QueueLabel { queue: name.to_string(), stage: stage.to_owned() };
            m.queue.get_or_create(&label).set(gauge(n));
        }
    }
    let s = gateway.spool.stats();
    m.spool_syncs.set(gauge(s.syncs));
    m.spool_written.set(gauge(s.written));
    m.spool_segments.set(gauge(s.segments));
    m.spool_disk_free.set(gauge(s.disk_free));
    m.spool_sync_us.set(gauge(s.last_sync_us));
    if let Some(mms) = state.shared().mms.get() {
        mms.refresh_metrics();
    }
    for line in gateway.setup().routes.lines() {
        let label = ConnectorLabel { connector: line.state.name.to_string() };
        m.connector_sessions.get_or_create(&label).set(line.state.sessions().into());
    }
}

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

pub(crate) async fn readyz(State(state): State<ApiState>) -> Response {
    let gateway = state.gateway();
    let why = if state.is_draining() {
        Some("the gateway is shutting down".to_owned())
    } else {
        let mms = || state.shared().mms.get().and_then(|mms| mms.unhealthy());
        gateway.spool.unhealthy().map(|e| e.to_string()).or_else(|| gateway.pressure().map(str::to_owned)).or_else(mms)
    };
    match why {
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}
