//! From a tree of parts to a list: of alternatives the best, formatted text as plain text, what nobody needs left out.

use bytes::Bytes;
use mail_parser::MimeHeaders as _;

use super::html::html_to_text;
use super::{Disposition, Entity, Part, one_line};

/// Parts for programs that are no content.
const IGNORED: [(&str, &str); 9] = [
    ("application", "ms-tnef"),
    ("application", "vnd.ms-tnef"),
    ("application", "pgp-signature"),
    ("application", "pkcs7-signature"),
    ("application", "x-pkcs7-signature"),
    ("message", "delivery-status"),
    ("message", "global-delivery-status"),
    ("message", "disposition-notification"),
    ("message", "global-disposition-notification"),
];

pub(super) fn flatten(entity: &Entity<'_>, out: &mut Vec<Part>) {
    match (entity.main.as_str(), entity.sub.as_str()) {
        ("multipart", "alternative") => alternatives(entity, out),
        // What was signed is shown, the signature is not.
        ("multipart", "signed") => entity.children.iter().take(1).for_each(|child| flatten(child, out)),
        ("multipart", "report") => {
            // The message that it is about is not what the report says.
            let about =
                |child: &&Entity<'_>| child.is("text", "rfc822-headers") || child.is("message", "rfc822") || child.is("message", "global");
            entity.children.iter().filter(|child| !about(child)).for_each(|child| flatten(child, out));
        }
        // What the page refers to is shown with it; some programs call it an attachment because it has a name.
        ("multipart", "related") => {
            let from = out.len();
            entity.children.iter().for_each(|child| flatten(child, out));
            for part in &mut out[from..] {
                if part.content_id.is_some() && ["image/", "audio/", "video/"].iter().any(|main| part.content_type.starts_with(main)) {
                    part.disposition = Disposition::Inline;
                }
            }
        }
        ("multipart", _) => entity.children.iter().for_each(|child| flatten(child, out)),
        _ => out.extend(leaf(entity)),
    }
}

/// The text of the plainest alternative, and everything else from the richest (RFC 2046 5.1.4: the last), whose pictures the text may
/// speak of.
fn alternatives(entity: &Entity<'_>, out: &mut Vec<Part>) {
    let versions: Vec<Vec<Part>> = entity
        .children
        .iter()
        .map(|child| {
            let mut parts = Vec::new();
            flatten(child, &mut parts);
            parts
        })
        .collect();
    let plain = entity.children.iter().zip(&versions).find(|(child, parts)| child.is("text", "plain") && !parts.is_empty());
    let text = plain.map(|(_, parts)| parts.clone());
    // The richest that is made of something that we know: words, or what goes along with them.
    let richest =
        versions.iter().rev().find(|parts| parts.iter().any(Part::is_plain_text)).or(versions.iter().rev().find(|parts| !parts.is_empty()));
    match text {
        Some(text) => {
            out.extend(text);
            out.extend(richest.into_iter().flatten().filter(|part| !part.is_plain_text()).cloned());
        }
        None => out.extend(richest.into_iter().flatten().cloned()),
    }
}

fn leaf(entity: &Entity<'_>) -> Option<Part> {
    if IGNORED.iter().any(|(main, sub)| entity.is(main, sub)) {
        return None;
    }
    let head = entity.head();
    let name = head.and_then(|head| head.attachment_name()).and_then(file_name);
    let bare = |id: &str| one_line(id).trim_start_matches('<').trim_end_matches('>').to_owned();
    let mut part = Part {
        content_type: if entity.sub.is_empty() { "application/octet-stream".to_owned() } else { format!("{}/{}", entity.main, entity.sub) },
        charset: None,
        name,
        content_id: head.and_then(|head| head.content_id()).map(bare).filter(|id| !id.is_empty()),
        content_location: head.and_then(|head| head.content_location()).map(one_line).filter(|location| !location.is_empty()),
        disposition: if entity.is_attachment() { Disposition::Attachment } else { Disposition::Inline },
        data: Bytes::new(),
    };
    if entity.main != "text" {
        part.data = entity.octets().into_owned().into();
        if part.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat")) {
            return None;
        }
        // Files that no message shows by itself come along, whatever their header says.
        if !["image", "audio", "video"].contains(&entity.main.as_str()) && !part.is_smil() {
            part.disposition = Disposition::Attachment;
        }
        return Some(part);
    }
    part.charset = Some("utf-8".to_owned());
    let text = entity.text();
    if part.disposition == Disposition::Attachment {
        part.data = text.into();
        return Some(part);
    }
    let text = match entity.sub.as_str() {
        "html" => {
            part.content_type = "text/plain".to_owned();
            html_to_text(&text)
        }
        // A plain text part without a subtype, or one with its own meaning (vCard, calendar), which stays what it is.
        "" | "plain" => {
            part.content_type = "text/plain".to_owned();
            if entity.parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed")) {
                unflow(&text, entity.parameter("delsp").is_some_and(|delsp| delsp.eq_ignore_ascii_case("yes")))
            } else {
                text.replace("\r\n", "\n").replace('\r', "\n")
            }
        }
        _ => {
            part.disposition = Disposition::Attachment;
            text
        }
    };
    if part.is_plain_text() {
        let text = text.trim_matches(['\n', '\r']).trim_end();
        part.data = Bytes::copy_from_slice(text.as_bytes());
        return (!text.trim().is_empty()).then_some(part);
    }
    part.data = text.into();
    Some(part)
}

/// A file's name without folders, for whatever system they were.
fn file_name(name: &str) -> Option<String> {
    let name = one_line(name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim().trim_start_matches('.');
    let name: String = name.chars().take(200).collect();
    (!name.is_empty()).then_some(name)
}

/// Joins the lines of a paragraph (RFC 3676 4). Quoted lines stay as they are.
fn unflow(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut joining = false;
    for line in text.lines() {
        let quoted = line.starts_with('>');
        if joining && quoted {
            out.push('\n');
        }
        // A space at the start was added to protect the line.
        let line = if quoted { line } else { line.strip_prefix(' ').unwrap_or(line) };
        let soft = line.ends_with(' ') && line != "-- " && !quoted;
        out.push_str(if soft && delete_space { &line[..line.len() - 1] } else { line });
        joining = soft;
        if !soft {
            out.push('\n');
        }
    }
    out
}
