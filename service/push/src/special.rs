//! Everything that can be sent besides plain text, as JSON has it: an object whose `kind` says which.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Octets;

/// A special message.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Special {
    /// WAP Push service indication: a text and a link.
    Si(Si),
    /// WAP Push service loading: the handset loads a page.
    Sl(Sl),
    /// WAP Push cache operation: what the handset keeps of pages is old.
    Co(Co),
    /// A bookmark, as Nokia's and Ericsson's handsets take it over the air.
    Bookmark(Bookmark),
    /// The settings of a browser.
    BrowserSettings(BrowserSettings),
    /// The settings of MMS.
    MmsSettings(MmsSettings),
    /// OMA client provisioning by a document of yours.
    Provisioning(Provisioning),
    /// Settings of Nokia and Ericsson by a document of yours.
    Ota(Ota),
    /// A notification of a multimedia message that lies elsewhere.
    MmsNotification(MmsNotification),
    /// A notification of electronic mail.
    EmailNotification(EmailNotification),
    /// DRM rights.
    Rights(Rights),
    /// A document in XML of any type that can be pushed; its root element says which.
    Document(Document),
    /// A push of any content.
    Push(Push),
    /// A Nokia ring tone.
    Ringtone(Ringtone),
    /// A Nokia operator logo.
    OperatorLogo(OperatorLogo),
    /// A Nokia icon for a group of callers.
    CliIcon(CliIcon),
    /// A Nokia picture message.
    Picture(Picture),
    /// EMS: formatted text, sounds and pictures.
    Ems(Ems),
    /// Message waiting: voice mail, fax, e-mail or something else, on or off.
    Voicemail(Voicemail),
    /// A text that is shown at once and not stored.
    Flash(Flash),
    /// A text that takes the place of an earlier one.
    Replace(Replace),
    /// Octets with all that a short message has around them.
    Binary(Binary),
}

/// A service indication.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Si {
    /// Where the link leads; `http://` may be left out.
    #[schema(example = "http://wap.example.net/news")]
    pub url: String,
    /// What the user is shown.
    pub text: String,
    /// How urgently: signal-none, signal-low, signal-medium, signal-high, or delete, which needs `id`; signal-medium unless given.
    pub action: Option<String>,
    /// Tells indications apart, so that a later one replaces or deletes an earlier one; the URL if there is none.
    pub id: Option<String>,
    /// When the content was made (RFC 3339); of two with the same id handsets keep the later one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created: Option<Timestamp>,
    /// When the handset deletes it by itself (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires: Option<Timestamp>,
}

/// A service loading.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sl {
    /// What to load; `http://` may be left out.
    #[schema(example = "http://wap.example.net/news")]
    pub url: String,
    /// How: execute-low, execute-high or cache; execute-low unless given.
    pub action: Option<String>,
}

/// A cache operation; at least one of both.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Co {
    /// URLs of objects that are old.
    pub objects: Vec<String>,
    /// Beginnings of URLs all of whose objects are old.
    pub services: Vec<String>,
}

/// A bookmark.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bookmark {
    /// Where it leads; `http://` may be left out.
    pub url: String,
    /// What it is called; the URL unless given.
    pub title: Option<String>,
}

/// In which form settings are sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingsForm {
    /// OMA client provisioning 1.1.
    #[default]
    Oma,
    /// Nokia's and Ericsson's over-the-air settings 7.0.
    Ota,
}

/// How user and password are sent to an access point.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessAuthentication {
    /// In the clear.
    #[default]
    Pap,
    /// By challenge.
    Chap,
}

/// How a handset is made to trust provisioning.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PinType {
    /// By a PIN that the user is told by other means and types in. The usual, where `pin` is given.
    UserPin,
    /// By the IMSI of the SIM: the user need not do anything.
    NetwPin,
    /// The same, as NowSMS users write it.
    NetPin,
    /// By both.
    UserNetwPin,
    /// The same, as NowSMS users write it.
    UserNetPin,
    /// By a PIN of which one half is the key and the other the MAC.
    UserPinMac,
}

/// Settings of a browser.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BrowserSettings {
    /// What the user knows them by.
    pub name: String,
    /// The access point name.
    #[schema(example = "internet")]
    pub apn: String,
    /// User at the access point.
    pub user: Option<String>,
    /// Password at the access point.
    pub password: Option<String>,
    /// How both are sent.
    pub authentication: AccessAuthentication,
    /// IPv4 address of a proxy.
    pub proxy: Option<String>,
    /// Its port: 8080 unless given; 9201 for WAP 1.x.
    pub port: Option<u16>,
    /// The page to begin with.
    pub home_page: Option<String>,
    /// In which form they are sent.
    pub form: SettingsForm,
    /// A PIN of at most 16 digits (5 and more for userpinmac), for the form oma.
    pub pin: Option<String>,
    /// What the PIN is for.
    pub pin_type: Option<PinType>,
    /// The IMSI of the SIM, for netwpin and usernetwpin.
    pub imsi: Option<String>,
}

