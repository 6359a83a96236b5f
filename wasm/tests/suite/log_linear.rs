use crate::{assert_close, fit_b, jitter, seeded};
use proptest::prelude::*;

const B: [f64; 5] = [0.0, 50.0, 100.0, 400.0, 900.0];

fn noisy(seed: usize) -> Vec<f64> {
    B.iter().enumerate().map(|(i, b)| 500.0 * libm::exp(-b * 1.2e-3) + 15.0 * jitter(seed * 5 + i)).collect()
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn noise_free_signals_give_their_parameters_back(s0 in 1e-3f64..1e6, adc in 1e-5f64..5e-3, n in 2usize..12) {
        let b: Vec<f64> = (0..n).map(|i| 1000.0 * i as f64 / (n - 1) as f64).collect();
        let samples: Vec<f64> = b.iter().map(|b| s0 * libm::exp(-b * adc)).collect();
        for estimator in ["ols", "wls", "iwls"] {
            let fit = fit_b("mono-exponential", estimator, &b, &samples);
            prop_assert_eq!(fit.status[0], 0);
            prop_assert!(crate::close(fit.parameters[0], s0, 1e-12));
            prop_assert!((fit.parameters[1] - adc).abs() <= 1e-12 * adc + 1e-17 * s0.ln().abs());
            let single: Vec<f32> = samples.iter().map(|&s| s as f32).collect();
            let fit = fit_b("mono-exponential", estimator, &b, &single);
            prop_assert_eq!(fit.status[0], 0);
            // ln S near 14 has a spacing of 1e-6 in single precision.
            prop_assert!(crate::close(f64::from(fit.parameters[0]), s0, 1e-5));
            prop_assert!((f64::from(fit.parameters[1]) - adc).abs() <= 1e-6 * adc + 5e-9);
        }
    }

    #[test]
    fn a_factor_on_the_signal_is_a_factor_on_s0(seed in 0usize..1000, factor in 1e-4f64..1e4) {
        let samples = noisy(seed);
        let scaled: Vec<f64> = samples.iter().map(|s| s * factor).collect();
        for estimator in ["ols", "wls", "iwls"] {
            let (one, other) = (fit_b("mono-exponential", estimator, &B, &samples),
                                fit_b("mono-exponential", estimator, &B, &scaled));
            prop_assert!(crate::close(other.parameters[0], factor * one.parameters[0], 1e-9));
            prop_assert!(crate::close(other.parameters[1], one.parameters[1], 1e-9));
            prop_assert!(crate::close(other.standard_deviations[0], factor * one.standard_deviations[0], 1e-7));
            prop_assert!(crate::close(other.standard_deviations[1], one.standard_deviations[1], 1e-7));
        }
    }

    #[test]
    fn the_order_of_samples_does_not_matter(seed in 0usize..1000, turn in 1usize..5) {
        let samples = noisy(seed);
        let turned = |values: &[f64]| -> Vec<f64> { (0..5).map(|i| values[(i * 3 + turn) % 5]).collect() };
        for estimator in ["ols", "wls", "iwls"] {
            let one = fit_b("mono-exponential", estimator, &B, &samples);
            let other = fit_b("mono-exponential", estimator, &turned(&B), &turned(&samples));
            for j in 0..2 {
                prop_assert!(crate::close(other.parameters[j], one.parameters[j], 1e-10));
                prop_assert!(crate::close(other.standard_deviations[j], one.standard_deviations[j], 1e-8));
            }
        }
    }

    #[test]
    fn iwls_is_a_fixed_point_of_its_own_weights(seed in 0usize..1000) {
        let samples = noisy(seed);
        let fit = fit_b("mono-exponential", "iwls", &B, &samples);
        prop_assert_eq!(fit.status[0], 0);
        let (s0, adc) = (fit.parameters[0], fit.parameters[1]);
        let (mut level, mut slope, mut size, mut rss) = (0.0, 0.0, 0.0, 0.0);
        for (b, s) in B.iter().zip(&samples) {
            let predicted = s0 * libm::exp(-b * adc);
            let r = libm::log(s / predicted);
            level += predicted * predicted * r;
            slope += predicted * predicted * r * b;
            size += predicted * predicted * r.abs();
            rss += predicted * predicted * r * r;
        }
        prop_assert!(level.abs() <= 1e-9 * size && slope.abs() <= 1e-9 * size * 900.0);
        prop_assert!(crate::close(fit.residual[0], rss, 1e-8));
    }
}

