//! Numbers that look random and are the same for the same seed, on every machine and in every
//! release of any library. Knows nothing of recipes.

use std::fmt::Write;

/// SplitMix64: small, quick, good enough for invented data, and never for secrets.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// A stream of its own for each row, so that a change of one table leaves the others alone.
    pub fn for_row(seed: u64, block: usize, row: u64) -> Self {
        let mut mixed = Self {
            state: seed ^ (block as u64).wrapping_mul(0xd6e8_feb8_6659_fd93),
        };
        let start = mixed.next() ^ row.wrapping_mul(STEP);
        Self { state: start }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// At least 0, below 1.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        low + self.below((high - low) as u64 + 1) as i64
    }

    /// Decimal digits, the first of them no zero when there is more than one.
    pub fn digits(&mut self, count: usize, out: &mut String) {
        for index in 0..count {
            let low = i64::from(index == 0 && count > 1);
            out.push((b'0' + self.between(low, 9) as u8) as char);
        }
    }

    /// Hexadecimal digits in small letters.
    pub fn hex(&mut self, count: usize, out: &mut String) {
        for _ in 0..count {
            out.push(b"0123456789abcdef"[self.below(16) as usize] as char);
        }
    }

    /// A uuid of version 4, made of this stream.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let mut text = String::with_capacity(36);
        let (version, variant) = ((high & 0x0fff) | 0x4000, ((low >> 48) & 0x3fff) | 0x8000);
        let _ = write!(
            text,
            "{:08x}-{:04x}-{version:04x}-{variant:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            low & 0xffff_ffff_ffff
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let take = |seed, block, row| {
            let mut random = Random::for_row(seed, block, row);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(take(7, 1, 2), take(7, 1, 2));
        assert_ne!(take(7, 1, 2), take(8, 1, 2));
        assert_ne!(take(7, 1, 2), take(7, 2, 2));
        assert_ne!(take(7, 1, 2), take(7, 1, 3));
    }

    #[test]
    fn ranges_hold_and_are_filled() {
        let mut random = Random::for_row(1, 0, 0);
        let mut seen = [false; 6];
        for _ in 0..1000 {
            let number = random.between(-2, 3);
            assert!((-2..=3).contains(&number));
            seen[(number + 2) as usize] = true;
            assert!(random.below(1) == 0 && random.below(0) == 0);
            assert!((0.0..1.0).contains(&random.fraction()));
        }
        assert_eq!(seen, [true; 6]);
    }

    #[test]
    fn uuids_have_version_and_variant() {
        let mut random = Random::for_row(1, 0, 0);
        for _ in 0..100 {
            let uuid = uuid::Uuid::parse_str(&random.uuid());
            assert_eq!(uuid.map(|uuid| uuid.get_version_num()), Ok(4));
        }
    }
}
