//! Kinds and their fields as forms have them: the console draws its form from this table, and what a form, a multipart request or the
//! command line gives as text is read by it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::Special;

/// A kind, for people.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// As `kind` has it.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its fields that a form can give.
    pub fields: &'static [FieldInfo],
}

/// A field, for people.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// As JSON has it.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What it takes.
    pub input: Input,
    /// There is nothing to send without it. Where only one of several is needed, none of them says so.
    pub needed: bool,
    /// What might stand in it, or what is meant if nothing does; empty where there is nothing to say.
    pub example: &'static str,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A line of text.
    Text,
    /// Several lines of text.
    LongText,
    /// Several values, one a line.
    Lines,
    /// A whole number.
    Number,
    /// Yes or no; the value is what it is if nothing is said.
    Flag(bool),
    /// One of these; the first if nothing is said.
    Choice(&'static [&'static str]),
    /// A time (RFC 3339); without a zone it is UTC.
    Time,
    /// An image as a file.
    Image,
    /// Octets, as a file or in hexadecimal.
    Octets,
    /// A document in XML, as a file or as text.
    Xml,
}

/// What a form gives for a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Text.
    Text(String),
    /// A file.
    Octets(Vec<u8>),
}

/// A field of a form that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct FieldError {
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

const fn field(name: &'static str, label: &'static str, input: Input) -> FieldInfo {
    FieldInfo { name, label, input, needed: false, example: "" }
}

impl FieldInfo {
    const fn needed(self) -> FieldInfo {
        FieldInfo { needed: true, ..self }
    }

    const fn like(self, example: &'static str) -> FieldInfo {
        FieldInfo { example, ..self }
    }
}

const TEXT: FieldInfo = field("text", "Text", Input::LongText);
const URL: FieldInfo = field("url", "URL", Input::Text).like("http://wap.example.net/");
const IMAGE: FieldInfo = field("image", "Image (PNG, JPEG, GIF, BMP or WebP)", Input::Image);
const INVERT: FieldInfo = field("invert", "Swap black and white", Input::Flag(false));
const XML: FieldInfo = field("xml", "Document (XML)", Input::Xml);
const PIN: FieldInfo = field("pin", "PIN (digits)", Input::Text).like("none: not authenticated");
const PIN_TYPE: FieldInfo = field("pin_type", "PIN type", Input::Choice(&["", "userpin", "netwpin", "usernetwpin", "userpinmac"]));
const IMSI: FieldInfo = field("imsi", "IMSI of the SIM (for netwpin)", Input::Text).like("15 digits");
const NAME: FieldInfo = field("name", "Name of the settings", Input::Text).needed().like("Example Internet");
const APN: FieldInfo = field("apn", "Access point name (APN)", Input::Text).needed().like("internet");
const USER: FieldInfo = field("user", "User at the access point", Input::Text);
const PASSWORD: FieldInfo = field("password", "Password at the access point", Input::Text);
const AUTHENTICATION: FieldInfo = field("authentication", "How user and password are sent", Input::Choice(&["pap", "chap"]));
const PROXY: FieldInfo = field("proxy", "Proxy (IPv4 address)", Input::Text).like("none");
const PORT: FieldInfo = field("port", "Port of the proxy", Input::Number).like("8080");
const FORM: FieldInfo = field("form", "Sent as", Input::Choice(&["oma", "ota"]));

