//! Which connector carries what.
//!
//! In this order (NowSMS's rules, with failover added): a route named with the message; connectors that own its sender; the longest mask
//! that matches its recipient, of routes and connectors alike; what a [`Guide`] knows; connectors that take any traffic.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use thiserror::Error;

use crate::{Address, ConnectorState, ErrorTable, Millis, NoAnswer, RetryPolicy, Setup};

/// A pattern for numbers and senders: `*` is any run of characters, `?` one character, a leading `+` is ignored on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mask(Box<str>);

/// A mask that cannot be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not a number mask; write digits or letters with * for any run and ? for one character, such as \"+44*\"")]
pub struct MaskError(String);

impl Mask {
    /// One mask.
    ///
    /// # Errors
    /// When it is empty or has blanks or commas in it.
    pub fn parse(s: &str) -> Result<Mask, MaskError> {
        let t = s.trim();
        let t = t.strip_prefix('+').unwrap_or(t);
        if t.is_empty() || t.contains([',', '\t', '\n']) || t.len() > 64 {
            return Err(MaskError(s.to_owned()));
        }
        Ok(Mask(t.into()))
    }

    /// Several, separated by commas.
    ///
    /// # Errors
    /// With the first that cannot be.
    pub fn parse_list(s: &str) -> Result<Vec<Mask>, MaskError> {
        s.split(',').map(Mask::parse).collect()
    }

    /// Whether it matches the whole of a number or sender. Letters match in either case.
    pub fn matches(&self, number: &str) -> bool {
        let number = number.strip_prefix('+').unwrap_or(number).as_bytes();
        let mask = self.0.as_bytes();
        // The usual greedy matcher with one point of return: linear for masks with one star.
        let (mut n, mut m, mut star, mut mark) = (0, 0, None, 0);
        while n < number.len() {
            if m < mask.len() && mask[m] == b'*' {
                star = Some(m);
                mark = n;
                m += 1;
            } else if m < mask.len() && (mask[m] == b'?' || mask[m].eq_ignore_ascii_case(&number[n])) {
                n += 1;
                m += 1;
            } else if let Some(s) = star {
                m = s + 1;
                mark += 1;
                n = mark;
            } else {
                return false;
            }
        }
        mask[m..].iter().all(|&b| b == b'*')
    }

    /// How specific it is: characters that are not `*`. "Longest mask wins" compares this.
    pub fn weight(&self) -> usize {
        self.0.bytes().filter(|&b| b != b'*').count() * 2 + usize::from(!self.0.contains('*'))
    }

    /// As written, without `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A connector, as routing and the pipeline see it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its live state, the same object over reloads.
    pub state: Arc<ConnectorState>,
    /// Senders that are its own.
    pub senders: Vec<Mask>,
    /// Recipients it is preferred for.
    pub to: Vec<Mask>,
    /// Takes any traffic that no mask claims.
    pub any: bool,
    /// Share of the load among equals.
    pub weight: u32,
    /// When to try again.
    pub retry: RetryPolicy,
    /// Which errors are what.
    pub errors: ErrorTable,
    /// What to do when no answer comes.
    pub no_answer: NoAnswer,
    /// How long to wait for receipts, milliseconds.
    pub receipt_wait: Millis,
}

/// A route of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// A name to ask for it explicitly.
    pub name: Option<String>,
    /// Recipients; empty = only by name.
    pub to: Vec<Mask>,
    /// Senders it is limited to; empty = any.
    pub from: Vec<Mask>,
    /// Accounts it is limited to; empty = any.
    pub accounts: Vec<String>,
    /// Connectors, in order.
    pub via: Vec<String>,
    /// The connectors share the load by weight, instead of being tried in order.
    pub share: bool,
}

/// No connector may carry it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoRoute {
    /// Nothing matches.
    #[error("no route or connector takes messages for {0}")]
    Nothing(String),
    /// The route named with the message does not exist.
    #[error("there is no route or connector named {0:?}")]
    Unknown(String),
    /// Somebody is being asked for the way; it will be known in a moment.
    #[error("the way to {0} is being asked for; try again")]
    Asked(String),
}

/// Where a message goes: into the first one's queue; the others are for failover.
#[derive(Clone, Debug)]
pub struct Path<'a> {
    /// At least one.
    pub lines: SmallVec<[&'a Line; 2]>,
}

