//! T1 by inversion recovery, saturation recovery and variable flip angles; T2 and T2* by multiple echoes.

use crate::examples::{example, Example};
use crate::{assert_close, jitter, request, seeded};
use measurand_core::error::CoreError;
use measurand_core::fit::{fit, Fit};
use measurand_core::models::find;
use measurand_core::predict;
use proptest::prelude::*;
use serde_json::{json, Value};

const TI: [f64; 8] = [0.05, 0.15, 0.4, 0.7, 1.1, 1.7, 2.5, 4.0];

fn fitted(model: &str, estimator: &str, protocol: Value, samples: &[f64]) -> Result<Fit<f64>, CoreError> {
    let voxels = samples.len() / protocol.as_object().unwrap().values().next().unwrap().as_array().unwrap().len();
    fit(&request(&json!({"model": model, "estimator": estimator, "protocol": protocol})), samples, voxels)
}

fn code(model: &str, estimator: &str, protocol: Value, samples: &[f64]) -> &'static str {
    fitted(model, estimator, protocol, samples).unwrap_err().fault().code
}

/// Least squares of y = a + b x.
fn line(x: &[f64], y: &[f64]) -> (f64, f64, f64) {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sxx: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
    let sxy: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let b = sxy / sxx;
    let a = my - b * mx;
    (a, b, x.iter().zip(y).map(|(x, y)| (y - a - b * x).powi(2)).sum())
}

/// The least sum of squares of magnitudes over 2,000 T1 and every choice of signs, not only the ordered ones.
fn searched(ti: &[f64], y: &[f64]) -> f64 {
    let mut best = f64::INFINITY;
    for k in 0..=2000 {
        let t1 = 1e-3 * libm::exp(libm::log(1e4) * k as f64 / 2000.0);
        let x: Vec<f64> = ti.iter().map(|ti| libm::exp(-ti / t1)).collect();
        for signs in 0..1u32 << (ti.len() - 1) {
            let signed: Vec<f64> =
                y.iter().enumerate().map(|(i, y)| if signs >> i & 1 == 1 { -y } else { *y }).collect();
            let (a, b, _) = line(&x, &signed);
            let rss = x.iter().zip(y).map(|(x, y)| (y - (a + b * x).abs()).powi(2)).sum();
            best = f64::min(best, rss);
        }
    }
    best
}

