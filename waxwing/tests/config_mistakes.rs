//! Every mistake in a configuration file is found in one go, with its line, its column, and the mend.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use waxwing::config::{self, ConnectorKind, ListenerKind};

/// What is said about a text, without the file's name.
fn mistakes(text: &str) -> Vec<String> {
    match config::parse(Path::new("t.toml"), Path::new("/etc/waxwing"), text) {
        Ok(_) => Vec::new(),
        Err(p) => p.to_string().lines().map(|l| l.strip_prefix("t.toml:").unwrap_or(l).to_owned()).collect(),
    }
}

fn one(text: &str) -> String {
    let all = mistakes(text);
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].clone()
}

const SIM: &str = "[[connector]]\nname = \"sim\"\nprotocol = \"simulator\"\n";

#[test]
fn broken_toml_is_located() {
    assert_eq!(one("[sms]\nvalidity = \"48h\n"), "2:16: invalid basic string, expected `\"`");
    assert!(one("[sms]\nvalidity = \"1h\"\nvalidity = \"2h\"\n").starts_with("3:1: duplicate key"));
}

#[test]
fn unknown_sections_and_keys_get_the_nearest_name() {
    assert_eq!(one("[smss]\n"), "1:2: unknown key `smss`; did you mean `sms`?");
    assert_eq!(one("[sms]\nvaldity = \"48h\"\n"), "2:1: [sms]: unknown key `valdity`; did you mean `validity`?");
    assert_eq!(one("[log]\ncolour = true\n"), "2:1: [log]: unknown key `colour`; the keys here are level, format");
    assert_eq!(
        one("[[connector]]\nname = \"a\"\nprotocol = \"smpp\"\nadress = \"x:1\"\nsystem_id = \"w\"\naddress = \"x:1\"\n"),
        "4:1: [[connector]] \"a\": unknown key `adress`; did you mean `address`?"
    );
    assert_eq!(
        one(&format!("{SIM}retry = {{ max_atempts = 3 }}\n")),
        "4:11: [[connector]] \"sim\": unknown key `max_atempts`; did you mean `max_attempts`?"
    );
}

#[test]
fn what_comes_later_is_said_to_come_later() {
    assert_eq!(one("[command]\ndomain = \"x\"\n"), "1:2: [command] comes in a later version; take the section out");
    assert_eq!(one("[[command]]\nkeyword = \"X\"\n"), "1:3: [command] comes in a later version; take the section out");
    assert_eq!(
        one("[[listener]]\nprotocol = \"mm1\"\nlisten = \"127.0.0.1:8080\"\n"),
        "2:12: [[listener]] number 1: protocol \"mm1\" comes in a later version; this one has \"smpp\" or \"cmpp\""
    );
    assert_eq!(
        one("[[connector]]\nname = \"m\"\nprotocol = \"modem\"\ndevice = \"/dev/ttyUSB0\"\n"),
        "3:12: [[connector]] \"m\": protocol \"modem\" comes in a later version; this one has \"smpp\", \"cmpp\" or \"simulator\""
    );
}

