use crate::assert_close;
use measurand_core::fit::fit;
use measurand_core::information::cramer_rao::{cramer_rao, Bounds, Request};
use measurand_core::information::fisher::of_signal;
use measurand_core::information::optimise::{self, optimise, Optimised};
use measurand_core::simulate::noise::{add, Kind};
use serde_json::{json, Value};

fn bounds(value: Value) -> Bounds {
    let request: Request = serde_json::from_value(value).unwrap();
    cramer_rao(&request).unwrap()
}

fn decay(b: &[f64], s0: f64, adc: f64, noise: Value) -> Bounds {
    let parameters = json!({"S0": s0, "ADC": adc});
    let situation = json!({"model": "mono-exponential", "parameters": parameters, "noise": noise});
    bounds(json!({"situation": situation, "protocol": {"b": b}}))
}

fn gaussian(sigma: f64) -> Value {
    json!({"kind": "gaussian", "sigma": sigma})
}

#[test]
fn two_points_of_a_decay_have_their_closed_form() {
    // ADC = ln(S1/S2) / (b2 - b1): sd = sigma sqrt(1/S1^2 + 1/S2^2) / (b2 - b1); with b1 = 0, sd of S0 is sigma.
    let (s0, adc, b, sigma) = (700.0, 1.3e-3, 900.0, 14.0);
    let found = decay(&[0.0, b], s0, adc, gaussian(sigma));
    let second = s0 * libm::exp(-b * adc);
    assert_close(found.parameters[0].sd, sigma, 1e-12);
    let sd = sigma * (1.0 / (s0 * s0) + 1.0 / (second * second)).sqrt() / b;
    assert_close(found.parameters[1].sd, sd, 1e-12);
    assert_close(found.parameters[1].relative, sd / adc, 1e-12);
    // cov(S0, ADC) = sigma^2 / (S0 b).
    assert_close(found.correlation[0][1], sigma / (s0 * b * sd), 1e-12);
    assert_eq!(found.correlation[0][1], found.correlation[1][0]);
    assert!(found.not_identifiable.is_empty() && found.condition.is_finite());
}

#[test]
fn a_known_parameter_is_left_out() {
    let request = json!({
        "situation": {
            "model": "mono-exponential", "parameters": {"S0": 700, "ADC": 1.3e-3}, "fix": ["S0"],
            "noise": gaussian(14.0),
        },
        "protocol": {"b": [0, 900]},
    });
    let found = bounds(request);
    assert_eq!(found.parameters.len(), 1);
    assert_close(found.parameters[0].sd, 14.0 / (900.0 * 700.0 * libm::exp(-900.0 * 1.3e-3)), 1e-12);
}

#[test]
fn what_the_samples_leave_open_is_named_and_the_rest_bounded() {
    // One b-value: only the signal there is known, so neither parameter is; at b = 0 alone, S0 is.
    let one = decay(&[500.0, 500.0], 700.0, 1.3e-3, gaussian(14.0));
    assert_eq!(one.not_identifiable, ["S0", "ADC"]);
    assert!(one.parameters.iter().all(|bound| bound.sd.is_infinite()) && one.condition.is_infinite());
    let zero = decay(&[0.0, 0.0], 700.0, 1.3e-3, gaussian(14.0));
    assert_eq!(zero.not_identifiable, ["ADC"]);
    assert_close(zero.parameters[0].sd, 14.0 / 2.0f64.sqrt(), 1e-12);
    assert_eq!(zero.correlation[0][1], 0.0);
    // Without a vascular fraction its diffusion and T2 are nowhere in the signal.
    let request = json!({
        "situation": {
            "model": "t2-ivim-kurtosis", "noise": gaussian(20.0),
            "parameters": {"S0": 1000, "f": 0, "Dv": 0.02, "T2v": 0.15, "Dt": 1e-3, "K": 0.9, "T2t": 0.08},
        },
        "protocol": crate::examples::example("t2-ivim-kurtosis").protocol,
    });
    let found = bounds(request);
    assert_eq!(found.not_identifiable, ["Dv", "T2v"]);
    assert!(found.parameters[4].sd.is_finite());
}

