//! The native crate and the WebAssembly module give the same bits: test/wasm/native.test.ts requires the same checksums.

use crate::fit_b;
use measurand_core::fit::Fit;
use measurand_core::lane::Real;
use serde_json::{json, Value};

const B: [f64; 6] = [0.0, 50.0, 100.0, 400.0, 900.0, 1200.0];
const VOXELS: usize = 211;

/// Decays and voxels of every awkward kind, as test/wasm/conformance-results.ts makes them.
fn decays() -> Vec<f64> {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state) / 4_294_967_296.0
    };
    let mut samples = vec![0.0; B.len() * VOXELS];
    for v in 0..VOXELS {
        let s0 = 100.0 + 900.0 * random();
        let rate = 3e-3 * random();
        for (i, b) in B.iter().enumerate() {
            let decay = s0 / (1.0 + b * rate + (b * rate * b * rate) / 2.0);
            let noise = 60.0 * (random() - 0.5);
            samples[i * VOXELS + v] = match v % 17 {
                3 => 0.0,
                5 if i == 2 => f64::NAN,
                5 => decay,
                7 if i == 1 => f64::INFINITY,
                7 => decay,
                9 => noise,
                11 => 250.0,
                13 => s0 + b * rate * 50.0 + noise,
                15 => noise.abs() * 1e-20,
                _ => decay + noise,
            };
        }
    }
    samples
}

/// FNV-1a, 32 bits.
fn checksum<T: Real>(fit: &Fit<T>) -> String {
    let mut hash = 0x811c_9dc5_u32;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    };
    for values in [&fit.parameters, &fit.standard_deviations, &fit.residual] {
        for value in values {
            let value = value.to_f64();
            let value = if value.is_nan() { f64::NAN } else { value };
            if std::mem::size_of::<T>() == 4 {
                take(&(value as f32).to_le_bytes());
            } else {
                take(&value.to_le_bytes());
            }
        }
    }
    take(&fit.status);
    for iterations in &fit.iterations {
        take(&iterations.to_le_bytes());
    }
    format!("{hash:08x}")
}

#[test]
fn the_native_crate_and_webassembly_give_the_same_bits() {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../test/fixtures/core-bits.json"));
    let expected: Value = serde_json::from_str(text).unwrap();
    let double = decays();
    let single: Vec<f32> = double.iter().map(|&value| value as f32).collect();
    let mut found = json!({});
    for model in ["mono-exponential", "clinical-adc"] {
        for estimator in ["ols", "iwls", "nlls"] {
            found[format!("{model} {estimator} f64")] = json!(checksum(&fit_b(model, estimator, &B, &double)));
            found[format!("{model} {estimator} f32")] = json!(checksum(&fit_b(model, estimator, &B, &single)));
        }
    }
    assert_eq!(found, expected["checksums"], "{found:#}");
}