#[test]
fn wrong_types_and_values_say_what_to_write() {
    for (text, said) in [
        (
            "[sms]\nvalidity = true\n",
            "2:12: [sms]: validity: boolean `true` is not allowed here; write a duration such as \"30s\", or a number of seconds",
        ),
        (
            "[sms]\nvalidity = \"two days\"\n",
            "2:12: [sms]: validity: \"two days\" is no duration; write a number and ms, s, m, h or d, such as \"30s\" or \"48h\"",
        ),
        ("[sms]\ncountry = \"GBR\"\n", "2:11: [sms]: country: \"GBR\" is not a two-letter country code (ISO 3166-1), such as \"GB\""),
        ("[http]\nlisten = 8800\n", "2:10: [http]: listen: integer `8800` is not allowed here; write text in quotes"),
        (
            "[http]\nlisten = \"localhost:8800\"\n",
            "2:10: [http]: listen: \"localhost:8800\" is no address to listen on; write an IP address and a port, such as \"127.0.0.1:2775\" (this machine only) or \"0.0.0.0:2775\" (everybody)",
        ),
        (
            "[callback]\ndeny = [\"10.0.0.0/8\", \"10.0.0.0/40\"]\n",
            "2:23: [callback]: deny: \"10.0.0.0/40\" is no network; write an IP address or a network such as \"192.0.2.0/24\" or \"2001:db8::/32\"",
        ),
        (
            "[spool]\nmin_free = \"lots\"\n",
            "2:12: [spool]: min_free: \"lots\" is no size; write a number and KiB, MiB or GiB, such as \"64 MiB\"",
        ),
        ("[log]\nformat = \"jsn\"\n", "2:10: [log]: format: \"jsn\" is not one of \"text\", \"json\"; did you mean \"json\"?"),
        (
            "[[account]]\nname = \"a\"\npassword = \"x\"\nrate = \"fast\"\n",
            "4:8: [[account]] \"a\": rate: string \"fast\" is not allowed here; write a number",
        ),
        (
            "[[account]]\nname = \"a\"\npassword = \"x\"\nnumbers = [\"12345\", \"\"]\n",
            "4:21: [[account]] \"a\": numbers: \"\" is not a number mask; write digits or letters with * for any run and ? for one character, such as \"+44*\"",
        ),
        (
            "[[account]]\nname = \"a\"\npassword = \"x\"\nwebhook = \"example.net/in\"\n",
            "4:11: [[account]] \"a\": webhook: \"example.net/in\" is no URL; write it with http:// or https:// and a host",
        ),
    ] {
        assert_eq!(one(text), said);
    }
}

