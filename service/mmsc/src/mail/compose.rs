//! A multimedia message to an e-mail address, as mail (RFC 4356, 2.1.3).

use bytes::Bytes;
use waxwing_core::{MsgId, want};
use waxwing_mail::address::is_envelope_address;
use waxwing_mail::relay::EnvelopeRecipient;
use waxwing_mail::smtp::{Notify, Ret};
use waxwing_mail::{Disposition, Envelope, Importance, Mailbox, MessageClass, Outgoing, Part};
use waxwing_mms::{Field, Limits, MmsAddress, Pdu};

use crate::{Facts, pdus, token};

/// Where somebody without an address writes from.
const NOBODY: &str = "anonymous";

/// Mail ready to leave.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) envelope: Envelope,
    pub(super) message: Vec<u8>,
    /// A report about the delivery is asked for, and whoever sent the message waits for it.
    pub(super) awaits_report: bool,
}

/// The number of a message in its mail, by which reports about it are recognised: that in the spool, its token, which cannot be guessed,
/// and whether its sender wants reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MailId {
    pub(super) id: MsgId,
    pub(super) token: String,
    pub(super) is_wanted: bool,
}

impl MailId {
    /// Without a domain: an ENVID, and the left side of a Message-ID.
    pub(super) fn local(&self) -> String {
        format!("{}.{}{}", self.id, self.token, if self.is_wanted { ".r" } else { "" })
    }

    /// Of an ENVID, or a Message-ID of this domain.
    pub(super) fn parse(text: &str, domain: &str) -> Option<MailId> {
        let text = text.trim().trim_start_matches('<').trim_end_matches('>');
        let local = match text.rsplit_once('@') {
            Some((local, of)) if of.eq_ignore_ascii_case(domain) => local,
            Some(_) => return None,
            None => text,
        };
        let (id, rest) = local.split_once('.')?;
        let (token, is_wanted) = rest.strip_suffix(".r").map_or((rest, false), |token| (token, true));
        let id = (id.len() <= 16).then(|| id.parse().ok()).flatten()?;
        token::is_token(token).then(|| MailId { id, token: token.to_owned(), is_wanted })
    }
}

/// The mail of a message. `wish` has bits of [`waxwing_core::want`].
///
/// # Errors
/// With what is wrong with it for good.
pub(super) fn compose(id: MsgId, facts: &Facts, wish: u32, content: &[u8], domain: &str) -> Result<Letter, String> {
    let Some(MmsAddress::Email(to)) = MmsAddress::parse(&facts.recipient) else {
        return Err(format!("{:?} is no e-mail address", facts.recipient));
    };
    let mail_id = MailId { id, token: facts.token.clone(), is_wanted: wish & want::FINAL != 0 };
    let message_id = format!("{}@{domain}", mail_id.local());
    // As a phone would get it, so that everything in it is read by the one who knows how.
    let pdu = Pdu::decode(pdus::retrieve_conf(facts, &message_id, content)).map_err(|e| e.to_string())?.pdu;
    let sender = MmsAddress::parse(&facts.from).map(|from| mailbox(&from, domain));
    let list = |wanted: Field| pdu.recipients().filter(move |(field, _)| *field == wanted).map(|(_, a)| Mailbox::new(mailbox(a, domain)));
    let (mut all_to, cc): (Vec<Mailbox>, Vec<Mailbox>) = (list(Field::To).collect(), list(Field::Cc).collect());
    let is_named = |boxes: &[Mailbox]| boxes.iter().any(|b| b.address.eq_ignore_ascii_case(&to));
    if all_to.is_empty() && !is_named(&cc) {
        all_to.push(Mailbox::new(&*to));
    }
    let parts = match &pdu.content {
        Some(content) => content.leaves(Limits::default()).map_err(|e| e.to_string())?,
        None => Vec::new(),
    };
    let outgoing = Outgoing {
        from: sender.as_ref().map_or_else(|| Mailbox::new(format!("{NOBODY}@{domain}")), Mailbox::new),
        to: all_to,
        cc,
        subject: facts.subject.clone(),
        date: i64::try_from(facts.date).unwrap_or_default(),
        message_id,
        importance: match facts.priority {
            0 => Importance::Low,
            2 => Importance::High,
            _ => Importance::Normal,
        },
        class: MessageClass::parse(&facts.class).filter(|class| *class != MessageClass::Personal),
        read_report_to: sender.as_ref().filter(|_| facts.read_report).map(Mailbox::new),
        headers: vec![("X-Mms-Message-ID".to_owned(), format!("{}@{domain}", facts.message_id))],
        parts: parts.iter().map(part).filter(|p| !p.is_smil()).collect(),
        ..Outgoing::default()
    };
    let message = outgoing.write().map_err(|e| e.to_string())?;
    // Somebody whose address is not to be known cannot be told anything.
    let notify = sender.as_ref().map(|_| Notify { success: wish & want::DELIVERED != 0, failure: wish & want::FAILED != 0, delay: false });
    let envelope = Envelope {
        recipients: vec![EnvelopeRecipient { address: to, notify, original: None }],
        ret: sender.as_ref().map(|_| Ret::Headers),
        envid: sender.as_ref().map(|_| mail_id.local()),
        sender,
    };
    Ok(Letter { awaits_report: notify.is_some_and(|n| n.success), envelope, message })
}

