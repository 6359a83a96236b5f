//! What a fit's end is worth: standard deviations, correlations, projected gradient, condition and which parameters the
//! samples determine, all in double precision.

// Rows and columns of small matrices are best named by their numbers.
#![allow(clippy::needless_range_loop)]

use super::likelihood::Objective;
use crate::lane::{Doubles, Lane};
use crate::models::MAXIMUM_PARAMETERS;

/// J'J scaled to unit diagonal has a pivot below this: 1 - R2 of one column on the others, at which half of the digits
/// of its inverse are gone.
const PIVOT_TOLERANCE: f64 = 1e-10;
/// A parameter with more than this share in a direction that the samples do not see is not determined.
const SHARE_TOLERANCE: f64 = 1e-8;

type L = Doubles;
/// One number for each parameter, of which M is the most there may be; what lies beyond the model's parameters stays 0.
type Row<T, const M: usize> = [T; M];
/// Lower triangle.
type Triangle<T, const M: usize> = [Row<T, M>; M];

/// What is said of one voxel's estimates.
#[derive(Debug, Clone)]
pub(super) struct Certificate<const M: usize> {
    pub x: Row<f64, M>,
    pub residual: f64,
    pub deviation: Row<f64, M>,
    /// Bits of the parameters that the samples do not determine.
    pub undetermined: u32,
    /// Bits of the parameters held by their lower, their upper bound.
    pub low: u32,
    pub high: u32,
    pub gradient: f64,
    pub condition: f64,
    pub correlation: Triangle<f64, M>,
}

/// Certifies the ends of as many voxels as there are lanes, with the bits of the lower and upper bounds that they lie on;
/// `y` holds their samples. The variance of a sample is the residual over `freedom` (infinite where that is 0), or `variance` where it is known.
#[allow(clippy::too_many_arguments)]
pub(super) fn certify<const M: usize>(
    objective: &mut Objective<Doubles>,
    held: &[bool],
    y: &[Doubles],
    ends: &[[f64; MAXIMUM_PARAMETERS]; Doubles::WIDTH],
    on_bounds: &[[u32; 2]; Doubles::WIDTH],
    sigma: Doubles,
    freedom: usize,
    variance: Option<Doubles>,
) -> [Certificate<M>; Doubles::WIDTH] {
    let p = held.len();
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let row =
        |value: &dyn Fn(usize) -> L| -> Row<L, M> { std::array::from_fn(|j| if j < p { value(j) } else { zero }) };
    let mut x = row(&|j| L::gather(|i| ends[i][j]));
    let mut gradient = [zero; M];
    let mut products = [[zero; M]; M];
    let residual =
        objective.linearise(y, &mut x[..p], sigma, &mut gradient[..p], &mut products.as_flattened_mut()[..p * p]);
    let normal = |j: usize, k: usize| products.as_flattened()[j * p + k];
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
    let mut scaled = [[zero; M]; M];
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

    let (inverse, positive) = invert(&scaled, p);
    let condition = norm(&scaled, &free[..p]) * norm(&inverse, &free[..p]);
    let variance = variance.unwrap_or(match freedom {
        0 => L::splat(f64::INFINITY),
        freedom => residual / L::splat(freedom as f64),
    });
    let deviation = row(&|j| (variance * inverse[j][j]).sqrt() * unscale[j]);

    // One more step without damping: it costs no evaluation, and takes fits in single precision most of the way.
    let polished = row(&|j| {
        let along =
            |sum: L, k: usize| sum + inverse[j.max(k)][j.min(k)] * unscale[k] * L::select(free[k], gradient[k], zero);
        let step = (0..p).fold(zero, along) * unscale[j];
        L::select(positive.and(free[j]).and(step.finite()), x[j] + step, x[j])
    });

    std::array::from_fn(|i| {
        let set = |masks: &Row<L, M>| (0..p).fold(0, |bits, j| bits | u32::from(masks[j].is_set(i)) << j);
        let (low, high, free) = (set(&low), set(&high), set(&free));
        let held = held.iter().enumerate().fold(0, |bits, (j, &held)| bits | u32::from(held) << j);
        let mut certificate = Certificate {
            x: polished.map(|x| x.lane(i)),
            residual: residual.lane(i),
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
            correlation: [[0.0; M]; M],
        };
        let mut unscaled = [[0.0; M]; M];
        for j in 0..p {
            for k in 0..=j {
                unscaled[j][k] = inverse[j][k].lane(i);
            }
        }
        if !positive.is_set(i) {
            let spectrum = Spectrum::of(&scaled, p, i);
            certificate.condition = f64::INFINITY;
            certificate.undetermined |= spectrum.undetermined() & free;
            unscaled = spectrum.inverse();
            for j in (0..p).filter(|j| free >> j & 1 == 1) {
                certificate.deviation[j] = (variance.lane(i) * unscaled[j][j]).sqrt() * unscale[j].lane(i);
            }
        }
        for j in (0..p).filter(|j| free >> j & 1 == 1) {
            for k in (0..j).filter(|k| free >> k & 1 == 1) {
                certificate.correlation[j][k] = unscaled[j][k] / (unscaled[j][j] * unscaled[k][k]).sqrt();
            }
        }
        for j in (0..p).filter(|j| certificate.undetermined >> j & 1 == 1) {
            certificate.deviation[j] = f64::NAN;
            for k in 0..p {
                certificate.correlation[j.max(k)][j.min(k)] = f64::NAN;
            }
        }
        certificate
    })
}

