//! gammu, which wrote these formats for the phones of the time, has to write what we write and read. Skipped where it is not installed.
//!
//! It names no sender's port, repeats ring tones five times, and writes logos without a version. In EMS its text formats tell the place
//! behind the text, and GSM 7-bit text is packed with wrong fill bits; those are left to tshark.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use waxwing_gsm::dcs::MessageClass;
use waxwing_proto_testing::octets;
use waxwing_smart::bitmap::Bitmap;
use waxwing_smart::ems::{EmsItem, EmsMessage, EmsObject};
use waxwing_smart::logo::{CliIcon, Form, NetworkCode, OperatorLogo};
use waxwing_smart::multipart::{Multipart, MultipartItem};
use waxwing_smart::ringtone::Ringtone;
use waxwing_smart::text::{Handling, SpecialText};
use waxwing_smart::waiting::{WaitingIndication, WaitingKind, WaitingMethod};
use waxwing_smart::{Smart, Splitting, UserData};

/// How often gammu has a tone repeated.
const GAMMU_REPEATS: u8 = 5;

struct Gammu {
    directory: tempfile::TempDir,
}

impl Gammu {
    /// `None` where it is not installed, which is said past the test runner's capture.
    fn find(test: &str) -> Option<Self> {
        if Command::new("gammu").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: gammu is not installed");
            return None;
        }
        let gammu = Self { directory: tempfile::tempdir().unwrap() };
        let phone = gammu.path("phone");
        std::fs::create_dir(&phone).unwrap();
        gammu.file("config", format!("[gammu]\nmodel=dummy\nconnection=none\nport={}\n", phone.display()).as_bytes());
        Some(gammu)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A picture in the format of Nokia's logo manager: kind 0 for logos, 3 for picture messages.
    fn picture(&self, kind: u8, bitmap: &Bitmap) -> PathBuf {
        let (width, height) = (bitmap.width() as u8, bitmap.height() as u8);
        self.file("picture.nlm", &[b"NLM \x01", &[kind, 0, width, height, 1][..], &bitmap.to_octets()].concat())
    }

