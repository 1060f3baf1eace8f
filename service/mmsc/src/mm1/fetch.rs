//! GET of a message, and what the phone says of it afterwards.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{StatusCode, header};
use waxwing_core::{Address, ErrorClass, Message, MsgId, Remark, State, Submission};
use waxwing_mms::{MessageStatus, MmsAddress, Pdu, PduType, RetrieveStatus};
use waxwing_spool::{Op, Tx};

use super::Asked;
use super::answer::Reply;
use crate::keep::media_id;
use crate::log::kind;
use crate::notify::class;
use crate::reports::FORWARDED;
use crate::{Centre, Facts, pdus, token};

impl Centre {
    /// The message of a token, made to fit who asks. Asking twice, or twice at once, gives it twice.
    pub(crate) async fn fetch(&self, word: &str, asked: &Asked) -> Reply {
        let now = self.now();
        if !token::is_token(word) {
            return self.absent(word, asked);
        }
        let (id, facts) = match self.waiting(word) {
            Some(w) => (w.at.id, w.facts),
            None => match self.recent.find(word, now) {
                Some(kept) => (kept.id, kept.facts.clone()),
                None => return self.absent(word, asked),
            },
        };
        // A link's word opens a page, not this.
        if facts.token != word {
            return self.absent(word, asked);
        }
        let content = match self.content(&facts) {
            Ok(Some(content)) => content,
            Ok(None) => {
                tracing::error!(message = %id, "Its content is missing from the media store.");
                return Reply::octets(pdus::retrieve_failure(RetrieveStatus::PermanentMessageNotFound, "The content is gone.", now));
            }
            Err(e) => {
                tracing::error!(message = %id, "Its content cannot be read: {e}");
                return Reply::octets(pdus::retrieve_failure(RetrieveStatus::TransientFailure, "Try again later.", now));
            }
        };
        let mut most = None;
        if let Some(number) = MmsAddress::parse(&facts.recipient).and_then(|to| self.normal(to.number()?)) {
            self.adapter.note_phone(&number, &asked.headers);
            most = self.subscribers.by_number(&number).and_then(|s| s.max_size);
        }
        let fit = self.adapter.fit(&facts, content, &asked.headers, most).await;
        self.counters.fetched.inc();
        if fit.words.is_some() {
            self.counters.adapted.inc();
        }
        self.note_fetch(id, &facts, asked, fit.words.as_deref());
        let is_text = fit.is_text;
        Reply { is_text, ..Reply::octets(pdus::retrieve_conf(&facts, &self.copy_id(id), &fit.content)) }
    }

    /// The content of a message, as it stands at the end of a PDU.
    pub(crate) fn content(&self, facts: &Facts) -> Result<Option<Bytes>, waxwing_media::MediaError> {
        match media_id(facts) {
            Some(id) => self.media.get(&id),
            None => Ok(None),
        }
    }

    /// What pushes the rights of a message to the phone that has it now (OMA DRM 1.0, separate delivery). Where they cannot be pushed at all,
    /// that is noted.
    ///
    /// # Errors
    /// Why they cannot be pushed at the moment.
    fn rights_ops(&self, id: MsgId, to: &Address, facts: &Facts) -> Result<Vec<Op>, String> {
        if facts.rights.is_empty() {
            return Ok(Vec::new());
        }
        let note = |words: String| Op::Note { id: Some(id), kind: Remark::Other.code(), note: Bytes::from(words) };
        let account = self.account().ok_or("the message centre is being configured")?;
        let mut ops = Vec::with_capacity(facts.rights.len() + 1);
        for message in self.rights_sms(to, &facts.rights)? {
            match self.gateway.entry(&account, Submission { message, ..Submission::default() }) {
                Ok(sms) => ops.push(Op::Accept(sms)),
                Err(e) if class(&e) == ErrorClass::Permanent => {
                    tracing::warn!(message = %id, "its rights cannot be pushed: {e}");
                    return Ok(vec![note(format!("the rights could not be pushed: {e}"))]);
                }
                Err(e) => return Err(e.to_string()),
            }
        }
        ops.push(note("the rights were pushed".into()));
        Ok(ops)
    }

    /// For the ledger; nobody waits for it.
    fn note_fetch(&self, id: MsgId, facts: &Facts, asked: &Asked, adapted: Option<&str>) {
        let agent = asked.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("a phone that does not say which");
        let agent: String = agent.chars().filter(|c| !c.is_control()).take(100).collect();
        let mut words = agent;
        if let Some(adapted) = adapted {
            words.push_str("; ");
            words.push_str(adapted);
        }
        let note = Op::Note { id: Some(id), kind: Remark::Fetched.code(), note: Bytes::from(words) };
        drop(self.gateway.spool.commit(vec![Tx::one(note)]));
        let (ip, size) = (asked.peer.ip().to_string(), facts.size.to_string());
        self.journal.line(self.now(), kind::RETRIEVE, &[&ip, &facts.from, &facts.recipient, &format!("{id}.MMS"), "OK", &size]);
    }

