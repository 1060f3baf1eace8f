//! `waxwing send`: one message, or a file of them, or a special one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use waxwing_push::{FieldValue, from_fields};

use super::client::{Client, Target, problem, runtime};
use super::{Failure, out};

/// Arguments of `waxwing send`.
#[derive(Debug, Args)]
pub struct Send {
    /// Recipient, such as +447700900123
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    to: Option<String>,
    /// The text
    #[arg(required_unless_present_any = ["file", "push"], conflicts_with = "file")]
    text: Option<String>,
    /// Sender
    #[arg(long)]
    from: Option<String>,
    /// A CSV file with the columns to and text, and, if wanted, from, reference, send_at, priority, route
    #[arg(long, value_name = "CSV")]
    file: Option<PathBuf>,
    /// Send a WAP push or another special message: si, sl, co, bookmark, browser_settings, mms_settings, provisioning, ota,
    /// mms_notification, email_notification, rights, document, push, ringtone, operator_logo, cli_icon, picture, ems, voicemail, flash,
    /// replace, binary
    #[arg(long, value_name = "KIND", conflicts_with = "file")]
    push: Option<String>,
    /// A field of the special message, such as url=http://example.net or image=@logo.png, where @ takes a file; may be repeated. A name
    /// that the kind does not have is answered with those that it has
    #[arg(long, value_name = "NAME=VALUE", requires = "push")]
    set: Vec<String>,
    #[command(flatten)]
    target: Target,
}

/// Messages in one request.
const BATCH: usize = 500;
/// Columns that a message may have besides `to` and `text`.
const COLUMNS: [&str; 5] = ["from", "reference", "send_at", "priority", "route"];

/// Sends, and prints an id for each message that was accepted and the reason for each that was not.
pub(super) fn run(args: &Send) -> Result<(), Failure> {
    let special = args.push.as_deref().map(|kind| special(kind, args)).transpose()?;
    let client = args.target.connect(false)?;
    runtime()?.block_on(async {
        if let Some(body) = special {
            let answer = client.post("/api/v1/push", &body).await?;
            return print(outcomes(&answer)).map(|()| {
                if let Some(pin) = answer["user_pin"].as_str() {
                    out::line(format_args!("PIN {pin}"));
                }
            });
        }
        match &args.file {
            Some(file) => send_file(&client, file, args.from.as_deref()).await,
            None => {
                let (to, text) = (args.to.as_deref().unwrap_or_default(), args.text.as_deref().unwrap_or_default());
                let answer = submit(&client, vec![message(to, text, args.from.as_deref())]).await?;
                print(answer)
            }
        }
    })
}

/// Prints ids; the first that was refused is the error.
fn print(answer: Vec<(String, Result<String, String>)>) -> Result<(), Failure> {
    for (to, result) in answer {
        match result {
            Ok(id) => out::line(format_args!("{id} {to}")),
            Err(why) => return Err(Failure::Failed(format!("{to}: {why}"))),
        }
    }
    Ok(())
}

/// The body of a special message's request; the text is a field like the others.
fn special(kind: &str, args: &Send) -> Result<Value, Failure> {
    let mut fields: Vec<(String, FieldValue)> = Vec::new();
    fields.extend(args.text.iter().map(|text| ("text".to_owned(), FieldValue::Text(text.clone()))));
    for given in &args.set {
        let (name, value) = given.split_once('=').ok_or_else(|| Failure::Usage(format!("--set {given}: write it as NAME=VALUE")))?;
        let value = match value.strip_prefix('@') {
            Some(path) => FieldValue::Octets(std::fs::read(path).map_err(|e| Failure::Usage(format!("{path} cannot be read: {e}")))?),
            None => FieldValue::Text(value.to_owned()),
        };
        fields.push((name.to_owned(), value));
    }
    let special = from_fields(kind, fields).map_err(|e| Failure::Usage(e.to_string()))?;
    let mut body = serde_json::to_value(special).map_err(Failure::of)?;
    body["to"] = json!(args.to);
    if let Some(from) = &args.from {
        body["from"] = json!(from);
    }
    Ok(body)
}

fn message(to: &str, text: &str, from: Option<&str>) -> Value {
    let mut m = json!({ "to": to, "text": text });
    if let Some(from) = from {
        m["from"] = json!(from);
    }
    m
}

/// What became of each message: its id, or why it was refused.
async fn submit(client: &Client, messages: Vec<Value>) -> Result<Vec<(String, Result<String, String>)>, Failure> {
    let answer = client.post("/api/v1/messages", &json!({ "messages": messages })).await?;
    Ok(outcomes(&answer))
}

