//! Random numbers by counter: each has an address (seed, stream, index), so neither chunking nor order changes any of them.

/// Philox4x32-10, a counter-based generator that passes BigCrush. Salmon JK, Moraes MA, Dror RO, Shaw DE. Parallel random
/// numbers: as easy as 1, 2, 3. SC 2011, doi:10.1145/2063384.2063405.
#[inline(always)]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let first = u64::from(counter[0]) * 0xd251_1f53;
        let second = u64::from(counter[2]) * 0xcd9e_8d57;
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter
}

/// An independent sequence for a seed, to be read at any index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    seed: u64,
    id: u64,
}

impl Stream {
    pub fn new(seed: u64, id: u64) -> Self {
        Self { seed, id }
    }

    /// Two independent 64-bit words at an index.
    #[inline(always)]
    pub fn words(&self, index: u64) -> (u64, u64) {
        let halves = |word: u64| [word as u32, (word >> 32) as u32];
        let ([a, b], [c, d]) = (halves(index), halves(self.id));
        let out = philox([a, b, c, d], halves(self.seed));
        let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        (join(out[0], out[1]), join(out[2], out[3]))
    }

    /// Uniform in (0, 1], a multiple of 2^-53: its logarithm is finite.
    #[inline(always)]
    pub fn uniform(&self, index: u64) -> f64 {
        unit(self.words(index).0)
    }

    /// Radius and angle of a point with two independent standard normal coordinates (Box and Muller 1958).
    #[inline(always)]
    pub fn polar(&self, index: u64) -> (f64, f64) {
        let (radius, angle) = self.words(index);
        ((-2.0 * libm::log(unit(radius))).sqrt(), core::f64::consts::TAU * unit(angle))
    }

    /// Standard normal.
    #[inline(always)]
    pub fn normal(&self, index: u64) -> f64 {
        let (radius, angle) = self.polar(index);
        radius * libm::cos(angle)
    }
}

#[inline(always)]
fn unit(word: u64) -> f64 {
    ((word >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Reads a stream from its beginning, one number after the other.
#[derive(Debug, Clone)]
pub struct Draws {
    stream: Stream,
    next: u64,
}

impl Draws {
    pub fn new(seed: u64, id: u64) -> Self {
        Self { stream: Stream::new(seed, id), next: 0 }
    }

    fn advance(&mut self) -> u64 {
        let index = self.next;
        self.next += 1;
        index
    }

    /// Uniform between two limits.
    pub fn between(&mut self, lower: f64, upper: f64) -> f64 {
        let index = self.advance();
        lower + (upper - lower) * self.stream.uniform(index)
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        let index = self.advance();
        self.stream.normal(index)
    }

    /// Log-normal factor with mean 1 and coefficient of variation `cv`.
    pub fn factor(&mut self, cv: f64) -> f64 {
        let variance = libm::log1p(cv * cv);
        libm::exp(variance.sqrt() * self.normal() - variance / 2.0)
    }

    /// A point uniform on the unit sphere.
    pub fn direction(&mut self) -> [f64; 3] {
        let z = self.between(-1.0, 1.0);
        let angle = self.between(0.0, core::f64::consts::TAU);
        let radius = (1.0 - z * z).max(0.0).sqrt();
        [radius * libm::cos(angle), radius * libm::sin(angle), z]
    }
}
