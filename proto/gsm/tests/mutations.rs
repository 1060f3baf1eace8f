//! Broken input, cut short or changed at random, never panics and never gives nonsense back.
#![allow(clippy::unwrap_used)]

use waxwing_gsm::alphabet::{Alphabet, Language, pack};
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::{DataCoding, smpp};
use waxwing_gsm::reassembly::{Part, Reassembler, ReassemblyLimits};
use waxwing_gsm::udh::UserDataHeader;
use waxwing_proto_testing::Damaged;

/// User data as it is met: headers of all kinds, payloads in all charsets.
fn golden() -> Vec<Vec<u8>> {
    let mut golden = vec![
        vec![0x05, 0x00, 0x03, 0xcc, 0x02, 0x01, 0x82, 0x41],
        vec![0x06, 0x08, 0x04, 0x12, 0x34, 0x03, 0x02, 0x00, 0x41],
        vec![0x0b, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0, 0x00, 0x03, 0x01, 0x02, 0x01, 0xae, 0x06],
        vec![0x0b, 0x00, 0x03, 0x05, 0x02, 0x02, 0x24, 0x01, 0x01, 0x25, 0x01, 0x0d, 0x1b, 0x67, 0x41],
        vec![0x04, 0x01, 0x02, 0x80, 0x03, 0x41],
        vec![0x0a, 0x0a, 0x03, 0x00, 0x05, 0x10, 0x0d, 0x02, 0x05, 0x09, 0x70, 0x00, 0x41],
        vec![0x00, 0x41, 0x42],
        vec![0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37],
    ];
    let texts = ["hello {€} [world]", "日本語テスト", "中文短信测试", "한국어", "Привет", "שלום", "é ñ 😀"];
    golden.extend(texts.iter().flat_map(|text| Charset::ALL.map(|charset| charset.encode_lossy(text).octets)));
    golden
}

/// Everything that reads octets, on these.
fn read(octets: &[u8], random: &mut fastrand::Rng) {
    match UserDataHeader::parse(octets) {
        Ok((header, payload)) => {
            let before = &octets[..octets.len() - payload.len()];
            assert!(header.encode() == before || (header.is_empty() && before == [0]), "{octets:02x?}");
            let _ = (header.concatenation(), header.ports(), header.alphabet());
        }
        Err(error) => {
            assert!(error.offset <= octets.len() && error.payload_offset <= octets.len(), "{octets:02x?}");
            let read = error.header.encode();
            assert!(read.len() <= octets.len() && read.get(1..).is_none_or(|read| octets[1..].starts_with(read)), "{octets:02x?}");
            assert!(!error.to_string().is_empty());
        }
    }
    for charset in Charset::ALL {
        let decoded = charset.decode(octets);
        assert!(decoded.lossy || !decoded.text.contains('\u{fffd}') || charset.has('\u{fffd}'));
    }
    let language = |random: &mut fastrand::Rng| Language::from_identifier(random.u8(0..16));
    let alphabet = Alphabet { locking: language(random), single: language(random) };
    let (count, fill) = (random.usize(0..400), random.u8(..));
    let septets = pack::unpack(octets, count, fill);
    assert!(septets.len() <= count && septets.iter().all(|septet| *septet < 128));
    assert!(alphabet.decode(octets).text.chars().count() <= octets.len());
    let _ = alphabet.decode(&septets);
    for octet in octets {
        let _ = (DataCoding(*octet).class(), DataCoding(*octet).waiting(), smpp::meaning(*octet, Charset::Latin1));
    }
}

#[test]
fn every_truncation_is_read() {
    let mut random = fastrand::Rng::with_seed(1);
    for octets in golden() {
        for end in 0..=octets.len() {
            read(&octets[..end], &mut random);
        }
    }
}

#[test]
fn a_hundred_thousand_mutations_are_read() {
    let mut random = fastrand::Rng::with_seed(2);
    let mut joiner = Reassembler::new(ReassemblyLimits { max_messages: 50, max_octets: 20_000, ..ReassemblyLimits::default() });
    for (step, octets) in (0..100_000).zip(Damaged::new(golden(), 0x5755_4857)) {
        read(&octets, &mut random);
        if let Ok((header, payload)) = UserDataHeader::parse(&octets)
            && let Some(part) = header.concatenation()
        {
            let payload = payload.to_vec().into();
            let part = Part { reference: part.reference, total: part.total, number: part.number, payload, token: step };
            let _ = joiner.insert((), part, step);
            assert!(joiner.len() <= 50 && joiner.octets() <= 20_000);
        }
    }
}
