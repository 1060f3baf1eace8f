//! A message from outside becomes multimedia messages, SMS, or a report that is handed on.

use std::sync::Arc;

use bytes::Bytes;
use waxwing_core::{Account, Address, Door, Message, MsgId, State, Submission, SubmitError, Told, want};
use waxwing_mail::mms::{Importance, MessageClass as MailClass};
use waxwing_mail::smtp::{Enhanced, Mail, Recipient, Refusal};
use waxwing_mail::{ContentLimits, MailContent, Mailbox, SmsTextOptions, sms_text};
use waxwing_media::MediaId;
use waxwing_mms::smil::{Style, present};
use waxwing_mms::{Content, EncodeError, EncodedText, MessageClass, MmsAddress, Part, Priority, RawContent};
use waxwing_spool::{Op, Tx};
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, Parameter};

use super::wish::{Wish, wanted};
use crate::centre::ACCOUNT;
use crate::submit::mail_address;
use crate::{Centre, Draft, MmsError};

/// Servers that mail may come through; more are a loop (RFC 5321, 6.3).
const MAX_HOPS: usize = 30;
/// Longest Message-ID that is kept, octets.
const MAX_MESSAGE_ID: usize = 250;

/// For whom a recipient's mail is, as RCPT found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A multimedia message to a number.
    Mms(MmsAddress),
    /// An SMS to a number.
    Sms(MmsAddress),
}

/// A message that was read.
pub(super) struct Read {
    pub(super) content: MailContent,
    /// The same message has the same key; empty where it has no number of its own, so that two alike are two.
    key: Bytes,
}

impl Read {
    /// Reads a message; takes a while for a large one.
    ///
    /// # Errors
    /// What its sender is told.
    pub(super) fn new(mail: &Mail) -> Result<Read, Refusal> {
        let refused = |e: &dyn std::fmt::Display| Refusal::new(554, Enhanced(5, 6, 0), format!("The message cannot be read: {e}"));
        let content = MailContent::parse(&mail.message, &ContentLimits::default()).map_err(|e| refused(&e))?;
        if content.hops > MAX_HOPS {
            return Err(Refusal::new(554, Enhanced(5, 4, 6), "The message has come through too many servers; it runs in a circle"));
        }
        let has_number = content.message_id.as_deref().is_some_and(|id| !id.is_empty());
        let sender = mail.sender.address.as_deref().unwrap_or_default();
        let key = MediaId::of(&[sender.as_bytes(), b"\0", &mail.message].concat());
        let key = if has_number { Bytes::copy_from_slice(key.as_bytes()) } else { Bytes::new() };
        Ok(Read { content, key })
    }

    fn reference(&self) -> String {
        self.content.message_id.clone().filter(|id| id.len() <= MAX_MESSAGE_ID).unwrap_or_default()
    }

    /// It asks for a delivery report itself, and a person may get one.
    fn asks_for_report(&self) -> bool {
        !self.content.automatic && self.content.mms_header("X-Mms-Delivery-Report").is_some_and(|v| v.eq_ignore_ascii_case("yes"))
    }

    /// Only the author may be told of the reading, unasked by a person (RFC 8098, 2.1).
    fn read_report(&self) -> bool {
        let (Some(from), Some(to)) = (&self.content.from, &self.content.read_report_to) else { return false };
        !self.content.automatic && from.address.eq_ignore_ascii_case(&to.address)
    }

    /// The content of a multimedia message.
    fn to_mms(&self) -> Result<RawContent, EncodeError> {
        let mut parts: Vec<Part> = self.content.parts.iter().filter(|p| !p.is_smil()).map(part).collect();
        if parts.is_empty() {
            parts.push(Part::text(self.content.subject.clone()));
        }
        Content::Multipart(present(parts, &Style::default())).to_raw()
    }
}

impl Centre {
    /// Hands on what was read, for all of its recipients, durable. What some of them do not get is told to the sender by a report.
    ///
    /// # Errors
    /// What the client is told, when nobody gets it, or when it should try again: what was taken then is not taken twice.
    pub(super) async fn take_mail(
        &self,
        mail: &Mail,
        read: &Arc<Read>,
        account: &Arc<Account>,
        targets: Vec<(Recipient, Target)>,
    ) -> Result<Vec<(Recipient, MsgId)>, Refusal> {
        let (for_phones, for_sms): (Vec<_>, Vec<_>) = targets.into_iter().partition(|(_, target)| matches!(target, Target::Mms(_)));
        let mut results = Vec::new();
        if !for_phones.is_empty() {
            results.extend(self.as_mms(mail, read, account, for_phones).await);
        }
        if !for_sms.is_empty() {
            results.extend(self.as_sms(mail, read, account, for_sms).await);
        }
        if let Some((_, Err(refusal))) = results.iter().find(|(_, r)| matches!(r, Err(e) if e.is_temporary())) {
            return Err(refusal.clone());
        }
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for (recipient, result) in results {
            match result {
                Ok(id) => taken.push((recipient, id)),
                Err(refusal) => refused.push((recipient, refusal)),
            }
        }
        match refused.first() {
            Some((_, refusal)) if taken.is_empty() => return Err(refusal.clone()),
            Some(_) => self.bounce(mail, read, account, &refused).await?,
            None => {}
        }
        Ok(taken)
    }

