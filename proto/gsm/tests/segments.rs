//! Any text, split under any policy, comes back whole from its segments, and no segment is too long.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use waxwing_gsm::Decoded;
use waxwing_gsm::alphabet::pack;
use waxwing_gsm::charset::Charset;
use waxwing_gsm::reassembly::{Inserted, Part, Reassembler, ReassemblyLimits};
use waxwing_gsm::segment::{
    Concat, Limits, National, Segment, SegmentError, TextCoding, TextPolicy, count_segments, segment, segment_octets,
};
use waxwing_gsm::udh::{Element, UserDataHeader};

/// Texts of one script mostly, for mixed ones all end up in UCS-2.
fn text() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        "[ -~]{0,600}",
        "[a-z€\\[\\]{}^~|]{0,600}",
        "[ğşıİçĞŞöü a-z]{0,300}",
        "[\u{900}-\u{97f} ]{0,300}",
        "[а-яА-Я ]{0,300}",
        "[א-ת ]{0,300}",
        "[一-龥a-z]{0,300}",
        "[가-힣a-z]{0,300}",
        "[あ-んｱ-ﾝa-z¥‾]{0,300}",
        "[😀-😿a]{0,200}",
        "[“”‘’–—…é\u{a0}a-z]{0,300}",
        "[\u{0}-\u{ff}]{0,300}",
        any::<String>(),
    ];
    // Byte order marks are dropped by decoders, which is tested elsewhere.
    let plain = |text: String| text.replace(['\u{feff}', '\u{fffe}'], "?");
    let one = one.boxed();
    prop_oneof![4 => one.clone(), 1 => vec(one, 0..4).prop_map(|texts| texts.concat())].prop_map(plain)
}

fn limits() -> impl Strategy<Value = Limits> {
    (select(vec![140_u8, 140, 120, 64, 30]), select(vec![Concat::Udh8, Concat::Udh16, Concat::External]), any::<u8>())
        .prop_map(|(capacity_octets, concat, max_segments)| Limits { capacity_octets, concat, max_segments })
}

fn policy() -> impl Strategy<Value = TextPolicy> {
    let charsets = prop_oneof![
        Just(vec![Charset::Gsm7, Charset::Ucs2]),
        Just(vec![Charset::Gsm7Packed, Charset::Ucs2]),
        subsequence(Charset::ALL.to_vec(), 1..=Charset::ALL.len()).prop_shuffle(),
    ];
    let national = select(vec![National::None, National::Single, National::Both]);
    (charsets, national, any::<(bool, bool)>(), limits()).prop_map(|(charsets, national, (transliterate, transcoded), limits)| TextPolicy {
        charsets,
        national,
        languages: Vec::new(),
        transcoded,
        transliterate,
        limits,
    })
}

/// The septets or octets of a segment, each septet in an octet.
fn plain(segment: &Segment) -> Vec<u8> {
    match segment.coding.charset {
        Charset::Gsm7Packed => pack::unpack(&segment.payload, segment.units, pack::fill_bits(segment.udh.len())),
        _ => segment.payload.to_vec(),
    }
}

/// The text of joined payloads, each septet in an octet.
fn decode(coding: TextCoding, octets: &[u8]) -> Decoded {
    let charset = if coding.charset.is_septets() { Charset::Gsm7 } else { coding.charset };
    TextCoding { charset, ..coding }.decode(octets)
}

/// What a segment takes on the radio side: the GSM alphabet is packed there.
fn packed_octets(segment: &Segment) -> usize {
    let header = segment.udh.len();
    if segment.coding.counts_septets() {
        header + pack::packed_octets(segment.units, pack::fill_bits(header))
    } else {
        header + segment.payload.len()
    }
}

fn header_of(segment: &Segment) -> UserDataHeader {
    if segment.udh.is_empty() { UserDataHeader::new() } else { UserDataHeader::parse(&segment.udh).unwrap().0 }
}

/// Sends segments through a reassembler in the order given by `keys`, and gives back what it joins.
fn rejoin(segments: &[Segment], keys: &[u16], concat: Concat) -> Vec<u8> {
    let mut order: Vec<usize> = (0..segments.len()).collect();
    order.sort_by_key(|at| keys[at % keys.len()].wrapping_mul(*at as u16 + 1));
    let mut joiner = Reassembler::new(ReassemblyLimits::default());
    let mut joined = None;
    for at in order {
        assert!(joined.is_none(), "whole before its last part");
        let segment = &segments[at];
        let (total, number) = match header_of(segment).concatenation() {
            Some(part) => (part.total, part.number),
            None => {
                assert!(segments.len() == 1 || concat == Concat::External);
                (segment.total, segment.number)
            }
        };
        let part = Part { reference: 1, total, number, payload: plain(segment).into(), token: at };
        match joiner.insert((), part, 0) {
            Inserted::Complete { parts } => joined = Some(parts.iter().flat_map(|part| part.payload.to_vec()).collect()),
            Inserted::Pending { evicted } => assert!(evicted.is_empty()),
            other => panic!("{other:?}"),
        }
    }
    joined.unwrap()
}

