//! A parsed TOML document that still knows where everything stood, and what of it can be read into a struct in spite of mistakes.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::fields;
use super::problem::{Problem, Source};

/// A table of the file with its name for people, such as `[[connector]] "carrier-a"`.
#[derive(Clone, Debug)]
pub(super) struct Block<'i> {
    pub(super) place: String,
    /// What stands before its keys where they are named: `cmpp.` in an account's table of that name.
    pub(super) prefix: &'static str,
    pub(super) span: Range<usize>,
    pub(super) table: DeTable<'i>,
    /// Keys that were there and could not be read.
    spoilt: Vec<String>,
}

/// A block and what was read from it.
#[derive(Debug)]
pub(super) struct Item<'i, T> {
    pub(super) block: Block<'i>,
    pub(super) value: T,
}

/// Collects the mistakes of one file.
#[derive(Debug)]
pub(super) struct Findings<'s> {
    source: Source<'s>,
    pub(super) problems: Vec<Problem>,
}

// === impl Block ===

impl<'i> Block<'i> {
    pub(super) fn new(place: impl Into<String>, value: &Spanned<DeTable<'i>>) -> Block<'i> {
        Block { place: place.into(), prefix: "", span: value.span(), table: value.get_ref().clone(), spoilt: Vec::new() }
    }

    /// The table that a key holds. `prefix` is the key with a dot.
    pub(super) fn inner(&self, prefix: &'static str) -> Option<Block<'i>> {
        let value = self.table.get(prefix.trim_end_matches('.'))?;
        let table = value.get_ref().as_table()?.clone();
        let spoilt = self.spoilt.iter().filter_map(|k| k.strip_prefix(prefix)).map(str::to_owned).collect();
        Some(Block { place: self.place.clone(), prefix, span: value.span(), table, spoilt })
    }

    /// Where the value of a key stands, or the block where it has none.
    pub(super) fn at(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or(self.span.clone(), Spanned::span)
    }

    /// Where the n-th element of a list stands (or the value itself where it is no list).
    pub(super) fn at_nth(&self, key: &str, n: usize) -> Range<usize> {
        let element = self.table.get(key).and_then(|v| v.get_ref().as_array()).and_then(|a| a.get(n));
        element.map_or(self.at(key), Spanned::span)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.table.get(key).and_then(|v| v.get_ref().as_str())
    }

    /// Whether a key is there and could be read, at least in part.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a key, or a part of it, could not be read.
    pub(super) fn is_spoilt(&self, key: &str) -> bool {
        self.spoilt.iter().any(|k| k == key)
    }

    /// Whether a key is there, even if it could not be read, which has been complained about.
    pub(super) fn given(&self, key: &str) -> bool {
        self.has(key) || self.is_spoilt(key)
    }

    /// Takes the keys that `T` knows out into a block of their own.
    pub(super) fn take<T: DeserializeOwned>(&mut self) -> Block<'i> {
        let known = fields::of::<T>();
        let (theirs, ours) = std::mem::take(&mut self.table).into_iter().partition(|(k, _)| known.contains(&k.get_ref().as_ref()));
        self.table = ours;
        Block { place: self.place.clone(), prefix: self.prefix, span: self.span.clone(), table: theirs, spoilt: Vec::new() }
    }
}

// === impl Findings ===

impl<'s> Findings<'s> {
    pub(super) fn new(source: Source<'s>) -> Findings<'s> {
        Findings { source, problems: Vec::new() }
    }

    pub(super) fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        let problem = self.source.problem(span.start, message.into());
        self.problems.push(problem);
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, span: Range<usize>) -> usize {
        self.source.problem(span.start, String::new()).line
    }

    /// A mistake in a block, its place said first.
    pub(super) fn add_in(&mut self, block: &Block<'_>, span: Range<usize>, message: impl std::fmt::Display) {
        self.add(span, format!("{}: {message}", block.place));
    }

    /// Complains of the keys that are in none of the lists, and takes them out.
    pub(super) fn known_keys(&mut self, block: &mut Block<'_>, known: &[&'static str]) {
        let unknown: Vec<(String, Range<usize>)> =
            block.table.keys().filter(|k| !known.contains(&k.get_ref().as_ref())).map(|k| (k.get_ref().to_string(), k.span())).collect();
        for (key, span) in unknown {
            block.table.remove(key.as_str());
            self.add_in(block, span, unknown_key(&key, known));
        }
    }

