#![allow(clippy::unwrap_used)]

use super::*;
use crate::alphabet::{Alphabet, Language};

fn policy(charsets: &[Charset]) -> TextPolicy {
    TextPolicy { charsets: charsets.to_vec(), ..TextPolicy::default() }
}

fn lengths(segments: &[Segment]) -> Vec<usize> {
    segments.iter().map(|segment| segment.payload.len()).collect()
}

#[test]
fn the_sizes_of_the_field() {
    // charset, a character, how many fit one segment, how many fit a part
    let sizes = [
        (Charset::Gsm7, 'a', 160, 153),
        (Charset::Gsm7Packed, 'a', 160, 153),
        (Charset::Gsm7, '€', 80, 76),
        (Charset::Latin1, 'é', 140, 134),
        (Charset::Ucs2, 'я', 70, 67),
        (Charset::Ucs2, '😀', 35, 33),
        (Charset::Gbk, '中', 70, 67),
        (Charset::Gb18030, '😀', 35, 33),
        (Charset::Utf8, '中', 46, 44),
        (Charset::Iso2022Jp, '日', 67, 64),
    ];
    for (charset, char, single, part) in sizes {
        let policy = policy(&[charset]);
        let text = |count: usize| char.to_string().repeat(count);
        assert_eq!(segment(&text(single), &policy, 7).unwrap().len(), 1, "{charset}");
        let two = segment(&text(single + 1), &policy, 7).unwrap();
        assert_eq!(two.len(), 2, "{charset}");
        assert_eq!(two[0].udh.as_ref(), [0x05, 0x00, 0x03, 0x07, 0x02, 0x01]);
        assert_eq!(segment(&text(2 * part), &policy, 7).unwrap().len(), 2, "{charset}");
        assert_eq!(segment(&text(2 * part + 1), &policy, 7).unwrap().len(), 3, "{charset}");
        assert!(two.iter().all(|part| part.user_data().len() <= if charset == Charset::Gsm7 { 159 } else { 140 }));
    }
}

#[test]
fn wide_references_take_an_octet_more() {
    let mut policy = policy(&[Charset::Gsm7]);
    policy.limits.concat = Concat::Udh16;
    let segments = segment(&"a".repeat(305), &policy, 0x1234).unwrap();
    assert_eq!(lengths(&segments), [152, 152, 1]);
    assert_eq!(segments[2].udh.as_ref(), [0x06, 0x08, 0x04, 0x12, 0x34, 0x03, 0x03]);
}

#[test]
fn external_numbering_keeps_room_for_a_header() {
    let mut policy = policy(&[Charset::Gsm7]);
    policy.limits.concat = Concat::External;
    let segments = segment(&"a".repeat(161), &policy, 1).unwrap();
    assert_eq!(lengths(&segments), [153, 8]);
    assert!(segments.iter().all(|segment| segment.udh.is_empty()));
    assert_eq!((segments[1].number, segments[1].total), (2, 2));
}

#[test]
fn packed_parts_have_fill_bits() {
    let segments = segment(&"A".repeat(161), &policy(&[Charset::Gsm7Packed]), 0xcc).unwrap();
    assert_eq!(segments[0].payload.len(), 134);
    assert_eq!((segments[0].units, segments[0].user_data_length()), (153, 160));
    assert_eq!(segments[1].user_data()[..7], [0x05, 0x00, 0x03, 0xcc, 0x02, 0x02, 0x82]);
    assert_eq!((segments[1].units, segments[1].user_data_length()), (8, 15));
    assert_eq!(segment("hi", &policy(&[Charset::Ucs2]), 0).unwrap()[0].user_data_length(), 4);
}

#[test]
fn nothing_is_split_in_the_middle() {
    let split = |text: &str, charset| segment(text, &policy(&[charset]), 0).unwrap();
    // 152 septets, then an escape sequence that would straddle the cut.
    assert_eq!(lengths(&split(&format!("{}€{}", "a".repeat(152), "b".repeat(10)), Charset::Gsm7)), [152, 12]);
    assert_eq!(lengths(&split(&format!("{}😀{}", "я".repeat(66), "я".repeat(10)), Charset::Ucs2)), [132, 24]);
    assert_eq!(lengths(&split(&format!("{}中{}", "a".repeat(133), "b".repeat(10)), Charset::Gbk)), [133, 12]);
    for part in split(&"日a".repeat(60), Charset::Iso2022Jp) {
        assert!(!Charset::Iso2022Jp.decode(&part.payload).lossy);
    }
}