proptest! {
    #![proptest_config(seeded(40))]

    #[test]
    fn no_t1_and_no_signs_give_magnitudes_a_smaller_sum_of_squares(
        seed in 0usize..100_000,
        t1 in 0.1f64..3.0,
        noise in 0.0f64..200.0,
        inversion in 1.0f64..2.0,
    ) {
        let y: Vec<f64> = TI
            .iter()
            .enumerate()
            .map(|(i, ti)| (1000.0 * (1.0 - inversion * libm::exp(-ti / t1)) + noise * jitter(8 * seed + i)).abs())
            .collect();
        let best = searched(&TI, &y);
        let total: f64 = y.iter().map(|y| y * y).sum();
        for estimator in ["reduced-dimension", "nlls"] {
            let found = fitted("inversion-recovery", estimator, json!({"TI": TI}), &y).unwrap();
            prop_assert!(found.status[0] <= 1, "{estimator} status {}", found.status[0]);
            prop_assert!(found.residual[0] <= best + 1e-12 * total, "{estimator} {} {best}", found.residual[0]);
        }
    }

    #[test]
    fn both_estimators_of_inversion_recovery_reach_one_minimum(
        seed in 0usize..100_000,
        t1 in 0.2f64..2.0,
        angle in 0.0f64..6.0,
    ) {
        let clean = |ti: f64| 1000.0 * (1.0 - 1.9 * libm::exp(-ti / t1));
        let noise = |i: usize| 20.0 * jitter(16 * seed + i);
        let magnitude: Vec<f64> = (0..8).map(|i| (clean(TI[i]) + noise(i)).abs()).collect();
        let (cos, sin) = (libm::cos(angle), libm::sin(angle));
        let real = (0..8).map(|i| cos * clean(TI[i]) + noise(i));
        let complex: Vec<f64> = real.chain((0..8).map(|i| sin * clean(TI[i]) + noise(8 + i))).collect();
        let imaginary: Vec<u8> = (0..16).map(|i| u8::from(i >= 8)).collect();
        let cases = [
            ("inversion-recovery", json!({"TI": TI}), magnitude),
            ("inversion-recovery-complex", json!({"TI": ([TI, TI].concat()), "imaginary": imaginary}), complex),
        ];
        for (model, protocol, samples) in cases {
            let one = fitted(model, "reduced-dimension", protocol.clone(), &samples).unwrap();
            let other = fitted(model, "nlls", protocol, &samples).unwrap();
            prop_assert_eq!(one.status[0], 0);
            prop_assert_eq!(other.status[0], 0);
            prop_assert!(crate::close(one.residual[0], other.residual[0], 1e-10));
            for j in 0..one.parameters.len() {
                let (a, b, sd) = (one.parameters[j], other.parameters[j], one.standard_deviations[j]);
                prop_assert!((a - b).abs() <= 1e-6 * sd, "{model} {j}: {a} {b}");
                prop_assert!(crate::close(sd, other.standard_deviations[j], 1e-5), "{model} sd {j}: {sd}");
            }
        }
    }

    #[test]
    fn linear_flip_angle_estimates_solve_their_equations(seed in 0usize..100_000, t1 in 0.2f64..3.0, b1 in 0.7f64..1.3) {
        let example = example("variable-flip-angle");
        let design = example.design("variable-flip-angle");
        let clean = find("variable-flip-angle").unwrap().signal().unwrap().predict(&design, &[1e4, t1, b1]);
        let samples: Vec<f64> = clean.iter().enumerate().map(|(i, s)| s + 4.0 * jitter(7 * seed + i)).collect();
        for estimator in ["ols", "iwls"] {
            let mut value = example.request("variable-flip-angle", estimator);
            value["fix"] = json!({"B1": b1});
            let found = fit(&request(&value), &samples, 1).unwrap();
            if found.status[0] != 0 {
                continue;
            }
            let e1 = libm::exp(-0.015 / found.parameters[1]);
            let intercept = found.parameters[0] * (1.0 - e1);
            let (mut level, mut slope, mut size) = (0.0, 0.0, 0.0);
            for (i, s) in samples.iter().enumerate() {
                let angle = b1 * design.row(i)[0].to_radians();
                let weight = if estimator == "ols" { 1.0 } else { (angle.sin() / (1.0 - e1 * angle.cos())).powi(2) };
                let x = s / angle.tan();
                let r = s / angle.sin() - e1 * x - intercept;
                level += weight * r;
                slope += weight * r * x;
                size += weight * (r * x).abs();
            }
            prop_assert!(slope.abs() <= 1e-8 * size && level.abs() <= 1e-8 * size, "{estimator} {level} {slope} {size}");
            prop_assert_eq!(found.parameters[2], b1);
            prop_assert_eq!(found.standard_deviations[2], 0.0);
        }
    }

    #[test]
    fn log_linear_relaxation_times_are_those_of_the_rates(seed in 0usize..100_000) {
        let te = [0.01, 0.03, 0.05, 0.08, 0.12];
        let samples: Vec<f64> =
            te.iter().enumerate().map(|(i, te)| 500.0 * libm::exp(-te / 0.07) + 10.0 * jitter(5 * seed + i)).collect();
        for estimator in ["ols", "wls", "iwls"] {
            let time = fitted("t2", estimator, json!({"TE": te}), &samples).unwrap();
            let rate = fitted("mono-exponential", estimator, json!({"b": te}), &samples).unwrap();
            prop_assert_eq!(time.status[0], 0);
            prop_assert!(crate::close(time.parameters[1], 1.0 / rate.parameters[1], 1e-15));
            prop_assert_eq!(time.parameters[0], rate.parameters[0]);
            let relative = |fit: &Fit<f64>| fit.standard_deviations[1] / fit.parameters[1];
            prop_assert!(crate::close(relative(&time), relative(&rate), 1e-14));
        }
        let time = fitted("t2star", "nlls", json!({"TE": te}), &samples).unwrap();
        let rate = fit(
            &request(&json!({
                "model": "mono-exponential", "estimator": "nlls", "protocol": {"b": te}, "bounds": {"ADC": [0, null]}
            })),
            &samples,
            1,
        )
        .unwrap();
        prop_assert!(crate::close(time.parameters[1], 1.0 / rate.parameters[1], 1e-9));
    }
}

