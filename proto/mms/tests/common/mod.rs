//! What the tests share: real samples, and a PDU of every kind.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use waxwing_mms::*;
use waxwing_wap::wsp::ContentType;

/// Said past the test runner's capture: a test that did not run must not look like one that passed.
pub(crate) fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// The directory of real samples, which the environment names; if it does not, that is said.
pub(crate) fn samples(test: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("WAXWING_SAMPLES").map(PathBuf::from).filter(|path| path.join("MANIFEST.tsv").is_file());
    if directory.is_none() {
        skipped(test, "WAXWING_SAMPLES names no directory of samples");
    }
    directory
}

/// A sample, and what others say of it.
pub(crate) struct Sample {
    pub(crate) file: String,
    pub(crate) octets: Vec<u8>,
    /// tshark's word, such as `m-send-req (0x80)`.
    pub(crate) tshark: String,
    /// That of another decoder, such as `ok M-Send.req parts=4`.
    pub(crate) other: String,
}

/// Every sample of an MMS PDU.
pub(crate) fn manifest(directory: &Path) -> Vec<Sample> {
    let manifest = std::fs::read_to_string(directory.join("MANIFEST.tsv")).unwrap();
    let lines = manifest.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let mut samples: Vec<_> = lines
        .filter(|fields| fields[0].starts_with("mms/"))
        .map(|fields| Sample {
            file: fields[0].to_owned(),
            octets: std::fs::read(directory.join(fields[0])).unwrap(),
            tshark: fields[3].to_owned(),
            other: fields[4].to_owned(),
        })
        .collect();
    samples.sort_by(|one, other| one.file.cmp(&other.file));
    samples
}

/// A message of three parts with a presentation.
pub(crate) fn content() -> Content {
    let image = Part::new(ContentType::new("image/jpeg"), &b"\xff\xd8\xff\xe0 a picture \0\xff\xd9"[..]).named("photo.jpg");
    let sound = Part::new(ContentType::new("audio/amr"), &b"#!AMR\n\x3c"[..]).named("voice.amr");
    smil::present(vec![image, Part::text("Grüße aus dem Urlaub").named("text.txt"), sound], &smil::Style::default()).into()
}

pub(crate) fn number(digits: &str) -> MmsAddress {
    MmsAddress::Number(digits.to_owned())
}

