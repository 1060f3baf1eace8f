//! Every special message leaves by CMPP as it leaves by SMPP: the same header and the same octets behind it in parts that handsets can put
//! together, and by CMPP with the Msg_Fmt that its carriers know.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::cmpp::{Ismg, Link, Sp, Submit};
use waxwing_tests::push::{body, gammu, joined, libwbxml, part_of, tshark, unhex};
use waxwing_tests::{Carrier, Config, Gateway, http};

const BOUND: Duration = Duration::from_secs(20);
/// A PNG of one black pixel.
const PNG: &str = "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c636000000002000148afa4710000000049454e44ae426082";

/// A gateway with a line of each protocol, and who is at their ends.
struct House {
    gateway: Gateway,
    carrier: Carrier,
    seen: usize,
    _ismg: Ismg,
    link: Link,
    next_id: u64,
}

impl House {
    fn start() -> House {
        let (mut carrier, ismg) = (Carrier::start(json!({})), Ismg::start());
        let shop = Config::without_doors().shop_with("country = \"CN\"").replaced("[\"sms\"]", "[\"sms\", \"push\"]");
        let lines = shop.smpp_connector_named("smsc", carrier.address(), "").cmpp_connector(ismg.address(), "");
        let gateway = Gateway::start(&lines.route_to_carrier());
        let link = ismg.login();
        carrier.wait_for_bind();
        gateway.wait_until_up("smsc");
        gateway.wait_until_up("carrier");
        House { gateway, carrier, seen: 0, _ismg: ismg, link, next_id: 1 }
    }

    fn post(&self, body: &Value, line: &str) {
        let mut body = body.clone();
        body["to"] = json!("+8613800138000");
        body["from"] = json!("12345");
        body["route"] = json!(line);
        let answer = http::post_json_as(self.gateway.http(), "/api/v1/push", "shop", "secret", &body);
        assert_eq!((answer.status, answer.json()["refused"].as_u64()), (202, Some(0)), "{body}: {}", answer.body);
    }

    /// What leaves by SMPP, all its parts.
    fn by_smpp(&mut self, body: &Value) -> Vec<Value> {
        self.post(body, "smsc");
        let first = self.carrier.wait_for_submits(self.seen + 1, BOUND)[self.seen].clone();
        let elements = first["udh"].as_array().cloned().unwrap_or_default();
        let concat = elements.iter().filter_map(Value::as_str).find(|e| e.starts_with("0003") || e.starts_with("0804"));
        let total = concat.map_or(1, |e| usize::from(unhex(&e[e.len() - 4..])[0]));
        let all = self.carrier.wait_for_submits(self.seen + total, BOUND)[self.seen..].to_vec();
        self.seen += total;
        all
    }

    /// What leaves by CMPP, all its parts, each of which has to be the part that it says it is, twice.
    fn by_cmpp(&mut self, body: &Value) -> Vec<Submit> {
        self.post(body, "carrier");
        let mut all: Vec<Submit> = Vec::new();
        while all.last().is_none_or(|last| last.pk_number < last.pk_total) {
            let part = self.link.take(self.next_id);
            self.next_id += 1;
            assert_eq!((usize::from(part.pk_number), part.pk_total), (all.len() + 1, all.first().map_or(part.pk_total, |p| p.pk_total)));
            assert!(part.content.len() <= if part.msg_fmt == 0 { 160 } else { 140 }, "{part:?}");
            if part.tp_udhi == 1 {
                assert_eq!(part_of(&part.content).2, (part.pk_number, part.pk_total), "{part:?}");
            }
            all.push(part);
        }
        all
    }
}

/// Header and octets of what was sent as octets, in parts.
fn whole(parts: &[Submit]) -> (Vec<u8>, Vec<u8>) {
    let mut content = Vec::new();
    for part in parts {
        assert_eq!((part.msg_fmt, part.tp_udhi), (4, 1), "{part:?}");
        content.extend(part_of(&part.content).1);
    }
    (part_of(&parts[0].content).0, content)
}

