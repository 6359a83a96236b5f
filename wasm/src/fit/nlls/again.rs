//! A second fit, in double precision, of the voxels that single precision could not settle.

use crate::fit::{Fit, Job, Role, Samples, Status};
use crate::models::{AnySignal, Precision};

/// Fits the voxels that did not converge once more and writes down what comes of it.
pub(super) fn fit<T: Precision>(job: &Job<T>, signal: &dyn AnySignal, out: &mut Fit<T>) {
    let left: Vec<usize> = (0..out.voxels).filter(|&v| out.status[v] == Status::FailedMaxIterations as u8).collect();
    if left.is_empty() {
        return;
    }
    let of = |values: &[T]| -> Vec<f64> { left.iter().map(|&v| values[v].to_f64()).collect() };
    let data: Vec<f64> = job.rows.iter().flat_map(|&row| of(job.samples.sample(row))).collect();
    let maps: Vec<Vec<f64>> =
        (job.roles.iter()).map(|role| if let Role::Mapped(values) = role { of(values) } else { Vec::new() }).collect();
    let roles = (job.roles.iter().zip(&maps))
        .map(|(role, map)| match *role {
            Role::Free => Role::Free,
            Role::Fixed(value) => Role::Fixed(value),
            Role::Mapped(_) => Role::Mapped(map),
            Role::Shared => Role::Shared,
        })
        .collect();
    let again = super::fit(
        &Job {
            model: job.model,
            estimator: job.estimator,
            design: job.design,
            samples: Samples { data: &data, voxels: left.len() },
            rows: (0..job.rows.len()).collect(),
            bounds: job.bounds.clone(),
            roles,
            start: job.start.clone(),
            starts: job.starts,
            noise: job.noise,
            correlation: job.correlation,
        },
        signal,
    );
    let voxels = out.voxels;
    let copy = |from: &[f64], to: &mut [T]| {
        for (from, to) in from.chunks_exact(left.len()).zip(to.chunks_exact_mut(voxels)) {
            from.iter().zip(&left).for_each(|(&value, &v)| to[v] = T::from_f64(value));
        }
    };
    copy(&again.parameters, &mut out.parameters);
    copy(&again.standard_deviations, &mut out.standard_deviations);
    copy(&again.residual, &mut out.residual);
    copy(&again.gradient, &mut out.gradient);
    copy(&again.condition, &mut out.condition);
    copy(&again.correlation, &mut out.correlation);
    for (at, &v) in left.iter().enumerate() {
        out.status[v] = again.status[at];
        out.active[v] = again.active[at];
        out.iterations[v] += again.iterations[at];
    }
}
