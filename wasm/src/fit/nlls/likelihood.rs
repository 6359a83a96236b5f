//! What a fit minimises: the sum of squared residuals, or what the noise of magnitudes makes of it.

use crate::fit::NoiseModel;
use crate::information::fisher::of_signal;
use crate::lane::Lane;
use crate::models::{Problem, Signal};
use crate::protocol::Design;
use crate::simulate::noise::Kind;
use std::sync::OnceLock;

/// The residual of a fit, to be minimised, and its linearisation.
pub(super) struct Objective<'a, L: Lane> {
    problem: Box<dyn Problem<L> + 'a>,
    /// Nothing for plain least squares.
    magnitudes: Option<Magnitudes<'a, L>>,
}

impl<'a, L: Lane> Objective<'a, L> {
    /// With `expected`, J'J of Rician magnitudes is the Fisher information (times sigma^2); else it serves the iteration.
    pub(super) fn new(
        signal: &'a dyn Signal<L>,
        parameters: usize,
        design: &'a Design,
        noise: NoiseModel,
        expected: bool,
    ) -> Self {
        let problem = signal.problem(design);
        let rician = match noise {
            NoiseModel::Gaussian => return Self { problem, magnitudes: None },
            NoiseModel::OffsetGaussian { .. } => None,
            NoiseModel::Rician { .. } if expected => Some(Weights::Expected(ExpectedWeights::new())),
            NoiseModel::Rician { .. } => Some(Weights::Observed),
        };
        let zero = L::splat(0.0);
        let fitted = vec![zero; design.rows()];
        let jacobian = vec![zero; design.rows() * parameters];
        Self { problem, magnitudes: Some(Magnitudes { signal, design, rician, fitted, jacobian }) }
    }

    /// See [`Problem::transform`].
    pub(super) fn transform(&mut self, lower: &mut [f64], upper: &mut [f64], held: &[bool]) -> bool {
        self.magnitudes.is_none() && self.problem.transform(lower, upper, held)
    }

    pub(super) fn enter(&self, p: &mut [L]) {
        self.problem.enter(p);
    }

    pub(super) fn leave(&self, p: &mut [L]) {
        self.problem.leave(p);
    }

    pub(super) fn starts(&self) -> usize {
        self.problem.starts()
    }

    pub(super) fn further(&self, end: &[f64], snr: f64) -> usize {
        self.problem.further(end, snr)
    }

    pub(super) fn start(&self, k: usize, y: &[L], x: &mut [L]) -> bool {
        self.problem.start(k, y, x)
    }

    /// The residual, the descent direction and the lower triangle of J'J, as [`Problem::linearise`] has them.
    #[inline(always)]
    pub(super) fn linearise(&mut self, y: &[L], x: &mut [L], sigma: L, gradient: &mut [L], normal: &mut [L]) -> L {
        match &mut self.magnitudes {
            None => self.problem.linearise(y, x, gradient, normal),
            Some(magnitudes) => magnitudes.linearise(y, x, sigma, gradient, normal),
        }
    }
}

/// Magnitudes whose noise has a known sigma.
///
/// Offset Gaussian: sum (m - sqrt(S^2 + sigma^2))^2 (Gudbjartsson and Patz, Magn Reson Med 1995;34:910-914: the mean of
/// the squares is S^2 + 2 sigma^2 for Rician m; the root with one sigma^2 is close to the mean of m itself).
///
/// Rician: sigma^2 times -2 ln L, less what depends on the samples alone:
/// sum (m - S)^2 - 2 sigma^2 ln(e^-z I0(z)) with z = m S / sigma^2. It is never negative, and tends to the sum of
/// squares plus a slowly varying term where the signal is far above the noise.
struct Magnitudes<'a, L> {
    signal: &'a dyn Signal<L>,
    design: &'a Design,
    /// Nothing for the offset Gaussian.
    rician: Option<Weights>,
    fitted: Vec<L>,
    jacobian: Vec<L>,
}

/// Curvature of the Rician -ln L in S, times sigma^2.
enum Weights {
    /// 1 - (m/sigma)^2 (1 - R/z - R^2), at least a tenth so that the step stays one of descent.
    Observed,
    Expected(ExpectedWeights),
}

impl<L: Lane> Magnitudes<'_, L> {
    #[inline(never)]
    fn linearise(&mut self, y: &[L], x: &[L], sigma: L, gradient: &mut [L], normal: &mut [L]) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let p = x.len();
        self.signal.evaluate(self.design, x, &mut self.fitted, &mut self.jacobian);
        gradient.fill(zero);
        normal.fill(zero);
        let variance = sigma * sigma;
        let mut residual = zero;
        for ((&m, &s), row) in y.iter().zip(&self.fitted).zip(self.jacobian.chunks_exact(p)) {
            // -1/2 d(residual)/dS and the curvature.
            let (slope, weight) = match &self.rician {
                None => {
                    let mean = (s * s + variance).sqrt();
                    let bend = s / mean;
                    let r = m - mean;
                    residual = residual + r * r;
                    (r * bend, bend * bend)
                }
                Some(weights) => {
                    let z = m * s / variance;
                    let (ratio, log) = bessel(z.abs());
                    let signed = L::select(z.lt(zero), -ratio, ratio);
                    let r = m.abs() - s.abs();
                    residual = residual + r * r - L::splat(2.0) * variance * log;
                    let weight = match weights {
                        Weights::Observed => {
                            let small = z.abs().lt(L::splat(1e-4));
                            let over = L::select(small, L::splat(0.5), ratio / L::select(small, one, z.abs()));
                            (one - m * m / variance * (one - over - ratio * ratio)).larger(L::splat(0.1)).smaller(one)
                        }
                        Weights::Expected(table) => L::gather(|i| table.at((s.lane(i) / sigma.lane(i)).abs())),
                    };
                    (m * signed - s, weight)
                }
            };
            for j in 0..p {
                gradient[j] = gradient[j] + row[j] * slope;
                let weighted = row[j] * weight;
                for k in 0..=j {
                    normal[j * p + k] = normal[j * p + k] + weighted * row[k];
                }
            }
        }
        residual
    }
}

