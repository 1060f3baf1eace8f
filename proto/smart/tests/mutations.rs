//! Broken input, cut short or changed at random, never panics, and what is read of it is written and read again.
#![allow(clippy::unwrap_used)]

use waxwing_gsm::dcs::{DataCoding, MessageClass};
use waxwing_proto_testing::Damaged;
use waxwing_smart::bitmap::Bitmap;
use waxwing_smart::describe::describe;
use waxwing_smart::ems::{EmsItem, EmsMessage, EmsObject, TextFormat};
use waxwing_smart::logo::{CliIcon, Form, NetworkCode, OperatorLogo};
use waxwing_smart::multipart::{Multipart, MultipartItem};
use waxwing_smart::ringtone::Ringtone;
use waxwing_smart::sckl::Sckl;
use waxwing_smart::text::{Handling, SpecialText};
use waxwing_smart::vobject::{VObject, VObjectKind};
use waxwing_smart::waiting::{WaitingIndication, WaitingKind, WaitingMethod, WaitingNotice};
use waxwing_smart::{EncodeError, Smart, Splitting, UserData};

const RTTTL: &str = "Tune:d=4,o=5,b=112,s=S,l=3,v=9:8e6,c.,p,2f#,16a#7,b=90,32h4,s=N,1d;";

fn encoded(smart: &Smart) -> Result<Vec<UserData>, EncodeError> {
    let splitting = Splitting::default();
    match smart {
        Smart::Ringtone(tone) => tone.encode(splitting),
        Smart::OperatorLogo(logo) => logo.encode(splitting),
        Smart::CliIcon(icon) => icon.encode(splitting),
        Smart::Multipart(message) => message.encode(splitting),
        Smart::VObject(object) => object.encode(splitting),
        Smart::Ems(message) => message.encode(splitting),
        Smart::Waiting(notice) => notice.encode(splitting),
        Smart::Text(text) => text.encode(splitting),
    }
}

fn samples() -> Vec<Smart> {
    let tone = Ringtone::from_rtttl(RTTTL).unwrap();
    let picture = Bitmap::from_octets(24, 8, &[0x5a; 24]).unwrap();
    let profile = vec![
        MultipartItem::ProfileName("Mine".into()),
        MultipartItem::Ringtone(tone.clone()),
        MultipartItem::ScreenSaver(picture.clone()),
        MultipartItem::Unicode("你好".into()),
    ];
    let items = vec![
        EmsItem::text("Hello "),
        EmsItem::Text { text: "bold {€}".into(), format: Some(TextFormat { bold: true, ..TextFormat::default() }) },
        EmsItem::Object(EmsObject::PredefinedSound(3)),
        EmsItem::Object(EmsObject::SmallAnimation(vec![Bitmap::from_octets(8, 8, &[0x0f; 8]).unwrap(); 4])),
        EmsItem::Group(vec![EmsObject::VariablePicture(picture.clone()), EmsObject::VariablePicture(picture.clone())]),
        EmsItem::text("end"),
    ];
    let indications = vec![WaitingIndication { kind: WaitingKind::Email, count: 3, store: true }];
    vec![
        Smart::Ringtone(tone),
        Smart::OperatorLogo(OperatorLogo {
            network: NetworkCode::parse("46003").unwrap(),
            logo: Some(picture.clone()),
            form: Form::Versioned,
        }),
        Smart::CliIcon(CliIcon { icon: picture.clone(), form: Form::Bare }),
        Smart::Multipart(Multipart::picture(picture, "Grüße")),
        Smart::Multipart(Multipart { items: profile }),
        Smart::VObject(VObject { kind: VObjectKind::Card, text: "BEGIN:VCARD\r\nN:Müller\r\nEND:VCARD\r\n".into() }),
        Smart::Ems(EmsMessage { items }),
        Smart::Waiting(WaitingNotice { indications, method: WaitingMethod::Both, text: "Mail €".into(), return_call: true }),
        Smart::Text(SpecialText { text: "Flash [1]".into(), class: Some(MessageClass::Flash), handling: Handling::Replace(2) }),
    ]
}

