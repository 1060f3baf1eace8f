//! By properties: what is written is read, and what is printed is parsed.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use waxwing_mms::content::{ALTERNATIVE, MIXED, RELATED};
use waxwing_mms::smil::{self, Style};
use waxwing_mms::*;
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, HeaderValue, Parameter};

/// Text as people write it, on one line, without a byte order mark before it.
fn text() -> impl Strategy<Value = String> {
    "[ -~éßあ你😀]{0,30}|[a-z]{0,80}"
}

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9][a-zA-Z0-9.@:/_-]{0,40}"
}

fn encoded() -> impl Strategy<Value = EncodedText> {
    let charset = prop_oneof![
        Just(None),
        Just(Some(Charset::UTF_8)),
        Just(Some(Charset::UTF_16)),
        Just(Some(Charset::ISO_8859_1)),
        Just(Some(Charset(2026))),
        Just(Some(Charset(114)))
    ];
    (text(), charset).prop_map(|(text, charset)| match charset {
        Some(charset) if charset.encode(&text).is_some() => EncodedText::with_charset(text, charset),
        _ => text.into(),
    })
}

fn address() -> impl Strategy<Value = MmsAddress> {
    prop_oneof![
        "\\+?[0-9]{8,15}".prop_map(MmsAddress::Number),
        "[0-9]{1,7}".prop_map(MmsAddress::Number),
        "[0-9]{1,7}".prop_map(MmsAddress::ShortCode),
        "[a-z]{1,10}@[a-z]{1,10}\\.example".prop_map(MmsAddress::Email),
        any::<[u8; 4]>().prop_map(|octets| MmsAddress::Ipv4(octets.into())),
        any::<[u8; 16]>().prop_map(|octets| MmsAddress::Ipv6(octets.into())),
        "[A-Z][a-zé]{1,10}".prop_map(MmsAddress::Alphanumeric),
        ("[a-z]{1,9}", "x-[a-z]{1,9}").prop_map(|(address, kind)| MmsAddress::Typed { address, kind }),
    ]
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![moment().prop_map(Time::At), any::<u64>().prop_map(Time::After)]
}

/// Up to the year 9999.
fn moment() -> impl Strategy<Value = u64> {
    0..253_000_000_000_u64
}

fn field() -> impl Strategy<Value = Field> {
    proptest::sample::select(Field::ALL)
}

/// A header field of any kind.
fn header() -> impl Strategy<Value = Header> {
    let sender = prop_oneof![Just(Sender::Insert), address().prop_map(Sender::Address)];
    let class = prop_oneof![
        Just(MessageClass::Personal),
        Just(MessageClass::Advertisement),
        Just(MessageClass::Informational),
        Just(MessageClass::Auto),
        "x-[a-z]{1,9}".prop_map(MessageClass::Other),
    ];
    let flag = (0..3, encoded()).prop_map(|(kind, keyword)| match kind {
        0 => MmFlag::Add(keyword),
        1 => MmFlag::Filter(keyword),
        _ => MmFlag::Remove(keyword),
    });
    let amount = (any::<bool>(), any::<u64>())
        .prop_map(|(messages, number)| if messages { Amount::Messages(number) } else { Amount::Octets(number) });
    let element = (token(), option::of("[a-z]{1,9}"), option::of(any::<u32>())).prop_map(|(reference, name, size)| ElementDescriptor {
        reference,
        parameters: name
            .map(|name| Parameter::text("name", name))
            .into_iter()
            .chain(size.map(|size| Parameter { name: "size".to_owned(), value: waxwing_wap::wsp::ParameterValue::Integer(size.into()) }))
            .collect(),
    });
    let code = || 0x80u8..=0xff;
    let addresses = (0..3, address()).prop_map(|(kind, address)| match kind {
        0 => Header::To(address),
        1 => Header::Cc(address),
        _ => Header::Bcc(address),
    });
    let texts = (0..6, encoded()).prop_map(|(kind, text)| match kind {
        0 => Header::Subject(text),
        1 => Header::ResponseText(text),
        2 => Header::RetrieveText(text),
        3 => Header::StoreStatusText(text),
        4 => Header::RecommendedRetrievalModeText(text),
        _ => Header::StatusText(text),
    });
    let tokens = (0..9, token()).prop_map(|(kind, text)| match kind {
        0 => Header::ContentLocation(text),
        1 => Header::MessageId(text),
        2 => Header::ReplyChargingId(text),
        3 => Header::ApplicId(text),
        4 => Header::ReplyApplicId(text),
        5 => Header::AuxApplicInfo(text),
        6 => Header::ReplaceId(text),
        7 => Header::CancelId(text),
        _ => Header::Named { name: format!("X-Own-{}", text.len()), value: HeaderValue::Text(text) },
    });
    let answers = (0..10, any::<bool>()).prop_map(|(kind, yes)| match kind {
        0 => Header::DeliveryReport(yes),
        1 => Header::ReadReport(yes),
        2 => Header::ReportAllowed(yes),
        3 => Header::Store(yes),
        4 => Header::Stored(yes),
        5 => Header::Totals(yes),
        6 => Header::Quotas(yes),
        7 => Header::DistributionIndicator(yes),
        8 => Header::DrmContent(yes),
        _ => Header::AdaptationAllowed(yes),
    });
    let numbers = (0..5, any::<u64>()).prop_map(|(kind, number)| match kind {
        0 => Header::MessageSize(number),
        1 => Header::ReplyChargingSize(number),
        2 => Header::MessageCount(number),
        3 => Header::Start(number),
        _ => Header::Limit(number),
    });
    let times = (0..3, time()).prop_map(|(kind, time)| match kind {
        0 => Header::Expiry(time),
        1 => Header::DeliveryTime(time),
        _ => Header::ReplyChargingDeadline(time),
    });
    let codes = (0..12, code()).prop_map(|(kind, code)| match kind {
        0 => Header::Priority(Priority::from_code(code)),
        1 => Header::ResponseStatus(ResponseStatus::from_code(code)),
        2 => Header::SenderVisibility(SenderVisibility::from_code(code)),
        3 => Header::Status(MessageStatus::from_code(code)),
        4 => Header::RetrieveStatus(RetrieveStatus::from_code(code)),
        5 => Header::ReadStatus(ReadStatus::from_code(code)),
        6 => Header::ReplyCharging(ReplyCharging::from_code(code)),
        7 => Header::MmState(MmState::from_code(code)),
        8 => Header::StoreStatus(StoreStatus::from_code(code)),
        9 => Header::RecommendedRetrievalMode(RetrievalMode::from_code(code)),
        10 => Header::ContentClass(ContentClass::from_code(code)),
        _ => Header::CancelStatus(CancelStatus::from_code(code)),
    });
    prop_oneof![
        addresses,
        texts,
        tokens,
        answers,
        numbers,
        times,
        codes,
        moment().prop_map(Header::Date),
        sender.prop_map(Header::From),
        class.prop_map(Header::MessageClass),
        flag.prop_map(Header::MmFlags),
        (any::<bool>(), amount).prop_map(|(totals, amount)| if totals { Header::MboxTotals(amount) } else { Header::MboxQuotas(amount) }),
        (any::<u64>(), address()).prop_map(|(count, address)| Header::PreviouslySentBy(PreviouslySentBy { count, address })),
        (any::<u64>(), moment()).prop_map(|(count, date)| Header::PreviouslySentDate(PreviouslySentDate { count, date })),
        field().prop_map(Header::Attributes),
        element.prop_map(Header::ElementDescriptor),
    ]
}

