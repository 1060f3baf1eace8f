//! NowSMS's parameters of WAP pushes, settings, notifications and message waiting; and, for all that its URLs have no names for, `Kind` with
//! the fields that the kind has in REST.

use std::path::Path;

use jiff::Timestamp;
use waxwing_push::{
    Bookmark, FieldValue, Input, KINDS, MmsNotification, Ota, PinType, Provisioning, Si, Sl, Special, Voicemail, WaitingType, from_fields,
};

use super::submission::{invalid, yes};
use crate::params::Params;
use crate::{Problem, push};

/// What a request asks for besides text and octets.
pub(super) struct Asked {
    pub(super) special: Special,
    /// It is a push, for which the account needs the right.
    pub(super) is_push: bool,
}

/// The special message that the parameters ask for, if they do. `folder` has the stored settings.
///
/// # Errors
/// 400 with the parameter that makes no sense.
pub(super) async fn read(p: &Params, folder: Option<&Path>) -> Result<Option<Asked>, Problem> {
    let special = if let Some(kind) = p.text("kind")? {
        let special = of_kind(p, &kind.trim().to_ascii_lowercase())?;
        let is_push = !matches!(special, Special::Voicemail(_) | Special::Flash(_) | Special::Replace(_) | Special::Binary(_));
        return Ok(Some(Asked { special, is_push }));
    } else if let Some(url) = p.text("wapurl")? {
        if yes(p, "wapsl") { sl(p, url)? } else { si(p, url)? }
    } else if let Some(url) = p.text("wapbookmark")? {
        Special::Bookmark(Bookmark { url: url.to_owned(), title: p.text("text")?.map(str::to_owned) })
    } else if let Some(value) = p.text("omaota")? {
        provisioning(p, push::stored(folder, "OMAOTA", value).await?)?
    } else if let Some(value) = p.text("ota")? {
        Special::Ota(Ota { xml: push::stored(folder, "OTA", value).await? })
    } else if let Some(url) = p.text("mmsurl")? {
        Special::MmsNotification(MmsNotification {
            url: url.to_owned(),
            sender: p.text("mmsfrom")?.map(str::to_owned),
            subject: p.text("mmssubject")?.map(str::to_owned),
            ..MmsNotification::default()
        })
    } else if p.get("voicemail").is_some() {
        return Ok(Some(Asked { special: voicemail(p)?, is_push: false }));
    } else {
        return Ok(None);
    };
    Ok(Some(Asked { special, is_push: true }))
}

/// Fields by their names in REST, as far as they are given. Octets come as a file or in hexadecimal.
fn of_kind(p: &Params, kind: &str) -> Result<Special, Problem> {
    let known = KINDS.iter().filter(|k| k.name == kind).flat_map(|k| k.fields);
    let mut fields = Vec::new();
    // PID and DCS are NowSMS's own, in hexadecimal, for whatever is sent.
    for field in known.filter(|f| !matches!(f.name, "pid" | "dcs")) {
        // NowSMS's own names have no underscores: ContentType, DestPort.
        let plain = field.name.replace('_', "");
        let Some(name) = [field.name, plain.as_str()].into_iter().find(|name| p.get(name).is_some()) else { continue };
        let octets = p.get(name).unwrap_or_default();
        let is_file =
            matches!(field.input, Input::Image | Input::Octets) && !octets.iter().all(|o| o.is_ascii_hexdigit() || o.is_ascii_whitespace());
        let value = match is_file {
            true => FieldValue::Octets(octets.to_vec()),
            false => FieldValue::Text(p.text(name)?.unwrap_or_default().to_owned()),
        };
        fields.push((field.name.to_owned(), value));
    }
    from_fields(kind, fields).map_err(|e| Problem::invalid(e.to_string()).with("field", e.field.as_str()))
}

