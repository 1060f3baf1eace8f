//! Contents made to fit the phone that fetches them.
//!
//! What a phone takes is known from its profile (fetched, guarded, kept), its Accept headers and its name. Whether there is anything to do
//! is told from the first octets of each part; only then a content is taken apart and worked on, on a thread that may block, a few at a time.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hashbrown::HashMap;
use http::{HeaderMap, HeaderName, header};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use waxwing_adapt::{
    Adapted, Capabilities, Change, FfmpegOptions, Item, Known, Limits, Options, PROFILE_MOST, Profile, ProfileCache, Sources, adapt, fits,
    profile_references,
};
use waxwing_api::WebFetch;
use waxwing_mms::{Content, Limits as PartLimits, Multipart, Part, RawContent};
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, Parameter};

use crate::{Facts, MmscOptions};

/// Profiles that are kept, and for how long; how long one that could not be had is not asked for again.
const PROFILES: usize = 2000;
const PROFILE_TIME: Duration = Duration::from_secs(24 * 3600);
const FAILURE_TIME: Duration = Duration::from_secs(600);
/// Phones whose capabilities are kept, by what they say of themselves.
const PHONES: usize = 4096;
/// Numbers of which it is known where the profiles of their phones lie.
const NUMBERS: usize = 100_000;
/// What profiles come as.
const PROFILE_TYPES: &str = "application/xml, text/xml, application/rdf+xml, */*";
/// How long a fetch waits for its turn to be adapted; then it gets the message as it is.
const PATIENCE: Duration = Duration::from_secs(20);
/// Headers that say what a phone takes.
const PROFILE_HEADERS: [HeaderName; 2] = [HeaderName::from_static("x-wap-profile"), HeaderName::from_static("profile")];

/// Makes contents fit.
pub(crate) struct Adapter {
    enabled: bool,
    fetch: WebFetch,
    profiles: ProfileCache,
    options: Arc<Options>,
    defaults: Capabilities,
    jobs: Semaphore,
    hasher: RandomState,
    phones: Mutex<HashMap<u64, Arc<Capabilities>>>,
    /// Where the profiles of phones lie, by their numbers.
    known: Mutex<HashMap<String, Arc<[String]>>>,
    results: Mutex<Results>,
}

/// A content as a phone gets it.
pub(crate) struct Fit {
    /// As it stands at the end of a PDU.
    pub(crate) content: Bytes,
    /// What was done to it; `None` where nothing was.
    pub(crate) words: Option<String>,
    /// It is all text, so that compressing it is worth while.
    pub(crate) is_text: bool,
}

impl Fit {
    fn untouched(content: Bytes) -> Fit {
        Fit { content, words: None, is_text: false }
    }
}

impl Adapter {
    pub(crate) fn new(fetch: WebFetch, options: &MmscOptions) -> Adapter {
        let ffmpeg = options.ffmpeg.clone().map(|program| FfmpegOptions { program, ..FfmpegOptions::default() });
        Adapter {
            enabled: options.adapt,
            fetch,
            profiles: ProfileCache::new(PROFILES, PROFILE_TIME, FAILURE_TIME),
            options: Arc::new(Options { limits: Limits::default(), ffmpeg, ..Options::default() }),
            defaults: Capabilities { max_message_size: options.phone_max_size, ..Capabilities::default() },
            jobs: Semaphore::new(options.adapt_jobs.max(1)),
            hasher: RandomState::new(),
            phones: Mutex::default(),
            known: Mutex::default(),
            results: Mutex::new(Results::new(options.adapt_cache)),
        }
    }

