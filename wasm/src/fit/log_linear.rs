//! Log-linear least squares of S = S0 exp(-b D), a lane per voxel in the samples' own precision.
//!
//! Unweighted (OLS): ln S on b. Weighted (WLS): weights are the squared samples, which undo what the logarithm does to the
//! noise (Salvador et al. 2005, doi 10.1002/hbm.20076). Iteratively reweighted (IWLS): weights are the squared
//! prediction of the previous pass rather than the noisy samples (Veraart et al. 2013, doi
//! 10.1016/j.neuroimage.2013.05.028).

use super::{Estimator, Fit, Job, Samples, Status};
use crate::lane::{Lane, Real};

/// Passes of IWLS before a voxel is given up.
pub const MAXIMUM_ITERATIONS: u32 = 100;

/// The regressor, centred: what does not depend on the voxel.
struct Regressor {
    /// b - mean(b).
    centred: Vec<f64>,
    /// (b - mean(b)) / sum((b - mean(b))^2).
    slope: Vec<f64>,
    mean: f64,
    square_sum: f64,
    /// Largest |b - mean(b)|.
    reach: f64,
}

impl Regressor {
    fn new(b: &[f64]) -> Self {
        let mean = b.iter().sum::<f64>() / b.len() as f64;
        let centred: Vec<f64> = b.iter().map(|b| b - mean).collect();
        let square_sum = centred.iter().map(|x| x * x).sum::<f64>();
        let slope = centred.iter().map(|x| x / square_sum).collect();
        let reach = centred.iter().fold(0.0f64, |reach, x| reach.max(x.abs()));
        Self { centred, slope, mean, square_sum, reach }
    }
}

/// One block of voxels after a fit of C coefficients or functions of them.
pub(super) struct Block<L, const C: usize> {
    pub parameters: [L; C],
    pub standard_deviations: [L; C],
    pub residual: L,
    /// Lanes without enough weight at different settings, lanes that did not settle.
    pub not_identifiable: L,
    pub unsettled: L,
    pub iterations: [u32; 8],
}

/// Fits a job's samples on the first column of its protocol.
pub fn of_job<T: Real>(job: &Job<T>) -> Fit<T> {
    let regressor = job.design.column(0).unwrap_or_default();
    fit(&regressor, job.samples, &job.rows, job.estimator)
}

/// Fits the samples named by `rows`, whose b-values are `b`; b must hold at least two different values. The estimator is
/// `Ols`, `Wls` or `Iwls`. Parameters: S0, then D in 1/(unit of b).
pub fn fit<T: Real>(b: &[f64], samples: Samples<T>, rows: &[usize], estimator: Estimator) -> Fit<T> {
    let regressor = Regressor::new(b);
    let mut weights = vec![T::Lanes::splat(0.0); rows.len()];
    each_block(samples, rows, |logs, unusable| match estimator {
        Estimator::Ols => ordinary(&regressor, logs),
        Estimator::Wls => weighted(&regressor, logs, &mut weights),
        _ => iterate(&regressor, logs, &mut weights, ordinary(&regressor, logs), unusable),
    })
}

