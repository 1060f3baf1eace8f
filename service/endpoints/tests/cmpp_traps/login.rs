//! Traps of the login.

use std::time::Duration;

use waxwing_cmpp::{ConnectResp, Pdu, Version, auth, decode};
use waxwing_core::CmppProfile;

use crate::bed::{bed, profile, text};
use crate::wire::{Wire, connect, frame, like, sign_in, status};

#[tokio::test]
async fn trap_1_a_login_of_january_is_hashed_with_its_zero() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let timestamp = auth::timestamp(1, 2, 3, 4, 5);
    assert_eq!(timestamp, 102_030_405, "nine digits");
    let mut wire = Wire::to(&door).await;
    wire.send(&connect(b"901234", auth::source(b"901234", b"secret", timestamp), 0x20, timestamp)).await;
    assert_eq!(status(&wire.next().await.unwrap()), 0);
}

#[tokio::test]
async fn trap_2_clocks_may_be_wrong_and_are_read_once() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    for timestamp in [0, auth::timestamp(12, 31, 23, 59, 59), auth::timestamp(6, 15, 12, 0, 0)] {
        let mut wire = Wire::to(&door).await;
        wire.send(&connect(b"901234", auth::source(b"901234", b"secret", timestamp), 0x20, timestamp)).await;
        assert_eq!(status(&wire.next().await.unwrap()), 0, "{timestamp:010}");
    }
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let (_wire, frame) = carrier.connection().await;
    let Pdu::Connect(c) = decode(&frame, Version::V2).unwrap().pdu else { panic!("{frame:02x?}") };
    assert_eq!(c.authenticator_source, auth::source(b"901234", b"secret", c.timestamp));
}

#[tokio::test]
async fn trap_3_a_digest_that_is_junk_is_taken_unless_it_must_not_be() {
    let junk = |version: Version| ConnectResp { status: 0, authenticator_ismg: *b"mockauthmockauth", version: version.byte() };
    let bed1 = bed(profile());
    let (carrier, _line) = bed1.carrier(|_| {}).await;
    let (mut wire, _) = carrier.connection().await;
    wire.version = Version::V3;
    wire.send(&frame(&junk(Version::V3), Version::V3, 1)).await;
    bed1.submit(text("in spite of it")).await;
    wire.taken().await;

    let bed2 = bed(profile());
    let (carrier, _line) = bed2.carrier(|c| c.strict_authenticator = true).await;
    let (mut wire, _) = carrier.connection().await;
    wire.send(&frame(&junk(Version::V3), Version::V3, 1)).await;
    wire.closed().await;
    // The other width is no junk, and our listener sends the exact form.
    let (mut wire, connect) = carrier.connection().await;
    let Pdu::Connect(c) = decode(&connect, Version::V2).unwrap().pdu else { panic!("{connect:02x?}") };
    let authenticator_ismg = auth::ismg(0, Version::V3, &c.authenticator_source, b"secret");
    wire.send(&frame(&ConnectResp { status: 0, authenticator_ismg, version: 0x20 }, Version::V2, 1)).await;
    bed2.submit(text("after all")).await;
    wire.taken().await;
    let door = bed2.listen(|_| {});
    for (byte, version) in [(0x20, Version::V2), (0x30, Version::V3)] {
        let (_, answer) = sign_in(&door, byte).await;
        let Pdu::ConnectResp(r) = decode(&answer, version).unwrap().pdu else { panic!("{answer:02x?}") };
        let digest = auth::source(b"901234", b"secret", auth::timestamp(11, 22, 3, 4, 5));
        assert_eq!(r.authenticator_ismg, auth::ismg(0, version, &digest, b"secret"));
    }
}

