//! E-mail (MM3): in from swaks to real phones and handsets, out to a mail server of others, reports both ways, and nobody relays.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use waxwing_tests::mail::{MailRelay, swaks};
use waxwing_tests::mms::Network;
use waxwing_tests::{Config, http, until};

const BOUND: Duration = Duration::from_secs(20);
const ALICE: &str = "4915112345699";
/// The same as an address; swaks takes an argument that begins with a plus for an option.
const TO_ALICE: &str = "4915112345699@mms.example.net";
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
const TRUSTED: &str = "smtp_trusted = [\"127.0.0.1/32\"]";

/// A message centre with a carrier, and a mail server that takes what leaves.
struct Bed {
    net: Network,
    relay: MailRelay,
}

impl Bed {
    fn start(dsn: bool, more: &str) -> Bed {
        let relay = MailRelay::start(dsn);
        let mail = format!(
            "unknown = \"phone\"\nsender = \"2525\"\nmax_size = \"64 KiB\"\nsmtp_listen = \"127.0.0.1:0\"\n\
             sms_domain = \"sms.example.net\"\nsmtp_relay = \"{}\"\n{more}",
            relay.address()
        );
        let config = Config::without_doors()
            .root()
            .with("[[account]]\nname = \"office\"\npassword = \"secret\"\nallow = [\"sms\", \"mms\"]")
            .mmsc(&mail);
        Bed { net: Network::start_with(config), relay }
    }

    /// The token that the next notification carries.
    fn notified(&mut self) -> String {
        self.net.notified(ALICE).rsplit('/').next().expect("a token").to_owned()
    }

    /// The next push, which reports to Alice: the type of its PDU, and the status in it.
    fn report(&mut self) -> (u8, u8) {
        let pushed = self.net.next_push();
        assert_eq!(pushed.to, ALICE, "{pushed:?}");
        (pushed.pdu.kind(), pushed.pdu.octet(0x15))
    }

    fn fetch(&self, token: &str) -> String {
        let response = http::get(self.net.gateway.mmsc(), &format!("/m/{token}"));
        assert_eq!(response.status, 200, "{response:?}");
        response.body
    }

    /// A phone's word to the message centre, as octets.
    fn post(&self, number: &str, pdu: &[u8]) -> http::Response {
        let headers = [("content-type", "application/vnd.wap.mms-message"), ("x-vzw-mdn", number)];
        http::request(self.net.gateway.mmsc(), "POST", "/", &headers, pdu)
    }

    fn acknowledge(&self, token: &str) {
        // m-acknowledge-ind: type, transaction, version 1.2, reports allowed.
        let pdu = [&b"\x8c\x85\x98"[..], token.as_bytes(), b"\0\x8d\x92\x91\x80"].concat();
        assert_eq!(self.post(ALICE, &pdu).status, 200);
    }

    /// Alice's phone writes to an e-mail address: two parts, and a delivery report is wanted.
    fn write(&self, to: &str, subject: &str) {
        let mut pdu = b"\x8c\x80\x98t1\0\x8d\x92\x89\x01\x81\x97".to_vec();
        for piece in [to.as_bytes(), b"\0\x96", subject.as_bytes(), b"\0\x8f\x82\x86\x80\x90\x80\x84\xa3\x02"] {
            pdu.extend_from_slice(piece);
        }
        // Text in UTF-8, and a picture with a name.
        let text = "Grüße ☃".as_bytes();
        pdu.extend_from_slice(&[4, u8::try_from(text.len()).unwrap(), 0x03, 0x83, 0x81, 0xea]);
        pdu.extend_from_slice(text);
        let headers = b"\x9d\x8esee.gif\0";
        pdu.extend_from_slice(&[u8::try_from(headers.len()).unwrap(), u8::try_from(GIF.len()).unwrap()]);
        pdu.extend_from_slice(headers);
        pdu.extend_from_slice(GIF);
        let response = self.post(ALICE, &pdu);
        // m-send-conf with a number.
        assert!(response.status == 200 && response.body.contains("@mms.example.net"), "{response:?}");
    }
}

