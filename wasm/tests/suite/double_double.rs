//! Numbers of twice a double's precision, as one lane: the project's generic code (equations, sums, the iteration) computes
//! in them what doubles would round away.
//!
//! A number is the unevaluated sum of two doubles, the second at most half a unit in the last place of the first. Sum,
//! product and quotient: Joldes M, Muller JM, Popescu V. Tight and rigorous error bounds for basic building blocks of
//! double-word arithmetic. ACM Trans Math Softw 2017;44:15res, algorithms 6, 12 and 17, each within 15 * 2^-106. The
//! functions are good to 1e-30 of the larger of their value and 1, in the ranges that the tests here cover.

use measurand_core::lane::{Lane, Real};
use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Debug, Clone, Copy)]
pub struct DoubleDouble {
    pub high: f64,
    pub low: f64,
}

const fn pair(high: f64, low: f64) -> DoubleDouble {
    DoubleDouble { high, low }
}

pub const PI: DoubleDouble = pair(std::f64::consts::PI, 1.224_646_799_147_353_2e-16);
const LN_2: DoubleDouble = pair(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);

/// The exact sum.
fn two_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    let part = high - a;
    pair(high, (a - (high - part)) + (b - part))
}

/// The exact sum where |a| >= |b|; beyond the range of doubles, infinite or no number.
fn quick_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    match (a.is_finite(), high.is_finite()) {
        (true, true) => pair(high, b - (high - a)),
        (true, false) => pair(high, 0.0),
        (false, _) => pair(a, 0.0),
    }
}

impl DoubleDouble {
    fn from_integer(value: u128) -> Self {
        let high = value as f64;
        // What the conversion rounded, either way, is far below 2^127.
        pair(high, (value.wrapping_sub(high as u128) as i128) as f64)
    }

    /// A decimal number such as -1.25E-03, with all its digits (38 at most).
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (sign, digits) = mantissa.strip_prefix('-').map_or((1.0, mantissa), |rest| (-1.0, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let value = Self::from_integer([whole, fraction].concat().parse().ok()?) * Self::splat(sign);
        let power = exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?;
        let ten = (0..power.unsigned_abs()).fold(Self::splat(1.0), |ten, _| ten * Self::splat(10.0));
        Some(if power < 0 { value / ten } else { value * ten })
    }

    /// The nearest double.
    pub fn rounded(self) -> Self {
        Self::splat(self.high)
    }

    fn halved(self, times: i32) -> Self {
        let factor = libm::ldexp(1.0, -times);
        pair(self.high * factor, self.low * factor)
    }

    fn mask(set: bool) -> Self {
        Self::splat(f64::from(u8::from(set)))
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.high, other.high), two_sum(self.low, other.low));
        let sum = quick_sum(high.high, high.low + low.high);
        quick_sum(sum.high, low.low + sum.low)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let high = self.high * other.high;
        let rest = self.high.mul_add(other.high, -high);
        let across = self.low.mul_add(other.high, self.high.mul_add(other.low, self.low * other.low));
        quick_sum(high, rest + across)
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let quotient = self.high / other.high;
        if !quotient.is_finite() || !other.high.is_finite() {
            return Self::splat(quotient);
        }
        let rest = self - other * Self::splat(quotient);
        quick_sum(quotient, (rest.high + rest.low) / other.high)
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        pair(-self.high, -self.low)
    }
}

impl Lane for DoubleDouble {
    const WIDTH: usize = 1;
    const EPSILON: f64 = f64::EPSILON * f64::EPSILON;

    fn splat(value: f64) -> Self {
        pair(value, 0.0)
    }
    fn gather<T: Real>(read: impl Fn(usize) -> T) -> Self {
        Self::splat(read(0).to_f64())
    }
    fn lane(&self, _: usize) -> f64 {
        self.high
    }
    fn set_lane(&mut self, _: usize, value: f64) {
        *self = Self::splat(value);
    }
    fn store<T: Real>(self, out: &mut [T]) {
        out[0] = T::from_f64(self.high);
    }

    fn eq(self, other: Self) -> Self {
        Self::mask(self.high == other.high && self.low == other.low)
    }
    fn lt(self, other: Self) -> Self {
        Self::mask(self.high < other.high || (self.high == other.high && self.low < other.low))
    }
    fn le(self, other: Self) -> Self {
        Self::mask(self.high < other.high || (self.high == other.high && self.low <= other.low))
    }
    fn and(self, other: Self) -> Self {
        Self::mask(self.any() && other.any())
    }
    fn or(self, other: Self) -> Self {
        Self::mask(self.any() || other.any())
    }
    fn not(self) -> Self {
        Self::mask(!self.any())
    }
    fn any(self) -> bool {
        self.high != 0.0
    }
    fn is_set(self, _: usize) -> bool {
        self.any()
    }
    fn select(mask: Self, yes: Self, no: Self) -> Self {
        if mask.any() {
            yes
        } else {
            no
        }
    }

    fn abs(self) -> Self {
        if self.high < 0.0 {
            -self
        } else {
            self
        }
    }

    /// One step of Newton's method from the root of the high word.
    fn sqrt(self) -> Self {
        let root = self.high.sqrt();
        if root == 0.0 || !root.is_finite() {
            return Self::splat(root);
        }
        let rest = self - Self::splat(root) * Self::splat(root);
        quick_sum(root, rest.high / (2.0 * root))
    }

