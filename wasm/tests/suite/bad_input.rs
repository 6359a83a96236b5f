use crate::request;
use measurand_core::fit::{fit, Request};
use serde_json::{json, Value};

/// Each bad request with the fault it must give: code, field.
fn cases() -> Vec<(Value, usize, &'static str, &'static str)> {
    let with = |model: &str, estimator: &str, protocol: Value| json!({"model": model, "estimator": estimator, "protocol": protocol});
    let mono = |protocol: Value| with("mono-exponential", "ols", protocol);
    let bounded = |estimator: &str, bounds: Value| {
        let mut request = with("mono-exponential", estimator, json!({"b": [0, 500]}));
        request["bounds"] = bounds;
        request
    };
    vec![
        (with("biexponential", "ols", json!({"b": [0, 500]})), 2, "unknown-model", "model"),
        (with("mono-exponential", "lad", json!({"b": [0, 500]})), 2, "unknown-estimator", "estimator"),
        (with("t2-ivim-kurtosis", "nlls", json!({"b": [0], "TE": [0.1]})), 1, "too-few-samples", "protocol.b"),
        (mono(json!({"b": [0, 500], "TE": [0.1, 0.1]})), 2, "unknown-protocol-column", "protocol.TE"),
        (mono(json!({"bval": [0, 500]})), 2, "unknown-protocol-column", "protocol.bval"),
        (mono(json!({})), 0, "missing-protocol-column", "protocol.b"),
        (mono(json!({"b": []})), 0, "too-few-samples", "protocol.b"),
        (mono(json!({"b": [0]})), 1, "too-few-samples", "protocol.b"),
        (mono(json!({"b": [800, 800, 800]})), 3, "one-unique-b", "protocol.b"),
        (mono(json!({"b": [0, -500]})), 2, "negative", "protocol.b[1]"),
        (mono(json!({"b": [0, null]})), 2, "not-finite", "protocol.b[1]"),
        (mono(json!({"b": [0, 500]})), 3, "length", "samples"),
        (mono(json!({"b": [0, 500]})), 0, "length", "samples"),
        (
            with("clinical-adc", "ols", json!({"b": [0, 50, 100, 400, 900], "TE": [0.1]})),
            5,
            "protocol-length",
            "protocol.TE",
        ),
        (
            with("clinical-adc", "ols", json!({"b": [0, 50, 100, 400, 900], "TE": [0.1, 0.1, -0.1, 0.1, 0.1]})),
            5,
            "negative",
            "protocol.TE[2]",
        ),
        (with("clinical-adc", "ols", json!({"b": [0, 500, 1000]})), 3, "missing-b", "protocol.b"),
        (bounded("nlls", json!({"ADC": [2e-3, 1e-3]})), 2, "bounds-crossed", "bounds.ADC"),
        (bounded("nlls", json!({"ADC": [1e-3, 1e-3]})), 2, "bounds-crossed", "bounds.ADC"),
        (bounded("nlls", json!({"D": [0, 1]})), 2, "unknown-bound", "bounds.D"),
        (bounded("ols", json!({"ADC": [0, 1]})), 2, "bounds-unsupported", "bounds"),
    ]
}

#[test]
fn every_kind_of_bad_input_is_refused_by_code_and_field() {
    for (value, samples, code, field) in cases() {
        let error = fit(&request(&value), &vec![1.0f64; samples], 1).unwrap_err();
        let fault = error.fault();
        assert_eq!((fault.code, fault.field.as_str()), (code, field), "{value}");
        assert!(!fault.expected.is_empty() && !error.to_string().is_empty());
        let error = fit(&request(&value), &vec![1.0f32; samples], 1).unwrap_err();
        assert_eq!(error.fault(), fault);
    }
}

#[test]
fn what_is_not_json_of_the_documented_shape_is_refused() {
    for text in [
        "",
        "[]",
        "{\"model\": 1}",
        "{\"model\": \"mono-exponential\"}",
        "{\"model\": \"m\", \"estimator\": \"ols\", \"protocol\": {\"b\": 3}}",
        "{\"model\": \"m\", \"estimator\": \"ols\", \"protocol\": {\"b\": [\"0\"]}}",
        "{\"model\": \"m\", \"estimator\": \"ols\", \"protocol\": {}, \"bonds\": {}}",
        "{\"model\": \"m\", \"estimator\": \"ols\", \"protocol\": {}, \"bounds\": {\"ADC\": [0]}}",
    ] {
        let fault = Request::parse(text).unwrap_err().fault();
        assert_eq!((fault.code, fault.field.as_str()), ("invalid-request", "request"), "{text}");
    }
}

#[test]
fn a_count_of_voxels_that_overflows_is_a_length_fault() {
    let request = request(&json!({"model": "mono-exponential", "estimator": "ols", "protocol": {"b": [0, 500]}}));
    let fault = fit(&request, &[1.0f64, 2.0], usize::MAX).unwrap_err().fault();
    assert_eq!(fault.code, "length");
}

#[test]
fn no_voxels_give_no_results() {
    for estimator in ["ols", "iwls", "nlls"] {
        let value = json!({"model": "mono-exponential", "estimator": estimator, "protocol": {"b": [0, 500]}});
        let fit = fit::<f64>(&request(&value), &[], 0).unwrap();
        assert!(fit.parameters.is_empty() && fit.status.is_empty());
    }
}