#[test]
fn mail_reaches_a_real_phone() {
    let mut bed = Bed::start(false, TRUSTED);
    let mut phone = bed.net.real_phone(&format!("+{ALICE}"));
    let picture = bed.net.gateway.folder().join("see.gif");
    std::fs::write(&picture, GIF).unwrap();
    let sent = swaks(
        bed.net.gateway.smtp(),
        &[
            "--from",
            "bob@example.com",
            "--to",
            TO_ALICE,
            "--header",
            "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
            "--body",
            "Look at this!",
            "--attach-type",
            "image/gif",
            "--attach-name",
            "see.gif",
            "--attach",
            &format!("@{}", picture.display()),
        ],
    );
    sent.is_taken();
    bed.net.deliver(&mut phone);
    let got = phone.wait_for_message(BOUND);
    assert_eq!((got.sender.as_str(), got.subject.as_str()), ("bob@example.com", "Grüße"), "{got:#?}");
    let text = got.parts.iter().find(|p| p.media_type.starts_with("text/plain")).unwrap_or_else(|| panic!("{got:#?}"));
    assert_eq!(String::from_utf8_lossy(&text.data).trim_end(), "Look at this!");
    assert_eq!(got.part("see.gif").data, GIF);
    assert!(got.smil.contains("see.gif"), "{got:#?}");
    assert!(bed.net.gateway.metric("waxwing_smtp_messages_total", &[]) >= 1.0);
}

#[test]
fn formatted_mail_is_shown_as_text_and_its_delivery_reported() {
    let mut bed = Bed::start(false, TRUSTED);
    let mail = "From: Bob <bob@example.com>\r\nContent-Type: text/html; charset=utf-8\r\nMessage-ID: <first@example.com>\r\n\
                X-Mms-Delivery-Report: Yes\r\nDisposition-Notification-To: <bob@example.com>\r\n\r\n\
                <html><body><p>Tom &amp; <b>Jerry</b></p><script>alert(1)</script></body></html>\r\n";
    let file = bed.net.gateway.folder().join("mail.eml");
    std::fs::write(&file, mail).unwrap();
    let data = format!("@{}", file.display());
    // Twice, as a server does that has lost our answer: it is one message.
    for _ in 0..2 {
        swaks(bed.net.gateway.smtp(), &["--from", "bob@example.com", "--to", TO_ALICE, "--data", &data]).is_taken();
    }
    let token = bed.notified();
    let content = bed.fetch(&token);
    assert!(content.contains("Tom & Jerry") && !content.contains("alert") && content.contains("bob@example.com"), "{content}");
    bed.acknowledge(&token);

    let report = bed.relay.mail();
    assert_eq!((&report["sender"], &report["recipients"]), (&json!("<>"), &json!(["bob@example.com"])), "{report:#}");
    assert_eq!((&report["type"], &report["defects"]), (&json!("multipart/report"), &json!([])), "{report:#}");
    assert!(report["headers"]["auto-submitted"].as_str().is_some_and(|v| v.starts_with("auto-")), "{report:#}");
    let fields = &report["fields"];
    assert_eq!(fields[0]["reporting-mta"], "dns; mms.example.net", "{report:#}");
    assert_eq!((&fields[1]["action"], &fields[1]["status"]), (&json!("delivered"), &json!("2.1.5")), "{report:#}");
    assert_eq!(fields[1]["final-recipient"], format!("rfc822; {TO_ALICE}"));

    // m-read-rec-ind: the phone says that it was read; its author gets a disposition notification.
    let at = content.find("@mms.example.net").expect("a message id");
    let id: String = content[..at].chars().rev().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect();
    let id: String = id.chars().rev().collect();
    let from = format!("{ALICE}/TYPE=PLMN");
    let mut pdu = b"\x8c\x87\x8d\x92\x8b".to_vec();
    pdu.extend_from_slice(format!("{id}@mms.example.net\0").as_bytes());
    pdu.extend_from_slice(b"\x97bob@example.com\0");
    pdu.extend_from_slice(&[0x89, u8::try_from(from.len() + 2).unwrap(), 0x80]);
    pdu.extend_from_slice(format!("{from}\0").as_bytes());
    pdu.extend_from_slice(&[0x9b, 0x80]);
    until("the message is in the record", BOUND, || {
        let list = http::get_as(bed.net.gateway.http(), "/api/v1/messages?kind=mms", "root", "secret").json();
        assert!(list["messages"].as_array().is_some_and(|all| all.len() <= 1), "{list:#}");
        list["messages"][0]["state"] == "delivered"
    });
    assert_eq!(bed.post(ALICE, &pdu).status, 200);
    let read = bed.relay.mail();
    assert_eq!(read["recipients"], json!(["bob@example.com"]), "{read:#}");
    assert_eq!(read["fields"][0]["original-message-id"], "<first@example.com>", "{read:#}");
    assert!(read["fields"][0]["disposition"].as_str().is_some_and(|d| d.ends_with("displayed")), "{read:#}");
}

