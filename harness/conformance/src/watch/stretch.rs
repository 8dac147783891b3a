//! So many times in any stretch of a given length.

use std::collections::VecDeque;

use session::time::{Millis, Time};

/// Counts how often something happens in every stretch of one length. A stretch begins after one
/// instant and ends with another.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) length: Millis,
    pub(super) least: u64,
    pub(super) most: u64,
    /// What happened within the length before the last.
    recent: VecDeque<Time>,
    /// The last `least` times it happened; at first with the beginning instead of the first.
    last: VecDeque<Time>,
}

impl Stretch {
    pub(super) fn new(length: Millis, least: u64, most: u64, from: Time) -> Stretch {
        Stretch {
            length,
            least,
            most,
            recent: VecDeque::new(),
            last: VecDeque::from([from]),
        }
    }

    /// It happens at `at`. How often it happened in a stretch where that is wrong.
    pub(super) fn happens(&mut self, at: Time) -> Result<(), u64> {
        self.recent.push_back(at);
        while self.recent.front().is_some_and(|t| *t + self.length <= at) {
            self.recent.pop_front();
        }
        let times = self.recent.len() as u64;
        if times > self.most {
            return Err(times);
        }
        if self.least == 0 {
            return Ok(());
        }
        self.last.push_back(at);
        if self.last.len() as u64 > self.least
            && let Some(first) = self.last.pop_front()
            && at.since(first) > self.length
        {
            return Err(self.least - 1);
        }
        Ok(())
    }

    /// Nothing more happens until `until`. How often it happened in a stretch where that is wrong.
    pub(super) fn ends(&self, until: Time) -> Result<(), u64> {
        let first = self.last.front().copied().unwrap_or(until);
        match self.least > 0 && until.since(first) >= self.length {
            true => Err((self.last.len() as u64).saturating_sub(1)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(least: u64, most: u64, times: &[u64], until: u64) -> Result<(), u64> {
        let mut stretch = Stretch::new(Millis(1_000), least, most, Time(0));
        for at in times {
            stretch.happens(Time(*at))?;
        }
        stretch.ends(Time(until))
    }

    #[test]
    fn too_many_in_one_stretch_are_found() {
        assert_eq!(counted(0, 2, &[0, 500, 1_000, 1_500], 9_000), Ok(()));
        assert_eq!(counted(0, 2, &[0, 500, 999], 9_000), Err(3));
        assert_eq!(counted(0, 2, &[4, 4, 4], 9_000), Err(3));
    }

    #[test]
    fn too_few_in_one_stretch_are_found() {
        assert_eq!(counted(1, 9, &[900, 1_800, 2_700], 3_000), Ok(()));
        assert_eq!(counted(1, 9, &[900, 1_901, 2_700], 3_000), Err(0));
        assert_eq!(counted(1, 9, &[900, 1_800], 3_000), Err(0));
        assert_eq!(counted(2, 9, &[100, 200, 1_050, 1_150], 2_000), Ok(()));
        assert_eq!(counted(2, 9, &[100, 200, 1_250], 2_000), Err(1));
        assert_eq!(counted(2, 9, &[], 1_000), Err(0));
    }
}
