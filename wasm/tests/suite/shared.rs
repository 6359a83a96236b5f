//! One value of a parameter for all voxels, and parameters that a model holds set free.

use crate::request;
use measurand_core::fit::{fit, Fit};
use measurand_core::simulate::random::Draws;
use serde_json::{json, Value};

const B: [f64; 6] = [0.0, 100.0, 300.0, 500.0, 700.0, 900.0];

fn fitted(value: &Value, samples: &[f64], voxels: usize) -> Fit<f64> {
    fit(&request(value), samples, voxels).unwrap()
}

/// Decays of one ADC with amplitudes from 0.5 to 1.5, and their noise.
fn decays(adc: f64, sigma: f64, voxels: usize, seed: u64) -> Vec<f64> {
    let mut random = Draws::new(seed, 0);
    let amplitude: Vec<f64> = (0..voxels).map(|_| 0.5 + random.between(0.0, 1.0)).collect();
    let mut samples = Vec::new();
    for b in B {
        for amplitude in &amplitude {
            samples.push(amplitude * libm::exp(-b * adc) + sigma * random.normal());
        }
    }
    samples
}

fn mono(more: Value) -> Value {
    let mut value = json!({"model": "mono-exponential", "estimator": "nlls", "protocol": {"b": B}});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

#[test]
fn a_shared_parameter_leaves_the_least_residual_of_all_voxels() {
    let voxels = 40;
    let samples = decays(0.0012, 0.03, voxels, 5);
    let shared = fitted(&mono(json!({"shared": ["ADC"]})), &samples, voxels);
    let adc = shared.parameters[voxels];
    assert!(shared.parameters[voxels..].iter().all(|&value| value == adc));
    let total =
        |adc: f64| -> f64 { fitted(&mono(json!({"fix": {"ADC": adc}})), &samples, voxels).residual.iter().sum() };
    let least: f64 = shared.residual.iter().sum();
    for step in [1e-3, -1e-3] {
        assert!(total(adc * (1.0 + step)) > least, "{step}");
    }
    // The curvature of the total residual gives the standard deviation; 240 samples, 41 parameters.
    let h = 1e-3 * adc;
    let curvature = (total(adc + h) - 2.0 * least + total(adc - h)) / (h * h);
    let expected = (2.0 * least / 199.0 / curvature).sqrt();
    assert!((shared.standard_deviations[voxels] / expected - 1.0).abs() < 1e-3);
}

#[test]
fn intervals_of_shared_and_own_parameters_cover() {
    let (voxels, repeats, adc) = (20, 400, 0.001);
    let (mut of_adc, mut of_s0) = (0, 0);
    let truth = decays(adc, 0.0, voxels, 1);
    for repeat in 0..repeats {
        let mut random = Draws::new(1000 + repeat, 0);
        let samples: Vec<f64> = truth.iter().map(|y| y + 0.05 * random.normal()).collect();
        let found = fitted(&mono(json!({"shared": ["ADC"]})), &samples, voxels);
        let inside =
            |at: usize, truth: f64, t: f64| (found.parameters[at] - truth).abs() <= t * found.standard_deviations[at];
        of_adc += usize::from(inside(voxels, adc, 1.984));
        // A voxel's own residual has 5 degrees of freedom.
        of_s0 += usize::from(inside(3, truth[3], 2.571));
    }
    for covered in [of_adc, of_s0] {
        let share = covered as f64 / repeats as f64;
        assert!((0.92..=0.98).contains(&share), "{share}");
    }
}

/// Three compartments' parameters of each voxel are better known once T2v, which one voxel hardly shows, is common.
#[test]
fn a_t2_shared_by_all_voxels_is_found() {
    let b: Vec<f64> = [0.0, 50.0, 100.0, 400.0, 900.0, 1200.0, 1600.0].iter().flat_map(|&b| [b; 3]).collect();
    let te: Vec<f64> = (0..21).map(|i| [0.093, 0.105, 0.12][i % 3]).collect();
    let voxels = 60;
    let mut random = Draws::new(3, 0);
    let tissue: Vec<[f64; 7]> = (0..voxels)
        .map(|_| {
            let mut between = |low: f64, high: f64| low + (high - low) * random.between(0.0, 1.0);
            [1.0, between(0.1, 0.3), between(0.01, 0.04), 0.15, between(8e-4, 2e-3), 0.8, between(0.06, 0.1)]
        })
        .collect();
    let mut samples = Vec::new();
    for (b, te) in b.iter().zip(&te) {
        for &[s0, f, dv, t2v, dt, k, t2t] in &tissue {
            let x = b * dt;
            let signal = f * libm::exp(-b * dv - te / t2v) + (1.0 - f) * libm::exp(k * x * x / 6.0 - x - te / t2t);
            samples.push(s0 * signal + 0.002 * random.normal());
        }
    }
    let value = json!({"model": "t2-ivim-kurtosis", "estimator": "nlls", "protocol": {"b": b, "TE": te}});
    let own = fitted(&value, &samples, voxels);
    let mut shared = value.clone();
    shared["shared"] = json!(["T2v"]);
    let shared = fitted(&shared, &samples, voxels);
    let (t2v, deviation) = (shared.parameters[3 * voxels], shared.standard_deviations[3 * voxels]);
    assert!((t2v - 0.15).abs() < 3.0 * deviation && deviation < 0.02, "{t2v} +- {deviation}");
    let error = |fit: &Fit<f64>, j: usize| -> f64 {
        (0..voxels).map(|v| (fit.parameters[j * voxels + v] - tissue[v][j]).powi(2)).sum()
    };
    assert!(error(&shared, 1) < error(&own, 1));
}

#[test]
fn a_held_parameter_can_be_set_free() {
    let ts = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.0];
    let samples: Vec<f64> = ts.iter().map(|t| 2.0 * (1.0 - 0.93 * libm::exp(-t / 0.9))).collect();
    let value =
        json!({"model": "saturation-recovery", "estimator": "nlls", "protocol": {"TS": ts}, "free": ["efficiency"]});
    let found = fitted(&value, &samples, 1);
    for (found, expected) in found.parameters.iter().zip([2.0, 0.9, 0.93]) {
        assert!((found / expected - 1.0).abs() < 1e-8, "{found}");
    }
    assert_eq!(found.status, [0]);
}

