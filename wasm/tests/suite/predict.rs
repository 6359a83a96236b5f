use measurand_core::predict::{signals, Request};
use serde_json::json;

#[test]
fn many_parameter_sets_are_predicted_sample_major() {
    let request = json!({"model": "mono-exponential", "protocol": {"b": [0, 500, 1000]}}).to_string();
    let found = signals(&Request::parse(&request).unwrap(), &[100.0, 200.0, 300.0, 1e-3, 2e-3, 0.0], 3).unwrap();
    for (v, (s0, adc)) in [(100.0, 1e-3), (200.0, 2e-3), (300.0, 0.0)].into_iter().enumerate() {
        for (s, b) in [0.0, 500.0, 1000.0].into_iter().enumerate() {
            crate::assert_close(found[s * 3 + v], s0 * libm::exp(-b * adc), 3e-16);
        }
    }
}

#[test]
fn noise_is_added_to_the_prediction() {
    let with = |noise| {
        let request = json!({"model": "mono-exponential", "protocol": {"b": [0, 500]}, "noise": noise}).to_string();
        signals(&Request::parse(&request).unwrap(), &[100.0, 90.0, 1e-3, 2e-3], 2).unwrap()
    };
    let clean = with(json!(null));
    assert_eq!(with(json!({"kind": "none"})), clean);
    let gaussian = with(json!({"kind": "gaussian", "sigma": 2.0, "seed": 5}));
    assert!(clean.iter().zip(&gaussian).all(|(clean, noisy)| clean != noisy && (clean - noisy).abs() < 14.0));
    assert_eq!(with(json!({"kind": "gaussian", "sigma": 2.0, "seed": 5})), gaussian);
    assert_ne!(with(json!({"kind": "gaussian", "sigma": 2.0, "seed": 6})), gaussian);
}

#[test]
fn bad_requests_are_refused_by_name() {
    let mono = json!({"model": "mono-exponential", "protocol": {"b": [0, 500]}});
    let cases = [
        (json!({"model": "t1", "protocol": {"b": [0]}}), vec![1.0, 1.0], "unknown-model"),
        (json!({"model": "clinical-adc", "protocol": {"b": [0]}}), vec![1.0, 1.0], "no-prediction"),
        (mono.clone(), vec![1.0], "length"),
        (mono.clone(), vec![1.0, f64::NAN], "not-finite"),
        (
            json!({"model": "mono-exponential", "protocol": {"b": [0, 500]}, "noise": {"kind": "pink"}}),
            vec![1.0, 1.0],
            "choice",
        ),
        (
            json!({"model": "mono-exponential", "protocol": {"b": [0]}, "noise": {"kind": "rician", "sigma": -1.0}}),
            vec![1.0, 1.0],
            "out-of-range",
        ),
        (json!({"model": "t2-ivim-kurtosis", "protocol": {"b": [0]}}), vec![1.0; 7], "missing-protocol-column"),
    ];
    for (request, parameters, code) in cases {
        let request = Request::parse(&request.to_string()).unwrap();
        assert_eq!(signals(&request, &parameters, 1).unwrap_err().fault().code, code);
    }
    assert_eq!(Request::parse("{").unwrap_err().fault().code, "invalid-request");
}
