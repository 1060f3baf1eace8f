//! Content that is protected by OMA DRM 1.0: wrapped, wrapped with its rights, or encrypted with its rights apart.

use bytes::Bytes;
use waxwing_api::{Delivery, Problem, Protection};
use waxwing_core::{Address, Door, Message};
use waxwing_mms::Part;
use waxwing_mms::drm::{self, Dcf, Encoding};
use waxwing_wap::Document;
use waxwing_wap::push::Push;
use waxwing_wap::sms::{PUSH, user_data};
use waxwing_wap::wbxml::Options;
use waxwing_wap::wsp::{ContentType, HeaderName, HeaderValue};

use crate::compose::wrong;
use crate::{Centre, MmscOptions, token};

/// The content type of rights as they are pushed.
const RIGHTS: &str = "application/vnd.oma.drm.rights+wbxml";
/// The application that they are for on the phone (`drm.ua`).
const DRM_UA: u8 = 8;
/// Data coding of WAP pushes: 8-bit data.
const OCTETS: u32 = 4;

/// Parts as they are sent.
#[derive(Debug)]
pub(crate) struct Protected {
    pub(crate) parts: Vec<Part>,
    /// They may not leave the phone.
    pub(crate) locked: bool,
    /// Rights that follow, as WBXML: one document for each encrypted part.
    pub(crate) rights: Vec<Bytes>,
}

/// Protects media, and texts where that is wanted. `rename` gives names with the endings of protected files; a presentation of the
/// submitter's names parts as they were.
///
/// # Errors
/// 400 where nothing is left to protect, or the rights make no sense.
pub(crate) fn protect(parts: Vec<Part>, protection: &Protection, rename: bool, options: &MmscOptions) -> Result<Protected, Problem> {
    let mut rights = Vec::new();
    let (mut out, mut count) = (Vec::with_capacity(parts.len()), 0);
    for part in parts {
        if part.is_text() && !protection.texts {
            out.push(part);
            continue;
        }
        count += 1;
        out.push(one(&part, protection, rename, options, &mut rights)?);
    }
    if count == 0 {
        return Err(wrong("drm", "there is nothing to protect but texts; say that texts are to be protected too"));
    }
    Ok(Protected { parts: out, locked: protection.delivery != Delivery::Separate, rights })
}

fn one(part: &Part, protection: &Protection, rename: bool, options: &MmscOptions, rights: &mut Vec<Bytes>) -> Result<Part, Problem> {
    let bad = |e: &dyn std::fmt::Display| wrong("drm", e);
    let name = part.name().unwrap_or_default();
    let mut content_type = part.content_type.clone();
    content_type.parameters.retain(|p| !p.name.eq_ignore_ascii_case("name"));
    let number = token::number().map_err(|e| bad(&e))?;
    let uid = format!("cid:{number}@{}", options.domain);
    let (mut protected, ending) = match protection.delivery {
        Delivery::ForwardLock => {
            let message = drm::Message::forward_lock(content_type, part.data.clone());
            (message.to_part(Encoding::Binary).map_err(|e| bad(&e))?, "dm")
        }
        Delivery::Combined => {
            let inside = drm::rights(&uid, None, protection.permissions.clone());
            let message = drm::Message::combined(inside, content_type, part.data.clone());
            (message.to_part(Encoding::Binary).map_err(|e| bad(&e))?, "dm")
        }
        Delivery::Separate => {
            let (mut key, mut iv) = ([0; 16], [0; 16]);
            getrandom::fill(&mut key).and_then(|()| getrandom::fill(&mut iv)).map_err(|e| bad(&e))?;
            let dcf = Dcf::seal(&content_type.media, &uid, &key, &iv, &part.data).with_header("Rights-Issuer", &options.public_url);
            let document = Document::Rights(drm::rights(&uid, Some(&key), protection.permissions.clone()));
            rights.push(document.to_wbxml(Options::default()).map_err(|e| bad(&e))?.into());
            (dcf.to_part().map_err(|e| bad(&e))?, "dcf")
        }
    };
    let bare = name.rsplit_once('.').map_or(name.as_str(), |(bare, _)| bare);
    protected.set_name(&if rename { format!("{bare}.{ending}") } else { name.clone() });
    Ok(protected)
}

