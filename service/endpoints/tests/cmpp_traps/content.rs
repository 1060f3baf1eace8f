//! Traps of the content.

use waxwing_cmpp::{Deliver, DeliverResp, MsgId as Id, Submit, Terminals, Version};
use waxwing_core::{CmppProfile, Kind, content};

use crate::bed::{PHONE, bed, profile, text};
use crate::wire::{fields, frame, like, sp};

/// Content with a header before it.
fn with(header: &[u8], text: &str) -> Vec<u8> {
    [header, &ucs2(text)].concat()
}

/// A part of a long message.
fn part(content: &[u8]) -> Submit<'_> {
    Submit { tp_udhi: 1, msg_fmt: 8, ..like(content) }
}

fn ucs2(t: &str) -> Vec<u8> {
    t.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[tokio::test]
async fn trap_17_a_header_is_announced_by_0x40_as_well_and_by_us_with_1() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    for (number, content) in [(1, "first, "), (2, "second")] {
        let header = [5, 0, 3, 9, 2, number];
        let mut octets = frame(&part(&with(&header, content)), wire.version, number.into());
        // TP_udhi of a SUBMIT of 2.0.
        octets[57] = 0x40;
        wire.send(&octets).await;
        let answer = wire.answer(number.into()).await;
        assert_eq!(wire.submitted(&answer).1, 0);
    }
    assert_eq!(bed.texts(1).await, ["first, second"]);
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let mut wire = carrier.link(Version::V2).await;
    bed.submit(text(&"长".repeat(100))).await;
    for number in 1..=2 {
        let (_, octets) = wire.taken().await;
        assert_eq!(octets[57], 1);
        fields(&octets, Version::V2, |s| {
            assert_eq!((s.msg_content[0], s.pk_total, s.pk_number), (5, 2, number));
            assert_eq!(s.msg_content[4..6], [2, number]);
        });
    }
}

#[tokio::test]
async fn trap_18_headers_have_either_form_and_their_elements_any_order() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x30).await;
    let forms: [fn(u8) -> Vec<u8>; 4] = [
        |n| vec![5, 0, 3, 7, 2, n],
        |n| vec![6, 8, 4, 1, 7, 2, n],
        // A language before it, and behind it.
        |n| vec![8, 0x24, 1, 1, 0, 3, 8, 2, n],
        |n| vec![9, 8, 4, 2, 7, 2, n, 0x24, 1, 1],
    ];
    for (form, round) in forms.into_iter().zip(0..) {
        for (number, content) in [(2, "behind"), (1, "before, ")] {
            assert_eq!(wire.submit(&part(&with(&form(number), &format!("{round} {content}")))).await.1, 0);
        }
        assert_eq!(bed.texts(1).await, [format!("{round} before, {round} behind")]);
    }
    // Both octets of the reference count: these are no parts of each other.
    assert_eq!(wire.submit(&part(&with(&[6, 8, 4, 1, 7, 2, 1], "a"))).await.1, 0);
    assert_eq!(wire.submit(&part(&with(&[6, 8, 4, 7, 1, 2, 2], "b"))).await.1, 0);
    assert_eq!(wire.submit(&part(&with(&[6, 8, 4, 1, 7, 2, 2], "c"))).await.1, 0);
    assert_eq!(bed.texts(1).await, ["ac"]);
}

#[tokio::test]
async fn trap_19_parts_belong_together_by_their_header_and_otherwise_by_agreement() {
    let apart = bed(profile());
    let door = apart.listen(|_| {});
    let (mut wire, mut second) = (sp(&door, 0x20).await, sp(&door, 0x20).await);
    let numbered = |n, content| Submit { pk_total: 2, pk_number: n, ..like(content) };
    assert_eq!(wire.submit(&numbered(1, b"one")).await.1, 0);
    assert_eq!(wire.submit(&numbered(2, b"two")).await.1, 0);
    assert_eq!(apart.texts(2).await, ["one", "two"]);
    // One reference at once: to two phones, over two connections, one part twice.
    let header = |n| [5, 0, 3, 1, 2, n];
    for (phone, content) in [(&b"13800138001"[..], "a"), (b"13800138002", "b"), (b"13800138001", "a")] {
        let content = with(&header(1), content);
        let body = Submit { dest_terminal_id: Terminals::one(phone), ..part(&content) };
        assert_eq!(wire.submit(&body).await.1, 0);
    }
    for (phone, content) in [(&b"13800138002"[..], "B"), (b"13800138001", "A")] {
        let content = with(&header(2), content);
        let body = Submit { dest_terminal_id: Terminals::one(phone), ..part(&content) };
        assert_eq!(second.submit(&body).await.1, 0);
    }
    assert_eq!(apart.texts(2).await, ["bB", "aA"]);

    let joined = bed(CmppProfile { join_by_pk: true, ..profile() });
    let door = joined.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    assert_eq!(wire.submit(&numbered(1, b"one, ")).await.1, 0);
    assert_eq!(wire.submit(&numbered(2, b"two")).await.1, 0);
    assert_eq!(joined.texts(1).await, ["one, two"]);
}

