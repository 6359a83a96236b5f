//! Clinical ADC metrics: mono-exponential fits of b-value segments and what is computed from them.

use super::{dispatch, Bounds, Estimator, Fit, Job, Role, Status};
use crate::error::CoreError;
use crate::models::{ClinicalAdc, MonoExponential, Precision};
use crate::protocol::Design;

/// The samples each metric uses.
struct Selection {
    all: Vec<usize>,
    fast: Vec<usize>,
    slow: Vec<usize>,
    zero: Vec<usize>,
}

/// ADC, ADC_fast, ADC_slow, F and S0 (see [`ClinicalAdc`]).
///
/// S0 is the mean sample at b = 0 and F = 1 - S0_slow / S0. Neither has residual degrees of freedom of its own: the
/// noise variance of the slow fit, the segment in which one decay is assumed to hold, stands for that of the b = 0
/// samples; S0_slow does not use them, so var F = (var S0_slow + (S0_slow/S0)^2 var S0) / S0^2 (delta method).
/// Residual: that of the fit over all b. Iterations: of the three fits together.
///
/// # Errors
/// No sample at a b-value that a metric needs.
pub fn fit<T: Precision>(job: &Job<T>) -> Result<Fit<T>, CoreError> {
    let (estimator, samples) = (job.estimator, job.samples);
    let selection = select(job.design)?;
    let voxels = samples.voxels;
    let signal_bounds = Bounds { lower: 0.0, upper: f64::INFINITY };
    let segment = |rows: &[usize], adc: Bounds| {
        dispatch(&Job {
            model: &MonoExponential,
            design: &job.design.select(rows),
            rows: rows.to_vec(),
            bounds: vec![signal_bounds, adc],
            roles: vec![Role::Free; 2],
            start: vec![None; 2],
            correlation: false,
            ..job.clone()
        })
    };
    let all = segment(&selection.all, job.bounds[0])?;
    let fast = segment(&selection.fast, job.bounds[1])?;
    let slow = segment(&selection.slow, job.bounds[2])?;

    let mut out = Fit::empty(5, voxels);
    let (zero_count, slow_freedom) = (selection.zero.len() as f64, selection.slow.len() as f64 - 2.0);
    for v in 0..voxels {
        let worst = all.status[v].max(fast.status[v]).max(slow.status[v]);
        out.iterations[v] = all.iterations[v] + fast.iterations[v] + slow.iterations[v];
        out.status[v] = worst;
        if worst > Status::AtBound as u8 {
            continue;
        }
        let sum: f64 = selection.zero.iter().map(|&row| samples.sample(row)[v].to_f64()).sum();
        let s0 = sum / zero_count;
        if s0 <= 0.0 {
            // Only the nonlinear fit comes this far: F has no meaning without signal at b = 0.
            out.status[v] = Status::NotIdentifiable as u8;
            continue;
        }
        let s0_slow = slow.parameters[v].to_f64();
        let noise = slow.residual[v].to_f64() / slow_freedom;
        // The log-linear fit's noise is that of ln S, relative to the signal.
        let s0_variance = if estimator == Estimator::Ols { noise * s0 * s0 } else { noise } / zero_count;
        let ratio = s0_slow / s0;
        let slow_sd = slow.standard_deviations[v].to_f64();
        let f_variance = (slow_sd * slow_sd + ratio * ratio * s0_variance) / (s0 * s0);
        let values = [
            (all.parameters[voxels + v].to_f64(), all.standard_deviations[voxels + v].to_f64()),
            (fast.parameters[voxels + v].to_f64(), fast.standard_deviations[voxels + v].to_f64()),
            (slow.parameters[voxels + v].to_f64(), slow.standard_deviations[voxels + v].to_f64()),
            (1.0 - ratio, f_variance.sqrt()),
            (s0, s0_variance.sqrt()),
        ];
        for (j, (value, sd)) in values.into_iter().enumerate() {
            out.parameters[j * voxels + v] = T::from_f64(value);
            out.standard_deviations[j * voxels + v] = T::from_f64(sd);
        }
        out.residual[v] = all.residual[v];
    }
    Ok(out)
}

/// The rows of each segment, at the shortest TE.
fn select(design: &Design) -> Result<Selection, CoreError> {
    let te = design.column(ClinicalAdc::COLUMN_TE);
    let shortest = te.as_ref().map(|te| te.iter().fold(f64::INFINITY, |shortest, te| shortest.min(*te)));
    let rows: Vec<usize> =
        (0..design.rows()).filter(|&i| shortest.is_none_or(|te| design.row(i)[ClinicalAdc::COLUMN_TE] == te)).collect();
    let b = |i: usize| design.row(i)[ClinicalAdc::COLUMN_B];
    let near = |i: usize, wanted: f64| (b(i) - wanted).abs() <= ClinicalAdc::TOLERANCE;
    for segment in [ClinicalAdc::FAST, ClinicalAdc::SLOW] {
        for &wanted in segment.b {
            if !rows.iter().any(|&i| near(i, wanted)) {
                let found = rows.iter().map(|&i| b(i)).collect();
                return Err(CoreError::MissingB { missing: wanted, found, purpose: segment.metric });
            }
        }
    }
    let within = |wanted: &[f64]| -> Vec<usize> {
        rows.iter().copied().filter(|&i| wanted.iter().any(|&wanted| near(i, wanted))).collect()
    };
    let largest = ClinicalAdc::LARGEST_B + ClinicalAdc::TOLERANCE;
    Ok(Selection {
        all: rows.iter().copied().filter(|&i| b(i) <= largest).collect(),
        fast: within(ClinicalAdc::FAST.b),
        slow: within(ClinicalAdc::SLOW.b),
        zero: within(&[0.0]),
    })
}
