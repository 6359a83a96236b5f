use crate::{assert_close, jitter, request};
use measurand_core::fit::{fit, Fit};
use measurand_core::models;
use measurand_core::simulate::noise;
use serde_json::{json, Value};

const B: [f64; 12] = [0.0, 0.0, 10.0, 20.0, 40.0, 80.0, 150.0, 200.0, 300.0, 450.0, 600.0, 800.0];

fn decay(s0: f64, f: f64, dstar: f64, d: f64) -> Vec<f64> {
    B.iter().map(|b| s0 * (f * libm::exp(-b * dstar) + (1.0 - f) * libm::exp(-b * d))).collect()
}

fn run(estimator: &str, more: Value, samples: &[f64]) -> Fit<f64> {
    let mut value = json!({"model": "ivim", "estimator": estimator, "protocol": {"b": B}});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fit(&request(&value), samples, samples.len() / B.len()).unwrap()
}

#[test]
fn ivim_is_its_equation() {
    let value: Value = json!({"b": B});
    let model = models::find("ivim").unwrap();
    let design = model.design(&serde_json::from_value(value).unwrap(), &Default::default()).unwrap();
    let found = model.signal().unwrap().predict(&design, &[700.0, 0.12, 0.031, 1.2e-3]);
    for (found, expected) in found.iter().zip(decay(700.0, 0.12, 0.031, 1.2e-3)) {
        assert_close(*found, expected, 1e-14);
    }
}

/// Each step of the segmented fit, by hand: the decay of the high b-values, then derivatives by f and Dstar that vanish.
#[test]
fn the_segmented_fit_is_its_steps() {
    let mut samples = decay(700.0, 0.15, 0.03, 1.2e-3);
    samples.iter_mut().enumerate().for_each(|(i, s)| *s += 6.0 * jitter(i));
    let found = run("segmented", json!({"settings": {"threshold": 300}}), &samples);
    assert_eq!(found.status, [0]);
    let high: Vec<usize> = (0..B.len()).filter(|&i| B[i] >= 300.0).collect();
    let (b, s): (Vec<f64>, Vec<f64>) = high.iter().map(|&i| (B[i], samples[i])).unzip();
    let tissue = crate::fit_b("mono-exponential", "nlls", &b, &s);
    let [s0, f, dstar, d] = [0, 1, 2, 3].map(|j| found.parameters[j]);
    assert_close(d, tissue.parameters[1], 1e-12);
    assert_close(s0 * (1.0 - f), tissue.parameters[0], 1e-12);
    let (mut slope, mut along, mut size) = (0.0, 0.0, 0.0);
    for (b, s) in B.iter().zip(&samples) {
        let e = libm::exp(-b * dstar);
        let r = s - s0 * (f * e + (1.0 - f) * libm::exp(-b * d));
        slope += b * dstar * e * r;
        along += e * r;
        size += (e * r).abs();
    }
    assert!(slope.abs() <= 1e-9 * size && along.abs() <= 1e-9 * size, "{slope} {along} {size}");
}

/// The reported deviations are those that the estimates show when noise is drawn again and again.
#[test]
fn segmented_deviations_are_those_of_repeats() {
    let clean = decay(1000.0, 0.3, 0.03, 1.1e-3);
    let repeats = 4000;
    let mut samples = vec![0.0; B.len() * repeats];
    for (i, s) in clean.iter().enumerate() {
        samples[i * repeats..(i + 1) * repeats].fill(*s);
    }
    noise::add(&mut samples, noise::Kind::Gaussian, 5.0, 11).unwrap();
    let found = run("segmented", json!({"settings": {"threshold": 200}}), &samples);
    assert!(found.status.iter().all(|status| *status == 0));
    for j in 0..4 {
        let values = &found.parameters[j * repeats..(j + 1) * repeats];
        let mean = values.iter().sum::<f64>() / repeats as f64;
        let sd = (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (repeats - 1) as f64).sqrt();
        let squares = found.standard_deviations[j * repeats..(j + 1) * repeats].iter().map(|sd| sd * sd);
        let reported = (squares.sum::<f64>() / repeats as f64).sqrt();
        assert!((reported / sd - 1.0).abs() < 0.05, "parameter {j}: {reported} reported, {sd} shown");
    }
}

#[test]
fn without_perfusion_signal_dstar_has_no_value() {
    // The high b-values extrapolate to more than what is measured at the low ones.
    let mut samples = decay(700.0, 0.0, 0.03, 1.2e-3);
    samples[..6].iter_mut().for_each(|s| *s *= 0.95);
    let found = run("segmented", json!({}), &samples);
    assert_eq!(found.status, [2]);
    assert_eq!(found.parameters[1], 0.0);
    assert_eq!(found.standard_deviations[1], f64::INFINITY);
    assert_close(found.parameters[0], 700.0, 1e-9);
    assert_close(found.parameters[3], 1.2e-3, 1e-9);
    assert!(found.parameters[2].is_nan() && found.standard_deviations[2].is_nan());
    assert_eq!(found.active, [1 << 1]);
}