#[test]
fn mail_to_the_other_domain_is_an_sms() {
    let mut bed = Bed::start(false, TRUSTED);
    let arguments =
        ["--from", "bob@example.com", "--to", "4915112345699@sms.example.net", "--header", "Subject: Alarm", "--body", "Pump 3"];
    swaks(bed.net.gateway.smtp(), &arguments).is_taken();
    let sms = bed.net.carrier.wait_for_submits(1, BOUND)[0].clone();
    assert_eq!((&sms["dest"], &sms["text"], &sms["source"]), (&json!(ALICE), &json!("Alarm: Pump 3"), &json!("2525")), "{sms:#}");
}

#[test]
fn a_phone_writes_to_an_address() {
    let mut bed = Bed::start(false, TRUSTED);
    // Not now, says the relay at first.
    bed.relay.tell(&json!({"do": "refuse", "reply": "451 4.7.1 Come back later"}));
    bed.write("carol@example.com", "Holidays");
    bed.relay.wait_for("refused");
    let mail = bed.relay.mail();
    assert_eq!(mail["sender"], format!("+{ALICE}@mms.example.net"), "{mail:#}");
    assert_eq!((&mail["recipients"], &mail["subject"]), (&json!(["carol@example.com"]), &json!("Holidays")), "{mail:#}");
    assert_eq!((&mail["defects"], &mail["headers"]["importance"]), (&json!([]), &json!("high")), "{mail:#}");
    assert!(mail["from"].as_str().is_some_and(|f| f.contains(&format!("+{ALICE}@mms.example.net"))), "{mail:#}");
    assert!(mail["headers"]["disposition-notification-to"].as_str().is_some(), "{mail:#}");
    let parts = mail["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 2, "no presentation goes along: {mail:#}");
    assert_eq!(parts[0]["text"].as_str().map(str::trim_end), Some("Grüße ☃"), "{mail:#}");
    assert_eq!((&parts[1]["type"], &parts[1]["name"]), (&json!("image/gif"), &json!("see.gif")), "{mail:#}");
    assert_eq!(STANDARD.decode(parts[1]["data"].as_str().unwrap()).unwrap(), GIF);
    // This relay tells nothing more, so that it has the message is what the phone hears: m-delivery-ind, retrieved.
    assert_eq!(bed.report(), (0x86, 0x81));

    // Later the mail comes back all the same: the phone hears that, too.
    let id = mail["headers"]["message-id"].as_str().unwrap().to_owned();
    until("the message is in the record", BOUND, || {
        let list = http::get_as(bed.net.gateway.http(), "/api/v1/messages?kind=mms", "root", "secret").json();
        list["messages"][0]["state"] == "delivered"
    });
    bounce(&bed, &id, "failed", "5.1.1").is_taken();
    let (kind, status) = bed.report();
    assert!(kind == 0x86 && status != 0x81, "{status:02x}");

    // Read, says the recipient's mail program: m-read-orig-ind.
    let read = format!(
        "From: carol@example.com\r\nTo: {ALICE}@mms.example.net\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nRead.\r\n--b\r\n\
         Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; carol@example.com\r\n\
         Original-Message-ID: {id}\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n"
    );
    let file = bed.net.gateway.folder().join("read.eml");
    std::fs::write(&file, read).unwrap();
    swaks(bed.net.gateway.smtp(), &["--from", "<>", "--to", TO_ALICE, "--data", &format!("@{}", file.display())]).is_taken();
    assert_eq!(bed.report().0, 0x88);
    assert_eq!(bed.net.gateway.metric("waxwing_mail_reports_matched_total", &[]), 2.0);
}

/// A mail server tells what became of a message, as servers do.
fn bounce(bed: &Bed, id: &str, action: &str, status: &str) -> waxwing_tests::mail::Said {
    let report = format!(
        "From: MAILER-DAEMON@relay.example\r\nTo: {ALICE}@mms.example.net\r\nSubject: Mail status\r\nAuto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nStatus.\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n\
         Final-Recipient: rfc822; carol@example.com\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b\r\n\
         Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\n\r\n--b--\r\n"
    );
    let file = bed.net.gateway.folder().join("report.eml");
    std::fs::write(&file, report).unwrap();
    swaks(bed.net.gateway.smtp(), &["--from", "<>", "--to", TO_ALICE, "--data", &format!("@{}", file.display())])
}

#[test]
fn the_recipients_server_reports() {
    let mut bed = Bed::start(true, TRUSTED);
    bed.write("carol@example.com", "Holidays");
    let mail = bed.relay.mail();
    let id = mail["headers"]["message-id"].as_str().unwrap().to_owned();
    assert_eq!(mail["rcpt_options"], json!(["NOTIFY=SUCCESS,FAILURE"]), "{mail:#}");
    let envid = mail["mail_options"].as_array().unwrap().iter().find_map(|o| o.as_str()?.strip_prefix("ENVID=")).unwrap();
    assert!(id.contains(envid), "{mail:#}");
    // Reports about other messages, or with a number that somebody guessed, change nothing.
    bounce(&bed, "<00000001.AAAAAAAAAAAAAAAAAAAAAA.r@mms.example.net>", "failed", "5.0.0").is_taken();
    until("the first was dropped", BOUND, || bed.net.gateway.metric("waxwing_mail_reports_unmatched_total", &[]) == 1.0);
    // Nothing was told to the phone so far, though the relay has it.
    assert_eq!(bed.net.carrier.submits().len(), 0);
    // Before the disk has it, the answer is to come again.
    until("the report is taken", BOUND, || bounce(&bed, &id, "delivered", "2.0.0").ok);
    assert_eq!(bed.report(), (0x86, 0x81));
}

#[test]
fn a_refusal_is_reported_to_the_phone() {
    let mut bed = Bed::start(false, TRUSTED);
    bed.relay.tell(&json!({"do": "refuse", "reply": "550 5.1.1 Nobody here has that name"}));
    bed.write("nobody@example.com", "Hello");
    assert_eq!(bed.report(), (0x86, 0x82), "rejected");
    until("its record says so", BOUND, || {
        let list = http::get_as(bed.net.gateway.http(), "/api/v1/messages?kind=mms", "root", "secret").json();
        list["messages"][0]["state"] == "rejected"
    });
}

#[test]
fn an_sms_that_failed_is_reported_with_what_the_envelope_said() {
    let mut bed = Bed::start(true, &format!("{TRUSTED}\nnowsms_log = \"log\""));
    // The number is no number, says the carrier.
    bed.net.carrier.refuse(0x0B, 1);
    let conversation = [
        "EHLO mail.example.com",
        "MAIL FROM:<bounces@example.com> ENVID=QQ314159 RET=HDRS",
        "RCPT TO:<4915112345699@sms.example.net> NOTIFY=FAILURE ORCPT=rfc822;pager@example.com",
        "DATA",
        "From: alarm@example.com\r\nAuto-Submitted: auto-generated\r\nMessage-ID: <alarm1@example.com>\r\n\r\nPump 3\r\n.",
        "QUIT",
    ];
    let said = talk(&bed, &conversation);
    assert!(said[4].starts_with("250 2.0.0 Accepted as "), "{said:?}");
    let report = bed.relay.mail();
    assert_eq!((&report["sender"], &report["recipients"]), (&json!("<>"), &json!(["bounces@example.com"])), "{report:#}");
    assert_eq!(report["fields"][0]["original-envelope-id"], "QQ314159", "{report:#}");
    let fields = &report["fields"][1];
    assert_eq!((&fields["action"], &fields["original-recipient"]), (&json!("failed"), &json!("rfc822; pager@example.com")), "{report:#}");
    assert!(fields["status"].as_str().is_some_and(|s| s.starts_with("5.")), "{report:#}");
    assert_eq!(report["headers"]["in-reply-to"], "<alarm1@example.com>", "{report:#}");

    until("the lines are in the log", BOUND, || {
        let files = std::fs::read_dir(bed.net.gateway.folder().join("log")).into_iter().flatten().flatten();
        let log: String = files.filter_map(|f| std::fs::read_to_string(f.path()).ok()).collect();
        log.contains(",SMTPIN,127.0.0.1,bounces@example.com,4915112345699@sms.example.net,")
            && log.contains(",MMSOUT,,,bounces@example.com,")
    });
}

/// Lines to the door for e-mail, each after the answer to the one before; their answers.
fn talk(bed: &Bed, lines: &[&str]) -> Vec<String> {
    let mut stream = TcpStream::connect(bed.net.gateway.smtp()).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut answer = || loop {
        let line = answers.next().unwrap().unwrap();
        if line.as_bytes()[3] == b' ' {
            break line;
        }
    };
    let mut all = vec![answer()];
    for line in lines {
        stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        all.push(answer());
    }
    all.remove(0);
    all
}

#[test]
fn mail_whose_sender_is_not_proved_is_refused_where_that_is_wished() {
    let bed = Bed::start(false, &format!("{TRUSTED}\nsmtp_unverified = \"refuse\"\nsmtp_authserv = \"mx.example.net\""));
    let send = |verdict: &str| {
        let header = format!("Authentication-Results: {verdict}");
        swaks(bed.net.gateway.smtp(), &["--from", "bob@example.com", "--to", TO_ALICE, "--header", &header, "--body", "Hello"])
    };
    send("mx.example.net; spf=fail smtp.mailfrom=example.com").is_refused("550 5.7.1");
    send("mx.example.net; spf=pass smtp.mailfrom=example.com").is_taken();
    // Somebody else's word is nobody's.
    send("mx.example.com; spf=fail smtp.mailfrom=example.com").is_taken();
}

#[test]
fn mail_that_runs_in_a_circle_is_stopped() {
    let bed = Bed::start(false, TRUSTED);
    let hops = "Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n".repeat(40);
    let file = bed.net.gateway.folder().join("loop.eml");
    std::fs::write(&file, format!("{hops}From: bob@example.com\r\n\r\nHello\r\n")).unwrap();
    let data = format!("@{}", file.display());
    swaks(bed.net.gateway.smtp(), &["--from", "bob@example.com", "--to", TO_ALICE, "--data", &data]).is_refused("554 5.4.6");
}

#[test]
fn nobody_relays_and_strangers_sign_in() {
    let bed = Bed::start(false, TRUSTED);
    let smtp = bed.net.gateway.smtp();
    // Not even those who are trusted write anywhere else.
    for elsewhere in [
        "carol@example.com",
        "carol@[127.0.0.1]",
        "\"carol@example.com\"@mms.example.net",
        "carol%example.com@mms.example.net",
        "example.com!carol@mms.example.net",
        "nobody@mms.example.net",
        "4915112345699@mms.example.net.example.com",
    ] {
        swaks(smtp, &["--from", "bob@example.com", "--to", elsewhere]).is_refused("<** 550 5.");
    }
    let big = "x".repeat(97 << 10);
    let file = bed.net.gateway.folder().join("big.txt");
    std::fs::write(&file, big).unwrap();
    let at = format!("@{}", file.display());
    let large = swaks(smtp, &["--from", "bob@example.com", "--to", TO_ALICE, "--attach-type", "image/jpeg", "--attach", &at]);
    large.is_refused("552 5.3.4");
    drop(bed);

    let bed = Bed::start(false, "");
    let smtp = bed.net.gateway.smtp();
    let send = |more: &[&str]| swaks(smtp, &[&["--from", "bob@example.com", "--to", TO_ALICE, "--body", "Hello"], more].concat());
    send(&[]).is_refused("530 5.7.0");
    send(&["--auth", "PLAIN", "-au", "office", "-ap", "wrong"]).is_refused("535 5.7.8");
    send(&["--auth", "PLAIN", "-au", "mmsc", "-ap", ""]).is_refused("535 5.7.8");
    send(&["--auth", "LOGIN", "-au", "office", "-ap", "secret"]).is_taken();
    assert!(bed.net.gateway.metric("waxwing_bad_input_total", &["place=\"smtp\"", "reason=\"sign-in\""]) >= 3.0);
}

#[test]
fn nothing_is_smuggled() {
    let bed = Bed::start(false, TRUSTED);
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r"] {
        let mut stream = TcpStream::connect(bed.net.gateway.smtp()).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut answer = || loop {
            let line = lines.next().unwrap().unwrap();
            if line.as_bytes()[3] == b' ' {
                break line;
            }
        };
        answer();
        for command in ["EHLO evil.example", "MAIL FROM:<a@example.com>", &format!("RCPT TO:<{TO_ALICE}>"), "DATA"] {
            stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
            answer();
        }
        let inner = format!("MAIL FROM:<admin@example.com>\r\nRCPT TO:<{TO_ALICE}>\r\nDATA\r\nFrom: admin@example.com\r\n\r\nsmuggled\r\n");
        stream.write_all(format!("Subject: x\r\n\r\nhello{end}{inner}.\r\nQUIT\r\n").as_bytes()).unwrap();
        let said = answer();
        assert!(said.starts_with('5') || said.starts_with('4'), "{end:?}: {said}");
        let said = answer();
        assert!(said.starts_with("221"), "one message, one answer: {end:?}: {said}");
    }
    assert_eq!(bed.net.gateway.metric("waxwing_smtp_messages_total", &[]), 0.0);
    assert!(bed.net.gateway.metric("waxwing_smtp_bare_line_ends_total", &[]) >= 5.0);
}

#[test]
fn kill_nine_between_acceptance_and_relay_loses_nothing() {
    let mut bed = Bed::start(false, TRUSTED);
    bed.relay.tell(&json!({"do": "hold"}));
    bed.write("carol@example.com", "Held");
    bed.relay.wait_for("held");
    // And one that comes in at the same time, taken by us for sure.
    swaks(bed.net.gateway.smtp(), &["--from", "bob@example.com", "--to", TO_ALICE, "--body", "Also here"]).is_taken();
    bed.net.gateway.kill();
    bed.relay.tell(&json!({"do": "release"}));
    let before = bed.relay.mails_so_far().len();
    bed.net.gateway.start_again();
    bed.net.carrier.wait_for_bind();
    let mail = bed.relay.mail();
    assert_eq!(mail["subject"], "Held", "{before} came before the crash: {mail:#}");
    until("the mail that came in is told of", BOUND, || {
        bed.net.carrier.submits().iter().any(|s| s["hex"].as_str().is_some_and(|hex| hex.contains("2f6d2f")))
    });
}
