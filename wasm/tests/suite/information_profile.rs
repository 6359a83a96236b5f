use crate::assert_close;
use measurand_core::fit::fit;
use measurand_core::information::profile::{profile, Interval, Request};
use measurand_core::simulate::noise::{add, Kind};
use serde_json::{json, Value};

const B: [f64; 6] = [0.0, 100.0, 300.0, 500.0, 700.0, 1000.0];

fn decay(b: &[f64], s0: f64, adc: f64, sigma: f64, seed: u64, kind: Kind) -> Vec<f64> {
    let mut samples: Vec<f64> = b.iter().map(|b| s0 * libm::exp(-b * adc)).collect();
    add(&mut samples, kind, sigma, seed).unwrap();
    samples
}

fn interval(parameter: &str, samples: &[f64], fit: Value, more: Value) -> Interval {
    let mut request = json!({
        "fit": {"model": "mono-exponential", "estimator": "nlls", "protocol": {"b": B}},
        "parameter": parameter,
    });
    for (key, value) in fit.as_object().unwrap() {
        request["fit"][key] = value.clone();
    }
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    let request: Request = serde_json::from_value(request).unwrap();
    profile(&request, samples).unwrap()
}

/// The least sum of squares over S0 for a given ADC has a closed form.
fn sum_of_squares(samples: &[f64], adc: f64) -> f64 {
    let decay: Vec<f64> = B.iter().map(|b| libm::exp(-b * adc)).collect();
    let square: f64 = decay.iter().map(|e| e * e).sum();
    let product: f64 = decay.iter().zip(samples).map(|(e, s)| e * s).sum();
    samples.iter().map(|s| s * s).sum::<f64>() - product * product / square
}

#[test]
fn the_ends_lie_where_the_profile_reaches_its_limit() {
    let samples = decay(&B, 700.0, 1.2e-3, 60.0, 3, Kind::Gaussian);
    let found = interval("ADC", &samples, json!({}), json!({}));
    assert_eq!((found.lower.kind, found.upper.kind, found.distribution.as_str()), ("crossing", "crossing", "F(1, 4)"));
    // The two-sided 95 % point of t with 4 degrees of freedom is 2.776 (Abramowitz and Stegun, table 26.10).
    assert_close(found.threshold.sqrt(), 2.776, 1e-3);
    let least = sum_of_squares(&samples, found.value);
    for end in [found.lower, found.upper] {
        let excess = (sum_of_squares(&samples, end.value.unwrap()) - least) / (least / 4.0);
        assert_close(excess, found.threshold, 1e-3);
    }
    let known = interval("ADC", &samples, json!({}), json!({"sigma": 60.0, "level": 0.99}));
    assert_eq!(known.distribution, "chi2(1)");
    for end in [known.lower, known.upper] {
        let excess = (sum_of_squares(&samples, end.value.unwrap()) - least) / 3600.0;
        assert_close(excess, 2.575_829_f64.powi(2), 1e-3);
    }
    for (value, deviance) in known.curve.values.iter().zip(&known.curve.deviance) {
        let expected = (sum_of_squares(&samples, *value) - least) / 3600.0;
        assert!((deviance - expected).abs() < 1e-6 * (1.0 + expected), "{value}: {deviance} {expected}");
    }
    assert!(known.curve.values.contains(&known.value));
}

#[test]
fn a_linear_parameter_has_the_interval_of_its_standard_deviation() {
    // With ADC fixed near its estimate S0 is nearly linear: little noise makes the whole fit so.
    let samples = decay(&B, 700.0, 1.2e-3, 0.07, 8, Kind::Gaussian);
    for parameter in ["S0", "ADC"] {
        let found = interval(parameter, &samples, json!({}), json!({}));
        let half = found.threshold.sqrt() * found.sd;
        assert_close(found.value - found.lower.value.unwrap(), half, 2e-3);
        assert_close(found.upper.value.unwrap() - found.value, half, 2e-3);
    }
}

#[test]
fn an_interval_that_meets_a_bound_says_so() {
    // Hardly any decay and much noise: nothing speaks against ADC = 0.
    let samples = decay(&B, 700.0, 1e-4, 150.0, 4, Kind::Gaussian);
    let found = interval("ADC", &samples, json!({}), json!({"sigma": 150.0}));
    assert_eq!((found.lower.kind, found.lower.value), ("bound", Some(0.0)));
    assert_eq!(found.upper.kind, "crossing");
    // Noise alone: no decay is fast enough to be ruled out.
    let nothing = interval("ADC", &[30.0, -10.0, 5.0, -20.0, 10.0, -5.0], json!({}), json!({"sigma": 100.0}));
    assert_eq!((nothing.upper.kind, nothing.upper.value), ("bound", Some(0.1)));
    let fast = [300.0, 20.0, -10.0, 5.0, -20.0, 10.0];
    let open = interval("ADC", &fast, json!({"bounds": {"ADC": [0, null]}}), json!({"sigma": 100.0}));
    assert_eq!((open.upper.kind, open.upper.value), ("open", None));
}