/// User data with its codings, as it is met.
fn golden() -> Vec<(Vec<u8>, DataCoding, u8)> {
    let mut golden = Vec::new();
    for smart in samples() {
        let parts = encoded(&smart).unwrap();
        assert_eq!((parts.len(), Smart::decode(&parts)), (1, Ok(Some(smart))));
        golden.extend(parts.iter().map(|part| (part.octets(), part.data_coding, part.protocol_id)));
    }
    let text = b"//SCKL15811581A50101 024A3A5151D5B994040A18A646956248A4820B9166E0839400";
    golden.push((text.to_vec(), DataCoding::GSM7, 0));
    golden
}

/// What user data turned out to be: smart, broken, or neither.
#[derive(Default)]
struct Found {
    smart: usize,
    broken: usize,
    neither: usize,
}

fn read(octets: &[u8], data_coding: DataCoding, protocol_id: u8, found: &mut Found) {
    for udhi in [true, false] {
        let part = UserData::parse(octets, udhi, data_coding, protocol_id);
        let parts = [part];
        if let Some(description) = describe(&parts) {
            assert!(!description.to_string().is_empty() && description.to_json().starts_with('{'));
        }
        match Smart::decode(&parts) {
            Err(error) => {
                assert!(!error.to_string().is_empty());
                found.broken += 1;
            }
            Ok(None) => found.neither += 1,
            // Not every message of others' can be written, such as an animation of one frame, or is written as it came.
            Ok(Some(smart)) => match encoded(&smart) {
                Err(error) => assert!(!error.to_string().is_empty()),
                Ok(_) if matches!(smart, Smart::Ems(_)) => {}
                Ok(again) => {
                    assert_eq!(Smart::decode(&again), Ok(Some(smart)), "{octets:02x?} {data_coding}");
                    found.smart += 1;
                }
            },
        }
    }
    let text = String::from_utf8_lossy(octets);
    let _ = (Sckl::parse(&text), Ringtone::from_rtttl(&text).map(|tone| tone.to_rtttl()));
}

#[test]
fn every_truncation_is_read() {
    let mut found = Found::default();
    for (octets, data_coding, protocol_id) in golden() {
        for end in 0..=octets.len() {
            read(&octets[..end], data_coding, protocol_id, &mut found);
        }
    }
    assert!(found.smart > 50 && found.broken > 50 && found.neither > 50);
}

#[test]
fn a_hundred_thousand_mutations_are_read() {
    let golden = golden();
    let mut random = fastrand::Rng::with_seed(7);
    let mut found = Found::default();
    let per_sample = 100_000 / golden.len() + 1;
    for (seed, (octets, data_coding, protocol_id)) in (0..).zip(golden) {
        for damaged in Damaged::new([octets], seed).take(per_sample) {
            let other = random.u8(0..10) == 0;
            let (coding, protocol_id) = if other { (DataCoding(random.u8(..)), random.u8(..)) } else { (data_coding, protocol_id) };
            read(&damaged, coding, protocol_id, &mut found);
        }
    }
    assert!(found.smart > 10_000 && found.broken > 10_000 && found.neither > 10_000);
}

#[test]
fn damaged_rtttl_is_read_or_told() {
    for damaged in Damaged::new([RTTTL.as_bytes().to_vec()], 3).take(20_000) {
        let text = String::from_utf8_lossy(&damaged);
        match Ringtone::from_rtttl(&text) {
            Ok(tone) => assert!(Ringtone::from_rtttl(&tone.to_rtttl()).is_ok(), "{text}\n{}", tone.to_rtttl()),
            Err(error) => assert!(error.position <= text.chars().count(), "{text}: {error}"),
        }
    }
}
