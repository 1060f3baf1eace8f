//! `/pap` as push initiators use it: Kannel's `test_ppg` and plain HTTP, over the real gateway to a carrier, with results that come back.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::http::{self, Catcher, Response};
use waxwing_tests::{Carrier, Config, Gateway, skip, until};

const BOUND: Duration = Duration::from_secs(20);
const TEST_PPG: &str = "/usr/lib/kannel/test/test_ppg";
const SI: &str =
    "<?xml version=\"1.0\"?>\n<si><indication href=\"http://wap.example.net/\" action=\"signal-high\">New: é</indication></si>\n";

fn pushing(account: &str) -> Config {
    Config::new().shop_with(account).replaced("[\"sms\"]", "[\"sms\", \"push\"]")
}

fn start_with(account: &str, carrier: Value) -> (Gateway, Carrier) {
    let mut carrier = Carrier::start(carrier);
    // The initiators of these tests are on this machine.
    let config = pushing(account).with("[callback]\nallow = [\"127.0.0.0/8\"]");
    let gateway = Gateway::start(&config.smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    (gateway, carrier)
}

fn start() -> (Gateway, Carrier) {
    start_with("", json!({}))
}

fn post(gateway: &Gateway, content_type: &str, body: &[u8]) -> Response {
    let authorization = http::basic("shop", "secret");
    http::request(gateway.http(), "POST", "/pap", &[("authorization", &authorization), ("content-type", content_type)], body)
}

fn document(message: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 2.0//EN\" \"http://www.wapforum.org/DTD/pap_2.0.dtd\">\n<pap>\n{message}\n</pap>\n"
    )
}

/// A push of a content to numbers, with further attributes.
fn push(gateway: &Gateway, push_id: &str, attributes: &str, numbers: &[&str], (media, content): (&str, &[u8])) -> Response {
    let addresses: String =
        numbers.iter().map(|n| format!("<address address-value=\"WAPPUSH={n}/TYPE=PLMN@ppg.example.net\"/>\n")).collect();
    let control = document(&format!("<push-message push-id=\"{push_id}\" {attributes}>\n{addresses}</push-message>"));
    let mut body =
        format!("--part\r\nContent-Type: application/xml\r\n\r\n{control}\r\n--part\r\nContent-Type: {media}\r\n\r\n").into_bytes();
    body.extend(content);
    body.extend(b"\r\n--part--\r\n");
    post(gateway, "multipart/related; type=\"application/xml\"; boundary=part", &body)
}

fn control(gateway: &Gateway, message: &str) -> Response {
    post(gateway, "application/xml", document(message).as_bytes())
}

#[track_caller]
fn assert_says(answer: &Response, words: &[&str]) {
    assert_eq!((answer.status, answer.header("content-type")), (202, Some("application/xml")), "{}", answer.body);
    for words in words {
        assert!(answer.body.contains(words), "{words} in {}", answer.body);
    }
}

/// Tells the document in WBXML, by libwbxml, that is at the end of a push PDU with a header of one octet.
fn xml_of(submit: &Value) -> String {
    let octets = hex(submit["hex"].as_str().expect("octets"));
    // Transaction id, PDU type (push), length of the headers.
    assert_eq!(octets[1], 6, "{octets:02x?}");
    let folder = tempfile::tempdir().expect("a folder");
    let (wbxml, xml) = (folder.path().join("in.wbxml"), folder.path().join("out.xml"));
    std::fs::write(&wbxml, &octets[3 + usize::from(octets[2])..]).expect("a file");
    let output = Command::new("wbxml2xml").arg("-o").arg(&xml).arg(&wbxml).output().expect("wbxml2xml; run scripts/install-test-peers.sh");
    assert!(output.status.success(), "{output:?} {octets:02x?}");
    std::fs::read_to_string(xml).expect("XML")
}

/// What tshark reads in pushes, a row each: PDU type, content types, public identifiers of WBXML, and how often it finds something malformed.
fn dissect(pushes: &[Vec<u8>]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let (dump, pcap) = (folder.path().join("dump"), folder.path().join("pcap"));
    let lines = pushes.iter().map(|octets| {
        let digits: String = octets.iter().map(|octet| format!(" {octet:02x}")).collect();
        format!("000000{digits}\n")
    });
    std::fs::write(&dump, lines.collect::<String>()).expect("a file");
    let run = |command: &mut Command| {
        let output = command.output().expect("tshark's tools; run scripts/install-test-peers.sh");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(Command::new("text2pcap").args(["-q", "-u", "9200,2948"]).args([&dump, &pcap]));
    let fields = ["wsp.pdu_type", "wsp.header.content_type", "wbxml.public_id.known", "_ws.malformed"];
    let fields = fields.iter().flat_map(|field| ["-e", field]);
    let rows = run(Command::new("tshark").arg("-r").arg(&pcap).args(["-d", "udp.port==2948,wsp", "-T", "fields"]).args(fields));
    rows.lines().map(str::to_owned).collect()
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("digits")).collect()
}