/// Deviances of the true ADC in many voxels, from one fit with it free and one with it held.
fn deviances(kind: Kind, noise: &Value, [s0, adc, sigma]: [f64; 3], repeats: usize) -> Vec<f64> {
    let clean = B.map(|b| s0 * libm::exp(-b * adc));
    let mut samples: Vec<f64> = clean.iter().flat_map(|&s| vec![s; repeats]).collect();
    add(&mut samples, kind, sigma, 21).unwrap();
    let run = |fix: Value| {
        let value = json!({
            "model": "mono-exponential", "estimator": "nlls", "protocol": {"b": B}, "noise": noise, "fix": fix,
        });
        fit(&crate::request(&value), &samples, repeats).unwrap().residual
    };
    let (free, held) = (run(json!({})), run(json!({"ADC": adc})));
    let scale = |free: f64| if noise["kind"] == "gaussian" { free / (B.len() - 2) as f64 } else { sigma * sigma };
    free.iter().zip(held).map(|(free, held)| (held - free) / scale(*free)).collect()
}

/// An interval covers the truth when the deviance there is below its limit: 95 % of 4,000, standard error 0.34 %.
#[test]
fn intervals_cover_as_often_as_they_say() {
    let truth = [700.0, 2e-3, 100.0];
    let (f, chi) = (2.776_445_f64.powi(2), 1.959_964_f64.powi(2));
    for (kind, noise, limit) in [
        (Kind::Gaussian, json!({"kind": "gaussian"}), f),
        (Kind::Rician, json!({"kind": "rician", "sigma": 100.0}), chi),
    ] {
        let found = deviances(kind, &noise, truth, 4000);
        let share = found.iter().filter(|deviance| **deviance <= limit).count() as f64 / 4000.0;
        assert!((0.94..=0.96).contains(&share), "{kind:?}: {share}");
        let clean = B.map(|b| truth[0] * libm::exp(-b * truth[1]));
        let mut samples: Vec<f64> = clean.iter().flat_map(|&s| vec![s; 4000]).collect();
        add(&mut samples, kind, truth[2], 21).unwrap();
        for (v, deviance) in found.iter().enumerate().take(25) {
            let voxel: Vec<f64> = (0..B.len()).map(|i| samples[i * 4000 + v]).collect();
            let found = interval("ADC", &voxel, json!({"noise": noise}), json!({}));
            let below = found.lower.value.is_none_or(|value| value <= truth[1]);
            let inside = below && found.upper.value.is_none_or(|value| truth[1] <= value);
            assert_eq!(inside, *deviance <= limit, "{kind:?} {v}: {deviance}");
        }
    }
}

#[test]
fn bad_requests_are_refused_by_name() {
    let samples = decay(&B, 700.0, 1.2e-3, 7.0, 3, Kind::Gaussian);
    let refused = |fit: Value, more: Value, samples: &[f64]| {
        let mut request = json!({
            "fit": {"model": "mono-exponential", "estimator": "nlls", "protocol": {"b": B}},
            "parameter": "ADC",
        });
        for (key, value) in fit.as_object().unwrap() {
            request["fit"][key] = value.clone();
        }
        for (key, value) in more.as_object().unwrap() {
            request[key] = value.clone();
        }
        let request: Request = serde_json::from_value(request).unwrap();
        profile(&request, samples).unwrap_err().fault().field
    };
    assert_eq!(refused(json!({"estimator": "ols"}), json!({}), &samples), "fit.estimator");
    assert_eq!(refused(json!({"maps": ["S0"]}), json!({}), &samples), "fit.maps");
    assert_eq!(refused(json!({"fix": {"ADC": 1e-3}}), json!({}), &samples), "parameter");
    assert_eq!(refused(json!({"fix": {"S0": 1e3}}), json!({}), &samples), "parameter");
    assert_eq!(refused(json!({}), json!({"parameter": "T2"}), &samples), "parameter");
    assert_eq!(refused(json!({}), json!({"level": 1.0}), &samples), "level");
    assert_eq!(refused(json!({}), json!({"sigma": -1.0}), &samples), "sigma");
    let rician = json!({"noise": {"kind": "rician", "sigma": 5.0}});
    assert_eq!(refused(rician, json!({"sigma": 5.0}), &samples), "sigma");
    assert_eq!(refused(json!({}), json!({}), &[f64::NAN; 6]), "samples");
    let two = json!({"protocol": {"b": [0, 1000]}});
    assert_eq!(refused(two, json!({}), &samples[..2]), "samples");
}
