//! What a fit's end is worth: standard deviations, correlations, projected gradient, condition and which parameters the
//! samples determine, all in double precision.

// Rows and columns of small matrices are best named by their numbers.
#![allow(clippy::needless_range_loop)]

use super::likelihood::Objective;
use crate::algebra::{lower, Spectrum};
use crate::lane::{Doubles, Lane};
use crate::models::MAXIMUM_PARAMETERS as MAXIMUM;

/// J'J scaled to unit diagonal has a pivot below this: 1 - R2 of one column on the others, at which half of the digits
/// of its inverse are gone.
const PIVOT_TOLERANCE: f64 = 1e-10;
/// A parameter with more than this share in a direction that the samples do not see is not determined.
const SHARE_TOLERANCE: f64 = 1e-8;

type L = Doubles;
/// One number for each parameter; what lies beyond the model's parameters is 0.
type Row<T> = [T; MAXIMUM];
/// Lower triangle.
type Triangle<T> = [Row<T>; MAXIMUM];

/// What is said of one voxel's estimates.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub x: Row<f64>,
    pub residual: f64,
    /// By how much the step to `x` was to lower the residual.
    pub promise: f64,
    pub deviation: Row<f64>,
    /// Bits of the parameters that the samples do not determine.
    pub undetermined: u32,
    /// Bits of the parameters held by their lower, their upper bound.
    pub low: u32,
    pub high: u32,
    pub gradient: f64,
    pub condition: f64,
    /// Pair (j, k), k < j, at j (j - 1) / 2 + k; empty unless asked for.
    pub correlation: Vec<f64>,
}

/// What holds for every voxel of a fit, and matrices that are written anew for each: to clear them would cost a small
/// model a tenth of its time.
pub(super) struct Certifier<'a> {
    objective: Objective<'a, Doubles>,
    held: Vec<bool>,
    freedom: usize,
    /// Whether the noise is known, and not estimated from the residual.
    known: bool,
    correlation: bool,
    products: [L; MAXIMUM * MAXIMUM],
    scaled: Triangle<L>,
    factor: Triangle<L>,
    inverse_factor: Triangle<L>,
    inverse: Triangle<L>,
}

impl<'a> Certifier<'a> {
    /// The variance of a sample is the residual over `freedom` (infinite where that is 0), or, where it is `known`,
    /// sigma^2.
    pub(super) fn new(
        objective: Objective<'a, Doubles>,
        held: Vec<bool>,
        freedom: usize,
        known: bool,
        correlation: bool,
    ) -> Self {
        let zero = [[L::splat(0.0); MAXIMUM]; MAXIMUM];
        let products = [L::splat(0.0); MAXIMUM * MAXIMUM];
        let (scaled, factor, inverse_factor, inverse) = (zero, zero, zero, zero);
        Self { objective, held, freedom, known, correlation, products, scaled, factor, inverse_factor, inverse }
    }