#[test]
fn all_mistakes_are_found_in_one_go() {
    let text = "[node]\nnam = \"x\"\n\n[sms]\nvalidity = \"x\"\nparts_wait = []\n\n[[account]]\npassword = 5\npriority = 7\n\n\
                [[connector]]\nname = \"a\"\nprotocol = \"smpp\"\nwindow = 0\ntls = { ca = 1, cert = \"c.pem\", kez = \"k\" }\n\n\
                [[route]]\nto = \"+44*\"\nvia = [\"b\", \"a\"]\n";
    let places: Vec<String> = mistakes(text).iter().map(|m| m.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(
        places,
        ["2:1", "5:12", "6:14", "8:1", "9:12", "10:12", "12:1", "12:1", "15:10", "16:7", "16:14", "16:33", "20:8"],
        "{:#?}",
        mistakes(text)
    );
}

#[test]
fn missing_keys_are_named() {
    assert_eq!(
        mistakes("[[listener]]\nprotocol = \"smpp\"\n[[connector]]\nprotocol = \"smpp\"\n[[route]]\n[[connector]]\nname = \"x\"\n"),
        [
            "1:1: [[listener]] number 1: missing key `listen`: where to listen, such as listen = \"127.0.0.1:2775\"",
            "3:1: [[connector]] number 1: missing key `name`: a unique name, such as name = \"one\"",
            "3:1: [[connector]] number 1: missing key `address`: the carrier's host and port, such as address = \"smsc.example.net:2775\"",
            "3:1: [[connector]] number 1: missing key `system_id`: your name at the carrier",
            "5:1: [[route]] number 1: missing key `via`: the connectors that carry it, such as via = [\"carrier-a\"]",
            "5:1: [[route]] number 1: nothing would ever take this route; add to = \"...\" or a name",
            "6:1: [[connector]] \"x\": missing key `protocol`; write protocol = \"smpp\", \"cmpp\" or \"simulator\"",
        ]
    );
}

#[test]
fn names_that_refer_to_nothing_get_the_nearest() {
    let route = |via: &str| format!("{SIM}[[route]]\nto = \"*\"\nvia = [{via}]\n");
    assert_eq!(one(&route("\"simm\"")), "6:8: [[route]] number 1: via: there is no connector \"simm\"; did you mean \"sim\"?");
    assert_eq!(one(&route("\"sim\", \"other\"")), "6:15: [[route]] number 1: via: there is no connector \"other\"; there are sim");
    assert_eq!(one(&route("\"sim\", \"sim\"")), "6:15: [[route]] number 1: via: \"sim\" is there twice");
    assert_eq!(
        one(&format!("{SIM}[[account]]\nname = \"a\"\npassword = \"x\"\nroute = \"sin\"\n")),
        "7:9: [[account]] \"a\": route: there is no route or connector \"sin\"; did you mean \"sim\"?"
    );
}

#[test]
fn names_and_numbers_belong_to_one() {
    assert_eq!(
        one(&format!("{SIM}{SIM}")),
        "5:8: [[connector]] \"sim\": name: there is already a connector or route of that name (line 2); choose another"
    );
    assert_eq!(
        one(
            "[[account]]\nname = \"a\"\npassword = \"x\"\nnumbers = \"1*\"\n[[account]]\nname = \"b\"\npassword = \"x\"\nnumbers = \"2,+1*\"\n"
        ),
        "8:11: [[account]] \"b\": numbers: 1* is already account \"a\"'s"
    );
    assert_eq!(
        one("[[account]]\nname = \"a b\"\npassword = \"x\"\n"),
        "2:8: [[account]] \"a b\": name: \"a b\" has ' ' in it; use letters, digits, - _ and ."
    );
}

#[test]
fn ports_clash_before_the_start() {
    let listener = |at: &str| format!("[[listener]]\nprotocol = \"smpp\"\nlisten = \"{at}\"\n");
    assert_eq!(
        one(&listener("0.0.0.0:8800")),
        "3:10: [[listener]] number 1: listen: 0.0.0.0:8800 is taken by [http] (127.0.0.1:8800); give one of them another port"
    );
    assert_eq!(
        one(&format!("{}{}", listener("127.0.0.1:2775"), listener("127.0.0.1:2775"))),
        "6:10: [[listener]] number 2: listen: 127.0.0.1:2775 is taken by [[listener]] number 1 (127.0.0.1:2775); give one of them another port"
    );
    assert!(mistakes(&format!("{}{}", listener("127.0.0.1:0"), listener("127.0.0.1:0"))).is_empty());
    assert!(mistakes(&format!("{}{}", listener("127.0.0.1:2775"), listener("127.0.0.2:2775"))).is_empty());
}

#[test]
fn contradictions_are_found() {
    for (text, said) in [
        (
            "[sms]\nvalidity = \"60d\"\n",
            "2:12: [sms]: validity: 60d is longer than validity_max (30d); raise validity_max or lower validity",
        ),
        ("[http]\ntls_cert = \"c.pem\"\n", "2:12: [http]: tls_cert: a certificate needs its private key; add tls_key"),
        ("[spool]\nsegment_size = 5000\n", "2:16: [spool]: segment_size: write a multiple of 4 KiB between \"16 KiB\" and \"1 GiB\""),
        ("[log]\nlevel = \"nonsense=blue\"\n", "2:9: [log]: level: \"nonsense=blue\" is no log level"),
        (
            "[[account]]\nname = \"a\"\npassword = \"x\"\nmax_priority = 4\n",
            "4:16: [[account]] \"a\": max_priority: 4 is out of range; write 0 to 3",
        ),
        (
            "[[account]]\nname = \"a\"\npassword = \"x\"\nwebhook_calls = 1001\n",
            "4:17: [[account]] \"a\": webhook_calls: 1001 is out of range; write 1 to 1000",
        ),
        (
            "[[account]]\nname = \"a\"\npassword = \"x\"\nwebhook_secret = \"whsec_eA==\"\n",
            "4:18: [[account]] \"a\": webhook_secret: there is no webhook to sign; add webhook = \"https://...\"",
        ),
        (
            "[[connector]]\nname = \"s\"\nprotocol = \"simulator\"\nerror_rate = 1.5\n",
            "4:14: [[connector]] \"s\": error_rate: 1.5 is out of range; write 0 to 1",
        ),
        (
            "[[connector]]\nname = \"s\"\nprotocol = \"simulator\"\npermanent = [0x0B]\nthrottled = [0x58, 0x0B]\n",
            "5:20: [[connector]] \"s\": throttled: 0xB is in permanent already",
        ),
        (
            "[[connector]]\nname = \"s\"\nprotocol = \"smpp\"\naddress = \"h:1\"\nsystem_id = \"w\"\ntlv = [{ tag = 0x1400, hex = \"0\" }]\n",
            "6:8: [[connector]] \"s\": tlv: \"0\" is not hexadecimal; write two digits an octet",
        ),
        (
            "[[connector]]\nname = \"s\"\nprotocol = \"smpp\"\naddress = \"h:1\"\nsystem_id = \"a-name-that-is-too-long\"\n",
            "5:13: [[connector]] \"s\": system_id: \"a-name-that-is-too-long\" has 23 octets, at most 15 fit",
        ),
    ] {
        let got = one(text);
        assert!(got.starts_with(said), "{got}\n{said}");
    }
}

#[test]
fn brackets_are_explained() {
    assert_eq!(one("[account]\nname = \"a\"\n"), "1:1: [account] needs double brackets, one block for each: [[account]]");
    assert_eq!(one("[[sms]]\n"), "1:1: [[sms]] may be there once only; write [sms]");
}

#[test]
fn the_example_of_the_readme_is_read_as_it_is_meant() {
    let text = r#"
[node]
name = "gw1"
data = "data"

[http]
listen = "127.0.0.1:8800"

[[listener]]
protocol = "smpp"
listen   = "127.0.0.1:2775"

[[account]]
name     = "shop"
password = "secret"
allow    = ["sms", "mms", "push"]
numbers  = ["12345"]
rate     = 100
per_day  = 10000

[[connector]]
name      = "carrier-a"
protocol  = "smpp"
address   = "192.0.2.1:2775"
system_id = "waxwing"
password  = "secret"
bind      = "transceiver"
window    = 32
rate      = 200

[[connector]]
name     = "spare"
protocol = "smpp"
address  = ["192.0.2.7:2775", "[2001:db8::7]:2775"]
system_id = "waxwing"
tls      = true

[[route]]
to  = "+44*,+353*"
via = ["carrier-a", "spare"]
"#;
    let c = config::parse(Path::new("t.toml"), Path::new("/etc/waxwing"), text).unwrap();
    assert_eq!(c.data(), Path::new("/etc/waxwing/data"));
    assert_eq!((c.accounts.len(), c.connectors.len(), c.routes[0].to.0.len()), (1, 2, 2));
    assert_eq!(c.connectors[0].common.any, Some(false), "a route names it");
    let ListenerKind::Smpp(listener) = &c.listeners[0].kind else { panic!("an SMPP listener") };
    assert_eq!(listener.system_id, "waxwing");
    let ConnectorKind::Smpp(spare) = &c.connectors[1].kind else { panic!("an SMPP connector") };
    assert_eq!(spare.address.0.len(), 2);
    assert!(c.warnings.is_empty(), "{:?}", c.warnings);
}

#[test]
fn a_connector_that_nobody_names_takes_any_traffic() {
    let c = config::parse(Path::new("t.toml"), Path::new("."), SIM).unwrap();
    assert_eq!(c.connectors[0].common.any, Some(true));
    let c = config::parse(Path::new("t.toml"), Path::new("."), &format!("{SIM}to = \"+44*\"\n")).unwrap();
    assert_eq!(c.connectors[0].common.any, Some(false));
}

#[test]
fn a_file_that_is_not_there_says_what_to_do() {
    let e = config::load(Path::new("/nonexistent/w.toml")).unwrap_err().to_string();
    assert!(e.starts_with("/nonexistent/w.toml: cannot be read: ") && e.contains("--config"), "{e}");
}
