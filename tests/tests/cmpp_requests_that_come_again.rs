//! A request that is sent again because its answer was late has the same Sequence_Id and content: it is answered again, and is no second
//! message.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::cmpp::{Deliver, Pdu, Sp, Submit, command};
use waxwing_tests::{cmpp_relay, to_ismg};

const BOUND: Duration = Duration::from_secs(20);

#[test]
fn a_submit() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for version in [0x20, 0x30] {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let before = carrier.submits().len();
        let layout = sp.version();
        let pdu = |text: &str| Pdu { command: command::SUBMIT, sequence: 0xffff_fff0, body: Submit::new(text).body(layout) }.encode();
        let mut ids = Vec::new();
        for _ in 0..3 {
            sp.send_octets(&pdu("once")).expect("sent");
            let (id, result) = sp.response(0xffff_fff0).id_and_result(layout);
            assert_eq!(result, 0);
            ids.push(id);
        }
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:x?}");
        // Twice before the first answer.
        sp.send_octets(&[pdu("two at once"), pdu("two at once")].concat()).expect("sent");
        let (id, result) = sp.response(0xffff_fff0).id_and_result(layout);
        assert!(result == 0 && id != ids[0], "another content is another message");
        let reported = [sp.wait_for_report(BOUND).msg_id, sp.wait_for_report(BOUND).msg_id];
        assert!(reported.contains(&ids[0]) && reported.contains(&id), "{reported:x?}");
        assert!(sp.has_no_more());
        assert_eq!(carrier.submits().len(), before + 2);
    }
}

#[test]
fn a_deliver() {
    let (gateway, _ismg, mut link) = to_ismg("");
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let layout = link.version();
    let deliver = Deliver { msg_id: 77, ..Deliver::new("once") };
    let pdu = Pdu { command: command::DELIVER, sequence: 4_711, body: deliver.body(layout) };
    for _ in 0..3 {
        link.send_octets(&pdu.encode());
        assert_eq!(link.response(4_711).id_and_result(layout), (77, 0));
    }
    assert_eq!(sp.wait_for_mo(BOUND).text(), "once");
    // What is sent behind it comes behind it.
    assert_eq!(link.deliver(&Deliver { msg_id: 78, ..Deliver::new("another") }), 0);
    assert_eq!(sp.wait_for_mo(BOUND).text(), "another");
    assert!(sp.has_no_more());
}