/// Every kind, in the order in which people are offered them.
pub const KINDS: &[KindInfo] = &[
    KindInfo {
        name: "si",
        label: "WAP Push: service indication",
        fields: &[
            URL,
            TEXT,
            field("action", "How urgently", Input::Choice(&["signal-medium", "signal-none", "signal-low", "signal-high", "delete"])),
            field("id", "Id, for replacing and deleting", Input::Text),
            field("created", "Created (UTC)", Input::Time),
            field("expires", "Expires (UTC)", Input::Time),
        ],
    },
    KindInfo {
        name: "sl",
        label: "WAP Push: service loading",
        fields: &[URL.needed(), field("action", "How", Input::Choice(&["execute-low", "execute-high", "cache"]))],
    },
    KindInfo {
        name: "co",
        label: "WAP Push: cache operation",
        fields: &[
            field("objects", "URLs of objects that are out of date, one a line", Input::Lines),
            field("services", "Beginnings of URLs that are out of date, one a line", Input::Lines),
        ],
    },
    KindInfo {
        name: "bookmark",
        label: "Bookmark over the air",
        fields: &[URL.needed(), field("title", "Title", Input::Text).like("the URL")],
    },
    KindInfo {
        name: "browser_settings",
        label: "Browser settings",
        fields: &[
            NAME,
            APN,
            USER,
            PASSWORD,
            AUTHENTICATION,
            PROXY,
            PORT,
            field("home_page", "Page to begin with", Input::Text).like("http://wap.example.net/"),
            FORM,
            PIN,
            PIN_TYPE,
            IMSI,
        ],
    },
    KindInfo {
        name: "mms_settings",
        label: "MMS settings",
        fields: &[
            NAME,
            APN,
            USER,
            PASSWORD,
            AUTHENTICATION,
            PROXY,
            PORT,
            field("mmsc", "URL of the message centre", Input::Text).needed().like("http://mms.example.net/"),
            FORM,
            PIN,
            PIN_TYPE,
            IMSI,
        ],
    },
    KindInfo { name: "provisioning", label: "OMA client provisioning by a document", fields: &[XML, PIN, PIN_TYPE, IMSI] },
    KindInfo { name: "ota", label: "Nokia and Ericsson settings by a document", fields: &[XML] },
    KindInfo {
        name: "mms_notification",
        label: "MMS notification",
        fields: &[
            URL.needed().like("http://mms.example.net/1.mms"),
            field("size", "Size in octets", Input::Number).like("none: the message is fetched and checked"),
            field("sender", "Sender of the MMS", Input::Text).like("that of the message"),
            field("subject", "Subject", Input::Text).like("that of the message"),
            field("class", "Class", Input::Choice(&["", "personal", "advertisement", "informational", "auto"])),
            field("expiry", "Seconds that it can be fetched", Input::Number).like("259200 (3 days)"),
            field("transaction_id", "Transaction id", Input::Text).like("made of the URL"),
        ],
    },
    KindInfo {
        name: "email_notification",
        label: "E-mail notification",
        fields: &[
            field("mailbox", "Mailbox", Input::Text).needed().like("user@example.net"),
            field("timestamp", "When the mail came (UTC)", Input::Time),
        ],
    },
    KindInfo {
        name: "rights",
        label: "DRM rights",
        fields: &[
            XML,
            field("uid", "Content id, instead of a document", Input::Text).like("cid:4567829547@example.net"),
            field("key", "Key in base 64", Input::Text),
        ],
    },
    KindInfo { name: "document", label: "WAP Push of any document", fields: &[XML] },
    KindInfo {
        name: "push",
        label: "WAP Push of any content",
        fields: &[
            field("content_type", "Content type", Input::Text).needed().like("application/vnd.wap.sic"),
            field("data", "Content", Input::Octets),
            field("application_id", "Application on the handset", Input::Text).like("number, or x-wap-application:…"),
            field("port", "Port", Input::Number).like("2948"),
        ],
    },
    KindInfo {
        name: "ringtone",
        label: "Nokia ring tone",
        fields: &[
            field("rtttl", "RTTTL", Input::LongText).like("Scale:d=8,o=5,b=125:c,d,e,f,g,a,b,4c6"),
            field("data", "or the binary form", Input::Octets),
        ],
    },
    KindInfo {
        name: "operator_logo",
        label: "Nokia operator logo",
        fields: &[
            field("network", "Network: MCC and MNC", Input::Text).needed().like("26201"),
            IMAGE,
            INVERT,
            field("bare", "One segment instead of two (without the version octet)", Input::Flag(false)),
        ],
    },
    KindInfo { name: "cli_icon", label: "Nokia CLI icon", fields: &[IMAGE.needed(), INVERT] },
    KindInfo { name: "picture", label: "Nokia picture message", fields: &[IMAGE.needed(), TEXT, INVERT] },
    KindInfo {
        name: "ems",
        label: "EMS",
        fields: &[
            TEXT,
            field("bold", "Bold", Input::Flag(false)),
            field("italic", "Italic", Input::Flag(false)),
            field("underlined", "Underlined", Input::Flag(false)),
            field("struck", "Struck through", Input::Flag(false)),
            field("size", "Size", Input::Choice(&["normal", "large", "small"])),
            field("align", "Where it stands", Input::Choice(&["language", "left", "center", "right"])),
            field("sound", "Sound of the handset, 0 to 9", Input::Number).like("none"),
            field("rtttl", "Sound as RTTTL", Input::LongText).like("a:d=8,o=5,b=125:c,d,e"),
            field("animation", "Animation of the handset, 0 to 15", Input::Number).like("none"),
            IMAGE,
            field("picture_size", "Size of the picture", Input::Choice(&["large", "small", "variable"])),
            INVERT,
        ],
    },
    KindInfo {
        name: "voicemail",
        label: "Message waiting (voice mail, fax, e-mail)",
        fields: &[
            field("on", "Show the icon (else take it away)", Input::Flag(true)),
            field("count", "How many are waiting", Input::Number).like("1"),
            field("waiting", "What", Input::Choice(&["voice", "fax", "email", "other"])),
            TEXT,
            field("store", "Keep the text in the handset", Input::Flag(false)),
        ],
    },
    KindInfo { name: "flash", label: "Flash: shown at once, not stored", fields: &[TEXT.needed()] },
    KindInfo {
        name: "replace",
        label: "Replace an earlier text",
        fields: &[TEXT.needed(), field("type", "Which of the sender's texts", Input::Choice(&["1", "2", "3", "4", "5", "6", "7"]))],
    },
    KindInfo {
        name: "binary",
        label: "Binary",
        fields: &[
            field("data", "User data", Input::Octets),
            field("udh", "User data header (hexadecimal, its length first)", Input::Text).like("06050415811581"),
            field("dest_port", "Port on the handset", Input::Number).like("none"),
            field("source_port", "Port that it comes from", Input::Number).like("0"),
            field("pid", "PID", Input::Number).like("0"),
            field("dcs", "DCS", Input::Number).like("245 (F5, 8-bit data)"),
        ],
    },
];