/// The steady state by its formula, from short to very long repetition times and on both sides of 90 degrees.
#[test]
fn the_flip_angle_signal_keeps_its_digits() {
    let model = find("variable-flip-angle").unwrap();
    for (fa, tr, t1) in [(1.0, 1e-3, 9.0), (15.0, 0.02, 1.0), (120.0, 0.4, 1.1), (90.0, 2.0, 0.01), (30.0, 20.0, 0.001)]
    {
        let protocol = serde_json::from_value(json!({"FA": [fa], "TR": [tr]})).unwrap();
        let design = model.design(&protocol, &Default::default()).unwrap();
        let found = model.signal().unwrap().predict(&design, &[100.0, t1, 1.1])[0];
        let angle = 1.1 * f64::to_radians(fa);
        let (recovery, tilt) = (-libm::expm1(-tr / t1), 2.0 * libm::sin(0.5 * angle).powi(2));
        let expected = 100.0 * libm::sin(angle) * recovery / (recovery + (1.0 - recovery) * tilt);
        assert_close(found, expected, 2e-15);
    }
}

/// The protocol of Barral et al. 2010: four inversion times, T1 of white matter at 1.5 T and above.
#[test]
fn four_inversion_times_give_t1_back_whatever_the_order() {
    for t1 in [0.263, 0.6, 1.2, 2.0] {
        for ti in [[0.05, 0.4, 1.1, 2.5], [1.1, 0.05, 2.5, 0.4]] {
            let samples = ti.map(|ti| (1000.0 - 1950.0 * libm::exp(-ti / t1)).abs());
            for estimator in ["nlls", "reduced-dimension"] {
                let found = fitted("inversion-recovery", estimator, json!({"TI": ti}), &samples).unwrap();
                assert_eq!(found.status, [0]);
                assert_close(found.parameters[0], 1000.0, 1e-9);
                assert_close(found.parameters[1], -1950.0, 1e-9);
                assert_close(found.parameters[2], t1, 1e-9);
            }
        }
    }
}

#[test]
fn a_t1_beyond_its_bounds_ends_on_the_bound() {
    let samples = TI.map(|ti| (1000.0 - 1900.0 * libm::exp(-ti / 0.9)).abs());
    for (bounds, t1, active) in [([0.1, 0.5], 0.5, 1 << 18), ([1.5, 30.0], 1.5, 1 << 2)] {
        for estimator in ["reduced-dimension", "nlls"] {
            let value = json!({
                "model": "inversion-recovery", "estimator": estimator, "protocol": {"TI": TI}, "bounds": {"T1": bounds}
            });
            let found = fit(&request(&value), &samples, 1).unwrap();
            assert_eq!(found.status, [1], "{estimator}");
            assert_eq!(found.parameters[2], t1);
            assert_eq!(found.standard_deviations[2], f64::INFINITY);
            assert!(found.standard_deviations[0].is_finite() && found.standard_deviations[1].is_finite());
            assert_eq!(found.active, [active], "{estimator}");
        }
    }
}

#[test]
fn the_search_over_t1_takes_bounds_of_t1_alone() {
    for (name, bounds, code) in [
        ("a", json!([0, 10]), "unknown-bound"),
        ("T1", json!([0, 5]), "out-of-range"),
        ("T1", json!([0.1, null]), "out-of-range"),
    ] {
        let value = json!({
            "model": "inversion-recovery", "estimator": "reduced-dimension", "protocol": {"TI": TI},
            "bounds": {name: bounds}
        });
        assert_eq!(fit(&request(&value), &[1.0; 8], 1).unwrap_err().fault().code, code, "{name}");
    }
}