#[test]
fn kannels_initiator_pushes() {
    if !std::path::Path::new(TEST_PPG).exists() {
        return skip("kannels_initiator_pushes", "test_ppg is not installed (Debian package kannel-extras)");
    }
    let (gateway, mut carrier) = start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let si = file("si.txt", SI);
    let sl = file("sl.txt", "<?xml version=\"1.0\"?>\n<sl href=\"http://wap.example.net/\"/>\n");
    let runs: [(&str, &[&str], _); 4] =
        [("si", &[], &si), ("si", &["-d", "lf"], &si), ("sl", &["-E", "-p"], &sl), ("si", &["-e", "base64", "-n"], &si)];
    for (index, (kind, options, content)) in runs.into_iter().enumerate() {
        let notes = index == 3;
        let control = document(&format!(
            "<push-message push-id=\"{index}@kannel\" deliver-after-timestamp=\"2001-02-28T06:45:00Z\" progress-notes-requested=\"{notes}\">\n\
             <address address-value=\"WAPPUSH=+44770090000{index}/TYPE=PLMN@ppg.carrier.com\">\n</address>\n\
             <quality-of-service priority=\"low\" delivery-method=\"unconfirmed\" network-required=\"true\" network=\"gsm\" \
             bearer-required=\"true\" bearer=\"sms\"/></push-message>"
        ));
        let pap = file("pap.txt", &control);
        let mut command = Command::new("timeout");
        command.args(["20", TEST_PPG, "-c", kind]).args(options);
        command.arg(format!("http://shop:secret@{}/pap", gateway.http())).arg(content).arg(pap);
        let output = command.output().expect("timeout");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let submits = carrier.wait_for_submits(index + 1, BOUND);
        let submit = submits.last().unwrap_or_else(|| panic!("{said}"));
        assert_eq!(submit["dest"], format!("44770090000{index}"), "{said}");
        assert_eq!(submit["udh"], json!(["05040b8423f0"]), "{submit:#}");
        let xml = xml_of(submit);
        match kind {
            "si" => assert!(xml.contains("action=\"signal-high\"") && xml.contains("New: é"), "{xml}"),
            _ => assert!(xml.contains("<sl href=\"http://wap.example.net/\""), "{xml}"),
        }
        assert!(said.contains("HTTP/1.1 202 Accepted"), "{said}");
        if !notes {
            // "unknown address" is what it says of every message that has none in it, as responses have not.
            assert!(output.status.success() && said.contains("and type push response") && said.contains("1 succeeded, 0 failed"), "{said}");
            continue;
        }
        // Responses with progress notes it crashes on, whatever is in them: it puts the first attribute of a note, its stage, where it
        // keeps the push-id's address in memory. Here the standard is asked whether ours is right, by another reader of XML.
        let script = "import re,sys,xml.etree.ElementTree as e\n\
             r=e.fromstring(re.search(r'<pap.*</pap>',sys.stdin.read(),re.S)[0]).find('push-response')\n\
             print([(c.tag,c.get('stage'),c.get('code')) for c in r],r.get('push-id'))";
        let answer =
            push(&gateway, "notes@shop", "progress-notes-requested=\"true\"", &["+447700900009"], ("text/vnd.wap.si", SI.as_bytes()));
        let mut python =
            Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3");
        python.stdin.take().expect("a pipe").write_all(answer.body.as_bytes()).expect("it reads");
        let read = String::from_utf8(python.wait_with_output().expect("it ends").stdout).expect("text");
        assert_eq!(read.trim(), "[('progress-note', 'pending', None), ('response-result', None, '1001')] notes@shop", "{}", answer.body);
        assert!(!said.contains("illegal ppg state"), "{said}");
    }
}

