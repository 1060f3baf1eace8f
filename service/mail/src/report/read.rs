//! Reading reports.

use super::fields::groups;
use super::{Action, DeliveryReport, DispositionReport, RecipientStatus, Report};
use crate::content::{ContentLimits, Entity, Reader};
use crate::mms::MmStatus;
use crate::smtp::Enhanced;

/// Most recipients of one report.
const MAX_RECIPIENTS: usize = 1000;

/// The report that a message is, if it is one: its content type is `multipart/report`, and the part for machines says something.
pub(crate) fn read(message: &Entity<'_>) -> Option<Report> {
    if !message.is("multipart", "report") {
        return None;
    }
    let returned = message.children.iter().find_map(returned_message_id);
    message.children.iter().filter(|part| part.main == "message").find_map(|part| match part.sub.as_str() {
        "delivery-status" | "global-delivery-status" => delivery(&part.text(), returned.clone()).map(Report::Delivery),
        "disposition-notification" | "global-disposition-notification" => {
            disposition(&part.text(), returned.clone()).map(Report::Disposition)
        }
        _ => None,
    })
}

/// The message number in what the report gives back of the message.
fn returned_message_id(part: &Entity<'_>) -> Option<String> {
    match (part.main.as_str(), part.sub.as_str()) {
        ("text", "rfc822-headers") => groups(&part.text()).first()?.get("Message-ID").map(bare_id).filter(|id| !id.is_empty()),
        ("message", "rfc822" | "global") => {
            // Only the header of what lies within is looked at.
            let octets = part.octets();
            let limits = ContentLimits { max_parts: 1, max_depth: 0 };
            let header = octets.split_inclusive(|octet| *octet == b'\n').take_while(|line| !line.trim_ascii().is_empty());
            let header = header.collect::<Vec<_>>().concat();
            Reader::new(&limits).read(&header).ok()?.head()?.message_id().map(str::to_owned)
        }
        _ => None,
    }
}

fn bare_id(id: &str) -> String {
    id.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

fn delivery(text: &str, message_id: Option<String>) -> Option<DeliveryReport> {
    let groups = groups(text);
    let head = groups.first()?;
    let recipients: Vec<RecipientStatus> = groups
        .iter()
        .filter_map(|group| {
            let recipient = group.typed("Final-Recipient").or_else(|| group.typed("Original-Recipient"))?;
            let action = Action::parse(group.get("Action")?)?;
            // Systems that leave it out, or write words, have said enough by their action.
            let status = group.get("Status").and_then(Enhanced::parse).unwrap_or(match action {
                Action::Failed => Enhanced(5, 0, 0),
                Action::Delayed => Enhanced(4, 0, 0),
                Action::Delivered | Action::Relayed | Action::Expanded => Enhanced(2, 0, 0),
            });
            Some(RecipientStatus {
                original: group.typed("Original-Recipient"),
                recipient,
                action,
                status,
                diagnostic: group.typed("Diagnostic-Code"),
                mms: group.get("X-Mms-Status").and_then(MmStatus::parse),
            })
        })
        .take(MAX_RECIPIENTS)
        .collect();
    if recipients.is_empty() {
        return None;
    }
    Some(DeliveryReport {
        reporting_mta: head.typed("Reporting-MTA").unwrap_or_default(),
        envelope_id: head.get("Original-Envelope-Id").map(str::to_owned),
        message_id,
        recipients,
    })
}

fn disposition(text: &str, message_id: Option<String>) -> Option<DispositionReport> {
    let groups = groups(text);
    let group = groups.first()?;
    // `manual-action/MDN-sent-manually; displayed/error`
    let (mode, rest) = group.get("Disposition")?.split_once(';')?;
    let disposition = rest.split(['/', ',']).next()?.trim().to_ascii_lowercase();
    if disposition.is_empty() {
        return None;
    }
    Some(DispositionReport {
        reporting_ua: group.get("Reporting-UA").map(str::to_owned),
        original: group.typed("Original-Recipient"),
        recipient: group.typed("Final-Recipient")?,
        message_id: group.get("Original-Message-ID").map(bare_id).filter(|id| !id.is_empty()).or(message_id),
        disposition,
        automatic: mode.trim().to_ascii_lowercase().starts_with("automatic-action"),
    })
}
