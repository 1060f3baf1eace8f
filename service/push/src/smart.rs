//! Ring tones, logos, pictures, EMS and message waiting.

use waxwing_gsm::alphabet::Alphabet;
use waxwing_smart::bitmap::{LOGO_SIZE, PICTURE_SIZE};
use waxwing_smart::ems::{
    Alignment, EmsItem as Item, EmsMessage, EmsObject, FontSize, PREDEFINED_ANIMATIONS, PREDEFINED_SOUNDS, TextFormat,
};
use waxwing_smart::logo::{CLI_ICON_PORT, Form, NetworkCode, OPERATOR_LOGO_PORT};
use waxwing_smart::multipart::{MULTIPART_PORT, Multipart};
use waxwing_smart::ringtone::RINGTONE_PORT;
use waxwing_smart::waiting::{WaitingIndication, WaitingKind, WaitingMethod, WaitingNotice};
use waxwing_smart::{EncodeError, Splitting};

use crate::compose::DATA;
use crate::image::Gray;
use crate::{
    Align, CliIcon, ComposeError, Composed, Ems, EmsItem, Limits, OperatorLogo, Picture, PictureSize, Ringtone, TextSize, Voicemail,
    WaitingType,
};

/// The largest picture of EMS that is made: what handsets of the time could show.
const EMS_PICTURE: (u16, u16) = (96, 64);

pub(crate) fn ringtone(tone: &Ringtone, limits: &Limits) -> Result<Composed, ComposeError> {
    let (field, tone) = match (tone.rtttl.as_deref().map(str::trim).filter(|r| !r.is_empty()), &tone.data) {
        (Some(rtttl), None) => ("rtttl", of_rtttl(rtttl)?),
        (None, Some(data)) => {
            let tone = waxwing_smart::ringtone::Ringtone::from_binary(&data.0).map_err(|e| ComposeError::field("data", e))?;
            // Sent as it is, whatever of it is understood here.
            drop(tone);
            return to_port("data", RINGTONE_PORT, &data.0, limits);
        }
        _ => return Err(ComposeError::field("rtttl", "give a tone here or in data, one of both")),
    };
    let octets = tone.to_binary().map_err(|e| ComposeError::of_smart(field, &e))?;
    to_port(field, RINGTONE_PORT, &octets, limits)
}

fn of_rtttl(rtttl: &str) -> Result<waxwing_smart::ringtone::Ringtone, ComposeError> {
    waxwing_smart::ringtone::Ringtone::from_rtttl(rtttl).map_err(|e| ComposeError::field("rtttl", e))
}

pub(crate) fn operator_logo(logo: &OperatorLogo, limits: &Limits) -> Result<Composed, ComposeError> {
    let network = NetworkCode::parse(logo.network.trim()).map_err(|e| ComposeError::field("network", e))?;
    let image = logo.image.as_ref().filter(|i| !i.0.is_empty());
    let bitmap = image.map(|i| Gray::decode(i, logo.invert, limits)?.fitted(LOGO_SIZE)).transpose()?;
    let form = if logo.bare { Form::Bare } else { Form::Versioned };
    let logo = waxwing_smart::logo::OperatorLogo { network, logo: bitmap, form };
    let octets = logo.to_octets().map_err(|e| ComposeError::of_smart("image", &e))?;
    to_port("image", OPERATOR_LOGO_PORT, &octets, limits)
}

pub(crate) fn cli_icon(icon: &CliIcon, limits: &Limits) -> Result<Composed, ComposeError> {
    let bitmap = Gray::decode(&icon.image, icon.invert, limits)?.fitted(LOGO_SIZE)?;
    let icon = waxwing_smart::logo::CliIcon { icon: bitmap, form: Form::Versioned };
    let octets = icon.to_octets().map_err(|e| ComposeError::of_smart("image", &e))?;
    to_port("image", CLI_ICON_PORT, &octets, limits)
}

