//! Fat fraction, R2* and field map from complex samples of a multi-echo gradient echo.

use super::fat_water::{mixture, phasor, PDFF, R2STAR, S0, SETTINGS};
use super::multi_echo::TE;
use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Design, Protocol, Settings, IMAGINARY};
use crate::sort::ascending;
use core::f64::consts::TAU;

/// S = S0 (1 - PDFF + PDFF c(TE)) exp(i (phase + 2 pi off_resonance TE) - R2* TE), c(TE) as in the magnitude model.
pub struct FatWaterComplex;

static DESCRIPTION: Description = Description {
    id: "fat-water-complex",
    name: "Fat fraction, R2* and field map, complex",
    description: "Water and a fixed spectrum of fat with one R2*, one phase at TE = 0 and one off-resonance, from real and \
                  imaginary parts. A search over one period of the field map (1 / the smallest difference of echo times), \
                  in which the amplitudes are linear, gives the starts; the best minima of that search are all solved and \
                  compared, so that a swap of water and fat is kept only where it explains the samples better; with spectrum \
                  single-peak the two explain them equally. Frequencies \
                  above water's turn the phase in positive direction: conjugate the samples of a scanner with the other \
                  convention.",
    parameters: &[
        S0,
        PDFF,
        R2STAR,
        Parameter::new("phase", "rad", f64::NEG_INFINITY, f64::INFINITY, "phase of water and fat at TE = 0"),
        Parameter::new("off_resonance", "Hz", f64::NEG_INFINITY, f64::INFINITY, "frequency of water"),
    ],
    equation: concat!(
        r"S(TE) = S_0 \left( 1 - \mathrm{PDFF} + \mathrm{PDFF} \, c(TE) \right) ",
        r"e^{i (\varphi + 2 \pi \psi \, TE) - R_2^* TE}, \quad ",
        r"c(TE) = \sum_p a_p \, e^{2 \pi i \, \gamma B_0 (\delta_p - \delta_w) TE}"
    ),
    citation: "Yu H et al. Multiecho water-fat separation and simultaneous R2* estimation with multifrequency fat spectrum \
               modeling. Magn Reson Med 2008;60:1122-1134; common phase: Bydder M et al. Constraining the initial phase in \
               water-fat separation. Magn Reson Imaging 2011;29:216-221; spectra: Hamilton G et al. NMR Biomed \
               2011;24:784-790 (doi 10.1002/nbm.1622), Ren J et al. J Lipid Res 2008;49:2055-2062",
    doi: Some("10.1002/mrm.21737"),
    protocol: &[TE, IMAGINARY],
    settings: SETTINGS,
    magnitude: false,
    estimators: &["nlls"],
    minimum_samples: 5,
};

/// Columns of a design's row: the protocol's own two, then c(TE), the rotation by the search's first frequency, that by
/// its step, the first frequency, the step and the number of frequencies (the last three alike in every row).
const PHASOR: usize = 2;
const FIRST: usize = 4;
const STEP: usize = 6;
const GRID: usize = 8;

/// Frequencies per oscillation that the longest echo time sees: fine enough to start inside each minimum.
const PER_CYCLE: f64 = 6.0;
/// Minima of the search that are solved: both ways round of water and fat.
const KEPT: usize = 2;
/// Echo times this close count as one when their differences are taken, s.
const SAME: f64 = 1e-6;

