//! tshark, an independent dissector, has to read in our messages what we wrote. Skipped where it is not installed.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use waxwing_smart::bitmap::Bitmap;
use waxwing_smart::ems::{Alignment, EmsItem, EmsMessage, EmsObject, FontSize, TextFormat};
use waxwing_smart::ringtone::Ringtone;
use waxwing_smart::waiting::{WaitingIndication, WaitingKind, WaitingMethod, WaitingNotice};
use waxwing_smart::{Splitting, UserData};

/// What tshark says about messages, each a packet of its own; `None` where it is not installed, which is said past the test runner's
/// capture.
fn dissected(test: &str, parts: &[UserData], arguments: &[&str]) -> Option<String> {
    if Command::new("tshark").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: tshark is not installed");
        return None;
    }
    /// A link type that is left to users; tshark is told what it has.
    const USER0: u32 = 147;
    let mut pcap = 0xa1b2_c3d4_u32.to_be_bytes().to_vec();
    pcap.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    pcap.extend(USER0.to_be_bytes());
    for part in parts {
        let tpdu = common::deliver(part);
        let length = u32::try_from(tpdu.len()).unwrap().to_be_bytes();
        pcap.extend([&[0; 8][..], &length, &length, &tpdu].concat());
    }
    let mut tshark = Command::new("tshark")
        .args(["-r", "-", "-o", "uat:user_dlts:\"User 0 (DLT=147)\",\"gsm_sms\",\"0\",\"\",\"0\",\"\""])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    tshark.stdin.take().unwrap().write_all(&pcap).unwrap();
    let output = tshark.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn square(side: u16) -> Bitmap {
    Bitmap::from_octets(side, side, &[0b1100_0101; 128]).unwrap()
}

/// Everything that an EMS message can have, in several segments.
fn everything() -> Vec<UserData> {
    let format = TextFormat { alignment: Alignment::Center, size: FontSize::Large, bold: true, underlined: true, ..TextFormat::default() };
    let items = vec![
        EmsItem::text("plain "),
        EmsItem::Text { text: "formatted".into(), format: Some(format) },
        EmsItem::Object(EmsObject::PredefinedSound(3)),
        EmsItem::Object(EmsObject::PredefinedAnimation(4)),
        EmsItem::Object(EmsObject::Sound(Ringtone::from_rtttl("T:d=4,o=5,b=112:c").unwrap().to_imelody().into_bytes())),
        EmsItem::Object(EmsObject::LargeAnimation(vec![square(16); 4])),
        EmsItem::Object(EmsObject::SmallAnimation(vec![square(8); 4])),
        EmsItem::Group(vec![EmsObject::SmallPicture(square(16)), EmsObject::LargePicture(square(32))]),
        EmsItem::picture(&Bitmap::new(40, 7).unwrap()).unwrap(),
        EmsItem::text("the end"),
    ];
    EmsMessage { items }.encode(Splitting { reference: 77, max_segments: 9 }).unwrap()
}

#[test]
fn elements_are_read_where_they_stand() {
    let parts = everything();
    let Some(text) = dissected("elements_are_read_where_they_stand", &parts, &["-V"]) else { return };
    for line in [
        "Start position of the text formatting: 6",
        "Text formatting length: 9",
        "Alignment: Center (1)",
        "Font Size: Large (1)",
        "Style bold: On",
        "Style Italic: Off",
        "Style Underlined: On",
        "Style Strikethrough: Off",
        "Position: 15",
        "Sound number: 3",
        "Animation number: 4",
        "User Defined Sound: 424547494e3a494d454c4f4459",
        "Large Animation: c5c5c5",
        "Small Animation: c5c5c5",
        "Small Picture: c5c5c5",
        "Large Picture: c5c5c5",
        "plain formatted",
        "the end",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn nothing_is_malformed() {
    let mut parts = everything();
    let tone = Ringtone::from_rtttl(&format!("T::{}", "c,d,".repeat(60))).unwrap();
    parts.extend(tone.encode(Splitting { reference: 78, max_segments: 3 }).unwrap());
    let indications = vec![WaitingIndication { kind: WaitingKind::Fax, count: 5, store: true }];
    let notice = WaitingNotice { indications, method: WaitingMethod::Both, text: "Five faxes".into(), return_call: true };
    parts.extend(notice.encode(Splitting::default()).unwrap());
    let Some(found) = dissected("nothing_is_malformed", &parts, &["-Y", "_ws.malformed || _ws.expert.severity >= 4194304"]) else { return };
    assert_eq!(found, "");

    let identifiers = dissected("", &parts, &["-T", "fields", "-e", "gsm_sms.ie_identifier"]).unwrap();
    let expected: Vec<String> = parts
        .iter()
        .map(|part| part.header.elements().iter().map(|element| format!("0x{:02x}", element.identifier())).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(identifiers.lines().collect::<Vec<_>>(), expected);

    let last = dissected("", &parts[parts.len() - 1..], &["-V"]).unwrap();
    for line in ["Message waiting", "Store Message", "Five faxes", "Return Call Message"] {
        assert!(last.to_lowercase().contains(&line.to_lowercase()), "{line}\n{last}");
    }
}