/// Textbook formulas of weighted least squares, written out by hand on the raw sums.
#[test]
fn wls_is_the_regression_line_weighted_by_the_squared_samples() {
    let samples = noisy(11);
    let (mut w, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (b, s) in B.iter().zip(&samples) {
        let (weight, y) = (s * s, libm::log(*s));
        w += weight;
        sx += weight * b;
        sy += weight * y;
        sxx += weight * b * b;
        sxy += weight * b * y;
    }
    let determinant = w * sxx - sx * sx;
    let (slope, intercept) = ((w * sxy - sx * sy) / determinant, (sxx * sy - sx * sxy) / determinant);
    let square = |(b, s): (&f64, &f64)| s * s * (libm::log(*s) - intercept - slope * b).powi(2);
    let rss: f64 = B.iter().zip(&samples).map(square).sum();
    let variance = rss / (B.len() as f64 - 2.0);
    let fit = fit_b("mono-exponential", "wls", &B, &samples);
    assert_close(fit.parameters[0], libm::exp(intercept), 1e-12);
    assert_close(fit.parameters[1], -slope, 1e-12);
    assert_close(fit.standard_deviations[0], libm::exp(intercept) * (variance * sxx / determinant).sqrt(), 1e-10);
    assert_close(fit.standard_deviations[1], (variance * w / determinant).sqrt(), 1e-10);
    assert_close(fit.residual[0], rss, 1e-10);
}

/// Textbook formulas, written out by hand on the raw sums.
#[test]
fn ols_standard_deviations_are_those_of_a_regression_line() {
    let samples = noisy(7);
    let n = B.len() as f64;
    let y: Vec<f64> = samples.iter().map(|&s| libm::log(s)).collect();
    let (sx, sy) = (B.iter().sum::<f64>(), y.iter().sum::<f64>());
    let sxx: f64 = B.iter().map(|x| x * x).sum();
    let sxy: f64 = B.iter().zip(&y).map(|(x, y)| x * y).sum();
    let determinant = n * sxx - sx * sx;
    let (slope, intercept) = ((n * sxy - sx * sy) / determinant, (sxx * sy - sx * sxy) / determinant);
    let rss: f64 = B.iter().zip(&y).map(|(x, y)| (y - intercept - slope * x).powi(2)).sum();
    let variance = rss / (n - 2.0);
    let fit = fit_b("mono-exponential", "ols", &B, &samples);
    assert_close(fit.parameters[0], libm::exp(intercept), 1e-12);
    assert_close(fit.parameters[1], -slope, 1e-12);
    assert_close(fit.standard_deviations[0], libm::exp(intercept) * (variance * sxx / determinant).sqrt(), 1e-10);
    assert_close(fit.standard_deviations[1], (variance * n / determinant).sqrt(), 1e-10);
    assert_close(fit.residual[0], rss, 1e-10);
}

#[test]
fn two_samples_fit_exactly_and_have_no_standard_deviation() {
    for estimator in ["ols", "wls", "iwls"] {
        let fit = fit_b("mono-exponential", estimator, &[0.0, 1000.0], &[400.0, 150.0]);
        assert_eq!(fit.status, [0]);
        assert_close(fit.parameters[0], 400.0, 1e-13);
        assert_close(fit.parameters[1], libm::log(400.0 / 150.0) / 1000.0, 1e-13);
        assert_eq!(fit.standard_deviations, [f64::INFINITY; 2]);
    }
}

#[test]
fn a_rising_signal_has_a_negative_adc() {
    for estimator in ["ols", "wls", "iwls"] {
        let fit = fit_b("mono-exponential", estimator, &[0.0, 500.0, 1000.0], &[100.0f64, 110.0, 120.0]);
        assert_eq!(fit.status, [0]);
        assert!(fit.parameters[1] < 0.0);
    }
}

#[test]
fn a_sample_that_has_no_logarithm_fails_its_voxel_alone() {
    // Voxels: good, zero, negative, NaN, infinite.
    let samples = [200.0, 200.0, 200.0, 200.0, 200.0, 100.0, 0.0, -3.0, f64::NAN, f64::INFINITY];
    for estimator in ["ols", "wls", "iwls"] {
        let fit = fit_b("mono-exponential", estimator, &[0.0, 700.0], &samples);
        assert_eq!(fit.status, [0, 4, 4, 3, 3], "{estimator}");
        assert_eq!(fit.iterations[1..], [0; 4]);
    }
}

/// The second b-value's weight vanishes: one b-value is left, and nothing but that is known.
#[test]
fn iwls_says_when_weights_leave_one_b_value() {
    let fit = fit_b("mono-exponential", "iwls", &[0.0, 1000.0, 1000.0], &[1e12f64, 1e-9, 2e-9]);
    assert_eq!(fit.status, [2]);
    assert!(fit.parameters[0].is_nan());
}