/// Settings of MMS.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MmsSettings {
    /// What the user knows them by.
    pub name: String,
    /// The access point name.
    #[schema(example = "mms")]
    pub apn: String,
    /// User at the access point.
    pub user: Option<String>,
    /// Password at the access point.
    pub password: Option<String>,
    /// How both are sent.
    pub authentication: AccessAuthentication,
    /// IPv4 address of a proxy.
    pub proxy: Option<String>,
    /// Its port: 8080 unless given; 9201 for WAP 1.x.
    pub port: Option<u16>,
    /// The URL of the multimedia message centre.
    #[schema(example = "http://mms.example.net/")]
    pub mmsc: String,
    /// In which form they are sent.
    pub form: SettingsForm,
    /// A PIN of at most 16 digits (5 and more for userpinmac), for the form oma.
    pub pin: Option<String>,
    /// What the PIN is for.
    pub pin_type: Option<PinType>,
    /// The IMSI of the SIM, for netwpin and usernetwpin.
    pub imsi: Option<String>,
}

/// Client provisioning by a document.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Provisioning {
    /// The document (`wap-provisioningdoc`).
    pub xml: String,
    /// A PIN of at most 16 digits (5 and more for userpinmac).
    pub pin: Option<String>,
    /// What the PIN is for.
    pub pin_type: Option<PinType>,
    /// The IMSI of the SIM, for netwpin and usernetwpin.
    pub imsi: Option<String>,
}

/// Settings of Nokia and Ericsson by a document.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ota {
    /// The document (`CHARACTERISTIC-LIST`).
    pub xml: String,
}

/// A notification of a multimedia message.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MmsNotification {
    /// Where the message lies; `http://` may be left out. Where `size` is not given, it is fetched first, and what it says of itself
    /// fills the other fields that are not given.
    pub url: String,
    /// How large it is, octets.
    pub size: Option<u64>,
    /// Who it is from: a number or an address.
    pub sender: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// personal, advertisement, informational or auto; personal unless given.
    pub class: Option<String>,
    /// How many seconds it can be fetched; 3 days unless given.
    #[schema(minimum = 1)]
    pub expiry: Option<u32>,
    /// Tells notifications apart, at most 40 printable characters; made of the URL unless given.
    pub transaction_id: Option<String>,
}

/// A notification of electronic mail.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EmailNotification {
    /// The mailbox: an address, or a URI (`mailat:user@domain`, `pop://…`, `imap://…`, `http://…`).
    #[schema(example = "mailat:user@example.net")]
    pub mailbox: String,
    /// When the mail came (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime)]
    pub timestamp: Option<Timestamp>,
}

/// DRM rights: by a document, or by fields.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rights {
    /// The document (`o-ex:rights`), instead of the others.
    pub xml: Option<String>,
    /// The content id.
    #[schema(example = "cid:4567829547@example.net")]
    pub uid: Option<String>,
    /// The key of encrypted content, in base 64.
    pub key: Option<String>,
    /// What is allowed; what does not stand here is not.
    pub permissions: Vec<Permission>,
}

/// Something that DRM rights allow.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// What.
    pub allow: Allowed,
    /// So many times.
    pub count: Option<u32>,
    /// From this time on (ISO 8601).
    pub start: Option<String>,
    /// Up to this time (ISO 8601).
    pub end: Option<String>,
    /// So long from the first use (ISO 8601, such as `P7D`).
    pub interval: Option<String>,
}

/// What DRM rights can allow.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// To play sound or video.
    Play,
    /// To show an image.
    Display,
    /// To run a program.
    Execute,
    /// To print.
    Print,
}

/// A document of any type.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Document {
    /// The document: si, sl, co, emn, o-ex:rights, wap-provisioningdoc or CHARACTERISTIC-LIST.
    pub xml: String,
}

/// A push of any content.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Push {
    /// The content type, with parameters if there are any.
    #[schema(example = "application/vnd.syncml.notification")]
    pub content_type: String,
    /// The content.
    pub data: Octets,
    /// The application on the handset: a number, or a name such as `x-wap-application:mms.ua`.
    pub application_id: Option<String>,
    /// Where on the handset; 2948 unless given.
    pub port: Option<u16>,
}

/// A ring tone; one of both.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ringtone {
    /// As RTTTL.
    #[schema(example = "Scale:d=8,o=5,b=125:c,d,e,f,g,a,b,4c6")]
    pub rtttl: Option<String>,
    /// In the binary form of Smart Messaging.
    pub data: Option<Octets>,
}

