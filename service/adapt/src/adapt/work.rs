//! The work on a message that does not fit as it is.
//!
//! Octets are shared fairly: what cannot be made smaller takes its own, the rest is for what can, and there the smallest are left alone
//! and the largest give. What has to be remade anyway goes first, as it mostly needs less than its share.

use super::plan::{Need, Plan};
use super::{AdaptError, replace, size};
use crate::budget::Budget;
use crate::image::{self, Trouble};
use crate::media::canonical;
use crate::{Adapted, Capabilities, Change, Item, MediaKind, Options, Outcome, text, transcode};

/// The octets below which text is left alone when there is not enough room.
const TEXT_LEAST: u64 = 160;

pub(super) struct Work<'a> {
    phone: &'a Capabilities,
    options: &'a Options,
    budget: Budget,
    runs: usize,
    plans: Vec<Plan>,
    outcomes: Vec<Outcome>,
}

impl<'a> Work<'a> {
    pub(super) fn new(items: Vec<Item>, plans: Vec<Plan>, phone: &'a Capabilities, options: &'a Options) -> Self {
        let outcome =
            |(item, plan): (Item, &Plan)| Outcome { name: item.name.clone(), pixels: plan.pixels(), item: Some(item), changes: Vec::new() };
        Self {
            phone,
            options,
            budget: Budget::new(options.limits.work_pixels),
            runs: options.ffmpeg.as_ref().map_or(0, |ffmpeg| ffmpeg.runs),
            outcomes: items.into_iter().zip(&plans).map(outcome).collect(),
            plans,
        }
    }

    pub(super) fn done(mut self) -> Result<Adapted, AdaptError> {
        for at in 0..self.plans.len() {
            match self.plans[at].need.clone() {
                Need::Charset => self.recode(at),
                Need::Drop => self.drop(at),
                Need::Replace => self.unsupported(at),
                Need::Retype(to) => self.retype(at, to),
                Need::Nothing | Need::Remake => {}
            }
        }
        self.make_room();
        self.remake_those_that_must();
        self.shrink_those_that_can();
        self.cut_text();
        let (size, most) = (self.size(), self.phone.max_message_size);
        if size > most {
            return Err(AdaptError::TooLarge { size, most });
        }
        Ok(Adapted { outcomes: self.outcomes, size })
    }

    fn size(&self) -> u64 {
        size(self.outcomes.iter().filter_map(|outcome| outcome.item.as_ref()), self.options)
    }

    fn octets(&self, at: usize) -> u64 {
        self.outcomes[at].item.as_ref().map_or(0, |item| item.data.len() as u64)
    }

    /// Those that may be made smaller and have not been worked on.
    fn pending(&self) -> Vec<usize> {
        (0..self.plans.len()).filter(|at| self.plans[*at].shrinks && self.outcomes[*at].item.is_some() && !self.is_words(*at)).collect()
    }

    fn is_words(&self, at: usize) -> bool {
        self.outcomes[at].changes.iter().any(|change| matches!(change, Change::Replaced { .. }))
    }

    /// The octets that are left for some items, given all the others.
    fn room_for(&self, some: &[usize]) -> u64 {
        let theirs: u64 = some.iter().map(|at| self.octets(*at)).sum();
        self.phone.max_message_size.saturating_sub(self.size() - theirs)
    }

    /// What is larger than all of the message and cannot be made smaller is replaced, the largest first.
    fn make_room(&mut self) {
        loop {
            let pending = self.pending();
            if self.room_for(&pending) > 0 {
                return;
            }
            let fixed = |at: &usize| !matches!(self.plans[*at].kind, MediaKind::Text | MediaKind::Presentation) && !self.is_words(*at);
            let candidates = (0..self.plans.len()).filter(|at| !pending.contains(at) && self.outcomes[*at].item.is_some()).filter(fixed);
            let Some(largest) = candidates.max_by_key(|at| self.octets(*at)) else { return };
            self.too_large(largest, "there is no room for it".to_owned());
        }
    }

