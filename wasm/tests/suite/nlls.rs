use crate::examples::example;
use crate::{assert_close, fit_b, jitter, request, seeded};
use measurand_core::fit::{fit, Fit};
use measurand_core::models::find;
use measurand_core::simulate::noise::{add, Kind};
use proptest::prelude::*;
use serde_json::{json, Value};

const B: [f64; 5] = [0.0, 50.0, 100.0, 400.0, 900.0];

fn bounded(b: &[f64], samples: &[f64], bounds: Value) -> Fit<f64> {
    let value = json!({"model": "mono-exponential", "estimator": "nlls", "protocol": {"b": b}, "bounds": bounds});
    fit(&request(&value), samples, samples.len() / b.len()).unwrap()
}

/// Sum of squares of the best S0 within its bounds for a given ADC: S0 enters linearly.
fn best_given_adc(b: &[f64], samples: &[f64], adc: f64, s0_bounds: [f64; 2]) -> f64 {
    let decay: Vec<f64> = b.iter().map(|b| libm::exp(-b * adc)).collect();
    let square: f64 = decay.iter().map(|e| e * e).sum();
    let s0 = decay.iter().zip(samples).map(|(e, s)| e * s).sum::<f64>() / square;
    let s0 = s0.clamp(s0_bounds[0], s0_bounds[1]);
    decay.iter().zip(samples).map(|(e, s)| (s - s0 * e).powi(2)).sum()
}