    async fn as_mms(
        &self,
        mail: &Mail,
        read: &Arc<Read>,
        account: &Arc<Account>,
        targets: Vec<(Recipient, Target)>,
    ) -> Vec<(Recipient, Result<MsgId, Refusal>)> {
        let all = |targets: Vec<(Recipient, Target)>, refusal: &Refusal| {
            targets.into_iter().map(|(recipient, _)| (recipient, Err(refusal.clone()))).collect()
        };
        let making = read.clone();
        let content = match tokio::task::spawn_blocking(move || making.to_mms()).await {
            Ok(Ok(content)) => content,
            Ok(Err(e)) => return all(targets, &refusal(&MmsError::Encode(e))),
            Err(e) => {
                tracing::error!("A message could not be made of a mail: {e}");
                return all(targets, &Refusal::later("The message cannot be read now; try again later"));
            }
        };
        let draft = self.draft(mail, read, content, &targets);
        match self.submit(account, draft).await {
            Ok(done) => targets
                .into_iter()
                .map(|(recipient, target)| {
                    let Target::Mms(number) = target else { return (recipient, Err(Refusal::no_such_recipient())) };
                    let is_it = |other: &MmsAddress| other.to_string().eq_ignore_ascii_case(&number.to_string());
                    let taken = done.accepted.iter().find(|(a, _)| is_it(a)).map(|(_, id)| *id);
                    let why = done.refused.iter().find(|(a, _)| is_it(a)).map(|(_, e)| refusal(e));
                    (recipient, taken.ok_or_else(|| why.unwrap_or_else(Refusal::no_such_recipient)))
                })
                .collect(),
            Err(e) => all(targets, &refusal(&e)),
        }
    }

    fn draft(&self, mail: &Mail, read: &Read, content: RawContent, targets: &[(Recipient, Target)]) -> Draft {
        let letter = &read.content;
        let envelope = mail.sender.address.as_deref();
        let author = letter.from.as_ref().map(|from| from.address.as_str()).or(envelope);
        let from = author.map_or_else(|| format!("mailer-daemon@{}", self.options.domain), str::to_owned);
        let mut draft = Draft::new(Door::Mail, MmsAddress::Email(from), content);
        let names = |list: &[Mailbox], address: &str| list.iter().any(|m| m.address.eq_ignore_ascii_case(address));
        for (recipient, target) in targets {
            let Target::Mms(number) = target else { continue };
            let list = if names(&letter.to, &recipient.address) {
                &mut draft.to
            } else if names(&letter.cc, &recipient.address) {
                &mut draft.cc
            } else {
                &mut draft.bcc
            };
            list.push(number.clone());
            let want = self.wanted(mail, recipient, read);
            draft.delivery_report |= want & want::DELIVERED != 0;
            draft.each.insert(number.to_string(), (want, Wish::new(&mail.sender, recipient).to_text()));
        }
        draft.subject = Some(EncodedText::from(letter.subject.as_str())).filter(|s| !s.text.is_empty());
        draft.priority = match letter.importance {
            Importance::Low => Priority::Low,
            Importance::Normal => Priority::Normal,
            Importance::High => Priority::High,
        };
        draft.class = match letter.class {
            Some(MailClass::Advertisement) => MessageClass::Advertisement,
            Some(MailClass::Informational) => MessageClass::Informational,
            Some(MailClass::Auto) => MessageClass::Auto,
            Some(MailClass::Personal) | None => MessageClass::Personal,
        };
        draft.read_report = self.options.mail && read.read_report();
        draft.reference = read.reference();
        draft.idempotency = Some(read.key.clone()).filter(|key| !key.is_empty());
        draft.peer = Some(mail.client.peer);
        draft
    }

    /// Nothing that could not be told.
    fn wanted(&self, mail: &Mail, recipient: &Recipient, read: &Read) -> u32 {
        if self.options.mail { wanted(&mail.sender, recipient, read.asks_for_report()) } else { 0 }
    }

    async fn as_sms(
        &self,
        mail: &Mail,
        read: &Read,
        account: &Arc<Account>,
        targets: Vec<(Recipient, Target)>,
    ) -> Vec<(Recipient, Result<MsgId, Refusal>)> {
        let text = sms_text(&read.content, &SmsTextOptions::default());
        if text.is_empty() {
            let refusal = Refusal::new(550, Enhanced(5, 6, 0), "There is no text in the message that could become an SMS");
            return targets.into_iter().map(|(recipient, _)| (recipient, Err(refusal.clone()))).collect();
        }
        let batch = targets.iter().map(|(recipient, target)| {
            let (Target::Mms(number) | Target::Sms(number)) = target;
            let message = Message {
                want: self.wanted(mail, recipient, read),
                reference: read.reference(),
                door_data: Wish::new(&mail.sender, recipient).to_text(),
                submitted_from: Bytes::from(mail.client.peer.ip().to_string()),
                ..self.sms(number, &text)
            };
            let key = |key: &Bytes| Bytes::from([key, &b"\0"[..], recipient.address.as_bytes()].concat());
            Submission { message, idempotency: Some(&read.key).filter(|k| !k.is_empty()).map(key), ..Submission::default() }
        });
        let results = self.gateway.submit(account, batch.collect()).await;
        targets.into_iter().zip(results).map(|((recipient, _), result)| (recipient, result.map_err(|e| sms_refusal(&e)))).collect()
    }