    /// Certifies the ends of as many voxels as there are lanes, with the bits of the lower and upper bounds that they lie
    /// on; `y` holds their samples.
    pub(super) fn certify(
        &mut self,
        y: &[Doubles],
        ends: &[Row<f64>; Doubles::WIDTH],
        on_bounds: &[[u32; 2]; Doubles::WIDTH],
        sigma: Doubles,
    ) -> [Certificate; Doubles::WIDTH] {
        let p = self.held.len();
        let held = &self.held;
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let row =
            |value: &dyn Fn(usize) -> L| -> Row<L> { std::array::from_fn(|j| if j < p { value(j) } else { zero }) };
        let mut x = row(&|j| L::gather(|i| ends[i][j]));
        let mut gradient = [zero; MAXIMUM];
        let residual = self.objective.linearise(y, &mut x[..p], sigma, &mut gradient[..p], &mut self.products[..p * p]);
        let products = &self.products;
        let normal = |j: usize, k: usize| products[j * p + k];
        let bit = |bits: u32, j: usize| f64::from(bits >> j & 1);
        let low = row(&|j| L::gather(|i| bit(on_bounds[i][0], j)).gt(zero).and(gradient[j].le(zero)));
        let high = row(&|j| L::gather(|i| bit(on_bounds[i][1], j)).gt(zero).and(gradient[j].ge(zero)));

        // Free columns, scaled to unit length.
        let free = row(&|j| {
            let seen = normal(j, j).gt(zero);
            if held[j] {
                L::none()
            } else {
                seen.and(low[j].or(high[j]).not())
            }
        });
        let unscale = row(&|j| one / L::select(free[j], normal(j, j), one).sqrt());
        let scaled = &mut self.scaled;
        for j in 0..p {
            for k in 0..j {
                scaled[j][k] = L::select(free[j].and(free[k]), normal(j, k) * unscale[j] * unscale[k], zero);
            }
            scaled[j][j] = one;
        }
        let cosine = {
            let length = one / L::select(residual.gt(zero), residual, one).sqrt();
            let steepest =
                |worst: L, j: usize| worst.larger(L::select(free[j], gradient[j].abs() * unscale[j] * length, zero));
            (0..p).fold(zero, steepest)
        };

        let positive = invert(scaled, p, &mut self.factor, &mut self.inverse_factor, &mut self.inverse);
        let inverse = &self.inverse;
        let condition = norm(scaled, &free[..p]) * norm(inverse, &free[..p]);
        let variance = match self.freedom {
            _ if self.known => sigma * sigma,
            0 => L::splat(f64::INFINITY),
            freedom => residual / L::splat(freedom as f64),
        };
        let deviation = row(&|j| (variance * inverse[j][j]).sqrt() * unscale[j]);

        // One more step without damping: it costs no evaluation, and takes fits in single precision most of the way.
        let step = row(&|j| {
            let along = |sum: L, k: usize| {
                sum + inverse[j.max(k)][j.min(k)] * unscale[k] * L::select(free[k], gradient[k], zero)
            };
            let step = (0..p).fold(zero, along) * unscale[j];
            L::select(positive.and(free[j]).and(step.finite()), step, zero)
        });
        let promise = (0..p).fold(zero, |sum, j| sum + step[j] * gradient[j]);

        std::array::from_fn(|i| {
            let set = |masks: &Row<L>| (0..p).fold(0, |bits, j| bits | u32::from(masks[j].is_set(i)) << j);
            let (low, high, free) = (set(&low), set(&high), set(&free));
            let held = held.iter().enumerate().fold(0, |bits, (j, &held)| bits | u32::from(held) << j);
            let mut certificate = Certificate {
                x: std::array::from_fn(|j| (x[j] + step[j]).lane(i)),
                residual: residual.lane(i),
                promise: promise.lane(i),
                deviation: std::array::from_fn(|j| match () {
                    () if held >> j & 1 == 1 => 0.0,
                    () if free >> j & 1 == 1 => deviation[j].lane(i),
                    () => f64::INFINITY,
                }),
                undetermined: !(low | high | free | held) & ((1 << p) - 1),
                low: low & !held,
                high: high & !held,
                gradient: cosine.lane(i),
                condition: condition.lane(i),
                correlation: Vec::new(),
            };
            let mut spectrum = None;
            if !positive.is_set(i) {
                let of_all = Spectrum::new(&lower(p, |j, k| scaled[j][k].lane(i)), p);
                certificate.condition = f64::INFINITY;
                for j in (0..p).filter(|j| free >> j & 1 == 1) {
                    certificate.undetermined |= u32::from(of_all.share(j, PIVOT_TOLERANCE) > SHARE_TOLERANCE) << j;
                    let unscaled = of_all.inverse(j, j, PIVOT_TOLERANCE);
                    certificate.deviation[j] = (variance.lane(i) * unscaled).sqrt() * unscale[j].lane(i);
                }
                spectrum = Some(of_all);
            }
            for j in (0..p).filter(|j| certificate.undetermined >> j & 1 == 1) {
                certificate.deviation[j] = f64::NAN;
            }
            if self.correlation {
                let unscaled = |j: usize, k: usize| match &spectrum {
                    None => inverse[j][k].lane(i),
                    Some(spectrum) => spectrum.inverse(j, k, PIVOT_TOLERANCE),
                };
                for j in 1..p {
                    for k in 0..j {
                        let both = 1 << j | 1 << k;
                        certificate.correlation.push(match () {
                            () if certificate.undetermined & both != 0 => f64::NAN,
                            () if free & both != both => 0.0,
                            () => unscaled(j, k) / (unscaled(j, j) * unscaled(k, k)).sqrt(),
                        });
                    }
                }
            }
            certificate
        })
    }
}

/// The inverse of a matrix of p rows given by its lower triangle, by way of its Cholesky factor and the inverse of that;
/// the lanes in which every pivot is large enough.
fn invert(
    matrix: &Triangle<L>,
    p: usize,
    factor: &mut Triangle<L>,
    inverse_factor: &mut Triangle<L>,
    inverse: &mut Triangle<L>,
) -> L {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let tolerance = L::splat(PIVOT_TOLERANCE);
    let mut positive = zero.eq(zero);
    // The factor has reciprocal pivots.
    for j in 0..p {
        for k in 0..=j {
            let mut value = matrix[j][k];
            for m in 0..k {
                value = value - factor[j][m] * factor[k][m];
            }
            if j == k {
                let good = value.gt(tolerance);
                positive = positive.and(good);
                factor[j][j] = one / L::select(good, value, one).sqrt();
            } else {
                factor[j][k] = value * factor[k][k];
            }
        }
        for k in 0..j {
            let mut value = zero;
            for m in k..j {
                value = value - factor[j][m] * inverse_factor[m][k];
            }
            inverse_factor[j][k] = value * factor[j][j];
        }
        inverse_factor[j][j] = factor[j][j];
    }
    for j in 0..p {
        for k in 0..=j {
            inverse[j][k] = (j..p).fold(zero, |sum, m| sum + inverse_factor[m][j] * inverse_factor[m][k]);
        }
    }
    positive
}

/// The 1-norm of a symmetric matrix over some of its rows and columns; 0 where there are none.
fn norm(matrix: &Triangle<L>, of: &[L]) -> L {
    let zero = L::splat(0.0);
    let p = of.len();
    (0..p).fold(zero, |largest, j| {
        let column = (0..p).fold(zero, |sum, k| sum + L::select(of[k], matrix[j.max(k)][j.min(k)].abs(), zero));
        largest.larger(L::select(of[j], column, zero))
    })
}
