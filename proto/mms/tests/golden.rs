//! PDUs octet by octet, written by hand from the standard (OMA-TS-MMS_ENC-V1_3, sections 6 and 7; WAP-230-WSP, section 8).
#![allow(clippy::unwrap_used)]

use waxwing_mms::content::Multipart;
use waxwing_mms::*;
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, Parameter};

/// The octets are this PDU, and this PDU is the octets.
#[track_caller]
fn golden(octets: &[&[u8]], pdu: &Pdu) {
    let octets = octets.concat();
    let wire = pdu.encode().unwrap();
    assert!(wire == octets, "\n{}\nand not\n{}", waxwing_describe::hex(&wire), waxwing_describe::hex(&octets));
    let decoded = Pdu::decode(octets).unwrap();
    assert_eq!(decoded.pdu, *pdu);
    assert_eq!(decoded.quirks, Quirks::NONE);
}

fn number(digits: &str) -> MmsAddress {
    MmsAddress::Number(digits.to_owned())
}

#[test]
fn sending() {
    let smil = Part::new(ContentType::new("application/smil"), &b"<smil/>"[..]).with_content_id("s");
    let text = Part::new(
        ContentType::new("text/plain").with(Parameter::charset(Charset::UTF_8)).with(Parameter::text("name", "a.txt")),
        &b"hi"[..],
    );
    let content = Multipart::related(smil, vec![text.with_content_id("a.txt").with_content_location("a.txt")]);
    let pdu = Pdu::send_req(
        Version::V1_0,
        "T1",
        Sender::Insert,
        [Header::To(number("+4477")), Header::Cc(MmsAddress::Email("a@b.c".to_owned()))],
        content,
    )
    .with(Header::Subject("Hi".into()))
    .with(Header::MessageClass(MessageClass::Personal))
    .with(Header::Expiry(Time::After(86_400)))
    .with(Header::DeliveryTime(Time::At(0x6b49_d200)))
    .with(Header::Priority(Priority::High))
    .with(Header::DeliveryReport(true))
    .with(Header::ReadReport(false))
    .with(Header::SenderVisibility(SenderVisibility::Hide));
    golden(
        &[
            b"\x8c\x80\x98T1\0\x8d\x90\x89\x01\x81\x97+4477/TYPE=PLMN\0\x82a@b.c\0\x96Hi\0\x8a\x80",
            b"\x88\x05\x81\x03\x01\x51\x80\x87\x06\x80\x04\x6b\x49\xd2\x00\x8f\x82\x86\x80\x90\x81\x94\x80",
            // related; type=application/smil; start=<s>
            b"\x84\x18\xb3\x89application/smil\0\x8a<s>\0",
            // Two parts: 23 octets of header and 7 of data, 28 and 2.
            b"\x02\x17\x07application/smil\0\xc0\"<s>\0<smil/>",
            b"\x1c\x02\x0a\x83\x81\xea\x85a.txt\0\xc0\"<a.txt>\0\x8ea.txt\0hi",
        ],
        &pdu,
    );
    golden(
        &[b"\x8c\x81\x98T1\0\x8d\x90\x92\x80\x8bM1\0"],
        &Pdu::send_conf(Version::V1_0, "T1", ResponseStatus::Ok, None, Some("M1".to_owned())),
    );
    // 1.0 knows E5 as 87.
    golden(
        &[b"\x8c\x81\x98T1\0\x8d\x90\x92\x87\x93no\0"],
        &Pdu::send_conf(Version::V1_0, "T1", ResponseStatus::PermanentContentNotAccepted, Some("no".into()), None),
    );
    golden(
        &[b"\x8c\x81\x98T1\0\x8d\x91\x92\xe5"],
        &Pdu::send_conf(Version::V1_1, "T1", ResponseStatus::PermanentContentNotAccepted, None, None),
    );
}

#[test]
fn notifying() {
    let notification = Notification {
        from: Some(number("+4477")),
        subject: Some("Grüße".into()),
        class: MessageClass::Other("x-own".to_owned()),
        size: 30_000,
        expiry: Time::After(259_199),
        location: "http://m/1".to_owned(),
    };
    golden(
        &[
            b"\x8c\x82\x98T2\0\x8d\x92\x89\x11\x80+4477/TYPE=PLMN\0\x96\x09\xeaGr\xc3\xbc\xc3\x9fe\0\x8ax-own\0\x8e\x02\x75\x30",
            b"\x88\x05\x81\x03\x03\xf4\x7f\x83http://m/1\0",
        ],
        &Pdu::notification_ind(Version::V1_2, "T2", notification),
    );
    golden(&[b"\x8c\x83\x98T2\0\x8d\x92\x95\x81"], &Pdu::notify_resp_ind(Version::V1_2, "T2", MessageStatus::Retrieved, true));
    golden(&[b"\x8c\x83\x98T2\0\x8d\x92\x95\x83\x91\x81"], &Pdu::notify_resp_ind(Version::V1_2, "T2", MessageStatus::Deferred, false));
}

