//! Writing reports.

use super::{DeliveryReport, DispositionReport};
use crate::mms::ReadStatus;
use crate::write::header::{one_line, write_mailbox_header, write_text_header};
use crate::write::{Common, Writer, body};
use crate::{Mailbox, WriteError};

impl DeliveryReport {
    /// The report as a message. It is to be sent with the empty sender, `MAIL FROM:<>`, to `to`, the sender of the envelope that it is about.
    ///
    /// `text` is for people; empty for a sentence of ours. `returned` is the header of the message that it is about, as it came, of which at
    /// most 64 KiB go along.
    pub fn write(&self, common: &ReportHead, text: &str, returned: Option<&[u8]>) -> Result<Vec<u8>, WriteError> {
        let mut fields = format!("Reporting-MTA: dns; {}\r\n", one_line(&self.reporting_mta));
        if let Some(id) = &self.envelope_id {
            fields.push_str(&format!("Original-Envelope-Id: {}\r\n", one_line(id)));
        }
        let mut sentences = String::from("This is a report about a message that you sent.\r\n\r\n");
        for recipient in &self.recipients {
            fields.push_str("\r\n");
            if let Some(original) = &recipient.original {
                fields.push_str(&format!("Original-Recipient: rfc822; {}\r\n", one_line(original)));
            }
            let (address, action, status) = (one_line(&recipient.recipient), recipient.action.word(), recipient.status);
            fields.push_str(&format!("Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n"));
            if let Some(diagnostic) = &recipient.diagnostic {
                fields.push_str(&format!("Diagnostic-Code: smtp; {}\r\n", one_line(diagnostic)));
            }
            if let Some(mms) = recipient.mms {
                fields.push_str(&format!("X-Mms-Status: {}\r\n", mms.word()));
            }
            sentences.push_str(&format!("{address}: {action} ({status})\r\n"));
            if let Some(diagnostic) = &recipient.diagnostic {
                sentences.push_str(&format!("    {}\r\n", one_line(diagnostic)));
            }
        }
        let text = if text.is_empty() { sentences.as_str() } else { text };
        common.write("delivery-status", text, &fields, returned, self.message_id.as_deref())
    }
}

impl DispositionReport {
    /// The report as a message. It is to be sent with the empty sender, `MAIL FROM:<>`, to the address in `Disposition-Notification-To`.
    ///
    /// `text` is for people; empty for a sentence of ours.
    pub fn write(&self, common: &ReportHead, text: &str) -> Result<Vec<u8>, WriteError> {
        let mut fields = String::new();
        if let Some(ua) = &self.reporting_ua {
            fields.push_str(&format!("Reporting-UA: {}\r\n", one_line(ua)));
        }
        if let Some(original) = &self.original {
            fields.push_str(&format!("Original-Recipient: rfc822; {}\r\n", one_line(original)));
        }
        fields.push_str(&format!("Final-Recipient: rfc822; {}\r\n", one_line(&self.recipient)));
        if let Some(id) = &self.message_id {
            fields.push_str(&format!("Original-Message-ID: <{}>\r\n", one_line(id)));
        }
        let mode = if self.automatic { "automatic-action/MDN-sent-automatically" } else { "manual-action/MDN-sent-automatically" };
        fields.push_str(&format!("Disposition: {mode}; {}\r\n", one_line(&self.disposition)));
        let happened = match self.read_status() {
            Some(ReadStatus::Read) => "was read",
            Some(ReadStatus::Deleted) => "was deleted without being read",
            None => "was processed",
        };
        let sentence = format!("Your message to {} {happened}.\r\n", one_line(&self.recipient));
        let text = if text.is_empty() { sentence.as_str() } else { text };
        common.write("disposition-notification", text, &fields, None, self.message_id.as_deref())
    }
}

/// The header of a report.
#[derive(Clone, Debug)]
pub struct ReportHead {
    /// Who reports.
    pub from: Mailbox,
    /// Who is told.
    pub to: Mailbox,
    /// The subject.
    pub subject: String,
    /// When it was written, in seconds since 1970.
    pub date: i64,
    /// The report's own number, without angle brackets.
    pub message_id: String,
}

/// Most octets of a message's header that go along.
const MAX_RETURNED: usize = 64 << 10;

impl ReportHead {
    fn write(&self, kind: &str, text: &str, fields: &str, returned: Option<&[u8]>, about: Option<&str>) -> Result<Vec<u8>, WriteError> {
        let mut writer = Writer::new(&self.message_id);
        write_mailbox_header(&mut writer.out, "From", std::slice::from_ref(&self.from))?;
        write_mailbox_header(&mut writer.out, "To", std::slice::from_ref(&self.to))?;
        write_text_header(&mut writer.out, "Subject", &self.subject);
        writer.common(&Common { date: self.date, message_id: &self.message_id, in_reply_to: about })?;
        writer.line("Auto-Submitted: auto-replied");
        writer.line("MIME-Version: 1.0");
        let boundary = writer.boundary();
        writer.line(&format!("Content-Type: multipart/report; report-type={kind};"));
        writer.line(&format!("\tboundary=\"{boundary}\""));
        writer.line("");
        writer.delimiter(&boundary);
        writer.line("Content-Type: text/plain; charset=utf-8");
        body::write_text(&mut writer.out, text.as_bytes());
        writer.delimiter(&boundary);
        let global = if fields.is_ascii() { "" } else { "global-" };
        writer.line(&format!("Content-Type: message/{global}{kind}"));
        if fields.is_ascii() {
            body::write_fields(&mut writer.out, fields);
        } else {
            body::write_text(&mut writer.out, fields.as_bytes());
        }
        if let Some(returned) = returned {
            let header = header_of(returned);
            writer.delimiter(&boundary);
            writer.line("Content-Type: text/rfc822-headers");
            body::write_text(&mut writer.out, header);
        } else if let Some(id) = about {
            writer.delimiter(&boundary);
            writer.line("Content-Type: text/rfc822-headers");
            body::write_text(&mut writer.out, format!("Message-ID: <{}>\r\n", one_line(id)).as_bytes());
        }
        writer.end(&boundary);
        Ok(writer.out)
    }
}

/// The header of a message: everything before the first empty line.
fn header_of(message: &[u8]) -> &[u8] {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").map_or(message.len(), |end| end + 2);
    let header = &message[..end.min(MAX_RETURNED)];
    match header.len() < end {
        // Whole lines only.
        true => header.rsplitn(2, |octet| *octet == b'\n').last().unwrap_or_default(),
        false => header,
    }
}
