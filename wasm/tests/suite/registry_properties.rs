//! What holds for every registered model and each of its estimators.

use crate::examples::{example, Example};
use crate::{jitter, request, seeded};
use measurand_core::fit::{fit, Fit};
use measurand_core::models::{Description, MODELS};
use proptest::prelude::*;
use serde_json::Value;

/// Parameters between the example's low and high ends.
fn between(example: &Example, fractions: &[f64]) -> Vec<f64> {
    let ends = example.low.iter().zip(example.high);
    ends.zip(fractions).map(|((low, high), fraction)| low + fraction * (high - low)).collect()
}

/// Samples of a model's example with noise of a share of the largest one.
fn noisy(id: &str, example: &Example, x: &[f64], share: f64, seed: usize) -> Vec<f64> {
    let model = measurand_core::models::find(id).unwrap();
    let clean = model.signal().unwrap().predict(&example.design(id), x);
    let largest = clean.iter().fold(0.0f64, |largest, s| largest.max(s.abs()));
    clean.iter().enumerate().map(|(i, s)| s + share * largest * jitter(97 * seed + i)).collect()
}

fn each_estimator(mut check: impl FnMut(&'static Description, &'static str, Example)) {
    let mut checked = 0;
    for model in MODELS.iter().filter(|model| model.signal().is_some()) {
        let description = model.description();
        for estimator in description.estimators {
            check(description, estimator, example(description.id));
            checked += 1;
        }
    }
    assert!(checked >= 3);
}

fn fitted(example: &Example, id: &str, estimator: &str, samples: &[f64]) -> Fit<f64> {
    fit(&request(&example.request(id, estimator)), samples, 1).unwrap()
}

/// How near noise-free parameters come back, relatively. The segmented fit neglects what perfusion leaves at high b.
fn tolerance(estimator: &str) -> f64 {
    match estimator {
        "segmented" => 1e-4,
        _ => 1e-6,
    }
}

/// Two fits of the same samples in another guise: one status, and numbers equal far below their uncertainty.
#[track_caller]
fn assert_same(one: &Fit<f64>, other: &Fit<f64>, scale: impl Fn(usize) -> f64, what: &str) {
    assert_eq!(one.status, other.status, "{what}");
    for j in 0..one.parameters.len() {
        let (a, b) = (one.parameters[j] * scale(j), other.parameters[j]);
        let sd = one.standard_deviations[j] * scale(j);
        let allowed = 1e-7 * a.abs() + if sd.is_finite() { 1e-4 * sd } else { 0.0 };
        assert!((a - b).abs() <= allowed || (a.is_nan() && b.is_nan()), "{what} parameter {j}: {a} or {b}, sd {sd}");
        let other_sd = other.standard_deviations[j];
        let same = (sd - other_sd).abs() <= 1e-3 * sd || sd == other_sd || (sd.is_nan() && other_sd.is_nan());
        assert!(same, "{what} sd {j}: {sd} or {other_sd}");
    }
}