/// Header fields, each of them once.
fn headers() -> impl Strategy<Value = Vec<Header>> {
    vec(header(), 0..12).prop_map(|headers| {
        let mut seen = std::collections::BTreeSet::new();
        headers.into_iter().filter(|header| header.field().is_none_or(|field| seen.insert(field))).collect()
    })
}

fn part() -> impl Strategy<Value = Part> {
    let media = prop_oneof![
        Just("image/jpeg".to_owned()),
        Just("text/plain".to_owned()),
        Just("application/smil".to_owned()),
        Just("audio/amr".to_owned()),
        "[a-z]{1,9}/[a-z0-9.+-]{1,30}"
    ];
    let data = prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 120..300), Just(vec![7; 20_000])];
    (media, any::<bool>(), option::of("[a-zA-Z0-9._é-]{1,30}"), option::of(token()), data).prop_map(|(media, utf8, name, id, data)| {
        let mut content_type = ContentType::new(media);
        if utf8 {
            content_type.parameters.push(Parameter::charset(Charset::UTF_8));
        }
        let mut part = Part::new(content_type, data);
        if let Some(name) = &name {
            part = part.named(name);
        }
        match id {
            Some(id) => part.with_content_id(&id).with_content_location(&id),
            None => part,
        }
    })
}