/// Values by adaptive quadrature of the density with scaled Bessel functions to 1e-12.
#[test]
fn a_magnitude_holds_the_information_of_its_distribution() {
    let cases = [
        (1, 0.1, 0.009901230384802593),
        (1, 0.5, 0.20169578730501486),
        (1, 1.0, 0.5214469207343811),
        (1, 2.0, 0.8526320518435394),
        (1, 5.0, 0.9795618690477955),
        (1, 50.0, 0.9997999599679521),
        (4, 0.5, 0.05884273649619735),
        (4, 3.0, 0.7049564263833898),
        (4, 10.0, 0.9658660961566765),
        (32, 0.1, 0.0003124023747198467),
        (32, 5.0, 0.43932660995820005),
        (32, 50.0, 0.9875519559018867),
    ];
    for (coils, snr, expected) in cases {
        assert_close(of_signal(Kind::NoncentralChi { coils }, snr), expected, 1e-7);
        if coils == 1 {
            assert_close(of_signal(Kind::Rician, snr), expected, 1e-7);
        }
    }
    assert_eq!(of_signal(Kind::Rician, 0.0), 0.0);
    assert_eq!(of_signal(Kind::Gaussian, 0.0), 1.0);
    // Known far from where the two series meet: 1 - 1/(2 snr^2), and monotone all the way for any number of channels.
    assert_close(of_signal(Kind::Rician, 1e4), 1.0 - 0.5e-8, 1e-10);
    for coils in [1, 2, 8, 64, 256] {
        let values: Vec<f64> =
            (0..60).map(|i| of_signal(Kind::NoncentralChi { coils }, 0.2 * 1.2f64.powi(i))).collect();
        assert!(values.windows(2).all(|pair| pair[0] < pair[1] + 1e-10), "{coils}: {values:?}");
        assert!(values.iter().all(|value| (0.0..=1.0 + 1e-10).contains(value)));
    }
}

#[test]
fn rician_bounds_tend_to_gaussian_ones_and_are_wider_below() {
    let b = [0.0, 300.0, 600.0, 1000.0];
    for (sigma, expected) in [(0.1, (1.0, 1.000_01)), (150.0, (1.02, 3.0)), (500.0, (1.2, 30.0))] {
        let gaussian = decay(&b, 700.0, 1.3e-3, gaussian(sigma));
        let rician = decay(&b, 700.0, 1.3e-3, json!({"kind": "rician", "sigma": sigma}));
        let several = decay(&b, 700.0, 1.3e-3, json!({"kind": "noncentral-chi", "sigma": sigma, "coils": 8}));
        for j in 0..2 {
            let ratio = rician.parameters[j].sd / gaussian.parameters[j].sd;
            assert!((expected.0 - 1e-9..expected.1).contains(&ratio), "sigma {sigma}, {j}: {ratio}");
            assert!(several.parameters[j].sd >= rician.parameters[j].sd);
        }
    }
}

#[test]
fn the_bound_is_what_simulation_shows() {
    let (b, sigma, voxels) = ([0.0, 200.0, 400.0, 700.0, 1000.0], 14.0, 20_000);
    let found = decay(&b, 700.0, 1.3e-3, gaussian(sigma));
    let clean = b.map(|b| 700.0 * libm::exp(-b * 1.3e-3));
    let mut samples: Vec<f64> = clean.iter().flat_map(|&s| vec![s; voxels]).collect();
    add(&mut samples, Kind::Gaussian, sigma, 5).unwrap();
    let request = json!({"model": "mono-exponential", "estimator": "nlls", "protocol": {"b": b}});
    let fit = fit(&crate::request(&request), &samples, voxels).unwrap();
    for (j, bound) in found.parameters.iter().enumerate() {
        let estimates = &fit.parameters[j * voxels..(j + 1) * voxels];
        let square: f64 = estimates.iter().map(|value| (value - bound.value).powi(2)).sum();
        // The RMSE of 20,000 has a relative standard error of 0.5 %.
        assert_close((square / voxels as f64).sqrt(), bound.sd, 0.02);
    }
}