/// Bounds may reach beyond the times that the search starts from.
#[test]
fn wider_bounds_find_a_longer_t1() {
    let ti: Vec<f64> = (1..=8).map(|i| 4.0 * f64::from(i)).collect();
    let samples: Vec<f64> = ti.iter().map(|ti| (1000.0 - 1900.0 * libm::exp(-ti / 25.0)).abs()).collect();
    let value = json!({
        "model": "inversion-recovery", "estimator": "reduced-dimension", "protocol": {"TI": ti},
        "bounds": {"T1": [0.01, 100]}
    });
    let found = fit(&request(&value), &samples, 1).unwrap();
    assert_eq!(found.status, [0]);
    assert_close(found.parameters[2], 25.0, 1e-9);
}

#[test]
fn voxels_that_cannot_be_fitted_say_why() {
    let good = TI.map(|ti| (1000.0 - 1900.0 * libm::exp(-ti / 0.9)).abs());
    let mut voxels = [good, [0.0; 8], [7.0; 8], good, good];
    voxels[3][2] = f64::NAN;
    voxels[4][2] = -5.0;
    let samples: Vec<f64> = (0..8).flat_map(|i| voxels.iter().map(move |voxel| voxel[i])).collect();
    let found = fitted("inversion-recovery", "reduced-dimension", json!({"TI": TI}), &samples).unwrap();
    assert_eq!(found.status, [0, 5, 5, 3, 4]);
    for v in 1..5 {
        assert!(found.parameters[v].is_nan() && found.standard_deviations[v].is_nan() && found.residual[v].is_nan());
    }
}

#[test]
fn protocols_that_do_not_fit_the_estimator_are_refused() {
    let vfa = |fa: [f64; 3], tr: [f64; 3]| json!({"FA": fa, "TR": tr});
    for estimator in ["ols", "iwls"] {
        let code = |protocol| code("variable-flip-angle", estimator, protocol, &[3.0, 2.0, 1.0]);
        assert_eq!(code(vfa([2.0, 5.0, 12.0], [0.005, 0.005, 0.006])), "out-of-range");
        assert_eq!(code(vfa([0.0, 5.0, 12.0], [0.005; 3])), "out-of-range");
        assert_eq!(code(vfa([2.0, 5.0, 180.0], [0.005; 3])), "out-of-range");
    }
    assert_eq!(
        code("variable-flip-angle", "nlls", vfa([2.0, 5.0, 12.0], [0.0, 0.005, 0.005]), &[1.0; 3]),
        "out-of-range"
    );
    let complex = |imaginary: [f64; 6]| json!({"TI": [0.1, 0.5, 2.0, 0.1, 0.5, 2.0], "imaginary": imaginary});
    let code_of = |estimator, imaginary| code("inversion-recovery-complex", estimator, complex(imaginary), &[1.0; 6]);
    assert_eq!(code_of("nlls", [0.0, 0.0, 0.0, 1.0, 1.0, 0.5]), "out-of-range");
    assert_eq!(code_of("reduced-dimension", [0.0; 6]), "length");
    assert_eq!(code("two-point-t2", "closed-form", json!({"TE": [0.02, 0.04, 0.06]}), &[3.0, 2.0, 1.0]), "length");
    assert_eq!(code("two-point-t2", "closed-form", json!({"TE": [0.02, 0.02]}), &[3.0, 2.0]), "out-of-range");
    assert_eq!(code("two-point-t2", "closed-form", json!({"TE": [0.02]}), &[3.0]), "too-few-samples");
    assert_eq!(code("t2", "nlls", json!({"TE": [0.02, -0.04]}), &[3.0, 2.0]), "negative");
}

#[test]
fn flair_on_both_sides_of_the_null_gives_t1_and_t2_back() {
    let (te, ti) = ([0.08, 0.12, 0.08, 0.08], [2.4, 2.4, 1.2, 0.6]);
    for i in 0..60 {
        let (t1, t2) = (0.6 + f64::from(i) * 0.02, 0.06 + f64::from(i % 7) * 0.01);
        let polarised = |ti: f64| 1.0 - 2.0 * libm::exp(-ti / t1) + libm::exp(-9.0 / t1);
        let samples: Vec<f64> =
            te.iter().zip(ti).map(|(te, ti)| 100.0 * polarised(ti).abs() * libm::exp(-te / t2)).collect();
        let fit = fitted("flair", "nlls", json!({"TE": te, "TI": ti, "TR": [9, 9, 9, 9]}), &samples).unwrap();
        crate::assert_close(fit.parameters[1], t1, 1e-6);
        crate::assert_close(fit.parameters[2], t2, 1e-6);
    }
}