/// The least sum of squares over a fine grid of ADC, refined around its best point.
fn searched(b: &[f64], samples: &[f64], adc: [f64; 2], s0: [f64; 2]) -> f64 {
    let (mut low, mut high) = (adc[0], adc[1]);
    let mut best = f64::INFINITY;
    for _ in 0..12 {
        let step = (high - low) / 400.0;
        let mut at = low;
        for k in 0..=400 {
            let x = low + step * k as f64;
            let rss = best_given_adc(b, samples, x, s0);
            if rss < best {
                (best, at) = (rss, x);
            }
        }
        (low, high) = ((at - step).max(adc[0]), (at + step).min(adc[1]));
    }
    best
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn noise_free_signals_give_their_parameters_back(s0 in 1e-3f64..1e6, adc in 1e-5f64..2e-2, n in 2usize..12) {
        let b: Vec<f64> = (0..n).map(|i| 1000.0 * i as f64 / (n - 1) as f64).collect();
        let samples: Vec<f64> = b.iter().map(|b| s0 * libm::exp(-b * adc)).collect();
        let fit = fit_b("mono-exponential", "nlls", &b, &samples);
        prop_assert_eq!(fit.status[0], 0);
        prop_assert!(crate::close(fit.parameters[0], s0, 1e-9), "{} {}", fit.parameters[0], s0);
        // Where the second sample is already e^-20, its own rounding is all there is to see of ADC.
        prop_assert!(crate::close(fit.parameters[1], adc, 1e-9 * (adc * b[1]).exp()), "{} {}", fit.parameters[1], adc);
    }

    #[test]
    fn no_search_finds_a_smaller_sum_of_squares(
        noise in prop::collection::vec(-1.0f64..1.0, 5),
        level in 0.0f64..300.0,
        adc in 0.0f64..4e-3,
    ) {
        let magnitude = |(b, e): (&f64, &f64)| (level * libm::exp(-b * adc) + 60.0 * e).abs();
        let samples: Vec<f64> = B.iter().zip(&noise).map(magnitude).collect();
        let fit = fit_b("mono-exponential", "nlls", &B, &samples);
        prop_assert!(fit.status[0] <= 2, "status {}", fit.status[0]);
        if fit.status[0] <= 1 {
            let total: f64 = samples.iter().map(|s| s * s).sum();
            // Noise may leave several minima: what is required is a minimum no worse than nearby ones.
            let (s0, x) = (fit.parameters[0], fit.parameters[1]);
            prop_assert!((0.0..=0.1).contains(&x) && s0 >= 0.0);
            let local = searched(&B, &samples, [x * 0.9, (x * 1.1).clamp(1e-5, 0.1)], [0.0, f64::INFINITY]);
            prop_assert!(fit.residual[0] <= local + 1e-9 * total, "{} {local}", fit.residual[0]);
        }
    }

    #[test]
    fn bounds_hold_and_the_constrained_minimum_is_found(
        seed in 0usize..10_000,
        middle in 2e-4f64..2e-3,
        half in 1e-6f64..3e-4,
        cap in 200.0f64..900.0,
    ) {
        let samples: Vec<f64> =
            B.iter().enumerate().map(|(i, b)| 500.0 * libm::exp(-b * 1.2e-3) + 20.0 * jitter(seed * 5 + i)).collect();
        let adc = [(middle - half).max(0.0), middle + half];
        let fit = bounded(&B, &samples, json!({"ADC": adc, "S0": [100.0, cap]}));
        prop_assert!(fit.status[0] <= 1);
        let (s0, x) = (fit.parameters[0], fit.parameters[1]);
        prop_assert!((100.0..=cap).contains(&s0) && (adc[0]..=adc[1]).contains(&x));
        let on_bound = [(s0, [100.0, cap]), (x, adc)].map(|(value, bounds)| bounds.contains(&value));
        prop_assert_eq!(fit.status[0] == 1, on_bound[0] || on_bound[1]);
        for (on_bound, sd) in on_bound.iter().zip(&fit.standard_deviations) {
            prop_assert_eq!(sd.is_infinite(), *on_bound);
        }
        let best = searched(&B, &samples, adc, [100.0, cap]);
        let total: f64 = samples.iter().map(|s| s * s).sum();
        prop_assert!(fit.residual[0] <= best + 1e-12 * total, "{} {best}", fit.residual[0]);
    }

    #[test]
    fn a_factor_on_the_signal_is_a_factor_on_s0(seed in 0usize..1000, factor in 1e-4f64..1e4) {
        let samples: Vec<f64> =
            B.iter().enumerate().map(|(i, b)| 500.0 * libm::exp(-b * 1.2e-3) + 20.0 * jitter(seed * 5 + i)).collect();
        let scaled: Vec<f64> = samples.iter().map(|s| s * factor).collect();
        let one = fit_b("mono-exponential", "nlls", &B, &samples);
        let other = fit_b("mono-exponential", "nlls", &B, &scaled);
        prop_assert!(crate::close(other.parameters[0], factor * one.parameters[0], 1e-8));
        prop_assert!(crate::close(other.parameters[1], one.parameters[1], 1e-8));
        prop_assert!(crate::close(other.standard_deviations[1], one.standard_deviations[1], 1e-7));
        prop_assert!(crate::close(other.residual[0], factor * factor * one.residual[0], 1e-8));
    }

    #[test]
    fn the_order_of_samples_does_not_matter(seed in 0usize..1000, turn in 1usize..5) {
        let samples: Vec<f64> =
            B.iter().enumerate().map(|(i, b)| 500.0 * libm::exp(-b * 1.2e-3) + 20.0 * jitter(seed * 5 + i)).collect();
        let turned = |values: &[f64]| -> Vec<f64> { (0..5).map(|i| values[(i * 3 + turn) % 5]).collect() };
        let one = fit_b("mono-exponential", "nlls", &B, &samples);
        let other = fit_b("mono-exponential", "nlls", &turned(&B), &turned(&samples));
        for j in 0..2 {
            prop_assert!(crate::close(other.parameters[j], one.parameters[j], 1e-8));
            prop_assert!(crate::close(other.standard_deviations[j], one.standard_deviations[j], 1e-7));
        }
    }

    #[test]
    fn no_samples_crash_it(samples in prop::collection::vec(prop::num::f64::ANY, 5 * 3)) {
        for estimator in ["ols", "iwls", "nlls"] {
            let fit = fit_b("mono-exponential", estimator, &B, &samples);
            for v in 0..3 {
                let number = !fit.parameters[v].is_nan() && !fit.parameters[3 + v].is_nan();
                prop_assert_eq!(number, fit.status[v] <= 1);
                prop_assert!(fit.status[v] < 3 || fit.residual[v].is_nan());
                prop_assert!(fit.status[v] > 1 || (fit.parameters[v].is_finite() && fit.parameters[3 + v].is_finite()));
            }
        }
    }
}