#[test]
fn the_fewest_segments_win_then_the_simplest_coding() {
    let coding = |text: &str, policy: &TextPolicy| segment(text, policy, 0).unwrap()[0].coding;
    let mut policy = TextPolicy::default();
    assert_eq!(coding("hello", &policy).charset, Charset::Gsm7);
    assert_eq!(coding("şimdi", &policy).charset, Charset::Ucs2);

    policy.national = National::Single;
    assert_eq!(coding("şimdi", &policy).charset, Charset::Ucs2, "both take one segment, and every phone reads UCS-2");
    let long = "şimdi geliyorum ".repeat(8);
    let turkish = Alphabet { locking: None, single: Some(Language::Turkish) };
    assert_eq!(coding(&long, &policy), TextCoding { alphabet: turkish, ..TextCoding::plain(Charset::Gsm7) });
    policy.languages = vec![Language::Spanish];
    assert_eq!(coding(&long, &policy).charset, Charset::Ucs2);

    let preference = TextPolicy { charsets: vec![Charset::Latin1, Charset::Gsm7], ..TextPolicy::default() };
    assert_eq!(coding("hello", &preference).charset, Charset::Latin1);
    assert_eq!(coding(&"a".repeat(150), &preference).charset, Charset::Gsm7);
}

#[test]
fn national_tables_are_announced_and_paid_for() {
    let hindi = "न".repeat(155);
    let policy = TextPolicy { national: National::Both, ..TextPolicy::default() };
    let segments = segment(&hindi, &policy, 0).unwrap();
    assert_eq!(segments.len(), 1);
    assert_eq!(segments[0].udh.as_ref(), [0x03, 0x25, 0x01, 0x06]);
    let segments = segment(&format!("{hindi}न"), &policy, 9).unwrap();
    assert_eq!(lengths(&segments), [149, 7]);
    assert_eq!(segments[0].udh.as_ref(), [0x08, 0x00, 0x03, 0x09, 0x02, 0x01, 0x25, 0x01, 0x06]);
    let digits = segment(&"न०".repeat(45), &policy, 0).unwrap();
    assert_eq!(digits[0].udh.as_ref(), [0x06, 0x24, 0x01, 0x06, 0x25, 0x01, 0x06]);
}

#[test]
fn stand_ins_are_used_where_they_save_a_segment() {
    let mut policy = TextPolicy { transliterate: true, ..TextPolicy::default() };
    assert_eq!(segment("it’s", &policy, 0).unwrap()[0].coding.charset, Charset::Ucs2);
    let long = format!("it’s {}", "a".repeat(100));
    let segments = segment(&long, &policy, 0).unwrap();
    assert_eq!(segments.len(), 1);
    assert_eq!(Charset::Gsm7.decode(&segments[0].payload).text, long.replace('’', "'"));
    policy.charsets = vec![Charset::Gsm7];
    assert_eq!(segment("it’s", &policy, 0).unwrap()[0].payload.as_ref(), b"it's");
    assert_eq!(segment("да", &policy, 0), Err(SegmentError::Unencodable(crate::Unencodable { char: 'д', index: 0 })));
}

#[test]
fn a_transcoding_message_centre_has_room_for_septets() {
    let policy = TextPolicy { charsets: vec![Charset::Latin1, Charset::Ucs2], transcoded: true, ..TextPolicy::default() };
    let one = segment(&"é".repeat(160), &policy, 0).unwrap();
    assert_eq!((one.len(), one[0].payload.as_ref(), one[0].units), (1, &[0xe9; 160][..], 160));
    assert_eq!(lengths(&segment(&"é".repeat(161), &policy, 0).unwrap()), [153, 8]);
    // One octet of Latin-1, but an escape and a septet on the radio side.
    assert_eq!(lengths(&segment(&"[".repeat(81), &policy, 0).unwrap()), [76, 5]);
    // In Latin-1 and not in the GSM alphabet.
    assert_eq!(segment("á", &policy, 0).unwrap()[0].coding, TextCoding::plain(Charset::Ucs2));
}

