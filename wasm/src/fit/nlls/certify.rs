//! What a fit's end is worth: standard deviations, correlations, projected gradient, condition and which parameters the
//! samples determine, all in double precision.

use super::likelihood::Objective;
use crate::lane::{Doubles, Lane};

/// J'J scaled to unit diagonal has a pivot below this: 1 - R2 of one column on the others, at which half of the digits
/// of its inverse are gone.
const PIVOT_TOLERANCE: f64 = 1e-10;
/// A parameter with more than this share in a direction that the samples do not see is not determined.
const SHARE_TOLERANCE: f64 = 1e-8;

/// What is said of one voxel's estimates.
#[derive(Debug, Clone)]
pub(super) struct Certificate<const P: usize> {
    pub x: [f64; P],
    pub residual: f64,
    pub deviation: [f64; P],
    /// Bits of the parameters that the samples do not determine.
    pub undetermined: u32,
    /// Bits of the parameters held by their lower, their upper bound.
    pub low: u32,
    pub high: u32,
    pub gradient: f64,
    pub condition: f64,
    /// Lower triangle.
    pub correlation: [[f64; P]; P],
}

/// Certifies the ends of as many voxels as there are lanes, with the bits of the lower and upper bounds that they lie on;
/// `y` holds their samples. The variance of a sample is the
/// residual over `freedom` (infinite where that is 0), or `variance` where it is known.
pub(super) fn certify<const P: usize>(
    objective: &mut Objective<Doubles>,
    held: [bool; P],
    y: &[Doubles],
    ends: &[[f64; P]; Doubles::WIDTH],
    on_bounds: &[[u32; 2]; Doubles::WIDTH],
    sigma: Doubles,
    freedom: usize,
    variance: Option<Doubles>,
) -> [Certificate<P>; Doubles::WIDTH] {
    type L = Doubles;
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let mut x: [L; P] = std::array::from_fn(|j| L::gather(|i| ends[i][j]));
    let mut gradient = [zero; P];
    let mut normal = [[zero; P]; P];
    let residual = objective.linearise(y, &mut x, sigma, &mut gradient, normal.as_flattened_mut());
    let bit = |bits: u32, j: usize| f64::from(bits >> j & 1);
    let low: [L; P] =
        std::array::from_fn(|j| L::gather(|i| bit(on_bounds[i][0], j)).gt(zero).and(gradient[j].le(zero)));
    let high: [L; P] =
        std::array::from_fn(|j| L::gather(|i| bit(on_bounds[i][1], j)).gt(zero).and(gradient[j].ge(zero)));

    // Free columns, scaled to unit length.
    let free: [L; P] = std::array::from_fn(|j| {
        let seen = normal[j][j].gt(zero);
        if held[j] {
            L::none()
        } else {
            seen.and(low[j].or(high[j]).not())
        }
    });
    let unscale: [L; P] = std::array::from_fn(|j| one / L::select(free[j], normal[j][j], one).sqrt());
    let mut scaled = [[zero; P]; P];
    for j in 0..P {
        for k in 0..j {
            scaled[j][k] = L::select(free[j].and(free[k]), normal[j][k] * unscale[j] * unscale[k], zero);
        }
        scaled[j][j] = one;
    }
    let cosine = {
        let length = one / L::select(residual.gt(zero), residual, one).sqrt();
        let steepest =
            |worst: L, j: usize| worst.larger(L::select(free[j], gradient[j].abs() * unscale[j] * length, zero));
        (0..P).fold(zero, steepest)
    };

    let (inverse, positive) = invert(&scaled);
    let condition = norm(&scaled, &free) * norm(&inverse, &free);
    let variance = variance.unwrap_or(match freedom {
        0 => L::splat(f64::INFINITY),
        freedom => residual / L::splat(freedom as f64),
    });
    let deviation: [L; P] = std::array::from_fn(|j| (variance * inverse[j][j]).sqrt() * unscale[j]);

    // One more step without damping: it costs no evaluation, and takes fits in single precision most of the way.
    let polished: [L; P] = std::array::from_fn(|j| {
        let along =
            |sum: L, k: usize| sum + inverse[j.max(k)][j.min(k)] * unscale[k] * L::select(free[k], gradient[k], zero);
        let step = (0..P).fold(zero, along) * unscale[j];
        L::select(positive.and(free[j]).and(step.finite()), x[j] + step, x[j])
    });

    std::array::from_fn(|i| {
        let set = |masks: &[L; P]| (0..P).fold(0, |bits, j| bits | u32::from(masks[j].is_set(i)) << j);
        let (low, high, free) = (set(&low), set(&high), set(&free));
        let held = (0..P).fold(0, |bits, j| bits | u32::from(held[j]) << j);
        let mut certificate = Certificate {
            x: polished.map(|x| x.lane(i)),
            residual: residual.lane(i),
            deviation: std::array::from_fn(|j| match () {
                () if held >> j & 1 == 1 => 0.0,
                () if free >> j & 1 == 1 => deviation[j].lane(i),
                () => f64::INFINITY,
            }),
            undetermined: !(low | high | free | held) & ((1 << P) - 1),
            low: low & !held,
            high: high & !held,
            gradient: cosine.lane(i),
            condition: condition.lane(i),
            correlation: [[0.0; P]; P],
        };
        let mut unscaled = [[0.0; P]; P];
        for j in 0..P {
            for k in 0..=j {
                unscaled[j][k] = inverse[j][k].lane(i);
            }
        }
        if !positive.is_set(i) {
            let spectrum =
                Spectrum::of(std::array::from_fn(|j| std::array::from_fn(|k| scaled[j.max(k)][j.min(k)].lane(i))));
            certificate.condition = f64::INFINITY;
            certificate.undetermined |= spectrum.undetermined() & free;
            unscaled = spectrum.inverse();
            for j in (0..P).filter(|j| free >> j & 1 == 1) {
                certificate.deviation[j] = (variance.lane(i) * unscaled[j][j]).sqrt() * unscale[j].lane(i);
            }
        }
        for j in (0..P).filter(|j| free >> j & 1 == 1) {
            for k in (0..j).filter(|k| free >> k & 1 == 1) {
                certificate.correlation[j][k] = unscaled[j][k] / (unscaled[j][j] * unscaled[k][k]).sqrt();
            }
        }
        for j in (0..P).filter(|j| certificate.undetermined >> j & 1 == 1) {
            certificate.deviation[j] = f64::NAN;
            for k in 0..P {
                certificate.correlation[j.max(k)][j.min(k)] = f64::NAN;
            }
        }
        certificate
    })
}

