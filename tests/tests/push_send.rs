//! WAP pushes and other special messages, by REST, by NowSMS's URLs and by the command line, through SMPP to a carrier of others; put
//! together there, and read by tshark and libwbxml.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::push::{body, joined, libwbxml, tshark, unhex};
use waxwing_tests::{Carrier, Config, Gateway, http};

const BOUND: Duration = Duration::from_secs(10);

fn pushing() -> (Gateway, Carrier) {
    let mut carrier = Carrier::start(json!({}));
    let shop = Config::without_doors().shop().replaced("allow = [\"sms\"]", "allow = [\"sms\", \"push\"]");
    let gateway = Gateway::start(&shop.smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    (gateway, carrier)
}

fn post(gateway: &Gateway, body: Value) -> Value {
    http::post_json_as(gateway.http(), "/api/v1/push", "shop", "secret", &body).json()
}

/// Header and content, as a handset has them, of the next message of so many parts; `seen` counts the parts of earlier ones.
fn next(carrier: &mut Carrier, seen: &mut usize, parts: usize) -> (String, Vec<u8>) {
    let submits = carrier.wait_for_submits(*seen + parts, BOUND)[*seen..].to_vec();
    *seen += parts;
    assert!(submits.iter().all(|s| s["esm_class"].as_u64().is_some_and(|c| c & 0x40 != 0)), "{submits:#?}");
    let (header, content) = joined(&submits);
    (header, unhex(&content))
}

#[test]
fn documents_are_what_others_read() {
    let (gateway, mut carrier) = pushing();
    let mut seen = 0;
    let to = "+447700900123";

    let long = format!("http://www.example.com/{}", "abcdefghi/".repeat(25));
    let body_ = json!({"to": to, "kind": "si", "url": long, "text": "Grüße & more", "action": "signal-high", "id": "n1",
                       "created": "2026-01-02T03:04:05Z", "expires": "2027-01-02T00:00:00Z"});
    assert_eq!(post(&gateway, body_)["accepted"], 1);
    let (header, pdu) = next(&mut carrier, &mut seen, 3);
    assert_eq!(header, "05040b8423f0");
    let said = tshark(gateway.folder(), &pdu);
    assert!(said.contains("application/vnd.wap.sic") && said.contains("PDU Type: Push"), "{said}");
    let xml = libwbxml(gateway.folder(), body(&pdu), None);
    for words in [
        &format!("href=\"{long}\""),
        "action=\"signal-high\"",
        "si-id=\"n1\"",
        "2026-01-02T03:04:05Z",
        "2027-01-02T00:00:00Z",
        "Grüße &amp; more",
    ] {
        assert!(xml.contains(words), "{words}: {xml}");
    }

    for (kind, rest, media, language, words) in [
        ("sl", json!({"url": "https://a.example/x", "action": "cache"}), "vnd.wap.slc", None, "action=\"cache\""),
        ("co", json!({"objects": ["http://a.example/x"]}), "vnd.wap.coc", None, "invalidate-object uri=\"http://a.example/x\""),
        ("email_notification", json!({"mailbox": "u@example.net"}), "x-wap-application:emn.ua", None, "mailbox=\"mailat:u@example.net\""),
    ] {
        let mut body_ = json!({"to": to, "kind": kind});
        body_.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        assert_eq!(post(&gateway, body_)["accepted"], 1, "{kind}");
        let (_, pdu) = next(&mut carrier, &mut seen, 1);
        assert!(tshark(gateway.folder(), &pdu).contains(media), "{kind}");
        let xml = libwbxml(gateway.folder(), body(&pdu), language);
        assert!(xml.contains(words), "{kind}: {xml}");
    }
}

#[test]
fn settings_are_stored_and_authenticated() {
    let (gateway, mut carrier) = pushing();
    let mut seen = 0;
    let folder = gateway.folder().join("data/ota");
    std::fs::create_dir_all(&folder).expect("a folder");
    let document = "<?xml version=\"1.0\"?><wap-provisioningdoc version=\"1.1\"><characteristic type=\"NAPDEF\">\
        <parm name=\"NAPID\" value=\"NAP1\"/><parm name=\"NAP-ADDRESS\" value=\"internet.example\"/></characteristic></wap-provisioningdoc>";
    std::fs::write(folder.join("internet.OTA"), document).expect("a document");
    let get = |query: &str| {
        let target = format!("/?User=shop&Password=secret&PhoneNumber=%2B447700900123&{query}");
        http::get(gateway.http(), &target)
    };
    assert_eq!(get("OMAOTA=internet&OTAPIN=1234&OTAPINTYPE=USERPIN").status, 200);
    let (header, pdu) = next(&mut carrier, &mut seen, 1);
    assert_eq!((header.as_str(), &pdu[2..9]), ("05040b8423f0", &[0x2f, 0x1f, 0x2d, 0xb6, 0x91, 0x81, 0x92][..]));
    let wbxml = body(&pdu);
    let xml = libwbxml(gateway.folder(), wbxml, None);
    assert!(xml.contains("name=\"NAP-ADDRESS\" value=\"internet.example\""), "{xml}");
    let hex: String = wbxml.iter().map(|octet| format!("{octet:02x}")).collect();
    let script = format!("import hmac;print(hmac.new(b'1234',bytes.fromhex('{hex}'),'sha1').hexdigest().upper())");
    let mac = Command::new("python3").args(["-c", &script]).output().expect("python3 runs");
    assert_eq!(String::from_utf8_lossy(&mac.stdout).trim(), String::from_utf8_lossy(&pdu[9..49]));

    assert_eq!(get("WAPBookmark=wap.example.net&Text=News").status, 200);
    let (header, pdu) = next(&mut carrier, &mut seen, 1);
    assert_eq!(header, "0504c34f0000");
    let xml = libwbxml(gateway.folder(), body(&pdu), Some("OTA"));
    assert!(xml.contains("VALUE=\"News\"") && xml.contains("VALUE=\"http://wap.example.net\""), "{xml}");

    for (query, words) in [
        ("OMAOTA=internet&OTAPIN=abcd", "PIN has to be"),
        ("OMAOTA=..%2F..%2Fwaxwing", "no name of a stored document"),
        ("OTA=internet", "CHARACTERISTIC-LIST"),
        ("MMSURL=http://127.0.0.1:8800/x.mms", "may not call 127.0.0.1"),
    ] {
        let answer = get(query);
        assert!(answer.status == 400 && answer.body.contains(words), "{query}: {} {}", answer.status, answer.body);
    }
    assert_eq!(carrier.submits().len(), seen);
}

#[test]
fn the_command_line_sends_and_decodes() {
    let (gateway, mut carrier) = pushing();
    let mut seen = 0;
    let url = format!("http://{}", gateway.http());
    let send = |rest: &[&str]| {
        let target = ["send", "--url", &url, "--user", "shop", "--password", "secret"];
        gateway.command(&[&target[..], rest].concat())
    };
    assert!(send(&["--push", "si", "--set", "url=a.example", "+447700900123", "Look"]).contains("+447700900123"));
    let (header, pdu) = next(&mut carrier, &mut seen, 1);
    let hex: String = pdu.iter().map(|octet| format!("{octet:02x}")).collect();
    std::fs::write(gateway.folder().join("si.hex"), format!("06{header}{hex}\n")).expect("a file");
    let told = gateway.command(&["decode", "--push", "si.hex"]);
    assert!(told.contains("href: http://a.example") && told.contains("text: Look"), "{told}");
    std::fs::write(gateway.folder().join("pdu.hex"), &hex).expect("a file");
    assert!(gateway.command(&["decode", "--wsp", "pdu.hex"]).contains("href: http://a.example"));
    let wbxml: String = body(&pdu).iter().map(|octet| format!("{octet:02x}")).collect();
    std::fs::write(gateway.folder().join("document.hex"), wbxml).expect("a file");
    assert!(gateway.command(&["decode", "--wbxml", "document.hex"]).contains("href: http://a.example"));
    // In parts, the last one first.
    let (first, second) = hex.split_at(40);
    let parts = format!("0b05040b8423f00003090202{second}\n0b05040b8423f00003090201{first}\n");
    std::fs::write(gateway.folder().join("parts.hex"), parts).expect("a file");
    assert!(gateway.command(&["decode", "--push", "parts.hex"]).contains("text: Look"));

    send(&["--push", "ringtone", "--set", "rtttl=Scale:d=8,o=5,b=125:c,d,e,f,g,a,b,4c6", "+447700900123"]);
    let (header, tone) = next(&mut carrier, &mut seen, 1);
    // What the specification's own example begins with: the commands of a ring tone and of a song.
    assert_eq!((header.as_str(), &tone[..3]), ("050415811581", &[0x02, 0x4a, 0x3a][..]));
    let hex: String = tone.iter().map(|octet| format!("{octet:02x}")).collect();
    std::fs::write(gateway.folder().join("tone.hex"), format!("06{header}{hex}")).expect("a file");
    for how in ["--smart", "--push"] {
        assert!(gateway.command(&["decode", how, "tone.hex"]).contains("name: Scale"), "{how}");
    }

    // A PNG of one black pixel.
    const PNG: &str = "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c636000000002000148afa4710000000049454e44ae426082";
    std::fs::write(gateway.folder().join("dot.png"), unhex(PNG)).expect("a file");
    send(&["--push", "operator_logo", "--set", "network=26201", "--set", "bare=yes", "--set", "image=@dot.png", "+447700900123"]);
    let (header, logo) = next(&mut carrier, &mut seen, 1);
    assert_eq!((header.as_str(), &logo[..7]), ("050415821582", &[0x62, 0xf2, 0x10, 0, 72, 14, 1][..]));

    send(&["--push", "voicemail", "--set", "count=7", "+447700900123"]);
    let submit = carrier.wait_for_submits(seen + 1, BOUND)[seen].clone();
    assert_eq!((&submit["udh"], &submit["data_coding"]), (&json!(["01020007"]), &json!(0xc8)));
}

/// What makes no sense, or would do harm, is refused with its reason, and nothing is sent.
#[test]
fn bad_input_is_refused_with_its_reason() {
    let (gateway, mut carrier) = pushing();
    let large = "import sys,zlib,struct\n\
        c=lambda t,d:struct.pack('>I',len(d))+t+d+struct.pack('>I',zlib.crc32(t+d))\n\
        w,h=7500,6667\n\
        sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n'+c(b'IHDR',struct.pack('>IIBBBBB',w,h,8,0,0,0,0))+\
        c(b'IDAT',zlib.compress(bytes((w+1)*h),1))+c(b'IEND',b''))";
    let output = Command::new("python3").args(["-c", large]).output().expect("python3 runs");
    let image = json!({"hex": output.stdout.iter().map(|octet| format!("{octet:02x}")).collect::<String>()});
    let before = gateway.peak_memory();
    for kind in ["picture", "cli_icon", "operator_logo", "ems"] {
        let body = match kind {
            "ems" => json!({"to": "+447700900123", "kind": kind, "items": [{"image": image}]}),
            "operator_logo" => json!({"to": "+447700900123", "kind": kind, "network": "26201", "image": image}),
            _ => json!({"to": "+447700900123", "kind": kind, "image": image}),
        };
        let answer = post(&gateway, body);
        let said = answer["detail"].as_str().unwrap_or_default();
        assert!(answer["status"] == 400 && said.contains("7500x6667 pixels, and at most 16000000"), "{kind}: {answer:#}");
    }
    // As much as the requests themselves, and not 50 million pixels.
    let grown = gateway.peak_memory().saturating_sub(before);
    assert!(grown < 40 << 20, "{grown} octets for an image of {} octets", output.stdout.len());

    for (body, says, field, line) in [
        (
            json!({"kind": "si", "text": "x", "url": format!("http://a.example/{}", "y".repeat(5000))}),
            "segments and 10 are allowed",
            "url",
            Value::Null,
        ),
        (json!({"kind": "document", "xml": "<si>\n <indication href='a'></si>"}), "line 2, column", "xml", json!(2)),
        (json!({"kind": "provisioning", "xml": "<wap-provisioningdoc>\n\n<parm/></wap-provisioningdoc>"}), "line 3", "xml", json!(3)),
        (json!({"kind": "mms_settings", "name": "N", "apn": "a", "mmsc": "m", "pin": "geheim"}), "PIN has to be", "pin", Value::Null),
    ] {
        let mut body = body;
        body["to"] = json!("+447700900123");
        let answer = post(&gateway, body);
        let said = answer["detail"].as_str().unwrap_or_default();
        assert!(said.contains(says), "{answer:#}");
        assert_eq!((&answer["status"], &answer["field"], &answer["line"]), (&json!(400), &json!(field), &line), "{answer:#}");
    }
    // The gateway's own network, in every spelling, and by name.
    let port = gateway.http().port();
    for host in ["127.0.0.1", "localhost", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1", "169.254.169.254"] {
        let url = format!("http://{host}:{port}/metrics");
        let answer = post(&gateway, json!({"to": "+447700900123", "kind": "mms_notification", "url": url}));
        let said = answer["detail"].as_str().unwrap_or_default();
        assert!(said.contains("may not call") && said.contains("[callback]"), "{host}: {answer:#}");
    }
    assert!(carrier.submits().is_empty());
}

#[test]
fn forms_of_several_messages_keep_their_segments() {
    let (gateway, mut carrier) = pushing();
    let text = "0123456789".repeat(25);
    let ems = json!({"to": "+447700900123", "kind": "ems", "items": [{"text": text, "bold": true}, {"sound": 3}]});
    let answer = post(&gateway, ems);
    let parts = answer["messages"].as_array().map_or(0, Vec::len);
    assert_eq!((answer["accepted"].as_u64(), parts), (Some(2), 2), "{answer:#}");
    let submits = carrier.wait_for_submits(2, BOUND).to_vec();
    let sent: String = submits.iter().filter_map(|s| s["text"].as_str()).collect();
    assert_eq!(sent, text, "{submits:#?}");
    for (submit, number) in submits.iter().zip(1..) {
        let elements: Vec<&str> = submit["udh"].as_array().expect("a header").iter().filter_map(Value::as_str).collect();
        assert!(elements[0].starts_with("0003") && elements[0].ends_with(&format!("020{number}")), "{submit:#}");
        // Text formatting: its position, its length, and bold.
        assert!(elements.iter().any(|e| e.starts_with("0a0300") && e.ends_with("13")), "{submit:#}");
    }
    let waiting = json!({"to": "+447700900123", "kind": "voicemail", "text": "9876543210".repeat(20)});
    assert_eq!(post(&gateway, waiting)["accepted"], 2);
    let submits = carrier.wait_for_submits(4, BOUND)[2..].to_vec();
    assert!(submits.iter().all(|s| s["data_coding"] == 0xc8 && s["esm_class"] == 0x40), "{submits:#?}");
}
