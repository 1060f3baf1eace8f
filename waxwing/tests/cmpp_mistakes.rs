//! Mistakes in the settings of CMPP.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use waxwing::config;

/// What is said about a text, without the file's name.
fn mistakes(text: &str) -> Vec<String> {
    match config::parse(Path::new("t.toml"), Path::new("."), text) {
        Ok(_) => Vec::new(),
        Err(p) => p.to_string().lines().map(|l| l.strip_prefix("t.toml:").unwrap_or(l).to_owned()).collect(),
    }
}

fn one(text: &str) -> String {
    let all = mistakes(text);
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].clone()
}

fn warnings(text: &str) -> Vec<String> {
    let c = config::parse(Path::new("t.toml"), Path::new("."), text).unwrap();
    c.warnings.iter().map(|w| w.to_string().strip_prefix("t.toml:").unwrap().to_owned()).collect()
}

/// An account whose CMPP section begins in line 4.
fn account(cmpp: &str) -> String {
    format!("[[account]]\nname = \"shop\"\npassword = \"x\"\n[account.cmpp]\n{cmpp}\n")
}

#[test]
fn an_account_is_a_service_provider_or_a_gateway() {
    assert!(mistakes(&account("sp_id = \"901234\"")).is_empty());
    assert_eq!(
        one(&account("")),
        "4:1: [[account]] \"shop\": missing key `cmpp.sp_id`: the SP_Id that it signs in with, such as sp_id = \"901234\" \
         (or gateway = \"001002\", if it is another gateway)"
    );
    assert_eq!(
        one(&account("sp_id = \"901234\"\ngateway = \"001002\"")),
        "6:11: [[account]] \"shop\": cmpp.gateway: an account is a service provider or another gateway; take `sp_id` or `gateway` out"
    );
    assert_eq!(
        one(&account("sp_id = \"901234\"\nconnector = \"next\"")),
        "6:13: [[account]] \"shop\": cmpp.connector: only another gateway is sent to over a connector; a service provider connects itself"
    );
    assert!(
        warnings(&account("gateway = \"1002\""))[0].starts_with("5:11: [[account]] \"shop\": cmpp.gateway: without a connector of role")
    );
}

#[test]
fn fields_of_an_account_fit() {
    for (keys, said) in [
        ("sp_id = \"9012345\"", "5:9: [[account]] \"shop\": cmpp.sp_id: \"9012345\" has 7 octets, at most 6 fit"),
        (
            "sp_id = \"901234\"\nservice_ids = [\"NEWS\", \"NEWSPAPERS1\"]",
            "6:24: [[account]] \"shop\": cmpp.service_ids: \"NEWSPAPERS1\" has 11 octets, at most 10 fit",
        ),
        (
            "sp_id = \"901234\"\nsrc_id = \"106900010690001069000\"",
            "6:10: [[account]] \"shop\": cmpp.src_id: \"106900010690001069000\" has 21 octets, at most 20 fit",
        ),
        (
            "gateway = \"1234567\"",
            "5:11: [[account]] \"shop\": cmpp.gateway: \"1234567\" is no gateway code; write at most six digits, such as \"001001\"",
        ),
        ("sp_id = 901234", "5:9: [[account]] \"shop\": cmpp.sp_id: integer `901234` is not allowed here; write text in quotes"),
        (
            "sp_id = \"901234\"\nversion = \"2.1\"",
            "6:11: [[account]] \"shop\": cmpp.version: \"2.1\" is not one of \"2.0\", \"3.0\"; did you mean \"2.0\"?",
        ),
        (
            "sp_id = \"901234\"\nversion = 3.0",
            "6:11: [[account]] \"shop\": cmpp.version: that is not allowed here; write one of the words in quotes",
        ),
        ("sp_id = \"901234\"\nmax_link = 2", "6:1: [[account]] \"shop\": unknown key `max_link`; did you mean `max_links`?"),
        (
            "sp_id = \"901234\"\nreport_octets = 70",
            "6:17: [[account]] \"shop\": cmpp.report_octets: 70 is no length of a report; write 60 or 71",
        ),
        ("sp_id = \"901234\"\nmax_recipients = 0", "6:18: [[account]] \"shop\": cmpp.max_recipients: 0 is out of range; write 1 to 255"),
        ("sp_id = \"901234\"\nascii_single = 161", "6:16: [[account]] \"shop\": cmpp.ascii_single: 161 is out of range; write 1 to 160"),
        (
            "sp_id = \"901234\"\ngbk_single = 60",
            "6:14: [[account]] \"shop\": cmpp.gbk_single: a part (gbk_part, 67) would be longer than a whole message (gbk_single, 60)",
        ),
        ("sp_id = \"901234\"\nsends = 0", "6:9: [[account]] \"shop\": cmpp.sends: 0 is out of range; write 1 to 100"),
        (
            "sp_id = \"901234\"\nresponse_timeout = 0",
            "6:20: [[account]] \"shop\": cmpp.response_timeout: 0 would wait for no answer; write at least \"1s\"",
        ),
    ] {
        let got = one(&account(keys));
        assert!(got.starts_with(said), "{got}\n{said}");
    }
}

