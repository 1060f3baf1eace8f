//! Accounts and phones made by `/provision`, as NowSMS's customers' programs do it, by REST and at the command line: in force at once, still
//! there after a crash, and the same whichever way one looks.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::binary::{self, stderr};
use waxwing_tests::http::{self, Response};
use waxwing_tests::smpp::{Esme, Submit, command};
use waxwing_tests::{Carrier, Config, Gateway, until};

const BOUND: Duration = Duration::from_secs(10);

/// A gateway with an administrator, in Britain.
fn gateway(carrier: &Carrier) -> Gateway {
    let config = Config::new().shop().root().smpp_connector(carrier.address(), "").route_to_carrier().with("[sms]\ncountry = \"GB\"\n");
    let gateway = Gateway::start(&config);
    gateway.wait_until_up("carrier");
    gateway
}

/// The text of an answer that an administrator got.
fn provision(gateway: &Gateway, query: &str) -> String {
    let answer = http::get_as(gateway.http(), &format!("/provision?{query}"), "root", "secret");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; charset=utf-8")), "{query}: {}", answer.body);
    answer.body
}

fn done(gateway: &Gateway, query: &str) {
    let text = provision(gateway, query);
    assert!(text.starts_with("OK"), "{query}: {text}");
}

fn refused(gateway: &Gateway, query: &str, says: &str) {
    let text = provision(gateway, query);
    assert!(text.starts_with("ERROR") && text.contains(says), "{query}: {text}");
}

fn submit(gateway: &Gateway, user: &str, password: &str) -> Response {
    http::get(gateway.http(), &format!("/?User={user}&Password={password}&PhoneNumber=07778001210&Text=hello"))
}

