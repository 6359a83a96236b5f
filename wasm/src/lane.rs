//! Arithmetic on several voxels at once: one lane, one voxel.
//!
//! Everything here is IEEE 754 addition, multiplication, division, square root, comparison and bit work, so that a lane
//! gives the same bits natively and in WebAssembly, alone or beside any other voxel. No fused or relaxed operation.

use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Two voxels in double precision.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Doubles(wide::f64x2);

/// Four voxels in single precision.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Singles(wide::f32x4);

/// A stored sample or result: `f32` or `f64`.
pub trait Real: Copy + Debug + Send + Sync + 'static {
    /// The lanes that compute in this precision.
    type Lanes: Lane;
    /// Not a number, for voxels that have no estimate.
    const NAN: Self;
    fn to_f64(self) -> f64;
    fn from_f64(value: f64) -> Self;
}

impl Real for f32 {
    type Lanes = Singles;
    const NAN: Self = f32::NAN;
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    type Lanes = Doubles;
    const NAN: Self = f64::NAN;
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
}

/// Several voxels side by side. Comparisons return masks, which only `select`, `and`, `or`, `not` and `any` understand.
pub trait Lane:
    Copy
    + Debug
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Voxels per value.
    const WIDTH: usize;
    /// Distance from 1 to the next larger number.
    const EPSILON: f64;

    fn splat(value: f64) -> Self;
    /// Lane `i` is `read(i)`.
    fn gather<T: Real>(read: impl Fn(usize) -> T) -> Self;
    /// The value of lane `i`.
    fn lane(&self, i: usize) -> f64;
    /// Gives lane `i` a value.
    fn set_lane(&mut self, i: usize, value: f64);
    /// Writes all lanes.
    fn store<T: Real>(self, out: &mut [T]);

    fn eq(self, other: Self) -> Self;
    fn lt(self, other: Self) -> Self;
    fn le(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn not(self) -> Self;
    /// Whether any lane of a mask is set.
    fn any(self) -> bool;
    /// Whether lane `i` of a mask is set.
    fn is_set(self, i: usize) -> bool;
    /// `yes` where the mask is set, else `no`.
    fn select(mask: Self, yes: Self, no: Self) -> Self;
    /// The number where the mask is set, else 0.
    #[inline(always)]
    fn masked(self, mask: Self) -> Self {
        Self::select(mask, self, Self::splat(0.0))
    }

    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    /// Natural exponential, within 1 ulp.
    fn exp(self) -> Self;
    /// As `exp` where that is neither very small nor very large, and faster: below e^-350 (e^-40 in single precision),
    /// where it no longer adds to anything and products become subnormal and slow, and above e^700 (e^87) it stays there.
    fn exp_within(self) -> Self;
    /// Natural logarithm, within 1 ulp; -inf at 0, NaN below.
    fn ln(self) -> Self;
    /// Sine and cosine of an angle in radians, each within 1 ulp up to 10,000 rad either way; NaN beyond the range in
    /// which the reduction is exact (1e6 rad in double precision, 1.2e4 in single).
    fn sin_cos(self) -> (Self, Self);

    #[inline(always)]
    fn gt(self, other: Self) -> Self {
        other.lt(self)
    }
    #[inline(always)]
    fn ge(self, other: Self) -> Self {
        other.le(self)
    }
    /// The larger one; `self` where either is NaN.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        Self::select(self.lt(other), other, self)
    }
    /// The smaller one; `self` where either is NaN.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        Self::select(other.lt(self), other, self)
    }
    /// Mask of the lanes that are neither infinite nor NaN.
    #[inline(always)]
    fn finite(self) -> Self {
        self.abs().lt(Self::splat(f64::INFINITY))
    }
    /// A mask with no lane set.
    #[inline(always)]
    fn none() -> Self {
        let zero = Self::splat(0.0);
        zero.lt(zero)
    }
}