/// The e-mail address of anybody who can be in a multimedia message.
pub(super) fn mailbox(address: &MmsAddress, domain: &str) -> String {
    if let MmsAddress::Email(mail) = address
        && is_envelope_address(mail)
    {
        return mail.clone();
    }
    let is_fine = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_' | '.' | '*' | '#');
    let local: String = address.bare().chars().filter(is_fine).take(60).collect();
    format!("{}@{domain}", if local.is_empty() { NOBODY } else { &local })
}

fn part(part: &waxwing_mms::Part) -> Part {
    let content_type = part.content_type.media.to_ascii_lowercase();
    let is_shown = matches!(content_type.split('/').next(), Some("image" | "audio" | "video")) || content_type == "text/plain";
    let (charset, data) = if part.is_text() {
        (Some("utf-8".to_owned()), Bytes::from(part.decoded_text().trim_end_matches('\0').to_owned()))
    } else {
        (None, part.data.clone())
    };
    Part {
        content_type,
        charset,
        name: part.file_name(),
        content_id: None,
        content_location: None,
        disposition: if is_shown { Disposition::Inline } else { Disposition::Attachment },
        data,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use waxwing_mail::{ContentLimits, MailContent};
    use waxwing_mms::smil::{Style, present};
    use waxwing_mms::{Content, Header};

    use super::*;

    fn facts(from: &str) -> Facts {
        let mut headers = Vec::new();
        for to in ["+447700900123", "bob@example.com"] {
            Header::To(MmsAddress::parse(to).unwrap()).write(&mut headers).unwrap();
        }
        Facts {
            token: "AAAAAAAAAAAAAAAAAAAAAA".into(),
            headers: headers.into(),
            from: from.into(),
            recipient: "bob@example.com".into(),
            subject: "Grüße".into(),
            class: "Personal".into(),
            priority: 2,
            read_report: true,
            date: 1_780_000_000,
            message_id: "0011223344556677".into(),
            ..Facts::default()
        }
    }

    fn content() -> Bytes {
        let parts = vec![
            waxwing_mms::Part::text("Hallo ☃"),
            waxwing_mms::Part::new(waxwing_wap::wsp::ContentType::new("image/gif"), &b"GIF89a"[..]).named("see.gif"),
        ];
        Content::Multipart(present(parts, &Style::default())).to_raw().unwrap().wire().clone()
    }

    #[test]
    fn a_message_becomes_mail() {
        let wish = want::DELIVERED | want::FAILED;
        let letter = compose(MsgId(7), &facts("+447700900999/TYPE=PLMN"), wish, &content(), "mms.example.net").unwrap();
        assert_eq!(letter.envelope.sender.as_deref(), Some("+447700900999@mms.example.net"));
        assert_eq!(letter.envelope.envid.as_deref(), Some("00000007.AAAAAAAAAAAAAAAAAAAAAA.r"));
        assert!(letter.awaits_report);
        let mail = MailContent::parse(&letter.message, &ContentLimits::default()).unwrap();
        assert_eq!((mail.from.unwrap().address, mail.subject.as_str()), ("+447700900999@mms.example.net".into(), "Grüße"));
        assert_eq!(mail.to.iter().map(|m| &*m.address).collect::<Vec<_>>(), ["+447700900123@mms.example.net", "bob@example.com"]);
        assert_eq!(mail.importance, Importance::High);
        assert_eq!(mail.read_report_to.unwrap().address, "+447700900999@mms.example.net");
        let names: Vec<_> = mail.parts.iter().map(|p| (&*p.content_type, p.name.as_deref())).collect();
        assert_eq!(names, [("text/plain", Some("part1.txt")), ("image/gif", Some("see.gif"))]);
        assert_eq!(&mail.parts[1].data[..], b"GIF89a");
    }

    #[test]
    fn a_hidden_sender_stays_hidden() {
        let letter = compose(MsgId(7), &facts(""), want::DELIVERED, &content(), "mms.example.net").unwrap();
        assert_eq!((letter.envelope.sender, letter.envelope.envid, letter.awaits_report), (None, None, false));
        let text = String::from_utf8(letter.message).unwrap();
        assert!(text.contains("From: anonymous@mms.example.net\r\n") || text.contains("From: <anonymous@mms.example.net>\r\n"), "{text}");
        assert!(!text.contains("Disposition-Notification-To"), "{text}");
    }

    #[test]
    fn mail_is_known_again() {
        let id = MailId { id: MsgId(0xABCDEF), token: "AAAAAAAAAAAAAAAAAAAAAA".into(), is_wanted: true };
        assert_eq!(MailId::parse(&id.local(), "x.net"), Some(id.clone()));
        assert_eq!(MailId::parse(&format!("<{}@X.net>", id.local()), "x.net"), Some(id.clone()));
        for no in ["", "a.b", "00ABCDEF.short.r", "<00ABCDEF.AAAAAAAAAAAAAAAAAAAAAA@y.net>", "zz.AAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(MailId::parse(no, "x.net"), None, "{no}");
        }
    }
}