    fn remake_those_that_must(&mut self) {
        let mut waiting = self.pending();
        waiting.sort_by_key(|at| (self.plans[*at].need != Need::Remake, self.octets(*at)));
        while let Some(at) = waiting.first().copied().filter(|at| self.plans[*at].need == Need::Remake) {
            let others: Vec<u64> = waiting[1..].iter().map(|at| self.octets(*at)).collect();
            let room = self.room_for(&waiting);
            let fair = level(others.iter().copied().chain([self.octets(at)]), room);
            let reserved: u64 = others.iter().map(|octets| octets.min(&fair)).sum();
            self.remake(at, room.saturating_sub(reserved));
            waiting.remove(0);
        }
    }

    fn shrink_those_that_can(&mut self) {
        let mut waiting: Vec<usize> = self.pending().into_iter().filter(|at| self.plans[*at].need != Need::Remake).collect();
        waiting.sort_by_key(|at| self.octets(*at));
        while let Some(at) = waiting.first().copied() {
            let share = self.room_for(&waiting) / waiting.len() as u64;
            if self.octets(at) > share {
                self.remake(at, share);
            }
            waiting.remove(0);
        }
    }

    /// Text gives last, the longest first.
    fn cut_text(&mut self) {
        let mut texts: Vec<usize> =
            (0..self.plans.len()).filter(|at| self.plans[*at].kind == MediaKind::Text && !self.is_words(*at)).collect();
        texts.sort_by_key(|at| std::cmp::Reverse(self.octets(*at)));
        for at in texts {
            let excess = self.size().saturating_sub(self.phone.max_message_size);
            let octets = self.octets(at);
            if excess == 0 || octets <= TEXT_LEAST {
                return;
            }
            let most = octets.saturating_sub(excess).max(TEXT_LEAST);
            let outcome = &mut self.outcomes[at];
            let Some(item) = &mut outcome.item else { continue };
            let kept = text::cut(&item.data, item.charset.as_deref(), usize::try_from(most).unwrap_or(usize::MAX));
            outcome.changes.push(Change::Truncated { from: item.data.len(), to: kept.len() });
            item.data = kept.into();
        }
    }

    fn recode(&mut self, at: usize) {
        let Some(item) = &mut self.outcomes[at].item else { return };
        let charset = text::of(item.charset.as_deref(), &item.data);
        let read = charset.read(&item.data);
        // The mark of UTF-8 is no part of the text.
        let written = text::write(read.trim_start_matches('\u{feff}'), &self.phone.charsets);
        let from = item.charset.take().unwrap_or_else(|| charset.name().to_owned());
        item.data = written.octets.into();
        item.charset = Some(written.charset.clone());
        self.outcomes[at].changes.push(Change::Charset { from, to: written.charset, lost: written.lost });
        let spelt = self.phone.accept.spelling(&self.plans[at].usual).map(|spelt| spelt.into_owned());
        if let Some(spelt) = spelt {
            self.retype(at, spelt);
        }
    }

    fn retype(&mut self, at: usize, to: String) {
        let Some(item) = &mut self.outcomes[at].item else { return };
        if item.content_type.eq_ignore_ascii_case(&to) {
            return;
        }
        let from = std::mem::replace(&mut item.content_type, to.clone());
        self.outcomes[at].changes.push(Change::Retyped { from, to });
    }

    fn drop(&mut self, at: usize) {
        self.outcomes[at].item = None;
        self.outcomes[at].changes.push(Change::Dropped);
    }

    fn unsupported(&mut self, at: usize) {
        let why = "the phone does not accept it".to_owned();
        self.replace(at, &self.options.words.unsupported, why);
    }

    fn too_large(&mut self, at: usize, why: String) {
        self.replace(at, &self.options.words.too_large, why);
    }

    fn replace(&mut self, at: usize, words: &str, why: String) {
        let name = self.new_name(at, "text/plain");
        let outcome = &mut self.outcomes[at];
        let Some(item) = outcome.item.take() else { return };
        let words = replace::words(&item, words, name, self.phone);
        outcome.changes.push(Change::Replaced { from: item.content_type, why });
        outcome.item = Some(words);
        outcome.pixels = None;
    }