#[test]
fn what_is_octets_is_the_same_over_both() {
    let mut house = House::start();
    let url = format!("http://www.example.com/{}", "x".repeat(200));
    let image = json!({"hex": PNG});
    let provisioning =
        "<wap-provisioningdoc><characteristic type=\"NAPDEF\"><parm name=\"NAPID\" value=\"N\"/></characteristic></wap-provisioningdoc>";
    let ota = "<CHARACTERISTIC-LIST><CHARACTERISTIC TYPE=\"NAME\"><PARM NAME=\"NAME\" VALUE=\"x\"/></CHARACTERISTIC></CHARACTERISTIC-LIST>";
    let tone = format!("Long:d=8,o=5,b=125:{}c", "c,d,e,f#,".repeat(40));
    // The message, its header's ports, its data coding over SMPP, and whether it takes parts.
    let kinds: [(Value, &str, u64, bool); 19] = [
        (json!({"kind": "si", "url": url, "text": "你好"}), "05040b8423f0", 4, true),
        (json!({"kind": "sl", "url": "a.example", "action": "cache"}), "05040b8423f0", 4, false),
        (json!({"kind": "co", "objects": [url]}), "05040b8423f0", 4, true),
        (json!({"kind": "bookmark", "url": url, "title": "T"}), "0504c34f0000", 4, true),
        (json!({"kind": "browser_settings", "name": "N", "apn": "internet", "pin": "1234"}), "05040b8423f0", 4, true),
        (json!({"kind": "browser_settings", "name": "N", "apn": "internet", "form": "ota"}), "0504c34f0000", 4, false),
        (
            json!({"kind": "mms_settings", "name": "N", "apn": "mms", "mmsc": "m.example", "imsi": "460001234567890"}),
            "05040b8423f0",
            4,
            true,
        ),
        (json!({"kind": "provisioning", "xml": provisioning, "pin": "1234"}), "05040b8423f0", 4, false),
        (json!({"kind": "ota", "xml": ota}), "0504c34f0000", 4, false),
        (json!({"kind": "mms_notification", "url": url, "size": 30000, "subject": "夏天"}), "05040b8423f0", 4, true),
        (json!({"kind": "email_notification", "mailbox": "u@example.net"}), "05040b8423f0", 4, false),
        (json!({"kind": "rights", "uid": "cid:1@a", "permissions": [{"allow": "play", "count": 3}]}), "05040b8423f0", 4, false),
        (json!({"kind": "document", "xml": "<sl href='http://a.example/'/>"}), "05040b8423f0", 4, false),
        (json!({"kind": "push", "content_type": "a/b", "data": {"hex": "0102"}, "port": 9999}), "0504270f23f0", 4, false),
        (json!({"kind": "ringtone", "rtttl": tone}), "050415811581", 0xf5, true),
        (json!({"kind": "operator_logo", "network": "46001", "image": image}), "050415821582", 0xf5, true),
        (json!({"kind": "cli_icon", "image": image}), "050415831583", 0xf5, false),
        (json!({"kind": "picture", "image": image, "text": "Hi"}), "0504158a158a", 0xf5, true),
        (json!({"kind": "binary", "data": {"hex": "00ff"}, "dest_port": 1, "source_port": 2}), "050400010002", 0xf5, false),
    ];
    for (kind, header, data_coding, long) in kinds {
        let submits = house.by_smpp(&kind);
        assert!(submits.iter().all(|s| s["data_coding"] == data_coding && s["esm_class"] == 0x40), "{kind}: {submits:#?}");
        let (smpp_header, smpp_content) = joined(&submits);
        assert_eq!((smpp_header.as_str(), submits.len() > 1), (header, long), "{kind}: {submits:#?}");
        let parts = house.by_cmpp(&kind);
        let (cmpp_header, cmpp_content) = whole(&parts);
        assert_eq!((unhex(header), parts.len()), (cmpp_header, submits.len()), "{kind}: {parts:#?}");
        assert_eq!(cmpp_content, unhex(&smpp_content), "{kind}");
        if header.starts_with("05040b84") {
            tshark(house.gateway.folder(), &cmpp_content);
        }
        if kind["kind"] == "si" {
            let xml = libwbxml(house.gateway.folder(), body(&cmpp_content), None);
            assert!(xml.contains(&url) && xml.contains("你好"), "{xml}");
        }
    }
}

