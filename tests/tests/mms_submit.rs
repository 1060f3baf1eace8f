//! Applications hand multimedia messages in: by REST as a form and as JSON, and by NowSMS's form, with curl. Phones are notified over a real
//! carrier and fetch them; a real phone, tshark, openssl and libwbxml judge what they get.
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use waxwing_tests::http::{self, Catcher};
use waxwing_tests::mms::Network;
use waxwing_tests::{Config, Gateway, push, until_some};

const BOUND: Duration = Duration::from_secs(20);
const BOB: &str = "+447700900123";
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

struct Bed {
    net: Network,
    catcher: Catcher,
    folder: tempfile::TempDir,
}

/// A message as a phone fetched it.
struct Fetched {
    file: PathBuf,
    pdu: Vec<u8>,
    token: String,
}

impl Bed {
    fn start(mmsc: &str) -> Bed {
        let catcher = Catcher::start();
        let shop = format!("webhook = \"http://{}/hook\"\ndefault_sender = \"12345\"", catcher.address());
        let config = Config::without_doors()
            .root()
            .shop_with(&shop)
            .replaced("allow = [\"sms\"]", "allow = [\"sms\", \"mms\"]")
            .with("[[account]]\nname = \"other\"\npassword = \"secret\"\nallow = [\"sms\"]")
            .with("[callback]\nallow = [\"127.0.0.1/32\"]")
            .mmsc(&format!("unknown = \"phone\"\n{mmsc}"));
        Bed { net: Network::start_with(config), catcher, folder: tempfile::tempdir().expect("a folder") }
    }

    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, octets).expect("a file can be written");
        path
    }

    /// curl against the gateway: the status and the body.
    fn curl(&self, path: &str, arguments: &[&str]) -> (u16, String) {
        let url = format!("http://{}{path}", self.net.gateway.http());
        let output = Command::new("curl").args(["-s", "-S", "-w", "\n%{http_code}"]).args(arguments).arg(url).output().expect("curl");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = said.rsplit_once('\n').unwrap_or_default();
        (status.parse().unwrap_or_default(), body.to_owned())
    }

    fn rest(&self, arguments: &[&str]) -> (u16, Value) {
        let (status, body) = self.curl("/api/v1/mms", &[&["-u", "shop:secret"], arguments].concat());
        (status, serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e} in {body}")))
    }

    fn post(&self, body: &Value) -> (u16, Value) {
        let response = http::post_json_as(self.net.gateway.http(), "/api/v1/mms", "shop", "secret", body);
        (response.status, response.json())
    }

    /// Fetches what the next notification tells of, as a phone does.
    fn fetch(&mut self) -> Fetched {
        let url = self.net.next_push().pdu.text(0x03);
        let token = url.rsplit('/').next().expect("a token").to_owned();
        let file = self.folder.path().join(format!("{token}.mms"));
        let got = Command::new("curl").args(["-s", "-S", "-f", "-A", "TestPhone/1.0", "-o"]).arg(&file).arg(&url).status();
        assert!(got.is_ok_and(|status| status.success()), "{url}");
        Fetched { pdu: std::fs::read(&file).expect("what was fetched"), file, token }
    }

    /// A phone posts a PDU.
    fn phone_says(&self, pdu: &[u8]) {
        let headers = [("content-type", "application/vnd.wap.mms-message")];
        assert_eq!(http::request(self.net.gateway.mmsc(), "POST", "/", &headers, pdu).status, 200);
    }

    /// m-acknowledge-ind.
    fn acknowledge(&self, fetched: &Fetched) {
        self.phone_says(&[b"\x8c\x85\x98", fetched.token.as_bytes(), b"\0\x8d\x92"].concat());
    }

    fn message(&self, id: &str, user: &str) -> http::Response {
        http::get_as(self.net.gateway.http(), &format!("/api/v1/messages/{id}"), user, "secret")
    }

    /// Waits until a message has gone through these steps, in this order.
    fn wait_for_steps(&self, id: &str, wanted: &[&str]) -> Value {
        until_some("the steps of the message", BOUND, || {
            let m = self.message(id, "shop").json();
            let steps: Vec<&str> = m["mms"].as_array()?.iter().filter_map(|s| s["step"].as_str()).collect();
            let mut at = steps.iter();
            wanted.iter().all(|w| at.any(|s| s == w)).then_some(m.clone())
        })
    }

    fn hook(&mut self, kind: &str) -> Value {
        self.catcher.wait_for(kind, BOUND, |c| c.json()["type"] == kind).json()["data"].clone()
    }
}