    /// Tells the sender of those who do not get it, where others do: a client has one answer for all.
    async fn bounce(&self, mail: &Mail, read: &Read, account: &Account, refused: &[(Recipient, Refusal)]) -> Result<(), Refusal> {
        let now = self.now();
        let ops = refused.iter().filter_map(|(recipient, why)| {
            let message = Message {
                door: Door::Mail as i32,
                source: mail_address(mail.sender.address.as_deref().unwrap_or_default()),
                destination: mail_address(&recipient.address),
                want: self.wanted(mail, recipient, read) & want::FAILED,
                reference: read.reference(),
                door_data: Wish::new(&mail.sender, recipient).to_text(),
                tell: ACCOUNT.into(),
                ..Message::default()
            };
            let (error, reason) = (why.enhanced.to_string(), why.text.to_string());
            let (id, state, event) = (MsgId(0), State::Rejected, want::FAILED);
            let told = Told { id, state, event, submitted: now, done: now, error: &error, reason: &reason };
            self.gateway.receipt_op(account.group, &message, &told, "mail")
        });
        let ops: Vec<Op> = ops.collect();
        if ops.is_empty() {
            return Ok(());
        }
        let stored = self.gateway.spool.commit(vec![Tx { ops }]).await;
        stored.map(drop).map_err(|_| Refusal::later("The message cannot be stored now; try again later"))
    }

    /// An SMS that says so to a number.
    pub(super) fn sms(&self, number: &MmsAddress, text: &str) -> Message {
        Message {
            door: Door::Mail as i32,
            source: if self.options.sender.is_empty() { Address::default() } else { Address::parse(&self.options.sender) },
            destination: Address::parse(&number.bare()),
            text: Some(text.to_owned()),
            tell: ACCOUNT.into(),
            ..Message::default()
        }
    }
}

fn part(part: &waxwing_mail::Part) -> Part {
    let mut made = match part.text() {
        Some(text) if part.content_type == "text/plain" => Part::text(text.trim_end()),
        Some(_) => Part::new(ContentType::new(&*part.content_type).with(Parameter::charset(Charset::UTF_8)), part.data.clone()),
        None => Part::new(ContentType::new(&*part.content_type), part.data.clone()),
    };
    if let Some(name) = &part.name {
        made.set_name(name);
    }
    made
}

/// What the client is told where a multimedia message is refused.
pub(super) fn refusal(e: &MmsError) -> Refusal {
    let (code, enhanced) = match e {
        MmsError::Gateway(e) => return sms_refusal(e),
        MmsError::NoRecipient
        | MmsError::Address(_)
        | MmsError::Number(_)
        | MmsError::NoWay(_)
        | MmsError::NoWebhook(..)
        | MmsError::NoMail => (550, Enhanced(5, 1, 1)),
        MmsError::MayNotReceive(_) => (550, Enhanced(5, 2, 1)),
        MmsError::TooLarge(..) => (552, Enhanced(5, 3, 4)),
        MmsError::Recipients(..) => (452, Enhanced(4, 5, 3)),
        MmsError::SenderNotAllowed(_) | MmsError::NotAllowed | MmsError::Locked(_) => (550, Enhanced(5, 7, 1)),
        MmsError::Media(_) | MmsError::Random => (451, Enhanced(4, 3, 0)),
        MmsError::Expired | MmsError::Encode(_) => (554, Enhanced(5, 6, 0)),
    };
    Refusal::new(code, enhanced, e.to_string())
}

/// The same of an SMS.
pub(super) fn sms_refusal(e: &SubmitError) -> Refusal {
    let (code, enhanced) = match e {
        SubmitError::Recipient(_) => (550, Enhanced(5, 1, 1)),
        SubmitError::Sender(_) | SubmitError::SenderNotAllowed(_) | SubmitError::NotAllowed(_) => (550, Enhanced(5, 7, 1)),
        SubmitError::NoRoute(_) => (550, Enhanced(5, 4, 4)),
        SubmitError::TooLong { .. } => (552, Enhanced(5, 3, 4)),
        SubmitError::Throttled { .. } | SubmitError::Quota { .. } => (452, Enhanced(4, 3, 1)),
        SubmitError::Busy(_) | SubmitError::Broken(_) => (451, Enhanced(4, 3, 0)),
        _ => (554, Enhanced(5, 6, 0)),
    };
    Refusal::new(code, enhanced, e.to_string())
}
