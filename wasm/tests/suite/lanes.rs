//! What a voxel's result may depend on: its samples, and nothing else.

use crate::{fit_b, jitter, request};
use measurand_core::fit::{fit, Fit};
use measurand_core::models::Precision;

const B: [f64; 5] = [0.0, 50.0, 100.0, 400.0, 900.0];

/// Noisy voxels of every kind: decays, rises, noise alone, zeros, constants, NaN, infinity, tiny and huge.
fn voxels() -> Vec<[f64; 5]> {
    (0..53)
        .map(|v| {
            let mut samples = [0.0; 5];
            for (i, sample) in samples.iter_mut().enumerate() {
                let noise = 40.0 * jitter(v * 5 + i);
                let decay = 600.0 * libm::exp(-B[i] * 2e-3 * (1.0 + jitter(v)));
                *sample = match v % 13 {
                    0 => 300.0 + noise + 0.1 * B[i],
                    1 => noise,
                    2 => 0.0,
                    3 => 7.0,
                    4 if i == 2 => f64::NAN,
                    5 if i == 4 => f64::INFINITY,
                    6 => (decay + noise) * 1e-30,
                    7 => (decay + noise).abs() * 1e30,
                    8 => 900.0 * libm::exp(-B[i] * 0.08) + 0.01 * noise,
                    _ => decay + noise,
                };
            }
            samples
        })
        .collect()
}

fn sample_major<T: Precision>(voxels: &[[f64; 5]]) -> Vec<T> {
    (0..5).flat_map(|i| voxels.iter().map(move |samples| T::from_f64(samples[i]))).collect()
}

/// Everything one voxel's result holds, as bits.
fn bits<T: Precision>(fit: &Fit<T>, v: usize) -> Vec<u64> {
    let columns = [&fit.parameters, &fit.standard_deviations, &fit.residual];
    let values = columns.iter().flat_map(|values| values.iter().skip(v).step_by(fit.voxels));
    let codes = [u64::from(fit.status[v]), u64::from(fit.iterations[v])];
    values.map(|value| value.to_f64().to_bits()).chain(codes).collect()
}

fn check<T: Precision>(model: &str, estimator: &str) {
    let voxels = voxels();
    let together = fit_b(model, estimator, &B, &sample_major::<T>(&voxels));
    let reversed: Vec<_> = voxels.iter().copied().rev().collect();
    let backwards = fit_b(model, estimator, &B, &sample_major::<T>(&reversed));
    for (v, samples) in voxels.iter().enumerate() {
        let expected = bits(&together, v);
        let alone = fit_b(model, estimator, &B, &sample_major::<T>(&[*samples]));
        assert_eq!(bits(&alone, 0), expected, "{model} {estimator}: voxel {v} alone");
        assert_eq!(bits(&backwards, voxels.len() - 1 - v), expected, "{model} {estimator}: voxel {v} reversed");
    }
    for chunk in [2, 3, 7] {
        for (c, part) in voxels.chunks(chunk).enumerate() {
            let fit = fit_b(model, estimator, &B, &sample_major::<T>(part));
            for i in 0..part.len() {
                assert_eq!(bits(&fit, i), bits(&together, c * chunk + i), "{model} {estimator}: chunks of {chunk}");
            }
        }
    }
}

#[test]
fn neither_position_nor_neighbours_nor_chunks_change_a_bit() {
    for model in ["mono-exponential", "clinical-adc"] {
        for estimator in ["ols", "iwls", "nlls"] {
            check::<f64>(model, estimator);
            check::<f32>(model, estimator);
        }
    }
}

#[test]
fn voxels_without_an_estimate_carry_nan_and_others_none() {
    for estimator in ["ols", "iwls", "nlls"] {
        let fit = fit_b("mono-exponential", estimator, &B, &sample_major::<f64>(&voxels()));
        let mut seen = std::collections::BTreeSet::new();
        for v in 0..fit.voxels {
            seen.insert(fit.status[v]);
            let without = |values: &[f64]| (0..2).filter(|j| values[j * fit.voxels + v].is_nan()).count();
            let missing = without(&fit.parameters);
            assert_eq!(without(&fit.standard_deviations), missing);
            match fit.status[v] {
                0 | 1 => assert_eq!(missing, 0),
                // What the samples determine has its value from the nonlinear fit; closed forms give none.
                2 => assert!(missing == 2 || (missing == 1 && estimator == "nlls")),
                _ => assert_eq!(missing, 2),
            }
            assert_eq!(fit.residual[v].is_nan(), fit.status[v] > 2 || (fit.status[v] == 2 && estimator != "nlls"));
        }
        assert!(seen.contains(&0) && seen.contains(&3), "{estimator}: {seen:?}");
        assert!(seen.contains(&if estimator == "nlls" { 5 } else { 4 }), "{estimator}: {seen:?}");
    }
}

/// Fits that take from few to many iterations and starts, in lanes that are refilled as they end.
fn check_refilled<T: Precision>() {
    let b: Vec<f64> = [0.0, 50.0, 100.0, 400.0, 900.0, 1200.0, 1600.0].iter().flat_map(|&b| [b; 3]).collect();
    let te: Vec<f64> = (0..21).map(|i| [0.093, 0.105, 0.12][i % 3]).collect();
    let voxels: Vec<Vec<f64>> = (0..67)
        .map(|v| {
            let (f, noise) = (0.3 * (0.5 + 0.5 * jitter(v)), [0.0, 0.004, 0.05][v % 3]);
            let signal = |i: usize| {
                let (blood, tissue) = (-0.02 * b[i] - te[i] / 0.15, -1e-3 * b[i] + 1.5e-7 * b[i] * b[i] - te[i] / 0.08);
                f * libm::exp(blood) + (1.0 - f) * libm::exp(tissue) + noise * jitter(100 * v + i)
            };
            (0..21).map(|i| if v == 20 && i == 3 { f64::NAN } else { 300.0 * signal(i) }).collect()
        })
        .collect();
    let value = serde_json::json!({
        "model": "t2-ivim-kurtosis", "estimator": "nlls", "protocol": {"b": b, "TE": te}, "correlation": true,
    });
    let fitted = |voxels: &[&Vec<f64>]| {
        let samples: Vec<T> = (0..21).flat_map(|i| voxels.iter().map(move |samples| T::from_f64(samples[i]))).collect();
        fit(&request(&value), &samples, voxels.len()).unwrap()
    };
    let all: Vec<&Vec<f64>> = voxels.iter().collect();
    let together = fitted(&all);
    let reversed: Vec<&Vec<f64>> = voxels.iter().rev().collect();
    let backwards = fitted(&reversed);
    let everything = |fit: &Fit<T>, v: usize| {
        let further = [&fit.gradient, &fit.condition, &fit.correlation];
        let further = further.iter().flat_map(|values| values.iter().skip(v).step_by(fit.voxels));
        let more: Vec<u64> = further.map(|value| value.to_f64().to_bits()).collect();
        (bits(fit, v), more, fit.active[v])
    };
    for (v, samples) in voxels.iter().enumerate() {
        let expected = everything(&together, v);
        assert_eq!(everything(&fitted(&[samples]), 0), expected, "voxel {v} alone");
        assert_eq!(everything(&backwards, voxels.len() - 1 - v), expected, "voxel {v} reversed");
    }
}

#[test]
fn a_refilled_lane_does_not_feel_its_neighbours() {
    check_refilled::<f64>();
    check_refilled::<f32>();
}
