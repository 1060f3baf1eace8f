//! Msg_Ids of a gateway, and the local times that CMPP writes.

use waxwing_cmpp::MsgId;

/// Ids that one sequence number of 16 bits gives a gateway code in a second.
const A_SECOND: u32 = 65_536;
/// A clock that is set back by less is waited for; otherwise it is believed, and ids of that time may come again.
const WAITED_FOR: u64 = 60;

/// Gives out Msg_Ids (CMPP 3.0 section 8.4.3.2): unique as long as nobody else has the same gateway codes.
#[derive(Clone, Debug)]
pub struct MsgIds {
    /// Codes of the gateway, at most six digits each. With several, the next is used when one has no ids left in a second.
    gateways: Vec<u32>,
    /// Minutes ahead of UTC.
    utc_offset: i32,
    /// Since 1970, of the ids given out last.
    second: u64,
    time: LocalTime,
    /// Which of the codes is in use, and how many of its ids are gone.
    gateway: usize,
    used: u32,
    next: u16,
}

/// A moment of a clock that names no zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalTime {
    /// 1970 and later.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl MsgIds {
    /// For a gateway with these codes whose clock is so many minutes ahead of UTC. Without a code, 0 is one.
    pub fn new(gateways: Vec<u32>, utc_offset: i32) -> MsgIds {
        let gateways = if gateways.is_empty() { vec![0] } else { gateways };
        MsgIds { gateways, utc_offset, second: 0, time: LocalTime::default(), gateway: 0, used: 0, next: 0 }
    }

    /// The first of `count` ids in a row ([`MsgId::nth`] gives the others); `now` is milliseconds since 1970. `None` when this second has
    /// no more: answer with flow control.
    pub fn take(&mut self, now: u64, count: u16) -> Option<MsgId> {
        let second = now / 1000;
        if second > self.second || second + WAITED_FOR < self.second {
            (self.second, self.gateway, self.used) = (second, 0, 0);
            self.time = LocalTime::at(now, self.utc_offset);
        }
        if self.used + u32::from(count) > A_SECOND {
            (self.gateway, self.used) = (self.gateway + 1, 0);
        }
        let gateway = *self.gateways.get(self.gateway)?;
        let LocalTime { month, day, hour, minute, second, .. } = self.time;
        let id = MsgId::new(month, day, hour, minute, second, gateway, self.next);
        self.used += u32::from(count);
        self.next = self.next.wrapping_add(count);
        Some(id)
    }
}

impl MsgIds {
    /// Whether more than half of this second's ids are left, those of the further codes counted.
    pub(super) fn has_plenty(&self, now: u64) -> bool {
        now / 1000 > self.second || self.gateway + 1 < self.gateways.len() || self.used < A_SECOND / 2
    }
}

impl LocalTime {
    /// The time `utc_offset` minutes ahead of UTC at a moment in milliseconds since 1970.
    pub fn at(millis: u64, utc_offset: i32) -> LocalTime {
        let seconds = (millis / 1000).saturating_add_signed(i64::from(utc_offset) * 60);
        // Counted from March, so that the day that some years have is the last (Hinnant, "chrono-compatible low-level date algorithms").
        let days = seconds / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        LocalTime {
            year: (year_of_era + era * 400 + u64::from(month <= 2)) as u16,
            month: month as u8,
            day: (day_of_year - (153 * from_march + 2) / 5 + 1) as u8,
            hour: (seconds % 86_400 / 3600) as u8,
            minute: (seconds % 3600 / 60) as u8,
            second: (seconds % 60) as u8,
        }
    }

