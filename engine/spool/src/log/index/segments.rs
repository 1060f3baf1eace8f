//! The log files in use: what is live in each, where it ends, who still has to read it.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use hashbrown::HashMap;

use super::super::codec::Pos;
use super::super::frame::{HEADER_LEN, Header};
use crate::Cursor;

/// Octets that a live message takes in a log file beside its body, about.
const OVERHEAD: u64 = 64;

/// One log file.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) header: Header,
    pub(crate) file: Arc<File>,
    /// End of the durable frames.
    pub(crate) end: u32,
    /// End of the last frame that the feed shows something of; 0 if there is none.
    pub(crate) shown: u32,
    /// Messages and parked receipts whose body lies here.
    pub(crate) live: u64,
    /// Octets that those take, about.
    pub(crate) live_octets: u64,
    /// There is an index file beside it.
    pub(crate) indexed: bool,
}

impl Segment {
    pub(crate) fn new(header: Header, file: Arc<File>) -> Segment {
        Segment { header, file, end: HEADER_LEN, shown: 0, live: 0, live_octets: 0, indexed: false }
    }
}

/// All of them, oldest first, numbers without gaps.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    list: VecDeque<Segment>,
    pub(crate) readers: HashMap<String, Cursor>,
}

impl Segments {
    pub(crate) fn push(&mut self, segment: Segment) {
        self.list.push_back(segment);
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Segment> {
        self.list.iter()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Segment> {
        let first = self.list.front()?.header.segment;
        self.list.get(number.checked_sub(first)? as usize)
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Segment> {
        let first = self.list.front()?.header.segment;
        self.list.get_mut(number.checked_sub(first)? as usize)
    }

    pub(crate) fn oldest(&self) -> Option<&Segment> {
        self.list.front()
    }

    pub(crate) fn active(&self) -> Option<&Segment> {
        self.list.back()
    }

    pub(crate) fn pop_oldest(&mut self) -> Option<Segment> {
        self.list.pop_front()
    }

    pub(crate) fn add(&mut self, pos: Pos) {
        if let Some(segment) = self.get_mut(u64::from(pos.segment)) {
            segment.live += 1;
            segment.live_octets += u64::from(pos.len) + OVERHEAD;
        }
    }

    pub(crate) fn free(&mut self, pos: Pos) {
        if let Some(segment) = self.get_mut(u64::from(pos.segment)) {
            segment.live = segment.live.saturating_sub(1);
            segment.live_octets = segment.live_octets.saturating_sub(u64::from(pos.len) + OVERHEAD);
        }
    }

    /// Octets of the whole log and of what is live in it.
    pub(crate) fn octets(&self) -> (u64, u64) {
        self.list.iter().fold((0, 0), |(all, live), s| (all + u64::from(s.end), live + s.live_octets))
    }

    /// Whether every registered reader has what the oldest file has to show.
    pub(crate) fn oldest_is_read(&self) -> bool {
        let Some(oldest) = self.list.front() else { return false };
        let end = Cursor { segment: oldest.header.segment, offset: u64::from(oldest.shown) };
        oldest.shown == 0 || self.readers.values().all(|at| *at >= end)
    }

    /// Whether the oldest file can go.
    pub(crate) fn oldest_is_done(&self) -> bool {
        self.list.len() > 1 && self.list.front().is_some_and(|s| s.live == 0) && self.oldest_is_read()
    }

    /// Position behind the last frame that the feed shows.
    pub(crate) fn shown_end(&self) -> Cursor {
        let last = self.list.iter().rev().find(|s| s.shown != 0);
        last.map_or(Cursor::default(), |s| Cursor { segment: s.header.segment, offset: u64::from(s.shown) })
    }

    /// Octets that the slowest reader has yet to read.
    pub(crate) fn lag(&self) -> u64 {
        self.readers.values().map(|at| self.behind(*at)).max().unwrap_or(0)
    }

    /// Octets between a position and the end.
    pub(crate) fn behind(&self, at: Cursor) -> u64 {
        let newer = self.list.iter().filter(|s| s.shown != 0 && s.header.segment >= at.segment);
        newer.map(|s| if s.header.segment == at.segment { u64::from(s.shown).saturating_sub(at.offset) } else { u64::from(s.shown) }).sum()
    }
}