/// A PDU of every kind, with the header fields that it mostly has.
pub(crate) fn pdus() -> Vec<Pdu> {
    let alice = number("+447700900123");
    let bob = MmsAddress::Email("bob@example.com".to_owned());
    let recipients =
        || [Header::To(number("+447700900124")), Header::To(bob.clone()), Header::Cc(MmsAddress::ShortCode("12345".to_owned()))];
    let location = "http://mms.example.net/abc";
    let notification = Notification {
        from: Some(alice.clone()),
        subject: Some("Grüße".into()),
        class: MessageClass::Personal,
        size: 30_000,
        expiry: Time::After(259_200),
        location: location.to_owned(),
    };
    let description = Pdu::mbox_descr(
        Version::V1_2,
        [Header::MmState(MmState::New), Header::ContentLocation(location.to_owned()), Header::MmFlags(MmFlag::Add("holiday".into()))],
        Some(content()),
    );
    let deletions = || {
        [
            Deletion { location: Some(location.to_owned()), status: ResponseStatus::Ok, text: None },
            Deletion {
                location: Some(format!("{location}d")),
                status: ResponseStatus::PermanentMessageNotFound,
                text: Some("nicht da – leider".into()),
            },
        ]
    };
    let send = Pdu::send_req(Version::V1_2, "T1", Sender::Insert, recipients(), content())
        .with(Header::Bcc(MmsAddress::Ipv4([192, 0, 2, 1].into())))
        .with(Header::Date(1_800_000_000))
        .with(Header::Subject("A message".into()))
        .with(Header::MessageClass(MessageClass::Informational))
        .with(Header::Priority(Priority::High))
        .with(Header::DeliveryTime(Time::At(1_800_003_600)))
        .with(Header::Expiry(Time::At(1_800_090_000)))
        .with(Header::DeliveryReport(true))
        .with(Header::ReadReport(false))
        .with(Header::SenderVisibility(SenderVisibility::Show))
        .with(Header::ReplyCharging(ReplyCharging::Requested))
        .with(Header::ReplyChargingDeadline(Time::After(86_400)))
        .with(Header::ReplyChargingSize(10_000));
    let retrieve = send.to_retrieve_conf(Version::V1_2, Some("T2".to_owned()), "M1@example.net".to_owned(), 1_800_000_000, &alice);
    let retrieve = retrieve
        .with(Header::PreviouslySentBy(PreviouslySentBy { count: 1, address: alice.clone() }))
        .with(Header::PreviouslySentDate(PreviouslySentDate { count: 1, date: 1_799_999_000 }))
        .with(Header::RetrieveStatus(RetrieveStatus::Ok));
    let text = || Some(EncodedText::from("Message not found"));
    vec![
        send,
        Pdu::send_conf(Version::V1_1, "T1", ResponseStatus::Ok, text(), Some("M1@example.net".to_owned())),
        Pdu::notification_ind(Version::V1_2, "T2", notification).with(Header::DeliveryReport(true)),
        Pdu::notify_resp_ind(Version::V1_2, "T2", MessageStatus::Deferred, false),
        retrieve,
        Pdu::retrieve_failure(Version::V1_1, None, 1_800_000_000, RetrieveStatus::PermanentMessageNotFound, "Message not found".into()),
        Pdu::acknowledge_ind(Version::V1_2, "T2", true),
        Pdu::delivery_ind(Version::V1_2, "M1@example.net", bob.clone(), 1_800_000_000, MessageStatus::Retrieved)
            .with(Header::StatusText("done".into())),
        Pdu::read_rec_ind(Version::V1_2, "M1@example.net", alice.clone(), Sender::Insert, ReadStatus::Read),
        Pdu::read_orig_ind(Version::V1_2, "M1@example.net", alice.clone(), bob.clone(), 1_800_000_000, ReadStatus::Deleted),
        Pdu::forward_req(Version::V1_1, "T3", Sender::Insert, recipients(), location),
        Pdu::forward_conf(Version::V1_1, "T3", ResponseStatus::TransientNetworkProblem, text(), None),
        Pdu::mbox_store_req(Version::V1_2, "T4", location).with(Header::MmState(MmState::Sent)),
        Pdu::mbox_store_conf(Version::V1_2, "T4", Some(location.to_owned()), StoreStatus::Success, None),
        Pdu::mbox_view_req(Version::V1_2, "T5")
            .with(Header::MmState(MmState::New))
            .with(Header::MmState(MmState::Draft))
            .with(Header::MmFlags(MmFlag::Filter("Straße".into())))
            .with(Header::Start(0))
            .with(Header::Limit(200))
            .with(Header::Attributes(Field::Subject))
            .with(Header::Attributes(Field::AdditionalHeaders))
            .with(Header::Totals(true))
            .with(Header::Quotas(true)),
        Pdu::mbox_view_conf(Version::V1_2, "T5", ResponseStatus::Ok, None, std::slice::from_ref(&description))
            .unwrap()
            .with(Header::MboxTotals(Amount::Messages(1)))
            .with(Header::MboxTotals(Amount::Octets(30_000)))
            .with(Header::MboxQuotas(Amount::Octets(1_000_000)))
            .with(Header::MessageCount(1)),
        Pdu::mbox_upload_req(Version::V1_2, "T6", MmState::Draft, &description).unwrap(),
        Pdu::mbox_upload_conf(Version::V1_2, "T6", None, StoreStatus::PermanentMmboxFull, Some("full".into())),
        Pdu::mbox_delete_req(Version::V1_2, "T7", [location, "http://mms.example.net/abcd"]),
        Pdu::mbox_delete_conf(Version::V1_2, "T7", deletions()),
        description,
        Pdu::delete_req(Version::V1_3, "T8", [location]),
        Pdu::delete_conf(Version::V1_3, "T8", deletions()),
        Pdu::cancel_req(Version::V1_3, "T9", "M1@example.net"),
        Pdu::cancel_conf(Version::V1_3, "T9", CancelStatus::Received),
    ]
}