#[test]
fn a_digest_needs_a_secret_in_clear() {
    let with = |password: &str, secret: &str| {
        format!("[[account]]\nname = \"shop\"\npassword = \"{password}\"\n[account.cmpp]\nsp_id = \"901234\"\n{secret}\n")
    };
    assert!(one(&with("$argon2id$v=19$x", "")).starts_with(
        "4:1: [[account]] \"shop\": missing key `cmpp.secret`: the account's password is a hash, with which the digest of CMPP cannot be"
    ));
    assert!(one(&with("", "")).starts_with("4:1: [[account]] \"shop\": missing key `cmpp.secret`: what was agreed"));
    assert!(one(&with("x", "secret = \"$argon2id$v=19$x\"")).ends_with("write the secret in clear"));
    assert!(one(&with("x", "secret = \"\"")).starts_with("6:10: [[account]] \"shop\": cmpp.secret: the secret is empty"));
    assert!(mistakes(&with("$argon2id$v=19$x", "secret = \"888888\"")).is_empty());
    assert!(warnings(&with("", "secret = \"888888\"")).is_empty());
}

#[test]
fn each_account_signs_in_with_its_own_name() {
    let two = |a: &str, b: &str| format!("{}{}", account(a), account(b).replace("shop", "other"));
    assert_eq!(
        one(&two("sp_id = \"901234\"", "sp_id = \"901234\"")),
        "10:9: [[account]] \"other\": cmpp.sp_id: 901234 is already account \"shop\"'s; each signs in with its own"
    );
    assert_eq!(
        one(&two("sp_id = \"001002\"", "gateway = \"1002\"")),
        "10:11: [[account]] \"other\": cmpp.gateway: 001002 is already account \"shop\"'s; each signs in with its own"
    );
}

/// A listener whose further keys begin in line 4.
fn listener(keys: &str) -> String {
    format!("[[listener]]\nprotocol = \"cmpp\"\nlisten = \"127.0.0.1:7890\"\n{keys}\n")
}

#[test]
fn a_listener_has_gateway_codes() {
    assert!(mistakes(&listener("gateway = \"001001\"")).is_empty());
    assert!(mistakes(&listener("gateway = [\"001001\", \"001011\"]\nutc_offset = \"-03:30\"\nreplay_window = 0")).is_empty());
    for (keys, said) in [
        (
            "",
            "1:1: [[listener]] number 1: missing key `gateway`: the code of this gateway, at most six digits, such as gateway = \"001001\"",
        ),
        ("gateway = []", "4:11: [[listener]] number 1: gateway: the list is empty"),
        (
            "gateway = 1001",
            "4:11: [[listener]] number 1: gateway: integer `1001` is not allowed here; write a gateway code such as \"001001\", or",
        ),
        (
            "gateway = [\"001001\", \"1000001\"]",
            "4:22: [[listener]] number 1: gateway: \"1000001\" is no gateway code; write at most six digits, such as \"001001\"",
        ),
        ("gateway = [\"001001\", \"1001\"]", "4:22: [[listener]] number 1: gateway: 001001 is there twice"),
        (
            "gateway = \"001001\"\nutc_offset = \"8\"",
            "5:14: [[listener]] number 1: utc_offset: \"8\" is no offset from UTC; write a sign, hours and minutes, such as \"+08:00\"",
        ),
        ("gateway = \"001001\"\nlogin_timeout = 0", "5:17: [[listener]] number 1: login_timeout: 0 would let no connection live"),
        ("gateway = \"001001\"\ntls_cert = \"c.pem\"", "5:12: [[listener]] number 1: tls_cert: a certificate needs its private key"),
        (
            "gateway = \"001001\"\nsystem_id = \"x\"",
            "5:1: [[listener]] number 1: unknown key `system_id`; the keys here are protocol, listen, gateway, tls_cert",
        ),
    ] {
        let got = one(&listener(keys));
        assert!(got.starts_with(said), "{got}\n{said}");
    }
    let two = |a: &str, b: &str| format!("{}{}", listener(a), listener(b).replace("7890", "7900"));
    assert!(mistakes(&two("gateway = [\"1001\", \"1002\"]", "gateway = \"001001,001002\"")).is_empty());
    assert_eq!(
        one(&two("gateway = [\"001001\", \"001002\"]", "gateway = [\"001003\", \"001002\"]")),
        "8:22: [[listener]] number 2: gateway: 001002 is in another list of [[listener]] number 1; give both the same list, or codes of \
         their own"
    );
    assert!(
        one("[[listener]]\nprotocol = \"cmpp\"\ngateway = \"001001\"\n").ends_with("such as listen = \"127.0.0.1:7890\""),
        "the standard's port is proposed"
    );
}

