//! Relaxation times from the log-linear fits of their rates: T = 1 / R, standard deviation by the delta method.

use super::{log_linear, Estimator, Fit, Job, Status};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::models::Precision;

/// S0 and T of S = S0 exp(-TE / T). Where the signal does not fall there is no T: not identifiable.
pub fn fit<T: Precision>(job: &Job<T>) -> Fit<T> {
    let mut out = log_linear::of_job(job);
    let voxels = out.voxels;
    let te = || (0..job.design.rows()).map(|i| job.design.row(i)[0]);
    let span = te().fold(0.0, f64::max) - te().fold(f64::INFINITY, f64::min);
    for v in 0..voxels {
        if out.status[v] > Status::AtBound as u8 {
            continue;
        }
        let (rate, sd) = (out.parameters[voxels + v].to_f64(), out.standard_deviations[voxels + v].to_f64());
        // A fall that the rounding of the logarithms may feign is none.
        let rounding = 16.0 * T::Lanes::EPSILON * (1.0 + libm::log(out.parameters[v].to_f64()).abs());
        if rate * span > rounding {
            let time = T::from_f64(1.0 / rate);
            out.parameters[voxels + v] = time;
            out.standard_deviations[voxels + v] = T::from_f64(sd / (rate * rate));
        } else {
            out.status[v] = Status::NotIdentifiable as u8;
            for j in 0..2 {
                out.parameters[j * voxels + v] = T::NAN;
                out.standard_deviations[j * voxels + v] = T::NAN;
            }
            out.residual[v] = T::NAN;
        }
    }
    out
}

/// S0 and T2 from exactly two samples: the log-linear fit goes through both.
///
/// # Errors
/// Another number of samples.
pub fn two_point<T: Precision>(job: &Job<T>) -> Result<Fit<T>, CoreError> {
    if job.design.rows() != 2 {
        let (field, expected) = ("protocol.TE".into(), "exactly two echo times".into());
        return Err(CoreError::Length { field, found: job.design.rows(), expected });
    }
    Ok(fit(&Job { estimator: Estimator::Ols, ..job.clone() }))
}
