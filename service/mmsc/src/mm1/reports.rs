//! m-read-rec-ind: the recipient's phone says that a message was read; the sender is told.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use waxwing_core::{Account, Door, Message, MessageStatus, MsgId, Remark, State, Submission, Told, want};
use waxwing_mms::{MmsAddress, Pdu, ReadStatus};
use waxwing_spool::{NewEntry, Op, Tx};

use super::Asked;
use super::answer::Reply;
use super::identity::Identity;
use crate::centre::ACCOUNT;
use crate::log::kind;
use crate::{Centre, pdus};

impl Centre {
    pub(crate) async fn read_rec(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let told = self.read_ops(pdu, asked).await;
        match told {
            Ok(ops) => match self.gateway.spool.commit(vec![Tx { ops }]).await {
                Ok(_) => Reply::done(),
                Err(e) => {
                    tracing::warn!("a read report could not be stored: {e}");
                    Reply::text(StatusCode::SERVICE_UNAVAILABLE, "Try again later.")
                }
            },
            Err(why) => {
                self.bad_input("mm1", "read report", Some(asked.peer), &why);
                // It cannot be mended by saying it again.
                Reply::done()
            }
        }
    }

    async fn read_ops(&self, pdu: &Pdu, asked: &Asked) -> Result<Vec<Op>, String> {
        let id = pdu.message_id().and_then(|m| self.of_copy_id(m)).ok_or("it is about no message of this centre")?;
        let status = pdu.read_status().copied().unwrap_or(ReadStatus::Read);
        let (message, account) = self.about(id).await.ok_or("its message is not known any more")?;
        // Whoever says who he is must be the recipient; a phone that does not is believed, since only it was told this id.
        if let Identity::Is(s) = self.identify(asked).await
            && *message.destination.as_text() != *s.number
        {
            return Err(format!("{} reports the reading of somebody else's message", s.number));
        }
        self.told_read(id, &message, &account, status)
    }

    /// What tells the sender of a message that it was read, with a note of it.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub(crate) fn told_read(&self, id: MsgId, message: &Message, account: &Arc<Account>, status: ReadStatus) -> Result<Vec<Op>, String> {
        let words = crate::reports::read_word(status);
        let mut ops = vec![Op::Note { id: Some(id), kind: Remark::Read.code(), note: Bytes::from(words) }];
        if message.door() == Door::Mm1 {
            let to = MmsAddress::Number(message.source.to_string());
            let from = MmsAddress::Number(message.destination.to_string());
            let message_id = format!("{}@{}", message.reference, self.options.domain);
            let pdu = pdus::read_orig_ind(&message_id, to, from, self.now() / 1000, status)?;
            let submission = Submission { message: self.push_sms(message.source.clone(), id, &pdu), ..Submission::default() };
            let entry = self.gateway.entry(account, submission).map_err(|e| e.to_string())?;
            ops.push(once(id, status, Op::Accept(entry)));
            self.counters.reports.inc();
            let (from, to) = (message.destination.to_string(), message.source.to_string());
            self.journal.line(self.now(), kind::READ_REPORT, &["", &from, &to, &id.to_string(), words, ""]);
        } else {
            let now = self.now();
            let told = Told { id, state: State::Delivered, event: want::READ, submitted: 0, done: now, error: "", reason: words };
            ops.extend(self.gateway.receipt_op(account.group, message, &told, "mmsc").map(|op| once(id, status, op)));
        }
        Ok(ops)
    }

    /// What is known of a message, waiting or over, with the account that sent it.
    pub(crate) async fn about(&self, id: MsgId) -> Option<(Message, Arc<Account>)> {
        let setup = self.gateway.setup();
        if let Some(w) = self.by_id(id) {
            let account = self.gateway.account_of(w.at.group)?;
            return Some((Message { want: want::READ, ..w.message }, account));
        }
        let found: MessageStatus = self.gateway.history()?.find(id).await?;
        let account = setup.accounts.get(&found.account)?.clone();
        // The record does not say by which door it came. Mail has an author and, nearly always, a Message-ID.
        let is_mail = found.source.as_text().contains('@') && (&*account.name == ACCOUNT || found.reference.contains('@'));
        let door = match &*account.name {
            _ if is_mail => Door::Mail,
            ACCOUNT => Door::Mm1,
            _ => Door::Rest,
        };
        let message = Message {
            door: door as i32,
            source: found.source,
            destination: found.destination,
            reference: found.reference,
            want: want::READ,
            tell: if is_mail { ACCOUNT.into() } else { String::new() },
            ..Message::default()
        };
        Some((message, account))
    }
}

/// A report that comes again, as it does from phones that got no answer, is told once: its key is that of the first.
fn once(id: MsgId, status: ReadStatus, op: Op) -> Op {
    let key = Bytes::from(format!("mms-read\0{id}\0{}", status.code()));
    match op {
        Op::Accept(entry) => Op::Accept(NewEntry { dedup: Some(key), ..entry }),
        other => other,
    }
}