fn rest(gateway: &Gateway, method: &str, path: &str, body: &Value) -> Response {
    let basic = http::basic("root", "secret");
    let headers = [("authorization", basic.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    http::request(gateway.http(), method, &format!("/api/v1/subscribers{path}"), &headers, body.as_bytes())
}

#[test]
fn an_account_can_be_used_as_soon_as_the_answer_is_there() {
    let mut carrier = Carrier::start(json!({}));
    let mut gateway = gateway(&carrier);
    let add = "Type=SMS&AdminAction=Add&Name=new&Password=first&FullName=New+One&EnableWebLogin=Yes&EnableSmppLogin=Yes&EnableSmtpLogin=No\
               &ForcedSenderAddress=54321&MessageLimitDefault=No&MessageLimitPerDay=3&WebOptions=Text&RecipientAddresses=777";
    // As a link, whose password is the administrator's and not the account's.
    let answer = http::get(gateway.http(), &format!("/provision?user=root&password=secret&{add}"));
    assert!(answer.status == 200 && answer.body.starts_with("OK"), "{}", answer.body);
    assert!(answer.body.contains("Ignored: FullName, EnableSmtpLogin"), "{}", answer.body);
    assert_eq!(submit(&gateway, "new", "first").status, 200);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["source"], "54321");

    done(&gateway, "Type=SMS&AdminAction=Modify&Name=new&Password=second&ForcedSenderAddress=65432");
    assert_eq!((submit(&gateway, "new", "first").status, submit(&gateway, "new", "second").status), (401, 200));
    assert_eq!(carrier.wait_for_submits(2, BOUND)[1]["source"], "65432");
    let mut esme = Esme::connect(gateway.smpp()).expect("a connection");
    assert_eq!(esme.bind(command::BIND_TRANSCEIVER, "new", "second").status, 0);
    assert_eq!(esme.submit(&Submit::new("the third of the day")).status, 0);
    assert_eq!(submit(&gateway, "new", "second").status, 429);
    done(&gateway, "Type=SMS&AdminAction=Modify&Name=new&MessageLimitDefault=Yes&RestrictIPAddress=10.0.*.*");
    assert_eq!(submit(&gateway, "new", "second").status, 401);
    done(&gateway, "Type=SMS&AdminAction=Modify&Name=new&RestrictIPAddress=127.0.0.*&EnableWebLogin=No");
    assert_eq!(submit(&gateway, "new", "second").status, 401);
    done(&gateway, "Type=SMS&AdminAction=Modify&Name=new&EnableWebLogin=Yes&AdminEnabled=Yes");
    let text = http::get_as(gateway.http(), "/provision?Type=SMS&AdminAction=CreditCheck&Name=new", "new", "second");
    assert!(text.status == 200 && text.body.starts_with("ERROR credit balances are not supported"), "{}", text.body);

    // What was answered is on the disk.
    gateway.kill();
    gateway.start_again();
    gateway.wait_until_up("carrier");
    assert_eq!(submit(&gateway, "new", "second").status, 200);
    done(&gateway, "Type=SMS&AdminAction=Delete&Name=new");
    assert_eq!(submit(&gateway, "new", "second").status, 401);
}

#[test]
fn what_cannot_be_is_told_and_changes_nothing() {
    let carrier = Carrier::start(json!({}));
    let gateway = gateway(&carrier);
    done(&gateway, "Type=SMS&AdminAction=Add&Name=new&Password=first");
    for (query, says) in [
        ("Type=SMS&AdminAction=Add&Name=new&Password=x", "there is an account \"new\" already"),
        ("Type=SMS&AdminAction=Add&Name=shop&Password=x", "in the configuration file"),
        ("Type=SMS&AdminAction=Delete&Name=Root", "in the configuration file"),
        ("Type=SMS&AdminAction=Modify&Name=nobody&Password=x", "there is no account \"nobody\""),
        ("Type=SMS&AdminAction=Modify&Name=new&Password=x&RestrictIPAddress=here", "hosts"),
        ("Type=SMS&AdminAction=Modify&Name=new&Password=x&CreditsToAdd=100", "credit balances are not supported"),
        ("Type=SMS&AdminAction=Modify&Name=new&Password=x&EnableCreditBalance=Yes", "credit balances are not supported"),
        ("Type=SMS&AdminAction=Modify&Name=new&Password=x&EnableWebLogin=Perhaps", "EnableWebLogin"),
    ] {
        refused(&gateway, query, says);
    }
    assert_eq!(submit(&gateway, "new", "first").status, 200);
    for (user, password, status) in [("root", "wrong", 401), ("shop", "secret", 403), ("new", "first", 403)] {
        let answer = http::get_as(gateway.http(), "/provision?Type=SMS&AdminAction=Delete&Name=new", user, password);
        assert!(answer.status == status && answer.body.starts_with("ERROR"), "{user}: {} {}", answer.status, answer.body);
    }
}

#[test]
fn phones_are_the_same_whichever_way_one_looks() {
    let carrier = Carrier::start(json!({}));
    let mut gateway = gateway(&carrier);
    done(&gateway, "Type=MMSC&AdminAction=Add&PhoneNumber=07778+001210&Name=anna&Password=x&FullName=Anna");
    done(&gateway, "Type=MMSC&AdminAction=Add&Name=%2B4915112345678&Alias=bert&EnableMMSSend=No");
    let add = ["subscriber", "--config", "waxwing.toml", "add", "+33612345678", "--alias", "carl", "--no-password", "--web-link"];
    assert!(gateway.command(&add).contains("+33612345678"));
    let v = rest(&gateway, "GET", "?limit=10", &Value::Null).json();
    let seen: Vec<_> = v["subscribers"].as_array().expect("a list").iter().map(|s| (s["number"].as_str(), s["alias"].as_str())).collect();
    let all = [("+33612345678", "carl"), ("+447778001210", "anna"), ("+4915112345678", "bert")].map(|(n, a)| (Some(n), Some(a)));
    assert_eq!((seen.as_slice(), &v["total"]), (&all[..], &json!(3)));
    let listed = gateway.command(&["subscriber", "--config", "waxwing.toml", "list", "ber"]);
    assert!(listed.contains("+4915112345678") && listed.contains("may not send") && !listed.contains("anna"), "{listed}");
    assert_eq!(rest(&gateway, "GET", "/07778001210", &Value::Null).json()["name"], "Anna");

    let taken = rest(&gateway, "PATCH", "/447778001210", &json!({ "alias": "Bert" }));
    assert_eq!((taken.status, &taken.json()["field"]), (409, &json!("alias")));
    refused(&gateway, "Type=MMSC&AdminAction=Modify&PhoneNumber=447778001210&Name=bert", "Alias: ");
    let again = binary::run(gateway.folder(), &["subscriber", "--config", "waxwing.toml", "add", "07778001210"], b"");
    assert!(again.status.code() == Some(64) && stderr(&again).contains("+447778001210 already"), "{}", stderr(&again));

    gateway.kill();
    gateway.start_again();
    let set = gateway.command(&["subscriber", "--config", "waxwing.toml", "set-password", "+33612345678"]);
    assert!(set.contains("password"), "{set}");
    until("the password is there", BOUND, || rest(&gateway, "GET", "/33612345678", &Value::Null).json()["has_password"] == true);
    assert_eq!(rest(&gateway, "DELETE", "/33612345678", &Value::Null).status, 204);
    done(&gateway, "Type=MMSC&AdminAction=Delete&Name=4915112345678");
    gateway.command(&["subscriber", "--config", "waxwing.toml", "remove", "07778001210"]);
    assert_eq!(rest(&gateway, "GET", "", &Value::Null).json()["total"], 0);
}
