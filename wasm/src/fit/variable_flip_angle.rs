//! Linear estimation of T1 from variable flip angles: S / sin a = E1 S / tan a + M0 (1 - E1), a line whose slope is
//! E1 = exp(-TR / T1) (Gupta 1977, doi 10.1016/0022-2364(77)90138-X; Fram et al. 1987, doi
//! 10.1016/0730-725X(87)90021-X).
//!
//! Unweighted (OLS), or with the weights (sin a / (1 - E1 cos a))^2, under which each sample counts with its own noise,
//! repeated with the E1 that they give (IWLS; Chang et al. 2008, doi 10.1002/mrm.21669).

use super::{per_voxel, Estimator, EstimatorDescription, Fit, Job, Status, VoxelFit};
use crate::error::CoreError;
use crate::models::{Precision, VariableFlipAngle};
use core::f64::consts::PI;

/// Passes of IWLS before a voxel is given up.
pub const MAXIMUM_ITERATIONS: u32 = 100;

/// IWLS has settled when E1 changes by less than this share of 1 - E1.
const TOLERANCE: f64 = 1e-11;
/// The largest E1 that weights are computed with: that of a T1 of a billion TR.
const LARGEST_E1: f64 = 1.0 - 1e-9;

/// What `ols` and `iwls` are for this model.
pub fn describe(estimator: Estimator) -> EstimatorDescription {
    let unweighted = EstimatorDescription {
        name: "Linear, unweighted",
        description:
            "Ordinary least squares of S / sin FA on S / tan FA, a line whose slope is exp(-TR / T1). One TR. \
                      The residual is that of the line. Standard deviations carry equal noise of the samples through \
                      the line's equations.",
        residual_unit: "signal^2",
        citation: Some("Fram EK et al. Magn Reson Imaging 1987;5:201-208"),
        doi: Some("10.1016/0730-725X(87)90021-X"),
        ..estimator.describe()
    };
    if estimator == Estimator::Ols {
        return unweighted;
    }
    EstimatorDescription {
        name: "Linear, iteratively reweighted",
        description: "Least squares of S / sin FA on S / tan FA, a line whose slope is E1 = exp(-TR / T1), with the \
                      weights (sin FA / (1 - E1 cos FA))^2 that give each sample its own noise, repeated until E1 \
                      settles. One TR. The residual is the weighted one of the line. Standard deviations carry equal \
                      noise of the samples through the line's equations.",
        maximum_iterations: MAXIMUM_ITERATIONS,
        citation: Some("Chang LC et al. Magn Reson Med 2008;60:496-501"),
        doi: Some("10.1002/mrm.21669"),
        ..unweighted
    }
}

/// M0, T1 and the B1 that was given.
///
/// The standard deviations carry the noise of the samples, taken to be the same for all, through the linear equations
/// (sandwich estimator). The residual is the sum of squares of the line, weighted as the fit is.
///
/// # Errors
/// More than one TR; a flip angle of 0 or of 180 degrees and more.
pub fn fit<T: Precision>(job: &Job<T>) -> Result<Fit<T>, CoreError> {
    let row = |i: usize| job.design.row(i);
    let tr = row(0)[VariableFlipAngle::COLUMN_TR];
    for i in 0..job.design.rows() {
        let (angle, found) = (row(i)[VariableFlipAngle::COLUMN_FA], row(i)[VariableFlipAngle::COLUMN_TR]);
        if found != tr {
            let expected = format!("{tr}, one TR for all samples; nlls takes several");
            return Err(CoreError::OutOfRange { field: format!("protocol.TR[{i}]"), found, expected });
        }
        if !(angle > 0.0 && angle < 180.0) {
            let expected = "between 0 and 180 degrees; nlls takes others".into();
            return Err(CoreError::OutOfRange { field: format!("protocol.FA[{i}]"), found: angle, expected });
        }
    }
    let mut points = vec![Point::default(); job.rows.len()];
    Ok(per_voxel(job, |y, held| {
        let b1 = held[VariableFlipAngle::B1].unwrap_or(1.0);
        for (i, (point, &signal)) in points.iter_mut().zip(y).enumerate() {
            let angle = b1 * row(i)[VariableFlipAngle::COLUMN_FA] * (PI / 180.0);
            if !(angle > 0.0 && angle < PI) {
                return VoxelFit::without_numbers(Status::NotIdentifiable, 0);
            }
            *point = Point::new(signal, libm::sin(angle), libm::cos(angle));
        }
        voxel(&points, tr, b1, job.estimator == Estimator::Iwls)
    }))
}

/// A sample as a point of the line y = E1 x + c.
#[derive(Debug, Clone, Copy, Default)]
struct Point {
    sine: f64,
    cosine: f64,
    x: f64,
    y: f64,
}