#[tokio::test]
async fn trap_4_a_short_account_is_let_in_bare_and_padded() {
    let bed = bed(CmppProfile { sp_id: "9012".into(), ..profile() });
    let door = bed.listen(|_| {});
    let timestamp = auth::timestamp(3, 4, 5, 6, 7);
    for digest in [auth::source(b"9012", b"secret", timestamp), auth::source_padded(b"9012", b"secret", timestamp)] {
        let mut wire = Wire::to(&door).await;
        wire.send(&connect(b"9012", digest, 0x20, timestamp)).await;
        assert_eq!(status(&wire.next().await.unwrap()), 0);
    }
    for padded in [false, true] {
        let (carrier, line) = bed
            .carrier(|c| {
                c.source_addr = "9012".into();
                c.padded_authenticator = padded;
            })
            .await;
        let (_wire, frame) = carrier.connection().await;
        let Pdu::Connect(c) = decode(&frame, Version::V2).unwrap().pdu else { panic!("{frame:02x?}") };
        let form = if padded { auth::source_padded } else { auth::source };
        assert_eq!(c.authenticator_source, form(b"9012", b"secret", c.timestamp));
        drop(line);
    }
}

#[tokio::test]
async fn trap_5_the_high_half_of_the_version_byte_counts_unless_the_account_says_otherwise() {
    let free = bed(CmppProfile { max_links: 100, ..profile() });
    let door = free.listen(|_| {});
    for (byte, length) in [(0x20, 30), (0x21, 30), (0x30, 33), (0x31, 33), (0x02, 30), (0x7f, 30), (0, 30)] {
        let (mut wire, answer) = sign_in(&door, byte).await;
        assert_eq!((answer.len(), status(&answer)), (length, 0), "{byte:#04x}");
        assert_eq!(wire.submit(&like(b"x")).await.1, 0);
    }
    let held = bed(CmppProfile { version: Some(0x30), ..profile() });
    let door = held.listen(|_| {});
    let (mut wire, answer) = sign_in(&door, 0x02).await;
    assert_eq!((answer.len(), status(&answer), answer[32]), (33, 0, 0x30));
    assert_eq!(wire.submit(&like(b"x")).await.1, 0);
}

#[tokio::test]
async fn trap_6_version_too_high_is_said_only_where_it_is() {
    for (held, byte, expected) in
        [(Some(0x20), 0x30, (33, 4)), (Some(0x20), 0x20, (30, 0)), (Some(0x20), 0x21, (30, 0)), (None, 0x30, (33, 0))]
    {
        let bed = bed(CmppProfile { version: held, ..profile() });
        let door = bed.listen(|_| {});
        let (_, answer) = sign_in(&door, byte).await;
        assert_eq!((answer.len(), status(&answer)), expected, "{held:?} {byte:#04x}");
        if expected.1 == 4 {
            assert_eq!(answer[32], 0x20, "what it could have asked for");
        }
    }
}

#[tokio::test]
async fn trap_7_a_status_above_5_is_a_failure() {
    let bed = bed(profile());
    let (carrier, _line) = bed.carrier(|_| {}).await;
    bed.submit(text("not before it is let in")).await;
    let (mut wire, _) = carrier.connection().await;
    wire.send(&frame(&ConnectResp { status: 77, version: 0x30, ..Default::default() }, Version::V3, 1)).await;
    wire.closed().await;
    carrier.link(Version::V3).await.taken().await;
}

#[tokio::test]
async fn trap_8_other_protocols_are_not_let_in() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let smpp = [&b"\0\0\0\x1d\0\0\0\x09\0\0\0\0\0\0\0\x01"[..], b"901234\0\0\0\x34\0\0\0"].concat();
    let sgip = [&b"\0\0\0\x3d\0\0\0\x01"[..], &[1; 53]].concat();
    for octets in [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", &smpp] {
        let mut wire = Wire::to(&door).await;
        wire.send(octets).await;
        wire.closed().await;
    }
    // Where the first words are those of a CONNECT, the digest is none.
    let smgp = [&b"\0\0\0\x2a\0\0\0\x01\0\0\0\x01"[..], &[b'9'; 30]].concat();
    for octets in [smgp, sgip] {
        let mut wire = Wire::to(&door).await;
        wire.send(&octets).await;
        assert_ne!(status(&wire.next().await.unwrap()), 0);
        wire.closed().await;
    }
    assert!(bed.metrics().contains("bind refused"));
}

#[tokio::test]
async fn trap_13_and_what_comes_before_connect_ends_the_connection_at_once() {
    let bed = bed(profile());
    // Nothing here waits for it.
    let door = bed.listen(|c| c.login_timeout = Duration::from_secs(3600));
    let mut wire = Wire::to(&door).await;
    wire.request(&like(b"too early")).await;
    wire.closed().await;
}