/// NIST StRD DanWood, y = b1 x^b2 (public domain): S = S0 exp(-b ADC) with b = ln x and ADC = -b2.
#[test]
fn danwood_reaches_the_certified_digits() {
    let x = [1.309, 1.471, 1.490, 1.565, 1.611, 1.680];
    let y = [2.138, 3.421, 3.597, 4.340, 4.882, 5.660];
    let b: Vec<f64> = x.iter().map(|&x| libm::log(x)).collect();
    let fit = bounded(&b, &y, json!({"ADC": [null, null]}));
    assert_eq!(fit.status, [0]);
    assert_close(fit.parameters[0], 7.688_622_617_6e-1, 2e-10);
    assert_close(fit.parameters[1], -3.860_405_587_1, 2e-10);
    assert_close(fit.standard_deviations[0], 1.828_197_386_0e-2, 2e-10);
    assert_close(fit.standard_deviations[1], 5.172_661_091_3e-2, 2e-10);
    assert_close(fit.residual[0], 4.317_308_408_3e-3, 2e-10);
}

#[test]
fn a_rising_signal_ends_on_the_lower_bound_with_the_mean_as_s0() {
    let fit = fit_b("mono-exponential", "nlls", &[0.0, 500.0, 1000.0], &[100.0f64, 110.0, 120.0]);
    assert_eq!(fit.status, [1]);
    assert_eq!(fit.parameters[1].to_bits(), 0.0f64.to_bits());
    assert_close(fit.parameters[0], 110.0, 1e-12);
    assert!(fit.standard_deviations[0].is_finite());
    assert_eq!(fit.standard_deviations[1], f64::INFINITY);
}

#[test]
fn voxels_that_cannot_be_fitted_say_why() {
    // Voxels: good, zero, constant, NaN, infinite, all negative.
    let samples: Vec<f64> = [
        [300.0, 0.0, 5.0, 300.0, 300.0, -3.0],
        [200.0, 0.0, 5.0, f64::NAN, 200.0, -2.0],
        [140.0, 0.0, 5.0, 100.0, f64::NEG_INFINITY, -1.0],
    ]
    .concat();
    let fit = fit_b("mono-exponential", "nlls", &[0.0, 300.0, 600.0], &samples);
    assert_eq!(fit.status, [0, 5, 5, 3, 3, 2]);
}

#[test]
fn zero_and_negative_samples_are_data_here() {
    let fit = fit_b("mono-exponential", "nlls", &[0.0, 200.0, 1000.0, 3000.0], &[100.0, 65.0, 0.0, -2.0]);
    assert_eq!(fit.status, [0]);
    assert!(fit.parameters[1] > 1e-3 && fit.parameters[1] < 4e-3);
}

#[test]
fn two_samples_fit_exactly_and_have_no_standard_deviation() {
    let fit = fit_b("mono-exponential", "nlls", &[0.0, 1000.0], &[400.0, 150.0]);
    assert_eq!(fit.status, [0]);
    assert_close(fit.parameters[1], libm::log(400.0 / 150.0) / 1000.0, 1e-12);
    assert_eq!(fit.standard_deviations, [f64::INFINITY; 2]);
}

#[test]
fn single_precision_ends_where_double_precision_does() {
    let samples: Vec<f64> =
        (0..5).map(|i| f64::from((500.0 * libm::exp(-B[i] * 1e-3) + 9.0 * jitter(i)) as f32)).collect();
    let single: Vec<f32> = samples.iter().map(|&s| s as f32).collect();
    let (double, single) =
        (fit_b("mono-exponential", "nlls", &B, &samples), fit_b("mono-exponential", "nlls", &B, &single));
    for j in 0..2 {
        assert_close(f64::from(single.parameters[j]), double.parameters[j], 2e-6);
        assert_close(f64::from(single.standard_deviations[j]), double.standard_deviations[j], 1e-5);
    }
}

fn asked(more: Value, samples: &[f64]) -> Fit<f64> {
    let mut value = json!({"model": "mono-exponential", "estimator": "nlls", "protocol": {"b": B}});
    let rows = B.len() + more["maps"].as_array().map_or(0, Vec::len);
    for (name, more) in more.as_object().unwrap() {
        value[name] = more.clone();
    }
    fit(&request(&value), samples, samples.len() / rows).unwrap()
}

fn decay(s0: f64, adc: f64) -> Vec<f64> {
    (0..5).map(|i| s0 * libm::exp(-B[i] * adc) + 20.0 * jitter(i)).collect()
}