#[test]
fn results_come_to_the_initiator_until_they_are_taken() {
    let (gateway, mut carrier) = start();
    let mut catcher = Catcher::start();
    catcher.refuse(1);
    let notify = format!("ppg-notify-requested-to=\"http://{}/result\" progress-notes-requested=\"true\"", catcher.address());
    let answer =
        push(&gateway, "1@shop", &notify, &["+447700900123", "+44 7700 900124"], ("text/vnd.wap.si; charset=utf-8", SI.as_bytes()));
    assert_says(&answer, &["push-id=\"1@shop\"", "code=\"1001\"", "stored as 2 messages", "DTD PAP 2.0"]);
    for submit in carrier.wait_for_submits(2, BOUND) {
        assert!(xml_of(submit).contains("http://wap.example.net/"));
    }
    let refused = catcher.wait_for("a notification", BOUND, |c| c.answered == 500);
    assert_eq!(
        (refused.method.as_str(), refused.target.as_str(), refused.header("content-type")),
        ("POST", "/result", Some("application/xml"))
    );
    for address in ["WAPPUSH=+447700900123/TYPE=PLMN@ppg.example.net", "WAPPUSH=+44 7700 900124/TYPE=PLMN@ppg.example.net"] {
        let words = ["<resultnotification-message push-id=\"1@shop\"", "message-state=\"delivered\" code=\"1000\"", address];
        catcher.wait_for(address, BOUND, |c| c.answered == 200 && words.iter().all(|w| c.body.contains(w)));
    }
    let status = control(&gateway, "<statusquery-message push-id=\"1@shop\"/>");
    assert_says(&status, &["push-id=\"1@shop\"", "message-state=\"delivered\"", "WAPPUSH=+447700900123/TYPE=PLMN@127.0.0.1"]);
    let one = "<address address-value=\"WAPPUSH=+447700900124/TYPE=USER@x\"/><address address-value=\"+447700900199\"/>";
    let status = control(&gateway, &format!("<statusquery-message push-id=\"1@shop\">{one}</statusquery-message>"));
    assert_says(&status, &["code=\"1000\"", "message-state=\"unknown\" code=\"2003\""]);
    assert!(!status.body.contains("900123"), "{}", status.body);
    let again = push(&gateway, "1@shop", "", &["+447700900125"], ("text/vnd.wap.si", SI.as_bytes()));
    assert_says(&again, &["code=\"2007\""]);
    assert_eq!(carrier.submits().len(), 2);
}

#[test]
fn what_waits_can_be_called_back_and_replaced() {
    let (gateway, mut carrier) = start();
    let mut catcher = Catcher::start();
    let later = format!("deliver-after-timestamp=\"2099-01-01T00:00:00Z\" ppg-notify-requested-to=\"http://{}/\"", catcher.address());
    let sl = ("text/vnd.wap.sl", b"<sl href='http://a.example/'/>".as_slice());
    // Its validity counts from when it may leave, up to the longest that the gateway keeps anything.
    let soon = later.replace("2099-01-01T00:00:00Z", &in_hours(2));
    assert_says(&push(&gateway, "old", &soon, &["+447700900001", "+447700900002", "+447700900003"], sl), &["code=\"1001\""]);
    let status = control(&gateway, "<statusquery-message push-id=\"old\"/>");
    assert_says(&status, &["message-state=\"pending\""]);
    let one = "<address address-value=\"WAPPUSH=+447700900001/TYPE=PLMN@ppg.example.net\"/>";
    let cancelled = control(&gateway, &format!("<cancel-message push-id=\"old\">{one}</cancel-message>"));
    assert_says(&cancelled, &["<cancel-response push-id=\"old\">", "<cancel-result code=\"1000\""]);
    let told = catcher.wait_for("that it was cancelled", BOUND, |c| c.body.contains("message-state=\"cancelled\""));
    assert!(told.body.contains("900001"), "{}", told.body);
    let cancelled = control(&gateway, &format!("<cancel-message push-id=\"old\">{one}</cancel-message>"));
    assert_says(&cancelled, &["code=\"2008\""]);
    assert_says(&control(&gateway, "<cancel-message push-id=\"other\"/>"), &["code=\"2004\""]);
    // Only where the old one still waits.
    let replace = "replace-push-id=\"old\" replace-method=\"pending-only\"";
    assert_says(&push(&gateway, "new", replace, &["+447700900001", "+447700900002"], sl), &["code=\"1001\""]);
    let submits = carrier.wait_for_submits(1, BOUND);
    assert_eq!(submits[0]["dest"], "447700900002");
    // To all, and the old ones taken back.
    assert_says(&push(&gateway, "newer", "replace-push-id=\"old\"", &["+447700900003", "+447700900004"], sl), &["code=\"1001\""]);
    let submits = carrier.wait_for_submits(3, BOUND);
    assert!(
        submits[1..].iter().all(|s| ["447700900003", "447700900004"].contains(&s["dest"].as_str().unwrap_or_default())),
        "{submits:#?}"
    );
    let status = control(&gateway, "<statusquery-message push-id=\"old\"/>");
    assert_eq!(status.body.matches("message-state=\"cancelled\"").count(), 3, "{}", status.body);
}

