//! Submission by URL as NowSMS has it: its parameters on any path that nothing else takes, by GET or by a posted form.
//!
//! Deployed clients post to the paths of its menu pages, spell names in any case, leave `+` unescaped and send parameters that mean
//! nothing; all of that is accepted. What this gateway cannot do is refused in words.

mod mms;
mod reply;
mod special;
mod submission;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, header};
use waxwing_core::{Account, Address, AuthError};

use crate::mms::{MmsPart, MmsRequest};
use crate::params::Params;
use crate::rest::{SubmitItem, SubmitReply};
use crate::state::peer_of;
use crate::{ApiState, Problem, auth, body, push};

/// Parameters whose presence makes a request a submission.
const SUBMISSION: [&str; 13] = [
    "phonenumber",
    "text",
    "data",
    "udh",
    "wapurl",
    "wapbookmark",
    "omaota",
    "ota",
    "mmsurl",
    "voicemail",
    "mmsfile",
    "mmstext",
    "mmssubject",
];

/// The handler of every path that nothing else takes.
pub(crate) async fn any_path(State(state): State<ApiState>, request: Request) -> Response {
    let peer = peer_of(request.extensions());
    let json = accepts_json(&request);
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    if !matches!(method, Method::GET | Method::POST) {
        return auth::wrong_method(&method).into_response();
    }
    let result = match read_form(&state, request).await {
        Ok(form) if !form.files.is_empty() || SUBMISSION.iter().any(|name| form.params.has(name)) => submit(&state, form, peer).await,
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

/// What a request has.
struct Form {
    /// Parameters of the URL and of a form.
    params: Params,
    /// Files in the field `MMSFile`.
    files: Vec<MmsPart>,
    /// Who the request says it is, by Basic authentication.
    basic: Option<(String, Vec<u8>)>,
}

async fn read_form(state: &ApiState, request: Request) -> Result<Form, Problem> {
    let (parts, content) = request.into_parts();
    let basic = auth::basic_of_client(&parts.headers)?;
    let (mut params, mut files) = (Params::default(), Vec::new());
    params.extend(parts.uri.query().unwrap_or_default().as_bytes());
    if parts.method == Method::POST {
        match body::media_type(&parts.headers).as_str() {
            "application/x-www-form-urlencoded" => params.extend(&body::read(content, state.shared().options.body_limit).await?),
            "multipart/form-data" => {
                let whole = body::read(content, state.shared().options.body_limit).await?;
                multipart(&mut params, &mut files, Request::from_parts(parts, Body::from(whole))).await?;
            }
            _ => {}
        }
    }
    Ok(Form { params, files, basic })
}

async fn multipart(params: &mut Params, files: &mut Vec<MmsPart>, request: Request) -> Result<(), Problem> {
    let broken = |e: String| Problem::invalid(format!("the multipart form cannot be read: {e}"));
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| broken(e.body_text()))?;
    while let Some(field) = form.next_field().await.map_err(|e| broken(e.body_text()))? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or_default().to_owned();
        let value = field.bytes().await.map_err(|e| broken(e.body_text()))?;
        if let Some(file_name) = file_name.filter(|_| name.trim().eq_ignore_ascii_case("mmsfile")) {
            // A file that was not chosen comes as an empty one without a name.
            if !file_name.is_empty() || !value.is_empty() {
                files.push(MmsPart { name: file_name, media_type, data: value });
            }
            continue;
        }
        params.push(&name, value.to_vec());
    }
    Ok(())
}

type Submitted = (Vec<(SubmitItem, Option<Problem>)>, Option<String>);

async fn submit(state: &ApiState, form: Form, peer: Option<SocketAddr>) -> Result<Submitted, Problem> {
    let Form { params, files, basic } = form;
    let params = &params;
    let account = match (params.get("user"), basic) {
        (Some(user), _) => {
            let name = String::from_utf8_lossy(user).into_owned();
            auth::sign_in(state, "nowsms", &name, params.get("password").unwrap_or_default(), peer).await?
        }
        (None, Some((name, password))) => auth::sign_in(state, "nowsms", &name, &password, peer).await?,
        (None, None) => return Err(Problem::from(AuthError::Unknown)),
    };
    let options = &state.shared().options;
    if mms::is_wanted(params, &files) {
        return submit_mms(state, &account, params, files, peer).await;
    }
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

async fn submit_mms(
    state: &ApiState,
    account: &Arc<Account>,
    params: &Params,
    files: Vec<MmsPart>,
    peer: Option<SocketAddr>,
) -> Result<Submitted, Problem> {
    let door = state.mms()?;
    if !account.config.mms {
        return Err(Problem::forbidden("the account may not send mms; add it to its allow setting"));
    }
    let (request, envelope) = mms::read(state, params, files, &state.shared().options.time_zone).await?;
    let outcomes = door.submit(account, MmsRequest { peer, ..request }).await?;
    let items = outcomes.into_iter().map(|outcome| {
        let item = SubmitItem { id: None, to: outcome.to, reference: None, problem: None };
        match outcome.result {
            Ok(id) => (SubmitItem { id: Some(id.to_string()), ..item }, None),
            Err(problem) => (item, Some(problem)),
        }
    });
    Ok((items.collect(), envelope.continue_url))
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