#[test]
fn errors_name_the_numbers() {
    let mut policy = TextPolicy::default();
    policy.limits.max_segments = 3;
    let error = segment(&"a".repeat(153 * 3 + 1), &policy, 0).unwrap_err();
    assert_eq!(error, SegmentError::TooManySegments { count: 4, limit: 3 });
    assert_eq!(error.to_string(), "the message takes 4 segments and 3 are allowed; shorten it or raise the limit");
    policy.limits.max_segments = 255;
    let error = segment(&"a".repeat(153 * 300), &policy, 0).unwrap_err();
    assert_eq!(error, SegmentError::TooManySegments { count: 300, limit: 255 });
    assert_eq!(segment("a", &self::policy(&[]), 0), Err(SegmentError::NoCharset));
    policy.limits.capacity_octets = 6;
    assert_eq!(segment("aaaaaaaaaa", &policy, 0), Err(SegmentError::NoRoom { header: 6, capacity: 6 }));
}

#[test]
fn a_message_can_have_255_parts() {
    let segments = segment(&"a".repeat(153 * 255), &TextPolicy::default(), 0).unwrap();
    assert_eq!(segments.len(), 255);
    assert_eq!(segments[254].udh.as_ref(), [0x05, 0x00, 0x03, 0x00, 0xff, 0xff]);
    assert_eq!(segment_octets(&[0; 134 * 255], &UserDataHeader::new(), Limits::default(), 0).unwrap().len(), 255);
}

#[test]
fn ports_stand_in_every_part() {
    let mut header = UserDataHeader::new();
    header.push(Element::Ports16 { destination: 2948, source: 9200 }).unwrap();
    let limits = Limits::default();

    let one = segment_octets(&[0xaa; 133], &header, limits, 1).unwrap();
    assert_eq!((one.len(), one[0].udh.as_ref()), (1, &[0x06, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0][..]));
    let many = segment_octets(&[0xaa; 257], &header, limits, 0xff01).unwrap();
    assert_eq!(lengths(&many), [128, 128, 1]);
    for (number, part) in (1..).zip(&many) {
        assert_eq!(part.udh.as_ref(), [0x0b, 0x00, 0x03, 0x01, 0x03, number, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0]);
        assert!(part.user_data().len() <= 140);
        assert_eq!(part.coding.charset, Charset::Octets);
    }
    let text = segment_with_header(&"я".repeat(70), &TextPolicy::default(), &header, 1).unwrap();
    assert_eq!(lengths(&text), [128, 12]);
    assert_eq!(lengths(&segment_octets(&[], &header, limits, 1).unwrap()), [0]);
}

#[test]
fn what_came_as_a_part_is_not_split_again() {
    let mut header = UserDataHeader::new();
    header.push(Element::Concat8 { reference: 1, total: 2, number: 1 }).unwrap();
    let limits = Limits::default();
    let kept = segment_octets(&[0xaa; 134], &header, limits, 9).unwrap();
    assert_eq!(kept[0].udh.as_ref(), [0x05, 0x00, 0x03, 0x01, 0x02, 0x01]);
    assert_eq!(segment_octets(&[0xaa; 135], &header, limits, 9), Err(SegmentError::AlreadyPart { count: 2 }));
}

#[test]
fn counting_agrees_with_splitting() {
    let policy = TextPolicy { transliterate: true, ..TextPolicy::default() };
    let count = count_segments(&"я".repeat(70), &policy).unwrap();
    assert_eq!((count.segments, count.units, count.units_per_segment, count.units_left), (1, 70, 70, 0));
    let count = count_segments(&"я".repeat(71), &policy).unwrap();
    assert_eq!((count.segments, count.units, count.units_per_segment, count.units_left), (2, 71, 67, 63));
    let count = count_segments("", &policy).unwrap();
    assert_eq!((count.segments, count.units, count.units_per_segment, count.units_left), (1, 0, 160, 160));
    let count = count_segments(&"’".repeat(80), &policy).unwrap();
    assert_eq!((count.segments, count.coding.charset, count.transliterated), (1, Charset::Gsm7, true));
}