impl Model for FatWaterComplex {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    /// # Errors
    /// As the protocol's own; an `imaginary` other than 0 and 1, a real part without its imaginary one.
    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        DESCRIPTION.check_settings(settings)?;
        let design = protocol.design(DESCRIPTION.id, DESCRIPTION.protocol)?;
        for i in 0..design.rows() {
            let found = design.row(i)[1];
            if found != 0.0 && found != 1.0 {
                let (field, expected) = (format!("protocol.imaginary[{i}]"), "0 or 1".into());
                return Err(CoreError::OutOfRange { field, found, expected });
            }
        }
        let of_part = |part: f64| {
            let rows = (0..design.rows()).map(|i| design.row(i)).filter(|row| row[1] == part);
            let mut times: Vec<f64> = rows.map(|row| row[0]).collect();
            ascending(&mut times);
            times
        };
        let (real, imaginary) = (of_part(0.0), of_part(1.0));
        if real != imaginary {
            return Err(CoreError::Length {
                field: "protocol.imaginary".into(),
                found: imaginary.len(),
                expected: format!("both parts at each echo time; there are {} real parts", real.len()),
            });
        }
        let span = real[real.len() - 1] - real[0];
        let closest = real.windows(2).map(|pair| pair[1] - pair[0]).filter(|d| *d > SAME).fold(f64::INFINITY, f64::min);
        let (period, cycles) = if closest.is_finite() { (1.0 / closest, span / closest) } else { (0.0, 0.0) };
        let count = (libm::ceil(PER_CYCLE * cycles)).clamp(1.0, 4096.0);
        let (first, step) = (-0.5 * period, period / count);
        let more = |i: usize| {
            let te = design.row(i)[0];
            let turn = |frequency: f64| [libm::cos(TAU * frequency * te), -libm::sin(TAU * frequency * te)];
            [phasor(settings, te), turn(first), turn(step), [first, step]].concat().into_iter().chain([count]).collect()
        };
        let more: Vec<Vec<f64>> = (0..design.rows()).map(more).collect();
        Ok(design.extended(&more))
    }
}

impl Equation for FatWaterComplex {
    const PARAMETERS: usize = 5;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let &[s0, fraction, rate, phase, frequency] = p else { unreachable!("five parameters") };
        let te = L::splat(at[0]);
        let turn = L::splat(TAU * at[0]);
        let ([u, v], [du, dv]) = mixture([at[PHASOR], at[PHASOR + 1]], fraction);
        let decay = (-(rate * te)).exp();
        let (sine, cosine) = (phase + turn * frequency).sin_cos();
        // The sample is a cosine + b sine for (a, b) = (u, -v) or (v, u), and a quarter turn further is its derivative by
        // the angle.
        let part = |u: L, v: L| {
            if at[1] == 0.0 {
                (u * cosine - v * sine, -(u * sine + v * cosine))
            } else {
                (u * sine + v * cosine, u * cosine - v * sine)
            }
        };
        let (shape, quarter) = part(u, v);
        let (shape, quarter) = (shape * decay, s0 * quarter * decay);
        gradient[0] = shape;
        gradient[1] = s0 * decay * part(du, dv).0;
        gradient[2] = -(te * (s0 * shape));
        gradient[3] = quarter;
        gradient[4] = turn * quarter;
        s0 * shape
    }

    const STARTS: usize = KEPT;

    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        Search::new(design, samples).start(0, p);
        true
    }

    fn further_guess<L: Lane>(&self, k: usize, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        Search::new(design, samples).start(k, p);
        true
    }
}

/// Relaxation rates that the search tries, in units of 1 / the longest echo time.
const RATES: [f64; 6] = [0.0, 0.25, 0.6, 1.2, 2.5, 5.0];

/// Water and fat that explain the samples best at one frequency and rate of the search.
#[derive(Clone, Copy)]
struct Best<L> {
    /// By how much they lower the sum of squares.
    gain: L,
    water: L,
    fat: L,
    /// Of the common phase.
    cosine: L,
    sine: L,
    rate: L,
}

/// The search for the field map: at each frequency and rate water, fat and their common phase have a closed form
/// (Bydder et al. 2011).
struct Search<'a, L> {
    design: &'a Design,
    samples: &'a [L],
    /// exp(-rate TE) of each row, rate by rate.
    decays: Vec<L>,
    longest: f64,
}

impl<'a, L: Lane> Search<'a, L> {
    fn new(design: &'a Design, samples: &'a [L]) -> Self {
        let longest = (0..design.rows()).fold(0.0f64, |longest, i| longest.max(design.row(i)[0]));
        let unit = 1.0 / if longest > 0.0 { longest } else { 1.0 };
        let decay = |rate: f64, i: usize| L::splat(-rate * unit * design.row(i)[0]).exp();
        let decays = RATES.iter().flat_map(|&rate| (0..design.rows()).map(move |i| decay(rate, i))).collect();
        Self { design, samples, decays, longest }
    }