fn outcomes(answer: &Value) -> Vec<(String, Result<String, String>)> {
    let items = answer["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let outcome = |item: &Value| {
        let to = item["to"].as_str().unwrap_or_default().to_owned();
        let result = item["id"].as_str().map(str::to_owned).ok_or_else(|| problem(&item["problem"]));
        (to, result)
    };
    items.iter().map(outcome).collect()
}

async fn send_file(client: &Client, path: &Path, from: Option<&str>) -> Result<(), Failure> {
    let messages = read(path, from)?;
    let bar = ProgressBar::new(messages.len() as u64);
    bar.enable_steady_tick(Duration::from_millis(200));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta} {msg}") {
        bar.set_style(style);
    }
    let (mut accepted, mut refused) = (0u64, 0u64);
    for (n, chunk) in messages.chunks(BATCH).enumerate() {
        let answer = match submit(client, chunk.iter().map(|(_, m)| m.clone()).collect()).await {
            Ok(answer) => answer,
            Err(e) => {
                bar.abandon();
                let at = chunk.first().map_or(0, |(line, _)| *line);
                out::error(&format!("{accepted} were accepted; everything before line {at} of {} is done with", path.display()));
                return Err(e);
            }
        };
        for (i, (to, result)) in answer.iter().enumerate() {
            match result {
                Ok(id) => {
                    accepted += 1;
                    bar.suspend(|| out::line(format_args!("{id} {to}")));
                }
                Err(why) => {
                    refused += 1;
                    let line = messages.get(n * BATCH + i).map_or(0, |(line, _)| *line);
                    bar.suspend(|| out::error(&format!("{}:{line}: {to}: {why}", path.display())));
                }
            }
        }
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    out::error(&format!("{accepted} accepted, {refused} refused"));
    if refused == 0 { Ok(()) } else { Err(Failure::Said) }
}

/// The messages of a CSV file with the line that each begins at. Nothing is sent where one row cannot be read.
fn read(path: &Path, from: Option<&str>) -> Result<Vec<(u64, Value)>, Failure> {
    let wrong = |line: u64, what: String| Failure::Usage(format!("{}:{line}: {what}", path.display()));
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::Headers).flexible(false).from_path(path).map_err(|e| wrong(0, e.to_string()))?;
    let header = reader.headers().map_err(|e| wrong(1, e.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
    let (Some(to), Some(text)) = (column("to"), column("text")) else {
        return Err(wrong(1, "the first line has to name the columns, `to` and `text` among them: to,text".into()));
    };
    if let Some(unknown) = header.iter().find(|h| !["to", "text"].iter().chain(&COLUMNS).any(|c| h.eq_ignore_ascii_case(c))) {
        return Err(wrong(1, format!("unknown column {unknown:?}; the columns are to, text, {}", COLUMNS.join(", "))));
    }
    let mut messages = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| wrong(e.position().map_or(0, csv::Position::line), e.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).filter(|c| !c.is_empty());
        let mut m = message(cell(Some(to)).unwrap_or_default(), row.get(text).unwrap_or_default(), from);
        for name in COLUMNS {
            if let Some(value) = cell(column(name)) {
                m[name] = match value.parse::<u8>() {
                    Ok(n) if name == "priority" => json!(n),
                    _ => json!(value),
                };
            }
        }
        messages.push((line, m));
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn csv(text: &str) -> Result<Vec<(u64, Value)>, Failure> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.csv");
        std::fs::write(&path, text).unwrap();
        read(&path, Some("Shop"))
    }

    #[test]
    fn rows_become_messages_with_their_lines() {
        let all = csv("to,text,from,priority\n+447700900123,\"Hello,\nyou\",,2\n447700900124,Hi,12345,high\n").unwrap();
        assert_eq!(all[0], (2, json!({ "to": "+447700900123", "text": "Hello,\nyou", "from": "Shop", "priority": 2 })));
        assert_eq!(all[1], (4, json!({ "to": "447700900124", "text": "Hi", "from": "12345", "priority": "high" })));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_refused_before_anything_is_sent() {
        for (text, said) in
            [("+44,Hello\n", "name the columns"), ("to,text,colour\n1,2,3\n", "unknown column"), ("to,text\n1,2\n3\n", ":3:")]
        {
            let Err(Failure::Usage(e)) = csv(text) else { panic!("{text}") };
            assert!(e.contains(said), "{e}");
        }
    }
}