#[test]
fn retrieving() {
    let text = Part::new(ContentType::new("text/plain"), &b"hi"[..]);
    golden(
        &[b"\x8c\x84\x98T3\0\x8d\x91\x85\x04\x6b\x49\xd2\x00\x84\xa3\x01\x01\x02\x83hi"],
        &Pdu::retrieve_conf(Version::V1_1, Some("T3".to_owned()), 0x6b49_d200, Multipart::mixed(vec![text])),
    );
    golden(
        &[b"\x8c\x84\x8d\x91\x85\x04\x6b\x49\xd2\x00\x99\xe2\x9agone\0\x84\x83gone"],
        &Pdu::retrieve_failure(Version::V1_1, None, 0x6b49_d200, RetrieveStatus::PermanentMessageNotFound, "gone".into()),
    );
    golden(&[b"\x8c\x85\x98T3\0\x8d\x91"], &Pdu::acknowledge_ind(Version::V1_1, "T3", true));
    golden(&[b"\x8c\x85\x98T3\0\x8d\x91\x91\x81"], &Pdu::acknowledge_ind(Version::V1_1, "T3", false));
}

#[test]
fn reporting() {
    golden(
        &[b"\x8c\x86\x8d\x90\x8bM1\0\x9712345\0\x85\x04\x6b\x49\xd2\x00\x95\x81"],
        &Pdu::delivery_ind(Version::V1_0, "M1", MmsAddress::ShortCode("12345".to_owned()), 0x6b49_d200, MessageStatus::Retrieved),
    );
    golden(
        &[b"\x8c\x87\x8d\x91\x8bM1\0\x97+1/TYPE=PLMN\0\x89\x01\x81\x9b\x80"],
        &Pdu::read_rec_ind(Version::V1_1, "M1", number("+1"), Sender::Insert, ReadStatus::Read),
    );
    golden(
        &[b"\x8c\x88\x8d\x91\x8bM1\0\x97+1/TYPE=PLMN\0\x89\x0f\x80::1/TYPE=IPv6\0\x85\x04\x6b\x49\xd2\x00\x9b\x81"],
        &Pdu::read_orig_ind(Version::V1_1, "M1", number("+1"), MmsAddress::Ipv6("::1".parse().unwrap()), 0x6b49_d200, ReadStatus::Deleted),
    );
}

#[test]
fn forwarding() {
    golden(
        &[b"\x8c\x89\x98T4\0\x8d\x91\x89\x01\x81\x97+1/TYPE=PLMN\0\x83http://m/1\0"],
        &Pdu::forward_req(Version::V1_1, "T4", Sender::Insert, [Header::To(number("+1"))], "http://m/1"),
    );
    golden(
        &[b"\x8c\x8a\x98T4\0\x8d\x91\x92\x80\x8bM2\0"],
        &Pdu::forward_conf(Version::V1_1, "T4", ResponseStatus::Ok, None, Some("M2".to_owned())),
    );
    let forwarded = Pdu::mbox_descr(
        Version::V1_2,
        [
            Header::PreviouslySentBy(PreviouslySentBy { count: 1, address: MmsAddress::Email("a@b.c".to_owned()) }),
            Header::PreviouslySentDate(PreviouslySentDate { count: 1, date: 0x6b49_d200 }),
        ],
        None,
    );
    golden(&[b"\x8c\x93\x8d\x92\xa0\x07\x81a@b.c\0\xa1\x06\x81\x04\x6b\x49\xd2\x00"], &forwarded);
}