/// Implements [`Lane`] for a vector type. The reductions:
/// ln x = k ln 2 + ln m with m in [sqrt 1/2, sqrt 2), f = m - 1, s = f / (2 + f), and
/// ln(1 + f) = f - f^2/2 + s (f^2/2 + R), R = 2 s^2 (1/3 + s^2/5 + s^4/7 + ...);
/// exp x = 2^k exp r with |r| <= (ln 2)/2, exp r by its Taylor series;
/// x = k pi/2 + r with |r| <= pi/4, pi/2 in parts so short that k times each is exact (Cody and Waite 1980) and r in two
/// words, sin r and cos r by their Taylor series, exchanged and negated by the last two bits of k.
macro_rules! implement_lane {
    (@operator $lane:ident, $trait:ident, $method:ident, $symbol:tt) => {
        impl $trait for $lane {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0 $symbol other.0)
            }
        }
    };
    (
        $lane:ident, $lanes:ty, $bits:ty, $scalar:ty, $word:ty, $width:expr,
        mantissa: $mantissa:expr, bias: $bias:expr,
        ln2: ($ln2_high:expr, $ln2_low:expr),
        exp_range: ($exp_low:expr, $exp_high:expr), within: ($within_low:expr, $within_high:expr),
        atanh_terms: $atanh:expr, exp_terms: $exp:expr,
        half_pi: $half_pi:expr, largest_angle: $largest_angle:expr, sin_order: $sin:expr, cos_order: $cos:expr
    ) => {
        implement_lane!(@operator $lane, Add, add, +);
        implement_lane!(@operator $lane, Sub, sub, -);
        implement_lane!(@operator $lane, Mul, mul, *);
        implement_lane!(@operator $lane, Div, div, /);

        impl Neg for $lane {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }

        impl $lane {
            #[inline(always)]
            fn constant(value: $scalar) -> Self {
                Self(<$lanes>::splat(value))
            }
            #[inline(always)]
            fn bits(self) -> $bits {
                self.0.to_bits()
            }
            #[inline(always)]
            fn from_bits(bits: $bits) -> Self {
                Self(<$lanes>::from_bits(bits))
            }

            /// exp of the argument brought between two numbers, as a number near 1 and the bits of the power of two to
            /// multiply it by.
            #[inline(always)]
            fn exp_parts(self, low: $scalar, high: $scalar) -> (Self, $bits) {
                // Adding 1.5 * 2^mantissa rounds to the nearest integer and leaves it in the low bits.
                const ROUNDER: $scalar = 1.5 * ((1 as $word) << $mantissa) as $scalar;

                let one = Self::constant(1.0);
                let x = self.larger(Self::constant(low)).smaller(Self::constant(high));
                let rounded = x * Self::constant(core::f64::consts::LOG2_E as $scalar) + Self::constant(ROUNDER);
                let k = rounded - Self::constant(ROUNDER);
                let r = (x - k * Self::constant($ln2_high)) - k * Self::constant($ln2_low);

                const RECIPROCALS: [$scalar; $exp + 1] = {
                    let mut values = [1.0 as $scalar; $exp + 1];
                    let mut factorial = 1.0f64;
                    let mut n = 1;
                    while n <= $exp {
                        factorial *= n as f64;
                        values[n] = (1.0 / factorial) as $scalar;
                        n += 1;
                    }
                    values
                };
                // r^2 (1/2 + r/6 + ...), even and odd terms side by side.
                let square = r * r;
                let chain = |top: usize| {
                    let mut value = Self::constant(RECIPROCALS[top]);
                    let mut n = top;
                    while n > 3 {
                        n -= 2;
                        value = value * square + Self::constant(RECIPROCALS[n]);
                    }
                    value
                };
                let series = chain($exp - $exp % 2) + chain($exp - 1 + $exp % 2) * r;
                (one + (r + square * series), rounded.bits() - <$bits>::splat(ROUNDER.to_bits()))
            }
        }

        impl Lane for $lane {
            const WIDTH: usize = $width;
            const EPSILON: f64 = <$scalar>::EPSILON as f64;

            #[inline(always)]
            fn splat(value: f64) -> Self {
                Self(<$lanes>::splat(value as $scalar))
            }
            #[inline(always)]
            fn gather<T: Real>(read: impl Fn(usize) -> T) -> Self {
                let mut values = [0 as $scalar; $width];
                for (i, value) in values.iter_mut().enumerate() {
                    *value = read(i).to_f64() as $scalar;
                }
                Self(<$lanes>::from(values))
            }
            #[inline(always)]
            fn lane(&self, i: usize) -> f64 {
                self.0.as_array()[i] as f64
            }
            #[inline(always)]
            fn set_lane(&mut self, i: usize, value: f64) {
                self.0.as_mut_array()[i] = value as $scalar;
            }
            #[inline(always)]
            fn store<T: Real>(self, out: &mut [T]) {
                for (out, value) in out[..$width].iter_mut().zip(self.0.to_array()) {
                    *out = T::from_f64(value as f64);
                }
            }
            #[inline(always)]
            fn eq(self, other: Self) -> Self {
                Self(self.0.simd_eq(other.0))
            }
            #[inline(always)]
            fn lt(self, other: Self) -> Self {
                Self(self.0.simd_lt(other.0))
            }
            #[inline(always)]
            fn le(self, other: Self) -> Self {
                Self(self.0.simd_le(other.0))
            }
            #[inline(always)]
            fn and(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
            #[inline(always)]
            fn or(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
            #[inline(always)]
            fn not(self) -> Self {
                Self(!self.0)
            }
            #[inline(always)]
            fn any(self) -> bool {
                self.0.any()
            }
            #[inline(always)]
            fn is_set(self, i: usize) -> bool {
                self.0.to_bitmask() >> i & 1 == 1
            }
            #[inline(always)]
            fn select(mask: Self, yes: Self, no: Self) -> Self {
                Self(mask.0.bitselect(yes.0, no.0))
            }
            #[inline(always)]
            fn masked(self, mask: Self) -> Self {
                Self(self.0 & mask.0)
            }
            // One instruction each, not four. Of two numbers that cannot be told apart x86 takes the second, WebAssembly the
            // first.
            #[cfg(any(target_arch = "wasm32", target_feature = "sse2"))]
            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                Self(if cfg!(target_arch = "wasm32") { self.0.fast_max(other.0) } else { other.0.fast_max(self.0) })
            }
            #[cfg(any(target_arch = "wasm32", target_feature = "sse2"))]
            #[inline(always)]
            fn smaller(self, other: Self) -> Self {
                Self(if cfg!(target_arch = "wasm32") { self.0.fast_min(other.0) } else { other.0.fast_min(self.0) })
            }
            #[inline(always)]
            fn abs(self) -> Self {
                Self(self.0.abs())
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(self.0.sqrt())
            }

            #[inline(always)]
            fn ln(self) -> Self {
                const ROOT_HALF: $word = (core::f64::consts::FRAC_1_SQRT_2 as $scalar).to_bits();
                const ONE: $word = (1 as $scalar).to_bits();
                const FRACTION: $word = (1 << $mantissa) - 1;
                // 2^mantissa: or-ing an integer below it into its bits turns the integer into a number.
                const ANCHOR: $scalar = (FRACTION + 1) as $scalar;

                let one = Self::constant(1.0);
                let zero = Self::constant(0.0);
                // Subnormal numbers are scaled into the normal range first.
                let subnormal = Lane::lt(self, Self::constant(<$scalar>::MIN_POSITIVE));
                let x = Lane::select(subnormal, self * Self::constant(ANCHOR), self);
                let shift = Lane::select(subnormal, Self::constant($mantissa as $scalar), zero);

                let shifted = x.bits() + <$bits>::splat(ONE - ROOT_HALF);
                let exponent = shifted >> ($mantissa as u32);
                let k = Self::from_bits(exponent | <$bits>::splat(ANCHOR.to_bits()))
                    - Self::constant(ANCHOR + $bias as $scalar)
                    - shift;
                let m = Self::from_bits((shifted & <$bits>::splat(FRACTION)) + <$bits>::splat(ROOT_HALF));

                let f = m - one;
                let s = f / (f + Self::constant(2.0));
                let z = s * s;
                // Even and odd terms side by side: half the chain of dependent operations.
                let square = z * z;
                let chain = |top: usize| {
                    let mut value = Self::constant(2.0 / (2 * top + 1) as $scalar);
                    let mut term = top;
                    while term > 2 {
                        term -= 2;
                        value = value * square + Self::constant(2.0 / (2 * term + 1) as $scalar);
                    }
                    value
                };
                let series = chain($atanh - 1 + $atanh % 2) + chain($atanh - $atanh % 2) * z;
                let half_square = Self::constant(0.5) * f * f;
                let correction = s * (half_square + series * z) + k * Self::constant($ln2_low);
                let value = k * Self::constant($ln2_high) - ((half_square - correction) - f);

                let value = Lane::select(Lane::eq(self, zero), Self::constant(<$scalar>::NEG_INFINITY), value);
                let infinite = Lane::eq(self, Self::constant(<$scalar>::INFINITY));
                let value = Lane::select(infinite, self, value);
                Lane::select(Lane::ge(self, zero), value, Self::constant(<$scalar>::NAN))
            }

            #[inline(always)]
            fn exp(self) -> Self {
                // Makes the exponent positive, so that halving it is a logical shift.
                const LIFT: $word = 2 * ($bias + 1);

                let (value, k) = self.exp_parts($exp_low, $exp_high);
                // 2^k in two factors: results may lie outside the range of one normal power of two.
                let lifted = k + <$bits>::splat(LIFT);
                let first = lifted >> 1u32;
                let second = lifted - first;
                let unit = <$bits>::splat(1);
                let value = value * Self::from_bits((first - unit) << ($mantissa as u32));
                value * Self::from_bits((second - unit) << ($mantissa as u32))
            }

            #[inline(always)]
            fn exp_within(self) -> Self {
                let (value, k) = self.exp_parts($within_low, $within_high);
                value * Self::from_bits((k + <$bits>::splat($bias)) << ($mantissa as u32))
            }

            #[inline(always)]
            fn sin_cos(self) -> (Self, Self) {
                const ROUNDER: $scalar = 1.5 * ((1 as $word) << $mantissa) as $scalar;
                const ONE: $word = (1 as $scalar).to_bits();
                const SIGN: $word = 1 << (<$word>::BITS - 1);
                // 1/n! with the signs of the two series.
                const COEFFICIENTS: [$scalar; 19] = {
                    let mut values = [1.0 as $scalar; 19];
                    let mut factorial = 1.0f64;
                    let mut n = 1;
                    while n < 19 {
                        factorial *= n as f64;
                        values[n] = (if n % 4 > 1 { -1.0 } else { 1.0 } / factorial) as $scalar;
                        n += 1;
                    }
                    values
                };

                let (one, half) = (Self::constant(1.0), Self::constant(0.5));
                let rounded = self * Self::constant(core::f64::consts::FRAC_2_PI as $scalar) + Self::constant(ROUNDER);
                let k = rounded - Self::constant(ROUNDER);
                let (mut high, mut low) = (self, Self::constant(0.0));
                for part in $half_pi {
                    // Knuth's exact difference: the rounding of each subtraction goes into the low word.
                    let taken = k * Self::constant(part);
                    let difference = high - taken;
                    let virtual_taken = high - difference;
                    let virtual_high = difference + virtual_taken;
                    low = low + ((high - virtual_high) + (virtual_taken - taken));
                    high = difference;
                }
                let r = high + low;
                let low = (high - r) + low;

                let z = r * r;
                let series = |from: usize, to: usize| {
                    let mut n = to;
                    let mut value = Self::constant(COEFFICIENTS[n]);
                    while n > from {
                        n -= 2;
                        value = value * z + Self::constant(COEFFICIENTS[n]);
                    }
                    value
                };
                // sin(r + low) = sin r + low (1 - r^2/2), cos(r + low) = cos r - low r, smallest terms first.
                let cube = z * r;
                let tail = z * (half * low - cube * series(5, $sin)) - low;
                let sine = r - (tail + cube * Self::constant(1.0 / 6.0));
                let half_square = half * z;
                let top = one - half_square;
                let cosine = top + (((one - top) - half_square) + (z * z * series(4, $cos) - r * low));

                let bits = rounded.bits();
                let unit = <$bits>::splat(1);
                let even = Lane::eq(Self::from_bits((bits & unit) | <$bits>::splat(ONE)), one);
                let signed = |value: Self, quarter: $bits| {
                    Self::from_bits(value.bits() ^ ((quarter << (<$word>::BITS - 2)) & <$bits>::splat(SIGN)))
                };
                let known = Lane::le(Lane::abs(self), Self::constant($largest_angle));
                let checked = |value: Self| Lane::select(known, value, Self::constant(<$scalar>::NAN));
                (
                    checked(signed(Lane::select(even, sine, cosine), bits)),
                    checked(signed(Lane::select(even, cosine, sine), bits + unit)),
                )
            }
        }
    };
}