#[test]
fn a_held_parameter_keeps_its_value_and_the_other_is_the_best_for_it() {
    let samples = decay(500.0, 1e-3);
    let held = asked(json!({"fix": {"ADC": 9e-4}}), &samples);
    let e: Vec<f64> = B.iter().map(|b| libm::exp(-b * 9e-4)).collect();
    let square: f64 = e.iter().map(|e| e * e).sum();
    let s0 = e.iter().zip(&samples).map(|(e, s)| e * s).sum::<f64>() / square;
    let residual: f64 = e.iter().zip(&samples).map(|(e, s)| (s - s0 * e).powi(2)).sum();
    assert_eq!((held.status[0], held.parameters[1], held.standard_deviations[1]), (0, 9e-4, 0.0));
    assert_close(held.parameters[0], s0, 1e-12);
    // One parameter is estimated from five samples.
    assert_close(held.standard_deviations[0], (residual / 4.0 / square).sqrt(), 1e-12);
}

#[test]
fn a_map_holds_a_parameter_voxel_by_voxel() {
    let (one, two) = (decay(500.0, 1e-3), decay(300.0, 2e-3));
    let mut samples: Vec<f64> = one.iter().zip(&two).flat_map(|(&one, &two)| [one, two]).collect();
    samples.extend([9e-4, 2.1e-3]);
    let mapped = asked(json!({"maps": ["ADC"]}), &samples);
    for (v, (samples, adc)) in [(one, 9e-4), (two, 2.1e-3)].into_iter().enumerate() {
        let fixed = asked(json!({"fix": {"ADC": adc}}), &samples);
        assert_eq!(mapped.parameters[v].to_bits(), fixed.parameters[0].to_bits());
        assert_eq!(mapped.parameters[2 + v], adc);
    }
    let mut missing = samples;
    missing[10] = f64::NAN;
    assert_eq!(asked(json!({"maps": ["ADC"]}), &missing).status, [3, 0]);
}

#[test]
fn starts_change_the_way_and_not_the_minimum() {
    let samples = decay(500.0, 1e-3);
    let plain = asked(json!({}), &samples);
    let far = asked(json!({"start": {"S0": 20.0, "ADC": 0.02}}), &samples);
    let many = asked(json!({"starts": 6}), &samples);
    for other in [&far, &many] {
        assert_eq!(other.status, [0]);
        assert_close(other.parameters[1], plain.parameters[1], 1e-8);
    }
    assert!(far.iterations[0] > plain.iterations[0] && many.iterations[0] > plain.iterations[0]);
}

#[test]
fn correlation_condition_and_gradient_are_those_of_the_normal_matrix() {
    let samples = decay(500.0, 1e-3);
    let found = asked(json!({"correlation": true}), &samples);
    let (s0, adc) = (found.parameters[0], found.parameters[1]);
    let rows: Vec<[f64; 2]> = B.iter().map(|b| [libm::exp(-b * adc), -b * s0 * libm::exp(-b * adc)]).collect();
    let sum = |j: usize, k: usize| rows.iter().map(|row| row[j] * row[k]).sum::<f64>();
    let cosine = sum(0, 1) / (sum(0, 0) * sum(1, 1)).sqrt();
    assert_close(found.correlation[0], -cosine, 1e-6);
    // [1 c; c 1] has the 1-norm 1 + |c|, its inverse (1 + |c|) / (1 - c^2).
    assert_close(found.condition[0], (1.0 + cosine.abs()).powi(2) / (1.0 - cosine * cosine), 1e-6);
    assert!(found.gradient[0] < 1e-5);
    assert_eq!(found.active, [0]);
    let bound = bounded(&B, &samples, json!({"ADC": [0.0, 5e-4]}));
    assert_eq!(bound.active, [1 << (16 + 1)]);
    assert_eq!(bound.condition, [1.0]);
}

/// Samples of Rician noise about a decay that ends in the noise: least squares is biased, the likelihoods are not.
#[test]
fn the_likelihood_of_magnitudes_removes_the_bias_of_the_noise_floor() {
    const REPEATS: usize = 4000;
    let (s0, adc, sigma) = (10.0, 5e-3, 1.0);
    let mut samples: Vec<f64> = B.iter().flat_map(|b| vec![s0 * libm::exp(-b * adc); REPEATS]).collect();
    add(&mut samples, Kind::Rician, sigma, 4).unwrap();
    let mean = |noise: Value| {
        let found = asked(json!({"noise": noise}), &samples);
        let usable: Vec<usize> = (0..REPEATS).filter(|&v| found.status[v] < 2).collect();
        assert!(usable.len() > REPEATS - 40, "{}", usable.len());
        usable.iter().map(|&v| found.parameters[REPEATS + v]).sum::<f64>() / usable.len() as f64 / adc
    };
    let gaussian = mean(json!({"kind": "gaussian"}));
    let offset = mean(json!({"kind": "offset-gaussian", "sigma": sigma}));
    let rician = mean(json!({"kind": "rician", "sigma": sigma}));
    assert!(gaussian < 0.93, "{gaussian}");
    assert!((offset - 1.0).abs() < 0.07, "{offset}");
    assert!((rician - 1.0).abs() < 0.05, "{rician}");
}