#[tokio::test]
async fn trap_20_each_part_is_answered_before_the_next_comes_and_reported_by_itself() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    let mut ids = Vec::new();
    for number in [3, 1, 2] {
        let (id, result) = wire.submit(&part(&with(&[5, 0, 3, 1, 3, number], &number.to_string()))).await;
        assert!(result == 0 && !ids.contains(&id));
        ids.push(id);
    }
    bed.report(1).await;
    for _ in 0..3 {
        let (_, about) = wire.delivery(|d| d.report().unwrap().msg_id).await;
        ids.retain(|id| *id != about);
    }
    assert!(ids.is_empty(), "{ids:?}");
}

#[tokio::test]
async fn trap_21_a_word_is_the_same_in_each_msg_fmt() {
    let bed = bed(profile());
    let door = bed.listen(|c| c.short = true);
    let mut wire = sp(&door, 0x20).await;
    // GB 18030 has four octets for what GBK lacks.
    let gb = b"\xcd\xcb\xb6\xa9 \x94\x39\xda\x33";
    for (msg_fmt, content) in [(15, gb.to_vec()), (8, ucs2("退订 💩")), (0, b"TD".to_vec())] {
        assert_eq!(wire.submit(&Submit { msg_fmt, ..like(&content) }).await.1, 0);
    }
    assert_eq!(bed.texts(3).await, ["退订 💩", "退订 💩", "TD"]);
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let mut wire = carrier.link(Version::V3).await;
    for (msg_fmt, content, text) in [(0, b"TD".to_vec(), "TD"), (8, ucs2("退订"), "退订"), (15, gb[..4].to_vec(), "退订")] {
        let body = Deliver { msg_fmt, dest_id: b"10690001", src_terminal_id: PHONE, msg_content: &content, ..Deliver::default() };
        wire.ask(&body).await;
        let m = bed.arrival().await;
        assert_eq!((m.kind(), content::text(&m).as_deref()), (Kind::Mo, Some(text)));
    }
}

#[tokio::test]
async fn trap_22_what_is_a_little_too_long_is_taken() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    for (msg_fmt, length) in [(0, 159), (0, 160), (0, 255), (4, 140), (4, 200)] {
        let content = vec![b'x'; length];
        assert_eq!(wire.submit(&Submit { msg_fmt, ..like(&content) }).await.1, 0, "{msg_fmt} {length}");
    }
    let lengths: Vec<usize> = bed.waiting(5).await.iter().map(|out| out.message.payload.len()).collect();
    assert_eq!(lengths, [159, 160, 255, 140, 200]);
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let mut wire = carrier.link(Version::V2).await;
    bed.submit(text(&"x".repeat(160))).await;
    let (_, frame) = wire.taken().await;
    fields(&frame, Version::V2, |s| assert_eq!((s.pk_total, s.msg_content.len()), (2, 159), "at most 159 leave"));
}

#[tokio::test]
async fn trap_24_flash_and_ports_go_through() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x30).await;
    let push = [&[6, 5, 4, 0x0b, 0x84, 0x23, 0xf0][..], b"\x01\x06\x03"].concat();
    assert_eq!(wire.submit(&Submit { msg_fmt: 24, ..like(&ucs2("now")) }).await.1, 0);
    assert_eq!(wire.submit(&Submit { msg_fmt: 4, tp_udhi: 1, ..like(&push) }).await.1, 0);
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let mut out = carrier.link(Version::V2).await;
    let (_, frame) = out.taken().await;
    fields(&frame, Version::V2, |s| assert_eq!((s.msg_fmt, s.msg_content), (24, &ucs2("now")[..])));
    let (_, frame) = out.taken().await;
    fields(&frame, Version::V2, |s| assert_eq!((s.msg_fmt, s.tp_udhi, s.msg_content), (4, 1, &push[..])));
}