implement_lane! {
    Doubles, wide::f64x2, wide::u64x2, f64, u64, 2,
    mantissa: 52, bias: 1023,
    ln2: (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10),
    exp_range: (-750.0, 710.0), within: (-350.0, 700.0),
    atanh_terms: 10, exp_terms: 13,
    half_pi: [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_711_166_5e-21, 8.478_427_660_368_9e-32],
    largest_angle: 1e6, sin_order: 17, cos_order: 16
}

implement_lane! {
    Singles, wide::f32x4, wide::u32x4, f32, u32, 4,
    mantissa: 23, bias: 127,
    ln2: (6.931_457_5e-1, 1.428_606_8e-6),
    exp_range: (-110.0, 90.0), within: (-40.0, 87.0),
    atanh_terms: 5, exp_terms: 7,
    half_pi: [1.570_312_5, 4.837_513e-4, 7.549_533_6e-8, 2.563_283e-12, 6.120_321e-17, 2.912_732e-20],
    largest_angle: 1.2e4, sin_order: 9, cos_order: 10
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units in the last place between two finite numbers of one sign.
    fn ulps(found: f64, expected: f64) -> u64 {
        if found == expected {
            return 0;
        }
        found.to_bits().abs_diff(expected.to_bits())
    }

    fn ulps_f32(found: f32, expected: f32) -> u32 {
        if found == expected {
            return 0;
        }
        found.to_bits().abs_diff(expected.to_bits())
    }

    /// Numbers that cover the whole exponent range and crowd around 1.
    fn positive() -> impl Iterator<Item = f64> {
        let wide = (0..200_000u64).map(|i| f64::from_bits(1 + i * (f64::MAX.to_bits() / 200_000)));
        let near_one = (0..50_000).map(|i| 0.5 + f64::from(i) / 33_333.0);
        wide.chain(near_one).chain([f64::MIN_POSITIVE, 5e-324, f64::MAX, 1.0])
    }

    #[test]
    fn ln_is_within_one_ulp_of_libm() {
        let mut worst = 0;
        for x in positive() {
            let found = Doubles::splat(x).ln().lane(0);
            worst = worst.max(ulps(found, libm::log(x)));
        }
        assert!(worst <= 1, "{worst} ulp");
    }

    #[test]
    fn ln_f32_is_within_one_ulp_of_the_rounded_double() {
        let mut worst = 0;
        for i in 1..(f32::MAX.to_bits() / 5_003) {
            let x = f32::from_bits(i * 5_003);
            let found = Singles::splat(f64::from(x)).ln().lane(0) as f32;
            worst = worst.max(ulps_f32(found, libm::log(f64::from(x)) as f32));
        }
        assert!(worst <= 1, "{worst} ulp");
    }

    #[test]
    fn exp_is_within_one_ulp_of_libm() {
        let mut worst = 0;
        for i in 0..300_000 {
            let x = -745.0 + f64::from(i) * (1454.7 / 300_000.0);
            let found = Doubles::splat(x).exp().lane(0);
            worst = worst.max(ulps(found, libm::exp(x)));
        }
        assert!(worst <= 1, "{worst} ulp");
    }

    #[test]
    fn exp_f32_is_within_one_ulp_of_the_rounded_double() {
        let mut worst = 0;
        for i in 0..300_000u32 {
            let x = -103.0f32 + i as f32 * (191.7 / 300_000.0);
            let found = Singles::splat(f64::from(x)).exp().lane(0) as f32;
            worst = worst.max(ulps_f32(found, libm::exp(f64::from(x)) as f32));
        }
        assert!(worst <= 1, "{worst} ulp");
    }

    /// Angles up to 1e4 rad either way: evenly spaced ones, and the nearest to each multiple of pi/4 with its neighbours.
    fn angles() -> impl Iterator<Item = f64> {
        let even = (0..200_000).map(|i| -1e4 + f64::from(i) * 0.100_000_3);
        let small = (0..100_000).map(|i| -8.0 + f64::from(i) * 1.600_001e-4);
        let critical = (-12_732..=12_732).flat_map(|k| {
            let nearest = f64::from(k) * core::f64::consts::FRAC_PI_4;
            [-1i64, 0, 1].map(|d| f64::from_bits(nearest.to_bits().wrapping_add_signed(d)))
        });
        even.chain(small).chain(critical).filter(|x| x.abs() > 1e-300)
    }

    #[test]
    fn exp_within_has_the_bits_of_exp_in_its_range() {
        for i in 0..100_000 {
            let x = Doubles::splat(-349.0 + f64::from(i) * (1048.0 / 100_000.0));
            assert_eq!(x.exp_within().lane(0).to_bits(), x.exp().lane(0).to_bits());
            let x = Singles::splat(-39.9 + f64::from(i) * (126.0 / 100_000.0));
            assert_eq!(x.exp_within().lane(0).to_bits(), x.exp().lane(0).to_bits());
        }
        assert_eq!(Doubles::splat(-1e9).exp_within().lane(0), Doubles::splat(-350.0).exp().lane(0));
        assert_eq!(Singles::splat(1e9).exp_within().lane(0), Singles::splat(87.0).exp().lane(0));
        assert!(Doubles::splat(f64::NAN).exp_within().lane(0).is_nan());
    }

    #[test]
    fn sin_cos_is_within_one_ulp_of_libm() {
        let mut worst = 0;
        for x in angles() {
            let (sine, cosine) = Doubles::splat(x).sin_cos();
            worst = worst.max(ulps(sine.lane(0), libm::sin(x))).max(ulps(cosine.lane(0), libm::cos(x)));
        }
        assert!(worst <= 1, "{worst} ulp");
    }

    #[test]
    fn sin_cos_f32_is_within_one_ulp_of_the_rounded_double() {
        let mut worst = 0;
        for x in angles().map(|x| x as f32) {
            let (sine, cosine) = Singles::splat(f64::from(x)).sin_cos();
            let expected = (libm::sin(f64::from(x)) as f32, libm::cos(f64::from(x)) as f32);
            worst = worst.max(ulps_f32(sine.lane(0) as f32, expected.0));
            worst = worst.max(ulps_f32(cosine.lane(0) as f32, expected.1));
        }
        assert!(worst <= 1, "{worst} ulp");
    }

    #[test]
    fn sin_cos_has_no_value_where_the_reduction_is_not_exact() {
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.000_001e6, -1e300] {
            let (sine, cosine) = Doubles::splat(x).sin_cos();
            assert!(sine.lane(0).is_nan() && cosine.lane(0).is_nan(), "{x}");
        }
        for x in [f64::NAN, 1.3e4, -1e30] {
            let (sine, cosine) = Singles::splat(x).sin_cos();
            assert!(sine.lane(0).is_nan() && cosine.lane(0).is_nan(), "{x}");
        }
        let (sine, cosine) = Doubles::splat(0.0).sin_cos();
        assert_eq!((sine.lane(0), cosine.lane(0)), (0.0, 1.0));
    }

    #[test]
    fn the_ends_of_the_range_are_exact() {
        let exp = |x: f64| Doubles::splat(x).exp().lane(0);
        let ln = |x: f64| Doubles::splat(x).ln().lane(0);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-0.0), 1.0);
        assert_eq!(exp(-1e300), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp(1e300), f64::INFINITY);
        assert_eq!(exp(f64::INFINITY), f64::INFINITY);
        assert!(exp(f64::NAN).is_nan());
        assert_eq!(ln(1.0).to_bits(), 0.0f64.to_bits());
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan());
        assert!(ln(f64::NAN).is_nan());
    }

    #[test]
    fn the_larger_and_the_smaller_are_the_first_of_two_that_cannot_be_told_apart() {
        fn check<L: Lane>() {
            for (x, y) in
                [(1.0, 2.0), (-1.0, f64::NEG_INFINITY), (0.0, -0.0), (-0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::NAN)]
            {
                let (a, b) = (L::splat(x), L::splat(y));
                let bits = |value: L| value.lane(0).to_bits();
                assert_eq!(bits(a.larger(b)), bits(L::select(a.lt(b), b, a)), "{x} {y}");
                assert_eq!(bits(a.smaller(b)), bits(L::select(b.lt(a), b, a)), "{x} {y}");
            }
        }
        check::<Doubles>();
        check::<Singles>();
    }

    #[test]
    fn a_lane_does_not_see_its_neighbour() {
        for (x, y) in [(1.7, f64::NAN), (0.3, f64::INFINITY), (2.5e-310, -4.0), (700.0, -700.0)] {
            let alone = Doubles::splat(x);
            let left = Doubles::gather(|i| [x, y][i]);
            let right = Doubles::gather(|i| [y, x][i]);
            let (sine, cosine): (fn(Doubles) -> Doubles, fn(Doubles) -> Doubles) =
                (|x| x.sin_cos().0, |x| x.sin_cos().1);
            for f in [Lane::ln, Lane::exp, sine, cosine] {
                let expected = f(alone).lane(0).to_bits();
                assert_eq!(f(left).lane(0).to_bits(), expected);
                assert_eq!(f(right).lane(1).to_bits(), expected);
            }
        }
    }
}