    /// The content for a phone that sent these headers, of at most so many octets where its subscriber has a limit.
    pub(crate) async fn fit(&self, facts: &Facts, content: Bytes, headers: &HeaderMap, most: Option<u64>) -> Fit {
        if !self.enabled || !facts.may_adapt || facts.locked {
            return Fit::untouched(content);
        }
        let phone = self.fingerprint(headers);
        let key = (facts.media.clone(), phone, most);
        if let Some(known) = self.results.lock().get(&key) {
            return match known {
                Some((content, words)) => Fit { content, words: Some(words), is_text: false },
                None => Fit::untouched(content),
            };
        }
        let mut capabilities = self.capabilities(phone, headers).await;
        if let Some(most) = most.filter(|most| *most < capabilities.max_message_size) {
            Arc::make_mut(&mut capabilities).max_message_size = most;
        }
        let Some(taken) = Taken::apart(&content) else { return Fit::untouched(content) };
        if fits(&taken.items, &capabilities, &self.options) {
            return Fit { is_text: taken.is_text(), ..Fit::untouched(content) };
        }
        let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, self.jobs.acquire()).await else {
            tracing::warn!("too many contents are being adapted; a phone gets its message as it is");
            return Fit::untouched(content);
        };
        // Somebody else may have done it meanwhile.
        if let Some(Some((content, words))) = self.results.lock().get(&key) {
            return Fit { content, words: Some(words), is_text: false };
        }
        let options = self.options.clone();
        let done = tokio::task::spawn_blocking(move || taken.adapted(&capabilities, &options)).await;
        match done {
            Ok(Ok(Some((adapted, words)))) => {
                self.results.lock().put(key, Some((adapted.clone(), words.clone())));
                Fit { content: adapted, words: Some(words), is_text: false }
            }
            Ok(Ok(None)) => {
                self.results.lock().put(key, None);
                Fit::untouched(content)
            }
            Ok(Err(why)) => {
                tracing::warn!("a content could not be adapted and is given as it is: {why}");
                Fit::untouched(content)
            }
            Err(e) => {
                tracing::error!("a content could not be adapted and is given as it is: {e}");
                Fit::untouched(content)
            }
        }
    }

    /// Notes where the profile of a phone lies that fetches a message.
    pub(crate) fn note_phone(&self, number: &str, headers: &HeaderMap) {
        let said = PROFILE_HEADERS.iter().find_map(|name| headers.get(name)?.to_str().ok());
        let urls = said.map(|value| profile_references(value).urls).unwrap_or_default();
        if urls.is_empty() {
            return;
        }
        let mut known = self.known.lock();
        if known.get(number).is_some_and(|k| **k == *urls) {
            return;
        }
        if known.len() >= NUMBERS {
            known.clear();
        }
        known.insert(number.to_owned(), urls.into());
    }

    /// The profile that a phone named last.
    pub(crate) async fn profile_of(&self, number: &str) -> Option<Bytes> {
        let urls = self.known.lock().get(number).cloned()?;
        for url in urls.iter() {
            match self.fetch.get(url, PROFILE_TYPES, PROFILE_MOST).await {
                Ok((_, document)) if Profile::from_uaprof(&document).is_ok() => return Some(document),
                Ok(_) => tracing::info!(url, "a phone's profile is none"),
                Err(why) => tracing::info!(url, "a phone's profile could not be had: {why}"),
            }
        }
        None
    }

    /// What a phone says of itself, as a number.
    fn fingerprint(&self, headers: &HeaderMap) -> u64 {
        let mut hash = self.hasher.build_hasher();
        let [one, other] = PROFILE_HEADERS;
        for name in [header::USER_AGENT, header::ACCEPT, header::ACCEPT_CHARSET, one, other] {
            for value in headers.get_all(&name) {
                value.as_bytes().hash(&mut hash);
            }
            hash.write_u8(0xff);
        }
        hash.finish()
    }

    async fn capabilities(&self, phone: u64, headers: &HeaderMap) -> Arc<Capabilities> {
        if let Some(known) = self.phones.lock().get(&phone) {
            return known.clone();
        }
        let joined = |name: &HeaderName| {
            let values: Vec<&str> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        let references = PROFILE_HEADERS.iter().find_map(joined).map(|value| profile_references(&value).urls).unwrap_or_default();
        let (mut profile, mut is_complete) = (None, true);
        for url in &references {
            match self.profile(url).await {
                Some(Some(p)) => profile = Some(profile.map_or_else(|| (*p).clone(), |below: Profile| (*p).clone().over(&below))),
                Some(None) => {}
                None => is_complete = false,
            }
        }
        let (agent, accept, charset) = (joined(&header::USER_AGENT), joined(&header::ACCEPT), joined(&header::ACCEPT_CHARSET));
        let sources = Sources {
            rules: &[],
            user_agent: agent.as_deref(),
            uaprof: profile.as_ref(),
            accept: accept.as_deref(),
            accept_charset: charset.as_deref(),
        };
        let capabilities = Arc::new(Capabilities::resolve(&sources, &self.defaults));
        // What could not be had now may be had later.
        if is_complete {
            let mut phones = self.phones.lock();
            if phones.len() >= PHONES {
                phones.clear();
            }
            phones.insert(phone, capabilities.clone());
        }
        capabilities
    }

    /// A profile: `Some(None)` where it is none, `None` where it could not be had.
    async fn profile(&self, url: &str) -> Option<Option<Arc<Profile>>> {
        match self.profiles.get(url, Instant::now()) {
            Some(Known::Profile(p)) => return Some(Some(p)),
            Some(Known::Failed) => return None,
            None => {}
        }
        let fetched = self.fetch.get(url, PROFILE_TYPES, PROFILE_MOST).await;
        let read = fetched.and_then(|(_, document)| Profile::from_uaprof(&document).map_err(|e| e.to_string()));
        match read {
            Ok(profile) => Some(Some(self.profiles.put(url, profile, Instant::now()))),
            Err(why) => {
                tracing::info!(url, "a phone's profile could not be had: {why}");
                self.profiles.put_failure(url, Instant::now());
                None
            }
        }
    }
}

