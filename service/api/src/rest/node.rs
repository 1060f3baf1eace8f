//! What the gateway itself is doing: connectors, queues, and the caller's account.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use waxwing_spool::QueueDepth;

use super::messages::rfc3339;
use crate::auth::Caller;
use crate::{ApiState, Problem};

/// A line to a carrier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectorBody {
    /// Its name.
    name: String,
    /// up, down, failing or paused.
    state: &'static str,
    /// Sessions that can send.
    sessions: u32,
    /// Its queue.
    queue: QueueBody,
}

/// How much waits in a queue.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct QueueBody {
    /// Its name: connector:NAME, account:NAME or hook:NAME.
    name: String,
    /// Messages that can be sent now.
    ready: u64,
    /// Messages that wait for their time.
    deferred: u64,
    /// Messages being sent.
    leased: u64,
    /// Messages sent, whose receipt is outstanding.
    awaiting: u64,
    /// Dead letters.
    dead: u64,
    /// When the oldest queued message was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
}

/// The account that asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountBody {
    /// Its name.
    name: String,
    /// It may see and do everything.
    admin: bool,
    /// Messages accepted today (UTC).
    today: u64,
    /// Messages accepted this month (UTC).
    this_month: u64,
    /// Limit of the day, if any.
    per_day: Option<u64>,
    /// Limit of the month, if any.
    per_month: Option<u64>,
    /// Messages a second, if limited.
    rate: Option<f64>,
    /// Whose received messages it gets.
    numbers: Vec<String>,
    /// Senders it may use; empty = any.
    senders: Vec<String>,
}

/// The connectors and their queues.
#[utoipa::path(
    get,
    path = "/connectors",
    tag = "gateway",
    operation_id = "listConnectors",
    responses(
        (status = 200, description = "All connectors", body = [ConnectorBody]),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn connectors(State(state): State<ApiState>, caller: Caller) -> Result<Json<Vec<ConnectorBody>>, Problem> {
    caller.require_admin()?;
    let gateway = state.gateway();
    let (setup, now) = (gateway.setup(), gateway.clock.now());
    let mut depths = gateway.spool.depths();
    let list = setup.routes.lines().iter().map(|l| {
        let depth = depths.iter().position(|d| d.queue == l.state.queue).map(|at| depths.swap_remove(at));
        let queue = depth.map(queue).unwrap_or_else(|| QueueBody { name: format!("connector:{}", l.state.name), ..QueueBody::default() });
        ConnectorBody { name: l.state.name.to_string(), state: l.state.word(now), sessions: l.state.sessions(), queue }
    });
    Ok(Json(list.collect()))
}

/// All queues that hold anything.
#[utoipa::path(
    get,
    path = "/queues",
    tag = "gateway",
    operation_id = "listQueues",
    responses(
        (status = 200, description = "All queues that hold anything", body = [QueueBody]),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn queues(State(state): State<ApiState>, caller: Caller) -> Result<Json<Vec<QueueBody>>, Problem> {
    caller.require_admin()?;
    Ok(Json(state.gateway().spool.depths().into_iter().map(queue).collect()))
}

/// The caller's account: usage and limits.
#[utoipa::path(
    get,
    path = "/account",
    tag = "account",
    operation_id = "getAccount",
    responses(
        (status = 200, description = "The account", body = AccountBody),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn account(State(state): State<ApiState>, caller: Caller) -> Json<AccountBody> {
    let (c, counts) = (&caller.account.config, caller.account.usage.counts(state.gateway().clock.now()));
    Json(AccountBody {
        name: c.name.clone(),
        admin: c.admin,
        today: counts.today,
        this_month: counts.this_month,
        per_day: c.per_day,
        per_month: c.per_month,
        rate: c.rate,
        numbers: c.numbers.iter().map(|m| m.as_str().to_owned()).collect(),
        senders: c.senders.iter().map(|m| m.as_str().to_owned()).collect(),
    })
}

fn queue(d: QueueDepth) -> QueueBody {
    QueueBody {
        name: d.name.to_string(),
        ready: d.ready,
        deferred: d.deferred,
        leased: d.leased,
        awaiting: d.awaiting,
        dead: d.dead,
        oldest: d.oldest.and_then(rfc3339),
    }
}
