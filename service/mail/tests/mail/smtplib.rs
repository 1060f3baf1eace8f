//! A message made by Python's email package and sent by its smtplib, as we read it.

use waxwing_mail::smtp::{Notify, Ret};
use waxwing_mail::{ContentLimits, Disposition, Importance, MailContent, Mailbox, MessageClass};

use crate::door::Door;
use crate::peer::python;

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_it_is_found() {
    let door = Door::plain();
    let port = door.address.port().to_string();
    let arguments = [port.as_str(), door.certificate.to_str().unwrap()];
    let Some(said) = python("everything_in_it_is_found", "send.py", &arguments, "").await else { return };
    assert_eq!(said.code, Some(0), "{}", said.errors);
    assert_eq!(said.output, "['carol@example.com']\n{'x@elsewhere.example': 550}\n");

    let mail = door.mail();
    assert_eq!(mail.client.identity.as_deref(), Some("account alice"));
    assert_eq!((mail.sender.ret, mail.recipients[0].notify), (Some(Ret::Headers), Some(Notify { success: true, ..Notify::NEVER })));

    let content = MailContent::parse(&mail.message, &ContentLimits::default()).unwrap();
    assert_eq!(content.from, Some(Mailbox::named("Müller, Bob", "bob@example.com")));
    assert_eq!(content.to, [Mailbox::named("Alice", "+447700900123/TYPE=PLMN@mms.example"), Mailbox::named("Zoë", "zoe@mms.example")]);
    assert_eq!(content.cc, [Mailbox::new("carol@example.com")]);
    assert_eq!(content.subject, "Grüße aus 北京 — a subject that is long enough to be folded over two lines at least 😀");
    assert_eq!(content.date, Some(1_740_992_400));
    assert_eq!(
        (content.message_id.as_deref(), content.in_reply_to.as_deref()),
        (Some("python-1@example.com"), Some("earlier@mms.example"))
    );
    assert_eq!((content.importance, content.class), (Importance::High, Some(MessageClass::Informational)));
    assert_eq!(content.read_report_to, Some(Mailbox::new("bob@example.com")));
    assert_eq!(content.mms_header("x-mms-transaction-id"), Some("\"abc-1\""));
    assert!(!content.automatic && content.report.is_none());

    let short: Vec<_> = content.parts.iter().map(|part| (part.content_type.as_str(), part.disposition, part.name.as_deref())).collect();
    assert_eq!(
        short,
        [
            ("text/plain", Disposition::Inline, None),
            ("image/png", Disposition::Inline, Some("логотип.png")),
            (
                "application/pdf",
                Disposition::Attachment,
                Some("a very long name of a file, with commas; and 漢字 in it, that needs continuations in RFC 2231.pdf")
            ),
            ("text/vcard", Disposition::Attachment, Some("zoe.vcf")),
        ]
    );
    assert_eq!(content.text(), "Hello,\nthis is the plain text: äöü €\n.\n..\nBye");
    let picture: Vec<u8> = (0..=255).cycle().take(256 * 40).collect();
    assert_eq!(content.parts[1].data, picture);
    assert!(content.parts[1].content_id.as_deref().unwrap().ends_with("@example.com"));
    assert!(content.parts[3].text().unwrap().contains("FN:Zoë"));
}