/// A content that was taken apart.
struct Taken {
    content: Content,
    parts: Vec<Part>,
    items: Vec<Item>,
}

impl Taken {
    fn apart(content: &Bytes) -> Option<Taken> {
        let limits = PartLimits::default();
        let content = RawContent::split(content.clone()).ok()?.decode(limits).ok()?.content;
        let parts = match &content {
            Content::Multipart(m) if m.parts.iter().any(Part::is_multipart) => content.leaves(limits).ok()?,
            other => other.parts().to_vec(),
        };
        let items = parts.iter().map(item).collect();
        Some(Taken { content, parts, items })
    }

    fn is_text(&self) -> bool {
        self.parts.iter().all(Part::is_text)
    }

    /// As it stands at the end of a PDU, and what was done; `None` where nothing was.
    fn adapted(self, phone: &Capabilities, options: &Options) -> Result<Option<(Bytes, String)>, String> {
        let Taken { content, parts, items } = self;
        let adapted = adapt(items, phone, options).map_err(|e| e.to_string())?;
        if adapted.is_unchanged() {
            return Ok(None);
        }
        let words = words(&adapted);
        let presentation = adapted.presentation();
        let renames: Vec<(String, Option<String>)> = adapted.renames().map(|(from, to)| (from.to_owned(), to.map(str::to_owned))).collect();
        let mut out = Vec::with_capacity(parts.len());
        for (n, (part, outcome)) in parts.into_iter().zip(adapted.outcomes).enumerate() {
            let Some(item) = outcome.item else { continue };
            if Some(n) == presentation {
                out.push(rewritten(part, &renames));
            } else if outcome.changes.is_empty() {
                out.push(part);
            } else {
                out.push(changed(part, item));
            }
        }
        let content = match content {
            Content::Multipart(m) => Content::Multipart(Multipart { content_type: m.content_type, parts: out }),
            _ => out.into_iter().next().map(Content::Single).ok_or("nothing is left of it")?,
        };
        let raw = content.to_raw().map_err(|e| e.to_string())?;
        Ok(Some((raw.wire().clone(), words)))
    }
}

fn item(part: &Part) -> Item {
    let item = Item::new(part.content_type.media.to_ascii_lowercase(), part.name().unwrap_or_default(), part.data.clone());
    match part.charset().and_then(|c| c.name()) {
        Some(charset) => item.with_charset(charset),
        None => item,
    }
}

/// A part with what became of it. Its Content-ID stays, so that `cid:` still leads to it.
fn changed(mut part: Part, item: Item) -> Part {
    let id = part.content_id().map(str::to_owned);
    let old_name = part.name();
    part.content_type = ContentType::new(&item.content_type);
    if let Some(charset) = item.charset.as_deref().and_then(Charset::from_name) {
        part.content_type.parameters.push(Parameter::charset(charset));
    }
    if !item.name.is_empty() && old_name.is_some() {
        part.set_name(&item.name);
    }
    if let Some(id) = id {
        part.set_content_id(&id);
    }
    part.data = item.data;
    part
}

