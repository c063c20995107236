//! Numbers that look random and are the same everywhere: the records are computed from their position.

/// A generator of pseudo-random numbers, `SplitMix64` (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(super) struct Seed(u64);

impl Seed {
    /// The generator of one record of one entity.
    pub(super) fn new(entity: u64, record: u64) -> Self {
        let mut seed = Self(entity.wrapping_mul(0x0100_0000_01b3) ^ record);
        seed.next();
        seed
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        // The high half times the bound, shifted back, is below the bound: the conversion cannot fail.
        let scaled = ((self.next() >> 32) * u64::from(bound)) >> 32;
        u32::try_from(scaled).unwrap_or_default()
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, cases: u32) -> bool {
        self.below(100) < cases
    }

    /// One of the choices, of which there must be one.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u32::try_from(choices.len()).unwrap_or(u32::MAX);
        choices[self.below(count) as usize]
    }

    /// So many decimal digits.
    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count).filter_map(|_| char::from_digit(self.below(10), 10)).collect()
    }
}
