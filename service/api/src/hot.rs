//! The requests that there are most of, answered ahead of the router: its layers, boxes and extractors cost as much as the answer itself.
//! What is answered is the same; the router knows these paths too.

use axum::response::Response;
use http::{Method, Request};
use hyper::body::Incoming;

use crate::{ApiState, Peer, kannel, rest};

/// A door that takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hot {
    /// `POST /api/v1/messages`
    Rest,
    /// `/cgi-bin/sendsms`
    Kannel,
}

impl Hot {
    /// Which one a request is for; `None` is for the router.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Hot> {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/api/v1/messages") => Some(Hot::Rest),
            (&Method::GET | &Method::POST, "/cgi-bin/sendsms") => Some(Hot::Kannel),
            _ => None,
        }
    }

    pub(crate) async fn answer(self, state: ApiState, request: Request<Incoming>, peer: Peer) -> Response {
        match self {
            Hot::Rest => rest::direct(&state, request, Some(peer.0)).await,
            Hot::Kannel => kannel::answer(&state, request, Some(peer.0)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_what_takes_messages_passes_by_the_router() {
        let cases = [
            ("POST", "/api/v1/messages", Some(Hot::Rest)),
            ("POST", "/api/v1/messages?x=1", Some(Hot::Rest)),
            ("GET", "/api/v1/messages", None),
            ("POST", "/api/v1/messages/", None),
            ("GET", "/cgi-bin/sendsms?to=1", Some(Hot::Kannel)),
            ("POST", "/cgi-bin/sendsms", Some(Hot::Kannel)),
            ("HEAD", "/cgi-bin/sendsms", None),
            ("GET", "/", None),
        ];
        for (method, uri, hot) in cases {
            assert_eq!(Hot::of(&Request::builder().method(method).uri(uri).body(()).unwrap()), hot, "{method} {uri}");
        }
    }
}