    fn new_name(&self, at: usize, usual_type: &str) -> String {
        let old = &self.outcomes[at].name;
        let others = self.outcomes.iter().enumerate().filter(|(other, _)| *other != at);
        let taken: Vec<String> = others.flat_map(|(_, o)| [Some(&o.name), o.item.as_ref().map(|i| &i.name)]).flatten().cloned().collect();
        replace::name(old, usual_type, &taken)
    }

    /// Remakes an item so that the phone takes it, in at most so many octets.
    fn remake(&mut self, at: usize, most: u64) {
        let done = match self.plans[at].kind {
            MediaKind::Image => self.remake_image(at, most),
            _ => self.remake_media(at, most),
        };
        match done {
            Ok(()) => {}
            Err(Trouble::Broken(why)) => self.replace(at, &self.options.words.broken, why),
            Err(Trouble::TooLarge(why)) => self.too_large(at, why),
            Err(Trouble::Unsupported(why)) => self.replace(at, &self.options.words.unsupported, why),
        }
    }

    fn remake_image(&mut self, at: usize, most: u64) -> Result<(), Trouble> {
        let unreadable = || Trouble::Broken("its header cannot be read".to_owned());
        let (Some(item), Some(header)) = (&self.outcomes[at].item, &self.plans[at].header) else { return Err(unreadable()) };
        let fitted = image::fit(&item.data, header, self.phone, most, &self.options.limits, &mut self.budget)?;
        let mut changes = Vec::new();
        if fitted.stilled {
            changes.push(Change::Stilled);
        }
        if fitted.turned {
            changes.push(Change::Turned);
        }
        if fitted.from != fitted.to {
            changes.push(Change::Scaled { from: fitted.from, to: fitted.to });
        }
        self.outcomes[at].pixels = Some(fitted.to);
        self.remade(at, fitted.format.media_type(), fitted.octets, changes);
        Ok(())
    }

    fn remake_media(&mut self, at: usize, most: u64) -> Result<(), Trouble> {
        let absent = || Trouble::Unsupported("there is no program for it".to_owned());
        let (Some(item), Some(ffmpeg)) = (&self.outcomes[at].item, &self.options.ffmpeg) else { return Err(absent()) };
        let plan = &self.plans[at];
        let made = transcode::transcode(&item.data, &plan.usual, plan.kind, self.phone, most, ffmpeg, &mut self.runs)?;
        self.outcomes[at].pixels = made.pixels;
        self.remade(at, &made.content_type, made.octets, Vec::new());
        Ok(())
    }

    fn remade(&mut self, at: usize, media_type: &str, octets: Vec<u8>, mut changes: Vec<Change>) {
        let usual = canonical(media_type).into_owned();
        let spelt = self.phone.accept.spelling(media_type).map_or_else(|| media_type.to_owned(), |spelt| spelt.into_owned());
        let same = usual == self.plans[at].usual;
        let name = if same { self.outcomes[at].name.clone() } else { self.new_name(at, &usual) };
        let Some(item) = &mut self.outcomes[at].item else { return };
        if !same {
            changes.push(Change::Converted { from: item.content_type.clone(), to: spelt.clone() });
        }
        changes.push(Change::Recompressed { from: item.data.len(), to: octets.len() });
        *item = Item { content_type: spelt, charset: None, name, data: octets.into() };
        self.outcomes[at].changes.append(&mut changes);
    }
}

/// The height up to which all of them can be had from so much: the smaller ones whole, the larger ones as much each.
fn level(octets: impl Iterator<Item = u64>, room: u64) -> u64 {
    let mut octets: Vec<u64> = octets.collect();
    octets.sort_unstable();
    let (mut room, mut left) = (room, octets.len() as u64);
    for octets in octets {
        if octets > room / left.max(1) {
            return room / left.max(1);
        }
        room -= octets;
        left -= 1;
    }
    u64::MAX
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_largest_give() {
        let level = |octets: &[u64], room| super::level(octets.iter().copied(), room);
        assert_eq!(level(&[10, 20, 30], 60), u64::MAX);
        assert_eq!(level(&[30, 10, 20], 50), 20);
        assert_eq!(level(&[100, 100], 50), 25);
        assert_eq!((level(&[], 9), level(&[5], 0)), (u64::MAX, 0));
    }
}