/// I1(z) / I0(z) and ln(e^-z I0(z)) of the modified Bessel functions, for z >= 0: the power series up to 20, beyond it
/// the asymptotic one (Abramowitz and Stegun 9.6.10, 9.7.1), each to the last bits of double precision.
pub(super) fn bessel<L: Lane>(z: L) -> (L, L) {
    const BORDER: f64 = 20.0;
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let far = z.gt(L::splat(BORDER));
    let (mut ratio, mut log) = (zero, zero);
    if far.not().any() {
        let x = L::select(far, one, z);
        let quarter = x * x * L::splat(0.25);
        let (mut term, mut i0, mut i1) = (one, one, one);
        for k in 1..=36 {
            term = term * quarter * L::splat(1.0 / f64::from(k * k));
            i0 = i0 + term;
            i1 = i1 + term * L::splat(1.0 / f64::from(k + 1));
        }
        ratio = x * L::splat(0.5) * i1 / i0;
        log = i0.ln() - x;
    }
    if far.any() {
        let x = L::select(far, z, L::splat(BORDER));
        let inverse = L::splat(0.125) / x;
        let (mut term0, mut term1, mut i0, mut i1) = (one, one, one, one);
        for k in 1..=24 {
            let odd = f64::from((2 * k - 1) * (2 * k - 1));
            term0 = term0 * inverse * L::splat(odd / f64::from(k));
            term1 = term1 * inverse * L::splat((odd - 4.0) / f64::from(k));
            i0 = i0 + term0;
            i1 = i1 + term1;
        }
        ratio = L::select(far, i1 / i0, ratio);
        log = L::select(far, (i0 / (x * L::splat(2.0 * std::f64::consts::PI)).sqrt()).ln(), log);
    }
    (ratio, log)
}

/// Fisher information that a Rician magnitude holds on its signal, times sigma^2, by S / sigma: a table, cubic in between.
pub(super) struct ExpectedWeights(&'static [f64]);

impl ExpectedWeights {
    const STEPS_PER_UNIT: f64 = 16.0;
    const END: f64 = 40.0;

    pub(super) fn new() -> Self {
        static TABLE: OnceLock<Vec<f64>> = OnceLock::new();
        let count = (Self::END * Self::STEPS_PER_UNIT) as usize + 3;
        // From one step below 0, where the function is even.
        let entry = |i: usize| of_signal(Kind::Rician, (i as f64 - 1.0) / Self::STEPS_PER_UNIT);
        Self(TABLE.get_or_init(|| (0..count).map(entry).collect()))
    }

    pub(super) fn at(&self, snr: f64) -> f64 {
        let place = snr * Self::STEPS_PER_UNIT;
        if snr.is_nan() || snr >= Self::END - 1.0 {
            // The asymptotic expansion's first terms.
            return 1.0 - 0.5 / (snr * snr);
        }
        let i = place as usize;
        let t = place - i as f64;
        let &[a, b, c, d] = &self.0[i..i + 4] else { unreachable!("four neighbours") };
        b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::Doubles;

    #[test]
    fn bessel_functions_have_their_tabulated_values() {
        // Abramowitz and Stegun, tables 9.8 and 9.9: e^-x I0(x) and e^-x I1(x).
        for (x, i0, i1) in [
            (0.0, 1.0, 0.0),
            (1.0, 0.465_759_607_6, 0.207_910_415_3),
            (5.0, 0.183_540_812_6, 0.163_972_266_9),
            (10.0, 0.127_833_337_2, 0.121_262_681_4),
        ] {
            let (ratio, log) = bessel(Doubles::splat(x));
            assert!((log.lane(0).exp() - i0).abs() < 2e-9, "{x}");
            assert!((ratio.lane(0) - i1 / i0).abs() < 1e-8, "{x}");
        }
    }

    #[test]
    fn the_two_series_meet() {
        let (below, above) = (bessel(Doubles::splat(20.0)), bessel(Doubles::splat(20.0 + 1e-13)));
        assert!((below.0.lane(0) - above.0.lane(0)).abs() < 1e-14);
        assert!((below.1.lane(0) - above.1.lane(0)).abs() < 2e-14);
    }

    #[test]
    fn expected_weights_run_from_the_square_of_the_ratio_to_one() {
        let table = ExpectedWeights::new();
        assert!((table.at(0.02) - 4e-4).abs() < 5e-5, "{}", table.at(0.02));
        assert!((table.at(38.9) - (1.0 - 0.5 / (38.9 * 38.9))).abs() < 1e-5);
        for i in 0..300 {
            let snr = 0.1 * f64::from(i);
            assert!((table.at(snr) - of_signal(Kind::Rician, snr)).abs() < 2e-5, "{snr}");
        }
    }
}
