//! The book's reference pages, made from the comments on the settings and the help texts of the metrics.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use waxwing_core::{AccountLabel, ConnectorLabel, Metrics, MoReportLabel, QueueLabel, ReasonLabel};

use super::fields;
use super::keys::{
    Account, Callback, CmppAccount, CmppConnector, CmppListener, Connector, Gns, Http, Ledger, Listener, Log, MmsLine, MmsRoute, Mmsc,
    Node, Route, Simulator, SmppConnector, SmppListener, Sms, Spool,
};

/// `docs/reference/configuration.md`.
pub fn configuration() -> String {
    let mut page = String::from(INTRODUCTION);
    section::<Node>(&mut page, "## `[node]`");
    section::<Http>(&mut page, "## `[http]`");
    section::<Spool>(&mut page, "## `[spool]`");
    section::<Ledger>(&mut page, "## `[ledger]`");
    section::<Sms>(&mut page, "## `[sms]`");
    section::<Callback>(&mut page, "## `[callback]`");
    section::<Log>(&mut page, "## `[log]`");
    section::<Account>(&mut page, "## `[[account]]`");
    section::<CmppAccount>(&mut page, "### `[account.cmpp]`");
    section::<Listener>(&mut page, "## `[[listener]]`");
    section::<SmppListener>(&mut page, "### `protocol = \"smpp\"`");
    section::<CmppListener>(&mut page, "### `protocol = \"cmpp\"`");
    section::<Connector>(&mut page, "## `[[connector]]`");
    section::<SmppConnector>(&mut page, "### `protocol = \"smpp\"`");
    section::<CmppConnector>(&mut page, "### `protocol = \"cmpp\"`");
    section::<Simulator>(&mut page, "### `protocol = \"simulator\"`");
    section::<Route>(&mut page, "## `[[route]]`");
    section::<Gns>(&mut page, "## `[gns]`");
    section::<Mmsc>(&mut page, "## `[mmsc]`");
    section::<MmsRoute>(&mut page, "## `[[mms_route]]`");
    section::<MmsLine>(&mut page, "## `[[mms_line]]`");
    page
}

/// `docs/reference/metrics.md`.
pub fn metrics() -> String {
    let m = all();
    touch(&m);
    let text = m.render();
    let mut page = String::from(
        "# Metrics\n\n`/metrics` answers in OpenMetrics 1.0, which Prometheus reads. Counters have `_total` behind their name there.\n\n\
         | metric | kind | labels | what it counts |\n|---|---|---|---|\n",
    );
    for (name, help) in text.lines().filter_map(|l| l.strip_prefix("# HELP ")?.split_once(' ')) {
        let kind = text.lines().find_map(|l| l.strip_prefix("# TYPE ")?.strip_prefix(name)?.strip_prefix(' ')).unwrap_or_default();
        let sample =
            text.lines().find(|l| l.starts_with(name) && l.as_bytes().get(name.len()).is_some_and(|b| matches!(b, b'{' | b'_' | b' ')));
        let labels = sample.and_then(|l| l.split_once('{')?.1.split_once('}')).map(|(l, _)| l).unwrap_or_default();
        let labels: Vec<&str> = labels.split(',').filter_map(|l| l.split_once('=')).map(|(k, _)| k).collect();
        let _ = writeln!(page, "| `{name}` | {kind} | {} | {} |", labels.join(", "), help.trim_end_matches('.'));
    }
    page
}

const INTRODUCTION: &str = "# Configuration

One TOML file. It is checked as a whole at start, with the line and the mend for each mistake; `waxwing check waxwing.toml` does the same and \
nothing else. SIGHUP reads it again: connections whose settings did not change stay up, and a file with mistakes changes nothing.

Durations are text such as `\"500ms\"`, `\"30s\"`, `\"5m\"`, `\"48h\"`, `\"7d\"`, or a number of seconds. Sizes are text such as `\"64 MiB\"`, or a \
number of octets. Masks are numbers or names with `*` for any run of characters and `?` for one; a leading `+` does not count; several are \
separated by commas or written as a list. Relative paths start at the folder of the file.
";

/// Every metric that there can be.
fn all() -> Metrics {
    let m = Metrics::new();
    waxwing_mmsc::register_metrics(&m);
    m
}

/// Makes every metric show a line.
fn touch(m: &Metrics) {
    let account = AccountLabel { account: String::new() };
    let connector = ConnectorLabel { connector: String::new() };
    for family in [&m.accepted, &m.refused, &m.hooks_delivered, &m.hooks_retried] {
        drop(family.get_or_create(&account));
    }
    drop(m.account_binds.get_or_create(&account));
    for family in [
        &m.sent,
        &m.retried,
        &m.throttled,
        &m.failed,
        &m.rerouted,
        &m.receipts,
        &m.receipts_duplicate,
        &m.receipts_early,
        &m.receipts_unmatched,
        &m.received,
        &m.received_unowned,
    ] {
        drop(family.get_or_create(&connector));
    }
    drop(m.connector_sessions.get_or_create(&connector));
    drop(m.bad_input.get_or_create(&ReasonLabel { place: String::new(), reason: String::new() }));
    drop(m.mo_reports.get_or_create(&MoReportLabel { account: String::new(), stat: String::new() }));
    drop(m.queue.get_or_create(&QueueLabel { queue: String::new(), stage: String::new() }));
}