proptest! {
    #![proptest_config(seeded(100))]

    #[test]
    fn the_jacobian_agrees_with_central_differences(fractions in prop::collection::vec(0.0f64..1.0, 12)) {
        for model in MODELS {
            let Some(signal) = model.signal() else { continue };
            let description = model.description();
            let example = example(description.id);
            let design = example.design(description.id);
            let x = between(&example, &fractions);
            let (p, jacobian) = (x.len(), signal.jacobian(&design, &x));
            let here = signal.predict(&design, &x);
            let largest = here.iter().fold(0.0f64, |largest, s| largest.max(s.abs()));
            for j in 0..p {
                let step = 1e-5 * x[j].abs().max(1e-3 * (example.high[j] - example.low[j]).abs()).max(1e-9);
                let moved = |sign: f64| {
                    let mut moved = x.clone();
                    moved[j] += sign * step;
                    (signal.predict(&design, &moved), moved[j])
                };
                let ((up, high), (down, low)) = (moved(1.0), moved(-1.0));
                for i in 0..design.rows() {
                    let expected = (up[i] - down[i]) / (high - low);
                    let found = jacobian[i * p + j];
                    // A magnitude has no derivative where it vanishes.
                    if description.magnitude && here[i].abs() <= 4.0 * step * found.abs() && up[i] + down[i] > 0.0 {
                        continue;
                    }
                    // Differences carry the signal's rounding divided by the step, and a cubic remainder.
                    let allowed = 1e-6 * expected.abs() + 1e-12 * largest / step + 1e-8 * largest / x[j].abs().max(step);
                    prop_assert!(
                        (found - expected).abs() <= allowed,
                        "{} d/d{j} sample {i}: {found}, differences give {expected}", description.id
                    );
                }
            }
        }
    }

    #[test]
    fn a_noise_free_signal_is_reproduced(fractions in prop::collection::vec(0.0f64..1.0, 12)) {
        each_estimator(|description, estimator, example| {
            let x = between(&example, &fractions);
            let samples = noisy(description.id, &example, &x, 0.0, 0);
            let found = fitted(&example, description.id, estimator, &samples);
            assert_eq!(found.status, [0], "{} {estimator} at {x:?}", description.id);
            let model = measurand_core::models::find(description.id).unwrap();
            let again = model.signal().unwrap().predict(&example.design(description.id), &found.parameters);
            let largest = samples.iter().fold(0.0f64, |largest, s| largest.max(s.abs()));
            for (again, sample) in again.iter().zip(&samples) {
                let allowed = tolerance(estimator) * largest;
                assert!((again - sample).abs() <= allowed, "{} {estimator} at {x:?}: {again} for {sample}", description.id);
            }
        });
    }
}

#[test]
fn every_estimator_gives_typical_noise_free_parameters_back() {
    each_estimator(|description, estimator, example| {
        let samples = noisy(description.id, &example, example.typical, 0.0, 0);
        let found = fitted(&example, description.id, estimator, &samples);
        assert_eq!(found.status, [0], "{} {estimator}", description.id);
        for (found, expected) in found.parameters.iter().zip(example.typical) {
            let allowed = tolerance(estimator) * expected.abs();
            assert!((found - expected).abs() <= allowed, "{} {estimator}: {found} for {expected}", description.id);
        }
    });
}

#[test]
fn a_factor_on_the_samples_is_a_factor_on_the_parameters_in_their_unit() {
    each_estimator(|description, estimator, example| {
        for (seed, factor) in [(1, 1e-3), (2, 731.0)] {
            let samples = noisy(description.id, &example, example.typical, 0.01, seed);
            let scaled: Vec<f64> = samples.iter().map(|s| s * factor).collect();
            let one = fitted(&example, description.id, estimator, &samples);
            let other = fitted(&example, description.id, estimator, &scaled);
            let scale = |j: usize| if description.parameters[j].unit == "signal" { factor } else { 1.0 };
            assert_same(&one, &other, scale, &format!("{} {estimator} times {factor}", description.id));
        }
    });
}

#[test]
fn the_order_of_samples_does_not_matter() {
    each_estimator(|description, estimator, example| {
        for seed in 1..=3 {
            let samples = noisy(description.id, &example, example.typical, 0.01, seed);
            let n = samples.len();
            // A step that has no factor in common with n visits every sample once.
            let step: usize = (2..).find(|&step| (2..=step).all(|k| step % k != 0 || n % k != 0)).unwrap();
            let order: Vec<usize> = (0..n).map(|i| (n - 1) - (i * step) % n).collect();
            let mut turned = example.request(description.id, estimator);
            for column in turned["protocol"].as_object_mut().unwrap().values_mut() {
                let values = column.as_array().unwrap().clone();
                *column = order.iter().map(|&i| values[i].clone()).collect::<Value>();
            }
            let mixed: Vec<f64> = order.iter().map(|&i| samples[i]).collect();
            let one = fitted(&example, description.id, estimator, &samples);
            let other = fit(&request(&turned), &mixed, 1).unwrap();
            assert_same(&one, &other, |_| 1.0, &format!("{} {estimator} in another order", description.id));
        }
    });
}
