use crate::{assert_close, fit_b, jitter, request};
use measurand_core::fit::fit;
use serde_json::json;

const B: [f64; 6] = [0.0, 300.0, 700.0, 1000.0, 1500.0, 2000.0];

fn decay(s0: f64, d: f64, k: f64) -> Vec<f64> {
    B.iter().map(|b| s0 * libm::exp(-b * d + (b * d).powi(2) * k / 6.0)).collect()
}

fn noisy(seed: usize) -> Vec<f64> {
    let samples = decay(700.0, 1.1e-3, 0.8);
    samples.iter().enumerate().map(|(i, s)| s + 8.0 * jitter(seed * 6 + i)).collect()
}

/// The normal equations of ln S on 1, b and b^2 with weights, solved by elimination in the raw units of b/1000, and what
/// follows from the coefficients and their covariance.
fn regression(samples: &[f64], weights: &[f64]) -> ([f64; 3], [f64; 3], f64) {
    let x: Vec<f64> = B.iter().map(|b| b / 1000.0).collect();
    let mut table = [[0.0; 6]; 3];
    for (x, w) in x.iter().zip(weights) {
        let row = [1.0, *x, x * x];
        for j in 0..3 {
            for k in 0..3 {
                table[j][k] += w * row[j] * row[k];
            }
        }
    }
    let mut right = [0.0; 3];
    for ((x, s), w) in x.iter().zip(samples).zip(weights) {
        for (right, row) in right.iter_mut().zip([1.0, *x, x * x]) {
            *right += w * row * libm::log(*s);
        }
    }
    // Gauss-Jordan: the inverse beside the matrix.
    for j in 0..3 {
        table[j][3 + j] = 1.0;
    }
    for j in 0..3 {
        let pivot = table[j][j];
        table[j].iter_mut().for_each(|value| *value /= pivot);
        for i in 0..3 {
            if i != j {
                let (factor, other) = (table[i][j], table[j]);
                table[i].iter_mut().zip(other).for_each(|(value, other)| *value -= factor * other);
            }
        }
    }
    let inverse = |j: usize, k: usize| table[j][3 + k];
    let c: Vec<f64> = (0..3).map(|j| (0..3).map(|k| inverse(j, k) * right[k]).sum()).collect();
    let residual: f64 = x
        .iter()
        .zip(samples)
        .zip(weights)
        .map(|((x, s), w)| w * (libm::log(*s) - c[0] - c[1] * x - c[2] * x * x).powi(2))
        .sum();
    let variance = residual / (B.len() as f64 - 3.0);
    let (s0, d, k) = (libm::exp(c[0]), -c[1] / 1000.0, 6.0 * c[2] / (c[1] * c[1]));
    let quadratic = |g: [f64; 3]| -> f64 {
        (0..3).map(|j| (0..3).map(|m| g[j] * inverse(j, m) * g[m]).sum::<f64>()).sum::<f64>() * variance
    };
    let sd = [
        s0 * quadratic([1.0, 0.0, 0.0]).sqrt(),
        quadratic([0.0, 1.0, 0.0]).sqrt() / 1000.0,
        quadratic([0.0, -2.0 * k / c[1], 6.0 / (c[1] * c[1])]).sqrt(),
    ];
    ([s0, d, k], sd, residual)
}

#[test]
fn log_linear_fits_are_regressions_on_b_and_its_square() {
    for seed in 0..20 {
        let samples = noisy(seed);
        let squares: Vec<f64> = samples.iter().map(|s| s * s).collect();
        for (estimator, weights) in [("ols", vec![1.0; 6]), ("wls", squares)] {
            let fit = fit_b("kurtosis", estimator, &B, &samples);
            let (expected, sd, residual) = regression(&samples, &weights);
            assert_eq!(fit.status, [0]);
            for j in 0..3 {
                assert_close(fit.parameters[j], expected[j], 1e-10);
                assert_close(fit.standard_deviations[j], sd[j], 1e-8);
            }
            assert_close(fit.residual[0], residual, 1e-8);
        }
    }
}

#[test]
fn iwls_is_a_fixed_point_of_its_own_weights() {
    for seed in 0..20 {
        let samples = noisy(seed);
        let fit = fit_b("kurtosis", "iwls", &B, &samples);
        assert_eq!(fit.status, [0]);
        let weights: Vec<f64> =
            decay(fit.parameters[0], fit.parameters[1], fit.parameters[2]).iter().map(|s| s * s).collect();
        let (expected, sd, residual) = regression(&samples, &weights);
        for j in 0..3 {
            assert_close(fit.parameters[j], expected[j], 1e-8);
            assert_close(fit.standard_deviations[j], sd[j], 1e-7);
        }
        assert_close(fit.residual[0], residual, 1e-7);
    }
}

#[test]
fn single_precision_keeps_four_digits() {
    let samples = noisy(3);
    let single: Vec<f32> = samples.iter().map(|&s| s as f32).collect();
    for estimator in ["ols", "wls", "iwls"] {
        let double = fit_b("kurtosis", estimator, &B, &samples);
        let fit = fit_b("kurtosis", estimator, &B, &single);
        assert_eq!(fit.status, [0]);
        for j in 0..3 {
            assert_close(f64::from(fit.parameters[j]), double.parameters[j], 1e-4);
        }
    }
}

#[test]
fn two_b_values_do_not_determine_kurtosis() {
    let b = [0.0, 0.0, 1000.0, 1000.0];
    for estimator in ["ols", "wls", "iwls", "nlls"] {
        let fit = fit_b("kurtosis", estimator, &b, &[100.0f64, 101.0, 40.0, 41.0]);
        assert_eq!(fit.status, [2], "{estimator}");
        assert!(fit.parameters[2].is_nan());
    }
}

#[test]
fn samples_without_logarithm_fail_the_log_linear_fits_alone() {
    let mut samples = noisy(1);
    samples[5] = 0.0;
    for (estimator, status) in [("ols", 4), ("wls", 4), ("iwls", 4)] {
        assert_eq!(fit_b("kurtosis", estimator, &B, &samples).status, [status], "{estimator}");
    }
    assert!(fit_b("kurtosis", "nlls", &B, &samples).status[0] <= 1);
}

#[test]
fn the_nonlinear_fit_keeps_its_bounds() {
    let samples = decay(100.0, 1e-3, 1.4);
    let value = json!({"model": "kurtosis", "estimator": "nlls", "protocol": {"b": B}, "bounds": {"K": [0, 1]}});
    let fit = fit(&request(&value), &samples, 1).unwrap();
    assert_eq!(fit.status, [1]);
    assert_eq!(fit.parameters[2].to_bits(), 1f64.to_bits());
}