fn section<T: JsonSchema + DeserializeOwned>(page: &mut String, heading: &str) {
    let schema = schemars::schema_for!(T).to_value();
    let _ = write!(page, "\n{heading}\n\n{}\n\n| key | value | default | meaning |\n|---|---|---|---|\n", prose(&schema));
    rows(page, "", &schema, &schema, fields::of::<T>());
}

fn rows(page: &mut String, prefix: &str, root: &Value, schema: &Value, order: &[&str]) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let mut keys: Vec<&String> = properties.keys().collect();
    keys.sort_by_key(|k| order.iter().position(|o| o == k));
    for key in keys {
        let property = &properties[key];
        if property["x-hidden"] == Value::Bool(true) {
            continue;
        }
        let inner = resolve(root, property);
        let default = default_of(property, &inner);
        let mut meaning = prose(property);
        if meaning.is_empty() {
            meaning = prose(&inner);
        }
        meaning += &variants(&inner);
        let _ = writeln!(page, "| `{prefix}{key}` | {} | {default} | {} |", kind(root, &inner), meaning.replace('|', "\\|"));
        // What has a section of its own has a table of its own.
        if property["x-section"] != Value::Bool(true)
            && let Some((table, suffix)) = table_in(root, &inner)
        {
            rows(page, &format!("{prefix}{key}{suffix}."), root, &table, &[]);
        }
    }
}

fn prose(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace("\n\n", " ").replace('\n', " ")
}

/// A schema with references followed and "or null" taken away.
fn resolve(root: &Value, schema: &Value) -> Value {
    if let Some(path) = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
        return root.pointer(path).cloned().unwrap_or_default();
    }
    if let Some(choices) = schema["anyOf"].as_array().filter(|_| schema["title"].is_null())
        && let [one] = &choices.iter().filter(|c| c["type"] != "null").collect::<Vec<_>>()[..]
    {
        return resolve(root, one);
    }
    schema.clone()
}

fn table_in(root: &Value, schema: &Value) -> Option<(Value, &'static str)> {
    if schema["properties"].is_object() {
        return Some((schema.clone(), ""));
    }
    if schema["items"].is_object() {
        return table_in(root, &resolve(root, &schema["items"])).map(|(t, _)| (t, "[]"));
    }
    schema["anyOf"].as_array()?.iter().find_map(|c| table_in(root, &resolve(root, c)))
}

fn kind(root: &Value, schema: &Value) -> String {
    if let Some(title) = schema["title"].as_str() {
        return title.to_owned();
    }
    let words = words_of(schema);
    if !words.is_empty() {
        return words.iter().map(|(w, _)| format!("`\"{w}\"`")).collect::<Vec<_>>().join(", ");
    }
    let name = match &schema["type"] {
        Value::Array(types) => types.iter().find(|t| *t != "null").cloned().unwrap_or_default(),
        t => t.clone(),
    };
    match name.as_str().unwrap_or_default() {
        "string" => "text".into(),
        "boolean" => "bool".into(),
        "integer" | "number" => "number".into(),
        "array" => format!("list of {}", kind(root, &resolve(root, &schema["items"]))),
        "object" => "table".into(),
        other => other.to_owned(),
    }
}

/// The words that an enumeration allows, with their comments.
fn words_of(schema: &Value) -> Vec<(String, String)> {
    let plain = schema["enum"].as_array().into_iter().flatten().filter_map(|v| Some((v.as_str()?.to_owned(), String::new())));
    let commented = schema["oneOf"].as_array().into_iter().flatten().flat_map(|v| match v["const"].as_str() {
        Some(word) => vec![(word.to_owned(), prose(v))],
        None => words_of(v),
    });
    plain.chain(commented).collect()
}

fn variants(schema: &Value) -> String {
    let words = if schema["items"].is_object() { Vec::new() } else { words_of(schema) };
    let commented: Vec<String> =
        words.iter().filter(|(_, c)| !c.is_empty()).map(|(w, c)| format!("`{w}`: {}", c.trim_end_matches('.'))).collect();
    if commented.is_empty() { String::new() } else { format!(" {}.", commented.join("; ")) }
}

fn default_of(property: &Value, inner: &Value) -> String {
    match &property["default"] {
        Value::Null => String::new(),
        Value::Array(a) if a.is_empty() => String::new(),
        Value::String(s) if s.is_empty() => String::new(),
        Value::Object(_) if inner["properties"].is_object() => String::new(),
        v => format!("`{v}`"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::Path;

    /// The pages in the book are these; WAXWING_WRITE_DOCS=1 writes them anew.
    #[test]
    fn the_book_says_what_the_code_says() {
        for (file, now) in [("configuration.md", configuration()), ("metrics.md", metrics())] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference").join(file);
            if std::env::var_os("WAXWING_WRITE_DOCS").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &now).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(kept == now, "docs/reference/{file} is out of date; run: WAXWING_WRITE_DOCS=1 cargo test -p waxwing the_book");
        }
    }

    #[test]
    fn every_key_has_a_comment() {
        let page = configuration();
        let bare: Vec<&str> = page.lines().filter(|l| l.starts_with("| `") && l.ends_with("|  |")).collect();
        assert!(bare.is_empty(), "{bare:#?}");
    }

    #[test]
    fn no_metric_is_left_out() {
        let registered = format!("{:?}", all().registry.lock()).matches("Descriptor {").count();
        // Those of SMTP are counted elsewhere and only collected.
        let shown = |l: &&str| l.starts_with("| `") && !l.starts_with("| `waxwing_smtp_");
        assert_eq!(metrics().lines().filter(shown).count(), registered);
        assert!(metrics().contains("| `waxwing_smtp_messages` |"));
    }
}
