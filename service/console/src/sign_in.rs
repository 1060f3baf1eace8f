//! Signing in, by password or by a link, and out.

use axum::extract::FromRequest as _;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use waxwing_api::{escape, peer_of};
use waxwing_core::AuthError;

use crate::form::Posted;
use crate::session::SignedIn;
use crate::{Console, HOME, page};

/// `token` is that of a link, `next` the page that was wanted.
pub(crate) async fn page(
    State(console): State<Console>,
    Query(query): Query<std::collections::HashMap<String, String>>,
    request: Request,
) -> Response {
    let Some(token) = query.get("token") else {
        return form(&console, StatusCode::OK, "", query.get("next").map(String::as_str).unwrap_or_default());
    };
    let source = source(&request);
    match console.redeem(token.clone()).await {
        Ok(Some(account)) => match console.begin(&account.name, source).await {
            Ok(cookie) => welcome(cookie),
            Err(e) => page::broken(&e.to_string()),
        },
        Ok(None) => form(&console, StatusCode::FORBIDDEN, "This link was used before, or is too old. Sign in with name and password.", ""),
        Err(e) => page::broken(&e.to_string()),
    }
}

pub(crate) async fn submit(State(console): State<Console>, request: Request) -> Response {
    let (source, peer) = (source(&request), peer_of(request.extensions()));
    let posted = match Posted::from_request(request, &()).await {
        Ok(posted) => posted,
        Err(response) => return response,
    };
    let (name, next) = (posted.get("name"), posted.get("next"));
    let signed_in = console.0.options.api.sign_in("console", name, posted.get("password").as_bytes(), peer).await;
    match signed_in {
        Ok(account) if account.config.admin => match console.begin(&account.name, source).await {
            Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(own_page(next))).into_response(),
            Err(e) => page::broken(&e.to_string()),
        },
        Ok(_) => form(&console, StatusCode::FORBIDDEN, "Only accounts with the right \"admin\" may use the console.", next),
        Err(AuthError::Busy) => {
            form(&console, StatusCode::SERVICE_UNAVAILABLE, "Too many passwords are being checked at once. Try again in a moment.", next)
        }
        Err(_) => form(&console, StatusCode::UNAUTHORIZED, "Name or password is wrong.", next),
    }
}

pub(crate) async fn out(State(console): State<Console>, who: SignedIn, posted: Posted) -> Response {
    if let Err(refusal) = posted.check(&who) {
        return *refusal;
    }
    match console.end(&who).await {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/console/sign-in")).into_response(),
        Err(e) => page::broken(&e.to_string()),
    }
}

fn form(console: &Console, status: StatusCode, error: &str, next: &str) -> Response {
    let error = if error.is_empty() { String::new() } else { format!("<p class=\"error\" role=\"alert\">{}</p>", escape(error)) };
    let body = format!(
        "<main class=\"narrow\"><h1><span class=\"brand\">waxwing</span> <span class=\"node\">{}</span></h1>{error}\
         <form method=\"post\" action=\"/console/sign-in\" class=\"fields card\"><input type=\"hidden\" name=\"next\" value=\"{}\">\
         <label>Account<input name=\"name\" autocomplete=\"username\" required autofocus></label>\
         <label>Password<input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label>\
         <button>Sign in</button></form></main>",
        escape(&console.0.options.node),
        escape(next)
    );
    page::bare(status, "Sign in", &body)
}

/// A page of our own that goes on to the console: a redirect would still belong to the click on a foreign page, and the cookie would not
/// come along.
fn welcome(cookie: HeaderValue) -> Response {
    let body = format!("<main class=\"narrow\"><h1>Signed in</h1><p><a href=\"{HOME}\" data-go>Go on to the console</a></p></main>");
    let mut response = page::bare(StatusCode::OK, "Signed in", &body);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// Where to go after signing in: a page of the console, and nowhere else.
fn own_page(next: &str) -> &str {
    let is_ours = next.strip_prefix(HOME).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    if is_ours && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && !next.contains("..") { next } else { HOME }
}

fn source(request: &Request) -> String {
    peer_of(request.extensions()).map(|p| p.ip().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_come_next() {
        for ours in ["/console", "/console/messages?number=1", "/console/messages/2A"] {
            assert_eq!(own_page(ours), ours);
        }
        for other in ["", "//evil.example", "/consolex", "https://evil.example/console", "/console\\x", "/console/a b", "/console/../x"] {
            assert_eq!(own_page(other), HOME, "{other}");
        }
    }
}
