//! Diffusional kurtosis of the apparent propagator, Jensen et al. 2005.

use super::mono_exponential::B;
use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::lane::Lane;
use crate::protocol::Design;

/// S = S0 exp(-b D + (b D)^2 K / 6).
///
/// The exponent is a series in b cut after its square: it holds while b D K is small, and past b = 3 / (D K) the
/// equation rises again.
pub struct Kurtosis;

static DESCRIPTION: Description = Description {
    id: "kurtosis",
    name: "Diffusional kurtosis",
    description:
        "Diffusion that is not Gaussian, to the second order in b. The series holds for b well below 3/(D K); \
                  K cannot lie below -3/7, that of water in spherical pores.",
    parameters: &[
        Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal without diffusion weighting"),
        Parameter::new("D", "mm2/s", 0.0, 0.01, "diffusion coefficient at vanishing b"),
        Parameter::new("K", "", -3.0 / 7.0, 10.0, "apparent excess kurtosis"),
    ],
    equation: r"S(b) = S_0 \, e^{-b D + (b D)^2 K / 6}",
    citation:
        "Jensen JH, Helpern JA, Ramani A, Lu H, Kaczynski K. Diffusional kurtosis imaging: the quantification of \
               non-Gaussian water diffusion by means of magnetic resonance imaging. Magn Reson Med 2005;53:1432-1440",
    doi: Some("10.1002/mrm.20508"),
    protocol: &[B],
    settings: &[],
    magnitude: true,
    estimators: &["nlls", "ols", "wls", "iwls"],
    minimum_samples: 3,
};

impl Model for Kurtosis {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }
}

impl Equation for Kurtosis {
    const PARAMETERS: usize = 3;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let &[s0, d, k] = p else { unreachable!("three parameters") };
        let b = L::splat(at[0]);
        let attenuation = b * d;
        let square = attenuation * attenuation * L::splat(1.0 / 6.0);
        let decay = (k * square - attenuation).exp();
        let signal = s0 * decay;
        gradient[0] = decay;
        gradient[1] = signal * b * (k * attenuation * L::splat(1.0 / 3.0) - L::splat(1.0));
        gradient[2] = signal * square;
        signal
    }

    /// Log-linear fit weighted by the squared samples, which leaves out samples that are not positive.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let b: Vec<f64> = (0..design.rows()).map(|i| design.row(i)[0]).collect();
        let basis = LogQuadratic::new(&b);
        let largest = samples.iter().fold(zero, |largest, &s| largest.larger(s));
        let scale = L::select(largest.gt(zero), largest, one);
        let mut logs = vec![zero; samples.len()];
        let mut weights = logs.clone();
        for ((log, weight), &sample) in logs.iter_mut().zip(&mut weights).zip(samples) {
            let relative = sample / scale;
            let positive = relative.gt(zero);
            *log = L::select(positive, relative, one).ln();
            *weight = L::select(positive, relative * relative, zero);
        }
        let fit = basis.fit(&logs, &weights);
        let [s0, d, k] = basis.parameters(&fit.coefficients);
        let usable = fit.degenerate.not().and(d.gt(zero)).and(s0.finite()).and(k.finite());
        // Without a decay to go by, any within the range of b is as good a start.
        p[0] = scale * L::select(usable, s0, one);
        p[1] = L::select(usable, d, L::splat(1.0 / basis.largest));
        p[2] = L::select(usable, k, zero);
        true
    }
}

/// The regression of ln S on 1, b and b^2, on polynomials that are orthogonal over the b-values and so keep its normal
/// equations well conditioned: q1 = x - m, q2 = x^2 - alpha x - beta with x = b / largest b.
pub(crate) struct LogQuadratic {
    q: Vec<[f64; 2]>,
    m: f64,
    alpha: f64,
    beta: f64,
    pub(crate) largest: f64,
    /// Largest |q1| and |q2|.
    pub(crate) reach: [f64; 2],
}

/// A weighted fit: coefficients of 1, q1 and q2, and the Cholesky factor of the normal equations, the reciprocals of its
/// pivots on its diagonal.
pub(crate) struct LogQuadraticFit<L> {
    pub coefficients: [L; 3],
    factor: [[L; 3]; 3],
    /// Lanes whose weights leave fewer than three different b-values.
    pub degenerate: L,
}

