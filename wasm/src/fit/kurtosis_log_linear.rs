//! Log-linear least squares of the kurtosis model: ln S = ln S0 - D b + (D^2 K / 6) b^2, linear in its three
//! coefficients, with D and K from them and their standard deviations by the delta method. A lane per voxel in the
//! samples' own precision; weights as in [`log_linear`](super::log_linear).

use super::log_linear::{each_block, settled_below, variance, weigh_by_samples, Block, MAXIMUM_ITERATIONS};
use super::{Estimator, Fit, Job};
use crate::lane::{Lane, Real};
use crate::models::{LogQuadratic, LogQuadraticFit};

/// Fits a job's samples on b, the first column of its protocol, by `Ols`, `Wls` or `Iwls`.
pub fn fit<T: Real>(job: &Job<T>) -> Fit<T> {
    let basis = LogQuadratic::new(&job.design.column(0).unwrap_or_default());
    let one = T::Lanes::splat(1.0);
    let mut weights = vec![one; job.rows.len()];
    each_block(job.samples, &job.rows, |logs, unusable| match job.estimator {
        Estimator::Ols => block(&basis, logs, &weights, one),
        Estimator::Wls => {
            let scale = weigh_by_samples(logs, &mut weights);
            block(&basis, logs, &weights, scale)
        }
        _ => iterate(&basis, logs, &mut weights, unusable),
    })
}

/// The fit with these weights, which were divided by the square of `scale`.
#[inline(always)]
fn block<L: Lane>(basis: &LogQuadratic, logs: &[L], weights: &[L], scale: L) -> Block<L, 3> {
    finish(basis, logs, weights, scale, &basis.fit(logs, weights))
}

#[inline(always)]
fn finish<L: Lane>(basis: &LogQuadratic, logs: &[L], weights: &[L], scale: L, fit: &LogQuadraticFit<L>) -> Block<L, 3> {
    let mut residual = L::splat(0.0);
    for (i, (&y, &weight)) in logs.iter().zip(weights).enumerate() {
        let r = y - basis.predict(i, &fit.coefficients);
        residual = residual + weight * r * r;
    }
    let sd = variance(residual, logs.len(), 3).sqrt();
    Block {
        parameters: basis.parameters(&fit.coefficients),
        standard_deviations: basis.deviations(fit).map(|deviation| deviation * sd),
        residual: residual * scale * scale,
        not_identifiable: fit.degenerate,
        unsettled: L::none(),
        iterations: [1; 8],
    }
}

/// Repeats the weighted fit in every lane until its own prediction moves no ln S by more than the tolerance; a lane that
/// has settled is not touched again.
#[inline(always)]
fn iterate<L: Lane>(basis: &LogQuadratic, logs: &[L], weights: &mut [L], unusable: L) -> Block<L, 3> {
    let one = L::splat(1.0);
    let tolerance = L::splat(settled_below::<L>());
    weights.fill(one);
    let first = basis.fit(logs, weights);
    let mut coefficients = first.coefficients;
    let mut out = finish(basis, logs, weights, one, &first);
    let mut open = unusable.or(first.degenerate).not();
    for iteration in 1..=MAXIMUM_ITERATIONS {
        // Relative to the largest prediction, so that no weight overflows.
        let predicted = |i: usize| basis.predict(i, &coefficients);
        let peak = (1..logs.len()).fold(predicted(0), |peak, i| peak.larger(predicted(i)));
        for (i, weight) in weights.iter_mut().enumerate() {
            let half = (predicted(i) - peak).exp();
            *weight = half * half;
        }
        let fit = basis.fit(logs, weights);
        let moved = |j: usize| (fit.coefficients[j] - coefficients[j]).abs();
        let change = moved(0) + moved(1) * L::splat(basis.reach[0]) + moved(2) * L::splat(basis.reach[1]);
        let settled = change.le(tolerance * (one + fit.coefficients[0].abs()));
        out.not_identifiable = out.not_identifiable.or(open.and(fit.degenerate));
        for (i, count) in out.iterations.iter_mut().enumerate().take(L::WIDTH) {
            if open.is_set(i) {
                *count = iteration;
            }
        }
        let open_now = open.and(fit.degenerate.not());
        let done = open_now.and(settled);
        if done.any() {
            // The weights of this pass are those the estimate was made with: its residual and deviations use them.
            let last = finish(basis, logs, weights, peak.exp(), &fit);
            for j in 0..3 {
                out.parameters[j] = L::select(done, last.parameters[j], out.parameters[j]);
                out.standard_deviations[j] = L::select(done, last.standard_deviations[j], out.standard_deviations[j]);
            }
            out.residual = L::select(done, last.residual, out.residual);
        }
        for (own, new) in coefficients.iter_mut().zip(fit.coefficients) {
            *own = L::select(open_now, new, *own);
        }
        open = open_now.and(settled.not());
        if !open.any() {
            break;
        }
    }
    out.unsettled = open;
    out
}