#[test]
fn two_echo_times_are_solved_in_closed_form() {
    // Voxels: falling, equal, rising, zero, negative, not finite, both echo times the other way round below.
    let first = [400.0, 50.0, 50.0, 10.0, 10.0, f64::INFINITY];
    let second = [150.0, 50.0, 60.0, 0.0, -3.0, 5.0];
    let found = fitted("two-point-t2", "closed-form", json!({"TE": [0.02, 0.1]}), &[first, second].concat()).unwrap();
    assert_eq!(found.status, [0, 2, 2, 4, 4, 3]);
    let t2 = 0.08 / libm::log(400.0 / 150.0);
    assert_close(found.parameters[6], t2, 1e-13);
    assert_close(found.parameters[0], 400.0 * libm::exp(0.02 / t2), 1e-13);
    assert_eq!(found.standard_deviations[6], f64::INFINITY);
    let turned = fitted("two-point-t2", "closed-form", json!({"TE": [0.1, 0.02]}), &[150.0, 400.0]).unwrap();
    assert_close(turned.parameters[1], t2, 1e-13);
}

#[test]
fn a_signal_that_does_not_fall_has_no_relaxation_time() {
    for estimator in ["ols", "wls", "iwls"] {
        let found = fitted("t2", estimator, json!({"TE": [0.01, 0.05, 0.1]}), &[100.0, 110.0, 120.0]).unwrap();
        assert_eq!(found.status, [2], "{estimator}");
        assert!(found.parameters.iter().chain(&found.standard_deviations).all(|value| value.is_nan()));
    }
    let found = fitted("t2", "nlls", json!({"TE": [0.01, 0.05, 0.1]}), &[100.0, 110.0, 120.0]).unwrap();
    assert_eq!((found.status[0], found.parameters[1]), (1, 10.0));
}

/// S / sin FA over S / tan FA rises too steeply: E1 would be 1 or more.
#[test]
fn flip_angles_without_a_t1_say_so() {
    let protocol = json!({"FA": [2, 5, 12], "TR": [0.005, 0.005, 0.005]});
    for estimator in ["ols", "iwls"] {
        let found = fitted("variable-flip-angle", estimator, protocol.clone(), &[900.0, 100.0, 10.0]).unwrap();
        assert_eq!(found.status, [2], "{estimator}");
        assert!(found.parameters[1].is_nan());
    }
}