#[tokio::test]
async fn trap_26_a_hundred_recipients_have_a_hundred_ids() {
    let bed = bed(CmppProfile { max_recipients: 100, ..profile() });
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    let numbers: Vec<String> = (0..100).map(|n| format!("1380013{n:04}")).collect();
    let numbers: Vec<&[u8]> = numbers.iter().map(|n| n.as_bytes()).collect();
    let (first, result) = wire.submit(&Submit { dest_terminal_id: Terminals::from(&numbers[..]), ..like(b"all") }).await;
    assert_eq!(result, 0);
    bed.report(100).await;
    let mut missing: Vec<_> = (0..100).map(|n| (first.nth(n), numbers[usize::from(n)].to_vec())).collect();
    for _ in 0..100 {
        let (sequence, about) = wire
            .delivery(|d| {
                let r = d.report().unwrap();
                assert_eq!(d.src_terminal_id, r.dest_terminal_id);
                (r.msg_id, r.dest_terminal_id.to_vec())
            })
            .await;
        missing.retain(|m| *m != about);
        let answer = frame(&DeliverResp { msg_id: Id(0), result: 0 }, wire.version, sequence);
        wire.send(&answer).await;
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn trap_27_fields_that_are_not_the_sps_are_refused_by_name() {
    let bed = bed(CmppProfile { service_ids: vec!["NEWS".into()], src_id: "10690001".into(), ..profile() });
    let door = bed.listen(|_| {});
    for (byte, src, msg_src) in [(0x20, 9, 9), (0x30, 10, 11)] {
        let mut wire = sp(&door, byte).await;
        let good = Submit { service_id: b"NEWS", ..like(b"x") };
        assert_eq!(wire.submit(&Submit { service_id: b"ADS", ..good }).await, (Id(0), 7));
        assert_eq!(wire.submit(&Submit { src_id: b"1069000", ..good }).await, (Id(0), src));
        assert_eq!(wire.submit(&Submit { msg_src: b"901235", ..good }).await, (Id(0), msg_src));
        assert_eq!(wire.submit(&Submit { src_id: b"10690001888", ..good }).await.1, 0);
    }
}

#[tokio::test]
async fn trap_28_a_report_is_one_only_if_it_can_be() {
    let bed = bed(profile());
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let mut wire = carrier.link(Version::V2).await;
    let body =
        Deliver { dest_id: b"10690001", registered_delivery: 1, src_terminal_id: PHONE, msg_content: b"no report", ..Deliver::default() };
    wire.ask(&body).await;
    let m = bed.arrival().await;
    assert_eq!((m.kind(), content::text(&m).as_deref()), (Kind::Mo, Some("no report")));
}

#[tokio::test]
async fn trap_29_link_id_and_reserve_go_from_the_carrier_to_the_sp_and_back() {
    for (version, byte) in [(Version::V2, 0x20), (Version::V3, 0x30)] {
        let bed = bed(profile());
        let door = bed.listen(|_| {});
        let (carrier, _line) = bed.carrier(|_| {}).await;
        let (mut out, mut wire) = (carrier.link(version).await, sp(&door, byte).await);
        let (link_id, reserve) = (*b"\x01LinkID of an order\xff", *b"\xffReserv\x01");
        let mo = Deliver {
            dest_id: b"10690001",
            src_terminal_id: PHONE,
            msg_content: b"order",
            link_id: &link_id,
            reserve: &reserve,
            ..Deliver::default()
        };
        out.ask(&mo).await;
        let (_, kept) = wire.delivery(|d| if version == Version::V3 { d.link_id.to_vec() } else { d.reserve.to_vec() }).await;
        let sent = if version == Version::V3 { link_id.to_vec() } else { reserve.to_vec() };
        assert_eq!(kept, sent);
        assert_eq!(wire.submit(&Submit { link_id: &kept, reserve: &kept[..8], ..like(b"done") }).await.1, 0);
        let (_, frame) = out.taken().await;
        fields(&frame, version, |s| assert_eq!(if version == Version::V3 { s.link_id } else { s.reserve }, &sent[..]));
    }
}
