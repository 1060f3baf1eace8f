//! From the document to the settings of each section.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check::Known;
use super::keys::{
    Account, CmppConnector, CmppListener, Connector, ConnectorProtocol, Listener, ListenerProtocol, MmsLine, MmsRoute, Route, Simulator,
    SmppConnector, SmppListener,
};
use super::problem::Source;
use super::tree::{Block, Findings, Item, unknown_key};
use super::{Config, Problems, check, fields};

/// All sections as they were read, each with its place in the file.
#[derive(Debug)]
pub(super) struct Sections<'i> {
    pub(super) node: Item<'i, super::Node>,
    pub(super) http: Item<'i, super::Http>,
    pub(super) spool: Item<'i, super::Spool>,
    pub(super) ledger: Item<'i, super::Ledger>,
    pub(super) sms: Item<'i, super::Sms>,
    pub(super) callback: Item<'i, super::Callback>,
    pub(super) log: Item<'i, super::Log>,
    pub(super) gns: Item<'i, super::Gns>,
    pub(super) mmsc: Item<'i, super::Mmsc>,
    pub(super) listeners: Vec<(Item<'i, Listener>, ListenerItem<'i>)>,
    pub(super) accounts: Vec<Item<'i, Account>>,
    pub(super) connectors: Vec<(Item<'i, Connector>, ConnectorItem<'i>)>,
    pub(super) routes: Vec<Item<'i, Route>>,
    pub(super) mms_routes: Vec<Item<'i, MmsRoute>>,
    pub(super) mms_lines: Vec<Item<'i, MmsLine>>,
}

