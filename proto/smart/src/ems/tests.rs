#![allow(clippy::unwrap_used)]

use super::*;
use waxwing_gsm::dcs::{Coding, DataCoding};

const BOLD: TextFormat = TextFormat {
    alignment: Alignment::Language,
    size: FontSize::Normal,
    bold: true,
    italic: false,
    underlined: false,
    struck: false,
    colors: None,
};

fn encoded(items: &[EmsItem]) -> Vec<UserData> {
    EmsMessage { items: items.to_vec() }.encode(Splitting { reference: 9, max_segments: 255 }).unwrap()
}

fn read(parts: &[UserData]) -> Vec<EmsItem> {
    EmsMessage::decode(parts).unwrap().items
}

fn square(side: u16) -> Bitmap {
    Bitmap::from_octets(side, side, &[0b1100_0101; 128]).unwrap()
}

fn formatted(text: &str, format: TextFormat) -> EmsItem {
    EmsItem::Text { text: text.to_owned(), format: Some(format) }
}

#[test]
fn elements_have_known_octets() {
    let items = [
        EmsItem::text("Hello "),
        formatted("bold", BOLD),
        EmsItem::Object(EmsObject::PredefinedSound(3)),
        EmsItem::text("!"),
        EmsItem::Object(EmsObject::PredefinedAnimation(1)),
    ];
    let parts = encoded(&items);
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].header.encode(), [0x0d, 0x0a, 3, 6, 4, 0x13, 0x0b, 2, 10, 3, 0x0d, 2, 11, 1]);
    assert_eq!((parts[0].text().as_str(), parts[0].data_coding), ("Hello bold!", DataCoding::GSM7));
    assert_eq!(read(&parts), items);
}

#[test]
fn every_object_is_read_back() {
    let variable = Bitmap::from_octets(24, 5, &[0b1010_0110; 15]).unwrap();
    let objects = [
        EmsObject::PredefinedSound(9),
        EmsObject::Sound(b"BEGIN:IMELODY\r\nEND:IMELODY\r\n".to_vec()),
        EmsObject::PredefinedAnimation(14),
        EmsObject::LargeAnimation(vec![square(16); 4]),
        EmsObject::SmallAnimation(vec![square(8); 4]),
        EmsObject::LargePicture(square(32)),
        EmsObject::SmallPicture(square(16)),
        EmsObject::VariablePicture(variable),
    ];
    for (index, object) in objects.iter().enumerate() {
        let items = [EmsItem::text("before"), EmsItem::Object(object.clone()), EmsItem::text("behind")];
        // The large ones leave room for few characters, so there are two segments.
        assert_eq!(read(&encoded(&items)), items, "{index}");
    }
    let all: Vec<_> = objects.iter().cloned().map(EmsItem::Object).collect();
    assert_eq!(read(&encoded(&all)), all);
    let group = [EmsItem::Group(objects.to_vec()), EmsItem::text("behind")];
    assert_eq!(read(&encoded(&group)), group);
}

#[test]
fn nothing_is_torn_and_segments_are_full() {
    let items = [
        formatted(&"a long and bold text ".repeat(15), BOLD),
        EmsItem::Object(EmsObject::LargePicture(square(32))),
        EmsItem::text("{€}".repeat(70)),
        EmsItem::Object(EmsObject::SmallPicture(square(16))),
        EmsItem::text("end"),
    ];
    let parts = encoded(&items);
    assert_eq!(read(&parts), items);
    for (number, part) in (1..).zip(&parts) {
        let concat = part.header.concatenation().unwrap();
        assert_eq!((concat.reference, usize::from(concat.total), concat.number), (9, parts.len(), number));
        let septets = waxwing_gsm::alphabet::pack::header_septets(part.header.octets()) + part.payload.len();
        assert!(septets <= 160, "{septets}");
        // An escape sequence is whole in its segment.
        assert_ne!(part.payload.last(), Some(&0x1b));
    }
    // 142 septets beside a header of 11 octets with the format, which is told again in the next.
    assert_eq!(parts[0].payload.len(), 160 - (11_usize * 8).div_ceil(7));
    assert_eq!(parts[1].header.encode()[6..9], [0x0a, 3, 0]);
}

#[test]
fn other_alphabets_are_ucs2() {
    let items = [formatted(&"你好😀".repeat(40), BOLD), EmsItem::Object(EmsObject::PredefinedSound(1)), EmsItem::text("再见")];
    let parts = encoded(&items);
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| part.data_coding.coding() == Coding::Ucs2 && part.octets().len() <= 140));
    // A pair of surrogates counts two.
    assert_eq!(parts[0].header.encode()[6..10], [0x0a, 3, 0, 64]);
    assert_eq!(read(&parts), items);
}

