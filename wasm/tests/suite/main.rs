//! Tests of the crate from outside, one module for each module of `src`.

mod algebra;
mod bad_input;
mod certification;
mod clinical_adc;
mod double_double;
mod examples;
mod fat_water;
mod flair;
mod information;
mod information_profile;
mod ivim;
mod kurtosis;
mod lanes;
mod log_linear;
mod models;
mod mt;
mod nist;
mod nlls;
mod osipi_ivim;
mod osipi_vfa;
mod predict;
mod registry_properties;
mod relaxometry;
mod resample;
mod same_bits;
mod segment_components;
mod segment_methods;
mod segment_overlap;
mod shared;
mod simulate_cohort;
mod simulate_flair;
mod simulate_noise;
mod t2_ivim_kurtosis;

use measurand_core::fit::{fit, Fit, Request};
use measurand_core::models::Precision;
use proptest::test_runner::{Config, RngSeed};
use serde_json::{json, Value};

/// Property tests run the same cases every time.
pub fn seeded(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Config::default() }
}

pub fn request(value: &Value) -> Request {
    Request::parse(&value.to_string()).unwrap()
}

/// Fits samples in sample-major order with a protocol of b-values.
pub fn fit_b<T: Precision>(model: &str, estimator: &str, b: &[f64], samples: &[T]) -> Fit<T> {
    let request = request(&json!({"model": model, "estimator": estimator, "protocol": {"b": b}}));
    fit(&request, samples, samples.len() / b.len()).unwrap()
}

/// Deterministic noise in [-1, 1), one value for each index.
pub fn jitter(i: usize) -> f64 {
    let mut x = (i as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((x >> 11) as f64 / (1u64 << 52) as f64) - 1.0
}

pub fn close(found: f64, expected: f64, relative: f64) -> bool {
    (found - expected).abs() <= relative * expected.abs().max(f64::MIN_POSITIVE)
}

#[track_caller]
pub fn assert_close(found: f64, expected: f64, relative: f64) {
    assert!(close(found, expected, relative), "{found} is not {expected} within {relative} relative");
}
