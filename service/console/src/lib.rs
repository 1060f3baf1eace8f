//! The web console: what an operator looks at. Pages made here, without a framework and without anything from elsewhere.
//!
//! Only administrators get in. A session is a random token in a cookie that scripts and other sites cannot use; every form that changes
//! something carries a second token derived from it.

mod assets;
mod delivery;
mod form;
mod message;
mod messages;
mod mms;
mod page;
mod phones;
mod push;
mod rates;
mod send;
mod session;
mod sign_in;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use waxwing_api::ApiState;
use waxwing_ledger::AccountStore;

use crate::rates::Rates;

/// What the console needs.
#[derive(Clone)]
pub struct ConsoleOptions {
    /// The HTTP doors' state: gateway, ledger, signing in.
    pub api: ApiState,
    /// Sessions and sign-in links.
    pub accounts: Arc<AccountStore>,
    /// Name of this gateway, shown on every page.
    pub node: String,
    /// The door speaks HTTPS: the session's cookie is then never sent over plain HTTP.
    pub secure: bool,
}

/// Where the console begins.
pub const HOME: &str = "/console";

/// Where a sign-in link leads: the path and query to be put behind the gateway's address. The token is
/// [`AccountStore::create_link`]'s.
pub fn sign_in_path(token: &str) -> String {
    format!("{HOME}/sign-in?token={token}")
}

#[derive(Clone)]
struct Console(Arc<Shared>);

struct Shared {
    options: ConsoleOptions,
    rates: Rates,
}

/// The console's routes, all below [`HOME`].
pub fn router(options: ConsoleOptions) -> Router {
    let console = Console(Arc::new(Shared { options, rates: Rates::default() }));
    Router::new()
        .route(HOME, get(status::page))
        .route("/console/", get(status::page))
        .route("/console/messages", get(messages::page))
        .route("/console/messages/{id}", get(message::page))
        .route("/console/messages/{id}/cancel", post(message::cancel))
        .route("/console/send", get(send::page).post(send::submit))
        .route("/console/messages/{id}/parts/{number}", get(message::part))
        .route("/console/mms", get(mms::page).post(mms::submit))
        .route("/console/push", get(push::page).post(push::submit))
        .route("/console/phones", get(phones::page).post(phones::add))
        .route("/console/phones/remove", post(phones::remove))
        .route("/console/sign-in", get(sign_in::page).post(sign_in::submit))
        .route("/console/sign-out", post(sign_in::out))
        .route("/console/console.css", get(assets::css))
        .route("/console/console.js", get(assets::js))
        .route("/console/{*path}", get(page::not_found))
        .with_state(console)
}
