//! What is encoded is decoded again: alphabets, packing, charsets, headers.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use waxwing_gsm::alphabet::{Alphabet, Language, pack};
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::{DataCoding, smpp};
use waxwing_gsm::udh::{Element, UserDataHeader};

fn alphabet() -> impl Strategy<Value = Alphabet> {
    let language = || option::of(select(Language::ALL.to_vec()));
    (language(), language()).prop_map(|(locking, single)| Alphabet { locking, single })
}

fn element() -> impl Strategy<Value = Element> {
    let other = (any::<u8>(), vec(any::<u8>(), 0..20)).prop_map(|(identifier, data)| Element::Other { identifier, data: data.into() });
    prop_oneof![
        any::<(u8, u8, u8)>().prop_map(|(reference, total, number)| Element::Concat8 { reference, total, number }),
        any::<(u16, u8, u8)>().prop_map(|(reference, total, number)| Element::Concat16 { reference, total, number }),
        any::<(u16, u16)>().prop_map(|(destination, source)| Element::Ports16 { destination, source }),
        any::<(u8, u8)>().prop_map(|(destination, source)| Element::Ports8 { destination, source }),
        any::<(u8, u8)>().prop_map(|(indication, count)| Element::Waiting { indication, count }),
        any::<u8>().prop_map(|language| Element::SingleShift { language }),
        any::<u8>().prop_map(|language| Element::LockingShift { language }),
        other,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn septets_become_text_and_septets_again(alphabet in alphabet(), septets in vec(0_u8..128, 0..200)) {
        let decoded = alphabet.decode(&septets);
        if !decoded.lossy {
            let again = alphabet.encode(&decoded.text).unwrap();
            prop_assert_eq!(alphabet.septet_count(&decoded.text), Ok(again.len()));
            // A character that a table has twice may come back as its other septet.
            prop_assert_eq!(alphabet.decode(&again), decoded);
        }
    }

    #[test]
    fn septets_are_unpacked_as_they_were_packed(septets in vec(0_u8..128, 0..200), fill in 0_u8..7) {
        prop_assert_eq!(pack::unpack(&pack::pack(&septets, fill), septets.len(), fill), septets);
    }

    #[test]
    fn every_charset_gives_back_what_it_encodes(text in any::<String>(), charset in select(Charset::ALL.to_vec())) {
        let text: String = text.chars().filter(|char| charset.has(*char) && !matches!(char, '\u{feff}' | '\u{fffe}')).collect();
        let octets = charset.encode(&text).unwrap();
        let decoded = charset.decode(&octets);
        prop_assert!(!decoded.lossy, "{} {:?}", charset, octets);
        prop_assert_eq!(charset.encode(&decoded.text).unwrap(), octets);
        prop_assert_eq!(charset.encode_lossy(&text).replaced, 0);
    }

    #[test]
    fn decoding_takes_anything(octets in vec(any::<u8>(), 0..300), charset in select(Charset::ALL.to_vec())) {
        let decoded = charset.decode(&octets);
        prop_assert!(decoded.text.chars().count() <= octets.len() * 8 / 7 + 1);
    }

    #[test]
    fn headers_are_read_as_they_were_written(elements in vec(element(), 1..12), payload in vec(any::<u8>(), 0..50)) {
        let mut header = UserDataHeader::new();
        for element in elements {
            if header.push(element).is_err() {
                break;
            }
        }
        let octets = header.encode();
        prop_assert_eq!(octets.len(), header.octets());
        let user_data = [octets.clone(), payload.clone()].concat();
        let (read, rest) = UserDataHeader::parse(&user_data).unwrap();
        prop_assert_eq!(rest, payload);
        prop_assert_eq!(read.encode(), octets);
        prop_assert_eq!(read.concatenation(), header.concatenation());
    }
}

/// Only these characters come back as their twins: the same octets, another code point.
#[test]
fn every_character_of_every_charset_comes_back() {
    for charset in Charset::ALL {
        let mut twins = Vec::new();
        for char in (0..=0x1_ffff).filter_map(char::from_u32).filter(|char| !matches!(char, '\u{feff}' | '\u{fffe}')) {
            let text = char.to_string();
            assert_eq!(charset.encode(&text).is_ok(), charset.has(char), "{charset} {char:?}");
            if let Ok(octets) = charset.encode(&text) {
                let decoded = charset.decode(&octets);
                assert!(!decoded.lossy, "{charset} {char:?}");
                if decoded.text != text {
                    assert_eq!(charset.encode(&decoded.text).unwrap(), octets, "{charset} {char:?}");
                    twins.push(char);
                }
            }
        }
        let expected = match charset {
            Charset::EucJp | Charset::ShiftJis => vec!['¥', '‾', '−'],
            Charset::Iso2022Jp => std::iter::once('−').chain('｡'..='ﾟ').collect(),
            // Private code points of older mappings.
            Charset::Gb18030 | Charset::Gbk => twins.iter().copied().filter(|char| ('\u{e78d}'..='\u{e864}').contains(char)).collect(),
            _ => Vec::new(),
        };
        assert_eq!(twins, expected, "{charset}");
        assert!(twins.len() <= 64);
    }
}

#[test]
fn every_data_coding_is_read() {
    for octet in 0..=u8::MAX {
        let scheme = DataCoding(octet);
        assert_eq!(u8::from(scheme), octet);
        assert!(!(scheme.is_compressed() && scheme.waiting().is_some()));
        for charset in Charset::ALL {
            let meaning = smpp::meaning(octet, charset);
            assert!(meaning.class.is_none() || meaning.class == scheme.class());
        }
    }
}

#[test]
fn an_element_of_255_octets_does_not_fit() {
    let long = |length| Element::Other { identifier: 0x70, data: Bytes::from(vec![0; length]) };
    let mut header = UserDataHeader::new();
    assert!(header.push(long(254)).is_err());
    header.push(long(253)).unwrap();
    assert_eq!(header.encode().len(), 256);
}