#[test]
fn mailboxes() {
    golden(
        &[b"\x8c\x8b\x98T5\0\x8d\x92\x83http://m/1\0\xa3\x81\xa4\x05\x80new\0\xa4\x07\x81\x05\xea\x7f\xc3\xa9\0"],
        &Pdu::mbox_store_req(Version::V1_2, "T5", "http://m/1")
            .with(Header::MmState(MmState::Sent))
            .with(Header::MmFlags(MmFlag::Add("new".into())))
            .with(Header::MmFlags(MmFlag::Remove("é".into()))),
    );
    golden(
        &[b"\x8c\x8c\x98T5\0\x8d\x92\x83http://m/2\0\xa5\x80"],
        &Pdu::mbox_store_conf(Version::V1_2, "T5", Some("http://m/2".to_owned()), StoreStatus::Success, None),
    );
    golden(
        &[b"\x8c\x8d\x98T6\0\x8d\x92\xaf\x80\xb3\x02\x01\x00\xa8\x96\xa8\xae\xa9\x80\xab\x81"],
        &Pdu::mbox_view_req(Version::V1_2, "T6")
            .with(Header::Start(0))
            .with(Header::Limit(256))
            .with(Header::Attributes(Field::Subject))
            .with(Header::Attributes(Field::Content))
            .with(Header::Totals(true))
            .with(Header::Quotas(false)),
    );
    let description = Pdu::mbox_descr(Version::V1_2, [Header::MmState(MmState::New), Header::Stored(true)], None);
    golden(&[b"\x8c\x93\x8d\x92\xa3\x82\xa7\x80"], &description);
    golden(
        &[
            b"\x8c\x8e\x98T6\0\x8d\x92\x92\x80\xaa\x02\x80\x85\xaa\x04\x81\x02\x75\x30\xac\x02\x80\xff\xad\x81",
            b"\x84\xa3\x01\x01\x08\xbe\x8c\x93\x8d\x92\xa3\x82\xa7\x80",
        ],
        &Pdu::mbox_view_conf(Version::V1_2, "T6", ResponseStatus::Ok, None, std::slice::from_ref(&description))
            .unwrap()
            .with(Header::MboxTotals(Amount::Messages(5)))
            .with(Header::MboxTotals(Amount::Octets(30_000)))
            .with(Header::MboxQuotas(Amount::Messages(127)))
            .with(Header::MessageCount(1)),
    );
    golden(
        &[b"\x8c\x8f\x98T7\0\x8d\x92\xa3\x80\x84\xbe\x8c\x93\x8d\x92\xa3\x82\xa7\x80"],
        &Pdu::mbox_upload_req(Version::V1_2, "T7", MmState::Draft, &description).unwrap(),
    );
    golden(
        &[b"\x8c\x90\x98T7\0\x8d\x92\xa5\xe4\xa6full\0"],
        &Pdu::mbox_upload_conf(Version::V1_2, "T7", None, StoreStatus::PermanentMmboxFull, Some("full".into())),
    );
    golden(
        &[b"\x8c\x91\x98T8\0\x8d\x92\x83http://m/1\0\x83http://m/2\0"],
        &Pdu::mbox_delete_req(Version::V1_2, "T8", ["http://m/1", "http://m/2"]),
    );
    let deletions = [
        Deletion { location: Some("http://m/1".to_owned()), status: ResponseStatus::Ok, text: None },
        Deletion { location: Some("http://m/2".to_owned()), status: ResponseStatus::PermanentMessageNotFound, text: Some("gone".into()) },
    ];
    let conf = Pdu::mbox_delete_conf(Version::V1_2, "T8", deletions.clone());
    golden(
        &[
            b"\x8c\x92\x98T8\0\x8d\x92\x83\x0c\x81http://m/1\0\x92\x02\x81\x80",
            b"\x83\x0c\x82http://m/2\0\x92\x02\x82\xe4\x93\x06\x82gone\0",
        ],
        &conf,
    );
    assert_eq!(conf.deletions(), deletions);
    // Without numbers, as an answer to one.
    let bare = Pdu::decode(&b"\x8c\x92\x98T8\0\x8d\x92\x83http://m/1\0\x92\xe4\x93gone\0"[..]).unwrap().pdu;
    assert_eq!(
        bare.deletions(),
        [Deletion { location: Some("http://m/1".to_owned()), status: ResponseStatus::PermanentMessageNotFound, text: Some("gone".into()) }]
    );
}

#[test]
fn version_1_3() {
    golden(&[b"\x8c\x94\x98T9\0\x8d\x93\x83http://m/1\0"], &Pdu::delete_req(Version::V1_3, "T9", ["http://m/1"]));
    let deletion = Deletion { location: None, status: ResponseStatus::Ok, text: None };
    golden(&[b"\x8c\x95\x98T9\0\x8d\x93\x92\x02\x81\x80"], &Pdu::delete_conf(Version::V1_3, "T9", [deletion]));
    golden(&[b"\x8c\x96\x98TA\0\x8d\x93\xbeM1\0"], &Pdu::cancel_req(Version::V1_3, "TA", "M1"));
    golden(&[b"\x8c\x97\x98TA\0\x8d\x93\xbf\x80"], &Pdu::cancel_conf(Version::V1_3, "TA", CancelStatus::Received));
    let headers = [
        Header::RecommendedRetrievalMode(RetrievalMode::Manual),
        Header::RecommendedRetrievalModeText("costs".into()),
        Header::StatusText("ok".into()),
        Header::ApplicId("a.b".to_owned()),
        Header::ReplyApplicId("c.d".to_owned()),
        Header::AuxApplicInfo("e".to_owned()),
        Header::ContentClass(ContentClass::Megapixel),
        Header::DrmContent(true),
        Header::AdaptationAllowed(false),
        Header::ReplaceId("M0".to_owned()),
        Header::DistributionIndicator(true),
        Header::Store(true),
        Header::ReplyCharging(ReplyCharging::AcceptedTextOnly),
        Header::ReplyChargingDeadline(Time::After(60)),
        Header::ReplyChargingId("M9".to_owned()),
        Header::ReplyChargingSize(500),
        Header::ReportAllowed(true),
        Header::ElementDescriptor(ElementDescriptor { reference: "<p1>".to_owned(), parameters: vec![Parameter::text("name", "a")] }),
    ];
    golden(
        &[
            b"\x8c\x93\x8d\x93\xb4\x80\xb5costs\0\xb6ok\0\xb7a.b\0\xb8c.d\0\xb9e\0\xba\x85\xbb\x80\xbc\x81\xbdM0\0\xb1\x80\xa2\x80",
            b"\x9c\x83\x9d\x03\x81\x01\x3c\x9eM9\0\x9f\x02\x01\xf4\x91\x80\xb2\x08<p1>\0\x85a\0",
        ],
        &Pdu::mbox_descr(Version::V1_3, headers, None),
    );
}