#[test]
fn what_cannot_be_shared_or_started_is_refused_by_name() {
    let samples = decays(0.001, 0.01, 2, 1);
    for (more, field) in [
        (json!({"shared": ["D"]}), "shared.D"),
        (json!({"shared": ["ADC"], "fix": {"ADC": 0.001}}), "shared.ADC"),
        (json!({"free": ["ADC"], "fix": {"ADC": 0.001}}), "free.ADC"),
        (json!({"shared": ["ADC"], "correlation": true}), "correlation"),
        (json!({"shared": ["ADC"], "noise": {"kind": "rician", "sigma": 0.01}}), "noise.kind"),
        (json!({"shared": ["ADC"], "estimator": "wls"}), "shared.ADC"),
        (json!({"estimator": "wls", "start": {"ADC": 0.001}}), "start"),
        (json!({"estimator": "wls", "starts": 2}), "starts"),
        (json!({"estimator": "ols", "correlation": true}), "correlation"),
    ] {
        let error = fit(&request(&mono(more.clone())), &samples, 2).err().unwrap_or_else(|| panic!("{more}"));
        assert_eq!(error.fault().field, field, "{more}");
    }
}

#[test]
fn voxels_without_a_signal_do_not_disturb_the_others() {
    let voxels = 10;
    let mut samples = decays(0.0015, 0.02, voxels, 9);
    let expected = fitted(&mono(json!({"shared": ["ADC"]})), &samples, voxels).parameters[voxels];
    // One more voxel of nothing, one with a sample that is not a number.
    let mut more = Vec::new();
    for row in samples.chunks_mut(voxels) {
        more.extend_from_slice(row);
        more.extend([0.0, f64::NAN]);
    }
    let found = fitted(&mono(json!({"shared": ["ADC"]})), &more, voxels + 2);
    assert!((found.parameters[voxels + 2] / expected - 1.0).abs() < 1e-12);
    assert!(found.status[voxels] != 0 && found.status[voxels + 1] != 0);
    assert!(found.parameters[2 * (voxels + 2) - 1].is_nan());
}

/// In a voxel of noise alone the amplitude may end so near 0 that the derivatives by its other parameters vanish, too: it
/// must not leave the shared value where it started, with a standard deviation of 0.
#[test]
fn voxels_of_noise_alone_do_not_stop_the_search() {
    let b = [0.0, 0.0, 300.0, 700.0, 1000.0, 1500.0, 2000.0];
    let (voxels, noise) = (60, 60);
    let mut random = Draws::new(4, 0);
    let mut samples = Vec::new();
    for b in b {
        let x = 1e-3 * b;
        let signal = libm::exp(0.9 * x * x / 6.0 - x);
        samples.extend((0..voxels + noise).map(|v| if v < voxels { signal } else { 0.0 } + 0.03 * random.normal()));
    }
    let value = json!({"model": "kurtosis", "estimator": "nlls", "protocol": {"b": b}, "shared": ["K"]});
    let single: Vec<f32> = samples.iter().map(|&sample| sample as f32).collect();
    let found = fit(&request(&value), &single, voxels + noise).unwrap();
    let at = 2 * (voxels + noise);
    let (k, deviation) = (found.parameters[at], found.standard_deviations[at]);
    assert!((0.01..0.1).contains(&deviation) && (k - 0.9).abs() < 3.0 * deviation, "{k} {deviation}");
}

/// One b-value beside 0 shows D and K only together: neither has a standard deviation.
#[test]
fn shared_values_that_cannot_be_told_apart_have_infinite_deviations() {
    let b = [0.0, 0.0, 1000.0, 1000.0];
    let samples = [2.0, 3.0, 2.1, 2.9, 0.8, 1.3, 0.9, 1.2];
    let start = json!({"D": 1e-3, "K": 0.5});
    let value = json!({
        "model": "kurtosis", "estimator": "nlls", "protocol": {"b": b}, "shared": ["D", "K"], "start": start,
    });
    let found = fitted(&value, &samples, 2);
    assert!(found.parameters[2..].iter().all(|value| value.is_finite()), "{:?}", found.parameters);
    assert!(found.standard_deviations[2..].iter().all(|sd| sd.is_infinite()), "{:?}", found.standard_deviations);
}
