use crate::examples::example;
use crate::{assert_close, request};
use measurand_core::fit::{fit, Fit};
use measurand_core::models::find;
use measurand_core::protocol::{Protocol, Settings};
use measurand_core::simulate::noise::{add, Kind};
use serde_json::{json, Value};
use std::f64::consts::{PI, TAU};

const GAMMA: f64 = 42.577_478_518e6;
const MAGNITUDE: &str = "fat-water";
const COMPLEX: &str = "fat-water-complex";

fn settings(spectrum: &str, field_strength: f64) -> Settings {
    serde_json::from_value(json!({"field_strength": field_strength, "spectrum": spectrum})).unwrap()
}

/// Magnitudes at the echo times, S0 = 1 and no relaxation.
fn magnitudes(spectrum: &str, te: &[f64], pdff: f64) -> Vec<f64> {
    let model = find(MAGNITUDE).unwrap();
    let design = model.design(&Protocol::new(&[("TE", te)]), &settings(spectrum, 3.0)).unwrap();
    model.signal().unwrap().predict(&design, &[1.0, pdff, 0.0])
}

/// Signals of a model's example for many voxels, with noise.
fn noisy(id: &str, settings: &Value, x: &[f64], voxels: usize, sigma: f64, seed: u64) -> Vec<f64> {
    let model = find(id).unwrap();
    let protocol: Protocol = serde_json::from_value(example(id).protocol).unwrap();
    let design = model.design(&protocol, &serde_json::from_value(settings.clone()).unwrap()).unwrap();
    let clean = model.signal().unwrap().predict(&design, x);
    let mut samples: Vec<f64> = clean.iter().flat_map(|&s| vec![s; voxels]).collect();
    let kind = if id == MAGNITUDE { Kind::Rician } else { Kind::Gaussian };
    add(&mut samples, kind, sigma, seed).unwrap();
    samples
}

fn fitted(id: &str, settings: &Value, samples: &[f64], voxels: usize, more: &Value) -> Fit<f64> {
    let mut value = json!({"model": id, "estimator": "nlls", "protocol": example(id).protocol, "settings": settings});
    for (key, more) in more.as_object().into_iter().flatten() {
        value[key] = more.clone();
    }
    fit(&request(&value), samples, voxels).unwrap()
}

#[test]
fn a_single_peak_beats_as_two_frequencies_do() {
    // Methylene, 3.4 ppm below water.
    let frequency = GAMMA * 3.0 * 3.4e-6;
    let te = [0.0, 0.5 / frequency, 1.0 / frequency, 0.3 / frequency];
    let found = magnitudes("single-peak", &te, 0.3);
    assert_close(found[0], 1.0, 1e-14);
    assert_close(found[1], 1.0 - 2.0 * 0.3, 1e-12);
    assert_close(found[2], 1.0, 1e-12);
    let beat = 0.7f64.powi(2) + 0.3f64.powi(2) + 2.0 * 0.7 * 0.3 * libm::cos(TAU * 0.3);
    assert_close(found[3], beat.sqrt(), 1e-12);
}

#[test]
fn spectra_are_the_published_ones() {
    // Relative areas and shifts as Hamilton et al. 2011 state them for the liver, water at 4.7 ppm.
    let peaks = [(5.3, 0.047), (4.2, 0.039), (2.75, 0.006), (2.1, 0.12), (1.3, 0.7), (0.9, 0.088)];
    let te = [0.0, 1.15e-3, 2.3e-3, 7e-3];
    let expected = |te: f64| {
        let angle = |shift: f64| TAU * GAMMA * 3.0 * (shift - 4.7) * 1e-6 * te;
        let real: f64 = peaks.iter().map(|(shift, area)| area * libm::cos(angle(*shift))).sum();
        let imaginary: f64 = peaks.iter().map(|(shift, area)| area * libm::sin(angle(*shift))).sum();
        (real * real + imaginary * imaginary).sqrt()
    };
    for (te, found) in te.iter().zip(magnitudes("hamilton-2011", &te, 1.0)) {
        assert_close(found, expected(*te), 1e-12);
    }
    // Areas sum to 1 after scaling, whatever the digits of the source.
    assert_close(magnitudes("ren-2008", &[0.0], 1.0)[0], 1.0, 1e-14);
}

#[test]
fn both_sides_of_one_half_are_searched() {
    let settings = json!({"field_strength": 3});
    for pdff in [0.02, 0.1, 0.35, 0.45, 0.55, 0.65, 0.9, 0.98] {
        let samples = noisy(MAGNITUDE, &settings, &[800.0, pdff, 60.0], 1, 0.0, 0);
        let found = fitted(MAGNITUDE, &settings, &samples, 1, &json!({}));
        assert_eq!(found.status, [0], "{pdff}");
        assert_close(found.parameters[1], pdff, 1e-6);
        assert_close(found.parameters[2], 60.0, 1e-6);
    }
}

/// The least residual among fits from many places.
fn searched(id: &str, settings: &Value, samples: &[f64], voxels: usize, starts: &[Value]) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; voxels];
    for start in starts {
        let found = fitted(id, settings, samples, voxels, &json!({"start": start}));
        for (least, residual) in least.iter_mut().zip(&found.residual) {
            *least = least.min(*residual);
        }
    }
    least
}

fn worse(found: &Fit<f64>, least: &[f64]) -> usize {
    found.residual.iter().zip(least).filter(|(found, least)| **found > **least * 1.001 || found.is_nan()).count()
}

