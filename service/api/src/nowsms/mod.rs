//! Submission by URL as NowSMS has it: its parameters on any path that nothing else takes, by GET or by a posted form.
//!
//! Deployed clients post to the paths of its menu pages, spell names in any case, leave `+` unescaped and send parameters that mean
//! nothing; all of that is accepted. What this gateway cannot do (multimedia) is refused in words.

mod reply;
mod special;
mod submission;

use std::net::SocketAddr;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, header};
use waxwing_core::{Address, AuthError};

use crate::params::Params;
use crate::rest::{SubmitItem, SubmitReply};
use crate::state::peer_of;
use crate::{ApiState, Problem, auth, body, push};

/// Parameters whose presence makes a request a submission.
const SUBMISSION: [&str; 12] =
    ["phonenumber", "text", "data", "udh", "wapurl", "wapbookmark", "omaota", "ota", "mmsurl", "voicemail", "mmsfile", "mmstext"];

/// The handler of every path that nothing else takes.
pub(crate) async fn any_path(State(state): State<ApiState>, request: Request) -> Response {
    let peer = peer_of(request.extensions());
    let json = accepts_json(&request);
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    if !matches!(method, Method::GET | Method::POST) {
        return auth::wrong_method(&method).into_response();
    }
    let result = match read_params(&state, request).await {
        Ok((params, basic)) if SUBMISSION.iter().any(|name| params.has(name)) => submit(&state, &params, basic, peer).await,
        Ok(_) => return elsewhere(&state, &method, &path),
        Err(p) => Err(p),
    };
    match result {
        Ok((items, continue_url)) => answer(items, continue_url.as_deref(), json),
        Err(problem) => {
            if problem.status.is_client_error() {
                state.bad_input("nowsms", problem.kind, peer, &problem.detail);
            }
            if json { problem.into_response() } else { reply::error(&problem) }
        }
    }
}

/// A request without parameters: browsers that ask for the menu are sent to the console.
fn elsewhere(state: &ApiState, method: &Method, path: &str) -> Response {
    match &state.shared().options.home {
        Some(home) if *method == Method::GET && (path == "/" || path.to_ascii_lowercase().ends_with(".htm")) => {
            Redirect::to(home).into_response()
        }
        _ => Problem::not_found(format!("there is nothing at {path}")).into_response(),
    }
}

type Basic = Option<(String, Vec<u8>)>;

/// Parameters of the URL and of a form, and who the request says it is.
async fn read_params(state: &ApiState, request: Request) -> Result<(Params, Basic), Problem> {
    let (parts, content) = request.into_parts();
    let basic = auth::basic_of_client(&parts.headers)?;
    let mut params = Params::default();
    params.extend(parts.uri.query().unwrap_or_default().as_bytes());
    if parts.method == Method::POST {
        match body::media_type(&parts.headers).as_str() {
            "application/x-www-form-urlencoded" => params.extend(&body::read(content, state.shared().options.body_limit).await?),
            "multipart/form-data" => {
                let whole = body::read(content, state.shared().options.body_limit).await?;
                multipart(&mut params, Request::from_parts(parts, Body::from(whole))).await?;
            }
            _ => {}
        }
    }
    Ok((params, basic))
}

async fn multipart(params: &mut Params, request: Request) -> Result<(), Problem> {
    let broken = |e: String| Problem::invalid(format!("the multipart form cannot be read: {e}"));
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| broken(e.body_text()))?;
    while let Some(field) = form.next_field().await.map_err(|e| broken(e.body_text()))? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.bytes().await.map_err(|e| broken(e.body_text()))?;
        params.push(&name, value.to_vec());
    }
    Ok(())
}

type Submitted = (Vec<(SubmitItem, Option<Problem>)>, Option<String>);

async fn submit(state: &ApiState, params: &Params, basic: Basic, peer: Option<SocketAddr>) -> Result<Submitted, Problem> {
    let account = match (params.get("user"), basic) {
        (Some(user), _) => {
            let name = String::from_utf8_lossy(user).into_owned();
            auth::sign_in(state, "nowsms", &name, params.get("password").unwrap_or_default(), peer).await?
        }
        (None, Some((name, password))) => auth::sign_in(state, "nowsms", &name, &password, peer).await?,
        (None, None) => return Err(Problem::from(AuthError::Unknown)),
    };
    let options = &state.shared().options;
    let asked = special::read(params, options.ota_folder.as_deref()).await?;
    let request = submission::read(params, state.gateway().clock.now(), &options.time_zone, asked.is_some())?;
    let contents = match asked {
        None => Vec::new(),
        Some(special::Asked { special, is_push: true }) => push::compose(state, &account, special).await?,
        Some(special::Asked { special, is_push: false }) => push::plain(state, special).await?,
    };
    let submissions = request.submissions(peer, &contents);
    let recipients = request.recipients.iter().flat_map(|to| std::iter::repeat_n(to, contents.len().max(1)));
    let results = state.gateway().submit(&account, submissions).await;
    let items = recipients.zip(results).map(|(to, result)| {
        let item = SubmitItem { id: None, to: Address::parse(to).to_string(), reference: None, problem: None };
        match result {
            Ok(id) => (SubmitItem { id: Some(id.to_string()), ..item }, None),
            Err(e) => (item, Some(submission::refusal(&e))),
        }
    });
    Ok((items.collect(), request.continue_url))
}

fn answer(items: Vec<(SubmitItem, Option<Problem>)>, continue_url: Option<&str>, json: bool) -> Response {
    let refused = items.iter().filter(|(_, p)| p.is_some()).count();
    let accepted = items.len() - refused;
    let first = items.iter().find_map(|(_, p)| p.clone()).filter(|_| accepted == 0);
    match (first, json) {
        (Some(problem), true) => problem.into_response(),
        (Some(problem), false) => reply::error(&problem),
        (None, true) => {
            let messages = items.into_iter().map(|(item, p)| SubmitItem { problem: p.map(|p| p.to_json()), ..item }).collect();
            Json(SubmitReply { messages, accepted, refused, user_pin: None }).into_response()
        }
        (None, false) => reply::submitted(&items, continue_url),
    }
}

fn accepts_json(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accept.to_ascii_lowercase().contains("application/json")
}