fn si(p: &Params, url: &str) -> Result<Special, Problem> {
    let action = p.text("wapsiaction")?.map(|a| {
        let a = a.trim().to_ascii_lowercase();
        // Some leave the beginning out.
        if matches!(a.as_str(), "none" | "low" | "medium" | "high") { format!("signal-{a}") } else { a }
    });
    Ok(Special::Si(Si {
        url: url.to_owned(),
        text: p.text("text")?.unwrap_or(url).to_owned(),
        action,
        id: p.text("wapsiid")?.map(str::to_owned),
        created: time(p, "wapsicreated", "WAPSICREATED")?,
        expires: time(p, "wapsiexpires", "WAPSIEXPIRES")?,
    }))
}

fn sl(p: &Params, url: &str) -> Result<Special, Problem> {
    let action = p.text("wapslaction")?.map(|a| {
        let a = a.trim().to_ascii_lowercase();
        if matches!(a.as_str(), "low" | "high") { format!("execute-{a}") } else { a }
    });
    Ok(Special::Sl(Sl { url: url.to_owned(), action }))
}

/// The PIN of NETWPIN is the IMSI, where that has no parameter of its own.
fn provisioning(p: &Params, xml: String) -> Result<Special, Problem> {
    let pin = p.text("otapin")?.map(str::to_owned);
    let imsi = p.text("otaimsi")?.map(str::to_owned);
    let pin_type = match p.text("otapintype")?.map(|t| t.trim().to_ascii_lowercase()).as_deref() {
        None => None,
        Some("userpin") => Some(PinType::UserPin),
        Some("netwpin" | "netpin") => Some(PinType::NetwPin),
        Some("usernetwpin" | "usernetpin") => Some(PinType::UserNetwPin),
        Some("userpinmac") => Some(PinType::UserPinMac),
        Some(other) => {
            return Err(invalid("OTAPINTYPE", format!("{other:?} is none of USERPIN, NETWPIN, USERNETWPIN, USERPINMAC")));
        }
    };
    let (pin, imsi) = match pin_type {
        Some(PinType::NetwPin) => (None, imsi.or(pin)),
        _ => (pin, imsi),
    };
    Ok(Special::Provisioning(Provisioning { xml, pin, pin_type, imsi }))
}

fn voicemail(p: &Params) -> Result<Special, Problem> {
    let on = match p.text("voicemail")?.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "on" | "yes" | "1" | "true" => true,
        "off" | "no" | "0" | "false" => false,
        other => return Err(invalid("VoiceMail", format!("{other:?} is neither On nor Off"))),
    };
    let waiting = match p.text("voicemailtype")?.map(|t| t.trim().to_ascii_lowercase()).as_deref() {
        None | Some("voice" | "voicemail") => WaitingType::Voice,
        Some("fax") => WaitingType::Fax,
        Some("email" | "e-mail") => WaitingType::Email,
        Some("other") => WaitingType::Other,
        Some(other) => return Err(invalid("VoiceMailType", format!("{other:?} is none of Voice, Fax, EMail, Other"))),
    };
    let count = p
        .text("voicemailcount")?
        .filter(|_| on)
        .map(|n| n.trim().parse().map_err(|_| invalid("VoiceMailCount", format!("{n:?} is no number of 0 to 255"))));
    let text = p.text("text")?.unwrap_or_default().to_owned();
    Ok(Special::Voicemail(Voicemail { on, count: count.transpose()?, waiting, text, store: None }))
}