/// A connector of an SP whose further keys begin in line 6.
fn line(keys: &str) -> String {
    format!("[[connector]]\nname = \"c\"\nprotocol = \"cmpp\"\naddress = \"h:7890\"\nsecret = \"x\"\n{keys}\n")
}

#[test]
fn what_a_service_provider_needs() {
    assert!(mistakes(&line("sp_id = \"901234\"\nkeep_fee = true")).is_empty());
    let payer = |version: &str| {
        let keys = format!("sp_id = \"901234\"\nversion = \"{version}\"\nfee_user_type = 3\nfee_terminal_id = \"{}\"", "7".repeat(32));
        mistakes(&line(&keys)).len()
    };
    assert_eq!(["auto", "2.0", "2.1", "3.0"].map(payer), [1, 1, 1, 0], "it has to fit whatever the version turns out to be");
    assert_eq!(
        mistakes("[[connector]]\nname = \"c\"\nprotocol = \"cmpp\"\n"),
        [
            "1:1: [[connector]] \"c\": missing key `address`: the carrier's host and port, such as address = \"ismg.example.net:7890\"",
            "1:1: [[connector]] \"c\": missing key `sp_id`: your SP_Id at the carrier, such as sp_id = \"901234\"",
            "1:1: [[connector]] \"c\": missing key `secret`: what was agreed with the other side, such as secret = \"...\"",
        ]
    );
    for (keys, said) in [
        ("peer = \"001002\"", "7:8: [[connector]] \"c\": peer: only with role = \"ismg\"; take it out, or add that"),
        ("account = \"a\"", "7:11: [[connector]] \"c\": account: only with role = \"ismg\""),
        ("version = \"4.0\"", "7:11: [[connector]] \"c\": version: \"4.0\" is not one of \"auto\", \"2.0\", \"2.1\", \"3.0\""),
        (
            "src_id = \"106900010690001069000\"",
            "7:10: [[connector]] \"c\": src_id: \"106900010690001069000\" has 21 octets, at most 20 fit",
        ),
        ("extend_src_id = true", "7:17: [[connector]] \"c\": extend_src_id: there is nothing to put senders behind; add src_id"),
        ("service_id = \"NEWSPAPERS1\"", "7:14: [[connector]] \"c\": service_id: \"NEWSPAPERS1\" has 11 octets, at most 10 fit"),
        ("msg_src = \"9012345\"", "7:11: [[connector]] \"c\": msg_src: \"9012345\" has 7 octets, at most 6 fit"),
        ("fee_user_type = 4", "7:17: [[connector]] \"c\": fee_user_type: 4 is out of range; write 0 to 3"),
        ("fee_user_type = 3", "1:1: [[connector]] \"c\": missing key `fee_terminal_id`: the number that pays, because fee_user_type is 3"),
        ("fee_terminal_id = \"13800138000\"", "7:19: [[connector]] \"c\": fee_terminal_id: only fee_user_type = 3 charges this number"),
        ("fee_type = \"1\"", "7:12: [[connector]] \"c\": fee_type: \"1\" is no FeeType; write two digits, such as \"01\""),
        ("fee_code = \"0000010\"", "7:12: [[connector]] \"c\": fee_code: \"0000010\" has 7 octets, at most 6 fit"),
        ("ucs2_single = 71", "7:15: [[connector]] \"c\": ucs2_single: 71 is out of range; write 1 to 70"),
        ("ascii_single = 140", "7:16: [[connector]] \"c\": ascii_single: a part (ascii_part, 153) would be longer than a whole message"),
        ("signature_by = \"carrier\"", "7:16: [[connector]] \"c\": signature_by: there is no signature; add signature = "),
        ("signature_place = \"front\"", "7:19: [[connector]] \"c\": signature_place: \"front\" is not one of \"start\", \"end\""),
        ("long = \"sar\"", "7:8: [[connector]] \"c\": long: \"sar\" is not one of \"udh\", \"udh16\""),
        (
            "recipient = \"country_code\"",
            "7:13: [[connector]] \"c\": recipient: \"country_code\" is not one of \"bare\", \"country-code\", \"same\"; did you mean \"country-code\"?",
        ),
        ("rate = 0", "7:8: [[connector]] \"c\": rate: messages a second have to be more than 0"),
        ("links = 0", "7:9: [[connector]] \"c\": links: 0 is out of range; write 1 to 100"),
        ("binds = 2", "7:1: [[connector]] \"c\": unknown key `binds`"),
    ] {
        let got = one(&line(&format!("sp_id = \"901234\"\n{keys}")));
        assert!(got.starts_with(said), "{got}\n{said}");
    }
    let twenty_one = "fee_user_type = 3\nfee_terminal_id = \"1380013800013800138000\"\nsp_id = \"901234\"\n";
    assert!(mistakes(&line(&format!("{twenty_one}version = \"3.0\""))).is_empty());
    for version in ["2.0", "auto"] {
        assert!(one(&line(&format!("{twenty_one}version = \"{version}\""))).ends_with("has 22 octets, at most 21 fit"));
    }
    let signed = |text: &str| line(&format!("sp_id = \"901234\"\nsignature = \"{text}\""));
    assert!(warnings(&signed("【Shop】")).is_empty());
    assert!(warnings(&signed("Shop"))[0].contains("has not the usual brackets"));
    assert!(one(&signed("")).ends_with("leave the key out for none"));
    assert!(one(&signed(&format!("【{}】", "x".repeat(65)))).contains("nothing of the text would fit beside it"));
}

