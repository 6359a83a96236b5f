use crate::{assert_close, jitter, request};
use measurand_core::fit::{fit, Fit};
use measurand_core::models;
use serde_json::{json, Value};

fn fitted(value: &Value, samples: &[f64], voxels: usize) -> Fit<f64> {
    fit(&request(value), samples, voxels).unwrap()
}

fn refused(value: &Value, samples: &[f64], voxels: usize) -> (&'static str, String) {
    let fault = fit(&request(value), samples, voxels).unwrap_err().fault();
    (fault.code, fault.field)
}

#[test]
fn mtr_is_its_definition() {
    let value = json!({"model": "mtr", "estimator": "closed-form", "protocol": {"MT": [0, 1]}});
    // Voxels: tissue, fluid with equal samples, nothing, no signal without the pulse, NaN.
    let fit = fitted(&value, &[800.0, 300.0, 0.0, 0.0, f64::NAN, 480.0, 300.0, 0.0, 5.0, 3.0], 5);
    assert_eq!(fit.status, [0, 0, 5, 2, 3]);
    assert_close(fit.parameters[5], 40.0, 1e-14);
    assert_eq!(fit.parameters[6], 0.0);
    assert_eq!(fit.standard_deviations[5], f64::INFINITY);
    assert!(fit.parameters[5 + 3].is_nan());
}

#[test]
fn repeats_of_mtr_are_averaged_and_give_its_standard_deviation() {
    let value = |estimator: &str| json!({"model": "mtr", "estimator": estimator, "protocol": {"MT": [0, 1, 1, 0, 0]}});
    let samples = [805.0, 470.0, 490.0, 795.0, 800.0];
    let closed = fitted(&value("closed-form"), &samples, 1);
    assert_close(closed.parameters[0], 800.0, 1e-14);
    assert_close(closed.parameters[1], 40.0, 1e-13);
    // Residual 50 + 200 on 3 degrees of freedom.
    let variance: f64 = 250.0 / 3.0;
    assert_close(closed.residual[0], 250.0, 1e-12);
    assert_close(closed.standard_deviations[0], (variance / 3.0).sqrt(), 1e-12);
    assert_close(closed.standard_deviations[1], 100.0 / 800.0 * (variance / 2.0 + 0.36 * variance / 3.0).sqrt(), 1e-12);
    let iterated = fitted(&value("nlls"), &samples, 1);
    for j in 0..2 {
        assert_close(iterated.parameters[j], closed.parameters[j], 1e-9);
        assert_close(iterated.standard_deviations[j], closed.standard_deviations[j], 1e-7);
    }
}

#[test]
fn mt_is_a_switch() {
    let value = json!({"model": "mtr", "estimator": "closed-form", "protocol": {"MT": [0, 0.5]}});
    assert_eq!(refused(&value, &[1.0, 2.0], 1), ("out-of-range", "protocol.MT[1]".into()));
    let value = json!({"model": "mtr", "estimator": "closed-form", "protocol": {"MT": [0, 0]}});
    assert_eq!(refused(&value, &[1.0, 2.0], 1).0, "out-of-range");
}

/// The three formulas of Helms et al. 2008 (with the erratum of 2010), in their own form.
fn helms(s: [f64; 3], angle: [f64; 3], tr: [f64; 3]) -> [f64; 3] {
    let [pd, t1, mt] = s;
    let r1 = 0.5 * (t1 * angle[1] / tr[1] - pd * angle[0] / tr[0]) / (pd / angle[0] - t1 / angle[1]);
    let a = pd * t1 * (tr[0] * angle[1] / angle[0] - tr[1] * angle[0] / angle[1])
        / (t1 * tr[0] * angle[1] - pd * tr[1] * angle[0]);
    [a, r1, 100.0 * ((a * angle[2] / mt - 1.0) * r1 * tr[2] - angle[2] * angle[2] / 2.0)]
}