/// `yyyy-mm-ddThh:mm:ssZ`; without the zone it is UTC.
fn time(p: &Params, name: &str, shown: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = p.text(name)?.map(str::trim) else { return Ok(None) };
    let at = text.parse().or_else(|_| format!("{text}Z").parse::<Timestamp>());
    at.map(Some).map_err(|_| invalid(shown, format!("{text:?} is no time; write it as 2026-12-31T23:59:59Z")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn asked(query: &str) -> Result<Option<Asked>, Problem> {
        let mut p = Params::default();
        p.extend(query.as_bytes());
        read(&p, None).await
    }

    async fn special(query: &str) -> Special {
        asked(query).await.unwrap().unwrap().special
    }

    #[tokio::test]
    async fn each_parameter_has_its_meaning() {
        let Special::Si(si) = special("WAPURL=a.b/c&Text=Hi&WAPSIACTION=high&WAPSIID=7&WAPSIEXPIRES=2026-12-31T23:59:59Z&WAPSL=").await
        else {
            panic!()
        };
        assert_eq!(
            (si.url.as_str(), si.text.as_str(), si.action.as_deref(), si.id.as_deref()),
            ("a.b/c", "Hi", Some("signal-high"), Some("7"))
        );
        assert_eq!(si.expires.unwrap().to_string(), "2026-12-31T23:59:59Z");
        assert!(matches!(special("WAPURL=a&WAPSL=1&WAPSLACTION=cache").await, Special::Sl(sl) if sl.action.as_deref() == Some("cache")));
        assert!(matches!(special("WAPBookmark=a&Text=T").await, Special::Bookmark(b) if b.title.as_deref() == Some("T")));
        let net = special("OMAOTA=%3Ca/%3E&OTAPIN=262011234567890&OTAPINTYPE=NETWPIN").await;
        assert!(matches!(net, Special::Provisioning(p) if p.imsi.as_deref() == Some("262011234567890") && p.pin.is_none()));
        assert!(matches!(special("OTA=%3Ca/%3E").await, Special::Ota(o) if o.xml == "<a/>"));
        assert!(matches!(special("MMSURL=h/a.mms&MMSSubject=S").await, Special::MmsNotification(m) if m.subject.as_deref() == Some("S")));
        let off = asked("VoiceMail=Off&VoiceMailCount=3&VoiceMailType=Fax").await.unwrap().unwrap();
        assert!(!off.is_push);
        assert!(matches!(off.special, Special::Voicemail(v) if !v.on && v.count.is_none() && v.waiting == WaitingType::Fax));
        assert!(asked("Text=a&WAPURL=&OTA=&Kind=").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn every_kind_can_be_asked_for_by_its_own_fields() {
        let tone = asked("Kind=ringtone&RTTTL=a:d=4:c&Text=&DCS=04").await.unwrap().unwrap();
        assert!(tone.is_push && matches!(tone.special, Special::Ringtone(r) if r.rtttl.as_deref() == Some("a:d=4:c")));
        assert!(
            matches!(special("Kind=Picture&Image=%ff%00&Text=Hi").await, Special::Picture(i) if i.image.0[..] == [0xff, 0] && i.text == "Hi")
        );
        assert!(matches!(special("kind=cli_icon&image=FF+00").await, Special::CliIcon(i) if i.image.0[..] == [0xff, 0]));
        assert!(matches!(special("Kind=co&Objects=a%0D%0Ab").await, Special::Co(co) if co.objects == ["a", "b"]));
        let binary = asked("Kind=binary&Data=0102&DestPort=9&PID=40&DCS=F6").await.unwrap().unwrap();
        assert!(!binary.is_push && matches!(binary.special, Special::Binary(b) if (b.dest_port, b.pid, b.dcs) == (Some(9), 0, None)));
        assert!(!asked("Kind=replace&Text=a&Type=2").await.unwrap().unwrap().is_push);
        let said = asked("Kind=fax").await.err().unwrap().detail;
        assert!(said.contains("\"fax\" is none of si, sl"), "{said}");
    }

    #[tokio::test]
    async fn nonsense_is_named() {
        for (query, says) in [
            ("WAPURL=a&WAPSICREATED=now", "WAPSICREATED"),
            ("OMAOTA=%3Ca/%3E&OTAPINTYPE=x", "OTAPINTYPE"),
            ("OTA=none", "OTA: no folder"),
            ("OTA=..%2fx", "no name of a stored document"),
            ("VoiceMail=x", "VoiceMail"),
            ("VoiceMail=on&VoiceMailCount=many", "VoiceMailCount"),
        ] {
            let detail = asked(query).await.err().unwrap().detail;
            assert!(detail.contains(says), "{detail}");
        }
    }
}
