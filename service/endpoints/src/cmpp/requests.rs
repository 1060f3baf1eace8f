//! The requests of an SP that are not a plain submission: several recipients, QUERY, CANCEL.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use waxwing_cmpp::{Body, CancelResp, MsgId, Query, QueryResp, Version, encode};
use waxwing_core::{Account, Gateway, LifeCounts, Millis};
use waxwing_spool::BoxFuture;

use super::ids::LocalTime;
use crate::door::Reply;

/// Success_Id of CANCEL_RESP.
const CANCELLED: u32 = 0;
const NOT_CANCELLED: u32 = 1;
/// How long a message that was only just accepted is looked for, since the ledger is a little behind.
const LOOKS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// And which ones that is.
const JUST: Millis = 30_000;

/// Who asks, and how to answer.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) gateway: Arc<Gateway>,
    pub(super) account: Arc<Account>,
    pub(super) version: Version,
    pub(super) sequence_id: u32,
    pub(super) utc_offset: i32,
}

impl Asker {
    pub(super) fn reply(&self, body: &impl Body, busy: bool) -> Reply {
        Reply { octets: self.octets(body), busy }
    }

    pub(super) fn octets(&self, body: &impl Body) -> Bytes {
        let mut out = BytesMut::new();
        // Bodies of numbers, and strings that came from the wire, always encode.
        let _ = encode(body, self.version, self.sequence_id, &mut out);
        out.freeze()
    }

    /// Takes a message back, with all its parts.
    pub(super) fn cancel(self, id: MsgId) -> BoxFuture<'static, Reply> {
        Box::pin(async move {
            let now = self.gateway.clock.now();
            let around = accepted(id, self.utc_offset, now).unwrap_or(now);
            let words = id.to_string();
            let looks = if around + JUST > now { LOOKS } else { 1 };
            let mut success_id = NOT_CANCELLED;
            for look in 0..looks {
                let found = self.gateway.find_reference(&self.account, &words, around).await;
                for &message in &found {
                    match self.gateway.cancel(&self.account, message).await {
                        Ok(()) => success_id = CANCELLED,
                        Err(e) => tracing::debug!(account = %self.account.name, msg_id = %id, "not cancelled: {e}"),
                    }
                }
                if !found.is_empty() {
                    break;
                }
                if look + 1 < looks {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
            self.reply(&CancelResp { success_id }, false)
        })
    }

    /// Counts a day. Query_Type 1 asks for one service.
    pub(super) fn query(self, q: &Query<'_>) -> BoxFuture<'static, Reply> {
        let (time, query_type, code) = (q.time.to_vec(), q.query_type, q.query_code.to_vec());
        Box::pin(async move {
            let service = (query_type == 1).then(|| String::from_utf8_lossy(&code).into_owned());
            let counts = match (day(&time, self.utc_offset), self.gateway.history()) {
                (Some(day), Some(history)) => history.counts(&self.account.name, day, service.as_deref()).await,
                _ => LifeCounts::default(),
            };
            let n = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
            let body = QueryResp {
                time: &time,
                query_type,
                query_code: &code,
                mt_tlmsg: n(counts.mt_messages),
                mt_tlusr: n(counts.mt_recipients),
                mt_scs: n(counts.mt_sent),
                mt_wt: n(counts.mt_waiting),
                mt_fl: n(counts.mt_failed),
                mo_scs: n(counts.mo_delivered),
                mo_wt: n(counts.mo_waiting),
                mo_fl: n(counts.mo_failed),
            };
            self.reply(&body, false)
        })
    }
}

/// YYYYMMDD as the first millisecond of that day and that of the next, by the local clock.
fn day(octets: &[u8], utc_offset: i32) -> Option<(Millis, Millis)> {
    let digits = std::str::from_utf8(octets).ok().filter(|d| d.len() == 8 && d.bytes().all(|b| b.is_ascii_digit()))?;
    let (year, month, day) = (digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?);
    let start = LocalTime { year, month, day, ..LocalTime::default() }.millis(utc_offset)?;
    Some((start, start + 86_400_000))
}

/// When a message of this id was accepted. Msg_Ids have no year: the nearest is meant.
fn accepted(id: MsgId, utc_offset: i32, now: Millis) -> Option<Millis> {
    let p = id.parts();
    let this_year = LocalTime::at(now, utc_offset).year;
    let at = |year: u16| {
        let time = LocalTime { year, month: p.month, day: p.day, hour: p.hour, minute: p.minute, second: p.second };
        time.millis(utc_offset)
    };
    (this_year - 1..=this_year + 1).filter_map(at).min_by_key(|at| at.abs_diff(now))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 2026-01-02 03:05:30 in China.
    const NOW: u64 = 1_767_294_330_000;

    #[test]
    fn trap_34_around_new_year_the_nearest_year_is_meant() {
        let id = |month, day, hour, minute, second| MsgId::new(month, day, hour, minute, second, 1001, 5);
        assert_eq!(accepted(id(1, 2, 3, 5, 30), 480, NOW), Some(NOW));
        assert_eq!(accepted(id(12, 31, 23, 59, 58), 480, NOW), Some(NOW - (27 * 3600 + 5 * 60 + 32) * 1000));
        assert_eq!(accepted(MsgId(0), 480, NOW), None);
    }

    #[test]
    fn days_are_read() {
        // Midnight in China is 16:00 of the day before in UTC.
        assert_eq!(day(b"20260102", 480), Some((NOW - (3 * 3600 + 5 * 60 + 30) * 1000, NOW + (20 * 3600 + 54 * 60 + 30) * 1000)));
        assert_eq!(day(b"2026112", 480), None);
        assert_eq!(day(b"2026+122", 480), None);
        assert_eq!(day(b"20260230", 480), None);
    }
}