    /// The start at the minimum that comes at place `k` when they are ordered by their sums of squares; the least one
    /// where there are not so many.
    fn start(&self, k: usize, p: &mut [L]) {
        let row = self.design.row(0);
        let (first, step, count) = (row[GRID], row[GRID + 1], row[GRID + 2] as usize);
        let rows = 0..self.design.rows();
        let turn = |[real, imaginary]: [L; 2], by: &[f64]| {
            let (cosine, sine) = (L::splat(by[0]), L::splat(by[1]));
            [real * cosine - imaginary * sine, real * sine + imaginary * cosine]
        };
        let mut turned: Vec<[L; 2]> =
            rows.clone().map(|i| turn(self.sample(i), &self.design.row(i)[FIRST..])).collect();
        let mut gains = Vec::with_capacity(count);
        for _ in 0..count {
            gains.push(self.best(&turned).gain);
            for (i, value) in turned.iter_mut().enumerate() {
                *value = turn(*value, &self.design.row(i)[STEP..]);
            }
        }
        // The largest maxima of the gain around the period, by insertion.
        let none = L::splat(-1.0);
        let mut places = [(none, L::splat(first)); KEPT];
        for (at, &gain) in gains.iter().enumerate() {
            let before = gains[(at + count - 1) % count];
            let after = gains[(at + 1) % count];
            let peak = before.le(gain).and(after.lt(gain).or(L::splat(count as f64).lt(L::splat(3.0))));
            let mut carried = (L::select(peak, gain, none), L::splat(first + step * at as f64));
            for place in &mut places {
                let larger = place.0.lt(carried.0);
                let (gain, frequency) = *place;
                place.0 = L::select(larger, carried.0, gain);
                place.1 = L::select(larger, carried.1, frequency);
                carried = (L::select(larger, gain, carried.0), L::select(larger, frequency, carried.1));
            }
        }
        let chosen = places[k.min(KEPT - 1)];
        let frequency = L::select(chosen.0.lt(L::splat(0.0)), places[0].1, chosen.1);
        for (i, value) in turned.iter_mut().enumerate() {
            let (sine, cosine) = (L::splat(-TAU * self.design.row(i)[0]) * frequency).sin_cos();
            let [real, imaginary] = self.sample(i);
            *value = [real * cosine - imaginary * sine, real * sine + imaginary * cosine];
        }
        let best = self.best(&turned);
        let total = best.water + best.fat;
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let sign = L::select(total.lt(zero), -one, one);
        p[0] = total.abs();
        p[1] = L::select(total.eq(zero), L::splat(0.5), best.fat / L::select(total.eq(zero), one, total));
        p[2] = best.rate * L::splat(1.0 / if self.longest > 0.0 { self.longest } else { 1.0 });
        let (cosine, sine) = (best.cosine * sign, best.sine * sign);
        p[3] = L::gather(|i| libm::atan2(sine.lane(i), cosine.lane(i)));
        p[4] = frequency;
    }

    /// A sample as the complex number of which it is a part.
    #[inline(always)]
    fn sample(&self, i: usize) -> [L; 2] {
        let zero = L::splat(0.0);
        if self.design.row(i)[1] == 0.0 {
            [self.samples[i], zero]
        } else {
            [zero, self.samples[i]]
        }
    }