fn multipart() -> impl Strategy<Value = Multipart> {
    (vec(part(), 0..8), 0..3).prop_map(|(parts, kind)| match kind {
        0 => Multipart { content_type: ContentType::new(MIXED), parts },
        1 => Multipart { content_type: ContentType::new(ALTERNATIVE), parts },
        _ => Multipart {
            content_type: ContentType::new(RELATED)
                .with(Parameter::text("type", "application/smil"))
                .with(Parameter::text("start", "<smil>")),
            parts,
        },
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn pdus(headers in headers(), version in 0x10u8..0x14, id in option::of(token()), content in option::of(multipart())) {
        // A description of a mailbox needs no header field, and may have any.
        let pdu = Pdu {
            kind: PduType::MboxDescr,
            transaction_id: id,
            version: Version(version),
            headers,
            content: content.map(Content::from),
        };
        let wire = pdu.encode().unwrap();
        let decoded = Pdu::decode(wire.clone()).unwrap();
        prop_assert_eq!(&decoded.pdu, &pdu);
        let strange = |address: &MmsAddress| matches!(address, MmsAddress::Typed { .. });
        let typed = pdu.headers.iter().any(|header| match header {
            Header::To(address) | Header::Cc(address) | Header::Bcc(address) | Header::From(Sender::Address(address)) => strange(address),
            Header::PreviouslySentBy(PreviouslySentBy { address, .. }) => strange(address),
            _ => false,
        });
        prop_assert_eq!(decoded.quirks, if typed { Quirks::ADDRESS_TYPE } else { Quirks::NONE });

        // And as it came.
        let raw = Pdu::decode_headers(wire.clone()).unwrap().pdu;
        prop_assert_eq!(raw.encode().unwrap(), wire.clone());
        if let Some(Content::Raw(content)) = &raw.content {
            prop_assert_eq!([&raw.encode_headers().unwrap()[..], &content.body()].concat(), wire);
            prop_assert_eq!(Some(content.decode(Limits::default()).unwrap().content), pdu.content.clone());
            prop_assert_eq!(&pdu.content.unwrap().to_raw().unwrap(), content);
        }
    }

    #[test]
    fn header_files(headers in headers(), version in 0x10u8..0x14, id in option::of("[a-z0-9]{1,9}"), files in vec("[a-z]{1,9}", 0..3)) {
        // Charsets have no place in a header file, and white space at the ends means nothing there.
        let plain = |text: EncodedText| EncodedText { text: text.text.trim().to_owned(), charset: None };
        let headers = headers.into_iter().map(|header| match header {
            Header::Subject(text) => Header::Subject(plain(text)),
            Header::ResponseText(text) => Header::ResponseText(plain(text)),
            Header::RetrieveText(text) => Header::RetrieveText(plain(text)),
            Header::StoreStatusText(text) => Header::StoreStatusText(plain(text)),
            Header::RecommendedRetrievalModeText(text) => Header::RecommendedRetrievalModeText(plain(text)),
            Header::StatusText(text) => Header::StatusText(plain(text)),
            Header::MmFlags(MmFlag::Add(text)) => Header::MmFlags(MmFlag::Add(plain(text))),
            Header::MmFlags(MmFlag::Remove(text)) => Header::MmFlags(MmFlag::Remove(plain(text))),
            Header::MmFlags(MmFlag::Filter(text)) => Header::MmFlags(MmFlag::Filter(plain(text))),
            other => other,
        });
        // A flag without a keyword is none in text.
        let headers = headers.filter(|header| !header.value_text().ends_with("add ") && !header.value_text().ends_with("remove ") && !header.value_text().ends_with("filter "));
        let pdu = Pdu { kind: PduType::MboxDescr, transaction_id: id, version: Version(version), headers: headers.collect(), content: None };
        let file = HeaderFile::of(&pdu, files);
        let text = file.to_string();
        prop_assert_eq!(HeaderFile::parse(&text).unwrap_or_else(|error| panic!("{error} in {text}")), file);
    }

    #[test]
    fn presentations(parts in vec(part(), 0..10), text_first in any::<bool>()) {
        let count = parts.iter().filter(|part| !part.content_type.is("application/smil")).count();
        let multipart = smil::present(parts, &Style { text_first, ..Style::default() });
        prop_assert_eq!(multipart.parts.len(), count + 1);
        let root = multipart.root().unwrap();
        let read = Smil::parse(&root.decoded_text()).unwrap();
        prop_assert_eq!(&read, &Smil::compose(&multipart.parts, &Style { text_first, ..Style::default() }));
        for finding in read.check(&multipart.parts) {
            prop_assert!(matches!(finding, smil::Finding::Unused(_) | smil::Finding::NoSlide), "{}", finding);
        }
        let names: std::collections::HashSet<String> = multipart.parts.iter().map(|part| part.name().unwrap()).collect();
        prop_assert_eq!(names.len(), count + 1);
        let wire = Pdu::retrieve_conf(Version::V1_0, None, 0, multipart.clone()).encode().unwrap();
        prop_assert_eq!(Pdu::decode(wire).unwrap().pdu.content.unwrap(), Content::from(multipart));
    }

    #[test]
    fn octets_that_mean_nothing(octets in vec(any::<u8>(), 0..200)) {
        let _ = Pdu::decode(octets.clone());
        let _ = Pdu::decode([&b"\x8c\x84\x8d\x90\x84\xa3"[..], &octets].concat());
        let _ = Pdu::decode([&b"\x8c\x84\x8d\x90\x96"[..], &octets].concat());
    }

    #[test]
    fn text_that_means_nothing(text in "\\PC{0,100}|[<>/a-z =\"'&;!\\[\\]-]{0,100}") {
        let wrapped = format!("<smil>{text}</smil>");
        let smil = Smil::parse(&wrapped).unwrap();
        prop_assert_eq!(Smil::parse(&smil.to_xml()).unwrap().slides.len(), smil.slides.len());
        prop_assert_eq!(smil::rewrite(&text, |_| None).unwrap(), text.clone());
        let _ = HeaderFile::parse(&text);
        let _ = MmsAddress::parse(&text);
    }
}