#[test]
fn mtsat_is_the_published_closed_form_at_each_voxels_b1() {
    // The samples in an order of their own: T1 weighted, MT weighted, PD weighted.
    let value = json!({
        "model": "mtsat", "estimator": "closed-form", "maps": ["B1"],
        "protocol": {"MT": [0, 1, 0], "FA": [21, 6, 5], "TR": [0.0187, 0.0237, 0.0237]},
    });
    let (t1w, mtw, pdw, b1) = ([610.0, 580.0], [470.0, 620.0], [690.0, 800.0], [1.0, 0.85]);
    let fit = fitted(&value, &[t1w, mtw, pdw, b1].concat(), 2);
    assert_eq!(fit.status, [0, 0]);
    for v in 0..2 {
        let angle = [5.0, 21.0, 6.0].map(|degrees| b1[v] * degrees * std::f64::consts::PI / 180.0);
        let expected = helms([pdw[v], t1w[v], mtw[v]], angle, [0.0237, 0.0187, 0.0237]);
        for (j, expected) in expected.into_iter().enumerate() {
            assert_close(fit.parameters[j * 2 + v], expected, 1e-11);
        }
        assert_eq!((fit.parameters[6 + v], fit.standard_deviations[6 + v]), (b1[v], 0.0));
    }
}

#[test]
fn repeats_of_mtsat_give_the_deviations_of_the_nonlinear_fit() {
    let protocol = json!({
        "MT": [0, 0, 1, 0, 0, 1, 1],
        "FA": [5, 21, 6, 5, 21, 6, 6],
        "TR": [0.0237, 0.0187, 0.0237, 0.0237, 0.0187, 0.0237, 0.0237],
    });
    let design = models::find("mtsat")
        .unwrap()
        .design(&serde_json::from_value(protocol.clone()).unwrap(), &Default::default())
        .unwrap();
    let clean = models::find("mtsat").unwrap().signal().unwrap().predict(&design, &[9000.0, 0.9, 1.4, 1.0]);
    let samples: Vec<f64> = clean.iter().enumerate().map(|(i, s)| s + 3.0 * jitter(i)).collect();
    let run =
        |estimator: &str| fitted(&json!({"model": "mtsat", "estimator": estimator, "protocol": protocol}), &samples, 1);
    let (closed, iterated) = (run("closed-form"), run("nlls"));
    assert_eq!((closed.status[0], iterated.status[0]), (0, 0));
    assert_close(closed.residual[0], iterated.residual[0], 1e-9);
    for j in 0..3 {
        assert_close(closed.parameters[j], iterated.parameters[j], 1e-7);
        assert_close(closed.standard_deviations[j], iterated.standard_deviations[j], 1e-5);
    }
}

#[test]
fn mtsat_says_what_it_cannot_tell() {
    let value = json!({
        "model": "mtsat", "estimator": "closed-form",
        "protocol": {"MT": [0, 0, 1], "FA": [5, 21, 6], "TR": [0.0237, 0.0187, 0.0237]},
    });
    // A T1-weighted signal above what any R1 > 0 allows, and a dead MT-weighted one.
    let fit = fitted(&value, &[690.0, 690.0, 4000.0, 610.0, 470.0, 0.0], 2);
    assert_eq!(fit.status, [2, 2]);
    assert!(fit.parameters.iter().all(|value| value.is_nan()));
    let mut bad = value.clone();
    bad["protocol"] = json!({"MT": [0, 0, 0], "FA": [5, 21, 6], "TR": [0.0237, 0.0187, 0.0237]});
    assert_eq!(refused(&bad, &[1.0, 2.0, 3.0], 1), ("choice", "protocol".into()));
    bad["protocol"] = json!({"MT": [0, 0, 1], "FA": [5, 0, 6], "TR": [0.0237, 0.0187, 0.0237]});
    assert_eq!(refused(&bad, &[1.0, 2.0, 3.0], 1), ("out-of-range", "protocol.FA[1]".into()));
}
