use crate::{assert_close, fit_b, request};
use measurand_core::fit::{fit, Fit};
use serde_json::json;

const B: [f64; 7] = [0.0, 50.0, 100.0, 400.0, 900.0, 1200.0, 1600.0];

/// Bi-exponential tissue: fast and slow ADC differ and F is above zero.
fn tissue(b: f64) -> f64 {
    1000.0 * (0.15 * libm::exp(-b * 0.02) + 0.85 * libm::exp(-b * 9e-4))
}

fn segment(estimator: &str, b: &[f64], signal: impl Fn(f64) -> f64) -> Fit<f64> {
    let samples: Vec<f64> = b.iter().map(|&b| signal(b)).collect();
    fit_b("mono-exponential", estimator, b, &samples)
}

#[test]
fn each_metric_is_the_fit_of_its_segment() {
    let samples: Vec<f64> = B.iter().map(|&b| tissue(b)).collect();
    for estimator in ["ols", "iwls", "nlls"] {
        let found = fit_b("clinical-adc", estimator, &B, &samples);
        assert_eq!(found.status, [0]);
        let all = segment(estimator, &B[..5], tissue);
        let fast = segment(estimator, &B[..3], tissue);
        let slow = segment(estimator, &B[2..5], tissue);
        assert_eq!(found.parameters[0], all.parameters[1]);
        assert_eq!(found.parameters[1], fast.parameters[1]);
        assert_eq!(found.parameters[2], slow.parameters[1]);
        assert_eq!(found.parameters[3], 1.0 - slow.parameters[0] / samples[0]);
        assert_eq!(found.parameters[4], samples[0]);
        assert_eq!(
            found.standard_deviations[..3].to_vec(),
            [all, fast, slow].map(|fit| fit.standard_deviations[1]).to_vec()
        );
        assert!(found.parameters[1] > found.parameters[0] && found.parameters[0] > found.parameters[2]);
        assert!((0.1..0.2).contains(&found.parameters[3]), "F {}", found.parameters[3]);
    }
}

#[test]
fn noise_free_decay_of_one_component_has_no_fast_fraction() {
    let samples: Vec<f64> = B.iter().map(|&b| 800.0 * libm::exp(-b * 1.1e-3)).collect();
    for estimator in ["ols", "iwls", "nlls"] {
        let found = fit_b("clinical-adc", estimator, &B, &samples);
        for j in 0..3 {
            assert_close(found.parameters[j], 1.1e-3, 1e-11);
        }
        assert!(found.parameters[3].abs() < 1e-11);
    }
}

#[test]
fn only_the_shortest_echo_time_counts() {
    let te = [0.093, 0.105, 0.12];
    let b: Vec<f64> = te.iter().flat_map(|_| B).collect();
    let echo: Vec<f64> = te.iter().flat_map(|&te| [te; 7]).collect();
    let samples: Vec<f64> =
        b.iter().zip(&echo).map(|(&b, te)| tissue(b) * libm::exp(-te / (0.05 + b * 1e-4))).collect();
    let protocol = json!({"b": b, "TE": echo});
    let request = request(&json!({"model": "clinical-adc", "estimator": "ols", "protocol": protocol}));
    let found = fit(&request, &samples, 1).unwrap();
    let short = fit_b("clinical-adc", "ols", &B, &samples[..7]);
    assert_eq!(found, short);
}

#[test]
fn repeated_samples_all_count_and_s0_is_their_mean() {
    let b = [0.0, 0.0, 50.0, 100.0, 100.0, 400.0, 900.0];
    let samples = [1000.0, 1020.0, 930.0, 880.0, 890.0, 640.0, 410.0];
    let found = fit_b("clinical-adc", "ols", &b, &samples);
    assert_eq!(found.parameters[4], 1010.0);
    let slow = fit_b("mono-exponential", "ols", &b[3..], &samples[3..]);
    assert_eq!(found.parameters[2], slow.parameters[1]);
    let noise = slow.residual[0] / 2.0;
    let ratio = slow.parameters[0] / 1010.0;
    assert_close(found.standard_deviations[4], 1010.0 * (noise / 2.0).sqrt(), 1e-12);
    let relative = (slow.standard_deviations[0] / slow.parameters[0]).powi(2) + noise / 2.0;
    assert_close(found.standard_deviations[3], ratio * relative.sqrt(), 1e-12);
}

#[test]
fn samples_outside_the_segments_may_be_anything() {
    let mut samples: Vec<f64> = B.iter().map(|&b| tissue(b)).collect();
    let expected = fit_b("clinical-adc", "iwls", &B, &samples);
    (samples[5], samples[6]) = (f64::NAN, -4.0);
    assert_eq!(fit_b("clinical-adc", "iwls", &B, &samples), expected);
}

#[test]
fn a_voxel_fails_as_its_worst_segment_does() {
    let mut zero = B.map(tissue);
    zero[4] = 0.0;
    let mut nan = B.map(tissue);
    nan[1] = f64::NAN;
    for (samples, status) in [(zero, 4), (nan, 3)] {
        let found = fit_b("clinical-adc", "ols", &B, &samples);
        assert_eq!(found.status, [status]);
        assert!(found.parameters.iter().all(|value| value.is_nan()));
    }
}

#[test]
fn bounds_reach_the_segment_they_name() {
    let samples: Vec<f64> = B.iter().map(|&b| tissue(b)).collect();
    let request = request(&json!({
        "model": "clinical-adc", "estimator": "nlls", "protocol": {"b": B}, "bounds": {"ADC_fast": [0.0, 1e-3]},
    }));
    let found = fit(&request, &samples, 1).unwrap();
    assert_eq!(found.status, [1]);
    assert_eq!(found.parameters[1], 1e-3);
    assert_eq!(found.standard_deviations[1], f64::INFINITY);
    assert!(found.standard_deviations[2].is_finite());
}

#[test]
fn a_b_value_that_a_metric_needs_is_named_when_missing() {
    for (missing, metric) in [(0.0, "ADC_fast"), (50.0, "ADC_fast"), (400.0, "ADC_slow"), (900.0, "ADC_slow")] {
        let b: Vec<f64> = B.into_iter().filter(|&b| b != missing).collect();
        let request = request(&json!({"model": "clinical-adc", "estimator": "ols", "protocol": {"b": b}}));
        let fault = fit(&request, &vec![1.0; b.len()], 1).unwrap_err().fault();
        assert_eq!(fault.code, "missing-b");
        assert!(fault.expected.contains(&format!("b = {missing} ")) && fault.expected.contains(metric), "{fault:?}");
    }
}