/// The settings of a listener that belong to its protocol.
#[derive(Debug)]
pub(super) enum ListenerItem<'i> {
    Smpp(Item<'i, SmppListener>),
    Cmpp(Item<'i, CmppListener>),
}

/// The settings of a connector that belong to its protocol.
#[derive(Debug)]
pub(super) enum ConnectorItem<'i> {
    Smpp(Box<Item<'i, SmppConnector>>),
    Cmpp(Box<Item<'i, CmppConnector>>),
    Simulator(Item<'i, Simulator>),
    /// Not known, which has been said.
    Unknown,
}

const SINGLE: [&str; 9] = ["node", "http", "spool", "ledger", "sms", "callback", "log", "gns", "mmsc"];
const SEVERAL: [&str; 6] = ["listener", "account", "connector", "route", "mms_route", "mms_line"];
const LATER: [&str; 1] = ["command"];
const LATER_LISTENERS: [&str; 6] = ["http", "mm1", "mm3", "mm4", "mm7", "smtp"];
const LATER_CONNECTORS: [&str; 7] = ["modem", "http", "mm1", "mm3", "mm4", "mm7", "eaif"];

/// Reads and checks a document. `elsewhere` is what is known besides it.
pub(super) fn read(file: &Path, text: &str, elsewhere: &Known) -> Result<Config, Problems> {
    let mut findings = Findings::new(Source::new(file, text));
    let (document, mistakes) = DeTable::parse_recoverable(text);
    for e in &mistakes {
        findings.add(e.span().unwrap_or(0..0), e.message());
    }
    if !mistakes.is_empty() {
        // What a parser makes of a broken text is not worth complaining about.
        return Err(finish(findings));
    }
    let mut document = document.into_inner();
    top_level(&mut findings, &document);
    let sections = Sections {
        node: single(&mut findings, &mut document, "node"),
        http: single(&mut findings, &mut document, "http"),
        spool: single(&mut findings, &mut document, "spool"),
        ledger: single(&mut findings, &mut document, "ledger"),
        sms: single(&mut findings, &mut document, "sms"),
        callback: single(&mut findings, &mut document, "callback"),
        log: single(&mut findings, &mut document, "log"),
        gns: single(&mut findings, &mut document, "gns"),
        mmsc: single(&mut findings, &mut document, "mmsc"),
        listeners: several(&mut findings, &mut document, "listener").into_iter().filter_map(|b| listener(&mut findings, b)).collect(),
        accounts: several(&mut findings, &mut document, "account").into_iter().map(|b| whole(&mut findings, b)).collect(),
        connectors: several(&mut findings, &mut document, "connector").into_iter().map(|b| connector(&mut findings, b)).collect(),
        routes: several(&mut findings, &mut document, "route").into_iter().map(|b| whole(&mut findings, b)).collect(),
        mms_routes: several(&mut findings, &mut document, "mms_route").into_iter().map(|b| whole(&mut findings, b)).collect(),
        mms_lines: several(&mut findings, &mut document, "mms_line").into_iter().map(|b| whole(&mut findings, b)).collect(),
    };
    let config = check::check(&mut findings, sections, elsewhere);
    if findings.problems.is_empty() { Ok(config) } else { Err(finish(findings)) }
}

fn finish(findings: Findings<'_>) -> Problems {
    let mut problems = Problems(findings.problems);
    problems.sort();
    problems
}

fn top_level(findings: &mut Findings<'_>, document: &DeTable<'_>) {
    for key in document.keys() {
        let name = key.get_ref().as_ref();
        if LATER.contains(&name) {
            findings.add(key.span(), format!("[{name}] comes in a later version; take the section out"));
        } else if !SINGLE.contains(&name) && !SEVERAL.contains(&name) {
            let known: Vec<&str> = SINGLE.into_iter().chain(SEVERAL).collect();
            findings.add(key.span(), unknown_key(name, &known).replace("keys here", "sections"));
        }
    }
}

/// A section that a file has once, or not at all.
fn single<'i, T: DeserializeOwned + Default>(findings: &mut Findings<'_>, document: &mut DeTable<'i>, name: &str) -> Item<'i, T> {
    let place = format!("[{name}]");
    let block = match document.remove(name) {
        None => Block::new(place, &Spanned::new(0..0, DeTable::new())),
        Some(value) => {
            let span = value.span();
            match value.into_inner() {
                DeValue::Table(t) => Block::new(place, &Spanned::new(span, t)),
                DeValue::Array(_) => {
                    findings.add(span, format!("[[{name}]] may be there once only; write [{name}]"));
                    Block::new(place, &Spanned::new(0..0, DeTable::new()))
                }
                _ => {
                    findings.add(span, format!("{name} is a section; write [{name}] on a line of its own and its keys below"));
                    Block::new(place, &Spanned::new(0..0, DeTable::new()))
                }
            }
        }
    };
    whole(findings, block)
}

/// Sections that a file may have any number of.
fn several<'i>(findings: &mut Findings<'_>, document: &mut DeTable<'i>, name: &str) -> Vec<Block<'i>> {
    let Some(value) = document.remove(name) else { return Vec::new() };
    let span = value.span();
    let DeValue::Array(array) = value.into_inner() else {
        findings.add(span, format!("[{name}] needs double brackets, one block for each: [[{name}]]"));
        return Vec::new();
    };
    let mut blocks = Vec::new();
    for (n, element) in array.into_iter().enumerate() {
        let span = element.span();
        match element.into_inner() {
            DeValue::Table(table) => {
                let mut block = Block::new(String::new(), &Spanned::new(span, table));
                let called = block.text("name").filter(|n| !n.is_empty()).map(|n| format!("{n:?}"));
                block.place = format!("[[{name}]] {}", called.unwrap_or_else(|| format!("number {}", n + 1)));
                blocks.push(block);
            }
            _ => findings.add(span, format!("{name} is a list of sections; write [[{name}]] on a line of its own and its keys below")),
        }
    }
    blocks
}

/// A block that is one struct.
fn whole<'i, T: DeserializeOwned + Default>(findings: &mut Findings<'_>, mut block: Block<'i>) -> Item<'i, T> {
    findings.known_keys(&mut block, fields::of::<T>());
    findings.read(block)
}

/// The protocol that a block names: `None`, said and done, where it names none or one of a later version.
fn protocol<'a>(findings: &mut Findings<'_>, block: &'a Block<'_>, now: &[&str], later: &[&str]) -> Option<&'a str> {
    let quoted: Vec<_> = now.iter().map(|p| format!("\"{p}\"")).collect();
    let list = match &quoted[..] {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        all => all.concat(),
    };
    if !block.has("protocol") {
        findings.add_in(block, block.span.clone(), format!("missing key `protocol`; write protocol = {list}"));
        return None;
    }
    let given = block.text("protocol").unwrap_or_default();
    if later.contains(&given) {
        findings.add_in(block, block.at("protocol"), format!("protocol \"{given}\" comes in a later version; this one has {list}"));
        return None;
    }
    if !now.contains(&given) {
        findings.add_in(block, block.at("protocol"), format!("protocol \"{given}\" is unknown; write {list}"));
        return None;
    }
    Some(given)
}

fn listener<'i>(findings: &mut Findings<'_>, mut block: Block<'i>) -> Option<(Item<'i, Listener>, ListenerItem<'i>)> {
    let specific = match protocol(findings, &block, &["smpp", "cmpp"], &LATER_LISTENERS)? {
        "smpp" => fields::of::<SmppListener>(),
        _ => fields::of::<CmppListener>(),
    };
    let known = [fields::of::<Listener>(), specific].concat();
    findings.known_keys(&mut block, &known);
    let common = block.take::<Listener>();
    let common: Item<'_, Listener> = findings.read(common);
    let item = match common.value.protocol? {
        ListenerProtocol::Smpp => ListenerItem::Smpp(findings.read(block)),
        ListenerProtocol::Cmpp => ListenerItem::Cmpp(findings.read(block)),
    };
    Some((common, item))
}

fn connector<'i>(findings: &mut Findings<'_>, mut block: Block<'i>) -> (Item<'i, Connector>, ConnectorItem<'i>) {
    let named = protocol(findings, &block, &["smpp", "cmpp", "simulator"], &LATER_CONNECTORS).map(str::to_owned);
    let specific = match named.as_deref() {
        Some("smpp") => fields::of::<SmppConnector>(),
        Some("cmpp") => fields::of::<CmppConnector>(),
        Some(_) => fields::of::<Simulator>(),
        None => &[],
    };
    if named.is_some() {
        let known = [fields::of::<Connector>(), specific].concat();
        findings.known_keys(&mut block, &known);
    }
    let mut common = block.take::<Connector>();
    if named.is_none() {
        common.table.remove("protocol");
    }
    let common: Item<'_, Connector> = findings.read(common);
    let item = match common.value.protocol {
        Some(ConnectorProtocol::Smpp) => ConnectorItem::Smpp(Box::new(findings.read(block))),
        Some(ConnectorProtocol::Cmpp) => ConnectorItem::Cmpp(Box::new(findings.read(block))),
        Some(ConnectorProtocol::Simulator) => ConnectorItem::Simulator(findings.read(block)),
        None => ConnectorItem::Unknown,
    };
    (common, item)
}