#[test]
fn what_is_text_says_the_same_over_both() {
    let mut house = House::start();
    let parts = house.by_cmpp(&json!({"kind": "flash", "text": "快"}));
    assert_eq!((parts[0].msg_fmt, parts[0].tp_udhi, parts[0].text().as_str()), (0x18, 0, "快"));
    assert_eq!(house.by_smpp(&json!({"kind": "flash", "text": "快"}))[0]["data_coding"], 0x18);
    assert_eq!(house.by_smpp(&json!({"kind": "flash", "text": "Now"}))[0]["data_coding"], 0x10);

    let replace = json!({"kind": "replace", "text": "New", "type": 3});
    let parts = house.by_cmpp(&replace);
    assert_eq!((parts[0].tp_pid, parts[0].text().as_str()), (0x43, "New"));
    assert_eq!(house.by_smpp(&replace)[0]["protocol_id"], 0x43);

    // Message waiting: its element says all, since no Msg_Fmt does.
    for (waiting, header, data_coding) in [
        (json!({"kind": "voicemail", "count": 5, "text": "Five"}), "01020005", 0xc8),
        (json!({"kind": "voicemail", "on": false}), "01020000", 0xc0),
        (json!({"kind": "voicemail", "waiting": "email", "text": "两"}), "01028201", 0xea),
    ] {
        let submit = house.by_smpp(&waiting)[0].clone();
        assert_eq!((&submit["udh"], &submit["data_coding"]), (&json!([header]), &json!(data_coding)), "{submit:#}");
        let part = house.by_cmpp(&waiting)[0].clone();
        let (elements, octets, _) = part_of(&part.content);
        assert_eq!((part.tp_udhi, elements), (1, unhex(header)), "{part:?}");
        let text: String = match part.msg_fmt {
            0 => String::from_utf8(octets).expect("ASCII"),
            8 => octets.chunks(2).filter_map(|c| char::from_u32(u32::from(c[0]) << 8 | u32::from(c[1]))).collect(),
            other => panic!("{other}: {part:?}"),
        };
        assert_eq!(text, waiting["text"].as_str().unwrap_or_default());
    }

    // EMS: each segment has its own elements, and stays the segment that it is.
    let text = "0123456789".repeat(20);
    let ems = json!({"kind": "ems", "items": [{"text": text, "bold": true}, {"sound": 3}]});
    let submits = house.by_smpp(&ems);
    let parts = house.by_cmpp(&ems);
    assert_eq!((submits.len(), parts.len()), (2, 2));
    for (submit, part) in submits.iter().zip(&parts) {
        let (elements, octets, _) = part_of(&part.content);
        let of_smpp: String =
            submit["udh"].as_array().into_iter().flatten().filter_map(Value::as_str).filter(|e| !e.starts_with("0003")).collect();
        assert_eq!((part.msg_fmt, elements), (0, unhex(&of_smpp)), "{part:?} {submit:#}");
        assert_eq!(Some(String::from_utf8_lossy(&octets).as_ref()), submit["text"].as_str());
    }
}

/// What an SMPP carrier's phone sends in parts reaches a service provider as a CMPP gateway's own would.
#[test]
fn a_push_from_an_smpp_carrier_reaches_an_sp_in_its_parts() {
    let mut carrier = Carrier::start(json!({}));
    let config = Config::without_doors().cmpp("").shop_over_cmpp("");
    let gateway = Gateway::start(&config.smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    let url = format!("http://www.example.com/{}", "y".repeat(150));
    let made = gammu(gateway.folder(), "WAPINDICATOR", &[&url, "Title"]);
    assert_eq!(made.len(), 2, "{made:02x?}");
    for version in [0x20, 0x30] {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        for user_data in &made {
            let (header, octets) = user_data.split_at(usize::from(user_data[0]) + 1);
            carrier.send_binary_mo("8613800138000", "12345", &hex(header), &hex(octets));
        }
        let (mut came, mut pdu) = (Vec::new(), Vec::new());
        while came.len() < made.len() {
            came.push(sp.wait_for_mo(BOUND));
        }
        came.sort_by_key(|part| part_of(&part.content).2);
        for (part, number) in came.iter().zip(1..) {
            assert_eq!((part.msg_fmt, part.tp_udhi, part_of(&part.content).2), (4, 1, (number, 2)), "{part:?}");
            assert_eq!(part_of(&part.content).0, [5, 4, 0x0b, 0x84, 0x23, 0xf0]);
            pdu.extend(part_of(&part.content).1);
        }
        let xml = libwbxml(gateway.folder(), body(&pdu), None);
        assert!(xml.contains(&url) && xml.contains("Title"), "{xml}");
        sp.terminate();
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