    /// Milliseconds since 1970, of a clock that is `utc_offset` minutes ahead of UTC. `None` if there is no such time.
    pub fn millis(self, utc_offset: i32) -> Option<u64> {
        let (year, month, day) = (u64::from(self.year), u64::from(self.month), u64::from(self.day));
        let year = year.checked_sub(u64::from(month <= 2))?;
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        let (era, year_of_era) = (year / 400, year % 400);
        let day_of_year = ((153 * from_march + 2) / 5 + day).checked_sub(1)?;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (era * 146_097 + day_of_era).checked_sub(719_468)?;
        let seconds = days * 86_400 + u64::from(self.hour) * 3600 + u64::from(self.minute) * 60 + u64::from(self.second);
        let millis = seconds.checked_add_signed(-i64::from(utc_offset) * 60)? * 1000;
        (LocalTime::at(millis, utc_offset) == self).then_some(millis)
    }

    /// MMDDHHMMSS as a number, as CONNECT has it.
    pub fn timestamp(self) -> u32 {
        waxwing_cmpp::auth::timestamp(self.month, self.day, self.hour, self.minute, self.second)
    }

    /// YYMMDDHHMM, as status reports have it.
    pub fn minutes(self) -> [u8; 10] {
        let pairs = [(self.year % 100) as u8, self.month, self.day, self.hour, self.minute];
        std::array::from_fn(|i| b'0' + if i % 2 == 0 { pairs[i / 2] / 10 } else { pairs[i / 2] % 10 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-02-29 15:59:58.123 UTC.
    const LEAP: u64 = 1_709_222_398_123;

    #[test]
    fn times_are_those_of_the_wall_clock() {
        let time = |year, month, day, hour, minute, second| LocalTime { year, month, day, hour, minute, second };
        assert_eq!(LocalTime::at(0, 0), time(1970, 1, 1, 0, 0, 0));
        assert_eq!(LocalTime::at(LEAP, 0), time(2024, 2, 29, 15, 59, 58));
        assert_eq!(LocalTime::at(LEAP, 480), time(2024, 2, 29, 23, 59, 58));
        assert_eq!(LocalTime::at(LEAP + 2000, 480), time(2024, 3, 1, 0, 0, 0));
        assert_eq!(LocalTime::at(4_102_444_799_000, 0), time(2099, 12, 31, 23, 59, 59));
        assert_eq!(&LocalTime::at(LEAP, 480).minutes(), b"2402292359");
        for at in [LEAP, 1_709_251_200_000, 4_102_444_799_000, 86_400_000, 951_782_400_000] {
            assert_eq!(LocalTime::at(at, 480).millis(480), Some(at / 1000 * 1000));
        }
        for (month, day) in [(0, 1), (2, 30), (4, 31), (13, 1), (1, 0)] {
            assert_eq!(LocalTime { year: 2026, month, day, ..LocalTime::default() }.millis(480), None, "{month}-{day}");
        }
    }

    #[test]
    fn ids_follow_each_other_within_the_second_and_over_it() {
        let mut ids = MsgIds::new(vec![1001], 480);
        assert_eq!(ids.take(LEAP, 3), Some(MsgId::new(2, 29, 23, 59, 58, 1001, 0)));
        assert_eq!(ids.take(LEAP + 1, 1), Some(MsgId::new(2, 29, 23, 59, 58, 1001, 3)));
        assert_eq!(ids.take(LEAP + 1000, 1), Some(MsgId::new(2, 29, 23, 59, 59, 1001, 4)));
        // The clock was set back a little: the last second goes on.
        assert_eq!(ids.take(LEAP, 1), Some(MsgId::new(2, 29, 23, 59, 59, 1001, 5)));
    }

    #[test]
    fn a_second_has_as_many_ids_as_its_gateways_have() {
        let mut ids = MsgIds::new(vec![1001, 1002], 0);
        let mut given = std::collections::HashSet::new();
        while let Some(id) = ids.take(LEAP, 1) {
            assert!(given.insert(id));
        }
        assert_eq!(given.len(), 2 * 65_536);
        assert!(ids.take(LEAP + 1000, 99).is_some_and(|id| !given.contains(&id)));
    }
}