/// The inverse of a matrix of p rows given by its lower triangle, with the lanes in which every pivot of its Cholesky
/// factor is large enough.
fn invert<const M: usize>(matrix: &Triangle<L, M>, p: usize) -> (Triangle<L, M>, L) {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let tolerance = L::splat(PIVOT_TOLERANCE);
    let mut positive = zero.eq(zero);
    // The factor with reciprocal pivots, then its inverse.
    let mut factor = [[zero; M]; M];
    let mut inverse_factor = [[zero; M]; M];
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
    let mut inverse = [[zero; M]; M];
    for j in 0..p {
        for k in 0..=j {
            for m in j..p {
                inverse[j][k] = inverse[j][k] + inverse_factor[m][j] * inverse_factor[m][k];
            }
        }
    }
    (inverse, positive)
}

/// The 1-norm of a symmetric matrix over some of its rows and columns; 0 where there are none.
fn norm<const M: usize>(matrix: &Triangle<L, M>, of: &[L]) -> L {
    let zero = L::splat(0.0);
    let p = of.len();
    (0..p).fold(zero, |largest, j| {
        let column = (0..p).fold(zero, |sum, k| sum + L::select(of[k], matrix[j.max(k)][j.min(k)].abs(), zero));
        largest.larger(L::select(of[j], column, zero))
    })
}

/// Eigenvalues and eigenvectors of a symmetric matrix of p rows.
struct Spectrum<const M: usize> {
    p: usize,
    values: Row<f64, M>,
    /// Eigenvector k is column k.
    vectors: [Row<f64, M>; M],
}

impl<const M: usize> Spectrum<M> {
    /// Of the matrix in one lane, by Jacobi's rotations (Golub and Van Loan, Matrix Computations, section 8.5).
    fn of(triangle: &Triangle<L, M>, p: usize, lane: usize) -> Self {
        let mut matrix = [[0.0; M]; M];
        let mut vectors = [[0.0; M]; M];
        for j in 0..p {
            vectors[j][j] = 1.0;
            for k in 0..p {
                matrix[j][k] = triangle[j.max(k)][j.min(k)].lane(lane);
            }
        }
        for _sweep in 0..30 {
            let mut largest = 0.0f64;
            for r in 0..p {
                for q in r + 1..p {
                    largest = largest.max(matrix[r][q].abs());
                    if matrix[r][q] == 0.0 {
                        continue;
                    }
                    let tau = (matrix[q][q] - matrix[r][r]) / (2.0 * matrix[r][q]);
                    let tangent = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
                    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
                    let sine = tangent * cosine;
                    for row in &mut matrix {
                        (row[r], row[q]) = (cosine * row[r] - sine * row[q], sine * row[r] + cosine * row[q]);
                    }
                    for m in 0..p {
                        let (a, b) = (matrix[r][m], matrix[q][m]);
                        (matrix[r][m], matrix[q][m]) = (cosine * a - sine * b, sine * a + cosine * b);
                    }
                    for row in &mut vectors {
                        (row[r], row[q]) = (cosine * row[r] - sine * row[q], sine * row[r] + cosine * row[q]);
                    }
                }
            }
            if largest < f64::EPSILON * f64::EPSILON {
                break;
            }
        }
        Self { p, values: std::array::from_fn(|k| matrix[k][k]), vectors }
    }

    fn vanishes(&self, k: usize) -> bool {
        self.values[k] <= PIVOT_TOLERANCE
    }

    /// Bits of the rows with a share in the null space.
    fn undetermined(&self) -> u32 {
        let share = |j: usize| -> f64 {
            (0..self.p).filter(|&k| self.vanishes(k)).map(|k| self.vectors[j][k] * self.vectors[j][k]).sum()
        };
        (0..self.p).fold(0, |bits, j| bits | u32::from(share(j) > SHARE_TOLERANCE) << j)
    }

    /// The inverse on the complement of the null space.
    fn inverse(&self) -> Triangle<f64, M> {
        let mut inverse = [[0.0; M]; M];
        for j in 0..self.p {
            for i in 0..self.p {
                let seen = (0..self.p).filter(|&k| !self.vanishes(k));
                inverse[j][i] = seen.map(|k| self.vectors[j][k] * self.vectors[i][k] / self.values[k]).sum();
            }
        }
        inverse
    }
}
