//! `/provision`: accounts and subscribers made, changed and deleted by URL, as NowSMS's provisioning interface has it.
//!
//! The answer is text whose first line is `OK` or begins with `ERROR`, with status 200 wherever an administrator asked. What NowSMS's accounts
//! have and ours do not is taken and left out; the answer says so.

mod account;
mod subscriber;

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use waxwing_core::AuthError;

use crate::auth::{self, Caller};
use crate::params::Params;
use crate::state::peer_of;
use crate::{ApiState, Problem, body};

/// What was done, in words, and which parameters were left out.
struct Done {
    words: String,
    ignored: Vec<&'static str>,
}

/// Why nothing was done.
enum Refusal {
    /// It was no administrator, or no request of this kind: told by the status as well.
    Http(Problem),
    /// Told by the text alone.
    Text(String),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Add,
    Modify,
    Delete,
    CreditCheck,
}

/// The handler.
pub(crate) async fn provision(State(state): State<ApiState>, request: Request) -> Response {
    let peer = peer_of(request.extensions());
    let (status, text, problem) = match handle(&state, request, peer).await {
        Ok(Done { words, ignored }) => {
            let left_out = if ignored.is_empty() { String::new() } else { format!("Ignored: {}\r\n", ignored.join(", ")) };
            (StatusCode::OK, format!("OK\r\n{words}\r\n{left_out}"), None)
        }
        Err(Refusal::Text(why)) => (StatusCode::OK, error(&why), None),
        Err(Refusal::Http(p)) => (p.status, error(&p.detail), Some(p)),
    };
    if let Some(problem) = problem.as_ref().filter(|p| p.status.is_client_error()) {
        state.bad_input("provision", problem.kind, peer, &problem.detail);
    }
    let mut response = (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response();
    if let Some(problem) = problem {
        problem.headers(&mut response);
    }
    response
}

/// One line, whatever it was made of.
fn error(why: &str) -> String {
    format!("ERROR {}\r\n", why.replace(['\r', '\n'], " "))
}

async fn handle(state: &ApiState, request: Request, peer: Option<SocketAddr>) -> Result<Done, Refusal> {
    let (parts, content) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::POST) {
        return Err(auth::wrong_method(&parts.method).into());
    }
    let basic = auth::basic_of_client(&parts.headers)?;
    let mut params = Params::default();
    params.extend(parts.uri.query().unwrap_or_default().as_bytes());
    if parts.method == Method::POST && body::media_type(&parts.headers) == "application/x-www-form-urlencoded" {
        params.extend(&body::read(content, state.shared().options.body_limit).await?);
    }
    let caller = sign_in(state, &mut params, basic, peer).await?;
    caller.require_admin()?;
    let registry = state.registry()?;
    let action = action(&params)?;
    match kind(&params)? {
        Kind::Sms => account::run(registry, &params, action, state.gateway().clock.now()).await,
        Kind::Mmsc => subscriber::run(&state.subscribers()?, &params, action).await,
    }
}

/// By Basic, or by `user` and the `password` that follows it: another `password` is that of the account which the request is about.
async fn sign_in(
    state: &ApiState,
    params: &mut Params,
    basic: Option<(String, Vec<u8>)>,
    peer: Option<SocketAddr>,
) -> Result<Caller, Refusal> {
    let (name, password) = match basic {
        Some(basic) => basic,
        None => {
            let name = params.text("user")?.ok_or(AuthError::Unknown)?.to_owned();
            (name, params.take_after("user", "password").unwrap_or_default())
        }
    };
    let account = auth::sign_in(state, "provision", &name, &password, peer).await?;
    Ok(Caller { account, peer })
}

enum Kind {
    Sms,
    Mmsc,
}

/// Before there were accounts for SMS, no type was said, and the number of a subscriber had a name of its own.
fn kind(params: &Params) -> Result<Kind, Refusal> {
    match params.text("type")? {
        Some(t) if t.trim().eq_ignore_ascii_case("sms") => Ok(Kind::Sms),
        Some(t) if t.trim().eq_ignore_ascii_case("mmsc") => Ok(Kind::Mmsc),
        None if params.get("phonenumber").is_some() => Ok(Kind::Mmsc),
        None => Err(wrong("Type", "it is missing; give SMS or MMSC")),
        Some(t) => Err(wrong("Type", format!("{t:?} is neither SMS nor MMSC"))),
    }
}

fn action(params: &Params) -> Result<Action, Refusal> {
    let given = params.text("adminaction")?.ok_or_else(|| wrong("AdminAction", "it is missing; give Add, Modify or Delete"))?;
    match given.trim().to_ascii_lowercase().as_str() {
        "add" => Ok(Action::Add),
        "modify" => Ok(Action::Modify),
        "delete" => Ok(Action::Delete),
        "creditcheck" => Ok(Action::CreditCheck),
        _ => Err(wrong("AdminAction", format!("{given:?} is none of Add, Modify, Delete, CreditCheck"))),
    }
}

/// Yes or no, where it is given.
fn yes_or_no(params: &Params, name: &'static str) -> Result<Option<bool>, Refusal> {
    let Some(given) = params.text(&name.to_ascii_lowercase())? else { return Ok(None) };
    match given.trim().to_ascii_lowercase().as_str() {
        "yes" | "1" | "true" | "on" => Ok(Some(true)),
        "no" | "0" | "false" | "off" => Ok(Some(false)),
        _ => Err(wrong(name, format!("{given:?} is neither Yes nor No"))),
    }
}

/// A text; there but empty = to be taken away.
fn text_or_none<'a>(params: &'a Params, name: &'static str) -> Result<Option<Option<&'a str>>, Refusal> {
    let key = name.to_ascii_lowercase();
    let given = params.text(&key)?.map(str::trim).filter(|t| !t.is_empty());
    Ok(params.has(&key).then_some(given))
}

fn number(params: &Params, name: &'static str) -> Result<Option<u64>, Refusal> {
    let Some(given) = params.text(&name.to_ascii_lowercase())? else { return Ok(None) };
    // More than TOML can hold would be no limit either.
    let read = given.trim().parse().ok().filter(|n| i64::try_from(*n).is_ok());
    read.map(Some).ok_or_else(|| wrong(name, format!("{given:?} is no number")))
}

fn wrong(name: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::Text(format!("{name}: {why}"))
}

impl From<Problem> for Refusal {
    /// What a client of NowSMS's is told with 200 there: whatever is wrong with the parameters.
    fn from(p: Problem) -> Refusal {
        if p.kind == "invalid" { Refusal::Text(p.detail) } else { Refusal::Http(p) }
    }
}

impl From<AuthError> for Refusal {
    fn from(e: AuthError) -> Refusal {
        Refusal::Http(e.into())
    }
}

impl From<waxwing_ledger::LedgerError> for Refusal {
    fn from(e: waxwing_ledger::LedgerError) -> Refusal {
        Refusal::Http(e.into())
    }
}
