//! What needs no change is not changed between an SMPP client and an SMPP carrier: unknown TLVs, known TLVs of a wrong length, 8-bit
//! sender names, data coding, binary headers.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::relay;
use waxwing_tests::smpp::{Esme, Submit};

const BOUND: Duration = Duration::from_secs(10);

#[test]
fn unknown_tlvs() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    // The two that Indian regulation asks for, and an empty one.
    let submit = Submit::new("regulated").tlv(0x1400, b"1101234560000012345\0").tlv(0x1401, b"1107161234567890123\0").tlv(0x3fff, b"");
    assert_eq!(esme.submit(&submit).status, 0);
    let tlvs = &carrier.wait_for_submits(1, BOUND)[0]["tlvs"];
    assert_eq!(tlvs[0x1400.to_string()], "3131303132333435363030303030313233343500");
    assert_eq!(tlvs[0x1401.to_string()], "3131303731363132333435363738393031323300");
    assert_eq!(tlvs[0x3fff.to_string()], "");
}

#[test]
fn forty_tlvs() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    let submit = (0..40).fold(Submit::new("many"), |submit, number| submit.tlv(0x1500 + number, &number.to_be_bytes()));
    assert_eq!(esme.submit(&submit).status, 0);
    let tlvs = carrier.wait_for_submits(1, BOUND)[0]["tlvs"].clone();
    for number in 0..40_u16 {
        assert_eq!(tlvs[(0x1500 + number).to_string()], format!("{number:04x}"));
    }
}

#[test]
fn an_8_bit_sender_and_binary_data() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    let submit = Submit {
        source: b"Caf\xe9".to_vec(),
        esm_class: 0x40,
        data_coding: 0xf5,
        text: vec![0x06, 0x05, 0x04, 0x15, 0x81, 0x15, 0x81, 0x00, 0xff, 0x7f],
        ..Submit::new("")
    };
    assert_eq!(esme.submit(&submit).status, 0);
    let arrived = &carrier.wait_for_submits(1, BOUND)[0];
    assert_eq!((&arrived["esm_class"], &arrived["data_coding"]), (&json!(0x40), &json!(0xf5)));
    assert_eq!(arrived["udh"], json!(["050415811581"]));
    assert_eq!(arrived["source_ton"], 3);
}