pub(crate) fn picture(picture: &Picture, limits: &Limits) -> Result<Composed, ComposeError> {
    let bitmap = Gray::decode(&picture.image, picture.invert, limits)?.fitted(PICTURE_SIZE)?;
    let octets = Multipart::picture(bitmap, &picture.text).to_octets().map_err(|e| ComposeError::of_smart("text", &e))?;
    to_port("text", MULTIPART_PORT, &octets, limits)
}

/// One message for a port of the handset.
fn to_port(field: &'static str, port: u16, content: &[u8], limits: &Limits) -> Result<Composed, ComposeError> {
    splitting(limits).to_port(port, content).map_err(|e| ComposeError::of_smart(field, &e))?;
    let [high, low] = port.to_be_bytes();
    Ok(Composed::octets(&[6, 5, 4, high, low, high, low], content, DATA))
}

fn splitting(limits: &Limits) -> Splitting {
    Splitting { reference: 0, max_segments: limits.segments }
}

/// Several messages are told apart from the next several by their reference.
fn reference(content: &str) -> u8 {
    crate::wap::transaction_id(content.as_bytes())
}

pub(crate) fn ems(ems: &Ems, limits: &Limits) -> Result<Vec<Composed>, ComposeError> {
    let mut items = Vec::new();
    for item in &ems.items {
        items.push(ems_item(item, limits)?);
    }
    if items.is_empty() {
        return Err(ComposeError::field("items", "there is none"));
    }
    let reference = reference(&format!("{items:?}"));
    let parts = EmsMessage { items }.encode(Splitting { reference, ..splitting(limits) });
    Ok(parts.map_err(|e| ComposeError::of_smart("items", &e))?.iter().map(Composed::of_user_data).collect())
}

fn ems_item(item: &EmsItem, limits: &Limits) -> Result<Item, ComposeError> {
    let among = |field, number: u8, all: &[&str]| match usize::from(number) < all.len() {
        true => Ok(number),
        false => Err(ComposeError::field(field, format!("{number} is none of 0 to {}", all.len() - 1))),
    };
    let EmsItem { text, sound, rtttl, imelody, animation, image, .. } = item;
    Ok(match (text, sound, rtttl, imelody, animation, image) {
        (Some(text), None, None, None, None, None) => Item::Text { text: text.clone(), format: format_of(item) },
        (None, Some(sound), None, None, None, None) => {
            Item::Object(EmsObject::PredefinedSound(among("sound", *sound, &PREDEFINED_SOUNDS)?))
        }
        (None, None, Some(rtttl), None, None, None) => Item::Object(EmsObject::Sound(of_rtttl(rtttl)?.to_imelody().into_bytes())),
        (None, None, None, Some(imelody), None, None) => Item::Object(EmsObject::Sound(imelody.clone().into_bytes())),
        (None, None, None, None, Some(number), None) => {
            Item::Object(EmsObject::PredefinedAnimation(among("animation", *number, &PREDEFINED_ANIMATIONS)?))
        }
        (None, None, None, None, None, Some(image)) => {
            let gray = Gray::decode(image, item.invert, limits)?;
            match item.picture_size {
                PictureSize::Large => Item::Object(EmsObject::LargePicture(gray.fitted((32, 32))?)),
                PictureSize::Small => Item::Object(EmsObject::SmallPicture(gray.fitted((16, 16))?)),
                PictureSize::Variable => {
                    Item::picture(&gray.at_most(EMS_PICTURE)?).ok_or_else(|| ComposeError::field("image", "it has no pixels"))?
                }
            }
        }
        _ => {
            let why = "an item is one of text, sound, rtttl, imelody, animation, image; make an item of each";
            return Err(ComposeError::field("items", why));
        }
    })
}

/// `None` where nothing is asked for.
fn format_of(item: &EmsItem) -> Option<TextFormat> {
    let format = TextFormat {
        alignment: match item.align {
            Align::Language => Alignment::Language,
            Align::Left => Alignment::Left,
            Align::Center => Alignment::Center,
            Align::Right => Alignment::Right,
        },
        size: match item.size {
            TextSize::Normal => FontSize::Normal,
            TextSize::Large => FontSize::Large,
            TextSize::Small => FontSize::Small,
        },
        bold: item.bold,
        italic: item.italic,
        underlined: item.underlined,
        struck: item.struck,
        colors: None,
    };
    (format != TextFormat::default()).then_some(format)
}

