//! GET of a message of a mailbox.

use bytes::Bytes;
use http::StatusCode;
use waxwing_mms::{EncodedText, Header, MmFlag, MmState, RetrieveStatus};

use crate::mailbox::{Change, Entry};
use crate::mm1::Asked;
use crate::mm1::answer::Reply;
use crate::{Centre, Facts, pdus, token};

impl Centre {
    /// The message of a token, made to fit who asks; knowing the token is the right to have it.
    pub(crate) async fn fetch_kept(&self, word: &str, asked: &Asked) -> Reply {
        let now = self.now();
        let failed = |status, text: &str| Reply::octets(pdus::retrieve_failure(status, text, now));
        let entry = match self.kept(word).await {
            Ok(Some(entry)) => entry,
            Ok(None) => {
                self.bad_input("mm1", "no message", Some(asked.peer), "a token that leads to no message of a mailbox");
                let reply = failed(RetrieveStatus::PermanentMessageNotFound, "There is no such message.");
                return Reply { status: StatusCode::NOT_FOUND, ..reply };
            }
            Err(()) => return failed(RetrieveStatus::TransientFailure, "Try again later."),
        };
        let content = match self.media.get(&entry.media) {
            Ok(Some(content)) => content,
            Ok(None) => {
                tracing::error!(content = %entry.media, "The content of a message of a mailbox is missing from the media store.");
                return failed(RetrieveStatus::PermanentMessageNotFound, "The content is gone.");
            }
            Err(e) => {
                tracing::error!(content = %entry.media, "The content of a message of a mailbox cannot be read: {e}");
                return failed(RetrieveStatus::TransientFailure, "Try again later.");
            }
        };
        let facts = entry.facts();
        let most = self.subscribers.by_number(&entry.whose.number).and_then(|s| s.max_size);
        let fit = self.adapter.fit(&facts, content, &asked.headers, most).await;
        self.counters.fetched.inc();
        if fit.words.is_some() {
            self.counters.adapted.inc();
        }
        if entry.state == MmState::New {
            let change = Change { state: Some(MmState::Retrieved), only_from: Some(MmState::New), flags: Vec::new() };
            if let Err(e) = self.mailboxes.change(&entry.whose, word, change).await {
                tracing::warn!("that a message of a mailbox was fetched could not be stored: {e}");
            }
        }
        let facts = Facts { headers: told(&entry), ..facts };
        let message_id = if entry.message_id.is_empty() { format!("{word}@{}", self.options.domain) } else { entry.message_id };
        let is_text = fit.is_text;
        Reply { is_text, ..Reply::octets(pdus::retrieve_conf(&facts, &message_id, &fit.content)) }
    }

    /// The message of a mailbox of a token. An error has been logged.
    pub(crate) async fn kept(&self, word: &str) -> Result<Option<Entry>, ()> {
        if !token::is_token(word) || !self.mailboxes.quota().is_open() {
            return Ok(None);
        }
        let found = self.mailboxes.by_token(word).await.map_err(|e| tracing::error!("a message of a mailbox could not be read: {e}"))?;
        // A mailbox outlives its subscriber a little.
        let is_there = |entry: &Entry| self.subscribers.by_number(&entry.whose.number).is_some_and(|s| s.created == entry.whose.since);
        Ok(found.filter(is_there))
    }
}

/// Its header fields, with its state and keywords behind them.
fn told(entry: &Entry) -> Bytes {
    let mut headers = entry.headers.to_vec();
    let flags = entry.flags.iter().map(|word| Header::MmFlags(MmFlag::Add(EncodedText::from(word.as_str()))));
    for header in std::iter::once(Header::MmState(entry.state)).chain(flags) {
        let before = headers.len();
        if header.write(&mut headers).is_err() {
            headers.truncate(before);
        }
    }
    headers.into()
}