/// The inverse of a matrix given by its lower triangle, with the lanes in which every pivot of its Cholesky factor is
/// large enough.
fn invert<L: Lane, const P: usize>(matrix: &[[L; P]; P]) -> ([[L; P]; P], L) {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let tolerance = L::splat(PIVOT_TOLERANCE);
    let mut positive = zero.eq(zero);
    // The factor with reciprocal pivots, then its inverse.
    let mut factor = [[zero; P]; P];
    let mut inverse_factor = [[zero; P]; P];
    for j in 0..P {
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
    let mut inverse = [[zero; P]; P];
    for j in 0..P {
        for k in 0..=j {
            for m in j..P {
                inverse[j][k] = inverse[j][k] + inverse_factor[m][j] * inverse_factor[m][k];
            }
        }
    }
    (inverse, positive)
}

/// The 1-norm of a symmetric matrix, lower triangle, over some of its rows and columns; 0 where there are none.
fn norm<L: Lane, const P: usize>(matrix: &[[L; P]; P], of: &[L; P]) -> L {
    let zero = L::splat(0.0);
    (0..P).fold(zero, |largest, j| {
        let column = (0..P).fold(zero, |sum, k| sum + L::select(of[k], matrix[j.max(k)][j.min(k)].abs(), zero));
        largest.larger(L::select(of[j], column, zero))
    })
}

/// Eigenvalues and eigenvectors of a symmetric matrix.
struct Spectrum<const P: usize> {
    values: [f64; P],
    /// Eigenvector k is column k.
    vectors: [[f64; P]; P],
}

impl<const P: usize> Spectrum<P> {
    /// Jacobi's rotations (Golub and Van Loan, Matrix Computations, section 8.5).
    fn of(mut matrix: [[f64; P]; P]) -> Self {
        let mut vectors = [[0.0; P]; P];
        for (j, row) in vectors.iter_mut().enumerate() {
            row[j] = 1.0;
        }
        for _sweep in 0..30 {
            let mut largest = 0.0f64;
            for p in 0..P {
                for q in p + 1..P {
                    largest = largest.max(matrix[p][q].abs());
                    if matrix[p][q] == 0.0 {
                        continue;
                    }
                    let tau = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
                    let tangent = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
                    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
                    let sine = tangent * cosine;
                    for row in &mut matrix {
                        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
                    }
                    for m in 0..P {
                        let (a, b) = (matrix[p][m], matrix[q][m]);
                        (matrix[p][m], matrix[q][m]) = (cosine * a - sine * b, sine * a + cosine * b);
                    }
                    for row in &mut vectors {
                        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
                    }
                }
            }
            if largest < f64::EPSILON * f64::EPSILON {
                break;
            }
        }
        Self { values: std::array::from_fn(|k| matrix[k][k]), vectors }
    }

    fn vanishes(&self, k: usize) -> bool {
        self.values[k] <= PIVOT_TOLERANCE
    }

    /// Bits of the rows with a share in the null space.
    fn undetermined(&self) -> u32 {
        let share = |j: usize| -> f64 {
            (0..P).filter(|&k| self.vanishes(k)).map(|k| self.vectors[j][k] * self.vectors[j][k]).sum()
        };
        (0..P).fold(0, |bits, j| bits | u32::from(share(j) > SHARE_TOLERANCE) << j)
    }

    /// The inverse on the complement of the null space.
    fn inverse(&self) -> [[f64; P]; P] {
        std::array::from_fn(|j| {
            std::array::from_fn(|i| {
                let seen = (0..P).filter(|&k| !self.vanishes(k));
                seen.map(|k| self.vectors[j][k] * self.vectors[i][k] / self.values[k]).sum()
            })
        })
    }
}