/// User data made by an independent implementation (python-gsmmodem), fill bits, escapes and all.
#[test]
fn packed_parts_are_those_of_another_implementation() {
    let text = "The {quick} brown fox jumps over the lazy dog; 0123456789 €. ".repeat(4);
    let policy = TextPolicy { charsets: vec![Charset::Gsm7Packed], ..TextPolicy::default() };
    let segments = segment(&text, &policy, 0).unwrap();
    let hex = |segment: &Segment| segment.user_data().iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    assert_eq!((segments[0].user_data_length(), segments[1].user_data_length()), (0xa0, 0x6e));
    assert_eq!(
        hex(&segments[0]),
        "050003000201a8e83268838ad7d3e3f5260512cbdf7737c8fcc683d4f5367c0e7adbcb72101d5d06b1c3fa3c88fc3eef40b0986c46abd96eb81c68537681\
         a8e83268838ad7d3e3f5260512cbdf7737c8fcc683d4f5367c0e7adbcb72101d5d06b1c3fa3c88fc3eef40b0986c46abd96eb81c68537681\
         a8e83268838ad7d3e3f5260512cbdf7737c8fcc683d4"
    );
    assert_eq!(
        hex(&segments[1]),
        "050003000202ea6df81cf4b697e5203aba0c6287f57910f97dde816031d98c56b3dd7039d0a6ec0251d165d00615afa7c7eb4d0a2496bfef6e90f98d07a9\
         eb6df81cf4b697e5203aba0c6287f57910f97dde816031d98c56b3dd7039d0a6ec0201"
    );
}

/// Splits a text, joins the segments again, and checks everything on the way.
fn check(text: &str, policy: &TextPolicy, keys: &[u16]) -> Result<(), TestCaseError> {
    let segments = match segment(text, policy, 0x1234) {
        Ok(segments) => segments,
        Err(SegmentError::TooManySegments { count, limit }) => {
            prop_assert!(count > usize::from(limit) && limit == policy.limits.max_segments);
            return Ok(());
        }
        Err(SegmentError::Unencodable(unencodable)) => {
            prop_assert_eq!(text.chars().nth(unencodable.index), Some(unencodable.char));
            prop_assert!(policy.transcoded || policy.charsets.iter().any(|charset| !charset.has(unencodable.char)));
            return Ok(());
        }
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let coding = segments[0].coding;
    let count = count_segments(text, policy).unwrap();
    prop_assert_eq!((count.segments, count.coding), (segments.len(), coding));
    prop_assert!(segments.len() <= usize::from(policy.limits.max_segments));
    for (number, segment) in (1..=u8::MAX).zip(&segments) {
        prop_assert_eq!((segment.number, usize::from(segment.total)), (number, segments.len()));
        prop_assert!(packed_octets(segment) <= usize::from(policy.limits.capacity_octets));
        prop_assert_eq!(header_of(segment).alphabet(), coding.alphabet);
        prop_assert!(!decode(coding, &plain(segment)).lossy, "a character is split: {:?}", segment);
    }
    let joined = decode(coding, &rejoin(&segments, keys, policy.limits.concat));
    prop_assert!(!joined.lossy);
    if count.transliterated {
        prop_assert!(policy.transliterate && joined.text != text);
    } else if coding.charset.is_septets() {
        prop_assert_eq!(joined.text, text);
    } else {
        prop_assert_eq!(coding.charset.encode(&joined.text), coding.charset.encode(text));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_comes_back_whole(text in text(), policy in policy(), keys in vec(any::<u16>(), 1..9)) {
        check(&text, &policy, &keys)?;
    }

    #[test]
    fn a_text_in_a_given_charset_comes_back_whole(
        text in text(), charset in select(Charset::ALL.to_vec()), policy in policy(), keys in vec(any::<u16>(), 1..9),
    ) {
        let text: String = text.chars().filter(|char| charset.has(*char)).collect();
        check(&text, &TextPolicy { charsets: vec![charset], ..policy }, &keys)?;
    }

    #[test]
    fn data_comes_back_whole(data in vec(any::<u8>(), 0..2000), limits in limits(), ports in any::<Option<(u16, u16)>>(), keys in vec(any::<u16>(), 1..9)) {
        let mut header = UserDataHeader::new();
        if let Some((destination, source)) = ports {
            header.push(Element::Ports16 { destination, source }).unwrap();
        }
        match segment_octets(&data, &header, limits, 7) {
            Ok(segments) => {
                for segment in &segments {
                    prop_assert!(packed_octets(segment) <= usize::from(limits.capacity_octets));
                    prop_assert_eq!(header_of(segment).ports(), header.ports());
                }
                prop_assert_eq!(rejoin(&segments, &keys, limits.concat), data);
            }
            Err(SegmentError::TooManySegments { count, limit }) => prop_assert!(count > usize::from(limit)),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }
}