/// Fields of one item of EMS that belong to its text.
const EMS_TEXT: [&str; 7] = ["text", "bold", "italic", "underlined", "struck", "size", "align"];
/// Those that belong to its picture.
const EMS_PICTURE: [&str; 3] = ["image", "picture_size", "invert"];

/// Reads a special message from the fields of a form. Fields whose text is empty count as absent. EMS is given flat, its text first, and
/// lists of other objects not at all.
///
/// # Errors
/// A field is unknown to the kind, or makes no sense.
pub fn from_fields(kind: &str, fields: impl IntoIterator<Item = (String, FieldValue)>) -> Result<Special, FieldError> {
    let wrong = |field: &str, why: String| FieldError { field: field.to_owned(), why };
    let info = KINDS.iter().find(|k| k.name == kind).ok_or_else(|| {
        let all: Vec<&str> = KINDS.iter().map(|k| k.name).collect();
        wrong("kind", format!("{kind:?} is none of {}", all.join(", ")))
    })?;
    let mut object = Map::new();
    for (name, value) in fields {
        let known = info.fields.iter().find(|f| f.name == name).ok_or_else(|| {
            let all: Vec<&str> = info.fields.iter().map(|f| f.name).collect();
            wrong(&name, format!("{kind} has no such field; its fields are {}", all.join(", ")))
        })?;
        if let Some(value) = json_of(kind, known, value).map_err(|why| wrong(&name, why))? {
            object.insert(name, value);
        }
    }
    if kind == "ems" {
        object = ems(&object);
    }
    object.insert("kind".to_owned(), json!(kind));
    serde_json::from_value(Value::Object(object)).map_err(|e| wrong(kind, e.to_string()))
}

fn json_of(kind: &str, field: &FieldInfo, value: FieldValue) -> Result<Option<Value>, String> {
    let octets_of = |octets: &[u8]| json!({ "base64": STANDARD.encode(octets) });
    let text = match (field.input, value) {
        (_, FieldValue::Octets(octets)) if octets.is_empty() => return Ok(None),
        (Input::Image | Input::Octets, FieldValue::Octets(octets)) => return Ok(Some(octets_of(&octets))),
        (_, FieldValue::Octets(octets)) => {
            String::from_utf8(octets).map_err(|e| format!("it is not UTF-8 at octet {}", e.utf8_error().valid_up_to()))?
        }
        (_, FieldValue::Text(text)) => text,
    };
    if text.trim().is_empty() {
        return Ok(None);
    }
    let number = |text: &str| text.trim().parse::<u64>().map(|n| json!(n)).map_err(|_| format!("{text:?} is no whole number"));
    Ok(Some(match field.input {
        Input::Number => number(&text)?,
        // What the standard numbers is a number in JSON as well.
        Input::Choice(_) if kind == "replace" => number(&text)?,
        Input::Choice(_) => json!(text.trim().to_ascii_lowercase()),
        Input::Flag(_) => match text.trim().to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" | "1" => json!(true),
            "no" | "false" | "off" | "0" => json!(false),
            other => return Err(format!("{other:?} is neither yes nor no")),
        },
        Input::Time => json!(time(text.trim())),
        Input::Lines => json!(text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>()),
        Input::Image | Input::Octets => octets_of(&crate::octets::unhex(&text)?),
        Input::LongText => json!(text.replace("\r\n", "\n")),
        Input::Text => json!(text.trim()),
        Input::Xml => json!(text),
    }))
}

