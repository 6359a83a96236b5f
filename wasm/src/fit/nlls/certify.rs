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

/// What holds for every voxel of a fit.
pub(super) struct Certifier<'a> {
    objective: Objective<'a, Doubles>,
    held: Vec<bool>,
    freedom: usize,
    /// Whether the noise is known, and not estimated from the residual.
    known: bool,
    correlation: bool,
    room: Room,
    /// [`Room::invert`] for the number of parameters.
    invert: fn(&mut Room) -> [L; 2],
}

/// Room to work in, written anew for each voxel: to clear it would cost a small model a tenth of its time.
struct Room {
    /// J'J, p rows of p.
    products: [L; MAXIMUM * MAXIMUM],
    /// J'J of columns of unit length, those that are not free apart, and its inverse.
    scaled: Triangle<L>,
    inverse: Triangle<L>,
    x: Row<L>,
    gradient: Row<L>,
    /// Masks of the parameters held by a bound, and of those that nothing holds.
    low: Row<L>,
    high: Row<L>,
    free: Row<L>,
    /// Reciprocal length of a column, and the gradient times that where the parameter is free.
    unscale: Row<L>,
    along: Row<L>,
    step: Row<L>,
    deviation: Row<L>,
}

impl<'a> Certifier<'a> {
    /// For P parameters. The variance of a sample is the residual over `freedom` (infinite where that is 0), or, where it
    /// is `known`, sigma^2.
    pub(super) fn new<const P: usize>(
        objective: Objective<'a, Doubles>,
        held: Vec<bool>,
        freedom: usize,
        known: bool,
        correlation: bool,
    ) -> Self {
        let zero = L::splat(0.0);
        let row = [zero; MAXIMUM];
        let room = Room {
            products: [zero; MAXIMUM * MAXIMUM],
            scaled: [row; MAXIMUM],
            inverse: [row; MAXIMUM],
            x: row,
            gradient: row,
            low: row,
            high: row,
            free: row,
            unscale: row,
            along: row,
            step: row,
            deviation: row,
        };
        Self { objective, held, freedom, known, correlation, room, invert: Room::invert::<P> }
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
        // Never more, as the compiler cannot know.
        let p = self.held.len().min(MAXIMUM);
        let held = &self.held[..p];
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let room = &mut self.room;
        for j in 0..p {
            room.x[j] = L::gather(|i| ends[i][j]);
        }
        let products = &mut room.products[..p * p];
        let residual = self.objective.linearise(y, &mut room.x[..p], sigma, &mut room.gradient[..p], products);

        // Free columns, scaled to unit length.
        let bit = |bits: u32, j: usize| f64::from(bits >> j & 1);
        for (j, row) in products.chunks_exact(p).enumerate().take(MAXIMUM) {
            let (low, high) = (room.gradient[j].le(zero), room.gradient[j].ge(zero));
            room.low[j] = L::gather(|i| bit(on_bounds[i][0], j)).gt(zero).and(low);
            room.high[j] = L::gather(|i| bit(on_bounds[i][1], j)).gt(zero).and(high);
            let bound = room.low[j].or(room.high[j]);
            room.free[j] = if held[j] { L::none() } else { row[j].gt(zero).and(bound.not()) };
            room.unscale[j] = one / L::select(room.free[j], row[j], one).sqrt();
            room.along[j] = (room.gradient[j] * room.unscale[j]).masked(room.free[j]);
            for k in 0..j {
                let product = row[k] * room.unscale[j] * room.unscale[k];
                room.scaled[j][k] = product.masked(room.free[j].and(room.free[k]));
            }
            room.scaled[j][j] = one;
        }
        let length = one / L::select(residual.gt(zero), residual, one).sqrt();
        let cosine = room.along[..p].iter().fold(zero, |worst, along| worst.larger(along.abs() * length));

        let [positive, condition] = (self.invert)(room);
        let variance = match self.freedom {
            _ if self.known => sigma * sigma,
            0 => L::splat(f64::INFINITY),
            freedom => residual / L::splat(freedom as f64),
        };
        let mut promise = zero;
        for j in 0..p {
            room.deviation[j] = (variance * room.inverse[j][j]).sqrt() * room.unscale[j];
            // One more step without damping: it costs no evaluation, and takes fits in single precision most of the way.
            let step = room.step[j] * room.unscale[j];
            room.step[j] = step.masked(positive.and(room.free[j]).and(step.finite()));
            promise = promise + room.step[j] * room.gradient[j];
        }

        let room = &self.room;
        std::array::from_fn(|i| {
            let set = |masks: &Row<L>| (0..p).fold(0, |bits, j| bits | u32::from(masks[j].is_set(i)) << j);
            let (low, high, free) = (set(&room.low), set(&room.high), set(&room.free));
            let held = held.iter().enumerate().fold(0, |bits, (j, &held)| bits | u32::from(held) << j);
            let mut certificate = Certificate {
                x: std::array::from_fn(|j| if j < p { (room.x[j] + room.step[j]).lane(i) } else { 0.0 }),
                residual: residual.lane(i),
                promise: promise.lane(i),
                deviation: std::array::from_fn(|j| match () {
                    () if held >> j & 1 == 1 => 0.0,
                    () if free >> j & 1 == 1 => room.deviation[j].lane(i),
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
                let of_all = Spectrum::new(&lower(p, |j, k| room.scaled[j][k].lane(i)), p);
                certificate.condition = f64::INFINITY;
                for j in (0..p).filter(|j| free >> j & 1 == 1) {
                    certificate.undetermined |= u32::from(of_all.share(j, PIVOT_TOLERANCE) > SHARE_TOLERANCE) << j;
                    let unscaled = of_all.inverse(j, j, PIVOT_TOLERANCE);
                    certificate.deviation[j] = (variance.lane(i) * unscaled).sqrt() * room.unscale[j].lane(i);
                }
                spectrum = Some(of_all);
            }
            for j in (0..p).filter(|j| certificate.undetermined >> j & 1 == 1) {
                certificate.deviation[j] = f64::NAN;
            }
            if self.correlation {
                let unscaled = |j: usize, k: usize| match &spectrum {
                    None => room.inverse[j][k].lane(i),
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

impl Room {
    /// Inverts the first P rows of the scaled J'J by way of its Cholesky factor and the inverse of that; the step is what
    /// that inverse makes of the gradient. Returns the mask of the lanes in which every pivot is large enough (in the
    /// others the rest means nothing), and the product of the 1-norms of both matrices over the free parameters.
    fn invert<const P: usize>(&mut self) -> [L; 2] {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let tolerance = L::splat(PIVOT_TOLERANCE);
        let Self { scaled, inverse, free, along, .. } = self;
        let mut positive = zero.eq(zero);
        // With reciprocal pivots.
        let mut factor = [[zero; P]; P];
        let mut inverse_factor = [[zero; P]; P];
        unrolled!(j < P, {
            for k in 0..=j {
                let mut value = scaled[j][k];
                for m in 0..k {
                    value = value - factor[j][m] * factor[k][m];
                }
                if j == k {
                    positive = positive.and(value.gt(tolerance));
                    factor[j][j] = one / value.sqrt();
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
        });
        let mut step = [zero; P];
        let (mut columns, mut inverse_columns) = ([zero; P], [zero; P]);
        unrolled!(j < P, {
            for k in 0..=j {
                let mut value = zero;
                for m in j..P {
                    value = value + inverse_factor[m][j] * inverse_factor[m][k];
                }
                inverse[j][k] = value;
                let both = free[j].and(free[k]);
                let (size, inverse_size) = (scaled[j][k].abs().masked(both), value.abs().masked(both));
                step[j] = step[j] + value * along[k];
                columns[j] = columns[j] + size;
                inverse_columns[j] = inverse_columns[j] + inverse_size;
                if k < j {
                    step[k] = step[k] + value * along[j];
                    columns[k] = columns[k] + size;
                    inverse_columns[k] = inverse_columns[k] + inverse_size;
                }
            }
        });
        let (mut largest, mut inverse_largest) = (zero, zero);
        for j in 0..P {
            self.step[j] = step[j];
            largest = largest.larger(columns[j]);
            inverse_largest = inverse_largest.larger(inverse_columns[j]);
        }
        [positive, largest * inverse_largest]
    }
}