    /// e^x = 2^k (e^(r / 512))^512 with |r| <= (ln 2) / 2; e^y - 1 by its Taylor series, and (1 + e)^2 - 1 = 2 e + e^2
    /// nine times.
    fn exp(self) -> Self {
        if self.high.is_nan() || self.high > 709.7 {
            return Self::splat(self.high + f64::INFINITY);
        }
        if self.high < -745.2 {
            return Self::splat(0.0);
        }
        let k = (self.high * std::f64::consts::LOG2_E).round();
        let y = (self - LN_2 * Self::splat(k)).halved(9);
        let mut excess = Self::splat(0.0);
        for n in (1..=10).rev() {
            excess = (excess + Self::splat(1.0)) * y / Self::splat(f64::from(n));
        }
        for _ in 0..9 {
            excess = excess + excess + excess * excess;
        }
        let k = k as i32;
        (excess + Self::splat(1.0)).halved(-(k / 2)).halved(k / 2 - k)
    }

    fn exp_within(self) -> Self {
        self.larger(Self::splat(-350.0)).smaller(Self::splat(700.0)).exp()
    }

    /// One step of Newton's method from the logarithm of the high word.
    fn ln(self) -> Self {
        let start = Self::splat(libm::log(self.high));
        if !start.high.is_finite() {
            return start;
        }
        start + (self * (-start).exp() - Self::splat(1.0))
    }

    /// By the Taylor series of the angle less the nearest multiple of pi / 2.
    fn sin_cos(self) -> (Self, Self) {
        let quarters = (self.high * std::f64::consts::FRAC_2_PI).round();
        let r = self - PI.halved(1) * Self::splat(quarters);
        let square = r * r;
        let (mut sine, mut cosine) = (Self::splat(0.0), Self::splat(0.0));
        for n in (1..=14).rev() {
            let (even, odd) = (f64::from((2 * n - 1) * 2 * n), f64::from(2 * n * (2 * n + 1)));
            cosine = -(square * (Self::splat(1.0) + cosine)) / Self::splat(even);
            sine = -(square * (Self::splat(1.0) + sine)) / Self::splat(odd);
        }
        let (sine, cosine) = (r + r * sine, Self::splat(1.0) + cosine);
        match quarters.rem_euclid(4.0) {
            0.0 => (sine, cosine),
            1.0 => (cosine, -sine),
            2.0 => (-sine, -cosine),
            _ => (-cosine, sine),
        }
    }
}

#[test]
fn functions_have_their_published_digits() {
    // Abramowitz and Stegun, tables 1.1, 4.4 and 4.6, and the defining digits of the constants.
    let number = |text: &str| DoubleDouble::parse(text).unwrap();
    let one = DoubleDouble::splat(1.0);
    let (sine, cosine) = one.sin_cos();
    for (name, found, digits) in [
        ("pi", PI, "3.14159265358979323846264338327950288"),
        ("e", one.exp(), "2.71828182845904523536028747135266250"),
        ("1/e", (-one).exp(), "0.367879441171442321595523770161460867"),
        ("e^10", number("10").exp(), "22026.4657948067165169579006452842444"),
        ("ln 2", number("2").ln(), "0.693147180559945309417232121458176568"),
        ("ln 10", number("10").ln(), "2.30258509299404568401799145468436421"),
        ("sqrt 2", number("2").sqrt(), "1.41421356237309504880168872420969808"),
        ("sin 1", sine, "0.841470984807896506652502321630298999"),
        ("cos 1", cosine, "0.540302305868139717400936607442976604"),
    ] {
        let error = (found - number(digits)) / number(digits);
        assert!(error.high.abs() < 1e-30, "{name}: {error:?}");
    }
}

#[test]
fn operations_undo_each_other_and_functions_keep_their_identities() {
    let one = DoubleDouble::splat(1.0);
    for i in 1..2000 {
        let x = DoubleDouble::splat(f64::from(i)).sqrt() / DoubleDouble::splat(7.0);
        let y = DoubleDouble::splat(crate::jitter(i as usize)) / DoubleDouble::splat(3.0);
        let (sine, cosine) = (x * DoubleDouble::splat(10.0)).sin_cos();
        let (there, back) = ((x + y).sin_cos(), (x.sin_cos(), y.sin_cos()));
        for (name, zero, size) in [
            ("sum", x + y - x - y, 1.0),
            ("quotient", x / y * y - x, x.high),
            ("root", x.sqrt() * x.sqrt() - x, x.high),
            ("ln exp", x.exp().ln() - x, x.high.max(1.0)),
            ("exp of a sum", (x + y).exp() - x.exp() * y.exp(), x.exp().high),
            ("circle", sine * sine + cosine * cosine - one, 1.0),
            ("sine of a sum", there.0 - back.0 .0 * back.1 .1 - back.0 .1 * back.1 .0, 1.0),
        ] {
            assert!(zero.high.abs() < 1e-30 * size, "{name} at {x:?}, {y:?}: {zero:?}");
        }
    }
}

#[test]
fn what_is_no_number_stays_so() {
    let (infinite, zero) = (DoubleDouble::splat(f64::INFINITY), DoubleDouble::splat(0.0));
    assert_eq!((infinite - DoubleDouble::splat(1.0)).high, f64::INFINITY);
    assert_eq!((DoubleDouble::splat(1.0) / zero).high, f64::INFINITY);
    assert_eq!((DoubleDouble::splat(1.0) / infinite).high, 0.0);
    assert!((infinite - infinite).high.is_nan() && DoubleDouble::splat(-1.0).ln().high.is_nan());
    assert_eq!((zero.ln().high, zero.sqrt().high, (-infinite).exp().high), (f64::NEG_INFINITY, 0.0, 0.0));
    assert!((infinite - infinite).finite().not().any() && DoubleDouble::splat(-1.0).sqrt().high.is_nan());
}