/// Browsers leave the zone out, and seconds of 0.
fn time(text: &str) -> String {
    let has_zone = text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|t| t.contains(['+', '-']));
    let text = if text.len() == 16 && !has_zone { format!("{text}:00") } else { text.to_owned() };
    if has_zone { text } else { format!("{text}Z") }
}

/// An item of each thing that was given.
fn ems(flat: &Map<String, Value>) -> Map<String, Value> {
    let with =
        |names: &[&str]| -> Value { Value::Object(names.iter().filter_map(|n| Some(((*n).to_owned(), flat.get(*n)?.clone()))).collect()) };
    let mut items = Vec::new();
    if flat.contains_key("text") {
        items.push(with(&EMS_TEXT));
    }
    items.extend(["sound", "rtttl", "animation"].iter().filter(|n| flat.contains_key(**n)).map(|n| with(&[n])));
    if flat.contains_key("image") {
        items.push(with(&EMS_PICTURE));
    }
    Map::from_iter([("items".to_owned(), Value::Array(items))])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::*;

    fn read(kind: &str, fields: &[(&str, &str)]) -> Result<Special, FieldError> {
        from_fields(kind, fields.iter().map(|(n, v)| ((*n).to_owned(), FieldValue::Text((*v).to_owned()))))
    }

    #[test]
    fn forms_say_what_json_says() {
        let si =
            read("si", &[("url", " a.b "), ("text", "x\r\ny"), ("action", "signal-high"), ("id", ""), ("expires", "2026-01-02T03:04")]);
        let expected = Si {
            url: "a.b".into(),
            text: "x\ny".into(),
            action: Some("signal-high".into()),
            expires: Some("2026-01-02T03:04:00Z".parse().unwrap()),
            ..Si::default()
        };
        assert_eq!(si.unwrap(), Special::Si(expected));
        let Special::Co(co) = read("co", &[("objects", "http://a\r\n\r\nhttp://b\r\n")]).unwrap() else { panic!() };
        assert_eq!(co.objects, ["http://a", "http://b"]);
        let Special::Voicemail(v) = read("voicemail", &[("on", "no"), ("waiting", "fax")]).unwrap() else { panic!() };
        assert_eq!((v.on, v.waiting), (false, WaitingType::Fax));
        assert!(matches!(read("replace", &[("text", "a"), ("type", "3")]).unwrap(), Special::Replace(Replace { number: 3, .. })));
        assert!(matches!(read("binary", &[("data", "01 02")]).unwrap(), Special::Binary(b) if b.data.0[..] == [1, 2]));
    }

    #[test]
    fn ems_is_flat_in_a_form() {
        let Special::Ems(ems) = read("ems", &[("text", "a"), ("bold", "on"), ("sound", "3")]).unwrap() else { panic!() };
        assert_eq!(ems.items.len(), 2);
        assert!(ems.items[0].bold && ems.items[1].sound == Some(3));
    }

    #[test]
    fn nonsense_is_named() {
        for (kind, fields, says) in [
            ("fax", &[][..], "kind: \"fax\" is none of si, sl"),
            ("sl", &[("text", "a")], "text: sl has no such field; its fields are url, action"),
            ("voicemail", &[("count", "many")], "count: \"many\" is no whole number"),
            ("voicemail", &[("on", "perhaps")], "on: \"perhaps\" is neither"),
            ("binary", &[("data", "0x")], "data: 'x' at position 1"),
        ] {
            let said = read(kind, fields).unwrap_err().to_string();
            assert!(said.starts_with(says), "{said}");
        }
    }
}
