//! Whose phone it is: `/name=password` in the path, Basic authorization, or the number that a trusted gateway tells.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header;
use percent_encoding::percent_decode_str;
use waxwing_core::{Address, AuthError};
use waxwing_ledger::{Subscriber, SubscriberChange, SubscriberError};
use waxwing_mms::{Pdu, ResponseStatus};

use super::Asked;
use super::answer::{Reply, refusal};
use crate::Centre;

/// Who is asking.
pub(crate) enum Identity {
    /// A subscriber.
    Is(Arc<Subscriber>),
    /// Nobody that is known; the words are for the log.
    Nobody(String),
    /// To be asked again later.
    Busy(String),
}

impl Centre {
    /// The subscriber that asks for something only subscribers may; the answer for anybody else.
    pub(crate) async fn subscriber(&self, pdu: &Pdu, asked: &Asked) -> Result<Arc<Subscriber>, Reply> {
        match self.identify(asked).await {
            Identity::Is(s) => Ok(s),
            Identity::Nobody(why) => {
                self.bad_input("mm1", "sign-in", Some(asked.peer), &why);
                Err(refusal(pdu, ResponseStatus::PermanentServiceDenied, "This phone is not known here."))
            }
            Identity::Busy(why) => {
                self.bad_input("mm1", "busy", Some(asked.peer), &why);
                Err(refusal(pdu, ResponseStatus::TransientFailure, "Try again later."))
            }
        }
    }

    /// Who is asking.
    pub(crate) async fn identify(&self, asked: &Asked) -> Identity {
        if let Some((name, password)) = in_path(&asked.path).or_else(|| basic(asked)) {
            let setup = self.gateway.setup();
            // Numbers come in every spelling.
            let name = if name.starts_with('+') { name.clone() } else { self.normal(&name).unwrap_or(name) };
            return match self.subscribers.authenticate(&setup.accounts, &name, password.as_bytes()).await {
                Ok(subscriber) => Identity::Is(subscriber),
                Err(AuthError::Busy) => Identity::Busy(AuthError::Busy.to_string()),
                Err(_) => Identity::Nobody(format!("wrong name or password for {name:?}")),
            };
        }
        let Some(told) = self.options.msisdn_headers.iter().find_map(|h| asked.headers.get(h)) else {
            return Identity::Nobody("neither a password nor a number of a trusted gateway".into());
        };
        let ip = asked.peer.ip().to_canonical();
        if !self.options.trusted.iter().any(|net| net.contains(&ip)) {
            return Identity::Nobody(format!("{ip} tells a number and is not in [mmsc] trusted"));
        }
        let text = told.to_str().unwrap_or_default();
        let text = text.split(['/', ',', ';']).next().unwrap_or_default().trim();
        let Some(number) = self.normal(text) else { return Identity::Nobody(format!("the gateway's number {text:?} cannot be used")) };
        match self.subscribers.by_number(&number) {
            Some(subscriber) => Identity::Is(subscriber),
            None if self.options.auto_provision => match self.provision(&number).await {
                Ok(subscriber) => Identity::Is(subscriber),
                Err(why) => Identity::Busy(format!("{number} could not be made a subscriber: {why}")),
            },
            None => Identity::Nobody(format!("{number} is no subscriber")),
        }
    }

    /// A number in normal form; `None` where it is none.
    pub(crate) fn normal(&self, text: &str) -> Option<String> {
        let address = Address::parse(text);
        let normal = self.gateway.setup().normaliser.recipient(&address).ok().filter(Address::is_digits)?;
        Some(normal.as_text().into_owned())
    }

    /// Makes a number a subscriber's.
    async fn provision(&self, number: &str) -> Result<Arc<Subscriber>, String> {
        let (store, new, now) = (self.store.clone(), number.to_owned(), self.now());
        let added = tokio::task::spawn_blocking(move || store.add_subscriber(&new, &SubscriberChange::default(), now)).await;
        match added.map_err(|e| e.to_string())? {
            Ok(()) => tracing::info!(number, "A trusted gateway told of a new phone, which is a subscriber now."),
            // Two requests at once.
            Err(SubscriberError::Exists(_)) => {}
            Err(e) => return Err(e.to_string()),
        }
        self.subscribers.by_number(number).ok_or_else(|| "it is not in the directory yet".into())
    }
}

/// `/name=password`, either percent-encoded.
fn in_path(path: &str) -> Option<(String, String)> {
    let (name, password) = path.strip_prefix('/')?.split_once('=')?;
    let decoded = |s: &str| percent_decode_str(s).decode_utf8().ok().map(|s| s.into_owned());
    let (name, password) = (decoded(name)?, decoded(password.trim_end_matches('/'))?);
    (!name.is_empty() && !name.contains('/')).then_some((name, password))
}

fn basic(asked: &Asked) -> Option<(String, String)> {
    let value = asked.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_stand_in_the_path() {
        let is = |path: &str, name: &str, password: &str| assert_eq!(in_path(path), Some((name.into(), password.into())), "{path}");
        is("/alice=secret", "alice", "secret");
        is("/%2B447700900123=se%3Dcret", "+447700900123", "se=cret");
        is("/alice=se=cret/", "alice", "se=cret");
        is("/alice=", "alice", "");
        for path in ["/", "/m/abc", "/=x", "/a/b=c", "", "/%ff=x"] {
            assert_eq!(in_path(path), None, "{path}");
        }
    }
}