impl Path<'_> {
    /// What a message keeps of it: the names of its connectors, if there are several.
    pub(crate) fn via(&self) -> Vec<String> {
        if self.lines.len() > 1 { self.lines.iter().map(|l| l.state.name.to_string()).collect() } else { Vec::new() }
    }
}

/// Places of connectors in the table; mostly there is one.
type Places = SmallVec<[usize; 4]>;

/// Somebody who knows ways that the configuration does not have, such as a directory of gateways. It is asked in the middle of accepting
/// messages: it answers from memory, and sees for itself to knowing more the next time.
pub trait Guide: Send + Sync {
    /// The connector that leads to a recipient (digits, in its normal form), where neither a route nor a mask does.
    fn line_for(&self, setup: &Setup, recipient: &str) -> Guidance;

    /// The account that a received message is for, where the number it was sent to is no account's.
    fn account_for(&self, setup: &Setup, number: &str) -> Guidance;
}

/// What a [`Guide`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guidance {
    /// The name of a connector, or of an account.
    Known(Arc<str>),
    /// It knows of none.
    Unknown,
    /// It is finding out.
    Asked,
}

/// All routes and connectors.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    lines: Vec<Line>,
    routes: Vec<(Route, Vec<usize>)>,
}

impl RouteTable {
    /// Of these. Connectors that a route names and that do not exist are left out of it (the configuration check has refused them).
    pub fn new(lines: Vec<Line>, routes: Vec<Route>) -> RouteTable {
        let routes = routes
            .into_iter()
            .map(|r| {
                let via = r.via.iter().filter_map(|v| lines.iter().position(|l| &*l.state.name == v.as_str())).collect();
                (r, via)
            })
            .collect();
        RouteTable { lines, routes }
    }