    fn absent(&self, word: &str, asked: &Asked) -> Reply {
        let gone = token::is_token(word) && self.was_waiting(word).is_some();
        let text = if gone { "The message was fetched already." } else { "There is no such message, or it has expired." };
        if !gone {
            // Guesses are counted; a token that was one is not.
            self.bad_input("mm1", "no message", Some(asked.peer), "a token that leads to no message");
        }
        let now = self.now();
        let reply = Reply::octets(pdus::retrieve_failure(RetrieveStatus::PermanentMessageNotFound, text, now));
        // Browsers and caches should know it too, and phones read the body of either.
        Reply { status: StatusCode::NOT_FOUND, ..reply }
    }

    /// m-notifyresp-ind and m-acknowledge-ind: what the phone did.
    pub(crate) async fn retrieved(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let Some(word) = pdu.transaction_id.as_deref().filter(|t| token::is_token(t)) else {
            self.bad_input("mm1", "transaction", Some(asked.peer), &format!("{} of a transaction that is none of ours", pdu.kind));
            return Reply::done();
        };
        // A message of a mailbox is fetched by a token of its own; its sender hears of it all the same.
        let origin = match self.waiting(word) {
            Some(_) => None,
            None => self.kept(word).await.ok().flatten().map(|entry| entry.origin).filter(|origin| !origin.is_empty()),
        };
        let word = origin.as_deref().unwrap_or(word);
        let status = match pdu.kind {
            PduType::AcknowledgeInd => MessageStatus::Retrieved,
            _ => pdu.status().copied().unwrap_or(MessageStatus::Unrecognised),
        };
        let may_report = pdu.report_allowed().copied().unwrap_or(true);
        let (state, is_over, stat, remark) = match status {
            MessageStatus::Retrieved => (State::Delivered, true, "retrieved", None),
            MessageStatus::Forwarded => (State::Delivered, true, FORWARDED, None),
            MessageStatus::Rejected => (State::Rejected, true, "rejected", None),
            MessageStatus::Expired => (State::Expired, true, "expired", None),
            MessageStatus::Deferred => (State::Accepted, false, "deferred", Some(Remark::Deferred)),
            // It did not understand; telling it again may help.
            _ => return Reply::done(),
        };
        // Without its rights the content is of no use: where they cannot leave now, the phone is asked to come back.
        let rights_wait = AtomicBool::new(false);
        let result = self
            .change(word, |w| {
                if w.facts.token != word || (!is_over && w.state() == Some(state)) {
                    return None;
                }
                let mut silenced;
                let w = if may_report {
                    w
                } else {
                    silenced = crate::centre::Waiting { at: w.at.clone(), message: w.message.clone(), facts: w.facts.clone() };
                    silenced.message = Message { want: 0, ..silenced.message };
                    &silenced
                };
                let mut rights = Vec::new();
                if is_over && state == State::Delivered {
                    match self.rights_ops(w.at.id, &w.message.destination, &w.facts) {
                        Ok(ops) => rights = ops,
                        Err(why) => {
                            tracing::warn!(message = %w.at.id, "its rights cannot be pushed now: {why}");
                            rights_wait.store(true, Ordering::Relaxed);
                            return None;
                        }
                    }
                    // Phones fetch again after they have said that they have it.
                    drop(self.recent.keep(w.at.id, w.facts.clone(), self.now()));
                }
                rights.extend(self.advance(w, state, is_over, if stat == FORWARDED { FORWARDED } else { "" }, stat));
                Some(rights)
            })
            .await;
        match result {
            Ok(true) => {
                if is_over && state == State::Delivered {
                    self.counters.retrieved.inc();
                }
                if let Some(remark) = remark {
                    tracing::debug!(token = word, remark = remark.name(), "the phone fetches it later");
                }
                Reply::done()
            }
            Ok(false) if rights_wait.load(Ordering::Relaxed) => Reply::text(StatusCode::SERVICE_UNAVAILABLE, "Try again later."),
            // Said before, or for a message that is over: nothing is to be done, and the phone need not say it again.
            Ok(false) => Reply::done(),
            Err(e) => {
                tracing::warn!("what a phone said could not be stored: {e}");
                Reply::text(StatusCode::SERVICE_UNAVAILABLE, "Try again later.")
            }
        }
    }
}