#[test]
fn the_segmented_fit_keeps_the_bounds_of_s0_and_f() {
    let mut samples = decay(700.0, 0.15, 0.03, 1.2e-3);
    samples.iter_mut().enumerate().for_each(|(i, s)| *s += 6.0 * jitter(i));
    for (name, j, bounds) in [("f", 1, [0.0, 0.1]), ("S0", 0, [0.0, 650.0]), ("f", 1, [0.3, 1.0])] {
        let found = run("segmented", json!({"bounds": {name: bounds}}), &samples);
        assert_eq!(found.status, [1], "{name}");
        let nearer = if bounds[0] > 0.0 { bounds[0] } else { bounds[1] };
        assert_eq!(found.parameters[j], nearer, "{name}");
        assert_eq!(found.standard_deviations[j], f64::INFINITY, "{name}");
        assert!(found.standard_deviations[2].is_finite(), "{name}");
    }
}

#[test]
fn bounds_hold_in_every_estimator() {
    let mut samples = decay(700.0, 0.15, 0.06, 1.2e-3);
    samples.iter_mut().enumerate().for_each(|(i, s)| *s += 2.0 * jitter(i));
    for estimator in ["nlls", "segmented", "prior"] {
        let found = run(estimator, json!({"bounds": {"Dstar": [0.005, 0.03]}}), &samples);
        assert_eq!(found.status, [1], "{estimator}");
        assert_eq!(found.parameters[2], 0.03, "{estimator}");
        assert_eq!(found.standard_deviations[2], f64::INFINITY, "{estimator}");
        assert_eq!(found.active, [1 << (16 + 2)], "{estimator}");
    }
}

#[test]
fn the_segmented_fit_needs_its_segment() {
    let refused = |b: &[f64], settings: Value| {
        let value = json!({"model": "ivim", "estimator": "segmented", "protocol": {"b": b}, "settings": settings});
        let fault = fit(&request(&value), &vec![1.0; b.len()], 1).unwrap_err().fault();
        (fault.code, fault.field)
    };
    assert_eq!(refused(&[0.0, 50.0, 100.0, 800.0], json!({})), ("out-of-range", "settings.threshold".into()));
    assert_eq!(
        refused(&[0.0, 50.0, 300.0, 800.0], json!({"threshold": -1})),
        ("out-of-range", "settings.threshold".into())
    );
}

/// What the posterior's mode means: no point nearby has a smaller n ln(residual) plus squared distances from the prior.
#[test]
fn the_prior_fit_is_the_mode_of_its_posterior() {
    for seed in 0..30 {
        let mut samples = decay(700.0, 0.12, 0.03, 1.2e-3);
        samples.iter_mut().enumerate().for_each(|(i, s)| *s += 40.0 * jitter(seed * 12 + i));
        let found = run("prior", json!({}), &samples);
        assert!(found.status[0] <= 1);
        let objective = |p: &[f64]| {
            let predicted = decay(p[0], p[1], p[2], p[3]);
            let residual: f64 = samples.iter().zip(&predicted).map(|(y, s)| (y - s) * (y - s)).sum();
            let z = [libm::log(p[2] / 0.03) / 0.6, libm::log(p[3] / 0.0013) / 0.5];
            B.len() as f64 * libm::log(residual) + z[0] * z[0] + z[1] * z[1]
        };
        let own = objective(&found.parameters);
        for j in 0..4 {
            for factor in [0.9, 0.999, 1.001, 1.1] {
                let mut other = found.parameters.clone();
                other[j] *= factor;
                let inside = other[1] <= 1.0 && other[2] >= 0.005 && other[2] <= 0.2 && other[3] <= 0.005;
                assert!(!inside || objective(&other) >= own - 1e-9, "seed {seed} parameter {j} times {factor}");
            }
        }
    }
}

#[test]
fn the_default_fit_finds_the_minimum_that_many_starts_find() {
    let (mut worse, repeats) = (0, 300);
    for (k, sigma) in [(0, 20.0), (1, 70.0)] {
        for (m, x) in
            [[700.0, 0.12, 0.03, 1.2e-3], [700.0, 0.3, 0.015, 2e-3], [700.0, 0.07, 0.1, 7e-4]].iter().enumerate()
        {
            let clean = decay(x[0], x[1], x[2], x[3]);
            let samples: Vec<f64> = (0..B.len() * repeats)
                .map(|i| clean[i / repeats] + sigma * 1.7 * jitter(i + 100_000 * (3 * k + m)))
                .collect();
            let own = run("nlls", json!({}), &samples);
            let many = run("nlls", json!({"starts": 15}), &samples);
            worse += (0..repeats).filter(|&v| own.residual[v] > many.residual[v] * 1.001).count();
        }
    }
    assert!(worse * 500 <= 6 * repeats, "{worse} of {} stop above the least minimum", 6 * repeats);
}
