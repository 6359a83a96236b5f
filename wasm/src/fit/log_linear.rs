//! Log-linear least squares of S = S0 exp(-b D), a lane per voxel in the samples' own precision.
//!
//! Unweighted (OLS): ln S on b. Iteratively reweighted (IWLS): weights are the squared predicted signal, which undo
//! what the logarithm does to the noise (Salvador et al. 2005, doi 10.1002/hbm.20076), from the previous pass rather
//! than from the noisy samples (Veraart et al. 2013, doi 10.1016/j.neuroimage.2013.05.028).

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

/// One block of voxels after the fit.
struct Block<L> {
    s0: L,
    adc: L,
    sd_s0: L,
    sd_adc: L,
    residual: L,
    /// Lanes without enough weight at a second b, lanes that did not settle.
    not_identifiable: L,
    unsettled: L,
    iterations: [u32; 8],
}

/// Fits a job's samples on the first column of its protocol.
pub fn of_job<T: Real>(job: &Job<T>) -> Fit<T> {
    let regressor = job.design.column(0).unwrap_or_default();
    fit(&regressor, job.samples, &job.rows, job.estimator == Estimator::Iwls)
}

/// Fits the samples named by `rows`, whose b-values are `b`; b must hold at least two different values.
/// Parameters: S0, then D in 1/(unit of b).
pub fn fit<T: Real>(b: &[f64], samples: Samples<T>, rows: &[usize], reweighted: bool) -> Fit<T> {
    let voxels = samples.voxels;
    let regressor = Regressor::new(b);
    let mut out = Fit::empty(2, voxels);
    let mut logs = vec![T::Lanes::splat(0.0); rows.len()];
    let mut weights = logs.clone();
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
        let mut block = ordinary(&regressor, &logs);
        if reweighted {
            block = iterate(&regressor, &logs, &mut weights, block, unusable);
        }
        let overflow = block.s0.finite().and(block.sd_s0.le(T::Lanes::splat(f64::INFINITY))).not();
        let failed = unusable.or(block.not_identifiable).or(block.unsettled).or(overflow);
        if count == width && !failed.any() {
            block.s0.store(&mut out.parameters[start..]);
            block.adc.store(&mut out.parameters[voxels + start..]);
            block.sd_s0.store(&mut out.standard_deviations[start..]);
            block.sd_adc.store(&mut out.standard_deviations[voxels + start..]);
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
                out.parameters[v] = T::from_f64(block.s0.lane(i));
                out.parameters[voxels + v] = T::from_f64(block.adc.lane(i));
                out.standard_deviations[v] = T::from_f64(block.sd_s0.lane(i));
                out.standard_deviations[voxels + v] = T::from_f64(block.sd_adc.lane(i));
                out.residual[v] = T::from_f64(block.residual.lane(i));
            }
        }
        start += width;
    }
    out
}

/// Residual variance from n - 2 degrees of freedom; infinite when there are none.
#[inline(always)]
fn variance<L: Lane>(residual: L, n: usize) -> L {
    if n > 2 {
        residual * L::splat(1.0 / (n - 2) as f64)
    } else {
        L::splat(f64::INFINITY)
    }
}

#[inline(always)]
fn ordinary<L: Lane>(regressor: &Regressor, logs: &[L]) -> Block<L> {
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
    let sd = variance(residual, n).sqrt();
    let leverage = 1.0 / n as f64 + regressor.mean * regressor.mean / regressor.square_sum;
    Block {
        s0,
        adc: -slope,
        sd_s0: s0 * sd * L::splat(leverage.sqrt()),
        sd_adc: sd * L::splat((1.0 / regressor.square_sum).sqrt()),
        residual,
        not_identifiable: L::none(),
        unsettled: L::none(),
        iterations: [1; 8],
    }
}

/// Repeats the weighted fit in every lane until its own prediction moves no ln S by more than the tolerance; a lane
/// that has settled is not touched again, so that it does not feel how long its neighbours take.
#[inline(always)]
fn iterate<L: Lane>(regressor: &Regressor, logs: &[L], weights: &mut [L], start: Block<L>, unusable: L) -> Block<L> {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let n = logs.len();
    // A weighted fit settles linearly; below this the change is rounding.
    let tolerance = L::splat(if L::EPSILON > 1e-10 { 16.0 * L::EPSILON } else { 1e-11 });
    let mut open = unusable.not();
    let mut block = start;
    let mut slope = -block.adc;
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
        let (mut w, mut wx, mut wy) = (zero, zero, zero);
        for ((&y, &x), weight) in logs.iter().zip(&regressor.centred).zip(weights.iter_mut()) {
            let half = (slope * L::splat(x) - peak).exp();
            *weight = half * half;
            let weight = *weight;
            w = w + weight;
            wx = wx + weight * L::splat(x);
            wy = wy + weight * y;
        }
        let (mean_x, mean_y) = (wx / w, wy / w);
        let (mut sxx, mut sxy) = (zero, zero);
        for ((&y, &x), &weight) in logs.iter().zip(&regressor.centred).zip(weights.iter()) {
            let dx = L::splat(x) - mean_x;
            sxx = sxx + weight * dx * dx;
            sxy = sxy + weight * dx * (y - mean_y);
        }
        let degenerate = sxx.gt(w * L::splat(regressor.reach * regressor.reach * L::EPSILON * 16.0)).not();
        let new_slope = sxy / L::select(degenerate, one, sxx);
        let new_level = mean_y - new_slope * mean_x;
        let change = (new_level - level).abs() + (new_slope - slope).abs() * L::splat(regressor.reach);
        let settled = change.le(tolerance * (one + new_level.abs()));

        let failed = open.and(degenerate);
        block.not_identifiable = block.not_identifiable.or(failed);
        let open_now = open.and(degenerate.not());
        let done = open_now.and(settled);
        if done.any() {
            // The weights of this pass are those the estimate was made with: its residual and deviations use them.
            let mut residual = zero;
            for ((&y, &x), &weight) in logs.iter().zip(&regressor.centred).zip(weights.iter()) {
                let r = (y - new_level) - new_slope * L::splat(x);
                residual = residual + weight * r * r;
            }
            let s0 = (new_level - new_slope * L::splat(regressor.mean)).exp();
            let variance = variance(residual, n);
            let offset = mean_x + L::splat(regressor.mean);
            let leverage = one / w + offset * offset / sxx;
            let scale = (level + peak).exp();
            block.s0 = L::select(done, s0, block.s0);
            block.adc = L::select(done, -new_slope, block.adc);
            block.sd_s0 = L::select(done, s0 * (variance * leverage).sqrt(), block.sd_s0);
            block.sd_adc = L::select(done, (variance / sxx).sqrt(), block.sd_adc);
            block.residual = L::select(done, residual * scale * scale, block.residual);
        }
        for (i, count) in block.iterations.iter_mut().enumerate().take(L::WIDTH) {
            if open.is_set(i) {
                *count = iteration;
            }
        }
        slope = L::select(open_now, new_slope, slope);
        level = L::select(open_now, new_level, level);
        open = open_now.and(settled.not());
        if !open.any() {
            break;
        }
    }
    block.unsettled = open;
    block
}