/// Another gateway as a connector (line 1) and an account (line 10).
fn peer(line: &str, account: &str) -> String {
    format!(
        "[[connector]]\nname = \"c\"\nprotocol = \"cmpp\"\naddress = \"h:7930\"\nsecret = \"x\"\nrole = \"ismg\"\n{line}\n\
         [[account]]\nname = \"next\"\npassword = \"x\"\n{account}\n\
         [[listener]]\nprotocol = \"cmpp\"\nlisten = \"127.0.0.1:7930\"\ngateway = \"001001\"\n"
    )
}

#[test]
fn what_a_gateway_needs() {
    const LINE: &str = "gateway = \"001001\"\npeer = \"001002\"\naccount = \"next\"";
    const ACCOUNT: &str = "[account.cmpp]\ngateway = \"001002\"\nconnector = \"c\"";
    assert!(warnings(&peer(LINE, ACCOUNT)).is_empty());
    assert_eq!(
        mistakes(&peer("sp_id = \"901234\"", "")),
        [
            "1:1: [[connector]] \"c\": missing key `gateway`: the code of this gateway, such as gateway = \"001001\"",
            "1:1: [[connector]] \"c\": missing key `peer`: the code of the other gateway, such as peer = \"001002\"",
            "1:1: [[connector]] \"c\": missing key `account`: the account that the other gateway is here, such as account = \"next\"",
            "7:9: [[connector]] \"c\": sp_id: only with role = \"sp\"; take it out, or add that",
        ]
    );
    let said = |line: &str, account: &str| one(&peer(line, account));
    assert_eq!(
        said(&format!("{LINE}\nkeep_fee = true"), ACCOUNT),
        "10:12: [[connector]] \"c\": keep_fee: only with role = \"sp\"; take it out, or add that"
    );
    assert_eq!(said(LINE, ""), "9:11: [[connector]] \"c\": account: account \"next\" has no [account.cmpp] with a gateway; add one");
    assert_eq!(
        said(LINE, "[account.cmpp]\nsp_id = \"901234\""),
        "9:11: [[connector]] \"c\": account: account \"next\" is no gateway; give its [account.cmpp] a gateway"
    );
    assert_eq!(
        said(&LINE.replace("001002", "001003"), ACCOUNT),
        "8:8: [[connector]] \"c\": peer: account \"next\" is gateway 001002; one of them is wrong"
    );
    assert_eq!(
        said(LINE, &ACCOUNT.replace("\"c\"", "\"d\"")),
        "15:13: [[account]] \"next\": cmpp.connector: there is no connector \"d\"; did you mean \"c\"?"
    );
    let another = "[[account]]\nname = \"third\"\npassword = \"x\"\n[account.cmpp]\ngateway = \"001003\"\nconnector = \"c\"";
    assert_eq!(
        said(LINE, &format!("{ACCOUNT}\n{another}")),
        "21:13: [[account]] \"third\": cmpp.connector: \"c\" is the way to account \"next\"; write account = \"third\" there, or name another"
    );
    let simulator = "[[connector]]\nname = \"sim\"\nprotocol = \"simulator\"\n";
    assert_eq!(
        one(&format!("{simulator}{}", account("gateway = \"001002\"\nconnector = \"sim\""))),
        "9:13: [[account]] \"shop\": cmpp.connector: \"sim\" leads to no gateway; name one with protocol = \"cmpp\" and role = \"ismg\""
    );
    assert_eq!(
        warnings(&peer(LINE, "[account.cmpp]\ngateway = \"001002\"")),
        [
            "15:11: [[account]] \"next\": cmpp.gateway: without a connector of role \"ismg\", what is for this gateway (reports, received \
             messages) waits; add connector"
                .replace("15:11", "14:11"),
            "9:11: [[connector]] \"c\": account: nothing leaves here before the [account.cmpp] of \"next\" has connector = \"c\""
                .to_owned(),
        ]
    );
    assert_eq!(
        warnings(&peer(&LINE.replace("001001", "001009"), ACCOUNT)),
        ["7:11: [[connector]] \"c\": gateway: no CMPP listener has this code, so the other side has nowhere to send what is for us"]
    );
    assert_eq!(
        warnings(&peer(&LINE.replace("next", "elsewhere"), "")),
        ["9:11: [[connector]] \"c\": account: there is no account \"elsewhere\" in this file"]
    );
}

