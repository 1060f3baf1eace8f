//! A message as a person reads it: what it is, and what it shows.

use waxwing_describe::{Description, Value};
use waxwing_gsm::dcs::MessageClass;

use crate::UserData;
use crate::bitmap::Bitmap;
use crate::decode::Smart;
use crate::ems::{EmsItem, EmsObject, PREDEFINED_ANIMATIONS, PREDEFINED_SOUNDS, TextFormat};
use crate::logo::Form;
use crate::multipart::{Multipart, MultipartItem};
use crate::ringtone::Ringtone;
use crate::text::{Handling, SpecialText};
use crate::vobject::VObjectKind;
use crate::waiting::{WaitingKind, WaitingMethod, WaitingNotice};

type Members = Vec<(&'static str, Value)>;

/// Describes a message, its segments in their order. `None` if it is none that this crate knows; what can't be read is told as the error
/// of the description.
pub fn describe(parts: &[UserData]) -> Option<Description> {
    match Smart::decode(parts) {
        Ok(smart) => Some(Description::new(vec![smart?.describe()], None)),
        Err(error) => {
            let contents = parts.iter().map(|part| Value::octets(&part.payload)).collect();
            Some(Description::new(vec![Value::Object(vec![("content", Value::List(contents))])], Some(error.to_string())))
        }
    }
}

impl Smart {
    /// The message as an object whose first member, `kind`, tells what it is.
    pub fn describe(&self) -> Value {
        let (kind, members) = match self {
            Self::Ringtone(tone) => ("ring tone", ringtone(tone)),
            Self::OperatorLogo(logo) => {
                let network = ("network", Value::text(logo.network));
                let pixels = logo.logo.as_ref().map_or_else(|| Value::text("none: the phone shows its own"), bitmap);
                ("operator logo", vec![network, form(logo.form), ("logo", pixels)])
            }
            Self::CliIcon(icon) => ("CLI icon", vec![form(icon.form), ("icon", bitmap(&icon.icon))]),
            Self::Multipart(message) => ("picture message", multipart(message)),
            Self::VObject(object) => {
                let kind = match object.kind {
                    VObjectKind::Card => "business card",
                    VObjectKind::Calendar => "calendar entry",
                };
                (kind, vec![("lines", lines(&object.text))])
            }
            Self::Ems(message) => ("EMS", vec![("items", Value::List(message.items.iter().map(item).collect()))]),
            Self::Waiting(notice) => ("message waiting", waiting(notice)),
            Self::Text(text) => ("text", special(text)),
        };
        Value::Object([("kind", Value::text(kind))].into_iter().chain(members).collect())
    }
}

fn ringtone(tone: &Ringtone) -> Members {
    vec![
        ("name", Value::text(&tone.name)),
        ("patterns", Value::count(tone.patterns.len())),
        ("instructions", Value::count(tone.instructions().count())),
        ("rtttl", Value::text(tone.to_rtttl())),
    ]
}

fn form(form: Form) -> (&'static str, Value) {
    let form = match form {
        Form::Versioned => "with a version",
        Form::Bare => "without a version",
    };
    ("form", Value::text(form))
}

fn bitmap(bitmap: &Bitmap) -> Value {
    Value::Object(vec![
        ("width", Value::number(bitmap.width())),
        ("height", Value::number(bitmap.height())),
        ("rows", lines(&bitmap.to_string())),
    ])
}

fn lines(text: &str) -> Value {
    Value::List(text.lines().map(Value::text).collect())
}

fn multipart(message: &Multipart) -> Members {
    let items = message.items.iter().map(|item| {
        let (name, value) = match item {
            MultipartItem::Latin1(text) | MultipartItem::Unicode(text) => ("text", Value::text(text)),
            MultipartItem::Picture(pixels) => ("picture", bitmap(pixels)),
            MultipartItem::Ringtone(tone) => ("ring tone", Value::Object(ringtone(tone))),
            MultipartItem::ProfileName(name) => ("profile name", Value::text(name)),
            MultipartItem::ScreenSaver(pixels) => ("screen saver", bitmap(pixels)),
            MultipartItem::Other { content, .. } => ("content", Value::octets(content)),
        };
        Value::Object(vec![("type", Value::number(item.kind())), (name, value)])
    });
    vec![("items", Value::List(items.collect()))]
}

fn item(item: &EmsItem) -> Value {
    match item {
        EmsItem::Text { text, format: None } => Value::Object(vec![("text", Value::text(text))]),
        EmsItem::Text { text, format: Some(format) } => Value::Object(vec![("text", Value::text(text)), ("format", text_format(*format))]),
        EmsItem::Object(object) => ems_object(object),
        EmsItem::Group(objects) => Value::Object(vec![("group", Value::List(objects.iter().map(ems_object).collect()))]),
    }
}

fn text_format(format: TextFormat) -> Value {
    let TextFormat { alignment, size, bold, italic, underlined, struck, colors } = format;
    let mut words = vec![format!("{alignment:?} alignment").to_lowercase(), format!("{size:?} size").to_lowercase()];
    let set = [(bold, "bold"), (italic, "italic"), (underlined, "underlined"), (struck, "struck through")];
    words.extend(set.iter().filter(|(set, _)| *set).map(|(_, word)| (*word).to_owned()));
    words.extend(colors.map(|colors| format!("colour {} on {}", colors.foreground, colors.background)));
    Value::text(words.join(", "))
}

fn ems_object(object: &EmsObject) -> Value {
    let frames = |frames: &[Bitmap]| Value::List(frames.iter().map(bitmap).collect());
    let (name, value) = match object {
        EmsObject::PredefinedSound(number) => {
            ("predefined sound", Value::number(*number).meaning(PREDEFINED_SOUNDS.get(usize::from(*number))))
        }
        EmsObject::PredefinedAnimation(number) => {
            ("predefined animation", Value::number(*number).meaning(PREDEFINED_ANIMATIONS.get(usize::from(*number))))
        }
        EmsObject::Sound(sound) => match std::str::from_utf8(sound) {
            Ok(text) => ("sound", lines(text)),
            Err(_) => ("sound", Value::octets(sound)),
        },
        EmsObject::LargeAnimation(all) => ("large animation", frames(all)),
        EmsObject::SmallAnimation(all) => ("small animation", frames(all)),
        EmsObject::LargePicture(pixels) => ("large picture", bitmap(pixels)),
        EmsObject::SmallPicture(pixels) => ("small picture", bitmap(pixels)),
        EmsObject::VariablePicture(pixels) => ("variable picture", bitmap(pixels)),
    };
    Value::Object(vec![(name, value)])
}

fn waiting(notice: &WaitingNotice) -> Members {
    let indications = notice.indications.iter().map(|indication| {
        let kind = match indication.kind {
            WaitingKind::Voicemail => Some("voicemail"),
            WaitingKind::Fax => Some("fax"),
            WaitingKind::Email => Some("e-mail"),
            WaitingKind::Other => Some("other"),
            WaitingKind::Video => Some("video message"),
            WaitingKind::Reserved(_) => None,
        };
        Value::Object(vec![
            ("kind", Value::number(indication.kind.code()).meaning(kind)),
            ("count", Value::number(indication.count)),
            ("store", Value::text(if indication.store { "yes" } else { "no" })),
        ])
    });
    let by = match notice.method {
        WaitingMethod::DataCoding => "data coding scheme",
        WaitingMethod::Header => "user data header",
        WaitingMethod::Both => "data coding scheme and user data header",
    };
    let mut members = vec![("indications", Value::List(indications.collect())), ("told by", Value::text(by))];
    if notice.return_call {
        members.push(("asks for", Value::text("a call")));
    }
    members.push(("text", Value::text(&notice.text)));
    members
}

fn special(text: &SpecialText) -> Members {
    let mut members = Vec::new();
    if let Some(class) = text.class {
        let name = match class {
            MessageClass::Flash => "shown at once",
            MessageClass::Phone => "phone",
            MessageClass::Sim => "SIM",
            MessageClass::Terminal => "terminal equipment",
        };
        members.push(("class", Value::number(class as u8).meaning(Some(name))));
    }
    match text.handling {
        Handling::Plain => {}
        Handling::Silent => members.push(("handling", Value::text("acknowledged and not shown"))),
        Handling::Replace(number) => members.push(("replaces", Value::number(number))),
        Handling::ReturnCall => members.push(("asks for", Value::text("a call"))),
    }
    members.push(("text", Value::text(&text.text)));
    members
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Splitting;
    use crate::logo::{NetworkCode, OperatorLogo};
    use crate::waiting::WaitingIndication;
    use waxwing_gsm::dcs::DataCoding;

    fn described(parts: &[UserData]) -> (String, String) {
        let description = describe(parts).unwrap();
        (description.to_string(), description.to_json())
    }

    #[test]
    fn a_tone_is_told_as_rtttl() {
        let tone = Ringtone::from_rtttl("Tune:d=4,o=5,b=112:8e6,c").unwrap();
        let (text, json) = described(&tone.encode(Splitting::default()).unwrap());
        assert_eq!(text, "kind: ring tone\nname: Tune\npatterns: 1\ninstructions: 6\nrtttl: Tune:d=4,o=5,b=112:8e6,c");
        assert!(json.contains(r#""rtttl":"Tune:d=4,o=5,b=112:8e6,c""#), "{json}");
    }

    #[test]
    fn pictures_are_drawn() {
        let logo = Bitmap::from_octets(4, 2, &[0b1001_0110]);
        let network = NetworkCode::parse("46003").unwrap();
        let parts = OperatorLogo { network, logo, form: Form::Bare }.encode(Splitting::default()).unwrap();
        let expected = "kind: operator logo\nnetwork: 460-03\nform: without a version\nlogo:\n  width: 4\n  height: 2\n  rows:\n    [0] #..#\n    [1] .##.";
        assert_eq!(described(&parts).0, expected);
    }

    #[test]
    fn notices_and_texts_are_told() {
        let indications = vec![WaitingIndication { kind: WaitingKind::Email, count: 3, store: false }];
        let notice = WaitingNotice { indications, method: WaitingMethod::Both, text: "Mail".into(), return_call: true };
        assert_eq!(
            described(&notice.encode(Splitting::default()).unwrap()).0,
            "kind: message waiting\nindications:\n  [0]\n    kind: 2 (e-mail)\n    count: 3\n    store: no\ntold by: data coding scheme and user data header\nasks for: a call\ntext: Mail"
        );
        let flash = SpecialText { text: "Hi".into(), class: Some(MessageClass::Flash), handling: Handling::Replace(3) };
        let expected = "kind: text\nclass: 0 (shown at once)\nreplaces: 3\ntext: Hi";
        assert_eq!(described(&flash.encode(Splitting::default()).unwrap()).0, expected);
        assert!(describe(&[UserData::default()]).is_none());
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let broken = UserData::parse(&[6, 5, 4, 0x15, 0x82, 0, 0, 0x30], true, DataCoding(0xf5), 0);
        let expected =
            "content:\n  [0] \"0\"\n\nerror: octet 1: the network code is missing; the message was cut short or a part is missing";
        assert_eq!(described(&[broken]).0, expected);
    }
}