/// Hands the logarithms of the samples named by `rows` to an estimator, a block of voxels at a time, with the mask of the
/// lanes that have none, and files what it returns.
pub(super) fn each_block<T: Real, const C: usize>(
    samples: Samples<T>,
    rows: &[usize],
    mut estimate: impl FnMut(&[T::Lanes], T::Lanes) -> Block<T::Lanes, C>,
) -> Fit<T> {
    let voxels = samples.voxels;
    let mut out = Fit::empty(C, voxels);
    let mut logs = vec![T::Lanes::splat(0.0); rows.len()];
    let width = T::Lanes::WIDTH;
    let zero = T::Lanes::splat(0.0);
    let mut start = 0;
    while start < voxels {
        let count = width.min(voxels - start);
        // The last block repeats its last voxel in the lanes that are left over.
        let read = |values: &[T]| {
            if count == width {
                let block = &values[start..start + width];
                T::Lanes::gather(|i| block[i])
            } else {
                T::Lanes::gather(|i| values[start + i.min(count - 1)])
            }
        };
        let (mut non_finite, mut non_positive) = (T::Lanes::none(), T::Lanes::none());
        for (log, &row) in logs.iter_mut().zip(rows) {
            let sample = read(samples.sample(row));
            let finite = sample.finite();
            non_finite = non_finite.or(finite.not());
            non_positive = non_positive.or(sample.le(zero));
            *log = sample.ln();
        }
        let unusable = non_finite.or(non_positive);
        let block = estimate(&logs, unusable);
        let mut overflow = T::Lanes::none();
        for (value, sd) in block.parameters.iter().zip(&block.standard_deviations) {
            overflow = overflow.or(value.finite().and(sd.le(T::Lanes::splat(f64::INFINITY))).not());
        }
        let failed = unusable.or(block.not_identifiable).or(block.unsettled).or(overflow);
        if count == width && !failed.any() {
            for j in 0..C {
                block.parameters[j].store(&mut out.parameters[j * voxels + start..]);
                block.standard_deviations[j].store(&mut out.standard_deviations[j * voxels + start..]);
            }
            block.residual.store(&mut out.residual[start..]);
            out.status[start..start + width].fill(Status::Converged as u8);
            out.iterations[start..start + width].copy_from_slice(&block.iterations[..width]);
            start += width;
            continue;
        }
        for i in 0..count {
            let v = start + i;
            let status = if non_finite.is_set(i) {
                Status::FailedNonFinite
            } else if non_positive.is_set(i) {
                Status::FailedNonPositive
            } else if block.not_identifiable.is_set(i) {
                Status::NotIdentifiable
            } else if block.unsettled.is_set(i) {
                Status::FailedMaxIterations
            } else if overflow.is_set(i) {
                Status::FailedNonFinite
            } else {
                Status::Converged
            };
            out.status[v] = status as u8;
            out.iterations[v] = if unusable.is_set(i) { 0 } else { block.iterations[i] };
            if status.has_estimate() {
                for j in 0..C {
                    out.parameters[j * voxels + v] = T::from_f64(block.parameters[j].lane(i));
                    out.standard_deviations[j * voxels + v] = T::from_f64(block.standard_deviations[j].lane(i));
                }
                out.residual[v] = T::from_f64(block.residual.lane(i));
            }
        }
        start += width;
    }
    out
}

/// Below this the change of ln S from one weighted fit to the next is rounding.
pub(super) fn settled_below<L: Lane>() -> f64 {
    if L::EPSILON > 1e-10 {
        16.0 * L::EPSILON
    } else {
        1e-11
    }
}

/// Residual variance from n - p degrees of freedom; infinite when there are none.
#[inline(always)]
pub(super) fn variance<L: Lane>(residual: L, n: usize, p: usize) -> L {
    if n > p {
        residual * L::splat(1.0 / (n - p) as f64)
    } else {
        L::splat(f64::INFINITY)
    }
}

#[inline(always)]
fn ordinary<L: Lane>(regressor: &Regressor, logs: &[L]) -> Block<L, 2> {
    let zero = L::splat(0.0);
    let (mut sum, mut slope) = (zero, zero);
    for (&y, &c) in logs.iter().zip(&regressor.slope) {
        sum = sum + y;
        slope = slope + L::splat(c) * y;
    }
    let n = logs.len();
    let mean = sum * L::splat(1.0 / n as f64);
    let mut residual = zero;
    for (&y, &x) in logs.iter().zip(&regressor.centred) {
        let r = (y - mean) - slope * L::splat(x);
        residual = residual + r * r;
    }
    let s0 = (mean - slope * L::splat(regressor.mean)).exp();
    let sd = variance(residual, n, 2).sqrt();
    let leverage = 1.0 / n as f64 + regressor.mean * regressor.mean / regressor.square_sum;
    Block {
        parameters: [s0, -slope],
        standard_deviations: [s0 * sd * L::splat(leverage.sqrt()), sd * L::splat((1.0 / regressor.square_sum).sqrt())],
        residual,
        not_identifiable: L::none(),
        unsettled: L::none(),
        iterations: [1; 8],
    }
}

/// A weighted regression line of ln S on the centred regressor.
struct Line<L> {
    /// Sum of the weights.
    w: L,
    mean_x: L,
    sxx: L,
    slope: L,
    /// ln S where the regressor is at its mean.
    level: L,
    /// Lanes whose weights leave one value of the regressor.
    degenerate: L,
}

#[inline(always)]
fn line<L: Lane>(regressor: &Regressor, logs: &[L], weights: &[L]) -> Line<L> {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let (mut w, mut wx, mut wy) = (zero, zero, zero);
    for ((&y, &x), &weight) in logs.iter().zip(&regressor.centred).zip(weights) {
        w = w + weight;
        wx = wx + weight * L::splat(x);
        wy = wy + weight * y;
    }
    let (mean_x, mean_y) = (wx / w, wy / w);
    let (mut sxx, mut sxy) = (zero, zero);
    for ((&y, &x), &weight) in logs.iter().zip(&regressor.centred).zip(weights) {
        let dx = L::splat(x) - mean_x;
        sxx = sxx + weight * dx * dx;
        sxy = sxy + weight * dx * (y - mean_y);
    }
    let degenerate = sxx.gt(w * L::splat(regressor.reach * regressor.reach * L::EPSILON * 16.0)).not();
    let slope = sxy / L::select(degenerate, one, sxx);
    let level = mean_y - slope * mean_x;
    Line { w, mean_x, sxx, slope, level, degenerate }
}

