//! LinkID (3.0) and Reserve (2.0) are the operator's: an MO's comes to the SP as it is, and what the SP puts into its answer leaves as it is.

use std::time::Duration;

use waxwing_tests::cmpp::{Deliver, Sp, Submit};
use waxwing_tests::to_ismg;

const BOUND: Duration = Duration::from_secs(20);

#[test]
fn linkid_end_to_end() {
    let (gateway, _ismg, mut link) = to_ismg("version = \"3.0\"");
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    // All twenty octets, some of them no text.
    let link_id: Vec<u8> = (0xf0..=0xff).chain([1, 2, 0, 4]).collect();
    let on_demand = Deliver { link: link_id.clone(), service_id: "WEATHER".into(), tp_pid: 0x41, ..Deliver::new("weather please") };
    assert_eq!(link.deliver(&on_demand), 0);
    let mo = sp.wait_for_mo(BOUND);
    assert_eq!((&mo.link, mo.text().as_str(), mo.service_id.as_str()), (&link_id, "weather please", "WEATHER"));
    assert_eq!((mo.dest_id.as_str(), mo.src_terminal_id.as_str()), ("12345", "13800138000"));

    let answer = Submit {
        link: mo.link,
        service_id: "WEATHER".into(),
        fee_user_type: 3,
        fee_terminal_id: "13800138000".into(),
        fee_type: "02".into(),
        fee_code: "000100".into(),
        msg_level: 5,
        ..Submit::new("sunny")
    };
    let id = sp.submit_ok(&answer);
    let submit = link.take(5);
    assert_eq!((&submit.link, submit.text().as_str(), submit.service_id.as_str()), (&link_id, "sunny", "WEATHER"));
    link.report(5, "DELIVRD", "13800138000");
    assert_eq!(sp.wait_for_report(BOUND).msg_id, id);

    // One that has none leaves with none.
    sp.submit_ok(&Submit::new("unasked"));
    assert_eq!(link.take(6).link, [0; 20]);
}

#[test]
fn reserve_end_to_end() {
    let (gateway, _ismg, mut link) = to_ismg("version = \"2.0\"");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let reserve = vec![1, 2, 3, 0, 5, 6, 7, 0xff];
    assert_eq!(link.deliver(&Deliver { link: reserve.clone(), ..Deliver::new("with a Reserve") }), 0);
    let mo = sp.wait_for_mo(BOUND);
    assert_eq!((&mo.link, mo.text().as_str()), (&reserve, "with a Reserve"));
    sp.submit_ok(&Submit { link: reserve.clone(), ..Submit::new("and back") });
    assert_eq!(link.take(5).link, reserve);
}

#[test]
fn in_every_part_of_a_long_answer() {
    let (gateway, _ismg, mut link) = to_ismg("version = \"3.0\"");
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let link_id = b"LINK-0123456789abcde".to_vec();
    let text = "天气预报：晴🙂".repeat(15);
    for part in Submit::parts(&text, 1) {
        sp.submit_ok(&Submit { link: link_id.clone(), ..part });
    }
    let parts = [link.take(1), link.take(2)];
    assert!(parts.iter().all(|part| part.link == link_id), "{parts:#?}");
    assert_eq!(parts.iter().map(Submit::text).collect::<String>(), text);
}