impl Fetched {
    /// What tshark reads in it as an answer by HTTP: no complaints, and these fields.
    fn tshark(&self, folder: &Path, fields: &[&str]) -> Vec<String> {
        waxwing_tests::tshark::mms(folder, &self.pdu, fields)
    }

    /// Taken apart by this program: the header file and the files.
    fn apart(&self) -> (String, Vec<(String, Vec<u8>)>) {
        let folder = self.file.with_extension("parts");
        let output = waxwing_tests::binary::run(
            self.file.parent().expect("a folder"),
            &["mmscomp", "-x", &self.file.to_string_lossy(), "-d", &folder.to_string_lossy()],
            b"",
        );
        assert!(output.status.success(), "{}", waxwing_tests::binary::stderr(&output));
        let header = std::fs::read_to_string(folder.join(format!("{}.hdr", self.stem()))).expect("a header file");
        let names = header.lines().filter_map(|l| l.strip_prefix("X-NowMMS-Content-Location: ")).map(str::to_owned);
        let files = names.map(|n| (n.clone(), std::fs::read(folder.join(n)).expect("a part")));
        let files = files.collect();
        (header, files)
    }

    fn stem(&self) -> String {
        self.token.trim_start_matches('-').to_owned()
    }
}

/// A web server with a picture at `/pic.gif` and too much at `/big`.
fn web() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut asked = [0; 2048];
            let read = stream.read(&mut asked).unwrap_or(0);
            let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
            let (head, body) = match asked.split(' ').nth(1) {
                Some("/pic.gif") => ("200 OK\r\nContent-Type: image/gif", GIF),
                Some("/big") => ("200 OK\r\nContent-Type: image/gif\r\nX: y", &[0; 9 << 20][..]),
                Some("/moved") => ("302 Found\r\nLocation: http://127.0.0.1/", &b""[..]),
                _ => ("404 Not Found", &b""[..]),
            };
            let _ = stream.write_all(format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes());
            let _ = stream.write_all(body);
        }
    });
    address
}