/// A directory of gateways, whose section begins in line 1.
fn gns(keys: &str) -> String {
    format!("[gns]\naddress = \"gns:9168\"\ngateway = \"001001\"\nsecret = \"x\"\n{keys}\n")
}

#[test]
fn a_directory_of_gateways_fits_its_fields() {
    assert!(
        mistakes(&gns("segments = [\"1380013\", \"1380020-1380029\"]\nservice_codes = [\"10690001\"]\narea_code = \"0010\"")).is_empty()
    );
    for (keys, said) in [
        ("segments = [\"1380013-138001\"]", "5:13: [gns]: segments: \"1380013-138001\" is no segment"),
        ("version = \"2.0\"\nsegments = [\"1380013\"]", "6:13: [gns]: segments: \"1380013\" has more than the 6 digits"),
        ("service_codes = [\"x\"]", "5:18: [gns]: service_codes: \"x\" is no service code"),
        ("advertise = \"[::1]:7930\"", "5:13: [gns]: advertise: CMPP has room for an IPv4 address only"),
        ("area_code = \"00100\"", "5:13: [gns]: area_code: \"00100\" has 5 octets, at most 4 fit"),
        ("response_timeout = 0", "5:20: [gns]: response_timeout: 0 would wait for no answer"),
    ] {
        let got = one(&gns(keys));
        assert!(got.starts_with(said), "{got}");
    }
    assert!(one("[gns]\nsecret = \"x\"\ngateway = \"1\"\n").contains("missing key `address`"));
    assert!(warnings(&gns("account = \"gns\""))[0].contains("there is no account \"gns\" in this file"));
}

#[test]
fn a_gns_has_no_way_back_and_gateways_take_what_it_says() {
    let text = gns("account = \"gns\"")
        + "[[account]]\nname = \"gns\"\npassword = \"x\"\n[account.cmpp]\ngateway = \"999\"\n\
           [[account]]\nname = \"next\"\npassword = \"x\"\n[account.cmpp]\ngateway = \"1002\"\nconnector = \"c\"\n\
           [[connector]]\nname = \"c\"\nprotocol = \"cmpp\"\naddress = \"h:7930\"\nrole = \"ismg\"\ngateway = \"1001\"\n\
           peer = \"1002\"\naccount = \"next\"\nsecret = \"x\"\n\
           [[listener]]\nprotocol = \"cmpp\"\nlisten = \"127.0.0.1:7930\"\ngateway = \"1001\"\n";
    let c = config::parse(Path::new("t.toml"), Path::new("."), &text).unwrap();
    assert!(c.warnings.is_empty(), "{:?}", c.warnings);
    assert_eq!(c.connectors[0].common.any, Some(false));
}