impl<L: Lane> Line<L> {
    /// The estimate with the weights the line was made with; `scale` is the square root of what they were divided by.
    #[inline(always)]
    fn block(&self, regressor: &Regressor, logs: &[L], weights: &[L], scale: L) -> Block<L, 2> {
        let mut residual = L::splat(0.0);
        for ((&y, &x), &weight) in logs.iter().zip(&regressor.centred).zip(weights) {
            let r = (y - self.level) - self.slope * L::splat(x);
            residual = residual + weight * r * r;
        }
        let s0 = (self.level - self.slope * L::splat(regressor.mean)).exp();
        let variance = variance(residual, logs.len(), 2);
        let offset = self.mean_x + L::splat(regressor.mean);
        let leverage = L::splat(1.0) / self.w + offset * offset / self.sxx;
        Block {
            parameters: [s0, -self.slope],
            standard_deviations: [s0 * (variance * leverage).sqrt(), (variance / self.sxx).sqrt()],
            residual: residual * scale * scale,
            not_identifiable: self.degenerate,
            unsettled: L::none(),
            iterations: [1; 8],
        }
    }
}

/// Weights that are the squared samples, relative to the largest, so that none overflows. Returns the largest sample.
#[inline(always)]
pub(super) fn weigh_by_samples<L: Lane>(logs: &[L], weights: &mut [L]) -> L {
    let peak = logs[1..].iter().fold(logs[0], |peak, &y| peak.larger(y));
    for (&y, weight) in logs.iter().zip(weights.iter_mut()) {
        let half = (y - peak).exp();
        *weight = half * half;
    }
    peak.exp()
}

#[inline(always)]
fn weighted<L: Lane>(regressor: &Regressor, logs: &[L], weights: &mut [L]) -> Block<L, 2> {
    let scale = weigh_by_samples(logs, weights);
    line(regressor, logs, weights).block(regressor, logs, weights, scale)
}

/// Repeats the weighted fit in every lane until its own prediction moves no ln S by more than the tolerance; a lane
/// that has settled is not touched again, so that it does not feel how long its neighbours take.
#[inline(always)]
fn iterate<L: Lane>(
    regressor: &Regressor,
    logs: &[L],
    weights: &mut [L],
    start: Block<L, 2>,
    unusable: L,
) -> Block<L, 2> {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let n = logs.len();
    // A weighted fit settles linearly.
    let tolerance = L::splat(settled_below::<L>());
    let mut open = unusable.not();
    let mut block = start;
    let mut slope = -block.parameters[1];
    // ln of the prediction at x = 0 (b at its mean) is needed only up to a constant: the weights are relative.
    let mut level = zero;
    for &y in logs {
        level = level + y;
    }
    level = level * L::splat(1.0 / n as f64);
    block.not_identifiable = L::none();
    for iteration in 1..=MAXIMUM_ITERATIONS {
        // Relative to the largest prediction, so that no weight overflows.
        let peak = slope.abs() * L::splat(regressor.reach);
        for (&x, weight) in regressor.centred.iter().zip(weights.iter_mut()) {
            let half = (slope * L::splat(x) - peak).exp();
            *weight = half * half;
        }
        let line = line(regressor, logs, weights);
        let change = (line.level - level).abs() + (line.slope - slope).abs() * L::splat(regressor.reach);
        let settled = change.le(tolerance * (one + line.level.abs()));

        let failed = open.and(line.degenerate);
        block.not_identifiable = block.not_identifiable.or(failed);
        let open_now = open.and(line.degenerate.not());
        let done = open_now.and(settled);
        if done.any() {
            // The weights of this pass are those the estimate was made with: its residual and deviations use them.
            let last = line.block(regressor, logs, weights, (level + peak).exp());
            for j in 0..2 {
                block.parameters[j] = L::select(done, last.parameters[j], block.parameters[j]);
                block.standard_deviations[j] =
                    L::select(done, last.standard_deviations[j], block.standard_deviations[j]);
            }
            block.residual = L::select(done, last.residual, block.residual);
        }
        for (i, count) in block.iterations.iter_mut().enumerate().take(L::WIDTH) {
            if open.is_set(i) {
                *count = iteration;
            }
        }
        slope = L::select(open_now, line.slope, slope);
        level = L::select(open_now, line.level, level);
        open = open_now.and(settled.not());
        if !open.any() {
            break;
        }
    }
    block.unsettled = open;
    block
}