    /// A connector by name.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|l| &*l.state.name == name)
    }

    /// A connector by its queue.
    pub fn line_of(&self, queue: waxwing_spool::QueueId) -> Option<&Line> {
        self.lines.iter().find(|l| l.state.queue == queue)
    }

    /// All connectors.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Chooses. `stick` (for instance a hash of a long message's reference) makes equal messages take the same of several sharing
    /// connectors; `None` shares by weight at random.
    ///
    /// # Errors
    /// When nothing may carry it.
    pub fn choose(&self, q: &RouteQuery<'_>, now: Millis) -> Result<Path<'_>, NoRoute> {
        self.choose_with(q, |_| Guidance::Unknown, None, now)
    }

    /// [`choose`](Self::choose) where somebody else may know a way that the table does not have, and a connector is not to be taken: what
    /// comes from another gateway must not go back to it.
    ///
    /// # Errors
    /// When nothing may carry it.
    pub(crate) fn choose_with(
        &self,
        q: &RouteQuery<'_>,
        guide: impl Fn(&str) -> Guidance,
        but: Option<&str>,
        now: Millis,
    ) -> Result<Path<'_>, NoRoute> {
        let to = q.to.as_text();
        let (indices, share) = self.candidates(q, &to, guide)?;
        let mut lines: SmallVec<[&Line; 2]> =
            indices.into_iter().map(|i| &self.lines[i]).filter(|l| but.is_none_or(|but| *l.state.name != *but)).collect();
        if lines.is_empty() {
            return Err(NoRoute::Nothing(q.to.to_string()));
        }
        if share && lines.len() > 1 {
            let first = pick(&lines, q.stick, now);
            lines.swap(0, first);
        }
        // The first healthy one carries it; if none is, it waits with the first.
        if let Some(healthy) = lines.iter().position(|l| l.state.is_healthy(now)) {
            lines[..=healthy].rotate_right(1);
        }
        Ok(Path { lines })
    }

    fn candidates(&self, q: &RouteQuery<'_>, to: &str, guide: impl Fn(&str) -> Guidance) -> Result<(Places, bool), NoRoute> {
        if let Some(name) = q.route {
            if let Some((r, via)) = self.routes.iter().find(|(r, _)| r.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)))
                && !via.is_empty()
            {
                return Ok((Places::from_slice(via), r.share));
            }
            return match self.lines.iter().position(|l| l.state.name.eq_ignore_ascii_case(name)) {
                Some(i) => Ok((smallvec![i], false)),
                None => Err(NoRoute::Unknown(name.to_owned())),
            };
        }
        if !q.from.is_empty() {
            let from = q.from.as_text();
            let own = self.select(|l| l.senders.iter().any(|m| m.matches(&from)));
            if !own.is_empty() {
                return Ok((own, true));
            }
        }
        if let Some(found) = self.by_mask(q, to) {
            return Ok(found);
        }
        let guidance = guide(to);
        if let Guidance::Known(name) = &guidance
            && let Some(i) = self.lines.iter().position(|l| *l.state.name == **name)
        {
            return Ok((smallvec![i], false));
        }
        let any = self.select(|l| l.any);
        match guidance {
            _ if !any.is_empty() => Ok((any, true)),
            Guidance::Asked => Err(NoRoute::Asked(q.to.to_string())),
            _ => Err(NoRoute::Nothing(q.to.to_string())),
        }
    }

    /// The longest matching mask of routes and connectors; a route beats a connector of the same length, the earlier route the later.
    fn by_mask(&self, q: &RouteQuery<'_>, to: &str) -> Option<(Places, bool)> {
        let from = q.from.as_text();
        let longest = |masks: &[Mask]| masks.iter().filter(|m| m.matches(to)).map(Mask::weight).max();
        let mut best: Option<(usize, Places, bool)> = None;
        for (r, via) in self.routes.iter().filter(|(_, via)| !via.is_empty()) {
            let suits = (r.from.is_empty() || r.from.iter().any(|m| m.matches(&from)))
                && (r.accounts.is_empty() || r.accounts.iter().any(|a| a == q.account));
            if let Some(w) = longest(&r.to).filter(|_| suits) {
                // A route limited to sender or account is the more specific of two with the same mask.
                let w = w * 4 + 1 + usize::from(!r.from.is_empty()) + usize::from(!r.accounts.is_empty());
                if best.as_ref().is_none_or(|b| w > b.0) {
                    best = Some((w, Places::from_slice(via), r.share));
                }
            }
        }
        let lines = self.lines.iter().enumerate().filter_map(|(i, l)| longest(&l.to).map(|w| (w * 4, i)));
        for (w, i) in lines {
            match &mut best {
                Some(b) if b.0 == w => b.1.push(i),
                Some(b) if b.0 > w => {}
                _ => best = Some((w, smallvec![i], true)),
            }
        }
        best.map(|(_, v, share)| (v, share))
    }

    fn select(&self, f: impl Fn(&Line) -> bool) -> Places {
        self.lines.iter().enumerate().filter(|(_, l)| f(l)).map(|(i, _)| i).collect()
    }
}

/// What routing looks at.
#[derive(Clone, Copy, Debug)]
pub struct RouteQuery<'a> {
    /// Sender.
    pub from: &'a Address,
    /// Recipient, normalised.
    pub to: &'a Address,
    /// Account that submits.
    pub account: &'a str,
    /// Route or connector asked for by name.
    pub route: Option<&'a str>,
    /// Messages with the same value take the same way.
    pub stick: Option<u64>,
}