/// A time from now, as PAP writes it.
fn in_hours(hours: u64) -> String {
    later(&format!("{hours} hours"))
}

fn later(by: &str) -> String {
    let output = Command::new("date").args(["-u", "-d", &format!("+{by}"), "+%Y-%m-%dT%H:%M:%SZ"]).output().expect("date");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// `deliver-before` ends a push that could not leave, and the initiator is told.
#[test]
fn what_is_too_late_expires() {
    let mut catcher = Catcher::start();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let config = pushing("").with("[callback]\nallow = [\"127.0.0.0/8\"]");
    let gateway = Gateway::start(&config.smpp_connector(nobody, "").route_to_carrier());
    let attributes =
        format!("deliver-before-timestamp=\"{}\" ppg-notify-requested-to=\"http://{}/\"", later("3 seconds"), catcher.address());
    let si = ("text/vnd.wap.si", SI.as_bytes());
    assert_says(&push(&gateway, "late", &attributes, &["+447700900123"], si), &["code=\"1001\""]);
    let told = catcher.wait_for("that it has expired", BOUND, |_| true);
    assert!(told.body.contains("push-id=\"late\"") && told.body.contains("message-state=\"expired\" code=\"4000\""), "{}", told.body);
    assert_says(&control(&gateway, "<statusquery-message push-id=\"late\"/>"), &["message-state=\"expired\""]);
    // One that is too late already is told at once.
    let attributes = "deliver-before-timestamp=\"2001-01-01T00:00:00Z\"";
    let answer = push(&gateway, "long ago", attributes, &["+447700900123"], si);
    assert_says(&answer, &["<push-response push-id=\"long ago\"", "code=\"2000\""]);
}

#[test]
fn confirmation_is_asked_for_where_it_is_wanted() {
    let (gateway, mut carrier) = start();
    for (index, (method, asked)) in
        [("confirmed", 1), ("preferconfirmed", 1), ("unconfirmed", 0), ("notspecified", 0)].into_iter().enumerate()
    {
        let body = document(&format!(
            "<push-message push-id='{method}'><address address-value='wappush=+44-7700-900123/type=plmn@ppg.example.net'/>\
             <quality-of-service delivery-method='{method}'/></push-message>"
        ));
        let body = format!("--p\n\n{body}\n--p\nContent-Type: text/vnd.wap.si\n\n{SI}\n--p--");
        assert_says(&post(&gateway, "multipart/related; boundary=p", body.as_bytes()), &["code=\"1001\""]);
        let submit = carrier.wait_for_submits(index + 1, BOUND)[index].clone();
        assert_eq!((&submit["registered_delivery"], &submit["dest"]), (&json!(asked), &json!("447700900123")), "{method}: {submit:#}");
    }
}

/// Results do not go into this gateway's own network, however that is written, unless it is allowed.
#[test]
fn results_do_not_go_into_our_own_network() {
    let mut catcher = Catcher::start();
    let mut carrier = Carrier::start(json!({}));
    let gateway = Gateway::start(&pushing("").smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    let port = catcher.address().port();
    let si = ("text/vnd.wap.si", SI.as_bytes());
    for host in ["127.0.0.1", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.1.2.3", "169.254.169.254"] {
        let notify = format!("ppg-notify-requested-to=\"http://{host}:{port}/\"");
        let words = ["code=\"2000\"", "may not call", "[callback]"];
        assert_says(&push(&gateway, host, &notify, &["+447700900123"], si), &words);
    }
    // A name can be anything by the time when it is called: it is looked at then.
    let notify = format!("ppg-notify-requested-to=\"http://localhost:{port}/\"");
    assert_says(&push(&gateway, "name", &notify, &["+447700900123"], si), &["code=\"1001\""]);
    assert_eq!(carrier.wait_for_submits(1, BOUND).len(), 1);
    let failed = || gateway.metric("waxwing_hooks_retried_total", &["account=\"shop\""]);
    until("that it could not be called", BOUND, || failed() >= 1.0);
    assert!(catcher.unread().is_empty());
}

#[test]
fn any_content_leaves_as_a_push() {
    let (gateway, mut carrier) = start();
    let mms = b"\x8c\x82\x98abc\0\x8d\x90\x83http://a.example/m\0";
    let provisioning =
        "<wap-provisioningdoc><characteristic type=\"BOOTSTRAP\"><parm name=\"NAME\" value=\"x\"/></characteristic></wap-provisioningdoc>";
    let mixed = "--in\r\nContent-Type: text/plain\r\n\r\nhi\r\n--in--";
    let contents: [(&str, &[u8]); 6] = [
        ("application/vnd.wap.mms-message", mms),
        ("text/vnd.wap.co", b"<co><invalidate-object uri=\"http://a.example/1\"/></co>"),
        ("text/vnd.wap.connectivity-xml", provisioning.as_bytes()),
        ("application/vnd.wap.slc", b"\x02\x06\x6a\x00\x85\x0a\x03a.example\x00\x06\x01"),
        ("multipart/mixed; boundary=in", mixed.as_bytes()),
        ("application/x-anything", b"\x00\x01"),
    ];
    let mut pushes = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        assert_says(&push(&gateway, &format!("{index}"), "", &["+447700900123"], *content), &["code=\"1001\""]);
        let submit = carrier.wait_for_submits(index + 1, BOUND).last().expect("a submit").clone();
        assert_eq!(submit["udh"], json!(["05040b8423f0"]), "{submit:#}");
        let octets = hex(submit["hex"].as_str().expect("octets"));
        let (headers, content_octets) = octets[3..].split_at(usize::from(octets[2]));
        match index {
            // Its own number, and that of its application.
            0 => assert_eq!((headers, content_octets), (&[0xbe, 0xaf, 0x84][..], &mms[..])),
            1 => assert!(xml_of(&submit).contains("invalidate-object")),
            2 => assert!(xml_of(&submit).contains("BOOTSTRAP")),
            3 => assert_eq!((headers, content_octets), (&[0xb0][..], content.1)),
            4 => assert_eq!((headers, content_octets), (&[0xa3][..], &[1, 1, 2, 0x83, b'h', b'i'][..])),
            _ => assert_eq!((headers, content_octets), (&b"application/x-anything\0"[..], content.1)),
        }
        pushes.push(octets.clone());
    }
    let expected = [
        "0x06\tapplication/vnd.wap.mms-message\t\t",
        "0x06\tapplication/vnd.wap.coc\t0x00000007\t",
        "0x06\tapplication/vnd.wap.connectivity-wbxml\t0x0000000b\t",
        "0x06\tapplication/vnd.wap.slc\t0x00000006\t",
        "0x06\tapplication/vnd.wap.multipart.mixed\t\t",
        "0x06\tapplication/x-anything\t\t",
    ];
    assert_eq!(dissect(&pushes), expected);
}

#[test]
fn bad_input_is_told_with_its_place() {
    let (gateway, mut carrier) = start();
    let si = ("text/vnd.wap.si", SI.as_bytes());
    let to = &["+447700900123"][..];
    let bad = post(&gateway, "application/xml", b"<pap>\n <push-message push-id='1'></pap>");
    assert_says(&bad, &["<badmessage-response code=\"2000\"", "line 2, column", "bad-message-fragment="]);
    let broken = ("text/vnd.wap.si", b"<si>\n <indication href='http://a'>x</indicaton></si>".as_slice());
    assert_says(&push(&gateway, "1", "", to, broken), &["push-id=\"1\"", "code=\"2000\"", "line 2, column"]);
    let other = post(&gateway, "multipart/related; boundary=other", b"--part\r\n\r\n<pap/>\r\n--part--\r\n");
    assert_says(&other, &["badmessage-response", "&quot;other&quot; of the content type is nowhere"]);
    let cut = post(&gateway, "multipart/related; boundary=part", b"--part\r\nContent-Type: application/xml\r\n\r\n<pap/>");
    assert_says(&cut, &["badmessage-response", "the body was cut"]);
    let lies = ("application/vnd.wap.sic", b"\x02\x05\x6a\x7fa".as_slice());
    assert_says(&push(&gateway, "2", "", to, lies), &["code=\"2000\""]);
    let inside = "ppg-notify-requested-to=\"http://169.254.169.254/latest\"";
    assert_says(&push(&gateway, "3", inside, to, si), &["code=\"2000\"", "may not call 169.254.169.254"]);
    for (number, code) in [("abc", "2002"), ("1", "1001")] {
        assert_says(&push(&gateway, &format!("n{number}"), "", &[number], si), &[&format!("code=\"{code}\"")]);
    }
    for (address, code) in [("WAPPUSH=10.0.0.1/TYPE=IPv4@x", "2006"), ("WAPPUSH=john/TYPE=USER@x", "2003"), ("john", "2002")] {
        let control = document(&format!("<push-message push-id='x'><address address-value='{address}'/></push-message>"));
        let body = format!("--p\n\n{control}\n--p\nContent-Type: text/vnd.wap.si\n\n{SI}\n--p--");
        assert_says(&post(&gateway, "multipart/related; boundary=p", body.as_bytes()), &[&format!("code=\"{code}\"")]);
    }
    let nothing = control(&gateway, "<push-message push-id='x'><address address-value='+447700900123'/></push-message>");
    assert_says(&nothing, &["code=\"2000\"", "there is no content"]);
    let bearer = document(
        "<push-message push-id='x'><address address-value='+447700900123'/><quality-of-service bearer-required='true' bearer='CSD'/></push-message>",
    );
    assert_says(&post(&gateway, "application/xml", bearer.as_bytes()), &["code=\"3010\""]);
    let query = control(&gateway, "<ccq-message query-id='q1'><address address-value='+447700900123'/></ccq-message>");
    assert_says(&query, &["<ccq-response query-id=\"q1\" code=\"3008\""]);
    assert_says(&control(&gateway, "<cancel-message push-id='none'/>"), &["<cancel-result code=\"2004\""]);
    assert_says(&control(&gateway, "<statusquery-message push-id='none'/>"), &["message-state=\"unknown\" code=\"2004\""]);
    assert_eq!(http::get_as(gateway.http(), "/pap", "shop", "secret").status, 405);
    let stranger = http::request(gateway.http(), "POST", "/pap", &[("content-type", "application/xml")], b"<pap/>");
    assert_eq!((stranger.status, stranger.header("www-authenticate").is_some()), (401, true));
    // One number was good.
    assert_eq!(carrier.wait_for_submits(1, BOUND).len(), 1);
}

#[test]
fn a_push_id_is_taken_once_even_of_many_at_once() {
    let (mut gateway, mut carrier) = start();
    let si = ("text/vnd.wap.si", SI.as_bytes());
    let answers: Vec<Response> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| push(&gateway, "same", "", &["+447700900123"], si))).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    let of = |code: &str| answers.iter().filter(|a| a.body.contains(&format!("code=\"{code}\""))).count();
    assert_eq!((of("1001"), of("2007")), (1, 7), "{answers:#?}");
    carrier.wait_for_submits(1, BOUND);
    // One that was killed before it had noted the carrier's answer would send it again, as it has to.
    let status = || control(&gateway, "<statusquery-message push-id='same'/>").body;
    until("it is noted that it has left", BOUND, || status().contains("message-state=\"unknown\" code=\"1000\""));
    gateway.kill();
    gateway.start_again();
    assert_says(&push(&gateway, "same", "", &["+447700900123"], si), &["code=\"2007\""]);
    assert_says(&control(&gateway, "<statusquery-message push-id='same'/>"), &["<statusquery-result "]);
    assert_eq!(carrier.submits().len(), 1);
}

#[test]
fn results_outlive_a_restart() {
    let (mut gateway, _carrier) = start();
    let mut catcher = Catcher::start();
    catcher.refuse(usize::MAX);
    let notify = format!("ppg-notify-requested-to=\"http://{}/\"", catcher.address());
    assert_says(&push(&gateway, "1", &notify, &["+447700900123"], ("text/vnd.wap.si", SI.as_bytes())), &["code=\"1001\""]);
    catcher.wait_for("a notification", BOUND, |c| c.answered == 500);
    gateway.kill();
    catcher.refuse(0);
    gateway.start_again();
    let told = catcher.wait_for("the notification again", BOUND, |c| c.answered == 200);
    assert!(told.body.contains("push-id=\"1\"") && told.body.contains("message-state=\"delivered\""), "{}", told.body);
}

#[test]
fn accounts_without_the_right_may_not_push() {
    let mut carrier = Carrier::start(json!({}));
    let gateway = Gateway::start(&Config::new().shop().smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    assert_says(&push(&gateway, "1", "", &["+447700900123"], ("text/vnd.wap.si", SI.as_bytes())), &["code=\"2001\"", "allow setting"]);
    assert!(carrier.submits().is_empty());
}