    /// The best rate for samples that a frequency has been taken from.
    #[inline(always)]
    fn best(&self, turned: &[[L; 2]]) -> Best<L> {
        let (zero, one, half) = (L::splat(0.0), L::splat(1.0), L::splat(0.5));
        let mut best = Best { gain: -one, water: zero, fat: zero, cosine: one, sine: zero, rate: zero };
        for (decays, rate) in self.decays.chunks_exact(turned.len()).zip(RATES) {
            // Real normal equations m x = Re(q e^(-i phase)). A row of each part makes half of a complex sample's m.
            let mut q = [zero; 4];
            let mut m = [zero; 3];
            for (i, (&decay, &[real, imaginary])) in decays.iter().zip(turned).enumerate() {
                let row = self.design.row(i);
                let (c, s) = (row[PHASOR], row[PHASOR + 1]);
                let (c, s, size) = (L::splat(c), L::splat(s), L::splat(c * c + s * s));
                let square = half * decay * decay;
                m[0] = m[0] + square;
                m[1] = m[1] + square * c;
                m[2] = m[2] + square * size;
                q[0] = q[0] + decay * real;
                q[1] = q[1] + decay * imaginary;
                q[2] = q[2] + decay * (real * c + imaginary * s);
                q[3] = q[3] + decay * (imaginary * c - real * s);
            }
            let determinant = m[0] * m[2] - m[1] * m[1];
            let solvable = (L::splat(1e-9) * m[0] * m[2]).lt(determinant);
            let inverse = one / L::select(solvable, determinant, one);
            // q'm^-1 q, a complex number whose angle is twice the phase.
            let quadratic = |a: L, b: L| (m[2] * a * a - (m[1] + m[1]) * a * b + m[0] * b * b) * inverse;
            let mixed = (m[2] * q[0] * q[1] - m[1] * (q[0] * q[3] + q[1] * q[2]) + m[0] * q[2] * q[3]) * inverse;
            let (x, y) = (quadratic(q[0], q[2]) - quadratic(q[1], q[3]), mixed + mixed);
            let together =
                self.phased(q, x, y, |a, b| [(m[2] * a - m[1] * b) * inverse, (m[0] * b - m[1] * a) * inverse]);
            // Water alone or fat alone, where together one would be negative.
            let allowed = solvable.and(zero.le(together.water * together.fat));
            let water = self.phased(q, q[0] * q[0] - q[1] * q[1], (q[0] + q[0]) * q[1], |a, _| [a / m[0], zero]);
            let fat = self.phased(q, q[2] * q[2] - q[3] * q[3], (q[2] + q[2]) * q[3], |_, b| {
                [zero, b / L::select(zero.lt(m[2]), m[2], one)]
            });
            let alone = Best::select(fat.gain.lt(water.gain), water, fat);
            let found = Best { rate: L::splat(rate), ..Best::select(allowed, together, alone) };
            best = Best::select(best.gain.lt(found.gain), found, best);
        }
        best
    }

    /// Amplitudes that `solve` makes of the projections `q` once the phase, half of the angle of x + i y, is taken out.
    #[inline(always)]
    fn phased(&self, q: [L; 4], x: L, y: L, solve: impl Fn(L, L) -> [L; 2]) -> Best<L> {
        let (zero, one, half) = (L::splat(0.0), L::splat(1.0), L::splat(0.5));
        let size = (x * x + y * y).sqrt();
        let relative = L::select(zero.lt(size), x / L::select(zero.lt(size), size, one), one);
        let cosine = (half * (one + relative)).larger(zero).sqrt();
        let magnitude = (half * (one - relative)).larger(zero).sqrt();
        let sine = L::select(y.lt(zero), -magnitude, magnitude);
        let (a, b) = (q[0] * cosine + q[1] * sine, q[2] * cosine + q[3] * sine);
        let [water, fat] = solve(a, b);
        Best { gain: a * water + b * fat, water, fat, cosine, sine, rate: zero }
    }
}

impl<L: Lane> Best<L> {
    #[inline(always)]
    fn select(mask: L, yes: Self, no: Self) -> Self {
        let pick = |yes: L, no: L| L::select(mask, yes, no);
        Self {
            gain: pick(yes.gain, no.gain),
            water: pick(yes.water, no.water),
            fat: pick(yes.fat, no.fat),
            cosine: pick(yes.cosine, no.cosine),
            sine: pick(yes.sine, no.sine),
            rate: pick(yes.rate, no.rate),
        }
    }
}
