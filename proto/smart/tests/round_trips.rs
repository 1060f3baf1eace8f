//! What is written is read again.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use waxwing_gsm::dcs::MessageClass;
use waxwing_smart::bitmap::Bitmap;
use waxwing_smart::ems::{Alignment, EmsItem, EmsMessage, EmsObject, FontSize, TextColors, TextFormat};
use waxwing_smart::multipart::{Multipart, MultipartItem};
use waxwing_smart::ringtone::{Duration, Instruction, Modifier, Note, Pattern, Pitch, Ringtone, Scale, Style, Tempo, Volume};
use waxwing_smart::text::{Handling, SpecialText};
use waxwing_smart::vobject::{VObject, VObjectKind};
use waxwing_smart::waiting::{WaitingIndication, WaitingKind, WaitingMethod, WaitingNotice};
use waxwing_smart::{Smart, Splitting};

fn instruction() -> impl Strategy<Value = Instruction> {
    let modifier = select(vec![Modifier::None, Modifier::Dotted, Modifier::DoubleDotted, Modifier::TwoThirds]);
    let note = (select(Pitch::ALL.to_vec()), select(Duration::ALL.to_vec()), modifier);
    prop_oneof![
        6 => note.prop_map(|(pitch, duration, modifier)| Instruction::Note(Note { pitch, duration, modifier })),
        1 => (4_u8..=7).prop_map(|octave| Instruction::Scale(Scale::from_octave(octave))),
        1 => select(vec![Style::Natural, Style::Continuous, Style::Staccato]).prop_map(Instruction::Style),
        1 => (25_u16..900).prop_map(|beats| Instruction::Tempo(Tempo::from_beats(beats))),
        1 => (0_u8..16).prop_map(|level| Instruction::Volume(Volume::new(level))),
    ]
}

fn tone() -> impl Strategy<Value = Ringtone> {
    let pattern = (0_u8..4, 0_u8..16, vec(instruction(), 0..60));
    let pattern = pattern.prop_map(|(id, repeat, instructions)| Pattern { id, repeat, instructions });
    ("[ -9;-~ä-ü你]{0,15}", vec(pattern, 0..4)).prop_map(|(name, patterns)| Ringtone { name, patterns })
}

/// The notes of a tone with all that was set before them, as far as it can be heard. A volume that was never set is the phone's.
fn heard(tone: &Ringtone) -> Vec<(Note, Scale, Style, Tempo, Volume)> {
    let (mut scale, mut style, mut tempo, mut volume) = Default::default();
    let mut heard = Vec::new();
    for instruction in tone.instructions() {
        match instruction {
            Instruction::Note(note) if note.pitch == Pitch::Pause => heard.push((note, Scale::A440, Style::Natural, tempo, Volume::new(0))),
            Instruction::Note(note) => heard.push((note, scale, style, tempo, volume)),
            Instruction::Scale(new) => scale = new,
            Instruction::Style(new) => style = new,
            Instruction::Tempo(new) => tempo = new,
            Instruction::Volume(new) => volume = new,
        }
    }
    heard
}

fn bitmap(width: u16, height: u16) -> impl Strategy<Value = Bitmap> {
    let octets = (usize::from(width) * usize::from(height)).div_ceil(8);
    vec(any::<u8>(), octets).prop_map(move |octets| Bitmap::from_octets(width, height, &octets).unwrap())
}

fn any_bitmap() -> impl Strategy<Value = Bitmap> {
    (0_u16..90, 0_u16..40).prop_flat_map(|(width, height)| bitmap(width, height))
}

fn object() -> impl Strategy<Value = EmsObject> {
    let variable = (1_u16..8, 1_u16..16).prop_flat_map(|(columns, height)| bitmap(columns * 8, height));
    prop_oneof![
        any::<u8>().prop_map(EmsObject::PredefinedSound),
        vec(any::<u8>(), 0..=128).prop_map(EmsObject::Sound),
        any::<u8>().prop_map(EmsObject::PredefinedAnimation),
        vec(bitmap(16, 16), 4).prop_map(EmsObject::LargeAnimation),
        vec(bitmap(8, 8), 4).prop_map(EmsObject::SmallAnimation),
        bitmap(32, 32).prop_map(EmsObject::LargePicture),
        bitmap(16, 16).prop_map(EmsObject::SmallPicture),
        variable.prop_map(EmsObject::VariablePicture),
    ]
}

fn format() -> impl Strategy<Value = TextFormat> {
    let alignment = select(vec![Alignment::Left, Alignment::Center, Alignment::Right, Alignment::Language]);
    let size = select(vec![FontSize::Normal, FontSize::Large, FontSize::Small, FontSize::Reserved]);
    let colors = option::of((0_u8..16, 0_u8..16).prop_map(|(foreground, background)| TextColors { foreground, background }));
    (alignment, size, any::<[bool; 4]>(), colors).prop_map(|(alignment, size, [bold, italic, underlined, struck], colors)| TextFormat {
        alignment,
        size,
        bold,
        italic,
        underlined,
        struck,
        colors,
    })
}