    /// The messages that gammu makes.
    fn messages(&self, kind: &str, arguments: &[&str]) -> Vec<UserData> {
        let config = self.path("config");
        let output = Command::new("gammu").arg("-c").arg(config).args(["displaysms", kind, "123"]).args(arguments).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let pdus = output
            .lines()
            .filter_map(|line| line.strip_prefix("Whole PDU").map(|pdu| common::of_submit(&octets(&pdu[pdu.find(':').unwrap()..]))));
        let messages: Vec<_> = pdus.collect();
        assert!(!messages.is_empty(), "gammu {kind} {arguments:?}: {output}");
        messages
    }
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn content(parts: &[UserData]) -> Vec<u8> {
    parts.iter().flat_map(|part| part.payload.to_vec()).collect()
}

fn drawing(width: u16, height: u16) -> Bitmap {
    let mut bitmap = Bitmap::new(width, height).unwrap();
    let mut random = fastrand::Rng::with_seed(u64::from(height));
    (0..height).for_each(|y| (0..width).for_each(|x| bitmap.set(x, y, random.bool())));
    bitmap
}

#[test]
fn ring_tones_are_the_same() {
    let Some(gammu) = Gammu::find("ring_tones_are_the_same") else { return };
    for text in [
        "Tune:d=4,o=5,b=112:8e6,c.,p,2f#,16a#7,32h4,1d",
        "Scale:d=8,o=4,b=63:c,c#,d,d#,e,f,f#,g,g#,a,a#,b,c5,c6,c7",
        "Style:d=4,o=6,b=900,s=S:c,s=N,d,s=C,e,p,16.f7",
        "Name of fifteen:d=1,o=7,b=25:c,p,p,c",
        "A:d=16,o=5,b=160:c,p.,d,p.,e.,8p,c6,c6,c6,2p,b,a,g,f,e,d,c",
    ] {
        let file = gammu.file("tone.rttl", format!("{text}\n").as_bytes());
        let messages = gammu.messages("RINGTONE", &[name(&file)]);
        let mut tone = Ringtone::from_rtttl(text).unwrap();
        tone.patterns[0].repeat = GAMMU_REPEATS;
        assert_eq!(Smart::decode(&messages), Ok(Some(Smart::Ringtone(tone.clone()))), "{text}");
        assert_eq!(tone.to_binary().unwrap(), content(&messages), "{text}");
        assert_eq!(tone.encode(Splitting::default()).unwrap()[0].data_coding, messages[0].data_coding);
    }
}

#[test]
fn logos_and_icons_are_the_same() {
    let Some(gammu) = Gammu::find("logos_and_icons_are_the_same") else { return };
    let bitmap = drawing(72, 14);
    let file = gammu.picture(0, &bitmap);
    // gammu has the network code with a space.
    let messages = gammu.messages("OPERATOR", &[name(&file), "-netcode", "460 03"]);
    let Ok(Some(Smart::OperatorLogo(logo))) = Smart::decode(&messages) else { panic!("{messages:?}") };
    assert_eq!(logo, OperatorLogo { network: NetworkCode::parse("46003").unwrap(), logo: Some(bitmap.clone()), form: Form::Bare });
    assert_eq!(logo.to_octets().unwrap(), content(&messages));

    let messages = gammu.messages("CALLER", &[name(&file)]);
    let icon = CliIcon { icon: bitmap, form: Form::Bare };
    assert_eq!(icon.to_octets().unwrap(), content(&messages));
    assert_eq!(Smart::decode(&messages), Ok(Some(Smart::CliIcon(icon))));
}

#[test]
fn picture_messages_and_profiles_are_the_same() {
    let Some(gammu) = Gammu::find("picture_messages_and_profiles_are_the_same") else { return };
    let bitmap = drawing(72, 28);
    let file = gammu.picture(3, &bitmap);
    for (text, options) in [("Hello", &[][..]), ("Hello", &["-unicode"])] {
        let messages = gammu.messages("PICTURE", &[&[name(&file), "-text", text][..], options].concat());
        let mut message = Multipart::picture(bitmap.clone(), text);
        if !options.is_empty() {
            message.items[1] = MultipartItem::Unicode(text.to_owned());
        }
        assert_eq!(Smart::decode(&messages), Ok(Some(Smart::Multipart(message.clone()))));
        assert_eq!(message.to_octets().unwrap(), content(&messages));
        assert_eq!(message.encode(Splitting::default()).unwrap().len(), messages.len());
    }

    let tone = "Tune:d=4,o=5,b=112:8e6,c";
    let tone_file = gammu.file("tone.rttl", format!("{tone}\n").as_bytes());
    let messages = gammu.messages("PROFILE", &["-name", "Mine", "-bitmap", name(&file), "-ringtone", name(&tone_file)]);
    let mut tone = Ringtone::from_rtttl(tone).unwrap();
    tone.patterns[0].repeat = GAMMU_REPEATS;
    let items = vec![MultipartItem::ProfileName("Mine".into()), MultipartItem::Ringtone(tone), MultipartItem::ScreenSaver(bitmap)];
    let profile = Multipart { items };
    assert_eq!(Smart::decode(&messages), Ok(Some(Smart::Multipart(profile.clone()))));
    assert_eq!(profile.to_octets().unwrap(), content(&messages));
}

#[test]
fn ems_objects_are_the_same() {
    let Some(gammu) = Gammu::find("ems_objects_are_the_same") else { return };
    let check = |arguments: &[&str], items: Vec<EmsItem>| {
        let messages = gammu.messages("EMS", arguments);
        let ours = EmsMessage { items }.encode(Splitting::default()).unwrap();
        assert_eq!(EmsMessage::decode(&messages), EmsMessage::decode(&ours), "{arguments:?}");
        assert_eq!((ours.len(), ours[0].octets()), (messages.len(), messages[0].octets()), "{arguments:?}");
    };
    let object = EmsItem::Object;
    check(
        &["-unicode", "-text", "Hello", "-defsound", "3", "-text", "Привет", "-defanimation", "4", "-text", "!"],
        vec![
            EmsItem::text("Hello"),
            object(EmsObject::PredefinedSound(3)),
            EmsItem::text("Привет"),
            object(EmsObject::PredefinedAnimation(4)),
            EmsItem::text("!"),
        ],
    );
    let text = "Tune:d=4,o=5,b=112:8e6,c.,p,2f#,16a#7,32b4";
    let tone = gammu.file("tone.rttl", format!("{text}\n").as_bytes());
    let sound = EmsObject::Sound(Ringtone::from_rtttl(text).unwrap().to_imelody().into_bytes());
    check(&["-unicode", "-text", "да", "-tone12", name(&tone)], vec![EmsItem::text("да"), object(sound)]);
    let logo = drawing(72, 14);
    let file = gammu.picture(0, &logo);
    let picture = EmsItem::picture(&logo).unwrap();
    check(&["-unicode", "-text", "да", "-variablebitmap", name(&file)], vec![EmsItem::text("да"), picture]);
}

#[test]
fn notices_and_special_texts_are_the_same() {
    let Some(gammu) = Gammu::find("notices_and_special_texts_are_the_same") else { return };
    for (option, kind, count) in [
        ("-enablevoice", WaitingKind::Voicemail, 1),
        ("-disablevoice", WaitingKind::Voicemail, 0),
        ("-enablefax", WaitingKind::Fax, 1),
        ("-disablefax", WaitingKind::Fax, 0),
        ("-enableemail", WaitingKind::Email, 1),
        ("-disableemail", WaitingKind::Email, 0),
    ] {
        let messages = gammu.messages("TEXT", &[option, "-text", "Hi"]);
        // gammu writes a space of its own in place of the text.
        let Ok(Some(Smart::Waiting(notice))) = Smart::decode(&messages) else { panic!("{messages:?}") };
        let indications = vec![WaitingIndication { kind, count, store: false }];
        assert_eq!((&notice.indications, notice.method), (&indications, WaitingMethod::Header), "{option}");
        assert_eq!(notice.encode(Splitting::default()).unwrap(), messages, "{option}");
    }
    let replaced = gammu.messages("TEXT", &["-replacemessages", "3", "-text", "Hi"]);
    let special = SpecialText { text: "Hi".into(), class: None, handling: Handling::Replace(3) };
    assert_eq!(special.encode(Splitting::default()).unwrap(), replaced);
    let flash = gammu.messages("TEXT", &["-flash", "-text", "Hi"]);
    let special = SpecialText { text: "Hi".into(), class: Some(MessageClass::Flash), handling: Handling::Plain };
    assert_eq!(Smart::decode(&flash), Ok(Some(Smart::Text(special))));
}
