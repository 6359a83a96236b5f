//! The solver built natively at the lane width of WebAssembly: seconds for all voxels, as JSON, for the bench that stands
//! it beside the module. Reads what that bench wrote: MEASURAND_BENCH names its folder.

use measurand_core::fit::{fit, Request};
use measurand_core::models::Precision;
use std::time::Instant;

const MODEL: &str = "t2-ivim-kurtosis";

/// The second of two fits: the first one warms up.
fn seconds<T: Precision>(request: &Request, samples: &[T], voxels: usize) -> f64 {
    let once = |_| {
        let began = Instant::now();
        std::hint::black_box(fit(request, samples, voxels).expect("the bench's own request"));
        began.elapsed().as_secs_f64()
    };
    [0, 1].map(once)[1]
}

fn main() {
    let Ok(folder) = std::env::var("MEASURAND_BENCH") else {
        eprintln!("MEASURAND_BENCH names no folder: run npm run bench");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/protocol.json")).expect("protocol.json");
    let setup: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let protocol = &setup[MODEL]["protocol"];
    let request = serde_json::json!({"model": MODEL, "estimator": "nlls", "protocol": protocol});
    let request = Request::parse(&request.to_string()).expect("a request");
    let bytes = std::fs::read(format!("{folder}/{MODEL}.f64")).expect("samples");
    let doubles: Vec<f64> =
        bytes.chunks_exact(8).map(|word| f64::from_le_bytes(word.try_into().expect("8 bytes"))).collect();
    let singles: Vec<f32> = doubles.iter().map(|&value| value as f32).collect();
    let rows = protocol["b"].as_array().map_or(1, Vec::len);
    let voxels = doubles.len() / rows;
    let times = serde_json::json!({
        "f64": seconds(&request, &doubles, voxels),
        "f32": seconds(&request, &singles, voxels),
    });
    println!("{times}");
}
