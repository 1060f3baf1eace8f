//! What the document types forbid is refused, in XML with line and column.
#![allow(clippy::unwrap_used)]

use waxwing_wap::Document;
use waxwing_wap::document::*;
use waxwing_wap::wbxml::Options;

#[test]
fn wrong_xml_is_refused_where_it_is_wrong() {
    for (xml, expected) in [
        (
            "<si>\n  <indication href=\"a b\">x</indication>\n</si>",
            "line 2, column 15: indication@href: \"a b\" is not allowed; use a URL without spaces",
        ),
        (
            "<si>\n  <indication action=\"signal-loud\"/></si>",
            "line 2, column 15: indication@action: \"signal-loud\" is not allowed; use signal-none, signal-low, signal-medium, signal-high or delete",
        ),
        (
            "<si><indication\n created=\"yesterday\"/></si>",
            "line 2, column 2: indication@created: \"yesterday\" is not allowed; use a date such as 2026-12-31T23:59:59Z",
        ),
        (
            "<si><indication url=\"x\"/></si>",
            "line 1, column 17: indication@url: has no place here; expected href, si-id, action, created and si-expires in indication",
        ),
        ("<si>\n<text/></si>", "line 2, column 1: text: has no place here; expected indication and info in si"),
        ("<si></si>", "line 1, column 1: indication: is missing"),
        (
            "<si><indication created=\"2026-01-02T00:00:00Z\" si-expires=\"2026-01-01T00:00:00Z\"/></si>",
            "line 1, column 48: indication@si-expires: si-expires has to be later than created",
        ),
        (
            "<si><indication action=\"delete\"/></si>",
            "line 1, column 5: indication@si-id: the action delete needs an si-id: it says what to delete",
        ),
        ("<sl/>", "line 1, column 1: sl@href: is missing"),
        (
            "<sl href=\"http://a\" action=\"signal-high\"/>",
            "line 1, column 21: sl@action: \"signal-high\" is not allowed; use execute-low, execute-high or cache",
        ),
        ("<co/>", "line 1, column 1: co: there has to be an invalidate-object or an invalidate-service"),
        (
            "<co><invalidate-object uri=\"http://a\"/>\n<invalidate-object uri=\"a b\"/></co>",
            "line 2, column 20: invalidate-object@uri: \"a b\" is not allowed; use a URL without spaces",
        ),
        ("<co><invalidate-object/></co>", "line 1, column 5: invalidate-object@uri: is missing"),
        ("<emn mailbox=\"\"/>", "line 1, column 6: emn@mailbox: \"\" is not allowed; use a URL without spaces"),
        ("<wap-provisioningdoc/>", "line 1, column 1: wap-provisioningdoc: there has to be a characteristic"),
        ("<wap-provisioningdoc>\n<characteristic/>\n</wap-provisioningdoc>", "line 2, column 1: characteristic@type: is missing"),
        (
            "<wap-provisioningdoc><characteristic type=\"A\"><param/></characteristic></wap-provisioningdoc>",
            "line 1, column 47: param: has no place here; expected type, characteristic and parm in characteristic",
        ),
        (
            "<CHARACTERISTIC-LIST><CHARACTERISTIC TYPE=\"BOOKMARK\"/></CHARACTERISTIC-LIST>",
            "line 1, column 1: BOOKMARK: a bookmark needs a PARM with NAME=\"URL\"",
        ),
        (
            "<rights><context/><agreement><asset><context><uid>1</uid></context></asset>\n\
             <permission><play><constraint><count>many</count></constraint></play></permission></agreement></rights>",
            "line 2, column 31: o-dd:count: \"many\" is not allowed; use a whole number",
        ),
    ] {
        assert_eq!(Document::from_xml(xml).unwrap_err().to_string(), expected, "{xml}");
    }
}

#[test]
fn what_breaks_a_rule_does_not_leave() {
    let delete = Si { action: SiAction::Delete, ..Si::new("http://a", "x") };
    let timed = |start: &str, interval: &str| {
        let constraint = Constraint { start: Some(start.to_owned()), interval: Some(interval.to_owned()), ..Constraint::default() };
        Rights::new("cid:1", vec![Permission { kind: PermissionKind::Play, constraint: Some(constraint) }])
    };
    for document in [
        Document::Si(delete),
        Document::Si(Si::new("http://a", "bell\u{7}")),
        Document::Sl(Sl::default()),
        Document::Co(Co::default()),
        Document::Emn(Emn::default()),
        Document::Ota(Ota::default()),
        Document::Ota(Ota::bookmark("x", "")),
        Document::Provisioning(Provisioning::default()),
        Document::Provisioning(Provisioning { version: None, characteristics: vec![Characteristic::new("A").with("", "x")] }),
        Document::Rights(Rights::new("", vec![])),
        Document::Rights(Rights { key: Some("?".to_owned()), ..Rights::new("cid:1", vec![]) }),
        Document::Rights(timed("tomorrow", "P7D")),
        Document::Rights(timed("2026-01-01T00:00:00", "a week")),
    ] {
        assert!(document.to_wbxml(Options::default()).is_err(), "{document:?}");
        assert!(document.to_xml().is_err(), "{document:?}");
    }
}