#[test]
fn large_pictures_become_groups() {
    let mut picture = Bitmap::new(100, 40).unwrap();
    (0..100).for_each(|x| picture.set(x, x % 40, true));
    let item = EmsItem::picture(&picture).unwrap();
    let EmsItem::Group(strips) = &item else { panic!("{item:?}") };
    assert_eq!(strips.len(), 5);
    for (index, strip) in (0_u16..).zip(strips) {
        let EmsObject::VariablePicture(strip) = strip else { panic!("{strip:?}") };
        assert_eq!((strip.width(), strip.height()), (if index == 4 { 8 } else { 24 }, 40));
        assert!((0..strip.width()).all(|x| (0..40).all(|y| strip.get(x, y) == picture.get(index * 24 + x, y))));
    }
    let parts = encoded(std::slice::from_ref(&item));
    assert_eq!(parts[0].header.encode()[6..9], [0x13, 1, 5]);
    assert_eq!(read(&parts), [item]);
    assert!(matches!(EmsItem::picture(&Bitmap::new(30, 32).unwrap()), Some(EmsItem::Object(EmsObject::VariablePicture(_)))));
    assert!(EmsItem::picture(&Bitmap::new(8, 129).unwrap()).is_none());
    assert!(EmsItem::picture(&Bitmap::new(0, 1).unwrap()).is_none());
}

#[test]
fn what_does_not_fit_an_element_is_refused() {
    let said = |object| EmsMessage { items: vec![EmsItem::Object(object)] }.encode(Splitting::default()).unwrap_err().to_string();
    assert_eq!(said(EmsObject::Sound(vec![0; 129])), "the sound takes 129 octets and may take 128; shorten it");
    assert_eq!(said(EmsObject::LargePicture(square(16))), "a large picture has 32x32 pixels, not 16x16; scale the picture to fit");
    assert_eq!(said(EmsObject::SmallAnimation(vec![square(8); 3])), "an animation has 4 frames, not 3; repeat or leave out some");
    assert!(said(EmsObject::VariablePicture(Bitmap::new(64, 17).unwrap())).contains("136 octets"));
    assert!(said(EmsObject::VariablePicture(Bitmap::new(0, 0).unwrap())).contains("at least 1x1"));
    let long = EmsMessage { items: vec![EmsItem::text("a".repeat(400))] };
    let error = long.encode(Splitting { reference: 0, max_segments: 2 }).unwrap_err();
    assert_eq!(error.to_string(), "the message takes 3 segments and 2 are allowed; shorten it or raise the limit");
}

#[test]
fn what_others_send_is_read() {
    // A format of length 0 holds for all that follows, in the next segment too, but where another is told.
    let part = |header: &[u8], text: &str| {
        let octets = [&[header.len() as u8], header, text.as_bytes()].concat();
        UserData::parse(&octets, true, DataCoding::GSM7, 0)
    };
    let italic = TextFormat { bold: false, italic: true, ..BOLD };
    let parts = [part(&[0x0a, 3, 2, 0, 0x13], "abcd"), part(&[0x0a, 3, 1, 1, 0x23], "efg")];
    assert_eq!(read(&parts), [EmsItem::text("ab"), formatted("cde", BOLD), formatted("f", italic), formatted("g", BOLD)]);
    // Positions beyond the text, elements too short, one frame of an animation, colours.
    let frame = [0x0f, 9, 200].into_iter().chain([0xff; 8]).collect::<Vec<_>>();
    assert_eq!(
        read(&[part(&[&[0x0b, 1, 0, 0x10, 2, 0, 0, 0x0a, 1, 0][..], &frame].concat(), "ab")]),
        [EmsItem::text("ab"), EmsItem::Object(EmsObject::SmallAnimation(vec![Bitmap::from_octets(8, 8, &[0xff; 8]).unwrap()]))]
    );
    let colors = Some(TextColors { foreground: 10, background: 2 });
    let colored = TextFormat { colors, ..BOLD };
    assert_eq!(read(&[part(&[0x0a, 4, 0, 2, 0x13, 0x2a], "ab")]), [formatted("ab", colored)]);
    assert_eq!(encoded(&[formatted("ab", colored)])[0].header.encode(), [6, 0x0a, 4, 0, 2, 0x13, 0x2a]);
    assert_eq!(EmsMessage::decode(&[UserData::default()]), None);
}
