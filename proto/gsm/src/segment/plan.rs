//! Choosing how to code a text, and where to cut it.

use std::borrow::Cow;
use std::ops::Range;

use super::coding::{Meter, TextCoding};
use super::{Limits, National, SegmentError, TextPolicy};
use crate::alphabet::{Alphabet, Language};
use crate::text::Unencodable;
use crate::transliterate::transliterate;
use crate::udh::{Element, UserDataHeader};

/// A text, its coding and its cuts.
pub(super) struct Plan<'a> {
    pub(super) coding: TextCoding,
    pub(super) text: Cow<'a, str>,
    pub(super) cuts: Cuts,
}

/// Where a text is cut.
pub(super) struct Cuts {
    /// Where each part ends, in octets of the text; at least one.
    ends: Vec<usize>,
    /// How many units the text takes in all.
    pub(super) units: usize,
    /// How many units the last part takes.
    pub(super) last_units: usize,
    /// How many units a part has room for.
    pub(super) room: usize,
}

impl Cuts {
    /// How many parts there are.
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The parts, as octet ranges of the text.
    pub(super) fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| start..*end)
    }
}

/// How far a coding is from the plain one; less is better among codings that take the same number of segments.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Effort {
    /// A charset as it is.
    Plain,
    /// A national single shift table.
    Single,
    /// A national locking shift table.
    Locking,
    /// Both national tables.
    Both,
    /// Another text.
    Transliterated,
}

impl<'a> Plan<'a> {
    /// The coding that takes the fewest segments; of several, the one with the least effort; of several, the first of the policy.
    pub(super) fn choose(text: &'a str, policy: &TextPolicy, header: &UserDataHeader) -> Result<Self, SegmentError> {
        let mut chooser = Chooser { best: None, furthest: None };
        for charset in &policy.charsets {
            let coding = TextCoding::of(*charset, policy.transcoded);
            if chooser.try_coding(Effort::Plain, coding, Cow::Borrowed(text), policy.limits, header)? {
                // Nothing beats one segment in the first charset that can do it, for the charsets come in the order of preference.
                if chooser.best.as_ref().is_some_and(|(_, plan)| plan.cuts.count() == 1) {
                    break;
                }
                continue;
            }
            if charset.is_septets() {
                for (effort, alphabet) in national(policy) {
                    let coding = TextCoding { alphabet, ..coding };
                    chooser.try_coding(effort, coding, Cow::Borrowed(text), policy.limits, header)?;
                }
            }
            if policy.transliterate
                && let Some(plain) = transliterate(text, |char| coding.has(char))
            {
                chooser.try_coding(Effort::Transliterated, coding, Cow::Owned(plain), policy.limits, header)?;
            }
        }
        match (chooser.best, chooser.furthest) {
            (Some((_, plan)), _) => {
                let count = plan.cuts.count();
                if count > usize::from(policy.limits.max_segments) {
                    return Err(SegmentError::TooManySegments { count, limit: policy.limits.max_segments });
                }
                Ok(plan)
            }
            (None, Some(unencodable)) => Err(unencodable.into()),
            (None, None) => Err(SegmentError::NoCharset),
        }
    }
}

struct Chooser<'a> {
    best: Option<(Effort, Plan<'a>)>,
    /// The character that stopped the charset that got furthest.
    furthest: Option<Unencodable>,
}

impl<'a> Chooser<'a> {
    /// Keeps the coding if it is better than the best so far; false if it lacks a character.
    fn try_coding(
        &mut self,
        effort: Effort,
        coding: TextCoding,
        text: Cow<'a, str>,
        limits: Limits,
        header: &UserDataHeader,
    ) -> Result<bool, SegmentError> {
        let better = |count| self.best.as_ref().is_none_or(|(best, plan)| (count, effort) < (plan.cuts.count(), *best));
        let cuts = match cut(&text, coding, limits, header, better) {
            Ok(Some(cuts)) if better(cuts.count()) => cuts,
            Ok(_) => return Ok(true),
            Err(SegmentError::Unencodable(unencodable)) => {
                if self.furthest.is_none_or(|furthest| furthest.index < unencodable.index) {
                    self.furthest = Some(unencodable);
                }
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        self.best = Some((effort, Plan { coding, text, cuts }));
        Ok(true)
    }
}

/// The national alphabets that a policy allows, the simpler ones of a language first.
fn national(policy: &TextPolicy) -> impl Iterator<Item = (Effort, Alphabet)> {
    let languages = if policy.languages.is_empty() { &Language::ALL[..] } else { &policy.languages };
    let kinds: &[Effort] = match policy.national {
        National::None => &[],
        National::Single => &[Effort::Single],
        National::Both => &[Effort::Single, Effort::Locking, Effort::Both],
    };
    languages.iter().flat_map(move |language| {
        kinds.iter().filter_map(move |effort| {
            let some = Some(*language);
            let alphabet = match effort {
                Effort::Single => Alphabet { locking: None, single: some },
                Effort::Locking => Alphabet { locking: some, single: None },
                _ => Alphabet { locking: some, single: some },
            };
            (alphabet.locking.is_none_or(Language::has_locking_table)).then_some((*effort, alphabet))
        })
    })
}

/// The header of a part, or of a message in one segment (`part` being `None`).
pub(super) fn part_header(base: &UserDataHeader, coding: TextCoding, concat: Option<Element>) -> Result<UserDataHeader, SegmentError> {
    let mut header = UserDataHeader::new();
    for element in concat.into_iter().chain(base.elements().iter().cloned()).chain(coding.shifts()) {
        header.push(element).map_err(|error| SegmentError::NoRoom { header: error.octets, capacity: usize::from(u8::MAX) })?;
    }
    Ok(header)
}

/// Cuts a text into parts that each fit, between characters only: no surrogate pair, escape sequence or multibyte character is split.
/// `None` where even the fewest parts that the text could take are not `better`.
fn cut(
    text: &str,
    coding: TextCoding,
    limits: Limits,
    base: &UserDataHeader,
    better: impl Fn(usize) -> bool,
) -> Result<Option<Cuts>, SegmentError> {
    let capacity = usize::from(limits.capacity_octets);
    let header = part_header(base, coding, None)?.octets();
    let room = coding.room(capacity, header);

    let units = coding.units(text)?;
    if units <= room && header <= capacity {
        return Ok(Some(Cuts { ends: vec![text.len()], units, last_units: units, room }));
    }

    let header = header.max(1) + limits.concat.octets();
    let room = coding.room(capacity, header);
    if room == 0 {
        return Err(SegmentError::NoRoom { header, capacity });
    }
    let fewest = units.div_ceil(room);
    if !better(fewest) {
        return Ok(None);
    }
    let mut ends = Vec::with_capacity(fewest.min(usize::from(u8::MAX)));
    let mut last_units = 0;
    let mut meter = Meter::new(coding);
    for (at, char) in text.char_indices() {
        meter.push(char);
        if meter.units() > room {
            ends.push(at);
            meter = Meter::new(coding);
            meter.push(char);
            if meter.units() > room {
                return Err(SegmentError::NoRoom { header, capacity });
            }
        }
        last_units = meter.units();
    }
    ends.push(text.len());
    Ok(Some(Cuts { ends, units, last_units, room }))
}