/// A presentation with the new names.
fn rewritten(mut part: Part, renames: &[(String, Option<String>)]) -> Part {
    if renames.is_empty() {
        return part;
    }
    let text = part.decoded_text();
    let rewritten = waxwing_mms::smil::rewrite(&text, |reference| {
        let bare = reference.trim();
        renames.iter().find(|(from, _)| from == bare).and_then(|(_, to)| to.clone())
    });
    if let Ok(text) = rewritten {
        part.content_type.parameters.retain(|p| !p.name.eq_ignore_ascii_case("charset"));
        part.content_type.parameters.push(Parameter::charset(Charset::UTF_8));
        part.data = Bytes::from(text);
    }
    part
}

/// What was done, for the ledger.
fn words(adapted: &Adapted) -> String {
    let mut all = Vec::new();
    for outcome in &adapted.outcomes {
        for change in &outcome.changes {
            let what = match change {
                Change::Charset { from, to, .. } => format!("{from} to {to}"),
                Change::Converted { from, to } => format!("{from} to {to}"),
                Change::Dropped => "left out".to_owned(),
                Change::Recompressed { from, to } => format!("{from} to {to} octets"),
                Change::Replaced { from, why } => format!("{from} replaced: {why}"),
                Change::Retyped { from, to } => format!("{from} is {to}"),
                Change::Scaled { from, to } => format!("{}x{} to {}x{}", from.0, from.1, to.0, to.1),
                Change::Stilled => "stilled".to_owned(),
                Change::Truncated { from, to } => format!("cut from {from} to {to} octets"),
                Change::Turned => "turned".to_owned(),
            };
            all.push(if outcome.name.is_empty() { what } else { format!("{}: {what}", outcome.name) });
        }
    }
    let mut text = format!("adapted ({})", all.join("; "));
    if let Some((at, _)) = text.char_indices().nth(400) {
        text.truncate(at);
    }
    text
}

/// What contents became for which phones: bounded in octets, the oldest go first.
struct Results {
    most: usize,
    octets: usize,
    known: HashMap<Key, Option<(Bytes, String)>>,
    order: std::collections::VecDeque<Key>,
}

type Key = (Bytes, u64, Option<u64>);
/// What an entry without a content is reckoned to take.
const ENTRY: usize = 256;

impl Results {
    fn new(most: usize) -> Results {
        Results { most, octets: 0, known: HashMap::new(), order: std::collections::VecDeque::new() }
    }

    #[allow(clippy::option_option)]
    fn get(&self, key: &Key) -> Option<Option<(Bytes, String)>> {
        self.known.get(key).cloned()
    }

    fn put(&mut self, key: Key, result: Option<(Bytes, String)>) {
        let size = |r: &Option<(Bytes, String)>| ENTRY + r.as_ref().map_or(0, |(c, w)| c.len() + w.len());
        if size(&result) > self.most / 4 {
            return;
        }
        self.octets += size(&result);
        match self.known.insert(key.clone(), result) {
            Some(old) => self.octets -= size(&old),
            None => self.order.push_back(key),
        }
        while self.octets > self.most {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(old) = self.known.remove(&oldest) {
                self.octets -= size(&old);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_bounded() {
        let mut results = Results::new(100_000);
        for n in 0..1000u64 {
            results.put((Bytes::from(n.to_be_bytes().to_vec()), 1, None), Some((Bytes::from(vec![0; 1000]), String::new())));
            results.put((Bytes::from(n.to_be_bytes().to_vec()), 2, None), None);
        }
        assert!(results.octets <= 100_000 && results.known.len() < 140 && results.known.len() == results.order.len());
        assert!(results.get(&(Bytes::from(999u64.to_be_bytes().to_vec()), 1, None)).is_some());
        results.put((Bytes::new(), 0, None), Some((Bytes::from(vec![0; 50_000]), String::new())));
        assert!(results.get(&(Bytes::new(), 0, None)).is_none());
    }
}