pub(crate) fn voicemail(notice: &Voicemail, limits: &Limits) -> Result<Vec<Composed>, ComposeError> {
    let count = match (notice.on, notice.count) {
        (true, Some(0)) => return Err(ComposeError::field("count", "0 are waiting; to take the icon away, say so with on=false")),
        (true, count) => count.unwrap_or(1),
        (false, None | Some(0)) => 0,
        (false, Some(_)) => return Err(ComposeError::field("count", "the icon is to be taken away, so nothing is waiting")),
    };
    let kind = match notice.waiting {
        WaitingType::Voice => WaitingKind::Voicemail,
        WaitingType::Fax => WaitingKind::Fax,
        WaitingType::Email => WaitingKind::Email,
        WaitingType::Other => WaitingKind::Other,
    };
    let store = notice.store.unwrap_or_else(|| Alphabet::DEFAULT.septet_count(&notice.text).is_err());
    let indications = vec![WaitingIndication { kind, count, store }];
    let whole = WaitingNotice { indications, method: WaitingMethod::Both, text: notice.text.clone(), return_call: false };
    let parts = whole.encode(Splitting { reference: reference(&notice.text), ..splitting(limits) });
    let parts = parts.map_err(|e| match e {
        EncodeError::NotStoredText(e) => ComposeError::field("store", format!("a notice that is not kept has only the GSM alphabet: {e}")),
        e => ComposeError::of_smart("text", &e),
    })?;
    Ok(parts.iter().map(Composed::of_user_data).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Cursor;

    use base64::Engine as _;
    use waxwing_gsm::dcs::DataCoding;
    use waxwing_smart::{Smart, UserData};

    use super::*;
    use crate::compose;

    fn composed(json: &str) -> Result<Vec<Composed>, ComposeError> {
        compose(&serde_json::from_str(json).unwrap(), &Limits::default())
    }

    fn read(parts: &[Composed]) -> Smart {
        let parts: Vec<UserData> =
            parts.iter().map(|p| UserData::parse(&p.payload, p.udhi, DataCoding(p.data_coding as u8), p.protocol_id as u8)).collect();
        Smart::decode(&parts).unwrap().unwrap()
    }

    /// A PNG in base 64, black on the left.
    fn png(width: u32, height: u32) -> String {
        let image = image::GrayImage::from_fn(width, height, |x, _| image::Luma([if x < width / 2 { 0 } else { 255 }]));
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, image::ImageFormat::Png).unwrap();
        base64::engine::general_purpose::STANDARD.encode(out.into_inner())
    }

    #[test]
    fn tones_come_as_text_or_octets() {
        let tone = composed(r#"{"kind":"ringtone","rtttl":"Scale:d=8,o=5,b=125:c,d,e,f,g,a,b,4c6"}"#).unwrap();
        assert_eq!((&tone[0].payload[..7], tone[0].data_coding), (&[6, 5, 4, 0x15, 0x81, 0x15, 0x81][..], 0xf5));
        assert!(matches!(read(&tone), Smart::Ringtone(t) if t.name == "Scale"));
        let hex: String = tone[0].payload[7..].iter().map(|o| format!("{o:02x}")).collect();
        assert_eq!(composed(&format!(r#"{{"kind":"ringtone","data":{{"hex":"{hex}"}}}}"#)).unwrap(), tone);
        let e = composed(r#"{"kind":"ringtone","rtttl":"Scale:d=8:c,x"}"#).unwrap_err();
        assert_eq!(e.field_name(), "rtttl");
        assert!(composed(r#"{"kind":"ringtone","data":{"hex":"00"}}"#).is_err());
        assert!(composed(r#"{"kind":"ringtone"}"#).is_err());
    }

    #[test]
    fn images_become_logos_icons_and_pictures() {
        let png = png(144, 28);
        let logo = composed(&format!(r#"{{"kind":"operator_logo","network":"262 01","image":{{"base64":"{png}"}}}}"#)).unwrap();
        assert_eq!(logo[0].payload[..12], [6, 5, 4, 0x15, 0x82, 0x15, 0x82, 0x30, 0x62, 0xf2, 0x10, 0x0a]);
        assert!(
            matches!(read(&logo), Smart::OperatorLogo(l) if l.logo.as_ref().unwrap().get(0, 0) && !l.logo.as_ref().unwrap().get(71, 0))
        );
        let none = composed(r#"{"kind":"operator_logo","network":"26201"}"#).unwrap();
        assert!(matches!(read(&none), Smart::OperatorLogo(l) if l.logo.is_none()));
        let icon = composed(&format!(r#"{{"kind":"cli_icon","image":{{"base64":"{png}"}}}}"#)).unwrap();
        assert!(matches!(read(&icon), Smart::CliIcon(i) if (i.icon.width(), i.icon.height()) == (72, 14)));
        let picture = composed(&format!(r#"{{"kind":"picture","text":"Hi","image":{{"base64":"{png}"}}}}"#)).unwrap();
        assert!(picture[0].payload.len() > 140, "one message, for the connector to split");
        assert!(matches!(read(&picture), Smart::Multipart(m) if m.items.len() == 2));
        assert_eq!(composed(r#"{"kind":"cli_icon"}"#).unwrap_err().to_string(), "image: there is no image");
        assert_eq!(composed(r#"{"kind":"operator_logo","network":"1"}"#).unwrap_err().field_name(), "network");
    }

    #[test]
    fn ems_is_one_message_for_each_segment() {
        let short = composed(r#"{"kind":"ems","items":[{"text":"Big","bold":true,"size":"large"},{"sound":3}]}"#).unwrap();
        assert_eq!(short.len(), 1);
        let Smart::Ems(message) = read(&short) else { panic!() };
        assert!(matches!(&message.items[0], Item::Text { text, format: Some(f) } if text == "Big" && f.bold && f.size == FontSize::Large));
        let long =
            format!(r#"{{"kind":"ems","items":[{{"text":"Look"}},{{"image":{{"base64":"{}"}}}},{{"rtttl":"a:d=4:c"}}]}}"#, png(64, 64));
        let long = composed(&long).unwrap();
        assert!(long.len() > 1 && long.iter().all(|m| m.udhi && m.payload.len() <= 140));
        assert!(composed(r#"{"kind":"ems","items":[{"text":"a","sound":1}]}"#).unwrap_err().to_string().contains("make an item of each"));
        assert_eq!(composed(r#"{"kind":"ems","items":[{"sound":10}]}"#).unwrap_err().to_string(), "sound: 10 is none of 0 to 9");
        assert!(composed(r#"{"kind":"ems"}"#).is_err());
    }

    #[test]
    fn waiting_is_told_by_header_and_coding() {
        let on = composed(r#"{"kind":"voicemail","count":5}"#).unwrap();
        assert_eq!((&on[0].payload[..], on[0].data_coding), (&[4, 1, 2, 0x00, 5][..], 0xc8));
        let off = composed(r#"{"kind":"voicemail","on":false,"waiting":"fax"}"#).unwrap();
        assert_eq!((&off[0].payload[..], off[0].data_coding), (&[4, 1, 2, 0x01, 0][..], 0xc1));
        let kept = composed(r#"{"kind":"voicemail","text":"你","waiting":"email"}"#).unwrap();
        assert_eq!((&kept[0].payload[..], kept[0].data_coding), (&[4, 1, 2, 0x82, 1, 0x4f, 0x60][..], 0xea));
        for (json, field) in [
            (r#"{"kind":"voicemail","count":0}"#, "count"),
            (r#"{"kind":"voicemail","on":false,"count":2}"#, "count"),
            (r#"{"kind":"voicemail","text":"你","store":false}"#, "store"),
        ] {
            assert_eq!(composed(json).unwrap_err().field_name(), field);
        }
    }
}
