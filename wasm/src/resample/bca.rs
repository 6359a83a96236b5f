//! Bias-corrected and accelerated bootstrap intervals.

use crate::error::CoreError;
use crate::sort::ascending;
use core::f64::consts::{FRAC_1_SQRT_2, PI};
use serde::Serialize;

/// A BCa interval with the two numbers that moved its ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bca {
    pub lower: f64,
    pub upper: f64,
    pub level: f64,
    /// z0: normal quantile of the share of resamples below the estimate.
    pub bias_correction: f64,
    /// a, from the jackknife.
    pub acceleration: f64,
    /// Whether an end lies beyond the outermost resample, which then stands in its place.
    pub extreme: bool,
}

/// The BCa interval of an estimate: the quantiles of its resamples at Phi(z0 + (z0 + z) / (1 - a (z0 + z))) for z at both
/// tails' normal quantiles.
///
/// z0 is the normal quantile of the share of resamples below the estimate, those equal to it counted half; a is
/// sum d^3 / (6 (sum d^2)^1.5) of the deviations d of the jackknife values from their mean, mean minus value. Quantiles
/// are linear between order statistics (type 7 of Hyndman and Fan 1996). Where 1 - a (z0 + z) is not above 0 the end is
/// the outermost resample.
/// Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171-185, doi:10.1080/01621459.1987.10478410;
/// a by the jackknife: Efron B, Tibshirani RJ. An Introduction to the Bootstrap. 1993, equation 14.15.
///
/// # Errors
/// Resamples, or jackknife values, that are all the same; an estimate that lies outside all of its resamples.
pub fn interval(
    name: &str,
    value: f64,
    resamples: &mut [f64],
    jackknife: &[f64],
    level: f64,
) -> Result<Bca, CoreError> {
    let refuse = |field: String, found: String, expected: &str| {
        Err(CoreError::NoInterval { field, found, expected: expected.into() })
    };
    ascending(resamples);
    let count = resamples.len() as f64;
    if resamples[0] == resamples[resamples.len() - 1] {
        return refuse(format!("{name} in all resamples"), value.to_string(), "resamples that differ");
    }
    let below = resamples.partition_point(|&drawn| drawn < value);
    let equal = resamples.partition_point(|&drawn| drawn <= value) - below;
    let share = (below as f64 + 0.5 * equal as f64) / count;
    if !(share > 0.0 && share < 1.0) {
        let expected = "an estimate with resamples on both sides";
        return refuse(format!("share of resamples below {name}"), share.to_string(), expected);
    }
    let Some(acceleration) = acceleration(jackknife) else {
        let expected = "values that differ with the row that is left out";
        return refuse(format!("{name} with any one row left out"), value.to_string(), expected);
    };
    let bias_correction = normal_quantile(share);
    let mut extreme = false;
    let mut end = |z: f64| {
        let moved = bias_correction + z;
        let room = 1.0 - acceleration * moved;
        let at = if room > 0.0 {
            normal_cdf(bias_correction + moved / room)
        } else if moved > 0.0 {
            1.0
        } else {
            0.0
        };
        extreme |= at * (count + 1.0) < 1.0 || (1.0 - at) * (count + 1.0) < 1.0;
        quantile(resamples, at)
    };
    let z = -normal_quantile(0.5 * (1.0 - level));
    let (lower, upper) = (end(-z), end(z));
    Ok(Bca { lower, upper, level, bias_correction, acceleration, extreme })
}

/// Skewness of the jackknife values over 6; none when they are all the same.
fn acceleration(jackknife: &[f64]) -> Option<f64> {
    let n = jackknife.len() as f64;
    let mean = jackknife.iter().sum::<f64>() / n;
    if jackknife.iter().all(|&value| value == jackknife[0]) {
        return None;
    }
    // In units of the largest deviation, so that no power of it underflows.
    let largest = jackknife.iter().map(|value| (mean - value).abs()).fold(0.0, f64::max);
    let (mut squares, mut cubes) = (0.0, 0.0);
    for value in jackknife {
        let d = (mean - value) / largest;
        squares += d * d;
        cubes += d * d * d;
    }
    Some(cubes / (6.0 * squares * squares.sqrt()))
}