fn id_of(answer: &Value) -> String {
    answer["messages"][0]["id"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
}

#[test]
fn a_form_reaches_a_real_phone_and_its_sender_hears_of_it() {
    let mut bed = Bed::start("");
    let gif = bed.file("pic.gif", GIF);
    let file = format!("file=@{};type=image/gif", gif.display());
    let form = [
        "-F",
        "to=+447700900123",
        "-F",
        "from=+447700900199",
        "-F",
        "subject=Grüße",
        "-F",
        "text=Hallo ☃",
        "-F",
        &file,
        "-F",
        "reference=r-1",
    ];
    let with_key = [&form[..], &["-H", "Idempotency-Key: k1"]].concat();
    let (status, answer) = bed.rest(&with_key);
    assert_eq!((status, &answer["accepted"], &answer["messages"][0]["to"]), (202, &json!(1), &json!(BOB)), "{answer:#}");
    let id = id_of(&answer);
    assert_eq!(id_of(&bed.rest(&with_key).1), id, "the same key is the same message");

    // What was stored can be looked at by its sender and by the administrator alone.
    let at = |path: &str, user: &str| http::get_as(bed.net.gateway.http(), &format!("/api/v1/mms/{id}/content{path}"), user, "secret");
    let content = at("", "shop").json();
    let shown: Vec<(&str, &str)> =
        content["parts"].as_array().unwrap().iter().map(|p| (p["name"].as_str().unwrap(), p["type"].as_str().unwrap())).collect();
    assert_eq!(shown.len(), 3, "{content:#}");
    assert!(shown[0].1.starts_with("application/smil") && shown[1].0 == "text.txt" && shown[2] == ("pic.gif", "image/gif"), "{content:#}");
    assert_eq!(content["parts"][1]["text"], "Hallo ☃");
    let part = at("/2", "root");
    assert_eq!(
        (part.status, part.header("content-type"), part.header("x-content-type-options")),
        (200, Some("image/gif"), Some("nosniff"))
    );
    assert_eq!(part.header("content-disposition"), Some("attachment; filename=\"pic.gif\""));
    for (path, user, status) in [("", "other", 404), ("/2", "other", 404), ("/9", "shop", 404), ("/x", "shop", 404)] {
        assert_eq!(at(path, user).status, status, "{path} {user}");
    }

    let mut phone = bed.net.real_phone(BOB);
    bed.net.deliver(&mut phone);
    let got = phone.wait_for_message(BOUND);
    assert_eq!((got.sender.as_str(), got.subject.as_str()), ("+447700900199", "Grüße"), "{got:#?}");
    assert!(got.smil.contains("pic.gif") && got.smil.contains("text.txt"), "{got:#?}");
    assert_eq!((got.part("pic.gif").data.as_slice(), got.part("text.txt").data.as_slice()), (GIF, "Hallo ☃".as_bytes()));

    let told = bed.hook("message.delivered");
    assert_eq!((&told["id"], &told["reference"], &told["to"]), (&json!(id), &json!("r-1"), &json!(BOB)), "{told:#}");
    let m = bed.wait_for_steps(&id, &["stored", "notified", "fetched", "acknowledged"]);
    assert_eq!((&m["kind"], &m["state"], &m["door"], &m["text"]), (&json!("mms"), &json!("delivered"), &json!("rest"), &json!("Grüße")));
    let fetched = m["mms"].as_array().unwrap().iter().find(|s| s["step"] == "fetched").unwrap();
    assert!(fetched["device"].as_str().unwrap().contains("Android MmsLib"), "{m:#}");
    assert_eq!(bed.message(&id, "other").status, 404);
}

#[test]
fn json_with_base64_and_urls_is_read_by_tshark() {
    let mut bed = Bed::start("");
    let web = web();
    let body = json!({
        "to": [BOB], "bcc": "+447700900124", "from": "+447700900199", "subject": "Two pictures", "text": "See:", "priority": "high",
        "class": "informational", "read_report": true, "receipt": ["delivered"],
        "parts": [
            {"name": "one.gif", "base64": BASE64_STANDARD.encode(GIF)},
            {"url": format!("http://{web}/pic.gif")},
            {"name": "card.vcf", "text": "BEGIN:VCARD\r\nEND:VCARD\r\n", "type": "text/x-vcard"},
        ],
    });
    let (status, answer) = bed.post(&body);
    assert_eq!((status, &answer["accepted"]), (202, &json!(2)), "{answer:#}");
    let id = id_of(&answer);
    let fetched = bed.fetch();
    let fields = ["mmse.message_type", "mmse.from", "mmse.to", "mmse.subject", "mmse.priority", "mmse.read_report", "wsp.parameter.name"];
    let read = fetched.tshark(bed.folder.path(), &fields);
    assert_eq!(read[..4], ["0x84", "+447700900199/TYPE=PLMN", "+447700900123/TYPE=PLMN", "Two pictures"]);
    assert_eq!(read[6], "smil.smil,text.txt,one.gif,pic.gif,card.vcf");
    assert_eq!(read[5], "0x80", "{read:?}");
    let (_, files) = fetched.apart();
    assert_eq!(files.iter().filter(|(_, data)| data == GIF).count(), 2);

    // The phone has it, and its user has read it.
    let copy = String::from_utf8_lossy(&fetched.pdu).into_owned();
    let at = copy.find("@mms.example.net").expect("a message id");
    let number: String =
        copy[..at].chars().rev().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect::<Vec<_>>().into_iter().rev().collect();
    bed.acknowledge(&fetched);
    assert_eq!(bed.hook("message.delivered")["id"], id.as_str());
    let read =
        [b"\x8c\x87\x8d\x92\x8b", number.as_bytes(), b"@mms.example.net\0\x97+447700900199/TYPE=PLMN\0\x89\x01\x81\x9b\x80"].concat();
    bed.phone_says(&read);
    assert_eq!(bed.hook("message.read")["id"], id.as_str());
    let m = bed.wait_for_steps(&id, &["fetched", "acknowledged", "read"]);
    let fetched = m["mms"].as_array().unwrap().iter().find(|s| s["step"] == "fetched").unwrap();
    assert_eq!(fetched["device"], "TestPhone/1.0", "{m:#}");
    // The other one sees nothing of the first's copy.
    let hidden = bed.fetch();
    assert!(!String::from_utf8_lossy(&hidden.pdu).contains("900124"), "a blind copy");
}

#[test]
fn nowsms_form_by_curl() {
    let mut bed = Bed::start("");
    let gif = bed.file("a b.gif", GIF);
    let text = bed.file("more.txt", b"more");
    let (gif, text) = (format!("MMSFile=@{};type=image/gif", gif.display()), format!("MMSFile=@{}", text.display()));
    let form = [
        "-u",
        "shop:secret",
        "-F",
        "PhoneNumber=+447700900123",
        "-F",
        "MMSFrom=+447700900199",
        "-F",
        "MMSSubject=Hi",
        "-F",
        "MMSText=Grüße",
        "-F",
        &gif,
        "-F",
        &text,
        "-F",
        "MMSBCC=No",
        "-F",
        "MMSDeliveryReport=Yes",
        "-F",
        "MMSReadReport=Yes",
        "-F",
        "MMSPriority=High",
        "-F",
        "MMSMessageClass=Advertisement",
        "-F",
        "MMSForwardLock=No",
        "-F",
        "DRMRestrict=No",
        "-F",
        "DRMConstraintCount=",
        "-F",
        "MMSHEADERS=X-Campaign: 7",
        "-F",
        "Submit=Submit",
    ];
    let (status, page) = bed.curl("/Send%20MMS%20Message.htm", &form);
    assert_eq!(status, 200, "{page}");
    assert!(page.starts_with("<HTML>") && page[161..].starts_with("Message Submitted"), "{page}");
    assert!(page.contains(".req, Recipient=+447700900123"), "{page}");
    let fetched = bed.fetch();
    let read = fetched.tshark(
        bed.folder.path(),
        &[
            "mmse.from",
            "mmse.subject",
            "mmse.priority",
            "mmse.message_class.id",
            "mmse.delivery_report",
            "mmse.read_report",
            "wsp.parameter.name",
        ],
    );
    assert_eq!(read, ["+447700900199/TYPE=PLMN", "Hi", "0x82", "0x81", "0x80", "0x80", "smil.smil,text.txt,a_b.gif,more.txt"]);
    let (header, files) = fetched.apart();
    assert!(header.contains("X-Campaign: 7"), "{header}");
    assert_eq!(files[1].1, "Grüße".as_bytes());
    bed.acknowledge(&fetched);
    assert_eq!(bed.hook("message.delivered")["to"], BOB);

    // By GET the file is a URL.
    let web = web();
    let query = format!("/?PhoneNumber=%2B447700900123&MMSText=see&MMSFile=http%3A%2F%2F{web}%2Fpic.gif&User=shop&Password=secret");
    let answer = http::request(bed.net.gateway.http(), "GET", &query, &[("accept", "application/json")], b"").json();
    assert_eq!(answer["accepted"], 1, "{answer:#}");
    let (_, files) = bed.fetch().apart();
    assert!(files.iter().any(|(name, data)| name == "pic.gif" && data == GIF));

    for (query, status, says) in [
        ("MMSText=a", 400, "PhoneNumber"),
        ("PhoneNumber=1&MMSText=a&MMSPriority=Odd", 400, "MMSPriority"),
        ("PhoneNumber=%2B447700900123&MMSSubject=only", 400, "there is no content"),
        ("PhoneNumber=%2B447700900123&MMSText=a&MMSHEADERS=From:+x", 400, "From"),
        ("PhoneNumber=%2B447700900123&MMSText=a&MMSFile=http%3A%2F%2F10.0.0.1%2Fa.gif", 400, "MMSFile"),
        ("PhoneNumber=%2B447700900123&MMSText=a&MMSSMSLink=Yes", 501, "mmssmslink"),
    ] {
        let response = http::get_as(bed.net.gateway.http(), &format!("/?{query}"), "shop", "secret");
        assert_eq!(response.status, status, "{query}: {}", response.body);
        assert!(response.body.starts_with("<HTML>") && response.body.contains(says), "{query}: {}", response.body);
    }
}

#[test]
fn protected_content_in_all_three_forms() {
    let mut bed = Bed::start("");
    let part = json!([{"name": "a.gif", "base64": BASE64_STANDARD.encode(GIF)}]);
    let send = |bed: &Bed, drm: Value| {
        let (status, answer) = bed.post(&json!({"to": BOB, "text": "Hi", "parts": part, "drm": drm}));
        assert_eq!(status, 202, "{answer:#}");
        id_of(&answer)
    };

    send(&bed, json!("forward-lock"));
    let fetched = bed.fetch();
    let read = fetched.tshark(bed.folder.path(), &["wsp.header.content_type", "wsp.parameter.name"]);
    assert!(read[1] == "smil.smil,text.txt,a.dm", "{read:?}");
    let (_, files) = fetched.apart();
    let (_, dm) = files.iter().find(|(name, _)| name == "a.dm").expect("a protected part");
    let text = String::from_utf8_lossy(dm).into_owned();
    assert!(text.contains("Content-Type: image/gif\r\n") && dm.windows(GIF.len()).any(|w| w == GIF), "{text}");

    send(&bed, json!({"type": "combined", "permissions": ["display"], "count": 3, "end": "2030-12-31"}));
    let (_, files) = bed.fetch().apart();
    let text = String::from_utf8_lossy(&files.iter().find(|(name, _)| name == "a.dm").expect("a protected part").1).into_owned();
    for words in ["application/vnd.oma.drm.rights+xml", "<o-dd:display>", "<o-dd:count>3<", "<o-dd:end>2030-12-31T23:59:59<"] {
        assert!(text.contains(words), "{words} in {text}");
    }

    let id = send(&bed, json!({"type": "separate", "permissions": ["display"]}));
    let fetched = bed.fetch();
    let (_, files) = fetched.apart();
    let (_, dcf) = files.iter().find(|(name, _)| name == "a.dcf").expect("an encrypted part");
    assert!(!dcf.windows(GIF.len()).any(|w| w == GIF));
    bed.acknowledge(&fetched);
    // The rights come as a push, and open what was fetched.
    let (udh, hex) = push::joined(&bed.net.next_sms());
    assert_eq!(udh, "05040b8423f0", "the port of pushes");
    let pdu = push::unhex(&hex);
    let said = push::tshark(bed.folder.path(), &pdu);
    assert!(said.contains("application/vnd.oma.drm.rights+wbxml") && said.contains("drm.ua"), "{said}");
    let xml = push::libwbxml(bed.folder.path(), push::body(&pdu), None);
    let between = |from: &str, to: &str| {
        let at = xml.find(from).unwrap_or_else(|| panic!("{from} in {xml}")) + from.len();
        xml[at..at + xml[at..].find(to).expect("an end")].trim().to_owned()
    };
    let uid = between("<o-dd:uid>", "</o-dd:uid>");
    let key = BASE64_STANDARD.decode(between("<ds:KeyValue>", "</ds:KeyValue>")).expect("a key");
    assert!(uid.starts_with("cid:") && String::from_utf8_lossy(dcf).contains(&uid), "{uid}");
    // Version, two lengths, type and id, the lengths of header and data (one or two octets each), header, data.
    let size = 32 + GIF.len() / 16 * 16;
    let (iv, encrypted) = dcf[dcf.len() - size..].split_at(16);
    let encrypted = bed.file("encrypted", encrypted);
    let hex = |octets: &[u8]| octets.iter().map(|o| format!("{o:02x}")).collect::<String>();
    let opened =
        Command::new("openssl").args(["enc", "-d", "-aes-128-cbc", "-K", &hex(&key), "-iv", &hex(iv), "-in"]).arg(&encrypted).output();
    assert_eq!(opened.expect("openssl").stdout, GIF);
    bed.wait_for_steps(&id, &["fetched", "rights_sent", "acknowledged"]);
}

#[test]
fn what_fails_is_told_too() {
    let mut bed = Bed::start("");
    let (status, answer) = bed.post(&json!({"to": BOB, "text": "Hi", "reference": "r-2"}));
    assert_eq!(status, 202, "{answer:#}");
    let id = id_of(&answer);
    let fetched = bed.fetch();
    // m-notifyresp-ind: rejected.
    bed.phone_says(&[b"\x8c\x83\x98", fetched.token.as_bytes(), b"\0\x8d\x92\x95\x82"].concat());
    let told = bed.hook("message.failed");
    assert_eq!((&told["id"], &told["state"], &told["reference"]), (&json!(id), &json!("rejected"), &json!("r-2")), "{told:#}");
    bed.wait_for_steps(&id, &["notified", "fetched", "rejected"]);

    // One that waits for its time can be taken back by its sender.
    let (_, answer) = bed.post(&json!({"to": BOB, "text": "Hi", "delay": 3600}));
    let id = id_of(&answer);
    let at = format!("/api/v1/messages/{id}");
    assert_eq!(bed.message(&id, "shop").json()["kind"], "mms", "at once");
    let cancelled = http::request(bed.net.gateway.http(), "DELETE", &at, &[("authorization", &http::basic("shop", "secret"))], b"");
    assert_eq!(cancelled.status, 204, "{}", cancelled.body);
    let gone = until_some("the content to go", BOUND, || {
        let path = format!("/api/v1/mms/{id}/content");
        Some(http::get_as(bed.net.gateway.http(), &path, "shop", "secret").status).filter(|status| *status != 200)
    });
    assert_eq!(gone, 404);
}

#[test]
fn bad_input_is_named() {
    let bed = Bed::start("max_size = \"100 kB\"");
    let web = web();
    let gif = BASE64_STANDARD.encode(GIF);
    let cases = [
        (json!({"text": "a"}), 400, "to"),
        (json!({"to": [], "text": "a"}), 400, "to"),
        (json!({"to": BOB}), 400, "parts"),
        (json!({"to": "", "text": "a"}), 422, "to"),
        (json!({"to": "a@example.net", "text": "a"}), 422, "to"),
        (json!({"to": BOB, "parts": [{"base64": "*"}]}), 400, "parts[0].base64"),
        (json!({"to": BOB, "parts": [{"text": "a"}, {"text": "a", "url": "b"}]}), 400, "parts[1]"),
        (json!({"to": BOB, "parts": [{"url": format!("http://{web}/none")}]}), 400, "parts[0].url"),
        (json!({"to": BOB, "parts": [{"url": format!("http://{web}/moved")}]}), 400, "parts[0].url"),
        (json!({"to": BOB, "parts": [{"url": format!("http://{web}/big")}]}), 400, "parts[0].url"),
        (json!({"to": BOB, "parts": [{"url": "http://169.254.169.254/latest"}]}), 400, "parts[0].url"),
        (json!({"to": BOB, "parts": [{"url": "http://[::1]:1/a"}]}), 400, "parts[0].url"),
        (json!({"to": BOB, "parts": [{"url": "file:///etc/passwd"}]}), 400, "parts[0].url"),
        (json!({"to": BOB, "parts": [{"base64": gif, "type": "nonsense"}]}), 400, "parts"),
        (json!({"to": BOB, "text": "a".repeat(200_000)}), 413, "parts"),
        (json!({"to": BOB, "text": "a", "smil": "<html/>"}), 400, "smil"),
        (json!({"to": BOB, "text": "a", "smil": "<smil><body><par><img src=\"b.gif\"/></par></body></smil>"}), 400, "smil"),
        (json!({"to": BOB, "text": "a", "drm": "forward-lock"}), 400, "drm"),
        (json!({"to": BOB, "text": "a", "drm": {"type": "combined", "end": "soon"}}), 400, "drm"),
        (json!({"to": BOB, "text": "a", "send_at": "2030-01-01T00:00:00Z", "delay": 1}), 400, "send_at"),
        (json!({"to": BOB, "text": "a", "valid_until": "2020-01-01T00:00:00Z"}), 400, "validity"),
        (json!({"to": BOB, "text": "a", "callback": "http://10.0.0.1/"}), 202, ""),
        (json!({"to": BOB, "text": "a", "callback": "http://169.254.169.254/"}), 400, "callback"),
    ];
    for (body, status, field) in cases {
        let (got, answer) = bed.post(&body);
        let shown = body.to_string().chars().take(200).collect::<String>();
        assert_eq!(got, status, "{shown}: {answer:#}");
        if !field.is_empty() {
            assert_eq!(answer["field"], field, "{shown}: {answer:#}");
        }
    }
    let response = http::post_json_as(bed.net.gateway.http(), "/api/v1/mms", "other", "secret", &json!({"to": BOB, "text": "a"}));
    assert_eq!(response.status, 403, "{}", response.body);
    // Of several recipients each has its own answer.
    let (status, answer) = bed.post(&json!({"to": [BOB, "a@example.net"], "text": "a"}));
    assert_eq!((status, &answer["accepted"], &answer["refused"]), (202, &json!(1), &json!(1)), "{answer:#}");
    assert!(answer["messages"][1]["problem"]["detail"].as_str().unwrap().contains("smtp_relay"), "{answer:#}");
}

#[test]
fn without_a_message_centre_that_is_said() {
    let config = Config::without_doors().shop().replaced("allow = [\"sms\"]", "allow = [\"sms\", \"mms\"]");
    let gateway = Gateway::start(&config);
    let response = http::post_json_as(gateway.http(), "/api/v1/mms", "shop", "secret", &json!({"to": BOB, "text": "a"}));
    assert_eq!((response.status, response.header("content-type")), (501, Some("application/problem+json")), "{}", response.body);
    assert!(response.body.contains("[mmsc]"), "{}", response.body);
    let response = http::get_as(gateway.http(), "/?PhoneNumber=1&MMSText=a", "shop", "secret");
    assert_eq!(response.status, 501, "{}", response.body);
    assert!(response.body.starts_with("<HTML>") && response.body.contains("message centre"), "{}", response.body);
}