impl LogQuadratic {
    pub(crate) fn new(b: &[f64]) -> Self {
        let n = b.len() as f64;
        let largest = b.iter().fold(0.0f64, |largest, &b| largest.max(b));
        let largest = if largest > 0.0 { largest } else { 1.0 };
        let x: Vec<f64> = b.iter().map(|b| b / largest).collect();
        let m = x.iter().sum::<f64>() / n;
        let first: Vec<f64> = x.iter().map(|x| x - m).collect();
        let square_sum: f64 = first.iter().map(|q| q * q).sum();
        let alpha =
            if square_sum > 0.0 { x.iter().zip(&first).map(|(x, q)| x * x * q).sum::<f64>() / square_sum } else { 0.0 };
        let beta = x.iter().map(|x| x * (x - alpha)).sum::<f64>() / n;
        let q: Vec<[f64; 2]> = x.iter().zip(&first).map(|(x, q)| [*q, x * (x - alpha) - beta]).collect();
        let reach = [0, 1].map(|j| q.iter().fold(0.0f64, |reach, q| reach.max(q[j].abs())));
        Self { q, m, alpha, beta, largest, reach }
    }

    /// ln S of sample `i` for coefficients.
    #[inline(always)]
    pub(crate) fn predict<L: Lane>(&self, i: usize, coefficients: &[L; 3]) -> L {
        let [q1, q2] = self.q[i].map(L::splat);
        coefficients[0] + coefficients[1] * q1 + coefficients[2] * q2
    }

    /// Weighted least squares.
    #[inline(always)]
    pub(crate) fn fit<L: Lane>(&self, logs: &[L], weights: &[L]) -> LogQuadraticFit<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (mut normal, mut right) = ([[zero; 3]; 3], [zero; 3]);
        for ((q, &y), &weight) in self.q.iter().zip(logs).zip(weights) {
            let row = [one, L::splat(q[0]), L::splat(q[1])];
            for j in 0..3 {
                let weighted = weight * row[j];
                right[j] = right[j] + weighted * y;
                for k in 0..=j {
                    normal[j][k] = normal[j][k] + weighted * row[k];
                }
            }
        }
        let mut factor = [[zero; 3]; 3];
        let mut degenerate = L::none();
        for j in 0..3 {
            for k in 0..=j {
                let mut value = normal[j][k];
                for (&own, &other) in factor[j][..k].iter().zip(&factor[k][..k]) {
                    value = value - own * other;
                }
                if j == k {
                    // What is left of a column beside the others is rounding.
                    let good = value.gt(normal[j][j] * L::splat(64.0 * L::EPSILON)).and(value.gt(zero));
                    degenerate = degenerate.or(good.not());
                    factor[j][j] = one / L::select(good, value, one).sqrt();
                } else {
                    factor[j][k] = value * factor[k][k];
                }
            }
        }
        let mut coefficients = [zero; 3];
        for j in 0..3 {
            let mut value = right[j];
            for k in 0..j {
                value = value - factor[j][k] * coefficients[k];
            }
            coefficients[j] = value * factor[j][j];
        }
        for j in (0..3).rev() {
            let mut value = coefficients[j];
            for k in j + 1..3 {
                value = value - factor[k][j] * coefficients[k];
            }
            coefficients[j] = value * factor[j][j];
        }
        LogQuadraticFit { coefficients, factor, degenerate }
    }

    /// Coefficients of 1, x and x^2.
    #[inline(always)]
    fn monomials<L: Lane>(&self, a: &[L; 3]) -> [L; 3] {
        [a[0] - L::splat(self.m) * a[1] - L::splat(self.beta) * a[2], a[1] - L::splat(self.alpha) * a[2], a[2]]
    }

    /// S0, D and K.
    #[inline(always)]
    pub(crate) fn parameters<L: Lane>(&self, coefficients: &[L; 3]) -> [L; 3] {
        let [c0, c1, c2] = self.monomials(coefficients);
        [c0.exp(), -(c1 * L::splat(1.0 / self.largest)), L::splat(6.0) * c2 / (c1 * c1)]
    }

    /// Standard deviations of S0, D and K by the delta method, for residuals of unit variance times their weight.
    #[inline(always)]
    pub(crate) fn deviations<L: Lane>(&self, fit: &LogQuadraticFit<L>) -> [L; 3] {
        let zero = L::splat(0.0);
        let [_, c1, _] = self.monomials(&fit.coefficients);
        let [s0, _, k] = self.parameters(&fit.coefficients);
        let (alpha, two) = (L::splat(self.alpha), L::splat(2.0));
        let of_k = [zero, -(two * k / c1), L::splat(6.0) / (c1 * c1) + two * k * alpha / c1];
        let of_d = [zero, L::splat(-1.0 / self.largest), alpha * L::splat(1.0 / self.largest)];
        let of_s0 = [s0, -(s0 * L::splat(self.m)), -(s0 * L::splat(self.beta))];
        [of_s0, of_d, of_k].map(|gradient| {
            // The squared length of (factor)^-1 gradient.
            let mut solved = [zero; 3];
            let mut square = zero;
            for j in 0..3 {
                let mut value = gradient[j];
                for (&own, &other) in fit.factor[j][..j].iter().zip(&solved[..j]) {
                    value = value - own * other;
                }
                solved[j] = value * fit.factor[j][j];
                square = square + solved[j] * solved[j];
            }
            square.sqrt()
        })
    }
}