fn optimised(value: Value) -> Optimised {
    let request: optimise::Request = serde_json::from_value(value).unwrap();
    optimise(&request).unwrap()
}

fn decay_protocol(b: &[f64], acquisitions: usize) -> Value {
    let grid: Vec<f64> = (0..=300).map(|i| 10.0 * f64::from(i)).collect();
    json!({
        "situation": {
            "model": "mono-exponential", "parameters": {"S0": 1000, "ADC": 1e-3}, "noise": gaussian(20.0),
        },
        "protocol": {"b": b},
        "candidates": {"b": grid},
        "acquisitions": acquisitions,
        "minimise": {"ADC": 1},
    })
}

/// Two points of a decay with fractions w and 1 - w of the samples at b = 0 and b: var ADC is proportional to
/// (1/w + e^(2x)/(1 - w)) / x^2, x = b ADC. Half and half: minimum at x = 1.109; free fractions: w = 1/(1 + e^x), x = 1.278
/// (Xing D, Papadakis NG, Huang CL, Lee VM, Carpenter TA, Hall LD. Magn Reson Imaging 1997;15:771-784).
#[test]
fn the_best_two_points_of_a_decay_are_found() {
    let halves = optimised(decay_protocol(&[0.0, 500.0], 2));
    assert_eq!(halves.protocol["b"], [0.0, 1110.0]);
    let free = optimised(decay_protocol(&[0.0, 200.0, 400.0, 600.0, 800.0, 1000.0], 92));
    let used: Vec<(f64, usize)> = free.allocation.iter().map(|one| (one.at["b"], one.count)).collect();
    assert_eq!(used[0].0, 0.0);
    assert!(used[1..].iter().all(|(b, _)| (1260.0..=1300.0).contains(b)), "{used:?}");
    let share = used[0].1 as f64 / 92.0;
    assert!((share - 1.0 / (1.0 + libm::exp(1.278))).abs() < 0.01, "{share}");
    assert_eq!(free.allocation.iter().map(|one| one.count).sum::<usize>(), 92);
}

#[test]
fn every_exchange_improves_and_the_bounds_say_so() {
    let found = optimised(decay_protocol(&[0.0, 100.0, 200.0, 300.0, 400.0, 500.0], 6));
    assert!(!found.exchanges.is_empty());
    let mut last = found.criterion[0];
    for exchange in &found.exchanges {
        assert!(exchange.criterion < last && exchange.removed.is_some() && exchange.added.is_some());
        last = exchange.criterion;
    }
    assert_eq!(found.criterion[1], last);
    assert_close(found.criterion[0], found.before.parameters[1].relative, 1e-9);
    assert_close(found.criterion[1], found.after.parameters[1].relative, 1e-9);
    // The same from any order of the acquisitions, and nothing left to gain.
    let again = optimised(decay_protocol(&found.protocol["b"], 6));
    assert!(again.exchanges.is_empty());
    assert_eq!(again.protocol, found.protocol);
}