/// Weighted choice among the healthy (or among all if none is).
fn pick(lines: &[&Line], stick: Option<u64>, now: Millis) -> usize {
    let none_healthy = !lines.iter().any(|l| l.state.is_healthy(now));
    let weight = |l: &&Line| if none_healthy || l.state.is_healthy(now) { u64::from(l.weight) } else { 0 };
    let total: u64 = lines.iter().map(weight).sum();
    if total == 0 {
        return 0;
    }
    let mut at = stick.unwrap_or_else(|| fastrand::u64(..)) % total;
    for (i, l) in lines.iter().enumerate() {
        let w = weight(l);
        if at < w {
            return i;
        }
        at -= w;
    }
    0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use waxwing_spool::QueueId;

    fn line(name: &str, n: u32, to: &str, senders: &str, any: bool, weight: u32) -> Line {
        let list = |s: &str| if s.is_empty() { vec![] } else { Mask::parse_list(s).unwrap() };
        Line {
            state: ConnectorState::new(name, QueueId(n)),
            senders: list(senders),
            to: list(to),
            any,
            weight,
            retry: RetryPolicy::default(),
            errors: ErrorTable::smpp(),
            no_answer: NoAnswer::Resend,
            receipt_wait: 1000,
        }
    }

    fn ask(t: &RouteTable, from: &str, to: &str, route: Option<&str>) -> Result<Vec<String>, NoRoute> {
        let (from, to) = (Address::parse(from), Address::parse(to));
        t.choose(&RouteQuery { from: &from, to: &to, account: "shop", route, stick: Some(0) }, 0)
            .map(|p| p.lines.iter().map(|l| l.state.name.to_string()).collect())
    }

    #[test]
    fn masks_match_like_nowsms() {
        let m = |mask: &str, n: &str| Mask::parse(mask).unwrap().matches(n);
        assert!(m("+44*", "447778001210"));
        assert!(m("44*10", "+447778001210"));
        assert!(m("4477780012??", "447778001210"));
        assert!(!m("4477780012?", "447778001210"));
        assert!(m("*", "1"));
        assert!(m("shop", "Shop"));
        assert!(!m("44*", "4"));
        assert!(Mask::parse(" ").is_err());
        assert!(Mask::parse("44*, 45").is_err());
    }

    #[test]
    fn sender_then_longest_mask_then_any_traffic() {
        let lines = vec![
            line("uk", 1, "+44*", "", false, 1),
            line("man", 2, "+441624*", "", false, 1),
            line("own", 3, "", "12345", false, 1),
            line("rest", 4, "", "", true, 1),
        ];
        let t = RouteTable::new(lines, vec![]);
        assert_eq!(ask(&t, "Shop", "+447778", None).unwrap(), ["uk"]);
        assert_eq!(ask(&t, "Shop", "+441624555", None).unwrap(), ["man"]);
        assert_eq!(ask(&t, "12345", "+441624555", None).unwrap(), ["own"]);
        assert_eq!(ask(&t, "Shop", "+4912", None).unwrap(), ["rest"]);
        assert_eq!(ask(&t, "Shop", "+4912", Some("UK")).unwrap(), ["uk"]);
        assert_eq!(ask(&t, "Shop", "+4912", Some("nix")), Err(NoRoute::Unknown("nix".into())));
    }

    #[test]
    fn a_preferred_connector_that_takes_only_its_masks_is_no_default() {
        let t = RouteTable::new(vec![line("uk", 1, "+44*", "", false, 1)], vec![]);
        assert!(matches!(ask(&t, "", "+4912", None), Err(NoRoute::Nothing(_))));
    }

    #[test]
    fn failover_goes_in_order_past_what_is_down_or_failing() {
        let lines = vec![line("a", 1, "", "", false, 1), line("b", 2, "", "", false, 1)];
        let (a, b) = (lines[0].state.clone(), lines[1].state.clone());
        let route = Route { to: Mask::parse_list("+44*").unwrap(), via: vec!["a".into(), "b".into()], ..Route::default() };
        let t = RouteTable::new(lines, vec![route]);
        assert_eq!(ask(&t, "", "+447", None).unwrap(), ["a", "b"], "none is up: it waits with the first");
        b.session_up();
        assert_eq!(ask(&t, "", "+447", None).unwrap(), ["b", "a"]);
        a.session_up();
        assert_eq!(ask(&t, "", "+447", None).unwrap(), ["a", "b"]);
        (0..crate::BREAKER_FAILURES).for_each(|_| {
            a.failed(0);
        });
        assert_eq!(ask(&t, "", "+447", None).unwrap(), ["b", "a"], "up but failing is a reason too");
    }

    #[test]
    fn equals_share_by_weight_and_parts_stay_together() {
        let lines = vec![line("a", 1, "+44*", "", false, 1), line("b", 2, "+44*", "", false, 3)];
        lines.iter().for_each(|l| l.state.session_up());
        let t = RouteTable::new(lines, vec![]);
        let (from, to) = (Address::parse("x"), Address::parse("+447"));
        let first = |stick| {
            let q = RouteQuery { from: &from, to: &to, account: "", route: None, stick };
            t.choose(&q, 0).unwrap().lines[0].state.name.to_string()
        };
        let b = (0..4000).filter(|_| first(None) == "b").count();
        assert!((2700..3300).contains(&b), "{b}");
        assert!((0..50).all(|_| first(Some(7)) == first(Some(7))));
    }
}