#[test]
fn the_registry_describes_the_linear_form_of_flip_angles() {
    let document = measurand_core::registry::document();
    let models = document["models"].as_array().unwrap();
    let names = |id: &str| -> Vec<String> {
        let model = models.iter().find(|model| model["id"] == id).unwrap();
        let name = |estimator: &Value| format!("{} {}", estimator["id"], estimator["residual_unit"]).replace('"', "");
        model["estimators"].as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(names("variable-flip-angle"), ["nlls signal^2", "iwls signal^2", "ols signal^2"]);
    assert_eq!(names("t2"), ["nlls signal^2", "ols ", "wls signal^2", "iwls signal^2"]);
}

const MODELS: [&str; 8] = [
    "inversion-recovery",
    "inversion-recovery-complex",
    "saturation-recovery",
    "variable-flip-angle",
    "t2",
    "t2-offset",
    "t2star",
    "t2star-offset",
];

/// Samples of 7 voxels about the typical ones of a model.
fn noisy(id: &str) -> Vec<f64> {
    let clean = find(id).unwrap().signal().unwrap().predict(&example(id).design(id), example(id).typical);
    let largest = clean.iter().fold(0.0f64, |largest, s| largest.max(s.abs()));
    let noise = |i: usize, v: usize| 0.02 * largest * jitter(31 * i + v);
    clean.iter().enumerate().flat_map(|(i, s)| (0..7).map(move |v| s + noise(i, v))).collect()
}

#[test]
fn a_voxel_does_not_see_its_neighbours() {
    for id in MODELS {
        let samples = noisy(id);
        for estimator in find(id).unwrap().description().estimators {
            let request = request(&example(id).request(id, estimator));
            let together = fit(&request, &samples, 7).unwrap();
            for v in 0..7 {
                let own: Vec<f64> = samples.iter().skip(v).step_by(7).copied().collect();
                let alone = fit(&request, &own, 1).unwrap();
                for (j, value) in alone.parameters.iter().enumerate() {
                    let found = together.parameters[7 * j + v];
                    assert_eq!(found.to_bits(), value.to_bits(), "{id} {estimator} voxel {v} parameter {j}");
                }
            }
        }
    }
}

#[test]
fn single_precision_is_as_good_as_the_samples_need() {
    for id in MODELS {
        let samples = noisy(id);
        let single: Vec<f32> = samples.iter().map(|&s| s as f32).collect();
        for estimator in find(id).unwrap().description().estimators {
            let request = request(&example(id).request(id, estimator));
            let (double, single) = (fit(&request, &samples, 7).unwrap(), fit(&request, &single, 7).unwrap());
            assert_eq!(double.status, single.status, "{id} {estimator}");
            for (i, sd) in double.standard_deviations.iter().enumerate() {
                let difference = (double.parameters[i] - f64::from(single.parameters[i])).abs();
                assert!(difference <= 0.01 * sd, "{id} {estimator} {i}: {difference}, sd {sd}");
            }
        }
    }
}

/// A map of B1 gives each voxel its own flip angles.
#[test]
fn b1_from_a_map_is_corrected_for() {
    let example = example("variable-flip-angle");
    let design = example.design("variable-flip-angle");
    let signal = find("variable-flip-angle").unwrap().signal().unwrap();
    let b1 = [0.8, 1.0, 1.25];
    let voxels = b1.map(|b1| signal.predict(&design, &[1e4, 1.1, b1]));
    let rows = (0..design.rows()).flat_map(|i| voxels.iter().map(move |voxel| voxel[i]).collect::<Vec<_>>());
    let data: Vec<f64> = rows.chain(b1).collect();
    for estimator in ["nlls", "iwls", "ols"] {
        let mut value = example.request("variable-flip-angle", estimator);
        value["maps"] = json!(["B1"]);
        let found = fit(&request(&value), &data, 3).unwrap();
        assert_eq!(found.status, [0; 3], "{estimator}");
        for (v, &b1) in b1.iter().enumerate() {
            assert_close(found.parameters[v], 1e4, 1e-9);
            assert_close(found.parameters[3 + v], 1.1, 1e-9);
            assert_eq!(found.parameters[6 + v], b1);
        }
    }
}

/// Bounds by Cramér and Rao at noise of standard deviation 1, from the model's own Jacobian; held parameters are known.
fn bounds(id: &str, example: &Example) -> Vec<Option<f64>> {
    let model = find(id).unwrap();
    let design = example.design(id);
    let jacobian = model.signal().unwrap().jacobian(&design, example.typical);
    let parameters = model.description().parameters;
    let free: Vec<usize> = (0..parameters.len()).filter(|&j| parameters[j].held.is_none()).collect();
    let (p, width) = (free.len(), parameters.len());
    // [J'J | I] to [I | inverse] by Gauss and Jordan with J's columns scaled.
    let column = |j: usize, i: usize| jacobian[i * width + free[j]];
    let product = |j: usize, k: usize| (0..design.rows()).map(|i| column(j, i) * column(k, i)).sum::<f64>();
    let scale: Vec<f64> = (0..p).map(|j| product(j, j).sqrt()).collect();
    let mut rows: Vec<Vec<f64>> = (0..p)
        .map(|j| {
            let left = (0..p).map(|k| product(j, k) / (scale[j] * scale[k]));
            left.chain((0..p).map(|k| f64::from(j == k))).collect()
        })
        .collect();
    for j in 0..p {
        let pivot = rows[j][j];
        rows[j].iter_mut().for_each(|value| *value /= pivot);
        for other in (0..p).filter(|&other| other != j) {
            let factor = rows[other][j];
            let row = rows[j].clone();
            rows[other].iter_mut().zip(row).for_each(|(value, pivot)| *value -= factor * pivot);
        }
    }
    let mut out = vec![None; width];
    for (j, &at) in free.iter().enumerate() {
        out[at] = Some(rows[j][p + j].sqrt() / scale[j]);
    }
    out
}

/// Two-sided 95 % quantile of Student's t.
fn quantile(freedom: usize) -> f64 {
    match freedom {
        5 => 2.570_582,
        7 => 2.364_624,
        8 => 2.306_004,
        9 => 2.262_157,
        11 => 2.200_985,
        other => panic!("no quantile for {other} degrees of freedom: add it"),
    }
}

/// Coverage (%) of the 95 % intervals and root mean square error over the Cramér-Rao bound of each free parameter, from
/// 2,000 repeats at an SNR (of the largest sample) of 50.
fn simulated(id: &str, estimator: &str, noise: &str) -> Vec<(f64, f64)> {
    let (repeats, example) = (2000, example(id));
    let design = example.design(id);
    let clean = find(id).unwrap().signal().unwrap().predict(&design, example.typical);
    let sigma = clean.iter().fold(0.0f64, |largest, s| largest.max(s.abs())) / 50.0;
    let noise = json!({"kind": noise, "sigma": sigma, "seed": 20});
    let simulate =
        predict::Request::parse(&json!({"model": id, "protocol": example.protocol, "noise": noise}).to_string());
    let parameters: Vec<f64> = example.typical.iter().flat_map(|&value| vec![value; repeats]).collect();
    let samples = predict::signals(&simulate.unwrap(), &parameters, repeats).unwrap();
    let found = fit(&request(&example.request(id, estimator)), &samples, repeats).unwrap();
    assert!(found.status.iter().all(|&status| status == 0), "{id} {estimator}");
    let bounds = bounds(id, &example);
    let t = quantile(design.rows() - bounds.iter().flatten().count());
    let mut out = Vec::new();
    for (j, bound) in bounds.iter().enumerate() {
        let Some(bound) = bound else { continue };
        let at = j * repeats..(j + 1) * repeats;
        let errors: Vec<f64> = found.parameters[at.clone()].iter().map(|value| value - example.typical[j]).collect();
        let covered = errors.iter().zip(&found.standard_deviations[at]).filter(|(e, sd)| e.abs() <= t * **sd).count();
        let rmse = (errors.iter().map(|e| e * e).sum::<f64>() / repeats as f64).sqrt();
        let result = (100.0 * covered as f64 / repeats as f64, rmse / (sigma * bound));
        eprintln!(
            "{id} {estimator} {}: {:.1} % {:.3}",
            find(id).unwrap().description().parameters[j].name,
            result.0,
            result.1
        );
        out.push(result);
    }
    out
}

#[test]
fn intervals_cover_and_errors_reach_the_cramer_rao_bound() {
    let cases = [
        ("inversion-recovery", "nlls"),
        ("inversion-recovery", "reduced-dimension"),
        ("inversion-recovery-complex", "nlls"),
        ("inversion-recovery-complex", "reduced-dimension"),
        ("saturation-recovery", "nlls"),
        ("variable-flip-angle", "nlls"),
        ("variable-flip-angle", "iwls"),
        ("t2", "nlls"),
        ("t2", "iwls"),
        ("t2", "wls"),
        ("t2-offset", "nlls"),
        ("t2star", "nlls"),
        ("t2star", "iwls"),
        ("t2star-offset", "nlls"),
    ];
    for (id, estimator) in cases {
        for (coverage, efficiency) in simulated(id, estimator, "gaussian") {
            assert!((93.0..=97.0).contains(&coverage), "{id} {estimator}: {coverage} %");
            assert!((0.95..=1.10).contains(&efficiency), "{id} {estimator}: {efficiency}");
        }
    }
}

/// Without weights the estimate is far from the bound, and its interval says so.
#[test]
fn unweighted_flip_angle_intervals_cover_too() {
    for (coverage, efficiency) in simulated("variable-flip-angle", "ols", "gaussian") {
        assert!((93.0..=97.0).contains(&coverage), "{coverage} %");
        assert!(efficiency > 1.1, "{efficiency}");
    }
}