fn item(text: &'static str) -> impl Strategy<Value = EmsItem> {
    prop_oneof![
        (text, option::of(format())).prop_map(|(text, format)| EmsItem::Text { text, format }),
        object().prop_map(EmsItem::Object),
        vec(object(), 2..5).prop_map(EmsItem::Group),
    ]
}

/// Texts of one format next to each other are one text, and empty ones none.
fn joined(items: Vec<EmsItem>) -> Vec<EmsItem> {
    let mut joined: Vec<EmsItem> = Vec::new();
    for item in items {
        match (joined.last_mut(), item) {
            (_, EmsItem::Text { text, .. }) if text.is_empty() => {}
            (Some(EmsItem::Text { text, format }), EmsItem::Text { text: more, format: same }) if *format == same => text.push_str(&more),
            (_, item) => joined.push(item),
        }
    }
    joined
}

fn has_elements(items: &[EmsItem]) -> bool {
    items.iter().any(|item| !matches!(item, EmsItem::Text { format: None, .. }))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tones_are_read_again(tone in tone()) {
        prop_assert_eq!(&Ringtone::from_binary(&tone.to_binary().unwrap()).unwrap(), &tone);
        let heard_before = heard(&tone);
        if !heard_before.is_empty() {
            prop_assert_eq!(heard(&Ringtone::from_rtttl(&tone.to_rtttl()).unwrap()), heard_before);
        }
        let parts = tone.encode(Splitting::default()).unwrap();
        prop_assert_eq!(Smart::decode(&parts), Ok(Some(Smart::Ringtone(tone))));
    }

    #[test]
    fn pictures_are_read_again(bitmap in any_bitmap(), text in "[ -~ä-ü你😀]{0,30}", other in vec(any::<u8>(), 0..20)) {
        let mut message = Multipart::picture(bitmap, &text);
        message.items.push(MultipartItem::Other { kind: 77, content: other });
        let parts = message.encode(Splitting::default()).unwrap();
        prop_assert_eq!(Smart::decode(&parts), Ok(Some(Smart::Multipart(message))));
    }

    #[test]
    fn ems_is_read_again(items in prop_oneof![vec(item("[ -~{}€]{0,200}"), 1..8), vec(item("[ -~你-好😀]{0,90}"), 1..8)]) {
        prop_assume!(has_elements(&joined(items.clone())));
        let message = EmsMessage { items: items.clone() };
        let parts = message.encode(Splitting { reference: 1, max_segments: 255 }).unwrap();
        for part in &parts {
            let header = part.header.octets();
            let room = match part.data_coding.0 {
                0 => (160 - waxwing_gsm::alphabet::pack::header_septets(header)).checked_sub(part.payload.len()),
                _ => (140 - header).checked_sub(part.payload.len()),
            };
            prop_assert!(room.is_some());
        }
        prop_assert_eq!(EmsMessage::decode(&parts).unwrap().items, joined(items));
    }

    #[test]
    fn notices_are_read_again(
        indications in vec((0_u8..32, 1_u8..=255, any::<bool>()), 1..4),
        text in "[ -~你]{0,200}",
        header in any::<bool>(),
        return_call in any::<bool>(),
    ) {
        let kinds = [WaitingKind::Voicemail, WaitingKind::Fax, WaitingKind::Email, WaitingKind::Other, WaitingKind::Video];
        let indications = indications.into_iter().map(|(kind, count, store)| {
            let kind = kinds.get(usize::from(kind)).copied().unwrap_or(WaitingKind::Reserved(31));
            WaitingIndication { kind, count, store }
        });
        let method = if header { WaitingMethod::Header } else { WaitingMethod::Both };
        let notice = WaitingNotice { indications: indications.collect(), method, text, return_call };
        match notice.encode(Splitting::default()) {
            Ok(parts) => prop_assert_eq!(Smart::decode(&parts), Ok(Some(Smart::Waiting(notice)))),
            // A data coding scheme tells four kinds, and text in UCS-2 of stored notices only.
            Err(_) => prop_assert!(!header),
        }
    }

    #[test]
    fn texts_and_cards_are_read_again(text in "[ -~你😀\r\n]{0,300}", number in 1_u8..8) {
        let special = SpecialText { text: text.clone(), class: Some(MessageClass::Sim), handling: Handling::Replace(number) };
        let parts = special.encode(Splitting::default()).unwrap();
        prop_assert_eq!(Smart::decode(&parts), Ok(Some(Smart::Text(special))));
        let object = VObject { kind: VObjectKind::Calendar, text };
        let parts = object.encode(Splitting::default()).unwrap();
        prop_assert_eq!(Smart::decode(&parts), Ok(Some(Smart::VObject(object))));
    }
}