#[test]
fn rician_standard_deviations_are_those_of_the_known_noise() {
    const REPEATS: usize = 3000;
    let (s0, adc, sigma) = (25.0, 1e-3, 1.0);
    let mut samples: Vec<f64> = B.iter().flat_map(|b| vec![s0 * libm::exp(-b * adc); REPEATS]).collect();
    add(&mut samples, Kind::Rician, sigma, 9).unwrap();
    let found = asked(json!({"noise": {"kind": "rician", "sigma": sigma}}), &samples);
    let covered = (0..REPEATS)
        .filter(|&v| (found.parameters[REPEATS + v] - adc).abs() < 1.959_964 * found.standard_deviations[REPEATS + v]);
    let coverage = covered.count() as f64 / REPEATS as f64;
    assert!((0.93..=0.97).contains(&coverage), "{coverage}");
}

/// The residual of the Rician fit is sigma^2 times -2 ln L less a function of the samples: differences between fits are
/// those of the likelihood.
#[test]
fn the_rician_residual_is_the_likelihood() {
    let samples: Vec<f64> = decay(60.0, 1e-3).iter().map(|s| s.abs()).collect();
    let sigma = 15.0;
    let likelihood = |s0: f64, adc: f64| -> f64 {
        let term = |(b, m): (&f64, &f64)| {
            let s = s0 * libm::exp(-b * adc);
            // I0 by its integral.
            let z = m * s / (sigma * sigma);
            let i0 = (0..200)
                .map(|k| libm::exp(z * libm::cos(std::f64::consts::PI * (k as f64 + 0.5) / 200.0)))
                .sum::<f64>();
            -2.0 * (-(m * m + s * s) / (2.0 * sigma * sigma) + libm::log(i0 / 200.0))
        };
        B.iter().zip(&samples).map(term).sum()
    };
    let noise = json!({"kind": "rician", "sigma": sigma});
    let best = asked(json!({"noise": noise}), &samples);
    let held = asked(json!({"noise": noise, "fix": {"ADC": 2e-3}}), &samples);
    let difference = likelihood(held.parameters[0], 2e-3) - likelihood(best.parameters[0], best.parameters[1]);
    assert_close((held.residual[0] - best.residual[0]) / (sigma * sigma), difference, 1e-9);
    for (ds, da) in [(1.01, 1.0), (0.99, 1.0), (1.0, 1.02), (1.0, 0.98)] {
        let (s0, adc) = (best.parameters[0], best.parameters[1]);
        assert!(likelihood(s0 * ds, adc * da) > likelihood(s0, adc));
    }
}

/// In voxels of little but noise J'J is all but singular, and a last step taken unseen could lead anywhere.
#[test]
fn no_fit_of_noise_is_worse_than_no_signal() {
    const VOXELS: usize = 20_000;
    for (id, fix) in
        [("kurtosis", json!({})), ("kurtosis", json!({"K": 0.9})), ("t2-ivim-kurtosis", json!({"f": 0.12}))]
    {
        let example = example(id);
        let signal = find(id).unwrap().signal().unwrap().predict(&example.design(id), example.typical);
        let rows = signal.len();
        let faint = |s: &f64| (0..VOXELS).map(|v| s * [0.0, 0.02][v % 2]).collect::<Vec<_>>();
        let mut samples: Vec<f64> = signal.iter().flat_map(faint).collect();
        add(&mut samples, Kind::Gaussian, signal[0] / 30.0, 3).unwrap();
        let single: Vec<f32> = samples.iter().map(|&sample| sample as f32).collect();
        let mut asked = example.request(id, "nlls");
        asked["fix"] = fix;
        let double = fit(&request(&asked), &samples, VOXELS).unwrap().residual;
        let single = fit(&request(&asked), &single, VOXELS).unwrap().residual;
        for v in 0..VOXELS {
            let total: f64 = (0..rows).map(|i| samples[i * VOXELS + v].powi(2)).sum();
            let worst = double[v].max(f64::from(single[v]));
            assert!(!(worst > 1.001 * total), "{id}, voxel {v}: {worst} of {total}");
        }
    }
}