impl Point {
    fn new(signal: f64, sine: f64, cosine: f64) -> Self {
        Self { sine, cosine, x: signal * cosine / sine, y: signal / sine }
    }

    /// By what the noise of the sample is multiplied on the way into y - E1 x.
    fn amplification(&self, e1: f64) -> f64 {
        (1.0 - e1 * self.cosine) / self.sine
    }
}

/// A weighted line and its normal matrix, centred on the weighted mean of x.
struct Line {
    slope: f64,
    intercept: f64,
    mean: f64,
    weight: f64,
    square_sum: f64,
}

/// Nothing where the points do not determine a slope.
fn line(points: &[Point], weight: impl Fn(&Point) -> f64) -> Option<Line> {
    let (mut total, mut x, mut y) = (0.0, 0.0, 0.0);
    for point in points {
        let w = weight(point);
        (total, x, y) = (total + w, x + w * point.x, y + w * point.y);
    }
    let (mean, mean_y) = (x / total, y / total);
    let (mut square_sum, mut product, mut squares) = (0.0, 0.0, 0.0);
    for point in points {
        let (w, dx) = (weight(point), point.x - mean);
        square_sum += w * dx * dx;
        product += w * dx * (point.y - mean_y);
        squares += w * point.x * point.x;
    }
    let slope = product / square_sum;
    let determined = square_sum > 1e-12 * squares && slope.is_finite();
    determined.then_some(Line { slope, intercept: mean_y - slope * mean, mean, weight: total, square_sum })
}

fn voxel(points: &[Point], tr: f64, b1: f64, reweighted: bool) -> VoxelFit {
    let none = |status, iterations| VoxelFit::without_numbers(status, iterations);
    let Some(mut fitted) = line(points, |_| 1.0) else { return none(Status::NotIdentifiable, 1) };
    let mut iterations = 1;
    let mut weights_at = None;
    if reweighted {
        loop {
            let e1 = fitted.slope.clamp(0.0, LARGEST_E1);
            let Some(next) = line(points, |point| point.amplification(e1).powi(-2)) else {
                return none(Status::NotIdentifiable, iterations);
            };
            weights_at = Some(e1);
            iterations += 1;
            let change = (next.slope - fitted.slope).abs();
            fitted = next;
            if change <= TOLERANCE * (1.0 - fitted.slope).abs() {
                break;
            }
            if iterations > MAXIMUM_ITERATIONS {
                return none(Status::FailedMaxIterations, iterations);
            }
        }
    }
    let Line { slope: e1, intercept, mean, weight: total, square_sum } = fitted;
    if !(e1 > 0.0 && e1 < 1.0 && intercept > 0.0) {
        return none(Status::NotIdentifiable, iterations);
    }
    let weight = |point: &Point| weights_at.map_or(1.0, |e1| point.amplification(e1).powi(-2));
    // The sandwich A^-1 (X' W D^2 W X) A^-1 of slope and of the line's height at the mean of x, with D the
    // amplification; X' D^-2 X is the information of the samples.
    let (mut residual, mut squares) = (0.0, 0.0);
    let (mut middle, mut information) = ([0.0; 3], [0.0; 3]);
    for point in points {
        let (w, d, dx) = (weight(point), point.amplification(e1), point.x - mean);
        let r = (point.y - intercept) - e1 * point.x;
        residual += w * r * r;
        squares += (r / d) * (r / d);
        for (k, product) in [dx * dx, dx, 1.0].into_iter().enumerate() {
            middle[k] += w * w * d * d * product;
            information[k] += product / (d * d);
        }
    }
    let slope_variance = middle[0] / (square_sum * square_sum);
    let height_variance = middle[2] / (total * total);
    let covariance = middle[1] / (square_sum * total);
    // Expected sum of squares of the samples' residuals, over their variance: n - 2 for an efficient estimator, more
    // for others.
    let freedom = points.len() as f64 - 4.0
        + (information[0] * slope_variance + 2.0 * information[1] * covariance + information[2] * height_variance);
    let variance = if points.len() > 2 { squares / freedom } else { f64::INFINITY };
    let logarithm = libm::log(e1);
    let (t1, m0) = (-tr / logarithm, intercept / (1.0 - e1));
    let t1_by_e1 = tr / (e1 * logarithm * logarithm);
    // intercept = height - slope * mean.
    let (m0_by_height, m0_by_slope) = (1.0 / (1.0 - e1), (m0 - mean) / (1.0 - e1));
    let m0_variance = m0_by_height * m0_by_height * height_variance
        + m0_by_slope * m0_by_slope * slope_variance
        + 2.0 * m0_by_height * m0_by_slope * covariance;
    VoxelFit {
        status: Status::Converged,
        parameters: vec![m0, t1, b1],
        standard_deviations: vec![(variance * m0_variance).sqrt(), t1_by_e1 * (variance * slope_variance).sqrt(), 0.0],
        residual,
        iterations,
    }
}