/// Quantile of type 7 of sorted values.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let rank = (sorted.len() - 1) as f64 * p;
    let below = rank as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (rank - below as f64) * (sorted[above] - sorted[below])
}

/// P(Z <= z) of the standard normal distribution.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// The z with P(Z <= z) = p, p inside (0, 1): Halley's method from the rational approximation 26.2.23 of Abramowitz and
/// Stegun 1964, whose error of 4.5e-4 three cubic steps leave nothing of.
pub fn normal_quantile(p: f64) -> f64 {
    let tail = p.min(1.0 - p);
    let t = (-2.0 * libm::log(tail)).sqrt();
    let over = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let under = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    // In the lower tail, where the probability is a small number and not one minus it.
    let mut z = over / under - t;
    for _ in 0..3 {
        let density = libm::exp(-0.5 * z * z) / (2.0 * PI).sqrt();
        let step = (normal_cdf(z) - tail) / density;
        z -= step / (1.0 + 0.5 * z * step);
    }
    if p < 0.5 {
        z
    } else {
        -z
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the tables, as R's qnorm prints them.
    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        let table = [
            (0.5, 0.0),
            (0.8, 0.841_621_233_572_914_2),
            (0.975, 1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813_6),
            (0.025, -1.959_963_984_540_054),
            (1e-10, -6.361_340_902_404_056),
        ];
        for (p, z) in table {
            let found = normal_quantile(p);
            assert!((found - z).abs() < 4e-15 * (1.0 + z.abs()), "{p}: {found}, {z}");
        }
    }

    #[test]
    fn quantile_and_distribution_function_are_inverse() {
        for i in 1..400 {
            let z = -8.0 + 0.02 * f64::from(i);
            let back = normal_quantile(normal_cdf(z));
            assert!((back - z).abs() < 1e-14 * (1.0 + z.abs()), "{z}: {back}");
        }
    }

    #[test]
    fn quantiles_are_of_type_7() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (p, expected) in [(0.0, 1.0), (0.25, 2.0), (0.4, 3.2), (1.0, 16.0)] {
            assert!((quantile(&sorted, p) - expected).abs() < 1e-15, "{p}");
        }
        assert_eq!(quantile(&sorted, 0.9), 8.0 + 0.6 * 8.0);
    }

    #[test]
    fn without_bias_and_skewness_the_ends_are_plain_quantiles() {
        let mut resamples: Vec<f64> = (-500..=500).map(f64::from).collect();
        let found = interval("x", 0.0, &mut resamples, &[-1.0, 0.0, 1.0], 0.9).unwrap();
        assert!(found.bias_correction.abs() < 1e-15 && found.acceleration == 0.0, "{found:?}");
        assert!((found.lower + 450.0).abs() < 1e-9 && (found.upper - 450.0).abs() < 1e-9, "{found:?}");
        assert!(!found.extreme);
        let wide = interval("x", 0.0, &mut resamples, &[-1.0, 0.0, 1.0], 0.9999).unwrap();
        assert!(wide.extreme && wide.lower < -499.0);
    }

    #[test]
    fn what_has_no_interval_is_refused() {
        let field = |result: Result<Bca, CoreError>| result.unwrap_err().fault().field;
        assert_eq!(field(interval("x", 1.0, &mut [1.0; 5], &[1.0, 2.0], 0.95)), "x in all resamples");
        assert_eq!(field(interval("x", 3.0, &mut [1.0, 2.0], &[1.0, 2.0], 0.95)), "share of resamples below x");
        assert_eq!(field(interval("x", 1.5, &mut [1.0, 2.0], &[1.0, 1.0], 0.95)), "x with any one row left out");
    }
}