#[test]
fn no_other_start_finds_a_better_minimum_in_magnitudes() {
    let settings = json!({"field_strength": 3});
    let grid = |s0: f64| -> Vec<Value> {
        let pairs = (0..=10).flat_map(|k| [20.0, 80.0, 300.0].map(|rate| (0.1 * f64::from(k), rate)));
        pairs.map(|(pdff, rate)| json!({"S0": s0, "PDFF": pdff, "R2star": rate})).collect()
    };
    let (voxels, mut missed, mut swapped) = (250, 0, 0);
    for (seed, pdff) in [0.0, 0.2, 0.5, 0.6, 0.9].into_iter().enumerate() {
        let samples = noisy(MAGNITUDE, &settings, &[1000.0, pdff, 60.0], voxels, 20.0, seed as u64);
        let found = fitted(MAGNITUDE, &settings, &samples, voxels, &json!({}));
        let least = searched(MAGNITUDE, &settings, &samples, voxels, &grid(1000.0));
        missed += worse(&found, &least);
        swapped += found.parameters[voxels..2 * voxels].iter().filter(|f| (*f - pdff).abs() > 0.3).count();
    }
    assert!(missed * 1000 <= 5 * voxels, "{missed} of {}", 5 * voxels);
    // At an SNR of 50 the peaks of six tell fat from water but for a few voxels.
    assert!(swapped < 5 * voxels / 20, "{swapped}");
}

#[test]
fn no_other_start_finds_a_better_minimum_in_complex_samples() {
    let settings = json!({"field_strength": 3});
    let (voxels, mut missed, mut swapped) = (60, 0, 0);
    for (seed, (pdff, off)) in [(0.05, 0.0), (0.3, 150.0), (0.7, -380.0), (0.95, 60.0)].into_iter().enumerate() {
        let x = [1000.0, pdff, 60.0, 1.0, off];
        let samples = noisy(COMPLEX, &settings, &x, voxels, 20.0, 10 + seed as u64);
        let found = fitted(COMPLEX, &settings, &samples, voxels, &json!({}));
        let starts: Vec<Value> = (0..25)
            .flat_map(|k| [0.1, 0.9].map(|f| (k, f)))
            .flat_map(|(k, f)| [-2.0, 0.0, 2.0].map(|phase| (k, f, phase)))
            .map(|(k, f, phase)| {
                let off = -435.0 + 36.0 * f64::from(k);
                json!({"S0": 1000.0, "PDFF": f, "R2star": 60.0, "phase": phase, "off_resonance": off})
            })
            .collect();
        missed += worse(&found, &searched(COMPLEX, &settings, &samples, voxels, &starts));
        swapped += found.parameters[voxels..2 * voxels].iter().filter(|f| (*f - pdff).abs() > 0.3).count();
    }
    assert!(missed * 1000 <= 4 * voxels, "{missed} of {}", 4 * voxels);
    assert_eq!(swapped, 0);
}

#[test]
fn phase_and_field_of_complex_samples_come_back_from_anywhere_in_the_period() {
    let settings = json!({"field_strength": 1.5, "spectrum": "ren-2008"});
    for k in 0..24 {
        let k = f64::from(k);
        let x = [500.0, 0.05 + 0.04 * k, 30.0, -3.0 + 0.25 * k, -400.0 + 34.0 * k];
        let samples = noisy(COMPLEX, &settings, &x, 1, 0.0, 0);
        let found = fitted(COMPLEX, &settings, &samples, 1, &json!({}));
        assert_eq!(found.status, [0], "{x:?}");
        for j in [0, 1, 2, 4] {
            assert_close(found.parameters[j], x[j], 1e-6);
        }
        let turns = (found.parameters[3] - x[3]) / (2.0 * PI);
        assert!((turns - turns.round()).abs() < 1e-7, "{} {}", found.parameters[3], x[3]);
    }
}

#[test]
fn bad_settings_and_protocols_are_refused_by_name() {
    let refused = |id: &str, protocol: Value, settings: Value| {
        let value = json!({"model": id, "estimator": "nlls", "protocol": protocol, "settings": settings});
        let samples = vec![1.0; value["protocol"]["TE"].as_array().unwrap().len()];
        fit(&request(&value), &samples, 1).unwrap_err().fault()
    };
    let te = json!({"TE": [0.001, 0.002, 0.003, 0.004]});
    assert_eq!(refused(MAGNITUDE, te.clone(), json!({})).field, "settings.field_strength");
    assert_eq!(refused(MAGNITUDE, te.clone(), json!({"field_strength": -3})).field, "settings.field_strength");
    let unknown = refused(MAGNITUDE, te, json!({"field_strength": 3, "spectrum": "butter"}));
    assert_eq!(unknown.field, "settings.spectrum");
    assert!(unknown.expected.contains("ren-2008"));
    let field = json!({"field_strength": 3});
    let unpaired = json!({"TE": [0.001, 0.002, 0.003, 0.001, 0.002, 0.003], "imaginary": [0, 0, 0, 1, 1, 0]});
    assert_eq!(refused(COMPLEX, unpaired, field.clone()).field, "protocol.imaginary");
    let neither = json!({"TE": [0.001, 0.002, 0.003, 0.001, 0.002, 0.003], "imaginary": [0, 0, 0, 1, 1, 2]});
    assert_eq!(refused(COMPLEX, neither, field).field, "protocol.imaginary[5]");
}