    /// Reads a block into a struct whose keys all have defaults. Each mistake is noted and left out, so that all are found in one go.
    pub(super) fn read<'i, T: DeserializeOwned + Default>(&mut self, mut block: Block<'i>) -> Item<'i, T> {
        // As many rounds as there are mistakes; the bound is for a mistake that could not be located and comes again.
        for _ in 0..1000 {
            let attempt = T::deserialize(Deserializer::from(Spanned::new(block.span.clone(), block.table.clone())));
            let error = match attempt {
                Ok(value) => return Item { block, value },
                Err(e) => e,
            };
            let span = error.span().unwrap_or(block.span.clone());
            let path = remove(&mut block.table, &span);
            let key = path.as_deref().unwrap_or_default();
            let message = words(error.message());
            let message = if key.is_empty() || message.starts_with("unknown key") { message } else { format!("{key}: {message}") };
            self.add_in(&block, span, message);
            match path {
                Some(path) => block.spoilt.push(path),
                None => break,
            }
        }
        Item { block, value: T::default() }
    }
}

/// What is said about a key that nobody knows.
pub(super) fn unknown_key(key: &str, known: &[&str]) -> String {
    match fields::nearest(key, known.iter().copied()) {
        Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
        None => format!("unknown key `{key}`; the keys here are {}", known.join(", ")),
    }
}

/// Takes the innermost value at `span` out of the table; its path of keys, or `None` where nothing is there.
fn remove(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<String> {
    let covers = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let Some(key) = table.iter().find(|(k, v)| covers(k.span()) || covers(v.span())).map(|(k, _)| k.get_ref().to_string()) else {
        // A table with a header of its own has its place there, and its keys have theirs below.
        return table.iter_mut().find_map(|(key, value)| {
            let DeValue::Table(inner) = value.get_mut() else { return None };
            remove(inner, span).map(|path| format!("{}.{path}", key.get_ref()))
        });
    };
    let value = table.get_mut(key.as_str())?;
    let inner = if value.span() == *span {
        None
    } else {
        match value.get_mut() {
            DeValue::Table(t) => remove(t, span).map(|p| format!("{key}.{p}")),
            DeValue::Array(a) => remove_element(a, span).map(|p| format!("{key}{p}")),
            _ => None,
        }
    };
    inner.or_else(|| {
        table.remove(key.as_str());
        Some(key)
    })
}

fn remove_element(array: &mut DeArray<'_>, span: &Range<usize>) -> Option<String> {
    let n = array.iter().position(|v| v.span().start <= span.start && span.end <= v.span().end)?;
    let whole = array.get(n).is_some_and(|v| v.span() == *span);
    if !whole && let Some(DeValue::Table(t)) = array.get_mut(n).map(Spanned::get_mut) {
        return remove(t, span).map(|p| format!(".{p}"));
    }
    let all = std::mem::replace(array, std::iter::empty().collect());
    *array = all.into_iter().enumerate().filter(|(i, _)| *i != n).map(|(_, v)| v).collect();
    Some(String::new())
}

/// The deserialiser's words in the operator's.
fn words(message: &str) -> String {
    let ticks = |s: &str| -> Vec<String> { s.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    if message.starts_with("unknown field") {
        let names = ticks(message);
        if let [key, known @ ..] = &names[..] {
            return unknown_key(key, &known.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
    if message.starts_with("unknown variant") {
        let names = ticks(message);
        if let [given, known @ ..] = &names[..] {
            let near =
                fields::nearest(given, known.iter().map(String::as_str)).map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default();
            let list: Vec<_> = known.iter().map(|k| format!("\"{k}\"")).collect();
            return format!("\"{given}\" is not one of {}{near}", list.join(", "));
        }
    }
    if message == "wanted string or table" {
        return "that is not allowed here; write one of the words in quotes".to_owned();
    }
    let Some((found, wanted)) = message.split_once(", expected ") else { return message.to_owned() };
    let Some(found) = found.strip_prefix("invalid type: ").or(found.strip_prefix("invalid value: ")) else { return message.to_owned() };
    let wanted = match wanted {
        "a string" | "string" => "text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list in [ ]",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number",
        "f64" => "a number",
        "path string" => "a file's path in quotes",
        w if w.starts_with("struct ") => "a table",
        w => w,
    };
    format!("{found} is not allowed here; write {wanted}")
}