impl Centre {
    /// The short messages that bring the rights of a message to the phone that has fetched it.
    ///
    /// # Errors
    /// When a document cannot be coded as a push.
    pub(crate) fn rights_sms(&self, to: &Address, rights: &[Bytes]) -> Result<Vec<Message>, String> {
        let sms = |document: &Bytes| {
            let mut push = Push::new(ContentType::new(RIGHTS), document.to_vec());
            push.headers.push(HeaderName::APPLICATION_ID, HeaderValue::Short(DRM_UA));
            let pdu = push.encode().map_err(|e| e.to_string())?;
            Ok(Message {
                door: Door::Internal as i32,
                source: if self.options.sender.is_empty() { Address::default() } else { Address::parse(&self.options.sender) },
                destination: to.clone(),
                payload: Bytes::from(user_data(&pdu, PUSH)),
                udhi: true,
                data_coding: OCTETS,
                ..Message::default()
            })
        };
        rights.iter().map(sms).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use waxwing_wap::document::{Permission, PermissionKind};

    use super::*;

    fn parts() -> Vec<Part> {
        vec![Part::text("Hi").named("text.txt"), Part::new(ContentType::new("image/gif"), &b"GIF89a"[..]).named("a.gif")]
    }

    fn protected(delivery: Delivery, texts: bool, rename: bool) -> Protected {
        let permissions = match delivery {
            Delivery::ForwardLock => Vec::new(),
            _ => vec![Permission { kind: PermissionKind::Display, constraint: None }],
        };
        protect(parts(), &Protection { delivery, permissions, texts }, rename, &MmscOptions::default()).unwrap()
    }

    #[test]
    fn locked_parts_hold_what_they_were() {
        let p = protected(Delivery::ForwardLock, false, true);
        assert!(p.locked && p.rights.is_empty() && !drm::is_locked(&p.parts[0]) && drm::is_locked(&p.parts[1]));
        assert_eq!(p.parts[1].name().unwrap(), "a.dm");
        let inside = drm::Message::of_part(&p.parts[1]).unwrap();
        assert_eq!((inside.content_type.to_string().as_str(), &inside.data[..], inside.rights), ("image/gif", &b"GIF89a"[..], None));
        assert!(drm::is_locked(&protected(Delivery::ForwardLock, true, true).parts[0]));
    }

    #[test]
    fn rights_are_inside_or_apart() {
        let p = protected(Delivery::Combined, false, false);
        let inside = drm::Message::of_part(&p.parts[1]).unwrap();
        assert!(p.locked && p.parts[1].name().unwrap() == "a.gif");
        let rights = inside.rights.unwrap();
        assert_eq!((rights.permissions.len(), rights.uid), (1, format!("cid:{}", inside.content_id.unwrap())));

        let p = protected(Delivery::Separate, false, true);
        let Document::Rights(rights) = Document::from_wbxml(&p.rights[0]).unwrap() else { panic!("no rights") };
        let dcf = Dcf::decode(&p.parts[1].data).unwrap();
        assert_eq!((&dcf.content_uri, dcf.content_type.as_str(), p.parts[1].name().unwrap().as_str()), (&rights.uid, "image/gif", "a.dcf"));
        assert_eq!(dcf.open(&drm::key(&rights).unwrap()).unwrap(), b"GIF89a");
        assert!(!p.locked);
    }

    #[test]
    fn texts_alone_are_not_protected_in_passing() {
        let protection = Protection { delivery: Delivery::ForwardLock, permissions: Vec::new(), texts: false };
        let e = protect(vec![Part::text("Hi")], &protection, true, &MmscOptions::default()).unwrap_err();
        assert_eq!(e.more["field"], "drm");
    }
}