/// An operator logo.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperatorLogo {
    /// The network: country code and network code. A handset in another network shows its own logo.
    #[schema(example = "26201")]
    pub network: String,
    /// The image (PNG, JPEG, GIF, BMP, WebP), scaled to 72x14; without one, the logo that is there is taken away.
    pub image: Option<Octets>,
    /// White and black change places.
    pub invert: bool,
    /// Without the version octet: one segment instead of two.
    pub bare: bool,
}

/// An icon for a group of callers.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CliIcon {
    /// The image (PNG, JPEG, GIF, BMP, WebP), scaled to 72x14.
    pub image: Octets,
    /// White and black change places.
    pub invert: bool,
}

/// A picture message.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Picture {
    /// The image (PNG, JPEG, GIF, BMP, WebP), scaled to 72x28.
    pub image: Octets,
    /// The text below it.
    pub text: String,
    /// White and black change places.
    pub invert: bool,
}

/// EMS.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ems {
    /// What is shown and heard, in order.
    #[schema(min_items = 1)]
    pub items: Vec<EmsItem>,
}

/// A piece of an EMS message: text, or one of the others.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EmsItem {
    /// Text.
    pub text: Option<String>,
    /// The text is bold.
    pub bold: bool,
    /// The text is italic.
    pub italic: bool,
    /// The text is underlined.
    pub underlined: bool,
    /// The text is struck through.
    pub struck: bool,
    /// How large the text is.
    pub size: TextSize,
    /// Where the text stands.
    pub align: Align,
    /// A sound that handsets have: 0 chimes high, 1 chimes low, 2 ding, 3 tada, 4 notify, 5 drum, 6 claps, 7 fanfare, 8 chord high, 9 chord low.
    #[schema(maximum = 9)]
    pub sound: Option<u8>,
    /// A sound as RTTTL.
    pub rtttl: Option<String>,
    /// A sound as iMelody, at most 128 octets.
    pub imelody: Option<String>,
    /// An animation that handsets have, 0 to 15.
    #[schema(maximum = 15)]
    pub animation: Option<u8>,
    /// A picture (PNG, JPEG, GIF, BMP, WebP).
    pub image: Option<Octets>,
    /// How large the picture is made.
    pub picture_size: PictureSize,
    /// White and black of the picture change places.
    pub invert: bool,
}

/// How large text is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextSize {
    /// As usual.
    #[default]
    Normal,
    /// Larger.
    Large,
    /// Smaller.
    Small,
}

/// Where text stands.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// As the language has it.
    #[default]
    Language,
    /// On the left.
    Left,
    /// In the middle.
    Center,
    /// On the right.
    Right,
}

/// How large a picture is made.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PictureSize {
    /// 32x32.
    #[default]
    Large,
    /// 16x16.
    Small,
    /// Its own size, at most 96x64 (it is made smaller); the larger ones are several pictures side by side.
    Variable,
}

/// What is waiting.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitingType {
    /// Voice mail.
    #[default]
    Voice,
    /// Fax.
    Fax,
    /// E-mail.
    Email,
    /// Something else.
    Other,
}

/// Message waiting.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Voicemail {
    /// On shows the icon, off takes it away; on unless given.
    pub on: bool,
    /// How many are waiting, 1 to 255; 1 unless given.
    #[schema(minimum = 1)]
    pub count: Option<u8>,
    /// What is waiting.
    pub waiting: WaitingType,
    /// What is shown.
    pub text: String,
    /// The message is kept, and not only its icon; unless given, where its text is not in the GSM alphabet, because only kept ones may be.
    pub store: Option<bool>,
}

impl Default for Voicemail {
    fn default() -> Voicemail {
        Voicemail { on: true, count: None, waiting: WaitingType::Voice, text: String::new(), store: None }
    }
}

/// A text that is shown at once.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Flash {
    /// The text.
    pub text: String,
}

/// A text that replaces another.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Replace {
    /// The text.
    pub text: String,
    /// Which text of the same sender it replaces, 1 to 7.
    #[serde(rename = "type")]
    #[schema(minimum = 1, maximum = 7)]
    pub number: u8,
}

/// Octets.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Binary {
    /// The octets behind the user data header.
    pub data: Octets,
    /// User data header in hexadecimal, its length octet first (3GPP TS 23.040, 9.2.3.24).
    #[schema(example = "06050415811581")]
    pub udh: Option<String>,
    /// Port of the application on the handset that it is for, added to the header.
    pub dest_port: Option<u16>,
    /// Port that it comes from; 0 unless given. Goes with `dest_port`.
    pub source_port: Option<u16>,
    /// Protocol identifier (TP-PID), 0 unless given.
    pub pid: u8,
    /// Data coding (TP-DCS), 245 (F5) unless given.
    pub dcs: Option<u8>,
}