#[test]
fn an_unidentifiable_protocol_is_led_out_of() {
    let found = optimised(decay_protocol(&[500.0, 500.0, 500.0], 3));
    assert!(found.criterion[0].is_infinite() && found.criterion[1].is_finite());
    assert_eq!(found.before.not_identifiable, ["S0", "ADC"]);
    assert!(found.after.not_identifiable.is_empty());
    let many = json!({
        "situation": {
            "model": "t2-ivim-kurtosis", "noise": gaussian(20.0),
            "parameters": {"S0": 1000, "f": 0.1, "Dv": 0.02, "T2v": 0.15, "Dt": 1e-3, "K": 0.9, "T2t": 0.08},
        },
        "protocol": {"b": [0, 50, 100, 400, 900, 1200, 1600, 0, 800], "TE": [0.09, 0.09, 0.09, 0.09, 0.09, 0.09, 0.09, 0.09, 0.09]},
        "candidates": {"b": [0, 20, 50, 100, 200, 400, 800, 1200, 1600], "TE": [0.05, 0.07, 0.09, 0.12, 0.15]},
        "minimise": {"f": 1, "T2v": 1},
    });
    let found = optimised(many);
    assert!(found.before.not_identifiable.contains(&"T2v") && found.after.not_identifiable.is_empty());
}

#[test]
fn complex_acquisitions_keep_both_parts() {
    let example = crate::examples::example("fat-water-complex");
    let request = json!({
        "situation": {
            "model": "fat-water-complex", "settings": example.settings, "noise": gaussian(20.0),
            "parameters": {"S0": 1000, "PDFF": 0.1, "R2star": 40, "phase": 0.3, "off_resonance": 20},
        },
        "protocol": example.protocol,
        "candidates": {"TE": (1..=40).map(|i| 2.5e-4 * f64::from(i)).collect::<Vec<_>>()},
        "minimise": {"PDFF": 1},
    });
    let found = optimised(request);
    let (te, part) = (&found.protocol["TE"], &found.protocol["imaginary"]);
    assert_eq!((te.len(), part.len()), (16, 16));
    assert_eq!(te[..8], te[8..]);
    assert_eq!(part[..], [[0.0; 8], [1.0; 8]].concat());
    assert!(found.criterion[1] < found.criterion[0]);
}

#[test]
fn bad_requests_are_refused_by_name() {
    let base = json!({
        "situation": {
            "model": "mono-exponential", "parameters": {"S0": 1000, "ADC": 1e-3}, "noise": gaussian(20.0),
        },
        "protocol": {"b": [0, 500]},
    });
    let changed = |path: &str, value: Value| {
        let mut request = base.clone();
        *request.pointer_mut(path).unwrap() = value;
        let request: Request = serde_json::from_value(request).unwrap();
        cramer_rao(&request).unwrap_err().fault().field
    };
    assert_eq!(changed("/situation/parameters", json!({"S0": 1})), "parameters.ADC");
    assert_eq!(changed("/situation/parameters", json!({"S0": 1, "ADC": 1, "T2": 1})), "parameters.T2");
    assert_eq!(changed("/situation/noise", json!({"kind": "none"})), "noise.kind");
    assert_eq!(changed("/situation/noise", gaussian(0.0)), "noise.sigma");
    assert_eq!(changed("/situation/model", json!("clinical-adc")), "model");
    assert_eq!(changed("/protocol", json!({"TE": [1]})), "protocol.TE");

    let mut start = decay_protocol(&[0.0, 500.0], 2);
    let mut refused = |key: &str, value: Value| {
        let kept = start[key].clone();
        start[key] = value;
        let request: optimise::Request = serde_json::from_value(start.clone()).unwrap();
        let field = optimise(&request).unwrap_err().fault().field;
        start[key] = kept;
        field
    };
    assert_eq!(refused("minimise", json!({})), "minimise");
    assert_eq!(refused("minimise", json!({"T2": 1})), "minimise.T2");
    assert_eq!(refused("minimise", json!({"ADC": 0})), "minimise.ADC");
    assert_eq!(refused("candidates", json!({"TE": [1]})), "candidates.TE");
    assert_eq!(refused("candidates", json!({"b": []})), "candidates.b");
    assert_eq!(refused("candidates", json!({"b": [-1]})), "protocol.b[2]");
    assert_eq!(refused("acquisitions", json!(0)), "acquisitions");
}