#[test]
fn text_in_every_form() {
    for (octets, text) in [
        (&b"\x96\x09\xea\x7f\xc3\x84pfel\0"[..], EncodedText::from("Äpfel")),
        (b"\x96\x09\xea\x7f\xc3\x84pfel\0", EncodedText::with_charset("Äpfel", Charset::UTF_8)),
        (b"\x96\x04\x84\x7f\xc4\0", EncodedText::with_charset("Ä", Charset::ISO_8859_1)),
        (b"\x96\x07\x02\x07\xea\x7f\xa7\x41\0", EncodedText::with_charset("你", Charset(2026))),
        (b"\x96\x09\x02\x03\xf7\x4f\x60\x59\x7d\0\0", EncodedText::with_charset("你好", Charset::UTF_16)),
        (b"\x96\x07\x02\x03\xe8\x4f\x60\0\0", EncodedText::with_charset("你", Charset::UCS_2)),
        (b"\x96\x04\x83ab\0", EncodedText::with_charset("ab", Charset::US_ASCII)),
    ] {
        let mut wire = Pdu::mbox_descr(Version::V1_2, [Header::Subject(text.clone())], None).encode().unwrap();
        wire.drain(..4);
        assert_eq!(wire, octets, "{text:?}");
    }
}

#[test]
fn what_the_standard_forbids_does_not_leave() {
    let error = |pdu: &Pdu| pdu.encode().unwrap_err().to_string();
    for kind in PduType::ALL {
        let bare = Pdu::new(kind, Version::V1_2);
        assert_eq!(bare.encode().is_err(), !bare.missing().is_empty(), "{kind}");
        assert_eq!(bare.missing().is_empty(), kind == PduType::MboxDescr, "{kind}");
    }
    let send = || Pdu::send_req(Version::V1_2, "T", Sender::Insert, [], Multipart::mixed(vec![]));
    assert_eq!(error(&send()), "m-send-req has to have To; add it");
    let send = send().with(Header::Bcc(number("+1")));
    assert!(send.encode().is_ok());
    assert_eq!(
        error(&send.clone().with(Header::Priority(Priority::Low)).with(Header::Priority(Priority::Low))),
        "m-send-req has X-Mms-Priority more than once; leave all but one out"
    );
    assert_eq!(error(&Pdu::send_conf(Version::V1_2, "T", ResponseStatus::Ok, None, None)), "m-send-conf has to have Message-ID; add it");
    assert_eq!(
        error(&Pdu::send_conf(Version::V1_2, "", ResponseStatus::Unspecified, None, None)),
        "m-send-conf has to have X-Mms-Transaction-Id; add it"
    );
    let retrieve = Pdu::new(PduType::RetrieveConf, Version::V1_2).with(Header::Date(0));
    assert_eq!(error(&retrieve), "m-retrieve-conf has to have Content-Type; add it");
    assert!(retrieve.with(Header::RetrieveStatus(RetrieveStatus::TransientFailure)).encode().is_ok());
    assert!(error(&send.clone().with(Header::ApplicId("a\0b".to_owned()))).starts_with("X-Mms-Applic-ID: the value has a NUL"));
    assert!(error(&Pdu::mbox_store_req(Version::V1_2, "T", "http://a b")).starts_with("X-Mms-Content-Location: "));
    let parts = vec![Part::text("x"); 1_001];
    assert_eq!(error(&send.with_content(Multipart::mixed(parts).into())), "there are 1001 parts and 1000 are allowed; leave some out");
}
